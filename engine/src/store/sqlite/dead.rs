//! Reads dead letters. One that is being delivered again is no dead letter meanwhile: it is held for its delivery.

use std::sync::Arc;

use bytes::Bytes;
use sqlx::{QueryBuilder, Sqlite, SqlitePool};
use tributary_contract::model::NaturalKey;
use uuid::Uuid;

use super::column::{Columns, Damage, signed_len};
use super::read::{Shape, count};
use crate::store::{DeadLetter, DeadLetterFilter, LogRow, StoreError};

const DEAD_LETTER: Shape<DeadLetter> = Shape { what: "dead letter", read: dead_letter_row };
const COLUMNS: &str = "SELECT id AS place, tenant, sink, class, reason, attempts, first_at, last_at, sequence, \
                       entry_tenant, connection, kind, key, entry_id, committed_at, trace, body FROM dead_letter \
                       WHERE ";

fn dead_letter_row(columns: &Columns<'_>) -> Result<DeadLetter, Damage> {
    Ok(DeadLetter {
        id: columns.get("place")?,
        tenant: columns.get("tenant")?,
        sink: columns.get("sink")?,
        entry: LogRow {
            sequence: columns.number("sequence")?,
            tenant: Arc::from(columns.get::<&str>("entry_tenant")?),
            connection: columns.uuid("connection")?,
            kind: columns.kind("kind")?,
            key: NaturalKey::new(columns.get::<String>("key")?),
            id: columns.entry_id("entry_id")?,
            body: Bytes::from(columns.get::<Vec<u8>>("body")?),
            committed_at: columns.time("committed_at")?,
            trace: columns.trace("trace")?,
        },
        class: columns.get("class")?,
        reason: columns.get("reason")?,
        attempts: columns.number("attempts")?,
        first_at: columns.time("first_at")?,
        last_at: columns.time("last_at")?,
    })
}

pub(super) async fn list(
    db: &SqlitePool,
    filter: &DeadLetterFilter,
    limit: usize,
) -> Result<Vec<DeadLetter>, StoreError> {
    let mut query = QueryBuilder::<Sqlite>::new(COLUMNS);
    query.push("delivery IS NULL AND id < ").push_bind(filter.before.unwrap_or(i64::MAX));
    for (column, wanted) in [
        (" AND tenant = ", filter.tenant.as_deref()),
        (" AND sink = ", filter.sink.as_deref()),
        (" AND class = ", filter.class.as_deref()),
    ] {
        if let Some(wanted) = wanted {
            query.push(column).push_bind(wanted);
        }
    }
    if let Some(connection) = &filter.connection {
        query.push(" AND connection = ").push_bind(connection.as_bytes().as_slice());
    }
    query.push(" ORDER BY id DESC LIMIT ").push_bind(signed_len(limit));
    DEAD_LETTER.list(db, "reading the dead letters", query.build()).await
}

pub(super) async fn one(db: &SqlitePool, id: i64) -> Result<Option<DeadLetter>, StoreError> {
    let mut query = QueryBuilder::<Sqlite>::new(COLUMNS);
    query.push("delivery IS NULL AND id = ").push_bind(id);
    DEAD_LETTER.one(db, "reading a dead letter", query.build()).await
}

pub(super) async fn held(db: &SqlitePool, delivery: Uuid) -> Result<Vec<LogRow>, StoreError> {
    let mut query = QueryBuilder::<Sqlite>::new(COLUMNS);
    query.push("delivery = ").push_bind(delivery.as_bytes().as_slice()).push(" ORDER BY sequence");
    let letters = DEAD_LETTER.list(db, "reading what is delivered again", query.build()).await?;
    Ok(letters.into_iter().map(|letter| letter.entry).collect())
}

pub(super) async fn number(db: &SqlitePool, tenant: &str, sink: &str) -> Result<u64, StoreError> {
    let sql = "SELECT count(*) FROM dead_letter WHERE tenant = ? AND sink = ? AND delivery IS NULL";
    count(db, "counting the dead letters", sql, (tenant, sink)).await
}
