//! What outlives a restart: a few numbers per window of the app, stored ahead of the calls that they allow.
//!
//! The budget sends only calls that were lent to it in advance, a small part of the quota at a time, and a loan is
//! durable before it is used. After a crash all that was lent counts as sent, so the quota holds across it. Pure; the
//! windows of single connections are not kept.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tributary_contract::spec::Quota;

/// A loan is this part of the tightest quota, at least one call.
const PART: u32 = 20;

/// How many calls may still be sent before the next save.
#[derive(Debug, Clone)]
pub struct Ledger {
    loan: u32,
    left: u32,
    is_saving: bool,
}

/// One save.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saved {
    /// The windows of the app, in the order of their quotas.
    pub windows: Vec<SavedWindow>,
    /// Calls that may have been sent after the save.
    pub lent: u32,
}

/// One window in a save.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedWindow {
    /// Its length, s.
    pub seconds: u64,
    /// Start of an aligned window; `None` for a rolling one.
    pub start: Option<DateTime<Utc>>,
    /// Calls by the instant of their end, oldest first; for an aligned window one entry.
    pub calls: Vec<(DateTime<Utc>, u32)>,
    /// Calls that had just ended and may count in the next aligned window too.
    pub recent: u32,
    /// Calls that were under way.
    pub in_flight: u32,
    /// What it had grown to, if it had. Without it, calls beyond the first quota would keep the window shut, and
    /// nobody would learn that it had grown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

impl Ledger {
    /// A ledger that lends nothing until what was saved before is known.
    pub fn new(quotas: &[Quota]) -> Self {
        let tightest = quotas.iter().map(|quota| quota.permits).min().unwrap_or(u32::MAX);
        Self { loan: (tightest / PART).max(1), left: 0, is_saving: true }
    }

    /// Whether another call may be sent.
    pub const fn lends(&self) -> bool {
        self.left > 0
    }

    /// A call is sent.
    pub const fn use_one(&mut self) {
        self.left = self.left.saturating_sub(1);
    }

    /// Begins a save if it is time for one; returns what may be sent until the next.
    pub const fn begin(&mut self) -> Option<u32> {
        if self.is_saving || self.left > self.loan / 2 {
            return None;
        }
        self.is_saving = true;
        Some(self.left.saturating_add(self.loan))
    }

    /// The save that was begun is durable, or failed.
    pub const fn end(&mut self, is_durable: bool) {
        self.is_saving = false;
        if is_durable {
            self.left = self.left.saturating_add(self.loan);
        }
    }

    /// What was saved before is known; the first loan can be asked for.
    pub const fn is_ready(&mut self) {
        self.is_saving = false;
    }
}
