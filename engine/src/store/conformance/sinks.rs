//! What sinks need: offsets, parked deliveries, dead letters.

use std::sync::Arc;

use bytes::Bytes;
use tributary_contract::model::{DataType, EntryId, EventType, NaturalKey};
use tributary_contract::sink::EntryKind;
use uuid::Uuid;

use super::{ANN, Case, OTHER_TENANT, Outcome, TENANT, at, put, trace};
use crate::store::{Change, DeadLetter, DeadLetterFilter, LogRow, NewDeadLetter, Parked, Retention, Store};

pub(super) const CASES: &[(&str, Case)] = &[
    ("an offset never goes backward unless it is rewound", |store| Box::pin(offsets(store))),
    ("offsets inside one group come to the same", |store| Box::pin(offsets_in_a_group(store))),
    ("parked deliveries come soonest first", |store| Box::pin(parked(store))),
    ("dead letters read back, newest first", |store| Box::pin(dead_letters(store))),
    ("dead letters go at the end of their time", |store| Box::pin(retention(store))),
];

fn offset(tenant: &str, sink: &str, offset: u64, rewind: bool) -> Change {
    Change::Offset { tenant: tenant.into(), sink: sink.into(), offset, rewind }
}

async fn offsets(store: Arc<dyn Store>) -> Outcome {
    assert_eq!(store.offset(TENANT, "app").await?, 0);
    for (change, expected) in [
        (offset(TENANT, "app", 5, false), 5),
        (offset(TENANT, "app", 3, false), 5),
        (offset(TENANT, "app", 9, false), 9),
        (offset(TENANT, "app", 2, true), 2),
        (offset(TENANT, "app", 1, false), 2),
        (offset(TENANT, "app", 0, true), 0),
        (offset(TENANT, "lake", 7, false), 0),
        (offset(OTHER_TENANT, "app", 7, false), 0),
    ] {
        put(&*store, vec![change.clone()]).await?;
        assert_eq!(store.offset(TENANT, "app").await?, expected, "after {change:?}");
    }
    Ok(())
}

async fn offsets_in_a_group(store: Arc<dyn Store>) -> Outcome {
    put(&*store, vec![offset(TENANT, "app", 4, false), offset(TENANT, "app", 3, false)]).await?;
    assert_eq!(store.offset(TENANT, "app").await?, 4);
    let changes = vec![
        offset(TENANT, "app", 9, false),
        offset(TENANT, "app", 1, true),
        offset(TENANT, "app", 2, false),
    ];
    put(&*store, changes).await?;
    assert_eq!(store.offset(TENANT, "app").await?, 2);
    Ok(())
}

fn parking(number: u128, sink: &str, due: i64) -> Parked {
    Parked {
        delivery: Uuid::from_u128(number),
        tenant: TENANT.into(),
        sink: sink.into(),
        connection: ANN,
        sequences: vec![1, 2, 1 << 40],
        attempts: 2,
        due_at: at(due),
        reason: "the sink answered 503".to_owned(),
        first_at: at(1),
        replay: number == 1,
    }
}

async fn parked(store: Arc<dyn Store>) -> Outcome {
    let (first, second, third, other) =
        (parking(1, "app", 30), parking(2, "app", 10), parking(3, "app", 20), parking(4, "lake", 1));
    let all = [&first, &second, &third, &other];
    put(&*store, all.map(|parked| Change::Park(parked.clone())).to_vec()).await?;
    assert_eq!(store.parked(TENANT, "app", 10).await?, [second.clone(), third.clone(), first.clone()]);
    assert_eq!(store.parked(TENANT, "app", 1).await?, std::slice::from_ref(&second));
    assert_eq!(store.parked_count(TENANT, "app").await?, 3);
    assert_eq!(store.parked_count(OTHER_TENANT, "app").await?, 0);
    let moved = Parked { attempts: 3, due_at: at(60), reason: "again".to_owned(), ..second };
    let changes = vec![
        Change::Park(moved.clone()),
        Change::Unpark { delivery: third.delivery },
        Change::Unpark { delivery: first.delivery },
        Change::Park(first.clone()),
    ];
    put(&*store, changes).await?;
    assert_eq!(store.parked(TENANT, "app", 10).await?, [first, moved]);
    Ok(())
}

fn letter(sink: &str, sequence: u64, kind: EntryKind) -> NewDeadLetter {
    NewDeadLetter {
        tenant: TENANT.into(),
        sink: sink.into(),
        entry: LogRow {
            sequence,
            tenant: TENANT.into(),
            connection: ANN,
            kind,
            key: NaturalKey::new("key\0"),
            id: EntryId::from_bytes([3; 16]),
            body: Bytes::from_static(b"{\"a\":\"\\u0000\"}"),
            committed_at: at(0),
            trace: (sequence == 1).then(trace),
        },
        class: "tenant",
        reason: "the column is too short".to_owned(),
        attempts: 4,
        first_at: at(1),
        last_at: at(i64::try_from(sequence).unwrap_or_default()),
    }
}

fn expected(id: i64, letter: &NewDeadLetter) -> DeadLetter {
    DeadLetter {
        id,
        tenant: letter.tenant.to_string(),
        sink: letter.sink.to_string(),
        entry: letter.entry.clone(),
        class: letter.class.to_owned(),
        reason: letter.reason.clone(),
        attempts: letter.attempts,
        first_at: letter.first_at,
        last_at: letter.last_at,
    }
}

fn of(tenant: Option<&str>, sink: Option<&str>, before: Option<i64>) -> DeadLetterFilter {
    let (tenant, sink) = (tenant.map(str::to_owned), sink.map(str::to_owned));
    DeadLetterFilter { tenant, sink, before, ..DeadLetterFilter::default() }
}

async fn dead_letters(store: Arc<dyn Store>) -> Outcome {
    let letters = [
        letter("app", 1, EntryKind::Record(DataType::Sleep)),
        letter("lake", 2, EntryKind::Deleted(DataType::Body)),
        letter("app", 3, EntryKind::LifeCycle(EventType::Deauth)),
    ];
    for letter in &letters {
        put(&*store, vec![Change::DeadLetter(letter.clone())]).await?;
    }
    let all = store.dead_letters(&DeadLetterFilter::default(), 10).await?;
    let ids: Vec<_> = all.iter().map(|letter| letter.id).collect();
    let wanted: Vec<_> =
        ids.iter().zip(letters.iter().rev()).map(|(id, letter)| expected(*id, letter)).collect();
    assert_eq!(all, wanted);
    let sequences =
        |letters: Vec<DeadLetter>| letters.iter().map(|letter| letter.entry.sequence).collect::<Vec<_>>();
    assert_eq!(sequences(store.dead_letters(&of(Some(TENANT), Some("app"), None), 10).await?), [3, 1]);
    assert_eq!(sequences(store.dead_letters(&of(Some(TENANT), None, None), 2).await?), [3, 2]);
    assert_eq!(sequences(store.dead_letters(&of(None, None, ids.first().copied()), 10).await?), [2, 1]);
    assert_eq!(
        sequences(store.dead_letters(&of(Some(OTHER_TENANT), None, None), 10).await?),
        Vec::<u64>::new()
    );
    assert_eq!(store.dead_letter_count(TENANT, "app").await?, 2);
    let newest = ids.first().copied().unwrap_or_default();
    let changes = vec![
        Change::DeadLetterRemove { id: newest },
        Change::DeadLetter(letter("app", 4, EntryKind::Record(DataType::Sleep))),
    ];
    put(&*store, changes).await?;
    assert_eq!(sequences(store.dead_letters(&of(Some(TENANT), Some("app"), None), 10).await?), [4, 1]);
    Ok(())
}

async fn retention(store: Arc<dyn Store>) -> Outcome {
    for sequence in 1..=3 {
        put(&*store, vec![Change::DeadLetter(letter("app", sequence, EntryKind::Record(DataType::Sleep)))])
            .await?;
    }
    let retention =
        Retention { log_before: at(0), settled: u64::MAX >> 1, dead_letters_before: at(3), limit: 10 };
    assert_eq!(put(&*store, vec![Change::Retain(retention)]).await?.removed, 2);
    assert_eq!(store.dead_letter_count(TENANT, "app").await?, 1);
    Ok(())
}
