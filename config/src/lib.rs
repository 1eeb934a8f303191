//! What people write: one YAML file of the operator, one per tenant, read into checked types.
//!
//! | module | what it does |
//! |---|---|
//! | `load` | finds and reads the files, one after the other |
//! | `tree` | YAML as a tree that knows its lines and columns |
//! | `secret` | puts environment variables and secret files in, after parsing and in values only |
//! | `read` | the tree into types: every error has its place, and one error does not hide the next |
//! | `text` | values that are written as text: addresses, networks, quotas |
//! | `words` | values out of a list: providers, kinds of sinks, events |
//! | `operator`, `tenant`, `apps`, `entry` | the shapes of the two files, of a tenant's own apps and of a sink in them |
//! | `place` | where a setting is, and whether it is still what it was |
//! | `check` | what no file can know by itself |
//! | `diff` | two configurations in, what has to start, stop and be replaced out |
//! | `schema` | JSON Schema of both files, for editors |
//! | `report` | errors for people: file, line, column, path, allowed values |
//!
//! Options of a sink live with the sink, quotas of a provider with the provider; this crate only composes them. It
//! opens no socket and never prints a value that it read from the environment or from a secret file.

mod apps;
mod check;
mod diff;
mod entry;
mod load;
mod operator;
mod place;
mod read;
mod report;
mod schema;
mod secret;
mod tenant;
mod text;
mod tree;
mod words;

#[cfg(test)]
mod tests;

pub use diff::{AppKey, Change, Step, diff, keep_until_restart};
pub use entry::SinkEntry;
pub use load::{Loaded, load, load_watched};
pub use operator::{Limits, LogFormat, Operator, ProviderApp, Retention, Telemetry};
pub use place::{Fingerprint, Places};
pub use report::{ConfigError, ConfigErrors, Position};
pub use schema::schema;
pub use tenant::{ApiKey, InvalidApiKey, Tenant};

use std::collections::BTreeMap;
use std::sync::Arc;

/// Everything that was configured, checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// The operator's file.
    pub operator: Operator,
    /// The tenants' files, in the order of their paths.
    pub tenants: Vec<Arc<Tenant>>,
    /// What works but is probably not meant, one line each.
    pub warnings: Vec<String>,
}

impl Config {
    /// Every app at a provider, the operator's and the tenants' own. An own app calls the hosts that the operator's app
    /// at the same provider calls.
    pub fn apps(&self) -> BTreeMap<AppKey, ProviderApp> {
        let shared = self.operator.provider_apps.iter();
        let shared = shared.map(|(key, app)| (AppKey { tenant: None, provider: key.clone() }, app.clone()));
        let own = self.tenants.iter().flat_map(|tenant| {
            tenant.apps.iter().map(|(provider, app)| {
                let origin =
                    self.operator.provider_apps.get(provider).and_then(|shared| shared.origin.clone());
                let key = AppKey { tenant: Some(tenant.dev_id.clone()), provider: provider.clone() };
                (key, ProviderApp { origin, ..app.clone() })
            })
        });
        shared.chain(own).collect()
    }
}
