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

use super::state::{Effect, Ended, Message as Event, State, Task, Wish};
use super::{Runtime, connect, job};
use crate::store::{ConnectionState, StoreError};
use crate::telemetry::metric;

/// Messages that may wait; each is an id or a time.
const MAILBOX: usize = 128;

/// One connection's actor.
pub struct ConnectionActor {
    id: Uuid,
    runtime: Arc<Runtime>,
    state: State,
    spread: Duration,
    timer: Option<(DateTime<Utc>, SpawnHandle)>,
    stopping: Vec<oneshot::Sender<()>>,
    _ended: EndGuard,
}

/// Tells the parent, however the actor ends.
pub struct EndGuard(Option<Box<dyn FnOnce() + Send>>);

impl EndGuard {
    /// Calls this when it is dropped.
    pub fn new(tell: impl FnOnce() + Send + 'static) -> Self {
        Self(Some(Box::new(tell)))
    }
}

impl Drop for EndGuard {
    fn drop(&mut self) {
        if let Some(tell) = self.0.take() {
            tell();
        }
    }
}

impl ConnectionActor {
    /// An actor that reads where its connection stands once it is started. Overdue work is spread over `spread`.
    pub fn new(id: Uuid, runtime: Arc<Runtime>, spread: Duration, ended: EndGuard) -> Self {
        let state = State::new(id, runtime.provider.spec());
        Self { id, runtime, state, spread, timer: None, stopping: Vec::new(), _ended: ended }
    }

    fn load(&self, ctx: &mut Context<Self>) {
        let (store, clock, id) = (Arc::clone(&self.runtime.store), self.runtime.clock.clone(), self.id);
        let load = async move {
            loop {
                let read = async {
                    let connection = store.connection(id).await?;
                    let cursors = store.cursors(id).await?;
                    Ok::<_, StoreError>((cursors, connection.map(|connection| connection.state)))
                };
                match read.await {
                    Ok((cursors, status)) => {
                        return (cursors, status.unwrap_or(ConnectionState::Disconnected));
                    }
                    Err(error) => {
                        warn!(%error, "connection not readable, trying again");
                        clock.sleep(Duration::from_secs(1)).await;
                    }
                }
            }
        };
        ctx.spawn(load.into_actor(self).map(|(cursors, status), actor, ctx| {
            let spread = actor.spread;
            actor.on(Event::Loaded { cursors, status, spread }, ctx);
        }));
    }

    fn on(&mut self, event: Event, ctx: &mut Context<Self>) {
        let now = self.runtime.clock.now();
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
                ctx.stop();
            }
        }
    }

    fn run(&self, task: Task, ctx: &mut Context<Self>) {
        let job = AssertUnwindSafe(job::run(Arc::clone(&self.runtime), self.id, task)).catch_unwind();
        ctx.spawn(job.into_actor(self).map(move |result, actor, ctx| {
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
}

impl Handler<Observe> for ConnectionActor {
    type Result = Observed;

    fn handle(&mut self, _: Observe, _: &mut Self::Context) -> Observed {
        Observed {
            status: self.state.status(),
            running: self.state.running(),
            history_left: self.state.has_history_left(),
            idle: self.state.is_idle(self.runtime.clock.now()),
        }
    }
}
