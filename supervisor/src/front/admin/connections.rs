//! Connections for operators: list them, have them fetched, remove them.

use std::sync::Arc;

use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Value, json};
use tributary_contract::Window;
use tributary_engine::connection::Runtime;
use tributary_engine::connection::actor::Told;
use tributary_engine::connection::backfill as walks;
use tributary_engine::connection::backfill::AskError;
use tributary_engine::connection::state::Wish;
use tributary_engine::store::{Connection, ConnectionFilter, ConnectionState};
use tributary_engine::telemetry::span;
use uuid::Uuid;

use super::page;
use crate::app::Shared;
use crate::codes;
use crate::front::disconnect;
use crate::front::error::Failure;
use crate::supervise::Tell;

/// Query of the list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    tenant: Option<String>,
    provider: Option<String>,
    reference_id: Option<String>,
    state: Option<String>,
    after: Option<Uuid>,
    limit: Option<usize>,
}

/// `GET /admin/connections`.
pub async fn list(filter: web::Query<Filter>, shared: web::Data<Shared>) -> Result<HttpResponse, Failure> {
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
    let limit = page(filter.limit, 100);
    let rows = shared.store.connections(&wanted, filter.after, limit).await?;
    let next = rows.last().filter(|_| rows.len() == limit).map(|row| row.id);
    let mut list = Vec::with_capacity(rows.len());
    for row in rows {
        list.push(connection(&shared, &row).await?);
    }
    Ok(HttpResponse::Ok().json(json!({"connections": list, "next": next})))
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
    let current = shared.live.get();
    let walks = current.runtimes.of(&row.tenant, &row.provider).map_or_else(Vec::new, |runtime| {
        walks::progress(runtime.provider.spec().resources, row.created_at, runtime.history, &cursors)
    });
    Ok(json!({
        "id": row.id,
        "tenant": &*row.tenant,
        "provider": row.provider,
        "reference_id": row.reference_id,
        "state": row.state.as_str(),
        "reason": row.reason,
        "created_at": row.created_at,
        "last_success": cursors.iter().map(|cursor| cursor.updated_at).max(),
        "history_done": done(&walks, "history"),
        "asked_done": done(&walks, "asked"),
        "walks": walks,
        "resources": resources,
    }))
}

/// How far the walks of a kind are, from 0 to 1; `None` if there is none.
fn done(walks: &[walks::Progress], kind: &str) -> Option<f64> {
    let walks: Vec<_> = walks.iter().filter(|walk| walk.walk == kind).collect();
    let sum: f64 = walks.iter().map(|walk| walk.done).sum();
    let count = u32::try_from(walks.len()).ok().filter(|count| *count > 0)?;
    Some(sum / f64::from(count))
}

/// Body of a wish for records.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stretch {
    connection: Uuid,
    resource: Option<String>,
    from: Option<DateTime<Utc>>,
    to: Option<DateTime<Utc>>,
}

/// `POST /admin/sync`: what is new, or a stretch of time, before everything else.
pub async fn sync(wish: web::Json<Stretch>, shared: web::Data<Shared>) -> Result<HttpResponse, Failure> {
    let to = wish.to.unwrap_or_else(|| shared.clock.now());
    fetch(&shared, &wish, |look_back| Window::new(wish.from.unwrap_or(to - look_back), to), Class::Request)
        .await
}

/// `POST /admin/backfill`: a stretch of history.
pub async fn backfill(wish: web::Json<Stretch>, shared: web::Data<Shared>) -> Result<HttpResponse, Failure> {
    let (Some(from), Some(to)) = (wish.from, wish.to) else {
        return Err(Failure::bad_request("from and to are needed").coded(codes::BAD_STRETCH));
    };
    let to = to.min(shared.clock.now());
    if from >= to {
        let detail = "from has to be before to, and in the past";
        return Err(Failure::bad_request(detail).coded(codes::BAD_STRETCH));
    }
    fetch(&shared, &wish, |_| Window::new(from, to), Class::History).await
}

/// In which class what is asked for goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    /// Before everything else; forgotten with the daemon.
    Request,
    /// With history, newest first; written down before it is answered.
    History,
}

fn refusal(error: &AskError) -> Failure {
    match error {
        AskError::NoHistory(_) | AskError::TooOld(..) | AskError::Empty | AskError::TooMany(_) => {
            Failure::bad_request(error.to_string()).coded(codes::BAD_STRETCH)
        }
        AskError::Store(_) | AskError::Write(_) => Failure::unavailable(error.to_string()),
    }
}

async fn fetch(
    shared: &Shared,
    wish: &Stretch,
    window: impl Fn(chrono::Duration) -> Window,
    class: Class,
) -> Result<HttpResponse, Failure> {
    let row = find(shared, wish.connection).await?;
    if row.state != ConnectionState::Active {
        let detail = format!("the connection is {}; nothing can be fetched for it", row.state);
        return Err(Failure::bad_request(detail).coded(codes::NOT_ACTIVE));
    }
    let runtime = runtime(shared, &row)?;
    let resources = runtime.provider.spec().resources;
    let names: Vec<_> = resources.iter().map(|resource| resource.name).collect();
    if let Some(name) = wish.resource.as_deref().filter(|name| !names.contains(name)) {
        let detail = format!("unknown resource {name:?}; allowed: {}", names.join(", "));
        return Err(Failure::bad_request(detail).coded(codes::UNKNOWN_RESOURCE));
    }
    let mut asked = Vec::new();
    for (index, resource) in resources.iter().enumerate() {
        if wish.resource.as_deref().is_some_and(|name| name != resource.name) {
            continue;
        }
        let look_back = chrono::Duration::from_std(resource.look_back).unwrap_or(chrono::Duration::days(7));
        let window = window(look_back);
        let told = match class {
            Class::Request => Told::Request(Wish { resource: index, window, trace: Some(span::current()) }),
            Class::History if wish.resource.is_none() && resource.history.is_none() => continue,
            Class::History => {
                walks::ask(&runtime, &row, resource, window).await.map_err(|error| refusal(&error))?;
                Told::Backfill(index)
            }
        };
        let (tenant, provider) = (Arc::clone(&row.tenant), row.provider.clone());
        let tell = Tell { connection: row.id, tenant, provider, told };
        if !shared.supervisor.send(tell).await.unwrap_or(false) {
            return Err(Failure::unavailable(
                "the connection has too much to do, or the daemon is stopping; try again",
            ));
        }
        asked.push(resource.name);
    }
    Ok(HttpResponse::Accepted().json(json!({"connection": row.id, "resources": asked})))
}

/// Body of a disconnect.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Whom {
    connection: Uuid,
}

/// `POST /admin/disconnect`: as `deauthenticateUser` does, for whichever tenant.
pub async fn disconnect(whom: web::Json<Whom>, shared: web::Data<Shared>) -> Result<HttpResponse, Failure> {
    let row = find(&shared, whom.connection).await?;
    if row.state == ConnectionState::Disconnected {
        return Err(Failure::bad_request("the connection is disconnected already").coded(codes::NOT_ACTIVE));
    }
    disconnect::disconnect(&shared, &row).await?;
    Ok(HttpResponse::Ok().json(json!({
        "connection": row.id,
        "tenant": &*row.tenant,
        "provider": row.provider,
        "state": ConnectionState::Disconnected.as_str(),
    })))
}

async fn find(shared: &Shared, id: Uuid) -> Result<Connection, Failure> {
    let row = shared.store.connection(id).await?;
    row.ok_or_else(|| {
        Failure::not_found(format!("there is no connection {id}")).coded(codes::UNKNOWN_CONNECTION)
    })
}

fn runtime(shared: &Shared, row: &Connection) -> Result<Arc<Runtime>, Failure> {
    shared.live.runtime(&row.tenant, &row.provider).ok_or_else(|| {
        Failure::bad_request(format!("no provider app {:?} is configured", row.provider)).coded(codes::NO_APP)
    })
}
