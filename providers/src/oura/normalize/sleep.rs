//! Sleep periods: stages, heart rate and its variability, breathing, readiness, and the score of the day.

use tributary_contract::FetchError;
use tributary_contract::model::{
    self, AsleepDurations, AwakeDurations, BreathsData, HeartRateData, HeartRateDataDetailed,
    HeartRateDataSummary, NaturalKey, OtherSleepDurations, ReadinessData, RespirationData,
    SleepDurationsData, SleepHypnogramSample, SleepLevel, SleepMetadata, SleepScores, SleepTemperatureData,
    SleepUploadType,
};

use super::{filled, heart_rate_series, later, some, variability_series, wire};

/// Seconds that one digit of `sleep_phase_30_sec` stands for.
const HALF_MINUTE: f64 = 30.0;
/// Seconds that one digit of the other phases stands for.
const FIVE_MINUTES: f64 = 300.0;

/// What a document of `sleep` is.
pub(in crate::oura) enum Slept {
    /// A period in bed.
    Period(Box<model::Sleep>),
    /// The user deleted it.
    Deleted(NaturalKey),
}

/// A sleep period; `score` is that of `daily_sleep` on its day, and goes to the long sleep alone.
pub(in crate::oura) fn sleep(sleep: wire::Sleep, score: Option<f64>) -> Result<Slept, FetchError> {
    let kind = sleep.kind.as_deref();
    if kind == Some("deleted") {
        return Ok(Slept::Deleted(NaturalKey::new(sleep.id)));
    }
    let detailed = HeartRateDataDetailed {
        hr_samples: heart_rate_series(sleep.heart_rate.as_ref(), "sleep.heart_rate")?,
        hrv_samples_rmssd: variability_series(sleep.hrv.as_ref(), "sleep.hrv")?,
        ..HeartRateDataDetailed::default()
    };
    let hypnogram = hypnogram(&sleep)?;
    let (readiness, temperature) =
        sleep.readiness.map_or((None, None), |readiness| (readiness.score, readiness.temperature_deviation));

    Ok(Slept::Period(Box::new(model::Sleep {
        metadata: SleepMetadata {
            start_time: sleep.bedtime_start,
            end_time: sleep.bedtime_end,
            timestamp_localization: Some(sleep.bedtime_start.localization()),
            is_nap: is_nap(kind),
            upload_type: upload_type(kind),
            summary_id: Some(sleep.id),
        },
        heart_rate_data: filled(HeartRateData {
            summary: filled(HeartRateDataSummary {
                avg_hr_bpm: sleep.average_heart_rate,
                min_hr_bpm: sleep.lowest_heart_rate,
                avg_hrv_rmssd: sleep.average_hrv,
                ..HeartRateDataSummary::default()
            }),
            detailed: filled(detailed),
        }),
        readiness_data: filled(ReadinessData { readiness, ..ReadinessData::default() }),
        respiration_data: filled(RespirationData {
            breaths_data: filled(BreathsData {
                avg_breaths_per_min: sleep.average_breath,
                ..BreathsData::default()
            }),
            ..RespirationData::default()
        }),
        scores: filled(SleepScores {
            sleep: score.filter(|_| kind == Some("long_sleep")),
            ..SleepScores::default()
        }),
        sleep_durations_data: filled(SleepDurationsData {
            asleep: filled(AsleepDurations {
                duration_asleep_state_seconds: sleep.total_sleep_duration,
                duration_deep_sleep_state_seconds: sleep.deep_sleep_duration,
                duration_light_sleep_state_seconds: sleep.light_sleep_duration,
                duration_rem_sleep_state_seconds: sleep.rem_sleep_duration,
                ..AsleepDurations::default()
            }),
            awake: filled(AwakeDurations {
                duration_awake_state_seconds: sleep.awake_time,
                sleep_latency_seconds: sleep.latency,
                ..AwakeDurations::default()
            }),
            other: filled(OtherSleepDurations {
                duration_in_bed_seconds: sleep.time_in_bed,
                ..OtherSleepDurations::default()
            }),
            hypnogram_samples: hypnogram,
            sleep_efficiency: sleep.efficiency,
        }),
        temperature_data: filled(SleepTemperatureData { delta: temperature }),
        ..model::Sleep::default()
    })))
}

/// The stages by their beginnings, from the finest series that Oura sent.
fn hypnogram(sleep: &wire::Sleep) -> Result<Option<Vec<SleepHypnogramSample>>, FetchError> {
    let series = [
        (&sleep.sleep_phase_30_sec, HALF_MINUTE),
        (&sleep.sleep_phase_5_min, FIVE_MINUTES),
        (&sleep.app_sleep_phase_5_min, FIVE_MINUTES),
    ];
    let finest = series.into_iter().find_map(|(text, interval)| {
        text.as_deref().filter(|text| !text.is_empty()).map(|text| (text, interval))
    });
    let Some((text, interval)) = finest else { return Ok(None) };
    // A night has a thousand digits and a few dozen stages: only where one begins its time is worked out.
    let (mut stages, mut elapsed) = (Vec::new(), 0.0);
    for digit in text.chars() {
        let level = Some(level(digit));
        if stages.last().is_none_or(|stage: &SleepHypnogramSample| stage.level != level) {
            let timestamp = Some(later(sleep.bedtime_start, elapsed, "sleep.sleep_phase")?);
            stages.push(SleepHypnogramSample { timestamp, level });
        }
        elapsed += interval;
    }
    Ok(some(stages))
}

fn level(digit: char) -> SleepLevel {
    match digit {
        '1' => SleepLevel::DeepSleep,
        '2' => SleepLevel::LightSleep,
        '3' => SleepLevel::RemSleep,
        '4' => SleepLevel::Awake,
        _ => SleepLevel::Unknown,
    }
}

fn is_nap(kind: Option<&str>) -> Option<bool> {
    match kind? {
        "long_sleep" => Some(false),
        "sleep" | "late_nap" => Some(true),
        _ => None,
    }
}

/// A `rest` looked like sleep to the ring; the user said that it was none, or has not said anything.
fn upload_type(kind: Option<&str>) -> SleepUploadType {
    match kind {
        Some("long_sleep" | "sleep" | "late_nap") => SleepUploadType::Automatic,
        Some("rest") => SleepUploadType::Tentative,
        _ => SleepUploadType::Unknown,
    }
}
