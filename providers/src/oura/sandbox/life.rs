//! What happens to the people with rings: their history, their mornings, and what they do meanwhile.
//!
//! Changes the books and queues notifications. It never answers a request.

use std::cmp::Reverse;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use crate::sandbox::BEFORE_A_DELETION;
use crate::sandbox::people::{Chance, Person};

use super::collection::{OF_DAYS, Subject, user_id};
use super::day::{self, Day};
use super::moment::{Kind, Moment};
use super::night::{self, Sleep};
use super::{ACTIVITY, ATHLETE, BODY, Cloud, DAILY, SLEEP, id_of, index};

/// What dice are thrown for.
const HISTORY: u64 = 0x48;
const LIVE: u64 = 0x4c;

/// What happened to one person.
#[derive(Debug)]
pub(super) struct Life {
    pub(super) user: String,
    /// The first day of which anything is known.
    pub(super) first: NaiveDate,
    /// Days before this one had been told to the end when the simulation began.
    pub(super) settled: NaiveDate,
    /// Until when the ring has told the heart rate.
    pub(super) synced: DateTime<Utc>,
    pub(super) days: Vec<Day>,
    pub(super) moments: Vec<Moment>,
}

impl Life {
    pub(super) fn day(&self, number: u64) -> Option<&Day> {
        let first = night::number(self.first);
        self.days.get(usize::try_from(number.checked_sub(first)?).ok()?)
    }

    fn day_mut(&mut self, date: NaiveDate) -> Option<&mut Day> {
        let place = usize::try_from((date - self.first).num_days()).ok()?;
        self.days.get_mut(place)
    }

    pub(super) fn moment(&self, number: u32) -> Option<&Moment> {
        self.moments.get(index(number))
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

impl Cloud {
    pub(super) fn live_history(&mut self, number: u32, start: DateTime<Utc>) {
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
    pub(super) fn wake(&mut self, number: u32, date: NaiveDate, now: DateTime<Utc>) {
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
    pub(super) fn live(&mut self, event: u32, now: DateTime<Utc>) {
        let mut dice = Chance::of(&[self.settings.seed, LIVE, u64::from(event)]);
        let number = dice.between(0, self.settings.users.saturating_sub(1));
        let Some(person) = self.people.get(index(number)) else { return };
        let today = person.wall_clock(now).date();
        self.begin_days(number, today, now);
        let latest = |kinds: &[Kind], at: DateTime<Utc>| {
            let moments =
                self.lives.get(index(number)).map(|life| life.moments.as_slice()).unwrap_or_default();
            let recent = moments.iter().rev().take_while(|moment| now - moment.end() < TimeDelta::hours(12));
            recent
                .filter(|moment| !moment.gone && kinds.contains(&moment.kind) && moment.updated <= at)
                .map(|moment| moment.number)
                .next()
        };
        let edited = latest(&[Kind::Workout], now);
        let deleted = latest(&[Kind::Workout, Kind::Nap], now - BEFORE_A_DELETION);
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
}
