//! HTTP: what tenants, providers, browsers and operators reach.
//!
//! | path | for | file |
//! |---|---|---|
//! | `/v2/…`, `/api/v2/…` | tenants, with `dev-id` and `x-api-key` | [`rest`] |
//! | `/notify/{provider}`, `/notify/{provider}/{tenant}` | providers, to the operator's app or a tenant's own | [`notify`] |
//! | `/auth/{provider}/begin` | browsers on their way to a consent page | [`begin`] |
//! | `/auth/{provider}/callback` | browsers coming back from a consent page | [`callback`] |
//! | `/healthz`, `/readyz`; admin listener: `/metrics` | whoever watches | [`health`] |
//! | admin listener: `/admin/…` | operators and the commands | [`admin`], [`vault`] |
//!
//! It never touches records: notifications go to the inbox, wishes to the connection's actor.

pub mod admin;
pub mod begin;
pub mod callback;
pub mod disconnect;
pub mod error;
pub mod health;
pub mod import;
pub mod notify;
mod observe;
pub mod rest;
pub mod tenant;
pub mod vault;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use actix_web::dev::ServerHandle;
use actix_web::middleware::{DefaultHeaders, from_fn};
use actix_web::{App, HttpServer, web};

use crate::app::{Listeners, Shared, StartError};

/// Largest body that is read from a client: a notification or a REST call of more than this is refused.
pub const MAX_BODY: usize = 4 << 20;

/// Where notifications come in.
const NOTIFY: &str = "/notify/{provider}";
/// The same for the apps of tenants.
const NOTIFY_OWN: &str = "/notify/{provider}/{tenant}";

/// What the front counts.
#[derive(Debug, Default)]
pub struct Counters {
    /// Notifications that were accepted.
    pub notifications: AtomicU64,
    /// Notices in them that belong to no connection.
    pub unknown_users: AtomicU64,
    /// Notifications that were refused.
    pub refused: AtomicU64,
}

fn public(config: &mut web::ServiceConfig) {
    let json_limit = web::PayloadConfig::new(MAX_BODY);
    config
        .app_data(json_limit)
        .service(web::scope("/v2").configure(rest::routes))
        .service(web::scope("/api/v2").configure(rest::routes))
        .route(NOTIFY, web::get().to(notify::receive))
        .route(NOTIFY, web::head().to(notify::receive))
        .route(NOTIFY, web::post().to(notify::receive))
        .route(NOTIFY_OWN, web::get().to(notify::receive_own))
        .route(NOTIFY_OWN, web::head().to(notify::receive_own))
        .route(NOTIFY_OWN, web::post().to(notify::receive_own))
        .service(
            web::scope("/auth")
                // States, codes and cookies are in all of it.
                .wrap(
                    DefaultHeaders::new()
                        .add(("cache-control", "no-store"))
                        .add(("referrer-policy", "no-referrer")),
                )
                .route("/{provider}/begin", web::get().to(begin::set_out))
                .route("/{provider}/begin", web::head().to(begin::set_out))
                .route("/{provider}/callback", web::get().to(callback::come_back)),
        )
        .configure(health::routes)
        .default_service(web::to(error::not_found));
}

/// Serves both listeners. Returns their addresses and handles to stop them.
pub fn serve(
    shared: &Arc<Shared>,
    listeners: Listeners,
) -> Result<(SocketAddr, SocketAddr, Vec<ServerHandle>), StartError> {
    let local = |listener: &std::net::TcpListener| {
        listener.local_addr().map_err(|error| StartError::Listen {
            address: shared.live.get().operator().listen,
            reason: error.to_string(),
        })
    };
    let (public_address, admin_address) = (local(&listeners.public)?, local(&listeners.admin)?);
    let failed = |address: SocketAddr| {
        move |error: std::io::Error| StartError::Listen { address, reason: error.to_string() }
    };

    let data = web::Data::from(Arc::clone(shared));
    let public_server = HttpServer::new(move || {
        App::new().wrap(from_fn(observe::observe)).app_data(data.clone()).configure(public)
    })
    .workers(1)
    .disable_signals()
    .shutdown_timeout(5)
    .listen(listeners.public)
    .map_err(failed(public_address))?;
    let data = web::Data::from(Arc::clone(shared));
    let admin_server = HttpServer::new(move || {
        App::new()
            .wrap(from_fn(observe::observe))
            .app_data(data.clone())
            .configure(admin::routes)
            .configure(vault::routes)
            .configure(health::routes)
            .route("/metrics", web::get().to(health::metrics))
            .default_service(web::to(error::not_found))
    })
    .workers(1)
    .disable_signals()
    .shutdown_timeout(5)
    .listen(listeners.admin)
    .map_err(failed(admin_address))?;

    // Both listen before either runs, so that an error leaves nothing behind.
    let (public_server, admin_server) = (public_server.run(), admin_server.run());
    let handles = vec![public_server.handle(), admin_server.handle()];
    for server in [public_server, admin_server] {
        actix_rt::spawn(async move {
            if let Err(error) = server.await {
                tracing::error!(%error, "an HTTP listener ended");
            }
        });
    }
    Ok((public_address, admin_address, handles))
}
