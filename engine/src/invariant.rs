//! What this engine promises, as ten names. Where a promise can be seen to hold or not, the code checks it: a broken one
//! panics in a debug build, where tests see it, and is counted and logged in production, where work goes on.
//!
//! A check never repairs anything and never shows what it looked at.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::telemetry::metric;

/// A promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Invariant {
    /// 1.
    OneCommit,
    /// 2.
    RotationSafeTokens,
    /// 3.
    StableIdentity,
    /// 4.
    OffsetsAfterAcks,
    /// 5.
    AckAfterPersist,
    /// 6.
    BoundedMemory,
    /// 7.
    QuotaNeverExceeded,
    /// 8.
    BlastRadiusOfOne,
    /// 9.
    NothingSecretShown,
    /// 10.
    Order,
}

static BROKEN: [AtomicU64; 10] = [const { AtomicU64::new(0) }; 10];

impl Invariant {
    /// All ten.
    pub const ALL: [Self; 10] = [
        Self::OneCommit,
        Self::RotationSafeTokens,
        Self::StableIdentity,
        Self::OffsetsAfterAcks,
        Self::AckAfterPersist,
        Self::BoundedMemory,
        Self::QuotaNeverExceeded,
        Self::BlastRadiusOfOne,
        Self::NothingSecretShown,
        Self::Order,
    ];

    /// Its number, from 1.
    pub const fn id(self) -> u8 {
        match self {
            Self::OneCommit => 1,
            Self::RotationSafeTokens => 2,
            Self::StableIdentity => 3,
            Self::OffsetsAfterAcks => 4,
            Self::AckAfterPersist => 5,
            Self::BoundedMemory => 6,
            Self::QuotaNeverExceeded => 7,
            Self::BlastRadiusOfOne => 8,
            Self::NothingSecretShown => 9,
            Self::Order => 10,
        }
    }

    /// Its word in metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OneCommit => "one_commit",
            Self::RotationSafeTokens => "rotation_safe_tokens",
            Self::StableIdentity => "stable_identity",
            Self::OffsetsAfterAcks => "offsets_after_acks",
            Self::AckAfterPersist => "ack_after_persist",
            Self::BoundedMemory => "bounded_memory",
            Self::QuotaNeverExceeded => "quota_never_exceeded",
            Self::BlastRadiusOfOne => "blast_radius_of_one",
            Self::NothingSecretShown => "nothing_secret_shown",
            Self::Order => "order",
        }
    }

    /// What it promises.
    pub const fn text(self) -> &'static str {
        match self {
            Self::OneCommit => {
                "log entries, the cursor that they advance, digests and finished notices are one transaction"
            }
            Self::RotationSafeTokens => {
                "a refreshed token is stored before it is used, and one refresh runs at a time"
            }
            Self::StableIdentity => "the same content adds nothing, changed content adds an entry",
            Self::OffsetsAfterAcks => "an offset passes an entry only when it was taken, parked or refused",
            Self::AckAfterPersist => "a notification is answered once it is in the inbox",
            Self::BoundedMemory => "every queue has a bound, and nothing is dropped",
            Self::QuotaNeverExceeded => "in no window of a quota are there more permits than it admits",
            Self::BlastRadiusOfOne => "what crashes in one connection affects that connection alone",
            Self::NothingSecretShown => "no token, secret or health value is shown",
            Self::Order => {
                "entries of one connection reach a sink in the order of the log unless one is parked"
            }
        }
    }

    /// Checks it here: `holds` is what should be true, `place` says where, in words of this program.
    #[track_caller]
    pub fn check(self, holds: bool, place: &'static str) {
        if holds {
            return;
        }
        self.broken(place);
        debug_assert!(holds, "invariant {} is broken {place}: {}", self.id(), self.text());
    }

    /// How often it was seen broken since the start of the process.
    pub fn count(self) -> u64 {
        BROKEN.get(usize::from(self.id() - 1)).map_or(0, |count| count.load(Ordering::Relaxed))
    }

    fn broken(self, place: &'static str) {
        if let Some(count) = BROKEN.get(usize::from(self.id() - 1)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        metric::INVARIANT_VIOLATIONS.add(1, [self.as_str()]);
        tracing::error!(
            invariant = self.id(),
            place,
            promise = self.text(),
            "a promise of this program is broken; please report it"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ten_are_numbered_in_order_and_say_what_they_promise() {
        let ids: Vec<_> = Invariant::ALL.iter().map(|invariant| invariant.id()).collect();
        assert_eq!(ids, (1..=10).collect::<Vec<_>>());
        assert!(Invariant::ALL.iter().all(|invariant| invariant.text().len() > 20));
    }

    #[test]
    fn a_broken_one_is_counted_and_panics_in_a_debug_build() {
        let before = Invariant::BoundedMemory.count();
        Invariant::BoundedMemory.check(true, "in a test");
        assert_eq!(Invariant::BoundedMemory.count(), before);
        let broken = std::panic::catch_unwind(|| Invariant::BoundedMemory.check(false, "in a test"));
        assert_eq!(broken.is_err(), cfg!(debug_assertions));
        assert_eq!(Invariant::BoundedMemory.count(), before + 1);
    }
}
