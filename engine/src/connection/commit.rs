//! Where emitted records become changesets: one transaction with the cursor and the inbox rows that they finish.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use tracing::Instrument as _;
use tributary_contract::{Committer, Cursor, Emitted, FetchError, TraceContext};
use uuid::Uuid;

use crate::ingest;
use crate::store::writer::WriteError;
use crate::store::{Change, Changeset, Committed, Connection, Lane, Writer};
use crate::telemetry::{metric, span};

/// Whose records they are and which cursor they advance.
#[derive(Clone)]
pub struct Destination {
    writer: Writer,
    tenant: Arc<str>,
    provider: Arc<str>,
    connection: Uuid,
    epoch: u64,
    resource: &'static str,
    lane: Option<Lane>,
    trace: TraceContext,
    emitted: Arc<AtomicUsize>,
    added: Arc<AtomicUsize>,
}

impl Destination {
    /// Records of a connection. Without a lane, cursors that a provider hands in are ignored: the work is not part
    /// of a walk.
    pub fn new(
        writer: Writer,
        connection: &Connection,
        resource: &'static str,
        lane: Option<Lane>,
        trace: TraceContext,
    ) -> Self {
        Self {
            writer,
            tenant: Arc::clone(&connection.tenant),
            provider: Arc::from(connection.provider.as_str()),
            connection: connection.id,
            epoch: connection.epoch,
            resource,
            lane,
            trace,
            emitted: Arc::default(),
            added: Arc::default(),
        }
    }

    /// How much was emitted and committed so far.
    pub fn emitted(&self) -> usize {
        self.emitted.load(Ordering::Relaxed)
    }

    /// How many log entries that gave.
    pub fn added(&self) -> usize {
        self.added.load(Ordering::Relaxed)
    }

    /// Commits what was emitted, together with further changes.
    pub async fn commit_with(
        &self,
        emitted: Vec<Emitted>,
        mut extra: Vec<Change>,
    ) -> Result<Committed, FetchError> {
        let count = emitted.len();
        let ingest = || ingest::changes(&self.tenant, self.connection, emitted, Some(self.trace));
        let changes = if count == 0 { ingest() } else { span::normalize(count).in_scope(ingest) };
        let mut changes = changes.map_err(|error| FetchError::malformed(self.resource, error.to_string()))?;
        changes.append(&mut extra);
        if changes.is_empty() {
            return Ok(Committed::default());
        }
        let changeset = Changeset::fenced(self.connection, self.epoch, changes);
        let commit = self.writer.commit(changeset).instrument(span::commit(count));
        let committed = commit.await.map_err(stopped)?;
        metric::RECORDS.add(committed.added, [&self.provider, "new"]);
        metric::RECORDS.add(committed.unchanged, [&self.provider, "unchanged"]);
        self.emitted.fetch_add(count, Ordering::Relaxed);
        self.added.fetch_add(committed.added, Ordering::Relaxed);
        Ok(committed)
    }

    /// The change that moves this destination's cursor.
    pub fn cursor(&self, cursor: Cursor, finished: bool) -> Option<Change> {
        self.lane.map(|lane| Change::Cursor {
            connection: self.connection,
            resource: self.resource.to_owned(),
            lane,
            cursor,
            finished,
        })
    }
}

fn stopped(error: WriteError) -> FetchError {
    match error {
        WriteError::Rejected(rejected) => FetchError::Stopped { reason: rejected.to_string() },
        WriteError::Store(error) => FetchError::Store { reason: error.to_string() },
    }
}

#[async_trait]
impl Committer for Destination {
    async fn commit(&mut self, emitted: Vec<Emitted>, cursor: Option<Cursor>) -> Result<(), FetchError> {
        let cursor = cursor.and_then(|cursor| self.cursor(cursor, false));
        self.commit_with(emitted, cursor.into_iter().collect()).await.map(|_committed| ())
    }
}
