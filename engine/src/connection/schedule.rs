//! When a connection's work is due. Pure.

use chrono::{DateTime, Duration, Utc};
use tributary_contract::FetchError;
use tributary_contract::error::Class;
use uuid::Uuid;

/// Shortest pause after a failure, whatever the provider says.
const SHORTEST_PAUSE: Duration = Duration::seconds(1);
/// First pause after a failure when the provider says nothing.
const FIRST_PAUSE: Duration = Duration::seconds(15);
/// Longest pause after failures in a row.
const LONGEST_PAUSE: Duration = Duration::hours(1);

/// A number in 0..1 that belongs to a connection: its phase among the others.
///
/// It is stable, so that connections that were spread over an interval stay spread after a restart.
pub fn phase(connection: Uuid, salt: u64) -> f64 {
    let (high, low) = connection.as_u64_pair();
    // SplitMix64: a cheap mix in which every bit counts.
    let mut mixed = (high ^ low.rotate_left(32) ^ salt).wrapping_add(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    let top = u32::try_from((mixed ^ (mixed >> 31)) >> 32).unwrap_or(u32::MAX);
    f64::from(top) / (f64::from(u32::MAX) + 1.0)
}

/// A duration scaled by a factor; saturates.
pub fn scaled(duration: std::time::Duration, factor: f64) -> Duration {
    Duration::from_std(duration.mul_f64(factor.max(0.0))).unwrap_or(Duration::days(365))
}

/// The due time after a success: one interval later, a tenth earlier or later by the connection's phase.
pub fn after_success(now: DateTime<Utc>, interval: std::time::Duration, phase: f64) -> DateTime<Utc> {
    now + scaled(interval, 0.9 + 0.2 * phase)
}

/// The due time at a start: as it was, or, when that has passed, spread over `spread` from now on.
pub fn after_start(
    now: DateTime<Utc>,
    last_success: Option<DateTime<Utc>>,
    interval: std::time::Duration,
    phase: f64,
    spread: std::time::Duration,
) -> DateTime<Utc> {
    match last_success.map(|last| after_success(last, interval, phase)) {
        Some(due) if due > now => due,
        Some(_) => now + scaled(spread, phase),
        None => now,
    }
}

/// The due time after that many failures in a row, of which this is the last.
pub fn after_failure(
    now: DateTime<Utc>,
    error: &FetchError,
    failures: u32,
    interval: std::time::Duration,
    phase: f64,
) -> DateTime<Utc> {
    let doubled =
        FIRST_PAUSE * i32::try_from(1_u32 << failures.saturating_sub(1).min(12)).unwrap_or(i32::MAX);
    let pause = doubled.min(LONGEST_PAUSE);
    let pause = match error.class() {
        Class::Retry => pause,
        // The same call gives the same answer until something changes over there.
        Class::GiveUp | Class::Reauth => pause.max(scaled(interval, 1.0).min(LONGEST_PAUSE * 6)),
    };
    let asked = error.retry_after().and_then(|after| Duration::from_std(after).ok());
    let pause = match asked {
        // The provider knows better than a guess; only when its word did not help the pause grows.
        Some(asked) if failures <= 1 && error.class() == Class::Retry => asked.max(SHORTEST_PAUSE),
        Some(asked) => pause.max(asked),
        None => pause,
    };
    now + pause + scaled(pause.to_std().unwrap_or_default(), 0.25 * phase)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn transient(retry_after: Option<u64>) -> FetchError {
        FetchError::Transient {
            call: "/x".to_owned(),
            reason: "503".to_owned(),
            retry_after: retry_after.map(std::time::Duration::from_secs),
        }
    }

    const HOUR: std::time::Duration = std::time::Duration::from_secs(3_600);

    #[test]
    fn phases_are_stable_and_spread() {
        let mut buckets = [0_u32; 10];
        for n in 0..10_000_u128 {
            let at = phase(Uuid::from_u128(n.wrapping_mul(0x1234_5678_9ABC_DEF1)), 1);
            assert!((0.0..1.0).contains(&at));
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "0..10 by construction"
            )]
            let bucket = (at * 10.0) as usize;
            buckets[bucket] += 1;
        }
        assert!(buckets.iter().all(|count| (800..1_200).contains(count)), "{buckets:?}");
        assert!((phase(Uuid::from_u128(5), 1) - phase(Uuid::from_u128(5), 1)).abs() < f64::EPSILON);
    }

    #[test]
    fn pauses_grow_and_are_bounded() {
        let now = DateTime::UNIX_EPOCH;
        let at = |failures| after_failure(now, &transient(None), failures, HOUR, 0.0) - now;
        assert_eq!(at(1), Duration::seconds(15));
        assert_eq!(at(2), Duration::seconds(30));
        assert_eq!(at(40), LONGEST_PAUSE);
    }

    #[test]
    fn the_providers_wish_is_obeyed_when_it_is_longer() {
        let now = DateTime::UNIX_EPOCH;
        assert_eq!(after_failure(now, &transient(Some(7_200)), 1, HOUR, 0.0) - now, Duration::hours(2));
        assert_eq!(after_failure(now, &transient(Some(20)), 4, HOUR, 0.0) - now, Duration::seconds(120));
    }

    #[test]
    fn the_providers_wish_is_obeyed_when_it_is_shorter_as_long_as_it_helps() {
        let now = DateTime::UNIX_EPOCH;
        let at = |asked, failures| after_failure(now, &transient(Some(asked)), failures, HOUR, 0.0) - now;
        assert_eq!(at(3, 1), Duration::seconds(3));
        assert_eq!(at(0, 1), Duration::seconds(1));
        assert_eq!(at(3, 2), Duration::seconds(30), "it did not help");
    }

    #[test]
    fn what_is_overdue_at_a_start_is_spread() {
        let now = DateTime::UNIX_EPOCH + Duration::days(9);
        let spread = std::time::Duration::from_secs(100);
        assert_eq!(after_start(now, None, HOUR, 0.5, spread), now);
        assert_eq!(
            after_start(now, Some(now - Duration::days(1)), HOUR, 0.5, spread),
            now + Duration::seconds(50)
        );
        assert_eq!(after_start(now, Some(now), HOUR, 0.5, spread), now + Duration::hours(1));
    }
}
