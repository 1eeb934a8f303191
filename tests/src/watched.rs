//! A simulated provider whose conversations are kept: what it was asked, and what it sent to subscribers.
//!
//! Everything passes through to the provider and back as it is; nothing is ever changed on the way.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::{Request, Response};
use tributary_providers::sandbox::call::Call;
use tributary_providers::sandbox::ledger::Entry;
use tributary_providers::sandbox::{
    CallResult, Fact, Faults, Ledger, Outbound, Reaction, Sandbox, Statistics,
};

/// How many calls and how many notifications are kept, the newest ones.
const KEPT: usize = 4_096;

/// What was kept.
#[derive(Clone, Default)]
pub struct Watch {
    seen: Arc<Mutex<Seen>>,
}

#[derive(Default)]
struct Seen {
    calls: VecDeque<Call>,
    sent: VecDeque<Outbound>,
}

impl Watch {
    /// What was asked, in order.
    pub fn calls(&self) -> Vec<Call> {
        self.lock().calls.iter().cloned().collect()
    }

    /// The notifications that were sent, in order.
    pub fn sent(&self) -> Vec<Outbound> {
        self.lock().sent.iter().cloned().collect()
    }

    /// Forgets what was kept so far.
    pub fn forget(&self) {
        *self.lock() = Seen::default();
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn keep<T>(kept: &mut VecDeque<T>, item: T) {
    if kept.len() == KEPT {
        kept.pop_front();
    }
    kept.push_back(item);
}

struct Watched {
    inner: Box<dyn Sandbox>,
    watch: Watch,
}

/// The provider as it was, and what will be kept of it.
pub(crate) fn watch(inner: Box<dyn Sandbox>) -> (Box<dyn Sandbox>, Watch) {
    let watch = Watch::default();
    (Box::new(Watched { inner, watch: watch.clone() }), watch)
}

impl Sandbox for Watched {
    fn key(&self) -> &'static str {
        self.inner.key()
    }

    fn advance(&mut self, now: DateTime<Utc>) {
        self.inner.advance(now);
    }

    fn handle(&mut self, request: Request<Bytes>, now: DateTime<Utc>) -> Reaction {
        keep(&mut self.watch.lock().calls, Call::new(request.clone()));
        self.inner.handle(request, now)
    }

    fn called(&mut self, id: u64, result: &CallResult, now: DateTime<Utc>) -> Response<Bytes> {
        self.inner.called(id, result, now)
    }

    fn outbox(&mut self, now: DateTime<Utc>) -> Vec<Outbound> {
        let due = self.inner.outbox(now);
        for outbound in &due {
            keep(&mut self.watch.lock().sent, outbound.clone());
        }
        due
    }

    fn delivered(&mut self, id: u64, status: Option<u16>, now: DateTime<Utc>) {
        self.inner.delivered(id, status, now);
    }

    fn pending(&self) -> usize {
        self.inner.pending()
    }

    fn stop_producing(&mut self) {
        self.inner.stop_producing();
    }

    fn accounts(&self) -> Vec<String> {
        self.inner.accounts()
    }

    fn withdraw(&mut self, account: &str, now: DateTime<Utc>) -> bool {
        self.inner.withdraw(account, now)
    }

    fn forget_subscriptions(&mut self) {
        self.inner.forget_subscriptions();
    }

    fn ledger(&self) -> &Ledger {
        self.inner.ledger()
    }

    fn facts(&self, entry: &Entry) -> Vec<Fact> {
        self.inner.facts(entry)
    }

    fn faults(&mut self) -> &mut Faults {
        self.inner.faults()
    }

    fn statistics(&self) -> Statistics {
        self.inner.statistics()
    }
}
