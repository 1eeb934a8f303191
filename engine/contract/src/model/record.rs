//! One record of any type: what a provider emits and the log keeps.
//!
//! Made by providers, turned into JSON once when it is committed; from then on only its bytes travel.

use std::fmt;
use std::str::FromStr;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{
    Activity, Athlete, Body, Daily, Day, Digest, HealthObservation, HormoneSample, Menstruation, NaturalKey,
    Nutrition, PlannedWorkout, Sleep, Timestamp,
};

/// A record of one of the ten types.
///
/// `Debug` names the type only: records hold health values.
#[derive(Clone, PartialEq)]
pub enum Record {
    /// A workout.
    Activity(Box<Activity>),
    /// Body measurements of a day.
    Body(Box<Body>),
    /// Totals of a day.
    Daily(Box<Daily>),
    /// A sleep session.
    Sleep(Box<Sleep>),
    /// Food and drink of a day.
    Nutrition(Box<Nutrition>),
    /// The cycle on a day.
    Menstruation(Box<Menstruation>),
    /// The user's profile.
    Athlete(Box<Athlete>),
    /// A workout planned for a date.
    PlannedWorkout(Box<PlannedWorkout>),
    /// A hormone test.
    Hormone(Box<HormoneSample>),
    /// A coded observation.
    HealthObservation(Box<HealthObservation>),
}

impl Record {
    /// Its type.
    pub const fn data_type(&self) -> DataType {
        match self {
            Self::Activity(_) => DataType::Activity,
            Self::Body(_) => DataType::Body,
            Self::Daily(_) => DataType::Daily,
            Self::Sleep(_) => DataType::Sleep,
            Self::Nutrition(_) => DataType::Nutrition,
            Self::Menstruation(_) => DataType::Menstruation,
            Self::Athlete(_) => DataType::Athlete,
            Self::PlannedWorkout(_) => DataType::PlannedWorkout,
            Self::Hormone(_) => DataType::Hormone,
            Self::HealthObservation(_) => DataType::HealthObservation,
        }
    }

    /// What makes a later version of it overwrite an earlier one, within its connection and type.
    pub fn natural_key(&self) -> NaturalKey {
        match self {
            Self::Activity(record) => {
                let metadata = &record.metadata;
                NaturalKey::id_or_span(Some(&metadata.summary_id), &metadata.start_time, &metadata.end_time)
            }
            Self::Sleep(record) => {
                let metadata = &record.metadata;
                NaturalKey::id_or_span(
                    metadata.summary_id.as_deref(),
                    &metadata.start_time,
                    &metadata.end_time,
                )
            }
            Self::Body(record) => NaturalKey::day(&record.metadata.start_time),
            Self::Daily(record) => NaturalKey::day(&record.metadata.start_time),
            Self::Nutrition(record) => NaturalKey::day(&record.metadata.start_time),
            Self::Menstruation(record) => NaturalKey::day(&record.metadata.start_time),
            Self::Athlete(_) => NaturalKey::new("athlete"),
            Self::PlannedWorkout(record) => planned_key(record),
            Self::Hormone(record) => NaturalKey::new(record.timestamp.to_string()),
            Self::HealthObservation(record) => {
                let metadata = &record.metadata;
                let end = metadata.end_time.unwrap_or(metadata.start_time);
                NaturalKey::id_or_span(Some(&metadata.summary_id), &metadata.start_time, &end)
            }
        }
    }

    /// Its JSON, compact, fields in the order of the schemas, so that equal records have equal bytes.
    ///
    /// # Errors
    /// [`RecordError::Write`]; does not happen for the types of this model.
    pub fn to_json(&self) -> Result<Bytes, RecordError> {
        serde_json::to_vec(self)
            .map(Bytes::from)
            .map_err(|error| RecordError::write(self.data_type(), &error))
    }

    /// Reads the JSON of one record.
    ///
    /// # Errors
    /// [`RecordError::Read`] with the place, never with a value.
    pub fn from_json(data_type: DataType, json: &[u8]) -> Result<Self, RecordError> {
        fn read<'a, T: Deserialize<'a> + Into<Record>>(json: &'a [u8]) -> Result<Record, serde_json::Error> {
            serde_json::from_slice::<T>(json).map(Into::into)
        }
        match data_type {
            DataType::Activity => read::<Activity>(json),
            DataType::Body => read::<Body>(json),
            DataType::Daily => read::<Daily>(json),
            DataType::Sleep => read::<Sleep>(json),
            DataType::Nutrition => read::<Nutrition>(json),
            DataType::Menstruation => read::<Menstruation>(json),
            DataType::Athlete => read::<Athlete>(json),
            DataType::PlannedWorkout => read::<PlannedWorkout>(json),
            DataType::Hormone => read::<HormoneSample>(json),
            DataType::HealthObservation => read::<HealthObservation>(json),
        }
        .map_err(|error| RecordError::read(data_type, &error))
    }

    /// When it begins; midnight of its date for a planned workout, nothing for a profile.
    pub fn start_time(&self) -> Option<Timestamp> {
        match self {
            Self::Activity(record) => Some(record.metadata.start_time),
            Self::Body(record) => Some(record.metadata.start_time),
            Self::Daily(record) => Some(record.metadata.start_time),
            Self::Sleep(record) => Some(record.metadata.start_time),
            Self::Nutrition(record) => Some(record.metadata.start_time),
            Self::Menstruation(record) => Some(record.metadata.start_time),
            Self::Athlete(_) => None,
            Self::PlannedWorkout(record) => planned_day(record).map(|day| day.bounds(None).0),
            Self::Hormone(record) => Some(record.timestamp),
            Self::HealthObservation(record) => Some(record.metadata.start_time),
        }
    }

    /// When it ends: the moment itself for a hormone test or an observation without end, the next midnight for a
    /// planned workout, nothing for a profile.
    pub fn end_time(&self) -> Option<Timestamp> {
        match self {
            Self::Activity(record) => Some(record.metadata.end_time),
            Self::Body(record) => Some(record.metadata.end_time),
            Self::Daily(record) => Some(record.metadata.end_time),
            Self::Sleep(record) => Some(record.metadata.end_time),
            Self::Nutrition(record) => Some(record.metadata.end_time),
            Self::Menstruation(record) => Some(record.metadata.end_time),
            Self::Athlete(_) => None,
            Self::PlannedWorkout(record) => planned_day(record).map(|day| day.bounds(None).1),
            Self::Hormone(record) => Some(record.timestamp),
            Self::HealthObservation(record) => {
                Some(record.metadata.end_time.unwrap_or(record.metadata.start_time))
            }
        }
    }
}

/// The plan's own id, else the provider's; a plan without any id is known by its content.
fn planned_key(plan: &PlannedWorkout) -> NaturalKey {
    let details = plan.details.as_ref().and_then(|details| details.metadata.as_ref());
    let ids = [
        plan.planned_workout_id.as_deref(),
        plan.metadata.as_ref().and_then(|metadata| metadata.id.as_deref()),
        plan.provider_workout_id.as_deref(),
        details.and_then(|metadata| metadata.id.as_deref()),
    ];
    let id = ids.into_iter().flatten().find(|id| !id.is_empty());
    let content = || serde_json::to_vec(plan).map(|json| Digest::of(&json).to_string()).unwrap_or_default();
    NaturalKey::new(id.map_or_else(content, str::to_owned))
}

fn planned_day(plan: &PlannedWorkout) -> Option<Day> {
    let details = plan.details.as_ref().and_then(|details| details.metadata.as_ref());
    plan.planned_date.or_else(|| details.or(plan.metadata.as_ref())?.planned_date)
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Record({})", self.data_type())
    }
}

impl Serialize for Record {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Activity(record) => record.serialize(serializer),
            Self::Body(record) => record.serialize(serializer),
            Self::Daily(record) => record.serialize(serializer),
            Self::Sleep(record) => record.serialize(serializer),
            Self::Nutrition(record) => record.serialize(serializer),
            Self::Menstruation(record) => record.serialize(serializer),
            Self::Athlete(record) => record.serialize(serializer),
            Self::PlannedWorkout(record) => record.serialize(serializer),
            Self::Hormone(record) => record.serialize(serializer),
            Self::HealthObservation(record) => record.serialize(serializer),
        }
    }
}

/// The ten types of records, which are also the data events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DataType {
    /// Workouts.
    Activity,
    /// Body measurements by day.
    Body,
    /// Totals by day.
    Daily,
    /// Sleep sessions.
    Sleep,
    /// Food and drink by day.
    Nutrition,
    /// The cycle by day.
    Menstruation,
    /// The user's profile.
    Athlete,
    /// Planned workouts.
    PlannedWorkout,
    /// Hormone tests.
    Hormone,
    /// Coded observations.
    HealthObservation,
}

impl DataType {
    /// All types.
    pub const ALL: [Self; 10] = [
        Self::Activity,
        Self::Body,
        Self::Daily,
        Self::Sleep,
        Self::Nutrition,
        Self::Menstruation,
        Self::Athlete,
        Self::PlannedWorkout,
        Self::Hormone,
        Self::HealthObservation,
    ];

    /// The word used for it everywhere: event type, configuration, REST, metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Activity => "activity",
            Self::Body => "body",
            Self::Daily => "daily",
            Self::Sleep => "sleep",
            Self::Nutrition => "nutrition",
            Self::Menstruation => "menstruation",
            Self::Athlete => "athlete",
            Self::PlannedWorkout => "planned_workout",
            Self::Hormone => "hormone",
            Self::HealthObservation => "health_observation",
        }
    }
}

impl fmt::Display for DataType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for DataType {
    type Err = UnknownDataType;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|known| known.as_str() == text).ok_or(UnknownDataType)
    }
}

/// A word that is none of the ten types.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error(
    "unknown data type; use activity, body, daily, sleep, nutrition, menstruation, athlete, planned_workout, \
     hormone or health_observation"
)]
pub struct UnknownDataType;

/// Why a record could not be read or written. It names the place, never a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum RecordError {
    /// The JSON is broken or does not have the shape of its type.
    #[error("no {data_type} record: {what} at line {line} column {column}")]
    Read {
        /// Expected type.
        data_type: DataType,
        /// What is wrong.
        what: &'static str,
        /// Line in the JSON, from 1.
        line: usize,
        /// Column in the line, from 1.
        column: usize,
    },
    /// The record could not be turned into JSON.
    #[error("the {data_type} record could not be written as JSON: {what}")]
    Write {
        /// Its type.
        data_type: DataType,
        /// What is wrong.
        what: &'static str,
    },
}

impl RecordError {
    /// An error of the JSON reader without its text, which may quote a value.
    pub(crate) fn read(data_type: DataType, error: &serde_json::Error) -> Self {
        Self::Read { data_type, what: category(error), line: error.line(), column: error.column() }
    }

    fn write(data_type: DataType, error: &serde_json::Error) -> Self {
        Self::Write { data_type, what: category(error) }
    }
}

pub(super) fn category(error: &serde_json::Error) -> &'static str {
    match error.classify() {
        serde_json::error::Category::Io => "input or output failed",
        serde_json::error::Category::Syntax => "broken JSON",
        serde_json::error::Category::Data => "a field is missing or has the wrong type",
        serde_json::error::Category::Eof => "the JSON ends too early",
    }
}

impl From<Activity> for Record {
    fn from(record: Activity) -> Self {
        Self::Activity(Box::new(record))
    }
}

impl From<Body> for Record {
    fn from(record: Body) -> Self {
        Self::Body(Box::new(record))
    }
}

impl From<Daily> for Record {
    fn from(record: Daily) -> Self {
        Self::Daily(Box::new(record))
    }
}

impl From<Sleep> for Record {
    fn from(record: Sleep) -> Self {
        Self::Sleep(Box::new(record))
    }
}

impl From<Nutrition> for Record {
    fn from(record: Nutrition) -> Self {
        Self::Nutrition(Box::new(record))
    }
}

impl From<Menstruation> for Record {
    fn from(record: Menstruation) -> Self {
        Self::Menstruation(Box::new(record))
    }
}

impl From<Athlete> for Record {
    fn from(record: Athlete) -> Self {
        Self::Athlete(Box::new(record))
    }
}

impl From<PlannedWorkout> for Record {
    fn from(record: PlannedWorkout) -> Self {
        Self::PlannedWorkout(Box::new(record))
    }
}

impl From<HormoneSample> for Record {
    fn from(record: HormoneSample) -> Self {
        Self::Hormone(Box::new(record))
    }
}

impl From<HealthObservation> for Record {
    fn from(record: HealthObservation) -> Self {
        Self::HealthObservation(Box::new(record))
    }
}

#[cfg(test)]
#[path = "record_tests.rs"]
mod tests;
