use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use tokio::sync::Notify;
use tributary_contract::model::EventType;
use uuid::Uuid;

use super::*;
use crate::store::{
    Connection, ConnectionCount, ConnectionFilter, CursorRow, DeadLetter, DeadLetterFilter, Flow, InboxRow,
    Lane, LogFilter, LogRow, Parked, SealedAppKey, SealedCredential,
};

/// A store that only commits: it records the sizes of groups and does to each what the test says.
#[derive(Default)]
struct Scripted {
    groups: Mutex<Vec<Vec<String>>>,
    /// Outcomes for the next commits; after them every commit succeeds.
    script: Mutex<Vec<Act>>,
    entered: Notify,
    go_on: Notify,
    sequence: AtomicUsize,
}

#[derive(Clone, Copy, PartialEq)]
enum Act {
    /// Wait inside the commit until the test lets it go on.
    Hold,
    Fail,
    Panic,
    /// Reject every changeset named so.
    Damaged(&'static str),
}

fn names(group: &[Changeset]) -> Vec<String> {
    let name = |change: &Change| match change {
        Change::Event { body, .. } => String::from_utf8_lossy(body).into_owned(),
        other => format!("{other:?}"),
    };
    group.iter().flat_map(|changeset| changeset.changes.iter().map(name)).collect()
}

#[async_trait]
impl Store for Scripted {
    async fn commit(
        &self,
        group: &[Changeset],
        _now: DateTime<Utc>,
    ) -> Result<Vec<Result<Committed, Rejected>>, StoreError> {
        let names = names(group);
        let act = {
            let mut script = self.script.lock().unwrap();
            match script.first().copied() {
                Some(Act::Damaged(name)) if names.iter().all(|other| other != name) => None,
                Some(Act::Damaged(name)) => Some(Act::Damaged(name)),
                Some(_) => Some(script.remove(0)),
                None => None,
            }
        };
        self.groups.lock().unwrap().push(names);
        match act {
            Some(Act::Hold) => {
                self.entered.notify_one();
                self.go_on.notified().await;
            }
            Some(Act::Fail) => {
                return Err(StoreError::Unavailable { doing: "committing", reason: "disk full".to_owned() });
            }
            Some(Act::Panic) => panic!("planned"),
            Some(Act::Damaged(_)) => {
                return Err(StoreError::Damaged { what: "connection", reason: "taken".to_owned() });
            }
            None => {}
        }
        let committed = |_: &Changeset| {
            let last = self.sequence.fetch_add(1, Ordering::SeqCst) + 1;
            Ok(Committed { added: 1, last_sequence: u64::try_from(last).ok(), ..Committed::default() })
        };
        Ok(group.iter().map(committed).collect())
    }

    async fn last_sequence(&self) -> Result<u64, StoreError> {
        Ok(u64::try_from(self.sequence.load(Ordering::SeqCst)).unwrap())
    }
    async fn log(&self, _: &str, _: u64, _: usize, _: usize) -> Result<Vec<LogRow>, StoreError> {
        unreachable!()
    }
    async fn log_entries(&self, _: &[u64]) -> Result<Vec<LogRow>, StoreError> {
        unreachable!()
    }
    async fn log_list(&self, _: &LogFilter, _: usize) -> Result<Vec<LogRow>, StoreError> {
        unreachable!()
    }
    async fn log_seek(&self, _: DateTime<Utc>) -> Result<Option<u64>, StoreError> {
        unreachable!()
    }
    async fn log_whole_after(&self) -> Result<u64, StoreError> {
        unreachable!()
    }
    async fn connection_counts(&self) -> Result<Vec<ConnectionCount>, StoreError> {
        unreachable!()
    }
    async fn backlog(&self, _: &str, _: u64) -> Result<u64, StoreError> {
        unreachable!()
    }
    async fn connection(&self, _: Uuid) -> Result<Option<Connection>, StoreError> {
        unreachable!()
    }
    async fn connections(
        &self,
        _: &ConnectionFilter,
        _: Option<Uuid>,
        _: usize,
    ) -> Result<Vec<Connection>, StoreError> {
        unreachable!()
    }
    async fn credential(&self, _: Uuid) -> Result<Option<SealedCredential>, StoreError> {
        unreachable!()
    }
    async fn app_keys(&self, _: Option<&str>) -> Result<Vec<SealedAppKey>, StoreError> {
        unreachable!()
    }
    async fn cursor(&self, _: Uuid, _: &str, _: Lane) -> Result<Option<CursorRow>, StoreError> {
        unreachable!()
    }
    async fn cursors(&self, _: Uuid) -> Result<Vec<CursorRow>, StoreError> {
        unreachable!()
    }
    async fn inbox(&self, _: Uuid, _: usize) -> Result<Vec<InboxRow>, StoreError> {
        unreachable!()
    }
    async fn inbox_pending(&self) -> Result<Vec<(Uuid, DateTime<Utc>)>, StoreError> {
        unreachable!()
    }
    async fn flow(&self, _: &str) -> Result<Option<Flow>, StoreError> {
        unreachable!()
    }
    async fn offset(&self, _: &str, _: &str) -> Result<u64, StoreError> {
        unreachable!()
    }
    async fn parked(&self, _: &str, _: &str, _: usize) -> Result<Vec<Parked>, StoreError> {
        unreachable!()
    }
    async fn parked_count(&self, _: &str, _: &str) -> Result<u64, StoreError> {
        unreachable!()
    }
    async fn dead_letters(&self, _: &DeadLetterFilter, _: usize) -> Result<Vec<DeadLetter>, StoreError> {
        unreachable!()
    }
    async fn dead_letter(&self, _: i64) -> Result<Option<DeadLetter>, StoreError> {
        unreachable!()
    }
    async fn held(&self, _: Uuid) -> Result<Vec<LogRow>, StoreError> {
        unreachable!()
    }
    async fn dead_letter_count(&self, _: &str, _: &str) -> Result<u64, StoreError> {
        unreachable!()
    }
    async fn meta(&self, _: &str) -> Result<Option<Vec<u8>>, StoreError> {
        unreachable!()
    }
}

/// Lets a future take one step.
async fn poll_once<F: Future + Unpin>(future: &mut F) -> std::task::Poll<F::Output> {
    std::future::poll_fn(|context| std::task::Poll::Ready(std::pin::Pin::new(&mut *future).poll(context)))
        .await
}

fn event(name: &str) -> Changeset {
    sized(name, 0)
}

fn sized(name: &str, padding: usize) -> Changeset {
    Changeset::unfenced(vec![Change::Event {
        tenant: "acme".into(),
        connection: Uuid::nil(),
        event: EventType::Auth,
        body: Bytes::from(format!("{name}{}", " ".repeat(padding))),
        trace: None,
    }])
}

fn scripted(script: &[Act]) -> Arc<Scripted> {
    Arc::new(Scripted { script: Mutex::new(script.to_vec()), ..Scripted::default() })
}

/// Without the wait, groups depend only on what waits already.
fn options() -> WriterOptions {
    WriterOptions { linger: Duration::ZERO, ..WriterOptions::default() }
}

fn start(store: &Arc<Scripted>, options: WriterOptions) -> (Writer, WriterTask) {
    let (clock, _hand) = Clock::manual(DateTime::UNIX_EPOCH);
    Writer::start(Arc::clone(store) as Arc<dyn Store>, clock, options)
}

/// Holds the first commit, hands the others in meanwhile, lets go, and returns their outcomes.
async fn crowd(
    store: &Arc<Scripted>,
    writer: &Writer,
    others: Vec<Changeset>,
) -> Vec<Result<Committed, WriteError>> {
    let first = writer.commit(event("first"));
    let rest = async {
        store.entered.notified().await;
        let all =
            futures_util::future::join_all(others.into_iter().map(|changeset| writer.commit(changeset)));
        let mut all = std::pin::pin!(all);
        assert!(poll_once(&mut all).await.is_pending());
        store.go_on.notify_one();
        all.await
    };
    let (first, rest) = tokio::join!(first, rest);
    first.unwrap();
    rest
}

/// The same as all there is to do.
async fn only_crowd(
    store: &Arc<Scripted>,
    writer: &Writer,
    others: Vec<Changeset>,
) -> Vec<Result<Committed, WriteError>> {
    let outcomes = crowd(store, writer, others).await;
    writer.stop();
    outcomes
}

fn sizes(store: &Scripted) -> Vec<usize> {
    store.groups.lock().unwrap().iter().map(Vec::len).collect()
}

#[tokio::test]
async fn what_arrives_during_a_commit_is_the_next_group() {
    let store = scripted(&[Act::Hold]);
    let (writer, task) = start(&store, options());
    let others = (0..10).map(|number| event(&number.to_string())).collect();
    let ((), outcomes) = tokio::join!(task.run(), only_crowd(&store, &writer, others));
    assert_eq!(sizes(&store), [1, 10]);
    let sequences: Vec<_> =
        outcomes.into_iter().map(|outcome| outcome.unwrap().last_sequence.unwrap()).collect();
    assert_eq!(sequences, (2..=11).collect::<Vec<_>>(), "in the order in which they came");
    assert_eq!(*writer.watch().borrow(), 11);
}

#[tokio::test]
async fn groups_end_by_number_and_by_bytes() {
    let store = scripted(&[Act::Hold]);
    let limits = WriterOptions { group_changes: 3, group_bytes: 100_000, ..options() };
    let (writer, task) = start(&store, limits);
    let small = |number: usize| sized(&number.to_string(), 0);
    let mut others: Vec<_> = (0..4).map(small).collect();
    others.extend([sized("large", 60_000), sized("large", 60_000), sized("huge", 200_000), small(9)]);
    let ((), outcomes) = tokio::join!(task.run(), only_crowd(&store, &writer, others));
    assert!(outcomes.iter().all(Result::is_ok));
    assert_eq!(sizes(&store), [1, 3, 2, 1, 1, 1]);
}

#[tokio::test]
async fn a_failed_group_is_answered_and_the_next_one_works() {
    let store = scripted(&[Act::Hold, Act::Fail]);
    let (writer, task) = start(&store, options());
    let work = async {
        let outcomes = crowd(&store, &writer, vec![event("a"), event("b")]).await;
        for outcome in outcomes {
            assert!(matches!(outcome, Err(WriteError::Store(StoreError::Unavailable { .. }))), "{outcome:?}");
        }
        assert!(writer.trouble().borrow().is_some());
        writer.commit(event("c")).await.unwrap();
        assert!(writer.trouble().borrow().is_none());
        writer.stop();
    };
    tokio::join!(task.run(), work);
}

#[tokio::test]
async fn a_panic_in_a_commit_is_answered_and_the_next_one_works() {
    let store = scripted(&[Act::Panic]);
    let (writer, task) = start(&store, options());
    let work = async {
        let outcome = writer.commit(event("a")).await;
        assert!(
            matches!(&outcome, Err(WriteError::Store(StoreError::Unavailable { reason, .. })) if reason.contains("panicked"))
        );
        assert!(writer.trouble().borrow().is_some());
        writer.commit(event("b")).await.unwrap();
        writer.stop();
    };
    tokio::join!(task.run(), work);
}

#[tokio::test]
async fn a_changeset_that_cannot_be_stored_fails_alone() {
    let store = scripted(&[Act::Hold, Act::Damaged("bad")]);
    let (writer, task) = start(&store, options());
    let others = vec![event("good"), event("bad"), event("fine")];
    let ((), outcomes) = tokio::join!(task.run(), only_crowd(&store, &writer, others));
    let fine: Vec<_> = outcomes.iter().map(Result::is_ok).collect();
    assert_eq!(fine, [true, false, true]);
    assert!(matches!(outcomes[1], Err(WriteError::Store(StoreError::Damaged { .. }))));
}

#[tokio::test]
async fn stopping_commits_what_waits_and_takes_nothing_more() {
    let store = scripted(&[Act::Hold]);
    let (writer, task) = start(&store, options());
    let work = async {
        let first = writer.commit(event("first"));
        let rest = async {
            store.entered.notified().await;
            let mut waiting = std::pin::pin!(writer.commit(event("waiting")));
            assert!(poll_once(&mut waiting).await.is_pending());
            writer.stop();
            store.go_on.notify_one();
            waiting.await
        };
        let (first, waiting) = tokio::join!(first, rest);
        assert!(first.is_ok() && waiting.is_ok());
    };
    tokio::join!(task.run(), work);
    assert_eq!(writer.commit(event("late")).await, Err(WriteError::Store(StoreError::Stopped)));
    assert_eq!(store.groups.lock().unwrap().concat(), ["first", "waiting"]);
}

#[tokio::test]
async fn a_task_that_vanishes_answers_with_stopped() {
    let store = scripted(&[Act::Hold]);
    let (writer, task) = start(&store, options());
    let mut running = Box::pin(task.run());
    let mut waiting = std::pin::pin!(writer.commit(event("a")));
    for _ in 0..10 {
        assert!(poll_once(&mut waiting).await.is_pending());
        assert!(poll_once(&mut running).await.is_pending());
    }
    drop(running);
    assert_eq!(waiting.await, Err(WriteError::Store(StoreError::Stopped)));
}

#[tokio::test]
async fn the_queue_is_bounded_by_bytes() {
    let store = scripted(&[Act::Hold]);
    let limits = WriterOptions { queue_bytes: 100_000, ..options() };
    let (writer, task) = start(&store, limits);
    let work = async {
        let first = writer.commit(sized("first", 60_000));
        let rest = async {
            store.entered.notified().await;
            let mut second = std::pin::pin!(writer.commit(sized("second", 60_000)));
            assert!(poll_once(&mut second).await.is_pending());
            assert_eq!(
                writer.queue.capacity(),
                writer.queue.max_capacity(),
                "the second has to wait outside"
            );
            store.go_on.notify_one();
            second.await
        };
        let (first, second) = tokio::join!(first, rest);
        assert!(first.is_ok() && second.is_ok());
        writer.stop();
    };
    tokio::join!(task.run(), work);
    assert_eq!(sizes(&store), [1, 1]);
}

#[tokio::test]
async fn the_watch_begins_with_the_last_sequence_of_the_store() {
    let store = scripted(&[]);
    store.sequence.store(41, Ordering::SeqCst);
    let (writer, task) = start(&store, options());
    let work = async {
        let mut watch = writer.watch();
        assert_eq!(*watch.wait_for(|last| *last > 0).await.unwrap(), 41);
        writer.commit(event("a")).await.unwrap();
        assert_eq!(*watch.borrow(), 42);
        writer.stop();
    };
    tokio::join!(task.run(), work);
}

#[test]
fn the_actor_commits_until_it_is_told_to_stop() {
    actix::System::new().block_on(async {
        let store = scripted(&[]);
        let arbiter = actix::Arbiter::new();
        let (actor, writer) =
            StoreWriter::new(Arc::clone(&store) as Arc<dyn Store>, Clock::real(), options());
        let address = actix::Actor::start_in_arbiter(&arbiter.handle(), |_| actor);
        writer.commit(event("a")).await.unwrap();
        address.send(Stop).await.unwrap();
        writer.queue.closed().await;
        assert_eq!(writer.commit(event("b")).await, Err(WriteError::Store(StoreError::Stopped)));
        arbiter.stop();
    });
}
