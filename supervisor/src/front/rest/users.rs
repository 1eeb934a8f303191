//! `GET /userInfo`: a connection by its id, or the connections of a person.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use serde_json::{Value, json};
use tributary_config::Tenant;
use tributary_contract::model::time::Timestamp;
use tributary_engine::connection::user::terra_user;
use tributary_engine::store::{Connection, ConnectionFilter, ConnectionState, Lane};
use uuid::Uuid;

use super::referenced;
use crate::app::{Shared, spec_of};
use crate::front::error::Failure;
use crate::front::tenant::authenticate;

/// Connections of one person that are listed at most.
const PERSON: usize = 100;

/// Query of `userInfo`.
#[derive(Deserialize)]
pub struct Who {
    user_id: Option<String>,
    reference_id: Option<String>,
}

/// Tells about a connection of the tenant, or about all connections of a person.
pub async fn user_info(
    request: HttpRequest,
    who: web::Query<Who>,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, Failure> {
    let tenant = authenticate(&request, &shared)?;
    let who = who.into_inner();
    if let Some(id) = who.user_id {
        let id = Uuid::parse_str(&id).map_err(|_broken| Failure::bad_request("user_id has to be a UUID"))?;
        return by_id(&shared, &tenant, id).await;
    }
    let Some(reference_id) = who.reference_id else {
        return Err(Failure::bad_request("one of the query parameters user_id and reference_id is needed"));
    };
    let filter = ConnectionFilter {
        tenant: Some(tenant.dev_id.clone()),
        reference_id: Some(reference_id),
        ..ConnectionFilter::default()
    };
    let mut users = Vec::new();
    for connection in shared.store.connections(&filter, None, PERSON).await? {
        users.push(user(&shared, &connection).await?);
    }
    Ok(referenced(HttpResponse::Ok()).json(json!({"status": "success", "users": users})))
}

async fn by_id(shared: &Shared, tenant: &Tenant, id: Uuid) -> Result<HttpResponse, Failure> {
    let connection = shared.store.connection(id).await?;
    let connection = connection
        .filter(|connection| *connection.tenant == tenant.dev_id)
        .ok_or_else(|| Failure::not_found("there is no such user"))?;
    let authenticated = connection.state != ConnectionState::Disconnected;
    Ok(referenced(HttpResponse::Ok()).json(json!({
        "status": "success",
        "is_authenticated": authenticated,
        "user": user(shared, &connection).await?,
    })))
}

async fn user(shared: &Shared, connection: &Connection) -> Result<Value, Failure> {
    let user = terra_user(connection, spec_of(&connection.provider));
    let mut user = serde_json::to_value(user).map_err(|error| Failure::unavailable(error.to_string()))?;
    let cursors = shared.store.cursors(connection.id).await?;
    let live = || cursors.iter().filter(|row| row.lane == Lane::Live);
    let text = |at: Option<chrono::DateTime<chrono::Utc>>| at.map(|at| Timestamp::from_utc(at).to_string());
    if let Some(object) = user.as_object_mut() {
        object.insert("last_polled_at".to_owned(), json!(text(live().map(|row| row.updated_at).max())));
    }
    Ok(user)
}
