//! The provider apps of another configuration: connections go on with the new settings of their app, rest when they
//! have none any more, and begin when they have one again.
//!
//! No connection is started anew because of a new setting: its next job uses it.

use std::sync::Arc;

use actix::prelude::*;
use tokio::sync::oneshot;
use tracing::{info, warn};
use tributary_engine::connection::actor::{Adopt, Told};
use tributary_engine::store::StoreError;

use super::Supervisor;
use super::messages::Configure;

impl Handler<Configure> for Supervisor {
    type Result = ResponseActFuture<Self, Result<usize, StoreError>>;

    fn handle(&mut self, Configure(runtimes): Configure, _: &mut Self::Context) -> Self::Result {
        self.runtimes = runtimes;
        let mut adopting = Vec::new();
        let mut resting = Vec::new();
        self.children.retain(|_, child| {
            match self.runtimes.of(&child.tenant, child.runtime.provider.spec().key) {
                Some(runtime) if Arc::ptr_eq(runtime, &child.runtime) => true,
                Some(runtime) => {
                    child.runtime = Arc::clone(runtime);
                    if let Some(address) = child.address() {
                        adopting.push((address.clone(), Arc::clone(runtime)));
                    }
                    true
                }
                None => {
                    resting.extend(child.address().cloned());
                    false
                }
            }
        });
        let work = async move {
            for (address, runtime) in adopting {
                if let Err(error) = address.send(Adopt(runtime)).await {
                    info!(%error, "a connection had ended; it starts again with the new settings");
                }
            }
            if !resting.is_empty() {
                info!(connections = resting.len(), "connections rest: they have no provider app any more");
            }
            for address in resting {
                let (done, _ended) = oneshot::channel();
                if let Err(error) = address.send(Told::Stop(done)).await {
                    info!(%error, "a connection that is to rest had ended before");
                }
            }
        };
        let begun = work.into_actor(self).then(|(), actor, ctx| {
            let begun = if actor.stopping { None } else { Some(actor.begin_all(ctx)) };
            let wait = async move {
                match begun {
                    Some(begun) => begun.await.unwrap_or(Err(StoreError::Stopped)),
                    None => Ok(0),
                }
            };
            wait.into_actor(actor)
        });
        Box::pin(begun.map(|begun, _, _| {
            begun.inspect_err(|error| {
                warn!(%error, "connections that may begin now were not found; the next change or start does it");
            })
        }))
    }
}
