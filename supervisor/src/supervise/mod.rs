//! The actor that owns the others: one actor per connection and per sink, spread over one arbiter per core.
//!
//! A child tells its end by a drop guard, however it ends; one that was not asked to end is started again after a
//! pause that grows. Nothing is lost by that, because what matters is in the store before it is in a mailbox.

mod apps;
mod begin;
mod birth;
mod child;
pub mod messages;
mod placement;
mod replay;
mod sinks;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use actix::prelude::*;
use futures_util::{StreamExt as _, stream};
use tokio::sync::oneshot;
use tracing::{info, warn};
use tributary_engine::clock::Clock;
use tributary_engine::connection::actor::{Observe as ObserveConnection, Told};
use tributary_engine::delivery;
use tributary_engine::store::{Standing, Store};
use tributary_engine::supervised::EndGuard;
use tributary_engine::supervised::restart::History;
use uuid::Uuid;

use birth::{Birth, Nursery};
use child::{Child, Life};
pub use messages::{
    AddDelivery, Begin, ChildEnded, Configure, LookAtParked, Observe, ObserveSinks, Observed, Remove,
    RemoveDelivery, Rewind, Stop, Tell,
};
use placement::Placement;
use sinks::Sinks;

use crate::runtimes::Runtimes;

/// Connections that are asked how they are at the same time.
const ASKED_AT_ONCE: usize = 512;

/// Owner of the actors.
pub struct Supervisor {
    runtimes: Arc<Runtimes>,
    store: Arc<dyn Store>,
    clock: Clock,
    arbiters: Vec<Arbiter>,
    placement: Placement,
    generation: u32,
    children: HashMap<Uuid, Child>,
    sinks: Sinks,
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
            placement: Placement::default(),
            generation: 0,
            children: HashMap::new(),
            sinks: Sinks::default(),
            stopping: false,
        }
    }

    /// The thread with the fewest children.
    fn thread(&mut self) -> usize {
        if self.arbiters.is_empty() {
            let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
            self.arbiters = (0..cores).map(|_| Arbiter::new()).collect();
            self.placement = Placement::over(cores);
        }
        self.placement.place()
    }

    /// The same, with what starts something there.
    fn arbiter(&mut self) -> Option<(usize, ArbiterHandle)> {
        let thread = self.thread();
        self.arbiters.get(thread).map(|arbiter| (thread, arbiter.handle()))
    }

    fn start_connection(&mut self, wanted: Wanted<'_>, ctx: &Context<Self>) {
        let mut nursery = Nursery::default();
        self.announce(wanted, &mut nursery, ctx);
        nursery.open(&self.arbiters);
    }

    /// Enters a connection among the children; its actor begins once the nursery is opened.
    fn announce(&mut self, wanted: Wanted<'_>, nursery: &mut Nursery, ctx: &Context<Self>) {
        let Wanted { id, tenant, provider, spread, standing, history } = wanted;
        let Some(runtime) = self.runtimes.of(tenant, provider).map(Arc::clone) else {
            warn!(%tenant, provider, "a connection has no provider app in the configuration and rests");
            return;
        };
        let thread = self.thread();
        self.generation = self.generation.wrapping_add(1);
        let (generation, parent) = (self.generation, ctx.address());
        let guard =
            EndGuard::new(move |how| tell_parent(&parent, ChildEnded { id, generation, thread, how }));
        let birth = Birth { id, runtime: Arc::clone(&runtime), spread, standing, guard };
        let (address, newborn) = birth.announced();
        nursery.add(thread, newborn);
        let now = self.clock.now();
        let mut history = history.unwrap_or_else(|| History::new(now));
        history.restarted(now);
        let life = Life::Running { address, waiting: false };
        self.children.insert(id, Child { tenant: Arc::clone(tenant), runtime, generation, history, life });
    }
}

/// A connection that is to get an actor.
struct Wanted<'a> {
    id: Uuid,
    tenant: &'a Arc<str>,
    provider: &'a str,
    /// Over which stretch overdue work is spread.
    spread: Duration,
    /// Where it stands, if that was read already.
    standing: Option<Standing>,
    /// Of its earlier actors.
    history: Option<History>,
}

impl<'a> Wanted<'a> {
    const fn new(id: Uuid, tenant: &'a Arc<str>, provider: &'a str) -> Self {
        Self { id, tenant, provider, spread: Duration::ZERO, standing: None, history: None }
    }
}

/// What a guard has to say is never refused for want of room: there is at most one such message a child, and a child
/// whose end is not heard of would never be started again.
#[expect(
    clippy::disallowed_methods,
    reason = "bounded by the number of children; its error means that all is over"
)]
fn tell_parent<M>(parent: &Addr<Supervisor>, message: M)
where
    M: Message<Result = ()> + Send + 'static,
    Supervisor: Handler<M>,
{
    parent.do_send(message);
}

impl Actor for Supervisor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        // Ends of children and notices of many connections come in bursts.
        ctx.set_mailbox_capacity(65_536);
    }
}

impl Supervisor {
    /// Passes something on. A notice that finds the mailbox full waits for room, at most one a connection: behind it
    /// the connection looks at its whole inbox, so that further notices need no message of their own. A wish is
    /// refused instead, since somebody is there to ask again.
    fn tell(&mut self, id: Uuid, told: Told, ctx: &mut Context<Self>) -> bool {
        let Some(child) = self.children.get_mut(&id) else { return false };
        let Life::Running { address, waiting } = &mut child.life else {
            // What is in the store is found when it is started again.
            return matches!(told, Told::Notified(_) | Told::Backfill(_));
        };
        let told = match address.try_send(told) {
            Ok(()) => return true,
            // It has just ended; its parent hears of that next.
            Err(SendError::Closed(told)) => return matches!(told, Told::Notified(_) | Told::Backfill(_)),
            Err(SendError::Full(told)) => told,
        };
        match told {
            Told::Request(_) | Told::Stop(_) => return false,
            Told::Notified(_) if *waiting => return true,
            Told::Notified(_) => *waiting = true,
            Told::Reauthorized | Told::Backfill(_) => {}
        }
        let is_notice = matches!(told, Told::Notified(_));
        let send = address.send(told);
        ctx.spawn(send.into_actor(self).map(move |sent, actor, _| {
            if is_notice
                && let Some(Child { life: Life::Running { waiting, .. }, .. }) = actor.children.get_mut(&id)
            {
                *waiting = false;
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
        let runs = self.children.get(&message.connection).is_some_and(|child| {
            // Whoever comes back to it does not wait for the end of its rest.
            child.address().is_some_and(|address| address.connected())
                || child.address().is_none() && !matches!(message.told, Told::Reauthorized)
        });
        if !runs {
            self.start_connection(Wanted::new(message.connection, &message.tenant, &message.provider), ctx);
        }
        self.tell(message.connection, message.told, ctx)
    }
}

impl Handler<Remove> for Supervisor {
    type Result = ();

    fn handle(&mut self, Remove(id): Remove, ctx: &mut Self::Context) {
        let child = self.children.remove(&id);
        if let Some(address) = child.as_ref().and_then(Child::address) {
            let (done, _ended) = oneshot::channel();
            let stop = address.send(Told::Stop(done));
            ctx.spawn(stop.into_actor(self).map(|sent, _, _| {
                if let Err(error) = sent {
                    info!(%error, "a removed connection had ended before");
                }
            }));
        }
    }
}

impl Handler<Observe> for Supervisor {
    type Result = ResponseFuture<Observed>;

    fn handle(&mut self, _: Observe, _: &mut Self::Context) -> Self::Result {
        let connections: Vec<_> = self.children.values().filter_map(Child::address).cloned().collect();
        let deliveries = self.sinks.addresses();
        let resting_sinks = self.sinks.resting();
        let long = |child: &&Child| matches!(child.life, Life::Resting { quarantined: true });
        let quarantined = self.children.values().filter(long).count();
        let resting = self.children.len().saturating_sub(connections.len());
        let connected = self.children.len();
        Box::pin(async move {
            let mut observed = Observed {
                connections: connected,
                resting,
                quarantined,
                resting_sinks,
                ..Observed::default()
            };
            // Many at once: each answer comes from another thread, which would be woken for every single one.
            let mut asked = stream::iter(connections)
                .map(|address| async move { address.send(ObserveConnection).await })
                .buffer_unordered(ASKED_AT_ONCE);
            while let Some(answer) = asked.next().await {
                let Ok(connection) = answer else { continue };
                observed.working += usize::from(connection.running.is_some());
                observed.with_history_left += usize::from(connection.history_left);
                observed.idle += usize::from(connection.idle);
                observed.held += usize::from(connection.held);
                let oldest = [observed.oldest_progress, connection.last_progress].into_iter().flatten().min();
                observed.oldest_progress = oldest;
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
        let connections: Vec<_> =
            self.children.drain().filter_map(|(_, child)| child.address().cloned()).collect();
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

#[cfg(test)]
mod tests;
