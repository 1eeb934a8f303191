//! What a simulated day brings: steps, intensity, heart rate, strain; as the API tells it and as it must come out.
//!
//! A day grows while it lasts: it is told until the last sync.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::sandbox::ledger::Fact;
use crate::sandbox::people::Person;

use super::exercise::length;
use super::subject;

/// What the dice are thrown for.
const DAY: u64 = 0x70_44;
/// s between two heart rates.
const EVERY: u32 = 300;
/// s after midnight of the first one.
const FIRST_BEAT: u32 = 130;
const HOUR: u32 = 3600;

/// A day until the last sync.
pub(super) struct Truth<'a> {
    person: &'a Person,
    date: NaiveDate,
    /// s of the day that are told.
    told: u32,
    /// s of one stretch of steps.
    interval: u32,
    /// Steps of each stretch, by hour, of the hours that are over.
    steps: Vec<u32>,
    /// Tenths.
    strain: Option<u32>,
    score: u32,
}

impl<'a> Truth<'a> {
    pub(super) fn of(person: &'a Person, date: NaiveDate, until: DateTime<Utc>, interval: u32) -> Self {
        let told = (until - person.instant(date, 0)).num_seconds().clamp(0, 86_400);
        let told = u32::try_from(told).unwrap_or(0);
        let interval = interval.clamp(60, HOUR);
        let mut dice = person.dice(DAY, subject(person.number, date));
        let strain = dice.maybe(30, 100, 900);
        let score = dice.between(10, 140);
        let wakes = person.wake_minute / 60;
        let hours: Vec<u32> =
            (0..24).map(|hour| if hour <= wakes { 0 } else { dice.between(0, 3) * interval / 20 }).collect();
        let steps =
            hours.into_iter().zip(1..).filter(|(_, hour)| hour * HOUR <= told).map(|(steps, _)| steps);
        Self { person, date, told, interval, steps: steps.collect(), strain, score }
    }

    fn stretches(&self) -> u32 {
        HOUR / self.interval
    }

    fn total(&self) -> u32 {
        self.steps.iter().sum::<u32>() * self.stretches()
    }

    fn active_calories(&self) -> u32 {
        self.total() / 20
    }

    fn calories(&self) -> u32 {
        self.told / 54 + self.active_calories()
    }

    /// Hours with and without steps, s.
    fn durations(&self) -> (u32, u32) {
        let active = self.steps.iter().zip(0_u32..).filter(|(steps, _)| **steps > 0).count();
        let active = u32::try_from(active).unwrap_or(0) * HOUR;
        (active, self.told - active.min(self.told))
    }

    fn at(&self, seconds: u32) -> chrono::NaiveDateTime {
        self.date.and_time(NaiveTime::MIN) + TimeDelta::seconds(i64::from(seconds))
    }

    /// By change of intensity.
    fn zones(&self) -> Vec<(u32, &'static str)> {
        let wakes = self.person.wake_minute * 60;
        let mut zones = vec![(0, "SLEEP")];
        zones.extend([(wakes, "SEDENTARY"), (wakes + 2 * HOUR, "LIGHT"), (wakes + 3 * HOUR, "VIGOROUS")]);
        zones.retain(|(at, _)| *at < self.told);
        zones
    }

    fn beats(&self) -> u32 {
        if self.told <= FIRST_BEAT { 0 } else { (self.told - FIRST_BEAT - 1) / EVERY + 1 }
    }

    /// A day of `activities`, with its samples when they are asked for.
    pub(super) fn activity(&self, steps: bool, zones: bool, stamps: bool) -> Value {
        let (active, inactive) = self.durations();
        let mut samples = json!({"date": self.date.to_string()});
        if let Some(object) = samples.as_object_mut() {
            if steps {
                let mut before = None;
                let changed = |(steps, hour): (&u32, u32)| {
                    let is_new = before != Some(*steps);
                    before = Some(*steps);
                    let at = self.at(hour * HOUR).format("%Y-%m-%dT%H:%M").to_string();
                    is_new.then(|| json!({"steps": steps, "timestamp": at}))
                };
                let list: Vec<Value> = self.steps.iter().zip(0..).filter_map(changed).collect();
                let steps = json!({"interval_ms": self.interval * 1000, "total_steps": self.total(), "samples": list});
                object.insert("steps".to_owned(), steps);
            }
            if zones {
                let zone = |(at, zone): (u32, &str)| json!({"zone": zone, "timestamp": self.at(at).format("%Y-%m-%dT%H:%M:%S").to_string()});
                let list: Vec<Value> = self.zones().into_iter().map(zone).collect();
                object.insert("activity_zones".to_owned(), json!({"samples": list}));
            }
            if stamps {
                object.insert("inactivity_stamps".to_owned(), json!([]));
            }
        }
        json!({
            "start_time": format!("{}T00:00:00", self.date),
            "end_time": format!("{}T23:59:59", self.date),
            "active_duration": length(active),
            "inactive_duration": length(inactive),
            "daily_activity": f64::from(self.score),
            "calories": self.calories(),
            "active_calories": self.active_calories(),
            "steps": self.total(),
            "inactivity_alert_count": 1,
            "distance_from_steps": f64::from(self.total()) * 0.75,
            "samples": samples,
        })
    }

    /// The heart rate as one day of `continuous-heart-rate`; its last value is from behind the sensor's back.
    pub(super) fn heart_rate(&self) -> Value {
        let beat = |number: u32| {
            let at = self.at(FIRST_BEAT + number * EVERY).format("%H:%M:%S").to_string();
            json!({"heart_rate": self.person.resting_hr + number % 30, "sample_time": at})
        };
        let samples: Vec<Value> = (0..self.beats()).map(beat).collect();
        let user = format!("https://polaraccesslink.com/v3/users/{}", super::user_id(self.person.number));
        json!({"polar_user": user, "date": self.date.to_string(), "heart_rate_samples": samples})
    }

    /// The strain as one day of `cardio-load`.
    pub(super) fn load(&self) -> Value {
        match self.strain {
            Some(tenths) => json!({"date": self.date.to_string(), "cardio_load_status": "MAINTAINING",
                "cardio_load": 30.5, "strain": f64::from(tenths) / 10.0, "tolerance": 40.0, "cardio_load_ratio": 0.9}),
            None => unknown_load(self.date),
        }
    }

    /// What must be true of the record.
    pub(super) fn facts(&self) -> Vec<Fact> {
        let (active, inactive) = self.durations();
        let with_steps = self.steps.iter().filter(|steps| **steps > 0).count();
        let stretches = with_steps * usize::try_from(self.stretches()).unwrap_or(0);
        let beats = usize::try_from(self.beats()).unwrap_or(0);
        vec![
            Fact::date("/metadata/start_time", self.date),
            Fact::number("/distance_data/steps", self.total()),
            Fact::number("/distance_data/distance_meters", f64::from(self.total()) * 0.75),
            Fact::count("/distance_data/detailed/step_samples", stretches),
            Fact::number("/calories_data/total_burned_calories", self.calories()),
            Fact::number("/calories_data/net_activity_calories", self.active_calories()),
            Fact::number("/active_durations_data/activity_seconds", active),
            Fact::number("/active_durations_data/inactivity_seconds", inactive),
            Fact::count("/active_durations_data/activity_levels_samples", self.zones().len()),
            Fact::count("/heart_rate_data/detailed/hr_samples", beats),
            Fact::number("/scores/activity", self.score.min(100)),
            Fact::maybe("/strain_data/strain_level", self.strain.map(|tenths| f64::from(tenths) / 10.0)),
        ]
    }
}

/// A day of `cardio-load` of which nothing can be said.
pub(super) fn unknown_load(date: NaiveDate) -> Value {
    json!({"date": date.to_string(), "cardio_load_status": "LOAD_STATUS_NOT_AVAILABLE", "strain": 0.0})
}
