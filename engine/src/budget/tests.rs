use chrono::TimeDelta;
use tempfile::TempDir;
use tributary_contract::spec::QuotaWindow;
use uuid::Uuid;

use super::*;
use crate::clock::Hand;
use crate::fetch::tests::SPEC;
use crate::store::{SqliteStore, WriterOptions};

const MINUTE: Duration = Duration::from_secs(60);

fn start() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000)
}

fn on_system(test: impl Future<Output = ()>) {
    actix_rt::System::new().block_on(test);
}

fn options(permits: u32, clock: &Clock) -> BudgetOptions {
    let quota = Quota { permits, window: QuotaWindow::Rolling(MINUTE) };
    BudgetOptions::from_spec(&SPEC, Some(vec![quota]), None, clock.clone())
}

fn budget(permits: u32) -> (BudgetHandle, Hand) {
    let (clock, hand) = Clock::manual(start());
    (Budget::start(options(permits, &clock)), hand)
}

fn request(connection: u128) -> PermitRequest {
    PermitRequest {
        class: Class::Request,
        tenant: Arc::from("acme"),
        connection: Some(Uuid::from_u128(connection)),
    }
}

#[test]
fn a_dropped_permit_counts_and_an_unused_one_does_not() {
    on_system(async {
        let (budget, _hand) = budget(3);
        drop(budget.acquire(request(1)).await.unwrap());
        budget.acquire(request(1)).await.unwrap().unused();
        let held = budget.acquire(request(1)).await.unwrap();
        let answered = budget.acquire(request(1)).await.unwrap();
        assert_eq!(answered.answered(200, &HeaderMap::new()), None);
        let level = budget.snapshot().await[0];
        assert_eq!((level.used, level.remaining, level.window_seconds, level.aligned), (3, 0, 60, false));
        drop(held);
    });
}

#[test]
fn a_wish_that_is_dropped_makes_room_for_the_next() {
    on_system(async {
        let (budget, hand) = budget(1);
        let held = budget.acquire(request(1)).await.unwrap();
        let (first, second) = (budget.clone(), budget.clone());
        let first = actix_rt::spawn(async move { first.acquire(request(1)).await.map(drop) });
        let second = actix_rt::spawn(async move { second.acquire(request(2)).await.map(drop) });
        hand.until_sleepers(2).await;
        first.abort();
        assert!(first.await.unwrap_err().is_cancelled());
        held.unused();
        assert_eq!(second.await.unwrap(), Ok(()));
        assert_eq!(budget.snapshot().await[0].waiting, 0);
    });
}

#[test]
fn many_wishes_are_granted_window_by_window() {
    on_system(async {
        let (clock, hand) = Clock::manual(start());
        let budget = Budget::start(options(10, &clock).patience(MINUTE * 60));
        let calls: Vec<_> = (0..50)
            .map(|place| {
                let (budget, clock) = (budget.clone(), clock.clone());
                actix_rt::spawn(async move {
                    let permit = budget.acquire(request(place)).await.unwrap();
                    drop(permit);
                    clock.now()
                })
            })
            .collect();
        hand.until_sleepers(41).await;
        hand.advance(MINUTE * 10).await;
        let mut minutes = Vec::new();
        for call in calls {
            minutes.push((call.await.unwrap() - start()).num_minutes());
        }
        minutes.sort_unstable();
        let expected: Vec<i64> = (0..5).flat_map(|minute| [minute; 10]).collect();
        assert_eq!(minutes, expected);
    });
}

#[test]
fn nobody_waits_longer_than_the_patience_of_the_budget() {
    on_system(async {
        let (budget, hand) = budget(1);
        let held = budget.acquire(request(1)).await.unwrap();
        let waiting = budget.clone();
        let waiting = actix_rt::spawn(async move { waiting.acquire(request(1)).await.map(drop) });
        hand.until_sleepers(1).await;
        hand.advance(PATIENCE).await;
        let error = waiting.await.unwrap().unwrap_err();
        assert!(matches!(error, BudgetError::UsedUp { .. }), "{error:?}");
        drop(held);
    });
}

#[test]
fn the_app_s_windows_hold_across_a_crash() {
    on_system(async {
        let (clock, hand) = Clock::manual(start());
        let folder = TempDir::new().unwrap();
        let place = format!("sqlite://{}/store.db", folder.path().display());
        let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&place).await.unwrap());
        let (writer, task) = Writer::start(Arc::clone(&store), clock.clone(), WriterOptions::default());
        tokio::spawn(task.run());
        let kept = || options(10, &clock).kept_in(Arc::clone(&store), writer.clone());
        let before = Budget::start(kept());
        for _ in 0..6 {
            drop(before.acquire(request(1)).await.unwrap());
        }
        let after = Budget::start(kept());
        let mut granted = 0;
        while after.snapshot().await[0].remaining > 0 {
            drop(after.acquire(request(1)).await.unwrap());
            granted += 1;
        }
        assert!((2..=4).contains(&granted), "{granted} after six, of ten");
        drop(hand);
    });
}

#[test]
fn a_budget_that_has_ended_says_so() {
    let budget = {
        let system = actix_rt::System::new();
        let budget = system.block_on(async { budget(1).0 });
        drop(system);
        budget
    };
    on_system(async move {
        assert_eq!(budget.acquire(request(1)).await.map(drop), Err(BudgetError::Stopped));
        assert_eq!(budget.snapshot().await, []);
    });
}

#[test]
fn a_closed_budget_lets_nobody_wait_but_still_grants_what_may_go_at_once() {
    on_system(async {
        let (budget, hand) = budget(2);
        let held = budget.acquire(request(1)).await.unwrap();
        drop(budget.acquire(request(1)).await.unwrap());
        let waiting = budget.clone();
        let waiting = actix_rt::spawn(async move { waiting.acquire(request(1)).await.map(drop) });
        hand.until_sleepers(1).await;
        budget.close().await;
        assert_eq!(waiting.await.unwrap(), Err(BudgetError::Stopped));
        assert_eq!(budget.acquire(request(1)).await.map(drop), Err(BudgetError::Stopped));
        held.unused();
        assert!(budget.acquire(request(1)).await.is_ok());
    });
}

#[test]
fn a_budget_whose_actor_panics_is_started_again_and_remembers_what_was_spent() {
    on_system(async {
        let folder = TempDir::new().unwrap();
        let (clock, hand) = Clock::manual(start());
        let url = format!("sqlite://{}", folder.path().join("store.db").display());
        let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&url).await.unwrap());
        let (writer, task) = Writer::start(Arc::clone(&store), clock.clone(), WriterOptions::default());
        actix_rt::spawn(task.run());
        let budget = Budget::start(options(100, &clock).kept_in(store, writer));
        for _ in 0..5 {
            drop(budget.acquire(request(1)).await.unwrap());
        }
        let spent = budget.snapshot().await[0].used;
        budget.shared.tell(Told::Die).unwrap();
        assert_eq!(budget.acquire(request(1)).await.err(), Some(BudgetError::Stopped));
        hand.until_sleepers(1).await;
        hand.advance(Duration::from_secs(1)).await;
        let again = loop {
            match budget.acquire(request(1)).await {
                Ok(permit) => break permit,
                Err(_not_yet) => tokio::task::yield_now().await,
            }
        };
        assert!(budget.snapshot().await[0].used >= spent, "what was spent stays spent");
        drop(again);
    });
}
