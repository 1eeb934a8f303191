//! Things that happen at a moment: workouts, sessions, naps and tags.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::sandbox::ledger::Fact;
use crate::sandbox::people::Person;

use super::night::Sleep;
use super::series::{Samples, heart_rates, localized};

/// What the dice are thrown for.
const WORKOUT: u64 = 0x77;
const SESSION: u64 = 0x73;
const TAG: u64 = 0x74;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Workout,
    Session,
    Nap,
    Tag,
}

impl Kind {
    /// The collection that holds it.
    pub(super) const fn collection(self) -> &'static str {
        match self {
            Self::Workout => "workout",
            Self::Session => "session",
            Self::Nap => "sleep",
            Self::Tag => "enhanced_tag",
        }
    }
}

/// A moment in the books.
#[derive(Debug, Clone)]
pub(super) struct Moment {
    pub(super) kind: Kind,
    /// Number among all moments of the person.
    pub(super) number: u32,
    pub(super) start: DateTime<Utc>,
    pub(super) seconds: u32,
    /// How often its label was changed.
    pub(super) edits: u32,
    pub(super) gone: bool,
    pub(super) updated: DateTime<Utc>,
}

/// Names of sports, Terra's numbers for them, and whether a distance is covered.
const SPORTS: [(&str, u32, bool); 8] = [
    ("running", 8, true),
    ("walking", 7, true),
    ("hiking", 35, true),
    ("cycling", 1, true),
    ("swimming", 82, true),
    ("yoga", 100, false),
    ("pilates", 49, false),
    ("strength_training", 80, false),
];

struct Workout {
    sport: (&'static str, u32, bool),
    /// Tenths of kcal.
    calories: Option<u32>,
    /// m.
    distance: Option<u32>,
    intensity: &'static str,
    source: &'static str,
}

impl Moment {
    pub(super) fn end(&self) -> DateTime<Utc> {
        self.start + TimeDelta::seconds(i64::from(self.seconds))
    }

    /// The day that it belongs to.
    pub(super) fn day(&self, person: &Person) -> NaiveDate {
        match self.kind {
            Kind::Nap => self.nap(person).day,
            Kind::Workout | Kind::Session | Kind::Tag => person.wall_clock(self.start).date(),
        }
    }

    fn nap(&self, person: &Person) -> Sleep {
        Sleep::nap(person, self.number, self.start, self.seconds)
    }

    fn workout(&self, person: &Person) -> Workout {
        let mut dice = person.dice(WORKOUT, u64::from(self.number));
        let sport = dice.pick(&SPORTS, ("running", 8, true));
        let minutes = self.seconds / 60;
        Workout {
            sport,
            calories: dice.maybe(8, minutes * 40, minutes * 130),
            distance: dice.maybe(10, minutes * 60, minutes * 210).filter(|_| sport.2),
            intensity: dice.pick(&["easy", "moderate", "hard"], "moderate"),
            source: dice.pick(&["manual", "autodetected", "confirmed", "workout_heart_rate"], "confirmed"),
        }
    }

    fn label(&self) -> Option<String> {
        (self.edits > 0).then(|| format!("With friends ({})", self.edits))
    }

    fn session_rates(&self, person: &Person) -> Option<Samples> {
        let middle = person.dice(SESSION, u64::from(self.number)).maybe(15, 52, 75)?;
        Some(Samples::around(person, self.start, self.seconds, 5, middle))
    }

    /// Oura's word for the kind of session, and Terra's number where there is one.
    fn session_kind(&self, person: &Person) -> (&'static str, Option<u32>) {
        let kinds =
            [("breathing", Some(122)), ("meditation", Some(45)), ("relaxation", None), ("rest", None)];
        person.dice(SESSION, u64::from(self.number) ^ 0x2_0000_0000).pick(&kinds, ("rest", None))
    }

    /// The document.
    pub(super) fn json(&self, person: &Person, id: &str) -> Value {
        let meta = super::meta(self.updated, self.edits + 1);
        let (start, end) = (localized(person, self.start), localized(person, self.end()));
        let day = self.day(person).to_string();
        match self.kind {
            Kind::Nap => self.nap(person).json(person, id, self.updated, self.gone),
            Kind::Workout => {
                let workout = self.workout(person);
                json!({"id": id, "meta": meta, "activity": workout.sport.0,
                    "calories": workout.calories.map(|tenths| f64::from(tenths) / 10.0), "day": day,
                    "distance": workout.distance.map(f64::from), "end_datetime": end,
                    "intensity": workout.intensity, "label": self.label(), "source": workout.source,
                    "start_datetime": start})
            }
            Kind::Session => {
                let mut dice = person.dice(SESSION, u64::from(self.number) ^ 0x1_0000_0000);
                let mood =
                    dice.percent(60).then(|| dice.pick(&["bad", "worse", "same", "good", "great"], "same"));
                let rates = self.session_rates(person).map(|samples| samples.json(person));
                json!({"id": id, "meta": meta, "day": day, "start_datetime": start, "end_datetime": end,
                    "type": self.session_kind(person).0, "heart_rate": rates, "heart_rate_variability": null,
                    "mood": mood, "motion_count": null})
            }
            Kind::Tag => {
                let mut dice = person.dice(TAG, u64::from(self.number));
                let codes = [Some("tag_generic_coffee"), Some("tag_generic_alcohol"), Some("custom"), None];
                let code = dice.pick(&codes, None);
                let comment = (code.is_none() || dice.percent(30)).then_some("Late evening & long day");
                json!({"id": id, "tag_type_code": code, "start_time": start, "end_time": null, "start_day": day,
                    "end_day": null, "comment": comment,
                    "custom_name": code.filter(|code| *code == "custom").map(|_| "Cold plunge")})
            }
        }
    }

    /// What must be true of Terra's record. Heart rates are known until `synced`.
    pub(super) fn facts(
        &self,
        person: &Person,
        id: &str,
        known_from: DateTime<Utc>,
        synced: DateTime<Utc>,
    ) -> Vec<Fact> {
        let mut facts = vec![
            Fact::text("/metadata/summary_id", id),
            Fact::instant("/metadata/start_time", self.start),
            Fact::instant("/metadata/end_time", self.end()),
            Fact::date("/metadata/start_time", person.wall_clock(self.start).date()),
        ];
        match self.kind {
            Kind::Nap => return self.nap(person).facts(person, id),
            Kind::Workout => {
                let workout = self.workout(person);
                let rates = heart_rates(person, self.start.max(known_from), self.end().min(synced));
                facts.push(Fact::number("/metadata/type", workout.sport.1));
                facts.push(Fact::number(
                    "/metadata/upload_type",
                    if workout.source == "manual" { 2_u32 } else { 1 },
                ));
                facts.push(Fact::maybe("/distance_data/summary/distance_meters", workout.distance));
                facts.push(Fact::maybe(
                    "/calories_data/total_burned_calories",
                    workout.calories.map(|tenths| f64::from(tenths) / 10.0),
                ));
                facts.push(Fact::count("/heart_rate_data/detailed/hr_samples", rates.len()));
                if let Some(label) = self.label() {
                    facts.push(Fact::text("/metadata/name", label));
                }
            }
            Kind::Session => {
                facts.extend(self.session_kind(person).1.map(|kind| Fact::number("/metadata/type", kind)));
                // Without a series of its own a session may be given the rows of the day.
                let own = self.session_rates(person).map(|samples| samples.measured());
                facts.extend(own.map(|count| Fact::count("/heart_rate_data/detailed/hr_samples", count)));
            }
            Kind::Tag => facts.clear(),
        }
        facts
    }
}
