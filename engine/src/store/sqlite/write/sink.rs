//! Writes what sinks leave behind: offsets, parked deliveries, dead letters; and removes what is past its time.

use sqlx::SqliteConnection;
use uuid::Uuid;

use super::super::column::{Columns, kind_text, micros, signed, trace_bytes};
use super::super::unavailable;
use super::{LOG_REMOVED_TO, Query, json, run};
use crate::store::plan::{OffsetWrite, Plan};
use crate::store::{NewDeadLetter, Parked, Retention, StoreError};

pub(super) async fn sinks(db: &mut SqliteConnection, plan: &Plan<'_>) -> Result<(), StoreError> {
    for (&(tenant, sink), write) in &plan.offsets {
        offset(db, tenant, sink, *write).await?;
    }
    for (delivery, parked) in &plan.parked {
        parked_row(db, *delivery, *parked).await?;
        if parked.is_none() {
            let query = sqlx::query("DELETE FROM dead_letter WHERE delivery = ?");
            let query = query.bind(delivery.as_bytes().as_slice());
            run(db, "removing what was delivered again", query).await?;
        }
    }
    for (id, delivery) in &plan.dead_letters_held {
        let query = sqlx::query("UPDATE dead_letter SET delivery = ? WHERE id = ?")
            .bind(delivery.as_bytes().as_slice())
            .bind(*id);
        run(db, "holding a dead letter", query).await?;
    }
    for letter in &plan.dead_letters {
        dead_letter(db, letter).await?;
    }
    for id in &plan.dead_letters_removed {
        run(db, "removing a dead letter", sqlx::query("DELETE FROM dead_letter WHERE id = ?").bind(*id))
            .await?;
    }
    Ok(())
}

async fn offset(
    db: &mut SqliteConnection,
    tenant: &str,
    sink: &str,
    write: OffsetWrite,
) -> Result<(), StoreError> {
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
    run(db, "storing an offset", sqlx::query(sql).bind(tenant).bind(sink).bind(signed(position)))
        .await
        .map(drop)
}

async fn parked_row(
    db: &mut SqliteConnection,
    delivery: Uuid,
    parked: Option<&Parked>,
) -> Result<(), StoreError> {
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
pub(super) async fn retain(db: &mut SqliteConnection, retention: &Retention) -> Result<u64, StoreError> {
    let entries = sqlx::query(
        "DELETE FROM log WHERE sequence IN (SELECT sequence FROM (SELECT sequence, committed_at FROM log \
         WHERE sequence <= ?3 AND sequence NOT IN (SELECT value FROM parked, json_each(parked.sequences)) \
         ORDER BY sequence LIMIT ?2) WHERE committed_at < ?1) RETURNING sequence",
    );
    let entries =
        entries.bind(micros(retention.log_before)).bind(retention.limit).bind(signed(retention.settled));
    let mut removed = removed_from_log(db, entries).await?;
    for (sql, before) in [
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
             AND delivery IS NULL ORDER BY last_at LIMIT ?2)",
            retention.dead_letters_before,
        ),
    ] {
        let query = sqlx::query(sql).bind(micros(before)).bind(retention.limit);
        removed += run(db, "removing what is past its time", query).await?;
    }
    Ok(removed)
}

/// Counts what went, and notes from where on the log is whole: nobody may read again what is not all there.
async fn removed_from_log(db: &mut SqliteConnection, query: Query<'_>) -> Result<u64, StoreError> {
    let rows = query
        .fetch_all(&mut *db)
        .await
        .map_err(|error| unavailable("removing what is past its time", &error))?;
    let mut newest = None;
    for row in &rows {
        let sequence: i64 = Columns(row).get("sequence").map_err(|damage| damage.of("log entry"))?;
        newest = newest.max(Some(sequence));
    }
    if let Some(newest) = newest {
        let query = sqlx::query(
            "INSERT INTO meta (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = \
             CASE WHEN CAST(CAST(value AS TEXT) AS INTEGER) < ?3 THEN excluded.value ELSE value END",
        );
        let query = query.bind(LOG_REMOVED_TO).bind(newest.to_string().into_bytes()).bind(newest);
        run(db, "noting what was removed from the log", query).await?;
    }
    Ok(u64::try_from(rows.len()).unwrap_or(u64::MAX))
}
