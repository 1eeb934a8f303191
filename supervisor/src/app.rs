//! Builds the daemon from its configuration, in the order of dependence, and takes it down again.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use actix::prelude::*;
use thiserror::Error;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tracing::{info, warn};
use tributary_config::{Config, Operator, Tenant};
use tributary_contract::sink::SinkError;
use tributary_contract::{App as ProviderApp, Spec};
use tributary_engine::budget::{Budget, BudgetOptions};
use tributary_engine::clock::Clock;
use tributary_engine::connection::{Runtime, Slots};
use tributary_engine::delivery::{Filter, Ladder, Parts};
use tributary_engine::fetch::Tokens;
use tributary_engine::store::sqlite::SqliteStore;
use tributary_engine::store::writer::WriterTask;
use tributary_engine::store::{Store, StoreError, Writer, WriterOptions};
use tributary_engine::vault::{KeyError, Vault, VaultError, VaultKey};
use tributary_net::{Client, ClientOptions, NetError};

use crate::front;
use crate::supervise::{Begin, Stop, Supervisor};

/// How far back history is fetched after a connect when the configuration does not say.
const DEFAULT_HISTORY: Duration = Duration::from_secs(90 * 86_400);
/// Jobs of one provider app at once, of each kind.
const JOBS_AT_ONCE: usize = 64;
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
    #[error("{file}: sink {sink:?} of tenant {tenant:?}: {error}")]
    Sink {
        /// The tenant's file.
        file: PathBuf,
        /// The tenant.
        tenant: String,
        /// The sink.
        sink: String,
        /// What is wrong.
        error: Box<SinkError>,
    },
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

/// What the HTTP front and the commands share.
pub struct Shared {
    /// The operator's part of the configuration.
    pub operator: Operator,
    /// The tenants.
    pub tenants: Vec<Tenant>,
    /// One runtime per provider, by its key.
    pub runtimes: BTreeMap<&'static str, Arc<Runtime>>,
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
pub async fn start(config: Config, clock: Clock, listeners: Listeners) -> Result<Running, StartError> {
    let Config { operator, tenants, warnings } = config;
    for warning in warnings {
        warn!("{warning}");
    }
    let keys = operator.vault_keys.iter().zip(1..);
    let keys = keys.map(|(key, number)| VaultKey::parse(&format!("vault.keys[{number}]"), key.expose()));
    let keys = keys.collect::<Result<Vec<_>, _>>()?;
    let vault = Arc::new(Vault::new(keys)?);
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&operator.store).await?);
    let (writer, task) = Writer::start(Arc::clone(&store), clock.clone(), WriterOptions::default());
    let writer_thread = WriterThread::start(task);
    vault.check(store.as_ref(), &writer).await?;

    let runtimes = runtimes(&operator, &store, &writer, &vault, &clock)?;
    let supervisor = Supervisor::new(runtimes.clone(), Arc::clone(&store), clock.clone()).start();
    let shared = Arc::new(Shared {
        started_at: clock.now(),
        operator,
        tenants,
        runtimes,
        store,
        writer,
        clock,
        supervisor,
        counters: front::Counters::default(),
    });
    let (public, admin, servers) = front::serve(&shared, listeners)?;
    deliveries(&shared).await?;
    let connections =
        shared.supervisor.send(Begin).await.map_err(|_gone| StartError::Ended("the supervisor"))??;
    info!(%public, %admin, connections, "tributary is running");
    let background = vec![actix_rt::spawn(crate::retention::keep(Arc::clone(&shared)))];
    Ok(Running { public, admin, shared, servers, background, writer: writer_thread })
}

fn runtimes(
    operator: &Operator,
    store: &Arc<dyn Store>,
    writer: &Writer,
    vault: &Arc<Vault>,
    clock: &Clock,
) -> Result<BTreeMap<&'static str, Arc<Runtime>>, StartError> {
    let mut runtimes = BTreeMap::new();
    for (key, app) in &operator.provider_apps {
        let Some(provider) = tributary_providers::registry::find(key) else { continue };
        let spec = provider.spec();
        let base = operator.public_url.as_str().trim_end_matches('/');
        // An origin of the operator's choice may be inside the operator's network; a provider never is.
        let inside = app.origin.is_some();
        let client = Client::new(ClientOptions {
            allow_private_networks: inside,
            allow_http: inside,
            max_body: 32 << 20,
            user_agent: user_agent(),
            ..ClientOptions::default()
        })?;
        let options =
            BudgetOptions::from_spec(spec, app.app_quotas.clone(), app.user_quotas.clone(), clock.clone());
        // What was spent before a restart is spent.
        let budget = Budget::start(options.kept_in(Arc::clone(store), writer.clone()));
        let provider_app = Arc::new(ProviderApp {
            client_id: app.client_id.clone(),
            client_secret: app.client_secret.clone(),
            verify_token: app.verify_token.clone(),
            callback_url: format!("{base}/auth/{}/callback", spec.key),
            notify_url: format!("{base}/notify/{}", spec.key),
        });
        let tokens =
            Arc::new(Tokens::new(Arc::clone(store), writer.clone(), Arc::clone(vault), clock.clone()));
        let history = chrono::Duration::from_std(app.history.unwrap_or(DEFAULT_HISTORY));
        runtimes.insert(
            spec.key,
            Arc::new(Runtime {
                provider,
                app: provider_app,
                origin: app.origin.as_ref().map(|origin| origin.as_str().trim_end_matches('/').to_owned()),
                history: history.unwrap_or(chrono::Duration::days(36_500)),
                client,
                budget,
                tokens,
                vault: Arc::clone(vault),
                store: Arc::clone(store),
                writer: writer.clone(),
                clock: clock.clone(),
                slots: Slots::new(JOBS_AT_ONCE),
            }),
        );
    }
    Ok(runtimes)
}

async fn deliveries(shared: &Arc<Shared>) -> Result<(), StartError> {
    for tenant in &shared.tenants {
        for (name, entry) in &tenant.sinks {
            if entry.paused {
                info!(tenant = tenant.dev_id, sink = name, "sink is paused; its backlog is kept");
                continue;
            }
            let context = sink_context(&shared.operator, tenant);
            let sink = tributary_sinks::registry::build(name, entry.options.clone(), &context).await;
            let sink = sink.map_err(|error| StartError::Sink {
                file: tenant.file.clone(),
                tenant: tenant.dev_id.clone(),
                sink: name.clone(),
                error: Box::new(error),
            })?;
            let parts = Parts {
                tenant: Arc::from(tenant.dev_id.as_str()),
                name: Arc::from(name.as_str()),
                sink: Arc::from(sink),
                filter: entry.events.clone().map_or_else(Filter::all, Filter::only),
                ladder: Ladder::default(),
                store: Arc::clone(&shared.store),
                writer: shared.writer.clone(),
                clock: shared.clock.clone(),
                spec: spec_of,
            };
            shared
                .supervisor
                .try_send(crate::supervise::AddDelivery(parts))
                .map_err(|_full| StartError::Ended("the supervisor"))?;
        }
    }
    Ok(())
}

/// How often subscriptions are looked at.
const SUBSCRIPTIONS: Duration = Duration::from_secs(86_400);
/// How soon they are looked at again after a failure.
const SUBSCRIPTIONS_AGAIN: Duration = Duration::from_secs(300);

/// Looks at the subscriptions of one provider app. Returns when to do it again.
async fn subscribe_once(runtime: &Runtime) -> Duration {
    let provider = runtime.provider.spec().key;
    match tributary_engine::connection::connect::subscribe(runtime).await {
        Ok(renew) => {
            info!(provider, ?renew, "subscriptions are in place");
            let left = renew.and_then(|renew| (renew - runtime.clock.now()).to_std().ok());
            left.map_or(SUBSCRIPTIONS, |left| left.clamp(SUBSCRIPTIONS_AGAIN, SUBSCRIPTIONS))
        }
        Err(error) => {
            warn!(provider, %error, "subscriptions are not in place; polling goes on");
            SUBSCRIPTIONS_AGAIN
        }
    }
}

/// What a sink is built with.
pub fn sink_context(operator: &Operator, tenant: &Tenant) -> tributary_sinks::registry::Context {
    tributary_sinks::registry::Context {
        user_agent: user_agent(),
        dev_id: tenant.dev_id.clone(),
        allowed_networks: operator.allowed_networks.clone(),
        allowed_ports: Vec::new(),
        data_dir: operator.data_dir.clone(),
    }
}

fn user_agent() -> String {
    concat!("tributary/", env!("CARGO_PKG_VERSION")).to_owned()
}

/// The Spec of a provider.
pub fn spec_of(key: &str) -> Option<&'static Spec> {
    tributary_providers::registry::find(key).map(tributary_contract::Provider::spec)
}

impl Running {
    /// Makes the app-wide subscriptions of all providers what they should be, and keeps them so: they are looked at
    /// again every day, earlier where one runs out, and sooner after a failure.
    pub async fn subscribe(&mut self) {
        for runtime in self.shared.runtimes.values() {
            let pause = subscribe_once(runtime).await;
            let runtime = Arc::clone(runtime);
            self.background.push(actix_rt::spawn(async move {
                let mut pause = pause;
                loop {
                    runtime.clock.sleep(pause).await;
                    pause = subscribe_once(&runtime).await;
                }
            }));
        }
    }

    /// Takes it down: no new work, running jobs and deliveries end, everything is stored.
    pub async fn stop(self) {
        for task in &self.background {
            task.abort();
        }
        for server in &self.servers {
            server.stop(true).await;
        }
        for runtime in self.shared.runtimes.values() {
            // A job that waits for a quota would outlast any stop; what it has fetched is stored.
            runtime.budget.close().await;
        }
        let drained = self.shared.supervisor.send(Stop { within: DRAIN }).await;
        match drained {
            Ok(true) => info!("everything has ended well"),
            Ok(false) => warn!("some work was cut off; it will be done again at the next start"),
            Err(error) => warn!(%error, "the supervisor had ended before"),
        }
        for runtime in self.shared.runtimes.values() {
            // A refresh that has its answer must get it into the store.
            runtime.tokens.settled().await;
        }
        self.writer.stop(&self.shared.writer).await;
    }
}
