//! The push subscription of the simulated Strava's one app: made after its handshake, listed, deleted.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::{HeaderMap, Method, Response};
use serde_json::{Value, json};

use crate::sandbox::Reaction;
use crate::sandbox::call::{self, Call};
use crate::sandbox::notify::{CallResult, Outbound};
use crate::sandbox::people::Chance;

use super::activity::utc;
use super::answer::Refusal;
use super::{ACK_WITHIN, Cloud, Handshake, Subscription};

type Answer = Response<Bytes>;

impl Cloud {
    fn is_client(&self, call: &Call) -> bool {
        self.authority.is_client(call.field("client_id"), call.field("client_secret"))
    }

    pub(super) fn subscribe(&mut self, call: &Call) -> Reaction {
        let refused = |refusal: Refusal| Reaction::Answer(refusal.answer());
        if !self.is_client(call) {
            return refused(Refusal::unauthorized("Application", "client_id"));
        }
        if self.subscription.is_some() {
            return refused(Refusal::bad_request("PushSubscription", "", "already exists"));
        }
        let callback = call
            .form("callback_url")
            .filter(|url| url.len() <= 255)
            .and_then(|url| url::Url::parse(url).ok());
        let (Some(mut url), Some(verify_token)) = (callback, call.form("verify_token")) else {
            return refused(Refusal::bad_request("PushSubscription", "callback url", "invalid"));
        };
        let id = self.outbox.number();
        let challenge = Chance::of(&[self.settings.seed, id]).token();
        let callback_url = call.form("callback_url").unwrap_or_default().to_owned();
        url.query_pairs_mut()
            .append_pair("hub.mode", "subscribe")
            .append_pair("hub.challenge", &challenge)
            .append_pair("hub.verify_token", verify_token);
        self.handshakes.insert(id, Handshake { callback_url, challenge });
        Reaction::Call(Outbound {
            id,
            method: Method::GET,
            url: url.to_string(),
            headers: HeaderMap::new(),
            body: Bytes::new(),
            within: ACK_WITHIN,
        })
    }

    /// The subscriber answered the handshake, or did not.
    pub(super) fn handshake_answered(&mut self, id: u64, result: &CallResult, now: DateTime<Utc>) -> Answer {
        let Some(handshake) = self.handshakes.remove(&id) else {
            return Refusal::not_found("PushSubscription").answer();
        };
        if !result.repeats("hub.challenge", &handshake.challenge) {
            return Refusal::bad_request("PushSubscription", "callback url", "not verifiable").answer();
        }
        self.subscriptions_made = self.subscriptions_made.saturating_add(1);
        let id = 120_474 + self.subscriptions_made;
        self.subscription = Some(Subscription { id, callback_url: handshake.callback_url, created: now });
        call::json(201, &json!({ "id": id }))
    }

    pub(super) fn subscriptions(&self, call: &Call) -> Answer {
        if !self.is_client(call) {
            return Refusal::unauthorized("Application", "client_id").answer();
        }
        let list: Vec<Value> = self
            .subscription
            .iter()
            .map(|subscription| {
                json!({"id": subscription.id, "resource_state": 2, "application_id": 1,
                    "callback_url": subscription.callback_url, "created_at": utc(subscription.created),
                    "updated_at": utc(subscription.created)})
            })
            .collect();
        call::json(200, &Value::Array(list))
    }

    pub(super) fn unsubscribe(&mut self, call: &Call, id: &str) -> Answer {
        if !self.is_client(call) {
            return Refusal::unauthorized("Application", "client_id").answer();
        }
        match self.subscription.take_if(|subscription| subscription.id.to_string() == id) {
            Some(_) => call::empty(204),
            None => Refusal::not_found("PushSubscription").answer(),
        }
    }
}
