//! What operators and the commands ask of a running daemon, on the admin listener only.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tributary_contract::Window;
use tributary_engine::connection::actor::Told;
use tributary_engine::connection::state::Wish;
use tributary_engine::store::{Connection, ConnectionFilter, ConnectionState, LogRow};
use uuid::Uuid;

use super::error::Failure;
use super::import;
use crate::app::Shared;
use crate::reload::Refusal;
use crate::supervise::{Observe, Tell};

/// The routes.
pub fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/admin/status", web::get().to(status))
        .route("/admin/connections", web::get().to(connections))
        .route("/admin/reload", web::post().to(reload))
        .route("/admin/sync", web::post().to(sync))
        .route("/admin/import", web::post().to(import::import))
        .app_data(web::PayloadConfig::new(import::MAX_FILE))
        .route("/admin/log", web::get().to(log))
        .route("/admin/dead-letters", web::get().to(dead_letters));
}

/// How everything is.
pub async fn overview(shared: &Shared) -> Result<Value, Failure> {
    let observed = shared
        .supervisor
        .send(Observe)
        .await
        .map_err(|error| Failure::unavailable(format!("the supervisor does not answer: {error}")))?;
    let mut sinks = Vec::new();
    for delivery in &observed.deliveries {
        let (tenant, sink, levels) = (&delivery.tenant, &delivery.sink, &delivery.levels);
        sinks.push(json!({
            "tenant": &**tenant,
            "sink": &**sink,
            "started_at": delivery.started_at,
            "offset": levels.offset,
            "backlog": shared.store.backlog(tenant, levels.offset).await?,
            "in_flight": levels.in_flight,
            "taken": levels.taken,
            "parked": shared.store.parked_count(tenant, sink).await?,
            "dead_letters": shared.store.dead_letter_count(tenant, sink).await?,
            "open_circuit": levels.open,
            "last_error": levels.last_error,
        }));
    }
    let mut quotas = Vec::new();
    let current = shared.live.get();
    for (app, runtime) in current.runtimes.all() {
        quotas.push(json!({"provider": app.provider, "tenant": app.tenant, "windows": runtime.budget.snapshot().await}));
    }
    let counters = &shared.counters;
    Ok(json!({
        "started_at": shared.started_at,
        "config": shared.reloads.describe(&current),
        "last_sequence": shared.store.last_sequence().await?,
        "connections": {
            "total": observed.connections,
            "working": observed.working,
            "idle": observed.idle,
            "with_history_left": observed.with_history_left,
        },
        "notifications": {
            "accepted": counters.notifications.load(Ordering::Relaxed),
            "refused": counters.refused.load(Ordering::Relaxed),
            "unknown_users": counters.unknown_users.load(Ordering::Relaxed),
        },
        "sinks": sinks,
        "quotas": quotas,
    }))
}

async fn status(shared: web::Data<Shared>) -> Result<HttpResponse, Failure> {
    Ok(HttpResponse::Ok().json(overview(&shared).await?))
}

/// Reads the configuration anew and applies what has changed.
async fn reload(shared: web::Data<Shared>) -> Result<HttpResponse, Failure> {
    match shared.reloads.ask().await {
        Ok(applied) => Ok(HttpResponse::Ok().json(applied)),
        Err(error @ Refusal::Config(_)) => {
            Err(Failure::new(StatusCode::UNPROCESSABLE_ENTITY, error.to_string()))
        }
        Err(error @ (Refusal::Client(_) | Refusal::Keys(_))) => Err(Failure::unavailable(error.to_string())),
        Err(error @ Refusal::Nobody) => Err(Failure::unavailable(error.to_string())),
    }
}

#[derive(Deserialize)]
struct Filter {
    tenant: Option<String>,
    provider: Option<String>,
    reference_id: Option<String>,
    state: Option<String>,
    after: Option<Uuid>,
    limit: Option<usize>,
}

async fn connections(filter: web::Query<Filter>, shared: web::Data<Shared>) -> Result<HttpResponse, Failure> {
    let filter = filter.into_inner();
    let state = filter.state.map(|word| word.parse::<ConnectionState>()).transpose().map_err(|error| {
        let allowed: Vec<_> = ConnectionState::ALL.iter().map(|state| state.as_str()).collect();
        Failure::bad_request(format!("{error}; allowed: {}", allowed.join(", ")))
    })?;
    let wanted = ConnectionFilter {
        tenant: filter.tenant,
        provider: filter.provider,
        reference_id: filter.reference_id,
        account: None,
        state,
    };
    let limit = filter.limit.unwrap_or(100).min(1_000);
    let rows = shared.store.connections(&wanted, filter.after, limit).await?;
    let mut list = Vec::with_capacity(rows.len());
    for row in rows {
        list.push(connection(&shared, &row).await?);
    }
    Ok(HttpResponse::Ok().json(json!({"connections": list})))
}

async fn connection(shared: &Shared, row: &Connection) -> Result<Value, Failure> {
    let cursors = shared.store.cursors(row.id).await?;
    let resources: Vec<_> = cursors
        .iter()
        .map(|cursor| {
            json!({
                "resource": cursor.resource,
                "lane": cursor.lane.as_str(),
                "through": cursor.cursor.through,
                "finished": cursor.finished,
                "last_success": cursor.updated_at,
            })
        })
        .collect();
    Ok(json!({
        "id": row.id,
        "tenant": &*row.tenant,
        "provider": row.provider,
        "reference_id": row.reference_id,
        "state": row.state.as_str(),
        "reason": row.reason,
        "created_at": row.created_at,
        "last_success": cursors.iter().map(|cursor| cursor.updated_at).max(),
        "resources": resources,
    }))
}

#[derive(Deserialize)]
struct SyncWish {
    connection: Uuid,
    resource: Option<String>,
    from: Option<DateTime<Utc>>,
    to: Option<DateTime<Utc>>,
}

async fn sync(wish: web::Json<SyncWish>, shared: web::Data<Shared>) -> Result<HttpResponse, Failure> {
    let row = shared.store.connection(wish.connection).await?;
    let row = row.ok_or_else(|| Failure::not_found(format!("there is no connection {}", wish.connection)))?;
    if row.state != ConnectionState::Active {
        return Err(Failure::bad_request(format!("the connection is {}; it cannot be synced", row.state)));
    }
    let runtime = shared
        .live
        .runtime(&row.tenant, &row.provider)
        .ok_or_else(|| Failure::bad_request(format!("no provider app {:?} is configured", row.provider)))?;
    let resources = runtime.provider.spec().resources;
    let names: Vec<_> = resources.iter().map(|resource| resource.name).collect();
    if let Some(name) = wish.resource.as_deref().filter(|name| !names.contains(name)) {
        return Err(Failure::bad_request(format!(
            "unknown resource {name:?}; allowed: {}",
            names.join(", ")
        )));
    }
    let to = wish.to.unwrap_or_else(|| shared.clock.now());
    let mut asked = Vec::new();
    for (index, resource) in resources.iter().enumerate() {
        if wish.resource.as_deref().is_some_and(|name| name != resource.name) {
            continue;
        }
        let look_back = chrono::Duration::from_std(resource.look_back).unwrap_or(chrono::Duration::days(7));
        let window = Window::new(wish.from.unwrap_or(to - look_back), to);
        let told = Told::Request(Wish { resource: index, window });
        let tell = Tell {
            connection: row.id,
            tenant: Arc::clone(&row.tenant),
            provider: row.provider.clone(),
            told,
        };
        let told = shared.supervisor.send(tell).await;
        if !told.unwrap_or(false) {
            return Err(Failure::unavailable(
                "the connection has too much to do, or the daemon is stopping; try again",
            ));
        }
        asked.push(resource.name);
    }
    Ok(HttpResponse::Accepted().json(json!({"connection": row.id, "resources": asked})))
}

#[derive(Deserialize)]
struct LogFilter {
    connection: Option<Uuid>,
    before: Option<u64>,
    limit: Option<usize>,
    bodies: Option<bool>,
}

async fn log(filter: web::Query<LogFilter>, shared: web::Data<Shared>) -> Result<HttpResponse, Failure> {
    let limit = filter.limit.unwrap_or(50).min(1_000);
    let rows = shared.store.log_newest(filter.connection, filter.before, limit).await?;
    let bodies = filter.bodies.unwrap_or(false);
    let list: Vec<_> = rows.iter().map(|row| entry(row, bodies)).collect();
    Ok(HttpResponse::Ok().json(json!({"entries": list})))
}

fn entry(row: &LogRow, body: bool) -> Value {
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

#[derive(Deserialize)]
struct DeadFilter {
    tenant: Option<String>,
    sink: Option<String>,
    before: Option<i64>,
    limit: Option<usize>,
}

async fn dead_letters(
    filter: web::Query<DeadFilter>,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, Failure> {
    let limit = filter.limit.unwrap_or(50).min(1_000);
    let rows = shared
        .store
        .dead_letters(filter.tenant.as_deref(), filter.sink.as_deref(), filter.before, limit)
        .await?;
    let list: Vec<_> = rows
        .iter()
        .map(|row| {
            json!({
                "id": row.id,
                "tenant": row.tenant,
                "sink": row.sink,
                "class": row.class,
                "reason": row.reason,
                "attempts": row.attempts,
                "first_at": row.first_at,
                "last_at": row.last_at,
                "entry": entry(&row.entry, false),
            })
        })
        .collect();
    Ok(HttpResponse::Ok().json(json!({"dead_letters": list})))
}
