//! The way to a consent page: a flow is written down once, then the page it begins on may be opened any number of times.
//!
//! The tenant asks for the link, the user's browser opens it: only the second can be given a cookie. So the link leads to
//! a page of ours, which sends the browser on with a state that is bound to it ([`Browser::bind`]). Nothing is written
//! there: a mail scanner that looks at the link before the user, or a second tab, takes nothing from anybody.

use std::sync::Arc;

use chrono::Duration;
use tributary_contract::Secret;
use tributary_contract::spec::AuthScheme;
use uuid::Uuid;

use super::Runtime;
use super::connect::{ConnectError, write};
use crate::oauth::{self, Browser};
use crate::store::{Change, Changeset, Flow};
use crate::vault::PKCE_VERIFIER;

/// How long an authorisation link can be used.
pub const LIFE: Duration = Duration::minutes(15);

/// What a tenant asks for when a user is to be connected.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// The tenant's own id of the person.
    pub reference_id: Option<String>,
    /// Where to go after success.
    pub success_url: Option<String>,
    /// Where to go after failure.
    pub failure_url: Option<String>,
}

/// A flow that has begun.
#[derive(Clone)]
pub struct Begun {
    /// Names the flow, in the link for the user.
    pub state: String,
    /// The `user_id` that the connection will have, unless the account is connected already.
    pub connection: Uuid,
}

/// Begins an OAuth flow: stores its single-use state.
pub async fn begin(runtime: &Runtime, tenant: Arc<str>, wanted: Wanted) -> Result<Begun, ConnectError> {
    let spec = runtime.provider.spec();
    let AuthScheme::OAuth2(scheme) = &spec.auth else { return Err(ConnectError::NoConsent(spec.name)) };
    let connection = Uuid::new_v4();
    let authorization = oauth::authorize::begin(scheme);
    let verifier = match &authorization.verifier {
        Some(verifier) => Some(
            runtime
                .vault
                .seal(connection, PKCE_VERIFIER, verifier.expose().as_bytes())
                .map_err(|error| ConnectError::Vault(error.to_string()))?,
        ),
        None => None,
    };
    let state = authorization.state;
    let flow = Flow {
        state: state.clone(),
        tenant,
        provider: spec.key.to_owned(),
        connection,
        reference_id: wanted.reference_id,
        verifier,
        success_url: wanted.success_url,
        failure_url: wanted.failure_url,
        expires_at: runtime.clock.now() + LIFE,
    };
    write(runtime, Changeset::unfenced(vec![Change::FlowPut(flow)])).await?;
    Ok(Begun { state, connection })
}

/// The provider's consent page for a browser. Changes nothing.
pub fn consent_page(runtime: &Runtime, flow: &Flow, browser: &Browser) -> Result<String, ConnectError> {
    let spec = runtime.provider.spec();
    let AuthScheme::OAuth2(scheme) = &spec.auth else { return Err(ConnectError::NoConsent(spec.name)) };
    if flow.expires_at <= runtime.clock.now() {
        return Err(ConnectError::Flow);
    }
    let (app, origin) = (runtime.app.current(), runtime.origin.as_deref());
    let (state, verifier) = (browser.bind(&flow.state), verifier(runtime, flow)?);
    Ok(oauth::authorize::consent_page(scheme, &app, origin, &state, verifier.as_ref()))
}

/// The PKCE verifier of a flow, where the provider takes one.
pub(super) fn verifier(runtime: &Runtime, flow: &Flow) -> Result<Option<Secret<String>>, ConnectError> {
    let Some(sealed) = &flow.verifier else { return Ok(None) };
    let opened = runtime
        .vault
        .open(flow.connection, PKCE_VERIFIER, sealed)
        .map_err(|error| ConnectError::Vault(error.to_string()))?;
    let text = std::str::from_utf8(&opened).map_err(|error| ConnectError::Vault(error.to_string()))?;
    Ok(Some(Secret::from(text)))
}

#[cfg(test)]
mod tests;
