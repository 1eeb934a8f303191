//! The running totals of one calendar day.
//!
//! Filled by providers many times a day; each is a superset of the one before. Which day it is comes from
//! the offset that the provider gave, never from a server's clock.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::activity::{ActiveDurationsData, CaloriesData, METData, StrainData};
use super::body::OxygenData;
use super::device::DeviceData;
use super::enumeration::{StressLevel, TimestampLocalization, UploadType};
use super::heart::HeartRateData;
use super::integer;
use super::movement::{DistanceDataDetailed, ElevationData, SwimmingData};
use super::sample::{BodyBatterySample, StressSample};
use super::time::Timestamp;

/// The running totals of one calendar day. Key: the date of `metadata.start_time`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Daily {
    /// Time spent at each intensity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active_durations_data: Option<ActiveDurationsData>,
    /// Energy burned and eaten.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calories_data: Option<CaloriesData>,
    /// Scores computed by a consumer; an earlier one is not erased by a later record without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_enrichment: Option<DailyDataEnrichment>,
    /// Recording device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_data: Option<DeviceData>,
    /// Distance, steps and climb.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub distance_data: Option<DailyDistanceData>,
    /// Heart rate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heart_rate_data: Option<HeartRateData>,
    /// Metabolic equivalents.
    #[serde(rename = "MET_data", skip_serializing_if = "Option::is_none")]
    pub met_data: Option<METData>,
    /// Identity and time range.
    pub metadata: DailyMetadata,
    /// Oxygen saturation and VO2 max.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oxygen_data: Option<OxygenData>,
    /// Provider scores.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scores: Option<ScoresData>,
    /// Strain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strain_data: Option<StrainData>,
    /// Stress.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stress_data: Option<StressData>,
    /// User tags.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag_data: Option<TagData>,
}

/// Which day it is.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct DailyMetadata {
    /// Period end.
    pub end_time: Timestamp,
    /// Period start.
    pub start_time: Timestamp,
    /// Whether the times are UTC or local.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp_localization: Option<TimestampLocalization>,
    /// How the record was captured.
    pub upload_type: UploadType,
}

/// Distance, steps and climb of a day; flatter than in a workout.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct DailyDistanceData {
    /// Samples.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detailed: Option<DistanceDataDetailed>,
    /// Day total (m).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub distance_meters: Option<f64>,
    /// Elevation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub elevation: Option<ElevationData>,
    /// Floors, as reported.
    #[serde(default, deserialize_with = "integer::optional", skip_serializing_if = "Option::is_none")]
    pub floors_climbed: Option<i64>,
    /// Step total (steps).
    #[serde(default, deserialize_with = "integer::optional", skip_serializing_if = "Option::is_none")]
    pub steps: Option<i64>,
    /// Swim.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub swimming: Option<SwimmingData>,
}

/// The provider's own scores of a day.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ScoresData {
    /// Activity score (0–100).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub activity: Option<f64>,
    /// Recovery score (0–100).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recovery: Option<f64>,
    /// Score of the preceding night (0–100).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sleep: Option<f64>,
}

/// Stress through a day.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct StressData {
    /// Mean 0–100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avg_stress_level: Option<f64>,
    /// Stress while active (s).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub activity_stress_duration_seconds: Option<f64>,
    /// Time at low stress (s).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub low_stress_duration_seconds: Option<f64>,
    /// Peak 0–100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_stress_level: Option<f64>,
    /// Time at medium stress (s).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub medium_stress_duration_seconds: Option<f64>,
    /// Stress over time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub samples: Option<Vec<StressSample>>,
    /// Time in rest (no stress) (s).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rest_stress_duration_seconds: Option<f64>,
    /// Time at high stress (s).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub high_stress_duration_seconds: Option<f64>,
    /// Any stress (s).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stress_duration_seconds: Option<f64>,
    /// Stress in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stress_rating: Option<StressLevel>,
    /// Garmin Body Battery over time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body_battery_samples: Option<Vec<BodyBatterySample>>,
}

/// What the user tagged the day with.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct TagData {
    /// List of tags.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<TagEntry>>,
}

/// One tag.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct TagEntry {
    /// Sample time.
    pub timestamp: Timestamp,
    /// Tag.
    pub tag_name: String,
    /// Free text.
    pub notes: String,
}

/// Scores that a consumer may have computed on a day. The engine computes none.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct DailyDataEnrichment {
    /// Stress score.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_stress_score: Option<f64>,
    /// Factor name → weight.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stress_contributors: Option<BTreeMap<String, f64>>,
    /// Respiratory score.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub respiratory_score: Option<f64>,
    /// Factor name → weight.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub respiratory_contributors: Option<BTreeMap<String, f64>>,
    /// Immunity score.
    #[serde(default, deserialize_with = "integer::optional", skip_serializing_if = "Option::is_none")]
    pub immune_index: Option<i64>,
    /// Factor name → weight.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub immune_contributors: Option<BTreeMap<String, f64>>,
    /// Resilience.
    #[serde(default, deserialize_with = "integer::optional", skip_serializing_if = "Option::is_none")]
    pub resilience_score: Option<i64>,
    /// Factor name → weight.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resilience_contributors: Option<BTreeMap<String, f64>>,
    /// Strain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strain_index: Option<f64>,
    /// GREEN / AMBER / RED.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strain_traffic_light: Option<String>,
    /// Factor name → weight.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strain_contributors: Option<BTreeMap<String, f64>>,
    /// Stress, second model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_stress_score_v2: Option<f64>,
    /// Factor name → weight.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_stress_score_v2_contributors: Option<BTreeMap<String, f64>>,
    /// Older field: cardiovascular score.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cardiovascular_score: Option<f64>,
    /// Older field: factor name to weight.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cardiovascular_contributors: Option<BTreeMap<String, f64>>,
    /// Older field: readiness score.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub readiness_score: Option<f64>,
    /// Older field: factor name to weight.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub readiness_contributors: Option<BTreeMap<String, f64>>,
    /// Older field: period start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_time: Option<Timestamp>,
}
