//! The store in one `SQLite` file: WAL, every commit synchronised to the disk before it is acknowledged.
//!
//! One connection writes, a small pool reads; readers never wait for the writer. A write connection that failed is
//! closed and replaced, so that nothing of a broken transaction survives and a full disk heals by itself. Nothing
//! here decides what a change means: that is the plan's part.

mod bulk;
mod column;
mod dead;
mod load;
mod log;
#[cfg(test)]
mod model_tests;
mod read;
#[cfg(test)]
mod tests;
mod write;

use std::collections::HashMap;
use std::fs::{DirBuilder, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::str::FromStr;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection as _, SqliteConnection};
use tokio::sync::Mutex;
use uuid::Uuid;

use super::plan::{Plan, Wanted};
use super::{
    Changeset, Committed, Connection, ConnectionCount, ConnectionFilter, CursorRow, DeadLetter,
    DeadLetterFilter, Flow, InboxDue, InboxRow, Lane, LogFilter, LogRow, Parked, Rejected, SealedAppKey,
    SealedColumn, SealedCredential, SealedKey, SealedValue, StandingPage, Store, StoreError,
};

static MIGRATIONS: Migrator = sqlx::migrate!("src/store/sqlite/migrations");

const READERS: u32 = 4;
/// How long a connection waits for a lock, such as another process that looks at the file.
const BUSY: Duration = Duration::from_secs(5);
/// Pages of the write-ahead log that are gathered before they are moved into the file: few large moves write a page
/// that changes often less often than many small ones.
const CHECKPOINT_PAGES: &str = "8192";
/// Two log entries of usual size fill a page of 4 KiB badly; this one holds five.
const PAGE_BYTES: u32 = 8192;
/// Size to which the write-ahead log is cut after it grew, bytes.
const JOURNAL_LIMIT: &str = "67108864";
/// Page cache of the write connection, KiB (negative by `SQLite`'s convention).
const WRITER_CACHE: &str = "-65536";

/// A store in one file.
pub struct SqliteStore {
    place: String,
    options: SqliteConnectOptions,
    readers: SqlitePool,
    /// Empty after a failure, until the next commit opens a new one.
    writer: Mutex<Option<SqliteConnection>>,
    tenants: Tenants,
}

impl SqliteStore {
    /// Opens `sqlite://<path>`. Creates a missing file (readable by its owner alone) and its folder, and brings an
    /// older schema up to date.
    ///
    /// # Errors
    /// [`StoreError::Open`], and [`StoreError::Schema`] if a newer build wrote the file.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        let place = url.to_owned();
        let failed = |reason: String| StoreError::Open { place: url.to_owned(), reason };
        let options = SqliteConnectOptions::from_str(url).map_err(|error| failed(error.to_string()))?;
        let path = options.get_filename().to_owned();
        if url.contains(":memory:") || url.contains("mode=memory") {
            return Err(failed("data in memory would not survive; name a file".to_owned()));
        }
        prepare_file(&path).map_err(|error| failed(error.to_string()))?;
        let options = options
            .create_if_missing(false)
            .foreign_keys(true)
            .busy_timeout(BUSY)
            .synchronous(SqliteSynchronous::Full)
            .disable_statement_logging();
        let mut writer = connect_writer(&options).await.map_err(|error| failed(error.to_string()))?;
        migrate(&mut writer, &place).await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            // Readers stay for good: nothing has to be reaped, so the pool needs no task of its own.
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
            .connect_with(options.clone().pragma("query_only", "on").row_buffer_size(log::PIECE))
            .await
            .map_err(|error| failed(error.to_string()))?;
        let store =
            Self { place, options, readers, writer: Mutex::new(Some(writer)), tenants: Tenants::default() };
        store.tenants.load(&store.readers).await?;
        Ok(store)
    }

    /// Closes all connections to the file; what was acknowledged is in it.
    pub async fn close(&self) {
        self.readers.close().await;
        if let Some(writer) = self.writer.lock().await.take()
            && let Err(error) = writer.close().await
        {
            tracing::warn!(%error, "the store file was not closed cleanly");
        }
    }
}

async fn connect_writer(options: &SqliteConnectOptions) -> Result<SqliteConnection, sqlx::Error> {
    options
        .clone()
        .page_size(PAGE_BYTES)
        .journal_mode(SqliteJournalMode::Wal)
        .pragma("wal_autocheckpoint", CHECKPOINT_PAGES)
        .pragma("journal_size_limit", JOURNAL_LIMIT)
        .pragma("cache_size", WRITER_CACHE)
        // What a statement may have to take back never goes through a file.
        .pragma("temp_store", "memory")
        .connect()
        .await
}

/// `SQLite` gives the write-ahead log the permissions of the file, so the file is made with the right ones first.
fn prepare_file(path: &Path) -> std::io::Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(_created) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let mode = path.metadata()?.permissions().mode();
            if mode & 0o077 != 0 {
                tracing::warn!(path = %path.display(), mode = format!("{:o}", mode & 0o777),
                    "the store file can be read by others; restrict it with chmod 600");
            }
            Ok(())
        }
        Err(error) => Err(error),
    }
}

async fn migrate(db: &mut SqliteConnection, place: &str) -> Result<(), StoreError> {
    let failed = |reason: String| StoreError::Open { place: place.to_owned(), reason };
    let versioned: bool =
        sqlx::query_scalar("SELECT count(*) FROM sqlite_schema WHERE name = '_sqlx_migrations'")
            .fetch_one(&mut *db)
            .await
            .map_err(|error| failed(error.to_string()))?;
    if versioned {
        let found: Option<i64> = sqlx::query_scalar("SELECT max(version) FROM _sqlx_migrations")
            .fetch_one(&mut *db)
            .await
            .map_err(|error| failed(error.to_string()))?;
        let known = MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or_default();
        if let Some(found) = found
            && found > known
        {
            return Err(StoreError::Schema { place: place.to_owned(), found, known });
        }
    }
    MIGRATIONS.run_direct(None, db, false).await.map_err(|error| match error {
        MigrateError::VersionMismatch(version) => failed(format!(
            "its schema version {version} is not the one of this build; use the build that wrote it"
        )),
        error => failed(error.to_string()),
    })
}

/// Tenants have a number in the log; both ways are kept here, since there are few and they never change.
#[derive(Default)]
struct Tenants(RwLock<TenantMaps>);

#[derive(Default)]
struct TenantMaps {
    ids: HashMap<Arc<str>, i64>,
    names: HashMap<i64, Arc<str>>,
}

impl Tenants {
    fn id(&self, name: &str) -> Option<i64> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).ids.get(name).copied()
    }

    fn name(&self, id: i64) -> Option<Arc<str>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).names.get(&id).cloned()
    }

    fn learn(&self, id: i64, name: Arc<str>) {
        let mut maps = self.0.write().unwrap_or_else(PoisonError::into_inner);
        maps.ids.insert(Arc::clone(&name), id);
        maps.names.insert(id, name);
    }

    async fn load(&self, readers: &SqlitePool) -> Result<(), StoreError> {
        let rows: Vec<(i64, String)> = sqlx::query_as("SELECT id, name FROM tenant")
            .fetch_all(readers)
            .await
            .map_err(|error| unavailable("reading the tenants", &error))?;
        for (id, name) in rows {
            self.learn(id, name.into());
        }
        Ok(())
    }
}

/// `SQLite`'s texts name tables and columns, never a value.
fn unavailable(doing: &'static str, error: &sqlx::Error) -> StoreError {
    match error {
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) | sqlx::Error::TypeNotFound { .. } => {
            StoreError::Damaged { what: "row", reason: format!("{error} while {doing}") }
        }
        error => StoreError::Unavailable { doing, reason: error.to_string() },
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn commit(
        &self,
        group: &[Changeset],
        now: DateTime<Utc>,
    ) -> Result<Vec<Result<Committed, Rejected>>, StoreError> {
        let mut slot = self.writer.lock().await;
        // Put back only after success: a connection that failed, or whose commit was abandoned or panicked, may
        // still be inside a transaction.
        let mut db = match slot.take() {
            Some(db) => db,
            None => connect_writer(&self.options)
                .await
                .map_err(|error| StoreError::Open { place: self.place.clone(), reason: error.to_string() })?,
        };
        let wanted = Wanted::of(group);
        write::tenants(&mut db, &wanted, &self.tenants).await?;
        let mut transaction = db
            .begin_with("BEGIN IMMEDIATE")
            .await
            .map_err(|error| unavailable("beginning a commit", &error))?;
        let known = load::known(&mut transaction, &wanted, &self.tenants).await?;
        let mut plan = Plan::of(group, known);
        write::plan(&mut transaction, &mut plan, &self.tenants, now).await?;
        transaction.commit().await.map_err(|error| unavailable("committing", &error))?;
        let results = plan.results;
        *slot = Some(db);
        Ok(results)
    }

    async fn last_sequence(&self) -> Result<u64, StoreError> {
        log::last_sequence(&self.readers).await
    }

    async fn log(
        &self,
        tenant: &str,
        after: u64,
        limit: usize,
        bytes: usize,
    ) -> Result<Vec<LogRow>, StoreError> {
        log::after(&self.readers, &self.tenants, tenant, after, limit, bytes).await
    }

    async fn log_entries(&self, sequences: &[u64]) -> Result<Vec<LogRow>, StoreError> {
        log::entries(&self.readers, &self.tenants, sequences).await
    }

    async fn log_list(&self, filter: &LogFilter, limit: usize) -> Result<Vec<LogRow>, StoreError> {
        log::list(&self.readers, &self.tenants, filter, limit).await
    }

    async fn log_seek(&self, at: DateTime<Utc>) -> Result<Option<u64>, StoreError> {
        log::seek(&self.readers, at).await
    }

    async fn log_whole_after(&self) -> Result<u64, StoreError> {
        log::whole_after(&self.readers).await
    }

    async fn backlog(&self, tenant: &str, offset: u64) -> Result<u64, StoreError> {
        log::backlog(&self.readers, tenant, offset).await
    }

    async fn connection(&self, id: Uuid) -> Result<Option<Connection>, StoreError> {
        read::connection(&self.readers, id).await
    }

    async fn connections_by_id(&self, ids: &[Uuid]) -> Result<Vec<Connection>, StoreError> {
        read::connections_by_id(&self.readers, ids).await
    }

    async fn connections(
        &self,
        filter: &ConnectionFilter,
        after: Option<Uuid>,
        limit: usize,
    ) -> Result<Vec<Connection>, StoreError> {
        read::connections(&self.readers, filter, after, limit).await
    }

    async fn connection_counts(&self) -> Result<Vec<ConnectionCount>, StoreError> {
        read::connection_counts(&self.readers).await
    }

    async fn credential(&self, connection: Uuid) -> Result<Option<SealedCredential>, StoreError> {
        read::credential(&self.readers, connection).await
    }

    async fn app_keys(&self, app: Option<&str>) -> Result<Vec<SealedAppKey>, StoreError> {
        read::app_keys(&self.readers, app).await
    }

    async fn cursor(
        &self,
        connection: Uuid,
        resource: &str,
        lane: Lane,
    ) -> Result<Option<CursorRow>, StoreError> {
        read::cursor(&self.readers, connection, resource, lane).await
    }

    async fn cursors(&self, connection: Uuid) -> Result<Vec<CursorRow>, StoreError> {
        read::cursors(&self.readers, connection).await
    }

    async fn inbox(&self, connection: Uuid, limit: usize) -> Result<Vec<InboxRow>, StoreError> {
        read::inbox(&self.readers, connection, limit).await
    }

    async fn inbox_due(
        &self,
        connection: Uuid,
        now: DateTime<Utc>,
        limit: usize,
    ) -> Result<InboxDue, StoreError> {
        bulk::inbox_due(&self.readers, connection, now, limit).await
    }

    async fn connection_count(&self) -> Result<u64, StoreError> {
        bulk::connection_count(&self.readers).await
    }

    async fn standing(&self, after: Option<Uuid>, limit: usize) -> Result<StandingPage, StoreError> {
        bulk::standing(&self.readers, after, limit).await
    }

    async fn sealed(
        &self,
        column: &SealedColumn,
        after: Option<&SealedKey>,
        limit: usize,
    ) -> Result<Vec<SealedValue>, StoreError> {
        bulk::sealed(&self.readers, column, after, limit).await
    }

    async fn inbox_pending(&self) -> Result<Vec<(Uuid, DateTime<Utc>)>, StoreError> {
        read::inbox_pending(&self.readers).await
    }

    async fn flow(&self, state: &str) -> Result<Option<Flow>, StoreError> {
        read::flow(&self.readers, state).await
    }

    async fn offset(&self, tenant: &str, sink: &str) -> Result<u64, StoreError> {
        read::offset(&self.readers, tenant, sink).await
    }

    async fn parked(&self, tenant: &str, sink: &str, limit: usize) -> Result<Vec<Parked>, StoreError> {
        read::parked(&self.readers, tenant, sink, limit).await
    }

    async fn parked_count(&self, tenant: &str, sink: &str) -> Result<u64, StoreError> {
        read::parked_count(&self.readers, tenant, sink).await
    }

    async fn dead_letters(
        &self,
        filter: &DeadLetterFilter,
        limit: usize,
    ) -> Result<Vec<DeadLetter>, StoreError> {
        dead::list(&self.readers, filter, limit).await
    }

    async fn dead_letter(&self, id: i64) -> Result<Option<DeadLetter>, StoreError> {
        dead::one(&self.readers, id).await
    }

    async fn dead_letter_count(&self, tenant: &str, sink: &str) -> Result<u64, StoreError> {
        dead::number(&self.readers, tenant, sink).await
    }

    async fn held(&self, delivery: Uuid) -> Result<Vec<LogRow>, StoreError> {
        dead::held(&self.readers, delivery).await
    }

    async fn meta(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        read::meta(&self.readers, name).await
    }
}
