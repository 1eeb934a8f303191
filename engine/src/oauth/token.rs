//! Requests to the token endpoint and what its answers hold.
//!
//! Codes and refresh tokens come in, requests go out; answers come in, a [`Credential`] goes out. Neither a token nor a
//! body ever reaches an error text.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use tributary_contract::spec::{OAuth2, Revoke, TokenPlace};
use tributary_contract::{App, FetchError, Request, Response, Secret};

use super::{Refusal, client_auth, refusal};
use crate::clock::later;
use crate::vault::Credential;

/// How a token answer is called in errors.
const ANSWER: &str = "the token answer";
/// An access token that is said to live longer than this is looked at again after it.
const LONGEST_LIFE: i64 = 10 * 366 * 86_400;
/// Two expiries that are no further apart than this are the same one.
const SAME_EXPIRY: TimeDelta = TimeDelta::seconds(60);

/// Exchanges an authorisation code.
pub fn exchange(scheme: &OAuth2, app: &App, code: &str, verifier: Option<&Secret<String>>) -> Request {
    let mut fields =
        vec![("grant_type", "authorization_code"), ("code", code), ("redirect_uri", &app.callback_url)];
    fields.extend(scheme.token_parameters);
    if let Some(verifier) = verifier {
        fields.push(("code_verifier", verifier.expose()));
    }
    client_auth::form(Request::post(scheme.token_url).without_token(), &fields, scheme.client_auth, app)
}

/// Asks for a new access token.
pub fn refresh(scheme: &OAuth2, app: &App, refresh_token: &Secret<String>) -> Request {
    let mut fields =
        vec![("grant_type", "refresh_token"), ("refresh_token", refresh_token.expose().as_str())];
    fields.extend(scheme.token_parameters);
    client_auth::form(Request::post(scheme.token_url).without_token(), &fields, scheme.client_auth, app)
}

/// Gives a grant back.
///
/// A form takes the refresh token where there is one, since revoking that ends the whole grant; a parameter that is
/// named after the access token takes that.
pub fn revoke(revoke: &Revoke, app: &App, credential: &Credential) -> Request {
    let request = Request::post(revoke.url).without_token();
    let (TokenPlace::Form(name) | TokenPlace::Query(name)) = revoke.token;
    let token = match &credential.refresh_token {
        Some(refresh) if name != "access_token" => refresh,
        _ => &credential.access_token,
    };
    let (request, field) = match revoke.token {
        TokenPlace::Form(name) => (request, Some((name, token.expose().as_str()))),
        TokenPlace::Query(name) => (request.query(name, token.expose().clone()), None),
    };
    match (revoke.client_auth, field) {
        (Some(auth), field) => client_auth::form(request, field.as_slice(), auth, app),
        (None, Some(field)) => request.form(&[field]),
        (None, None) => request,
    }
}

/// Reads a token answer. `previous` is what was refreshed; `None` for the exchange of a code.
///
/// # Errors
/// [`FetchError::Auth`] for a lost consent that comes with status 200; [`FetchError::Malformed`] for an answer without
/// an access token, or without the refresh token that the Spec promises.
pub fn parse(
    scheme: &OAuth2,
    answer: &Response,
    previous: Option<&Credential>,
    now: DateTime<Utc>,
) -> Result<Credential, FetchError> {
    if let Refusal::LostConsent(code) = refusal::read(scheme, answer.status, &answer.body) {
        return Err(FetchError::Auth { call: scheme.token_url.to_owned(), reason: code.to_owned() });
    }
    let read: Answer =
        if scheme.answer_at.is_empty() { answer.json(ANSWER)? } else { inner(scheme, answer)? };
    let Some(access_token) = read.access_token.filter(|token| !token.expose().is_empty()) else {
        return Err(FetchError::malformed(ANSWER, "access_token (missing)"));
    };
    let given = read.refresh_token.filter(|token| !token.expose().is_empty());
    let refresh_token = given.or_else(|| previous.and_then(|previous| previous.refresh_token.clone()));
    if refresh_token.is_none() && scheme.refresh_token_promised {
        return Err(FetchError::malformed(
            ANSWER,
            "refresh_token (missing, so the connection would end with its first access token; check the scopes of the provider app)",
        ));
    }
    // Counted from our own clock where possible, which does not care how far the provider's is from it. A token that
    // was just given and is said to have ended is used until it is refused.
    let expires_at = read
        .expires_in
        .map(|seconds| now + TimeDelta::seconds(seconds.clamp(0, LONGEST_LIFE)))
        .or_else(|| read.expires_at.and_then(|second| DateTime::from_timestamp(second, 0)))
        .filter(|at| *at > now)
        .or_else(|| scheme.default_lifetime.map(|life| later(now, life)));
    let scopes = read
        .scope
        .map(|scope| scope.split(scheme.scope_separator))
        .or_else(|| previous.map(|previous| previous.scopes.clone()))
        .unwrap_or_default();
    let token_type = read.token_type.unwrap_or_else(|| "Bearer".to_owned());
    Ok(Credential { access_token, refresh_token, expires_at, scopes, token_type })
}

/// The object inside a token answer that holds the tokens.
fn inner(scheme: &OAuth2, answer: &Response) -> Result<Answer, FetchError> {
    let mut whole: Value = answer.json(ANSWER)?;
    let tokens = whole.pointer_mut(scheme.answer_at).map(Value::take);
    let tokens = tokens.ok_or_else(|| FetchError::malformed(ANSWER, scheme.answer_at))?;
    // The text of serde's error may quote a value.
    Answer::deserialize(tokens).map_err(|_quotes| {
        FetchError::malformed(ANSWER, format!("{} (lacks the documented shape)", scheme.answer_at))
    })
}

/// What else an answer to a code exchange tells, as [`OAuth2::keep`] names it. What is neither number nor text is left
/// out.
///
/// # Errors
/// [`FetchError::Malformed`] when something is to be kept and the answer is not JSON.
pub fn facts(scheme: &OAuth2, answer: &Response) -> Result<BTreeMap<&'static str, String>, FetchError> {
    if scheme.keep.is_empty() {
        return Ok(BTreeMap::new());
    }
    let whole: Value = answer.json(ANSWER)?;
    let found = scheme.keep.iter().filter_map(|(name, at)| {
        let text = match whole.pointer(at)? {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
        };
        Some((*name, text))
    });
    Ok(found.collect())
}

/// Whether a refresh brought anything: another access token, or a later expiry of the same one.
pub fn is_newer(previous: &Credential, next: &Credential) -> bool {
    if previous.access_token != next.access_token {
        return true;
    }
    match (previous.expires_at, next.expires_at) {
        (Some(before), Some(after)) => after > before + SAME_EXPIRY,
        _ => false,
    }
}

#[derive(Deserialize)]
struct Answer {
    access_token: Option<Secret<String>>,
    refresh_token: Option<Secret<String>>,
    #[serde(default, deserialize_with = "number")]
    expires_in: Option<i64>,
    #[serde(default, deserialize_with = "number")]
    expires_at: Option<i64>,
    scope: Option<Scope>,
    token_type: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Scope {
    Text(String),
    List(Vec<String>),
    Other(serde::de::IgnoredAny),
}

impl Scope {
    fn split(self, separator: &str) -> Vec<String> {
        match self {
            Self::List(scopes) => scopes,
            Self::Other(_) => Vec::new(),
            Self::Text(text) => text
                .split([' ', ','])
                .flat_map(|part| part.split(separator))
                .map(str::trim)
                .filter(|scope| !scope.is_empty())
                .map(str::to_owned)
                .collect(),
        }
    }
}

/// A whole number, also as a text or with a fraction; anything else counts as not stated.
fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Number {
        Whole(i64),
        Float(f64),
        Text(String),
        Other(serde::de::IgnoredAny),
    }
    Ok(match Option::<Number>::deserialize(deserializer)? {
        Some(Number::Whole(number)) => Some(number),
        Some(Number::Float(number)) => format!("{number:.0}").parse().ok(),
        Some(Number::Text(text)) => text.trim().parse().ok(),
        Some(Number::Other(_)) | None => None,
    })
}

#[cfg(test)]
pub(crate) mod tests;
