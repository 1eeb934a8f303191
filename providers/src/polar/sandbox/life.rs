//! What happens to the people with watches: they register, sync what their watch has kept, and live on.
//!
//! Changes the books and queues notifications. It never answers a request.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde_json::json;

use crate::sandbox::people::{Chance, Person};

use super::exercise::Exercise;
use super::{ACTIVITY, ATHLETE, BODY, Cloud, DAILY, SLEEP, body, index, night, subject, user_id};

/// What dice are thrown for.
const HISTORY: u64 = 0x70_48;
const LIVE: u64 = 0x70_4c;

/// A watch is synced every few days. Whoever simulates a history of more days than these gets people who have left
/// theirs in a drawer: with Polar nothing else reaches back that far, since only what is uploaded after the registration
/// can be read.
const SYNCED_WITHIN: u32 = 15;
/// Days that such a watch tells of; the routes of nights answer 28.
const MOST_KEPT: u32 = 26;

/// What one person has uploaded since the registration.
#[derive(Debug, Default)]
pub(super) struct Life {
    /// Since when the person is registered with the app.
    pub(super) registered: Option<DateTime<Utc>>,
    /// What the app called the person.
    pub(super) member: String,
    /// Days, and until when the watch has told them.
    pub(super) days: BTreeMap<NaiveDate, DateTime<Utc>>,
    /// Nights by the day of waking, with what is measured in the course of that day.
    pub(super) nights: BTreeSet<NaiveDate>,
    /// Numbers of the exercises.
    pub(super) exercises: Vec<u32>,
    /// When the weight was entered last.
    pub(super) weighed: Option<DateTime<Utc>>,
}

impl Cloud {
    /// Registers a person, whose watch then uploads what it has kept. What was uploaded before stays unreadable.
    pub(super) fn register(&mut self, number: u32, member: &str, now: DateTime<Utc>) {
        let Some(person) = self.people.get(index(number)).cloned() else { return };
        let Some(life) = self.lives.get_mut(index(number)) else { return };
        *life = Life { registered: Some(now), member: member.to_owned(), ..Life::default() };
        let weighed = DateTime::from_timestamp(now.timestamp() - 30 * 3600, 0).unwrap_or(now);
        life.weighed = Some(weighed);
        self.produced(number, ATHLETE, None, now);
        self.produced(number, BODY, Some(weighed.date_naive()), now);

        let mut dice = person.dice(HISTORY, 0);
        let kept = match self.settings.history_days {
            longer @ SYNCED_WITHIN.. => longer.min(MOST_KEPT),
            days => dice.between(2, 6).min(days),
        };
        for date in person.days_before(now, kept) {
            self.sync_day(&person, date, person.instant(date, 24 * 60), now);
            self.sync_night(&person, date, now);
            let mut dice = person.dice(HISTORY, subject(number, date));
            let (minute, seconds) = (dice.between(10 * 60, 20 * 60), dice.between(15 * 60, 100 * 60));
            if dice.percent(person.workouts_per_ten_days * 10) {
                let start = person.instant(date, i64::from(minute)) + TimeDelta::seconds(11);
                self.upload(number, start, seconds, now);
            }
        }
        let today = person.wall_clock(now).date();
        self.sync_day(&person, today, now, now);
        self.sync_morning(&person, now);
    }

    /// Takes a person out of the books of the app.
    pub(super) fn deregister(&mut self, number: u32) {
        if let Some(life) = self.lives.get_mut(index(number)) {
            life.registered = None;
        }
        self.authority.withdraw(number);
    }

    fn produced(&mut self, person: u32, data_type: &'static str, date: Option<NaiveDate>, at: DateTime<Utc>) {
        let key = date.map_or_else(|| data_type.to_owned(), |date| date.to_string());
        let subject = date.map_or(u64::from(person) << 32, |date| subject(person, date));
        self.ledger.produced(&user_id(person).to_string(), data_type, &key, subject, at);
    }

    /// The watch tells a day until that instant.
    fn sync_day(&mut self, person: &Person, date: NaiveDate, until: DateTime<Utc>, now: DateTime<Utc>) {
        let Some(life) = self.lives.get_mut(index(person.number)) else { return };
        life.days.insert(date, until);
        self.produced(person.number, DAILY, Some(date), now);
        for event in ["ACTIVITY_SUMMARY", "CONTINUOUS_HEART_RATE"] {
            let path = if event == "ACTIVITY_SUMMARY" { "activities" } else { "continuous-heart-rate" };
            self.tell_day(person.number, event, path, date, now);
        }
    }

    /// The watch tells the night before a day, and what is measured in the course of that day.
    fn sync_night(&mut self, person: &Person, date: NaiveDate, now: DateTime<Utc>) {
        let Some(life) = self.lives.get_mut(index(person.number)) else { return };
        if !life.nights.insert(date) {
            return;
        }
        self.produced(person.number, SLEEP, Some(date), now);
        for day in body::days(person, date) {
            self.produced(person.number, BODY, Some(day), now);
        }
        self.tell_day(person.number, "SLEEP", "sleep", date, now);
    }

    /// The last night, once it is over and what is measured after it is, too.
    fn sync_morning(&mut self, person: &Person, now: DateTime<Utc>) {
        let today = person.wall_clock(now).date();
        if night::Truth::of(person, today).end <= now && body::over(person, today) <= now {
            self.sync_night(person, today, now);
        }
    }

    /// An exercise comes to Polar Flow.
    fn upload(&mut self, person: u32, start: DateTime<Utc>, seconds: u32, now: DateTime<Utc>) {
        let number = u32::try_from(self.exercises.len()).unwrap_or(u32::MAX);
        let exercise = Exercise { number, person, start, seconds, uploaded: now };
        let id = exercise.id();
        self.exercises.push(exercise);
        if let Some(life) = self.lives.get_mut(index(person)) {
            life.exercises.push(number);
        }
        self.ledger.produced(&user_id(person).to_string(), ACTIVITY, &id, u64::from(number), now);
        let url = format!("https://www.polaraccesslink.com/v3/exercises/{id}");
        let event = json!({"event": "EXERCISE", "user_id": user_id(person), "entity_id": id,
            "timestamp": written(now), "url": url});
        self.tell(person, "EXERCISE", &event, now);
    }

    fn tell_day(&mut self, person: u32, event: &str, path: &str, date: NaiveDate, now: DateTime<Utc>) {
        let url = format!("https://www.polaraccesslink.com/v3/users/{path}/{date}");
        let body = json!({"event": event, "user_id": user_id(person), "date": date.to_string(),
            "timestamp": written(now), "url": url});
        self.tell(person, event, &body, now);
    }

    /// Queues an event, if the app's webhook wants it and the person lets the app in.
    fn tell(&mut self, person: u32, event: &str, body: &serde_json::Value, now: DateTime<Utc>) {
        if !self.authority.is_connected(person) {
            return;
        }
        if let Some(url) = self.webhooks.wants(event) {
            self.outbox.push(url, body.to_string(), now);
        }
    }

    /// One thing that happens while the simulation runs. What people upload who are not registered is nobody's
    /// business.
    pub(super) fn live(&mut self, event: u32, now: DateTime<Utc>) {
        let mut dice = Chance::of(&[self.settings.seed, LIVE, u64::from(event)]);
        let number = dice.between(0, self.settings.users.saturating_sub(1));
        let Some(person) = self.people.get(index(number)).cloned() else { return };
        if self.lives.get(index(number)).is_none_or(|life| life.registered.is_none()) {
            return;
        }
        self.sync_morning(&person, now);
        let today = person.wall_clock(now).date();
        if dice.percent(55) {
            let seconds = dice.between(15 * 60, 90 * 60);
            let start = now - TimeDelta::seconds(i64::from(seconds));
            let start = DateTime::from_timestamp(start.timestamp(), 0).unwrap_or(start);
            self.upload(number, start, seconds, now);
        } else {
            self.sync_day(&person, today, now, now);
        }
    }
}

fn written(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}
