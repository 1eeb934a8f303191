use chrono::{DateTime, TimeDelta, Utc};
use tempfile::TempDir;
use tributary_contract::model::{Activity, Athlete, Daily, Offset};
use tributary_contract::{Account, Change as Said, Notice};

use super::inbox::Reach;
use super::*;
use crate::store::{Changeset, Connection, ConnectionState, NewNotice, SqliteStore, Store};

const CONNECTION: Uuid = Uuid::from_u128(1);

fn tenant() -> Arc<str> {
    "acme".into()
}

fn activity(id: &str, seconds: f64) -> Activity {
    let start = Timestamp::parse("2026-03-29T01:30:00.000000+01:00").unwrap();
    let mut activity = Activity::default();
    activity.metadata.summary_id = id.to_owned();
    activity.metadata.start_time = start;
    activity.metadata.end_time = start.plus_seconds(seconds).unwrap();
    activity
}

#[test]
fn a_record_becomes_its_json_with_digest_and_id() {
    let record = Record::from(activity("17", 60.0));
    let json = record.to_json().unwrap();
    let mut changes = changes(&tenant(), CONNECTION, vec![Emitted::Record(record)], None).unwrap();
    let Some(Change::Record { tenant, connection, data_type, key, digest, id, body, trace: None }) =
        changes.pop()
    else {
        panic!("no record")
    };
    assert_eq!(
        (&*tenant, connection, data_type, key.as_str()),
        ("acme", CONNECTION, DataType::Activity, "17")
    );
    assert_eq!((&body, digest), (&json, Digest::of(&json)));
    assert_eq!(id, EntryId::of_record(CONNECTION, DataType::Activity, &key, digest));
}

#[test]
fn order_and_deletions_are_kept() {
    let emitted = vec![
        Emitted::Record(activity("1", 60.0).into()),
        Emitted::Deleted { data_type: DataType::Activity, key: NaturalKey::new("1") },
        Emitted::Record(Athlete::default().into()),
    ];
    let changes = changes(&tenant(), CONNECTION, emitted, None).unwrap();
    let kinds: Vec<_> = changes
        .iter()
        .map(|change| match change {
            Change::Record { data_type, .. } => format!("record {data_type}"),
            Change::Deleted { data_type, key, .. } => format!("deleted {data_type} {key}"),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(kinds, ["record activity", "deleted activity 1", "record athlete"]);
}

#[test]
fn a_record_that_ends_before_it_begins_is_refused_without_showing_its_key() {
    let refused =
        changes(&tenant(), CONNECTION, vec![Emitted::Record(activity("planted", -60.0).into())], None);
    let error = refused.unwrap_err();
    assert!(matches!(error, IngestError::EndsBeforeStart { data_type: DataType::Activity, .. }));
    let text = format!("{error} {error:?}");
    assert!(
        !text.contains("planted") && text.contains(&KeyHash::of(&NaturalKey::new("planted")).to_string()),
        "{text}"
    );
}

#[test]
fn a_wall_clock_that_was_set_back_is_no_mistake() {
    let mut activity = activity("1", 60.0);
    activity.metadata.start_time = Timestamp::parse("2026-10-25T02:50:00").unwrap();
    activity.metadata.end_time = Timestamp::parse("2026-10-25T02:10:00").unwrap();
    assert!(changes(&tenant(), CONNECTION, vec![Emitted::Record(activity.into())], None).is_ok());
}

#[test]
fn a_deletion_without_a_key_is_refused() {
    let emitted = vec![Emitted::Deleted { data_type: DataType::Sleep, key: NaturalKey::new("") }];
    let error = changes(&tenant(), CONNECTION, emitted, None).unwrap_err();
    assert_eq!(error, IngestError::NoKey { data_type: DataType::Sleep });
}

#[test]
fn a_day_record_is_known_by_its_date() {
    let mut daily = Daily::default();
    daily.metadata.start_time =
        Timestamp::from_utc_with_offset(DateTime::UNIX_EPOCH, Offset::from_minutes(-60).unwrap());
    daily.metadata.end_time = daily.metadata.start_time.plus_seconds(86_400.0).unwrap();
    let changes = changes(&tenant(), CONNECTION, vec![Emitted::Record(daily.into())], None).unwrap();
    assert!(matches!(&changes[0], Change::Record { key, .. } if key.as_str() == "1969-12-31"));
}

async fn store(folder: &TempDir) -> SqliteStore {
    SqliteStore::open(&format!("sqlite://{}", folder.path().join("store.db").display())).await.unwrap()
}

fn connection(id: u128, tenant: &str, account: &str, state: ConnectionState) -> Change {
    Change::ConnectionPut(Connection {
        id: Uuid::from_u128(id),
        tenant: tenant.into(),
        provider: "strava".to_owned(),
        reference_id: None,
        account: Account::new(account),
        state,
        reason: None,
        epoch: 1,
        created_at: DateTime::UNIX_EPOCH,
        updated_at: DateTime::UNIX_EPOCH,
    })
}

fn notice(account: &str, event_id: &str) -> Notice {
    Notice { account: account.to_owned(), event_id: Some(event_id.to_owned()), change: Said::Revoked }
}

fn now() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000)
}

fn everybody(provider: &str) -> Reach<'_> {
    Reach { provider, holds: &|_| true }
}

#[tokio::test]
async fn a_notice_goes_to_every_tenant_that_connected_the_account() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder).await;
    let rows = vec![
        connection(1, "acme", "ann", ConnectionState::Active),
        connection(2, "beta", "ann", ConnectionState::ReauthNeeded),
        connection(3, "gamma", "ann", ConnectionState::Disconnected),
        connection(4, "acme", "bob", ConnectionState::Quarantined),
    ];
    store.commit(&[Changeset::unfenced(rows)], now()).await.unwrap();
    let notices = vec![notice("ann", "1"), notice("bob", "2"), notice("ann", "3"), notice("eve", "4")];
    let accepted = inbox::accept(&store, &everybody("strava"), notices, now(), None).await.unwrap();
    assert_eq!(accepted.unknown, 1);
    let woken: Vec<_> = accepted.connections.iter().map(|(id, tenant)| (id.as_u128(), &**tenant)).collect();
    assert_eq!(woken, [(1, "acme"), (2, "beta"), (4, "acme")]);
    let rows: Vec<_> = accepted
        .changes
        .iter()
        .map(|change| match change {
            Change::InboxAdd(NewNotice { connection, notice, received_at, .. }) => {
                assert_eq!(*received_at, now());
                (connection.map(|id| id.as_u128()), notice.event_id.clone().unwrap())
            }
            other => panic!("{other:?}"),
        })
        .collect();
    let expected =
        [(Some(1), "1"), (Some(2), "1"), (Some(4), "2"), (Some(1), "3"), (Some(2), "3"), (None, "4")];
    assert_eq!(rows, expected.map(|(connection, id)| (connection, id.to_owned())));
    let results = store.commit(&[Changeset::unfenced(accepted.changes)], now()).await.unwrap();
    assert_eq!(results[0].unwrap().notices, 6);
}

#[tokio::test]
async fn a_notice_to_the_app_of_one_tenant_reaches_nobody_elses_connections() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder).await;
    let rows = vec![
        connection(1, "acme", "ann", ConnectionState::Active),
        connection(2, "beta", "ann", ConnectionState::Active),
    ];
    store.commit(&[Changeset::unfenced(rows)], now()).await.unwrap();
    for (own, expected) in [("acme", 1), ("beta", 2)] {
        let reach = Reach { provider: "strava", holds: &|tenant| tenant == own };
        let accepted = inbox::accept(&store, &reach, vec![notice("ann", "1")], now(), None).await.unwrap();
        let woken: Vec<_> = accepted.connections.iter().map(|(id, _)| id.as_u128()).collect();
        assert_eq!((woken, accepted.changes.len(), accepted.unknown), (vec![expected], 1, 0));
    }
}

#[tokio::test]
async fn a_notice_of_another_provider_finds_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder).await;
    let rows = vec![connection(1, "acme", "ann", ConnectionState::Active)];
    store.commit(&[Changeset::unfenced(rows)], now()).await.unwrap();
    let accepted =
        inbox::accept(&store, &everybody("oura"), vec![notice("ann", "1")], now(), None).await.unwrap();
    assert_eq!((accepted.unknown, accepted.connections.len(), accepted.changes.len()), (1, 0, 1));
}

#[tokio::test]
async fn an_account_with_more_connections_than_one_page_reaches_all_of_them() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder).await;
    let rows =
        (1..=150).map(|id| connection(id, &format!("tenant {id}"), "ann", ConnectionState::Active)).collect();
    store.commit(&[Changeset::unfenced(rows)], now()).await.unwrap();
    let accepted =
        inbox::accept(&store, &everybody("strava"), vec![notice("ann", "1")], now(), None).await.unwrap();
    assert_eq!(accepted.connections.len(), 150);
}
