//! The documented shapes of what people did. Nothing is counted or refused here.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde_json::{Map, Value, json};

use crate::sandbox::call::Call;
use crate::sandbox::people::Person;

use super::life::{Day, Group, Life, Measured, Night, Reading, Workout};

const MAT: &str = "mat-1";
const WATCH: &str = "watch-1";

/// What a list is asked for by.
pub(super) enum Asked {
    /// What was changed since.
    Since(i64),
    /// Epoch seconds.
    Between(i64, i64),
    /// Local days, both included.
    Days(NaiveDate, NaiveDate),
}

impl Asked {
    pub(super) fn read(call: &Call) -> Option<Self> {
        let number = |name| call.form(name).and_then(|text| text.parse().ok());
        let day = |name| call.form(name).and_then(|text| text.parse().ok());
        if let Some(since) = number("lastupdate") {
            return Some(Self::Since(since));
        }
        if let (Some(from), Some(to)) = (number("startdate"), number("enddate")) {
            return Some(Self::Between(from, to));
        }
        Some(Self::Days(day("startdateymd")?, day("enddateymd")?))
    }

    fn holds(&self, modified: DateTime<Utc>, at: DateTime<Utc>, day: NaiveDate) -> bool {
        match self {
            Self::Since(since) => modified.timestamp() >= *since,
            Self::Between(from, to) => (*from..=*to).contains(&at.timestamp()),
            Self::Days(first, last) => (*first..=*last).contains(&day),
        }
    }
}

/// Groups in order of time. Some belong to somebody else in the household, some come again as a confirmed copy.
pub(super) fn measures(person: &Person, life: &Life, asked: &Asked, types: &[i64]) -> Vec<Value> {
    let day = |at| person.wall_clock(at).date();
    let mut groups: Vec<&Group> =
        life.groups.iter().filter(|group| asked.holds(group.modified, group.at, day(group.at))).collect();
    groups.sort_by_key(|group| (group.at, group.id));
    let mut documents = Vec::new();
    for group in groups {
        documents.push(measure(group, 0, group.id, types));
        if group.id % 7 == 0 {
            documents.push(measure(group, 8, group.id, types));
        }
        if group.id % 5 == 0 {
            documents.push(measure(group, 1, group.id + 3_000_000_000, types));
        }
    }
    documents
}

fn measure(group: &Group, attrib: u32, id: u64, types: &[i64]) -> Value {
    let all = match group.measured {
        Measured::Scale { grams, fat_tenths, bone_grams } => {
            vec![(1, grams, -3), (6, fat_tenths, -1), (88, bone_grams, -3)]
        }
        Measured::Pressure { systolic, diastolic, pulse } => {
            vec![(9, diastolic, 0), (10, systolic, 0), (11, pulse, 0)]
        }
        Measured::Oxygen { percent } => vec![(54, percent, 0)],
    };
    let asked = |kind: i64| types.is_empty() || types.contains(&kind);
    let measures: Vec<Value> = all
        .into_iter()
        .filter(|(kind, ..)| asked(*kind))
        .map(|(kind, value, unit)| json!({"type": kind, "value": value, "unit": unit, "algo": 0, "fm": 3}))
        .collect();
    json!({
        "grpid": id, "attrib": attrib, "date": group.at.timestamp(), "created": group.modified.timestamp(),
        "modified": group.modified.timestamp(), "category": 1, "deviceid": "scale-1", "hash_deviceid": "scale-1",
        "measures": measures, "modelid": 10, "model": "Body Scan", "comment": null,
    })
}

pub(super) fn readings(person: &Person, life: &Life, asked: &Asked) -> Vec<Value> {
    let mut readings: Vec<&Reading> = life
        .readings
        .iter()
        .filter(|reading| asked.holds(reading.at, reading.at, person.wall_clock(reading.at).date()))
        .collect();
    readings.sort_by_key(|reading| (reading.at, reading.id));
    let document = |reading: &Reading| {
        json!({
            "deviceid": WATCH, "model": 93, "ecg": {"signalid": reading.id, "afib": reading.afib},
            "heart_rate": reading.bpm, "timestamp": reading.at.timestamp(), "modified": reading.at.timestamp(),
            "timezone": person.zone.name,
        })
    };
    readings.into_iter().map(document).collect()
}

pub(super) fn days(person: &Person, life: &Life, asked: &Asked) -> Vec<Value> {
    let wanted = life.days.iter().filter(|(date, day)| asked.holds(day.modified, day.modified, **date));
    wanted.map(|(date, day)| totals(person, *date, day)).collect()
}

fn totals(person: &Person, date: NaiveDate, day: &Day) -> Value {
    let sum = |value: fn(&super::life::Burst) -> u32| day.bursts.iter().map(value).sum::<u32>();
    json!({
        "date": date.to_string(), "timezone": person.zone.name, "deviceid": null, "hash_deviceid": null, "brand": 1,
        "is_tracker": true, "modified": day.modified.timestamp(), "model": "ScanWatch", "modelid": 93,
        "steps": sum(|burst| burst.steps), "distance": f64::from(sum(|burst| burst.decimetres)) / 10.0,
        "elevation": sum(|burst| burst.floors), "calories": f64::from(sum(|burst| burst.tenth_calories)) / 10.0,
        "soft": 600, "moderate": 300, "intense": 60, "active": 360,
    })
}

/// The course of at most a day; an empty one is an empty list.
pub(super) fn course(life: &Life, from: i64, to: i64) -> Value {
    let to = to.min(from.saturating_add(86_400));
    let mut series = Map::new();
    let bursts = life.days.values().flat_map(|day| &day.bursts);
    for burst in bursts.filter(|burst| (from..to).contains(&burst.at.timestamp())) {
        let mut point = json!({
            "deviceid": WATCH, "model": "ScanWatch", "model_id": 93, "duration": 60, "steps": burst.steps,
            "distance": f64::from(burst.decimetres) / 10.0, "elevation": burst.floors,
            "calories": f64::from(burst.tenth_calories) / 10.0,
        });
        if let (Some(bpm), Some(fields)) = (burst.bpm, point.as_object_mut()) {
            fields.insert("heart_rate".to_owned(), bpm.into());
        }
        series.insert(burst.at.timestamp().to_string(), point);
    }
    if series.is_empty() { json!([]) } else { Value::Object(series) }
}

pub(super) fn workouts(person: &Person, life: &Life, asked: &Asked) -> Vec<Value> {
    let wanted = |workout: &&Workout| {
        asked.holds(workout.modified, workout.start, person.wall_clock(workout.start).date())
    };
    let document = |workout: &Workout| {
        json!({
            "id": workout.id, "category": workout.category.0, "timezone": person.zone.name, "model": 93, "attrib": 7,
            "startdate": workout.start.timestamp(), "enddate": workout.end().timestamp(),
            "date": person.wall_clock(workout.start).date().to_string(), "deviceid": null,
            "modified": workout.modified.timestamp(),
            "data": {"calories": workout.calories, "intensity": 50, "distance": workout.metres, "pause_duration": 0},
        })
    };
    life.workouts.iter().filter(wanted).map(document).collect()
}

pub(super) fn nights(person: &Person, life: &Life, asked: &Asked) -> Vec<Value> {
    let wanted =
        |night: &&Night| asked.holds(night.modified, night.start, person.wall_clock(night.end()).date());
    let document = |night: &Night| {
        let seconds = |wanted: &dyn Fn(u32) -> bool| night.minutes(wanted) * 60;
        let asleep = seconds(&|state| state != 0);
        json!({
            "id": night.id, "timezone": person.zone.name, "model": 32, "model_id": 63, "hash_deviceid": MAT,
            "startdate": night.start.timestamp(), "enddate": night.end().timestamp(),
            "date": person.wall_clock(night.end()).date().to_string(), "completed": true,
            "created": night.modified.timestamp(), "modified": night.modified.timestamp(),
            "data": {
                "total_timeinbed": seconds(&|_| true), "total_sleep_time": asleep,
                "lightsleepduration": seconds(&|state| state == 1), "deepsleepduration": seconds(&|state| state == 2),
                "remsleepduration": seconds(&|state| state == 3), "wakeupduration": seconds(&|state| state == 0),
                "wakeupcount": 1, "sleep_score": night.score, "hr_average": night.bpm + 2,
            },
        })
    };
    life.nights.iter().filter(wanted).map(document).collect()
}

/// The stages of at most a day.
pub(super) fn stages(life: &Life, from: i64, to: i64) -> Value {
    let to = to.min(from.saturating_add(86_400));
    let mut series = Vec::new();
    for night in &life.nights {
        for (begin, end, state) in night.segments() {
            if begin.timestamp() >= to || end.timestamp() <= from {
                continue;
            }
            let rates: Map<String, Value> = night
                .rates(begin, end)
                .into_iter()
                .map(|(at, bpm)| (at.timestamp().to_string(), bpm.into()))
                .collect();
            series.push(json!({
                "startdate": begin.timestamp(), "enddate": end.timestamp(), "state": state, "model": "Aura Sensor V2",
                "model_id": 63, "hash_deviceid": MAT, "hr": rates, "rr": [], "snoring": [],
            }));
        }
    }
    json!({"model": 32, "series": series})
}

pub(super) fn devices(person: &Person, start: DateTime<Utc>) -> Value {
    let device = |kind: &str, model: &str, id: &str| {
        json!({
            "type": kind, "model": model, "battery": "high", "deviceid": id, "hash_deviceid": id,
            "timezone": person.zone.name, "first_session_date": (start - TimeDelta::days(300)).timestamp(),
            "last_session_date": start.timestamp(), "fw": "1891",
        })
    };
    json!({"devices": [device("Scale", "Body Scan", "scale-1"), device("Activity Tracker", "ScanWatch", WATCH)]})
}
