//! Every served request as a duration, and those of tenants, browsers and operators as a span. A caller's `traceparent`
//! is honoured there; a provider's is not, since its trace is no business of ours.

use std::time::Instant;

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::middleware::Next;
use tracing::{Instrument as _, Span};
use tributary_contract::TraceContext;
use tributary_engine::telemetry::{metric, span};

/// Measures a request.
pub(super) async fn observe<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let began = Instant::now();
    let method = method(request.method());
    let span = if is_traced(request.path()) { span::request(method, caller(&request)) } else { Span::none() };
    let answer = next.call(request).instrument(span.clone()).await;
    let (status, route) = match &answer {
        Ok(answer) => (answer.status().as_u16(), answer.request().match_pattern()),
        Err(error) => (error.as_response_error().status_code().as_u16(), None),
    };
    span::answered(&span, method, route.as_deref(), status);
    let labels = [method, route.as_deref().unwrap_or_default(), &status.to_string()];
    metric::SERVER_DURATION.record(began.elapsed(), labels);
    answer
}

/// Notifications have a span of their own; probes and scrapes have none.
fn is_traced(path: &str) -> bool {
    ["/v2/", "/api/v2/", "/auth/", "/admin/"].iter().any(|begin| path.starts_with(begin))
}

fn caller(request: &ServiceRequest) -> Option<TraceContext> {
    let header = request.headers().get("traceparent")?;
    header.to_str().ok()?.parse().ok()
}

/// A method of a fixed set, so that nobody can make up new series.
fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "_OTHER",
    }
}
