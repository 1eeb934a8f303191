//! The operator's file: addresses, the store, the vault, the apps at the providers.
//!
//! [`OperatorFile`] is what is written, [`Operator`] is what comes of it. Defaults are here and nowhere else.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use schemars::JsonSchema;
use serde::Deserialize;
use tributary_contract::Secret;
use tributary_contract::spec::{Quota, Spec};
use tributary_sinks::duration::HumanDuration;
use url::Url;

use crate::text::{BaseUrl, Origin, Positive, QuotaText, StoreUrl, Text};
use crate::words::{AtLeastOne, OneOrMore, Providers, Word};

/// What the operator configured.
#[derive(Debug, Clone)]
pub struct Operator {
    /// Where tenants, users and providers come in.
    pub listen: SocketAddr,
    /// Where operators come in: health, metrics, status.
    pub admin_listen: SocketAddr,
    /// What the first listener is called from outside; OAuth callbacks and notifications use it.
    pub public_url: Url,
    /// The database: `sqlite://` and a path.
    pub store: String,
    /// The keys of the vault: the first seals, all open.
    pub vault_keys: Vec<Secret<String>>,
    /// How log lines look.
    pub log: LogFormat,
    /// Traces and metrics.
    pub telemetry: Telemetry,
    /// Private networks that sinks may reach.
    pub allowed_networks: Vec<IpNet>,
    /// The apps at the providers, by the provider's key.
    pub provider_apps: BTreeMap<String, ProviderApp>,
    /// Where relative paths of sinks begin, and what their paths do not leave.
    pub data_dir: PathBuf,
    /// Directories beside it that sinks may write to.
    pub allowed_directories: Vec<PathBuf>,
    /// How long delivered and refused entries are kept.
    pub retention: Retention,
    /// What each tenant may use, unless its own file says otherwise.
    pub limits: Limits,
}

impl Operator {
    /// Where the public listener is unless a file says otherwise.
    pub const LISTEN: SocketAddr = local(8080);
    /// Where the admin listener is unless a file says otherwise.
    pub const ADMIN_LISTEN: SocketAddr = local(9090);
    /// Which tenants' files are read unless the operator's file says otherwise.
    pub const TENANTS: &str = "tenants/*.yaml";
}

const fn local(port: u16) -> SocketAddr {
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), port)
}

/// For callers that build a configuration in code: both listeners on free local ports, no vault key, no app.
impl Default for Operator {
    fn default() -> Self {
        #[expect(clippy::expect_used, reason = "the text is a constant")]
        let public_url = Url::parse("http://127.0.0.1/").expect("a URL");
        Self {
            listen: local(0),
            admin_listen: local(0),
            public_url,
            store: "sqlite://data/tributary.db".to_owned(),
            vault_keys: Vec::new(),
            log: LogFormat::default(),
            telemetry: Telemetry::default(),
            allowed_networks: Vec::new(),
            provider_apps: BTreeMap::new(),
            data_dir: PathBuf::from("data"),
            allowed_directories: Vec::new(),
            retention: Retention::default(),
            limits: Limits::default(),
        }
    }
}

/// One set of client credentials at a provider.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProviderApp {
    /// The app's id.
    pub client_id: String,
    /// The app's secret.
    pub client_secret: Secret<String>,
    /// What the provider sends back when it checks the address for notifications.
    pub verify_token: Option<Secret<String>>,
    /// Replaces the documented quotas of the app.
    pub app_quotas: Option<Vec<Quota>>,
    /// Replaces the documented quotas of each user.
    pub user_quotas: Option<Vec<Quota>>,
    /// Replaces scheme, host and port of every URL of the provider.
    pub origin: Option<Url>,
    /// How far back history is fetched after a connect.
    pub history: Option<Duration>,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// One JSON object a line.
    #[default]
    Json,
    /// For people.
    Pretty,
}

/// Traces and metrics.
#[derive(Debug, Clone, PartialEq)]
pub struct Telemetry {
    /// Base address of a collector that speaks OTLP over HTTP.
    pub otlp: Option<Url>,
    /// Whether the admin listener serves `/metrics`.
    pub prometheus: bool,
    /// Share of the traces that are recorded, 0 to 1.
    pub sample: f64,
}

impl Default for Telemetry {
    fn default() -> Self {
        Self { otlp: None, prometheus: true, sample: 1.0 }
    }
}

/// How long things are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Entries of the log.
    pub log: Duration,
    /// Entries that a sink refused.
    pub dead_letters: Duration,
}

impl Default for Retention {
    fn default() -> Self {
        const DAY: u64 = 24 * 3600;
        Self { log: Duration::from_secs(7 * DAY), dead_letters: Duration::from_secs(30 * DAY) }
    }
}

/// What a tenant may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Entries of the log that its slowest sink may lag behind before polling and history pause.
    pub backlog: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { backlog: 1_000_000 }
    }
}

/// The operator's file.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OperatorFile {
    /// Where tenants, users and providers come in: address and port.
    pub(crate) listen: Option<Text<SocketAddr>>,
    /// Where operators come in: health, metrics, status. Keep it off the internet.
    pub(crate) admin_listen: Option<Text<SocketAddr>>,
    /// What `listen` is called from outside; OAuth callbacks and notifications use it.
    public_url: Text<BaseUrl>,
    /// The database that holds everything: `sqlite://` and the path of a file.
    store: Option<Text<StoreUrl>>,
    /// What seals tokens in the database.
    vault: VaultFile,
    /// Logs, traces and metrics.
    telemetry: Option<TelemetryFile>,
    /// How long things are kept.
    retention: Option<RetentionFile>,
    /// What each tenant may use, unless its own file says otherwise.
    limits: Option<LimitsFile>,
    /// The apps at the providers, by the provider's key.
    #[serde(default)]
    pub(crate) provider_apps: BTreeMap<Word<Providers>, ProviderAppFile>,
    /// Private networks that sinks may reach; others are refused.
    #[serde(default)]
    allowed_networks: Vec<Text<IpNet>>,
    /// Where relative paths of sinks begin, and what their paths do not leave; itself relative to the working directory.
    data_dir: Option<Text<String>>,
    /// Directories beside `data_dir` that sinks may write to, by absolute paths; others are refused.
    #[serde(default)]
    allowed_directories: Vec<Text<String>>,
    /// The tenants' files: one path or several, relative to this file; `*` in the last part stands for anything.
    pub(crate) tenants: Option<OneOrMore>,
}

/// What seals tokens in the database.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct VaultFile {
    /// Keys of 32 bytes in base64 or hex (`openssl rand -base64 32`): the first seals, all open.
    #[schemars(with = "AtLeastOne<String>")]
    keys: AtLeastOne<Text<Secret<String>>>,
}

/// Logs, traces and metrics.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct TelemetryFile {
    /// How log lines look.
    log: Option<LogFormat>,
    /// Base address of a collector that speaks OTLP over HTTP (`http://localhost:4318`); without one nothing is pushed.
    otlp: Option<Text<BaseUrl>>,
    /// Whether the admin listener serves `/metrics` in Prometheus's text format; true unless said otherwise.
    prometheus: Option<bool>,
    /// Share of the traces that are recorded, 0 to 1; 1 unless said otherwise. A caller's decision is followed.
    sample: Option<Share>,
}

/// A part of one.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(try_from = "f64")]
#[schemars(inline)]
struct Share(#[schemars(range(min = 0.0, max = 1.0))] f64);

impl TryFrom<f64> for Share {
    type Error = &'static str;

    fn try_from(share: f64) -> Result<Self, Self::Error> {
        if (0.0..=1.0).contains(&share) { Ok(Self(share)) } else { Err("expected a number from 0 to 1") }
    }
}

/// How long things are kept.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RetentionFile {
    /// Entries of the log; a sink that is away for longer loses what it has not taken.
    log: Option<Text<Positive>>,
    /// Entries that a sink refused.
    dead_letters: Option<Text<Positive>>,
}

/// What a tenant may use.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LimitsFile {
    /// Entries of the log that the slowest sink may lag behind; over it, polling and history pause, and notifications
    /// wait in the inbox. 1000000 unless said otherwise.
    pub(crate) backlog: Option<u64>,
}

/// One set of client credentials at a provider.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProviderAppFile {
    /// The app's id.
    client_id: Text<String>,
    /// The app's secret.
    #[schemars(with = "String")]
    client_secret: Text<Secret<String>>,
    /// What the provider sends back when it checks the address for notifications.
    #[schemars(with = "Option<String>")]
    verify_token: Option<Text<Secret<String>>>,
    /// Quotas that the provider has raised for this app.
    quota: Option<QuotaFile>,
    /// Replaces scheme, host and port of every URL of the provider, for a proxy or a simulation.
    origin: Option<Text<Origin>>,
    /// How far back history is fetched after a connect, as far as the provider goes.
    history: Option<Text<HumanDuration>>,
}

/// Quotas that the provider has raised.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct QuotaFile {
    /// What all connections share; replaces all documented ones.
    app: Option<AtLeastOne<Text<QuotaText>>>,
    /// What each connection has for itself; replaces all documented ones.
    user: Option<AtLeastOne<Text<QuotaText>>>,
}

impl OperatorFile {
    /// What comes of it.
    pub(crate) fn into_operator(self) -> Operator {
        let defaults = Operator::default();
        let retention = self.retention.unwrap_or_default();
        let telemetry = self.telemetry.unwrap_or_default();
        let apps = self.provider_apps.into_iter().filter_map(|(key, app)| {
            let provider = tributary_providers::registry::find(key.text)?;
            Some((key.text.to_owned(), app.into_app(provider.spec())))
        });
        Operator {
            listen: self.listen.map_or(Operator::LISTEN, |Text(listen)| listen),
            admin_listen: self.admin_listen.map_or(Operator::ADMIN_LISTEN, |Text(listen)| listen),
            public_url: self.public_url.0.0,
            store: self.store.map_or(defaults.store, |Text(store)| store.0),
            vault_keys: self.vault.keys.0.into_iter().map(|Text(key)| key).collect(),
            log: telemetry.log.unwrap_or(defaults.log),
            telemetry: Telemetry {
                otlp: telemetry.otlp.map(|Text(url)| url.0),
                prometheus: telemetry.prometheus.unwrap_or(defaults.telemetry.prometheus),
                sample: telemetry.sample.map_or(defaults.telemetry.sample, |Share(share)| share),
            },
            allowed_networks: self.allowed_networks.into_iter().map(|Text(network)| network).collect(),
            provider_apps: apps.collect(),
            limits: Limits {
                backlog: self.limits.and_then(|limits| limits.backlog).unwrap_or(defaults.limits.backlog),
            },
            data_dir: self.data_dir.map_or(defaults.data_dir, |Text(path)| path.into()),
            allowed_directories: self.allowed_directories.into_iter().map(|Text(path)| path.into()).collect(),
            retention: Retention {
                log: retention.log.map_or(defaults.retention.log, |Text(length)| length.0),
                dead_letters: retention
                    .dead_letters
                    .map_or(defaults.retention.dead_letters, |Text(length)| length.0),
            },
        }
    }

    /// The keys of the vault.
    pub(crate) fn vault_keys(&self) -> impl Iterator<Item = &Secret<String>> {
        self.vault.keys.0.iter().map(|Text(key)| key)
    }

    /// What `listen` is called from outside.
    pub(crate) const fn public_url(&self) -> &Url {
        &self.public_url.0.0
    }
}

impl QuotaFile {
    /// The quotas of the app and of each user; `None` where the documented ones hold.
    pub(crate) fn quotas(&self, spec: &Spec) -> (Option<Vec<Quota>>, Option<Vec<Quota>>) {
        let quotas = |list: &Option<AtLeastOne<Text<QuotaText>>>| {
            let list = list.as_ref()?;
            Some(list.0.iter().map(|Text(quota)| quota.quota(spec)).collect())
        };
        (quotas(&self.app), quotas(&self.user))
    }
}

impl ProviderAppFile {
    fn into_app(self, spec: &Spec) -> ProviderApp {
        let (app_quotas, user_quotas) = self.quota.unwrap_or_default().quotas(spec);
        ProviderApp {
            client_id: self.client_id.0,
            client_secret: self.client_secret.0,
            verify_token: self.verify_token.map(|Text(token)| token),
            app_quotas,
            user_quotas,
            origin: self.origin.map(|Text(origin)| origin.0),
            history: self.history.map(|Text(history)| history.get()),
        }
    }
}
