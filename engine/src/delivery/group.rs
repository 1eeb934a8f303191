//! Entries that travel together, and which entries a sink wants. Pure.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};
use tributary_contract::sink::{Entry, EntryKind, Grouping, Limits};
use uuid::Uuid;

/// Which entries a sink wants, by the names of [`EntryKind::filter_name`].
#[derive(Debug, Clone, Default)]
pub struct Filter {
    wanted: Option<BTreeSet<String>>,
}

impl Filter {
    /// Everything that Terra knows: all but `deleted`, which has to be named.
    pub const fn all() -> Self {
        Self { wanted: None }
    }

    /// Exactly these names.
    pub fn only(names: impl IntoIterator<Item = String>) -> Self {
        Self { wanted: Some(names.into_iter().collect()) }
    }

    /// Whether the sink wants it.
    pub fn wants(&self, kind: EntryKind) -> bool {
        self.wanted
            .as_ref()
            .map_or(!matches!(kind, EntryKind::Deleted(_)), |names| names.contains(kind.filter_name()))
    }
}

/// Entries that go to the sink in one call.
#[derive(Debug, Clone)]
pub struct Group {
    /// The entries, oldest first, never empty.
    pub entries: Vec<Arc<Entry>>,
    /// Bytes of their bodies.
    pub bytes: usize,
    /// What is known from earlier tries, if it was parked.
    pub parked: Option<Tried>,
    /// Which reading of the log it comes from: every rewind begins another.
    pub era: u64,
}

/// Earlier tries of a parked delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tried {
    /// Its identity.
    pub delivery: Uuid,
    /// Tries so far.
    pub attempts: u32,
    /// First try.
    pub first_at: DateTime<Utc>,
    /// Whether a person asked for it.
    pub replay: bool,
}

impl Group {
    /// A group of one.
    pub fn of(entry: Arc<Entry>, era: u64) -> Self {
        Self { bytes: entry.body.len(), entries: vec![entry], parked: None, era }
    }

    /// Whether the entry may join under these limits.
    pub fn takes(&self, entry: &Entry, limits: &Limits) -> bool {
        let fits = self.parked.is_none()
            && self.entries.len() < limits.entries
            && self.bytes.saturating_add(entry.body.len()) <= limits.bytes;
        fits && match limits.grouping {
            Grouping::Mixed => true,
            // A life-cycle event is an event of its own.
            Grouping::Event => {
                !matches!(entry.kind, EntryKind::LifeCycle(_))
                    && self
                        .entries
                        .last()
                        .is_some_and(|last| last.kind == entry.kind && last.user.id == entry.user.id)
            }
        }
    }

    /// Adds an entry.
    pub fn add(&mut self, entry: Arc<Entry>) {
        self.bytes = self.bytes.saturating_add(entry.body.len());
        self.entries.push(entry);
    }

    /// Sequences of its entries.
    pub fn sequences(&self) -> Vec<u64> {
        self.entries.iter().map(|entry| entry.sequence).collect()
    }

    /// Identity of its delivery: derived from the sink and the entries, so that it is the same after a crash.
    pub fn delivery(&self, tenant: &str, sink: &str) -> Uuid {
        if let Some(tried) = self.parked {
            return tried.delivery;
        }
        let mut hash = Sha256::new();
        for part in [tenant, sink] {
            hash.update(part.as_bytes());
            hash.update([0]);
        }
        for entry in &self.entries {
            hash.update(entry.sequence.to_be_bytes());
            hash.update(entry.id.as_bytes());
        }
        let digest = hash.finalize();
        let mut bytes = [0; 16];
        for (to, from) in bytes.iter_mut().zip(digest) {
            *to = from;
        }
        uuid::Builder::from_custom_bytes(bytes).into_uuid()
    }
}

/// The lane of an entry: what must stay in order shares a lane.
pub fn lane(entry: &Entry, grouping: Grouping) -> Uuid {
    match grouping {
        Grouping::Event => entry.user.id,
        Grouping::Mixed => Uuid::nil(),
    }
}
