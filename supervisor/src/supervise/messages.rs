//! What the supervisor is told and asked.

use std::sync::Arc;
use std::time::Duration;

use actix::prelude::*;
use chrono::{DateTime, Utc};
use tributary_engine::connection::actor::Told;
use tributary_engine::delivery::{self, NotRewound, Parts};
use tributary_engine::store::StoreError;
use tributary_engine::supervised::Ended;
use uuid::Uuid;

use crate::runtimes::Runtimes;

/// Start an actor for every connection in the store. Answers how many.
#[derive(Debug, Message)]
#[rtype(result = "Result<usize, StoreError>")]
pub struct Begin;

/// Start a sink. One that runs under the same name ends before.
#[derive(Message)]
#[rtype(result = "()")]
pub struct AddDelivery(pub Parts);

/// End a sink. Its offset stays, so that it goes on there when it comes back.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct RemoveDelivery {
    /// Its owner.
    pub tenant: Arc<str>,
    /// Its name.
    pub sink: Arc<str>,
}

/// Go on with these provider apps. Answers how many connections began.
#[derive(Message)]
#[rtype(result = "Result<usize, StoreError>")]
pub struct Configure(pub Arc<Runtimes>);

/// Pass something on to a connection; starts its actor if there is none. Answers whether there is one.
#[derive(Debug, Message)]
#[rtype(result = "bool")]
pub struct Tell {
    /// The connection.
    pub connection: Uuid,
    /// Its owner.
    pub tenant: Arc<str>,
    /// Its provider's key.
    pub provider: String,
    /// What it is told.
    pub told: Told,
}

/// Parked deliveries of a sink were added to the store. Answers whether the sink runs; one that does not looks at them
/// when it starts.
#[derive(Debug, Message)]
#[rtype(result = "bool")]
pub struct LookAtParked {
    /// Owner of the sink.
    pub tenant: String,
    /// The sink.
    pub sink: String,
}

/// Have a sink deliver everything behind a sequence again. Answers, once the new offset is durable, whether the sink
/// runs; if it does not, nothing was done.
#[derive(Debug, Message)]
#[rtype(result = "Result<bool, NotRewound>")]
pub struct Rewind {
    /// Owner of the sink.
    pub tenant: String,
    /// The sink.
    pub sink: String,
    /// Its new offset.
    pub to: u64,
}

/// The connection is gone: end its actor for good.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Remove(pub Uuid);

/// A connection's actor has ended.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct ChildEnded {
    /// The connection.
    pub id: Uuid,
    /// Which of its actors.
    pub generation: u32,
    /// Where it ran.
    pub thread: usize,
    /// How.
    pub how: Ended,
}

/// A sink's actor has ended.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct DeliveryEnded {
    /// Which sink: its owner and its name.
    pub name: (Arc<str>, Arc<str>),
    /// Which of its actors.
    pub generation: u32,
    /// Where it ran.
    pub thread: usize,
    /// How.
    pub how: Ended,
}

/// How is everything?
#[derive(Debug, Message)]
#[rtype(result = "Observed")]
pub struct Observe;

/// How everything is.
#[derive(Debug, Clone, Default)]
pub struct Observed {
    /// Connections with an actor.
    pub connections: usize,
    /// Connections with a running job.
    pub working: usize,
    /// Connections whose history is not complete.
    pub with_history_left: usize,
    /// Connections with nothing due and nothing running.
    pub idle: usize,
    /// Connections whose polling and history wait because the backlog of their tenant is over its limit.
    pub held: usize,
    /// Connections whose actor ended by itself and will be started again.
    pub resting: usize,
    /// Of these, those that ended again and again and are left alone for long.
    pub quarantined: usize,
    /// Of the running jobs, the moment of the one of which nothing has come for longest.
    pub oldest_progress: Option<DateTime<Utc>>,
    /// The sinks.
    pub deliveries: Vec<delivery::Observed>,
    /// Sinks whose actor ended by itself and will be started again.
    pub resting_sinks: Vec<RestingSink>,
}

/// A sink whose actor ended by itself.
#[derive(Debug, Clone)]
pub struct RestingSink {
    /// Owner of the sink.
    pub tenant: Arc<str>,
    /// The sink.
    pub sink: Arc<str>,
    /// When it is started again.
    pub until: DateTime<Utc>,
}

/// How are the sinks?
#[derive(Debug, Message)]
#[rtype(result = "Vec<delivery::Observed>")]
pub struct ObserveSinks;

/// End everything. Answers whether all ended well within the time.
#[derive(Debug, Message)]
#[rtype(result = "bool")]
pub struct Stop {
    /// How long to wait.
    pub within: Duration,
}
