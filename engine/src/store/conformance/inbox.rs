//! The inbox: notices are taken once by their event id, tried, finished or given up.

use std::sync::Arc;

use tributary_contract::{Change as Said, Notice};
use uuid::Uuid;

use super::{ANN, BOB, Case, Outcome, TENANT, at, commit, connection, put, trace};
use crate::store::{Change, Changeset, InboxRow, NewNotice, Retention, Store};

pub(super) const CASES: &[(&str, Case)] = &[
    ("a notice reads back as it arrived", |store| Box::pin(round_trip(store))),
    ("an event id is taken once per connection", |store| Box::pin(event_ids(store))),
    ("two equal notices without an id are both kept", |store| Box::pin(without_id(store))),
    ("rows are retried, finished and given up", |store| Box::pin(life(store))),
    ("pending connections come with their earliest due time", |store| Box::pin(pending(store))),
    ("rows that are not due hide none that is", |store| Box::pin(due(store))),
    ("a wipe empties the inbox of its connection", |store| Box::pin(wipe(store))),
    ("notices of unknown accounts are kept until retention", |store| Box::pin(unknown(store))),
];

fn notice(connection: Option<Uuid>, event_id: Option<&str>, second: i64) -> NewNotice {
    NewNotice {
        provider: "strava".to_owned(),
        connection,
        notice: Notice {
            account: "account".to_owned(),
            event_id: event_id.map(str::to_owned),
            change: Said::Updated {
                resource: "activities".to_owned(),
                ids: vec!["1\0".to_owned()],
                window: None,
            },
        },
        received_at: at(second),
        trace: Some(trace()),
    }
}

fn add(connection: Option<Uuid>, event_id: Option<&str>, second: i64) -> Change {
    Change::InboxAdd(notice(connection, event_id, second))
}

async fn ids(store: &dyn Store, connection: Uuid) -> Result<Vec<i64>, crate::store::StoreError> {
    Ok(store.inbox(connection, 100).await?.iter().map(|row| row.id).collect())
}

async fn round_trip(store: Arc<dyn Store>) -> Outcome {
    assert_eq!(put(&*store, vec![add(Some(ANN), None, 1), add(Some(BOB), None, 2)]).await?.notices, 2);
    let rows = store.inbox(ANN, 100).await?;
    let id = rows.first().map(|row| row.id).unwrap_or_default();
    let expected = InboxRow {
        id,
        connection: ANN,
        notice: notice(Some(ANN), None, 1).notice,
        received_at: at(1),
        due_at: at(1),
        attempts: 0,
        trace: Some(trace()),
    };
    assert_eq!(rows, [expected]);
    Ok(())
}

async fn event_ids(store: Arc<dyn Store>) -> Outcome {
    let group = vec![
        Changeset::unfenced(vec![add(Some(ANN), Some("e1"), 1), add(Some(ANN), Some("e1"), 1)]),
        Changeset::unfenced(vec![add(Some(ANN), Some("e1"), 1), add(Some(BOB), Some("e1"), 1)]),
    ];
    let taken: Vec<_> =
        commit(&*store, group).await?.iter().flatten().map(|committed| committed.notices).collect();
    assert_eq!(taken, [1, 1]);
    for id in ids(&*store, ANN).await? {
        put(&*store, vec![Change::InboxFinish { id }]).await?;
    }
    let again = put(&*store, vec![add(Some(ANN), Some("e1"), 2), add(Some(ANN), Some("e2"), 2)]).await?;
    assert_eq!(again.notices, 1, "also after the row is finished");
    assert_eq!(store.inbox(ANN, 100).await?.len(), 1);
    Ok(())
}

async fn without_id(store: Arc<dyn Store>) -> Outcome {
    assert_eq!(put(&*store, vec![add(Some(ANN), None, 1), add(Some(ANN), None, 1)]).await?.notices, 2);
    assert_eq!(store.inbox(ANN, 100).await?.len(), 2);
    assert_eq!(store.inbox(ANN, 1).await?.len(), 1);
    Ok(())
}

async fn life(store: Arc<dyn Store>) -> Outcome {
    put(&*store, (1..=4).map(|second| add(Some(ANN), None, second)).collect()).await?;
    let rows = ids(&*store, ANN).await?;
    let &[first, second, third, fourth] = rows.as_slice() else {
        assert_eq!(rows.len(), 4);
        return Ok(());
    };
    assert!(rows.is_sorted(), "oldest first");
    let retry =
        |id, reason: &str| Change::InboxRetry { id, due_at: at(60), attempts: 1, reason: reason.to_owned() };
    let changes = vec![
        Change::InboxFinish { id: first },
        retry(first, "too late, it is finished"),
        retry(second, "later"),
        Change::InboxGiveUp { id: third, reason: "never".to_owned() },
        retry(fourth, "for now"),
        Change::InboxFinish { id: fourth },
    ];
    put(&*store, changes).await?;
    let left: Vec<_> =
        store.inbox(ANN, 100).await?.iter().map(|row| (row.id, row.due_at, row.attempts)).collect();
    assert_eq!(left, [(second, at(60), 1)]);
    put(&*store, vec![add(Some(ANN), None, 5)]).await?;
    let newest = ids(&*store, ANN).await?.pop().unwrap_or_default();
    assert!(newest > fourth, "ids are not used again");
    Ok(())
}

async fn pending(store: Arc<dyn Store>) -> Outcome {
    assert!(store.inbox_pending().await?.is_empty());
    let changes =
        vec![add(Some(ANN), None, 3), add(Some(ANN), None, 1), add(Some(BOB), None, 2), add(None, None, 0)];
    put(&*store, changes).await?;
    let mut pending = store.inbox_pending().await?;
    pending.sort_unstable();
    assert_eq!(pending, [(ANN, at(1)), (BOB, at(2))]);
    for id in ids(&*store, BOB).await? {
        put(&*store, vec![Change::InboxGiveUp { id, reason: "never".to_owned() }]).await?;
    }
    assert_eq!(store.inbox_pending().await?, [(ANN, at(1))]);
    Ok(())
}

async fn wipe(store: Arc<dyn Store>) -> Outcome {
    let changes = vec![
        Change::ConnectionPut(connection(ANN, TENANT, "account", 1)),
        add(Some(ANN), Some("e1"), 1),
        add(Some(BOB), Some("e1"), 1),
    ];
    put(&*store, changes).await?;
    let changes = vec![add(Some(ANN), Some("e2"), 2), Change::ConnectionWipe { connection: ANN }];
    put(&*store, changes).await?;
    assert_eq!(store.inbox(ANN, 100).await?, []);
    assert_eq!(store.inbox(BOB, 100).await?.len(), 1);
    let again = put(&*store, vec![add(Some(ANN), Some("e1"), 3), add(Some(ANN), Some("e2"), 3)]).await?;
    assert_eq!(again.notices, 2, "a connection that is made anew begins anew");
    Ok(())
}

async fn unknown(store: Arc<dyn Store>) -> Outcome {
    let taken =
        put(&*store, vec![add(None, Some("e1"), 1), add(None, Some("e1"), 1), add(None, None, 2)]).await?;
    assert_eq!(taken.notices, 2);
    let retain = |second| {
        Change::Retain(Retention {
            log_before: at(second),
            settled: u64::MAX >> 1,
            dead_letters_before: at(0),
            limit: 100,
        })
    };
    // The older of the rows, and the event id.
    assert_eq!(put(&*store, vec![retain(2)]).await?.removed, 2);
    assert_eq!(put(&*store, vec![retain(3)]).await?.removed, 1);
    put(&*store, vec![add(Some(ANN), None, 1)]).await?;
    assert_eq!(put(&*store, vec![retain(9)]).await?.removed, 0, "unfinished rows stay");
    Ok(())
}

#[expect(clippy::indexing_slicing, reason = "a case fails by panicking")]
async fn due(store: Arc<dyn Store>) -> Outcome {
    put(&*store, (0..6).map(|second| add(Some(ANN), None, second)).collect()).await?;
    let rows = ids(&*store, ANN).await?;
    let later = |id: i64, second| Change::InboxRetry {
        id,
        due_at: at(second),
        attempts: 1,
        reason: "later".to_owned(),
    };
    put(&*store, vec![later(rows[0], 500), later(rows[1], 400), later(rows[2], 300)]).await?;
    let now = store.inbox_due(ANN, at(10), 2).await?;
    assert_eq!(now.rows.iter().map(|row| row.id).collect::<Vec<_>>(), rows[3..5]);
    assert_eq!(now.next, Some(at(5)), "one that is due was left behind");
    let all = store.inbox_due(ANN, at(10), 100).await?;
    assert_eq!(all.rows.iter().map(|row| row.id).collect::<Vec<_>>(), rows[3..]);
    assert_eq!(all.next, Some(at(300)));
    put(&*store, vec![Change::InboxGiveUp { id: rows[2], reason: "enough".to_owned() }]).await?;
    assert_eq!(store.inbox_due(ANN, at(10), 100).await?.next, Some(at(400)));
    assert_eq!(store.inbox_due(BOB, at(10), 100).await?, crate::store::InboxDue::default());
    Ok(())
}
