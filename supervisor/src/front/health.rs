//! `/healthz`: the process serves. `/readyz`: the store answers, so work gets done. `/metrics`: all metrics as text.

use actix_web::{HttpResponse, web};
use serde_json::json;

use super::error::Failure;
use crate::app::Shared;

/// The routes.
pub fn routes(config: &mut web::ServiceConfig) {
    config.route("/healthz", web::get().to(alive)).route("/readyz", web::get().to(ready));
}

async fn alive() -> HttpResponse {
    HttpResponse::Ok().json(json!({"status": "ok"}))
}

async fn ready(shared: web::Data<Shared>) -> HttpResponse {
    match shared.store.last_sequence().await {
        Ok(sequence) => HttpResponse::Ok().json(json!({"status": "ready", "last_sequence": sequence})),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            HttpResponse::ServiceUnavailable().json(json!({"status": "store_unavailable"}))
        }
    }
}

/// `GET /metrics`, on the admin listener only.
pub async fn metrics() -> Result<HttpResponse, Failure> {
    let text = tributary_engine::telemetry::export::text();
    let text = text.ok_or_else(|| Failure::not_found("metrics are off; set telemetry.prometheus to true"))?;
    Ok(HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(text))
}
