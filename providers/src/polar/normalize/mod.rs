//! Polar's shapes to the standard model: pure, no clock, no network; split by resource.
//!
//! Units are the model's already, but for speed (km/h), potentials (mV) and lengths of time (ISO 8601). Times keep the
//! offset that Polar gave, and have none where Polar states a wall clock alone. Nothing here derives a total, a mean
//! or an extreme that Polar did not send.

mod athlete;
mod body;
mod daily;
mod exercise;
mod night;
mod sport;

use chrono::NaiveTime;
use tributary_contract::FetchError;
use tributary_contract::model::Timestamp;

use super::wire;

pub(super) use athlete::athlete;
pub(super) use body::{Measured, temperatures};
pub(super) use daily::{DayDocuments, daily};
pub(super) use exercise::{exercise, started};
pub(super) use night::night;

fn later(start: Timestamp, seconds: f64, what: &str) -> Result<Timestamp, FetchError> {
    start.plus_seconds(seconds).ok_or_else(|| FetchError::malformed(what, "a time (out of range)"))
}

/// A time of day, with or without seconds.
fn time_of_day(text: &str, what: &str) -> Result<NaiveTime, FetchError> {
    let read =
        NaiveTime::parse_from_str(text, "%H:%M:%S").or_else(|_| NaiveTime::parse_from_str(text, "%H:%M"));
    read.map_err(|_no_time| FetchError::malformed(what, "a time of day"))
}

/// Nothing instead of a block without any value.
fn filled<T: Default + PartialEq>(block: T) -> Option<T> {
    (block != T::default()).then_some(block)
}

/// Nothing instead of an empty list.
fn some<T>(list: Vec<T>) -> Option<Vec<T>> {
    (!list.is_empty()).then_some(list)
}

#[cfg(test)]
mod tests;
