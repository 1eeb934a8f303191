//! The app's webhook subscriptions as desired state: one for each pair of event and data type whose documents become
//! part of records, pointing at us and not about to expire.
//!
//! Compared on every call, so that subscriptions which Oura forgot come back. It removes none.

use chrono::{DateTime, TimeDelta, Utc};
use http::{HeaderName, HeaderValue, Method};
use serde_json::json;
use tributary_contract::model::Offset;
use tributary_contract::{App, Fetch, FetchError, Request};

use super::collection::NOTIFYING;
use super::wire::Subscription;

pub(super) const SUBSCRIPTIONS: &str = "/v2/webhook/subscription";
pub(super) const SUBSCRIPTION: &str = "/v2/webhook/subscription/{id}";
pub(super) const RENEW: &str = "/v2/webhook/subscription/renew/{id}";

const EVENTS: [&str; 3] = ["create", "update", "delete"];
/// How long a subscription lives is not documented, nor when it was made; what has less than this left is renewed.
const RENEW_AHEAD: TimeDelta = TimeDelta::days(30);
/// Longest time between two comparisons.
const CHECK_AGAIN: TimeDelta = TimeDelta::days(1);

/// Creates, redirects and renews. One that Oura refuses does not keep the others from being made.
pub(super) async fn subscribe(cx: &Fetch) -> Result<Option<DateTime<Utc>>, FetchError> {
    let app = cx.app();
    let Some(verify_token) = &app.verify_token else {
        return Err(FetchError::unsupported("a webhook subscription of an app without verify_token"));
    };
    let existing: Vec<Subscription> = cx.json(signed(Request::get(SUBSCRIPTIONS), app)?).await?;
    let mut next = cx.now() + CHECK_AGAIN;
    let mut refused = None;
    for collection in NOTIFYING {
        for event in EVENTS {
            let of_pair = |subscription: &&Subscription| {
                subscription.data_type == collection.data_type && subscription.event_type == event
            };
            let ours = |subscription: &&Subscription| subscription.callback_url == app.notify_url;
            let found = existing.iter().filter(of_pair).find(ours).or_else(|| existing.iter().find(of_pair));
            let wish = json!({
                "callback_url": app.notify_url,
                "verification_token": verify_token.expose(),
                "event_type": event,
                "data_type": collection.data_type,
            });
            let request = match found {
                None => Request::post(SUBSCRIPTIONS).json_body(&wish),
                Some(other) if other.callback_url != app.notify_url => {
                    let id = other.id.as_str();
                    Request::new(Method::PUT, SUBSCRIPTION).arg("id", id).json_body(&wish).idempotent()
                }
                Some(ours) => {
                    let end = expiry(ours);
                    if end - cx.now() > RENEW_AHEAD {
                        next = next.min(due(cx.now(), end));
                        continue;
                    }
                    Request::new(Method::PUT, RENEW).arg("id", ours.id.as_str()).idempotent()
                }
            };
            match cx.json::<Subscription>(signed(request, app)?).await {
                Ok(made) => next = next.min(due(cx.now(), expiry(&made))),
                // Somebody else made it meanwhile; the next comparison sees it.
                Err(FetchError::Rejected { status: 409, .. }) => {}
                Err(
                    error @ (FetchError::Rejected { .. }
                    | FetchError::Forbidden { .. }
                    | FetchError::Gone { .. }),
                ) => {
                    refused = Some(error);
                }
                Err(error) => return Err(error),
            }
        }
    }
    refused.map_or(Ok(Some(next)), Err)
}

/// When four fifths of what is left have passed, but not over and over for one that has expired already.
fn due(now: DateTime<Utc>, end: DateTime<Utc>) -> DateTime<Utc> {
    let left = (end - now).max(TimeDelta::hours(1));
    now + left * 4 / 5
}

fn expiry(subscription: &Subscription) -> DateTime<Utc> {
    subscription.expiration_time.instant_or(Offset::UTC)
}

/// Oura wants the app's credentials in headers of its own.
fn signed(request: Request, app: &App) -> Result<Request, FetchError> {
    let header = |text: &str| {
        let mut value = HeaderValue::from_str(text).map_err(|_invalid| {
            FetchError::unsupported("a client id or secret that does not fit into a header")
        })?;
        value.set_sensitive(true);
        Ok::<_, FetchError>(value)
    };
    Ok(request
        .header(HeaderName::from_static("x-client-id"), header(&app.client_id)?)
        .header(HeaderName::from_static("x-client-secret"), header(app.client_secret.expose())?)
        .without_token())
}

#[cfg(test)]
mod tests;
