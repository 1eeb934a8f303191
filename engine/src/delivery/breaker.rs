//! When a sink as a whole is left alone for a while. Pure.

use chrono::{DateTime, Duration, Utc};

/// Failures in a row that open the breaker.
const TRIP: u32 = 5;
/// First pause; doubles up to [`LONGEST`].
const SHORTEST: Duration = Duration::seconds(5);
/// Longest pause.
const LONGEST: Duration = Duration::minutes(5);

/// A circuit breaker over calls that failed as a whole. While it is open nothing is sent and nothing is
/// acknowledged; then one call probes, and its success closes it.
#[derive(Debug, Default)]
pub struct Breaker {
    failures: u32,
    pauses: u32,
    open_until: Option<DateTime<Utc>>,
}

/// What the breaker allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Allowed {
    /// Everything.
    All,
    /// One call at a time, to probe.
    Probe,
    /// Nothing before this instant.
    Nothing(DateTime<Utc>),
}

impl Breaker {
    /// What may be sent now.
    pub fn allows(&self, now: DateTime<Utc>) -> Allowed {
        match self.open_until {
            None => Allowed::All,
            Some(until) if now >= until => Allowed::Probe,
            Some(until) => Allowed::Nothing(until),
        }
    }

    /// A call succeeded.
    pub const fn succeeded(&mut self) {
        self.failures = 0;
        self.pauses = 0;
        self.open_until = None;
    }

    /// A call failed as a whole. Returns whether the breaker is open now.
    pub fn failed(&mut self, now: DateTime<Utc>, wished: Option<Duration>) -> bool {
        self.failures = self.failures.saturating_add(1);
        if self.failures < TRIP && self.open_until.is_none() {
            return false;
        }
        self.open(now, wished);
        true
    }

    /// The destination refused us as a whole: opens at once.
    pub fn denied(&mut self, now: DateTime<Utc>) {
        self.failures = self.failures.saturating_add(1);
        self.open(now, None);
    }

    fn open(&mut self, now: DateTime<Utc>, wished: Option<Duration>) {
        let doubled = SHORTEST * i32::try_from(1_u32 << self.pauses.min(10)).unwrap_or(i32::MAX);
        let pause = wished.unwrap_or(doubled).clamp(SHORTEST, LONGEST);
        self.pauses = self.pauses.saturating_add(1);
        self.open_until = Some(now + pause);
    }

    /// Whether it is open or probing.
    pub const fn is_open(&self) -> bool {
        self.open_until.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_opens_after_failures_in_a_row_probes_and_closes() {
        let start = DateTime::UNIX_EPOCH;
        let mut breaker = Breaker::default();
        for _ in 1..TRIP {
            assert!(!breaker.failed(start, None));
        }
        assert!(breaker.failed(start, None));
        assert_eq!(breaker.allows(start), Allowed::Nothing(start + SHORTEST));
        assert_eq!(breaker.allows(start + SHORTEST), Allowed::Probe);
        assert!(breaker.failed(start + SHORTEST, None));
        assert_eq!(breaker.allows(start + SHORTEST), Allowed::Nothing(start + SHORTEST * 3));
        breaker.succeeded();
        assert_eq!(breaker.allows(start), Allowed::All);
    }

    #[test]
    fn a_success_in_between_starts_the_count_again() {
        let start = DateTime::UNIX_EPOCH;
        let mut breaker = Breaker::default();
        for _ in 0..20 {
            assert!(!breaker.failed(start, None));
            breaker.succeeded();
        }
    }

    #[test]
    fn pauses_are_bounded() {
        let start = DateTime::UNIX_EPOCH;
        let mut breaker = Breaker::default();
        for _ in 0..100 {
            breaker.denied(start);
        }
        assert_eq!(breaker.allows(start), Allowed::Nothing(start + LONGEST));
    }
}
