//! The shell of a delivery: performs what [`super::state`] decides. One actix actor per sink.

use std::collections::{HashMap, VecDeque};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use actix::prelude::*;
use chrono::{DateTime, Utc};
use futures_util::FutureExt as _;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;
use tracing::{Instrument as _, Span, error, info, warn};
use tributary_contract::Spec;
use tributary_contract::sink::{Batch, Entry, Limits, Outcome, Sink, SinkError, User};
use uuid::Uuid;

pub use self::asked::{Cut, LookAtParked, NotRewound, Observe, Observed, Rewind, Stop};
use self::users::with_users;
use super::group::{Filter, Group};
use super::ladder::Ladder;
use super::observe;
use super::state::{Effect, Message as Event, State};
use crate::clock::{Clock, ClockGuard};
use crate::store::{Change, Changeset, Parked, Store, Writer};
use crate::supervised::{EndGuard, Ended};
use crate::telemetry::span;

/// A call of the sink that takes longer counts as failed.
const DEADLINE: std::time::Duration = std::time::Duration::from_secs(120);

/// What a delivery is made of.
#[derive(Clone)]
pub struct Parts {
    /// Owner of the sink.
    pub tenant: Arc<str>,
    /// Name of the sink.
    pub name: Arc<str>,
    /// The sink.
    pub sink: Arc<dyn Sink>,
    /// What it wants.
    pub filter: Filter,
    /// Pauses between tries.
    pub ladder: Ladder,
    /// Where the log is read.
    pub store: Arc<dyn Store>,
    /// Where offsets are written.
    pub writer: Writer,
    /// Time.
    pub clock: Clock,
    /// Looks up a provider, for its name on the wire.
    pub spec: fn(&str) -> Option<&'static Spec>,
}

/// One sink's actor.
pub struct Delivery {
    parts: Parts,
    limits: Limits,
    state: Option<State>,
    timer: Option<(DateTime<Utc>, SpawnHandle)>,
    users: HashMap<Uuid, Arc<User>>,
    rewinding: VecDeque<oneshot::Sender<()>>,
    stopping: Vec<tokio::sync::oneshot::Sender<()>>,
    /// Calls of the sink that are under way. Tasks of their own: what an actor spawns on itself is polled whenever any
    /// of it is woken, so that each of many calls would pay for all.
    calls: JoinSet<()>,
    started_at: DateTime<Utc>,
    /// Tells the parent when this actor ends.
    guard: Option<EndGuard>,
}

impl Delivery {
    /// An actor that begins at the sink's stored offset once it is started.
    pub fn new(parts: Parts) -> Self {
        let limits = parts.sink.limits();
        let started_at = parts.clock.now();
        Self {
            parts,
            limits,
            state: None,
            timer: None,
            users: HashMap::new(),
            rewinding: VecDeque::new(),
            stopping: Vec::new(),
            calls: JoinSet::new(),
            started_at,
            guard: None,
        }
    }

    /// The same, telling somebody how it ends.
    #[must_use]
    pub fn guarded(mut self, guard: EndGuard) -> Self {
        self.guard = Some(guard);
        self
    }

    fn ends(&mut self, how: Ended, ctx: &mut Context<Self>) {
        if let Some(guard) = &mut self.guard {
            guard.ends(how);
        }
        ctx.stop();
    }

    fn begin(&self, ctx: &mut Context<Self>) {
        let parts = self.parts.clone();
        let load = async move {
            loop {
                match parts.store.offset(&parts.tenant, &parts.name).await {
                    Ok(offset) => return offset,
                    Err(error) => {
                        warn!(sink = %parts.name, tenant = %parts.tenant, %error, "sink offset not readable, trying again");
                        parts.clock.sleep(std::time::Duration::from_secs(1)).await;
                    }
                }
            }
        };
        ctx.spawn(load.into_actor(self).map(|offset, actor, ctx| {
            let parts = &actor.parts;
            actor.state = Some(State::new(
                Arc::clone(&parts.tenant),
                Arc::clone(&parts.name),
                actor.limits,
                parts.filter.clone(),
                parts.ladder.clone(),
                offset,
            ));
            let watch = parts.writer.watch();
            actor.listen(watch, ctx);
            actor.on(Event::Woken, ctx);
        }));
    }

    fn listen(&self, mut watch: watch::Receiver<u64>, ctx: &mut Context<Self>) {
        let changed = async move { (watch.changed().await, watch) };
        ctx.spawn(changed.into_actor(self).map(|(changed, watch), actor, ctx| {
            if changed.is_ok() {
                actor.on(Event::Woken, ctx);
                actor.listen(watch, ctx);
            } else if actor.stopping.is_empty() {
                actor.ends(Ended::Failed("the store writer has ended"), ctx);
            }
        }));
    }

    fn on(&mut self, event: Event, ctx: &mut Context<Self>) {
        let now = self.parts.clock.now();
        let Some(state) = self.state.as_mut() else { return };
        let effects = state.on(event, now);
        for effect in effects {
            self.perform(effect, ctx);
        }
    }

    fn perform(&mut self, effect: Effect, ctx: &mut Context<Self>) {
        match effect {
            Effect::Read { after, limit, bytes } => self.read(after, limit, bytes, ctx),
            Effect::Deliver { group, attempt, replay } => self.deliver(group, attempt, replay, ctx),
            Effect::Commit(changes) => self.commit(changes, ctx),
            Effect::LoadParked { limit } => self.load_parked(limit, ctx),
            Effect::Wake(at) => self.wake(at, ctx),
            Effect::Rewound(times) => {
                for waiting in self.rewinding.drain(..times.min(self.rewinding.len())) {
                    if waiting.send(()).is_err() {
                        info!(sink = %self.parts.name, "nobody waits for the rewind of this sink any more");
                    }
                }
            }
            Effect::Drained => {
                for waiting in self.stopping.drain(..) {
                    if waiting.send(()).is_err() {
                        info!(sink = %self.parts.name, "nobody waits for the end of this sink any more");
                    }
                }
                self.ends(Ended::Stopped, ctx);
            }
        }
    }

    fn read(&mut self, after: u64, limit: usize, bytes: usize, ctx: &mut Context<Self>) {
        let parts = self.parts.clone();
        // There is one read at a time; it brings the map back.
        let known = std::mem::take(&mut self.users);
        let read = async move {
            let rows = parts.store.log(&parts.tenant, after, limit, bytes).await?;
            // A read that stopped at its limits may have left something behind.
            let read_bytes: usize = rows.iter().map(|row| row.body.len()).sum();
            let more = rows.len() >= limit || read_bytes.saturating_mul(2) >= bytes;
            let (entries, users) = with_users(&parts, rows, known).await?;
            Ok::<_, crate::store::StoreError>((entries, users, more))
        };
        ctx.spawn(read.into_actor(self).map(|read, actor, ctx| match read {
            Ok((entries, users, more)) => {
                actor.users = users;
                actor.on(Event::Read { entries, more }, ctx);
            }
            Err(error) => {
                warn!(sink = %actor.parts.name, tenant = %actor.parts.tenant, %error, "log not readable, trying again");
                actor.on(Event::ReadFailed, ctx);
            }
        }));
    }

    fn load_parked(&self, limit: usize, ctx: &mut Context<Self>) {
        let parts = self.parts.clone();
        let now = parts.clock.now();
        let load = async move {
            let rows = parts.store.parked(&parts.tenant, &parts.name, limit.saturating_add(1)).await?;
            let next_due = rows.iter().filter(|row| row.due_at > now).map(|row| row.due_at).min();
            // More than the limit are due: come back at once.
            let next_due = if rows.iter().all(|row| row.due_at <= now) && rows.len() > limit {
                Some(now)
            } else {
                next_due
            };
            let mut due: Vec<(Parked, Vec<Arc<Entry>>)> = Vec::new();
            for row in rows.into_iter().take(limit).filter(|row| row.due_at <= now) {
                let mut log = parts.store.log_entries(&row.sequences).await?;
                if row.replay && log.is_empty() {
                    // The log does not keep an entry as long as its dead letter may have lain.
                    log = parts.store.held(row.delivery).await?;
                }
                let (entries, _) = with_users(&parts, log, HashMap::new()).await?;
                due.push((row, entries));
            }
            Ok::<_, crate::store::StoreError>((due, next_due))
        };
        ctx.spawn(load.into_actor(self).map(|loaded, actor, ctx| {
            let (parked, next_due) = loaded.unwrap_or_else(|error| {
                warn!(sink = %actor.parts.name, %error, "parked deliveries not readable, trying again");
                (Vec::new(), Some(actor.parts.clock.now() + chrono::Duration::seconds(5)))
            });
            actor.on(Event::ParkedLoaded { parked, next_due }, ctx);
        }));
    }

    fn deliver(&mut self, group: Group, attempt: u32, replay: bool, ctx: &Context<Self>) {
        let parts = self.parts.clone();
        let began = parts.clock.now();
        let syncs = observe::syncs(&group);
        let span = observe::begin(&parts, &group, attempt, &syncs);
        let batch = Batch {
            delivery: group.delivery(&parts.tenant, &parts.name),
            attempt,
            replay,
            at: began,
            trace: span::context_of(&span, observe::only(&syncs)),
            entries: group.entries.clone(),
        };
        let actor = ctx.address();
        let call = async move {
            let call = AssertUnwindSafe(parts.sink.deliver(&batch)).catch_unwind();
            let result = match parts.clock.timeout(DEADLINE, call.instrument(span.clone())).await {
                Ok(Ok(result)) => result,
                Ok(Err(_panic)) => {
                    Err(SinkError::Unavailable { reason: "the sink panicked".to_owned(), after: None })
                }
                Err(_elapsed) => Err(SinkError::Unavailable {
                    reason: format!("no answer within {} s", DEADLINE.as_secs()),
                    after: None,
                }),
            };
            let called = Called { group, attempt, began, span, result, _hold: parts.clock.guard() };
            if actor.connected() {
                tell(&actor, called);
            } else {
                info!(sink = %parts.name, "the sink ended before a call of it; what it carried is sent again");
            }
        };
        self.calls.spawn_local(call);
    }

    fn log_failure(&self, group: &Group, attempt: u32, result: &Result<Vec<Outcome>, SinkError>) {
        let (sink, tenant, entries) = (&self.parts.name, &self.parts.tenant, group.entries.len());
        match result {
            Err(error) => warn!(%sink, %tenant, entries, attempt, %error, "delivery failed"),
            Ok(outcomes) => {
                let failed = outcomes.iter().filter(|outcome| **outcome != Outcome::Taken).count();
                let reason = outcomes.iter().find_map(|outcome| match outcome {
                    Outcome::Taken => None,
                    Outcome::Later { reason, .. } | Outcome::Refused { reason } => Some(reason),
                });
                if let Some(reason) = reason {
                    warn!(%sink, %tenant, entries, failed, attempt, %reason, "entries not taken");
                }
            }
        }
    }

    fn commit(&self, changes: Vec<Change>, ctx: &mut Context<Self>) {
        let writer = self.parts.writer.clone();
        let commit = async move { writer.commit(Changeset::unfenced(changes)).await };
        ctx.spawn(commit.into_actor(self).map(|done, actor, ctx| match done {
            Ok(_) => actor.on(Event::Committed, ctx),
            Err(error) => {
                error!(sink = %actor.parts.name, tenant = %actor.parts.tenant, %error, "offset not stored, trying again");
                actor.on(Event::CommitFailed, ctx);
            }
        }));
    }

    fn wake(&mut self, at: DateTime<Utc>, ctx: &mut Context<Self>) {
        if let Some((earlier, handle)) = self.timer {
            if earlier <= at {
                return;
            }
            ctx.cancel_future(handle);
        }
        let clock = self.parts.clock.clone();
        let sleep = async move { clock.sleep_until(at).await };
        let handle = ctx.spawn(sleep.into_actor(self).map(|(), actor, ctx| {
            actor.timer = None;
            actor.on(Event::Tick, ctx);
        }));
        self.timer = Some((at, handle));
    }
}

impl Actor for Delivery {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.begin(ctx);
    }
}

/// A call of the sink ended.
#[derive(Message)]
#[rtype(result = "()")]
struct Called {
    group: Group,
    attempt: u32,
    began: DateTime<Utc>,
    span: Span,
    result: Result<Vec<Outcome>, SinkError>,
    /// Keeps a manual clock where it is until this is dealt with.
    _hold: ClockGuard,
}

/// Never refused for want of room: there are at most as many as calls under way, and each must be heard of. Nobody waits
/// for it to be dealt with, since that would wake a call only to end it.
#[expect(
    clippy::disallowed_methods,
    reason = "bounded by the calls under way, and asked before whether it still runs"
)]
fn tell(actor: &Addr<Delivery>, called: Called) {
    actor.do_send(called);
}

impl Handler<Called> for Delivery {
    type Result = ();

    fn handle(&mut self, called: Called, ctx: &mut Self::Context) {
        let Called { group, attempt, began, span, result, _hold } = called;
        while let Some(ended) = self.calls.try_join_next() {
            if let Err(error) = ended
                && !error.is_cancelled()
            {
                error!(sink = %self.parts.name, %error, "a call of the sink was cut off");
            }
        }
        span.in_scope(|| self.log_failure(&group, attempt, &result));
        observe::ended(&self.parts, &span, &group, began, &result);
        self.on(Event::Delivered { group, began, result }, ctx);
    }
}

mod asked;
mod users;
