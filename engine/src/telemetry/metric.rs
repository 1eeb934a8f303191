//! Counters of this process, by name. Written where things happen, read by the operator's pages; never labelled with
//! anything whose number of values has no bound.

use std::sync::atomic::{AtomicU64, Ordering};

/// A number that only grows.
#[derive(Debug)]
pub struct Counter {
    name: &'static str,
    value: AtomicU64,
}

impl Counter {
    const fn new(name: &'static str) -> Self {
        Self { name, value: AtomicU64::new(0) }
    }

    /// Its name.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Its value since the start of the process.
    pub fn value(&self) -> u64 {
        self.value.load(Ordering::Relaxed)
    }

    /// Adds one.
    pub fn add_one(&self) {
        self.value.fetch_add(1, Ordering::Relaxed);
    }
}

/// Requests sent to providers, each try by itself.
pub static CALLS: Counter = Counter::new("tributary.fetch.calls");
/// Calls that ended in an error after their retries.
pub static CALL_ERRORS: Counter = Counter::new("tributary.fetch.errors");
/// Answers with status 429.
pub static REFUSED_BY_QUOTA: Counter = Counter::new("tributary.fetch.refused_by_quota");
/// Calls that were not made because the quota was used up.
pub static BUDGET_REFUSALS: Counter = Counter::new("tributary.budget.refusals");
/// Access tokens refreshed and stored.
pub static TOKEN_REFRESHES: Counter = Counter::new("tributary.token.refreshes");
/// Refreshes that failed and will be tried again.
pub static TOKEN_REFRESH_FAILURES: Counter = Counter::new("tributary.token.refresh_failures");
/// Tries to store a refreshed token that failed.
pub static TOKEN_STORE_FAILURES: Counter = Counter::new("tributary.token.store_failures");
/// Changes of the configuration that were applied while running.
pub static CONFIG_RELOADS: Counter = Counter::new("tributary.config.reloads");
/// Changes of the configuration that were not taken because something in them is wrong.
pub static CONFIG_REFUSALS: Counter = Counter::new("tributary.config.refusals");

/// Jobs that panicked.
pub static JOBS_PANICKED: Counter = Counter::new("tributary.job.panics");
/// Jobs that were ended because nothing came of them.
pub static JOBS_STUCK: Counter = Counter::new("tributary.job.stuck");
/// Jobs that were ended because they took too long.
pub static JOBS_OVERDUE: Counter = Counter::new("tributary.job.overdue");
/// Actors that ended without being asked to, and were started again.
pub static ACTORS_RESTARTED: Counter = Counter::new("tributary.actor.restarts");
/// Actors that panicked.
pub static ACTORS_PANICKED: Counter = Counter::new("tributary.actor.panics");
/// Connections and sinks that were left alone because they crashed again and again.
pub static QUARANTINES: Counter = Counter::new("tributary.actor.quarantines");
/// Times that a tenant's polling was paused because its backlog was over the limit.
pub static BACKLOG_PAUSES: Counter = Counter::new("tributary.backlog.pauses");
/// Promises of this program that did not hold. Anything but zero is a bug.
pub static VIOLATIONS: Counter = Counter::new("tributary.invariant.violations");

/// All counters.
pub fn counters() -> [&'static Counter; 17] {
    [
        &CALLS,
        &CALL_ERRORS,
        &REFUSED_BY_QUOTA,
        &BUDGET_REFUSALS,
        &TOKEN_REFRESHES,
        &TOKEN_REFRESH_FAILURES,
        &TOKEN_STORE_FAILURES,
        &CONFIG_RELOADS,
        &CONFIG_REFUSALS,
        &JOBS_PANICKED,
        &JOBS_STUCK,
        &JOBS_OVERDUE,
        &ACTORS_RESTARTED,
        &ACTORS_PANICKED,
        &QUARANTINES,
        &BACKLOG_PAUSES,
        &VIOLATIONS,
    ]
}
