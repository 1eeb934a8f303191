//! Everything that is peculiar to `SQLite`: connecting, preparing the tables, one transaction, the meaning of its errors.
//!
//! Rows come in and are on disk when a call returns: the journal is a write-ahead log that is synchronised with every
//! commit. There is one connection, since `SQLite` has one writer.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::sqlite::{
    SqliteArguments, SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool,
    SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{Arguments as _, AssertSqlSafe, Connection as _, Row as _, Transaction};
use tokio::time::{Instant, sleep};

use super::layout::{Plan, TableLayout, VERSION, tables, versions};
use super::options::Layout;
use super::refusal::{Failure, other_key, other_type, too_new};
use super::row::Row;
use super::statement::{Dialect, add_column, create, insert};
use crate::table::{Cell, ColumnKind};

const DIALECT: Dialect = Dialect {
    type_name: |kind| match kind {
        ColumnKind::Text | ColumnKind::Instant | ColumnKind::Day | ColumnKind::Json => "text",
        ColumnKind::Integer => "integer",
        ColumnKind::Real => "real",
        ColumnKind::Boolean => "boolean",
    },
};

/// Rows per insert, so that any number of rows takes few statements out of few different ones, which stay prepared.
const ROWS: [usize; 7] = [64, 32, 16, 8, 4, 2, 1];

/// The inserts of one target, one per number of rows in [`ROWS`].
struct Inserts {
    plan: Plan,
    texts: [Arc<str>; ROWS.len()],
}

impl Inserts {
    fn new(plan: Plan) -> Self {
        // Numbered marks would make SQLite search the list of marks for each value.
        let row = format!("({})", vec!["?"; plan.table.columns.len()].join(","));
        let table = quoted(&plan.table);
        let text = |rows| insert(&plan, &table, &format!("values {}", vec![row.as_str(); rows].join(",")));
        Self { texts: ROWS.map(|rows| Arc::from(text(rows))), plan }
    }
}

/// Statements that stay prepared: all inserts and some room.
const PREPARED: usize = 128;

/// Pause before a file that another sets up is tried again.
const BUSY_PAUSE: Duration = Duration::from_millis(10);

/// A database in a file.
pub(super) struct Sqlite {
    pool: SqlitePool,
    /// How long to wait for another writer.
    busy: Duration,
    path: PathBuf,
    layout: Layout,
    prefix: String,
    inserts: Vec<Inserts>,
    /// Whether the tables were prepared since the file was opened.
    ready: AtomicBool,
}

impl Sqlite {
    /// Nothing is opened before the first call. `busy` is how long to wait for another writer.
    pub(super) fn new(path: PathBuf, layout: Layout, prefix: String, busy: Duration) -> Self {
        let connect = SqliteConnectOptions::new()
            .filename(&path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(busy)
            .statement_cache_capacity(PREPARED);
        let pool = SqlitePoolOptions::new()
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
            .acquire_timeout(busy + Duration::from_secs(5))
            .connect_lazy_with(connect);
        let inserts = Plan::all(layout, &prefix).into_iter().map(Inserts::new).collect();
        Self { pool, busy, path, layout, prefix, inserts, ready: AtomicBool::new(false) }
    }

    /// Makes what is missing and says what was made.
    pub(super) async fn prepare(&self) -> Result<Vec<String>, Failure> {
        self.reopen_if_gone().await?;
        make_directory(&self.path).await?;
        let mut connection = self.connection().await?;
        let done = self.make_tables(&mut connection).await;
        give_back(connection, done.is_ok());
        let lines = done?;
        self.ready.store(true, Ordering::Release);
        Ok(lines)
    }

    /// Writes all rows or none. Rows of one target keep their order, so the newest version of a record wins.
    pub(super) async fn write(&self, rows: &[&Row<'_>]) -> Result<(), Failure> {
        self.reopen_if_gone().await?;
        if !self.ready.load(Ordering::Acquire) {
            self.prepare().await?;
        }
        match self.transaction(rows).await {
            // Somebody dropped a table: make it anew, once.
            Err(Failure::Shape(_)) => {
                self.prepare().await?;
                self.transaction(rows).await
            }
            done => done,
        }
    }

    /// The connection. A new one sets up the write-ahead log of a new file, and does not wait by itself while another
    /// does the same.
    async fn connection(&self) -> Result<PoolConnection<sqlx::Sqlite>, Failure> {
        let deadline = Instant::now() + self.busy;
        loop {
            match self.pool.acquire().await {
                Err(error) if is_busy(&error) && Instant::now() < deadline => sleep(BUSY_PAUSE).await,
                acquired => return acquired.map_err(|error| sort(&error)),
            }
        }
    }

    async fn transaction(&self, rows: &[&Row<'_>]) -> Result<(), Failure> {
        let mut connection = self.connection().await?;
        let done = self.insert(&mut connection, rows).await;
        give_back(connection, done.is_ok());
        done
    }

    async fn make_tables(&self, connection: &mut SqliteConnection) -> Result<Vec<String>, Failure> {
        let mut transaction = begin(connection).await?;
        let mut lines = Vec::new();
        let tables = tables(self.layout, &self.prefix);
        for table in &tables {
            prepare_table(&mut transaction, table, &mut lines).await?;
        }
        self.note_version(&mut transaction).await?;
        transaction.commit().await.map_err(|error| sort(&error))?;
        lines.push(format!("{} tables are ready in {}", tables.len(), self.path.display()));
        Ok(lines)
    }

    async fn note_version(&self, connection: &mut SqliteConnection) -> Result<(), Failure> {
        let table = quoted(&versions(&self.prefix));
        let find = format!("select max(version) from {table} where layout = ?");
        let found = sqlx::query_scalar(AssertSqlSafe(find)).bind(self.layout.as_str());
        let found: Option<i64> = found.fetch_one(&mut *connection).await.map_err(|error| sort(&error))?;
        if found.is_some_and(|found| found > VERSION) {
            return Err(too_new(self.layout));
        }
        let note = format!("insert or replace into {table} (layout, version) values (?, ?)");
        let note = sqlx::query(AssertSqlSafe(note)).bind(self.layout.as_str()).bind(VERSION);
        note.execute(connection).await.map(drop).map_err(|error| sort(&error))
    }

    async fn insert(&self, connection: &mut SqliteConnection, rows: &[&Row<'_>]) -> Result<(), Failure> {
        let mut transaction = begin(connection).await?;
        for inserts in &self.inserts {
            let rows = inserts.plan.newest(rows);
            let mut rest = rows.as_slice();
            for (size, text) in ROWS.into_iter().zip(&inserts.texts) {
                while let Some((now, later)) = rest.split_at_checked(size) {
                    let statement = sqlx::query_with(AssertSqlSafe(text.clone()), arguments(now)?);
                    statement.execute(&mut *transaction).await.map_err(|error| sort(&error))?;
                    rest = later;
                }
            }
        }
        transaction.commit().await.map_err(|error| sort(&error))
    }

    /// A file that was removed lives on for those who have it open, and what they write is lost.
    async fn reopen_if_gone(&self) -> Result<(), Failure> {
        let there =
            tokio::fs::try_exists(&self.path).await.map_err(|error| in_the_way(&self.path, &error))?;
        if there || self.pool.size() == 0 {
            return Ok(());
        }
        let connection = self.connection().await?;
        connection.close().await.map_err(|error| sort(&error))?;
        self.ready.store(false, Ordering::Release);
        Ok(())
    }
}

/// Takes the right to write at once, so that no statement fails for want of it in the middle, and so that beginning
/// proves that there is one.
async fn begin(connection: &mut SqliteConnection) -> Result<Transaction<'_, sqlx::Sqlite>, Failure> {
    connection.begin_with("BEGIN IMMEDIATE").await.map_err(|error| sort(&error))
}

/// After a failure the connection is closed: on a full disk, for example, the database ends a transaction by itself,
/// which the library does not learn, and no transaction could ever begin on that connection again.
fn give_back(mut connection: PoolConnection<sqlx::Sqlite>, sound: bool) {
    if !sound {
        connection.close_on_drop();
    }
}

async fn prepare_table(
    database: &mut SqliteConnection,
    table: &TableLayout,
    lines: &mut Vec<String>,
) -> Result<(), Failure> {
    let found = sqlx::query("select name, type, pk from pragma_table_info(?)")
        .bind(&table.name)
        .fetch_all(&mut *database)
        .await
        .map_err(|error| sort(&error))?;
    let mut columns: Vec<(String, String)> = Vec::with_capacity(found.len());
    let mut key: Vec<(i64, String)> = Vec::new();
    for row in &found {
        let name: String = row.try_get("name").map_err(|error| sort(&error))?;
        let place: i64 = row.try_get("pk").map_err(|error| sort(&error))?;
        if place > 0 {
            key.push((place, name.clone()));
        }
        let kind: String = row.try_get("type").map_err(|error| sort(&error))?;
        columns.push((name, kind.to_ascii_lowercase()));
    }
    if columns.is_empty() {
        run(database, create(table, &quoted(table), DIALECT)).await?;
        lines.push(format!("created table {}", table.name));
        return Ok(());
    }
    key.sort();
    if !key.iter().map(|(_, name)| name.as_str()).eq(table.key.iter().copied()) {
        return Err(other_key(table));
    }
    for column in &table.columns {
        let wanted = DIALECT.column_type(column);
        match columns.iter().find(|(name, _)| name == column.name) {
            None => {
                run(database, add_column(column, &quoted(table), DIALECT)).await?;
                lines.push(format!("added column {}.{}", table.name, column.name));
            }
            Some((_, found)) if *found != wanted => {
                return Err(other_type(table, column.name, found, &wanted));
            }
            Some(_) => {}
        }
    }
    Ok(())
}

fn quoted(table: &TableLayout) -> String {
    format!("\"{}\"", table.name)
}

async fn run(database: &mut SqliteConnection, text: String) -> Result<(), Failure> {
    let statement = sqlx::query(AssertSqlSafe(text)).persistent(false);
    statement.execute(database).await.map(drop).map_err(|error| sort(&error))
}

fn arguments(rows: &[&Row<'_>]) -> Result<SqliteArguments, Failure> {
    let mut arguments = SqliteArguments::default();
    for cell in rows.iter().flat_map(|row| &row.cells) {
        let added = match cell {
            Cell::Null => arguments.add(None::<i64>),
            Cell::Text(text) => arguments.add(text.as_ref()),
            Cell::Integer(number) => arguments.add(*number),
            Cell::Real(number) => arguments.add(*number),
            Cell::Boolean(value) => arguments.add(*value),
        };
        added.map_err(|_error| Failure::Row("a value could not be bound".to_owned()))?;
    }
    Ok(arguments)
}

async fn make_directory(path: &Path) -> Result<(), Failure> {
    let Some(directory) = path.parent().filter(|directory| !directory.as_os_str().is_empty()) else {
        return Ok(());
    };
    tokio::fs::create_dir_all(directory).await.map_err(|error| in_the_way(directory, &error))
}

fn in_the_way(path: &Path, error: &std::io::Error) -> Failure {
    match crate::path::sink_error(&format!("cannot reach {}", path.display()), error) {
        tributary_contract::sink::SinkError::Denied { reason, advice } => Failure::Denied { reason, advice },
        other => Failure::Passing(other.to_string()),
    }
}

/// Sorts an error of the library.
fn sort(error: &sqlx::Error) -> Failure {
    let Some(refused) = error.as_database_error() else { return Failure::Passing(error.to_string()) };
    sort_code(code(error), refused.message())
}

/// The result code, 0 if the error is not the database's.
fn code(error: &sqlx::Error) -> i32 {
    let refused = error.as_database_error();
    refused.and_then(|refused| refused.code()?.parse().ok()).unwrap_or_default()
}

/// Whether another connection has what this one needs.
fn is_busy(error: &sqlx::Error) -> bool {
    const BUSY: i32 = 5;
    code(error) & 0xff == BUSY
}

/// Sorts a result code. The upper bytes only refine the lowest one.
fn sort_code(code: i32, message: &str) -> Failure {
    const ERROR: i32 = 1;
    const PERM: i32 = 3;
    const READONLY: i32 = 8;
    const CORRUPT: i32 = 11;
    const CANTOPEN: i32 = 14;
    const TOOBIG: i32 = 18;
    const CONSTRAINT: i32 = 19;
    const MISMATCH: i32 = 20;
    const AUTH: i32 = 23;
    const NOTADB: i32 = 26;
    let reason = format!("SQLite: {message}");
    let denied = |advice: &str| Failure::Denied { reason: reason.clone(), advice: advice.to_owned() };
    match code & 0xff {
        TOOBIG | CONSTRAINT | MISMATCH => Failure::Row(reason),
        ERROR => Failure::Shape(reason),
        PERM | READONLY | CANTOPEN | AUTH => {
            denied("give the user that Tributary runs as the right to write the file and its directory")
        }
        CORRUPT | NOTADB => denied("restore the file from a backup, or set another path"),
        // Busy, locked, out of space or memory, broken disk: all that does not lie in the data or the rights.
        _ => Failure::Passing(reason),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Sqlite {
        /// Journal mode and level of synchronisation of the open connection.
        pub(in crate::sql) async fn settings(&self) -> (String, i64) {
            let mode = sqlx::query("pragma journal_mode").fetch_one(&self.pool).await.unwrap().get(0);
            let level = sqlx::query("pragma synchronous").fetch_one(&self.pool).await.unwrap().get(0);
            (mode, level)
        }

        /// Lets the open connection run out of space: no page more than there are.
        pub(in crate::sql) async fn fill_disk(&self) {
            sqlx::query("pragma max_page_count = 1").execute(&self.pool).await.unwrap();
        }
    }

    #[test]
    fn result_codes_are_sorted_by_what_to_do() {
        for code in [5, 6, 7, 10, 13, 15, 17, 261, 517, 778] {
            assert!(matches!(sort_code(code, "x"), Failure::Passing(_)), "{code}");
        }
        for code in [3, 8, 11, 14, 23, 26, 264, 1032] {
            assert!(matches!(sort_code(code, "x"), Failure::Denied { .. }), "{code}");
        }
        for code in [18, 19, 20, 275, 1299, 1811, 2067] {
            assert!(matches!(sort_code(code, "x"), Failure::Row(_)), "{code}");
        }
        assert!(matches!(sort_code(1, "no such table: daily"), Failure::Shape(_)));
    }
}
