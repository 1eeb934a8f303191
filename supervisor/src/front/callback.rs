//! Where browsers come back to from a provider's consent page.

use std::sync::Arc;

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use serde::Deserialize;
use tracing::{Instrument as _, warn};
use tributary_engine::connection::actor::Told;
use tributary_engine::connection::connect::{self, Callback, ConnectError};
use tributary_engine::store::Flow;
use tributary_engine::telemetry::span;
use url::Url;

use super::error::Failure;
use crate::app::Shared;
use crate::supervise::Tell;

/// What a provider appends to the callback's address.
#[derive(Deserialize)]
pub struct Parameters {
    state: Option<String>,
    code: Option<String>,
    error: Option<String>,
    scope: Option<String>,
}

/// `GET /auth/{provider}/callback`.
pub async fn come_back(
    provider: web::Path<String>,
    parameters: web::Query<Parameters>,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, Failure> {
    let parameters = parameters.into_inner();
    let none = || Failure::not_found(format!("no provider app {:?} is configured", provider.as_str()));
    if shared.live.get().runtimes.all().all(|(app, _)| app.provider != *provider) {
        return Err(none());
    }
    let unknown = || Failure::bad_request(ConnectError::Flow.to_string());
    let state = parameters.state.ok_or_else(unknown)?;
    let flow = shared.store.flow(&state).await?.ok_or_else(unknown)?;
    // A state of one provider must not complete a flow of another.
    if flow.provider != provider.as_str() {
        return Err(unknown());
    }
    let runtime = shared.live.runtime(&flow.tenant, &flow.provider).ok_or_else(none)?;
    let callback = Callback { code: parameters.code, error: parameters.error, scope: parameters.scope };
    let span = span::connect(&flow.provider, &flow.tenant);
    match connect::complete(&runtime, &flow, callback).instrument(span).await {
        Ok(connected) => {
            let connection = &connected.connection;
            let told = Tell {
                connection: connection.id,
                tenant: Arc::clone(&connection.tenant),
                provider: connection.provider.clone(),
                told: Told::Reauthorized,
            };
            if let Err(error) = shared.supervisor.try_send(told) {
                warn!(%error, "a new connection was not started; the next start of the daemon does it");
            }
            Ok(go_on(&flow, Ok(&connection.id.to_string()), connection.reference_id.as_deref()))
        }
        Err(error) => {
            warn!(provider = flow.provider, %error, "connect failed");
            let reason = match &error {
                ConnectError::Denied(_) => "access_denied",
                ConnectError::Flow => "flow_expired",
                ConnectError::NoConsent(_)
                | ConnectError::Provider(_)
                | ConnectError::Store(_)
                | ConnectError::Vault(_) => "provider_error",
            };
            if flow.failure_url.is_some() {
                return Ok(go_on(&flow, Err(reason), flow.reference_id.as_deref()));
            }
            match error {
                ConnectError::Store(error) => Err(error.into()),
                ConnectError::Flow | ConnectError::Denied(_) => Err(Failure::bad_request(error.to_string())),
                ConnectError::NoConsent(_) | ConnectError::Provider(_) | ConnectError::Vault(_) => {
                    Err(Failure::unavailable(error.to_string()))
                }
            }
        }
    }
}

/// Sends the browser to the tenant's page, or shows a plain word when the tenant named none.
fn go_on(flow: &Flow, result: Result<&str, &str>, reference_id: Option<&str>) -> HttpResponse {
    let target = if result.is_ok() { &flow.success_url } else { &flow.failure_url };
    let Some(target) = target.as_deref().and_then(|target| Url::parse(target).ok()) else {
        return HttpResponse::Ok()
            .content_type("text/html; charset=utf-8")
            .body("<!doctype html><title>Connected</title><p>Connected. You can close this page.</p>");
    };
    let mut target = target;
    {
        let mut query = target.query_pairs_mut();
        match result {
            Ok(user) => query.append_pair("user_id", user),
            Err(reason) => {
                query.append_pair("user_id", &flow.connection.to_string()).append_pair("reason", reason)
            }
        };
        query.append_pair("resource", &flow.provider.to_uppercase());
        query.append_pair("reference_id", reference_id.unwrap_or("null"));
    }
    HttpResponse::Found().insert_header((header::LOCATION, target.as_str())).finish()
}
