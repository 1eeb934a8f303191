//! The settings of a database.
//!
//! Read from configuration; checked when the sink is built, without connecting.

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Deserialize;
use tributary_contract::Secret;
use tributary_contract::sink::SinkError;

use crate::path::resolve;

/// Settings of `type: sql`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Options {
    /// The database: `sqlite://` and the path of its file; a relative path begins at the data directory.
    #[schemars(with = "String")]
    pub url: Secret<String>,
    /// Which tables and columns are written.
    #[serde(default)]
    pub layout: Layout,
    /// Put before the name of every table; lower-case letters, digits and underscores.
    #[serde(default)]
    pub prefix: String,
}

/// Which tables and columns are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(rename_all = "snake_case")]
pub enum Layout {
    /// One table per data type, with a column per value, its unit in the name, and the whole record beside them.
    #[default]
    Typed,
}

const LONGEST_PREFIX: usize = 30;

impl Options {
    /// The file of the database, if the settings can work.
    pub(super) fn check(&self, data_dir: &Path) -> Result<PathBuf, SinkError> {
        let unusable = |setting: &str, reason: &str| SinkError::Unusable {
            setting: setting.to_owned(),
            reason: reason.to_owned(),
        };
        let first = |c: char| c.is_ascii_lowercase() || c == '_';
        let plain = |c: char| first(c) || c.is_ascii_digit();
        if self.prefix.len() > LONGEST_PREFIX
            || !self.prefix.chars().all(plain)
            || self.prefix.chars().next().is_some_and(|c| !first(c))
        {
            let reason = "use at most 30 lower-case letters, digits and underscores, and no digit first";
            return Err(unusable("prefix", reason));
        }
        // The URL may hold a password, so it is never repeated in an error.
        let url = self.url.expose();
        let Some(path) = url.strip_prefix("sqlite:") else {
            return Err(unusable("url", "this kind of database is not supported; use sqlite://<path>"));
        };
        let path = path.strip_prefix("//").unwrap_or(path);
        if path.contains(['?', '#']) {
            return Err(unusable(
                "url",
                "parameters are not supported; end the url with the path of the file",
            ));
        }
        if path.contains(":memory:") {
            return Err(unusable(
                "url",
                "a database in memory would lose what was taken; use the path of a file",
            ));
        }
        resolve("url", path, data_dir)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(url: &str, prefix: &str) -> Result<PathBuf, SinkError> {
        let options = Options { url: url.into(), layout: Layout::Typed, prefix: prefix.to_owned() };
        options.check(Path::new("/data"))
    }

    #[test]
    fn urls_name_a_file() {
        assert_eq!(check("sqlite://health.db", "").unwrap(), Path::new("/data/health.db"));
        assert_eq!(check("sqlite:health.db", "a_1_").unwrap(), Path::new("/data/health.db"));
        assert_eq!(check("sqlite:///srv/health.db", "").unwrap(), Path::new("/srv/health.db"));
        for url in [
            "",
            "sqlite://",
            "sqlite://:memory:",
            "sqlite://a?mode=ro",
            "sqlite://../a",
            "mysql://u:planted@h/d",
            "a.db",
        ] {
            let error = check(url, "").unwrap_err();
            assert!(
                matches!(&error, SinkError::Unusable { setting, .. } if setting == "url"),
                "{url}: {error}"
            );
            assert!(!error.to_string().contains("planted"));
        }
    }

    #[test]
    fn a_prefix_is_a_plain_word() {
        for prefix in ["1a", "A", "a-b", "a\"b", "ä", "a b", "a;", &"x".repeat(31)] {
            let error = check("sqlite://a.db", prefix).unwrap_err();
            assert!(matches!(&error, SinkError::Unusable { setting, .. } if setting == "prefix"), "{prefix}");
        }
    }
}
