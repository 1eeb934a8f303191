//! The promises of the engine, by id. Where a running engine can see that one is broken, it says so here: a line in the
//! log and a metric that an alert watches. It never stops anything: what is left of the engine still serves others.

use crate::telemetry::metric;

/// A promise; the numbers are those of `ARCHITECTURE.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Invariant {
    /// 4: an offset passes an entry only when that one is settled.
    OffsetsAfterAcks,
    /// 7: no more calls than the provider admits.
    QuotaNeverExceeded,
}

impl Invariant {
    /// Its word in metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OffsetsAfterAcks => "offsets_after_acks",
            Self::QuotaNeverExceeded => "quota_never_exceeded",
        }
    }
}

/// A promise is broken. `what` names the part, never a person.
pub fn broken(invariant: Invariant, what: &str) {
    tracing::error!(invariant = invariant.as_str(), what, "a promise of the engine is broken");
    metric::INVARIANT_VIOLATIONS.add(1, [invariant.as_str()]);
}
