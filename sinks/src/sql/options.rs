//! The settings of a database.
//!
//! Read from configuration; checked when the sink is built, without connecting. The URL may hold a password, so it is
//! never repeated in an error.

use std::num::NonZeroU8;
use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;
use tributary_contract::Secret;
use tributary_contract::sink::SinkError;

use super::server::Server;
use crate::duration::HumanDuration;
use crate::registry::Context;

/// Settings of `type: sql`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Options {
    /// The database. `sqlite://` and the path of a file, where a relative path begins at the data directory; or
    /// `postgres://user:password@host:port/database`, with the parameters `sslmode` (`disable`, `prefer`, `require`,
    /// `verify-ca`, `verify-full`; else `require`, and `prefer` on this machine) and `sslrootcert` (a PEM file).
    #[schemars(with = "String")]
    pub url: Secret<String>,
    /// Which tables and columns are written.
    #[serde(default)]
    pub layout: Layout,
    /// PostgreSQL only: the schema of the tables, made when it is missing; else the first of the user's search path.
    #[serde(default)]
    pub schema: Option<String>,
    /// Put before the name of every table; lower-case letters, digits and underscores.
    #[serde(default)]
    pub prefix: String,
    /// PostgreSQL only: connections, and thereby batches in flight, at once; from 1 to 16, else 2.
    #[serde(default)]
    pub connections: Option<NonZeroU8>,
    /// PostgreSQL only: how long a connection or a statement may take; from 1s to 10m, else 30s.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub timeout: Option<HumanDuration>,
    /// PostgreSQL only: true for an address of a pooler that lends connections for one transaction, such as PgBouncer;
    /// no statement is kept prepared then.
    #[serde(default)]
    pub pooled: Option<bool>,
}

/// Which tables and columns are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(rename_all = "snake_case")]
pub enum Layout {
    /// One table per data type, with a column per value, its unit in the name, and the whole record beside them.
    #[default]
    Typed,
    /// The tables of Terra's own SQL destination, with the whole record beside their columns.
    Terra,
}

impl Layout {
    /// The word in the settings.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Typed => "typed",
            Self::Terra => "terra",
        }
    }
}

/// Where the tables are.
#[derive(Debug)]
pub(super) enum Place {
    File(PathBuf),
    Server(Box<Server>),
}

const LONGEST_PREFIX: usize = 30;
const LONGEST_SCHEMA: usize = 63;
const CONNECTIONS: u8 = 2;
const MOST_CONNECTIONS: u8 = 16;
const TIMEOUT: Duration = Duration::from_secs(30);
const LONGEST_TIMEOUT: Duration = Duration::from_mins(10);

impl Options {
    /// Where the tables are, if the settings can work.
    pub(super) fn check(&self, context: &Context) -> Result<Place, SinkError> {
        if self.prefix.len() > LONGEST_PREFIX || !(self.prefix.is_empty() || is_plain(&self.prefix)) {
            let reason = "use at most 30 lower-case letters, digits and underscores, and no digit first";
            return Err(unusable("prefix", reason));
        }
        let url = self.url.expose();
        if let Some(path) = url.strip_prefix("sqlite:") {
            return self.file(path, context).map(Place::File);
        }
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            let reason = "this kind of database is not supported; use sqlite://<path> or \
                          postgres://<user>:<password>@<host>/<database>";
            return Err(unusable("url", reason));
        }
        if let Some(schema) = &self.schema
            && (schema.len() > LONGEST_SCHEMA || !is_plain(schema) || schema.starts_with("pg_"))
        {
            let reason =
                "use at most 63 lower-case letters, digits and underscores, no digit and no pg_ first";
            return Err(unusable("schema", reason));
        }
        let connections = self.connections();
        if connections > usize::from(MOST_CONNECTIONS) {
            return Err(unusable("connections", "use 1 to 16"));
        }
        let timeout = self.timeout.map_or(TIMEOUT, HumanDuration::get);
        if timeout < Duration::from_secs(1) || timeout > LONGEST_TIMEOUT {
            return Err(unusable("timeout", "use 1s to 10m"));
        }
        let server = Server::parse(url, self.pooled, timeout, connections, context)?;
        Ok(Place::Server(Box::new(server)))
    }

    /// Connections to a server.
    pub(super) fn connections(&self) -> usize {
        usize::from(self.connections.map_or(CONNECTIONS, NonZeroU8::get))
    }

    fn file(&self, path: &str, context: &Context) -> Result<PathBuf, SinkError> {
        for (setting, is_set) in [
            ("schema", self.schema.is_some()),
            ("connections", self.connections.is_some()),
            ("timeout", self.timeout.is_some()),
            ("pooled", self.pooled.is_some()),
        ] {
            if is_set {
                return Err(unusable(setting, "it is for PostgreSQL; remove it"));
            }
        }
        let path = path.strip_prefix("//").unwrap_or(path);
        if path.contains(['?', '#']) {
            let reason = "parameters are not supported; end the url with the path of the file";
            return Err(unusable("url", reason));
        }
        if path.contains(":memory:") {
            let reason = "a database in memory would lose what was taken; use the path of a file";
            return Err(unusable("url", reason));
        }
        crate::path::resolve("url", path, context)
    }
}

/// Whether a text can be the beginning of a name without quotes.
fn is_plain(text: &str) -> bool {
    let first = |c: char| c.is_ascii_lowercase() || c == '_';
    text.starts_with(first) && text.chars().all(|c| first(c) || c.is_ascii_digit())
}

pub(super) fn unusable(setting: &str, reason: &str) -> SinkError {
    SinkError::Unusable { setting: setting.to_owned(), reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::{Value, json};

    use super::*;

    fn check(settings: Value) -> Result<Place, SinkError> {
        let options: Options = serde_json::from_value(settings).unwrap();
        options.check(&Context { data_dir: "/data".into(), ..Context::default() })
    }

    fn file(url: &str, prefix: &str) -> PathBuf {
        match check(json!({"url": url, "prefix": prefix})).unwrap() {
            Place::File(path) => path,
            Place::Server(_) => panic!("a server"),
        }
    }

    #[test]
    fn urls_name_a_file_or_a_server() {
        assert_eq!(file("sqlite://health.db", ""), Path::new("/data/health.db"));
        assert_eq!(file("sqlite:health.db", "a_1_"), Path::new("/data/health.db"));
        assert_eq!(file("sqlite:///data/b/health.db", ""), Path::new("/data/b/health.db"));
        let server = check(json!({"url": "postgres://u:planted@h.example/d"})).unwrap();
        assert!(matches!(&server, Place::Server(_)));
        assert!(!format!("{server:?}").contains("planted"), "{server:?}");
        for url in [
            "",
            "sqlite://",
            "sqlite://:memory:",
            "sqlite://a?mode=ro",
            "sqlite://../a",
            "sqlite:///srv/health.db",
            "mysql://u:planted@h/d",
            "a.db",
        ] {
            let error = check(json!({"url": url})).unwrap_err();
            assert!(
                matches!(&error, SinkError::Unusable { setting, .. } if setting == "url"),
                "{url}: {error}"
            );
            assert!(!error.to_string().contains("planted"));
        }
    }

    #[test]
    fn settings_that_cannot_work_are_named() {
        let postgres = |setting: &str, value: Value| json!({"url": "postgres://u@h.example", setting: value});
        let mut cases: Vec<(&str, Value)> = ["1a", "A", "a-b", "a\"b", "ä", "a b", "a;", &"x".repeat(31)]
            .map(|prefix| ("prefix", json!({"url": "sqlite://a.db", "prefix": prefix})))
            .to_vec();
        cases.extend(
            ["", "1a", "A", "a.b", "a\"", "pg_x", &"x".repeat(64)]
                .map(|s| ("schema", postgres("schema", json!(s)))),
        );
        cases.push(("connections", postgres("connections", json!(17))));
        cases.push(("timeout", postgres("timeout", json!("500ms"))));
        cases.push(("timeout", postgres("timeout", json!("1h"))));
        let foreign = [
            ("schema", json!("a")),
            ("connections", json!(1)),
            ("timeout", json!("5s")),
            ("pooled", json!(true)),
        ];
        cases.extend(
            foreign.map(|(setting, value)| (setting, json!({"url": "sqlite://a.db", setting: value}))),
        );
        for (wanted, settings) in cases {
            let error = check(settings.clone()).unwrap_err();
            assert!(
                matches!(&error, SinkError::Unusable { setting, .. } if setting == wanted),
                "{settings}: {error}"
            );
        }
    }
}
