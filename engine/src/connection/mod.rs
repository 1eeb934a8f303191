//! Connections: one actor per user and provider decides what to fetch next and runs it as a job.
//!
//! | file | what |
//! |---|---|
//! | [`state`] | what the actor decides, pure |
//! | `due`, [`stamp`] | due times of the resources in few bytes, pure |
//! | [`schedule`] | phases and pauses, pure |
//! | [`actor`] | the actix shell: timers, jobs, the end of both |
//! | [`job`] | one job: door, provider, changeset |
//! | [`progress`] | whether a job gets on |
//! | [`backfill`] | history and wishes in windows, newest first |
//! | [`inbox`] | notifications of one connection as jobs |
//! | [`merge`] | notices of the same stretch as one job, pure |
//! | [`gate`] | pauses polling while a tenant's backlog is over its limit |
//! | [`commit`] | where emitted records become changesets |
//! | [`app`] | the provider app with its newest keys |
//! | [`flow`] | from a tenant's wish to a provider's consent page |
//! | [`connect`] | from a consent to a connection, and its end |
//! | [`user`] | the connection as Terra's user |
//!
//! An actor holds ids and due times only: tokens and cursors are read when work starts. It never talks to a sink.

pub mod actor;
pub mod app;
pub mod backfill;
pub mod commit;
pub mod connect;
mod due;
pub mod flow;
pub mod gate;
pub mod inbox;
pub mod job;
pub mod merge;
pub mod progress;
pub mod schedule;
pub mod stamp;
pub mod state;
pub mod user;

use std::sync::Arc;

use tokio::sync::{Mutex, Semaphore};
use tributary_contract::{Cause, Provider};

pub use app::LiveApp;

use crate::budget::{BudgetHandle, Class};
use crate::clock::Clock;
use crate::fetch::{DoorParts, EngineDoor, Owner, Tokens};
use crate::store::{Connection, Store, Writer};
use crate::vault::Vault;

/// All that jobs of one provider app share.
pub struct Runtime {
    /// The provider.
    pub provider: &'static dyn Provider,
    /// Its client credentials and keys.
    pub app: LiveApp,
    /// Replaces scheme, host and port of every URL of the provider; for sandboxes and proxies.
    pub origin: Option<String>,
    /// How far back history is fetched after a connect.
    pub history: chrono::Duration,
    /// The HTTP client.
    pub client: tributary_net::Client,
    /// The app's quota.
    pub budget: BudgetHandle,
    /// Access tokens.
    pub tokens: Arc<Tokens>,
    /// Seals PKCE verifiers and credentials.
    pub vault: Arc<Vault>,
    /// Reads.
    pub store: Arc<dyn Store>,
    /// Writes.
    pub writer: Writer,
    /// Time.
    pub clock: Clock,
    /// Jobs at once.
    pub slots: Slots,
    /// Pauses polling and history of tenants.
    pub gates: Arc<gate::Gates>,
    /// Held while a wish for history is written down, so that two at once do not undo each other.
    pub asking: Mutex<()>,
}

/// How many jobs of one provider app run at once, so that a great many connections do not hold a great many
/// half-read pages. Work that somebody waits for has slots of its own.
#[derive(Clone)]
pub struct Slots {
    urgent: Arc<Semaphore>,
    background: Arc<Semaphore>,
}

impl Slots {
    /// That many of each kind.
    pub fn new(each: usize) -> Self {
        Self { urgent: Arc::new(Semaphore::new(each)), background: Arc::new(Semaphore::new(each)) }
    }

    fn of(&self, cause: Cause) -> Arc<Semaphore> {
        match cause {
            Cause::Request | Cause::Notification => Arc::clone(&self.urgent),
            Cause::Poll | Cause::Backfill => Arc::clone(&self.background),
        }
    }
}

/// A door for calls of that cause; `authorization` puts them ahead of all else in the quota.
fn door(runtime: &Runtime, connection: Option<&Connection>, cause: Cause, authorization: bool) -> EngineDoor {
    let owner = |connection: &Connection| Owner {
        id: connection.id,
        epoch: connection.epoch,
        tenant: Arc::clone(&connection.tenant),
    };
    EngineDoor::new(DoorParts {
        spec: runtime.provider.spec(),
        app: runtime.app.current(),
        origin: runtime.origin.clone(),
        client: runtime.client.clone(),
        budget: runtime.budget.clone(),
        tokens: Arc::clone(&runtime.tokens),
        connection: connection.map(owner),
        class: if authorization { Class::Authorization } else { cause.into() },
        clock: runtime.clock.clone(),
    })
}
