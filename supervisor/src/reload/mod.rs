//! Follows changes of the configuration: reads it off to the side, and applies the difference.
//!
//! Asked by a change of a file, by SIGHUP or by `POST /admin/reload`. Everything that can be wrong is found before
//! anything is touched; what is wrong leaves the running configuration as it is, and is said in the words of
//! `tributary check`.
//!
//! Files are looked at once a second (`watch`), and read once they have stopped changing.

mod watch;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};
use thiserror::Error;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, oneshot};
use tracing::{error, info, warn};
use tributary_config::{
    Change, Config, ConfigErrors, Fingerprint, Loaded, Step, diff, keep_until_restart, load_watched,
};
use tributary_engine::delivery::Parts;
use tributary_engine::store::StoreError;
use tributary_engine::telemetry::metric;

use crate::app::Shared;
use crate::current::Current;
use crate::runtimes::{AppsError, Runtimes};
use crate::sinks;
use crate::subscriptions::{Subscriptions, locked};
use crate::supervise::{AddDelivery, Configure, RemoveDelivery};
use watch::Watched;

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(1);
/// Wishes that may wait.
const WISHES: usize = 16;

/// Answers for variables.
pub type Environment = dyn Fn(&str) -> Option<String> + Send + Sync;

/// Where the configuration comes from.
#[derive(Clone)]
pub struct Source {
    /// The operator's file.
    pub path: PathBuf,
    /// Answers for variables.
    pub environment: Arc<Environment>,
}

impl Source {
    /// A file with the variables of this process.
    pub fn of_process(path: PathBuf) -> Self {
        Self { path, environment: Arc::new(|name| std::env::var(name).ok()) }
    }

    /// Reads it, away from the threads that serve.
    async fn load(&self) -> Option<Loaded> {
        let source = self.clone();
        let load = tokio::task::spawn_blocking(move || load_watched(&source.path, &*source.environment));
        load.await.inspect_err(|error| error!(%error, "reading the configuration ended early")).ok()
    }
}

/// What came of a change.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Applied {
    /// What was changed, one line each.
    pub changes: Vec<String>,
    /// Settings whose change waits for the next start.
    pub needs_restart: Vec<String>,
    /// What works but is probably not meant.
    pub warnings: Vec<String>,
}

/// Why a change was not taken. The running configuration goes on.
#[derive(Debug, Clone, Error)]
pub enum Refusal {
    /// It is wrong.
    #[error(transparent)]
    Config(#[from] ConfigErrors),
    /// An HTTP client cannot be built.
    #[error("an HTTP client cannot be built: {0}; the configuration stays as it was")]
    Client(String),
    /// The keys of the apps at the providers cannot be read.
    #[error("{0}; the configuration stays as it was")]
    Keys(#[from] StoreError),
    /// Nobody listens.
    #[error("this daemon does not follow its configuration, is busy with other changes, or is stopping")]
    Nobody,
}

impl From<AppsError> for Refusal {
    fn from(error: AppsError) -> Self {
        match error {
            AppsError::Client(error) => Self::Client(error.to_string()),
            AppsError::Keys(error) => Self::Keys(error),
        }
    }
}

type Answer = Result<Applied, Refusal>;

/// How changes went, and where they are asked for.
#[derive(Default)]
pub struct Reloads {
    wishes: Mutex<Option<mpsc::Sender<oneshot::Sender<Answer>>>>,
    /// Why the newest change was not taken.
    error: Mutex<Option<String>>,
}

impl Reloads {
    /// Has the configuration read anew, whether a file has changed or not.
    ///
    /// # Errors
    /// Why it is not taken.
    pub async fn ask(&self) -> Answer {
        let wishes = self.wishes.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let (answer, answered) = oneshot::channel();
        let wishes = wishes.ok_or(Refusal::Nobody)?;
        wishes.try_send(answer).map_err(|_full| Refusal::Nobody)?;
        answered.await.map_err(|_gone| Refusal::Nobody)?
    }

    /// For people: since when the configuration is valid, and what is wrong with a newer one.
    pub fn describe(&self, current: &Current) -> Value {
        json!({
            "loaded_at": current.loaded_at,
            "error": *self.error.lock().unwrap_or_else(PoisonError::into_inner),
            "needs_restart": current.needs_restart,
            "reloads": metric::CONFIG_RELOADS.value(),
            "refusals": metric::CONFIG_REFUSALS.value(),
        })
    }

    fn came(&self, error: Option<String>) {
        *self.error.lock().unwrap_or_else(PoisonError::into_inner) = error;
    }
}

/// Reads the configuration anew when there is a reason to.
pub(crate) struct Reloader {
    shared: Arc<Shared>,
    source: Source,
    subscriptions: Arc<Mutex<Subscriptions>>,
    wishes: mpsc::Receiver<oneshot::Sender<Answer>>,
    /// That of the configuration that was looked at last, taken or not.
    seen: Option<Fingerprint>,
}

impl Reloader {
    /// From now on wishes wait for it.
    pub(crate) fn new(shared: Arc<Shared>, source: Source, subscriptions: Arc<Mutex<Subscriptions>>) -> Self {
        let (wish, wishes) = mpsc::channel(WISHES);
        *shared.reloads.wishes.lock().unwrap_or_else(PoisonError::into_inner) = Some(wish);
        Self { shared, source, subscriptions, wishes, seen: None }
    }

    /// Follows changes for ever; with `watch`, those of files and SIGHUP, too.
    pub(crate) async fn run(mut self, watch: bool) {
        let mut watched = Watched::default();
        let mut hang_up = watch.then(|| signal(SignalKind::hangup())).and_then(|signal| {
            signal.inspect_err(|error| warn!(%error, "SIGHUP cannot be listened to")).ok()
        });
        let clock = self.shared.clock.clone();
        loop {
            let asked = async {
                match &mut hang_up {
                    Some(hang_up) => hang_up.recv().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                wish = self.wishes.recv() => {
                    let Some(answer) = wish else { return };
                    let came = match self.source.load().await {
                        Some(loaded) => self.take(loaded).await,
                        None => Err(Refusal::Nobody),
                    };
                    if answer.send(came).is_err() {
                        info!("whoever asked for the configuration to be read anew has gone");
                    }
                }
                Some(()) = asked => {
                    info!("SIGHUP: reading the configuration anew");
                    watched = Watched::default();
                    self.seen = None;
                    self.look(&mut watched).await;
                }
                () = clock.sleep(LOOK), if watch => {
                    if watched.has_changed().await {
                        self.look(&mut watched).await;
                    }
                }
            }
        }
    }

    /// Reads what is there, and takes it if it is not what was seen last.
    async fn look(&mut self, watched: &mut Watched) {
        let Some(loaded) = self.source.load().await else { return };
        let same = self.seen == Some(loaded.fingerprint);
        watched.read(loaded.paths.clone(), same).await;
        if !same {
            // It has said itself what came of it.
            drop(self.take(loaded).await);
        }
    }

    async fn take(&mut self, loaded: Loaded) -> Answer {
        self.seen = Some(loaded.fingerprint);
        let came = match loaded.config {
            Ok(config) => self.apply(config).await,
            Err(errors) => Err(errors.into()),
        };
        match &came {
            Ok(applied) => {
                self.shared.reloads.came(None);
                if !applied.changes.is_empty() {
                    metric::CONFIG_RELOADS.add(1, []);
                }
            }
            Err(refusal) => {
                metric::CONFIG_REFUSALS.add(1, []);
                self.shared.reloads.came(Some(refusal.to_string()));
                error!("the changed configuration is not taken, the running one goes on:\n{refusal}");
            }
        }
        came
    }

    /// Makes the running configuration what is wanted. Everything that can fail comes first.
    async fn apply(&self, wanted: Config) -> Answer {
        let shared = &self.shared;
        let current = shared.live.get();
        let errors = sinks::check(&wanted).await;
        if !errors.is_empty() {
            return Err(ConfigErrors { errors }.into());
        }
        let changes = diff(&current.config, &wanted);
        if changes.is_empty() && current.needs_restart.is_empty() {
            return Ok(Applied::default());
        }
        let wanted = keep_until_restart(&current.config, wanted);
        let starting = self.build(&wanted, &changes).await?;
        let runtimes = Arc::new(Runtimes::build(&wanted, &shared.ground, &current.runtimes).await?);

        let mut applied = Applied { warnings: wanted.warnings.clone(), ..Applied::default() };
        for change in &changes {
            match change {
                Change::NeedsRestart(setting) => {
                    warn!(setting, "this setting has changed and needs a restart");
                    applied.needs_restart.push(setting.clone());
                }
                other => {
                    info!("configuration: {other}");
                    applied.changes.push(other.to_string());
                }
            }
        }
        for warning in &applied.warnings {
            warn!("{warning}");
        }
        shared.live.set(Current {
            config: wanted,
            runtimes: Arc::clone(&runtimes),
            loaded_at: shared.clock.now(),
            needs_restart: applied.needs_restart.clone(),
        });
        self.perform(&changes, starting, &current, &runtimes).await;
        Ok(applied)
    }

    /// The sinks that start or are replaced, built.
    async fn build(&self, wanted: &Config, changes: &[Change]) -> Result<Vec<Parts>, ConfigErrors> {
        let shared = &self.shared;
        let ground = sinks::Ground { store: &shared.store, writer: &shared.writer, clock: &shared.clock };
        let mut starting = Vec::new();
        for change in changes {
            let Change::Sink { tenant, sink: name, step: Step::Start | Step::Replace } = change else {
                continue;
            };
            let tenant = wanted.tenants.iter().find(|other| other.dev_id == *tenant);
            let found = tenant.and_then(|tenant| Some((tenant, tenant.sinks.get(name)?)));
            let Some((tenant, entry)) = found else { continue };
            let sink = sinks::build(&wanted.operator, tenant, name, entry).await;
            let sink = sink.map_err(|error| ConfigErrors { errors: vec![error] })?;
            starting.push(sinks::parts(tenant, name, entry, sink, &ground));
        }
        Ok(starting)
    }

    async fn perform(
        &self,
        changes: &[Change],
        starting: Vec<Parts>,
        before: &Current,
        runtimes: &Arc<Runtimes>,
    ) {
        let supervisor = &self.shared.supervisor;
        for change in changes {
            match change {
                Change::Sink { tenant, sink, step: Step::Stop } => {
                    let (tenant, sink) = (Arc::from(tenant.as_str()), Arc::from(sink.as_str()));
                    heard(supervisor.send(RemoveDelivery { tenant, sink }).await);
                }
                Change::App { app, step: Step::Stop } => {
                    // Work that waits for its quota would go on waiting.
                    if let Some(runtime) = before.runtimes.app(app.tenant.as_deref(), &app.provider) {
                        runtime.budget.close().await;
                    }
                }
                _ => {}
            }
        }
        for parts in starting {
            heard(supervisor.send(AddDelivery(parts)).await);
        }
        let apps = |change: &Change| {
            matches!(
                change,
                Change::App { .. } | Change::TenantAdded(_) | Change::TenantRemoved(_) | Change::Providers(_)
            )
        };
        if changes.iter().any(apps) {
            if let Some(Ok(started)) = heard(supervisor.send(Configure(Arc::clone(runtimes))).await)
                && started > 0
            {
                info!(connections = started, "connections begin: they have a provider app again");
            }
            locked(&self.subscriptions).follow(runtimes);
        }
    }
}

/// The supervisor ends only with the daemon.
fn heard<T>(sent: Result<T, actix::MailboxError>) -> Option<T> {
    sent.inspect_err(|error| warn!(%error, "the supervisor did not hear of a change")).ok()
}
