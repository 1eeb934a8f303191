//! What a delivery can be asked from outside. Messages come in from whoever runs the sinks; answers say what holds then.
//! It decides nothing: that is for the state.

use std::sync::Arc;

use actix::prelude::*;
use chrono::{DateTime, Utc};
use thiserror::Error;
use tokio::sync::oneshot;
use tracing::info;

use super::Delivery;
use crate::delivery::state::{Effect, Levels, Message as Event, State};

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
        self.calls.abort_all();
        self.on(Event::Cut, ctx);
    }
}
