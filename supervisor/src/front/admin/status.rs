//! How everything is: `GET /admin/status`.

use std::sync::atomic::Ordering;

use actix_web::{HttpResponse, web};
use serde_json::{Value, json};
use tributary_engine::delivery;

use crate::app::Shared;
use crate::front::error::Failure;
use crate::supervise::Observe;

/// Answers with the whole picture.
pub async fn status(shared: web::Data<Shared>) -> Result<HttpResponse, Failure> {
    Ok(HttpResponse::Ok().json(overview(&shared).await?))
}

/// How everything is.
pub async fn overview(shared: &Shared) -> Result<Value, Failure> {
    let observed = shared
        .supervisor
        .send(Observe)
        .await
        .map_err(|error| Failure::unavailable(format!("the supervisor does not answer: {error}")))?;
    let mut sinks = Vec::new();
    let current = shared.live.get();
    for tenant in current.tenants() {
        for (name, entry) in &tenant.sinks {
            let running = observed
                .deliveries
                .iter()
                .find(|delivery| *delivery.tenant == tenant.dev_id && *delivery.sink == **name);
            let mut sink = sink(shared, &tenant.dev_id, name, entry.paused, running).await?;
            let rests = observed
                .resting_sinks
                .iter()
                .find(|rests| *rests.tenant == tenant.dev_id && *rests.sink == **name);
            if let (Some(rests), Some(object)) = (rests, sink.as_object_mut()) {
                object.insert("resting_until".to_owned(), json!(rests.until));
            }
            sinks.push(sink);
        }
    }
    let mut quotas = Vec::new();
    for (app, runtime) in current.runtimes.all() {
        let windows = runtime.budget.snapshot().await;
        quotas.push(json!({"provider": app.provider, "tenant": app.tenant, "windows": windows}));
    }
    let counts = shared.store.connection_counts().await?;
    let counts: Vec<_> = counts
        .iter()
        .map(|row| json!({"provider": row.provider, "state": row.state.as_str(), "count": row.count}))
        .collect();
    let counters = &shared.counters;
    Ok(json!({
        "at": shared.clock.now(),
        "started_at": shared.started_at,
        "config": shared.reloads.describe(&current),
        "last_sequence": shared.store.last_sequence().await?,
        "connections": {
            "total": observed.connections,
            "working": observed.working,
            "idle": observed.idle,
            "with_history_left": observed.with_history_left,
            "held": observed.held,
            "resting": observed.resting,
            "quarantined": observed.quarantined,
            "longest_without_progress_seconds":
                observed.oldest_progress.map(|at| (shared.clock.now() - at).num_seconds().max(0)),
            "by_provider": counts,
        },
        "tenants": shared.backlog.levels(),
        "notifications": {
            "accepted": counters.notifications.load(Ordering::Relaxed),
            "refused": counters.refused.load(Ordering::Relaxed),
            "unknown_users": counters.unknown_users.load(Ordering::Relaxed),
        },
        "sinks": sinks,
        "quotas": quotas,
    }))
}

/// A sink; one that is paused has no delivery that runs, but a place in the log all the same.
async fn sink(
    shared: &Shared,
    tenant: &str,
    sink: &str,
    paused: bool,
    running: Option<&delivery::Observed>,
) -> Result<Value, Failure> {
    let levels = running.map(|delivery| delivery.levels.clone()).unwrap_or_default();
    let offset = match running {
        Some(_) => levels.offset,
        None => shared.store.offset(tenant, sink).await?,
    };
    let oldest = shared.store.log(tenant, offset, 1, 1).await?.into_iter().next();
    let lag = oldest.map_or(0, |entry| (shared.clock.now() - entry.committed_at).num_seconds().max(0));
    Ok(json!({
        "tenant": tenant,
        "sink": sink,
        "paused": paused,
        "started_at": running.map(|delivery| delivery.started_at),
        "offset": offset,
        "backlog": shared.store.backlog(tenant, offset).await?,
        "lag_seconds": lag,
        "in_flight": levels.in_flight,
        "taken": levels.taken,
        "calls": levels.calls,
        "parked": shared.store.parked_count(tenant, sink).await?,
        "dead_letters": shared.store.dead_letter_count(tenant, sink).await?,
        "open_circuit": levels.open,
        "last_error": levels.last_error,
    }))
}
