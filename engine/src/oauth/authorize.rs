//! The URL of the consent page, with its single-use state and, where the provider takes it, a PKCE challenge.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use tributary_contract::spec::OAuth2;
use tributary_contract::{App, Secret};
use zeroize::Zeroizing;

use crate::fetch::target;

/// What has to be kept until the user comes back.
#[derive(Debug, Clone)]
pub struct Authorization {
    /// Names the flow: 32 random bytes as base64url.
    pub state: String,
    /// The PKCE verifier, for the exchange of the code.
    pub verifier: Option<Secret<String>>,
}

/// Begins an authorization.
pub fn begin(scheme: &OAuth2) -> Authorization {
    Authorization { state: random(), verifier: scheme.pkce.then(|| Secret::new(random())) }
}

/// Where the user goes to consent. `state` comes back with the callback; `origin` replaces scheme, host and port of the
/// page.
pub fn consent_page(
    scheme: &OAuth2,
    app: &App,
    origin: Option<&str>,
    state: &str,
    verifier: Option<&Secret<String>>,
) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("response_type", "code");
    query.append_pair("client_id", &app.client_id);
    query.append_pair("redirect_uri", &app.callback_url);
    if !scheme.scopes.is_empty() {
        query.append_pair("scope", &scheme.scopes.join(scheme.scope_separator));
    }
    query.append_pair("state", state);
    if let Some(verifier) = verifier {
        query.append_pair("code_challenge", &challenge(verifier));
        query.append_pair("code_challenge_method", "S256");
    }
    query.extend_pairs(scheme.authorize_parameters);
    let base = target::with_origin(scheme.authorize_url, origin);
    let separator = if base.contains('?') { '&' } else { '?' };
    // Not every consent page reads a plus as a space; a plus in a value is written as %2B here.
    format!("{base}{separator}{}", query.finish().replace('+', "%20"))
}

fn challenge(verifier: &Secret<String>) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.expose().as_bytes()))
}

fn random() -> String {
    let mut bytes = Zeroizing::new([0_u8; 32]);
    rand::fill(bytes.as_mut_slice());
    URL_SAFE_NO_PAD.encode(*bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oauth::token::tests::{APP_SECRET, app, scheme};
    use std::collections::HashMap;

    fn parameters(url: &str) -> HashMap<String, String> {
        url::Url::parse(url).unwrap().query_pairs().into_owned().collect()
    }

    #[test]
    fn the_consent_page_carries_all_that_the_spec_asks_for() {
        let page = consent_page(&scheme(), &app(), None, "flow.proof", None);
        let parameters = parameters(&page);
        assert!(page.starts_with("https://accounts.example.com/oauth/authorize?"));
        assert_eq!(parameters["response_type"], "code");
        assert_eq!(parameters["client_id"], "client-1");
        assert_eq!(parameters["redirect_uri"], "https://sync.example.org/auth/example/callback");
        assert_eq!(parameters["scope"], "read activity:read");
        assert_eq!(parameters["state"], "flow.proof");
        assert_eq!(parameters["approval_prompt"], "auto");
        assert!(!parameters.contains_key("code_challenge"));
        assert!(!page.contains('+'), "a space is written as %20");
        assert!(!page.contains(APP_SECRET));
    }

    #[test]
    fn states_are_long_and_differ() {
        let (one, two) = (begin(&scheme()), begin(&scheme()));
        assert_ne!(one.state, two.state);
        assert_eq!(URL_SAFE_NO_PAD.decode(&one.state).unwrap().len(), 32);
    }

    #[test]
    fn a_verifier_comes_with_its_challenge_and_only_where_the_provider_takes_it() {
        let scheme = OAuth2 { pkce: true, ..scheme() };
        let verifier = begin(&scheme).verifier.unwrap();
        assert!((43..=128).contains(&verifier.expose().len()));
        let page = consent_page(&scheme, &app(), None, "state", Some(&verifier));
        assert_eq!(parameters(&page)["code_challenge"], challenge(&verifier));
        assert_eq!(parameters(&page)["code_challenge_method"], "S256");
        assert!(begin(&OAuth2 { pkce: false, ..scheme }).verifier.is_none());
    }

    #[test]
    fn the_challenge_is_that_of_the_standard() {
        // RFC 7636, appendix B.
        let verifier = Secret::from("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        assert_eq!(challenge(&verifier), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn another_origin_replaces_scheme_host_and_port() {
        let page = consent_page(&scheme(), &app(), Some("http://127.0.0.1:4000"), "state", None);
        assert!(page.starts_with("http://127.0.0.1:4000/oauth/authorize?response_type=code"));
    }
}
