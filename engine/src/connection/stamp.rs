//! A moment in four bytes: due times of a million idle connections have to fit into memory.
//!
//! Whole seconds, until the year 2106. Nothing that is shown or stored is kept this way.

use chrono::{DateTime, Utc};

/// A moment to the second, or never.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stamp(u32);

impl Stamp {
    /// No moment at all.
    pub const NEVER: Self = Self(u32::MAX);

    /// The first whole second that is not before `at`.
    pub fn not_before(at: DateTime<Utc>) -> Self {
        let up = i64::from(at.timestamp_subsec_nanos() > 0);
        Self::seconds(at.timestamp().saturating_add(up))
    }

    /// The present second: due at once.
    pub fn at_once(now: DateTime<Utc>) -> Self {
        Self::seconds(now.timestamp())
    }

    /// Due at once if `at` has come, else [`Stamp::not_before`] it.
    pub fn due(at: DateTime<Utc>, now: DateTime<Utc>) -> Self {
        if at <= now { Self::at_once(now) } else { Self::not_before(at) }
    }

    /// Whether it has come.
    pub fn has_come(self, now: DateTime<Utc>) -> bool {
        self.time().is_some_and(|at| at <= now)
    }

    /// The moment, if there is one.
    pub fn time(self) -> Option<DateTime<Utc>> {
        if self == Self::NEVER { None } else { DateTime::from_timestamp(i64::from(self.0), 0) }
    }

    /// Whether there is no moment.
    pub fn is_never(self) -> bool {
        self == Self::NEVER
    }

    fn seconds(seconds: i64) -> Self {
        Self(u32::try_from(seconds.max(0)).unwrap_or(u32::MAX).min(u32::MAX - 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::Duration;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_stamp_is_never_early_and_at_most_a_second_late(micros in 0_i64..4_000_000_000_000_000) {
            let at = DateTime::from_timestamp_micros(micros).unwrap();
            let stamp = Stamp::not_before(at).time().unwrap();
            prop_assert!(stamp >= at && stamp < at + Duration::seconds(1));
            prop_assert!(Stamp::at_once(at).has_come(at));
            prop_assert!(Stamp::due(at, at).has_come(at));
        }
    }

    #[test]
    fn never_does_not_come_and_far_away_is_not_never() {
        assert!(!Stamp::NEVER.has_come(DateTime::<Utc>::MAX_UTC));
        assert!(!Stamp::not_before(DateTime::<Utc>::MAX_UTC).is_never());
        assert!(Stamp::not_before(DateTime::<Utc>::MIN_UTC).has_come(DateTime::UNIX_EPOCH));
    }
}
