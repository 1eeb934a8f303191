//! The one webhook of the simulated Polar's app: made after its address answered a ping, signed with a key that is told
//! once, deactivated when it fails for a week.
//!
//! It never delivers: it says who wants what, and how it is signed.

use std::collections::HashMap;

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, Mac as _};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Method, Response};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::sandbox::call::{self, Call};
use crate::sandbox::notify::{CallResult, Outbound, Outbox};
use crate::sandbox::people::Chance;

use super::ACK_WITHIN;
use super::answer::Refusal;

/// A webhook that fails for that long is deactivated.
const FAILS_FOR: TimeDelta = TimeDelta::days(7);
const EVENTS: [&str; 7] = [
    "EXERCISE",
    "SLEEP",
    "CONTINUOUS_HEART_RATE",
    "SLEEP_WISE_CIRCADIAN_BEDTIME",
    "SLEEP_WISE_ALERTNESS",
    "ACTIVITY_SUMMARY",
    "PHYSICAL_INFORMATION",
];

#[derive(Debug, Clone)]
struct Webhook {
    id: String,
    url: String,
    events: Vec<String>,
    key: String,
    active: bool,
    failing_since: Option<DateTime<Utc>>,
}

/// What waits for the answer to a ping.
#[derive(Debug)]
enum Wish {
    Create(Webhook),
    Change(Webhook),
    Activate,
}

/// The webhook, if there is one.
#[derive(Debug)]
pub(super) struct Webhooks {
    one: Option<Webhook>,
    pings: HashMap<u64, Wish>,
    dice: Chance,
}

impl Webhooks {
    pub(super) fn new(seed: u64) -> Self {
        Self { one: None, pings: HashMap::new(), dice: Chance::of(&[seed, 0x70_57]) }
    }

    /// Where an event goes, if anywhere.
    pub(super) fn wants(&self, event: &str) -> Option<&str> {
        let webhook = self.one.as_ref().filter(|webhook| webhook.active)?;
        webhook.events.iter().any(|wanted| wanted == event).then_some(&*webhook.url)
    }

    /// The key that events are signed with.
    pub(super) fn key(&self) -> Option<&str> {
        self.one.as_ref().filter(|webhook| webhook.active).map(|webhook| &*webhook.key)
    }

    pub(super) fn forget(&mut self) {
        self.one = None;
    }

    /// An event was taken, or not.
    pub(super) fn delivered(&mut self, taken: bool, now: DateTime<Utc>) {
        let Some(webhook) = &mut self.one else { return };
        if taken {
            webhook.failing_since = None;
        } else if now - *webhook.failing_since.get_or_insert(now) >= FAILS_FOR {
            webhook.active = false;
        }
    }

    pub(super) fn list(&self) -> Response<Bytes> {
        let info = |webhook: &Webhook| json!({"id": webhook.id, "events": webhook.events, "url": webhook.url, "active": webhook.active});
        call::json(200, &json!({"data": self.one.iter().map(info).collect::<Vec<_>>()}))
    }

    pub(super) fn delete(&mut self, id: &str) -> Response<Bytes> {
        match self.one.take_if(|webhook| webhook.id == id) {
            Some(_) => call::empty(204),
            None => Refusal::NOT_FOUND.answer(),
        }
    }

    pub(super) fn deactivate(&mut self) -> Response<Bytes> {
        let Some(webhook) = &mut self.one else { return call::empty(204) };
        webhook.active = false;
        call::empty(200)
    }

    /// Asks the address whether it answers, before a webhook is made.
    pub(super) fn create(
        &mut self,
        call: &Call,
        outbox: &mut Outbox,
        now: DateTime<Utc>,
    ) -> Result<Outbound, Refusal> {
        if self.one.is_some() {
            return Err(Refusal::new(409, "Webhook already exists."));
        }
        let (Some(events), Some(url)) = (events(call)?, url(call)) else {
            return Err(Refusal::new(400, "events and url are required"));
        };
        let id = format!("{:.6}", self.dice.token());
        let webhook = Webhook { id, url, events, key: self.dice.token(), active: true, failing_since: None };
        Ok(self.ping(webhook.url.clone(), Wish::Create(webhook), outbox, now))
    }

    /// Asks the address whether it answers, before a webhook is changed.
    pub(super) fn change(
        &mut self,
        id: &str,
        call: &Call,
        outbox: &mut Outbox,
        now: DateTime<Utc>,
    ) -> Result<Outbound, Refusal> {
        let old = self.one.clone().filter(|webhook| webhook.id == id).ok_or(Refusal::NOT_FOUND)?;
        let events = events(call)?.unwrap_or_else(|| old.events.clone());
        let webhook = Webhook { events, url: url(call).unwrap_or_else(|| old.url.clone()), ..old };
        Ok(self.ping(webhook.url.clone(), Wish::Change(webhook), outbox, now))
    }

    /// Asks the address whether it answers, before the webhook is activated; `None` when there is none.
    pub(super) fn activate(&mut self, outbox: &mut Outbox, now: DateTime<Utc>) -> Option<Outbound> {
        let url = self.one.as_ref()?.url.clone();
        Some(self.ping(url, Wish::Activate, outbox, now))
    }

    fn ping(&mut self, url: String, wish: Wish, outbox: &mut Outbox, now: DateTime<Utc>) -> Outbound {
        let id = outbox.number();
        self.pings.insert(id, wish);
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        call::set_header(&mut headers, "polar-webhook-event", "PING");
        let at = now.to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
        let body = Bytes::from(json!({"timestamp": at, "event": "PING"}).to_string());
        Outbound { id, method: Method::POST, url, headers, body, within: ACK_WITHIN }
    }

    /// The address answered, or did not.
    pub(super) fn pinged(&mut self, id: u64, result: &CallResult) -> Response<Bytes> {
        let Some(wish) = self.pings.remove(&id) else { return Refusal::NOT_FOUND.answer() };
        if result.status != Some(200) {
            return Refusal::new(400, "the ping was not answered with 200").answer();
        }
        match wish {
            Wish::Create(_) if self.one.is_some() => Refusal::new(409, "Webhook already exists.").answer(),
            Wish::Create(webhook) => {
                let data = json!({"id": webhook.id, "events": webhook.events, "url": webhook.url,
                    "signature_secret_key": webhook.key});
                self.one = Some(webhook);
                call::json(201, &json!({ "data": data }))
            }
            Wish::Change(webhook) => {
                self.one = Some(webhook);
                self.list()
            }
            Wish::Activate => {
                if let Some(webhook) = &mut self.one {
                    (webhook.active, webhook.failing_since) = (true, None);
                }
                call::empty(200)
            }
        }
    }
}

fn events(call: &Call) -> Result<Option<Vec<String>>, Refusal> {
    let body: Value = call.json().unwrap_or_default();
    let Some(list) = body.get("events").and_then(Value::as_array) else { return Ok(None) };
    let known = |event: &Value| event.as_str().filter(|event| EVENTS.contains(event)).map(str::to_owned);
    let events: Option<Vec<String>> = list.iter().map(known).collect();
    events.filter(|events| !events.is_empty()).map(Some).ok_or(Refusal::new(400, "unknown event"))
}

fn url(call: &Call) -> Option<String> {
    call.json()?.get("url")?.as_str().map(str::to_owned)
}

/// Hexadecimal HMAC-SHA256 of the body.
pub(super) fn signature(key: &str, body: &[u8]) -> String {
    // A key of any length is taken; the error exists for other constructions.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.as_bytes()) else { return String::new() };
    mac.update(body);
    hex::encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_that_of_another_implementation() {
        // printf '{"a":1}' | openssl dgst -sha256 -hmac secret
        assert_eq!(
            signature("secret", br#"{"a":1}"#),
            "aa9e2e3575f5d7098b6caccd790888c36d5fdb63342a73bada2d6a51747a8494"
        );
    }
}
