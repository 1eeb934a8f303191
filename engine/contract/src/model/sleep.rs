//! One sleep session.
//!
//! Filled by providers; a length is never computed from wall clocks, which may jump in the night.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::device::DeviceData;
use super::enumeration::{SleepLevel, SleepUploadType, TimestampLocalization};
use super::heart::HeartRateData;
use super::integer;
use super::sample::{BreathSample, OxygenSaturationSample};
use super::time::Timestamp;

/// One sleep session. Key: `metadata.summary_id`, or start and end where that is missing.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Sleep {
    /// Scores computed by a consumer; an earlier one is not erased by a later record without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_enrichment: Option<SleepDataEnrichment>,
    /// Recording device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_data: Option<DeviceData>,
    /// Heart rate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heart_rate_data: Option<HeartRateData>,
    /// Identity and time range.
    pub metadata: SleepMetadata,
    /// Readiness.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub readiness_data: Option<ReadinessData>,
    /// Breathing, oxygen saturation and snoring.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub respiration_data: Option<RespirationData>,
    /// Provider sleep score.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scores: Option<SleepScores>,
    /// Stage durations and hypnogram.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sleep_durations_data: Option<SleepDurationsData>,
    /// Skin temperature deviation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature_data: Option<SleepTemperatureData>,
}

/// When the session was, and whether it was a nap.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct SleepMetadata {
    /// Period end.
    pub end_time: Timestamp,
    /// True for a nap, false for the main sleep.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_nap: Option<bool>,
    /// Period start.
    pub start_time: Timestamp,
    /// Record id (upsert key).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary_id: Option<String>,
    /// Whether the times are UTC or local.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp_localization: Option<TimestampLocalization>,
    /// How the record was captured.
    pub upload_type: SleepUploadType,
}

/// How long each stage lasted.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct SleepDurationsData {
    /// Time asleep by stage.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asleep: Option<AsleepDurations>,
    /// Time awake.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub awake: Option<AwakeDurations>,
    /// Stage changes over time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hypnogram_samples: Option<Vec<SleepHypnogramSample>>,
    /// Time in bed, and time that could not be measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other: Option<OtherSleepDurations>,
    /// Time asleep as a share of time in bed (% 0–100).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sleep_efficiency: Option<f64>,
}

/// Time asleep by stage.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct AsleepDurations {
    /// Total asleep, all stages (s).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_asleep_state_seconds: Option<f64>,
    /// Deep sleep (s).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_deep_sleep_state_seconds: Option<f64>,
    /// Light sleep (s).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_light_sleep_state_seconds: Option<f64>,
    /// REM sleep (s).
    #[serde(rename = "duration_REM_sleep_state_seconds", skip_serializing_if = "Option::is_none")]
    pub duration_rem_sleep_state_seconds: Option<f64>,
    /// Count of REM periods.
    #[serde(
        rename = "num_REM_events",
        default,
        deserialize_with = "integer::optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub num_rem_events: Option<i64>,
}

/// Time awake inside the session.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct AwakeDurations {
    /// Total awake in session (s).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_awake_state_seconds: Option<f64>,
    /// Awake in breaks longer than 90 s.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_long_interruption_seconds: Option<f64>,
    /// Awake in breaks shorter than 90 s.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_short_interruption_seconds: Option<f64>,
    /// Times out of bed.
    #[serde(default, deserialize_with = "integer::optional", skip_serializing_if = "Option::is_none")]
    pub num_out_of_bed_events: Option<i64>,
    /// Times woken.
    #[serde(default, deserialize_with = "integer::optional", skip_serializing_if = "Option::is_none")]
    pub num_wakeup_events: Option<i64>,
    /// Time from lying down to sleep (s).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sleep_latency_seconds: Option<f64>,
    /// Time from waking to getting up (s).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wake_up_latency_seconds: Option<f64>,
}

/// Time in bed, and time that could not be told.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct OtherSleepDurations {
    /// Time in bed (s).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_in_bed_seconds: Option<f64>,
    /// Time the stage could not be told (s).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_unmeasurable_sleep_seconds: Option<f64>,
}

/// The stage that begins at one time.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct SleepHypnogramSample {
    /// Sample time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
    /// Stage of sleep.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<SleepLevel>,
}

/// Breathing, oxygen and snoring in a night.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct RespirationData {
    /// Respiration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub breaths_data: Option<BreathsData>,
    /// Oxygen saturation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oxygen_saturation_data: Option<OxygenSaturationData>,
    /// Snoring.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snoring_data: Option<SnoringData>,
}

/// Respiration rate of a night.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct BreathsData {
    /// Mean respiration rate (breaths/min).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avg_breaths_per_min: Option<f64>,
    /// Highest (breaths/min).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_breaths_per_min: Option<f64>,
    /// Lowest (breaths/min).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_breaths_per_min: Option<f64>,
    /// True when the user started the reading.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_demand_reading: Option<bool>,
    /// Respiration over time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub samples: Option<Vec<BreathSample>>,
    /// Period start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_time: Option<Timestamp>,
    /// Period end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_time: Option<Timestamp>,
}

/// Oxygen saturation of a night.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct OxygenSaturationData {
    /// Mean oxygen saturation (%).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avg_saturation_percentage: Option<f64>,
    /// Period end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_time: Option<Timestamp>,
    /// Oxygen saturation over time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub samples: Option<Vec<OxygenSaturationSample>>,
    /// Period start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_time: Option<Timestamp>,
}

/// Snoring of a night.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct SnoringData {
    /// Period start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_time: Option<Timestamp>,
    /// Period end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_time: Option<Timestamp>,
    /// Times snoring began.
    #[serde(default, deserialize_with = "integer::optional", skip_serializing_if = "Option::is_none")]
    pub num_snoring_events: Option<i64>,
    /// Episodes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub samples: Option<Vec<SnoringSample>>,
    /// Total snoring (s).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_snoring_duration_seconds: Option<f64>,
}

/// One snoring episode.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct SnoringSample {
    /// Sample time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
    /// Episode length (s).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_seconds: Option<f64>,
}

/// The provider's readiness score for the day after.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ReadinessData {
    /// Score 0–100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub readiness: Option<f64>,
    /// Recovery; older data use the numbers of `RecoveryLevel`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recovery_level: Option<f64>,
}

/// The provider's sleep score.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct SleepScores {
    /// Provider score.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sleep: Option<f64>,
    /// Older name of `sleep`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sleep_score: Option<f64>,
}

/// Skin temperature of a night.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct SleepTemperatureData {
    /// Skin temperature deviation from baseline (°C).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delta: Option<f64>,
}

/// Scores that a consumer may have computed on a night. The engine computes none.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct SleepDataEnrichment {
    /// Sleep score.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sleep_score: Option<f64>,
    /// Factor name → weight.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sleep_contributors: Option<BTreeMap<String, f64>>,
    /// Readiness score.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub readiness_score: Option<f64>,
    /// Factor name → weight.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub readiness_contributors: Option<BTreeMap<String, f64>>,
    /// Sleep score, second model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sleep_score_v2: Option<f64>,
    /// Factor name → weight.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sleep_score_v2_contributors: Option<BTreeMap<String, f64>>,
    /// Respiratory score, second model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub respiratory_score_v2: Option<f64>,
    /// Factor name → weight.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub respiratory_score_v2_contributors: Option<BTreeMap<String, f64>>,
}
