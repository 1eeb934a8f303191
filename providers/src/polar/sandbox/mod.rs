//! A simulated Polar: people who wear watches, sync them now and then, and one app that they let in.
//!
//! Answers come from the simulation in the documented shapes; the ledger says what must come out of them. It knows
//! nothing of the code that reads its answers. Nothing that was uploaded before the registration can be read.

mod answer;
mod body;
mod day;
mod exercise;
mod life;
mod night;
mod resource;
#[cfg(test)]
mod tests;
mod webhook;

use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Datelike as _, NaiveDate, Utc};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Request, Response};

use crate::sandbox::call::{self, Call};
use crate::sandbox::ledger::Entry;
use crate::sandbox::notify::{Message, Outbox};
use crate::sandbox::oauth::{Authority, Rules};
use crate::sandbox::people::{Person, people};
use crate::sandbox::quota::Counter;
use crate::sandbox::{
    CallResult, Fact, Faults, Ledger, Limit, Outbound, Pace, Quotas, Reaction, Sandbox, Settings, Statistics,
};
use exercise::Exercise;
use life::Life;
use webhook::Webhooks;

/// The documented quotas of an app with that many users.
pub fn documented_quotas(users: u32) -> Quotas {
    let overall = vec![Limit::new(500 + 20 * users, 15 * 60), Limit::new(5_000 + 100 * users, 24 * 3600)];
    Quotas { overall, read: Vec::new(), user: Vec::new() }
}

/// How long Polar waits for a subscriber is not documented.
const ACK_WITHIN: Duration = Duration::from_secs(5);
/// How often an event is tried, and how long after, is not documented either.
const TRIES: u32 = 20;
const RETRY_AFTER: Duration = Duration::from_secs(60);

const ATHLETE: &str = "athlete";
const ACTIVITY: &str = "activity";
const SLEEP: &str = "sleep";
const DAILY: &str = "daily";
const BODY: &str = "body";

/// The id of person 0.
const FIRST_USER: u32 = 10_000_000;

fn user_id(number: u32) -> u32 {
    FIRST_USER.saturating_add(number)
}

fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// A day of one person as a number, and back.
fn subject(person: u32, date: NaiveDate) -> u64 {
    u64::from(person) << 32 | u64::from(date.num_days_from_ce().unsigned_abs())
}

fn date_of(subject: u64) -> Option<NaiveDate> {
    NaiveDate::from_num_days_from_ce_opt(i32::try_from(subject & u64::from(u32::MAX)).ok()?)
}

/// The simulated Polar.
pub struct Cloud {
    settings: Settings,
    people: Vec<Person>,
    lives: Vec<Life>,
    exercises: Vec<Exercise>,
    pace: Pace,
    authority: Authority,
    app: Counter,
    webhooks: Webhooks,
    outbox: Outbox,
    faults: Faults,
    ledger: Ledger,
    statistics: Statistics,
}

impl Cloud {
    /// A cloud whose people have lived their history before `start`. They sync their watches when they register.
    pub fn new(settings: Settings, start: DateTime<Utc>) -> Self {
        let rules = Rules {
            name: "Polar",
            separator: ' ',
            scopes: &["accesslink.read_all"],
            scope_in_callback: false,
            lifetime: settings.access_token_lifetime.unwrap_or(Duration::from_secs(315_359_999)),
            same_while_left: None,
            reuse_ends_grant: false,
        };
        let quotas = settings.quotas.clone().unwrap_or_else(|| documented_quotas(settings.users));
        let people = people(settings.seed, settings.users);
        Self {
            lives: people.iter().map(|_| Life::default()).collect(),
            people,
            exercises: Vec::new(),
            pace: Pace::new(&settings, start),
            authority: Authority::new(&settings, rules),
            app: Counter::new(&quotas.overall),
            webhooks: Webhooks::new(settings.seed),
            outbox: Outbox::new(TRIES, settings.notification_retry.unwrap_or(RETRY_AFTER)),
            faults: Faults::default(),
            ledger: Ledger::default(),
            statistics: Statistics::default(),
            settings,
        }
    }
}

impl Sandbox for Cloud {
    fn key(&self) -> &'static str {
        "polar"
    }

    fn advance(&mut self, now: DateTime<Utc>) {
        while let Some(at) = self.pace.peek().filter(|at| *at <= now) {
            let event = self.pace.take();
            self.live(event, at);
        }
    }

    fn handle(&mut self, request: Request<Bytes>, now: DateTime<Utc>) -> Reaction {
        self.react(&Call::new(request), now)
    }

    fn called(&mut self, id: u64, result: &CallResult, _now: DateTime<Utc>) -> Response<Bytes> {
        self.webhooks.pinged(id, result)
    }

    fn outbox(&mut self, now: DateTime<Utc>) -> Vec<Outbound> {
        let Some(key) = self.webhooks.key().map(str::to_owned) else { return Vec::new() };
        let send = |message: Message| {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            let signature = webhook::signature(&key, &message.body);
            call::set_header(&mut headers, "polar-webhook-signature", &signature);
            let event = serde_json::from_slice::<serde_json::Value>(&message.body).ok();
            let event = event.as_ref().and_then(|event| event.get("event")?.as_str());
            call::set_header(&mut headers, "polar-webhook-event", event.unwrap_or_default());
            message.post(headers, ACK_WITHIN)
        };
        self.outbox.due(now).into_iter().map(send).collect()
    }

    fn delivered(&mut self, id: u64, status: Option<u16>, now: DateTime<Utc>) {
        let status = status.filter(|status| *status == 200);
        self.webhooks.delivered(status.is_some(), now);
        self.outbox.delivered(id, status, now);
    }

    fn pending(&self) -> usize {
        // Without a webhook nothing is on its way to anybody.
        if self.webhooks.key().is_some() { self.outbox.pending() } else { 0 }
    }

    fn stop_producing(&mut self) {
        self.pace.stop();
    }

    fn accounts(&self) -> Vec<String> {
        self.people.iter().map(|person| user_id(person.number).to_string()).collect()
    }

    fn withdraw(&mut self, account: &str, _now: DateTime<Utc>) -> bool {
        let number = account.parse::<u32>().ok().and_then(|id| id.checked_sub(FIRST_USER));
        number.is_some_and(|number| self.authority.withdraw(number))
    }

    fn forget_subscriptions(&mut self) {
        self.webhooks.forget();
    }

    fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    fn facts(&self, entry: &Entry) -> Vec<Fact> {
        self.facts_of(entry).unwrap_or_default()
    }

    fn faults(&mut self) -> &mut Faults {
        &mut self.faults
    }

    fn statistics(&self) -> Statistics {
        self.statistics.with(&self.authority, &self.outbox)
    }
}

impl Cloud {
    fn facts_of(&self, entry: &Entry) -> Option<Vec<Fact>> {
        if entry.data_type == ACTIVITY {
            let exercise = self.exercises.get(usize::try_from(entry.subject).ok()?)?;
            let person = self.people.get(index(exercise.person))?;
            return Some(exercise::Truth::of(exercise, person, self.settings.stream_points).facts());
        }
        let number = u32::try_from(entry.subject >> 32).ok()?;
        let (person, life) = (self.people.get(index(number))?, self.lives.get(index(number))?);
        if entry.data_type == ATHLETE {
            return Some(vec![
                Fact::text("/provider_user_id", &*entry.account),
                Fact::text("/first_name", person.first_name),
                Fact::text("/last_name", person.last_name),
                Fact::text("/gender", resource::gender(person)),
                Fact::date("/date_of_birth", resource::birthday(person)),
            ]);
        }
        let date = date_of(entry.subject)?;
        Some(match entry.data_type {
            SLEEP => night::Truth::of(person, date).facts(),
            DAILY => {
                let until = *life.days.get(&date)?;
                day::Truth::of(person, date, until, self.settings.met_interval_seconds).facts()
            }
            _ => body::facts(person, life, date),
        })
    }
}
