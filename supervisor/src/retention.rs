//! Removes what the configuration no longer wants kept, once an hour. It never removes what a sink has not settled.

use std::sync::Arc;
use std::time::Duration;

use tracing::{info, warn};
use tributary_engine::store::writer::WriteError;
use tributary_engine::store::{Change, Changeset, Retention};

use crate::app::Shared;

/// How often it looks.
const EVERY: Duration = Duration::from_secs(3_600);
/// Rows of each kind that go in one transaction.
const PART: u32 = 2_000;
/// Pause between two parts, so that commits are not held up.
const BREATH: Duration = Duration::from_millis(50);

/// Removes for ever.
pub async fn keep(shared: Arc<Shared>) {
    loop {
        shared.clock.sleep(EVERY).await;
        match once(&shared).await {
            Ok(0) => {}
            Ok(removed) => info!(removed, "old rows were removed"),
            Err(error) => warn!(%error, "old rows were not removed, trying again in an hour"),
        }
    }
}

/// Removes everything that is old now. Returns how many rows went.
pub async fn once(shared: &Shared) -> Result<u64, WriteError> {
    let mut total = 0;
    loop {
        let removed = part(shared).await?;
        total += removed;
        if removed == 0 {
            return Ok(total);
        }
        shared.clock.sleep(BREATH).await;
    }
}

/// Removes one part. What the sinks have settled is looked at each time: one may have been rewound meanwhile.
async fn part(shared: &Shared) -> Result<u64, WriteError> {
    let _place = shared.log_floor.lock().await;
    let now = shared.clock.now();
    let current = shared.live.get();
    let retention = &current.operator().retention;
    let before = |length| now - chrono::Duration::from_std(length).unwrap_or(chrono::Duration::days(36_500));
    let mut settled = shared.store.last_sequence().await?;
    // Paused sinks count, too: their backlog is kept. A sink that is not configured any more does not: nothing waits for
    // it for ever, and when it comes back it goes on at its offset with what is still there.
    for tenant in current.tenants() {
        for sink in tenant.sinks.keys() {
            settled = settled.min(shared.store.offset(&tenant.dev_id, sink).await?);
        }
    }
    let wish = Retention {
        log_before: before(retention.log),
        settled,
        dead_letters_before: before(retention.dead_letters),
        limit: PART,
    };
    let changes = Changeset::unfenced(vec![Change::Retain(wish)]);
    Ok(shared.writer.commit(changes).await?.removed)
}
