//! The apps at the providers, ready for work: the operator's, and those that tenants have brought.
//!
//! Made from the configuration. Whose app serves a connection is always asked by tenant and provider: a tenant's own
//! app goes before the operator's. No credential is read here; tokens stay with the engine.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use tributary_config::{AppKey, Config, Operator, ProviderApp};
use tributary_contract::{App, Provider};
use tributary_engine::budget::{Budget, BudgetOptions};
use tributary_engine::clock::Clock;
use tributary_engine::connection::gate::Gates;
use tributary_engine::connection::{LiveApp, Runtime, Slots};
use tributary_engine::fetch::Tokens;
use tributary_engine::store::{Store, StoreError, Writer};
use tributary_engine::vault::Vault;
use tributary_net::{Client, ClientOptions, NetError};

use crate::app::user_agent;

/// How far back history is fetched after a connect when the configuration does not say.
const DEFAULT_HISTORY: Duration = Duration::from_secs(90 * 86_400);
/// Jobs of one provider app at once, of each kind.
const JOBS_AT_ONCE: usize = 64;

/// What all apps have in common.
#[derive(Clone)]
pub struct Ground {
    /// Reads.
    pub store: Arc<dyn Store>,
    /// Writes.
    pub writer: Writer,
    /// Opens and seals credentials.
    pub vault: Arc<Vault>,
    /// The access tokens. One for all apps, so that a connection has one refresh at a time whatever is replaced.
    pub tokens: Arc<Tokens>,
    /// Pause polling and history of tenants.
    pub gates: Arc<Gates>,
    /// Time.
    pub clock: Clock,
}

/// All apps.
#[derive(Default)]
pub struct Runtimes {
    apps: BTreeMap<AppKey, Entry>,
    /// For every tenant and each of its providers the app that serves it.
    tenants: BTreeMap<String, BTreeMap<String, Arc<Runtime>>>,
}

struct Entry {
    settings: ProviderApp,
    runtime: Arc<Runtime>,
}

/// Why an app is not ready.
#[derive(Debug, Error)]
pub enum AppsError {
    /// The HTTP client.
    #[error(transparent)]
    Client(#[from] NetError),
    /// The keys that the provider has handed out for it could not be read.
    #[error(transparent)]
    Keys(#[from] StoreError),
}

impl Runtimes {
    /// The apps of a configuration. Those that run already with the same settings go on; one that is replaced hands its
    /// quota and its places for jobs on.
    ///
    /// # Errors
    /// An HTTP client cannot be built, or the store does not answer.
    pub async fn build(config: &Config, ground: &Ground, before: &Self) -> Result<Self, AppsError> {
        let mut built = Self::default();
        for (key, settings) in config.apps() {
            let Some(provider) = tributary_providers::registry::find(&key.provider) else { continue };
            let running = before.apps.get(&key);
            let runtime = match running {
                Some(same) if same.settings == settings => Arc::clone(&same.runtime),
                _ => {
                    let running = running.map(|entry| &*entry.runtime);
                    Arc::new(runtime(&config.operator, &key, &settings, provider, ground, running).await?)
                }
            };
            built.apps.insert(key, Entry { settings, runtime });
        }
        for tenant in &config.tenants {
            let app = |provider: &String| {
                let app = built.app(Some(&tenant.dev_id), provider).or_else(|| built.app(None, provider))?;
                Some((provider.clone(), Arc::clone(app)))
            };
            let apps = tenant.providers.iter().filter_map(app).collect();
            built.tenants.insert(tenant.dev_id.clone(), apps);
        }
        Ok(built)
    }

    /// The app through which a tenant's users reach a provider; `None` when the tenant is not configured, or does not
    /// list the provider.
    pub fn of(&self, tenant: &str, provider: &str) -> Option<&Arc<Runtime>> {
        self.tenants.get(tenant)?.get(provider)
    }

    /// An app by its owner, `None` for the operator.
    pub fn app(&self, owner: Option<&str>, provider: &str) -> Option<&Arc<Runtime>> {
        let key = AppKey { tenant: owner.map(str::to_owned), provider: provider.to_owned() };
        self.apps.get(&key).map(|entry| &entry.runtime)
    }

    /// Whether the connections of a tenant belong to the app of that owner.
    pub fn holds(&self, owner: Option<&str>, tenant: &str, provider: &str) -> bool {
        match owner {
            Some(owner) => owner == tenant,
            None => self.app(Some(tenant), provider).is_none(),
        }
    }

    /// One app of one tenant, for tests.
    #[cfg(test)]
    pub(crate) fn of_one(tenant: &str, provider: &str, runtime: Arc<Runtime>) -> Self {
        let apps = BTreeMap::from([(provider.to_owned(), runtime)]);
        Self { apps: BTreeMap::new(), tenants: BTreeMap::from([(tenant.to_owned(), apps)]) }
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = (&AppKey, &Arc<Runtime>)> {
        self.apps.iter().map(|(key, entry)| (key, &entry.runtime))
    }
}

async fn runtime(
    operator: &Operator,
    key: &AppKey,
    app: &ProviderApp,
    provider: &'static dyn Provider,
    ground: &Ground,
    running: Option<&Runtime>,
) -> Result<Runtime, AppsError> {
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
    let budget = || {
        let (app_quotas, user_quotas) = (app.app_quotas.clone(), app.user_quotas.clone());
        let options = BudgetOptions::from_spec(spec, app_quotas, user_quotas, ground.clock.clone());
        let options = match &key.tenant {
            Some(tenant) => options.of_tenant(tenant),
            None => options,
        };
        // What was spent before a restart is spent.
        Budget::start(options.kept_in(Arc::clone(&ground.store), ground.writer.clone()))
    };
    let (owner, notify_url) = match &key.tenant {
        Some(tenant) => (format!("{tenant}/{}", spec.key), format!("{base}/notify/{}/{tenant}", spec.key)),
        None => (spec.key.to_owned(), format!("{base}/notify/{}", spec.key)),
    };
    let app_now = App {
        client_id: app.client_id.clone(),
        client_secret: app.client_secret.clone(),
        verify_token: app.verify_token.clone(),
        // The state that comes back names the tenant, so that one address serves all apps.
        callback_url: format!("{base}/auth/{}/callback", spec.key),
        notify_url,
        keys: BTreeMap::new(),
    };
    let history = chrono::Duration::from_std(app.history.unwrap_or(DEFAULT_HISTORY));
    Ok(Runtime {
        provider,
        app: LiveApp::load(owner, app_now, ground.store.as_ref(), &ground.vault).await?,
        origin: app.origin.as_ref().map(|origin| origin.as_str().trim_end_matches('/').to_owned()),
        history: history.unwrap_or(chrono::Duration::days(36_500)),
        client,
        budget: running.map_or_else(budget, |running| running.budget.clone()),
        tokens: Arc::clone(&ground.tokens),
        vault: Arc::clone(&ground.vault),
        store: Arc::clone(&ground.store),
        writer: ground.writer.clone(),
        clock: ground.clock.clone(),
        slots: running.map_or_else(|| Slots::new(JOBS_AT_ONCE), |running| running.slots.clone()),
        gates: Arc::clone(&ground.gates),
        asking: tokio::sync::Mutex::new(()),
    })
}

#[cfg(test)]
mod tests {
    use tributary_config::Tenant;
    use tributary_engine::store::WriterOptions;
    use tributary_engine::store::sqlite::SqliteStore;
    use tributary_engine::vault::VaultKey;

    use super::*;

    async fn ground(folder: &std::path::Path) -> Ground {
        let store = SqliteStore::open(&format!("sqlite://{}/db", folder.display())).await.unwrap();
        let store: Arc<dyn Store> = Arc::new(store);
        let clock = Clock::real();
        // Nothing is written here, so nobody has to do it.
        let (writer, _task) = Writer::start(Arc::clone(&store), clock.clone(), WriterOptions::default());
        let key = VaultKey::parse("the key", &"00".repeat(32)).unwrap();
        let vault = Arc::new(Vault::new(vec![key]).unwrap());
        let tokens = Tokens::new(Arc::clone(&store), writer.clone(), Arc::clone(&vault), clock.clone());
        Ground { store, writer, vault, tokens: Arc::new(tokens), gates: Arc::default(), clock }
    }

    fn app(id: &str) -> ProviderApp {
        ProviderApp { client_id: id.to_owned(), ..ProviderApp::default() }
    }

    fn tenant(dev_id: &str, own: &[(&str, &str)]) -> Arc<Tenant> {
        Arc::new(Tenant {
            dev_id: dev_id.to_owned(),
            api_keys: Vec::new(),
            providers: vec!["oura".to_owned(), "strava".to_owned()],
            apps: own.iter().map(|(key, id)| ((*key).to_owned(), app(id))).collect(),
            sinks: BTreeMap::new(),
            backlog_limit: None,
            file: "tenant.yaml".into(),
        })
    }

    #[test]
    fn an_app_of_a_tenants_own_goes_before_the_operators_and_is_nobody_elses() {
        actix_rt::System::new().block_on(async {
            let folder = tempfile::tempdir().unwrap();
            let ground = ground(folder.path()).await;
            let provider_apps = [("oura", "1"), ("strava", "2")].map(|(key, id)| (key.to_owned(), app(id)));
            let operator = Operator { provider_apps: provider_apps.into(), ..Operator::default() };
            let tenants = vec![tenant("acme", &[("strava", "3")]), tenant("borg", &[])];
            let mut config = Config { operator, tenants, warnings: Vec::new() };
            let first = Runtimes::build(&config, &ground, &Runtimes::default()).await.unwrap();
            let id = |runtimes: &Runtimes, tenant: &str, provider: &str| {
                runtimes.of(tenant, provider).map(|runtime| runtime.app.current().client_id.clone())
            };
            assert_eq!(id(&first, "acme", "strava").as_deref(), Some("3"));
            assert_eq!(id(&first, "acme", "oura").as_deref(), Some("1"));
            assert_eq!(id(&first, "borg", "strava").as_deref(), Some("2"));
            assert_eq!((id(&first, "nobody", "strava"), id(&first, "acme", "upload")), (None, None));
            assert!(first.app(Some("acme"), "oura").is_none() && first.app(None, "oura").is_some());
            assert!(
                first.holds(Some("acme"), "acme", "strava") && !first.holds(Some("acme"), "borg", "strava")
            );
            assert!(!first.holds(None, "acme", "strava") && first.holds(None, "borg", "strava"));
            let own = first.app(Some("acme"), "strava").unwrap().app.current();
            assert_eq!(own.notify_url, "http://127.0.0.1/notify/strava/acme");
            assert_eq!(own.callback_url, "http://127.0.0.1/auth/strava/callback");

            // Only what has changed is made anew, and it goes on with its quota.
            config.tenants[0] = tenant("acme", &[("strava", "4")]);
            let second = Runtimes::build(&config, &ground, &first).await.unwrap();
            let same = |tenant: &str, provider: &str| {
                Arc::ptr_eq(first.of(tenant, provider).unwrap(), second.of(tenant, provider).unwrap())
            };
            assert!(same("borg", "strava") && same("acme", "oura") && !same("acme", "strava"));
            assert_eq!(id(&second, "acme", "strava").as_deref(), Some("4"));

            // A provider that a tenant does not list any more is not reached through somebody else's app instead.
            let mut without = Tenant::clone(&tenant("acme", &[]));
            without.providers = vec!["oura".to_owned()];
            config.tenants[0] = Arc::new(without);
            let third = Runtimes::build(&config, &ground, &second).await.unwrap();
            assert_eq!(
                (id(&third, "acme", "strava"), id(&third, "acme", "oura").as_deref()),
                (None, Some("1"))
            );
        });
    }
}
