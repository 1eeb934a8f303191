//! Simulated results: what really happened, how the API tells it, and what must come out of it.
//!
//! Everything is computed from the person and the result's number whenever it is needed. It never looks at an answer
//! that was served.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::sandbox::ledger::Fact;
use crate::sandbox::people::Person;

use super::{Cloud, index, user_id};

/// The id of result 0.
const FIRST_ID: u32 = 70_000_000;
/// What the dice are thrown for.
const TRUTH: u64 = 0x6332;
/// Splits or intervals of a result.
const PARTS: u32 = 5;

/// Machines with Terra's number of the sport.
const MACHINES: [(&str, u32); 4] = [("rower", 54), ("dynamic", 54), ("skierg", 103), ("bike", 18)];

/// A result in the books.
#[derive(Debug, Clone)]
pub(super) struct Outcome {
    pub(super) number: u32,
    pub(super) person: u32,
    pub(super) end: DateTime<Utc>,
    /// When it was added or corrected.
    pub(super) changed: DateTime<Utc>,
    /// How often its distance was corrected.
    pub(super) edits: u32,
}

impl Outcome {
    pub(super) const fn id(&self) -> u32 {
        FIRST_ID.saturating_add(self.number)
    }

    /// The number behind an id as it stands in a path.
    pub(super) fn number_of(id: &str) -> Option<usize> {
        Some(index(id.parse::<u32>().ok()?.checked_sub(FIRST_ID)?))
    }
}

/// What really happened. Lengths are whole numbers of small units, so that nothing is rounded twice.
#[derive(Debug)]
pub(super) struct Truth {
    machine: (&'static str, u32),
    /// Entered on the site: a date, no time of day, no strokes.
    manual: bool,
    /// Work of one part, ds.
    part: u32,
    /// Rest after each part, ds; 0 for splits.
    rest: u32,
    /// Distance of one part, m.
    distance: u32,
    calories: u32,
    stroke_rate: u32,
    heart_rate: Option<u32>,
    /// Without a belt Concept2 writes zeros, or nothing.
    zeros: bool,
    /// Strokes of one part.
    strokes: u32,
}

impl Truth {
    fn of(outcome: &Outcome, person: &Person, most_strokes: u32) -> Self {
        let mut dice = person.dice(TRUTH, u64::from(outcome.number));
        let part = dice.between(600, 4_200);
        Self {
            machine: dice.pick(&MACHINES, ("rower", 54)),
            manual: dice.percent(15),
            part,
            rest: if dice.percent(40) { dice.between(100, 1_200) } else { 0 },
            distance: part * dice.between(38, 52) / 100,
            calories: dice.between(60, 900),
            stroke_rate: dice.between(18, 34),
            heart_rate: dice.maybe(40, 105, person.max_hr - 20),
            zeros: dice.percent(50),
            strokes: dice.between(2, (most_strokes / PARTS).max(2)).min(part / 20),
        }
    }

    /// Rests, ds.
    const fn rests(&self) -> u32 {
        if self.manual { 0 } else { self.rest * PARTS }
    }

    fn total_distance(&self, outcome: &Outcome) -> u32 {
        self.distance * PARTS + outcome.edits * 10
    }

    fn heart(&self, with_range: bool) -> Option<Value> {
        match self.heart_rate.filter(|_| !self.manual) {
            Some(average) if with_range => {
                Some(json!({"average": average, "min": average - 30, "max": average + 15}))
            }
            Some(average) => Some(json!({ "average": average })),
            None => self.zeros.then(|| json!({"average": 0, "min": 0, "max": 0})),
        }
    }

    // ANCHOR: json
    /// The result as the API tells it.
    pub(super) fn json(&self, outcome: &Outcome, person: &Person) -> Value {
        let local = person.wall_clock(outcome.end);
        let mut result = json!({
            "id": outcome.id(),
            "user_id": user_id(person.number),
            "date": local.format(if self.manual { "%Y-%m-%d 00:00:00" } else { "%Y-%m-%d %H:%M:%S" }).to_string(),
            "timezone": (!self.manual).then_some(person.zone.name),
            "date_utc": (!self.manual).then(|| outcome.end.format("%Y-%m-%d %H:%M:%S").to_string()),
            "distance": self.total_distance(outcome),
            "type": self.machine.0,
            "time": self.part * PARTS,
            "workout_type": if self.rest > 0 { "FixedTimeInterval" } else { "FixedTimeSplits" },
            "source": if self.manual { "Web" } else { "ErgData iOS" },
            "weight_class": "H",
            "verified": !self.manual,
            "ranked": false,
            "comments": null,
            "privacy": "partners",
            "stroke_data": !self.manual,
            "calories_total": self.calories,
            "stroke_rate": self.stroke_rate,
            "real_time": false,
        });
        if let Some(fields) = result.as_object_mut() {
            if let Some(heart) = self.heart(true) {
                fields.insert("heart_rate".to_owned(), heart);
            }
            if !self.manual {
                let name = if self.rest > 0 { "intervals" } else { "splits" };
                let parts = vec![self.part_json(); index(PARTS)];
                fields.insert("workout".to_owned(), json!({ name: parts }));
                fields.insert("rest_time".to_owned(), self.rests().into());
            }
        }
        result
    }
    // ANCHOR_END: json

    fn part_json(&self) -> Value {
        json!({
            "type": "time",
            "time": self.part,
            "distance": self.distance,
            "calories_total": self.calories / PARTS,
            "stroke_rate": self.stroke_rate,
            "heart_rate": self.heart(false),
            "rest_time": self.rest,
        })
    }

    /// The strokes; time and distance begin anew with each interval, not with each split.
    pub(super) fn strokes_json(&self) -> Option<Value> {
        let stroke = |part: u32, stroke: u32| {
            let before = if self.rest > 0 { 0 } else { part };
            let (time, distance) =
                (self.part * stroke / self.strokes, self.distance * 10 * stroke / self.strokes);
            json!({
                "t": before * self.part + time,
                "d": before * self.distance * 10 + distance,
                "p": 1_000 + stroke,
                "spm": self.stroke_rate,
                "hr": self.heart_rate.unwrap_or_default(),
            })
        };
        let all = (0..PARTS).flat_map(|part| (1..=self.strokes).map(move |number| stroke(part, number)));
        (!self.manual).then(|| all.collect())
    }

    // ANCHOR: facts
    /// What must be true of Terra's activity.
    pub(super) fn facts(&self, outcome: &Outcome, person: &Person) -> Vec<Fact> {
        let worked = f64::from(self.part * PARTS) / 10.0;
        let date = person.wall_clock(outcome.end).date();
        let heart_rate = self.heart_rate.filter(|_| !self.manual);
        let counted = |there: bool| if there { index(self.strokes * PARTS) } else { 0 };
        let mut facts = vec![
            Fact::text("/metadata/summary_id", outcome.id().to_string()),
            Fact::number("/metadata/type", self.machine.1),
            Fact::number("/metadata/upload_type", if self.manual { 2_u32 } else { 1 }),
            Fact::number("/active_durations_data/activity_seconds", worked),
            Fact::number("/calories_data/total_burned_calories", self.calories),
            Fact::number("/distance_data/summary/distance_meters", self.total_distance(outcome)),
            Fact::number("/movement_data/avg_cadence_rpm", self.stroke_rate),
            Fact::maybe("/heart_rate_data/summary/avg_hr_bpm", heart_rate),
            Fact::maybe("/heart_rate_data/summary/max_hr_bpm", heart_rate.map(|average| average + 15)),
            Fact::count("/lap_data/laps", if self.manual { 0 } else { index(PARTS) }),
            Fact::count("/heart_rate_data/detailed/hr_samples", counted(heart_rate.is_some())),
            Fact::count("/distance_data/detailed/distance_samples", counted(!self.manual)),
            Fact::count("/movement_data/speed_samples", counted(!self.manual)),
        ];
        if self.manual {
            facts.push(Fact::text("/metadata/start_time", format!("{date}T00:00:00.000000")));
            return facts;
        }
        let tenths = |tenths: u32| TimeDelta::milliseconds(i64::from(tenths) * 100);
        let start = outcome.end - tenths(self.part * PARTS + self.rests());
        let first_stroke = start + tenths(self.part / self.strokes);
        facts.extend([
            Fact::instant("/metadata/end_time", outcome.end),
            Fact::date("/metadata/end_time", date),
            Fact::instant("/metadata/start_time", start),
            Fact::instant("/distance_data/detailed/distance_samples/0/timestamp", first_stroke),
            Fact::instant("/lap_data/laps/1/start_time", start + tenths(self.part + self.rest)),
            Fact::number("/lap_data/laps/1/distance_meters", self.distance),
            Fact::maybe("/lap_data/laps/1/avg_hr_bpm", heart_rate),
        ]);
        facts
    }
    // ANCHOR_END: facts
}

impl Cloud {
    /// What really happened, and to whom.
    pub(super) fn truth(&self, outcome: &Outcome) -> Option<(&Person, Truth)> {
        let person = self.people.get(index(outcome.person))?;
        Some((person, Truth::of(outcome, person, self.settings.stream_points)))
    }

    pub(super) fn is_manual(&self, outcome: &Outcome) -> bool {
        self.truth(outcome).is_some_and(|(_, truth)| truth.manual)
    }

    /// The result as lists and notifications hold it.
    pub(super) fn summary(&self, outcome: &Outcome) -> Option<Value> {
        self.truth(outcome).map(|(person, truth)| truth.json(outcome, person))
    }
}

/// The profile.
pub(super) fn profile(person: &Person) -> Value {
    json!({
        "id": user_id(person.number),
        "username": format!("erg{}", person.number),
        "first_name": person.first_name,
        "last_name": person.last_name,
        "gender": if person.female { "F" } else { "M" },
        "dob": birthday(person),
        "email": format!("erg{}@example.org", person.number),
        "country": null,
        "profile_image": null,
        "age_restricted": false,
        "email_permission": false,
        "max_heart_rate": person.max_hr,
        "weight": null,
        "logbook_privacy": "partners",
    })
}

fn birthday(person: &Person) -> String {
    format!("{}-04-02", 2026_u32.saturating_sub(person.age))
}

/// What must be true of Terra's athlete.
pub(super) fn person_facts(person: &Person) -> Vec<Fact> {
    vec![
        Fact::text("/provider_user_id", user_id(person.number).to_string()),
        Fact::text("/first_name", person.first_name),
        Fact::text("/last_name", person.last_name),
        Fact::text("/sex", if person.female { "female" } else { "male" }),
        Fact::text("/email", format!("erg{}@example.org", person.number)),
    ]
}
