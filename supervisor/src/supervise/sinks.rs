//! Which sinks run: each under its name, one after the other when one is replaced.
//!
//! A sink that is to end finishes what is in flight, for a short while; then its calls are given up, and whoever comes
//! after it reads on from the stored offset. So a replacement never waits for a target that hangs, and nothing is lost:
//! what was given up is delivered again. Two actors of one sink never run at once.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use actix::prelude::*;
use chrono::{DateTime, Utc};
use tokio::sync::oneshot;
use tracing::{error, info, warn};
use tributary_engine::delivery::{self, Delivery, Parts};
use tributary_engine::supervised::restart::{History, Next};
use tributary_engine::supervised::{EndGuard, Ended};
use tributary_engine::telemetry::metric;

use super::messages::{AddDelivery, DeliveryEnded, RemoveDelivery, RestingSink};
use super::{Supervisor, tell_parent};

/// How long a sink that is replaced or removed may go on with what is in flight.
const GRACE: Duration = Duration::from_secs(3);

/// Tenant and name.
type Name = (Arc<str>, Arc<str>);

/// The sinks.
#[derive(Default)]
pub(super) struct Sinks {
    slots: BTreeMap<Name, Slot>,
}

struct Slot {
    parts: Parts,
    life: Life,
    /// Tells this actor from an earlier one of the same name.
    generation: u32,
    history: History,
    then: Then,
}

/// Where its actor is.
enum Life {
    Running(Addr<Delivery>),
    /// It ended by itself and is started again then.
    Resting(DateTime<Utc>),
}

impl Slot {
    const fn address(&self) -> Option<&Addr<Delivery>> {
        match &self.life {
            Life::Running(address) => Some(address),
            Life::Resting(_) => None,
        }
    }
}

/// What comes after the actor that runs.
enum Then {
    /// It is not to end.
    Stays,
    /// Nothing.
    Ends,
    /// Another one.
    Starts(Box<Parts>),
}

impl Sinks {
    /// Those that run, or are about to end.
    pub(super) fn addresses(&self) -> Vec<Addr<Delivery>> {
        self.slots.values().filter_map(Slot::address).cloned().collect()
    }

    /// The one of that name, if it runs or is about to end.
    pub(super) fn find(&self, tenant: &str, sink: &str) -> Option<Addr<Delivery>> {
        let slot = self.slots.get(&(Arc::from(tenant), Arc::from(sink)))?;
        slot.address().cloned().filter(Addr::connected)
    }

    /// All of them, to be ended.
    pub(super) fn take(&mut self) -> Vec<Addr<Delivery>> {
        std::mem::take(&mut self.slots).into_values().filter_map(|slot| slot.address().cloned()).collect()
    }

    /// Those whose actor ended by itself.
    pub(super) fn resting(&self) -> Vec<RestingSink> {
        let resting = self.slots.iter().filter_map(|((tenant, sink), slot)| match slot.life {
            Life::Running(_) => None,
            Life::Resting(until) => {
                Some(RestingSink { tenant: Arc::clone(tenant), sink: Arc::clone(sink), until })
            }
        });
        resting.collect()
    }
}

impl Supervisor {
    fn start_delivery(&mut self, parts: Parts, history: Option<History>, ctx: &Context<Self>) {
        let Some((thread, arbiter)) = self.arbiter() else { return };
        info!(tenant = %parts.tenant, sink = %parts.name, "sink starts");
        let name = (Arc::clone(&parts.tenant), Arc::clone(&parts.name));
        self.generation = self.generation.wrapping_add(1);
        let (generation, parent, told) = (self.generation, ctx.address(), name.clone());
        let guard = EndGuard::new(move |how| {
            tell_parent(&parent, DeliveryEnded { name: told, generation, thread, how });
        });
        let used = parts.clone();
        let address = Delivery::start_in_arbiter(&arbiter, move |_| Delivery::new(used).guarded(guard));
        let now = self.clock.now();
        let mut history = history.unwrap_or_else(|| History::new(now));
        history.restarted(now);
        let life = Life::Running(address);
        self.sinks.slots.insert(name, Slot { parts, life, generation, history, then: Then::Stays });
    }

    /// Says what comes after the sink of that name, and has it end.
    fn end_delivery(&mut self, name: Name, then: Then, ctx: &mut Context<Self>) {
        let Some(slot) = self.sinks.slots.get_mut(&name) else { return };
        if !matches!(std::mem::replace(&mut slot.then, then), Then::Stays) {
            // It is about to end already.
            return;
        }
        let Some(address) = slot.address().cloned() else {
            self.delivery_ended(&name, ctx);
            return;
        };
        let clock = self.clock.clone();
        info!(tenant = %name.0, sink = %name.1, "sink ends");
        let drain = async move {
            let (done, mut ended) = oneshot::channel();
            // An actor that died instead of answering has ended, too.
            if address.send(delivery::Stop { done }).await.is_ok()
                && clock.timeout(GRACE, &mut ended).await.is_err()
                && address.send(delivery::Cut).await.is_ok()
            {
                drop(ended.await);
            }
        };
        ctx.spawn(drain.into_actor(self).map(move |(), actor, ctx| actor.delivery_ended(&name, ctx)));
    }

    fn delivery_ended(&mut self, name: &Name, ctx: &Context<Self>) {
        let Some(slot) = self.sinks.slots.remove(name) else { return };
        match slot.then {
            Then::Starts(parts) if !self.stopping => self.start_delivery(*parts, None, ctx),
            Then::Starts(_) | Then::Ends => {}
            Then::Stays => warn!(tenant = %name.0, sink = %name.1, "a sink ended that was not to end"),
        }
    }
}

impl Handler<AddDelivery> for Supervisor {
    type Result = ();

    fn handle(&mut self, AddDelivery(parts): AddDelivery, ctx: &mut Self::Context) {
        if self.stopping {
            return;
        }
        let name = (Arc::clone(&parts.tenant), Arc::clone(&parts.name));
        if self.sinks.slots.contains_key(&name) {
            self.end_delivery(name, Then::Starts(Box::new(parts)), ctx);
        } else {
            self.start_delivery(parts, None, ctx);
        }
    }
}

impl Handler<RemoveDelivery> for Supervisor {
    type Result = ();

    fn handle(&mut self, message: RemoveDelivery, ctx: &mut Self::Context) {
        self.end_delivery((message.tenant, message.sink), Then::Ends, ctx);
    }
}

impl Handler<DeliveryEnded> for Supervisor {
    type Result = ();

    /// A sink that died is started again and reads on from its stored offset. One that is to end is the business of
    /// whoever asked for that.
    fn handle(&mut self, ended: DeliveryEnded, ctx: &mut Self::Context) {
        let DeliveryEnded { name, generation, thread, how } = ended;
        self.placement.remove(thread);
        let (now, stopping) = (self.clock.now(), self.stopping);
        let here = |slot: &&mut Slot| slot.generation == generation && matches!(slot.then, Then::Stays);
        let Some(slot) = self.sinks.slots.get_mut(&name).filter(here) else { return };
        let (until, quarantined) = match slot.history.ended(how, stopping, now) {
            Next::Forget => return,
            Next::Again(at) => (at, false),
            Next::Quarantine(at) => (at, true),
        };
        slot.life = Life::Resting(until);
        error!(tenant = %name.0, sink = %name.1, how = how.as_str(), %until, quarantined, "a sink's actor ended by itself");
        if quarantined {
            metric::QUARANTINES.add(1, ["sink"]);
        }
        if how == Ended::Panicked {
            metric::ACTOR_PANICS.add(1, ["sink"]);
        }
        let clock = self.clock.clone();
        let wait = async move { clock.sleep_until(until).await };
        ctx.spawn(wait.into_actor(self).map(move |(), actor, ctx| {
            let rests = |slot: &&Slot| slot.generation == generation && slot.address().is_none();
            let Some(slot) = actor.sinks.slots.get(&name).filter(rests) else { return };
            if actor.stopping {
                return;
            }
            let (parts, history) = (slot.parts.clone(), slot.history);
            metric::ACTOR_RESTARTS.add(1, ["sink"]);
            actor.start_delivery(parts, Some(history), ctx);
        }));
    }
}
