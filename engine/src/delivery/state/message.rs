//! What a delivery's state is told, what it asks for, and what it shows to people. Only shapes.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use tributary_contract::sink::{Entry, Outcome, SinkError};

use crate::delivery::group::Group;
use crate::store::{Change, Parked};

/// What happened.
#[derive(Debug)]
pub enum Message {
    /// Something may be in the log.
    Woken,
    /// Time has passed.
    Tick,
    /// The log was read from where the state had got to.
    Read {
        /// The entries, oldest first.
        entries: Vec<Arc<Entry>>,
        /// Whether the log may hold more.
        more: bool,
    },
    /// The log could not be read.
    ReadFailed,
    /// Parked deliveries that are due were loaded.
    ParkedLoaded {
        /// With those of their entries that still exist.
        parked: Vec<(Parked, Vec<Arc<Entry>>)>,
        /// When the next one behind them is due.
        next_due: Option<DateTime<Utc>>,
    },
    /// A call of the sink ended.
    Delivered {
        /// What was delivered.
        group: Group,
        /// When the call began.
        began: DateTime<Utc>,
        /// What the sink said; one outcome per entry.
        result: Result<Vec<Outcome>, SinkError>,
    },
    /// The changes handed out last are durable.
    Committed,
    /// They are not; they are handed out again after a pause.
    CommitFailed,
    /// Parked deliveries were added to the store from outside.
    ParkedAdded,
    /// Everything behind this sequence is wanted again.
    Rewind {
        /// The new offset; a rewind never moves forward.
        to: u64,
    },
    /// Finish what is in flight and take nothing new.
    Drain,
    /// The calls in flight were given up: what they carried counts as not delivered. Take nothing new.
    Cut,
}

/// What is to be done.
#[derive(Debug)]
pub enum Effect {
    /// Read the log after this sequence.
    Read {
        /// Last sequence known.
        after: u64,
        /// At most that many entries.
        limit: usize,
        /// About that many bytes.
        bytes: usize,
    },
    /// Call the sink.
    Deliver {
        /// With these entries.
        group: Group,
        /// Which try.
        attempt: u32,
        /// Whether a person asked for it to be delivered again.
        replay: bool,
    },
    /// Make these changes durable, then say so.
    Commit(Vec<Change>),
    /// Load parked deliveries that are due.
    LoadParked {
        /// At most that many.
        limit: usize,
    },
    /// Send a [`Message::Tick`] then, at the latest.
    Wake(DateTime<Utc>),
    /// That many rewinds are durable now.
    Rewound(usize),
    /// Nothing is in flight and nothing is left to commit.
    Drained,
}

/// Counters and levels for people.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Levels {
    /// Entries taken by the sink.
    pub taken: u64,
    /// Entries parked, counting every time.
    pub parked: u64,
    /// Entries refused.
    pub dead: u64,
    /// Calls of the sink.
    pub calls: u64,
    /// Calls in flight.
    pub in_flight: usize,
    /// Entries read and not settled.
    pub waiting: usize,
    /// Whether the breaker is open.
    pub open: bool,
    /// Every entry up to here is settled.
    pub offset: u64,
    /// Last failure, without any payload.
    pub last_error: Option<String>,
}
