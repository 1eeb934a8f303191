//! What a connection actor decides: a function of (state, message, now) to effects. No clock, no store, no actix.

use std::collections::VecDeque;

use chrono::{DateTime, Duration, Utc};
use tributary_contract::error::Class;
use tributary_contract::{FetchError, Spec, TraceContext, Window};
use uuid::Uuid;

use super::due::Calendar;
use super::schedule;
use crate::fetch::is_refused_call;
use crate::store::{ConnectionState, Mark};

/// Crashes in a row after which a connection is left alone.
const CRASHES: u8 = 5;
/// Wishes that may wait; more of them would only ask for the same stretches again.
const WISHES: usize = 64;
/// How long it is left alone.
const QUARANTINE: Duration = Duration::hours(6);
/// Notifications and requests that may go before polls and history in a row; then one of those has its turn, so that a
/// steady stream of notices starves nothing.
const URGENT_IN_A_ROW: u8 = 4;
/// How long a connection pauses when a fresh token is refused, before that is believed.
const DOUBT: Duration = Duration::seconds(60);
/// How often a connection looks whether its tenant's gate is open again, at the latest.
const GATE: std::time::Duration = std::time::Duration::from_secs(300);

/// What happened, or is wanted.
#[derive(Debug)]
pub enum Message {
    /// It is known where the connection stands; work can begin.
    Loaded {
        /// Its cursors.
        marks: Vec<Mark>,
        /// Where the connection stands.
        status: ConnectionState,
        /// Over which stretch overdue work is spread.
        spread: std::time::Duration,
    },
    /// The inbox holds something that is due at that time.
    Notified(DateTime<Utc>),
    /// A person or a REST call wants a window.
    Request(Wish),
    /// A stretch of that resource is wanted and stored.
    Asked(usize),
    /// The tenant's gate is closed or open.
    Gate {
        /// Whether polling and history have to wait.
        closed: bool,
    },
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
    /// The span in which it was asked for.
    pub trace: Option<TraceContext>,
}

impl Wish {
    /// Whether it is for the same, whoever wants it.
    fn is_for_the_same(&self, other: &Self) -> bool {
        (self.resource, self.window) == (other.resource, other.window)
    }
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
    /// One window of what was asked for of a resource, by its index in the Spec.
    Asked(usize),
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
        /// Whether the walk is at its end, after [`Task::History`] and [`Task::Asked`].
        finished: bool,
    },
    /// With an error.
    Failed(FetchError),
    /// It panicked.
    Panicked,
    /// Nothing came of it for so long that it was ended.
    Stuck,
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
    /// The connection is gone; there is nothing left to do, ever.
    Finished,
}

/// The state of one connection: while it rests, its due times and little else.
#[derive(Debug)]
pub struct State {
    id: Uuid,
    spec: &'static Spec,
    due: Calendar,
    inbox_due: Option<DateTime<Utc>>,
    wishes: VecDeque<Wish>,
    running: Option<Task>,
    /// Nothing begins before: quarantine, or doubt about a refused token.
    rests_until: Option<DateTime<Utc>>,
    status: ConnectionState,
    inbox_failures: u8,
    crashes: u8,
    /// Urgent tasks since the last poll or walk.
    urgent: u8,
    loaded: bool,
    draining: bool,
    gate_closed: bool,
    /// A fresh token was refused once.
    in_doubt: bool,
}

impl State {
    /// A connection of which nothing is known yet.
    pub fn new(id: Uuid, spec: &'static Spec) -> Self {
        Self {
            id,
            spec,
            due: Calendar::default(),
            inbox_due: None,
            wishes: VecDeque::new(),
            running: None,
            rests_until: None,
            status: ConnectionState::Active,
            inbox_failures: 0,
            crashes: 0,
            urgent: 0,
            loaded: false,
            draining: false,
            gate_closed: false,
            in_doubt: false,
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
        !self.loaded || self.due.has_history_left()
    }

    /// Whether polling and history wait because the tenant's backlog is over its limit.
    pub const fn is_held(&self) -> bool {
        self.gate_closed
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
            Message::Loaded { marks, status, spread } => {
                self.load(&marks, status, spread, now);
                if status == ConnectionState::Disconnected {
                    effects.push(Effect::Finished);
                }
            }
            Message::Notified(at) => self.inbox_due = Some(self.inbox_due.map_or(at, |due| due.min(at))),
            Message::Request(wish) => {
                let is_known = self.wishes.iter().any(|waiting| waiting.is_for_the_same(&wish));
                if !is_known && self.wishes.len() < WISHES {
                    self.wishes.push_back(wish);
                }
            }
            Message::Asked(resource) => self.due.ask(resource, now),
            Message::Gate { closed } => self.gate_closed = closed,
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
        marks: &[Mark],
        status: ConnectionState,
        spread: std::time::Duration,
        now: DateTime<Utc>,
    ) {
        self.status = status;
        self.loaded = true;
        if status == ConnectionState::Quarantined {
            // How long it has been left alone before the start is not known, so the time begins anew.
            self.rests_until = Some(now + QUARANTINE);
        }
        self.due = Calendar::new(self.id, self.spec, marks, spread, now);
    }

    fn reauthorized(&mut self, now: DateTime<Utc>) {
        self.status = ConnectionState::Active;
        self.crashes = 0;
        self.in_doubt = false;
        self.rests_until = None;
        self.due.poll_all(now);
    }

    fn ended(&mut self, task: Task, ended: Ended, now: DateTime<Utc>, effects: &mut Vec<Effect>) {
        self.running = None;
        match ended {
            Ended::Done { inbox_due, finished } => {
                self.crashes = 0;
                self.in_doubt = false;
                self.succeeded(task, inbox_due, finished, now);
            }
            Ended::Inactive(status) => self.status = status,
            Ended::Failed(error) if is_refused_token(&error) && !self.in_doubt => {
                // Providers have refused good tokens for a moment; the next refusal counts.
                self.in_doubt = true;
                self.rests_until = Some(now + DOUBT);
                self.failed(task, &passing("a fresh token was refused"), now);
            }
            Ended::Failed(error) if error.class() == Class::Reauth => {
                self.status = ConnectionState::ReauthNeeded;
                effects.push(Effect::Refused { reason: error.to_string() });
            }
            Ended::Failed(error) => self.failed(task, &error, now),
            Ended::Panicked | Ended::Stuck => {
                self.crashes = self.crashes.saturating_add(1);
                if self.crashes >= CRASHES {
                    let until = now + QUARANTINE;
                    self.status = ConnectionState::Quarantined;
                    self.rests_until = Some(until);
                    effects.push(Effect::Quarantined { until });
                }
                self.failed(task, &passing("the job crashed"), now);
            }
        }
        if self.status == ConnectionState::Disconnected {
            effects.push(Effect::Finished);
        }
    }

    fn succeeded(
        &mut self,
        task: Task,
        inbox_due: Option<DateTime<Utc>>,
        finished: bool,
        now: DateTime<Utc>,
    ) {
        if task == Task::Inbox {
            self.inbox_failures = 0;
            // A notice that came while the job ran has set the due time already.
            self.inbox_due = [self.inbox_due, inbox_due].into_iter().flatten().min();
        }
        self.due.succeeded(self.id, self.spec, task, finished, now);
    }

    fn failed(&mut self, task: Task, error: &FetchError, now: DateTime<Utc>) {
        if task == Task::Inbox {
            self.inbox_failures = self.inbox_failures.saturating_add(1);
            let phase = schedule::phase(self.id, 77);
            let failures = u32::from(self.inbox_failures);
            self.inbox_due =
                Some(schedule::after_failure(now, error, failures, std::time::Duration::ZERO, phase));
        }
        self.due.failed(self.id, self.spec, task, error, now);
    }

    /// The most urgent thing that is due. Polls and walks have a turn now and then, however much else there is.
    fn pick(&self, now: DateTime<Utc>) -> Option<Task> {
        let wish = self.wishes.front().copied().map(Task::Request);
        let inbox = self.inbox_due.is_some_and(|due| due <= now).then_some(Task::Inbox);
        let steady = if self.gate_closed { None } else { self.due.pick(now) };
        if self.urgent >= URGENT_IN_A_ROW && steady.is_some() {
            return steady;
        }
        wish.or(inbox).or(steady)
    }

    fn next(&mut self, now: DateTime<Utc>, effects: &mut Vec<Effect>) {
        if self.draining {
            if self.running.is_none() {
                effects.push(Effect::Drained);
            }
            return;
        }
        if self.rests_until.is_some_and(|until| until <= now) {
            self.rests_until = None;
            if self.status == ConnectionState::Quarantined {
                self.crashes = 0;
                self.status = ConnectionState::Active;
                effects.push(Effect::Released);
            }
        }
        if !self.loaded || self.running.is_some() {
            return;
        }
        if self.status != ConnectionState::Active || self.rests_until.is_some() {
            effects.extend(self.rests_until.map(Effect::Wake));
            return;
        }
        if let Some(task) = self.pick(now) {
            self.begin(task);
            effects.push(Effect::Run(task));
            return;
        }
        effects.extend(self.wake(now).map(Effect::Wake));
    }

    fn begin(&mut self, task: Task) {
        match task {
            Task::Inbox => self.inbox_due = None,
            Task::Request(_) => {
                self.wishes.pop_front();
                if self.wishes.is_empty() {
                    // A million connections rest with an empty queue.
                    self.wishes = VecDeque::new();
                }
            }
            Task::Poll(_) | Task::History(_) | Task::Asked(_) => self.due.begin(task),
        }
        let urgent = matches!(task, Task::Inbox | Task::Request(_));
        self.urgent = if urgent { self.urgent.saturating_add(1) } else { 0 };
        self.running = Some(task);
    }

    fn wake(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let steady = self.due.next().map(|due| {
            if self.gate_closed {
                // Spread, so that not all come at once when the gate opens.
                due.max(now + schedule::scaled(GATE, 0.1 + 0.9 * schedule::phase(self.id, 78)))
            } else {
                due
            }
        });
        [steady, self.inbox_due].into_iter().flatten().min()
    }
}

/// Whether a call was refused with a token that is fresh from the provider.
fn is_refused_token(error: &FetchError) -> bool {
    matches!(error, FetchError::Auth { reason, .. } if is_refused_call(reason))
}

fn passing(reason: &str) -> FetchError {
    FetchError::Transient { call: String::new(), reason: reason.to_owned(), retry_after: None }
}

#[cfg(test)]
mod tests;
