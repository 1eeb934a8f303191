//! Two checked configurations in, what has to be done out: nothing is started, stopped or read here.
//!
//! What is not named by a change stays as it runs. A few settings are used once, when the daemon starts; a change of
//! one of them is named, and the rest is applied all the same.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use crate::operator::ProviderApp;
use crate::tenant::Tenant;
use crate::{Config, SinkEntry};

/// Which app at a provider.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct AppKey {
    /// The tenant whose own it is; `None` for the operator's.
    pub tenant: Option<String>,
    /// The provider's key.
    pub provider: String,
}

impl fmt::Display for AppKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.tenant {
            Some(tenant) => write!(f, "{} app of tenant {tenant}", self.provider),
            None => write!(f, "{} app", self.provider),
        }
    }
}

/// What happens to one part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// It was not there, or rested.
    Start,
    /// It goes, or rests.
    Stop,
    /// It goes on with other settings.
    Replace,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Start => "starts",
            Self::Stop => "stops",
            Self::Replace => "is replaced",
        })
    }
}

/// One difference between two configurations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A sink.
    Sink {
        /// Its owner.
        tenant: String,
        /// Its name.
        sink: String,
        /// What happens to it.
        step: Step,
    },
    /// An app at a provider.
    App {
        /// Which one.
        app: AppKey,
        /// What happens to it.
        step: Step,
    },
    /// There is a new tenant.
    TenantAdded(String),
    /// A tenant is gone: its connections rest, and what they have stored is kept.
    TenantRemoved(String),
    /// A tenant has other API keys.
    ApiKeys(String),
    /// A tenant has other providers: what it lists no more rests.
    Providers(String),
    /// A setting of the operator's that is used from now on.
    Setting(&'static str),
    /// A setting that is used from the next start on.
    NeedsRestart(String),
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sink { tenant, sink, step } => write!(f, "sink {sink} of tenant {tenant} {step}"),
            Self::App { app, step } => write!(f, "{app} {step}"),
            Self::TenantAdded(tenant) => write!(f, "tenant {tenant} is new"),
            Self::TenantRemoved(tenant) => write!(f, "tenant {tenant} is gone"),
            Self::ApiKeys(tenant) => write!(f, "tenant {tenant} has other API keys"),
            Self::Providers(tenant) => write!(f, "tenant {tenant} has other providers"),
            Self::Setting(setting) => write!(f, "{setting} has changed"),
            Self::NeedsRestart(setting) => write!(f, "{setting} needs a restart"),
        }
    }
}

/// What leads from one configuration to the other, in an order in which it can be done.
pub fn diff(running: &Config, wanted: &Config) -> Vec<Change> {
    let mut changes = settings(running, wanted);
    let (before, after) = (by_name(running), by_name(wanted));
    for name in names(&before, &after) {
        match (before.get(name), after.get(name)) {
            (None, Some(_)) => changes.push(Change::TenantAdded(name.to_owned())),
            (Some(_), None) => changes.push(Change::TenantRemoved(name.to_owned())),
            (Some(before), Some(after)) => {
                if before.api_keys != after.api_keys {
                    changes.push(Change::ApiKeys(name.to_owned()));
                }
                if before.providers != after.providers {
                    changes.push(Change::Providers(name.to_owned()));
                }
            }
            (None, None) => {}
        }
    }
    changes.extend(apps(running, wanted));
    // What sinks are built with beside their own settings.
    let surroundings = running.operator.allowed_networks == wanted.operator.allowed_networks
        && running.operator.data_dir == wanted.operator.data_dir
        && running.operator.allowed_directories == wanted.operator.allowed_directories;
    for name in names(&before, &after) {
        let (before, after) = (before.get(name).copied(), after.get(name).copied());
        changes.extend(sinks(name, before, after, surroundings));
    }
    changes
}

/// The configuration to go on with: the wanted one, with what needs a restart as it is now.
#[must_use]
pub fn keep_until_restart(running: &Config, mut wanted: Config) -> Config {
    let (kept, operator) = (&running.operator, &mut wanted.operator);
    operator.listen = kept.listen;
    operator.admin_listen = kept.admin_listen;
    operator.public_url = kept.public_url.clone();
    operator.store = kept.store.clone();
    operator.vault_keys = kept.vault_keys.clone();
    operator.log = kept.log;
    operator.telemetry = kept.telemetry.clone();
    for (key, app) in &mut operator.provider_apps {
        keep_quotas(kept.provider_apps.get(key), app);
    }
    let before = by_name(running);
    for tenant in &mut wanted.tenants {
        let Some(before) = before.get(tenant.dev_id.as_str()) else { continue };
        for (key, app) in &mut Arc::make_mut(tenant).apps {
            keep_quotas(before.apps.get(key), app);
        }
    }
    wanted
}

/// A budget counts in its windows what runs; it does not change them under running calls.
fn keep_quotas(running: Option<&ProviderApp>, wanted: &mut ProviderApp) {
    if let Some(running) = running {
        wanted.app_quotas = running.app_quotas.clone();
        wanted.user_quotas = running.user_quotas.clone();
    }
}

fn by_name(config: &Config) -> BTreeMap<&str, &Tenant> {
    config.tenants.iter().map(|tenant| (tenant.dev_id.as_str(), &**tenant)).collect()
}

fn names<'a, V>(before: &BTreeMap<&'a str, V>, after: &BTreeMap<&'a str, V>) -> BTreeSet<&'a str> {
    before.keys().chain(after.keys()).copied().collect()
}

fn settings(running: &Config, wanted: &Config) -> Vec<Change> {
    let (before, after) = (&running.operator, &wanted.operator);
    let at_start = [
        ("listen", before.listen == after.listen),
        ("admin_listen", before.admin_listen == after.admin_listen),
        ("public_url", before.public_url == after.public_url),
        ("store", before.store == after.store),
        ("vault.keys", before.vault_keys == after.vault_keys),
        ("telemetry.log", before.log == after.log),
        ("telemetry", before.telemetry == after.telemetry),
    ];
    let live = [
        ("retention", before.retention == after.retention),
        ("allowed_networks", before.allowed_networks == after.allowed_networks),
        ("data_dir", before.data_dir == after.data_dir),
        ("allowed_directories", before.allowed_directories == after.allowed_directories),
    ];
    let changed = |(setting, same): &(&'static str, bool)| (!same).then_some(*setting);
    let at_start =
        at_start.iter().filter_map(changed).map(|setting| Change::NeedsRestart(setting.to_owned()));
    at_start.chain(live.iter().filter_map(changed).map(Change::Setting)).collect()
}

fn apps(running: &Config, wanted: &Config) -> Vec<Change> {
    let (before, after) = (running.apps(), wanted.apps());
    let keys: BTreeSet<&AppKey> = before.keys().chain(after.keys()).collect();
    let mut changes = Vec::new();
    for key in keys {
        let app = key.clone();
        match (before.get(key), after.get(key)) {
            (Some(_), None) => changes.push(Change::App { app, step: Step::Stop }),
            (None, Some(_)) => changes.push(Change::App { app, step: Step::Start }),
            (Some(before), Some(after)) => {
                let mut kept = after.clone();
                keep_quotas(Some(before), &mut kept);
                if kept != *after {
                    let setting = match &key.tenant {
                        Some(tenant) => format!("providers.{}.quota of tenant {tenant}", key.provider),
                        None => format!("provider_apps.{}.quota", key.provider),
                    };
                    changes.push(Change::NeedsRestart(setting));
                }
                if kept != *before {
                    changes.push(Change::App { app, step: Step::Replace });
                }
            }
            (None, None) => {}
        }
    }
    changes
}

fn sinks(name: &str, before: Option<&Tenant>, after: Option<&Tenant>, surroundings: bool) -> Vec<Change> {
    let of = |tenant: Option<&Tenant>| -> BTreeMap<String, SinkEntry> {
        tenant.map(|tenant| tenant.sinks.clone()).unwrap_or_default()
    };
    let (before, after) = (of(before), of(after));
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let runs = |entry: Option<&SinkEntry>| entry.is_some_and(|entry| !entry.paused);
    let step = |sink: &String| {
        let (before, after) = (before.get(sink), after.get(sink));
        let step = match (runs(before), runs(after)) {
            (false, false) => return None,
            (false, true) => Step::Start,
            (true, false) => Step::Stop,
            (true, true) => {
                let written = |entry: Option<&SinkEntry>| entry.map(|entry| entry.fingerprint);
                if written(before) == written(after) && surroundings {
                    return None;
                }
                Step::Replace
            }
        };
        Some(Change::Sink { tenant: name.to_owned(), sink: sink.clone(), step })
    };
    names.into_iter().filter_map(step).collect()
}

#[cfg(test)]
mod tests;
