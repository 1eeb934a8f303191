//! Keeps a budget's ledger in the store, as one small named value.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tracing::{error, warn};

use super::ledger::Saved;
use crate::clock::Clock;
use crate::store::{Change, Changeset, Store, Writer};

/// Pause after the store failed.
const PAUSE: Duration = Duration::from_secs(1);

/// Where the ledger of one provider app lies.
#[derive(Clone)]
pub(super) struct Keep {
    name: String,
    store: Arc<dyn Store>,
    writer: Writer,
}

impl fmt::Debug for Keep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keep").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Keep {
    pub(super) fn new(provider: &str, store: Arc<dyn Store>, writer: Writer) -> Self {
        Self { name: format!("budget.{provider}"), store, writer }
    }

    /// What was saved last. Waits for the store for as long as it takes, since nothing may be sent without it.
    pub(super) async fn load(&self, clock: &Clock) -> Option<Saved> {
        loop {
            match self.store.meta(&self.name).await {
                Ok(value) => return self.read(&value?),
                Err(error) => {
                    warn!(%error, name = self.name, "the quota's ledger cannot be read, trying again");
                    clock.sleep(PAUSE).await;
                }
            }
        }
    }

    /// Whether it is durable now. A failure is answered after a pause, so that asking again at once does no harm.
    pub(super) async fn save(&self, saved: &Saved, clock: &Clock) -> bool {
        let failure = match serde_json::to_vec(saved) {
            Ok(value) => {
                let change = Change::Meta { name: self.name.clone(), value };
                match self.writer.commit(Changeset::unfenced(vec![change])).await {
                    Ok(_committed) => return true,
                    Err(error) => error.to_string(),
                }
            }
            Err(error) => error.to_string(),
        };
        warn!(error = failure, name = self.name, "the quota's ledger cannot be stored, trying again");
        clock.sleep(PAUSE).await;
        false
    }

    fn read(&self, value: &[u8]) -> Option<Saved> {
        serde_json::from_slice(value)
            .inspect_err(
                |error| error!(%error, name = self.name, "the quota's ledger is damaged and begins anew"),
            )
            .ok()
    }
}
