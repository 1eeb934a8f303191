//! What is written: a changeset is all or nothing, and several of them share one transaction.

use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use tributary_contract::model::{DataType, Digest, EntryId, EventType, NaturalKey};
use tributary_contract::{Cursor, TraceContext};
use uuid::Uuid;

use super::bulk::Reseal;
use super::row::{
    Connection, ConnectionState, Flow, NewDeadLetter, NewNotice, Parked, SealedAppKey, SealedCredential,
};

/// Changes that become durable together.
#[derive(Debug, Clone, Default)]
pub struct Changeset {
    /// Who may write this; `None` for what belongs to no connection.
    pub fence: Option<Fence>,
    /// In order.
    pub changes: Vec<Change>,
}

impl Changeset {
    /// A changeset that any owner may write.
    pub const fn unfenced(changes: Vec<Change>) -> Self {
        Self { fence: None, changes }
    }

    /// A changeset that counts only while the connection has this epoch.
    pub const fn fenced(connection: Uuid, epoch: u64, changes: Vec<Change>) -> Self {
        Self { fence: Some(Fence { connection, epoch }), changes }
    }
}

/// The connection's epoch that the writer of a changeset believes in. A changeset of an older epoch, or of a
/// connection that is gone, is rejected whole: a job that outlived a disconnect or a new authorisation writes
/// nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fence {
    /// The connection.
    pub connection: Uuid,
    /// Its epoch.
    pub epoch: u64,
}

/// Which walk through a resource a cursor belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lane {
    /// Forward from the connect on.
    Live,
    /// Backward through the history; `through` falls.
    History,
    /// What somebody wants fetched again; `through` is its end, the token names the stretches. Written by who asks.
    Asked,
    /// Backward through what was asked for; the token names the wish that it belongs to. Written by who walks.
    Filled,
}

impl Lane {
    /// All lanes.
    pub const ALL: [Self; 4] = [Self::Live, Self::History, Self::Asked, Self::Filled];

    /// The lane of a word in the store.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|lane| lane.as_str() == word)
    }

    /// Whether it belongs to a wish.
    pub const fn is_asked(self) -> bool {
        matches!(self, Self::Asked | Self::Filled)
    }

    /// The word in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::History => "history",
            Self::Asked => "asked",
            Self::Filled => "filled",
        }
    }
}

/// One change.
#[derive(Debug, Clone)]
pub enum Change {
    /// A record. If the digest stored under (connection, type, key) is the same, nothing happens; else the digest
    /// is set and a log entry is added.
    Record {
        /// Owner of the log.
        tenant: Arc<str>,
        /// Whose record.
        connection: Uuid,
        /// Its type.
        data_type: DataType,
        /// Its natural key.
        key: NaturalKey,
        /// Of its content.
        digest: Digest,
        /// Identity of the entry.
        id: EntryId,
        /// JSON of the record.
        body: Bytes,
        /// The sync that produced it.
        trace: Option<TraceContext>,
    },
    /// A record is gone at the provider. Adds an entry (with an empty body) only if its digest is stored and it is not
    /// deleted already. If the record comes again, with whatever content, that is a new entry.
    Deleted {
        /// Owner of the log.
        tenant: Arc<str>,
        /// Whose record.
        connection: Uuid,
        /// Its type.
        data_type: DataType,
        /// Its natural key.
        key: NaturalKey,
        /// The sync that learnt of it.
        trace: Option<TraceContext>,
    },
    /// A life-cycle event: always a new entry.
    Event {
        /// Owner of the log.
        tenant: Arc<str>,
        /// Whose event; for an event about no connection, the id the flow would have had.
        connection: Uuid,
        /// Which event.
        event: EventType,
        /// The whole event as JSON.
        body: Bytes,
        /// The span that caused it.
        trace: Option<TraceContext>,
    },
    /// Sets a cursor and the time of its success.
    Cursor {
        /// Of this connection.
        connection: Uuid,
        /// Of this resource.
        resource: String,
        /// Which walk.
        lane: Lane,
        /// Where it stands.
        cursor: Cursor,
        /// Whether the walk is at its end (history only).
        finished: bool,
    },
    /// A notification for the inbox. Its event id, if it has one, is taken once per connection.
    InboxAdd(NewNotice),
    /// An inbox row is done.
    InboxFinish {
        /// The row.
        id: i64,
    },
    /// An inbox row waits for another try.
    InboxRetry {
        /// The row.
        id: i64,
        /// When to try again.
        due_at: DateTime<Utc>,
        /// Tries so far.
        attempts: u32,
        /// Why, without any payload.
        reason: String,
    },
    /// An inbox row is given up and kept for people.
    InboxGiveUp {
        /// The row.
        id: i64,
        /// Why, without any payload.
        reason: String,
    },
    /// Creates or replaces a connection. An authorisation raises the epoch; it never falls. The account must not
    /// belong to another connection of the tenant: look it up first. If it does, the commit fails as
    /// [`super::StoreError::Damaged`].
    ConnectionPut(Connection),
    /// Sets the state of a connection.
    ConnectionState {
        /// The connection.
        connection: Uuid,
        /// Its new state.
        state: ConnectionState,
        /// Why, for people; without any payload or token.
        reason: Option<String>,
    },
    /// Stores a sealed credential.
    CredentialPut(SealedCredential),
    /// Replaces an envelope of the vault, unless another one lies there by now.
    Reseal(Reseal),
    /// Stores a sealed key of a provider app; one of the same app and name is replaced.
    AppKeyPut(SealedAppKey),
    /// Wipes the credential, cursors, inbox and digests of a connection; its log entries stay until retention, and
    /// its epoch is raised. Without digests, an account that is connected again brings its records again.
    ConnectionWipe {
        /// The connection.
        connection: Uuid,
    },
    /// Begins an OAuth flow.
    FlowPut(Flow),
    /// Uses up an OAuth flow; the changeset is rejected if it was used before.
    FlowTake {
        /// Its `state`.
        state: String,
    },
    /// Moves a sink's offset. Never backward, unless `rewind`.
    Offset {
        /// Owner of the sink.
        tenant: Arc<str>,
        /// The sink.
        sink: Arc<str>,
        /// Every entry up to here is settled.
        offset: u64,
        /// A wish of a person to read again.
        rewind: bool,
    },
    /// Parks a delivery for a retry, or moves its next try.
    Park(Parked),
    /// A parked delivery is settled; entries that were held for it go with it.
    Unpark {
        /// The delivery.
        delivery: Uuid,
    },
    /// A refused entry.
    DeadLetter(NewDeadLetter),
    /// A dead letter was taken out again.
    DeadLetterRemove {
        /// The row.
        id: i64,
    },
    /// A dead letter is delivered again: it is no dead letter any more, but holds its entry until the parked delivery
    /// is settled. Park that delivery in the same changeset. Does nothing if the dead letter is gone.
    DeadLetterHold {
        /// The row.
        id: i64,
        /// The parked delivery.
        delivery: Uuid,
    },
    /// A small named value of the engine itself.
    Meta {
        /// Name.
        name: String,
        /// Value.
        value: Vec<u8>,
    },
    /// Removes what is older than it has to be kept.
    Retain(Retention),
}

/// How long things are kept. One change removes a slice of each kind, oldest first, so that it never holds up other
/// writes for long; repeat it while [`Committed::removed`] says that there was something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Log entries that were committed before go, with event ids and notices (given up, or of unknown accounts) that
    /// arrived before and OAuth flows that expired before. Sequences and digests stay: nothing comes back as new.
    pub log_before: DateTime<Utc>,
    /// Log entries behind this sequence stay, however old: some sink has not settled them. So do entries that a parked
    /// delivery speaks of.
    pub settled: u64,
    /// Dead letters whose last try was before go.
    pub dead_letters_before: DateTime<Utc>,
    /// Most rows of each kind.
    pub limit: u32,
}

/// What a changeset did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Committed {
    /// Log entries added.
    pub added: usize,
    /// Records that were known with the same content.
    pub unchanged: usize,
    /// Sequence of the last entry added, if any.
    pub last_sequence: Option<u64>,
    /// Notices added to the inbox (not counting known event ids).
    pub notices: usize,
    /// Envelopes replaced by a [`Change::Reseal`].
    pub resealed: u64,
    /// Rows removed by a [`Change::Retain`].
    pub removed: u64,
}

/// Why a changeset was rejected; nothing of it is durable, the rest of its group is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Rejected {
    /// The connection has another epoch or is gone.
    #[error("the connection was authorised anew or removed meanwhile")]
    Fenced,
    /// The OAuth flow is unknown or was used before.
    #[error("the authorisation link is unknown or was used before")]
    FlowUsed,
}
