//! Notifications of providers: verify, put into the inbox, answer, then wake whom it concerns.

use std::sync::atomic::Ordering;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, ResponseError, web};
use bytes::Bytes;
use tracing::{Instrument as _, info, warn};
use tributary_contract::{Inbound, Notice, Notified, Reply};
use tributary_engine::connection::Runtime;
use tributary_engine::connection::actor::Told;
use tributary_engine::ingest::inbox::{self, Reach};
use tributary_engine::store::Changeset;
use tributary_engine::telemetry::{metric, span};

use super::error::Failure;
use crate::app::Shared;
use crate::supervise::Tell;

/// `GET`, `HEAD` or `POST /notify/{provider}`: what is sent to the operator's app.
pub async fn receive(
    request: HttpRequest,
    provider: web::Path<String>,
    body: Bytes,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, Failure> {
    take(&request, &provider, None, body, &shared).await
}

/// `GET`, `HEAD` or `POST /notify/{provider}/{tenant}`: what is sent to a tenant's own app.
pub async fn receive_own(
    request: HttpRequest,
    path: web::Path<(String, String)>,
    body: Bytes,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, Failure> {
    let (provider, tenant) = path.into_inner();
    take(&request, &provider, Some(&tenant), body, &shared).await
}

async fn take(
    request: &HttpRequest,
    provider: &str,
    owner: Option<&str>,
    body: Bytes,
    shared: &Shared,
) -> Result<HttpResponse, Failure> {
    let current = shared.live.get();
    let runtime = current
        .runtimes
        .app(owner, provider)
        .ok_or_else(|| Failure::not_found(format!("no provider app {provider:?} is configured here")))?;
    let inbound = inbound(request, body, runtime)?;
    match runtime.provider.notified(&inbound, &runtime.app.current()) {
        Ok(Notified::Answer(reply)) => Ok(answer(&reply)),
        Ok(Notified::Notices(notices)) => {
            let holds = |tenant: &str| current.runtimes.holds(owner, tenant, provider);
            let reach = Reach { provider: runtime.provider.spec().key, holds: &holds };
            let route = if owner.is_some() { super::NOTIFY_OWN } else { super::NOTIFY };
            let span = span::notify(reach.provider, notices.len(), inbound.method.as_str(), route);
            let accepted = accept(shared, runtime, &reach, notices, &inbound).instrument(span.clone()).await;
            let status = accepted.as_ref().map_or_else(ResponseError::status_code, HttpResponse::status);
            span::answered(&span, inbound.method.as_str(), None, status.as_u16());
            accepted
        }
        Err(refused) => {
            shared.counters.refused.fetch_add(1, Ordering::Relaxed);
            metric::NOTIFICATIONS.add(1, [runtime.provider.spec().key, "refused"]);
            warn!(provider, kind = refused.kind(), %refused, "notification refused");
            let status = StatusCode::from_u16(refused.status()).unwrap_or(StatusCode::BAD_REQUEST);
            Err(Failure::new(status, refused.to_string()))
        }
    }
}

fn inbound(request: &HttpRequest, body: Bytes, runtime: &Runtime) -> Result<Inbound, Failure> {
    let query = web::Query::<Vec<(String, String)>>::from_query(request.query_string())
        .map_err(|_broken| Failure::bad_request("the query string cannot be read"))?
        .into_inner();
    let mut headers = http::HeaderMap::new();
    for (name, value) in request.headers() {
        let name = http::HeaderName::from_bytes(name.as_str().as_bytes());
        let value = http::HeaderValue::from_bytes(value.as_bytes());
        if let (Ok(name), Ok(value)) = (name, value) {
            headers.append(name, value);
        }
    }
    let method = http::Method::from_bytes(request.method().as_str().as_bytes())
        .map_err(|_broken| Failure::bad_request("the method cannot be read"))?;
    Ok(Inbound { method, query, headers, body, received_at: runtime.clock.now() })
}

async fn accept(
    shared: &Shared,
    runtime: &Runtime,
    reach: &Reach<'_>,
    notices: Vec<Notice>,
    inbound: &Inbound,
) -> Result<HttpResponse, Failure> {
    let provider = reach.provider;
    let trace = span::current();
    let accepted =
        inbox::accept(shared.store.as_ref(), reach, notices, inbound.received_at, Some(trace)).await?;
    if accepted.unknown > 0 {
        shared
            .counters
            .unknown_users
            .fetch_add(u64::try_from(accepted.unknown).unwrap_or(u64::MAX), Ordering::Relaxed);
        metric::UNKNOWN_USERS.add(accepted.unknown, [provider]);
        info!(provider, notices = accepted.unknown, "notices about users who are not connected are kept");
    }
    // Only what is durable is acknowledged: the provider sends the rest again.
    shared.writer.commit(Changeset::unfenced(accepted.changes)).await.map_err(|error| {
        warn!(provider, %error, "notification not stored and so not acknowledged");
        metric::NOTIFICATIONS.add(1, [provider, "not_stored"]);
        Failure::unavailable("the notification could not be stored; send it again")
    })?;
    shared.counters.notifications.fetch_add(1, Ordering::Relaxed);
    metric::NOTIFICATIONS.add(1, [provider, "accepted"]);
    for (connection, tenant) in accepted.connections {
        let told = Told::Notified(inbound.received_at);
        let told = Tell { connection, tenant, provider: provider.to_owned(), told };
        if let Err(error) = shared.supervisor.try_send(told) {
            // The row is durable: the connection finds it with its next due work.
            warn!(provider, %error, "a connection was not woken for a notification");
        }
    }
    let ack = StatusCode::from_u16(runtime.provider.spec().notifications.ack).unwrap_or(StatusCode::OK);
    Ok(HttpResponse::build(ack).finish())
}

fn answer(reply: &Reply) -> HttpResponse {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::OK);
    HttpResponse::build(status).content_type(reply.content_type).body(reply.body.clone())
}
