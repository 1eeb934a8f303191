//! From a consent to a connection, and its end: the life cycle of a connection as changesets with their events.
//!
//! Everything that a tenant is told (`auth`, `user_reauth`, `connection_error`, `access_revoked`, `deauth`) is
//! written in the transaction that makes it true.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::{HeaderValue, header};
use thiserror::Error;
use tracing::{error, info, warn};
use tributary_contract::model::event::EventType;
use tributary_contract::model::life_cycle::{AuthErrorEvent, AuthSuccessEvent, UserEvent, UserReauthEvent};
use tributary_contract::spec::AuthScheme;
use tributary_contract::{
    Account, Cause, Credentials, Door, Fetch, FetchError, Request, Response, Secret, TraceContext,
};
use uuid::Uuid;

use super::commit::Destination;
use super::{Runtime, flow, job, user};
use crate::oauth::{self, Browser, Returned};
use crate::store::writer::WriteError;
use crate::store::{
    Change, Changeset, Connection, ConnectionFilter, ConnectionState, Flow, SealedCredential, StoreError,
};
use crate::telemetry::{span, tally};
use crate::vault::Credential;

/// Why a connect did not work.
#[derive(Debug, Error)]
pub enum ConnectError {
    /// The provider is not connected by OAuth.
    #[error("{0} is not connected through a consent page")]
    NoConsent(&'static str),
    /// The link is unknown, too old, or was used.
    #[error("the authorisation link is unknown, older than 15 minutes or was used before; begin again")]
    Flow,
    /// The answer came back in another browser than the one that went to the consent page.
    #[error(
        "the consent came back in another browser than the one in which the link was opened, or without its cookie; \
         open the link again, and stay in that browser"
    )]
    Browser,
    /// The user or the provider said no.
    #[error("the authorisation was refused: {0}")]
    Denied(String),
    /// The provider's answer to the exchange, or the question who the user is, failed.
    #[error("the provider did not complete the authorisation: {0}")]
    Provider(#[from] FetchError),
    /// The store did not take it.
    #[error("the connection could not be stored: {0}")]
    Store(#[from] StoreError),
    /// The vault did not seal or open.
    #[error("the vault failed: {0}")]
    Vault(String),
}

/// What came back from the consent page.
#[derive(Debug, Clone, Default)]
pub struct Callback {
    /// The `state`, which says which browser went there.
    pub returned: Returned,
    /// The browser that came back, if its cookie names it.
    pub browser: Option<Browser>,
    /// The authorisation code.
    pub code: Option<String>,
    /// The provider's error code, when it refused.
    pub error: Option<String>,
    /// What the user granted, when the provider says so here.
    pub scope: Option<String>,
}

/// A finished connect.
#[derive(Debug, Clone)]
pub struct Connected {
    /// The connection.
    pub connection: Connection,
    /// Whether the account was connected before and its connection goes on.
    pub again: bool,
}

/// Completes a flow: exchanges the code, asks who the user is, stores connection, credential and events at once.
///
/// An answer in another browser than the one that went to the consent page changes nothing: the flow can still be
/// completed, or refused, where it belongs. An account that the tenant has connected before keeps its id and its cursors.
pub async fn complete(runtime: &Runtime, flow: &Flow, callback: Callback) -> Result<Connected, ConnectError> {
    let now = runtime.clock.now();
    let spec = runtime.provider.spec();
    let AuthScheme::OAuth2(scheme) = &spec.auth else { return Err(ConnectError::NoConsent(spec.name)) };
    let went = callback.browser.as_ref().is_some_and(|browser| browser.went_with(&callback.returned));
    if !went || callback.returned.flow() != flow.state {
        return Err(ConnectError::Browser);
    }
    if flow.expires_at <= now {
        return Err(ConnectError::Flow);
    }
    let Some(code) = callback.code else {
        let reason = callback.error.unwrap_or_else(|| "no code came back".to_owned());
        cancelled(runtime, flow, &reason).await?;
        return Err(ConnectError::Denied(reason));
    };
    let verifier = flow::verifier(runtime, flow)?;
    let trace = span::current();
    let door: Arc<dyn Door> = Arc::new(super::door(runtime, None, Cause::Request, true));
    let request = oauth::token::exchange(scheme, &runtime.app.current(), &code, verifier.as_ref());
    let answer = door.send(request).await?;
    let credential = oauth::token::parse(scheme, &answer, None, now)?;
    let granted = granted(scheme.scope_separator, callback.scope.as_deref(), &credential);

    let facts = oauth::token::facts(scheme, &answer)?;
    let (account, emitted) = who(runtime, Arc::clone(&door), &credential, granted, facts).await?;
    let known = find(runtime, &flow.tenant, &account.id).await?;
    let again = known.is_some();
    let connection = Connection {
        id: known.as_ref().map_or(flow.connection, |known| known.id),
        tenant: Arc::clone(&flow.tenant),
        provider: spec.key.to_owned(),
        reference_id: flow
            .reference_id
            .clone()
            .or_else(|| known.as_ref().and_then(|known| known.reference_id.clone())),
        account,
        state: ConnectionState::Active,
        reason: None,
        epoch: known.as_ref().map_or(1, |known| known.epoch.saturating_add(1)),
        created_at: known.as_ref().map_or(now, |known| known.created_at),
        updated_at: now,
    };
    let sealed = runtime
        .vault
        .seal_credential(connection.id, &credential)
        .map_err(|error| ConnectError::Vault(error.to_string()))?;
    let mut changes = vec![
        Change::FlowTake { state: flow.state.clone() },
        Change::ConnectionPut(connection.clone()),
        Change::CredentialPut(SealedCredential { connection: connection.id, sealed, stored_at: now }),
        event(runtime, &connection, EventType::Auth, trace),
    ];
    if again {
        changes.push(event(runtime, &connection, EventType::UserReauth, trace));
    }
    let records = crate::ingest::changes(&connection.tenant, connection.id, emitted, Some(trace))
        .map_err(|error| FetchError::malformed("the account", error.to_string()))?;
    changes.extend(records);
    write(runtime, Changeset::unfenced(changes)).await?;
    tally::moved(spec.key, known.map(|known| known.state), ConnectionState::Active);
    info!(provider = spec.key, tenant = %connection.tenant, again, "connected");
    Ok(Connected { connection, again })
}

async fn who(
    runtime: &Runtime,
    door: Arc<dyn Door>,
    credential: &Credential,
    granted: Vec<String>,
    facts: BTreeMap<&'static str, String>,
) -> Result<(Account, Vec<tributary_contract::Emitted>), ConnectError> {
    let bearing = Bearing { door, token: credential.access_token.clone() };
    let kept = Keep;
    let now = runtime.clock.now();
    let cx = Fetch::new(Arc::new(bearing), Box::new(kept), runtime.app.current(), None, now);
    let mut cx = cx.with_token_facts(facts);
    let mut account = runtime.provider.connected(&mut cx).await?;
    if !granted.is_empty() {
        account.scopes = granted;
    }
    Ok((account, cx.take_emitted()))
}

fn granted(separator: &str, callback: Option<&str>, credential: &Credential) -> Vec<String> {
    let split = |text: &str| {
        let parts = text.split([' ', ',']).flat_map(|part| part.split(separator));
        parts.map(str::trim).filter(|scope| !scope.is_empty()).map(str::to_owned).collect::<Vec<_>>()
    };
    let from_callback = callback.map(split).unwrap_or_default();
    if from_callback.is_empty() { credential.scopes.clone() } else { from_callback }
}

async fn find(runtime: &Runtime, tenant: &str, account: &str) -> Result<Option<Connection>, ConnectError> {
    let filter = ConnectionFilter {
        tenant: Some(tenant.to_owned()),
        provider: Some(runtime.provider.spec().key.to_owned()),
        account: Some(account.to_owned()),
        ..ConnectionFilter::default()
    };
    Ok(runtime.store.connections(&filter, None, 1).await?.into_iter().next())
}

/// The flow ended without a connection: uses it up and tells the tenant.
pub async fn cancelled(runtime: &Runtime, flow: &Flow, reason: &str) -> Result<(), ConnectError> {
    let body = json_of(&AuthErrorEvent::new(Some(reason.to_owned()), flow.reference_id.clone()));
    let event = Change::Event {
        tenant: Arc::clone(&flow.tenant),
        connection: flow.connection,
        event: EventType::AuthCancelled,
        body,
        trace: None,
    };
    write(runtime, Changeset::unfenced(vec![Change::FlowTake { state: flow.state.clone() }, event])).await
}

/// The provider refuses the credentials: the connection waits for its user. Tells the tenant once.
pub async fn refused(runtime: &Runtime, id: Uuid, reason: String) {
    end(runtime, id, ConnectionState::ReauthNeeded, &reason).await;
}

/// The connection's jobs crash again and again: it is left alone for a while. Tells the tenant once.
pub async fn quarantined(runtime: &Runtime, id: Uuid) {
    end(runtime, id, ConnectionState::Quarantined, "its jobs crashed again and again").await;
}

/// A connection that was left alone is tried again.
pub async fn released(runtime: &Runtime, id: Uuid) {
    let change = Change::ConnectionState { connection: id, state: ConnectionState::Active, reason: None };
    if let Err(error) = write(runtime, Changeset::unfenced(vec![change])).await {
        // Its jobs run all the same; the next quarantine or authorisation writes its state again.
        warn!(%error, "the end of a quarantine was not stored");
        return;
    }
    tally::moved(runtime.provider.spec().key, Some(ConnectionState::Quarantined), ConnectionState::Active);
}

async fn end(runtime: &Runtime, id: Uuid, state: ConnectionState, reason: &str) {
    loop {
        match try_end(runtime, id, state, reason).await {
            Ok(()) => return,
            Err(error) => {
                warn!(%error, state = state.as_str(), "state not stored, trying again");
                runtime.clock.sleep(std::time::Duration::from_secs(1)).await;
            }
        }
    }
}

async fn try_end(
    runtime: &Runtime,
    id: Uuid,
    state: ConnectionState,
    reason: &str,
) -> Result<(), ConnectError> {
    let Some(mut connection) = runtime.store.connection(id).await? else { return Ok(()) };
    if connection.state == state {
        return Ok(());
    }
    warn!(provider = connection.provider, tenant = %connection.tenant, state = state.as_str(), reason, "connection stopped");
    let epoch = connection.epoch;
    let before = std::mem::replace(&mut connection.state, state);
    let changes = vec![
        Change::ConnectionState { connection: id, state, reason: Some(reason.to_owned()) },
        event(runtime, &connection, EventType::ConnectionError, span::current()),
    ];
    write(runtime, Changeset::fenced(id, epoch, changes)).await?;
    tally::moved(&connection.provider, Some(before), state);
    Ok(())
}

/// The user took consent back at the provider.
pub(super) async fn revoked(
    runtime: &Runtime,
    connection: &Connection,
    mut extra: Vec<Change>,
) -> Result<(), FetchError> {
    let mut gone = connection.clone();
    gone.state = ConnectionState::Disconnected;
    extra.extend([
        Change::ConnectionState {
            connection: connection.id,
            state: ConnectionState::Disconnected,
            reason: Some("the user took consent back at the provider".to_owned()),
        },
        event(runtime, &gone, EventType::AccessRevoked, span::current()),
        Change::ConnectionWipe { connection: connection.id },
    ]);
    let written = write(runtime, Changeset::fenced(connection.id, connection.epoch, extra)).await;
    written.map_err(|error| FetchError::Store { reason: error.to_string() })?;
    tally::moved(&connection.provider, Some(connection.state), ConnectionState::Disconnected);
    Ok(())
}

/// The tenant removes a connection: unsubscribes, revokes, wipes, tells. A provider that does not answer does not
/// keep the connection alive.
pub async fn disconnect(runtime: &Runtime, connection: &Connection) -> Result<(), ConnectError> {
    let trace = span::current();
    let destination = Destination::new(runtime.writer.clone(), connection, "disconnect", None, trace);
    let now = runtime.clock.now();
    let door = Arc::new(super::door(runtime, Some(connection), Cause::Request, false));
    let mut cx = job::open(runtime, connection, door, destination, now);
    if let Err(error) = runtime.provider.disconnect(&mut cx).await {
        warn!(provider = connection.provider, %error, "the provider did not unsubscribe; removing all the same");
    }
    if let AuthScheme::OAuth2(scheme) = &runtime.provider.spec().auth
        && let Some(revoke) = scheme.revoke
    {
        let token = runtime.tokens.stored(connection.id).await;
        if let Ok(Some(credential)) = token {
            let request = oauth::token::revoke(&revoke, &runtime.app.current(), &credential);
            let door = super::door(runtime, None, Cause::Request, true);
            if let Err(error) = door.send(request).await {
                warn!(provider = connection.provider, %error, "the provider did not revoke; removing all the same");
            }
        }
    }
    let mut gone = connection.clone();
    gone.state = ConnectionState::Disconnected;
    let changes = vec![
        Change::ConnectionState {
            connection: connection.id,
            state: ConnectionState::Disconnected,
            reason: Some("removed by the tenant".to_owned()),
        },
        event(runtime, &gone, EventType::Deauth, trace),
        Change::ConnectionWipe { connection: connection.id },
    ];
    write(runtime, Changeset::unfenced(changes)).await?;
    tally::moved(&connection.provider, Some(connection.state), ConnectionState::Disconnected);
    Ok(())
}

fn event(runtime: &Runtime, connection: &Connection, event: EventType, trace: TraceContext) -> Change {
    let user = user::terra_user(connection, Some(runtime.provider.spec()));
    let body = match event {
        EventType::Auth => json_of(&AuthSuccessEvent::new(user)),
        // The account keeps its connection, so the old id is the new one.
        EventType::UserReauth => json_of(&UserReauthEvent::new(user.clone(), Some(user))),
        EventType::Deauth => json_of(&UserEvent::deauth(user)),
        EventType::AccessRevoked => json_of(&UserEvent::access_revoked(user)),
        _ => json_of(&UserEvent::connection_error(user)),
    };
    Change::Event {
        tenant: Arc::clone(&connection.tenant),
        connection: connection.id,
        event,
        body,
        trace: Some(trace),
    }
}

fn json_of(event: &impl serde::Serialize) -> Bytes {
    match serde_json::to_vec(event) {
        Ok(json) => Bytes::from(json),
        Err(error) => {
            error!(%error, "an event cannot be written");
            Bytes::from_static(b"{}")
        }
    }
}

pub(super) async fn write(runtime: &Runtime, changeset: Changeset) -> Result<(), ConnectError> {
    match runtime.writer.commit(changeset).await {
        Ok(_) => Ok(()),
        Err(WriteError::Store(error)) => Err(ConnectError::Store(error)),
        Err(WriteError::Rejected(_)) => Err(ConnectError::Flow),
    }
}

/// A door that adds a token that is not stored yet: only between the exchange and the first commit.
struct Bearing {
    door: Arc<dyn Door>,
    token: Secret<String>,
}

#[async_trait]
impl Door for Bearing {
    async fn send(&self, mut request: Request) -> Result<Response, FetchError> {
        if request.credentials == Credentials::User {
            let text = zeroize::Zeroizing::new(format!("Bearer {}", self.token.expose()));
            let mut value = HeaderValue::from_str(&text)
                .map_err(|_control| FetchError::malformed("the token answer", "access_token"))?;
            value.set_sensitive(true);
            request.headers.insert(header::AUTHORIZATION, value);
            request.credentials = Credentials::None;
        }
        self.door.send(request).await
    }
}

/// Keeps nothing: what `connected` emits is taken from the context and committed with the connection.
struct Keep;

#[async_trait]
impl tributary_contract::Committer for Keep {
    async fn commit(
        &mut self,
        _emitted: Vec<tributary_contract::Emitted>,
        _cursor: Option<tributary_contract::Cursor>,
    ) -> Result<(), FetchError> {
        Err(FetchError::unsupported("a checkpoint before the account is known"))
    }
}

/// Makes the app-wide subscriptions what they should be. Keys that came with them are stored before this ends, also
/// when something else went wrong: they are told once.
///
/// Returns when it has to be done again at the latest.
pub async fn subscribe(runtime: &Runtime) -> Result<Option<DateTime<Utc>>, FetchError> {
    let door = Arc::new(super::door(runtime, None, Cause::Request, true));
    let now = runtime.clock.now();
    let mut cx = Fetch::new(door, Box::new(Keep), runtime.app.current(), None, now);
    let subscribed = runtime.provider.subscribe(&mut cx).await;
    let kept = runtime.app.keep(cx.take_keys(), &runtime.vault, &runtime.writer, now).await;
    kept.map_err(|error| FetchError::Store { reason: error.to_string() })?;
    subscribed
}
