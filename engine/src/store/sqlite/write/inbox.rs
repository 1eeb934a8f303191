//! Writes the inbox: new notices with their event ids, and what became of older ones.

use sqlx::{AssertSqlSafe, SqliteConnection};

use super::super::column::{micros, trace_bytes};
use super::{chunks, json, run, tuples};
use crate::store::StoreError;
use crate::store::plan::{InboxWrite, Plan};

pub(super) async fn notices(db: &mut SqliteConnection, plan: &Plan<'_>) -> Result<(), StoreError> {
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

pub(super) async fn rows(db: &mut SqliteConnection, plan: &Plan<'_>) -> Result<(), StoreError> {
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
                let query = sqlx::query("UPDATE inbox SET given_up = 1, reason = ? WHERE id = ?")
                    .bind(*reason)
                    .bind(*id);
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
