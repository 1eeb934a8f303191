//! Where browsers come back to from a provider's consent page: the one that went there, or nobody.

use std::sync::Arc;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use tracing::{Instrument as _, warn};
use tributary_engine::connection::actor::Told;
use tributary_engine::connection::connect::{self, Callback, ConnectError};
use tributary_engine::oauth::Returned;
use tributary_engine::store::Flow;
use tributary_engine::telemetry::span;
use url::Url;

use super::begin;
use super::error::Failure;
use crate::app::Shared;
use crate::codes;
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
    request: HttpRequest,
    provider: web::Path<String>,
    parameters: web::Query<Parameters>,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, Failure> {
    let parameters = parameters.into_inner();
    let returned = parameters.state.as_deref().map(Returned::parse);
    let (flow, runtime) = begin::find(&shared, &provider, returned.as_ref().map(Returned::flow)).await?;
    let callback = Callback {
        returned: returned.unwrap_or_default(),
        browser: begin::browser(&request, &shared.live.get().operator().public_url),
        code: parameters.code,
        error: parameters.error,
        scope: parameters.scope,
    };
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
                ConnectError::Denied(_) => Some("access_denied"),
                ConnectError::Flow => Some("flow_expired"),
                // The address of the tenant's page would tell this browser whose flow it is.
                ConnectError::Browser => None,
                ConnectError::NoConsent(_)
                | ConnectError::Provider(_)
                | ConnectError::Store(_)
                | ConnectError::Vault(_) => Some("provider_error"),
            };
            if let Some(reason) = reason
                && flow.failure_url.is_some()
            {
                return Ok(go_on(&flow, Err(reason), flow.reference_id.as_deref()));
            }
            match error {
                ConnectError::Store(error) => Err(error.into()),
                ConnectError::Browser => {
                    Err(Failure::bad_request(error.to_string()).coded(codes::OTHER_BROWSER))
                }
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
