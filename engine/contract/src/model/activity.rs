//! One workout and the blocks that only workouts have.
//!
//! Filled by providers, serialised as it is into events. Series lie in `sample.rs`, distance and movement in
//! `movement.rs`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::activity_type::ActivityType;
use super::body::OxygenData;
use super::device::DeviceData;
use super::enumeration::{TimestampLocalization, UploadType};
use super::heart::HeartRateData;
use super::integer;
use super::movement::{DistanceData, MovementData, PositionData, PowerData};
use super::sample::{ActivityLevelSample, CalorieSample, METSample};
use super::strength::ActivityStrengthData;
use super::time::Timestamp;

/// One workout. Key: `metadata.summary_id`, unique for one user.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Activity {
    /// Time spent at each intensity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active_durations_data: Option<ActiveDurationsData>,
    /// Energy burned and eaten.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calories_data: Option<CaloriesData>,
    /// Numeric flag, non-zero when the record looks falsified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cheat_detection: Option<f64>,
    /// Scores computed by a consumer; an earlier one is not erased by a later record without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_enrichment: Option<DataEnrichment>,
    /// Recording device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_data: Option<DeviceData>,
    /// Distance, steps and climb.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub distance_data: Option<DistanceData>,
    /// Energy in kilojoules, done and planned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub energy_data: Option<EnergyData>,
    /// Heart rate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heart_rate_data: Option<HeartRateData>,
    /// Laps or splits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lap_data: Option<LapData>,
    /// Metabolic equivalents.
    #[serde(rename = "MET_data", skip_serializing_if = "Option::is_none")]
    pub met_data: Option<METData>,
    /// What, when and where.
    pub metadata: ActivityMetadata,
    /// Speed, cadence and torque.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub movement_data: Option<MovementData>,
    /// Oxygen saturation and VO2 max.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oxygen_data: Option<OxygenData>,
    /// The route as one encoded line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub polyline_map_data: Option<PolylineMapData>,
    /// Where it took place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position_data: Option<PositionData>,
    /// Power.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub power_data: Option<PowerData>,
    /// Strain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strain_data: Option<StrainData>,
    /// Training stress score.
    #[serde(rename = "TSS_data", skip_serializing_if = "Option::is_none")]
    pub tss_data: Option<TSSData>,
    /// Work output.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub work_data: Option<WorkData>,
    /// Exercises and sets of strength training; newer than the other blocks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strength_data: Option<ActivityStrengthData>,
}

/// What a workout was, when and where.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ActivityMetadata {
    /// Place name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    /// Country name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// Period end.
    pub end_time: Timestamp,
    /// Workout title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Period start.
    pub start_time: Timestamp,
    /// Region name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Record id; unique for one user, not globally.
    pub summary_id: String,
    /// Whether the times are UTC or local.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp_localization: Option<TimestampLocalization>,
    /// Sport.
    #[serde(rename = "type")]
    pub kind: ActivityType,
    /// How the record was captured.
    pub upload_type: UploadType,
}

/// Time spent at each intensity.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ActiveDurationsData {
    /// Intensity per time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub activity_levels_samples: Option<Vec<ActivityLevelSample>>,
    /// Time active (s).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub activity_seconds: Option<f64>,
    /// Time inactive (s).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inactivity_seconds: Option<f64>,
    /// Time at low intensity (s).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub low_intensity_seconds: Option<f64>,
    /// Time at moderate intensity (s).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub moderate_intensity_seconds: Option<f64>,
    /// Number of unbroken inactive periods.
    #[serde(default, deserialize_with = "integer::optional", skip_serializing_if = "Option::is_none")]
    pub num_continuous_inactive_periods: Option<i64>,
    /// Time at rest (s).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rest_seconds: Option<f64>,
    /// Time at vigorous intensity (s).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vigorous_intensity_seconds: Option<f64>,
    /// Hours of the day in which the user stood up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub standing_hours_count: Option<f64>,
    /// Time standing (s).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub standing_seconds: Option<f64>,
}

/// Energy burned and eaten.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct CaloriesData {
    /// Resting (basal) energy (kcal).
    #[serde(rename = "BMR_calories", skip_serializing_if = "Option::is_none")]
    pub bmr_calories: Option<f64>,
    /// Energy over time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calorie_samples: Option<Vec<CalorieSample>>,
    /// Active energy without basal (kcal).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub net_activity_calories: Option<f64>,
    /// Energy eaten and drunk (kcal).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub net_intake_calories: Option<f64>,
    /// Basal plus active (kcal).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_burned_calories: Option<f64>,
}

/// Scores that a consumer may have computed on a workout. The engine computes none.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct DataEnrichment {
    /// Workout efficiency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub efficiency_score: Option<f64>,
    /// Factor name → weight.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub efficiency_contributors: Option<BTreeMap<String, f64>>,
    /// Workout strain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strain_score: Option<f64>,
    /// Factor name → weight.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strain_contributors: Option<BTreeMap<String, f64>>,
    /// Recovery-corrected relative strain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rcrs_score: Option<f64>,
    /// Factor name → weight.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rcrs_contributors: Option<BTreeMap<String, f64>>,
    /// Training impulse.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trimp_score: Option<f64>,
    /// Factor name → weight.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trimp_contributors: Option<BTreeMap<String, f64>>,
    /// Older field: stress score.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stress_score: Option<f64>,
}

/// Energy of a workout in kilojoules.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct EnergyData {
    /// Energy spent (kJ).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub energy_kilojoules: Option<f64>,
    /// Planned energy (kJ).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub energy_planned_kilojoules: Option<f64>,
}

/// The laps of a workout.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct LapData {
    /// One item per lap.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub laps: Option<Vec<LapSample>>,
}

/// One lap.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct LapSample {
    /// Energy in lap (kcal).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calories: Option<f64>,
    /// Mean heart rate (beats/min).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avg_hr_bpm: Option<f64>,
    /// Period start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_time: Option<Timestamp>,
    /// Mean speed (m/s).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avg_speed_meters_per_second: Option<f64>,
    /// Lap length (m).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub distance_meters: Option<f64>,
    /// Strokes in lap (swim).
    #[serde(default, deserialize_with = "integer::optional", skip_serializing_if = "Option::is_none")]
    pub total_strokes: Option<i64>,
    /// Period end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_time: Option<Timestamp>,
    /// Swim stroke, see `StrokeType`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stroke_type: Option<String>,
    /// Mean power (W).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avg_watts: Option<f64>,
    /// Moving time (s).
    #[serde(default, deserialize_with = "integer::optional", skip_serializing_if = "Option::is_none")]
    pub active_duration_seconds: Option<i64>,
    /// What ended the lap: `MANUAL`, `TIME`, `DISTANCE`, `POSITION_START`, `POSITION_LAP`, `POSITION_WAYPOINT`,
    /// `POSITION_MARKED`, `SESSION_END` or `FITNESS_EQUIPMENT`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trigger_method: Option<String>,
}

/// Metabolic equivalents: intensity relative to rest.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct METData {
    /// MET over time.
    #[serde(rename = "MET_samples", skip_serializing_if = "Option::is_none")]
    pub met_samples: Option<Vec<METSample>>,
    /// Mean MET.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avg_level: Option<f64>,
    /// Time at high intensity (min).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub num_high_intensity_minutes: Option<f64>,
    /// Time inactive (min).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub num_inactive_minutes: Option<f64>,
    /// Time at low intensity (min).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub num_low_intensity_minutes: Option<f64>,
    /// Time at moderate intensity (min).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub num_moderate_intensity_minutes: Option<f64>,
}

/// The route as one encoded line.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct PolylineMapData {
    /// Encoded polyline string.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary_polyline: Option<String>,
}

/// The provider's strain score.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct StrainData {
    /// Provider strain (e.g. WHOOP 0–21).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strain_level: Option<f64>,
}

/// Training stress score.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct TSSData {
    /// Usually one item.
    #[serde(rename = "TSS_samples", skip_serializing_if = "Option::is_none")]
    pub tss_samples: Option<Vec<TSSSample>>,
}

/// One training stress score, planned and achieved.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct TSSSample {
    /// Planned score.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub planned: Option<f64>,
    /// Achieved score.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actual: Option<f64>,
    /// How it was computed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Planned intensity factor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub intensity_factor_planned: Option<f64>,
    /// Achieved intensity factor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub intensity_factor_actual: Option<f64>,
    /// Normalised power (W).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub normalized_power_watts: Option<f64>,
}

/// Work output.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct WorkData {
    /// Total work (kJ).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub work_kilojoules: Option<f64>,
}
