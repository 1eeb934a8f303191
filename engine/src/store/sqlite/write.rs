//! Writes a plan inside the transaction of a commit.
//!
//! Rows go in many per statement: one at a time, the round trips would cost more than the rows. Batches have a power
//! of two as their size, so that a handful of prepared statements serves every number of rows. Never reads to decide.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::sqlite::SqliteArguments;
use sqlx::{AssertSqlSafe, Sqlite, SqliteConnection};
use uuid::Uuid;

use super::column::{kind_text, micros, signed, trace_bytes};
use super::{Tenants, unavailable};
use crate::store::plan::{ConnectionWrite, InboxWrite, NewEntry, OffsetWrite, Plan, Wanted};
use crate::store::{Connection, Flow, NewDeadLetter, Parked, Retention, StoreError};

type Query<'q> = sqlx::query::Query<'q, Sqlite, SqliteArguments>;

/// The sequence of the newest entry that ever was; no row for a log that never had one.
pub(super) const LAST_SEQUENCE: &str = "SELECT seq FROM sqlite_sequence WHERE name = 'log'";

/// Most rows of one statement; times columns, far below SQLite's limit of 32,766 parameters.
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
    for connection in &plan.wiped {
        wipe(db, *connection).await?;
    }
    for write in &plan.connections {
        connection(db, write, now).await?;
    }
    log(db, plan, tenants, now).await?;
    records(db, plan).await?;
    cursors(db, plan, now).await?;
    notices(db, plan).await?;
    inbox(db, plan).await?;
    credentials(db, plan).await?;
    for (state, flow) in &plan.flows {
        flow_row(db, state, *flow).await?;
    }
    for (&(tenant, sink), write) in &plan.offsets {
        offset(db, tenant, sink, *write).await?;
    }
    for (delivery, parked) in &plan.parked {
        parked_row(db, *delivery, *parked).await?;
    }
    for letter in &plan.dead_letters {
        dead_letter(db, letter).await?;
    }
    for id in &plan.dead_letters_removed {
        run(db, "removing a dead letter", sqlx::query("DELETE FROM dead_letter WHERE id = ?").bind(*id)).await?;
    }
    for (name, value) in &plan.meta {
        let query = sqlx::query("INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)").bind(*name).bind(*value);
        run(db, "storing a value", query).await?;
    }
    for (index, retention) in &plan.retain {
        let removed = retain(db, retention).await?;
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

async fn wipe(db: &mut SqliteConnection, connection: Uuid) -> Result<(), StoreError> {
    for sql in [
        "DELETE FROM credential WHERE connection = ?",
        "DELETE FROM cursor WHERE connection = ?",
        "DELETE FROM inbox WHERE connection = ?",
        "DELETE FROM notice WHERE connection = ?",
        "DELETE FROM digest WHERE connection = ?",
    ] {
        run(db, "wiping a connection", sqlx::query(sql).bind(connection.as_bytes().as_slice())).await?;
    }
    Ok(())
}

async fn connection(
    db: &mut SqliteConnection,
    write: &ConnectionWrite<'_>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let doing = "storing a connection";
    match write {
        ConnectionWrite::Put(connection, epoch) => put_connection(db, connection, *epoch).await,
        ConnectionWrite::State { connection, state, reason } => {
            let query = sqlx::query("UPDATE connection SET state = ?, reason = ?, updated_at = ? WHERE id = ?")
                .bind(state.as_str())
                .bind(*reason)
                .bind(micros(now))
                .bind(connection.as_bytes().as_slice());
            run(db, doing, query).await.map(drop)
        }
        ConnectionWrite::RaiseEpoch(connection) => {
            let query = sqlx::query("UPDATE connection SET epoch = epoch + 1, updated_at = ? WHERE id = ?")
                .bind(micros(now))
                .bind(connection.as_bytes().as_slice());
            run(db, doing, query).await.map(drop)
        }
    }
}

async fn put_connection(db: &mut SqliteConnection, row: &Connection, epoch: u64) -> Result<(), StoreError> {
    let query = sqlx::query(
        "INSERT INTO connection (id, tenant, provider, reference_id, account_id, account, state, reason, epoch, \
         created_at, updated_at) VALUES (?,?,?,?,?,?,?,?,?,?,?) \
         ON CONFLICT (id) DO UPDATE SET tenant = excluded.tenant, provider = excluded.provider, \
         reference_id = excluded.reference_id, account_id = excluded.account_id, account = excluded.account, \
         state = excluded.state, reason = excluded.reason, epoch = excluded.epoch, \
         created_at = excluded.created_at, updated_at = excluded.updated_at",
    )
    .bind(row.id.as_bytes().as_slice())
    .bind(&*row.tenant)
    .bind(row.provider.as_str())
    .bind(row.reference_id.as_deref())
    .bind(row.account.id.as_str())
    .bind(json("connection", &row.account)?)
    .bind(row.state.as_str())
    .bind(row.reason.as_deref())
    .bind(signed(epoch))
    .bind(micros(row.created_at))
    .bind(micros(row.updated_at));
    query.execute(db).await.map(drop).map_err(|error| match &error {
        sqlx::Error::Database(refused) if refused.is_unique_violation() => StoreError::Damaged {
            what: "connection",
            reason: format!("the account of {} already belongs to another connection of its tenant", row.id),
        },
        _ => unavailable("storing a connection", &error),
    })
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
        let sql = format!(
            "INSERT INTO log (sequence, tenant, ordinal, connection, kind, key, id, committed_at, trace, body) VALUES {}",
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

fn bind_entry<'q>(query: Query<'q>, entry: &NewEntry<'_>, tenants: &Tenants, now: DateTime<Utc>) -> Query<'q> {
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

async fn notices(db: &mut SqliteConnection, plan: &Plan<'_>) -> Result<(), StoreError> {
    for chunk in chunks(&plan.notices) {
        let sql = format!(
            "INSERT INTO inbox (provider, connection, notice, received_at, due_at, trace) VALUES {}",
            tuples(6, chunk.len()),
        );
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for row in chunk {
            query = query
                .bind(row.provider.as_str())
                .bind(row.connection.as_ref().map(|connection| connection.as_bytes().as_slice()))
                .bind(json("notice", &row.notice)?)
                .bind(micros(row.received_at))
                .bind(micros(row.received_at))
                .bind(row.trace.as_ref().map(trace_bytes));
        }
        run(db, "adding to the inbox", query).await?;
    }
    for chunk in chunks(&plan.event_ids) {
        let sql = format!(
            "INSERT INTO notice (connection, provider, event_id, received_at) VALUES {}",
            tuples(4, chunk.len()),
        );
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for ((connection, provider, event_id), received_at) in chunk {
            query = query
                .bind(connection.as_bytes().as_slice())
                .bind(*provider)
                .bind(*event_id)
                .bind(micros(*received_at));
        }
        run(db, "storing event ids", query).await?;
    }
    Ok(())
}

async fn inbox(db: &mut SqliteConnection, plan: &Plan<'_>) -> Result<(), StoreError> {
    let mut finished = Vec::new();
    for (id, write) in &plan.inbox {
        match write {
            InboxWrite::Finish => finished.push(*id),
            InboxWrite::Retry { due_at, attempts, reason } => {
                let query = sqlx::query("UPDATE inbox SET due_at = ?, attempts = ?, reason = ? WHERE id = ?")
                    .bind(micros(*due_at))
                    .bind(*attempts)
                    .bind(*reason)
                    .bind(*id);
                run(db, "moving an inbox row", query).await?;
            }
            InboxWrite::GiveUp { reason } => {
                let query = sqlx::query("UPDATE inbox SET given_up = 1, reason = ? WHERE id = ?").bind(*reason).bind(*id);
                run(db, "giving an inbox row up", query).await?;
            }
        }
    }
    for chunk in chunks(&finished) {
        let mut query =
            sqlx::query(AssertSqlSafe(format!("DELETE FROM inbox WHERE id IN {}", tuples(1, chunk.len()))));
        for id in chunk {
            query = query.bind(*id);
        }
        run(db, "finishing inbox rows", query).await?;
    }
    Ok(())
}

async fn credentials(db: &mut SqliteConnection, plan: &Plan<'_>) -> Result<(), StoreError> {
    let rows: Vec<_> = plan.credentials.values().collect();
    for chunk in chunks(&rows) {
        let sql = format!(
            "INSERT INTO credential (connection, sealed, stored_at) VALUES {} \
             ON CONFLICT DO UPDATE SET sealed = excluded.sealed, stored_at = excluded.stored_at",
            tuples(3, chunk.len()),
        );
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for row in chunk {
            query =
                query.bind(row.connection.as_bytes().as_slice()).bind(row.sealed.as_slice()).bind(micros(row.stored_at));
        }
        run(db, "storing a credential", query).await?;
    }
    Ok(())
}

async fn flow_row(db: &mut SqliteConnection, state: &str, flow: Option<&Flow>) -> Result<(), StoreError> {
    let query = match flow {
        None => sqlx::query("DELETE FROM flow WHERE state = ?").bind(state),
        Some(flow) => sqlx::query(
            "INSERT OR REPLACE INTO flow (state, tenant, provider, connection, reference_id, verifier, browser, \
             success_url, failure_url, expires_at) VALUES (?,?,?,?,?,?,?,?,?,?)",
        )
        .bind(flow.state.as_str())
        .bind(&*flow.tenant)
        .bind(flow.provider.as_str())
        .bind(flow.connection.as_bytes().as_slice())
        .bind(flow.reference_id.as_deref())
        .bind(flow.verifier.as_deref())
        .bind(flow.browser.as_deref())
        .bind(flow.success_url.as_deref())
        .bind(flow.failure_url.as_deref())
        .bind(micros(flow.expires_at)),
    };
    run(db, "storing an authorisation flow", query).await.map(drop)
}

async fn offset(db: &mut SqliteConnection, tenant: &str, sink: &str, write: OffsetWrite) -> Result<(), StoreError> {
    let (sql, position) = match write {
        OffsetWrite::AtLeast(position) => (
            "INSERT INTO sink_offset (tenant, sink, position) VALUES (?,?,?) \
             ON CONFLICT DO UPDATE SET position = max(position, excluded.position)",
            position,
        ),
        OffsetWrite::Exactly(position) => (
            "INSERT INTO sink_offset (tenant, sink, position) VALUES (?,?,?) \
             ON CONFLICT DO UPDATE SET position = excluded.position",
            position,
        ),
    };
    run(db, "storing an offset", sqlx::query(sql).bind(tenant).bind(sink).bind(signed(position))).await.map(drop)
}

async fn parked_row(db: &mut SqliteConnection, delivery: Uuid, parked: Option<&Parked>) -> Result<(), StoreError> {
    let query = match parked {
        None => sqlx::query("DELETE FROM parked WHERE delivery = ?").bind(delivery.as_bytes().as_slice()),
        Some(parked) => sqlx::query(
            "INSERT OR REPLACE INTO parked (delivery, tenant, sink, connection, sequences, attempts, due_at, reason, \
             first_at, replay) VALUES (?,?,?,?,?,?,?,?,?,?)",
        )
        .bind(parked.delivery.as_bytes().as_slice())
        .bind(&*parked.tenant)
        .bind(&*parked.sink)
        .bind(parked.connection.as_bytes().as_slice())
        .bind(json("parked delivery", &parked.sequences)?)
        .bind(parked.attempts)
        .bind(micros(parked.due_at))
        .bind(parked.reason.as_str())
        .bind(micros(parked.first_at))
        .bind(parked.replay),
    };
    run(db, "parking a delivery", query).await.map(drop)
}

async fn dead_letter(db: &mut SqliteConnection, letter: &NewDeadLetter) -> Result<(), StoreError> {
    let entry = &letter.entry;
    let query = sqlx::query(
        "INSERT INTO dead_letter (tenant, sink, class, reason, attempts, first_at, last_at, sequence, entry_tenant, \
         connection, kind, key, entry_id, committed_at, trace, body) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
    )
    .bind(&*letter.tenant)
    .bind(&*letter.sink)
    .bind(letter.class)
    .bind(letter.reason.as_str())
    .bind(letter.attempts)
    .bind(micros(letter.first_at))
    .bind(micros(letter.last_at))
    .bind(signed(entry.sequence))
    .bind(&*entry.tenant)
    .bind(entry.connection.as_bytes().as_slice())
    .bind(kind_text(entry.kind))
    .bind(entry.key.as_str())
    .bind(entry.id.as_bytes().as_slice())
    .bind(micros(entry.committed_at))
    .bind(entry.trace.as_ref().map(trace_bytes))
    .bind(&*entry.body);
    run(db, "storing a dead letter", query).await.map(drop)
}

/// A slice of each kind, oldest first.
async fn retain(db: &mut SqliteConnection, retention: &Retention) -> Result<u64, StoreError> {
    let mut removed = 0;
    for (sql, before) in [
        (
            "DELETE FROM log WHERE sequence IN (SELECT sequence FROM (SELECT sequence, committed_at FROM log \
             ORDER BY sequence LIMIT ?2) WHERE committed_at < ?1)",
            retention.log_before,
        ),
        (
            "DELETE FROM inbox WHERE id IN (SELECT id FROM inbox WHERE (given_up = 1 OR connection IS NULL) \
             AND received_at < ?1 ORDER BY id LIMIT ?2)",
            retention.log_before,
        ),
        (
            "DELETE FROM notice WHERE (connection, provider, event_id) IN (SELECT connection, provider, event_id \
             FROM notice WHERE received_at < ?1 ORDER BY received_at LIMIT ?2)",
            retention.log_before,
        ),
        (
            "DELETE FROM flow WHERE state IN (SELECT state FROM flow WHERE expires_at < ?1 LIMIT ?2)",
            retention.log_before,
        ),
        (
            "DELETE FROM dead_letter WHERE id IN (SELECT id FROM dead_letter WHERE last_at < ?1 \
             ORDER BY last_at LIMIT ?2)",
            retention.dead_letters_before,
        ),
    ] {
        let query = sqlx::query(sql).bind(micros(before)).bind(retention.limit);
        removed += run(db, "removing what is past its time", query).await?;
    }
    Ok(removed)
}
