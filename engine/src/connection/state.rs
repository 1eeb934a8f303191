//! What a connection actor decides: a function of (state, message, now) to effects. No clock, no store, no actix.

use std::collections::VecDeque;

use chrono::{DateTime, Duration, Utc};
use tributary_contract::error::Class;
use tributary_contract::{FetchError, Spec, Window};
use uuid::Uuid;

use super::schedule;
use crate::store::{ConnectionState, CursorRow, Lane};

/// Crashes in a row after which a connection is left alone.
const CRASHES: u32 = 5;
/// Wishes that may wait; more of them would only ask for the same stretches again.
const WISHES: usize = 64;
/// How long it is left alone.
const QUARANTINE: Duration = Duration::hours(6);

/// What happened, or is wanted.
#[derive(Debug)]
pub enum Message {
    /// The cursors were read; work can begin.
    Loaded {
        /// All of the connection.
        cursors: Vec<CursorRow>,
        /// Where the connection stands.
        status: ConnectionState,
        /// Over which stretch overdue work is spread.
        spread: std::time::Duration,
    },
    /// The inbox holds something that is due at that time.
    Notified(DateTime<Utc>),
    /// A person or a REST call wants a window.
    Request(Wish),
    /// The user authorised again.
    Reauthorized,
    /// Time has passed.
    Tick,
    /// The job ended.
    Ended(Task, Ended),
    /// Take nothing new.
    Drain,
}

/// A stretch of a resource that somebody wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wish {
    /// Index of the resource in the Spec.
    pub resource: usize,
    /// The stretch.
    pub window: Window,
}

/// One job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// What the inbox holds.
    Inbox,
    /// The live lane of a resource, by its index in the Spec.
    Poll(usize),
    /// One window of the history of a resource, by its index in the Spec.
    History(usize),
    /// A wish.
    Request(Wish),
}

/// How a job ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Ended {
    /// Well.
    Done {
        /// When the inbox is due again, after [`Task::Inbox`].
        inbox_due: Option<DateTime<Utc>>,
        /// Whether the history is complete, after [`Task::History`].
        finished: bool,
    },
    /// With an error.
    Failed(FetchError),
    /// It panicked.
    Panicked,
    /// The connection is not active any more.
    Inactive(ConnectionState),
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Run this job; there is never more than one.
    Run(Task),
    /// Send a [`Message::Tick`] then.
    Wake(DateTime<Utc>),
    /// The provider refuses the credentials: store that, tell the tenant.
    Refused {
        /// Why.
        reason: String,
    },
    /// Crashed again and again: store that, tell the tenant.
    Quarantined {
        /// Until when.
        until: DateTime<Utc>,
    },
    /// It was left alone for long enough: store that it is active again.
    Released,
    /// Nothing runs any more.
    Drained,
}

/// One resource's due times.
#[derive(Debug, Clone, Copy)]
struct Due {
    poll: DateTime<Utc>,
    history: Option<DateTime<Utc>>,
    failures: u32,
    history_failures: u32,
}

/// The state of one connection.
#[derive(Debug)]
pub struct State {
    id: Uuid,
    spec: &'static Spec,
    status: ConnectionState,
    loaded: bool,
    due: Vec<Due>,
    inbox_due: Option<DateTime<Utc>>,
    inbox_failures: u32,
    wishes: VecDeque<Wish>,
    running: Option<Task>,
    crashes: u32,
    quarantined_until: Option<DateTime<Utc>>,
    draining: bool,
}

impl State {
    /// A connection whose cursors are not read yet.
    pub const fn new(id: Uuid, spec: &'static Spec) -> Self {
        Self {
            id,
            spec,
            status: ConnectionState::Active,
            loaded: false,
            due: Vec::new(),
            inbox_due: None,
            inbox_failures: 0,
            wishes: VecDeque::new(),
            running: None,
            crashes: 0,
            quarantined_until: None,
            draining: false,
        }
    }

    /// Where it stands.
    pub const fn status(&self) -> ConnectionState {
        self.status
    }

    /// What runs now.
    pub const fn running(&self) -> Option<Task> {
        self.running
    }

    /// Whether history is still being fetched.
    pub fn has_history_left(&self) -> bool {
        !self.loaded || self.due.iter().any(|due| due.history.is_some())
    }

    /// Whether nothing runs and nothing is due; one that is not active rests, whatever is due.
    pub fn is_idle(&self, now: DateTime<Utc>) -> bool {
        let rests = self.status != ConnectionState::Active;
        self.loaded && self.running.is_none() && (rests || self.pick(now).is_none())
    }

    /// Takes a message, returns what is to be done.
    pub fn on(&mut self, message: Message, now: DateTime<Utc>) -> Vec<Effect> {
        let mut effects = Vec::new();
        match message {
            Message::Loaded { cursors, status, spread } => self.load(&cursors, status, spread, now),
            Message::Notified(at) => self.inbox_due = Some(self.inbox_due.map_or(at, |due| due.min(at))),
            Message::Request(wish) => {
                if !self.wishes.contains(&wish) && self.wishes.len() < WISHES {
                    self.wishes.push_back(wish);
                }
            }
            Message::Reauthorized => self.reauthorized(now),
            Message::Tick => {}
            Message::Ended(task, ended) => self.ended(task, ended, now, &mut effects),
            Message::Drain => self.draining = true,
        }
        self.next(now, &mut effects);
        effects
    }

    fn load(
        &mut self,
        cursors: &[CursorRow],
        status: ConnectionState,
        spread: std::time::Duration,
        now: DateTime<Utc>,
    ) {
        self.status = status;
        self.loaded = true;
        if status == ConnectionState::Quarantined {
            // How long it has been left alone before the start is not known, so the time begins anew.
            self.quarantined_until = Some(now + QUARANTINE);
        }
        self.due = self
            .spec
            .resources
            .iter()
            .zip(0_u64..)
            .map(|(resource, salt)| {
                let row = |lane| cursors.iter().find(|row| row.resource == resource.name && row.lane == lane);
                let live = row(Lane::Live);
                let finished =
                    resource.history.is_none() || row(Lane::History).is_some_and(|row| row.finished);
                let phase = schedule::phase(self.id, salt);
                let last = live.map(|row| row.updated_at);
                Due {
                    poll: schedule::after_start(now, last, resource.poll, phase, spread),
                    history: (!finished).then_some(now),
                    failures: 0,
                    history_failures: 0,
                }
            })
            .collect();
    }

    fn reauthorized(&mut self, now: DateTime<Utc>) {
        self.status = ConnectionState::Active;
        self.crashes = 0;
        self.quarantined_until = None;
        for due in &mut self.due {
            due.poll = now;
            due.failures = 0;
        }
    }

    fn ended(&mut self, task: Task, ended: Ended, now: DateTime<Utc>, effects: &mut Vec<Effect>) {
        self.running = None;
        match ended {
            Ended::Done { inbox_due, finished } => {
                self.crashes = 0;
                self.succeeded(task, inbox_due, finished, now);
            }
            Ended::Inactive(status) => self.status = status,
            Ended::Failed(error) if error.class() == Class::Reauth => {
                self.status = ConnectionState::ReauthNeeded;
                effects.push(Effect::Refused { reason: error.to_string() });
            }
            Ended::Failed(error) => self.failed(task, &error, now),
            Ended::Panicked => {
                self.crashes = self.crashes.saturating_add(1);
                if self.crashes >= CRASHES {
                    let until = now + QUARANTINE;
                    self.status = ConnectionState::Quarantined;
                    self.quarantined_until = Some(until);
                    effects.push(Effect::Quarantined { until });
                }
                let crash =
                    FetchError::Transient { call: String::new(), reason: String::new(), retry_after: None };
                self.failed(task, &crash, now);
            }
        }
    }

    fn succeeded(
        &mut self,
        task: Task,
        inbox_due: Option<DateTime<Utc>>,
        finished: bool,
        now: DateTime<Utc>,
    ) {
        match task {
            Task::Inbox => {
                self.inbox_failures = 0;
                // A notice that came while the job ran has set the due time already.
                self.inbox_due = match (self.inbox_due, inbox_due) {
                    (Some(a), Some(b)) => Some(a.min(b)),
                    (a, b) => a.or(b),
                };
            }
            Task::Poll(index) => {
                let phase = schedule::phase(self.id, index as u64);
                if let (Some(due), Some(resource)) = (self.due.get_mut(index), self.spec.resources.get(index))
                {
                    due.failures = 0;
                    due.poll = schedule::after_success(now, resource.poll, phase);
                }
            }
            Task::History(index) => {
                if let Some(due) = self.due.get_mut(index) {
                    due.history_failures = 0;
                    due.history = (!finished).then_some(now);
                }
            }
            Task::Request(_) => {}
        }
    }

    fn failed(&mut self, task: Task, error: &FetchError, now: DateTime<Utc>) {
        let phase = schedule::phase(self.id, 77);
        match task {
            Task::Inbox => {
                self.inbox_failures = self.inbox_failures.saturating_add(1);
                let at = schedule::after_failure(
                    now,
                    error,
                    self.inbox_failures,
                    std::time::Duration::ZERO,
                    phase,
                );
                self.inbox_due = Some(at);
            }
            Task::Poll(index) => {
                if let (Some(due), Some(resource)) = (self.due.get_mut(index), self.spec.resources.get(index))
                {
                    due.failures = due.failures.saturating_add(1);
                    due.poll = schedule::after_failure(now, error, due.failures, resource.poll, phase);
                }
            }
            Task::History(index) => {
                if let (Some(due), Some(resource)) = (self.due.get_mut(index), self.spec.resources.get(index))
                {
                    due.history_failures = due.history_failures.saturating_add(1);
                    due.history =
                        Some(schedule::after_failure(now, error, due.history_failures, resource.poll, phase));
                }
            }
            Task::Request(_) => {}
        }
    }

    /// The most urgent thing that is due.
    fn pick(&self, now: DateTime<Utc>) -> Option<Task> {
        if let Some(wish) = self.wishes.front() {
            return Some(Task::Request(*wish));
        }
        if self.inbox_due.is_some_and(|due| due <= now) {
            return Some(Task::Inbox);
        }
        let soonest = |at: fn(&Due) -> Option<DateTime<Utc>>| {
            let due = self.due.iter().enumerate().filter_map(|(index, due)| at(due).map(|at| (at, index)));
            due.filter(|(at, _)| *at <= now).min().map(|(_, index)| index)
        };
        soonest(|due| Some(due.poll))
            .map(Task::Poll)
            .or_else(|| soonest(|due| due.history).map(Task::History))
    }

    fn next(&mut self, now: DateTime<Utc>, effects: &mut Vec<Effect>) {
        if self.draining {
            if self.running.is_none() {
                effects.push(Effect::Drained);
            }
            return;
        }
        if self.quarantined_until.is_some_and(|until| until <= now) {
            self.quarantined_until = None;
            self.crashes = 0;
            self.status = ConnectionState::Active;
            effects.push(Effect::Released);
        }
        if !self.loaded || self.running.is_some() {
            return;
        }
        if self.status != ConnectionState::Active {
            effects.extend(self.quarantined_until.map(Effect::Wake));
            return;
        }
        if let Some(task) = self.pick(now) {
            match task {
                Task::Inbox => self.inbox_due = None,
                Task::Request(_) => drop(self.wishes.pop_front()),
                Task::Poll(_) | Task::History(_) => {}
            }
            self.running = Some(task);
            effects.push(Effect::Run(task));
            return;
        }
        let due = self.due.iter().flat_map(|due| [Some(due.poll), due.history]).flatten();
        effects.extend(due.chain(self.inbox_due).min().map(Effect::Wake));
    }
}

#[cfg(test)]
mod tests;
