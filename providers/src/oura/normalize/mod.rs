//! Oura's shapes to the standard model: pure, no clock, no network; split by resource.
//!
//! Units are the model's already (s, m, kcal, beats and breaths a minute, °C, ms of RMSSD), but for minutes of an
//! intensity, which Oura states in seconds. Times keep the offset that Oura gave each of them. Nothing here derives a
//! total, a mean or an extreme that Oura did not send.

mod activity;
mod athlete;
mod body;
mod daily;
mod sleep;

use tributary_contract::FetchError;
use tributary_contract::model::{
    HeartRateContext, HeartRateDataSample, HeartRateVariabilityDataSampleRMSSD, Offset, Timestamp,
};

use super::wire;

pub(super) use activity::{session, workout};
pub(super) use athlete::athlete;
pub(super) use body::{BodyDocuments, body};
pub(super) use daily::{DayDocuments, daily};
pub(super) use sleep::{Slept, sleep};

/// One sample for each value of a series; `what` names the series in an error.
fn series<S>(
    series: Option<&wire::Series>,
    what: &str,
    sample: impl Fn(Timestamp, f64) -> S,
) -> Result<Option<Vec<S>>, FetchError> {
    let Some(series) = series else { return Ok(None) };
    let mut samples = Vec::with_capacity(series.items.len());
    let mut elapsed = 0.0;
    for item in &series.items {
        if let Some(value) = item {
            samples.push(sample(later(series.timestamp, elapsed, what)?, *value));
        }
        elapsed += series.interval;
    }
    Ok(some(samples))
}

/// One sample for each character of a text that stands for equal stretches of time.
fn classes<S>(
    text: &str,
    start: Timestamp,
    interval: f64,
    what: &str,
    sample: impl Fn(Timestamp, char) -> S,
) -> Result<Vec<S>, FetchError> {
    let mut samples = Vec::with_capacity(text.len());
    let mut elapsed = 0.0;
    for class in text.chars() {
        samples.push(sample(later(start, elapsed, what)?, class));
        elapsed += interval;
    }
    Ok(samples)
}

fn later(start: Timestamp, seconds: f64, what: &str) -> Result<Timestamp, FetchError> {
    start.plus_seconds(seconds).ok_or_else(|| FetchError::malformed(what, "the interval (out of range)"))
}

fn heart_rate_series(
    wire: Option<&wire::Series>,
    what: &str,
) -> Result<Option<Vec<HeartRateDataSample>>, FetchError> {
    series(wire, what, |timestamp, bpm| HeartRateDataSample {
        timestamp: Some(timestamp),
        bpm: Some(bpm),
        ..HeartRateDataSample::default()
    })
}

fn variability_series(
    wire: Option<&wire::Series>,
    what: &str,
) -> Result<Option<Vec<HeartRateVariabilityDataSampleRMSSD>>, FetchError> {
    series(wire, what, |timestamp, hrv| HeartRateVariabilityDataSampleRMSSD {
        timestamp: Some(timestamp),
        hrv_rmssd: Some(hrv),
    })
}

/// Rows of `heartrate` as seen on a wall clock with that offset.
fn heart_rate_rows(rows: &[wire::HeartRate], offset: Option<Offset>) -> Option<Vec<HeartRateDataSample>> {
    let sample = |row: &wire::HeartRate| {
        let instant = row.timestamp.instant_or(Offset::UTC);
        Some(HeartRateDataSample {
            timestamp: Some(Timestamp::from_utc_with_offset(instant, offset.unwrap_or_default())),
            bpm: Some(row.bpm?),
            context: row.source.as_deref().and_then(context),
            ..HeartRateDataSample::default()
        })
    };
    some(rows.iter().filter_map(sample).collect())
}

/// Where Oura's word says whether the user moved; `awake`, `live` and `session` do not.
fn context(source: &str) -> Option<HeartRateContext> {
    match source {
        "workout" => Some(HeartRateContext::Active),
        "rest" | "sleep" => Some(HeartRateContext::NotActive),
        "awake" | "live" | "session" => Some(HeartRateContext::NotSet),
        _ => None,
    }
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
