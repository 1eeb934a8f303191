//! A simulated Oura: people who wear rings, one app that they let in.
//!
//! Answers come from the simulation in the documented shapes; the ledger says what must come out of them. It knows
//! nothing of the code that reads its answers. The ledger assumes that all scopes were granted.

mod answer;
mod collection;
mod day;
mod life;
mod moment;
mod night;
mod resource;
mod series;
mod subscription;
#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, NaiveDate, SecondsFormat, TimeDelta, Utc};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Request, Response};
use serde_json::{Value, json};

use crate::sandbox::call::{self, Call};
use crate::sandbox::ledger::Entry;
use crate::sandbox::notify::{Message, Outbox};
use crate::sandbox::oauth::{Authority, Rules};
use crate::sandbox::people::{Person, people};
use crate::sandbox::quota::{Counter, PerUser};
use crate::sandbox::{
    CallResult, Fact, Faults, Ledger, Limit, Outbound, Pace, Quotas, Reaction, Sandbox, Settings, Statistics,
};
use collection::{Collection, Subject, parse_id};
use life::Life;
use moment::{Kind, Moment};
use night::Sleep;
use subscription::Subscriptions;

/// What was documented formerly, for the app and, as it is counted now, for each token. Present values are not
/// published.
pub fn documented_quotas() -> Quotas {
    let limit = Limit::new(5_000, 5 * 60);
    Quotas { overall: vec![limit], read: Vec::new(), user: vec![limit] }
}

/// Oura waits that long for a subscriber.
const ACK_WITHIN: Duration = Duration::from_secs(10);
/// Deliveries of one event in total: the first and about ten more.
const TRIES: u32 = 11;
/// Pause between two of them. The real one is not documented.
const RETRY_AFTER: Duration = Duration::from_secs(60);

const ATHLETE: &str = "athlete";
const ACTIVITY: &str = "activity";
const SLEEP: &str = "sleep";
const DAILY: &str = "daily";
const BODY: &str = "body";

/// The block that each document has.
fn meta(updated: DateTime<Utc>, version: u32) -> Value {
    json!({"updated_at": updated.to_rfc3339_opts(SecondsFormat::Millis, false), "version": version})
}

/// The simulated Oura.
pub struct Cloud {
    settings: Settings,
    people: Vec<Person>,
    lives: Vec<Life>,
    /// When who gets up on which day.
    wakes: BinaryHeap<Reverse<(DateTime<Utc>, u32, NaiveDate)>>,
    pace: Pace,
    authority: Authority,
    app: Counter,
    users: PerUser,
    subscriptions: Subscriptions,
    outbox: Outbox,
    faults: Faults,
    ledger: Ledger,
    statistics: Statistics,
}

impl Cloud {
    /// A cloud whose people have lived their history before `start`.
    pub fn new(settings: Settings, start: DateTime<Utc>) -> Self {
        let rules = Rules {
            name: "Oura",
            separator: ' ',
            scopes: &[
                "email",
                "personal",
                "daily",
                "heartrate",
                "workout",
                "session",
                "tag",
                "spo2",
                "spo2Daily",
                "stress",
                "heart_health",
                "ring_configuration",
            ],
            scope_in_callback: true,
            lifetime: settings.access_token_lifetime.unwrap_or(Duration::from_secs(24 * 3600)),
            same_while_left: None,
            reuse_ends_grant: true,
        };
        let quotas = settings.quotas.clone().unwrap_or_else(documented_quotas);
        let mut cloud = Self {
            people: people(settings.seed, settings.users),
            lives: Vec::new(),
            wakes: BinaryHeap::new(),
            pace: Pace::new(&settings, start),
            authority: Authority::new(&settings, rules),
            app: Counter::new(&quotas.overall),
            users: PerUser::new(&quotas.user),
            subscriptions: Subscriptions::default(),
            outbox: Outbox::new(TRIES, settings.notification_retry.unwrap_or(RETRY_AFTER)),
            faults: Faults::default(),
            ledger: Ledger::default(),
            statistics: Statistics::default(),
            settings,
        };
        for person in 0..cloud.settings.users {
            cloud.live_history(person, start);
        }
        cloud
    }

    /// Queues an event about a document, if the app is subscribed and the person lets it in.
    fn tell(&mut self, event: &str, person: u32, name: &str, subject: Subject, now: DateTime<Utc>) {
        let Some(collection) = Collection::named(name) else { return };
        let Some(life) = self.lives.get(index(person)).filter(|_| self.authority.is_connected(person)) else {
            return;
        };
        let Some(url) = self.subscriptions.callback(event, collection.data_type, now) else { return };
        let body = json!({
            "event_type": event,
            "data_type": collection.data_type,
            "object_id": collection.id(person, subject),
            "event_time": now.to_rfc3339_opts(SecondsFormat::Secs, false),
            "user_id": life.user,
        });
        self.outbox.push(url, body.to_string(), now);
    }
}

fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn id_of(collection: &str, person: u32, subject: Subject) -> String {
    Collection::named(collection).map(|collection| collection.id(person, subject)).unwrap_or_default()
}

impl Sandbox for Cloud {
    fn key(&self) -> &'static str {
        "oura"
    }

    fn advance(&mut self, now: DateTime<Utc>) {
        loop {
            let wake = self.wakes.peek().map(|Reverse((at, ..))| *at).filter(|at| *at <= now);
            let live = self.pace.peek().filter(|at| *at <= now);
            match (wake, live) {
                (None, None) => return,
                (Some(wake), live) if live.is_none_or(|live| wake <= live) => {
                    if let Some(Reverse((at, person, date))) = self.wakes.pop() {
                        self.wake(person, date, at);
                    }
                }
                (_, Some(live)) => {
                    let event = self.pace.take();
                    self.live(event, live);
                }
                (Some(_), None) => return,
            }
        }
    }

    fn handle(&mut self, request: Request<Bytes>, now: DateTime<Utc>) -> Reaction {
        self.react(&Call::new(request), now)
    }

    fn called(&mut self, id: u64, result: &CallResult, _now: DateTime<Utc>) -> Response<Bytes> {
        self.subscriptions.answered(id, result)
    }

    fn outbox(&mut self, now: DateTime<Utc>) -> Vec<Outbound> {
        let timestamp = now.timestamp().to_string();
        let secret = self.settings.client_secret.expose();
        let send = |message: Message| {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            let signature = subscription::signature(secret, &timestamp, &message.body);
            call::set_header(&mut headers, "x-oura-timestamp", &timestamp);
            call::set_header(&mut headers, "x-oura-signature", &signature);
            message.post(headers, ACK_WITHIN)
        };
        self.outbox.due(now).into_iter().map(send).collect()
    }

    fn delivered(&mut self, id: u64, status: Option<u16>, now: DateTime<Utc>) {
        self.outbox.delivered(id, status, now);
    }

    fn pending(&self) -> usize {
        self.outbox.pending()
    }

    fn stop_producing(&mut self) {
        self.pace.stop();
        self.wakes.clear();
    }

    fn accounts(&self) -> Vec<String> {
        self.lives.iter().map(|life| life.user.clone()).collect()
    }

    fn withdraw(&mut self, account: &str, _now: DateTime<Utc>) -> bool {
        let person = self.people.iter().zip(&self.lives).find(|(_, life)| life.user == account);
        person.map(|(person, _)| person.number).is_some_and(|person| self.authority.withdraw(person))
    }

    fn forget_subscriptions(&mut self) {
        self.subscriptions.forget();
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
        if entry.data_type == ATHLETE {
            let person = self.people.get(usize::try_from(entry.subject).ok()?)?;
            return Some(vec![
                Fact::text("/provider_user_id", &*entry.account),
                Fact::number("/age", person.age),
                Fact::text("/sex", if person.female { "female" } else { "male" }),
            ]);
        }
        if entry.data_type == DAILY || entry.data_type == BODY {
            let place = usize::try_from(entry.subject >> 32).ok()?;
            let (person, life) = (self.people.get(place)?, self.lives.get(place)?);
            let day = life.day(entry.subject & u64::from(u32::MAX))?;
            let truth = day::Truth::of(person, day.date);
            if entry.data_type == BODY {
                return Some(truth.body_facts());
            }
            let tagged = |moment: &&Moment| moment.kind == Kind::Tag && moment.day(person) == day.date;
            let tags = life.moments.iter().filter(tagged).count();
            let midnight = |date| person.instant(date, 0);
            let rates = (day.date < life.settled).then(|| {
                series::heart_rates(person, midnight(day.date), midnight(day.date) + TimeDelta::days(1)).len()
            });
            return Some(truth.daily_facts(day, self.settings.met_interval_seconds, tags, rates));
        }
        let (number, _, subject) = parse_id(&entry.natural_key)?;
        let (person, life) = (self.people.get(index(number))?, self.lives.get(index(number))?);
        Some(match subject {
            Subject::Day(day) => {
                let date = life.day(day)?.date;
                let truth = day::Truth::of(person, date);
                let mut facts =
                    Sleep::night(person, date, truth.readiness()).facts(person, &entry.natural_key);
                facts.push(Fact::maybe("/scores/sleep", truth.sleep_score()));
                facts
            }
            Subject::Moment(moment) => {
                let known_from = person.instant(life.first, 0);
                life.moment(moment)?.facts(person, &entry.natural_key, known_from, life.synced)
            }
        })
    }
}
