//! How a budget's actor comes to life, for the first time and after it died.
//!
//! Jobs hold handles of the budget, so the queue behind the handles is exchanged for that of the new actor. Never gives a
//! permit by itself.

use std::collections::HashMap;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};

use actix::{Actor, Arbiter, AsyncContext};
use tokio::sync::mpsc;

use super::state::State;
use super::{Budget, BudgetHandle, BudgetOptions, Shared, Told};
use crate::supervised::restart::{History, Next};
use crate::supervised::{EndGuard, Ended};
use crate::telemetry::metric;

/// Longest pause before an actor that died is started again.
const LONGEST_REST: chrono::Duration = chrono::Duration::minutes(5);

impl Budget {
    /// Starts the budget on the present arbiter. An actor that dies is started again there after a pause; until then
    /// nobody gets a permit, and what was spent is read from the store again.
    pub fn start(options: BudgetOptions) -> BudgetHandle {
        let BudgetOptions { provider, terms, clock, keep, .. } = options;
        let (queue, told) = mpsc::unbounded_channel();
        let history = Mutex::new(History::new(clock.now()));
        let (queue, next_ticket) = (RwLock::new(queue), AtomicU64::new(1));
        let shared = Arc::new(Shared { provider, queue, next_ticket, terms, clock, keep, history });
        Self::run(&shared, told);
        BudgetHandle { shared }
    }

    fn run(shared: &Arc<Shared>, told: mpsc::UnboundedReceiver<Told>) {
        let now = shared.clock.now();
        let parent = Arc::downgrade(shared);
        let budget = Self {
            state: match &shared.keep {
                Some(_) => State::kept(shared.terms.clone(), now),
                None => State::new(shared.terms.clone(), now),
            },
            clock: shared.clock.clone(),
            keep: shared.keep.clone(),
            waiting: HashMap::new(),
            timer: None,
            is_closing: false,
            guard: EndGuard::new(move |how| revive(&parent, how)),
        };
        Self::create(move |context| {
            context.add_stream(futures_util::stream::unfold(
                told,
                async |mut told: mpsc::UnboundedReceiver<_>| told.recv().await.map(|next| (next, told)),
            ));
            budget
        });
    }
}

/// Starts the actor again if nobody wanted its end.
fn revive(shared: &Weak<Shared>, how: Ended) {
    let Some(shared) = shared.upgrade() else { return };
    let now = shared.clock.now();
    let next = shared.history.lock().unwrap_or_else(PoisonError::into_inner).ended(how, false, now);
    let at = match next {
        Next::Forget => return,
        // Without its budget a provider stands still, so it is never left alone for long.
        Next::Again(at) | Next::Quarantine(at) => at.min(now + LONGEST_REST),
    };
    metric::ACTOR_RESTARTS.add(1, ["quota"]);
    tracing::error!(how = how.as_str(), %at, "the actor of a quota ended by itself and is started again");
    let again = async move {
        shared.clock.sleep_until(at).await;
        let (queue, told) = mpsc::unbounded_channel();
        *shared.queue.write().unwrap_or_else(PoisonError::into_inner) = queue;
        shared.history.lock().unwrap_or_else(PoisonError::into_inner).restarted(shared.clock.now());
        Budget::run(&shared, told);
    };
    let spawned = Arbiter::try_current().is_some_and(|arbiter| arbiter.spawn(again));
    if !spawned {
        tracing::debug!("the thread of a quota has ended with it");
    }
}
