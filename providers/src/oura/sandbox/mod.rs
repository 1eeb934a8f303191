//! A simulated Oura: people who wear rings, one app that they let in.
//!
//! Answers come from the simulation in the documented shapes; the ledger says what must come out of them. It knows
//! nothing of the code that reads its answers. The ledger assumes that all scopes were granted.

mod answer;
mod collection;
mod day;
mod moment;
mod night;
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
use http::{HeaderMap, HeaderValue, Method, Request, Response};
use serde_json::{Value, json};

use crate::sandbox::call::{self, Call};
use crate::sandbox::ledger::Entry;
use crate::sandbox::notify::{Message, Outbox};
use crate::sandbox::oauth::{Authority, Rules};
use crate::sandbox::people::{Chance, Person, people};
use crate::sandbox::quota::{Counter, PerUser};
use crate::sandbox::{
    CallResult, Fact, Faults, Ledger, Limit, Outbound, Pace, Quotas, Reaction, Sandbox, Settings, Statistics,
};
use collection::{Collection, OF_DAYS, Subject, parse_id, user_id};
use day::Day;
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

/// What dice are thrown for.
const HISTORY: u64 = 0x48;
const LIVE: u64 = 0x4c;

/// The block that each document has.
fn meta(updated: DateTime<Utc>, version: u32) -> Value {
    json!({"updated_at": updated.to_rfc3339_opts(SecondsFormat::Millis, false), "version": version})
}

/// What happened to one person.
#[derive(Debug)]
struct Life {
    user: String,
    /// The first day of which anything is known.
    first: NaiveDate,
    /// Days before this one had been told to the end when the simulation began.
    settled: NaiveDate,
    /// Until when the ring has told the heart rate.
    synced: DateTime<Utc>,
    days: Vec<Day>,
    moments: Vec<Moment>,
}

impl Life {
    fn day(&self, number: u64) -> Option<&Day> {
        let first = night::number(self.first);
        self.days.get(usize::try_from(number.checked_sub(first)?).ok()?)
    }

    fn day_mut(&mut self, date: NaiveDate) -> Option<&mut Day> {
        let place = usize::try_from((date - self.first).num_days()).ok()?;
        self.days.get_mut(place)
    }

    fn moment(&self, number: u32) -> Option<&Moment> {
        self.moments.get(index(number))
    }
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

    fn live_history(&mut self, number: u32, start: DateTime<Utc>) {
        let Some(person) = self.people.get(index(number)) else { return };
        let today = person.wall_clock(start).date();
        let awake = Sleep::wakes(person, today) <= start;
        let synced = if awake { start } else { person.instant(today, 0) };
        let dates = person.days_before(start, self.settings.history_days);
        let next = if awake { today.succ_opt().unwrap_or(today) } else { today };
        let mut life = Life {
            user: user_id(number, person.seed),
            first: dates.first().copied().unwrap_or(today),
            settled: today,
            synced,
            days: Vec::new(),
            moments: Vec::new(),
        };
        for date in &dates {
            life.moments_of(person, *date);
        }
        for date in dates.into_iter().chain(awake.then_some(today)) {
            let updated = day::over(person, date).min(synced);
            life.days.push(Day { date, updated, woken: true, version: 1 });
        }
        self.wakes.push(Reverse((Sleep::wakes(person, next), number, next)));

        self.ledger.produced(&life.user, ATHLETE, ATHLETE, u64::from(number), start);
        let dates: Vec<NaiveDate> = life.days.iter().map(|day| day.date).collect();
        let moments = u32::try_from(life.moments.len()).unwrap_or(u32::MAX);
        self.lives.push(life);
        for date in dates {
            self.produced_day(number, DAILY, date, start);
            self.produced_night(number, date, start);
        }
        for moment in 0..moments {
            self.produced_moment(number, moment, start);
        }
    }

    fn produced_day(&mut self, person: u32, data_type: &'static str, date: NaiveDate, at: DateTime<Utc>) {
        let Some(life) = self.lives.get(index(person)) else { return };
        let subject = u64::from(person) << 32 | night::number(date);
        self.ledger.produced(&life.user, data_type, &date.to_string(), subject, at);
    }

    /// A night and what is measured in it.
    fn produced_night(&mut self, person: u32, date: NaiveDate, at: DateTime<Utc>) {
        let (Some(who), Some(life)) = (self.people.get(index(person)), self.lives.get(index(person))) else {
            return;
        };
        let id = id_of("sleep", person, Subject::Day(night::number(date)));
        self.ledger.produced(&life.user, SLEEP, &id, 0, at);
        if day::Truth::of(who, date).has_body() {
            self.produced_day(person, BODY, date, at);
        }
    }

    fn produced_moment(&mut self, person: u32, number: u32, at: DateTime<Utc>) {
        let Some(life) = self.lives.get(index(person)) else { return };
        let Some(moment) = life.moment(number) else { return };
        let id = id_of(moment.kind.collection(), person, Subject::Moment(number));
        let subject = u64::from(number);
        match moment.kind {
            Kind::Workout | Kind::Session => self.ledger.produced(&life.user, ACTIVITY, &id, subject, at),
            Kind::Nap => self.ledger.produced(&life.user, SLEEP, &id, subject, at),
            Kind::Tag => {}
        }
    }

    /// A person gets up: the night is known, the day before is over.
    fn wake(&mut self, number: u32, date: NaiveDate, now: DateTime<Utc>) {
        let Some(person) = self.people.get(index(number)).cloned() else { return };
        let next = date.succ_opt().unwrap_or(date);
        self.wakes.push(Reverse((Sleep::wakes(&person, next), number, next)));
        if let Some(before) = date.pred_opt() {
            self.grow_day(number, before, day::over(&person, before), now);
        }
        self.begin_days(number, date, now);
        if let Some(day) = self.lives.get_mut(index(number)).and_then(|life| life.day_mut(date)) {
            day.woken = true;
        }
        self.grow_day(number, date, now, now);
        self.produced_night(number, date, now);
        let subject = Subject::Day(night::number(date));
        self.tell("create", number, "sleep", subject, now);
        let has_vo2_max = day::Truth::of(&person, date).has_vo2_max();
        for name in OF_DAYS {
            let told =
                matches!(name, "daily_activity" | "daily_stress") || (name == "vO2_max" && !has_vo2_max);
            if !told {
                self.tell("create", number, name, subject, now);
            }
        }
    }

    /// Makes sure that the books hold every day up to that one. The ring was synced just now.
    fn begin_days(&mut self, number: u32, date: NaiveDate, now: DateTime<Utc>) {
        let mut begun = Vec::new();
        if let Some(life) = self.lives.get_mut(index(number)) {
            life.synced = now;
            loop {
                let next = life.days.last().map_or(Some(life.first), |day| day.date.succ_opt());
                let Some(next) = next.filter(|next| *next <= date) else { break };
                life.days.push(Day { date: next, updated: now, woken: false, version: 1 });
                begun.push(next);
            }
        }
        for date in begun {
            self.produced_day(number, DAILY, date, now);
            for name in ["daily_activity", "daily_stress"] {
                self.tell("create", number, name, Subject::Day(night::number(date)), now);
            }
        }
    }

    /// A day's activity is now known until `until`.
    fn grow_day(&mut self, number: u32, date: NaiveDate, until: DateTime<Utc>, now: DateTime<Utc>) {
        let day = self.lives.get_mut(index(number)).and_then(|life| life.day_mut(date));
        let Some(day) = day.filter(|day| day.updated < until) else { return };
        day.updated = until;
        day.version = day.version.saturating_add(1);
        self.produced_day(number, DAILY, date, now);
        for name in ["daily_activity", "daily_stress"] {
            self.tell("update", number, name, Subject::Day(night::number(date)), now);
        }
    }

    /// One thing that happens while the simulation runs.
    fn live(&mut self, event: u32, now: DateTime<Utc>) {
        let mut dice = Chance::of(&[self.settings.seed, LIVE, u64::from(event)]);
        let number = dice.between(0, self.settings.users.saturating_sub(1));
        let Some(person) = self.people.get(index(number)) else { return };
        let today = person.wall_clock(now).date();
        self.begin_days(number, today, now);
        let latest = |kinds: &[Kind]| {
            let moments =
                self.lives.get(index(number)).map(|life| life.moments.as_slice()).unwrap_or_default();
            let recent = moments.iter().rev().take_while(|moment| now - moment.end() < TimeDelta::hours(12));
            recent
                .filter(|moment| !moment.gone && kinds.contains(&moment.kind))
                .map(|moment| moment.number)
                .next()
        };
        let (edited, deleted) = (latest(&[Kind::Workout]), latest(&[Kind::Workout, Kind::Nap]));
        match (dice.between(1, 100), edited, deleted) {
            (1..=40, ..) => self.happen(number, Kind::Workout, dice.between(20, 90), now),
            (41..=60, ..) => self.happen(number, Kind::Session, dice.between(3, 20), now),
            (61..=75, ..) => self.happen(number, Kind::Nap, dice.between(20, 90), now),
            (76..=79, Some(moment), _) => self.change(number, moment, false, now),
            (80..=81, _, Some(moment)) => self.change(number, moment, true, now),
            _ => self.grow_day(number, today, now, now),
        }
    }

    /// Something of that many minutes ended just now.
    fn happen(&mut self, number: u32, kind: Kind, minutes: u32, now: DateTime<Utc>) {
        let seconds = minutes * 60;
        let end = now.timestamp().div_euclid(60) * 60 - 53;
        let start = DateTime::from_timestamp(end - i64::from(seconds), 0).unwrap_or(now);
        let Some(life) = self.lives.get_mut(index(number)) else { return };
        let moment = life.add(kind, start, seconds, now);
        self.produced_moment(number, moment, now);
        self.tell("create", number, kind.collection(), Subject::Moment(moment), now);
    }

    /// A moment gets another label, or is deleted.
    fn change(&mut self, number: u32, moment: u32, delete: bool, now: DateTime<Utc>) {
        let Some(life) = self.lives.get_mut(index(number)) else { return };
        let Some(found) = life.moments.get_mut(index(moment)) else { return };
        found.updated = now;
        found.gone = delete;
        let kind = found.kind;
        let subject = Subject::Moment(moment);
        if delete {
            let data_type = if kind == Kind::Nap { SLEEP } else { ACTIVITY };
            self.ledger.deleted(&life.user, data_type, &id_of(kind.collection(), number, subject), now);
            self.tell("delete", number, kind.collection(), subject, now);
        } else {
            found.edits = found.edits.saturating_add(1);
            self.produced_moment(number, moment, now);
            self.tell("update", number, kind.collection(), subject, now);
        }
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

impl Life {
    fn add(&mut self, kind: Kind, start: DateTime<Utc>, seconds: u32, updated: DateTime<Utc>) -> u32 {
        let number = u32::try_from(self.moments.len()).unwrap_or(u32::MAX);
        self.moments.push(Moment { kind, number, start, seconds, edits: 0, gone: false, updated });
        number
    }

    /// What happened on a day of history. Seconds are chosen beside the grid of the heart rate.
    fn moments_of(&mut self, person: &Person, date: NaiveDate) {
        let mut dice = person.dice(HISTORY, night::number(date));
        let plan = [
            (Kind::Session, 40, 11 * 60, 3, 20),
            (Kind::Nap, 15, 13 * 60, 20, 80),
            (Kind::Workout, person.workouts_per_ten_days * 10, 17 * 60, 20, 100),
            (Kind::Tag, 30, 21 * 60, 0, 0),
        ];
        for (kind, percent, minute, shortest, longest) in plan {
            let (late, minutes) = (dice.between(0, 90), dice.between(shortest, longest));
            if dice.percent(percent) {
                let start = person.instant(date, minute + i64::from(late)) + TimeDelta::seconds(7);
                let end = start + TimeDelta::minutes(i64::from(minutes));
                self.add(kind, start, minutes * 60, end);
            }
        }
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
            let (id, url, body) = (message.id, message.url, message.body);
            Outbound { id, method: Method::POST, url, headers, body, within: ACK_WITHIN }
        };
        self.outbox.due(now).into_iter().map(send).collect()
    }

    fn delivered(&mut self, id: u64, status: Option<u16>, now: DateTime<Utc>) {
        self.outbox.delivered(id, status, now);
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
        Statistics {
            grants: self.authority.exchanged,
            refreshes: self.authority.refreshed,
            reused_refresh_tokens: self.authority.reused,
            notifications_sent: self.outbox.sent,
            notifications_acknowledged: self.outbox.acknowledged,
            notifications_lost: self.outbox.lost,
            ..self.statistics.clone()
        }
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
