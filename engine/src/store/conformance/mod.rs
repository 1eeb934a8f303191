//! What every store has to do, as one suite: each method of [`Store`], and above all that a commit is one transaction
//! and that the same content adds nothing.
//!
//! Each case gets a fresh, empty store. Run it from a test of the implementation.

mod connections;
mod inbox;
mod log;
#[expect(clippy::indexing_slicing, clippy::panic, reason = "a suite of tests, which may fail that way")]
mod replay;
mod sinks;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use tributary_contract::model::{DataType, Digest, EntryId, EventType, NaturalKey};
use tributary_contract::{Account, TraceContext};
use uuid::Uuid;

use super::{Change, Changeset, Committed, Connection, ConnectionState, LogRow, Rejected, Store, StoreError};

type Outcome = Result<(), StoreError>;
type Case = fn(Arc<dyn Store>) -> Pin<Box<dyn Future<Output = Outcome> + Send>>;

/// Runs the whole suite. `make` gives a fresh, empty store each time.
pub async fn run<F, M>(make: F)
where
    F: Fn() -> M,
    M: Future<Output = Arc<dyn Store>>,
{
    let parts: [&[(&str, Case)]; 5] =
        [log::CASES, connections::CASES, inbox::CASES, sinks::CASES, replay::CASES];
    for (name, case) in parts.into_iter().flatten() {
        let outcome = case(make().await).await;
        assert_eq!(outcome, Ok(()), "{name}");
    }
}

const TENANT: &str = "acme";
const OTHER_TENANT: &str = "beta";
const ANN: Uuid = Uuid::from_u128(0xa);
const BOB: Uuid = Uuid::from_u128(0xb);

/// Seconds since the suite began, to the microsecond that stores keep.
fn at(second: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(1_800_000_000 + second) + TimeDelta::microseconds(123_456)
}

fn trace() -> TraceContext {
    TraceContext { trace_id: [7; 16], span_id: [9; 8], sampled: true }
}

fn record_of(tenant: &str, connection: Uuid, key: &str, content: &str) -> Change {
    let (key, digest) = (NaturalKey::new(key), Digest::of(content.as_bytes()));
    Change::Record {
        tenant: tenant.into(),
        connection,
        data_type: DataType::Activity,
        id: EntryId::of_record(connection, DataType::Activity, &key, digest),
        key,
        digest,
        body: Bytes::copy_from_slice(content.as_bytes()),
        trace: Some(trace()),
    }
}

fn record(key: &str, content: &str) -> Change {
    record_of(TENANT, ANN, key, content)
}

fn deleted(key: &str) -> Change {
    Change::Deleted {
        tenant: TENANT.into(),
        connection: ANN,
        data_type: DataType::Activity,
        key: NaturalKey::new(key),
        trace: None,
    }
}

fn event(event: EventType, body: &str) -> Change {
    Change::Event {
        tenant: TENANT.into(),
        connection: ANN,
        event,
        body: Bytes::copy_from_slice(body.as_bytes()),
        trace: None,
    }
}

fn connection(id: Uuid, tenant: &str, account: &str, epoch: u64) -> Connection {
    Connection {
        id,
        tenant: tenant.into(),
        provider: "strava".to_owned(),
        reference_id: Some("person".to_owned()),
        account: Account::new(account),
        state: ConnectionState::Active,
        reason: None,
        epoch,
        created_at: at(0),
        updated_at: at(1),
    }
}

/// Commits one changeset that no fence guards.
async fn put(store: &dyn Store, changes: Vec<Change>) -> Result<Committed, StoreError> {
    let results = commit(store, vec![Changeset::unfenced(changes)]).await?;
    let first = results.into_iter().next();
    assert!(matches!(first, Some(Ok(_))), "{first:?}");
    Ok(first.and_then(Result::ok).unwrap_or_default())
}

async fn commit(
    store: &dyn Store,
    group: Vec<Changeset>,
) -> Result<Vec<Result<Committed, Rejected>>, StoreError> {
    let results = store.commit(&group, at(2)).await?;
    assert_eq!(results.len(), group.len(), "one result for each changeset");
    Ok(results)
}

/// The whole log of the tenant.
async fn whole_log(store: &dyn Store) -> Result<Vec<LogRow>, StoreError> {
    store.log(TENANT, 0, 10_000, usize::MAX).await
}

/// Bodies of log rows as text.
fn bodies(rows: &[LogRow]) -> Vec<String> {
    rows.iter().map(|row| String::from_utf8_lossy(&row.body).into_owned()).collect()
}

fn sequences(rows: &[LogRow]) -> Vec<u64> {
    rows.iter().map(|row| row.sequence).collect()
}
