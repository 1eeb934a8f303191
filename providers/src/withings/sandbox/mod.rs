//! A simulated Withings: people with scales, watches and mats, and one app that they let in.
//!
//! Answers come from the simulation in the documented shapes, refusals as a status inside a 200; the ledger says what
//! must come out of them. It knows nothing of the code that reads its answers.

mod answer;
mod document;
mod fact;
mod life;
mod sign;
mod subscription;
#[cfg(test)]
mod tests;

use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Datelike as _, NaiveDate, TimeDelta, Utc};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Request, Response};

use crate::sandbox::call::Call;
use crate::sandbox::ledger::Entry;
use crate::sandbox::notify::Outbox;
use crate::sandbox::oauth::{Authority, Rules};
use crate::sandbox::people::{Chance, Person, people};
use crate::sandbox::quota::Counter;
use crate::sandbox::{
    CallResult, Fact, Faults, Ledger, Limit, Outbound, Pace, Quotas, Reaction, Sandbox, Settings, Statistics,
};
use life::{Group, Life, Reading};
use sign::Nonces;
use subscription::Subscriptions;

/// The documented quota of an app.
pub fn documented_quotas() -> Quotas {
    Quotas { overall: vec![Limit::new(120, 60)], read: Vec::new(), user: Vec::new() }
}

const ACK_WITHIN: Duration = Duration::from_secs(2);
/// Pauses before a notification comes again.
const PAUSES: [u64; 4] = [10, 60, 3_600, 4 * 3_600];
/// A code has to be exchanged within that time.
const CODE_LIFE: TimeDelta = TimeDelta::seconds(30);
/// A replaced refresh token goes on for that time at most.
const GRACE: TimeDelta = TimeDelta::hours(8);

const ATHLETE: &str = "athlete";
const ACTIVITY: &str = "activity";
const BODY: &str = "body";
const DAILY: &str = "daily";
const SLEEP: &str = "sleep";

/// What dice are thrown for.
const HISTORY: u64 = 0x68;
const LIVE: u64 = 0x6c;

/// The id of user 0.
const FIRST_USER: u32 = 363_000;

/// The simulated Withings.
pub struct Cloud {
    settings: Settings,
    people: Vec<Person>,
    lives: Vec<Life>,
    start: DateTime<Utc>,
    next_id: u64,
    pace: Pace,
    authority: Authority,
    app: Counter,
    nonces: Nonces,
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
            name: "Withings",
            separator: ',',
            scopes: &["user.info", "user.metrics", "user.activity", "user.sleepevents"],
            scope_in_callback: false,
            lifetime: settings.access_token_lifetime.unwrap_or(Duration::from_secs(3 * 3_600)),
            same_while_left: None,
            reuse_ends_grant: false,
        };
        let quotas = settings.quotas.clone().unwrap_or_else(documented_quotas);
        let pauses = PAUSES.map(|pause| settings.notification_retry.unwrap_or(Duration::from_secs(pause)));
        let authority = Authority::new(&settings, rules).with_code_life(CODE_LIFE).with_grace(GRACE);
        let mut cloud = Self {
            people: people(settings.seed, settings.users),
            lives: Vec::new(),
            start,
            next_id: 5_000_000_000,
            pace: Pace::new(&settings, start),
            authority,
            app: Counter::new(&quotas.overall),
            nonces: Nonces::default(),
            subscriptions: Subscriptions::default(),
            outbox: Outbox::stepped(pauses.to_vec()),
            faults: Faults::default(),
            ledger: Ledger::default(),
            statistics: Statistics::default(),
            settings,
        };
        cloud.lives.resize(cloud.people.len(), Life::default());
        for person in cloud.people.clone() {
            cloud.live_history(&person, start);
        }
        cloud
    }

    fn id(&mut self) -> u64 {
        self.next_id = self.next_id.saturating_add(1);
        self.next_id
    }

    fn live_history(&mut self, person: &Person, start: DateTime<Utc>) {
        self.note(person, ATHLETE, ATHLETE, 0, start);
        for (date, number) in person.days_before(start, self.settings.history_days).into_iter().zip(0..) {
            let mut dice = person.dice(HISTORY, number);
            // In bed the evening before, so that the night is over by the start.
            let bedtime = person.instant(date, -i64::from(dice.between(30, 90)));
            self.sleeps(person, &mut dice, bedtime, None);
            for hour in [8, 10, 12, 15, 17, 20] {
                let at = person.instant(date, hour * 60 + i64::from(dice.between(0, 59)));
                self.moves(person, &mut dice, at, person.instant(date, 24 * 60));
            }
            for hour in [7, 21] {
                let at = person.instant(date, hour * 60 + i64::from(dice.between(0, 59)));
                self.measures(person, &mut dice, at, at);
            }
            if dice.percent(person.workouts_per_ten_days * 10) {
                let at = person.instant(date, 18 * 60 + i64::from(dice.between(0, 59)));
                self.trains(person, &mut dice, at, None);
            }
            if dice.percent(15) {
                let at = person.instant(date, 13 * 60);
                self.records(person, &mut dice, at, at);
            }
        }
    }

    /// One thing that happens while the simulation runs.
    fn live(&mut self, event: u32, now: DateTime<Utc>) {
        let mut dice = Chance::of(&[self.settings.seed, LIVE, u64::from(event)]);
        let number = dice.between(0, self.settings.users.saturating_sub(1));
        let Some(person) = self.people.get(index(number)).cloned() else { return };
        let second = DateTime::from_timestamp(now.timestamp(), 0).unwrap_or(now);
        let appli = match dice.between(1, 100) {
            1..=45 => self.measures(&person, &mut dice, second, now),
            46..=50 => self.records(&person, &mut dice, second, now),
            51..=91 => self.moves(&person, &mut dice, second, now),
            // Few: each notification lists all that were changed in the last hours.
            92..=96 => {
                let start = second - TimeDelta::seconds(5_400);
                self.trains(&person, &mut dice, start, Some(now))
            }
            97..=99 => self.corrects(&person, now),
            _ => {
                let late = self.lives.get_mut(index(number)).map_or(0, |life| {
                    life.late = life.late.saturating_add(1);
                    life.late
                });
                // A night from before the history, which a device hands in late.
                let days = i64::from(self.settings.history_days) + i64::from(late) + 1;
                let start = self.start - TimeDelta::days(days);
                self.sleeps(&person, &mut dice, start, Some(now))
            }
        };
        self.tell(&person, appli, now);
    }

    fn note(&mut self, person: &Person, kind: &'static str, key: &str, subject: u64, at: DateTime<Utc>) {
        let subject = u64::from(person.number) << 32 | subject;
        self.ledger.produced(&account(person.number), kind, key, subject, at);
    }

    fn note_day(&mut self, person: &Person, kind: &'static str, date: NaiveDate, at: DateTime<Utc>) {
        let subject = u64::try_from(date.num_days_from_ce()).unwrap_or_default();
        self.note(person, kind, &date.to_string(), subject, at);
    }

    fn life(&mut self, person: &Person) -> Option<&mut Life> {
        self.lives.get_mut(index(person.number))
    }

    /// A device's time has whole seconds; `happened` is when there is something new to fetch.
    fn measures(
        &mut self,
        person: &Person,
        dice: &mut Chance,
        at: DateTime<Utc>,
        happened: DateTime<Utc>,
    ) -> u32 {
        let measured = life::measured(dice, person);
        let modified = at + TimeDelta::seconds(1);
        let group = Group { id: self.id(), at, measured, modified };
        if let Some(life) = self.life(person) {
            life.groups.push(group);
        }
        self.note_day(person, BODY, person.wall_clock(at).date(), happened);
        if matches!(measured, life::Measured::Scale { .. }) { 1 } else { 4 }
    }

    fn records(
        &mut self,
        person: &Person,
        dice: &mut Chance,
        at: DateTime<Utc>,
        happened: DateTime<Utc>,
    ) -> u32 {
        let reading = Reading { id: self.id(), at, bpm: dice.between(50, 110), afib: dice.between(0, 2) };
        if let Some(life) = self.life(person) {
            life.readings.push(reading);
        }
        self.note_day(person, BODY, person.wall_clock(at).date(), happened);
        54
    }

    fn moves(
        &mut self,
        person: &Person,
        dice: &mut Chance,
        at: DateTime<Utc>,
        modified: DateTime<Utc>,
    ) -> u32 {
        let mut burst = life::burst(dice, at);
        let date = person.wall_clock(at).date();
        if let Some(life) = self.life(person) {
            let day = life.days.entry(date).or_default();
            // The course of a day has one entry for a second. What begins a day stays in it.
            while day.bursts.iter().any(|other| other.at == burst.at) {
                burst.at +=
                    TimeDelta::seconds(if person.wall_clock(burst.at).date() == date { 1 } else { -60 });
            }
            day.bursts.push(burst);
            day.modified = modified;
        }
        self.note_day(person, DAILY, date, modified);
        16
    }

    fn trains(
        &mut self,
        person: &Person,
        dice: &mut Chance,
        start: DateTime<Utc>,
        modified: Option<DateTime<Utc>>,
    ) -> u32 {
        let mut workout = life::workout(dice, self.id(), start);
        workout.modified = modified.unwrap_or(workout.modified);
        let (id, at) = (workout.id, workout.modified);
        let place = self.life(person).map_or(0, |life| {
            life.workouts.push(workout);
            life.workouts.len() - 1
        });
        self.note(person, ACTIVITY, &id.to_string(), u64::try_from(place).unwrap_or_default(), at);
        16
    }

    /// The person corrects the last workout.
    fn corrects(&mut self, person: &Person, now: DateTime<Utc>) -> u32 {
        let Some(life) = self.life(person) else { return 16 };
        let place = life.workouts.len().saturating_sub(1);
        let Some(workout) = life.workouts.last_mut() else { return 16 };
        workout.calories = workout.calories.saturating_add(10);
        workout.modified = now;
        let id = workout.id;
        self.note(person, ACTIVITY, &id.to_string(), u64::try_from(place).unwrap_or_default(), now);
        16
    }

    fn sleeps(
        &mut self,
        person: &Person,
        dice: &mut Chance,
        start: DateTime<Utc>,
        modified: Option<DateTime<Utc>>,
    ) -> u32 {
        let start = DateTime::from_timestamp(start.timestamp(), 0).unwrap_or(start);
        let mut night = life::night(dice, self.id(), start);
        night.modified = modified.unwrap_or(night.modified);
        let (id, at) = (night.id, night.modified);
        let place = self.life(person).map_or(0, |life| {
            life.nights.push(night);
            life.nights.len() - 1
        });
        self.note(person, SLEEP, &id.to_string(), u64::try_from(place).unwrap_or_default(), at);
        44
    }

    /// Queues a notification, if there is a subscription for it.
    fn tell(&mut self, person: &Person, appli: u32, now: DateTime<Utc>) {
        if !self.authority.is_connected(person.number) {
            return;
        }
        let Some(url) = self.subscriptions.callback(person.number, appli) else { return };
        let when = if appli == 16 {
            format!("date={}", person.wall_clock(now).date())
        } else {
            format!("startdate={}&enddate={}", now.timestamp(), now.timestamp() + 1)
        };
        let body = format!("userid={}&appli={appli}&{when}", account(person.number));
        self.outbox.push(url, body, now);
    }
}

fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn account(person: u32) -> String {
    FIRST_USER.saturating_add(person).to_string()
}

impl Sandbox for Cloud {
    fn key(&self) -> &'static str {
        "withings"
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
        self.subscriptions.probed(id, result)
    }

    fn outbox(&mut self, now: DateTime<Utc>) -> Vec<Outbound> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
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
        self.people.iter().map(|person| account(person.number)).collect()
    }

    fn withdraw(&mut self, wanted: &str, now: DateTime<Utc>) -> bool {
        let number = wanted.parse::<u32>().ok().and_then(|id| id.checked_sub(FIRST_USER));
        let Some(person) = number.filter(|number| self.authority.withdraw(*number)) else { return false };
        if let Some(url) = self.subscriptions.callback(person, 46) {
            let body = format!("userid={wanted}&appli=46&action=unlink");
            self.outbox.push(url, body, now);
        }
        self.subscriptions.forget(person);
        true
    }

    fn forget_subscriptions(&mut self) {
        self.subscriptions.forget_all();
    }

    fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    fn facts(&self, entry: &Entry) -> Vec<Fact> {
        fact::of(self, entry).unwrap_or_default()
    }

    fn faults(&mut self) -> &mut Faults {
        &mut self.faults
    }

    fn statistics(&self) -> Statistics {
        self.statistics.with(&self.authority, &self.outbox)
    }
}
