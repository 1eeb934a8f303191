//! Notifications that wait to be sent, sent again or acknowledged.
//!
//! The server puts messages in; the host takes what is due, sends it and tells how it went. It never opens a socket
//! and never signs: signatures hold the time of sending, so the server makes them.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use http::{HeaderMap, Method};

/// A request that the provider sends.
#[derive(Debug, Clone)]
pub struct Outbound {
    /// Names it when its outcome is reported.
    pub id: u64,
    /// Method.
    pub method: Method,
    /// Absolute URL.
    pub url: String,
    /// Headers.
    pub headers: HeaderMap,
    /// Body; empty for none.
    pub body: Bytes,
    /// How long the provider waits for the answer.
    pub within: Duration,
}

/// How a subscriber answered a call.
#[derive(Debug, Clone, Default)]
pub struct CallResult {
    /// Its status; `None` when there was no answer in time.
    pub status: Option<u16>,
    /// Its body.
    pub body: Bytes,
}

impl CallResult {
    /// Whether it answered 200 with a JSON object that repeats the challenge under that name.
    pub fn repeats(&self, name: &str, challenge: &str) -> bool {
        let body: Option<serde_json::Value> = serde_json::from_slice(&self.body).ok();
        let echoed = body.as_ref().and_then(|body| body.get(name)).and_then(serde_json::Value::as_str);
        self.status == Some(200) && echoed == Some(challenge)
    }
}

/// A message on its way to a subscriber.
#[derive(Debug, Clone)]
pub struct Message {
    /// Its number.
    pub id: u64,
    /// Where it goes.
    pub url: String,
    /// Its body.
    pub body: Bytes,
    /// How often it has been handed out, this time included.
    pub attempt: u32,
}

impl Message {
    /// As a request of the provider's.
    pub(crate) fn post(self, headers: HeaderMap, within: Duration) -> Outbound {
        Outbound { id: self.id, method: Method::POST, url: self.url, headers, body: self.body, within }
    }
}

/// Messages by due time, and those that are on their way.
#[derive(Debug)]
pub struct Outbox {
    pauses: Vec<Duration>,
    waiting: BTreeMap<(DateTime<Utc>, u64), Message>,
    under_way: HashMap<u64, Message>,
    next: u64,
    /// Handed out.
    pub sent: u64,
    /// Acknowledged.
    pub acknowledged: u64,
    /// Given up.
    pub lost: u64,
}

impl Outbox {
    /// Each message is tried `tries` times, with `pause` between two tries.
    pub fn new(tries: u32, pause: Duration) -> Self {
        Self::stepped(vec![pause; usize::try_from(tries.max(1) - 1).unwrap_or_default()])
    }

    /// Each message is tried once, and again after each of the pauses.
    pub fn stepped(pauses: Vec<Duration>) -> Self {
        Self {
            pauses,
            waiting: BTreeMap::new(),
            under_way: HashMap::new(),
            next: 1,
            sent: 0,
            acknowledged: 0,
            lost: 0,
        }
    }

    /// A number that no message has; also for calls that are no notifications.
    pub const fn number(&mut self) -> u64 {
        let number = self.next;
        self.next = self.next.saturating_add(1);
        number
    }

    /// Adds a message that falls due at `at`.
    pub fn push(&mut self, url: &str, body: impl Into<Bytes>, at: DateTime<Utc>) {
        let id = self.number();
        self.waiting.insert((at, id), Message { id, url: url.to_owned(), body: body.into(), attempt: 0 });
    }

    /// Takes what is due.
    pub fn due(&mut self, now: DateTime<Utc>) -> Vec<Message> {
        let mut due = Vec::new();
        while let Some(first) = self.waiting.first_entry() {
            if first.key().0 > now {
                break;
            }
            let mut message = first.remove();
            message.attempt = message.attempt.saturating_add(1);
            self.sent = self.sent.saturating_add(1);
            self.under_way.insert(message.id, message.clone());
            due.push(message);
        }
        due
    }

    /// Notes what became of a message: anything but a 2xx brings it again, until its tries are used up.
    pub fn delivered(&mut self, id: u64, status: Option<u16>, now: DateTime<Utc>) {
        let Some(message) = self.under_way.remove(&id) else { return };
        if status.is_some_and(|status| (200..300).contains(&status)) {
            self.acknowledged = self.acknowledged.saturating_add(1);
            return;
        }
        let tried = usize::try_from(message.attempt.saturating_sub(1)).unwrap_or(usize::MAX);
        let Some(pause) = self.pauses.get(tried).copied() else {
            self.lost = self.lost.saturating_add(1);
            return;
        };
        let pause = TimeDelta::from_std(pause).unwrap_or_default();
        let at = now.checked_add_signed(pause).unwrap_or(now);
        self.waiting.insert((at, id), message);
    }

    /// Messages that are neither acknowledged nor given up.
    pub fn pending(&self) -> usize {
        self.waiting.len() + self.under_way.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    #[test]
    fn a_message_comes_again_until_it_is_acknowledged_or_its_tries_are_used_up() {
        let mut outbox = Outbox::new(3, Duration::from_secs(120));
        outbox.push("http://a", "1", at(0));
        outbox.push("http://a", "2", at(5));
        let first = outbox.due(at(0));
        assert_eq!((first.len(), first[0].attempt), (1, 1));
        assert!(outbox.due(at(1)).is_empty(), "it is on its way already");
        outbox.delivered(first[0].id, Some(200), at(1));

        let id = outbox.due(at(5))[0].id;
        outbox.delivered(id, Some(500), at(5));
        assert!(outbox.due(at(124)).is_empty());
        assert_eq!(outbox.due(at(125))[0].attempt, 2);
        outbox.delivered(id, None, at(126));
        assert_eq!(outbox.due(at(300))[0].attempt, 3);
        outbox.delivered(id, None, at(300));
        assert_eq!((outbox.sent, outbox.acknowledged, outbox.lost, outbox.pending()), (4, 1, 1, 0));
    }

    #[test]
    fn a_handshake_must_repeat_the_challenge() {
        let answer =
            |status, body: &'static str| CallResult { status, body: Bytes::from_static(body.as_bytes()) };
        assert!(answer(Some(200), r#"{"challenge":"x"}"#).repeats("challenge", "x"));
        assert!(!answer(Some(200), r#"{"challenge":"y"}"#).repeats("challenge", "x"));
        assert!(!answer(Some(201), r#"{"challenge":"x"}"#).repeats("challenge", "x"));
        assert!(!answer(None, "").repeats("challenge", "x"));
    }
}
