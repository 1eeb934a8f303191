//! The quota of one provider app: every call needs a permit, and permits are never more than the provider admits.
//!
//! | file | what |
//! |---|---|
//! | [`message`] | classes, wishes, what the budget is told and answers |
//! | [`state`] | what it decides, pure |
//! | [`scope`] | windows with one common pause: the app's, or one connection's |
//! | [`window`] | one window, counted as the provider counts or more |
//! | [`permit`] | who waits, and whose turn it is |
//! | [`ledger`] | what outlives a restart |
//! | [`pace`] | spreads polls and history over a window |
//! | [`usage`] | what the headers of an answer say |
//!
//! Wishes come from the door of [`crate::fetch`], one actor per provider app answers them. It never sends a call and
//! never sees one.

mod keep;
pub mod ledger;
pub mod message;
pub mod pace;
pub mod permit;
pub mod scope;
mod start;
pub mod state;
pub mod usage;
pub mod window;

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use actix::{
    Actor, ActorContext, ActorFutureExt, AsyncContext, Context, SpawnHandle, StreamHandler, WrapFuture,
};
use chrono::{DateTime, Utc};
use http::HeaderMap;
use serde::Serialize;
use tokio::sync::{mpsc, oneshot};
use tributary_contract::error::QuotaScope;
use tributary_contract::spec::{Quota, Spec};

use keep::Keep;
use ledger::Saved;
pub use message::{BudgetError, Class, PermitRequest};
use message::{Effect, Message, Ticket};
use state::{State, Terms};

use crate::clock::{Clock, ClockGuard};
use crate::store::{Store, Writer};
use crate::supervised::restart::History;
use crate::supervised::{EndGuard, Ended};
use crate::telemetry::metric;

/// Longest wait for a permit; a job that would wait longer gives its place to others and comes back.
const PATIENCE: Duration = Duration::from_secs(120);

/// What a budget is made of.
#[derive(Clone)]
pub struct BudgetOptions {
    name: String,
    provider: &'static str,
    terms: Terms,
    clock: Clock,
    keep: Option<Keep>,
}

impl BudgetOptions {
    /// The documented quotas of a Spec, or the operator's own where there are some.
    pub fn from_spec(spec: &Spec, app: Option<Vec<Quota>>, user: Option<Vec<Quota>>, clock: Clock) -> Self {
        Self {
            name: spec.key.to_owned(),
            provider: spec.key,
            terms: Terms::new(spec, app, user, PATIENCE),
            clock,
            keep: None,
        }
    }

    /// The budget is that of a tenant's own app: its windows are kept apart from those of the operator's.
    #[must_use]
    pub fn of_tenant(mut self, tenant: &str) -> Self {
        self.name = format!("{}/{tenant}", self.name);
        self
    }

    /// Keeps the windows of the app in the store, so that they hold across a restart.
    #[must_use]
    pub fn kept_in(mut self, store: Arc<dyn Store>, writer: Writer) -> Self {
        self.keep = Some(Keep::new(&self.name, store, writer));
        self
    }

    /// Another longest wait for a permit than two minutes.
    #[must_use]
    pub const fn patience(mut self, patience: Duration) -> Self {
        self.terms.patience = patience;
        self
    }
}

/// Gives permits. Clones speak to the same budget.
#[derive(Debug, Clone)]
pub struct BudgetHandle {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    /// Key of the provider.
    provider: &'static str,
    /// The actor's queue: one for all, so that what a call said counts before the next wish. Everybody in it waits for
    /// an answer or sends the one end of a permit, so the calls themselves bound it.
    queue: RwLock<mpsc::UnboundedSender<Told>>,
    next_ticket: AtomicU64,
    terms: Terms,
    clock: Clock,
    keep: Option<Keep>,
    /// How often its actor died.
    history: Mutex<History>,
}

impl Shared {
    fn tell(&self, told: Told) -> Result<(), Told> {
        let queue = self.queue.read().unwrap_or_else(PoisonError::into_inner);
        queue.send(told).map_err(|unsent| unsent.0)
    }
}

/// Takes an answer to whoever waits. A manual clock stands still while it is on its way.
type Reply = oneshot::Sender<Result<ClockGuard, BudgetError>>;

/// What comes in through the actor's queue.
#[derive(Debug)]
enum Told {
    Wanted {
        ticket: Ticket,
        request: PermitRequest,
        reply: Reply,
        hold: ClockGuard,
    },
    Ended(Message),
    Levels(oneshot::Sender<Vec<Level>>),
    Close(oneshot::Sender<()>),
    /// Panics, to see what comes of it.
    #[cfg(test)]
    Die,
}

/// One window of the app's quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Level {
    /// Calls that it admits.
    pub permits: u32,
    /// Places taken.
    pub used: u32,
    /// Places left.
    pub remaining: u32,
    /// Its length, s.
    pub window_seconds: u64,
    /// Whether it begins at multiples of its length since midnight UTC.
    pub aligned: bool,
    /// When it is empty again if nothing else is sent.
    pub ends_at: DateTime<Utc>,
    /// Until when the provider's refusal keeps it closed.
    pub closed_until: Option<DateTime<Utc>>,
    /// Calls that wait for a permit, of all windows.
    pub waiting: usize,
}

impl BudgetHandle {
    /// Waits for a permit. Dropping the future gives the place in the queue, or the permit, back.
    ///
    /// # Errors
    /// [`BudgetError`]: the quota stays used up for longer than the budget's patience, too many wait, or it has ended.
    pub async fn acquire(&self, request: PermitRequest) -> Result<Permit, BudgetError> {
        let (provider, class, began) = (self.shared.provider, request.class, self.shared.clock.now());
        let waited = self.wait(request).await;
        let took = (self.shared.clock.now() - began).to_std().unwrap_or_default();
        metric::BUDGET_WAIT.record(took, [provider, class.as_str()]);
        if matches!(waited, Err(BudgetError::UsedUp { .. })) {
            metric::BUDGET_REFUSALS.add(1, [provider, class.as_str()]);
        }
        waited
    }

    async fn wait(&self, request: PermitRequest) -> Result<Permit, BudgetError> {
        let ticket = self.shared.next_ticket.fetch_add(1, Ordering::Relaxed);
        let mut permit =
            Permit { shared: Arc::clone(&self.shared), ticket, end: Some(Message::Dropped(ticket)) };
        let (reply, granted) = oneshot::channel();
        let clock = &self.shared.clock;
        let (began, hold) = (clock.now(), clock.guard());
        let wish = Told::Wanted { ticket, request, reply, hold };
        self.shared.tell(wish).map_err(|_closed| BudgetError::Stopped)?;
        let idle = clock.idle();
        let waited = clock.timeout(self.shared.terms.patience, granted).await;
        drop(idle);
        match waited {
            Ok(Ok(Ok(_hold))) => {
                permit.end = Some(Message::Ended(ticket));
                Ok(permit)
            }
            Ok(Ok(Err(refused))) => {
                permit.end = None;
                Err(refused)
            }
            Ok(Err(_gone)) => Err(BudgetError::Stopped),
            Err(_elapsed) => {
                let waited = (clock.now() - began).to_std().unwrap_or_default();
                Err(BudgetError::UsedUp {
                    scope: QuotaScope::App,
                    retry_after: waited.max(Duration::from_secs(1)),
                })
            }
        }
    }

    /// Lets nobody wait any more: who waits now, or would have to, is told that the budget has ended. Calls that may go
    /// at once still go, so that running work comes to its end soon.
    pub async fn close(&self) {
        let (reply, closed) = oneshot::channel();
        if self.shared.tell(Told::Close(reply)).is_err() || closed.await.is_err() {
            tracing::debug!("a budget had ended before it was closed");
        }
    }

    /// How full the windows of the app are; empty when there are none or the budget has ended.
    pub async fn snapshot(&self) -> Vec<Level> {
        let (reply, levels) = oneshot::channel();
        if self.shared.tell(Told::Levels(reply)).is_err() {
            return Vec::new();
        }
        levels.await.unwrap_or_default()
    }
}

/// Leave for one call. Dropping it says that the call ended without an answer.
#[derive(Debug)]
#[must_use = "a permit that is dropped counts as a call"]
pub struct Permit {
    shared: Arc<Shared>,
    ticket: Ticket,
    end: Option<Message>,
}

impl Permit {
    /// The call was answered. Returns whose quota refused it, if one did, and the provider's wish when to come back.
    pub fn answered(mut self, status: u16, headers: &HeaderMap) -> Option<(QuotaScope, Option<Duration>)> {
        let reading = usage::read(&self.shared.terms.usage, status, headers, self.shared.clock.now());
        let refused = reading.refused.then(|| (self.shared.terms.refused_by(&reading), reading.retry_after));
        self.end = Some(Message::Answered(self.ticket, reading));
        refused
    }

    /// The call was not and will not be sent.
    pub fn unused(mut self) {
        self.end = Some(Message::Dropped(self.ticket));
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(end) = self.end.take()
            && self.shared.tell(Told::Ended(end)).is_err()
        {
            // Without a budget nobody counts any more.
            tracing::debug!("a permit ended after its budget");
        }
    }
}

/// The actor of one provider app.
pub struct Budget {
    state: State,
    clock: Clock,
    keep: Option<Keep>,
    waiting: HashMap<Ticket, Reply>,
    timer: Option<SpawnHandle>,
    is_closing: bool,
    guard: EndGuard,
}

impl Budget {
    fn tell(&mut self, message: Message, context: &mut Context<Self>) {
        let mut effects = VecDeque::from(self.state.on(message, self.clock.now()));
        // Answers whose asker is gone become messages themselves.
        while let Some(effect) = effects.pop_front() {
            match effect {
                Effect::Grant(ticket) => {
                    let asker = self.waiting.remove(&ticket);
                    if asker.is_none_or(|asker| asker.send(Ok(self.clock.guard())).is_err()) {
                        effects.extend(self.state.on(Message::Dropped(ticket), self.clock.now()));
                    }
                }
                Effect::Refuse(ticket, reason) => {
                    if let Some(asker) = self.waiting.remove(&ticket)
                        && asker.send(Err(reason)).is_err()
                    {
                        tracing::trace!("a refused wish was dropped before");
                    }
                }
                Effect::WakeAt(at) => self.wake(at, context),
                Effect::Save(saved) => self.save(saved, context),
            }
        }
    }

    /// Whoever waits learns from the end of the channel that the budget gives nothing more.
    fn turn_away(&mut self, context: &mut Context<Self>) {
        for ticket in self.waiting.drain().map(|(ticket, _asker)| ticket).collect::<Vec<_>>() {
            self.tell(Message::Dropped(ticket), context);
        }
    }

    fn save(&self, saved: Saved, context: &mut Context<Self>) {
        let (Some(keep), clock) = (self.keep.clone(), self.clock.clone()) else { return };
        let save = async move { keep.save(&saved, &clock).await };
        context.spawn(save.into_actor(self).map(|is_durable, budget, context| {
            budget.tell(Message::SaveEnded(is_durable), context);
        }));
    }

    fn wake(&mut self, at: DateTime<Utc>, context: &mut Context<Self>) {
        if let Some(earlier) = self.timer.take() {
            context.cancel_future(earlier);
        }
        let clock = self.clock.clone();
        let sleep = async move { clock.sleep_until(at).await };
        self.timer = Some(context.spawn(sleep.into_actor(self).map(|(), budget, context| {
            budget.timer = None;
            budget.tell(Message::Tick, context);
        })));
    }
}

impl Actor for Budget {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        let (Some(keep), clock) = (self.keep.clone(), self.clock.clone()) else { return };
        let load = async move { keep.load(&clock).await };
        context.spawn(load.into_actor(self).map(|saved, budget, context| {
            budget.tell(Message::Resumed(saved), context);
        }));
    }
}

impl StreamHandler<Told> for Budget {
    /// Nobody holds the budget any more.
    fn finished(&mut self, context: &mut Context<Self>) {
        self.guard.ends(Ended::Finished);
        context.stop();
    }

    fn handle(&mut self, told: Told, context: &mut Context<Self>) {
        match told {
            // Whoever does not wait any more has said so, or is about to.
            Told::Wanted { reply, .. } if reply.is_closed() => {}
            Told::Wanted { ticket, request, reply, hold } => {
                self.waiting.insert(ticket, reply);
                self.tell(Message::Wanted { ticket, request }, context);
                if self.is_closing {
                    self.turn_away(context);
                }
                drop(hold);
            }
            Told::Close(reply) => {
                self.is_closing = true;
                self.turn_away(context);
                if reply.send(()).is_err() {
                    tracing::trace!("nobody waits for the close any more");
                }
            }
            #[cfg(test)]
            Told::Die => panic!("planned"),
            Told::Ended(message) => {
                if let Message::Dropped(ticket) = &message {
                    self.waiting.remove(ticket);
                }
                self.tell(message, context);
            }
            Told::Levels(reply) => {
                if reply.send(self.state.levels(self.clock.now())).is_err() {
                    tracing::trace!("nobody waits for the levels any more");
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
