//! What is read of many connections at once: where they stand at a start, and the places where sealed values lie.
//!
//! Stores answer these in pages, with one question a page. Nothing here opens a sealed value.

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::changeset::Lane;
use super::row::{ConnectionState, CursorRow, InboxRow};

/// A connection, as far as its actor has to know it before work starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The connection.
    pub id: Uuid,
    /// The tenant's `dev_id`.
    pub tenant: Arc<str>,
    /// Key of the provider.
    pub provider: String,
    /// Where it stands.
    pub state: ConnectionState,
    /// Its cursors.
    pub marks: Vec<Mark>,
}

/// A cursor, as far as a schedule has to know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Name of the resource.
    pub resource: String,
    /// Which walk.
    pub lane: Lane,
    /// Whether the walk is at its end.
    pub finished: bool,
    /// Time of the last success.
    pub updated_at: DateTime<Utc>,
    /// What was asked for, in the lanes of a wish; nothing in the others.
    pub asked: Option<String>,
}

impl From<CursorRow> for Mark {
    fn from(row: CursorRow) -> Self {
        let CursorRow { resource, lane, cursor, finished, updated_at } = row;
        Self { resource, lane, finished, updated_at, asked: cursor.token.filter(|_| lane.is_asked()) }
    }
}

/// A page of connections at a start.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StandingPage {
    /// In the order of their ids. Those that are disconnected are left out.
    pub connections: Vec<Standing>,
    /// Where the next page begins; `None` at the end.
    pub next: Option<Uuid>,
}

/// What of an inbox can be worked on now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InboxDue {
    /// Unfinished rows that are due, oldest first.
    pub rows: Vec<InboxRow>,
    /// When the first of the others is due.
    pub next: Option<DateTime<Utc>>,
}

/// A column that holds envelopes of the vault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SealedColumn {
    /// Its table.
    pub table: &'static str,
    /// The column with the envelopes; null where there is none.
    pub sealed: &'static str,
    /// The primary key of the table, in its order.
    pub key: &'static [KeyColumn],
    /// The column with the connection that the envelope is bound to; `None` for those bound to no connection.
    pub owner: Option<&'static str>,
}

/// A column of a primary key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyColumn {
    /// It holds bytes.
    Bytes(&'static str),
    /// It holds text.
    Text(&'static str),
}

impl KeyColumn {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bytes(name) | Self::Text(name) => name,
        }
    }
}

/// Tells the rows of a table with a [`SealedColumn`] apart: the values of its primary key.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SealedKey(pub Vec<KeyPart>);

/// One value of a primary key.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyPart {
    /// An id.
    Bytes(Vec<u8>),
    /// A name.
    Text(String),
}

impl SealedKey {
    /// The text at that place of the key; empty if there is none.
    pub fn text(&self, place: usize) -> &str {
        match self.0.get(place) {
            Some(KeyPart::Text(text)) => text,
            Some(KeyPart::Bytes(_)) | None => "",
        }
    }
}

impl fmt::Debug for SealedKey {
    /// The state of an authorisation flow is a secret while it can be used.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealedKey(..)")
    }
}

/// One envelope and its place.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedValue {
    /// Which row.
    pub key: SealedKey,
    /// The connection that it is bound to; nil for none.
    pub owner: Uuid,
    /// The envelope.
    pub sealed: Vec<u8>,
}

impl fmt::Debug for SealedValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealedValue").field("owner", &self.owner).finish_non_exhaustive()
    }
}

/// Puts an envelope in the place of another, if that one still lies there.
#[derive(Clone, PartialEq, Eq)]
pub struct Reseal {
    /// Where.
    pub column: SealedColumn,
    /// Which row.
    pub key: SealedKey,
    /// The envelope that was read. It holds a random number, so it is never the same twice.
    pub was: Vec<u8>,
    /// The new one.
    pub sealed: Vec<u8>,
}

impl fmt::Debug for Reseal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reseal").field("table", &self.column.table).finish_non_exhaustive()
    }
}
