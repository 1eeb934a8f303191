//! Reads, inside the transaction of a commit, the rows that decide what the group does.
//!
//! Many keys are asked for in one statement. Never writes.

use std::collections::{HashMap, HashSet};

use sqlx::{AssertSqlSafe, SqliteConnection};
use tributary_contract::model::Digest;

use super::column::Columns;
use super::write::{LAST_SEQUENCE, chunks, tuples};
use super::{Tenants, unavailable};
use crate::store::StoreError;
use crate::store::plan::{Known, NoticeKey, RecordKey, Stored, Wanted};

pub(super) async fn known<'a>(
    db: &mut SqliteConnection,
    wanted: &Wanted<'a>,
    tenants: &Tenants,
) -> Result<Known<'a>, StoreError> {
    let mut known = Known::default();
    if !wanted.tenants.is_empty() {
        let last: Option<i64> = sqlx::query_scalar(LAST_SEQUENCE)
            .fetch_optional(&mut *db)
            .await
            .map_err(|error| unavailable("reading the last sequence", &error))?;
        known.last_sequence = last.and_then(|last| u64::try_from(last).ok()).unwrap_or_default();
    }
    for tenant in &wanted.tenants {
        let entries: Option<i64> = sqlx::query_scalar("SELECT entries FROM tenant WHERE id = ?")
            .bind(tenants.id(tenant))
            .fetch_optional(&mut *db)
            .await
            .map_err(|error| unavailable("reading the tenants", &error))?;
        let entries = entries.and_then(|entries| u64::try_from(entries).ok());
        known.entries.insert(tenant, entries.unwrap_or_default());
    }
    epochs(db, wanted, &mut known).await?;
    for state in &wanted.flows {
        let found: Option<i64> = sqlx::query_scalar("SELECT 1 FROM flow WHERE state = ?")
            .bind(*state)
            .fetch_optional(&mut *db)
            .await
            .map_err(|error| unavailable("reading the flows", &error))?;
        if found.is_some() {
            known.flows.insert(state);
        }
    }
    records(db, &wanted.records, &mut known.records).await?;
    notices(db, &wanted.notices, &mut known.notices).await?;
    Ok(known)
}

async fn epochs(
    db: &mut SqliteConnection,
    wanted: &Wanted<'_>,
    known: &mut Known<'_>,
) -> Result<(), StoreError> {
    let ids: Vec<_> = wanted.connections.iter().collect();
    for chunk in chunks(&ids) {
        let sql = format!("SELECT id, epoch FROM connection WHERE id IN {}", tuples(1, chunk.len()));
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for id in chunk {
            query = query.bind(id.as_bytes().as_slice());
        }
        let rows = query
            .fetch_all(&mut *db)
            .await
            .map_err(|error| unavailable("reading the connections", &error))?;
        for row in rows {
            let columns = Columns(&row);
            let read = columns.uuid("id").and_then(|id| Ok((id, columns.number("epoch")?)));
            let (id, epoch) = read.map_err(|damage| damage.of("connection"))?;
            known.epochs.insert(id, epoch);
        }
    }
    Ok(())
}

async fn records<'a>(
    db: &mut SqliteConnection,
    wanted: &[RecordKey<'a>],
    known: &mut HashMap<RecordKey<'a>, Stored>,
) -> Result<(), StoreError> {
    for chunk in chunks(wanted) {
        // CROSS JOIN keeps SQLite from walking the large table to look things up in the small one.
        let sql = format!(
            "WITH wanted (place, c, t, k) AS (VALUES {}) SELECT place, digest, deleted \
             FROM wanted CROSS JOIN digest ON connection = c AND data_type = t AND key = k",
            numbered_tuples(3, chunk.len()),
        );
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for (connection, data_type, key) in chunk {
            query = query.bind(connection.as_bytes().as_slice()).bind(data_type.as_str()).bind(*key);
        }
        let rows =
            query.fetch_all(&mut *db).await.map_err(|error| unavailable("reading the digests", &error))?;
        for row in rows {
            let columns = Columns(&row);
            let place: usize = columns.number("place").map_err(|damage| damage.of("digest"))?;
            let Some(key) = chunk.get(place) else { continue };
            let read = columns.bytes("digest").and_then(|digest| {
                Ok(Stored { digest: Digest::from_bytes(digest), deleted: columns.get("deleted")? })
            });
            match read {
                Ok(stored) => {
                    known.insert(*key, stored);
                }
                // Taken as unknown: the record is delivered once more, and the row is written anew.
                Err(damage) => {
                    let (connection, data_type) = (key.0, key.1);
                    let damage = damage.text();
                    tracing::error!(%connection, %data_type, damage, "the store holds a damaged digest; it is replaced");
                }
            }
        }
    }
    Ok(())
}

async fn notices<'a>(
    db: &mut SqliteConnection,
    wanted: &[NoticeKey<'a>],
    known: &mut HashSet<NoticeKey<'a>>,
) -> Result<(), StoreError> {
    for chunk in chunks(wanted) {
        let sql = format!(
            "WITH wanted (place, c, p, e) AS (VALUES {}) SELECT place \
             FROM wanted CROSS JOIN notice ON connection = c AND provider = p AND event_id = e",
            numbered_tuples(3, chunk.len()),
        );
        let mut query = sqlx::query_scalar::<_, i64>(AssertSqlSafe(sql));
        for (connection, provider, event_id) in chunk {
            query = query.bind(connection.as_bytes().as_slice()).bind(*provider).bind(*event_id);
        }
        let places =
            query.fetch_all(&mut *db).await.map_err(|error| unavailable("reading the notices", &error))?;
        let found = places.into_iter().filter_map(|place| chunk.get(usize::try_from(place).ok()?));
        known.extend(found);
    }
    Ok(())
}

/// `(0,?,?),(1,?,?)`: rows of parameters, each after its own number.
fn numbered_tuples(columns: usize, rows: usize) -> String {
    let parameters = ",?".repeat(columns);
    let rows: Vec<String> = (0..rows).map(|row| format!("({row}{parameters})")).collect();
    rows.join(",")
}
