//! Writes a plan inside the transaction of a commit.
//!
//! Rows go in many per statement: one at a time, the round trips would cost more than the rows. Batches have a power
//! of two as their size, so that a handful of prepared statements serves every number of rows. Never reads to decide.

mod connection;
mod inbox;
mod sink;

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::sqlite::SqliteArguments;
use sqlx::{AssertSqlSafe, Sqlite, SqliteConnection};

use super::column::{kind_text, micros, signed, trace_bytes};
use super::{Tenants, unavailable};
use crate::store::StoreError;
use crate::store::plan::{NewEntry, Plan, Wanted};

type Query<'q> = sqlx::query::Query<'q, Sqlite, SqliteArguments>;

/// The sequence of the newest entry that ever was; no row for a log that never had one.
pub(super) const LAST_SEQUENCE: &str = "SELECT seq FROM sqlite_sequence WHERE name = 'log'";

/// Name of the value that holds the newest sequence that was removed from the log, as text.
pub(super) const LOG_REMOVED_TO: &str = "log_removed_to";

/// Most rows of one statement; times columns, far below `SQLite`'s limit of 32,766 parameters.
const LARGEST_CHUNK: usize = 512;

/// Gives every tenant of the group a number. Its own little transaction: a tenant without entries does no harm.
pub(super) async fn tenants(
    db: &mut SqliteConnection,
    wanted: &Wanted<'_>,
    tenants: &Tenants,
) -> Result<(), StoreError> {
    for name in wanted.tenants.iter().filter(|name| tenants.id(name).is_none()) {
        let id: i64 = sqlx::query_scalar(
            "INSERT INTO tenant (name) VALUES (?) ON CONFLICT (name) DO UPDATE SET name = name RETURNING id",
        )
        .bind(*name)
        .fetch_one(&mut *db)
        .await
        .map_err(|error| unavailable("adding a tenant", &error))?;
        tenants.learn(id, (*name).into());
    }
    Ok(())
}

pub(super) async fn plan(
    db: &mut SqliteConnection,
    plan: &mut Plan<'_>,
    tenants: &Tenants,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    connection::connections(db, plan, now).await?;
    log(db, plan, tenants, now).await?;
    records(db, plan).await?;
    cursors(db, plan, now).await?;
    inbox::notices(db, plan).await?;
    inbox::rows(db, plan).await?;
    sink::sinks(db, plan).await?;
    for (name, value) in &plan.meta {
        let query =
            sqlx::query("INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)").bind(*name).bind(*value);
        run(db, "storing a value", query).await?;
    }
    for (index, change) in &plan.reseals {
        let replaced = connection::reseal(db, change).await?;
        if let Some(Ok(committed)) = plan.results.get_mut(*index) {
            committed.resealed += replaced;
        }
    }
    for (index, retention) in &plan.retain {
        let removed = sink::retain(db, retention).await?;
        if let Some(Ok(committed)) = plan.results.get_mut(*index) {
            committed.removed += removed;
        }
    }
    Ok(())
}

/// Splits rows into pieces whose lengths are powers of two, the largest first.
pub(super) fn chunks<T>(mut rows: &[T]) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let length = 1 << rows.len().min(LARGEST_CHUNK).checked_ilog2()?;
        let (chunk, rest) = rows.split_at_checked(length)?;
        rows = rest;
        Some(chunk)
    })
}

/// `(?,?),(?,?)` for several columns; `(?,?)` with one parameter per row for a single one.
pub(super) fn tuples(columns: usize, rows: usize) -> String {
    let list = |count: usize| format!("({})", vec!["?"; count].join(","));
    if columns == 1 { list(rows) } else { vec![list(columns); rows].join(",") }
}

async fn run(db: &mut SqliteConnection, doing: &'static str, query: Query<'_>) -> Result<u64, StoreError> {
    let done = query.execute(db).await.map_err(|error| unavailable(doing, &error))?;
    Ok(done.rows_affected())
}

fn json<T: Serialize>(what: &'static str, value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Damaged { what, reason: error.to_string() })
}

async fn log(
    db: &mut SqliteConnection,
    plan: &Plan<'_>,
    tenants: &Tenants,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    for chunk in chunks(&plan.log) {
        // A failure ends the commit anyway; without OR ROLLBACK, SQLite copies each page that a statement of many rows
        // changes, so as to take back the statement alone.
        let sql = format!(
            "INSERT OR ROLLBACK INTO log (sequence, tenant, ordinal, connection, kind, key, id, committed_at, trace, body) VALUES {}",
            tuples(10, chunk.len()),
        );
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for entry in chunk {
            query = bind_entry(query, entry, tenants, now);
        }
        run(db, "appending to the log", query).await?;
    }
    for (tenant, entries) in &plan.entries {
        let query = sqlx::query("UPDATE tenant SET entries = ? WHERE id = ?")
            .bind(signed(*entries))
            .bind(tenants.id(tenant));
        run(db, "counting the log", query).await?;
    }
    Ok(())
}

fn bind_entry<'q>(
    query: Query<'q>,
    entry: &NewEntry<'_>,
    tenants: &Tenants,
    now: DateTime<Utc>,
) -> Query<'q> {
    query
        .bind(signed(entry.sequence))
        .bind(tenants.id(entry.tenant))
        .bind(signed(entry.ordinal))
        .bind(entry.connection.as_bytes().to_vec())
        .bind(kind_text(entry.kind))
        .bind(entry.key.to_owned())
        .bind(entry.id.as_bytes().to_vec())
        .bind(micros(now))
        .bind(entry.trace.as_ref().map(trace_bytes))
        .bind(entry.body.to_vec())
}

async fn records(db: &mut SqliteConnection, plan: &Plan<'_>) -> Result<(), StoreError> {
    for chunk in chunks(&plan.records) {
        let sql = format!(
            "INSERT INTO digest (connection, data_type, key, digest, deleted) VALUES {} \
             ON CONFLICT DO UPDATE SET digest = excluded.digest, deleted = excluded.deleted",
            tuples(5, chunk.len()),
        );
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for ((connection, data_type, key), stored) in chunk {
            query = query
                .bind(connection.as_bytes().as_slice())
                .bind(data_type.as_str())
                .bind(*key)
                .bind(stored.digest.as_bytes().as_slice())
                .bind(stored.deleted);
        }
        run(db, "storing digests", query).await?;
    }
    Ok(())
}

async fn cursors(db: &mut SqliteConnection, plan: &Plan<'_>, now: DateTime<Utc>) -> Result<(), StoreError> {
    let rows: Vec<_> = plan.cursors.iter().collect();
    for chunk in chunks(&rows) {
        let sql = format!(
            "INSERT INTO cursor (connection, resource, lane, through, token, finished, updated_at) VALUES {} \
             ON CONFLICT DO UPDATE SET through = excluded.through, token = excluded.token, \
             finished = excluded.finished, updated_at = excluded.updated_at",
            tuples(7, chunk.len()),
        );
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for ((connection, resource, lane), row) in chunk {
            query = query
                .bind(connection.as_bytes().as_slice())
                .bind(*resource)
                .bind(*lane)
                .bind(micros(row.cursor.through))
                .bind(row.cursor.token.as_deref())
                .bind(row.finished)
                .bind(micros(now));
        }
        run(db, "storing cursors", query).await?;
    }
    Ok(())
}
