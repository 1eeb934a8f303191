//! What a world is made of: people and quotas at the providers, tenants and sinks at the daemon.
//!
//! Becomes the YAML files that an operator and tenants would write. The environment that they are read with holds
//! `RECEIVER` (the receiver's origin) and `DATA` (the world's directory).

use std::time::Duration;

use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use tributary_providers::sandbox::{Limit, Quotas, Settings};

/// The webhook secret of every receiver.
pub const WEBHOOK_SECRET: &str = "the-webhook-secret-of-the-tests";
/// The key of every vault: 32 bytes.
pub const VAULT_KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
/// The word that handshakes repeat.
pub const VERIFY_TOKEN: &str = "the-verify-token-of-the-tests";

/// Everything that a sink can be asked to take.
pub const ALL_EVENTS: [&str; 14] = [
    "access_revoked",
    "activity",
    "athlete",
    "auth",
    "body",
    "connection_error",
    "daily",
    "deauth",
    "deleted",
    "menstruation",
    "nutrition",
    "planned_workout",
    "sleep",
    "user_reauth",
];

/// What a world is made of.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The simulated providers, all with the same settings.
    pub sandbox: Settings,
    /// The tenants.
    pub tenants: Vec<TenantPlan>,
    /// Keys that are put over those of the operator's file.
    pub operator: Map<String, Value>,
    /// Keys that are put over those of every provider app.
    pub app: Map<String, Value>,
    /// The one provider that there is; `None` for all of them.
    pub only: Option<&'static str>,
    /// Whether what the providers are asked and what they send is kept.
    pub watched: bool,
}

/// A tenant.
#[derive(Debug, Clone)]
pub struct TenantPlan {
    /// Its `dev_id`; also the name of its file.
    pub dev_id: String,
    /// Its sinks.
    pub sinks: Map<String, Value>,
    /// Its providers, where it does not reach all of them through the operator's apps.
    pub providers: Option<Value>,
}

impl Default for Plan {
    /// Two people at each provider with three days behind them and nothing new; one tenant with one webhook.
    fn default() -> Self {
        Self {
            sandbox: Settings {
                users: 2,
                history_days: 3,
                met_interval_seconds: 3_600,
                stream_points: 20,
                notification_retry: Some(Duration::from_millis(300)),
                quotas: Some(quotas(PLENTY)),
                ..Settings::default()
            },
            tenants: vec![TenantPlan::new("acme").with("app", webhook("/acme"))],
            operator: Map::new(),
            app: Map::from_iter([("quota".to_owned(), json!({"app": [format!("{PLENTY}/15m")]}))]),
            only: None,
            watched: false,
        }
    }
}

/// Calls in a quarter of an hour that no test needs.
const PLENTY: u32 = 1_000_000;

/// The simulated providers let that many calls through in a quarter of an hour.
fn quotas(permits: u32) -> Quotas {
    let limit = vec![Limit::new(permits, 900)];
    Quotas { overall: limit.clone(), read: limit, user: Vec::new() }
}

impl Plan {
    /// Lets everybody produce that many records a minute.
    #[must_use]
    pub const fn producing(mut self, per_minute: f64) -> Self {
        self.sandbox.live_records_per_user_per_minute = per_minute;
        self
    }

    /// Adds a sink to the first tenant.
    #[must_use]
    pub fn with_sink(mut self, name: &str, options: Value) -> Self {
        if let Some(tenant) = self.tenants.first_mut() {
            tenant.sinks.insert(name.to_owned(), options);
        }
        self
    }

    /// The operator's file.
    pub fn operator_file(&self, public: &str, admin: &str, providers: &[(&str, String)]) -> Value {
        let apps = providers.iter().map(|(key, origin)| {
            let app = json!({
                "client_id": self.sandbox.client_id,
                "client_secret": self.sandbox.client_secret.expose(),
                "verify_token": VERIFY_TOKEN,
                "origin": origin,
                "history": format!("{}d", self.sandbox.history_days + 1),
            });
            ((*key).to_owned(), over(app, &self.app))
        });
        let operator = json!({
            "listen": public,
            "admin_listen": admin,
            "public_url": format!("http://{public}"),
            "store": "sqlite://${DATA}/tributary.db",
            "data_dir": "${DATA}",
            "vault": {"keys": [VAULT_KEY]},
            "provider_apps": Value::Object(apps.collect()),
            "tenants": "tenants/*.yaml",
        });
        over(operator, &self.operator)
    }
}

fn over(mut below: Value, above: &Map<String, Value>) -> Value {
    if let Some(object) = below.as_object_mut() {
        object.extend(above.clone());
    }
    below
}

impl TenantPlan {
    /// A tenant without sinks.
    pub fn new(dev_id: &str) -> Self {
        Self { dev_id: dev_id.to_owned(), sinks: Map::new(), providers: None }
    }

    /// Adds a sink.
    #[must_use]
    pub fn with(mut self, name: &str, options: Value) -> Self {
        self.sinks.insert(name.to_owned(), options);
        self
    }

    /// Says which providers it has, as its file does.
    #[must_use]
    pub fn with_providers(mut self, providers: Value) -> Self {
        self.providers = Some(providers);
        self
    }

    /// Its API key.
    pub fn api_key(&self) -> String {
        format!("the-api-key-of-{}", self.dev_id)
    }

    /// Its file.
    pub fn file(&self, providers: &[&str]) -> Value {
        json!({
            "dev_id": self.dev_id,
            "api_keys": [format!("sha256:{}", hex::encode(Sha256::digest(self.api_key())))],
            "providers": self.providers.clone().unwrap_or_else(|| json!(providers)),
            "sinks": self.sinks,
        })
    }
}

/// A webhook that posts everything to that path of the receiver.
pub fn webhook(path: &str) -> Value {
    json!({
        "type": "webhook",
        "url": format!("${{RECEIVER}}{path}"),
        "secret": WEBHOOK_SECRET,
        "allow_private_networks": true,
        "events": ALL_EVENTS,
    })
}

/// A `file` sink with everything, below the world's directory.
pub fn file(name: &str) -> Value {
    json!({"type": "file", "path": format!("${{DATA}}/{name}"), "events": ALL_EVENTS})
}

/// An `sql` sink with everything, below the world's directory.
pub fn sql(name: &str) -> Value {
    json!({"type": "sql", "url": format!("sqlite://${{DATA}}/{name}"), "layout": "typed", "events": ALL_EVENTS})
}
