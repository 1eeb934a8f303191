//! Gates of tenants: while a tenant's backlog is over its limit, its connections neither poll nor walk through history.
//!
//! Whoever measures the backlog moves the gate, connections look at it. Notifications and requests pass it always: they
//! are few, and they are in the store already.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

/// One tenant's gate. Clones are the same gate.
#[derive(Debug, Clone, Default)]
pub struct Gate(Arc<AtomicBool>);

impl Gate {
    /// Whether polling and history have to wait.
    pub fn is_closed(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Closes or opens it.
    pub fn set_closed(&self, closed: bool) {
        self.0.store(closed, Ordering::Relaxed);
    }
}

/// The gates of all tenants.
#[derive(Debug, Default)]
pub struct Gates(RwLock<HashMap<Arc<str>, Gate>>);

impl Gates {
    /// A tenant's gate; open if nobody ever closed it.
    pub fn of(&self, tenant: &str) -> Gate {
        if let Some(gate) = self.0.read().unwrap_or_else(PoisonError::into_inner).get(tenant) {
            return gate.clone();
        }
        let mut gates = self.0.write().unwrap_or_else(PoisonError::into_inner);
        gates.entry(Arc::from(tenant)).or_default().clone()
    }
}

/// Decides when a gate closes and opens: over the limit, and again when four fifths of it are reached, so that it does
/// not flutter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Judge {
    limit: u64,
    closed: bool,
}

impl Judge {
    /// An open gate with this limit, in log entries.
    pub const fn new(limit: u64) -> Self {
        Self { limit, closed: false }
    }

    /// Another limit, as the configuration says now.
    pub const fn set_limit(&mut self, limit: u64) {
        self.limit = limit;
    }

    /// Takes the present backlog. Returns the new state if it has changed.
    pub const fn on(&mut self, backlog: u64) -> Option<bool> {
        let closed = if self.closed { backlog > self.limit / 5 * 4 } else { backlog > self.limit };
        if closed == self.closed {
            return None;
        }
        self.closed = closed;
        Some(closed)
    }

    /// Whether the gate is closed.
    pub const fn is_closed(&self) -> bool {
        self.closed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_gate_closes_over_the_limit_and_opens_well_below_it() {
        let mut judge = Judge::new(100);
        let told: Vec<_> = [99, 100, 101, 100, 81, 80, 100, 101].map(|backlog| judge.on(backlog)).into();
        assert_eq!(told, [None, None, Some(true), None, None, Some(false), None, Some(true)]);
    }

    #[test]
    fn gates_of_a_tenant_are_one_gate() {
        let gates = Gates::default();
        gates.of("acme").set_closed(true);
        assert!(gates.of("acme").is_closed());
        assert!(!gates.of("beta").is_closed());
    }

    proptest! {
        #[test]
        fn whatever_the_backlog_does_the_gate_is_closed_above_the_limit_and_open_at_nothing(
            limit in 1_u64..1_000, backlogs in prop::collection::vec(0_u64..2_000, 1..50),
        ) {
            let mut judge = Judge::new(limit);
            for backlog in backlogs {
                judge.on(backlog);
                prop_assert!(backlog <= limit || judge.is_closed());
                prop_assert!(backlog > limit / 5 * 4 || !judge.is_closed());
            }
        }
    }
}
