//! The engine's door to a provider: permit, token, request, answer, class of error.
//!
//! | file | what |
//! |---|---|
//! | [`target`] | from a template to a URL on one of the provider's hosts |
//! | [`token`] | fresh access tokens, one refresh at a time |
//! | `refresh` | one refresh, from the stored credential to the stored successor |
//! | `shelf` | where credentials lie |
//! | [`classify`] | what an answer that is no success means |
//! | `body_status` | the status inside a 200, where a provider puts it |
//! | [`retry`] | which calls are repeated at once |
//! | `observe` | the span and the duration of one attempt |
//!
//! Requests come from providers' code and from [`crate::oauth`]; answers go back to them whole. It never reads a
//! record and never writes an id, a query or a token into a span or an error.

pub mod body_status;
pub mod classify;
mod observe;
mod refresh;
pub mod retry;
mod shelf;
pub mod target;
pub mod token;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderValue, header};
use tracing::Instrument as _;
use tributary_contract::error::QuotaScope;
use tributary_contract::spec::{AuthScheme, OAuth2};
use tributary_contract::{App, Credentials, Door, FetchError, Request, Response, Secret, Spec};
use tributary_net::{Client, Limits};
use url::Url;
use uuid::Uuid;

pub use classify::is_refused_call;
pub use token::{Fresh, Refresher, Tokens};

use crate::budget::{BudgetHandle, Class, Permit, PermitRequest, usage};
use crate::clock::Clock;
use crate::invariant::Invariant;
use crate::telemetry::metric;
use classify::Answer;
use observe::Attempt;

/// Largest body of an answer, bytes.
pub const MAX_BODY: usize = 32 << 20;
/// Longest time for one request and its answer.
const TIMEOUT: Duration = Duration::from_secs(60);
/// The same for calls that a refresh or a consent hangs on.
const AUTHORIZATION_TIMEOUT: Duration = Duration::from_secs(20);

/// How often token and permit are asked for when the one ends while the other is waited for.
const ROUNDS: u32 = 3;

/// On whose behalf calls are made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The connection.
    pub id: Uuid,
    /// Its epoch as far as the caller knows; what was fenced off stores nothing.
    pub epoch: u64,
    /// Its tenant.
    pub tenant: Arc<str>,
}

/// What a door is made of.
#[derive(Clone)]
pub struct DoorParts {
    /// The provider.
    pub spec: &'static Spec,
    /// Its app.
    pub app: Arc<App>,
    /// Replaces scheme, host and port of every URL of the provider.
    pub origin: Option<String>,
    /// The HTTP client.
    pub client: Client,
    /// The quota of the app.
    pub budget: BudgetHandle,
    /// The access tokens of the app's connections.
    pub tokens: Arc<Tokens>,
    /// Whose token and quota are used; `None` for calls of the whole app.
    pub connection: Option<Owner>,
    /// How urgent the calls are.
    pub class: Class,
    /// Time.
    pub clock: Clock,
}

/// A door for one job or one call of a provider's contract.
pub struct EngineDoor {
    parts: DoorParts,
    /// The token in use; the store is asked again when it has to be refreshed, and by each new door.
    held: Mutex<Option<Fresh>>,
}

#[async_trait]
impl Door for EngineDoor {
    async fn send(&self, request: Request) -> Result<Response, FetchError> {
        let call = target::name(self.parts.spec, &request.template);
        let result = self.run(&request, &call).await;
        if let Err(error) = &result {
            metric::FETCH_ERRORS.add(1, [self.parts.spec.key, error.kind()]);
        }
        result
    }
}

impl EngineDoor {
    /// A door. Building one asks nobody.
    pub const fn new(parts: DoorParts) -> Self {
        Self { parts, held: Mutex::new(None) }
    }

    async fn run(&self, request: &Request, call: &str) -> Result<Response, FetchError> {
        let url = target::build(self.parts.spec, self.parts.origin.as_deref(), request, call)?;
        let mut refused: Option<Secret<String>> = None;
        let mut tries = 0;
        loop {
            let (token, permit) = self.admission(request, call, refused.as_ref()).await?;
            let token = token.map(|fresh| fresh.token);
            let attempt = Attempt::begin(&self.parts, request, &url, call, tries);
            let sent = self.attempt(request, &url, call, token.as_ref(), permit);
            let result = sent.instrument(attempt.span()).await;
            attempt.ended(&self.parts, &result);
            let failure = match result {
                Ok(response) => return Ok(response),
                Err(failure) => failure,
            };
            tries += 1;
            match failure.error {
                FetchError::Auth { .. } if token.is_some() && refused.is_none() => refused = token,
                error if failure.is_repeatable => {
                    let Some(delay) = retry::delay(&error, tries) else { return Err(error) };
                    tracing::debug!(%error, tries, "trying again");
                    let idle = self.parts.clock.idle();
                    self.parts.clock.sleep(delay).await;
                    drop(idle);
                }
                error => return Err(error),
            }
        }
    }

    /// A token, if the request wants one, and a permit. The token comes first, since a refresh needs a permit too; if it
    /// ends while the permit is waited for, both are asked for again.
    async fn admission(
        &self,
        request: &Request,
        call: &str,
        refused: Option<&Secret<String>>,
    ) -> Result<(Option<Fresh>, Permit), FetchError> {
        let mut round = 0;
        loop {
            let token = match request.credentials {
                Credentials::User => Some(self.token(call, refused).await?),
                Credentials::None => None,
            };
            let permit = self.permit(call).await?;
            let ended =
                token.as_ref().and_then(|fresh| fresh.ends_at).is_some_and(|at| at <= self.parts.clock.now());
            round += 1;
            if !ended || round == ROUNDS {
                return Ok((token, permit));
            }
            permit.unused();
            self.hold(None);
        }
    }

    async fn token(&self, call: &str, refused: Option<&Secret<String>>) -> Result<Fresh, FetchError> {
        let now = self.parts.clock.now();
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(held) = held
            && held.fresh_until.is_none_or(|until| until > now)
            && Some(&held.token) != refused
        {
            return Ok(held);
        }
        let (Some(owner), AuthScheme::OAuth2(scheme)) = (&self.parts.connection, &self.parts.spec.auth)
        else {
            return Err(FetchError::unsupported(format!("{call} with a user's token, without a connection")));
        };
        let refresher = Refresher {
            scheme,
            app: Arc::clone(&self.parts.app),
            door: Arc::new(self.for_tokens()),
            provider: self.parts.spec.key,
        };
        let fresh = self.parts.tokens.access_token(owner, refused, &refresher).await?;
        self.hold(Some(fresh.clone()));
        Ok(fresh)
    }

    fn hold(&self, fresh: Option<Fresh>) {
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = fresh;
    }

    /// A door for the token endpoint: no user's token, and ahead of everything in the quota.
    fn for_tokens(&self) -> Self {
        Self::new(DoorParts { connection: None, class: Class::Authorization, ..self.parts.clone() })
    }

    async fn permit(&self, call: &str) -> Result<Permit, FetchError> {
        let owner = self.parts.connection.as_ref();
        let request = PermitRequest {
            class: self.parts.class,
            tenant: owner.map_or_else(|| Arc::from(""), |owner| Arc::clone(&owner.tenant)),
            connection: owner.map(|owner| owner.id),
        };
        self.parts.budget.acquire(request).await.map_err(|error| error.into_fetch_error(call))
    }

    async fn attempt(
        &self,
        request: &Request,
        url: &Url,
        call: &str,
        token: Option<&Secret<String>>,
        permit: Permit,
    ) -> Result<Response, Failure> {
        let is_repeatable = retry::is_repeatable(request);
        let wire = match wire(request, url, call, token) {
            Ok(wire) => wire,
            Err(error) => {
                permit.unused();
                return Err(Failure { error, is_repeatable: false, status: None });
            }
        };
        let timeout = if self.parts.class == Class::Authorization { AUTHORIZATION_TIMEOUT } else { TIMEOUT };
        let limits = Limits { timeout: Some(timeout), max_body: Some(MAX_BODY), truncate: false };
        let guard = self.parts.clock.guard();
        let sent = self.parts.client.send(wire, limits).await;
        drop(guard);
        let (parts, body) = match sent {
            Ok(answer) => answer.into_parts(),
            Err(error) => {
                let arrived = error.may_have_been_received();
                if arrived {
                    drop(permit);
                } else {
                    permit.unused();
                }
                let is_repeatable = is_repeatable || !arrived;
                return Err(Failure { error: classify::failure(call, &error), is_repeatable, status: None });
            }
        };
        // A refusal inside a 200 counts against the quota like any other.
        let said = body_status::said(self.parts.spec.body_status.as_ref(), parts.status, &body);
        let counts_as = said.map_or(parts.status.as_u16(), |said| said.counts_as());
        let refused = permit.answered(counts_as, &parts.headers);
        let (refused_by, retry_after) = match refused {
            Some((scope, wish)) => {
                metric::BUDGET_OVERRUNS.add(1, [self.parts.spec.key]);
                (scope, wish)
            }
            None => (QuotaScope::App, usage::retry_after(&parts.headers, self.parts.clock.now())),
        };
        let answer = Answer { status: parts.status, said, body: &body, retry_after, refused_by };
        let sorted = match self.token_endpoint(request) {
            Some(scheme) => classify::token_answer(call, scheme, &answer),
            None => classify::answer(call, request.credentials, &answer),
        };
        let status = Some(parts.status.as_u16());
        sorted.map_err(|error| Failure { error, is_repeatable, status })?;
        Ok(Response { status: parts.status.as_u16(), headers: parts.headers, body })
    }

    fn token_endpoint(&self, request: &Request) -> Option<&'static OAuth2> {
        match &self.parts.spec.auth {
            AuthScheme::OAuth2(scheme) if request.template == scheme.token_url => Some(scheme),
            AuthScheme::OAuth2(_) | AuthScheme::None => None,
        }
    }
}

/// A try that did not succeed.
struct Failure {
    error: FetchError,
    /// Whether sending the request again is harmless.
    is_repeatable: bool,
    /// Of the answer, if there was one.
    status: Option<u16>,
}

fn wire(
    request: &Request,
    url: &Url,
    call: &str,
    token: Option<&Secret<String>>,
) -> Result<http::Request<Bytes>, FetchError> {
    let mut wire = http::Request::new(request.body.clone());
    *wire.method_mut() = request.method.clone();
    *wire.uri_mut() = url
        .as_str()
        .parse()
        .map_err(|error: http::uri::InvalidUri| FetchError::malformed(call, format!("the link ({error})")))?;
    *wire.headers_mut() = request.headers.clone();
    if let Some(token) = token {
        let text = zeroize::Zeroizing::new(format!("Bearer {}", token.expose()));
        let mut value = HeaderValue::from_str(&text).map_err(|_control_character| {
            FetchError::malformed(call, "the stored access token (it cannot stand in a header)")
        })?;
        value.set_sensitive(true);
        Invariant::NothingSecretShown.check(value.is_sensitive(), "in the headers of a call");
        wire.headers_mut().insert(header::AUTHORIZATION, value);
    }
    Ok(wire)
}

#[cfg(test)]
pub(crate) mod tests;
