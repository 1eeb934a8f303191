//! The kit of the simulated provider clouds.
//!
//! A sandbox is a function from request to response over its own state: simulated people live in it, devices
//! record, tokens rotate, quotas run out, notifications fall due. Requests come from whoever hosts it (a socket, a
//! test, a simulation); answers, calls to subscribers and the ledger of what was produced go back.
//!
//! Nothing here or in a provider's `sandbox` may use that provider's `wire` or `normalize`, or the engine: a mistake
//! that both sides share would cancel out. It never reads a clock: every call says what time it is.
//!
//! | module | what it holds |
//! |---|---|
//! | [`call`] | a request, read; answers, written |
//! | [`people`] | seeded people and their dice |
//! | [`oauth`] | codes, tokens, rotation, consent |
//! | [`quota`] | the provider's own count of calls |
//! | [`notify`] | notifications that wait for their acknowledgement |
//! | [`fault`] | scripted mischief |
//! | [`ledger`] | what was produced, and whether a delivered record agrees |

pub mod call;
mod consent;
pub mod fault;
pub mod ledger;
pub mod notify;
pub mod oauth;
pub mod people;
pub mod quota;
#[cfg(test)]
pub(crate) mod rig;

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use http::{Request, Response};
use serde_json::Value;
use tributary_contract::Secret;

pub use fault::{Fault, Faults};
pub use ledger::{Fact, Ledger, Verdict};
pub use notify::{CallResult, Outbound};
pub use quota::{Limit, Quotas};

/// Nobody takes back what nobody can have looked at yet. Else a busy simulation deletes nothing but what was not even
/// fetched, and a deletion is never seen.
pub(crate) const BEFORE_A_DELETION: chrono::TimeDelta = chrono::TimeDelta::seconds(3);

/// A simulated provider cloud.
pub trait Sandbox: Send {
    /// The provider's key: `strava`.
    fn key(&self) -> &'static str;

    /// Lets the people live until `now`: data grows, notifications queue up.
    ///
    /// What happens depends on the seed and the time alone, not on how often this is called.
    fn advance(&mut self, now: DateTime<Utc>);

    /// Answers a request. Only path and query of its URI count, so that one socket can stand for all hosts.
    fn handle(&mut self, request: Request<Bytes>, now: DateTime<Utc>) -> Reaction;

    /// How the subscriber answered a [`Reaction::Call`]; gives the response to the request that caused it.
    fn called(&mut self, id: u64, result: &CallResult, now: DateTime<Utc>) -> Response<Bytes>;

    /// Notifications that are due, signed as documented. Each is handed out once and then waits for
    /// [`Sandbox::delivered`].
    fn outbox(&mut self, now: DateTime<Utc>) -> Vec<Outbound>;

    /// What became of a notification: the subscriber's status, or `None` when it gave no answer in time. What was
    /// not acknowledged comes again as documented.
    fn delivered(&mut self, id: u64, status: Option<u16>, now: DateTime<Utc>);

    /// Notifications that are neither acknowledged nor given up.
    fn pending(&self) -> usize;

    /// From now on people rest: [`Sandbox::advance`] adds nothing any more.
    fn stop_producing(&mut self);

    /// The provider's ids of all people, in the order of their numbers.
    fn accounts(&self) -> Vec<String>;

    /// The person takes consent back on the provider's own pages. False when there was none.
    fn withdraw(&mut self, account: &str, now: DateTime<Utc>) -> bool;

    /// The provider loses all subscriptions of the app without a word.
    fn forget_subscriptions(&mut self);

    /// What was produced.
    fn ledger(&self) -> &Ledger;

    /// What must be true of the newest version of a record, computed from what was simulated.
    fn facts(&self, entry: &ledger::Entry) -> Vec<Fact>;

    /// Whether a delivered record (Terra's JSON) agrees with what was produced.
    fn check(&self, account: &str, data_type: &str, natural_key: &str, record: &Value) -> Verdict {
        match self.ledger().get(account, data_type, natural_key) {
            None => Verdict::Unknown,
            Some(entry) if entry.deleted => Verdict::Deleted,
            Some(entry) => ledger::compare(&self.facts(entry), record),
        }
    }

    /// Scripted mischief.
    fn faults(&mut self) -> &mut Faults;

    /// What was asked and how it went.
    fn statistics(&self) -> Statistics;
}

/// What a host does with a request.
#[derive(Debug)]
pub enum Reaction {
    /// Send this.
    Answer(Response<Bytes>),
    /// First call this URL, then hand the outcome to [`Sandbox::called`] and send what that returns.
    Call(Outbound),
    /// Keep the connection open and never answer.
    Hang,
    /// Announce the whole response, send that many bytes of its body, and cut the connection. With `None` not even
    /// the status is sent.
    Cut {
        /// The response as it would have been.
        response: Response<Bytes>,
        /// Bytes of the body that still get through.
        after: Option<usize>,
    },
}

impl Reaction {
    /// The response, when it is a plain answer.
    pub fn answer(self) -> Option<Response<Bytes>> {
        match self {
            Self::Answer(response) => Some(response),
            Self::Call(_) | Self::Hang | Self::Cut { .. } => None,
        }
    }
}

/// How a simulated cloud behaves. The default is a handful of people and the documented quotas.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Everything random comes from it.
    pub seed: u64,
    /// People; their numbers run from 0.
    pub users: u32,
    /// Days of history that each person has when the simulation begins.
    pub history_days: u32,
    /// What each person produces while the simulation runs.
    pub live_records_per_user_per_minute: f64,
    /// OAuth client id of the one app.
    pub client_id: String,
    /// Its secret; also the key of signed notifications.
    pub client_secret: Secret<String>,
    /// Quotas; `None` for the documented ones.
    pub quotas: Option<Quotas>,
    /// Documents per page where the server decides.
    pub page_size: usize,
    /// Rows per page of a time series where the server decides.
    pub rows_per_page: usize,
    /// Seconds between two values of a day's MET series. Documented is 60, which makes up most of the payload.
    pub met_interval_seconds: u32,
    /// Most points of one activity's streams.
    pub stream_points: u32,
    /// Life of an access token; `None` for the documented one.
    pub access_token_lifetime: Option<Duration>,
    /// Pause before an unacknowledged notification comes again; `None` for the provider's own.
    pub notification_retry: Option<Duration>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            seed: 1,
            users: 10,
            history_days: 14,
            live_records_per_user_per_minute: 0.0,
            client_id: "sandbox".to_owned(),
            client_secret: Secret::from("sandbox-secret"),
            quotas: None,
            page_size: 50,
            rows_per_page: 1000,
            met_interval_seconds: 60,
            stream_points: 180,
            access_token_lifetime: None,
            notification_retry: None,
        }
    }
}

/// What was asked of a sandbox and how it went. Counts only.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Answers by route and status; 0 stands for requests that got none.
    pub requests: BTreeMap<(&'static str, u16), u64>,
    /// Calls beyond a quota. An engine that keeps to its budget causes none.
    pub quota_violations: u64,
    /// Injected faults that struck.
    pub faults: u64,
    /// Codes exchanged for tokens.
    pub grants: u64,
    /// Refreshes that gave a new access token.
    pub refreshes: u64,
    /// Refreshes with a token that had been rotated away.
    pub reused_refresh_tokens: u64,
    /// Deliveries tried.
    pub notifications_sent: u64,
    /// Deliveries acknowledged.
    pub notifications_acknowledged: u64,
    /// Notifications given up after the last try.
    pub notifications_lost: u64,
}

impl Statistics {
    /// All requests.
    pub fn total(&self) -> u64 {
        self.requests.values().sum()
    }

    /// With what consents and notifications have counted of themselves.
    pub(crate) fn with(&self, authority: &oauth::Authority, outbox: &notify::Outbox) -> Self {
        Self {
            grants: authority.exchanged,
            refreshes: authority.refreshed,
            reused_refresh_tokens: authority.reused,
            notifications_sent: outbox.sent,
            notifications_acknowledged: outbox.acknowledged,
            notifications_lost: outbox.lost,
            ..self.clone()
        }
    }

    /// Counts a request by what became of it.
    pub(crate) fn count(&mut self, route: &'static str, reaction: &Reaction) {
        let status = match reaction {
            Reaction::Answer(response) => response.status().as_u16(),
            Reaction::Call(_) | Reaction::Hang | Reaction::Cut { .. } => 0,
        };
        let counter = self.requests.entry((route, status)).or_default();
        *counter = counter.saturating_add(1);
    }
}

/// The even beat of live production: event `k` belongs to a fixed instant, whoever asks when.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    start: DateTime<Utc>,
    /// `None` when nobody produces anything.
    microseconds: Option<f64>,
    next: u32,
}

impl Pace {
    pub(crate) fn new(settings: &Settings, start: DateTime<Utc>) -> Self {
        let per_minute = f64::from(settings.users) * settings.live_records_per_user_per_minute;
        let microseconds = (per_minute > 0.0 && per_minute.is_finite()).then(|| 60e6 / per_minute);
        Self { start, microseconds, next: 0 }
    }

    /// When the next event falls, if ever.
    pub(crate) fn peek(&self) -> Option<DateTime<Utc>> {
        let microseconds = self.microseconds? * (f64::from(self.next) + 1.0);
        #[expect(
            clippy::cast_possible_truncation,
            reason = "saturates, and a time so far away is refused below"
        )]
        self.start.checked_add_signed(TimeDelta::microseconds(microseconds as i64))
    }

    /// Takes the next event: its number.
    pub(crate) const fn take(&mut self) -> u32 {
        let taken = self.next;
        self.next = self.next.saturating_add(1);
        taken
    }

    pub(crate) const fn stop(&mut self) {
        self.microseconds = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn live_events_fall_at_fixed_instants() {
        let settings = Settings { users: 4, live_records_per_user_per_minute: 3.0, ..Settings::default() };
        let mut pace = Pace::new(&settings, DateTime::UNIX_EPOCH);
        assert_eq!(pace.peek(), DateTime::from_timestamp(5, 0));
        assert_eq!((pace.take(), pace.take()), (0, 1));
        assert_eq!(pace.peek(), DateTime::from_timestamp(15, 0));
        pace.stop();
        assert_eq!(pace.peek(), None);
        assert_eq!(Pace::new(&Settings::default(), DateTime::UNIX_EPOCH).peek(), None);
    }
}
