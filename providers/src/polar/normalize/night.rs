//! Nights: stages, heart rate, Nightly Recharge, skin temperature.

use std::collections::BTreeMap;

use chrono::{Days, Timelike as _};
use tributary_contract::FetchError;
use tributary_contract::model::{
    self, AsleepDurations, AwakeDurations, BreathSample, BreathsData, DeviceData, HeartRateData,
    HeartRateDataDetailed, HeartRateDataSample, HeartRateDataSummary, HeartRateVariabilityDataSampleRMSSD,
    Offset, OtherSleepDurations, ReadinessData, RespirationData, SleepDurationsData, SleepHypnogramSample,
    SleepLevel, SleepMetadata, SleepScores, SleepTemperatureData, SleepUploadType, Timestamp,
};

use super::{filled, some, time_of_day, wire};

/// A night with what was measured in it. Polar has one for each day, and no other id than the day.
pub(in crate::polar) fn night(
    night: wire::Night,
    recharge: Option<&wire::Recharge>,
    skin: Option<&wire::SkinTemperature>,
) -> Result<model::Sleep, FetchError> {
    let clock = Clock { start: night.sleep_start_time, end: night.sleep_end_time };
    let heart_rate =
        clock.series(night.heart_rate_samples.as_ref(), "sleep.heart_rate_samples", |at, bpm| {
            HeartRateDataSample { timestamp: Some(at), bpm: Some(bpm), ..HeartRateDataSample::default() }
        })?;
    let variability = recharge.and_then(|recharge| recharge.hrv_samples.as_ref());
    let variability = clock.series(variability, "nightly-recharge.hrv_samples", |at, hrv| {
        HeartRateVariabilityDataSampleRMSSD { timestamp: Some(at), hrv_rmssd: Some(hrv) }
    })?;
    let breaths = recharge.and_then(|recharge| recharge.breathing_samples.as_ref());
    let breaths = clock.series(breaths, "nightly-recharge.breathing_samples", |at, rate| BreathSample {
        timestamp: Some(at),
        breaths_per_min: Some(rate),
    })?;
    let hypnogram = hypnogram(&clock, night.hypnogram.as_ref())?;
    let serial_number = night.device_id.map(|id| id.0);
    Ok(model::Sleep {
        metadata: SleepMetadata {
            start_time: clock.start,
            end_time: clock.end,
            timestamp_localization: Some(clock.start.localization()),
            is_nap: None,
            upload_type: SleepUploadType::Automatic,
            summary_id: Some(night.date.to_string()),
        },
        device_data: serial_number.map(|serial_number| DeviceData {
            manufacturer: Some("Polar".to_owned()),
            serial_number: Some(serial_number),
            ..DeviceData::default()
        }),
        heart_rate_data: filled(HeartRateData {
            summary: filled(HeartRateDataSummary {
                avg_hr_bpm: recharge.and_then(|recharge| recharge.heart_rate_avg),
                avg_hrv_rmssd: recharge.and_then(|recharge| recharge.heart_rate_variability_avg),
                ..HeartRateDataSummary::default()
            }),
            detailed: filled(HeartRateDataDetailed {
                hr_samples: heart_rate,
                hrv_samples_rmssd: variability,
                ..HeartRateDataDetailed::default()
            }),
        }),
        readiness_data: filled(ReadinessData {
            recovery_level: recharge.and_then(|recharge| recharge.nightly_recharge_status),
            ..ReadinessData::default()
        }),
        respiration_data: filled(RespirationData {
            breaths_data: filled(BreathsData {
                avg_breaths_per_min: recharge.and_then(|recharge| recharge.breathing_rate_avg),
                samples: breaths,
                ..BreathsData::default()
            }),
            ..RespirationData::default()
        }),
        scores: filled(SleepScores { sleep: night.sleep_score, ..SleepScores::default() }),
        sleep_durations_data: filled(SleepDurationsData {
            asleep: filled(AsleepDurations {
                duration_light_sleep_state_seconds: night.light_sleep,
                duration_deep_sleep_state_seconds: night.deep_sleep,
                duration_rem_sleep_state_seconds: night.rem_sleep,
                ..AsleepDurations::default()
            }),
            awake: filled(AwakeDurations {
                duration_awake_state_seconds: night.total_interruption_duration,
                duration_short_interruption_seconds: night.short_interruption_duration,
                duration_long_interruption_seconds: night.long_interruption_duration,
                ..AwakeDurations::default()
            }),
            other: filled(OtherSleepDurations {
                duration_unmeasurable_sleep_seconds: night.unrecognized_sleep_stage,
                ..OtherSleepDurations::default()
            }),
            hypnogram_samples: hypnogram,
            ..SleepDurationsData::default()
        }),
        temperature_data: filled(SleepTemperatureData {
            delta: skin.and_then(|skin| skin.deviation_from_baseline_celsius),
        }),
        ..model::Sleep::default()
    })
}

/// The watch's clock in a night, of which series state hours and minutes alone.
struct Clock {
    start: Timestamp,
    end: Timestamp,
}

impl Clock {
    /// The time that a clock shows between falling asleep and waking: what is earlier than the start belongs to the
    /// next day. It goes by the offset of the start; a time that would then lie behind the end, since clocks changed
    /// in the night, goes by that of the end.
    fn at(&self, text: &str, what: &str) -> Result<Timestamp, FetchError> {
        let time = time_of_day(text, what)?;
        let first = self.start.date();
        let began = self.start.local().time();
        let is_next_day = (time.hour(), time.minute()) < (began.hour(), began.minute());
        let next = first.checked_add_days(Days::new(1)).unwrap_or(first);
        let local = if is_next_day { next } else { first }.and_time(time);
        let Some(offset) = self.start.offset() else { return Ok(Timestamp::from_local(local)) };
        let at = Timestamp::from_local_with_offset(local, offset);
        let is_behind = at.instant_or(Offset::UTC) > self.end.instant_or(offset);
        Ok(match self.end.offset() {
            Some(other) if is_behind => Timestamp::from_local_with_offset(local, other),
            _ => at,
        })
    }

    /// A series in the order of time.
    fn series<S>(
        &self,
        values: Option<&BTreeMap<String, Option<f64>>>,
        what: &str,
        sample: impl Fn(Timestamp, f64) -> S,
    ) -> Result<Option<Vec<S>>, FetchError> {
        let mut timed = Vec::new();
        for (time, value) in values.into_iter().flatten() {
            let at = self.at(time, what)?;
            timed.extend(value.map(|value| (at, value)));
        }
        timed.sort_by_key(|(at, _)| at.instant_or(Offset::UTC));
        Ok(some(timed.into_iter().map(|(at, value)| sample(at, value)).collect()))
    }
}

/// The stages by their beginnings.
fn hypnogram(
    clock: &Clock,
    stages: Option<&BTreeMap<String, i64>>,
) -> Result<Option<Vec<SleepHypnogramSample>>, FetchError> {
    let mut timed = Vec::new();
    for (time, stage) in stages.into_iter().flatten() {
        timed.push((clock.at(time, "sleep.hypnogram")?, *stage));
    }
    timed.sort_by_key(|(at, _)| at.instant_or(Offset::UTC));
    let sample = |(at, stage)| SleepHypnogramSample { timestamp: Some(at), level: Some(level(stage)) };
    Ok(some(timed.into_iter().map(sample).collect()))
}

const fn level(stage: i64) -> SleepLevel {
    match stage {
        0 => SleepLevel::Awake,
        1 => SleepLevel::RemSleep,
        2 | 3 => SleepLevel::LightSleep,
        4 => SleepLevel::DeepSleep,
        _ => SleepLevel::Unknown,
    }
}
