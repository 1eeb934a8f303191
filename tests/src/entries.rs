//! Entries and batches for tests that drive a sink by itself, with fixed ids and times.

use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};
use tributary_contract::TraceContext;
use tributary_contract::model::{DataType, Digest, EntryId, EventType, NaturalKey};
use tributary_contract::sink::{Batch, Entry, EntryKind, Outcome, Sink, User};
use uuid::Uuid;

/// 10:00 UTC on 1 March 2026 plus some seconds.
pub fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_772_359_200, 0).expect("a moment") + Duration::seconds(seconds)
}

/// A user with this id of the tenant's own.
pub fn user(reference: &str) -> Arc<User> {
    let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, reference.as_bytes());
    let json = json!({
        "user_id": id, "provider": "OURA", "reference_id": reference, "active": true, "scopes": "daily,sleep",
        "created_at": "2026-01-01T00:00:00.000000+00:00",
    });
    Arc::new(User {
        id,
        reference_id: Some(reference.to_owned()),
        provider: "OURA".to_owned(),
        json: Bytes::from(json.to_string()),
    })
}

/// An entry of any kind.
pub fn entry(user: &Arc<User>, sequence: u64, kind: EntryKind, key: &str, body: impl Into<String>) -> Entry {
    let (key, body) = (NaturalKey::new(key), body.into());
    Entry {
        sequence,
        id: EntryId::of_event(user.id, kind.filter_name(), key.as_bytes(), Digest::of(body.as_bytes())),
        user: user.clone(),
        kind,
        key,
        body: Bytes::from(body),
        committed_at: at(i64::try_from(sequence).expect("a small sequence")),
        trace: None,
    }
}

/// A record.
pub fn record(
    user: &Arc<User>,
    sequence: u64,
    data_type: DataType,
    key: &str,
    body: impl Into<String>,
) -> Entry {
    entry(user, sequence, EntryKind::Record(data_type), key, body)
}

/// The provider says that a record is gone.
pub fn deleted(user: &Arc<User>, sequence: u64, data_type: DataType, key: &str) -> Entry {
    entry(user, sequence, EntryKind::Deleted(data_type), key, "")
}

/// A life-cycle event.
pub fn life_cycle(user: &Arc<User>, sequence: u64, event: &Value) -> Entry {
    let kind: EventType = serde_json::from_value(event["type"].clone()).expect("a type of event");
    entry(user, sequence, EntryKind::LifeCycle(kind), "", event.to_string())
}

/// A day's totals.
pub fn day(user: &Arc<User>, sequence: u64, date: &str, steps: u64) -> Entry {
    let body = json!({
        "metadata": {"start_time": "2026-03-01T00:00:00.000000+01:00", "upload_type": 1},
        "distance_data": {"steps": steps, "distance_meters": 1.5},
    });
    record(user, sequence, DataType::Daily, date, body.to_string())
}

/// A first attempt.
pub fn batch(entries: impl IntoIterator<Item = Entry>) -> Batch {
    Batch {
        delivery: Uuid::from_u128(0x1234),
        attempt: 1,
        replay: false,
        at: at(3_600),
        trace: TraceContext { trace_id: [1; 16], span_id: [2; 8], sampled: true },
        entries: entries.into_iter().map(Arc::new).collect(),
    }
}

/// Delivers and expects every entry to be taken.
///
/// # Panics
/// When one is not.
pub async fn take(sink: &dyn Sink, entries: impl IntoIterator<Item = Entry>) {
    let batch = batch(entries);
    let outcomes = sink.deliver(&batch).await.expect("a delivery");
    assert_eq!(outcomes, vec![Outcome::Taken; batch.entries.len()]);
}
