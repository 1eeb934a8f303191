//! Concept2's shapes to the standard model: pure, no clock, no network.
//!
//! Tenths of seconds and of metres become seconds and metres, watt-minutes kilojoules, and a pace becomes a speed. A
//! result states its end; the start is the end less work and rest. It never fills in an offset that Concept2 did not
//! state: such a result has wall clock times alone.

mod samples;

use chrono::{NaiveDateTime, NaiveTime, Offset as _, TimeZone as _};
use chrono_tz::Tz;
use tributary_contract::FetchError;
use tributary_contract::model::{
    self, ActiveDurationsData, ActivityMetadata, ActivityType, CaloriesData, Day, DistanceData,
    DistanceDataDetailed, DistanceDataSummary, HeartRateData, HeartRateDataDetailed, HeartRateDataSummary,
    LapData, LapSample, MovementData, Offset, Timestamp, UploadType, WorkData,
};

use super::{GET_RESULT, wire};
use samples::Samples;

// ANCHOR: activity
/// A result with its strokes, if there are any.
pub(super) fn activity(
    result: &wire::Outcome,
    strokes: &[wire::Stroke],
) -> Result<model::Activity, FetchError> {
    let (start, end) = bounds(result)?;
    let parts = parts(result);
    let laps = laps(start, parts)?;
    let samples = Samples::new(start, parts, strokes, result.kind.as_deref() == Some("bike"))?;
    let heart_rate = result.heart_rate.as_ref();
    Ok(model::Activity {
        metadata: ActivityMetadata {
            summary_id: result.id.to_string(),
            start_time: start,
            end_time: end,
            timestamp_localization: Some(start.localization()),
            kind: machine(result.kind.as_deref()),
            upload_type: match result.source.as_deref() {
                Some("Web") => UploadType::Manual,
                Some(_) => UploadType::Automatic,
                None => UploadType::Unknown,
            },
            ..ActivityMetadata::default()
        },
        active_durations_data: filled(ActiveDurationsData {
            activity_seconds: result.time.map(tenths),
            rest_seconds: result.rest_time.map(tenths),
            ..ActiveDurationsData::default()
        }),
        calories_data: filled(CaloriesData {
            total_burned_calories: result.calories_total,
            ..CaloriesData::default()
        }),
        distance_data: filled(DistanceData {
            summary: filled(DistanceDataSummary {
                distance_meters: result.distance,
                ..DistanceDataSummary::default()
            }),
            detailed: filled(DistanceDataDetailed {
                distance_samples: samples.distance,
                ..DistanceDataDetailed::default()
            }),
        }),
        heart_rate_data: filled(HeartRateData {
            summary: filled(HeartRateDataSummary {
                avg_hr_bpm: heart_rate.and_then(|rate| beats(rate.average)),
                min_hr_bpm: heart_rate.and_then(|rate| beats(rate.min)),
                max_hr_bpm: heart_rate.and_then(|rate| beats(rate.max)),
                ..HeartRateDataSummary::default()
            }),
            detailed: filled(HeartRateDataDetailed {
                hr_samples: samples.heart_rate,
                ..HeartRateDataDetailed::default()
            }),
        }),
        lap_data: filled(LapData { laps: (!laps.is_empty()).then_some(laps) }),
        movement_data: filled(MovementData {
            avg_cadence_rpm: result.stroke_rate,
            cadence_samples: samples.cadence,
            speed_samples: samples.speed,
            ..MovementData::default()
        }),
        work_data: filled(WorkData {
            work_kilojoules: result.wattminutes_total.map(|watt_minutes| watt_minutes * 60.0 / 1000.0),
        }),
        ..model::Activity::default()
    })
}
// ANCHOR_END: activity

/// The profile.
pub(super) fn athlete(user: wire::User) -> model::Athlete {
    model::Athlete {
        provider_user_id: Some(user.id.to_string()),
        first_name: user.first_name,
        last_name: user.last_name,
        sex: user.gender.map(|gender| match gender.as_str() {
            "M" => "male".to_owned(),
            "F" => "female".to_owned(),
            _ => gender,
        }),
        email: user.email,
        country: user.country,
        date_of_birth: user.dob.as_deref().and_then(|date| Day::parse(date).ok()),
        ..model::Athlete::default()
    }
}

// ANCHOR: bounds
/// Start and end. Entries that state a date alone come as midnight without a zone: they begin there, so that the
/// day stays the one that was entered.
fn bounds(result: &wire::Outcome) -> Result<(Timestamp, Timestamp), FetchError> {
    let date = time(&result.date, "date")?;
    let utc = result.date_utc.as_deref().map(|text| time(text, "date_utc")).transpose()?;
    let zone = result.timezone.as_deref().and_then(|name| name.trim().parse::<Tz>().ok());
    let offset = match (utc, zone) {
        (Some(utc), _) => Some((date - utc).num_seconds()),
        (None, Some(zone)) => {
            let local = zone.offset_from_local_datetime(&date).earliest();
            local.map(|offset| i64::from(offset.fix().local_minus_utc()))
        }
        (None, None) => None,
    };
    let offset = offset.map(Offset::from_seconds).transpose();
    let stated = match offset.map_err(|_far| malformed("date_utc (too far from date)"))? {
        Some(offset) => Timestamp::from_local_with_offset(date, offset),
        None => Timestamp::from_local(date),
    };
    let length = tenths(result.time.unwrap_or_default() + result.rest_time.unwrap_or_default());
    if stated.offset().is_none() && date.time() == NaiveTime::MIN {
        return Ok((stated, later(stated, length, "time")?));
    }
    Ok((later(stated, -length, "time")?, stated))
}
// ANCHOR_END: bounds

fn time(text: &str, field: &str) -> Result<NaiveDateTime, FetchError> {
    NaiveDateTime::parse_from_str(text.trim_end_matches('Z'), "%Y-%m-%d %H:%M:%S")
        .map_err(|_shows_a_value| malformed(field))
}

/// Intervals or splits, whichever there are.
fn parts(result: &wire::Outcome) -> &[wire::Part] {
    let workout = result.workout.as_ref();
    let intervals = workout.and_then(|workout| workout.intervals.as_deref()).unwrap_or_default();
    let splits = workout.and_then(|workout| workout.splits.as_deref()).unwrap_or_default();
    if intervals.is_empty() { splits } else { intervals }
}

/// A lap for each part, one after the other, rests between them.
fn laps(start: Timestamp, parts: &[wire::Part]) -> Result<Vec<LapSample>, FetchError> {
    let mut begin = 0.0;
    let lap = |part: &wire::Part| {
        let end = begin + part.time.unwrap_or_default();
        let lap = LapSample {
            start_time: Some(later(start, tenths(begin), "workout")?),
            end_time: part.time.map(|_| later(start, tenths(end), "workout")).transpose()?,
            active_duration_seconds: part.time.map(|time| whole(tenths(time))),
            distance_meters: part.distance,
            calories: part.calories_total,
            avg_hr_bpm: part.heart_rate.as_ref().and_then(|rate| beats(rate.average)),
            ..LapSample::default()
        };
        begin = end + part.rest_time.unwrap_or_default();
        Ok(lap)
    };
    parts.iter().map(lap).collect()
}

/// The model's sport for a machine. Machines without match are `Other`, also those that Concept2 will add.
fn machine(kind: Option<&str>) -> ActivityType {
    match kind {
        Some("rower" | "dynamic" | "slides") => ActivityType::RowingMachine,
        Some("skierg" | "multierg") => ActivityType::Ergometer,
        Some("bike") => ActivityType::StationaryBiking,
        Some("water") => ActivityType::Rowing,
        Some("snow") => ActivityType::CrossCountrySkiing,
        Some("rollerski") => ActivityType::RollerSkiing,
        Some(_) => ActivityType::Other,
        None => ActivityType::Unknown,
    }
}

fn tenths(value: f64) -> f64 {
    value / 10.0
}

/// Concept2 writes 0 where there was no belt.
fn beats(value: Option<f64>) -> Option<f64> {
    value.filter(|beats| *beats > 0.0)
}

fn whole(seconds: f64) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "saturating is what is meant")]
    let whole = seconds.round() as i64;
    whole
}

fn later(start: Timestamp, seconds: f64, field: &str) -> Result<Timestamp, FetchError> {
    start.plus_seconds(seconds).ok_or_else(|| malformed(&format!("{field} (out of range)")))
}

fn malformed(at: &str) -> FetchError {
    FetchError::malformed(GET_RESULT, at)
}

/// Nothing instead of a block without any value.
fn filled<T: Default + PartialEq>(block: T) -> Option<T> {
    (block != T::default()).then_some(block)
}
