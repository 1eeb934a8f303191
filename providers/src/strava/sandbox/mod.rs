//! A simulated Strava: athletes who train, one app that they let in.
//!
//! Answers come from the simulation in the documented shapes; the ledger says what must come out of them. It knows
//! nothing of the code that reads its answers. The ledger assumes that the app was granted `activity:read_all`.

mod activity;
mod answer;
mod athlete;
mod lap;
mod sport;
mod stream;
mod subscription;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Request, Response};
use serde_json::{Value, json};

use crate::sandbox::call::Call;
use crate::sandbox::ledger::Entry;
use crate::sandbox::notify::Outbox;
use crate::sandbox::oauth::{Authority, Rules};
use crate::sandbox::people::{Chance, Person, people};
use crate::sandbox::quota::Counter;
use crate::sandbox::{
    BEFORE_A_DELETION, CallResult, Fact, Faults, Ledger, Limit, Outbound, Pace, Quotas, Reaction, Sandbox,
    Settings, Statistics,
};
use activity::{Activity, Truth};

/// The documented quotas of an app for one to ten athletes.
pub fn documented_quotas() -> Quotas {
    Quotas {
        overall: vec![Limit::new(200, 15 * 60), Limit::new(2_000, 24 * 3600)],
        read: vec![Limit::new(100, 15 * 60), Limit::new(1_000, 24 * 3600)],
        user: Vec::new(),
    }
}

/// Strava waits that long for a subscriber.
const ACK_WITHIN: Duration = Duration::from_secs(2);
/// Deliveries of one event in total.
const TRIES: u32 = 3;
/// The second try was seen about two minutes after the first; nothing is known about the third.
const RETRY_AFTER: Duration = Duration::from_secs(120);

const ATHLETE: &str = "athlete";
const ACTIVITY: &str = "activity";

/// What dice are thrown for.
const HISTORY: u64 = 0x68;
const LIVE: u64 = 0x6c;
const PRIVACY: u64 = 0x70;

/// The id of athlete 0.
const FIRST_ATHLETE: u32 = 41_000_000;

fn athlete_id(number: u32) -> u32 {
    FIRST_ATHLETE.saturating_add(number)
}

/// The one subscription of the app.
struct Subscription {
    id: u64,
    callback_url: String,
    created: DateTime<Utc>,
}

/// A subscription whose callback is being tried.
struct Handshake {
    callback_url: String,
    challenge: String,
}

/// The simulated Strava.
pub struct Cloud {
    settings: Settings,
    people: Vec<Person>,
    activities: Vec<Activity>,
    /// Numbers of each person's activities, by start.
    by_person: Vec<Vec<u32>>,
    /// Activities from this number on were recorded while the simulation ran.
    first_live: u32,
    pace: Pace,
    authority: Authority,
    overall: Counter,
    read: Counter,
    subscription: Option<Subscription>,
    subscriptions_made: u64,
    handshakes: HashMap<u64, Handshake>,
    outbox: Outbox,
    faults: Faults,
    ledger: Ledger,
    statistics: Statistics,
}

impl Cloud {
    /// A cloud whose people have lived their history before `start`.
    pub fn new(settings: Settings, start: DateTime<Utc>) -> Self {
        let rules = Rules {
            name: "Strava",
            separator: ',',
            scopes: &[
                "read",
                "read_all",
                "profile:read_all",
                "profile:write",
                "activity:read",
                "activity:read_all",
                "activity:write",
            ],
            scope_in_callback: true,
            lifetime: settings.access_token_lifetime.unwrap_or(Duration::from_secs(6 * 3600)),
            same_while_left: Some(Duration::from_secs(3600)),
            reuse_ends_grant: false,
        };
        let quotas = settings.quotas.clone().unwrap_or_else(documented_quotas);
        let mut cloud = Self {
            people: people(settings.seed, settings.users),
            activities: Vec::new(),
            by_person: Vec::new(),
            first_live: 0,
            pace: Pace::new(&settings, start),
            authority: Authority::new(&settings, rules),
            overall: Counter::new(&quotas.overall),
            read: Counter::new(&quotas.read),
            subscription: None,
            subscriptions_made: 0,
            handshakes: HashMap::new(),
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
        self.by_person.resize(self.people.len(), Vec::new());
        let mut recorded = Vec::new();
        for person in &self.people {
            let account = athlete_id(person.number).to_string();
            self.ledger.produced(&account, ATHLETE, ATHLETE, u64::from(person.number), start);
            for (day, number) in
                person.days_before(start, self.settings.history_days).into_iter().zip(0_u64..)
            {
                let mut dice = person.dice(HISTORY, number);
                let mut minute = i64::from(dice.between(5 * 60, 10 * 60));
                for _ in 0..2 {
                    if !dice.percent(person.workouts_per_ten_days * 9) {
                        continue;
                    }
                    let begin =
                        person.instant(day, minute) + TimeDelta::seconds(i64::from(dice.between(0, 59)));
                    recorded.push((person.number, begin, dice.between(20 * 60, 130 * 60)));
                    minute += i64::from(dice.between(3 * 60, 11 * 60));
                }
            }
        }
        for (person, begin, elapsed) in recorded {
            self.record(person, begin, elapsed, start);
        }
        self.first_live = u32::try_from(self.activities.len()).unwrap_or(u32::MAX);
    }

    /// Adds an activity; gives its number.
    fn record(&mut self, person: u32, start: DateTime<Utc>, elapsed: u32, now: DateTime<Utc>) -> u32 {
        let number = u32::try_from(self.activities.len()).unwrap_or(u32::MAX);
        let only_me = Chance::of(&[self.settings.seed, PRIVACY, u64::from(number)]).percent(4);
        let activity = Activity { number, person, start, elapsed, edits: 0, only_me, gone: false };
        let account = athlete_id(person).to_string();
        self.ledger.produced(&account, ACTIVITY, &activity.id().to_string(), u64::from(number), now);
        self.activities.push(activity);
        let activities = &self.activities;
        let order =
            |number: &u32| activities.get(index(*number)).map(|activity| (activity.start, activity.number));
        if let Some(list) = self.by_person.get_mut(index(person)) {
            let at = list.partition_point(|other| order(other) < Some((start, number)));
            list.insert(at, number);
        }
        number
    }

    /// One thing that happens while the simulation runs: a new activity, sometimes a new title, rarely a deletion.
    fn live(&mut self, event: u32, now: DateTime<Utc>) {
        let mut dice = Chance::of(&[self.settings.seed, LIVE, u64::from(event)]);
        let person = dice.between(0, self.settings.users.saturating_sub(1));
        let mine = self.by_person.get(index(person)).map(Vec::as_slice).unwrap_or_default();
        let live = || mine.iter().copied().filter(|number| *number >= self.first_live);
        let (latest, seen) = (live().max(), live().filter(|number| self.can_be_known(*number, now)).max());
        match (dice.between(1, 100), latest, seen) {
            (1..=10, Some(number), _) => self.edit(number, now),
            (11..=12, _, Some(number)) => self.delete(number, now),
            _ => {
                let elapsed = dice.between(20 * 60, 90 * 60);
                let begin = now - TimeDelta::seconds(i64::from(elapsed));
                let begin = DateTime::from_timestamp(begin.timestamp(), 0).unwrap_or(begin);
                let number = self.record(person, begin, elapsed, now);
                self.tell("create", number, &json!({}), now);
            }
        }
    }

    fn can_be_known(&self, number: u32, now: DateTime<Utc>) -> bool {
        let Some(activity) = self.activities.get(index(number)) else { return false };
        let account = athlete_id(activity.person).to_string();
        let entry = self.ledger.get(&account, ACTIVITY, &activity.id().to_string());
        entry.is_some_and(|entry| now - entry.produced_at >= BEFORE_A_DELETION)
    }

    fn edit(&mut self, number: u32, now: DateTime<Utc>) {
        let Some(activity) = self.activities.get_mut(index(number)) else { return };
        activity.edits = activity.edits.saturating_add(1);
        let activity = activity.clone();
        let account = athlete_id(activity.person).to_string();
        self.ledger.produced(&account, ACTIVITY, &activity.id().to_string(), u64::from(number), now);
        let title = self.truth(&activity).map(|(_, truth)| truth.title(&activity));
        self.tell("update", number, &json!({ "title": title }), now);
    }

    fn delete(&mut self, number: u32, now: DateTime<Utc>) {
        let Some(activity) = self.activities.get_mut(index(number)) else { return };
        activity.gone = true;
        let (person, id) = (activity.person, activity.id().to_string());
        if let Some(list) = self.by_person.get_mut(index(person)) {
            list.retain(|other| *other != number);
        }
        self.ledger.deleted(&athlete_id(person).to_string(), ACTIVITY, &id, now);
        self.tell("delete", number, &json!({}), now);
    }

    /// Queues an event about an activity, if the app is subscribed and its owner lets the app in.
    fn tell(&mut self, aspect: &str, number: u32, updates: &Value, now: DateTime<Utc>) {
        let Some(activity) = self.activities.get(index(number)) else { return };
        let (person, id) = (activity.person, activity.id());
        if self.authority.is_connected(person) {
            self.queue((ACTIVITY, id), person, aspect, updates, now);
        }
    }

    fn queue(
        &mut self,
        (kind, id): (&str, u64),
        person: u32,
        aspect: &str,
        updates: &Value,
        now: DateTime<Utc>,
    ) {
        let Some(subscription) = &self.subscription else { return };
        let event = json!({
            "aspect_type": aspect,
            "event_time": now.timestamp(),
            "object_id": id,
            "object_type": kind,
            "owner_id": athlete_id(person),
            "subscription_id": subscription.id,
            "updates": updates,
        });
        self.outbox.push(&subscription.callback_url, event.to_string(), now);
    }

    fn truth(&self, activity: &Activity) -> Option<(&Person, Truth)> {
        let person = self.people.get(index(activity.person))?;
        Some((person, Truth::of(activity, person, self.settings.stream_points)))
    }
}

fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

impl Sandbox for Cloud {
    fn key(&self) -> &'static str {
        "strava"
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

    fn called(&mut self, id: u64, result: &CallResult, now: DateTime<Utc>) -> Response<Bytes> {
        self.handshake_answered(id, result, now)
    }

    fn outbox(&mut self, now: DateTime<Utc>) -> Vec<Outbound> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let due = self.outbox.due(now).into_iter();
        due.map(|message| message.post(headers.clone(), ACK_WITHIN)).collect()
    }

    fn delivered(&mut self, id: u64, status: Option<u16>, now: DateTime<Utc>) {
        // Only 200 acknowledges an event.
        self.outbox.delivered(id, status.filter(|status| *status == 200), now);
    }

    fn pending(&self) -> usize {
        self.outbox.pending()
    }

    fn stop_producing(&mut self) {
        self.pace.stop();
    }

    fn accounts(&self) -> Vec<String> {
        self.people.iter().map(|person| athlete_id(person.number).to_string()).collect()
    }

    fn withdraw(&mut self, account: &str, now: DateTime<Utc>) -> bool {
        let number = account.parse::<u32>().ok().and_then(|id| id.checked_sub(FIRST_ATHLETE));
        let Some(person) = number.filter(|number| self.authority.withdraw(*number)) else { return false };
        let owner = u64::from(athlete_id(person));
        self.queue((ATHLETE, owner), person, "update", &json!({"authorized": "false"}), now);
        true
    }

    fn forget_subscriptions(&mut self) {
        self.subscription = None;
    }

    fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    fn facts(&self, entry: &Entry) -> Vec<Fact> {
        let Ok(number) = usize::try_from(entry.subject) else { return Vec::new() };
        if entry.data_type == ATHLETE {
            return self.people.get(number).map(athlete::facts).unwrap_or_default();
        }
        let Some(activity) = self.activities.get(number) else { return Vec::new() };
        self.truth(activity).map(|(person, truth)| truth.facts(activity, person)).unwrap_or_default()
    }

    fn faults(&mut self) -> &mut Faults {
        &mut self.faults
    }

    fn statistics(&self) -> Statistics {
        self.statistics.with(&self.authority, &self.outbox)
    }
}
