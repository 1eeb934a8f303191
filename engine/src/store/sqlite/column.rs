//! How single values lie in columns, and back.
//!
//! Times become microseconds since 1970, numbers without sign become `SQLite`'s signed ones, ids become 16 bytes. A
//! column that makes no sense is named, with its table; its content is not.

use chrono::{DateTime, Utc};
use sqlx::sqlite::{Sqlite, SqliteRow};
use sqlx::{Decode, Row, Type};
use tributary_contract::TraceContext;
use tributary_contract::model::EntryId;
use tributary_contract::sink::EntryKind;
use uuid::Uuid;

use crate::store::StoreError;

/// What is wrong with a row: the column, and why.
pub(super) struct Damage(String);

impl Damage {
    pub(super) fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }

    pub(super) fn text(self) -> String {
        self.0
    }

    pub(super) fn of(self, what: &'static str) -> StoreError {
        StoreError::Damaged { what, reason: self.0 }
    }
}

/// A row that is being read.
pub(super) struct Columns<'r>(pub(super) &'r SqliteRow);

impl<'r> Columns<'r> {
    pub(super) fn get<T: Decode<'r, Sqlite> + Type<Sqlite>>(
        &self,
        column: &'static str,
    ) -> Result<T, Damage> {
        self.0.try_get(column).map_err(|error| Damage(error.to_string()))
    }

    pub(super) fn time(&self, column: &'static str) -> Result<DateTime<Utc>, Damage> {
        DateTime::from_timestamp_micros(self.get(column)?)
            .ok_or_else(|| Damage(format!("column {column}: no time")))
    }

    pub(super) fn number<T: TryFrom<i64>>(&self, column: &'static str) -> Result<T, Damage> {
        T::try_from(self.get::<i64>(column)?)
            .map_err(|_mismatch| Damage(format!("column {column}: number out of range")))
    }

    pub(super) fn uuid(&self, column: &'static str) -> Result<Uuid, Damage> {
        self.bytes(column).map(Uuid::from_bytes)
    }

    pub(super) fn entry_id(&self, column: &'static str) -> Result<EntryId, Damage> {
        self.bytes(column).map(EntryId::from_bytes)
    }

    pub(super) fn bytes<const N: usize>(&self, column: &'static str) -> Result<[u8; N], Damage> {
        let bytes: &[u8] = self.get(column)?;
        <[u8; N]>::try_from(bytes).map_err(|_mismatch| Damage(format!("column {column}: expected {N} bytes")))
    }

    pub(super) fn kind(&self, column: &'static str) -> Result<EntryKind, Damage> {
        let text: &str = self.get(column)?;
        kind_from(text).ok_or_else(|| Damage(format!("column {column}: unknown kind of entry {text:?}")))
    }

    pub(super) fn trace(&self, column: &'static str) -> Result<Option<TraceContext>, Damage> {
        let Some(bytes) = self.get::<Option<&[u8]>>(column)? else { return Ok(None) };
        trace_from(bytes).map(Some).ok_or_else(|| Damage(format!("column {column}: no trace context")))
    }

    pub(super) fn json<T: serde::de::DeserializeOwned>(&self, column: &'static str) -> Result<T, Damage> {
        serde_json::from_str(self.get(column)?)
            .map_err(|error| Damage(format!("column {column}: JSON is broken at column {}", error.column())))
    }
}

pub(super) const fn micros(time: DateTime<Utc>) -> i64 {
    time.timestamp_micros()
}

/// No sequence, count or offset ever comes near the limit.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(super) fn signed_len(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(super) fn kind_text(kind: EntryKind) -> String {
    match kind {
        EntryKind::Record(data_type) => format!("record:{data_type}"),
        EntryKind::Deleted(data_type) => format!("deleted:{data_type}"),
        EntryKind::LifeCycle(event) => format!("event:{}", event.as_str()),
    }
}

fn kind_from(text: &str) -> Option<EntryKind> {
    match text.split_once(':')? {
        ("record", data_type) => data_type.parse().ok().map(EntryKind::Record),
        ("deleted", data_type) => data_type.parse().ok().map(EntryKind::Deleted),
        ("event", event) => event.parse().ok().map(EntryKind::LifeCycle),
        _ => None,
    }
}

pub(super) fn trace_bytes(trace: &TraceContext) -> Vec<u8> {
    [&trace.trace_id[..], &trace.span_id[..], &[u8::from(trace.sampled)]].concat()
}

fn trace_from(bytes: &[u8]) -> Option<TraceContext> {
    let (trace_id, rest) = bytes.split_first_chunk()?;
    let (span_id, flags) = rest.split_first_chunk()?;
    let &[sampled] = flags else { return None };
    Some(TraceContext { trace_id: *trace_id, span_id: *span_id, sampled: sampled == 1 })
}
