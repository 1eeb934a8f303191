//! Who a record is: what overwrites what, what has changed, and the id of an entry in the log.
//!
//! Computed from a record and its JSON when it is committed. Ids never depend on a clock, a counter or a machine, so
//! fetching the same thing again gives the same id.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::{DataType, Timestamp};

/// What a record is overwritten by: unique within its connection and type.
///
/// | type | key |
/// |---|---|
/// | activity, sleep, health observation | summary id, or start and end where that is missing |
/// | body, daily, nutrition, menstruation | date of the start, as the wall clock had it |
/// | hormone | its timestamp |
/// | planned workout | its id |
/// | athlete | always the same |
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NaturalKey(String);

impl NaturalKey {
    /// A key as it was stored.
    pub fn new(key: impl Into<String>) -> Self {
        Self(key.into())
    }

    /// The key of a day record.
    pub(super) fn day(start: &Timestamp) -> Self {
        Self(super::Day(start.date()).to_string())
    }

    /// The id where there is one, else start and end.
    pub(super) fn id_or_span(id: Option<&str>, start: &Timestamp, end: &Timestamp) -> Self {
        match id {
            Some(id) if !id.is_empty() => Self(id.to_owned()),
            Some(_) | None => Self(format!("{start}/{end}")),
        }
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The key as bytes.
    pub const fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Display for NaturalKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a record says: the first 16 bytes of the SHA-256 of its JSON. Two records are the same when it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 16]);

impl Digest {
    /// The digest of a record's JSON as [`super::Record::to_json`] writes it.
    pub fn of(json: &[u8]) -> Self {
        Self(shortened(Sha256::new_with_prefix(json)))
    }

    /// A digest as it was stored.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// To store it.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The id of an entry in the log, derived from connection, type, natural key and content.
///
/// The same content of the same record has the same id for ever, so sinks write idempotently by it. It is a valid
/// UUID (version 8) and written as one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryId([u8; 16]);

impl EntryId {
    /// The id of a record's content in a connection.
    pub fn of_record(connection: Uuid, data_type: DataType, key: &NaturalKey, digest: Digest) -> Self {
        Self::derived(connection, data_type.as_str(), key.as_bytes(), digest)
    }

    /// The id of anything else in the log, such as a life-cycle event: `kind` is its event type and `key` what
    /// tells it from others of that type.
    pub fn of_event(connection: Uuid, kind: &str, key: &[u8], digest: Digest) -> Self {
        Self::derived(connection, kind, key, digest)
    }

    /// Every part of variable length is preceded by its length, so that no two inputs run into each other.
    fn derived(connection: Uuid, kind: &str, key: &[u8], digest: Digest) -> Self {
        let length = |part: &[u8]| u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes();
        let hash = Sha256::new_with_prefix(b"tributary entry 1")
            .chain_update(connection.as_bytes())
            .chain_update(length(kind.as_bytes()))
            .chain_update(kind)
            .chain_update(length(key))
            .chain_update(key)
            .chain_update(digest.as_bytes());
        Self(uuid::Builder::from_custom_bytes(shortened(hash)).into_uuid().into_bytes())
    }

    /// An id as it was stored.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// To store it.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// For interfaces that want a UUID.
    pub const fn uuid(&self) -> Uuid {
        Uuid::from_bytes(self.0)
    }
}

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.uuid(), f)
    }
}

impl fmt::Debug for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for EntryId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Uuid::parse_str(text).map(|uuid| Self(uuid.into_bytes()))
    }
}

impl Serialize for EntryId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for EntryId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// The first half of a SHA-256.
fn shortened(hash: Sha256) -> [u8; 16] {
    let whole: [u8; 32] = hash.finalize().into();
    let mut half = [0; 16];
    for (to, from) in half.iter_mut().zip(whole) {
        *to = from;
    }
    half
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_the_same_for_ever() {
        let digest = Digest::of(br#"{"a":1}"#);
        assert_eq!(digest.to_string(), "015abd7f5cc57a2dd94b7590f04ad808");
        let key = NaturalKey::new("2026-03-01");
        let id = EntryId::of_record(Uuid::from_u128(1), DataType::Daily, &key, digest);
        assert_eq!(id.to_string(), "cc547aec-2b64-81cf-81bd-260cb2a5f5e1");
        assert_eq!(id.uuid().get_version_num(), 8);
    }

    #[test]
    fn every_part_changes_the_id_and_none_runs_into_another() {
        let id = |connection, kind, key: &str, json: &[u8]| {
            EntryId::of_event(Uuid::from_u128(connection), kind, key.as_bytes(), Digest::of(json))
        };
        let ids = [
            id(1, "daily", "2026-03-01", b"{}"),
            id(2, "daily", "2026-03-01", b"{}"),
            id(1, "body", "2026-03-01", b"{}"),
            id(1, "daily", "2026-03-02", b"{}"),
            id(1, "daily", "2026-03-01", b"[]"),
            id(1, "daily2", "026-03-01", b"{}"),
        ];
        assert_eq!(ids.iter().collect::<std::collections::HashSet<_>>().len(), ids.len());
    }

    #[test]
    fn an_id_survives_text_json_and_bytes() {
        let id = EntryId::of_record(
            Uuid::nil(),
            DataType::Athlete,
            &NaturalKey::new("athlete"),
            Digest::from_bytes([7; 16]),
        );
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(EntryId::from_bytes(*id.as_bytes()), id);
        let json = serde_json::to_string(&id).unwrap();
        assert_eq!(serde_json::from_str::<EntryId>(&json).unwrap(), id);
    }
}
