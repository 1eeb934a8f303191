//! What the collections of the simulated Oura answer: rows, lists and single documents.
//!
//! Ranges, pages and ids are dealt with here; who may ask has been decided before.

use bytes::Bytes;
use chrono::{DateTime, Days, NaiveDate, SecondsFormat, TimeDelta, Utc};
use http::Response;
use serde_json::{Value, json};

use crate::sandbox::call::{self, Call};
use crate::sandbox::people::Person;

use super::answer::Refusal;
use super::collection::{Collection, End, OF_DAYS, Place, Subject, sort_key};
use super::day::Truth;
use super::moment::{Kind, Moment};
use super::night::{self, Sleep};
use super::series::localized;
use super::{Cloud, Life};

type Answer = Response<Bytes>;

/// Longest range of heart rate rows; longer ones are reported as refused.
const LONGEST: TimeDelta = TimeDelta::days(30);

impl Cloud {
    /// Rows of a series between two instants, a page at a time.
    pub(super) fn rows(
        &self,
        call: &Call,
        person: &Person,
        life: &Life,
        now: DateTime<Utc>,
        written: impl Fn(&Person, DateTime<Utc>, DateTime<Utc>, usize) -> (String, Option<i64>),
    ) -> Result<Answer, Refusal> {
        let asked = |name: &'static str| match call.query(name) {
            None => Ok(None),
            Some(text) => instant(text).map(Some).ok_or_else(|| Refusal::unprocessable("query", name)),
        };
        let place = match call.query("next_token") {
            Some(token) => {
                let place = Place::<i64>::parse(token).ok_or(Refusal::new(400, "invalid next_token"))?;
                Place { from: place.after.parse().unwrap_or(place.from), ..place }
            }
            None => {
                let to = asked("end_datetime")?.unwrap_or(now);
                let from = asked("start_datetime")?.unwrap_or(to - TimeDelta::days(1));
                if from > to || to - from > LONGEST {
                    return Err(Refusal::new(
                        400,
                        "the range ends before it begins, or is longer than 30 days",
                    ));
                }
                Place { from: from.timestamp_micros(), to: to.timestamp_micros(), after: String::new() }
            }
        };
        let known_from = person.instant(life.first, 0);
        let clipped =
            |micros| DateTime::from_timestamp_micros(micros).unwrap_or(now).clamp(known_from, life.synced);
        let (mut from, to, mut limit) =
            (clipped(place.from), clipped(place.to), self.settings.rows_per_page.max(1));
        if call.query("latest") == Some("true") {
            from = from.max(to - TimeDelta::hours(12));
            limit = usize::MAX;
        }
        let (mut data, next) = written(person, from, to, limit);
        if call.query("latest") == Some("true") {
            let rows: Vec<Value> = serde_json::from_str(&data).unwrap_or_default();
            data = Value::from_iter(rows.last().cloned()).to_string();
        }
        let token = next.map(|second| {
            let after = (second * 1_000_000).to_string();
            Place { after, ..place }.token()
        });
        Ok(call::written(200, format!("{{\"data\":{data},\"next_token\":{}}}", Value::from(token))))
    }

    /// Documents of a range of days, a page at a time.
    pub(super) fn list(
        &self,
        call: &Call,
        collection: &Collection,
        person: &Person,
        life: &Life,
        now: DateTime<Utc>,
    ) -> Result<Answer, Refusal> {
        let place = self.range(call, collection, person, now)?;
        let fields: Option<Vec<&str>> = call.query("fields").map(|fields| fields.split(',').collect());
        let (mut data, mut count, mut last, mut more) =
            (String::from("{\"data\":["), 0, String::new(), false);
        for (day, subject) in subjects(collection, person, life, place.from, place.to) {
            let key = sort_key(day, subject);
            if key <= place.after {
                continue;
            }
            let Some(mut document) = self.document(collection, person, life, subject) else { continue };
            if count == self.settings.page_size.max(1) {
                more = true;
                break;
            }
            if let (Some(fields), Some(object)) = (&fields, document.as_object_mut()) {
                object.retain(|name, _| {
                    ["id", "day", "meta"].contains(&name.as_str()) || fields.contains(&name.as_str())
                });
            }
            if count > 0 {
                data.push(',');
            }
            data.push_str(&document.to_string());
            (count, last) = (count + 1, key);
        }
        let token = more.then(|| Place { after: last, ..place }.token());
        Ok(call::written(200, format!("{data}],\"next_token\":{}}}", Value::from(token))))
    }

    /// The days that are asked for, the last one excluded.
    fn range(
        &self,
        call: &Call,
        collection: &Collection,
        person: &Person,
        now: DateTime<Utc>,
    ) -> Result<Place<NaiveDate>, Refusal> {
        if let Some(token) = call.query("next_token") {
            return Place::parse(token).ok_or(Refusal::new(400, "invalid next_token"));
        }
        let asked = |name: &'static str| match call.query(name) {
            None => Ok(None),
            Some(text) => date(text).map(Some).ok_or_else(|| Refusal::unprocessable("query", name)),
        };
        let today = person.wall_clock(now).date();
        let next = |day: NaiveDate| day.checked_add_days(Days::new(1)).unwrap_or(day);
        let to = match (asked("end_date")?, collection.end) {
            (Some(end), End::Exclusive) => end,
            (Some(end), End::Inclusive) => next(end),
            (None, _) => next(today),
        };
        let from =
            asked("start_date")?.unwrap_or_else(|| today.checked_sub_days(Days::new(1)).unwrap_or(today));
        if from > to {
            return Err(Refusal::new(400, "the range ends before it begins"));
        }
        Ok(Place { from, to, after: String::new() })
    }

    /// One document, if there is such a thing.
    pub(super) fn document(
        &self,
        collection: &Collection,
        person: &Person,
        life: &Life,
        subject: Subject,
    ) -> Option<Value> {
        let id = collection.id(person.number, subject);
        match (collection.name, subject) {
            ("ring_configuration", Subject::Day(0)) => Some(ring(person, &id)),
            ("rest_mode_period", Subject::Day(day)) => {
                let date = life.day(day)?.date;
                (rests(person, life) == Some(date)).then(|| rest_mode(person, date, &id))
            }
            ("sleep", Subject::Day(day)) => {
                let day = life.day(day).filter(|day| day.woken)?;
                let readiness = Truth::of(person, day.date).readiness();
                let night = Sleep::night(person, day.date, readiness);
                Some(night.json(person, &id, night.end, false))
            }
            (name, Subject::Day(day)) => {
                let day = life.day(day)?;
                Truth::of(person, day.date).json(name, &id, day, self.settings.met_interval_seconds)
            }
            ("tag", Subject::Moment(number)) => {
                let moment = life.moment(number).filter(|moment| moment.kind == Kind::Tag)?;
                Some(
                    json!({"id": id, "day": moment.day(person).to_string(), "text": "Late evening & long day",
                    "timestamp": localized(person, moment.start), "tags": ["tag_generic_coffee"]}),
                )
            }
            (name, Subject::Moment(number)) => {
                let moment = life.moment(number).filter(|moment| moment.kind.collection() == name)?;
                Some(moment.json(person, &id))
            }
        }
    }
}

/// What a collection holds between two days, in the order of pages.
fn subjects(
    collection: &Collection,
    person: &Person,
    life: &Life,
    from: NaiveDate,
    to: NaiveDate,
) -> Vec<(NaiveDate, Subject)> {
    if collection.name == "ring_configuration" {
        return vec![(life.first, Subject::Day(0))];
    }
    let mut subjects = Vec::new();
    let of_days =
        OF_DAYS.contains(&collection.name) || matches!(collection.name, "sleep" | "rest_mode_period");
    if of_days {
        let wanted = life.days.iter().filter(|day| day.date >= from && day.date < to);
        subjects.extend(wanted.map(|day| (day.date, Subject::Day(night::number(day.date)))));
    }
    let kind = match collection.name {
        "sleep" => Kind::Nap,
        "workout" => Kind::Workout,
        "session" => Kind::Session,
        "tag" | "enhanced_tag" => Kind::Tag,
        _ => return subjects,
    };
    // A nap that was deleted stays as its tombstone; anything else is no longer listed.
    let listed = |moment: &&Moment| moment.kind == kind && (!moment.gone || kind == Kind::Nap);
    let dated = life.moments.iter().filter(listed).map(|moment| {
        let day = if kind == Kind::Workout { moment.start.date_naive() } else { moment.day(person) };
        (day, Subject::Moment(moment.number))
    });
    subjects.extend(dated.filter(|(day, _)| *day >= from && *day < to));
    subjects.sort_unstable();
    subjects
}

fn ring(person: &Person, id: &str) -> Value {
    let set_up =
        DateTime::from_timestamp(1_740_000_000 + i64::from(person.number) * 977, 0).unwrap_or_default();
    let hardware = person.dice(0x72, 0).pick(&["gen3", "gen4"], "gen3");
    json!({"id": id, "meta": super::meta(set_up, 1), "color": "silver", "design": "heritage",
        "firmware_version": "2.9.31", "hardware_type": hardware, "size": 9,
        "set_up_at": set_up.to_rfc3339_opts(SecondsFormat::Secs, false)})
}

/// One person in ten was ill on the first day of history.
fn rests(person: &Person, life: &Life) -> Option<NaiveDate> {
    (person.number % 10 == 3).then_some(life.first)
}

fn rest_mode(person: &Person, date: NaiveDate, id: &str) -> Value {
    let start = localized(person, person.instant(date, 9 * 60));
    json!({"id": id, "meta": super::meta(person.instant(date, 9 * 60), 1), "start_day": date.to_string(),
        "start_time": start, "end_day": null, "end_time": null,
        "episodes": [{"tags": ["tag_sleep_sick"], "timestamp": start}]})
}

/// A date, or the date of a time.
fn date(text: &str) -> Option<NaiveDate> {
    text.parse().ok().or_else(|| Some(DateTime::parse_from_rfc3339(text).ok()?.date_naive()))
}

/// A time with offset, or without one in UTC.
fn instant(text: &str) -> Option<DateTime<Utc>> {
    let offset = DateTime::parse_from_rfc3339(text).ok().map(|time| time.to_utc());
    offset.or_else(|| Some(text.parse::<chrono::NaiveDateTime>().ok()?.and_utc()))
}
