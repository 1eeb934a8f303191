//! The app-wide subscriptions at the providers: made what they should be, and looked at again every day, earlier where
//! one runs out, and sooner after a failure.
//!
//! One task per provider app. A subscription that is not in place only costs time: polling goes on.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::task::JoinHandle;
use tracing::{info, warn};
use tributary_config::AppKey;
use tributary_engine::connection::Runtime;

use crate::runtimes::Runtimes;

/// How often subscriptions are looked at.
const EVERY: Duration = Duration::from_secs(86_400);
/// How soon they are looked at again after a failure.
const AGAIN: Duration = Duration::from_secs(300);

/// The subscriptions, for a moment.
pub(crate) fn locked(subscriptions: &Mutex<Subscriptions>) -> MutexGuard<'_, Subscriptions> {
    subscriptions.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The tasks that look after the subscriptions.
#[derive(Default)]
pub(crate) struct Subscriptions {
    tasks: BTreeMap<AppKey, (Arc<Runtime>, JoinHandle<()>)>,
}

impl Subscriptions {
    /// Goes on looking after those of an app that were looked at just now, in `pause` for the first time.
    pub(crate) fn begin(&mut self, key: &AppKey, runtime: &Arc<Runtime>, pause: Duration) {
        if !self.tasks.contains_key(key) {
            self.put(key, runtime, Some(pause));
        }
    }

    /// Looks after the apps of another configuration: at once after those that are new in it, not at all after those
    /// that are gone.
    pub(crate) fn follow(&mut self, runtimes: &Runtimes) {
        self.tasks.retain(|key, (known, task)| {
            let stays = runtimes.all().any(|(other, runtime)| other == key && Arc::ptr_eq(runtime, known));
            if !stays {
                task.abort();
            }
            stays
        });
        for (key, runtime) in runtimes.all() {
            if !self.tasks.contains_key(key) {
                self.put(key, runtime, None);
            }
        }
    }

    /// Ends all tasks.
    pub(crate) fn end(&mut self) {
        for (_, (_, task)) in std::mem::take(&mut self.tasks) {
            task.abort();
        }
    }

    fn put(&mut self, key: &AppKey, runtime: &Arc<Runtime>, pause: Option<Duration>) {
        let watched = Arc::clone(runtime);
        let task = actix_rt::spawn(async move {
            let mut pause = match pause {
                Some(pause) => pause,
                None => once(&watched).await,
            };
            loop {
                watched.clock.sleep(pause).await;
                pause = once(&watched).await;
            }
        });
        let older = self.tasks.insert(key.clone(), (Arc::clone(runtime), task));
        if let Some((_, older)) = older {
            older.abort();
        }
    }
}

/// Looks at the subscriptions of one provider app. Returns when to do it again.
pub(crate) async fn once(runtime: &Runtime) -> Duration {
    let provider = runtime.provider.spec().key;
    match tributary_engine::connection::connect::subscribe(runtime).await {
        Ok(renew) => {
            info!(provider, ?renew, "subscriptions are in place");
            let left = renew.and_then(|renew| (renew - runtime.clock.now()).to_std().ok());
            left.map_or(EVERY, |left| left.clamp(AGAIN, EVERY))
        }
        Err(error) => {
            warn!(provider, %error, "subscriptions are not in place; polling goes on");
            AGAIN
        }
    }
}
