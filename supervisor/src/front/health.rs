//! `/healthz`: the process serves. `/readyz`: the store answers, so work gets done.

use actix_web::{HttpResponse, web};
use serde_json::json;

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
