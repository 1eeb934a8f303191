//! The only source of time. A real clock reads the system; a manual one stands still until a test's [`Hand`] moves
//! it.
//!
//! All timers of actors and jobs go through [`Clock`], because a paused runtime does not reach tasks on other threads
//! and fires time-outs early around work that it cannot see. A manual clock advances only while nobody holds a
//! [`ClockGuard`], and wakes sleepers in the order of their due times. Nothing here knows what it is waited for.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use thiserror::Error;
use tokio::sync::{Notify, oneshot};

/// A source of time; clones share it.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    manual: Option<Arc<Manual>>,
}

/// The time given to [`Clock::timeout`] has passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("time ran out")]
pub struct Elapsed;

impl Clock {
    /// The system's clock.
    pub const fn real() -> Self {
        Self { manual: None }
    }

    /// A clock that stands at `start`, and the hand that moves it.
    pub fn manual(start: DateTime<Utc>) -> (Self, Hand) {
        let state = State { now: start, next_key: 0, timers: BTreeMap::new(), held: HashMap::new() };
        let manual = Arc::new(Manual { state: Mutex::new(state), changed: Notify::new() });
        (Self { manual: Some(Arc::clone(&manual)) }, Hand { manual })
    }

    /// The present instant.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the clock that everybody else takes the time from"
    )]
    pub fn now(&self) -> DateTime<Utc> {
        self.manual.as_ref().map_or_else(Utc::now, |manual| manual.state().now)
    }

    /// Sleeps for that long.
    pub async fn sleep(&self, length: Duration) {
        if self.manual.is_none() {
            tokio::time::sleep(length).await;
        } else {
            self.sleep_until(later(self.now(), length)).await;
        }
    }

    /// Sleeps until that instant; returns at once when it has passed.
    pub async fn sleep_until(&self, at: DateTime<Utc>) {
        if let Some(manual) = &self.manual {
            manual.sleep_until(at).await;
            return;
        }
        // In slices, so that a system clock that was set meanwhile is noticed.
        while let Ok(left) = (at - self.now()).to_std()
            && !left.is_zero()
        {
            tokio::time::sleep(left.min(SLICE)).await;
        }
    }

    /// The outcome of `work`, unless it takes longer than `limit`; then it is dropped.
    ///
    /// # Errors
    /// [`Elapsed`] when it took longer.
    pub async fn timeout<F: Future>(&self, limit: Duration, work: F) -> Result<F::Output, Elapsed> {
        tokio::select! {
            biased;
            done = work => Ok(done),
            () = self.sleep(limit) => Err(Elapsed),
        }
    }

    /// Keeps a manual clock from advancing while work is under way. Costs nothing with the real clock.
    pub fn guard(&self) -> ClockGuard {
        ClockGuard { held: self.manual.as_ref().map(|manual| Held::begin(manual, Kind::Busy)) }
    }

    /// Tells a manual clock that the current task, although it holds a [`ClockGuard`], waits for time to pass: for a
    /// permit or before a retry. Offsets one guard of the same task.
    pub fn idle(&self) -> ClockGuard {
        ClockGuard { held: self.manual.as_ref().map(|manual| Held::begin(manual, Kind::Idle)) }
    }
}

/// The longest sleep without a look at the system's clock.
const SLICE: Duration = Duration::from_secs(3600);

/// `at` plus `length`, or the last instant that can be expressed.
pub(crate) fn later(at: DateTime<Utc>, length: Duration) -> DateTime<Utc> {
    TimeDelta::from_std(length)
        .ok()
        .and_then(|length| at.checked_add_signed(length))
        .unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// Held by work under way; see [`Clock::guard`] and [`Clock::idle`].
#[must_use = "the clock is held only as long as the guard lives"]
#[derive(Debug)]
pub struct ClockGuard {
    #[expect(dead_code, reason = "held for what its drop does")]
    held: Option<Held>,
}

/// Moves a manual clock. Made for tests and simulations.
#[derive(Debug)]
pub struct Hand {
    manual: Arc<Manual>,
}

impl Hand {
    /// The present instant.
    pub fn now(&self) -> DateTime<Utc> {
        self.manual.state().now
    }

    /// Moves the clock by that much, from timer to timer, waiting before each step until no guard is held.
    pub async fn advance(&self, by: Duration) {
        let target = later(self.now(), by);
        while self.step(target).await.is_some() {}
        self.manual.unguarded().await.now = target;
        settle().await;
    }

    /// Moves the clock to the next timer and wakes its sleeper; `None` when nobody sleeps.
    pub async fn advance_to_next_timer(&self) -> Option<DateTime<Utc>> {
        self.step(DateTime::<Utc>::MAX_UTC).await
    }

    /// How many sleepers wait for the clock.
    pub fn sleepers(&self) -> usize {
        self.manual.state().timers.len()
    }

    /// Waits until at least that many sleepers wait for the clock and no guard is held.
    pub async fn until_sleepers(&self, count: usize) {
        loop {
            let changed = self.manual.changed.notified();
            if self.manual.unguarded().await.timers.len() >= count {
                return;
            }
            changed.await;
        }
    }

    async fn step(&self, limit: DateTime<Utc>) -> Option<DateTime<Utc>> {
        settle().await;
        let (at, wake) = {
            let mut state = self.manual.unguarded().await;
            let first = state.timers.first_entry().filter(|first| first.key().0 <= limit)?;
            let ((at, _), wake) = first.remove_entry();
            state.now = state.now.max(at);
            drop(state);
            (at, wake)
        };
        // The guard travels with the wake-up, so that the next step waits until the sleeper has run. A sleeper that
        // is gone drops it.
        let travelling = ClockGuard { held: Some(Held::begin(&self.manual, Kind::Busy)) };
        if let Err(unused) = wake.send(travelling) {
            drop(unused);
        }
        settle().await;
        Some(at)
    }
}

/// Lets tasks of this thread that were just woken run up to their next wait.
async fn settle() {
    for _ in 0..16 {
        tokio::task::yield_now().await;
    }
}

#[derive(Debug)]
struct Manual {
    state: Mutex<State>,
    /// A guard was dropped, or a sleeper came.
    changed: Notify,
}

#[derive(Debug)]
struct State {
    now: DateTime<Utc>,
    next_key: u64,
    timers: BTreeMap<(DateTime<Utc>, u64), oneshot::Sender<ClockGuard>>,
    held: HashMap<Option<tokio::task::Id>, Counts>,
}

/// Guards of one task.
#[derive(Debug, Default)]
struct Counts {
    busy: usize,
    idle: usize,
}

impl State {
    fn is_held(&self) -> bool {
        self.held.values().any(|counts| counts.busy > counts.idle)
    }
}

impl Manual {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn unguarded(&self) -> MutexGuard<'_, State> {
        loop {
            let changed = self.changed.notified();
            {
                let state = self.state();
                if !state.is_held() {
                    return state;
                }
            }
            changed.await;
        }
    }

    async fn sleep_until(self: &Arc<Self>, at: DateTime<Utc>) {
        let (registration, woken) = {
            let mut state = self.state();
            if at <= state.now {
                return;
            }
            let (wake, woken) = oneshot::channel();
            let key = (at, state.next_key);
            state.next_key += 1;
            state.timers.insert(key, wake);
            (Registration { manual: Arc::clone(self), key }, woken)
        };
        self.changed.notify_waiters();
        // The sender is dropped only with its own registration, so this ends by being woken.
        let travelling = woken.await;
        drop(registration);
        drop(travelling);
    }
}

/// A timer in the list; a sleeper that is dropped takes it out.
struct Registration {
    manual: Arc<Manual>,
    key: (DateTime<Utc>, u64),
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.manual.state().timers.remove(&self.key);
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Busy,
    Idle,
}

#[derive(Debug)]
struct Held {
    manual: Arc<Manual>,
    task: Option<tokio::task::Id>,
    kind: Kind,
}

impl Held {
    fn begin(manual: &Arc<Manual>, kind: Kind) -> Self {
        let task = tokio::task::try_id();
        let mut state = manual.state();
        let counts = state.held.entry(task).or_default();
        *counts.of(kind) += 1;
        drop(state);
        manual.changed.notify_waiters();
        Self { manual: Arc::clone(manual), task, kind }
    }
}

impl Counts {
    const fn of(&mut self, kind: Kind) -> &mut usize {
        match kind {
            Kind::Busy => &mut self.busy,
            Kind::Idle => &mut self.idle,
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut state = self.manual.state();
        if let Some(counts) = state.held.get_mut(&self.task) {
            let count = counts.of(self.kind);
            *count = count.saturating_sub(1);
            if counts.busy == 0 && counts.idle == 0 {
                state.held.remove(&self.task);
            }
        }
        drop(state);
        self.manual.changed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn start() -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::days(20_000)
    }

    #[tokio::test]
    async fn sleepers_wake_in_the_order_of_their_due_times() {
        let (clock, hand) = Clock::manual(start());
        let (sender, mut woken) = tokio::sync::mpsc::unbounded_channel();
        for seconds in [3, 1, 2] {
            let (clock, sender) = (clock.clone(), sender.clone());
            tokio::spawn(async move {
                clock.sleep(SECOND * seconds).await;
                sender.send((seconds, clock.now())).unwrap();
            });
        }
        hand.until_sleepers(3).await;
        hand.advance(SECOND * 10).await;
        for seconds in [1, 2, 3] {
            assert_eq!(woken.recv().await, Some((seconds, later(start(), SECOND * seconds))));
        }
        assert_eq!(clock.now(), later(start(), SECOND * 10));
    }

    #[tokio::test]
    async fn a_held_guard_stops_the_hand_until_it_is_dropped() {
        let (clock, hand) = Clock::manual(start());
        let guard = clock.guard();
        let moved = tokio::spawn(async move {
            hand.advance(SECOND).await;
            hand
        });
        settle().await;
        assert_eq!(clock.now(), start());
        drop(guard);
        let hand = moved.await.unwrap();
        assert_eq!(hand.now(), later(start(), SECOND));
    }

    #[tokio::test]
    async fn a_guarded_task_that_waits_for_time_lets_the_hand_move() {
        let (clock, hand) = Clock::manual(start());
        let inside = clock.clone();
        let job = tokio::spawn(async move {
            let _guard = inside.guard();
            let idle = inside.idle();
            inside.sleep(SECOND).await;
            drop(idle);
            inside.now()
        });
        hand.until_sleepers(1).await;
        hand.advance(SECOND * 5).await;
        assert_eq!(job.await.unwrap(), later(start(), SECOND));
    }

    #[tokio::test]
    async fn a_timeout_drops_the_work_when_time_runs_out() {
        let (clock, hand) = Clock::manual(start());
        let inside = clock.clone();
        let job = tokio::spawn(async move { inside.timeout(SECOND, std::future::pending::<()>()).await });
        hand.until_sleepers(1).await;
        assert_eq!(hand.advance_to_next_timer().await, Some(later(start(), SECOND)));
        assert_eq!(job.await.unwrap(), Err(Elapsed));
        assert_eq!(clock.timeout(SECOND, async { 7 }).await, Ok(7));
    }

    #[tokio::test]
    async fn a_dropped_sleeper_leaves_no_timer_behind() {
        let (clock, hand) = Clock::manual(start());
        let inside = clock.clone();
        let job = tokio::spawn(async move { inside.sleep(SECOND).await });
        hand.until_sleepers(1).await;
        job.abort();
        assert!(job.await.unwrap_err().is_cancelled());
        assert_eq!(hand.sleepers(), 0);
        assert_eq!(hand.advance_to_next_timer().await, None);
    }

    #[test]
    fn the_hand_moves_tasks_of_another_thread() {
        let (clock, hand) = Clock::manual(start());
        let elsewhere = std::thread::spawn({
            let clock = clock.clone();
            move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                runtime.block_on(async move {
                    for _ in 0..5 {
                        clock.sleep(SECOND * 60).await;
                    }
                    clock.now()
                })
            }
        });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            for _ in 0..5 {
                hand.until_sleepers(1).await;
                assert!(hand.advance_to_next_timer().await.is_some());
            }
        });
        assert_eq!(elsewhere.join().unwrap(), later(start(), SECOND * 300));
    }
}
