//! Spreads polls and history over a window instead of using it up at once. The cells are `governor`'s; the time is
//! handed in. It only ever delays: that a quota holds is the windows' work.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{DateTime, Utc};
use governor::RateLimiter;
use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed};
use tributary_contract::spec::Quota;

use crate::clock::later;

/// How much faster than evenly a window may be used up.
const HASTE: u32 = 4;
/// The part of a window that may go at once.
const BURST: u32 = 8;

/// A rate over one window.
#[derive(Debug)]
pub struct Pace {
    limiter: RateLimiter<NotKeyed, InMemoryState, Shown, NoOpMiddleware<Nanos>>,
    shown: Shown,
    since: DateTime<Utc>,
}

impl Pace {
    /// The pace of the shortest of these windows; `None` when there is nothing to spread.
    pub fn of(quotas: &[Quota], now: DateTime<Utc>) -> Option<Self> {
        let shortest = quotas.iter().min_by_key(|quota| (quota.window.length(), quota.permits))?;
        let cell = shortest.window.length() / shortest.permits.max(1).saturating_mul(HASTE);
        let burst = NonZeroU32::new(shortest.permits / BURST).unwrap_or(NonZeroU32::MIN);
        let rate = governor::Quota::with_period(cell)?.allow_burst(burst);
        let shown = Shown::default();
        Some(Self { limiter: RateLimiter::direct_with_clock(rate, shown.clone()), shown, since: now })
    }

    /// Takes a cell, or says when there will be one.
    ///
    /// # Errors
    /// The instant at which the next cell is free.
    pub fn take(&self, now: DateTime<Utc>) -> Result<(), DateTime<Utc>> {
        let passed =
            (now - self.since).num_nanoseconds().and_then(|nanos| u64::try_from(nanos).ok()).unwrap_or(0);
        // A clock that was set back must not stop the cells.
        self.shown.0.fetch_max(passed, Ordering::Relaxed);
        self.limiter.check().map_err(|denied| {
            let wait = denied.wait_time_from(self.shown.now());
            later(now, wait.max(SHORTEST_WAIT))
        })
    }
}

const SHORTEST_WAIT: std::time::Duration = std::time::Duration::from_millis(1);

/// A clock that shows what it was last told.
#[derive(Debug, Clone, Default)]
struct Shown(Arc<AtomicU64>);

impl Clock for Shown {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        Nanos::from(self.0.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;
    use std::time::Duration;
    use tributary_contract::spec::QuotaWindow;

    #[test]
    fn a_window_lasts_for_about_a_quarter_of_its_length() {
        let quota = Quota { permits: 80, window: QuotaWindow::Aligned(Duration::from_secs(800)) };
        let start = DateTime::UNIX_EPOCH;
        let pace = Pace::of(&[quota], start).unwrap();
        let mut now = start;
        let mut taken = 0;
        while taken < 80 {
            match pace.take(now) {
                Ok(()) => taken += 1,
                Err(next) => now = next,
            }
            if now == start {
                assert!(taken <= 10, "an eighth may go at once");
            }
        }
        let seconds = (now - start).num_seconds();
        assert!((170..=180).contains(&seconds), "{seconds}");
        assert!(pace.take(now + TimeDelta::hours(1)).is_ok());
        assert!(pace.take(start).is_ok(), "a clock that was set back stops nothing");
    }

    #[test]
    fn without_a_quota_there_is_no_pace() {
        assert!(Pace::of(&[], DateTime::UNIX_EPOCH).is_none());
    }
}
