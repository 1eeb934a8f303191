//! Connections' actors that are about to begin. A start has very many of them, so those of one thread begin together:
//! waking a thread for each would cost several times what the actor itself does.

use std::sync::Arc;
use std::time::Duration;

use actix::dev::channel::{AddressReceiver, channel};
use actix::prelude::*;
use tributary_engine::connection::Runtime;
use tributary_engine::connection::actor::ConnectionActor;
use tributary_engine::store::Standing;
use tributary_engine::supervised::EndGuard;
use uuid::Uuid;

/// Messages that may wait for an actor: what actix gives one that it starts by itself.
const MAILBOX: usize = 16;

/// What an actor begins with, on whatever thread. Dropped unused, it tells the parent that the actor ended.
pub(super) struct Birth {
    pub(super) id: Uuid,
    pub(super) runtime: Arc<Runtime>,
    /// Over which stretch overdue work is spread.
    pub(super) spread: Duration,
    /// Where the connection stands, if that was read already.
    pub(super) standing: Option<Standing>,
    pub(super) guard: EndGuard,
}

/// An actor whose address exists already.
pub(super) struct Newborn {
    birth: Birth,
    mailbox: AddressReceiver<ConnectionActor>,
}

impl Birth {
    /// The address that the actor is going to have.
    pub(super) fn announced(self) -> (Addr<ConnectionActor>, Newborn) {
        let (address, mailbox) = channel(MAILBOX);
        (Addr::new(address), Newborn { birth: self, mailbox })
    }
}

impl Newborn {
    /// Begins on the thread that calls it.
    fn begin(self) {
        let Birth { id, runtime, spread, standing, guard } = self.birth;
        let actor = ConnectionActor::new(id, runtime, spread, guard);
        let actor = match standing {
            Some(standing) => actor.knowing(standing),
            None => actor,
        };
        drop(actix_rt::spawn(Context::with_receiver(self.mailbox).into_future(actor)));
    }
}

/// Newborns by the thread that they are to run on.
#[derive(Default)]
pub(super) struct Nursery(Vec<Vec<Newborn>>);

impl Nursery {
    /// Adds one for that thread.
    pub(super) fn add(&mut self, thread: usize, newborn: Newborn) {
        if self.0.len() <= thread {
            self.0.resize_with(thread + 1, Vec::new);
        }
        if let Some(newborns) = self.0.get_mut(thread) {
            newborns.push(newborn);
        }
    }

    /// Lets all of them begin.
    pub(super) fn open(self, arbiters: &[Arbiter]) {
        for (newborns, arbiter) in self.0.into_iter().zip(arbiters) {
            if newborns.is_empty() {
                continue;
            }
            // A thread that has ended drops them, which tells the parent.
            let begun = arbiter.spawn_fn(move || newborns.into_iter().for_each(Newborn::begin));
            if !begun {
                tracing::error!(
                    "a thread of the engine has ended; the actors that were to begin on it are started again after a pause"
                );
            }
        }
    }
}
