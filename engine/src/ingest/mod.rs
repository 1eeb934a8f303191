//! Turns what a job emitted into changes for the store: each record becomes JSON once, and from then on only its bytes
//! travel.
//!
//! Comes from the provider's code, goes to the writer. Whether a record is new is decided in the transaction that
//! stores it, never here.

pub mod inbox;

use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use thiserror::Error;
use tributary_contract::model::{DataType, Digest, EntryId, NaturalKey, Record, RecordError, Timestamp};
use tributary_contract::{Emitted, TraceContext};
use uuid::Uuid;

use crate::store::Change;

/// Why what was emitted cannot be stored. Names the record by a hash of its key; keys can hold times of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum IngestError {
    /// The record does not become JSON.
    #[error("record {key_hash} cannot be written: {source}")]
    Write {
        /// Of the natural key.
        key_hash: KeyHash,
        /// Why.
        source: RecordError,
    },
    /// A record that cannot be told from others.
    #[error("{data_type} record without a natural key; the provider's mapping has to give it an id or times")]
    NoKey {
        /// Its type.
        data_type: DataType,
    },
    /// A record that ends before it begins.
    #[error("{data_type} record {key_hash} ends before it begins")]
    EndsBeforeStart {
        /// Its type.
        data_type: DataType,
        /// Of the natural key.
        key_hash: KeyHash,
    },
}

/// A few bytes of a natural key's SHA-256, to find a record by without showing its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyHash([u8; 4]);

impl KeyHash {
    /// The hash of a key.
    pub fn of(key: &NaturalKey) -> Self {
        let hash: [u8; 32] = Sha256::digest(key.as_bytes()).into();
        Self(hash.first_chunk().copied().unwrap_or_default())
    }
}

impl std::fmt::Display for KeyHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

/// The changes that store what a job emitted for a connection, in the same order.
///
/// # Errors
/// [`IngestError`] for the first record that cannot be stored; then none of them is.
pub fn changes(
    tenant: &Arc<str>,
    connection: Uuid,
    emitted: Vec<Emitted>,
    trace: Option<TraceContext>,
) -> Result<Vec<Change>, IngestError> {
    emitted
        .into_iter()
        .map(|emitted| match emitted {
            Emitted::Record(record) => change(tenant, connection, &record, trace),
            Emitted::Deleted { data_type, key } => {
                let tenant = Arc::clone(tenant);
                keyed(data_type, key).map(|key| Change::Deleted { tenant, connection, data_type, key, trace })
            }
        })
        .collect()
}

fn change(
    tenant: &Arc<str>,
    connection: Uuid,
    record: &Record,
    trace: Option<TraceContext>,
) -> Result<Change, IngestError> {
    let data_type = record.data_type();
    let key = keyed(data_type, record.natural_key())?;
    // Between moments only: where the provider gave no offset, a wall clock that was set back proves nothing.
    let moment = |time: Option<Timestamp>| time.and_then(|time| time.instant());
    if let (Some(start), Some(end)) = (moment(record.start_time()), moment(record.end_time()))
        && end < start
    {
        return Err(IngestError::EndsBeforeStart { data_type, key_hash: KeyHash::of(&key) });
    }
    let body =
        record.to_json().map_err(|source| IngestError::Write { key_hash: KeyHash::of(&key), source })?;
    let digest = Digest::of(&body);
    let id = EntryId::of_record(connection, data_type, &key, digest);
    Ok(Change::Record { tenant: Arc::clone(tenant), connection, data_type, key, digest, id, body, trace })
}

fn keyed(data_type: DataType, key: NaturalKey) -> Result<NaturalKey, IngestError> {
    if key.as_str().is_empty() { Err(IngestError::NoKey { data_type }) } else { Ok(key) }
}

#[cfg(test)]
mod tests;
