//! Every kind of sink by its name, sorted: options, JSON Schema, construction.
//!
//! Configuration comes in as a name and a deserializer that holds the rest of the entry; a boxed [`Sink`] goes out. A
//! new kind is one folder and its lines here. Building a sink never touches the network or the disk.

use std::path::PathBuf;

use ipnet::IpNet;
use schemars::{Schema, schema_for};
use serde::{Deserialize, Deserializer};
use tributary_contract::sink::{Sink, SinkError};

use crate::file::{self, File};
use crate::sql::{self, Sql};
use crate::stdout::{self, Stdout};
use crate::webhook::{self, Webhook};

/// The settings of one sink, by its kind.
#[derive(Debug, Clone)]
pub enum SinkOptions {
    /// Lines of JSON in a file.
    File(file::Options),
    /// Tables in a database.
    Sql(sql::Options),
    /// Lines of JSON on standard output.
    Stdout(stdout::Options),
    /// Signed HTTP requests.
    Webhook(Box<webhook::Options>),
}

/// One kind of sink, for tables and error texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    /// The word in `type`.
    pub name: &'static str,
    /// What it does, in one line.
    pub summary: &'static str,
    /// What one write carries.
    pub grouping: &'static str,
    /// What a consumer can rely on.
    pub guarantee: &'static str,
}

/// What a sink gets beside its own settings.
#[derive(Debug, Clone, Default)]
pub struct Context {
    /// `User-Agent` of requests; empty means the HTTP client's own.
    pub user_agent: String,
    /// The tenant, sent as `dev-id`.
    pub dev_id: String,
    /// Networks that the operator permits beside public addresses.
    pub allowed_networks: Vec<IpNet>,
    /// Ports that the operator permits beside 80 and 443.
    pub allowed_ports: Vec<u16>,
    /// Where relative paths in settings begin, and what no path leaves.
    pub data_dir: PathBuf,
    /// Directories beside it that the operator permits.
    pub allowed_directories: Vec<PathBuf>,
    /// Files of Tributary's own, such as its store, that no path may name.
    pub own_files: Vec<PathBuf>,
}

impl SinkOptions {
    /// Every kind, sorted by name.
    pub const KINDS: &[Kind] = &[file::KIND, sql::KIND, stdout::KIND, webhook::KIND];

    /// Reads the settings of one kind. Unknown settings are errors.
    ///
    /// # Errors
    /// Those of the deserializer, and an unknown kind with the known ones in its text.
    pub fn deserialize_kind<'de, D: Deserializer<'de>>(
        kind: &str,
        deserializer: D,
    ) -> Result<Self, D::Error> {
        match kind {
            "file" => file::Options::deserialize(deserializer).map(Self::File),
            "sql" => sql::Options::deserialize(deserializer).map(Self::Sql),
            "stdout" => stdout::Options::deserialize(deserializer).map(Self::Stdout),
            "webhook" => {
                webhook::Options::deserialize(deserializer).map(|options| Self::Webhook(Box::new(options)))
            }
            _ => {
                Err(serde::de::Error::custom(format_args!("unknown kind of sink `{kind}`; use {}", names())))
            }
        }
    }

    /// The kind's description.
    pub const fn kind(&self) -> &'static Kind {
        match self {
            Self::File(_) => &file::KIND,
            Self::Sql(_) => &sql::KIND,
            Self::Stdout(_) => &stdout::KIND,
            Self::Webhook(_) => &webhook::KIND,
        }
    }
}

/// The JSON Schema of a kind's settings, without the keys that all sinks share; `None` for an unknown kind.
pub fn schema_of(kind: &str) -> Option<Schema> {
    match kind {
        "file" => Some(schema_for!(file::Options)),
        "sql" => Some(schema_for!(sql::Options)),
        "stdout" => Some(schema_for!(stdout::Options)),
        "webhook" => Some(schema_for!(webhook::Options)),
        _ => None,
    }
}

/// Builds the sink called `name`. Connections are made when they are first needed.
///
/// # Errors
/// [`SinkError::Unusable`] when a setting cannot work, named as `<sink>.<setting>`.
pub async fn build(name: &str, options: SinkOptions, context: &Context) -> Result<Box<dyn Sink>, SinkError> {
    let built: Result<Box<dyn Sink>, SinkError> = match options {
        SinkOptions::File(options) => {
            File::new(&options, context).map(|sink| Box::new(sink) as Box<dyn Sink>)
        }
        SinkOptions::Sql(options) => Sql::new(&options, context).map(|sink| Box::new(sink) as Box<dyn Sink>),
        SinkOptions::Stdout(_) => Ok(Box::new(Stdout::new())),
        SinkOptions::Webhook(options) => {
            Webhook::new(*options, context).map(|sink| Box::new(sink) as Box<dyn Sink>)
        }
    };
    built.map_err(|error| match error {
        SinkError::Unusable { setting, reason } => {
            SinkError::Unusable { setting: format!("{name}.{setting}"), reason }
        }
        SinkError::Unavailable { .. } | SinkError::Denied { .. } => error,
    })
}

fn names() -> String {
    let names: Vec<&str> = SinkOptions::KINDS.iter().map(|kind| kind.name).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(kind: &str, settings: Value) -> Result<SinkOptions, serde_json::Error> {
        SinkOptions::deserialize_kind(kind, settings)
    }

    fn smallest(kind: &str) -> Value {
        match kind {
            "file" => json!({"path": "out.ndjson"}),
            "sql" => json!({"url": "sqlite://out.db"}),
            "webhook" => json!({"url": "https://example.com/planted-path", "secret": "planted-secret"}),
            _ => json!({}),
        }
    }

    #[tokio::test]
    async fn every_kind_is_read_built_and_described() {
        let data_dir = tempfile::tempdir().unwrap();
        let context = Context { data_dir: data_dir.path().to_owned(), ..Context::default() };
        for kind in SinkOptions::KINDS {
            let options = read(kind.name, smallest(kind.name)).unwrap();
            assert_eq!(options.kind(), kind);
            assert!(!format!("{options:?}").contains("planted"), "{options:?}");
            let sink = build("mine", options, &context).await.unwrap();
            assert!(sink.limits().entries > 0);
            let schema = schema_of(kind.name).unwrap().to_value();
            assert_eq!(schema["additionalProperties"], false, "{schema}");
            for (name, property) in schema["properties"].as_object().into_iter().flatten() {
                assert!(property["description"].is_string(), "{}.{name} has no description", kind.name);
            }
        }
        assert!(std::fs::read_dir(data_dir.path()).unwrap().next().is_none(), "building touched the disk");
        assert!(schema_of("kafkaesque").is_none());
    }

    #[test]
    fn kinds_are_sorted() {
        assert!(SinkOptions::KINDS.is_sorted_by_key(|kind| kind.name));
    }

    #[test]
    fn an_unknown_kind_names_the_known_ones() {
        let error = read("webhok", json!({})).unwrap_err().to_string();
        assert!(error.contains("`webhok`") && error.contains("file, sql, stdout, webhook"), "{error}");
    }

    #[test]
    fn unknown_and_missing_settings_are_errors() {
        let error =
            read("webhook", json!({"url": "x", "secret": "y", "timout": "1s"})).unwrap_err().to_string();
        assert!(error.contains("timout") && error.contains("timeout"), "{error}");
        assert!(read("webhook", json!({"url": "https://example.com"})).is_err());
        assert!(read("stdout", json!({"path": "x"})).is_err());
        let error = read("sql", json!({"url": "sqlite://x", "layout": "wide"})).unwrap_err().to_string();
        assert!(error.contains("terra") && error.contains("typed"), "{error}");
    }

    #[tokio::test]
    async fn a_setting_that_cannot_work_is_named_with_its_sink() {
        let options = read("webhook", json!({"url": "ftp://example.com", "secret": "s"})).unwrap();
        let Err(error) = build("app", options, &Context::default()).await else { panic!("built") };
        assert!(matches!(&error, SinkError::Unusable { setting, .. } if setting == "app.url"), "{error}");
    }
}
