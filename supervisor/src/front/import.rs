//! Device files of a person, sent by `tributary import`: parsed here, then down the same path of log and sinks as
//! what providers serve.

use std::sync::Arc;

use actix_web::{HttpResponse, web};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::json;
use tributary_config::Tenant;
use tributary_contract::model::event::EventType;
use tributary_contract::model::life_cycle::AuthSuccessEvent;
use tributary_contract::{Account, Emitted};
use tributary_engine::connection::user::terra_user;
use tributary_engine::ingest;
use tributary_engine::store::{Change, Changeset, Connection, ConnectionFilter, ConnectionState};
use tributary_engine::telemetry::{span, tally};
use tributary_providers::route::import::{Format, records};
use uuid::Uuid;

use super::error::Failure;
use crate::app::Shared;

/// Largest file that is taken.
pub const MAX_FILE: usize = 64 << 20;
/// Key of the provider that records from files belong to when the person has no connection of their own.
const PROVIDER: &str = "upload";

/// Query of an import.
#[derive(Deserialize)]
pub struct Wanted {
    format: String,
    name: String,
    user: String,
    tenant: Option<String>,
}

/// `POST /admin/import`, the file as the body.
pub async fn import(
    wanted: web::Query<Wanted>,
    body: Bytes,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, Failure> {
    let format: Format = wanted.format.parse().map_err(|error| Failure::bad_request(format!("{error}")))?;
    let records =
        records(format, &wanted.name, &body).map_err(|error| Failure::bad_request(error.to_string()))?;
    let trace = span::current();
    let (connection, mut changes) = owner(&shared, &wanted).await?;
    let is_new = !changes.is_empty();
    let count = records.len();
    let emitted = records.into_iter().map(Emitted::Record).collect();
    changes.extend(
        ingest::changes(&connection.tenant, connection.id, emitted, Some(trace))
            .map_err(|error| Failure::bad_request(error.to_string()))?,
    );
    let committed = shared.writer.commit(Changeset::unfenced(changes)).await.map_err(|error| {
        tracing::error!(%error, "an import was not stored");
        Failure::unavailable("the records could not be stored; send the file again")
    })?;
    if is_new {
        tally::moved(&connection.provider, None, connection.state);
    }
    Ok(HttpResponse::Ok().json(json!({
        "file": wanted.name,
        "connection": connection.id,
        "records": count,
        "unchanged": committed.unchanged,
    })))
}

/// The connection that the records belong to; with the changes that make it when it is new.
async fn owner(shared: &Shared, wanted: &Wanted) -> Result<(Connection, Vec<Change>), Failure> {
    if let Ok(id) = Uuid::parse_str(&wanted.user) {
        let connection = shared.store.connection(id).await?;
        let connection =
            connection.ok_or_else(|| Failure::not_found(format!("there is no connection {id}")))?;
        return Ok((connection, Vec::new()));
    }
    let current = shared.live.get();
    let tenant = tenant(current.tenants(), wanted.tenant.as_deref())?;
    let filter = ConnectionFilter {
        tenant: Some(tenant.dev_id.clone()),
        provider: Some(PROVIDER.to_owned()),
        account: Some(wanted.user.clone()),
        ..ConnectionFilter::default()
    };
    if let Some(connection) = shared.store.connections(&filter, None, 1).await?.into_iter().next() {
        return Ok((connection, Vec::new()));
    }
    let now = shared.clock.now();
    let connection = Connection {
        id: Uuid::new_v4(),
        tenant: Arc::from(tenant.dev_id.as_str()),
        provider: PROVIDER.to_owned(),
        reference_id: Some(wanted.user.clone()),
        account: Account::new(wanted.user.clone()),
        state: ConnectionState::Active,
        reason: None,
        epoch: 1,
        created_at: now,
        updated_at: now,
    };
    let event = AuthSuccessEvent::new(terra_user(&connection, None));
    let body = serde_json::to_vec(&event).map_err(|error| Failure::unavailable(error.to_string()))?;
    let event = Change::Event {
        tenant: Arc::clone(&connection.tenant),
        connection: connection.id,
        event: EventType::Auth,
        body: Bytes::from(body),
        trace: None,
    };
    let changes = vec![Change::ConnectionPut(connection.clone()), event];
    Ok((connection, changes))
}

fn tenant<'a>(tenants: &'a [Arc<Tenant>], wanted: Option<&str>) -> Result<&'a Tenant, Failure> {
    let known = || tenants.iter().map(|tenant| tenant.dev_id.as_str()).collect::<Vec<_>>().join(", ");
    match wanted {
        Some(dev_id) => {
            tenants.iter().map(|tenant| &**tenant).find(|tenant| tenant.dev_id == dev_id).ok_or_else(|| {
                Failure::not_found(format!("there is no tenant {dev_id:?}; known: {}", known()))
            })
        }
        None => match tenants {
            [only] => Ok(only),
            _ => Err(Failure::bad_request(format!("name the tenant with --tenant; known: {}", known()))),
        },
    }
}
