//! The log: what adds entries and what does not, and how it is read.

use std::sync::Arc;

use tributary_contract::model::{DataType, Digest, EntryId, EventType, NaturalKey};
use tributary_contract::sink::EntryKind;

use super::{
    ANN, BOB, Case, OTHER_TENANT, Outcome, TENANT, at, bodies, commit, connection, deleted, event, put,
    record, record_of, sequences, trace, whole_log,
};
use crate::store::{Change, Changeset, Committed, LogFilter, LogRow, Retention, Store, StoreError};

pub(super) const CASES: &[(&str, Case)] = &[
    ("an entry reads back as it was written", |store| Box::pin(round_trip(store))),
    ("the same content adds nothing", |store| Box::pin(same_content(store))),
    ("content that changes and changes back adds an entry each time", |store| {
        Box::pin(back_and_forth(store))
    }),
    ("deduplication works inside one group too", |store| Box::pin(inside_a_group(store))),
    ("records differ by connection, type and key", |store| Box::pin(identity(store))),
    ("a deletion before the record adds nothing", |store| Box::pin(delete_first(store))),
    ("a deletion adds one entry, however often it comes", |store| Box::pin(delete_twice(store))),
    ("a record that comes again after its deletion is new", |store| Box::pin(delete_and_create(store))),
    ("equal life-cycle events are several entries", |store| Box::pin(events(store))),
    ("a fault in the middle leaves nothing", |store| Box::pin(fault(store))),
    ("odd characters survive", |store| Box::pin(odd_characters(store))),
    ("pages end by count and by bytes and belong to one tenant", |store| Box::pin(pages(store))),
    ("entries are found by sequence and newest first", |store| Box::pin(lookups(store))),
    ("a large group is stored whole and in order", |store| Box::pin(large_group(store))),
    ("the backlog counts what lies after an offset", |store| Box::pin(backlog(store))),
    ("sequences are not used again after retention", |store| Box::pin(retention(store))),
];

async fn round_trip(store: Arc<dyn Store>) -> Outcome {
    assert_eq!(store.last_sequence().await?, 0);
    let committed = put(&*store, vec![record("key", "body"), event(EventType::Auth, "event")]).await?;
    let expected = Committed { added: 2, last_sequence: Some(2), ..Committed::default() };
    assert_eq!(committed, expected);
    assert_eq!(store.last_sequence().await?, 2);
    let rows = whole_log(&*store).await?;
    let (key, digest) = (NaturalKey::new("key"), Digest::of(b"body"));
    let first = LogRow {
        sequence: 1,
        tenant: TENANT.into(),
        connection: ANN,
        kind: EntryKind::Record(DataType::Activity),
        id: EntryId::of_record(ANN, DataType::Activity, &key, digest),
        key,
        body: "body".into(),
        committed_at: at(2),
        trace: Some(trace()),
    };
    assert_eq!(rows.first(), Some(&first));
    let second = rows.get(1).map(|row| (row.kind, row.key.as_str(), &*row.body, row.trace));
    assert_eq!(second, Some((EntryKind::LifeCycle(EventType::Auth), "", b"event".as_slice(), None)));
    Ok(())
}

async fn same_content(store: Arc<dyn Store>) -> Outcome {
    put(&*store, vec![record("key", "a")]).await?;
    let committed = put(&*store, vec![record("key", "a")]).await?;
    assert_eq!(committed, Committed { unchanged: 1, ..Committed::default() });
    assert_eq!(bodies(&whole_log(&*store).await?), ["a"]);
    Ok(())
}

async fn back_and_forth(store: Arc<dyn Store>) -> Outcome {
    for content in ["a", "b", "a"] {
        put(&*store, vec![record("key", content)]).await?;
    }
    let rows = whole_log(&*store).await?;
    assert_eq!(bodies(&rows), ["a", "b", "a"]);
    let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
    assert_eq!(ids.first(), ids.last(), "the id follows the content");
    Ok(())
}

async fn inside_a_group(store: Arc<dyn Store>) -> Outcome {
    let group = vec![
        Changeset::unfenced(vec![record("key", "a"), record("key", "a"), record("key", "b")]),
        Changeset::unfenced(vec![record("key", "b"), deleted("key"), deleted("key"), record("key", "b")]),
    ];
    let results = commit(&*store, group).await?;
    let first = Committed { added: 2, unchanged: 1, last_sequence: Some(2), ..Committed::default() };
    let second = Committed { added: 2, unchanged: 1, last_sequence: Some(4), ..Committed::default() };
    assert_eq!(results, [Ok(first), Ok(second)]);
    assert_eq!(bodies(&whole_log(&*store).await?), ["a", "b", "", "b"]);
    Ok(())
}

async fn identity(store: Arc<dyn Store>) -> Outcome {
    let mut sleep = record("key", "a");
    if let Change::Record { data_type, .. } = &mut sleep {
        *data_type = DataType::Sleep;
    }
    let changes = vec![record("key", "a"), record("Key", "a"), record_of(TENANT, BOB, "key", "a"), sleep];
    assert_eq!(put(&*store, changes).await?.added, 4);
    Ok(())
}

async fn delete_first(store: Arc<dyn Store>) -> Outcome {
    assert_eq!(put(&*store, vec![deleted("key")]).await?, Committed::default());
    assert_eq!(put(&*store, vec![record("key", "a")]).await?.added, 1);
    Ok(())
}

async fn delete_twice(store: Arc<dyn Store>) -> Outcome {
    put(&*store, vec![record("key", "a")]).await?;
    assert_eq!(put(&*store, vec![deleted("key")]).await?.added, 1);
    assert_eq!(put(&*store, vec![deleted("key")]).await?, Committed::default());
    let rows = whole_log(&*store).await?;
    let kinds: Vec<_> = rows.iter().map(|row| row.kind).collect();
    assert_eq!(kinds, [EntryKind::Record(DataType::Activity), EntryKind::Deleted(DataType::Activity)]);
    assert_eq!(rows.last().map(|row| (row.key.as_str(), row.body.len())), Some(("key", 0)));
    Ok(())
}

async fn delete_and_create(store: Arc<dyn Store>) -> Outcome {
    for change in [record("key", "a"), deleted("key"), record("key", "a"), deleted("key"), record("key", "b")]
    {
        assert_eq!(put(&*store, vec![change]).await?.added, 1);
    }
    assert_eq!(bodies(&whole_log(&*store).await?), ["a", "", "a", "", "b"]);
    Ok(())
}

async fn events(store: Arc<dyn Store>) -> Outcome {
    put(&*store, vec![event(EventType::Auth, "e"), event(EventType::Auth, "e")]).await?;
    put(&*store, vec![event(EventType::Auth, "e")]).await?;
    let mut ids: Vec<_> = whole_log(&*store).await?.iter().map(|row| row.id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 3);
    Ok(())
}

/// A connection whose account belongs to another one cannot be stored: what came before it in the group must go too.
async fn fault(store: Arc<dyn Store>) -> Outcome {
    put(&*store, vec![Change::ConnectionPut(connection(ANN, TENANT, "account", 1)), record("old", "a")])
        .await?;
    let group = vec![
        Changeset::unfenced(vec![record("new", "a"), event(EventType::Auth, "e"), deleted("old")]),
        Changeset::unfenced(vec![
            Change::Meta { name: "name".to_owned(), value: vec![1] },
            Change::ConnectionPut(connection(BOB, TENANT, "account", 1)),
        ]),
    ];
    let failed = store.commit(&group, at(3)).await;
    assert!(matches!(failed, Err(StoreError::Damaged { what: "connection", .. })), "{failed:?}");
    assert_eq!(bodies(&whole_log(&*store).await?), ["a"]);
    assert_eq!(store.meta("name").await?, None);
    assert_eq!(store.connection(BOB).await?, None);
    // Nothing of it is remembered either: the digest, the deletion and the sequence are as before.
    let again = put(&*store, vec![record("new", "a"), deleted("old")]).await?;
    assert_eq!((again.added, again.last_sequence), (2, Some(3)));
    Ok(())
}

async fn odd_characters(store: Arc<dyn Store>) -> Outcome {
    let keys = ["a\0b", "a\0c", "a", "", "\u{feff}\u{202e}", "日本語 🏃🏽‍♀️", "'; DROP TABLE log; --", "\\\"%_"];
    let changes: Vec<_> = keys.iter().map(|key| record(key, &format!("body {key}"))).collect();
    assert_eq!(put(&*store, changes.clone()).await?.added, keys.len());
    assert_eq!(put(&*store, changes).await?.unchanged, keys.len());
    let rows = whole_log(&*store).await?;
    let read: Vec<_> = rows.iter().map(|row| row.key.as_str()).collect();
    assert_eq!(read, keys);
    assert_eq!(bodies(&rows), keys.map(|key| format!("body {key}")));
    Ok(())
}

async fn pages(store: Arc<dyn Store>) -> Outcome {
    for number in 0..6 {
        let tenant = if number % 2 == 0 { TENANT } else { OTHER_TENANT };
        put(&*store, vec![record_of(tenant, ANN, &number.to_string(), &"x".repeat(100))]).await?;
    }
    assert_eq!(sequences(&whole_log(&*store).await?), [1, 3, 5]);
    assert_eq!(sequences(&store.log(OTHER_TENANT, 2, 1, 1000).await?), [4]);
    assert_eq!(sequences(&store.log(TENANT, 0, 10, 250).await?), [1, 3]);
    assert_eq!(sequences(&store.log(TENANT, 1, 10, 0).await?), [3], "at least one entry");
    assert!(store.log(TENANT, 5, 10, 1000).await?.is_empty());
    assert!(store.log(TENANT, 0, 0, 1000).await?.is_empty());
    assert!(store.log("unknown", 0, 10, 1000).await?.is_empty());
    Ok(())
}

async fn lookups(store: Arc<dyn Store>) -> Outcome {
    for number in 0..5 {
        let (tenant, owner) = if number % 2 == 0 { (TENANT, ANN) } else { (OTHER_TENANT, BOB) };
        put(&*store, vec![record_of(tenant, owner, &number.to_string(), "x")]).await?;
    }
    assert_eq!(sequences(&store.log_entries(&[4, 1, 99, 4]).await?), [1, 4]);
    assert!(store.log_entries(&[]).await?.is_empty());
    assert_eq!(sequences(&store.log_list(&LogFilter::default(), 3).await?), [5, 4, 3]);
    assert_eq!(
        sequences(&store.log_list(&LogFilter { before: Some(3), ..LogFilter::default() }, 10).await?),
        [2, 1]
    );
    assert_eq!(
        sequences(&store.log_list(&LogFilter { connection: Some(ANN), ..LogFilter::default() }, 10).await?),
        [5, 3, 1]
    );
    let tenants: Vec<_> = store
        .log_list(&LogFilter { connection: Some(BOB), before: Some(4), ..LogFilter::default() }, 10)
        .await?
        .into_iter()
        .map(|row| row.tenant)
        .collect();
    assert_eq!(tenants, [OTHER_TENANT.into()]);
    Ok(())
}

async fn large_group(store: Arc<dyn Store>) -> Outcome {
    let changes: Vec<_> = (0..3001).map(|number| record(&number.to_string(), &number.to_string())).collect();
    assert_eq!(put(&*store, changes.clone()).await?.added, 3001);
    let rows = whole_log(&*store).await?;
    assert_eq!(bodies(&rows), (0..3001).map(|number| number.to_string()).collect::<Vec<_>>());
    assert_eq!(sequences(&rows), (1..=3001).collect::<Vec<_>>());
    assert_eq!(put(&*store, changes).await?.unchanged, 3001);
    assert_eq!(store.log_entries(&sequences(&rows)).await?.len(), 3001);
    Ok(())
}

async fn backlog(store: Arc<dyn Store>) -> Outcome {
    for number in 0..7 {
        let tenant = if number % 3 == 0 { OTHER_TENANT } else { TENANT };
        put(&*store, vec![record_of(tenant, ANN, &number.to_string(), "x")]).await?;
    }
    // The tenant's entries are 2, 3, 5, 6.
    for (offset, expected) in [(0, 4), (1, 4), (2, 3), (4, 2), (5, 1), (6, 0), (100, 0)] {
        assert_eq!(store.backlog(TENANT, offset).await?, expected, "after {offset}");
    }
    assert_eq!(store.backlog("unknown", 0).await?, 0);
    Ok(())
}

async fn retention(store: Arc<dyn Store>) -> Outcome {
    put(&*store, vec![record("1", "a"), record("2", "a"), record("3", "a")]).await?;
    let retain = |second, limit| {
        let retention =
            Retention { log_before: at(second), settled: 3, dead_letters_before: at(second), limit };
        vec![Change::Retain(retention)]
    };
    let unsettled = Retention { log_before: at(9), settled: 0, dead_letters_before: at(9), limit: 10 };
    assert_eq!(
        put(&*store, vec![Change::Retain(unsettled)]).await?.removed,
        0,
        "no sink has settled anything"
    );
    assert_eq!(put(&*store, retain(2, 10)).await?.removed, 0, "what is exactly as old stays");
    assert_eq!(put(&*store, retain(3, 2)).await?.removed, 2);
    assert_eq!(sequences(&whole_log(&*store).await?), [3]);
    assert_eq!(store.backlog(TENANT, 0).await?, 1);
    assert_eq!(put(&*store, retain(3, 2)).await?.removed, 1);
    assert_eq!(store.last_sequence().await?, 3);
    let again = put(&*store, vec![record("1", "a"), record("4", "a")]).await?;
    let expected = Committed { added: 1, unchanged: 1, last_sequence: Some(4), ..Committed::default() };
    assert_eq!(again, expected, "digests outlive the log");
    assert_eq!(store.backlog(TENANT, 0).await?, 1);
    Ok(())
}
