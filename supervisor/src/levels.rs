//! Looks at levels that nobody counts as they change: how far sinks are behind, what is parked and dead, what is left of
//! quotas. Read from the sinks' actors, the budgets and the store; written into the gauges of
//! [`tributary_engine::telemetry`]. It never walks connections, and it takes a bounded share of the time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use tracing::warn;
use tributary_engine::delivery::Observed;
use tributary_engine::invariant::Invariant;
use tributary_engine::store::StoreError;
use tributary_engine::telemetry::{fresh, metric};

use crate::app::Shared;
use crate::supervise::ObserveSinks;

/// Between two looks.
const PAUSE: Duration = Duration::from_secs(5);
/// A look that takes long is followed by a pause of so many times its length.
const SHARE: u32 = 50;

/// Looks again and again.
pub async fn keep(shared: Arc<Shared>) {
    loop {
        let began = Instant::now();
        if let Err(error) = look(&shared).await {
            warn!(%error, "the levels for metrics could not be read; the last ones stand");
        }
        shared.clock.sleep(PAUSE.max(began.elapsed() * SHARE)).await;
    }
}

/// One look.
async fn look(shared: &Shared) -> Result<(), StoreError> {
    let now = shared.clock.now();
    fresh::look(now);
    let Ok(sinks) = shared.supervisor.send(ObserveSinks).await else { return Ok(()) };
    let last = shared.store.last_sequence().await?;
    let mut levels = Levels::default();
    for sink in &sinks {
        levels.add(shared, sink, now).await?;
        Invariant::OffsetsAfterAcks.check(sink.levels.offset <= last, "in the levels of a sink");
    }
    levels.show();
    quotas(shared).await;
    Ok(())
}

#[derive(Default)]
struct Levels {
    lag: Vec<([String; 2], f64)>,
    backlog: Vec<([String; 2], f64)>,
    parked: Vec<([String; 2], f64)>,
    dead: Vec<([String; 2], f64)>,
    open: Vec<([String; 2], f64)>,
}

impl Levels {
    async fn add(&mut self, shared: &Shared, sink: &Observed, now: DateTime<Utc>) -> Result<(), StoreError> {
        let (tenant, name, offset) = (&*sink.tenant, &*sink.sink, sink.levels.offset);
        let labels = || [tenant.to_owned(), name.to_owned()];
        let store = &shared.store;
        let backlog = store.backlog(tenant, offset).await?;
        let oldest = store.log(tenant, offset, 1, 1).await?;
        let lag = oldest.first().map_or(0.0, |row| fresh::seconds(now - row.committed_at));
        self.lag.push((labels(), lag));
        self.backlog.push((labels(), level(backlog)));
        self.parked.push((labels(), level(store.parked_count(tenant, name).await?)));
        self.dead.push((labels(), level(store.dead_letter_count(tenant, name).await?)));
        self.open.push((labels(), if sink.levels.open { 1.0 } else { 0.0 }));
        Ok(())
    }

    fn show(self) {
        metric::LOG_LAG.set(self.lag);
        metric::LOG_BACKLOG.set(self.backlog);
        metric::PARKED_COUNT.set(self.parked);
        metric::DEAD_LETTER_COUNT.set(self.dead);
        metric::CIRCUIT_OPEN.set(self.open);
    }
}

async fn quotas(shared: &Shared) {
    let mut rows = Vec::new();
    for (key, runtime) in shared.live.get().runtimes.all() {
        for window in runtime.budget.snapshot().await {
            let tenant = key.tenant.as_deref().unwrap_or_default().to_owned();
            let labels = [key.provider.to_string(), tenant, window.window_seconds.to_string()];
            rows.push((labels, f64::from(window.remaining)));
        }
    }
    metric::BUDGET_REMAINING.set(rows);
}

#[expect(clippy::cast_precision_loss, reason = "a count of rows is far below 2^52")]
const fn level(count: u64) -> f64 {
    count as f64
}
