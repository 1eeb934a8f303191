//! Reads the log: by offset for sinks, by sequence for retries, filtered for people.
//!
//! A damaged entry is named and left out, so that it does not hold up those behind it. Never writes.

use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{AssertSqlSafe, QueryBuilder, Sqlite, SqlitePool};
use tributary_contract::model::NaturalKey;

use super::column::{Columns, Damage, micros, signed, signed_len};
use super::read::set_aside;
use super::write::{LAST_SEQUENCE, LOG_REMOVED_TO, chunks, tuples};
use super::{Tenants, unavailable};
use crate::store::{LogFilter, LogRow, StoreError};

type Query<'q> = sqlx::query::Query<'q, Sqlite, SqliteArguments>;

const COLUMNS: &str =
    "SELECT sequence AS place, tenant, connection, kind, key, id, committed_at, trace, body FROM log";
/// Of one tenant, who asked by name: every column of every row is copied from one thread to another.
const COLUMNS_OF_TENANT: &str =
    "SELECT sequence AS place, connection, kind, key, id, committed_at, trace, body FROM log";

fn log_row(columns: &Columns<'_>, tenants: &Tenants) -> Result<LogRow, Damage> {
    let tenant = tenants.name(columns.get("tenant")?);
    row_of(columns, tenant.ok_or_else(|| Damage::new("column tenant: no such tenant"))?)
}

fn row_of(columns: &Columns<'_>, tenant: Arc<str>) -> Result<LogRow, Damage> {
    Ok(LogRow {
        sequence: columns.number("place")?,
        tenant,
        connection: columns.uuid("connection")?,
        kind: columns.kind("kind")?,
        key: NaturalKey::new(columns.get::<String>("key")?),
        id: columns.entry_id("id")?,
        body: Bytes::from(columns.get::<Vec<u8>>("body")?),
        committed_at: columns.time("committed_at")?,
        trace: columns.trace("trace")?,
    })
}

pub(super) async fn last_sequence(db: &SqlitePool) -> Result<u64, StoreError> {
    let last: Option<i64> = sqlx::query_scalar(LAST_SEQUENCE)
        .fetch_optional(db)
        .await
        .map_err(|error| unavailable("reading the last sequence", &error))?;
    Ok(last.and_then(|last| u64::try_from(last).ok()).unwrap_or_default())
}

/// Rows of one question. A whole answer fits between the thread that reads and the one that asked, so neither waits for
/// the other at each row; and what is read beyond the bytes that are wanted stays little.
pub(super) const PIECE: usize = 128;

pub(super) async fn after(
    db: &SqlitePool,
    tenants: &Tenants,
    tenant: &str,
    after: u64,
    limit: usize,
    bytes: usize,
) -> Result<Vec<LogRow>, StoreError> {
    let Some(number) = tenants.id(tenant) else { return Ok(Vec::new()) };
    let tenant: Arc<str> = tenant.into();
    let (mut rows, mut size, mut after) = (Vec::new(), 0, signed(after));
    let sql = format!("{COLUMNS_OF_TENANT} WHERE tenant = ? AND sequence > ? ORDER BY sequence LIMIT ?");
    loop {
        let asked = limit.saturating_sub(rows.len()).min(PIECE);
        let found = sqlx::query(AssertSqlSafe(sql.as_str()))
            .bind(number)
            .bind(after)
            .bind(signed_len(asked))
            .fetch_all(db)
            .await
            .map_err(|error| unavailable("reading the log", &error))?;
        for row in &found {
            after = Columns(row).get("place").map_err(|damage| damage.of("log entry"))?;
            let read = row_of(&Columns(row), Arc::clone(&tenant));
            let Some(entry) = set_aside("log entry", row, read) else { continue };
            size += entry.body.len();
            if size > bytes && !rows.is_empty() {
                return Ok(rows);
            }
            rows.push(entry);
        }
        if asked == 0 || found.len() < asked {
            return Ok(rows);
        }
    }
}

pub(super) async fn entries(
    db: &SqlitePool,
    tenants: &Tenants,
    sequences: &[u64],
) -> Result<Vec<LogRow>, StoreError> {
    let mut sequences = sequences.to_vec();
    sequences.sort_unstable();
    sequences.dedup();
    let mut entries = Vec::with_capacity(sequences.len());
    for chunk in chunks(&sequences) {
        let sql = format!("{COLUMNS} WHERE sequence IN {} ORDER BY sequence", tuples(1, chunk.len()));
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for sequence in chunk {
            query = query.bind(signed(*sequence));
        }
        entries.extend(all(db, tenants, query).await?);
    }
    Ok(entries)
}

async fn all(db: &SqlitePool, tenants: &Tenants, query: Query<'_>) -> Result<Vec<LogRow>, StoreError> {
    let rows = query.fetch_all(db).await.map_err(|error| unavailable("reading the log", &error))?;
    let read = |row: &SqliteRow| set_aside("log entry", row, log_row(&Columns(row), tenants));
    Ok(rows.iter().filter_map(read).collect())
}

pub(super) async fn list(
    db: &SqlitePool,
    tenants: &Tenants,
    filter: &LogFilter,
    limit: usize,
) -> Result<Vec<LogRow>, StoreError> {
    let mut query = QueryBuilder::<Sqlite>::new(COLUMNS);
    query.push(" WHERE sequence < ").push_bind(filter.before.map_or(i64::MAX, signed));
    query.push(" AND sequence > ").push_bind(filter.after.map_or(0, signed));
    if let Some(tenant) = &filter.tenant {
        let Some(tenant) = tenants.id(tenant) else { return Ok(Vec::new()) };
        query.push(" AND tenant = ").push_bind(tenant);
    }
    if let Some(connection) = &filter.connection {
        query.push(" AND connection = ").push_bind(connection.as_bytes().as_slice());
    }
    match filter.kind.as_deref() {
        None => {}
        Some("deleted") => {
            query.push(" AND kind >= 'deleted:' AND kind < 'deleted;'");
        }
        Some(kind) => {
            query.push(" AND kind IN (").push_bind(format!("record:{kind}")).push(", ");
            query.push_bind(format!("event:{kind}")).push(")");
        }
    }
    let order =
        if filter.oldest_first { " ORDER BY sequence LIMIT " } else { " ORDER BY sequence DESC LIMIT " };
    query.push(order).push_bind(signed_len(limit));
    all(db, tenants, query.build()).await
}

/// Halves what is left until the place is found, since no index knows the commit times.
pub(super) async fn seek(db: &SqlitePool, at: DateTime<Utc>) -> Result<Option<u64>, StoreError> {
    let first_from = async |sequence: u64| -> Result<Option<(i64, i64)>, StoreError> {
        sqlx::query_as("SELECT sequence, committed_at FROM log WHERE sequence >= ? ORDER BY sequence LIMIT 1")
            .bind(signed(sequence))
            .fetch_optional(db)
            .await
            .map_err(|error| unavailable("looking for a place in the log", &error))
    };
    let (mut low, mut high) = (1_u64, last_sequence(db).await?.saturating_add(1));
    while low < high {
        let middle = low.midpoint(high);
        match first_from(middle).await? {
            Some((sequence, committed_at)) if committed_at < micros(at) => {
                low = u64::try_from(sequence).unwrap_or_default().saturating_add(1);
            }
            Some(_) | None => high = middle,
        }
    }
    let found = first_from(low).await?;
    Ok(found.and_then(|(sequence, _)| u64::try_from(sequence).ok()))
}

pub(super) async fn whole_after(db: &SqlitePool) -> Result<u64, StoreError> {
    let Some(value) = super::read::meta(db, LOG_REMOVED_TO).await? else { return Ok(0) };
    let text = String::from_utf8(value).ok();
    text.and_then(|text| text.parse().ok()).ok_or_else(|| StoreError::Damaged {
        what: "value",
        reason: format!("{LOG_REMOVED_TO} is no number"),
    })
}

/// Entries of a tenant are numbered without gaps, so the number of the first one after the offset tells.
pub(super) async fn backlog(db: &SqlitePool, tenant: &str, offset: u64) -> Result<u64, StoreError> {
    let left: Option<Option<i64>> = sqlx::query_scalar(
        "SELECT entries + 1 - (SELECT ordinal FROM log WHERE tenant = tenant.id AND sequence > ?2 \
         ORDER BY sequence LIMIT 1) FROM tenant WHERE name = ?1",
    )
    .bind(tenant)
    .bind(signed(offset))
    .fetch_optional(db)
    .await
    .map_err(|error| unavailable("counting a backlog", &error))?;
    Ok(left.flatten().and_then(|left| u64::try_from(left).ok()).unwrap_or_default())
}
