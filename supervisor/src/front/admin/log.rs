//! Entries of the log for operators: `GET /admin/log`.

use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Value, json};
use tributary_contract::model::{DataType, EventType};
use tributary_engine::store::{LogFilter, LogRow};
use uuid::Uuid;

use super::page;
use crate::app::Shared;
use crate::front::error::Failure;

/// Query of the log.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    tenant: Option<String>,
    connection: Option<Uuid>,
    kind: Option<String>,
    before: Option<u64>,
    after: Option<u64>,
    since: Option<DateTime<Utc>>,
    until: Option<DateTime<Utc>>,
    limit: Option<usize>,
    #[serde(default)]
    oldest_first: bool,
    #[serde(default)]
    bodies: bool,
}

/// Lists entries, the newest first unless asked otherwise.
pub async fn list(filter: web::Query<Filter>, shared: web::Data<Shared>) -> Result<HttpResponse, Failure> {
    let filter = filter.into_inner();
    if let Some(kind) = filter.kind.as_deref() {
        check_kind(kind)?;
    }
    let last = shared.store.last_sequence().await?;
    let mut wanted = LogFilter {
        tenant: filter.tenant,
        connection: filter.connection,
        kind: filter.kind,
        before: filter.before,
        after: filter.after,
        oldest_first: filter.oldest_first,
    };
    if let Some(since) = filter.since {
        let first = shared.store.log_seek(since).await?;
        let after = first.map_or(last, |first| first.saturating_sub(1));
        wanted.after = Some(wanted.after.map_or(after, |before| before.max(after)));
    }
    if let Some(until) = filter.until
        && let Some(first) = shared.store.log_seek(until).await?
    {
        wanted.before = Some(wanted.before.map_or(first, |before| before.min(first)));
    }
    let limit = page(filter.limit, 50);
    let rows = shared.store.log_list(&wanted, limit).await?;
    let next = rows.last().filter(|_| rows.len() == limit).map(|row| row.sequence);
    let list: Vec<_> = rows.iter().map(|row| entry(row, filter.bodies)).collect();
    Ok(HttpResponse::Ok().json(json!({"entries": list, "next": next, "last_sequence": last})))
}

fn check_kind(kind: &str) -> Result<(), Failure> {
    if kind == "deleted"
        || kind.parse::<DataType>().is_ok()
        || EventType::ALL.iter().any(|known| known.as_str() == kind)
    {
        return Ok(());
    }
    let types: Vec<_> = DataType::ALL.iter().map(|data_type| data_type.as_str()).collect();
    Err(Failure::bad_request(format!(
        "unknown kind {kind:?}; allowed: {}, deleted, or a life-cycle event such as auth",
        types.join(", ")
    )))
}

/// An entry; its body only if wanted.
pub fn entry(row: &LogRow, body: bool) -> Value {
    let mut value = json!({
        "sequence": row.sequence,
        "tenant": &*row.tenant,
        "connection": row.connection,
        "kind": row.kind.filter_name(),
        "id": row.id.to_string(),
        "bytes": row.body.len(),
        "committed_at": row.committed_at,
    });
    if let (true, Some(object)) = (body, value.as_object_mut()) {
        object.insert("body".to_owned(), serde_json::from_slice(&row.body).unwrap_or(Value::Null));
    }
    value
}
