//! The trait that a destination implements, and the batches that it takes.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use thiserror::Error;
use uuid::Uuid;

use crate::model::{DataType, EntryId, EventType, NaturalKey};
use crate::trace::TraceContext;

/// One configured destination of one tenant.
///
/// A sink answers per entry, writes idempotently by the entry's identity, and never retries by itself: the engine
/// decides when and whether.
#[async_trait]
pub trait Sink: Send + Sync {
    /// What one call may carry.
    fn limits(&self) -> Limits;

    /// Can I write here? Creates what is missing.
    async fn check(&self) -> Result<Report, SinkError>;

    /// Takes a batch. `Ok` holds exactly one outcome per entry, in order. `Err` means that nothing is known to be
    /// taken, and speaks for all of them.
    async fn deliver(&self, batch: &Batch) -> Result<Vec<Outcome>, SinkError>;
}

/// What one call of [`Sink::deliver`] may carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How entries are put together.
    pub grouping: Grouping,
    /// Entries in one batch.
    pub entries: usize,
    /// Bytes of all bodies in one batch; a single larger entry still goes alone.
    pub bytes: usize,
    /// Bytes of one body; a larger one is refused before it is tried.
    pub entry_bytes: usize,
    /// Batches in flight at once.
    pub in_flight: usize,
}

/// How entries are put together for a sink.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grouping {
    /// Entries of one connection and one kind: they become one event.
    Event,
    /// Any entries, in log order.
    Mixed,
}

/// Entries for one call, oldest first.
#[derive(Debug, Clone)]
pub struct Batch {
    /// Identity of this delivery: the same on every retry.
    pub delivery: Uuid,
    /// 1 for the first attempt.
    pub attempt: u32,
    /// Whether somebody asked for it again by hand.
    pub replay: bool,
    /// When the attempt is made.
    pub at: DateTime<Utc>,
    /// The span of this attempt.
    pub trace: TraceContext,
    /// What to deliver. With [`Grouping::Event`], all of one connection and one kind.
    pub entries: Vec<Arc<Entry>>,
}

/// One entry of the log as a sink sees it.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Place in the log; grows with time, also within one connection.
    pub sequence: u64,
    /// Identity of the content, the same whenever the same thing is fetched.
    pub id: EntryId,
    /// Whose data it is.
    pub user: Arc<User>,
    /// What it is.
    pub kind: EntryKind,
    /// Identity of the record among those of its connection and type; empty for life-cycle events.
    pub key: NaturalKey,
    /// JSON: the record in Terra's model; for a life-cycle entry the whole event; empty for a deletion.
    pub body: Bytes,
    /// When it was committed.
    pub committed_at: DateTime<Utc>,
    /// The sync that produced it.
    pub trace: Option<TraceContext>,
}

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EntryKind {
    /// A record, new or changed.
    Record(DataType),
    /// The provider said that the record is gone.
    Deleted(DataType),
    /// `auth`, `deauth` and the like.
    LifeCycle(EventType),
}

impl EntryKind {
    /// The name that event filters use: a data type, `deleted`, or a life-cycle event.
    pub fn filter_name(self) -> &'static str {
        match self {
            Self::Record(data_type) => data_type.as_str(),
            Self::Deleted(_) => "deleted",
            Self::LifeCycle(event) => event.as_str(),
        }
    }
}

/// Whose data an entry is: Terra's user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The connection.
    pub id: Uuid,
    /// The tenant's own id of the person.
    pub reference_id: Option<String>,
    /// Provider on the wire, upper case.
    pub provider: String,
    /// Terra's user object as JSON, as it goes into events.
    pub json: Bytes,
}

/// What became of one entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Durably taken.
    Taken,
    /// Not now; the engine parks it and tries again.
    Later {
        /// Why, without any payload.
        reason: String,
        /// What the destination asked for, if it did.
        after: Option<Duration>,
    },
    /// Never; goes to the dead letters at once.
    Refused {
        /// Why, without any payload.
        reason: String,
    },
}

/// What `check` found or made.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// One line each, for people.
    pub lines: Vec<String>,
}

/// Why a whole call failed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SinkError {
    /// Not reachable, overloaded, timed out: passes by itself.
    #[error("not reachable for now: {reason}")]
    Unavailable {
        /// What happened, without any payload.
        reason: String,
        /// What the destination asked for, if it did.
        after: Option<Duration>,
    },
    /// The destination refuses us: wrong credentials, missing rights, missing target. Heals only by a person.
    #[error("refused by the destination: {reason}; {advice}")]
    Denied {
        /// What it said.
        reason: String,
        /// What to do.
        advice: String,
    },
    /// The settings cannot work: an address that is not allowed, a URL that cannot be.
    #[error("{setting} cannot work: {reason}")]
    Unusable {
        /// The setting.
        setting: String,
        /// Why.
        reason: String,
    },
}
