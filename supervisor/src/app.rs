//! Builds the daemon from its configuration, in the order of dependence, and takes it down again.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix::prelude::*;
use thiserror::Error;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tracing::{info, warn};
use tributary_config::{Config, ConfigErrors, Operator};
use tributary_contract::Spec;
use tributary_engine::clock::Clock;
use tributary_engine::fetch::Tokens;
use tributary_engine::store::sqlite::SqliteStore;
use tributary_engine::store::writer::WriterTask;
use tributary_engine::store::{Store, StoreError, Writer, WriterOptions};
use tributary_engine::vault::{KeyError, Vault, VaultError, VaultKey};
use tributary_net::NetError;

use crate::current::{Current, Live};
use crate::front;
use crate::reload::{Reloader, Reloads, Source};
use crate::runtimes::{AppsError, Ground, Runtimes};
use crate::sinks;
use crate::subscriptions::{self, Subscriptions, locked};
use crate::supervise::{AddDelivery, Begin, Stop, Supervisor};

/// How long a stop waits for running jobs and deliveries.
const DRAIN: Duration = Duration::from_secs(25);

/// Why the daemon does not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The vault.
    #[error("the vault cannot be used: {0}; check `vault.keys`")]
    Vault(#[from] VaultError),
    /// A vault key.
    #[error("a vault key cannot be used: {0}")]
    VaultKey(#[from] KeyError),
    /// The HTTP client.
    #[error("the HTTP client cannot be built: {0}")]
    Client(#[from] NetError),
    /// A sink's settings.
    #[error(transparent)]
    Config(#[from] ConfigErrors),
    /// A listener.
    #[error("cannot listen on {address}: {reason}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        reason: String,
    },
    /// A part ended while it was being started.
    #[error("{0} ended while the daemon started")]
    Ended(&'static str),
}

impl From<AppsError> for StartError {
    fn from(error: AppsError) -> Self {
        match error {
            AppsError::Client(error) => Self::Client(error),
            AppsError::Keys(error) => Self::Store(error),
        }
    }
}

/// What the HTTP front and the commands share.
pub struct Shared {
    /// What is configured now.
    pub live: Live,
    /// What the apps at the providers have in common.
    pub ground: Ground,
    /// How changes of the configuration went, and where they are asked for.
    pub reloads: Reloads,
    /// Reads.
    pub store: Arc<dyn Store>,
    /// Writes.
    pub writer: Writer,
    /// Time.
    pub clock: Clock,
    /// Owner of the actors.
    pub supervisor: Addr<Supervisor>,
    /// Secret of this run, for nothing but the tests of liveness.
    pub started_at: chrono::DateTime<chrono::Utc>,
    /// Counters of the front.
    pub counters: front::Counters,
    /// Held by whoever removes from the log, and by whoever sets a sink back in it: else what is wanted again could be
    /// removed at the same moment.
    pub log_floor: tokio::sync::Mutex<()>,
    /// The last change of vault keys.
    pub rotation: front::vault::Rotation,
    /// How far tenants' sinks lag behind.
    pub backlog: crate::backlog::Board,
}

/// A running daemon.
pub struct Running {
    /// Where tenants and providers reach it.
    pub public: SocketAddr,
    /// Where operators reach it.
    pub admin: SocketAddr,
    /// What its parts share.
    pub shared: Arc<Shared>,
    servers: Vec<actix_web::dev::ServerHandle>,
    background: Vec<JoinHandle<()>>,
    subscriptions: Arc<Mutex<Subscriptions>>,
    writer: WriterThread,
}

/// The store writer's own thread: commits wait for the disk, and nothing else waits for them there.
struct WriterThread {
    arbiter: Arbiter,
    ended: oneshot::Receiver<()>,
}

impl WriterThread {
    fn start(task: WriterTask) -> Self {
        let arbiter = Arbiter::new();
        let (tell, ended) = oneshot::channel();
        let spawned = arbiter.spawn(async move {
            task.run().await;
            if tell.send(()).is_err() {
                warn!("the store writer ended without being asked");
            }
        });
        if !spawned {
            tracing::error!("the store writer's thread ended at once");
        }
        Self { arbiter, ended }
    }

    /// Commits what waits, then ends.
    async fn stop(self, writer: &Writer) {
        writer.stop();
        if self.ended.await.is_err() {
            warn!("the store writer had ended before");
        }
        self.arbiter.stop();
    }
}

/// Listeners that are bound already, so that port 0 works.
pub struct Listeners {
    /// For tenants and providers.
    pub public: std::net::TcpListener,
    /// For operators.
    pub admin: std::net::TcpListener,
}

impl Listeners {
    /// Binds the addresses of the configuration.
    pub fn bind(operator: &Operator) -> Result<Self, StartError> {
        let bind = |address: SocketAddr| {
            std::net::TcpListener::bind(address)
                .map_err(|error| StartError::Listen { address, reason: error.to_string() })
        };
        Ok(Self { public: bind(operator.listen)?, admin: bind(operator.admin_listen)? })
    }
}

/// Starts the daemon. Has to be called inside an actix system.
///
/// # Errors
/// Why it does not start; what had been started is ended again, and the listeners are closed.
pub async fn start(config: Config, clock: Clock, listeners: Listeners) -> Result<Running, StartError> {
    for warning in &config.warnings {
        warn!("{warning}");
    }
    // What can be wrong in the configuration is found before anything runs.
    let errors = sinks::check(&config).await;
    if !errors.is_empty() {
        return Err(ConfigErrors { errors }.into());
    }
    let operator = &config.operator;
    let keys = operator.vault_keys.iter().zip(1..);
    let keys = keys.map(|(key, number)| VaultKey::parse(&format!("vault.keys[{number}]"), key.expose()));
    let vault = Arc::new(Vault::new(keys.collect::<Result<Vec<_>, _>>()?)?);
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&operator.store).await?);
    let (writer, task) = Writer::start(Arc::clone(&store), clock.clone(), WriterOptions::default());
    let writer_thread = WriterThread::start(task);
    let assembled = assemble(config, clock, &vault, &store, &writer).await;
    let shared = match assembled {
        Ok(shared) => shared,
        Err(error) => {
            writer_thread.stop(&writer).await;
            return Err(error);
        }
    };
    let (public, admin, servers) = match front::serve(&shared, listeners) {
        Ok(served) => served,
        Err(error) => {
            writer_thread.stop(&writer).await;
            return Err(error);
        }
    };
    let mut running = Running {
        public,
        admin,
        shared,
        servers,
        background: Vec::new(),
        subscriptions: Arc::default(),
        writer: writer_thread,
    };
    match begin(&running.shared).await {
        Ok(connections) => info!(%public, %admin, connections, "tributary is running"),
        Err(error) => {
            running.stop().await;
            return Err(error);
        }
    }
    running.background.push(actix_rt::spawn(crate::retention::keep(Arc::clone(&running.shared))));
    running.background.push(actix_rt::spawn(crate::levels::keep(Arc::clone(&running.shared))));
    running.background.push(actix_rt::spawn(crate::backlog::keep(Arc::clone(&running.shared))));
    Ok(running)
}

/// Everything but the listeners, at rest.
async fn assemble(
    config: Config,
    clock: Clock,
    vault: &Arc<Vault>,
    store: &Arc<dyn Store>,
    writer: &Writer,
) -> Result<Arc<Shared>, StartError> {
    vault.check(store.as_ref(), writer).await?;
    let tokens = Tokens::new(Arc::clone(store), writer.clone(), Arc::clone(vault), clock.clone());
    let ground = Ground {
        store: Arc::clone(store),
        writer: writer.clone(),
        vault: Arc::clone(vault),
        tokens: Arc::new(tokens),
        gates: Arc::default(),
        clock: clock.clone(),
    };
    let runtimes = Arc::new(Runtimes::build(&config, &ground, &Runtimes::default()).await?);
    let supervisor = Supervisor::new(Arc::clone(&runtimes), Arc::clone(store), clock.clone()).start();
    let now = clock.now();
    Ok(Arc::new(Shared {
        started_at: now,
        live: Live::new(Current { config, runtimes, loaded_at: now, needs_restart: Vec::new() }),
        ground,
        reloads: Reloads::default(),
        store: Arc::clone(store),
        writer: writer.clone(),
        clock,
        supervisor,
        counters: front::Counters::default(),
        log_floor: tokio::sync::Mutex::default(),
        rotation: front::vault::Rotation::default(),
        backlog: crate::backlog::Board::default(),
    }))
}

/// Starts the sinks, then the connections. Returns how many of these there are.
async fn begin(shared: &Shared) -> Result<usize, StartError> {
    let current = shared.live.get();
    let ground = sinks::Ground { store: &shared.store, writer: &shared.writer, clock: &shared.clock };
    for tenant in current.tenants() {
        for (name, entry) in &tenant.sinks {
            if entry.paused {
                info!(tenant = tenant.dev_id, sink = name, "sink is paused; its backlog is kept");
                continue;
            }
            let sink = sinks::build(current.operator(), tenant, name, entry).await;
            let sink = sink.map_err(|error| ConfigErrors { errors: vec![error] })?;
            let started =
                shared.supervisor.send(AddDelivery(sinks::parts(tenant, name, entry, sink, &ground)));
            started.await.map_err(|_gone| StartError::Ended("the supervisor"))?;
        }
    }
    shared
        .supervisor
        .send(Begin)
        .await
        .map_err(|_gone| StartError::Ended("the supervisor"))?
        .map_err(Into::into)
}

/// How requests name this program.
pub(crate) fn user_agent() -> String {
    concat!("tributary/", env!("CARGO_PKG_VERSION")).to_owned()
}

/// The Spec of a provider.
pub fn spec_of(key: &str) -> Option<&'static Spec> {
    tributary_providers::registry::find(key).map(tributary_contract::Provider::spec)
}

impl Running {
    /// Makes the app-wide subscriptions of all providers what they should be, and keeps them so.
    pub async fn subscribe(&mut self) {
        for (key, runtime) in self.shared.live.get().runtimes.all() {
            let pause = subscriptions::once(runtime).await;
            // The configuration may have changed in the meantime.
            let current = self.shared.live.get();
            let used = current.runtimes.app(key.tenant.as_deref(), &key.provider);
            if used.is_some_and(|used| Arc::ptr_eq(used, runtime)) {
                locked(&self.subscriptions).begin(key, runtime, pause);
            }
        }
    }

    /// Follows changes of the configuration that it was started from: when it is asked to, and with `watch` also when
    /// one of the files has changed.
    pub fn follow(&mut self, source: Source, watch: bool) {
        let reloader = Reloader::new(Arc::clone(&self.shared), source, Arc::clone(&self.subscriptions));
        self.background.push(actix_rt::spawn(reloader.run(watch)));
    }

    /// Takes it down: no new work, running jobs and deliveries end, everything is stored.
    pub async fn stop(self) {
        for task in &self.background {
            task.abort();
        }
        locked(&self.subscriptions).end();
        for server in &self.servers {
            server.stop(true).await;
        }
        let current = self.shared.live.get();
        for (_, runtime) in current.runtimes.all() {
            // A job that waits for a quota would outlast any stop; what it has fetched is stored.
            runtime.budget.close().await;
        }
        let drained = self.shared.supervisor.send(Stop { within: DRAIN }).await;
        match drained {
            Ok(true) => info!("everything has ended well"),
            Ok(false) => warn!("some work was cut off; it will be done again at the next start"),
            Err(error) => warn!(%error, "the supervisor had ended before"),
        }
        // A refresh that has its answer must get it into the store.
        self.shared.ground.tokens.settled().await;
        self.writer.stop(&self.shared.writer).await;
    }
}
