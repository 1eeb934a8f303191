//! A simulated Concept2 logbook: people who row, ski and ride on ergometers, one app that they let in.
//!
//! Answers come from the simulation in the documented shapes; the ledger says what must come out of them. It knows
//! nothing of the code that reads its answers. People never delete a result: no record could follow that.

mod answer;
mod outcome;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Request, Response};
use serde_json::json;
use url::Url;

use crate::sandbox::call::{self, Call};
use crate::sandbox::ledger::Entry;
use crate::sandbox::notify::Outbox;
use crate::sandbox::oauth::{Authority, Rules};
use crate::sandbox::people::{Chance, Person, people};
use crate::sandbox::{
    CallResult, Fact, Faults, Ledger, Outbound, Pace, Reaction, Sandbox, Settings, Statistics,
};
use outcome::Outcome;

/// How long a subscriber has, how often it is told, and the pause in between: none of it is documented.
const ACK_WITHIN: Duration = Duration::from_secs(5);
const TRIES: u32 = 10;
const RETRY_AFTER: Duration = Duration::from_secs(60);

const ATHLETE: &str = "athlete";
const ACTIVITY: &str = "activity";

/// What dice are thrown for.
const HISTORY: u64 = 0x6832;
const LIVE: u64 = 0x6c32;

/// The id of user 0.
const FIRST_USER: u32 = 5_000;

fn user_id(number: u32) -> u32 {
    FIRST_USER.saturating_add(number)
}

fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

// ANCHOR: cloud
/// The simulated Concept2.
pub struct Cloud {
    settings: Settings,
    people: Vec<Person>,
    outcomes: Vec<Outcome>,
    pace: Pace,
    authority: Authority,
    /// Access tokens of requests that did not repeat the scope. They may not read results.
    narrow: HashSet<String>,
    /// What the app's developer entered as the address of notifications.
    webhook: Option<String>,
    outbox: Outbox,
    faults: Faults,
    ledger: Ledger,
    statistics: Statistics,
}
// ANCHOR_END: cloud

impl Cloud {
    /// A cloud whose people have lived their history before `start`.
    pub fn new(settings: Settings, start: DateTime<Utc>) -> Self {
        let rules = Rules {
            name: "Concept2",
            separator: ',',
            scopes: &["user:read", "user:write", "results:read", "results:write"],
            scope_in_callback: false,
            lifetime: settings.access_token_lifetime.unwrap_or(Duration::from_secs(604_800)),
            same_while_left: None,
            reuse_ends_grant: false,
        };
        let mut cloud = Self {
            people: people(settings.seed, settings.users),
            outcomes: Vec::new(),
            pace: Pace::new(&settings, start),
            authority: Authority::new(&settings, rules),
            narrow: HashSet::new(),
            webhook: None,
            outbox: Outbox::new(TRIES, settings.notification_retry.unwrap_or(RETRY_AFTER)),
            faults: Faults::default(),
            ledger: Ledger::default(),
            statistics: Statistics::default(),
            settings,
        };
        cloud.live_history(start);
        cloud
    }

    fn live_history(&mut self, start: DateTime<Utc>) {
        let mut rowed = Vec::new();
        for person in &self.people {
            let account = user_id(person.number).to_string();
            self.ledger.produced(&account, ATHLETE, ATHLETE, u64::from(person.number), start);
            for (day, number) in
                person.days_before(start, self.settings.history_days).into_iter().zip(0_u64..)
            {
                let mut dice = person.dice(HISTORY, number);
                for hours in [(6, 11), (15, 21)] {
                    let minute = i64::from(dice.between(hours.0 * 60, hours.1 * 60));
                    if dice.percent(person.workouts_per_ten_days * 10) {
                        let second = TimeDelta::seconds(i64::from(dice.between(0, 59)));
                        rowed.push((person.number, person.instant(day, minute) + second));
                    }
                }
            }
        }
        for (person, end) in rowed {
            self.record(person, end, start);
        }
    }

    /// Adds a result that ended then; gives its number.
    fn record(&mut self, person: u32, end: DateTime<Utc>, now: DateTime<Utc>) -> usize {
        let number = self.outcomes.len();
        let id = u32::try_from(number).unwrap_or(u32::MAX);
        let outcome = Outcome { number: id, person, end, changed: end, edits: 0 };
        let key = outcome.id().to_string();
        self.ledger.produced(&user_id(person).to_string(), ACTIVITY, &key, u64::from(id), now);
        self.outcomes.push(outcome);
        number
    }

    // ANCHOR: live
    /// One thing that happens while the simulation runs: a new result, sometimes a correction of one that was
    /// entered by hand.
    fn live(&mut self, event: u32, now: DateTime<Utc>) {
        let mut dice = Chance::of(&[self.settings.seed, LIVE, u64::from(event)]);
        let person = dice.between(0, self.settings.users.saturating_sub(1));
        let by_hand = |outcome: &Outcome| outcome.person == person && self.is_manual(outcome);
        let correct = dice.percent(20);
        match self.outcomes.iter().rposition(by_hand).filter(|_| correct) {
            Some(number) => {
                let Some(outcome) = self.outcomes.get_mut(number) else { return };
                outcome.edits = outcome.edits.saturating_add(1);
                outcome.changed = now;
                let (key, subject) = (outcome.id().to_string(), u64::from(outcome.number));
                self.ledger.produced(&user_id(person).to_string(), ACTIVITY, &key, subject, now);
                self.tell("result-updated", number, now);
            }
            None => {
                let end = DateTime::from_timestamp(now.timestamp(), 0).unwrap_or(now);
                let number = self.record(person, end, now);
                self.tell("result-added", number, now);
            }
        }
    }
    // ANCHOR_END: live

    /// Queues a notification, if somebody listens and the person lets the app in.
    fn tell(&mut self, kind: &str, number: usize, now: DateTime<Utc>) {
        let Some((outcome, webhook)) = self.outcomes.get(number).zip(self.webhook.as_ref()) else { return };
        if let (true, Some(result)) = (self.authority.is_connected(outcome.person), self.summary(outcome)) {
            let body = json!({"data": {"type": kind, "result": result}});
            self.outbox.push(webhook, body.to_string(), now);
        }
    }

    /// An app is registered with its callback and its address for notifications on one page; here the first
    /// callback that is used tells the other address, which the daemon names alike.
    fn register(&mut self, redirect: &str) {
        let notify = Url::parse(redirect).and_then(|url| url.join("/notify/concept2"));
        if let (None, Ok(url)) = (&self.webhook, notify) {
            self.webhook = Some(url.into());
        }
    }
}

impl Sandbox for Cloud {
    fn key(&self) -> &'static str {
        "concept2"
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

    fn called(&mut self, _id: u64, _result: &CallResult, _now: DateTime<Utc>) -> Response<Bytes> {
        call::empty(404)
    }

    fn outbox(&mut self, now: DateTime<Utc>) -> Vec<Outbound> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let due = self.outbox.due(now).into_iter();
        due.map(|message| message.post(headers.clone(), ACK_WITHIN)).collect()
    }

    fn delivered(&mut self, id: u64, status: Option<u16>, now: DateTime<Utc>) {
        self.outbox.delivered(id, status, now);
    }

    fn pending(&self) -> usize {
        self.outbox.pending()
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

    /// There are none: the address of notifications is part of the app.
    fn forget_subscriptions(&mut self) {}

    fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    fn facts(&self, entry: &Entry) -> Vec<Fact> {
        let Ok(number) = usize::try_from(entry.subject) else { return Vec::new() };
        if entry.data_type == ATHLETE {
            return self.people.get(number).map(outcome::person_facts).unwrap_or_default();
        }
        let Some(outcome) = self.outcomes.get(number) else { return Vec::new() };
        self.truth(outcome).map(|(person, truth)| truth.facts(outcome, person)).unwrap_or_default()
    }

    fn faults(&mut self) -> &mut Faults {
        &mut self.faults
    }

    fn statistics(&self) -> Statistics {
        self.statistics.with(&self.authority, &self.outbox)
    }
}
