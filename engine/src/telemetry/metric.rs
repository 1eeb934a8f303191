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

/// All counters.
pub fn counters() -> [&'static Counter; 9] {
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
    ]
}
