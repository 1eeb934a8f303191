//! The providers of a tenant: a list of keys, or a map in which the tenant may bring its own apps.
//!
//! An own app has what the operator's has, but no `origin`: which hosts are called, and whether they may be inside the
//! operator's network, is not a tenant's to say.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use tributary_contract::Secret;
use tributary_sinks::duration::HumanDuration;

use crate::operator::{ProviderApp, QuotaFile};
use crate::text::Text;
use crate::words::{AtLeastOne, Providers, Word};

/// `providers` in a tenant's file.
#[derive(Debug, JsonSchema)]
#[schemars(untagged)]
pub(crate) enum ProvidersFile {
    /// All through the operator's apps.
    List(AtLeastOne<Word<Providers>>),
    /// Some through the tenant's own; nothing after the key means the operator's.
    Map(BTreeMap<Word<Providers>, Option<OwnAppFile>>),
}

/// The tenant's own app at a provider.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OwnAppFile {
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
    /// How far back history is fetched after a connect, as far as the provider goes.
    history: Option<Text<HumanDuration>>,
}

impl<'de> Deserialize<'de> for ProvidersFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EitherVisitor;

        impl<'de> Visitor<'de> for EitherVisitor {
            type Value = ProvidersFile;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of providers, or providers with the tenant's own apps")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<ProvidersFile, A::Error> {
                AtLeastOne::deserialize(SeqAccessDeserializer::new(list)).map(ProvidersFile::List)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ProvidersFile, A::Error> {
                let apps = BTreeMap::deserialize(MapAccessDeserializer::new(map))?;
                if apps.is_empty() {
                    return Err(serde::de::Error::custom("write at least one"));
                }
                Ok(ProvidersFile::Map(apps))
            }
        }

        deserializer.deserialize_any(EitherVisitor)
    }
}

impl ProvidersFile {
    /// The keys of the providers.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &'static str> {
        let (list, map) = match self {
            Self::List(list) => (Some(&list.0), None),
            Self::Map(map) => (None, Some(map)),
        };
        let words = list.into_iter().flatten().chain(map.into_iter().flat_map(BTreeMap::keys));
        words.map(|word| word.text)
    }

    /// The apps of the tenant's own, by the provider's key.
    pub(crate) fn own(&self) -> impl Iterator<Item = (&'static str, &OwnAppFile)> {
        let map = match self {
            Self::List(_) => None,
            Self::Map(map) => Some(map),
        };
        map.into_iter().flatten().filter_map(|(key, app)| Some((key.text, app.as_ref()?)))
    }

    /// What comes of the tenant's own apps.
    pub(crate) fn apps(&self) -> BTreeMap<String, ProviderApp> {
        let app = |(key, app): (&str, &OwnAppFile)| {
            let spec = tributary_providers::registry::find(key)?.spec();
            let (app_quotas, user_quotas) =
                app.quota.as_ref().map(|quota| quota.quotas(spec)).unwrap_or_default();
            let app = ProviderApp {
                client_id: app.client_id.0.clone(),
                client_secret: app.client_secret.0.clone(),
                verify_token: app.verify_token.as_ref().map(|Text(token)| token.clone()),
                app_quotas,
                user_quotas,
                origin: None,
                history: app.history.as_ref().map(|Text(history)| history.get()),
            };
            Some((key.to_owned(), app))
        };
        self.own().filter_map(app).collect()
    }
}
