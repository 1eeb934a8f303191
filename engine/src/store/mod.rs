//! The durable state: connections, credentials, cursors, digests, the inbox, the log, sink offsets.
//!
//! Everything is written as [`Changeset`]s through the one [`writer`], which commits them in groups; everything is
//! read through the [`Store`] trait. `SQLite` is the implementation here ([`sqlite`]); nothing outside this folder
//! knows that. The store never knows a provider and never sees a secret in the clear.

pub mod bulk;
pub mod changeset;
pub mod filter;
mod plan;
pub mod row;
pub mod sqlite;
pub mod writer;

#[cfg(any(test, feature = "test-util"))]
pub mod conformance;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use thiserror::Error;
use uuid::Uuid;

pub use bulk::{
    InboxDue, KeyColumn, KeyPart, Mark, Reseal, SealedColumn, SealedKey, SealedValue, Standing, StandingPage,
};
pub use changeset::{Change, Changeset, Committed, Fence, Lane, Rejected, Retention};
pub use filter::{ConnectionCount, ConnectionFilter, DeadLetterFilter, LogFilter};
pub use row::{
    Connection, ConnectionState, CursorRow, DeadLetter, Flow, InboxRow, LogRow, NewDeadLetter, NewNotice,
    Parked, SealedAppKey, SealedCredential,
};
pub use sqlite::SqliteStore;
pub use writer::{StoreWriter, WriteError, Writer, WriterOptions, WriterTask};

/// Reads, and the one way to write.
///
/// Implementations are checked by one conformance suite. Reads see every commit that was acknowledged before they
/// began.
#[async_trait]
pub trait Store: Send + Sync {
    /// Commits a group of changesets in one transaction, each by itself accepted or rejected. The outer error means
    /// that nothing of the group is durable. Only the writer calls this.
    async fn commit(
        &self,
        group: &[Changeset],
        now: DateTime<Utc>,
    ) -> Result<Vec<Result<Committed, Rejected>>, StoreError>;

    /// The sequence of the newest log entry; 0 for an empty log.
    async fn last_sequence(&self) -> Result<u64, StoreError>;

    /// Log entries of a tenant after `after`, oldest first, at most `limit` entries and about `bytes` bytes (always
    /// at least one entry if there is one).
    async fn log(
        &self,
        tenant: &str,
        after: u64,
        limit: usize,
        bytes: usize,
    ) -> Result<Vec<LogRow>, StoreError>;

    /// The log entries with these sequences, oldest first; those that retention removed are missing.
    async fn log_entries(&self, sequences: &[u64]) -> Result<Vec<LogRow>, StoreError>;

    /// Log entries of all tenants for people.
    async fn log_list(&self, filter: &LogFilter, limit: usize) -> Result<Vec<LogRow>, StoreError>;

    /// The sequence of the first entry, of whatever tenant, that was committed then or later. Commit times rise with
    /// the sequence; where a clock was set back, it is one of the places that fit.
    async fn log_seek(&self, at: DateTime<Utc>) -> Result<Option<u64>, StoreError>;

    /// Every entry that ever was behind this sequence is still in the log: retention has removed nothing newer.
    async fn log_whole_after(&self) -> Result<u64, StoreError>;

    /// How many entries of the tenant's log lie after `offset`.
    async fn backlog(&self, tenant: &str, offset: u64) -> Result<u64, StoreError>;

    /// A connection by id.
    async fn connection(&self, id: Uuid) -> Result<Option<Connection>, StoreError>;

    /// Those of these connections that there are, in no order.
    async fn connections_by_id(&self, ids: &[Uuid]) -> Result<Vec<Connection>, StoreError> {
        let mut found = Vec::with_capacity(ids.len());
        for id in ids {
            found.extend(self.connection(*id).await?);
        }
        Ok(found)
    }

    /// Connections that fit the filter, ordered by id, after `after`, at most `limit`.
    async fn connections(
        &self,
        filter: &ConnectionFilter,
        after: Option<Uuid>,
        limit: usize,
    ) -> Result<Vec<Connection>, StoreError>;

    /// How many connections each provider has in each state.
    async fn connection_counts(&self) -> Result<Vec<ConnectionCount>, StoreError>;

    /// The sealed credential of a connection.
    async fn credential(&self, connection: Uuid) -> Result<Option<SealedCredential>, StoreError>;

    /// The sealed keys of one provider app, or of all of them, by app and name.
    async fn app_keys(&self, app: Option<&str>) -> Result<Vec<SealedAppKey>, StoreError>;

    /// Where a resource of a connection stands in a lane.
    async fn cursor(
        &self,
        connection: Uuid,
        resource: &str,
        lane: Lane,
    ) -> Result<Option<CursorRow>, StoreError>;

    /// All cursors of a connection.
    async fn cursors(&self, connection: Uuid) -> Result<Vec<CursorRow>, StoreError>;

    /// Unfinished inbox rows of a connection, oldest first.
    async fn inbox(&self, connection: Uuid, limit: usize) -> Result<Vec<InboxRow>, StoreError>;

    /// Unfinished inbox rows of a connection that are due, oldest first, at most `limit`, and when the first of the
    /// others is due. However many rows wait, they never hide one that is due.
    async fn inbox_due(
        &self,
        connection: Uuid,
        now: DateTime<Utc>,
        limit: usize,
    ) -> Result<InboxDue, StoreError> {
        let all = self.inbox(connection, usize::MAX).await?;
        let (mut rows, waiting): (Vec<_>, Vec<_>) = all.into_iter().partition(|row| row.due_at <= now);
        let cut = rows.split_off(rows.len().min(limit));
        let next = waiting.iter().chain(&cut).map(|row| row.due_at).min();
        Ok(InboxDue { rows, next })
    }

    /// How many connections there are that are not disconnected.
    async fn connection_count(&self) -> Result<u64, StoreError> {
        let (mut count, mut after) = (0_u64, None);
        loop {
            let page = self.standing(after, 1_000).await?;
            count = count.saturating_add(page.connections.len() as u64);
            after = page.next;
            if after.is_none() {
                return Ok(count);
            }
        }
    }

    /// Where connections stand, in the order of their ids, after `after`; about `limit` of them.
    async fn standing(&self, after: Option<Uuid>, limit: usize) -> Result<StandingPage, StoreError> {
        let rows = self.connections(&ConnectionFilter::default(), after, limit).await?;
        let next = rows.last().filter(|_| rows.len() >= limit).map(|last| last.id);
        let mut connections = Vec::with_capacity(rows.len());
        for row in rows.into_iter().filter(|row| row.state != ConnectionState::Disconnected) {
            let marks = self.cursors(row.id).await?.into_iter().map(Mark::from).collect();
            let Connection { id, tenant, provider, state, .. } = row;
            connections.push(Standing { id, tenant, provider, state, marks });
        }
        Ok(StandingPage { connections, next })
    }

    /// Envelopes of a column, in the order of their keys, after `after`, at most `limit`.
    async fn sealed(
        &self,
        column: &SealedColumn,
        after: Option<&SealedKey>,
        limit: usize,
    ) -> Result<Vec<SealedValue>, StoreError> {
        let (_, _) = (after, limit);
        let reason = format!("this store does not list the sealed values of {}", column.table);
        Err(StoreError::Unavailable { doing: "reading sealed values", reason })
    }

    /// Connections with an unfinished inbox row, with the earliest due time of each: what must be woken at start.
    async fn inbox_pending(&self) -> Result<Vec<(Uuid, DateTime<Utc>)>, StoreError>;

    /// An OAuth flow that has begun and is not used, whatever its age.
    async fn flow(&self, state: &str) -> Result<Option<Flow>, StoreError>;

    /// A sink's offset; 0 if it never had one.
    async fn offset(&self, tenant: &str, sink: &str) -> Result<u64, StoreError>;

    /// Deliveries of a sink that wait for a retry, soonest first.
    async fn parked(&self, tenant: &str, sink: &str, limit: usize) -> Result<Vec<Parked>, StoreError>;

    /// Number of parked deliveries of a sink.
    async fn parked_count(&self, tenant: &str, sink: &str) -> Result<u64, StoreError>;

    /// Dead letters, newest first; without those that are being delivered again.
    async fn dead_letters(
        &self,
        filter: &DeadLetterFilter,
        limit: usize,
    ) -> Result<Vec<DeadLetter>, StoreError>;

    /// A dead letter by its id, unless it is being delivered again.
    async fn dead_letter(&self, id: i64) -> Result<Option<DeadLetter>, StoreError>;

    /// Number of dead letters of a sink, without those that are being delivered again.
    async fn dead_letter_count(&self, tenant: &str, sink: &str) -> Result<u64, StoreError>;

    /// The entries that are held for a parked delivery by [`Change::DeadLetterHold`], oldest first.
    async fn held(&self, delivery: Uuid) -> Result<Vec<LogRow>, StoreError>;

    /// A small named value of the engine itself.
    async fn meta(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError>;
}

/// Why the store did not answer.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum StoreError {
    /// The file or server cannot be opened.
    #[error("the store {place} cannot be opened: {reason}")]
    Open {
        /// Path or address, without credentials.
        place: String,
        /// What the database said.
        reason: String,
    },
    /// Binary and schema do not fit.
    #[error(
        "the store {place} has schema version {found}, this build knows up to {known}; use a newer build"
    )]
    Schema {
        /// Path or address, without credentials.
        place: String,
        /// Version found.
        found: i64,
        /// Newest version known.
        known: i64,
    },
    /// Busy, full, gone for the moment: may pass.
    #[error("the store is not available while {doing}: {reason}")]
    Unavailable {
        /// What was being done.
        doing: &'static str,
        /// What the database said.
        reason: String,
    },
    /// What was read makes no sense.
    #[error("the store holds a damaged {what}: {reason}")]
    Damaged {
        /// Which kind of row.
        what: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The writer has ended.
    #[error("the store writer has stopped; nothing more is committed")]
    Stopped,
}
