//! `POST /auth/authenticateUser` and `DELETE /auth/deauthenticateUser`.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, web};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::json;
use tributary_engine::connection::flow::{self, Wanted};
use tributary_engine::store::ConnectionState;
use url::Url;
use uuid::Uuid;

use super::referenced;
use crate::app::Shared;
use crate::front::begin;
use crate::front::disconnect::{disconnect, failed};
use crate::front::error::Failure;
use crate::front::tenant::authenticate;

/// Query of `authenticateUser`.
#[derive(Deserialize)]
pub struct Resource {
    resource: Option<String>,
}

/// Body of `authenticateUser`; all of it may be missing.
#[derive(Deserialize, Default)]
pub struct AuthenticationParameters {
    reference_id: Option<String>,
    auth_success_redirect_url: Option<String>,
    auth_failure_redirect_url: Option<String>,
    provider: Option<String>,
    resource: Option<String>,
}

/// Begins an OAuth flow for a user of the tenant.
pub async fn authenticate_user(
    request: HttpRequest,
    query: web::Query<Resource>,
    body: Bytes,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, Failure> {
    let tenant = authenticate(&request, &shared)?;
    let parameters: AuthenticationParameters = if body.iter().all(u8::is_ascii_whitespace) {
        AuthenticationParameters::default()
    } else {
        serde_json::from_slice(&body)
            .map_err(|error| Failure::bad_request(format!("the body is not the documented JSON: {error}")))?
    };
    let resource = query.into_inner().resource.or(parameters.resource).or(parameters.provider);
    let resource = resource.ok_or_else(|| {
        Failure::bad_request(format!(
            "the query parameter resource is missing; allowed: {}",
            tenant.providers.join(", ")
        ))
    })?;
    let runtime = shared
        .live
        .runtime(&tenant.dev_id, &resource.to_lowercase())
        .filter(|runtime| tenant.providers.iter().any(|name| name == runtime.provider.spec().key))
        .ok_or_else(|| {
            let allowed = tenant.providers.join(", ");
            Failure::not_found(format!("the provider {resource:?} is not enabled; allowed: {allowed}"))
        })?;
    for target in [&parameters.auth_success_redirect_url, &parameters.auth_failure_redirect_url] {
        check_redirect(target.as_deref())?;
    }
    let wanted = Wanted {
        reference_id: parameters.reference_id,
        success_url: parameters.auth_success_redirect_url,
        failure_url: parameters.auth_failure_redirect_url,
    };
    let begun = flow::begin(&runtime, Arc::from(tenant.dev_id.as_str()), wanted).await.map_err(failed)?;
    let link = begin::link(shared.live.get().operator(), runtime.provider.spec().key, &begun.state);
    Ok(referenced(HttpResponse::Ok()).json(json!({
        "status": "success",
        "user_id": begun.connection,
        "auth_url": link,
    })))
}

/// A redirect target has to be an absolute URL; scripts are not.
fn check_redirect(target: Option<&str>) -> Result<(), Failure> {
    let Some(target) = target else { return Ok(()) };
    let url = Url::parse(target)
        .map_err(|error| Failure::bad_request(format!("a redirect URL is not absolute: {error}")))?;
    if matches!(url.scheme(), "javascript" | "data" | "vbscript" | "file" | "blob") {
        return Err(Failure::bad_request(format!(
            "a redirect URL must not use the scheme {}:",
            url.scheme()
        )));
    }
    Ok(())
}

/// Query of `deauthenticateUser`.
#[derive(Deserialize)]
pub struct User {
    user_id: Option<String>,
}

/// Removes a connection of the tenant.
pub async fn deauthenticate_user(
    request: HttpRequest,
    query: web::Query<User>,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, Failure> {
    let tenant = authenticate(&request, &shared)?;
    let id = query.user_id.as_deref().and_then(|id| Uuid::parse_str(id).ok());
    let id = id.ok_or_else(|| Failure::bad_request("the query parameter user_id has to be a UUID"))?;
    let connection = shared.store.connection(id).await?;
    let connection = connection
        .filter(|connection| {
            *connection.tenant == tenant.dev_id && connection.state != ConnectionState::Disconnected
        })
        .ok_or_else(|| Failure::not_found("there is no such user"))?;
    disconnect(&shared, &connection).await?;
    Ok(referenced(HttpResponse::Ok()).json(json!({"status": "success"})))
}
