//! Access tokens: from the store when they are fresh, else from one refresh that all waiters share.
//!
//! A refreshed token is stored before it is used. The refresh runs in a task of its own, so that a job that is dropped
//! cannot end it between the answer and the commit; its state is kept per connection here, and what a provider said
//! about one token is never held against another. Tokens leave as secrets and are never logged.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::watch;
use tracing::Instrument as _;
use tributary_contract::spec::OAuth2;
use tributary_contract::{App, Door, FetchError, Secret};
use uuid::Uuid;

use super::Owner;
use super::refresh;
use super::shelf::{Sealed, Shelf, Stored};
use crate::clock::Clock;
use crate::invariant::Invariant;
use crate::store::{Store, Writer};
use crate::telemetry::span;
use crate::vault::{Credential, Vault};

/// How a refresh is called in errors.
pub(super) const REFRESH: &str = "the refresh of the access token";
/// How long a job waits for a refresh that others began.
const JOIN: Duration = Duration::from_secs(45);
/// Rounds in which a job may meet a token that was refused already.
const ROUNDS: usize = 3;

/// What a refresh needs.
#[derive(Clone)]
pub struct Refresher {
    /// How this provider speaks OAuth.
    pub scheme: &'static OAuth2,
    /// The app.
    pub app: Arc<App>,
    /// The way to the token endpoint; counts as authorisation in the quota.
    pub door: Arc<dyn Door>,
    /// Key of the provider, for metrics.
    pub provider: &'static str,
}

/// An access token that may be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fresh {
    /// The token.
    pub token: Secret<String>,
    /// When to ask for it again; `None` for when it is refused.
    pub fresh_until: Option<DateTime<Utc>>,
    /// When it ends, if that is known.
    pub ends_at: Option<DateTime<Utc>>,
}

/// The access tokens of all connections of one provider app.
#[derive(Clone)]
pub struct Tokens {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) shelf: Box<dyn Shelf>,
    pub(super) clock: Clock,
    slots: Mutex<HashMap<Uuid, Slot>>,
}

pub(super) type Outcome = Result<Fresh, FetchError>;
type Running = watch::Receiver<Option<Outcome>>;

/// What is known of the refreshes of one connection. Connections without trouble have none.
#[derive(Default)]
struct Slot {
    running: Option<Running>,
    verdict: Option<Verdict>,
    is_unsaved: bool,
}

/// Tells one stored credential from the next. A new consent may bring the old refresh token back to life, so the time
/// of storing belongs to it.
#[derive(Debug, Clone)]
pub(super) struct Identity {
    fingerprint: String,
    stored_at: DateTime<Utc>,
}

impl Identity {
    pub(super) fn of(stored: &Stored) -> Self {
        Self { fingerprint: stored.credential.fingerprint(), stored_at: stored.stored_at }
    }
}

impl PartialEq for Identity {
    /// The store may keep times less exactly than the clock tells them.
    fn eq(&self, other: &Self) -> bool {
        self.fingerprint == other.fingerprint
            && (self.stored_at - other.stored_at).abs() < TimeDelta::seconds(2)
    }
}

/// What came of the last refresh, for as long as the same credential is stored.
#[derive(Debug, Clone)]
pub(super) struct Verdict {
    pub(super) about: Identity,
    pub(super) failures: u32,
    /// No other try before; `None`: never, the consent is lost.
    pub(super) not_before: Option<DateTime<Utc>>,
    pub(super) error: FetchError,
}

impl Tokens {
    /// Tokens that lie sealed in the store.
    pub fn new(store: Arc<dyn Store>, writer: Writer, vault: Arc<Vault>, clock: Clock) -> Self {
        Self::on_shelf(Box::new(Sealed { store, writer, vault }), clock)
    }

    pub(super) fn on_shelf(shelf: Box<dyn Shelf>, clock: Clock) -> Self {
        Self { inner: Arc::new(Inner { shelf, clock, slots: Mutex::default() }) }
    }

    /// A token of the connection that may be used now. `refused` is one that the provider has just answered with 401.
    ///
    /// # Errors
    /// [`FetchError::Auth`] when the consent is lost, [`FetchError::Transient`] while a refresh does not succeed,
    /// [`FetchError::Store`] and [`FetchError::Stopped`] when the credential cannot be read or counts no more.
    pub async fn access_token(
        &self,
        owner: &Owner,
        refused: Option<&Secret<String>>,
        refresher: &Refresher,
    ) -> Outcome {
        for _ in 0..ROUNDS {
            let running = self.inner.running(owner.id);
            let running = match running {
                Some(running) => running,
                None => {
                    let stored = self.inner.load(owner.id).await?;
                    let now = self.inner.clock.now();
                    if let Some(fresh) = usable(&stored, refused, refresher.scheme.refresh_ahead, now) {
                        return Ok(fresh);
                    }
                    self.begin(owner, refused.cloned(), refresher)
                }
            };
            match self.join(owner, running, refused).await {
                // The refresh had begun before anybody knew that this token is refused.
                Ok(fresh) if Some(&fresh.token) == refused => {}
                outcome => return outcome,
            }
        }
        Err(not_now("it brings the refused token again"))
    }

    /// The stored credential, as it is.
    ///
    /// # Errors
    /// [`FetchError::Store`].
    pub async fn stored(&self, connection: Uuid) -> Result<Option<Credential>, FetchError> {
        Ok(self.inner.shelf.load(connection).await?.map(|stored| stored.credential))
    }

    /// Connections whose refreshed token is in memory only, because the store does not take it.
    pub fn unsaved(&self) -> usize {
        self.inner.slots().values().filter(|slot| slot.is_unsaved).count()
    }

    /// Waits until no refresh is running, so that a stop loses no token.
    pub async fn settled(&self) {
        loop {
            let running = self.inner.slots().values().find_map(|slot| slot.running.clone());
            let Some(mut running) = running else { return };
            if running.wait_for(Option::is_some).await.is_err() {
                tracing::debug!("a refresh was cut off");
            }
        }
    }

    /// Starts a refresh, or finds the one that somebody else has started meanwhile.
    fn begin(&self, owner: &Owner, refused: Option<Secret<String>>, refresher: &Refresher) -> Running {
        let (sender, running) = watch::channel(None);
        {
            let mut slots = self.inner.slots();
            let slot = slots.entry(owner.id).or_default();
            if let Some(theirs) = &slot.running {
                return theirs.clone();
            }
            slot.running = Some(running.clone());
        }
        let claim = Claim { inner: Arc::clone(&self.inner), connection: owner.id, sender };
        let (owner, refresher) = (owner.clone(), refresher.clone());
        let work = async move {
            let _guard = claim.inner.clock.guard();
            let outcome = refresh::run(&claim.inner, &owner, refused.as_ref(), &refresher).await;
            claim.end(outcome);
        };
        tokio::spawn(work.instrument(span::refresh()));
        running
    }

    async fn join(&self, owner: &Owner, mut running: Running, refused: Option<&Secret<String>>) -> Outcome {
        let clock = &self.inner.clock;
        let idle = clock.idle();
        let waited = clock
            .timeout(JOIN, async { running.wait_for(Option::is_some).await.map(|seen| seen.clone()) })
            .await;
        drop(idle);
        match waited {
            Ok(Ok(Some(outcome))) => outcome,
            Ok(Ok(None) | Err(_)) => Err(not_now("it was cut off")),
            // Whoever holds the refresh may have stored its token, or the old one may still do.
            Err(_elapsed) => {
                let stored = self.inner.load(owner.id).await?;
                let fresh = usable(&stored, refused, Duration::ZERO, clock.now());
                fresh.ok_or_else(|| not_now("it is still under way or could not be stored"))
            }
        }
    }
}

impl Inner {
    pub(super) async fn load(&self, connection: Uuid) -> Result<Stored, FetchError> {
        let stored = self.shelf.load(connection).await?;
        stored.ok_or_else(|| FetchError::Stopped {
            reason: "the connection has no credential any more".to_owned(),
        })
    }

    /// What is known of this very credential, if it still forbids another try.
    pub(super) fn verdict(&self, connection: Uuid, about: &Identity, now: DateTime<Utc>) -> Option<Verdict> {
        let slots = self.slots();
        let verdict = slots.get(&connection)?.verdict.as_ref().filter(|verdict| verdict.about == *about)?;
        verdict.not_before.is_none_or(|at| at > now).then(|| verdict.clone())
    }

    /// Failures in a row with this very credential.
    pub(super) fn failures(&self, connection: Uuid, about: &Identity) -> u32 {
        let slots = self.slots();
        let verdict = slots.get(&connection).and_then(|slot| slot.verdict.as_ref());
        verdict.filter(|verdict| verdict.about == *about).map_or(0, |verdict| verdict.failures)
    }

    pub(super) fn judge(&self, connection: Uuid, verdict: Option<Verdict>) {
        self.slots().entry(connection).or_default().verdict = verdict;
    }

    pub(super) fn mark_unsaved(&self, connection: Uuid, is_unsaved: bool) {
        self.slots().entry(connection).or_default().is_unsaved = is_unsaved;
    }

    fn running(&self, connection: Uuid) -> Option<Running> {
        self.slots().get(&connection).and_then(|slot| slot.running.clone())
    }

    fn slots(&self) -> MutexGuard<'_, HashMap<Uuid, Slot>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to refresh the token of a connection; given up however the refresh ends.
struct Claim {
    inner: Arc<Inner>,
    connection: Uuid,
    sender: watch::Sender<Option<Outcome>>,
}

impl Claim {
    fn end(self, outcome: Outcome) {
        let saved = self.inner.slots().get(&self.connection).is_none_or(|slot| !slot.is_unsaved);
        Invariant::RotationSafeTokens
            .check(outcome.is_err() || saved, "when a refreshed token is handed out");
        self.give_up();
        self.sender.send_replace(Some(outcome));
    }

    fn give_up(&self) {
        let mut slots = self.inner.slots();
        if let Some(slot) = slots.get_mut(&self.connection) {
            slot.running = None;
            slot.is_unsaved = false;
            if slot.verdict.is_none() {
                slots.remove(&self.connection);
            }
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        // After a regular end somebody else may hold the claim already.
        if self.sender.borrow().is_none() {
            self.give_up();
        }
    }
}

/// The stored token, if it need not be refreshed yet: never in the first half of its life, and not before `ahead` of its
/// end. Without a refresh token it is used until it is refused.
pub(super) fn usable(
    stored: &Stored,
    refused: Option<&Secret<String>>,
    ahead: Duration,
    now: DateTime<Utc>,
) -> Option<Fresh> {
    let Credential { access_token, refresh_token, expires_at, .. } = &stored.credential;
    if Some(access_token) == refused {
        return None;
    }
    let token = access_token.clone();
    let (Some(ends_at), Some(_)) = (*expires_at, refresh_token) else {
        return Some(Fresh { token, fresh_until: None, ends_at: None });
    };
    let half = (ends_at - stored.stored_at) / 2;
    let ahead = TimeDelta::from_std(ahead).unwrap_or(TimeDelta::MAX).min(half.max(TimeDelta::zero()));
    let fresh_until = ends_at - ahead;
    (now < fresh_until).then_some(Fresh { token, fresh_until: Some(fresh_until), ends_at: Some(ends_at) })
}

pub(super) fn not_now(reason: &str) -> FetchError {
    FetchError::Transient { call: REFRESH.to_owned(), reason: reason.to_owned(), retry_after: None }
}

#[cfg(test)]
mod tests;
