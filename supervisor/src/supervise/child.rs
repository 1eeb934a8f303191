//! A connection's actor as its parent knows it, and what follows its end.
//!
//! An actor that ended unasked is started again after a pause; after a crash loop its connection is put into quarantine,
//! which its tenant is told. What was said to it meanwhile is in the store, and the new actor begins by looking there.

use std::sync::Arc;

use actix::prelude::*;
use chrono::{DateTime, Utc};
use tracing::{error, info};
use tributary_engine::connection::actor::{ConnectionActor, Told};
use tributary_engine::connection::{Runtime, connect};
use tributary_engine::supervised::Ended;
use tributary_engine::supervised::restart::{History, Next};
use tributary_engine::telemetry::metric;
use uuid::Uuid;

use super::messages::ChildEnded;
use super::{Supervisor, Wanted};

/// A connection with an actor, or between two of them.
pub(super) struct Child {
    /// Its owner.
    pub(super) tenant: Arc<str>,
    /// The app at its provider.
    pub(super) runtime: Arc<Runtime>,
    /// Tells this actor from an earlier one of the same connection.
    pub(super) generation: u32,
    pub(super) history: History,
    pub(super) life: Life,
}

/// Where its actor is.
pub(super) enum Life {
    /// It runs.
    Running {
        address: Addr<ConnectionActor>,
        /// A notice that found the mailbox full waits for room; one is enough to have the inbox looked at.
        waiting: bool,
    },
    /// It ended by itself and will be started again.
    Resting {
        /// Whether that takes long, since it ended again and again.
        quarantined: bool,
    },
}

impl Child {
    /// Key of its provider.
    pub(super) fn provider(&self) -> &'static str {
        self.runtime.provider.spec().key
    }

    /// The actor, if it runs.
    pub(super) const fn address(&self) -> Option<&Addr<ConnectionActor>> {
        match &self.life {
            Life::Running { address, .. } => Some(address),
            Life::Resting { .. } => None,
        }
    }
}

impl Handler<ChildEnded> for Supervisor {
    type Result = ();

    fn handle(&mut self, ended: ChildEnded, ctx: &mut Self::Context) {
        let ChildEnded { id, generation, thread, how } = ended;
        self.placement.remove(thread);
        let (now, stopping) = (self.clock.now(), self.stopping);
        // One that was asked to end is not in the table any more, or another one is there already.
        let Some(child) = self.children.get_mut(&id).filter(|child| child.generation == generation) else {
            return;
        };
        if how == Ended::Panicked {
            metric::ACTOR_PANICS.add(1, ["connection"]);
        }
        let (until, quarantined) = match child.history.ended(how, stopping, now) {
            Next::Forget => {
                self.children.remove(&id);
                return;
            }
            Next::Again(at) => (at, false),
            Next::Quarantine(at) => (at, true),
        };
        child.life = Life::Resting { quarantined };
        let (provider, ends) = (child.provider(), child.history.ends);
        error!(provider, how = how.as_str(), ends, %until, quarantined, "a connection's actor ended by itself");
        self.rest(id, generation, until, quarantined, ctx);
    }
}

impl Supervisor {
    /// Waits, then starts the actor again.
    fn rest(
        &mut self,
        id: Uuid,
        generation: u32,
        until: DateTime<Utc>,
        quarantined: bool,
        ctx: &mut Context<Self>,
    ) {
        let (runtime, clock) = (self.runtime_of(id), self.clock.clone());
        let wait = async move {
            if let Some(runtime) = runtime.filter(|_| quarantined) {
                metric::QUARANTINES.add(1, ["connection"]);
                connect::quarantined(&runtime, id).await;
            }
            clock.sleep_until(until).await;
        };
        ctx.spawn(wait.into_actor(self).map(move |(), actor, ctx| {
            let runtime = actor.runtime_of(id).filter(|_| quarantined && actor.rests(id, generation));
            let release = async move {
                if let Some(runtime) = runtime {
                    connect::released(&runtime, id).await;
                }
            };
            ctx.spawn(release.into_actor(actor).map(move |(), actor, ctx| actor.again(id, generation, ctx)));
        }));
    }

    /// The end of a rest. Meanwhile the connection may have been removed, or its user may have come back.
    fn again(&mut self, id: Uuid, generation: u32, ctx: &mut Context<Self>) {
        if self.stopping || !self.rests(id, generation) {
            return;
        }
        let Some(child) = self.children.get(&id) else { return };
        let (provider, tenant, history) = (child.provider(), Arc::clone(&child.tenant), child.history);
        metric::ACTOR_RESTARTS.add(1, ["connection"]);
        info!(provider, "a connection's actor is started again");
        self.start_connection(Wanted { history: Some(history), ..Wanted::new(id, &tenant, provider) }, ctx);
        // What it was told before it died is in the inbox.
        let now = self.clock.now();
        self.tell(id, Told::Notified(now), ctx);
    }

    fn rests(&self, id: Uuid, generation: u32) -> bool {
        self.children
            .get(&id)
            .is_some_and(|child| child.generation == generation && child.address().is_none())
    }

    fn runtime_of(&self, id: Uuid) -> Option<Arc<Runtime>> {
        self.children.get(&id).map(|child| Arc::clone(&child.runtime))
    }
}
