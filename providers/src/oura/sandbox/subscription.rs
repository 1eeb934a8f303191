//! Webhook subscriptions of the simulated Oura's one app, and the signature of deliveries.
//!
//! Each pair of event and data type has one subscription at most, made after the callback answered the handshake.

use std::collections::HashMap;

use bytes::Bytes;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use hmac::{Hmac, Mac as _};
use http::{HeaderMap, Method, Response};
use serde_json::{Value, json};
use sha2::Sha256;
use url::Url;

use crate::sandbox::call::{self, Call};
use crate::sandbox::notify::{CallResult, Outbound, Outbox};
use crate::sandbox::people::Chance;

use super::ACK_WITHIN;
use super::answer::Refusal;

/// The real life of a subscription is read from the answer and of the order of months; this is one value of that.
const LIFE: TimeDelta = TimeDelta::days(90);

const EVENTS: [&str; 3] = ["create", "update", "delete"];
const DATA_TYPES: [&str; 17] = [
    "tag",
    "enhanced_tag",
    "workout",
    "session",
    "sleep",
    "daily_sleep",
    "daily_readiness",
    "daily_activity",
    "daily_spo2",
    "sleep_time",
    "rest_mode_period",
    "ring_configuration",
    "daily_stress",
    "daily_cardiovascular_age",
    "daily_resilience",
    "vo2_max",
    "meal",
];

#[derive(Debug, Clone)]
struct Subscription {
    id: String,
    callback_url: String,
    event_type: &'static str,
    data_type: &'static str,
    expires: DateTime<Utc>,
}

impl Subscription {
    fn json(&self) -> Value {
        json!({
            "id": self.id,
            "callback_url": self.callback_url,
            "event_type": self.event_type,
            "data_type": self.data_type,
            "expiration_time": self.expires.to_rfc3339_opts(SecondsFormat::Secs, false),
        })
    }
}

/// A subscription whose callback is being tried.
struct Handshake {
    wanted: Subscription,
    challenge: String,
    status: u16,
}

/// All subscriptions of the app.
#[derive(Default)]
pub(super) struct Subscriptions {
    list: Vec<Subscription>,
    handshakes: HashMap<u64, Handshake>,
    made: u64,
}

impl Subscriptions {
    /// Where an event of that kind goes, if anybody wants it.
    pub(super) fn callback(&self, event_type: &str, data_type: &str, now: DateTime<Utc>) -> Option<&str> {
        self.list
            .iter()
            .find(|one| one.event_type == event_type && one.data_type == data_type && one.expires > now)
            .map(|one| one.callback_url.as_str())
    }

    pub(super) fn all(&self, now: DateTime<Utc>) -> Response<Bytes> {
        let list = self.list.iter().filter(|one| one.expires > now).map(Subscription::json).collect();
        call::json(200, &Value::Array(list))
    }

    pub(super) fn one(&self, id: &str) -> Response<Bytes> {
        match self.list.iter().find(|one| one.id == id) {
            Some(one) => call::json(200, &one.json()),
            None => UNKNOWN.answer(),
        }
    }

    pub(super) fn delete(&mut self, id: &str) -> Response<Bytes> {
        let before = self.list.len();
        self.list.retain(|one| one.id != id);
        if self.list.len() < before { call::empty(204) } else { UNKNOWN.answer() }
    }

    pub(super) fn renew(&mut self, id: &str, now: DateTime<Utc>) -> Response<Bytes> {
        match self.list.iter_mut().find(|one| one.id == id) {
            Some(one) => {
                one.expires = now + LIFE;
                call::json(200, &one.json())
            }
            None => UNKNOWN.answer(),
        }
    }

    /// Forgets all, as providers sometimes do.
    pub(super) fn forget(&mut self) {
        self.list.clear();
    }

    /// Makes a subscription, or changes the one with that id: first the callback is tried.
    pub(super) fn ask(
        &mut self,
        call: &Call,
        id: Option<&str>,
        outbox: &mut Outbox,
        now: DateTime<Utc>,
    ) -> Result<Outbound, Refusal> {
        let body = call.json().unwrap_or_default();
        let text = |name: &str| body.get(name).and_then(Value::as_str);
        let old = match id {
            Some(id) => Some(self.list.iter().find(|one| one.id == id).ok_or(UNKNOWN)?),
            None => None,
        };
        let known = |name: &str, all: &[&'static str], old: Option<&'static str>| match text(name) {
            Some(word) => all.iter().copied().find(|known| *known == word),
            None => old,
        };
        let event_type = known("event_type", &EVENTS, old.map(|old| old.event_type));
        let data_type = known("data_type", &DATA_TYPES, old.map(|old| old.data_type));
        let callback_url = text("callback_url").or_else(|| old.map(|old| old.callback_url.as_str()));
        let event_type = event_type.ok_or(Refusal::unprocessable("body", "event_type"))?;
        let data_type = data_type.ok_or(Refusal::unprocessable("body", "data_type"))?;
        let token = text("verification_token").ok_or(Refusal::unprocessable("body", "verification_token"))?;
        let callback_url = callback_url.ok_or(Refusal::unprocessable("body", "callback_url"))?.to_owned();
        let mut url = Url::parse(&callback_url)
            .ok()
            .filter(Url::has_host)
            .ok_or(Refusal::unprocessable("body", "callback_url"))?;
        let taken = |one: &Subscription| {
            one.event_type == event_type
                && one.data_type == data_type
                && one.expires > now
                && id != Some(&one.id)
        };
        if self.list.iter().any(taken) {
            return Err(Refusal::new(409, "a subscription for this event type and data type already exists"));
        }

        let number = outbox.number();
        let challenge = Chance::of(&[number]).token();
        url.query_pairs_mut().append_pair("verification_token", token).append_pair("challenge", &challenge);
        self.made = self.made.saturating_add(1);
        let (id, status) = match old {
            Some(old) => (old.id.clone(), 200),
            None => (format!("5ab5c217-0000-4a2b-9d10-{:012x}", self.made), 201),
        };
        let wanted = Subscription { id, callback_url, event_type, data_type, expires: now + LIFE };
        self.handshakes.insert(number, Handshake { wanted, challenge, status });
        Ok(Outbound {
            id: number,
            method: Method::GET,
            url: url.to_string(),
            headers: HeaderMap::new(),
            body: Bytes::new(),
            within: ACK_WITHIN,
        })
    }

    /// The callback answered, or did not.
    pub(super) fn answered(&mut self, number: u64, result: &CallResult) -> Response<Bytes> {
        let Some(handshake) = self.handshakes.remove(&number) else { return UNKNOWN.answer() };
        if !result.repeats("challenge", &handshake.challenge) {
            return Refusal::new(400, "the callback did not answer the challenge").answer();
        }
        let answer = call::json(handshake.status, &handshake.wanted.json());
        self.list.retain(|one| one.id != handshake.wanted.id);
        self.list.push(handshake.wanted);
        answer
    }
}

const UNKNOWN: Refusal = Refusal::new(403, "Webhook with specified id does not exist.");

/// Upper-case hexadecimal HMAC-SHA256 of time stamp and body.
pub(super) fn signature(secret: &str, timestamp: &str, body: &[u8]) -> String {
    // A key of any length is taken; the error exists for other constructions.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return String::new() };
    mac.update(timestamp.as_bytes());
    mac.update(body);
    hex::encode_upper(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_that_of_another_implementation() {
        // printf '1777712700{"a":1}' | openssl dgst -sha256 -hmac secret
        assert_eq!(
            signature("secret", "1777712700", br#"{"a":1}"#),
            "9C2C69F95D5B589DE7949EF92E873E9DE6267E9B3EAC5242014C922BDD652FCF"
        );
    }
}
