//! The shell of a delivery: performs what [`super::state`] decides. One actix actor per sink.

use std::collections::{HashMap, VecDeque};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use actix::prelude::*;
use chrono::{DateTime, Utc};
use futures_util::FutureExt as _;
use thiserror::Error;
use tokio::sync::{oneshot, watch};
use tracing::{Instrument as _, error, info, warn};
use tributary_contract::Spec;
use tributary_contract::model::{Digest, EntryId};
use tributary_contract::sink::{Batch, Entry, EntryKind, Limits, Outcome, Sink, SinkError, User};
use uuid::Uuid;

use super::group::{Filter, Group};
use super::ladder::Ladder;
use super::observe;
use super::state::{Effect, Levels, Message as Event, State};
use crate::clock::Clock;
use crate::connection::user;
use crate::invariant::Invariant;
use crate::store::{Change, Changeset, LogRow, Parked, Store, Writer};
use crate::supervised::{EndGuard, Ended};
use crate::telemetry::span;

/// A call of the sink that takes longer counts as failed.
const DEADLINE: std::time::Duration = std::time::Duration::from_secs(120);
/// Users that are remembered between reads.
const USERS: usize = 10_000;

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
    /// Calls of the sink that are under way.
    calls: HashMap<u64, SpawnHandle>,
    next_call: u64,
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
            calls: HashMap::new(),
            next_call: 0,
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

    fn deliver(&mut self, group: Group, attempt: u32, replay: bool, ctx: &mut Context<Self>) {
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
        let call = async move {
            let attempt = AssertUnwindSafe(parts.sink.deliver(&batch)).catch_unwind();
            match parts.clock.timeout(DEADLINE, attempt).await {
                Ok(Ok(result)) => result,
                Ok(Err(_panic)) => {
                    Err(SinkError::Unavailable { reason: "the sink panicked".to_owned(), after: None })
                }
                Err(_elapsed) => Err(SinkError::Unavailable {
                    reason: format!("no answer within {} s", DEADLINE.as_secs()),
                    after: None,
                }),
            }
        };
        let call = call.instrument(span.clone());
        let number = self.next_call;
        self.next_call = number.wrapping_add(1);
        let handle = ctx.spawn(call.into_actor(self).map(move |result, actor, ctx| {
            actor.calls.remove(&number);
            span.in_scope(|| actor.log_failure(&group, attempt, &result));
            observe::ended(&actor.parts, &span, &group, began, &result);
            actor.on(Event::Delivered { group, began, result }, ctx);
        }));
        self.calls.insert(number, handle);
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

async fn with_users(
    parts: &Parts,
    rows: Vec<LogRow>,
    mut users: HashMap<Uuid, Arc<User>>,
) -> Result<(Vec<Arc<Entry>>, HashMap<Uuid, Arc<User>>), crate::store::StoreError> {
    if users.len() > USERS {
        users.clear();
    }
    let mut entries = Vec::with_capacity(rows.len());
    for row in rows {
        if cfg!(debug_assertions) {
            Invariant::StableIdentity.check(is_itself(&row), "in an entry of the log");
        }
        let changed = matches!(row.kind, tributary_contract::sink::EntryKind::LifeCycle(_));
        let user = match users.get(&row.connection).filter(|_| !changed) {
            Some(user) => Arc::clone(user),
            None => {
                let connection = parts.store.connection(row.connection).await?;
                let user = Arc::new(connection.map_or_else(
                    || user::unknown(row.connection),
                    |connection| user::of(&connection, (parts.spec)(&connection.provider)),
                ));
                users.insert(row.connection, Arc::clone(&user));
                user
            }
        };
        entries.push(Arc::new(Entry {
            sequence: row.sequence,
            id: row.id,
            user,
            kind: row.kind,
            key: row.key,
            body: row.body,
            committed_at: row.committed_at,
            trace: row.trace,
        }));
    }
    Ok((entries, users))
}

/// Whether a record's entry has the identity that its content gives it.
fn is_itself(row: &LogRow) -> bool {
    match row.kind {
        EntryKind::Record(data_type) => {
            row.id == EntryId::of_record(row.connection, data_type, &row.key, Digest::of(&row.body))
        }
        EntryKind::Deleted(_) | EntryKind::LifeCycle(_) => true,
    }
}

impl Actor for Delivery {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.begin(ctx);
    }
}

/// Asks a delivery how it is.
#[derive(Debug, Message)]
#[rtype(result = "Observed")]
pub struct Observe;

/// How a delivery is.
#[derive(Debug, Clone, MessageResponse)]
pub struct Observed {
    /// Owner of the sink.
    pub tenant: Arc<str>,
    /// The sink.
    pub sink: Arc<str>,
    /// When this actor of it began.
    pub started_at: DateTime<Utc>,
    /// Counters and levels.
    pub levels: Levels,
}

impl Handler<Observe> for Delivery {
    type Result = Observed;

    fn handle(&mut self, _: Observe, _: &mut Self::Context) -> Observed {
        Observed {
            tenant: Arc::clone(&self.parts.tenant),
            sink: Arc::clone(&self.parts.name),
            started_at: self.started_at,
            levels: self.state.as_ref().map(State::levels).unwrap_or_default(),
        }
    }
}

/// Tells a delivery that parked deliveries were added to the store.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct LookAtParked;

impl Handler<LookAtParked> for Delivery {
    type Result = ();

    fn handle(&mut self, _: LookAtParked, ctx: &mut Self::Context) {
        // One that has not begun looks at all that is parked when it does.
        self.on(Event::ParkedAdded, ctx);
    }
}

/// Asks a delivery to deliver everything behind a sequence again. Answers once the new offset is durable.
#[derive(Debug, Message)]
#[rtype(result = "Result<(), NotRewound>")]
pub struct Rewind {
    /// The new offset.
    pub to: u64,
}

/// The delivery is not rewound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the sink is just starting or ending; try again")]
pub struct NotRewound;

impl Handler<Rewind> for Delivery {
    type Result = ResponseFuture<Result<(), NotRewound>>;

    fn handle(&mut self, Rewind { to }: Rewind, ctx: &mut Self::Context) -> Self::Result {
        if self.state.is_none() || !self.stopping.is_empty() {
            return Box::pin(async { Err(NotRewound) });
        }
        info!(sink = %self.parts.name, tenant = %self.parts.tenant, to, "sink is rewound");
        let (done, durable) = oneshot::channel();
        self.rewinding.push_back(done);
        self.on(Event::Rewind { to }, ctx);
        Box::pin(async { durable.await.map_err(|_ended| NotRewound) })
    }
}

/// Asks a delivery to finish what is in flight, store its offset and end.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Stop {
    /// Told when it is done.
    pub done: tokio::sync::oneshot::Sender<()>,
}

impl Handler<Stop> for Delivery {
    type Result = ();

    fn handle(&mut self, stop: Stop, ctx: &mut Self::Context) {
        self.stopping.push(stop.done);
        if self.state.is_none() {
            self.perform(Effect::Drained, ctx);
        } else {
            self.on(Event::Drain, ctx);
        }
    }
}

/// Asks a delivery that was asked to stop not to wait for the sink any longer. What is in flight counts as not
/// delivered, so that whoever reads on from the offset delivers it again.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Cut;

impl Handler<Cut> for Delivery {
    type Result = ();

    fn handle(&mut self, _: Cut, ctx: &mut Self::Context) {
        for (_, call) in self.calls.drain() {
            ctx.cancel_future(call);
        }
        self.on(Event::Cut, ctx);
    }
}
