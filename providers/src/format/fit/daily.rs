//! Days of totals from what a watch notes all day.
//!
//! A counter runs from the start of the day for each kind of movement: the highest value of each kind counts, and the
//! kinds are added. What stands at midnight sharp ends the day before. A file ends when the watch was read, so the
//! record of its last day holds what was known by then.

use std::collections::BTreeMap;

use chrono::{NaiveDate, TimeDelta};
use tributary_contract::model::{
    CaloriesData, Daily, DailyDistanceData, DailyMetadata, Day, ElevationData, HeartRateData,
    HeartRateDataDetailed, HeartRateDataSample, Offset, OxygenData, OxygenSaturationSample,
    OxygenSaturationType, StressData, StressSample, Timestamp, UploadType,
};

use super::contents::Contents;
use super::filled;
use super::monitoring::{Counters, Reading};
use super::session::whole;

/// Every day, in order.
pub(super) fn dailies(contents: &Contents) -> Vec<Daily> {
    let mut days: BTreeMap<NaiveDate, Noted> = BTreeMap::new();
    let monitoring = &contents.monitoring;
    for counters in &monitoring.counters {
        let just_before = contents.timestamp(counters.time - TimeDelta::seconds(1));
        days.entry(just_before.date()).or_default().count(counters);
    }
    let day_of = |reading: &Reading| contents.timestamp(reading.time);
    for reading in &monitoring.heart_rate {
        let time = day_of(reading);
        days.entry(time.date()).or_default().heart_rate.push((time, reading.value));
    }
    for reading in &monitoring.stress {
        let time = day_of(reading);
        days.entry(time.date()).or_default().stress.push((time, reading.value));
    }
    for reading in &monitoring.oxygen {
        let time = day_of(reading);
        days.entry(time.date()).or_default().oxygen.push((time, reading.value));
    }
    days.into_iter().map(|(day, noted)| daily(day, noted, contents)).collect()
}

/// What was noted on one day.
#[derive(Default)]
struct Noted {
    /// The highest counters by kind of movement.
    highest: BTreeMap<Option<i64>, [Option<f64>; 5]>,
    heart_rate: Vec<(Timestamp, f64)>,
    stress: Vec<(Timestamp, f64)>,
    oxygen: Vec<(Timestamp, f64)>,
}

impl Noted {
    fn count(&mut self, counters: &Counters) {
        let values =
            [counters.distance, counters.steps, counters.active_energy, counters.ascent, counters.descent];
        let highest = self.highest.entry(counters.kind).or_default();
        for (highest, value) in highest.iter_mut().zip(values) {
            if let Some(value) = value {
                *highest = Some(highest.map_or(value, |highest| highest.max(value)));
            }
        }
    }

    /// The sums over all kinds, none where no kind was counted.
    fn sums(&self) -> [Option<f64>; 5] {
        let mut sums = [None; 5];
        for highest in self.highest.values() {
            for (sum, value) in sums.iter_mut().zip(highest) {
                if let Some(value) = value {
                    *sum = Some(sum.unwrap_or(0.0) + value);
                }
            }
        }
        sums
    }
}

fn daily(day: NaiveDate, noted: Noted, contents: &Contents) -> Daily {
    let (start, end) = Day(day).bounds(Some(contents.offset.unwrap_or(Offset::UTC)));
    let [distance, steps, active_energy, ascent, descent] = noted.sums();
    Daily {
        metadata: DailyMetadata {
            start_time: start,
            end_time: end,
            timestamp_localization: Some(start.localization()),
            upload_type: UploadType::Automatic,
        },
        device_data: contents.devices.data(),
        calories_data: filled(CaloriesData {
            net_activity_calories: active_energy,
            ..CaloriesData::default()
        }),
        distance_data: filled(DailyDistanceData {
            distance_meters: distance,
            steps: steps.and_then(whole),
            elevation: filled(ElevationData {
                gain_actual_meters: ascent,
                loss_actual_meters: descent,
                ..ElevationData::default()
            }),
            ..DailyDistanceData::default()
        }),
        heart_rate_data: filled(HeartRateData {
            detailed: filled(HeartRateDataDetailed {
                hr_samples: samples(noted.heart_rate, |timestamp, bpm| HeartRateDataSample {
                    timestamp: Some(timestamp),
                    bpm: Some(bpm),
                    ..HeartRateDataSample::default()
                }),
                ..HeartRateDataDetailed::default()
            }),
            ..HeartRateData::default()
        }),
        oxygen_data: filled(OxygenData {
            saturation_samples: samples(noted.oxygen, |timestamp, percentage| OxygenSaturationSample {
                timestamp: Some(timestamp),
                percentage: Some(percentage),
                kind: Some(OxygenSaturationType::Blood),
            }),
            ..OxygenData::default()
        }),
        stress_data: filled(StressData {
            samples: samples(noted.stress, |timestamp, level| StressSample {
                timestamp: Some(timestamp),
                level: Some(level),
            }),
            ..StressData::default()
        }),
        ..Daily::default()
    }
}

fn samples<S>(readings: Vec<(Timestamp, f64)>, sample: impl Fn(Timestamp, f64) -> S) -> Option<Vec<S>> {
    let samples: Vec<S> = readings.into_iter().map(|(time, value)| sample(time, value)).collect();
    (!samples.is_empty()).then_some(samples)
}
