//! A tenant's file: who calls the API, which providers its users may connect, where the data goes.
//!
//! [`TenantFile`] is what is written, [`Tenant`] is what comes of it. API keys are known by their hashes alone.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use thiserror::Error;

use crate::apps::ProvidersFile;
use crate::entry::SinkEntry;
use crate::operator::{LimitsFile, ProviderApp};
use crate::place::{Fingerprint, Places};
use crate::report::ConfigError;
use crate::text::{Name, Text, Written};
use crate::tree::Node;
use crate::words::AtLeastOne;

/// What one tenant configured.
#[derive(Debug, Clone)]
pub struct Tenant {
    /// The tenant's name, which its calls carry as `dev-id`.
    pub dev_id: String,
    /// The keys that its calls may carry as `x-api-key`.
    pub api_keys: Vec<ApiKey>,
    /// The keys of the providers that its users may connect.
    pub providers: Vec<String>,
    /// The tenant's own apps at some of them, by the provider's key; the others are reached through the operator's.
    pub apps: BTreeMap<String, ProviderApp>,
    /// Its sinks by their names.
    pub sinks: BTreeMap<String, SinkEntry>,
    /// Entries of the log that its slowest sink may lag behind; `None` leaves that to the operator.
    pub backlog_limit: Option<u64>,
    /// The file that all this is from.
    pub file: PathBuf,
}

impl Tenant {
    /// What a sink's own check found, with its place in the tenant's file. `setting` may begin with the sink's name.
    pub fn sink_error(&self, sink: &str, setting: Option<&str>, message: String) -> ConfigError {
        let own = format!("{sink}.");
        let setting = setting.map(|setting| setting.strip_prefix(&own).unwrap_or(setting));
        let places = self.sinks.get(sink).map(|entry| &entry.places);
        let path = setting.map_or_else(String::new, |setting| format!(".{setting}"));
        ConfigError {
            file: self.file.clone(),
            position: places.and_then(|places| places.of_setting(setting.unwrap_or_default())),
            path: format!("sinks.{sink}{path}"),
            message,
        }
    }
}

/// An API key, known by its SHA-256 alone.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey([u8; 32]);

impl ApiKey {
    /// The hash of a key that is at hand.
    pub fn of(key: &str) -> Self {
        Self(Sha256::digest(key).into())
    }

    /// Whether this is the key. The time it takes says nothing about how near a wrong one is.
    pub fn matches(&self, presented: &str) -> bool {
        self.0.ct_eq(&Self::of(presented).0).into()
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey([secret])")
    }
}

/// A text that is no hash of an API key. It does not hold the text, which may be the key itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("expected {}", ApiKey::EXPECTED)]
pub struct InvalidApiKey;

impl FromStr for ApiKey {
    type Err = InvalidApiKey;

    fn from_str(text: &str) -> Result<Self, InvalidApiKey> {
        Self::parse(text).ok_or(InvalidApiKey)
    }
}

impl Written for ApiKey {
    const EXPECTED: &'static str = "sha256: and 64 hex digits, the hash of the key (`printf %s \"$KEY\" | sha256sum`), never the key itself";
    const PATTERN: &'static str = "^sha256:[0-9A-Fa-f]{64}$";

    fn parse(text: &str) -> Option<Self> {
        let mut digest = [0; 32];
        hex::decode_to_slice(text.strip_prefix("sha256:")?, &mut digest).ok()?;
        Some(Self(digest))
    }
}

/// A tenant's file.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TenantFile {
    /// The tenant's name, which its calls carry as `dev-id`.
    dev_id: Text<Name>,
    /// Hashes of the keys that its calls may carry as `x-api-key`: `sha256:` and 64 hex digits.
    api_keys: AtLeastOne<Text<ApiKey>>,
    /// The providers that its users may connect: a list, or a map from providers to the tenant's own apps there.
    providers: ProvidersFile,
    /// Where its data goes: sinks by a name of the tenant's choice.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, SinkEntry>")]
    sinks: BTreeMap<Text<Name>, SinkEntry>,
    /// What this tenant may use, instead of what the operator's file says.
    limits: Option<LimitsFile>,
}

impl TenantFile {
    /// The tenant's name.
    pub(crate) fn dev_id(&self) -> &str {
        &self.dev_id.0.0
    }

    /// The keys of the providers.
    pub(crate) fn providers(&self) -> impl Iterator<Item = &'static str> {
        self.providers.keys()
    }

    /// Whether the tenant has an app of its own at a provider.
    pub(crate) fn has_app(&self, provider: &str) -> bool {
        self.providers.own().any(|(key, _)| key == provider)
    }

    /// Whether there is any sink.
    pub(crate) fn has_sinks(&self) -> bool {
        !self.sinks.is_empty()
    }

    /// What comes of it; `root` is what it was read from.
    pub(crate) fn into_tenant(self, file: PathBuf, root: &Node) -> Tenant {
        let sink = |(Text(Name(name)), entry): (Text<Name>, SinkEntry)| {
            let node = root.find(&["sinks", &name]);
            let fingerprint = node.map(Fingerprint::of).unwrap_or_default();
            let places = node.map(Places::of).unwrap_or_default();
            (name, SinkEntry { fingerprint, places, ..entry })
        };
        Tenant {
            apps: self.providers.apps(),
            providers: self.providers().map(str::to_owned).collect(),
            dev_id: self.dev_id.0.0,
            api_keys: self.api_keys.0.into_iter().map(|Text(key)| key).collect(),
            sinks: self.sinks.into_iter().map(sink).collect(),
            backlog_limit: self.limits.and_then(|limits| limits.backlog),
            file,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_matches_its_hash_alone() {
        // The hash is that of `printf %s planted-key | sha256sum`.
        let hash = "sha256:".to_owned() + &hex::encode(Sha256::digest("planted-key"));
        let key: ApiKey = hash.parse().unwrap();
        assert!(key.matches("planted-key") && ApiKey::of("planted-key").matches("planted-key"));
        for wrong in ["", "planted-kez", "planted-key ", &hash] {
            assert!(!key.matches(wrong), "{wrong}");
        }
        assert_eq!(format!("{key:?}"), "ApiKey([secret])");
    }

    #[test]
    fn a_key_in_the_clear_is_refused_and_not_shown() {
        for text in ["planted-key", "sha256:planted", "sha256:", "", &format!("sha256:{}", "a".repeat(63))] {
            let error = text.parse::<ApiKey>().unwrap_err().to_string();
            assert!(error.contains("sha256:") && !error.contains("planted"), "{error}");
        }
    }
}
