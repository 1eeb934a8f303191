//! What operators and the commands ask of a running daemon, on the admin listener only. `docs/admin-api.md` describes it.
//!
//! | file | routes |
//! |---|---|
//! | [`status`] | how everything is |
//! | [`connections`] | list, fetch now, fetch history, disconnect |
//! | [`log`] | entries of the log |
//! | [`dead_letters`] | list, show, deliver again |
//! | [`rewind`] | a sink's offset back to an earlier place |
//!
//! Answers hold no secret; records themselves are shown only where `body` or `bodies` is asked for.

pub mod connections;
pub mod dead_letters;
pub mod log;
pub mod rewind;
pub mod status;

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use super::error::Failure;
use super::import;
use crate::app::Shared;
use crate::codes;
use crate::reload::Refusal;

/// Most rows of one page.
const MOST: usize = 1_000;

/// The routes.
pub fn routes(config: &mut web::ServiceConfig) {
    config
        .app_data(web::PayloadConfig::new(import::MAX_FILE))
        .app_data(
            web::QueryConfig::default()
                .error_handler(|error, _| Failure::bad_request(format!("the query: {error}")).into()),
        )
        .app_data(
            web::JsonConfig::default()
                .error_handler(|error, _| Failure::bad_request(format!("the body: {error}")).into()),
        )
        .app_data(
            web::PathConfig::default()
                .error_handler(|error, _| Failure::bad_request(format!("the path: {error}")).into()),
        )
        .route("/admin/status", web::get().to(status::status))
        .route("/admin/connections", web::get().to(connections::list))
        .route("/admin/reload", web::post().to(reload))
        .route("/admin/sync", web::post().to(connections::sync))
        .route("/admin/backfill", web::post().to(connections::backfill))
        .route("/admin/disconnect", web::post().to(connections::disconnect))
        .route("/admin/import", web::post().to(import::import))
        .route("/admin/log", web::get().to(log::list))
        .route("/admin/dead-letters", web::get().to(dead_letters::list))
        .route("/admin/dead-letters/replay", web::post().to(dead_letters::replay))
        .route("/admin/dead-letters/{id}", web::get().to(dead_letters::show))
        .route("/admin/rewind", web::post().to(rewind::rewind));
}

/// Reads the configuration anew and applies what has changed.
async fn reload(shared: web::Data<Shared>) -> Result<HttpResponse, Failure> {
    match shared.reloads.ask().await {
        Ok(applied) => Ok(HttpResponse::Ok().json(applied)),
        Err(error @ Refusal::Config(_)) => {
            let failure = Failure::new(StatusCode::UNPROCESSABLE_ENTITY, error.to_string());
            Err(failure.coded(codes::CONFIG_INVALID))
        }
        Err(error @ (Refusal::Client(_) | Refusal::Keys(_) | Refusal::Nobody)) => {
            Err(Failure::unavailable(error.to_string()))
        }
    }
}

/// How many rows are wanted: as many as asked for, within bounds.
fn page(wanted: Option<usize>, usual: usize) -> usize {
    wanted.unwrap_or(usual).clamp(1, MOST)
}

/// The configured sink of that name; the tenant may be left out where only one has such a sink.
fn sink(shared: &Shared, tenant: Option<&str>, name: &str) -> Result<(String, String), Failure> {
    let current = shared.live.get();
    let all = || {
        let of = |tenant: &Arc<tributary_config::Tenant>| {
            let dev_id = tenant.dev_id.clone();
            tenant.sinks.keys().map(move |sink| (dev_id.clone(), sink.clone())).collect::<Vec<_>>()
        };
        current.tenants().iter().flat_map(of)
    };
    let mut found = all().filter(|(owner, sink)| sink == name && tenant.is_none_or(|tenant| tenant == owner));
    match (found.next(), found.next()) {
        (Some(sink), None) => Ok(sink),
        (Some(_), Some(_)) => Err(Failure::bad_request(format!(
            "several tenants have a sink {name:?}; name the tenant with --tenant"
        ))
        .coded(codes::UNKNOWN_SINK)),
        (None, _) => {
            let known: Vec<_> = all().map(|(tenant, sink)| format!("{tenant}/{sink}")).collect();
            let detail = format!("there is no sink {name:?}; known: {}", known.join(", "));
            Err(Failure::not_found(detail).coded(codes::UNKNOWN_SINK))
        }
    }
}
