//! The app's one webhook as desired state: ours, active, with the events that become records, and signed with a key
//! that we have.
//!
//! Polar tells the key once, when the webhook is made. A webhook whose key is not at hand is therefore made anew; any
//! other is changed. It touches nothing else of the app.

use chrono::{DateTime, TimeDelta, Utc};
use http::Method;
use serde_json::json;
use tributary_contract::{Fetch, FetchError, Request, Secret};

use super::call::{self, ACTIVATE, WEBHOOK, WEBHOOKS};
use super::wire;

/// The key that notifications are signed with.
pub(super) const SIGNATURE_KEY: &str = "webhook_signature";
/// The webhook that the key belongs to.
pub(super) const WEBHOOK_ID: &str = "webhook_id";

/// Events of what becomes records. Those of SleepWise do not.
pub(super) const EVENTS: [&str; 5] =
    ["EXERCISE", "SLEEP", "CONTINUOUS_HEART_RATE", "ACTIVITY_SUMMARY", "PHYSICAL_INFORMATION"];
/// Longest time between two comparisons. Polar deactivates a webhook that has failed for seven days.
const CHECK_AGAIN: TimeDelta = TimeDelta::days(1);

/// Makes, changes, activates or replaces the webhook.
pub(super) async fn subscribe(cx: &mut Fetch) -> Result<Option<DateTime<Utc>>, FetchError> {
    let mut made_anew = false;
    loop {
        let ours = match existing(cx).await? {
            Some(webhook) if is_ours(cx, &webhook) => Some(webhook),
            Some(other) => {
                let delete = Request::new(Method::DELETE, WEBHOOK).arg("webhook-id", other.id.0).idempotent();
                match cx.send(call::of_app(delete, cx.app())?).await {
                    Ok(_) | Err(FetchError::Gone { .. }) => None,
                    Err(error) => return Err(error),
                }
            }
            None => None,
        };
        match ours {
            Some(webhook) => adjust(cx, &webhook).await?,
            None => match create(cx).await {
                // Another one was made meanwhile, or the list hid it; one more look tells.
                Err(FetchError::Rejected { status: 409, .. }) if !made_anew => {
                    made_anew = true;
                    continue;
                }
                created => created?,
            },
        }
        return Ok(Some(cx.now() + CHECK_AGAIN));
    }
}

async fn existing(cx: &Fetch) -> Result<Option<wire::Webhook>, FetchError> {
    let list: Option<wire::Webhooks> = call::optional_of_app(cx, Request::get(WEBHOOKS)).await?;
    Ok(list.and_then(|list| list.data.into_iter().next()))
}

/// Whether the key that we have is that webhook's.
fn is_ours(cx: &Fetch, webhook: &wire::Webhook) -> bool {
    let keys = &cx.app().keys;
    keys.contains_key(SIGNATURE_KEY) && keys.get(WEBHOOK_ID).is_some_and(|id| *id.expose() == webhook.id.0)
}

async fn create(cx: &mut Fetch) -> Result<(), FetchError> {
    let wish = json!({ "events": EVENTS, "url": cx.app().notify_url });
    let request = call::of_app(Request::post(WEBHOOKS).json_body(&wish), cx.app())?;
    let created: wire::Created = cx.json(request).await?;
    cx.keep_key(SIGNATURE_KEY, created.data.signature_secret_key);
    cx.keep_key(WEBHOOK_ID, Secret::from(created.data.id.0));
    Ok(())
}

async fn adjust(cx: &Fetch, webhook: &wire::Webhook) -> Result<(), FetchError> {
    let has_all = EVENTS.iter().all(|event| webhook.events.iter().any(|known| known == event));
    if !has_all || webhook.url.as_ref() != Some(&cx.app().notify_url) {
        let wish = json!({ "events": EVENTS, "url": cx.app().notify_url });
        let change = Request::new(Method::PATCH, WEBHOOK).arg("webhook-id", webhook.id.0.as_str());
        cx.send(call::of_app(change.json_body(&wish).idempotent(), cx.app())?).await?;
    }
    if webhook.active == Some(false) {
        cx.send(call::of_app(Request::post(ACTIVATE).idempotent(), cx.app())?).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
