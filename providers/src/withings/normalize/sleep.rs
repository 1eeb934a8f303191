//! Sleep: the summary of a night with its stages, heart rate and breathing.

use tributary_contract::FetchError;
use tributary_contract::model::{
    self, AsleepDurations, AwakeDurations, BreathSample, BreathsData, HeartRateData, HeartRateDataDetailed,
    HeartRateDataSample, HeartRateDataSummary, HeartRateVariabilityDataSampleRMSSD,
    HeartRateVariabilityDataSampleSDNN, OtherSleepDurations, RespirationData, SleepDurationsData,
    SleepHypnogramSample, SleepLevel, SleepMetadata, SleepScores, SleepUploadType, SnoringData, Timestamp,
};

use super::super::zone::Zone;
use super::{count, filled, some, wire};

/// A sleep; `segments` are its stages in order of time, and may be missing.
pub(in crate::withings) fn sleep(
    night: wire::Night,
    segments: Vec<wire::Segment>,
) -> Result<model::Sleep, FetchError> {
    let zone = Zone::named(night.timezone.as_deref());
    let start_time = zone.at(night.startdate, "summary.startdate")?;
    let end_time = zone.at(night.enddate, "summary.enddate")?;
    let data = night.data;
    let course = Course::of(zone, segments)?;
    Ok(model::Sleep {
        metadata: SleepMetadata {
            start_time,
            end_time,
            timestamp_localization: Some(start_time.localization()),
            is_nap: None,
            upload_type: upload_type(night.model),
            summary_id: Some(night.id.to_string()),
        },
        heart_rate_data: filled(HeartRateData {
            summary: filled(HeartRateDataSummary {
                avg_hr_bpm: data.hr_average,
                min_hr_bpm: data.hr_min,
                max_hr_bpm: data.hr_max,
                ..HeartRateDataSummary::default()
            }),
            detailed: filled(HeartRateDataDetailed {
                hr_samples: some(course.rates),
                hrv_samples_rmssd: some(course.rmssd),
                hrv_samples_sdnn: some(course.sdnn),
            }),
        }),
        respiration_data: filled(RespirationData {
            breaths_data: filled(BreathsData {
                avg_breaths_per_min: data.rr_average,
                min_breaths_per_min: data.rr_min,
                max_breaths_per_min: data.rr_max,
                samples: some(course.breaths),
                ..BreathsData::default()
            }),
            snoring_data: filled(SnoringData {
                num_snoring_events: count(data.snoringepisodecount),
                total_snoring_duration_seconds: data.snoring,
                ..SnoringData::default()
            }),
            ..RespirationData::default()
        }),
        scores: filled(SleepScores { sleep: data.sleep_score, sleep_score: None }),
        sleep_durations_data: filled(SleepDurationsData {
            asleep: filled(AsleepDurations {
                duration_asleep_state_seconds: data.total_sleep_time.or(data.asleepduration),
                duration_deep_sleep_state_seconds: data.deepsleepduration,
                duration_light_sleep_state_seconds: data.lightsleepduration,
                duration_rem_sleep_state_seconds: data.remsleepduration,
                num_rem_events: count(data.nb_rem_episodes),
            }),
            awake: filled(AwakeDurations {
                duration_awake_state_seconds: data.wakeupduration,
                num_out_of_bed_events: count(data.out_of_bed_count),
                num_wakeup_events: count(data.wakeupcount),
                sleep_latency_seconds: data.sleep_latency,
                wake_up_latency_seconds: data.wakeup_latency,
                ..AwakeDurations::default()
            }),
            other: filled(OtherSleepDurations {
                duration_in_bed_seconds: data.total_timeinbed,
                ..OtherSleepDurations::default()
            }),
            hypnogram_samples: some(course.stages),
            sleep_efficiency: data.sleep_efficiency.map(percent),
        }),
        ..model::Sleep::default()
    })
}

/// A share as a percentage, without the dust that a factor of 100 leaves.
fn percent(share: f64) -> f64 {
    (share * 1e8).round() / 1e6
}

/// Trackers and mats record by themselves; how others do is not said.
const fn upload_type(model: Option<i64>) -> SleepUploadType {
    match model {
        Some(16 | 32) => SleepUploadType::Automatic,
        Some(_) | None => SleepUploadType::Unknown,
    }
}

const fn level(state: i64) -> SleepLevel {
    match state {
        0 => SleepLevel::Awake,
        1 => SleepLevel::LightSleep,
        2 => SleepLevel::DeepSleep,
        3 => SleepLevel::RemSleep,
        4 | 5 => SleepLevel::Sleeping,
        15 => SleepLevel::OutOfBed,
        _ => SleepLevel::Unknown,
    }
}

/// What the segments hold, by what it is of.
#[derive(Default)]
struct Course {
    stages: Vec<SleepHypnogramSample>,
    rates: Vec<HeartRateDataSample>,
    breaths: Vec<BreathSample>,
    rmssd: Vec<HeartRateVariabilityDataSampleRMSSD>,
    sdnn: Vec<HeartRateVariabilityDataSampleSDNN>,
}

impl Course {
    fn of(zone: Zone, segments: Vec<wire::Segment>) -> Result<Self, FetchError> {
        let mut course = Self::default();
        for segment in segments {
            if let Some(state) = segment.state {
                let timestamp = Some(zone.at(segment.startdate, "sleep.startdate")?);
                course.stages.push(SleepHypnogramSample { timestamp, level: Some(level(state)) });
            }
            for (at, bpm) in timed(zone, segment.hr)? {
                course.rates.push(HeartRateDataSample {
                    timestamp: Some(at),
                    bpm: Some(bpm),
                    ..HeartRateDataSample::default()
                });
            }
            for (at, rate) in timed(zone, segment.rr)? {
                course.breaths.push(BreathSample { timestamp: Some(at), breaths_per_min: Some(rate) });
            }
            for (at, hrv) in timed(zone, segment.rmssd)? {
                let timestamp = Some(at);
                course.rmssd.push(HeartRateVariabilityDataSampleRMSSD { timestamp, hrv_rmssd: Some(hrv) });
            }
            for (at, hrv) in timed(zone, segment.sdnn_1)? {
                let timestamp = Some(at);
                course.sdnn.push(HeartRateVariabilityDataSampleSDNN { timestamp, hrv_sdnn: Some(hrv) });
            }
        }
        course.stages.dedup_by_key(|stage| stage.level);
        Ok(course)
    }
}

type Timed = Vec<(Timestamp, f64)>;

fn timed(zone: Zone, series: std::collections::BTreeMap<i64, Option<f64>>) -> Result<Timed, FetchError> {
    let known = series.into_iter().filter_map(|(second, value)| Some((second, value?)));
    known.map(|(second, value)| Ok((zone.at(second, "sleep.series")?, value))).collect()
}
