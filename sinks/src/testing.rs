//! Entries and batches for the tests of this crate, with fixed ids and times.

use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, Duration, Utc};
use tributary_contract::TraceContext;
use tributary_contract::model::{DataType, Digest, EntryId, EventType, NaturalKey};
use tributary_contract::sink::{Batch, Entry, EntryKind, Outcome, Sink, User};
use uuid::Uuid;

/// 10:00 UTC on 1 March 2026 plus some seconds.
pub(crate) fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_772_359_200, 0).unwrap() + Duration::seconds(seconds)
}

pub(crate) fn user(reference: &str) -> Arc<User> {
    let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, reference.as_bytes());
    let json = serde_json::json!({
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

fn entry(user: &Arc<User>, sequence: u64, kind: EntryKind, key: &str, body: &str) -> Entry {
    let key = NaturalKey::new(key);
    Entry {
        sequence,
        id: EntryId::of_event(user.id, kind.filter_name(), key.as_bytes(), Digest::of(body.as_bytes())),
        user: user.clone(),
        kind,
        key,
        body: Bytes::from(body.to_owned()),
        committed_at: at(i64::try_from(sequence).unwrap()),
        trace: None,
    }
}

pub(crate) fn record(user: &Arc<User>, sequence: u64, kind: DataType, key: &str, body: &str) -> Entry {
    entry(user, sequence, EntryKind::Record(kind), key, body)
}

pub(crate) fn deleted(user: &Arc<User>, sequence: u64, kind: DataType, key: &str) -> Entry {
    entry(user, sequence, EntryKind::Deleted(kind), key, "")
}

pub(crate) fn life_cycle(user: &Arc<User>, sequence: u64, body: &str) -> Entry {
    let event: serde_json::Value = serde_json::from_str(body).unwrap();
    let kind: EventType = serde_json::from_value(event["type"].clone()).unwrap();
    entry(user, sequence, EntryKind::LifeCycle(kind), "", body)
}

pub(crate) fn batch(entries: impl IntoIterator<Item = Entry>) -> Batch {
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
pub(crate) async fn take(sink: &dyn Sink, entries: impl IntoIterator<Item = Entry>) {
    let batch = batch(entries);
    let outcomes = sink.deliver(&batch).await.unwrap();
    assert_eq!(outcomes, vec![Outcome::Taken; batch.entries.len()]);
}
