//! The actor that owns the others: one actor per connection and per sink, spread over one arbiter per core.
//!
//! A child tells its end by a drop guard, however it ends; one that was not asked to end is started again after a
//! pause that grows. Nothing is lost by that, because what matters is in the store before it is in a mailbox.

mod apps;
pub mod messages;
mod replay;
mod sinks;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use actix::prelude::*;
use chrono::{DateTime, Utc};
use tokio::sync::oneshot;
use tracing::{error, info, warn};
use tributary_engine::clock::Clock;
use tributary_engine::connection::Runtime;
use tributary_engine::connection::actor::{ConnectionActor, EndGuard, Observe as ObserveConnection, Told};
use tributary_engine::delivery;
use tributary_engine::store::{Connection, ConnectionFilter, ConnectionState, Store, StoreError};
use tributary_engine::telemetry::{metric, tally};
use uuid::Uuid;

pub use messages::{
    AddDelivery, Begin, ChildEnded, Configure, LookAtParked, Observe, ObserveSinks, Observed, Remove,
    RemoveDelivery, Rewind, Stop, Tell,
};

use crate::runtimes::Runtimes;
use sinks::Sinks;

/// Connections that are read from the store at once.
const PAGE: usize = 1_000;
/// Overdue connections that may begin in one second after a start.
const STARTS_PER_SECOND: f64 = 500.0;
/// Longest pause before a child that ended is started again.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

struct Child {
    address: Addr<ConnectionActor>,
    tenant: Arc<str>,
    runtime: Arc<Runtime>,
    ends: u32,
    number: u64,
    /// A notice that found the mailbox full waits for room; one is enough to have the inbox looked at.
    waiting: bool,
}

/// Owner of the actors.
pub struct Supervisor {
    runtimes: Arc<Runtimes>,
    store: Arc<dyn Store>,
    clock: Clock,
    arbiters: Vec<Arbiter>,
    next_arbiter: usize,
    children: HashMap<Uuid, Child>,
    sinks: Sinks,
    next_number: u64,
    stopping: bool,
}

impl Supervisor {
    /// A supervisor without children.
    pub fn new(runtimes: Arc<Runtimes>, store: Arc<dyn Store>, clock: Clock) -> Self {
        Self {
            runtimes,
            store,
            clock,
            arbiters: Vec::new(),
            next_arbiter: 0,
            children: HashMap::new(),
            sinks: Sinks::default(),
            next_number: 0,
            stopping: false,
        }
    }

    fn arbiter(&mut self) -> Option<ArbiterHandle> {
        if self.arbiters.is_empty() {
            let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
            self.arbiters = (0..cores).map(|_| Arbiter::new()).collect();
        }
        self.next_arbiter = (self.next_arbiter + 1) % self.arbiters.len().max(1);
        self.arbiters.get(self.next_arbiter).map(Arbiter::handle)
    }

    fn start_connection(
        &mut self,
        id: Uuid,
        tenant: &Arc<str>,
        provider: &str,
        spread: Duration,
        ends: u32,
        ctx: &Context<Self>,
    ) {
        let Some(runtime) = self.runtimes.of(tenant, provider).map(Arc::clone) else {
            warn!(%tenant, provider, "a connection has no provider app in the configuration and rests");
            return;
        };
        let Some(arbiter) = self.arbiter() else { return };
        let parent = ctx.address();
        let number = self.next_number;
        self.next_number = number.wrapping_add(1);
        let guard = EndGuard::new(move || {
            if parent.try_send(ChildEnded { connection: id, number }).is_err() {
                warn!("the supervisor did not hear of the end of a connection");
            }
        });
        let used = Arc::clone(&runtime);
        let address = ConnectionActor::start_in_arbiter(&arbiter, move |_| {
            ConnectionActor::new(id, used, spread, guard)
        });
        let child = Child { address, tenant: Arc::clone(tenant), runtime, ends, number, waiting: false };
        self.children.insert(id, child);
    }

    /// Starts the connections that have no actor. Returns how many these are.
    fn start_all(&mut self, (connections, pending): AtRest, ctx: &mut Context<Self>) -> usize {
        #[expect(clippy::cast_precision_loss, reason = "a number of connections is far below 2^52")]
        let spread = Duration::from_secs_f64(connections.len() as f64 / STARTS_PER_SECOND);
        let before = self.children.len();
        let mut started = HashSet::new();
        for connection in &connections {
            if !self.children.contains_key(&connection.id) {
                self.start_connection(
                    connection.id,
                    &connection.tenant,
                    &connection.provider,
                    spread,
                    0,
                    ctx,
                );
                started.insert(connection.id);
            }
        }
        for (id, due) in pending {
            if started.contains(&id) {
                self.tell(id, Told::Notified(due), ctx);
            }
        }
        self.children.len().saturating_sub(before)
    }
}

/// Active connections, and when the inbox of some of them is due.
type AtRest = (Vec<Connection>, Vec<(Uuid, DateTime<Utc>)>);

impl Actor for Supervisor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        // Ends of children and notices of many connections come in bursts.
        ctx.set_mailbox_capacity(65_536);
    }
}

async fn all_at_rest(store: &dyn Store) -> Result<AtRest, StoreError> {
    Ok((all_active(store).await?, store.inbox_pending().await?))
}

async fn all_active(store: &dyn Store) -> Result<Vec<Connection>, StoreError> {
    let mut all: Vec<Connection> = Vec::new();
    loop {
        let after = all.last().map(|connection| connection.id);
        let page = store.connections(&ConnectionFilter::default(), after, PAGE).await?;
        let full = page.len() == PAGE;
        all.extend(page);
        if !full {
            tally::begin(&all);
            all.retain(|connection| connection.state != ConnectionState::Disconnected);
            return Ok(all);
        }
    }
}

impl Handler<Begin> for Supervisor {
    type Result = ResponseActFuture<Self, Result<usize, StoreError>>;

    fn handle(&mut self, _: Begin, _: &mut Self::Context) -> Self::Result {
        let store = Arc::clone(&self.store);
        let read = async move { all_at_rest(store.as_ref()).await };
        Box::pin(read.into_actor(self).map(|read, actor, ctx| Ok(actor.start_all(read?, ctx))))
    }
}

impl Supervisor {
    /// Passes something on. A notice that finds the mailbox full waits for room, at most one a connection: behind it
    /// the connection looks at its whole inbox, so that further notices need no message of their own. A wish is
    /// refused instead, since somebody is there to ask again.
    fn tell(&mut self, id: Uuid, told: Told, ctx: &mut Context<Self>) -> bool {
        let Some(child) = self.children.get_mut(&id) else { return false };
        let told = match child.address.try_send(told) {
            Ok(()) => return true,
            Err(SendError::Closed(_)) => return false,
            Err(SendError::Full(told)) => told,
        };
        match told {
            Told::Request(_) | Told::Stop(_) => return false,
            Told::Notified(_) if child.waiting => return true,
            Told::Notified(_) => child.waiting = true,
            Told::Reauthorized => {}
        }
        let is_notice = matches!(told, Told::Notified(_));
        let send = child.address.send(told);
        ctx.spawn(send.into_actor(self).map(move |sent, actor, _| {
            if is_notice && let Some(child) = actor.children.get_mut(&id) {
                child.waiting = false;
            }
            if let Err(error) = sent {
                warn!(%error, "a connection ended before it was told something; it starts again by itself");
            }
        }));
        true
    }
}

impl Handler<Tell> for Supervisor {
    type Result = bool;

    fn handle(&mut self, message: Tell, ctx: &mut Self::Context) -> bool {
        if self.stopping {
            return false;
        }
        if !self.children.contains_key(&message.connection) {
            let (id, tenant) = (message.connection, &message.tenant);
            self.start_connection(id, tenant, &message.provider, Duration::ZERO, 0, ctx);
        }
        self.tell(message.connection, message.told, ctx)
    }
}

impl Handler<Remove> for Supervisor {
    type Result = ();

    fn handle(&mut self, Remove(id): Remove, ctx: &mut Self::Context) {
        if let Some(child) = self.children.remove(&id) {
            let (done, _ended) = oneshot::channel();
            let stop = child.address.send(Told::Stop(done));
            ctx.spawn(stop.into_actor(self).map(|sent, _, _| {
                if let Err(error) = sent {
                    info!(%error, "a removed connection had ended before");
                }
            }));
        }
    }
}

impl Handler<ChildEnded> for Supervisor {
    type Result = ();

    fn handle(&mut self, ended: ChildEnded, ctx: &mut Self::Context) {
        let id = ended.connection;
        // A child that was asked to end is not in the table any more; its successor may be.
        if self.children.get(&id).is_none_or(|child| child.number != ended.number) {
            return;
        }
        let Some(child) = self.children.remove(&id) else { return };
        if self.stopping {
            return;
        }
        metric::CONNECTION_CRASHES.add(1, [child.runtime.provider.spec().key]);
        let ends = child.ends.saturating_add(1);
        let pause = Duration::from_secs(1_u64 << ends.min(8)).min(LONGEST_PAUSE);
        error!(
            provider = child.runtime.provider.spec().key,
            ends,
            pause_s = pause.as_secs(),
            "a connection's actor ended by itself"
        );
        let clock = self.clock.clone();
        let wait = async move { clock.sleep(pause).await };
        ctx.spawn(wait.into_actor(self).map(move |(), actor, ctx| {
            if !actor.stopping && !actor.children.contains_key(&id) {
                let provider = child.runtime.provider.spec().key;
                actor.start_connection(id, &child.tenant, provider, Duration::ZERO, ends, ctx);
            }
        }));
    }
}

impl Handler<Observe> for Supervisor {
    type Result = ResponseFuture<Observed>;

    fn handle(&mut self, _: Observe, _: &mut Self::Context) -> Self::Result {
        let connections: Vec<_> = self.children.values().map(|child| child.address.clone()).collect();
        let deliveries = self.sinks.addresses();
        Box::pin(async move {
            let mut observed = Observed { connections: connections.len(), ..Observed::default() };
            for address in connections {
                let Ok(connection) = address.send(ObserveConnection).await else { continue };
                observed.working += usize::from(connection.running.is_some());
                observed.with_history_left += usize::from(connection.history_left);
                observed.idle += usize::from(connection.idle);
            }
            for address in deliveries {
                if let Ok(delivery) = address.send(delivery::Observe).await {
                    observed.deliveries.push(delivery);
                }
            }
            observed
        })
    }
}

impl Handler<ObserveSinks> for Supervisor {
    type Result = ResponseFuture<Vec<delivery::Observed>>;

    fn handle(&mut self, _: ObserveSinks, _: &mut Self::Context) -> Self::Result {
        let deliveries = self.sinks.addresses();
        Box::pin(async move {
            let mut observed = Vec::with_capacity(deliveries.len());
            for address in deliveries {
                observed.extend(address.send(delivery::Observe).await.ok());
            }
            observed
        })
    }
}

impl Handler<Stop> for Supervisor {
    type Result = ResponseFuture<bool>;

    fn handle(&mut self, stop: Stop, _: &mut Self::Context) -> Self::Result {
        self.stopping = true;
        let connections: Vec<_> = self.children.drain().map(|(_, child)| child.address).collect();
        let deliveries = self.sinks.take();
        let arbiters: Vec<_> = self.arbiters.drain(..).collect();
        let clock = self.clock.clone();
        Box::pin(async move {
            // Connections first: what they still commit is still delivered.
            let drain = async {
                let mut waiting = Vec::new();
                for address in connections {
                    let (done, ended) = oneshot::channel();
                    if address.send(Told::Stop(done)).await.is_ok() {
                        waiting.push(ended);
                    }
                }
                for ended in waiting.drain(..) {
                    // An actor that died instead of answering has ended, too.
                    drop(ended.await);
                }
                for address in deliveries {
                    let (done, ended) = oneshot::channel();
                    if address.send(delivery::Stop { done }).await.is_ok() {
                        waiting.push(ended);
                    }
                }
                for ended in waiting {
                    drop(ended.await);
                }
            };
            let drained = clock.timeout(stop.within, drain).await.is_ok();
            for arbiter in arbiters {
                arbiter.stop();
            }
            drained
        })
    }
}
