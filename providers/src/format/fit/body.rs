//! Days of body measurements: weighings, blood pressures and intervals between heart beats.
//!
//! One record for each day on the device's wall clock; readings keep their own times. A scale that serves several
//! people names its user in the notes of each weighing, as the model has no other place for it.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use tributary_contract::model::{
    BloodPressureData, BloodPressureSample, Body, BodyMetadata, Day, HeartData, HeartRateData,
    HeartRateDataDetailed, HeartRateDataSample, MeasurementDataSample, MeasurementsData, Offset,
    RRIntervalSample,
};

use super::contents::Contents;
use super::filled;

/// Every day, in order.
pub(super) fn bodies(contents: &Contents) -> Vec<Body> {
    let mut days: BTreeMap<NaiveDate, Readings> = BTreeMap::new();
    let mut users: Vec<i64> = contents.weighings.iter().filter_map(|weighing| weighing.user).collect();
    users.sort_unstable();
    users.dedup();
    for weighing in &contents.weighings {
        let time = contents.timestamp(weighing.time);
        let user = weighing.user.filter(|_| users.len() > 1);
        if filled(weighing.sample.clone()).is_some() {
            days.entry(time.date()).or_default().measurements.push(MeasurementDataSample {
                measurement_time: Some(time),
                user_notes: user.map(|user| format!("user {user} of the scale")),
                ..weighing.sample.clone()
            });
        }
    }
    for pressure in &contents.pressures {
        let timestamp = Some(contents.timestamp(pressure.time));
        let day = days.entry(contents.timestamp(pressure.time).date()).or_default();
        if pressure.systolic.or(pressure.diastolic).is_some() {
            day.pressures.push(BloodPressureSample {
                timestamp,
                systolic_bp: pressure.systolic,
                diastolic_bp: pressure.diastolic,
            });
        }
        if pressure.heart_rate.is_some() {
            day.heart_rates.push(HeartRateDataSample {
                timestamp,
                bpm: pressure.heart_rate,
                ..HeartRateDataSample::default()
            });
        }
    }
    for beat in &contents.beats {
        let Some(time) = beat.time.map(|time| contents.timestamp(time)) else { continue };
        days.entry(time.date()).or_default().beats.push(RRIntervalSample {
            rr_interval_ms: Some(beat.milliseconds),
            timestamp: Some(time),
            ..RRIntervalSample::default()
        });
    }
    days.into_iter()
        .filter(|(_, readings)| !readings.are_empty())
        .map(|(day, r)| body(day, r, contents))
        .collect()
}

/// What was measured on one day.
#[derive(Default)]
struct Readings {
    measurements: Vec<MeasurementDataSample>,
    pressures: Vec<BloodPressureSample>,
    heart_rates: Vec<HeartRateDataSample>,
    beats: Vec<RRIntervalSample>,
}

impl Readings {
    fn are_empty(&self) -> bool {
        self.measurements.is_empty()
            && self.pressures.is_empty()
            && self.heart_rates.is_empty()
            && self.beats.is_empty()
    }
}

fn body(day: NaiveDate, readings: Readings, contents: &Contents) -> Body {
    let (start, end) = Day(day).bounds(Some(contents.offset.unwrap_or(Offset::UTC)));
    Body {
        metadata: BodyMetadata {
            start_time: start,
            end_time: end,
            timestamp_localization: Some(start.localization()),
        },
        device_data: contents.devices.data(),
        measurements_data: filled(MeasurementsData {
            measurements: some(readings.measurements),
            ..MeasurementsData::default()
        }),
        blood_pressure_data: filled(BloodPressureData {
            blood_pressure_samples: some(readings.pressures),
            ..BloodPressureData::default()
        }),
        heart_data: filled(HeartData {
            heart_rate_data: filled(HeartRateData {
                detailed: filled(HeartRateDataDetailed {
                    hr_samples: some(readings.heart_rates),
                    ..HeartRateDataDetailed::default()
                }),
                ..HeartRateData::default()
            }),
            rr_interval_samples: some(readings.beats),
            ..HeartData::default()
        }),
        ..Body::default()
    }
}

fn some<T>(list: Vec<T>) -> Option<Vec<T>> {
    (!list.is_empty()).then_some(list)
}
