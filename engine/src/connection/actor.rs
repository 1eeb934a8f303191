//! The shell of a connection: performs what [`super::state`] decides. One actix actor per connection.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use actix::prelude::*;
use chrono::{DateTime, Utc};
use futures_util::FutureExt as _;
use tokio::sync::oneshot;
use tracing::{debug, error, warn};
use uuid::Uuid;

use super::gate::Gate;
use super::progress::Progress;
use super::state::{Effect, Ended, Message as Event, State, Task, Wish};
use super::{Runtime, connect, job};
use crate::clock::later;
use crate::store::{ConnectionState, Mark, Standing, StoreError};
use crate::supervised::{EndGuard, Ended as End};
use crate::telemetry::metric;

/// Messages that may wait; each is an id or a time.
const MAILBOX: usize = 128;

/// One connection's actor.
pub struct ConnectionActor {
    id: Uuid,
    runtime: Arc<Runtime>,
    state: State,
    /// Only until it is known where the connection stands.
    load: Option<Box<Load>>,
    gate: Gate,
    timer: Option<(DateTime<Utc>, SpawnHandle)>,
    /// Only while a job runs.
    underway: Option<Box<Underway>>,
    stopping: Vec<oneshot::Sender<()>>,
    guard: EndGuard,
}

/// What an actor begins with.
struct Load {
    spread: Duration,
    /// What its parent has read already.
    known: Option<Standing>,
}

/// The running job, as far as others may see it.
struct Underway {
    began_at: DateTime<Utc>,
    progress: Arc<Progress>,
}

/// Where a connection stands.
struct Loaded {
    marks: Vec<Mark>,
    status: ConnectionState,
    gate: Gate,
}

impl ConnectionActor {
    /// An actor that reads where its connection stands once it is started. Overdue work is spread over `spread`.
    pub fn new(id: Uuid, runtime: Arc<Runtime>, spread: Duration, guard: EndGuard) -> Self {
        let state = State::new(id, runtime.provider.spec());
        let load = Some(Box::new(Load { spread, known: None }));
        let gate = Gate::default();
        Self { id, runtime, state, load, gate, timer: None, underway: None, stopping: Vec::new(), guard }
    }

    /// The same, without reading: many connections are read at once at a start.
    #[must_use]
    pub fn knowing(mut self, standing: Standing) -> Self {
        if let Some(load) = &mut self.load {
            load.known = Some(standing);
        }
        self
    }

    fn load(&mut self, ctx: &mut Context<Self>) {
        let known = self.load.as_mut().and_then(|load| load.known.take());
        if let Some(Standing { tenant, state, marks, .. }) = known {
            let gate = self.runtime.gates.of(&tenant);
            self.loaded(Loaded { marks, status: state, gate }, ctx);
            return;
        }
        let (runtime, id) = (Arc::clone(&self.runtime), self.id);
        let load = async move {
            loop {
                match read(&runtime, id).await {
                    Ok(loaded) => return loaded,
                    Err(error) => {
                        warn!(%error, "connection not readable, trying again");
                        runtime.clock.sleep(Duration::from_secs(1)).await;
                    }
                }
            }
        };
        ctx.spawn(load.into_actor(self).map(|loaded, actor, ctx| actor.loaded(loaded, ctx)));
    }

    fn loaded(&mut self, loaded: Loaded, ctx: &mut Context<Self>) {
        let spread = self.load.take().map(|load| load.spread).unwrap_or_default();
        self.gate = loaded.gate;
        self.on(Event::Loaded { marks: loaded.marks, status: loaded.status, spread }, ctx);
    }

    fn on(&mut self, event: Event, ctx: &mut Context<Self>) {
        let now = self.runtime.clock.now();
        let closed = self.gate.is_closed();
        if closed != self.state.is_held() {
            for effect in self.state.on(Event::Gate { closed }, now) {
                self.perform(effect, ctx);
            }
        }
        for effect in self.state.on(event, now) {
            self.perform(effect, ctx);
        }
    }

    fn perform(&mut self, effect: Effect, ctx: &mut Context<Self>) {
        match effect {
            Effect::Run(task) => self.run(task, ctx),
            Effect::Wake(at) => self.wake(at, ctx),
            Effect::Refused { reason } => self.refused(reason, ctx),
            Effect::Quarantined { until } => self.quarantined(until, ctx),
            Effect::Released => self.released(ctx),
            Effect::Drained => {
                for waiting in self.stopping.drain(..) {
                    if waiting.send(()).is_err() {
                        debug!("nobody waits for the end of this connection any more");
                    }
                }
                self.guard.ends(End::Stopped);
                ctx.stop();
            }
            Effect::Finished => {
                self.guard.ends(End::Finished);
                ctx.stop();
            }
        }
    }

    fn run(&mut self, task: Task, ctx: &mut Context<Self>) {
        let progress = Arc::new(Progress::default());
        self.underway =
            Some(Box::new(Underway { began_at: self.runtime.clock.now(), progress: Arc::clone(&progress) }));
        let job = job::run(Arc::clone(&self.runtime), self.id, task, progress);
        ctx.spawn(AssertUnwindSafe(job).catch_unwind().into_actor(self).map(move |result, actor, ctx| {
            actor.underway = None;
            let ended = result.unwrap_or_else(|_panic| {
                error!(
                    provider = actor.runtime.provider.spec().key,
                    "a job panicked; only its connection is affected"
                );
                metric::CONNECTION_CRASHES.add(1, [actor.runtime.provider.spec().key]);
                Ended::Panicked
            });
            actor.on(Event::Ended(task, ended), ctx);
        }));
    }

    fn refused(&self, reason: String, ctx: &mut Context<Self>) {
        let (runtime, id) = (Arc::clone(&self.runtime), self.id);
        let store = async move { connect::refused(&runtime, id, reason).await };
        ctx.spawn(store.into_actor(self).map(|(), _, _| ()));
    }

    fn quarantined(&self, until: DateTime<Utc>, ctx: &mut Context<Self>) {
        metric::QUARANTINES.add(1, ["connection"]);
        error!(provider = self.runtime.provider.spec().key, %until, "a connection crashed again and again and is left alone");
        let (runtime, id) = (Arc::clone(&self.runtime), self.id);
        let store = async move { connect::quarantined(&runtime, id).await };
        ctx.spawn(store.into_actor(self).map(|(), _, _| ()));
    }

    fn released(&self, ctx: &mut Context<Self>) {
        let (runtime, id) = (Arc::clone(&self.runtime), self.id);
        let store = async move { connect::released(&runtime, id).await };
        ctx.spawn(store.into_actor(self).map(|(), _, _| ()));
    }

    fn wake(&mut self, at: DateTime<Utc>, ctx: &mut Context<Self>) {
        if let Some((earlier, handle)) = self.timer {
            if earlier <= at && earlier > self.runtime.clock.now() {
                return;
            }
            ctx.cancel_future(handle);
        }
        let clock = self.runtime.clock.clone();
        let sleep = async move { clock.sleep_until(at).await };
        let handle = ctx.spawn(sleep.into_actor(self).map(|(), actor, ctx| {
            actor.timer = None;
            actor.on(Event::Tick, ctx);
        }));
        self.timer = Some((at, handle));
    }
}

async fn read(runtime: &Runtime, id: Uuid) -> Result<Loaded, StoreError> {
    let connection = runtime.store.connection(id).await?;
    let marks = runtime.store.cursors(id).await?.into_iter().map(Mark::from).collect();
    let gate = connection.as_ref().map(|connection| runtime.gates.of(&connection.tenant)).unwrap_or_default();
    let status = connection.map_or(ConnectionState::Disconnected, |connection| connection.state);
    Ok(Loaded { marks, status, gate })
}

impl Actor for ConnectionActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.set_mailbox_capacity(MAILBOX);
        self.load(ctx);
    }
}

/// What a connection is told.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub enum Told {
    /// The inbox holds something that is due at that time.
    Notified(DateTime<Utc>),
    /// Somebody wants a window.
    Request(Wish),
    /// A stretch of that resource, by its index in the Spec, is wanted; [`super::backfill::ask`] has stored it.
    Backfill(usize),
    /// The user authorised again.
    Reauthorized,
    /// Finish the running job, then end.
    Stop(oneshot::Sender<()>),
}

impl Handler<Told> for ConnectionActor {
    type Result = ();

    fn handle(&mut self, told: Told, ctx: &mut Self::Context) {
        match told {
            Told::Notified(at) => self.on(Event::Notified(at), ctx),
            Told::Request(wish) => self.on(Event::Request(wish), ctx),
            Told::Backfill(resource) => self.on(Event::Asked(resource), ctx),
            Told::Reauthorized => self.on(Event::Reauthorized, ctx),
            Told::Stop(done) => {
                self.stopping.push(done);
                self.on(Event::Drain, ctx);
            }
        }
    }
}

/// The settings of the provider app have changed: what begins from now on uses these, what runs ends with the old ones.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Adopt(pub Arc<Runtime>);

impl Handler<Adopt> for ConnectionActor {
    type Result = ();

    fn handle(&mut self, Adopt(runtime): Adopt, _: &mut Self::Context) {
        self.runtime = runtime;
    }
}

/// Asks a connection how it is.
#[derive(Debug, Message)]
#[rtype(result = "Observed")]
pub struct Observe;

/// How a connection is.
#[derive(Debug, Clone, Copy, MessageResponse)]
pub struct Observed {
    /// Where it stands.
    pub status: ConnectionState,
    /// What runs.
    pub running: Option<Task>,
    /// Whether history is still being fetched.
    pub history_left: bool,
    /// Whether nothing runs and nothing is due.
    pub idle: bool,
    /// Whether polling and history wait because the tenant's backlog is over its limit.
    pub held: bool,
    /// When the running job began.
    pub began_at: Option<DateTime<Utc>>,
    /// When something last came of it.
    pub last_progress: Option<DateTime<Utc>>,
    /// When it will be ended if it is still running.
    pub deadline: Option<DateTime<Utc>>,
}

impl Handler<Observe> for ConnectionActor {
    type Result = Observed;

    fn handle(&mut self, _: Observe, _: &mut Self::Context) -> Observed {
        Observed {
            status: self.state.status(),
            running: self.state.running(),
            history_left: self.state.has_history_left(),
            idle: self.state.is_idle(self.runtime.clock.now()),
            held: self.gate.is_closed(),
            began_at: self.underway.as_ref().map(|underway| underway.began_at),
            last_progress: self.underway.as_ref().and_then(|underway| underway.progress.last()),
            deadline: self.underway.as_ref().map(|underway| later(underway.began_at, job::DEADLINE)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_million_resting_connections_fit() {
        // What the allocator and actix add was measured as about 900 bytes: the context, its mailbox, the task, the timer.
        assert!(size_of::<ConnectionActor>() <= 400, "{} bytes", size_of::<ConnectionActor>());
    }
}
