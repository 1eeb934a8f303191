//! Which sinks run: each under its name, one after the other when one is replaced.
//!
//! A sink that is to end finishes what is in flight, for a short while; then its calls are given up, and whoever comes
//! after it reads on from the stored offset. So a replacement never waits for a target that hangs, and nothing is lost:
//! what was given up is delivered again. Two actors of one sink never run at once.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use actix::prelude::*;
use tokio::sync::oneshot;
use tracing::{info, warn};
use tributary_engine::delivery::{self, Delivery, Parts};

use super::Supervisor;
use super::messages::{AddDelivery, RemoveDelivery};

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
    address: Addr<Delivery>,
    then: Then,
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
        self.slots.values().map(|slot| slot.address.clone()).collect()
    }

    /// The one of that name, if it runs or is about to end.
    pub(super) fn find(&self, tenant: &str, sink: &str) -> Option<Addr<Delivery>> {
        let slot = self.slots.get(&(Arc::from(tenant), Arc::from(sink)))?;
        Some(slot.address.clone()).filter(Addr::connected)
    }

    /// All of them, to be ended.
    pub(super) fn take(&mut self) -> Vec<Addr<Delivery>> {
        std::mem::take(&mut self.slots).into_values().map(|slot| slot.address).collect()
    }
}

impl Supervisor {
    fn start_delivery(&mut self, parts: Parts) {
        let Some(arbiter) = self.arbiter() else { return };
        info!(tenant = %parts.tenant, sink = %parts.name, "sink starts");
        let name = (Arc::clone(&parts.tenant), Arc::clone(&parts.name));
        let address = Delivery::start_in_arbiter(&arbiter, move |_| Delivery::new(parts));
        self.sinks.slots.insert(name, Slot { address, then: Then::Stays });
    }

    /// Says what comes after the sink of that name, and has it end.
    fn end_delivery(&mut self, name: Name, then: Then, ctx: &mut Context<Self>) {
        let Some(slot) = self.sinks.slots.get_mut(&name) else { return };
        if !matches!(std::mem::replace(&mut slot.then, then), Then::Stays) {
            // It is about to end already.
            return;
        }
        let (address, clock) = (slot.address.clone(), self.clock.clone());
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
        ctx.spawn(drain.into_actor(self).map(move |(), actor, _| actor.delivery_ended(&name)));
    }

    fn delivery_ended(&mut self, name: &Name) {
        let Some(slot) = self.sinks.slots.remove(name) else { return };
        match slot.then {
            Then::Starts(parts) if !self.stopping => self.start_delivery(*parts),
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
            self.start_delivery(parts);
        }
    }
}

impl Handler<RemoveDelivery> for Supervisor {
    type Result = ();

    fn handle(&mut self, message: RemoveDelivery, ctx: &mut Self::Context) {
        self.end_delivery((message.tenant, message.sink), Then::Ends, ctx);
    }
}
