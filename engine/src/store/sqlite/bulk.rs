//! Reads of many rows in few questions: connections at a start, due inbox rows, sealed values. Never writes.

use chrono::{DateTime, Utc};
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, SqlitePool};
use uuid::Uuid;

use super::column::{Columns, Damage, micros, signed_len};
use super::read::{INBOX, set_aside};
use super::unavailable;
use super::write::tuples;
use crate::store::{
    ConnectionState, InboxDue, KeyColumn, KeyPart, Lane, Mark, SealedColumn, SealedKey, SealedValue,
    Standing, StandingPage, StoreError,
};

pub(super) async fn inbox_due(
    db: &SqlitePool,
    connection: Uuid,
    now: DateTime<Utc>,
    limit: usize,
) -> Result<InboxDue, StoreError> {
    let doing = "reading the inbox";
    // One more than wanted tells whether something that is due is left behind.
    let query = sqlx::query(
        "SELECT id AS place, connection, notice, received_at, due_at, attempts, trace FROM inbox \
         WHERE connection = ? AND given_up = 0 AND due_at <= ? ORDER BY id LIMIT ?",
    )
    .bind(connection.as_bytes().as_slice())
    .bind(micros(now))
    .bind(signed_len(limit.saturating_add(1)));
    let mut rows = INBOX.list(db, doing, query).await?;
    if rows.len() > limit {
        let rest = rows.split_off(limit);
        return Ok(InboxDue { rows, next: rest.iter().map(|row| row.due_at).min() });
    }
    let next: Option<i64> = sqlx::query_scalar(
        "SELECT min(due_at) FROM inbox WHERE connection = ? AND given_up = 0 AND due_at > ?",
    )
    .bind(connection.as_bytes().as_slice())
    .bind(micros(now))
    .fetch_one(db)
    .await
    .map_err(|error| unavailable(doing, &error))?;
    Ok(InboxDue { rows, next: next.and_then(DateTime::from_timestamp_micros) })
}

pub(super) async fn connection_count(db: &SqlitePool) -> Result<u64, StoreError> {
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM connection WHERE state <> ?")
        .bind(ConnectionState::Disconnected.as_str())
        .fetch_one(db)
        .await
        .map_err(|error| unavailable("counting the connections", &error))?;
    Ok(u64::try_from(count).unwrap_or_default())
}

/// One row a connection: its cursors come as one text, since a row each would take several times as long.
const STANDING: &str = "SELECT id AS place, tenant, provider, state, \
     (SELECT group_concat(resource || ' ' || lane || ' ' || finished || ' ' || updated_at || ' ' || \
      CASE WHEN lane IN ('asked', 'filled') THEN coalesce(token, '') ELSE '' END, char(10)) \
      FROM cursor WHERE cursor.connection = standing.id) AS marks \
     FROM connection AS standing WHERE id > ? ORDER BY id LIMIT ?";

pub(super) async fn standing(
    db: &SqlitePool,
    after: Option<Uuid>,
    limit: usize,
) -> Result<StandingPage, StoreError> {
    let after = after.map_or_else(Vec::new, |after| after.as_bytes().to_vec());
    let rows = sqlx::query(STANDING)
        .bind(after)
        .bind(signed_len(limit))
        .fetch_all(db)
        .await
        .map_err(|error| unavailable("reading where connections stand", &error))?;
    let what = "connection";
    let next = match rows.last() {
        Some(last) if rows.len() >= limit => {
            Some(Columns(last).uuid("place").map_err(|damage| damage.of(what))?)
        }
        Some(_) | None => None,
    };
    let read = |row: &SqliteRow| set_aside(what, row, standing_row(&Columns(row)));
    let mut connections: Vec<_> = rows.iter().filter_map(read).collect();
    connections.retain(|standing| standing.state != ConnectionState::Disconnected);
    Ok(StandingPage { connections, next })
}

fn standing_row(columns: &Columns<'_>) -> Result<Standing, Damage> {
    let marks: Option<&str> = columns.get("marks")?;
    Ok(Standing {
        id: columns.uuid("place")?,
        tenant: columns.get::<&str>("tenant")?.into(),
        provider: columns.get("provider")?,
        state: columns.get::<&str>("state")?.parse().map_err(Damage::new)?,
        // A cursor that makes no sense counts as none: its resource is read again, and the cursor is written anew.
        marks: marks.unwrap_or_default().lines().filter_map(mark).collect(),
    })
}

fn mark(line: &str) -> Option<Mark> {
    let mut words = line.splitn(5, ' ');
    let mut next = || words.next();
    Some(Mark {
        resource: next()?.to_owned(),
        lane: Lane::of_word(next()?)?,
        finished: next()? == "1",
        updated_at: DateTime::from_timestamp_micros(next()?.parse().ok()?)?,
        asked: next().filter(|asked| !asked.is_empty()).map(str::to_owned),
    })
}

pub(super) async fn sealed(
    db: &SqlitePool,
    column: &SealedColumn,
    after: Option<&SealedKey>,
    limit: usize,
) -> Result<Vec<SealedValue>, StoreError> {
    let SealedColumn { table, sealed, key, owner } = column;
    let keys = key.iter().map(|part| part.name()).collect::<Vec<_>>().join(", ");
    let owner = owner.unwrap_or("zeroblob(16)");
    let mut sql = format!(
        "SELECT {owner} AS owner, {sealed} AS envelope, {keys} FROM {table} WHERE {sealed} IS NOT NULL"
    );
    if after.is_some() {
        sql.push_str(&format!(" AND ({keys}) > {}", tuples(key.len(), 1)));
    }
    sql.push_str(&format!(" ORDER BY {keys} LIMIT ?"));
    let mut query = sqlx::query(AssertSqlSafe(sql));
    for part in after.into_iter().flat_map(|key| &key.0) {
        query = match part {
            KeyPart::Bytes(bytes) => query.bind(bytes.as_slice()),
            KeyPart::Text(text) => query.bind(text.as_str()),
        };
    }
    let doing = "reading sealed values";
    let rows =
        query.bind(signed_len(limit)).fetch_all(db).await.map_err(|error| unavailable(doing, &error))?;
    rows.iter().map(|row| sealed_row(column, row).map_err(|damage| damage.of("sealed value"))).collect()
}

fn sealed_row(column: &SealedColumn, row: &SqliteRow) -> Result<SealedValue, Damage> {
    let columns = Columns(row);
    let part = |part: &KeyColumn| match part {
        KeyColumn::Bytes(name) => Ok(KeyPart::Bytes(columns.get(name)?)),
        KeyColumn::Text(name) => Ok(KeyPart::Text(columns.get(name)?)),
    };
    Ok(SealedValue {
        key: SealedKey(column.key.iter().map(part).collect::<Result<_, Damage>>()?),
        owner: columns.uuid("owner")?,
        sealed: columns.get("envelope")?,
    })
}
