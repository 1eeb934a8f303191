//! Simulated exercises, as the API tells them and as they must come out.

use std::fmt::Write as _;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::sandbox::ledger::Fact;
use crate::sandbox::people::Person;

/// What the dice are thrown for.
const EXERCISE: u64 = 0x70_45;

/// An exercise in the books.
#[derive(Debug, Clone)]
pub(super) struct Exercise {
    pub(super) number: u32,
    pub(super) person: u32,
    pub(super) start: DateTime<Utc>,
    pub(super) seconds: u32,
    pub(super) uploaded: DateTime<Utc>,
}

impl Exercise {
    pub(super) fn id(&self) -> String {
        format!("{:04X}{:06X}", self.person, self.number)
    }
}

/// Polar's names of a sport, the number that must come out, and whether it goes along a route.
const SPORTS: [(&str, &str, u32, bool); 5] = [
    ("RUNNING", "RUNNING_ROAD", 8, true),
    ("CYCLING", "CYCLING_MOUNTAIN", 15, true),
    ("OTHER", "FITNESS_YOGA", 100, false),
    ("STRENGTH_TRAINING", "STRENGTH_TRAINING", 80, false),
    ("OTHER", "TEAMSPORTS_FLOORBALL", 86, false),
];

/// Everything that was recorded.
pub(super) struct Truth<'a> {
    exercise: &'a Exercise,
    person: &'a Person,
    sport: (&'static str, &'static str, u32, bool),
    /// s between two values.
    rate: u32,
    /// beats/min; nothing where the sensor was off.
    heart_rate: Vec<Option<u32>>,
    /// Tenths of km/h.
    speed: Vec<u32>,
    calories: u32,
    /// m.
    distance: u32,
    zones: [u32; 5],
    has_samples: bool,
}

impl<'a> Truth<'a> {
    pub(super) fn of(exercise: &'a Exercise, person: &'a Person, points: u32) -> Self {
        let mut dice = person.dice(EXERCISE, u64::from(exercise.number));
        let [first, ..] = SPORTS;
        let sport = dice.pick(&SPORTS, first);
        let rate = (exercise.seconds / points.max(1)).max(1);
        let count = exercise.seconds / rate;
        let effort = dice.between(person.resting_hr + 40, person.max_hr - 5);
        let heart_rate = (0..count).map(|_| dice.maybe(4, effort - 10, effort + 4)).collect();
        let pace = dice.between(60, 250);
        let speed = (0..count).map(|_| dice.between(pace - 20, pace + 20)).collect();
        let fifth = exercise.seconds / 5;
        Self {
            exercise,
            person,
            sport,
            rate,
            heart_rate,
            speed,
            calories: exercise.seconds / 6,
            distance: if sport.3 { exercise.seconds * pace / 36 } else { 0 },
            zones: [fifth, fifth, fifth, fifth, exercise.seconds - 4 * fifth],
            has_samples: dice.percent(93),
        }
    }

    /// As the API tells it; parts that are not asked for are left out.
    pub(super) fn json(&self, samples: bool, zones: bool, route: bool) -> Value {
        let local = self.person.wall_clock(self.exercise.start);
        let mut json = json!({
            "id": self.exercise.id(),
            "upload_time": self.exercise.uploaded.to_rfc3339_opts(SecondsFormat::Millis, true),
            "polar_user": format!("https://www.polaraccesslink.com/v3/users/{}", super::user_id(self.person.number)),
            "device": "Polar Vantage V3",
            "device_id": format!("{:08X}", self.person.number),
            "start_time": local.format("%Y-%m-%dT%H:%M:%S").to_string(),
            "start_time_utc_offset": self.person.zone.offset_minutes,
            "duration": length(self.exercise.seconds),
            "calories": self.calories,
            "heart_rate": {"average": self.average(), "maximum": self.maximum()},
            "training_load": 80.5,
            "sport": self.sport.0,
            "has_route": self.sport.3 && self.has_samples,
            "detailed_sport_info": self.sport.1,
            "running-index": 51,
        });
        let Some(object) = json.as_object_mut() else { return json };
        if self.sport.3 {
            object.insert("distance".to_owned(), self.distance.into());
        }
        if zones {
            let zone = |(seconds, index): (&u32, u32)| {
                json!({"index": index, "lower-limit": 80 + 20 * index, "upper-limit": 100 + 20 * index,
                    "in-zone": length(*seconds)})
            };
            object.insert("heart_rate_zones".to_owned(), self.zones.iter().zip(1..).map(zone).collect());
        }
        if samples && self.has_samples {
            let list = |kind: &str, data: String| json!({"recording-rate": self.rate, "sample-type": kind, "data": data});
            let beats = joined(self.heart_rate.iter().map(|beat| beat.map(|beat| beat.to_string())));
            let mut lists = vec![list("0", beats)];
            if self.sport.3 {
                let speed = self.speed.iter().map(|tenths| Some(format!("{}.{}", tenths / 10, tenths % 10)));
                lists.push(list("1", joined(speed)));
            }
            // RR intervals have no rate.
            lists.push(json!({"recording-rate": null, "sample-type": "11", "data": "812,null,805"}));
            object.insert("samples".to_owned(), lists.into());
        }
        if route && self.sport.3 && self.has_samples {
            let place = |number: u32| {
                let north = f64::from(number) * 1e-5;
                json!({"latitude": f64::from(self.person.zone.latitude) / 1e5 + north,
                    "longitude": f64::from(self.person.zone.longitude) / 1e5,
                    "time": format!("PT{}.5S", number * self.rate), "satellites": 9, "fix": 0})
            };
            object.insert("route".to_owned(), (0..self.count()).map(place).collect());
        }
        json
    }

    fn count(&self) -> u32 {
        u32::try_from(self.speed.len()).unwrap_or(u32::MAX)
    }

    fn average(&self) -> u32 {
        let known: Vec<u32> = self.heart_rate.iter().copied().flatten().collect();
        let count = u32::try_from(known.len()).unwrap_or(u32::MAX).max(1);
        known.iter().sum::<u32>() / count
    }

    fn maximum(&self) -> u32 {
        self.heart_rate.iter().copied().flatten().max().unwrap_or(0)
    }

    /// What must be true of the record.
    pub(super) fn facts(&self) -> Vec<Fact> {
        let end = self.exercise.start + TimeDelta::seconds(i64::from(self.exercise.seconds));
        let known = self.heart_rate.iter().flatten().count();
        let recorded = |count: usize| if self.has_samples { count } else { 0 };
        let along = |count: usize| recorded(if self.sport.3 { count } else { 0 });
        let first = self.speed.first().filter(|_| self.sport.3 && self.has_samples);
        vec![
            Fact::text("/metadata/summary_id", self.exercise.id()),
            Fact::instant("/metadata/start_time", self.exercise.start),
            Fact::instant("/metadata/end_time", end),
            Fact::number("/metadata/type", self.sport.2),
            Fact::number("/metadata/upload_type", 1),
            Fact::number("/calories_data/total_burned_calories", self.calories),
            Fact::maybe("/distance_data/summary/distance_meters", self.sport.3.then_some(self.distance)),
            Fact::number("/heart_rate_data/summary/avg_hr_bpm", self.average()),
            Fact::number("/heart_rate_data/summary/max_hr_bpm", self.maximum()),
            Fact::count("/heart_rate_data/summary/hr_zone_data", 5),
            Fact::number("/heart_rate_data/summary/hr_zone_data/4/duration_seconds", self.zones[4]),
            Fact::count("/heart_rate_data/detailed/hr_samples", recorded(known)),
            Fact::count("/movement_data/speed_samples", along(self.speed.len())),
            Fact::count("/position_data/position_samples", along(self.speed.len())),
            Fact::maybe(
                "/movement_data/speed_samples/0/speed_meters_per_second",
                first.map(|tenths| f64::from(*tenths) / 36.0),
            ),
        ]
    }
}

/// Values as Polar lists them: an empty item where there is none.
fn joined(values: impl Iterator<Item = Option<String>>) -> String {
    let mut list = String::new();
    for (place, value) in values.enumerate() {
        if place > 0 {
            list.push(',');
        }
        list.push_str(value.as_deref().unwrap_or_default());
    }
    list
}

/// A length of time as ISO 8601 has it.
pub(super) fn length(seconds: u32) -> String {
    let mut text = String::from("PT");
    let parts = [(seconds / 3600, 'H'), (seconds % 3600 / 60, 'M'), (seconds % 60, 'S')];
    for (number, unit) in parts.into_iter().filter(|(number, _)| *number > 0) {
        let written = write!(text, "{number}{unit}");
        debug_assert!(written.is_ok(), "writing to a string cannot fail");
    }
    if seconds == 0 {
        text.push_str("0S");
    }
    text
}
