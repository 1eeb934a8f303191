//! Words out of lists that are known before anything is read (providers, kinds of sinks, events), and lists of values.
//!
//! The lists come from the registries and the contract, so that a new provider or sink is known here without a change.
//! Nothing is guessed: a word that is not in its list is an error that names the list.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::sync::LazyLock;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error as _, SeqAccess, Visitor};
use tributary_contract::model::{DataType, EventType};
use tributary_sinks::SinkOptions;

/// A list of words that is known before anything is read.
pub(crate) trait Words {
    /// All of them, sorted.
    fn all() -> &'static [&'static str];
}

/// One word of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Word<L> {
    /// The word.
    pub(crate) text: &'static str,
    list: PhantomData<L>,
}

impl<'de, L: Words> Deserialize<'de> for Word<L> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct WordVisitor<L>(PhantomData<L>);

        impl<L: Words> Visitor<'_> for WordVisitor<L> {
            type Value = Word<L>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "one of {}", L::all().join(", "))
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Word<L>, E> {
                let known = L::all().iter().find(|known| **known == text);
                known
                    .map(|text| Word { text, list: PhantomData })
                    .ok_or_else(|| E::unknown_variant(text, L::all()))
            }
        }

        deserializer.deserialize_str(WordVisitor(PhantomData))
    }
}

impl<L: Words> JsonSchema for Word<L> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Word".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "enum": L::all() })
    }
}

/// The keys of the providers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Providers;

impl Words for Providers {
    fn all() -> &'static [&'static str] {
        static ALL: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
            sorted(tributary_providers::registry::PROVIDERS.iter().map(|provider| provider.spec().key))
        });
        &ALL
    }
}

/// The kinds of sinks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Kinds;

impl Words for Kinds {
    fn all() -> &'static [&'static str] {
        static ALL: LazyLock<Vec<&'static str>> =
            LazyLock::new(|| sorted(SinkOptions::KINDS.iter().map(|kind| kind.name)));
        &ALL
    }
}

/// What a sink may ask for: data types, deletions, and what happens to connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Events;

/// What happens to connections and is sent; events of products that are not offered here are left out.
const LIFE_CYCLE: [EventType; 7] = [
    EventType::AccessRevoked,
    EventType::Auth,
    EventType::AuthCancelled,
    EventType::ConnectionError,
    EventType::Deauth,
    EventType::PermissionChange,
    EventType::UserReauth,
];

impl Words for Events {
    fn all() -> &'static [&'static str] {
        static ALL: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
            let data = DataType::ALL.into_iter().map(DataType::as_str);
            sorted(data.chain(["deleted"]).chain(LIFE_CYCLE.map(EventType::as_str)))
        });
        &ALL
    }
}

fn sorted(words: impl Iterator<Item = &'static str>) -> Vec<&'static str> {
    let mut words: Vec<_> = words.collect();
    words.sort_unstable();
    words
}

/// A list with at least one item.
#[derive(Debug, Clone)]
pub(crate) struct AtLeastOne<T>(pub(crate) Vec<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for AtLeastOne<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let list = Vec::deserialize(deserializer)?;
        if list.is_empty() { Err(D::Error::custom("write at least one")) } else { Ok(Self(list)) }
    }
}

impl<T: JsonSchema> JsonSchema for AtLeastOne<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "AtLeastOne".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "array", "minItems": 1, "items": generator.subschema_for::<T>() })
    }
}

/// One text or a list of them.
#[derive(Debug, Clone)]
pub(crate) struct OneOrMore(pub(crate) Vec<String>);

impl<'de> Deserialize<'de> for OneOrMore {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMoreVisitor;

        impl<'de> Visitor<'de> for OneOrMoreVisitor {
            type Value = OneOrMore;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text or a list of texts")
            }

            fn visit_str<E>(self, text: &str) -> Result<OneOrMore, E> {
                Ok(OneOrMore(vec![text.to_owned()]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<OneOrMore, A::Error> {
                let mut texts = Vec::new();
                while let Some(text) = list.next_element()? {
                    texts.push(text);
                }
                Ok(OneOrMore(texts))
            }
        }

        deserializer.deserialize_any(OneOrMoreVisitor)
    }
}

impl JsonSchema for OneOrMore {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "OneOrMore".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_the_registries() {
        assert!(Providers::all().contains(&"strava") && Providers::all().is_sorted());
        assert!(Kinds::all().contains(&"webhook") && Kinds::all().is_sorted());
        for event in ["activity", "deleted", "auth", "user_reauth"] {
            assert!(Events::all().contains(&event), "{event}");
        }
        assert!(!Events::all().contains(&"processing"));
    }
}
