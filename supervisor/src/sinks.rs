//! Sinks as the configuration describes them, built but not started.
//!
//! Building touches neither network nor disk, so that all sinks of a change can be built before anything is replaced,
//! and `tributary check` finds what the daemon would find.

use std::sync::Arc;

use tributary_config::{Config, ConfigError, Operator, SinkEntry, Tenant};
use tributary_contract::sink::{Sink, SinkError};
use tributary_engine::clock::Clock;
use tributary_engine::delivery::{Filter, Ladder, Parts};
use tributary_engine::store::{Store, Writer};

use crate::app::{spec_of, user_agent};

/// Builds one sink.
///
/// # Errors
/// A setting that cannot work, with its place in the tenant's file.
pub async fn build(
    operator: &Operator,
    tenant: &Tenant,
    name: &str,
    entry: &SinkEntry,
) -> Result<Box<dyn Sink>, ConfigError> {
    let context = context(operator, tenant);
    let built = tributary_sinks::registry::build(name, entry.options.clone(), &context).await;
    built.map_err(|error| match error {
        SinkError::Unusable { setting, reason } => tenant.sink_error(name, Some(&setting), reason),
        other => tenant.sink_error(name, None, other.to_string()),
    })
}

/// Builds all sinks of a configuration, paused ones too, to see whether they can work.
pub async fn check(config: &Config) -> Vec<ConfigError> {
    let mut errors = Vec::new();
    for tenant in &config.tenants {
        for (name, entry) in &tenant.sinks {
            errors.extend(build(&config.operator, tenant, name, entry).await.err());
        }
    }
    errors
}

/// What a sink is built with.
fn context(operator: &Operator, tenant: &Tenant) -> tributary_sinks::registry::Context {
    tributary_sinks::registry::Context {
        user_agent: user_agent(),
        dev_id: tenant.dev_id.clone(),
        allowed_networks: operator.allowed_networks.clone(),
        allowed_ports: Vec::new(),
        data_dir: operator.data_dir.clone(),
        allowed_directories: operator.allowed_directories.clone(),
        own_files: store_file(&operator.store).into_iter().collect(),
    }
}

/// The file that a URL of the store names.
fn store_file(url: &str) -> Option<std::path::PathBuf> {
    let path = url.strip_prefix("sqlite:")?;
    let path = path.strip_prefix("//").unwrap_or(path);
    path.split(['?', '#']).next().map(Into::into)
}

/// What deliveries have in common.
pub(crate) struct Ground<'a> {
    pub(crate) store: &'a Arc<dyn Store>,
    pub(crate) writer: &'a Writer,
    pub(crate) clock: &'a Clock,
}

/// A sink with what its actor needs.
pub(crate) fn parts(
    tenant: &Tenant,
    name: &str,
    entry: &SinkEntry,
    sink: Box<dyn Sink>,
    ground: &Ground<'_>,
) -> Parts {
    Parts {
        tenant: Arc::from(tenant.dev_id.as_str()),
        name: Arc::from(name),
        sink: Arc::from(sink),
        filter: entry.events.clone().map_or_else(Filter::all, Filter::only),
        ladder: Ladder::default(),
        store: Arc::clone(ground.store),
        writer: ground.writer.clone(),
        clock: ground.clock.clone(),
        spec: spec_of,
    }
}
