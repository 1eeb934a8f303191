//! Looks every few seconds at how far each tenant's slowest sink lags behind the log, and pauses the tenant's polling
//! and history while that is over its limit. Never touches notifications: they wait in the inbox, and what they lead to
//! is small.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Serialize;
use tracing::{info, warn};
use tributary_engine::connection::gate::Judge;
use tributary_engine::store::StoreError;
use tributary_engine::telemetry::metric;

use crate::app::Shared;

/// How often it looks.
const EVERY: Duration = Duration::from_secs(2);

/// A tenant's backlog as it was last seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Level {
    /// Log entries behind the slowest sink that is not paused.
    pub backlog: u64,
    /// How many there may be.
    pub limit: u64,
    /// Whether polling and history are paused for it.
    pub paused: bool,
    /// Since when it is as it is.
    pub since: DateTime<Utc>,
}

/// The backlogs of all tenants.
#[derive(Debug, Default)]
pub struct Board(Mutex<BTreeMap<String, Level>>);

impl Board {
    /// By tenant.
    pub fn levels(&self) -> BTreeMap<String, Level> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, tenant: &str, level: Level) {
        let mut levels = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        levels.insert(tenant.to_owned(), level);
    }
}

/// Looks for ever.
pub async fn keep(shared: Arc<Shared>) {
    let mut judges = BTreeMap::new();
    loop {
        if let Err(error) = once(&shared, &mut judges).await {
            warn!(%error, "the backlogs could not be looked at, trying again");
        }
        shared.clock.sleep(EVERY).await;
    }
}

async fn once(
    shared: &Shared,
    judges: &mut BTreeMap<String, (Judge, DateTime<Utc>)>,
) -> Result<(), StoreError> {
    let current = shared.live.get();
    for tenant in current.tenants() {
        let dev_id = tenant.dev_id.as_str();
        let mut backlog = 0;
        // The backlog of a paused sink is kept on purpose and grows until retention.
        for (name, _) in tenant.sinks.iter().filter(|(_, entry)| !entry.paused) {
            let offset = shared.store.offset(dev_id, name).await?;
            backlog = backlog.max(shared.store.backlog(dev_id, offset).await?);
        }
        let now = shared.clock.now();
        let limit = tenant.backlog_limit.unwrap_or(current.operator().limits.backlog);
        let (judge, since) = judges.entry(dev_id.to_owned()).or_insert((Judge::new(limit), now));
        judge.set_limit(limit);
        if let Some(paused) = judge.on(backlog) {
            *since = now;
            shared.ground.gates.of(dev_id).set_closed(paused);
            if paused {
                metric::BACKLOG_PAUSES.add(1, [dev_id]);
                warn!(
                    tenant = dev_id,
                    backlog,
                    limit,
                    "the tenant's backlog is over its limit; its polling and history are paused"
                );
            } else {
                info!(
                    tenant = dev_id,
                    backlog, limit, "the tenant's backlog is small again; its polling and history go on"
                );
            }
        }
        let level = Level { backlog, limit, paused: judge.is_closed(), since: *since };
        shared.backlog.set(dev_id, level);
    }
    Ok(())
}
