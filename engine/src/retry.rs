//! How long to wait before trying again: the one place that knows the `backoff` crate.
//!
//! Numbers of failures come in, delays with some jitter go out. It never sleeps and never decides whether a repeat is
//! safe.

use std::time::Duration;

use backoff::ExponentialBackoff;
use backoff::backoff::Backoff as _;

/// Delays that grow by a factor from the first to a cap.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Growth {
    /// Delay after the first failure.
    pub first: Duration,
    /// Longest delay, before jitter.
    pub cap: Duration,
    /// Growth from one failure to the next.
    pub factor: f64,
    /// Share of a delay by which it is varied either way, 0 to 1.
    pub jitter: f64,
}

/// Steps after which every growth here has long reached its cap.
const MOST_STEPS: u32 = 64;

impl Growth {
    /// The delay after that many failures in a row; none without a failure.
    pub fn delay(&self, failures: u32) -> Duration {
        let mut policy = ExponentialBackoff {
            current_interval: self.first,
            initial_interval: self.first,
            multiplier: self.factor,
            randomization_factor: self.jitter,
            max_interval: self.cap,
            max_elapsed_time: None,
            ..ExponentialBackoff::default()
        };
        let mut delay = Duration::ZERO;
        for _ in 0..failures.min(MOST_STEPS) {
            delay = policy.next_backoff().unwrap_or(self.cap);
        }
        delay
    }
}

/// Between two tries of one call inside a running job.
pub const QUICK: Growth =
    Growth { first: Duration::from_millis(250), cap: Duration::from_secs(2), factor: 3.0, jitter: 0.5 };

/// Repeats of one call inside a running job; after them the job ends and comes back later.
pub const QUICK_REPEATS: u32 = 2;

/// After a failed refresh of a token.
pub const REFRESH: Growth =
    Growth { first: Duration::from_secs(45), cap: Duration::from_secs(20 * 60), factor: 2.0, jitter: 0.25 };

/// Between two tries to store what must not be lost.
pub const STORE: Growth =
    Growth { first: Duration::from_millis(200), cap: Duration::from_secs(30), factor: 2.0, jitter: 0.25 };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_to_the_cap_and_stay_within_their_jitter() {
        let exact = Growth { jitter: 0.0, ..REFRESH };
        let seconds: Vec<u64> = (0..8).map(|failures| exact.delay(failures).as_secs()).collect();
        assert_eq!(seconds, [0, 45, 90, 180, 360, 720, 1200, 1200]);
        for failures in 1..40 {
            let (plain, varied) =
                (exact.delay(failures).as_secs_f64(), REFRESH.delay(failures).as_secs_f64());
            assert!(varied >= plain * 0.74 && varied <= plain * 1.26, "{varied} is too far from {plain}");
        }
        assert_eq!(exact.delay(u32::MAX), exact.cap);
    }

    #[test]
    fn a_refresh_is_never_tried_again_within_half_a_minute_and_ends_up_at_a_quarter_of_an_hour() {
        assert!((0..1000).all(|_| REFRESH.delay(1) > Duration::from_secs(30)));
        assert!((0..1000).all(|_| REFRESH.delay(60) >= Duration::from_secs(15 * 60)));
    }
}
