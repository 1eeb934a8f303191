//! The routes of AccessLink, and how its answers say that there is nothing: an empty list, no content, or 404.
//!
//! Nothing here looks into a document.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderValue, header};
use serde::de::DeserializeOwned;
use tributary_contract::{App, Fetch, FetchError, Request};

pub(super) const USERS: &str = "/v3/users";
pub(super) const USER: &str = "/v3/users/{user-id}";
pub(super) const EXERCISES: &str = "/v3/exercises";
pub(super) const EXERCISE: &str = "/v3/exercises/{exercise_id}";
pub(super) const EXERCISE_FIT: &str = "/v3/exercises/{exercise_id}/fit";
pub(super) const ACTIVITIES: &str = "/v3/users/activities";
pub(super) const HEART_RATE: &str = "/v3/users/continuous-heart-rate";
pub(super) const CARDIO_LOAD: &str = "/v3/users/cardio-load/date";
pub(super) const NIGHTS: &str = "/v3/users/sleep";
pub(super) const NIGHT: &str = "/v3/users/sleep/{date}";
pub(super) const RECHARGES: &str = "/v3/users/nightly-recharge";
pub(super) const RECHARGE: &str = "/v3/users/nightly-recharge/{date}";
pub(super) const BODY_TEMPERATURE: &str = "/v3/users/biosensing/bodytemperature";
pub(super) const SKIN_TEMPERATURE: &str = "/v3/users/biosensing/skintemperature";
pub(super) const ECG: &str = "/v3/users/biosensing/ecg";
pub(super) const SPO2: &str = "/v3/users/biosensing/spo2";
pub(super) const PHYSICAL_INFO: &str = "/v3/users/physical-info";
pub(super) const WEBHOOKS: &str = "/v3/webhooks";
pub(super) const WEBHOOK: &str = "/v3/webhooks/{webhook-id}";
pub(super) const ACTIVATE: &str = "/v3/webhooks/activate";

/// Asks for JSON: Polar writes XML as well.
pub(super) fn json(request: Request) -> Request {
    request.header(header::ACCEPT, HeaderValue::from_static("application/json"))
}

/// A call of the whole app, which proves itself by HTTP Basic.
pub(super) fn of_app(request: Request, app: &App) -> Result<Request, FetchError> {
    let pair = format!("{}:{}", app.client_id, app.client_secret.expose());
    let mut value =
        HeaderValue::from_str(&format!("Basic {}", STANDARD.encode(pair))).map_err(|_never_in_base64| {
            FetchError::unsupported("client credentials that do not fit into a header")
        })?;
    value.set_sensitive(true);
    Ok(json(request).header(header::AUTHORIZATION, value).without_token())
}

/// A document, unless the answer has no content. 404 is an error.
pub(super) async fn document<T: DeserializeOwned>(
    cx: &Fetch,
    request: Request,
) -> Result<Option<T>, FetchError> {
    content(cx, json(request)).await
}

/// As [`optional`], for a call of the whole app.
pub(super) async fn optional_of_app<T: DeserializeOwned>(
    cx: &Fetch,
    request: Request,
) -> Result<Option<T>, FetchError> {
    match content(cx, of_app(request, cx.app())?).await {
        Err(FetchError::Gone { .. }) => Ok(None),
        other => other,
    }
}

async fn content<T: DeserializeOwned>(cx: &Fetch, request: Request) -> Result<Option<T>, FetchError> {
    let call = request.template.clone();
    let response = cx.send(request).await?;
    if response.body.is_empty() { Ok(None) } else { response.json(&call).map(Some) }
}

/// A document that may be missing: nothing when there is no content or no such thing.
pub(super) async fn optional<T: DeserializeOwned>(
    cx: &Fetch,
    request: Request,
) -> Result<Option<T>, FetchError> {
    match document(cx, request).await {
        Err(FetchError::Gone { .. }) => Ok(None),
        other => other,
    }
}
