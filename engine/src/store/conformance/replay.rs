//! What replays and rewinds need: held dead letters, places in the log, and what people filter by.

use std::sync::Arc;

use bytes::Bytes;
use tributary_contract::model::{DataType, EntryId, EventType, NaturalKey};
use tributary_contract::sink::EntryKind;
use uuid::Uuid;

use super::sequences;
use super::{
    ANN, BOB, Case, OTHER_TENANT, Outcome, TENANT, at, connection, deleted, event, put, record, record_of,
};
use crate::delivery::replay::again;
use crate::delivery::rewind::{From, Plan, RewindError, plan};
use crate::store::{
    Change, Changeset, Connection, ConnectionState, DeadLetterFilter, LogFilter, LogRow, NewDeadLetter,
    Retention, Store,
};

pub(super) const CASES: &[(&str, Case)] = &[
    ("a replayed dead letter is parked in the same commit", |store| Box::pin(replayed(store))),
    ("a held entry outlives the log and retention", |store| Box::pin(held_through_retention(store))),
    ("replaying twice comes to one delivery", |store| Box::pin(replayed_twice(store))),
    ("a place in the log is found by time", |store| Box::pin(seeking(store))),
    ("the log says from where on it is whole", |store| Box::pin(whole(store))),
    ("a rewind goes back as far as the log is whole", |store| Box::pin(rewinds(store))),
    ("log entries are filtered", |store| Box::pin(filters(store))),
    ("connections are counted by provider and state", |store| Box::pin(counts(store))),
];

fn letter(sequence: u64) -> NewDeadLetter {
    NewDeadLetter {
        tenant: TENANT.into(),
        sink: "app".into(),
        entry: LogRow {
            sequence,
            tenant: TENANT.into(),
            connection: ANN,
            kind: EntryKind::Record(DataType::Sleep),
            key: NaturalKey::new("key"),
            id: EntryId::from_bytes([3; 16]),
            body: Bytes::from_static(b"{}"),
            committed_at: at(0),
            trace: None,
        },
        class: "tenant",
        reason: "the column is too short".to_owned(),
        attempts: 4,
        first_at: at(1),
        last_at: at(1),
    }
}

async fn replayed(store: Arc<dyn Store>) -> Outcome {
    put(&*store, vec![Change::DeadLetter(letter(1)), Change::DeadLetter(letter(2))]).await?;
    let letters = store.dead_letters(&DeadLetterFilter::default(), 10).await?;
    let chosen = &letters[..1];
    put(&*store, again(chosen, at(9))).await?;
    let left = store.dead_letters(&DeadLetterFilter::default(), 10).await?;
    assert_eq!(left, letters[1..]);
    assert_eq!(store.dead_letter(letters[0].id).await?, None);
    assert_eq!(store.dead_letter(letters[1].id).await?.as_ref(), Some(&letters[1]));
    assert_eq!(store.dead_letter_count(TENANT, "app").await?, 1);
    let parked = store.parked(TENANT, "app", 10).await?;
    let [parked] = &parked[..] else { panic!("{parked:?}") };
    assert_eq!((parked.attempts, parked.first_at, parked.due_at, parked.replay), (4, at(1), at(9), true));
    assert_eq!(store.held(parked.delivery).await?, [letters[0].entry.clone()]);
    put(&*store, vec![Change::DeadLetter(letter(2)), Change::Unpark { delivery: parked.delivery }]).await?;
    assert!(store.held(parked.delivery).await?.is_empty(), "it goes with its delivery");
    assert_eq!(store.dead_letter_count(TENANT, "app").await?, 2, "a second refusal is a dead letter again");
    Ok(())
}

async fn replayed_twice(store: Arc<dyn Store>) -> Outcome {
    put(&*store, vec![Change::DeadLetter(letter(1))]).await?;
    let letters = store.dead_letters(&DeadLetterFilter::default(), 10).await?;
    let group = [at(8), at(9)].map(|now| Changeset::unfenced(again(&letters, now)));
    super::commit(&*store, group.to_vec()).await?;
    let parked = store.parked(TENANT, "app", 10).await?;
    assert_eq!(parked.len(), 1);
    let delivery = parked[0].delivery;
    put(&*store, vec![Change::Unpark { delivery }]).await?;
    assert_eq!(store.parked_count(TENANT, "app").await?, 0);
    assert!(store.held(delivery).await?.is_empty());
    Ok(())
}

async fn held_through_retention(store: Arc<dyn Store>) -> Outcome {
    put(&*store, vec![record("1", "a"), Change::DeadLetter(letter(1)), Change::DeadLetter(letter(2))])
        .await?;
    let letters = store.dead_letters(&DeadLetterFilter::default(), 1).await?;
    put(&*store, again(&letters, at(9))).await?;
    let retention = Retention { log_before: at(99), settled: 9, dead_letters_before: at(99), limit: 10 };
    put(&*store, vec![Change::Retain(retention)]).await?;
    let delivery =
        store.parked(TENANT, "app", 1).await?.first().map_or(Uuid::nil(), |parked| parked.delivery);
    assert_eq!(store.held(delivery).await?.len(), 1);
    assert_eq!(store.dead_letter_count(TENANT, "app").await?, 0, "the other one was past its time");
    Ok(())
}

async fn put_at(store: &dyn Store, key: &str, second: i64) -> Outcome {
    let results = store.commit(&[Changeset::unfenced(vec![record(key, "a")])], at(second)).await?;
    assert!(matches!(results[..], [Ok(_)]));
    Ok(())
}

async fn seeking(store: Arc<dyn Store>) -> Outcome {
    assert_eq!(store.log_seek(at(0)).await?, None);
    for (key, second) in [("1", 10), ("2", 20), ("3", 20), ("4", 30), ("5", 40)] {
        put_at(&*store, key, second).await?;
    }
    for (second, expected) in
        [(0, Some(1)), (10, Some(1)), (11, Some(2)), (20, Some(2)), (21, Some(4)), (41, None)]
    {
        assert_eq!(store.log_seek(at(second)).await?, expected, "second {second}");
    }
    let retention = Retention { log_before: at(21), settled: 9, dead_letters_before: at(0), limit: 10 };
    put(&*store, vec![Change::Retain(retention)]).await?;
    assert_eq!(store.log_seek(at(0)).await?, Some(4));
    Ok(())
}

async fn whole(store: Arc<dyn Store>) -> Outcome {
    assert_eq!(store.log_whole_after().await?, 0);
    for (key, second) in [("1", 10), ("2", 20), ("3", 30)] {
        put_at(&*store, key, second).await?;
    }
    let retain = |second, limit| {
        let retention = Retention { log_before: at(second), settled: 9, dead_letters_before: at(0), limit };
        vec![Change::Retain(retention)]
    };
    put(&*store, retain(5, 10)).await?;
    assert_eq!(store.log_whole_after().await?, 0);
    // Entry 1 stays for a parked delivery, entry 2 goes: the log is whole only behind it.
    put(&*store, vec![Change::DeadLetter(letter(1))]).await?;
    put(&*store, again(&store.dead_letters(&DeadLetterFilter::default(), 1).await?, at(9))).await?;
    put(&*store, retain(25, 10)).await?;
    assert_eq!(sequences(&super::whole_log(&*store).await?), [1, 3]);
    assert_eq!(store.log_whole_after().await?, 2);
    let delivery = store.parked(TENANT, "app", 1).await?[0].delivery;
    put(&*store, vec![Change::Unpark { delivery }]).await?;
    put(&*store, retain(25, 10)).await?;
    assert_eq!(sequences(&super::whole_log(&*store).await?), [3]);
    assert_eq!(store.log_whole_after().await?, 2, "what went later was older");
    Ok(())
}

async fn rewinds(store: Arc<dyn Store>) -> Outcome {
    for (key, second) in [("1", 10), ("2", 20), ("3", 30), ("4", 40), ("5", 50)] {
        put_at(&*store, key, second).await?;
    }
    let (tenant, sink) = (TENANT.into(), "app".into());
    put(&*store, vec![Change::Offset { tenant, sink, offset: 4, rewind: false }]).await?;
    let asked = async |from| plan(&*store, TENANT, "app", from).await;
    let expected = Plan { before: 4, offset: 1, entries: 3 };
    assert!(matches!(asked(From::Sequence(2)).await, Ok(plan) if plan == expected));
    assert!(matches!(asked(From::Time(at(15))).await, Ok(plan) if plan == expected));
    assert!(matches!(asked(From::Time(at(0))).await, Ok(Plan { offset: 0, entries: 4, .. })));
    assert!(matches!(asked(From::Sequence(5)).await, Err(RewindError::NotThere { offset: 4, wanted: 5 })));
    assert!(matches!(asked(From::Time(at(99))).await, Err(RewindError::NotThere { .. })));
    let retention = Retention { log_before: at(25), settled: 4, dead_letters_before: at(0), limit: 10 };
    put(&*store, vec![Change::Retain(retention)]).await?;
    for from in [From::Sequence(2), From::Time(at(15)), From::Time(at(29))] {
        let refused = asked(from).await;
        assert!(
            matches!(refused, Err(RewindError::NotKept { oldest: 3, at: Some(time) }) if time == at(30)),
            "{refused:?}"
        );
    }
    for from in [From::Sequence(3), From::Time(at(30))] {
        assert!(matches!(asked(from).await, Ok(Plan { before: 4, offset: 2, entries: 2 })));
    }
    let everything = Retention { log_before: at(99), settled: 9, ..retention };
    put(&*store, vec![Change::Retain(everything)]).await?;
    for from in [From::Sequence(5), From::Time(at(0))] {
        assert!(matches!(asked(from).await, Err(RewindError::NotKept { oldest: 6, at: None })));
    }
    Ok(())
}

async fn filters(store: Arc<dyn Store>) -> Outcome {
    put(&*store, vec![record("1", "a"), event(EventType::Auth, "{}"), deleted("1")]).await?;
    put(&*store, vec![record_of(OTHER_TENANT, BOB, "2", "b")]).await?;
    let listed = async |filter: LogFilter| store.log_list(&filter, 10).await.map(|rows| sequences(&rows));
    let kind = |kind: &str| LogFilter { kind: Some(kind.to_owned()), ..LogFilter::default() };
    let of = |tenant: &str| LogFilter { tenant: Some(tenant.to_owned()), ..LogFilter::default() };
    assert_eq!(listed(kind("activity")).await?, [4, 1]);
    assert_eq!(listed(kind("auth")).await?, [2]);
    assert_eq!(listed(kind("deleted")).await?, [3]);
    assert_eq!(listed(of(OTHER_TENANT)).await?, [4]);
    assert!(listed(of("nobody")).await?.is_empty());
    let between = LogFilter { after: Some(1), before: Some(4), oldest_first: true, ..LogFilter::default() };
    assert_eq!(listed(between).await?, [2, 3]);
    Ok(())
}

async fn counts(store: Arc<dyn Store>) -> Outcome {
    assert!(store.connection_counts().await?.is_empty());
    let quarantined = Connection {
        state: ConnectionState::Quarantined,
        ..connection(Uuid::from_u128(3), TENANT, "third", 1)
    };
    let oura =
        Connection { provider: "oura".to_owned(), ..connection(Uuid::from_u128(4), TENANT, "fourth", 1) };
    let rows =
        [connection(ANN, TENANT, "first", 1), connection(BOB, OTHER_TENANT, "second", 1), quarantined, oura];
    put(&*store, rows.map(Change::ConnectionPut).to_vec()).await?;
    let counted = store.connection_counts().await?;
    let counted: Vec<_> = counted.iter().map(|row| (row.provider.as_str(), row.state, row.count)).collect();
    let expected = [
        ("oura", ConnectionState::Active, 1),
        ("strava", ConnectionState::Active, 2),
        ("strava", ConnectionState::Quarantined, 1),
    ];
    assert_eq!(counted, expected);
    Ok(())
}
