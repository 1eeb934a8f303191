//! What the people of the simulated Polar have uploaded, as the routes answer it: whole lists, ranges of days, one day;
//! 204 or 404 where there is nothing, each where it is documented.
//!
//! Says what belongs to a request; what it holds is told elsewhere.

use bytes::Bytes;
use chrono::{DateTime, Datelike as _, NaiveDate, TimeDelta, Utc};
use http::Response;
use serde_json::{Value, json};

use crate::sandbox::call::{self, Call};
use crate::sandbox::people::Person;

use super::answer::Refusal;
use super::life::Life;
use super::{Cloud, body, day, exercise, night};

type Answer = Result<Response<Bytes>, Refusal>;

/// First and last day, both included.
type Range = (NaiveDate, NaiveDate);

const NO_CONTENT: u16 = 204;

pub(super) const fn gender(person: &Person) -> &'static str {
    if person.female { "FEMALE" } else { "MALE" }
}

pub(super) fn birthday(person: &Person) -> NaiveDate {
    let year = 2026 - i32::try_from(person.age).unwrap_or(0);
    NaiveDate::from_ymd_opt(year, 1 + person.number % 12, 1 + person.number % 28).unwrap_or_default()
}

pub(super) fn user(person: &Person, life: &Life) -> Answer {
    Ok(call::json(
        200,
        &json!({
            "polar-user-id": super::user_id(person.number),
            "member-id": life.member,
            "registration-date": life.registered.map(|at| at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)),
            "first-name": person.first_name,
            "last-name": person.last_name,
            "birthdate": birthday(person).to_string(),
            "gender": gender(person),
            "weight": f64::from(person.weight_tenths) / 10.0,
            "height": f64::from(person.height_cm),
            "extra-info": [],
        }),
    ))
}

pub(super) fn physical(person: &Person, life: &Life) -> Answer {
    let Some(weighed) = life.weighed else { return Ok(call::empty(NO_CONTENT)) };
    let written = |at: DateTime<Utc>| at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
    Ok(call::json(
        200,
        &json!({
            "weight": f64::from(person.weight_tenths) / 10.0,
            "height": f64::from(person.height_cm),
            "created": "2025-01-01T12:00:00Z",
            "modified": written(weighed),
            "birthday": birthday(person).to_string(),
            "gender": gender(person),
            "maximum_heart_rate": person.max_hr,
            "resting_heart_rate": person.resting_hr,
            "vo2_max": 47,
            "weight_source": "SOURCE_MEASURED",
            "sleep_goal": "PT8H",
        }),
    ))
}

impl Cloud {
    pub(super) fn exercises(&self, call: &Call, person: &Person, life: &Life, now: DateTime<Utc>) -> Answer {
        let of_month = |number: &&u32| {
            self.exercises
                .get(super::index(**number))
                .is_some_and(|exercise| now - exercise.uploaded < TimeDelta::days(30))
        };
        let listed = life.exercises.iter().filter(of_month);
        let list: Vec<Value> = listed.filter_map(|number| self.one(call, person, *number)).collect();
        Ok(call::json(200, &list.into()))
    }

    pub(super) fn exercise(&self, call: &Call, person: &Person, life: &Life, id: &str) -> Answer {
        let is_it = |number: &&u32| {
            self.exercises.get(super::index(**number)).is_some_and(|exercise| exercise.id() == id)
        };
        let number = life.exercises.iter().find(is_it).ok_or(Refusal::NOT_FOUND)?;
        let exercise = self.one(call, person, *number).ok_or(Refusal::NOT_FOUND)?;
        Ok(call::json(200, &exercise))
    }

    fn one(&self, call: &Call, person: &Person, number: u32) -> Option<Value> {
        let exercise = self.exercises.get(super::index(number))?;
        let flag = |name: &str| call.query(name) == Some("true");
        let truth = exercise::Truth::of(exercise, person, self.settings.stream_points);
        Some(truth.json(flag("samples"), flag("zones"), flag("route")))
    }

    fn days<'a>(
        &'a self,
        person: &'a Person,
        life: &'a Life,
        (from, to): Range,
    ) -> impl Iterator<Item = day::Truth<'a>> {
        let interval = self.settings.met_interval_seconds;
        life.days.range(from..=to).map(move |(date, until)| day::Truth::of(person, *date, *until, interval))
    }

    pub(super) fn activities(&self, call: &Call, person: &Person, life: &Life, now: DateTime<Utc>) -> Answer {
        let flag = |name: &str| call.query(name) == Some("true");
        let asked = range(call, person, now, false)?;
        if (now.date_naive() - asked.0).num_days() > 365 {
            return Err(Refusal::new(400, "the date is older than 365 days"));
        }
        let day = |day: day::Truth<'_>| {
            day.activity(flag("steps"), flag("activity_zones"), flag("inactivity_stamps"))
        };
        Ok(call::json(200, &self.days(person, life, asked).map(day).collect()))
    }

    /// Seen as a list, although documented as one day.
    pub(super) fn heart_rates(
        &self,
        call: &Call,
        person: &Person,
        life: &Life,
        now: DateTime<Utc>,
    ) -> Answer {
        let asked = range(call, person, now, true)?;
        let list: Vec<Value> = self.days(person, life, asked).map(|day| day.heart_rate()).collect();
        Ok(call::json(200, &json!({ "heart_rates": list })))
    }

    /// Every day of the range, whether anything is known of it or not.
    pub(super) fn loads(&self, call: &Call, person: &Person, life: &Life, now: DateTime<Utc>) -> Answer {
        let (from, to) = range(call, person, now, true)?;
        let mut list = Vec::new();
        for date in from.iter_days().take_while(|date| *date <= to) {
            let known = self.days(person, life, (date, date)).next().map(|day| day.load());
            list.push(known.unwrap_or_else(|| day::unknown_load(date)));
        }
        Ok(call::json(200, &list.into()))
    }
}

/// The nights of the last four weeks.
fn recent<'a>(
    person: &'a Person,
    life: &'a Life,
    now: DateTime<Utc>,
) -> impl Iterator<Item = night::Truth<'a>> {
    let recent = life.nights.iter().filter(move |date| (now.date_naive() - **date).num_days() <= 28);
    recent.map(move |date| night::Truth::of(person, *date))
}

pub(super) fn nights(person: &Person, life: &Life, now: DateTime<Utc>) -> Answer {
    let list: Vec<Value> = recent(person, life, now).map(|night| night.json()).collect();
    Ok(call::json(200, &json!({ "nights": list })))
}

pub(super) fn recharges(person: &Person, life: &Life, now: DateTime<Utc>) -> Answer {
    let list: Vec<Value> = recent(person, life, now).filter_map(|night| night.recharge()).collect();
    Ok(call::json(200, &json!({ "recharges": list })))
}

pub(super) fn night(person: &Person, life: &Life, date: &str) -> Answer {
    let date = life.nights.get(&day_of(date)?).ok_or(Refusal::NOT_FOUND)?;
    Ok(call::json(200, &night::Truth::of(person, *date).json()))
}

pub(super) fn recharge(person: &Person, life: &Life, date: &str) -> Answer {
    let date = life.nights.get(&day_of(date)?).ok_or(Refusal::NOT_FOUND)?;
    let recharge = night::Truth::of(person, *date).recharge().ok_or(Refusal::NOT_FOUND)?;
    Ok(call::json(200, &recharge))
}

pub(super) fn biosensing(
    kind: &str,
    call: &Call,
    person: &Person,
    life: &Life,
    now: DateTime<Utc>,
) -> Answer {
    let asked = range(call, person, now, false)?;
    let list = match kind {
        "bodytemperature" => body::periods(person, life, asked),
        "skintemperature" => {
            let nights = life.nights.range(asked.0..=asked.1);
            nights.filter_map(|date| night::Truth::of(person, *date).skin_temperature()).collect()
        }
        "spo2" => body::spo2(person, life, asked),
        "ecg" => body::ecg(person, life, asked),
        "skincontacts" => Vec::new(),
        _ => return Err(Refusal::NOT_FOUND),
    };
    Ok(if list.is_empty() { call::empty(NO_CONTENT) } else { call::json(200, &list.into()) })
}

fn day_of(text: &str) -> Result<NaiveDate, Refusal> {
    text.parse().map_err(|_no_date| Refusal::new(400, "Invalid date."))
}

/// The days that are asked for: 28 at most, the last 28 by default, and none that has not begun anywhere.
fn range(call: &Call, person: &Person, now: DateTime<Utc>, required: bool) -> Result<Range, Refusal> {
    let asked = |name: &str| match call.query(name) {
        Some(text) => day_of(text).map(Some),
        None if required => Err(Refusal::new(400, "from and to are required")),
        None => Ok(None),
    };
    let today = person.wall_clock(now).date();
    let to = asked("to")?.unwrap_or(today);
    let from = asked("from")?.unwrap_or_else(|| to - TimeDelta::days(27));
    let too_far = to.num_days_from_ce() - now.date_naive().num_days_from_ce() > 1;
    if from > to || (to - from).num_days() > 27 || too_far {
        return Err(Refusal::new(400, "Invalid request."));
    }
    Ok((from, to))
}
