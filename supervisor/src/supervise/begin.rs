//! A start: every connection of the store gets its actor, page by page.
//!
//! A page says all that an actor has to know, so none of them asks the store by itself; the next page is read while
//! the actors of this one start. Never holds more than two pages in memory.

use std::sync::Arc;
use std::time::Duration;

use actix::prelude::*;
use tokio::sync::oneshot;
use tracing::debug;
use tributary_engine::connection::actor::Told;
use tributary_engine::store::{StandingPage, StoreError};
use tributary_engine::telemetry::tally;
use uuid::Uuid;

use super::birth::Nursery;
use super::messages::Begin;
use super::{Supervisor, Wanted};

/// Connections of one page.
const PAGE: usize = 2_000;
/// Overdue connections that may begin in one second after a start.
const STARTS_PER_SECOND: f64 = 500.0;

/// A start that is under way.
struct Starting {
    spread: Duration,
    started: usize,
    done: oneshot::Sender<Result<usize, StoreError>>,
}

impl Starting {
    fn end(self, result: Result<usize, StoreError>) {
        if self.done.send(result).is_err() {
            debug!("nobody waits for the start any more");
        }
    }
}

impl Handler<Begin> for Supervisor {
    type Result = ResponseFuture<Result<usize, StoreError>>;

    fn handle(&mut self, _: Begin, ctx: &mut Self::Context) -> Self::Result {
        let result = self.begin_all(ctx);
        Box::pin(async move { result.await.unwrap_or(Err(StoreError::Stopped)) })
    }
}

impl Supervisor {
    /// Starts all connections that have no actor. How many these are comes through the channel.
    pub(super) fn begin_all(
        &mut self,
        ctx: &mut Context<Self>,
    ) -> oneshot::Receiver<Result<usize, StoreError>> {
        let store = Arc::clone(&self.store);
        let (done, result) = oneshot::channel();
        let count = async move {
            tally::begin(&store.connection_counts().await?);
            store.connection_count().await
        };
        ctx.spawn(count.into_actor(self).map(|count, actor, ctx| match count {
            Ok(count) => {
                #[expect(clippy::cast_precision_loss, reason = "a number of connections is far below 2^52")]
                let spread = Duration::from_secs_f64(count as f64 / STARTS_PER_SECOND);
                actor.children.reserve(usize::try_from(count).unwrap_or_default());
                actor.begin_from(None, Starting { spread, started: 0, done }, ctx);
            }
            Err(error) => Starting { spread: Duration::ZERO, started: 0, done }.end(Err(error)),
        }));
        result
    }

    fn begin_from(&mut self, after: Option<Uuid>, starting: Starting, ctx: &mut Context<Self>) {
        let store = Arc::clone(&self.store);
        let read = async move { store.standing(after, PAGE).await };
        ctx.spawn(read.into_actor(self).map(|page, actor, ctx| match page {
            Ok(page) => actor.begin_page(page, starting, ctx),
            Err(error) => starting.end(Err(error)),
        }));
    }

    fn begin_page(&mut self, page: StandingPage, mut starting: Starting, ctx: &mut Context<Self>) {
        let spread = starting.spread;
        let before = self.children.len();
        let mut nursery = Nursery::default();
        for standing in page.connections {
            // One that was told something while the start was under way runs already.
            if !self.children.contains_key(&standing.id) {
                let (provider, tenant) = (standing.provider.clone(), Arc::clone(&standing.tenant));
                let wanted = Wanted::new(standing.id, &tenant, &provider);
                self.announce(Wanted { spread, standing: Some(standing), ..wanted }, &mut nursery, ctx);
            }
        }
        nursery.open(&self.arbiters);
        let after = self.children.len();
        starting.started = starting.started.saturating_add(after.saturating_sub(before));
        match page.next {
            Some(next) if !self.stopping => self.begin_from(Some(next), starting, ctx),
            Some(_) | None => self.begin_inboxes(starting, ctx),
        }
    }

    /// Wakes those whose inbox holds something.
    fn begin_inboxes(&mut self, starting: Starting, ctx: &mut Context<Self>) {
        let store = Arc::clone(&self.store);
        let read = async move { store.inbox_pending().await };
        ctx.spawn(read.into_actor(self).map(|pending, actor, ctx| match pending {
            Ok(pending) => {
                for (id, due) in pending {
                    actor.tell(id, Told::Notified(due), ctx);
                }
                let started = starting.started;
                starting.end(Ok(started));
            }
            Err(error) => starting.end(Err(error)),
        }));
    }
}
