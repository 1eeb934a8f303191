//! Writes connections with what belongs to them alone: credentials and authorisation flows. Never sees a secret in the
//! clear.

use chrono::{DateTime, Utc};
use sqlx::{AssertSqlSafe, SqliteConnection};
use uuid::Uuid;

use super::super::column::{micros, signed};
use super::super::unavailable;
use super::{chunks, json, run, tuples};
use crate::store::plan::{ConnectionWrite, Plan};
use crate::store::{Connection, Flow, KeyPart, Reseal, SealedColumn, StoreError};

/// Wipes come first: all else in the plan is what stands after them.
pub(super) async fn connections(
    db: &mut SqliteConnection,
    plan: &Plan<'_>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    for connection in &plan.wiped {
        wipe(db, *connection).await?;
    }
    for write in &plan.connections {
        connection(db, write, now).await?;
    }
    credentials(db, plan).await?;
    app_keys(db, plan).await?;
    for (state, flow) in &plan.flows {
        flow_row(db, state, *flow).await?;
    }
    Ok(())
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
            let query =
                sqlx::query("UPDATE connection SET state = ?, reason = ?, updated_at = ? WHERE id = ?")
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

/// There are few, and they change once in a long while.
async fn app_keys(db: &mut SqliteConnection, plan: &Plan<'_>) -> Result<(), StoreError> {
    for key in plan.app_keys.values() {
        let query = sqlx::query(
            "INSERT INTO app_key (app, name, sealed, stored_at) VALUES (?,?,?,?) \
             ON CONFLICT DO UPDATE SET sealed = excluded.sealed, stored_at = excluded.stored_at",
        );
        let query = query
            .bind(key.app.as_str())
            .bind(key.name.as_str())
            .bind(key.sealed.as_slice())
            .bind(micros(key.stored_at));
        run(db, "storing a key of a provider app", query).await?;
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
            query = query
                .bind(row.connection.as_bytes().as_slice())
                .bind(row.sealed.as_slice())
                .bind(micros(row.stored_at));
        }
        run(db, "storing a credential", query).await?;
    }
    Ok(())
}

pub(super) async fn reseal(db: &mut SqliteConnection, change: &Reseal) -> Result<u64, StoreError> {
    let SealedColumn { table, sealed, key, .. } = change.column;
    let same: String = key.iter().map(|part| format!("{} = ? AND ", part.name())).collect();
    let sql = format!("UPDATE {table} SET {sealed} = ? WHERE {same}{sealed} = ?");
    let mut query = sqlx::query(AssertSqlSafe(sql)).bind(change.sealed.as_slice());
    for part in &change.key.0 {
        query = match part {
            KeyPart::Bytes(bytes) => query.bind(bytes.as_slice()),
            KeyPart::Text(text) => query.bind(text.as_str()),
        };
    }
    run(db, "sealing a value again", query.bind(change.was.as_slice())).await
}

async fn flow_row(db: &mut SqliteConnection, state: &str, flow: Option<&Flow>) -> Result<(), StoreError> {
    let query = match flow {
        None => sqlx::query("DELETE FROM flow WHERE state = ?").bind(state),
        Some(flow) => sqlx::query(
            "INSERT OR REPLACE INTO flow (state, tenant, provider, connection, reference_id, verifier, success_url, \
             failure_url, expires_at) VALUES (?,?,?,?,?,?,?,?,?)",
        )
        .bind(flow.state.as_str())
        .bind(&*flow.tenant)
        .bind(flow.provider.as_str())
        .bind(flow.connection.as_bytes().as_slice())
        .bind(flow.reference_id.as_deref())
        .bind(flow.verifier.as_deref())
        .bind(flow.success_url.as_deref())
        .bind(flow.failure_url.as_deref())
        .bind(micros(flow.expires_at)),
    };
    run(db, "storing an authorisation flow", query).await.map(drop)
}
