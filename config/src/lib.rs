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
//! | `operator`, `tenant`, `entry` | the shapes of the two files and of a sink in them |
//! | `check` | what no file can know by itself |
//! | `schema` | JSON Schema of both files, for editors |
//! | `report` | errors for people: file, line, column, path, allowed values |
//!
//! Options of a sink live with the sink, quotas of a provider with the provider; this crate only composes them. It
//! opens no socket and never prints a value that it read from the environment or from a secret file.

mod check;
mod entry;
mod load;
mod operator;
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

pub use entry::SinkEntry;
pub use load::load;
pub use operator::{LogFormat, Operator, ProviderApp, Retention};
pub use report::{ConfigError, ConfigErrors, Position};
pub use schema::schema;
pub use tenant::{ApiKey, InvalidApiKey, Tenant};

/// Everything that was configured, checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// The operator's file.
    pub operator: Operator,
    /// The tenants' files, in the order of their paths.
    pub tenants: Vec<Tenant>,
    /// What works but is probably not meant, one line each.
    pub warnings: Vec<String>,
}
