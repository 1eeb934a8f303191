//! A sink in a tenant's file: its kind, the keys that all sinks share, and the settings of its kind.
//!
//! `type` is looked at first, wherever it stands; shared keys are taken out of the stream; the rest goes to the type
//! that the kind has for its settings. No setting of a particular kind is known here.

use std::fmt;

use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{self, Deserialize, DeserializeSeed, Deserializer, MapAccess, Visitor};
use tributary_sinks::SinkOptions;

use crate::place::{Fingerprint, Places};
use crate::words::{AtLeastOne, Events, Kinds, Word, Words};

/// One configured sink.
#[derive(Debug, Clone)]
pub struct SinkEntry {
    /// Its kind and the settings of that kind.
    pub options: SinkOptions,
    /// The events that it wants; `None` for the default.
    pub events: Option<Vec<String>>,
    /// Nothing is delivered for now; the backlog is kept.
    pub paused: bool,
    /// What is written, with what references put in: two entries with the same one are the same sink.
    pub fingerprint: Fingerprint,
    /// Where its settings are in the tenant's file.
    pub places: Places,
}

/// The key with the kind.
pub(crate) const TYPE: &str = "type";
const EVENTS: &str = "events";
const PAUSED: &str = "paused";
/// The keys that all sinks share, `type` first.
pub(crate) const SHARED: &[&str] = &[TYPE, EVENTS, PAUSED];

impl<'de> Deserialize<'de> for SinkEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_struct("SinkEntry", SHARED, EntryVisitor)
    }
}

struct EntryVisitor;

impl<'de> Visitor<'de> for EntryVisitor {
    type Value = SinkEntry;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the settings of a sink")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<SinkEntry, A::Error> {
        let first: Option<String> = map.next_key()?;
        if first.as_deref() != Some(TYPE) {
            let kinds = Kinds::all().join(", ");
            return Err(de::Error::custom(format_args!(
                "missing key \"type\", the kind of sink; allowed: {kinds}"
            )));
        }
        let kind: Word<Kinds> = map.next_value()?;
        let mut shared = Shared::default();
        let rest = Rest { map, shared: &mut shared };
        let options = SinkOptions::deserialize_kind(kind.text, MapAccessDeserializer::new(rest))?;
        let events =
            shared.events.map(|AtLeastOne(events)| events.iter().map(|word| word.text.to_owned()).collect());
        let (fingerprint, places) = Default::default();
        Ok(SinkEntry { options, events, paused: shared.paused, fingerprint, places })
    }
}

/// The values of the shared keys.
#[derive(Default)]
struct Shared {
    events: Option<AtLeastOne<Word<Events>>>,
    paused: bool,
}

/// The keys of a map without the shared ones, whose values it keeps.
struct Rest<'a, A> {
    map: A,
    shared: &'a mut Shared,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Rest<'_, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, mut seed: K) -> Result<Option<K::Value>, A::Error> {
        loop {
            match self.map.next_key_seed(KeySeed(seed))? {
                None => return Ok(None),
                Some(Key::Own(key)) => return Ok(Some(key)),
                Some(Key::Events(back)) => {
                    self.shared.events = self.map.next_value()?;
                    seed = back;
                }
                Some(Key::Paused(back)) => {
                    self.shared.paused = self.map.next_value()?;
                    seed = back;
                }
            }
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.map.next_value_seed(seed)
    }
}

/// A key as the kind sees it, or a shared one together with the seed that is still to be used.
enum Key<K, S> {
    Own(K),
    Events(S),
    Paused(S),
}

struct KeySeed<S>(S);

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for KeySeed<S> {
    type Value = Key<S::Value, S>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl<'de, S: DeserializeSeed<'de>> Visitor<'de> for KeySeed<S> {
    type Value = Key<S::Value, S>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: de::Error>(self, key: &str) -> Result<Self::Value, E> {
        match key {
            EVENTS => Ok(Key::Events(self.0)),
            PAUSED => Ok(Key::Paused(self.0)),
            key => self.0.deserialize(StrDeserializer::new(key)).map(Key::Own),
        }
    }
}
