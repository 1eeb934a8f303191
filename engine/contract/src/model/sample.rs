//! Series: one value at one time, shared by several records.
//!
//! Filled by providers and the bulk of every large record, so each is small and flat. Series of distance,
//! steps and floors count from the start of the record; nothing here adds them up.

use serde::{Deserialize, Serialize};

use super::enumeration::{ActivityLevel, HeartRateContext, OxygenSaturationType};
use super::movement::LatLng;
use super::time::Timestamp;

/// Intensity at one time.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ActivityLevelSample {
    /// Sample time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
    /// Intensity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub activity_level: Option<ActivityLevel>,
    /// Recording time since the start of the activity, pauses excluded (s).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timer_duration_seconds: Option<f64>,
    /// Older name of `activity_level`; send both.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<ActivityLevel>,
}

/// Energy burned at one time.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct CalorieSample {
    /// Sample time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
    /// Energy burned at the time (kcal).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calories: Option<f64>,
    /// Recording time since the start of the activity, pauses excluded (s).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timer_duration_seconds: Option<f64>,
}

/// Distance covered from the start of the record to one time.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct DistanceSample {
    /// Sample time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
    /// Cumulative since payload start (m).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub distance_meters: Option<f64>,
    /// Recording time since the start of the activity, pauses excluded (s).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timer_duration_seconds: Option<f64>,
}

/// Altitude at one time.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ElevationSample {
    /// Sample time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
    /// Altitude above sea level (m).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub elev_meters: Option<f64>,
    /// Recording time since the start of the activity, pauses excluded (s).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timer_duration_seconds: Option<f64>,
}

/// Floors climbed from the start of the record to one time.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct FloorsClimbedSample {
    /// Sample time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
    /// Cumulative since payload start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub floors_climbed: Option<f64>,
    /// Recording time since the start of the activity, pauses excluded (s).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timer_duration_seconds: Option<f64>,
}

/// Steps from the start of the record to one time.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct StepSample {
    /// Sample time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
    /// Cumulative since payload start (steps).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub steps: Option<f64>,
    /// Recording time since the start of the activity, pauses excluded (s).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timer_duration_seconds: Option<f64>,
}

/// Heart rate at one time.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct HeartRateDataSample {
    /// Sample time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
    /// Heart rate (beats/min).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bpm: Option<f64>,
    /// Recording time since the start of the activity, pauses excluded (s).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timer_duration_seconds: Option<f64>,
    /// What the user did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context: Option<HeartRateContext>,
}

/// Heart rate variability (RMSSD) at one time.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct HeartRateVariabilityDataSampleRMSSD {
    /// Sample time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
    /// RMSSD (ms).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hrv_rmssd: Option<f64>,
}

/// Heart rate variability (SDNN) at one time.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct HeartRateVariabilityDataSampleSDNN {
    /// Sample time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
    /// SDNN (ms).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hrv_sdnn: Option<f64>,
}

/// Metabolic equivalent at one time.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct METSample {
    /// Sample time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
    /// MET at the time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<f64>,
}

/// Cadence at one time.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct CadenceSample {
    /// Sample time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
    /// Cadence (rev/min).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cadence_rpm: Option<f64>,
    /// Recording time since the start of the activity, pauses excluded (s).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timer_duration_seconds: Option<f64>,
}

/// Speed at one time.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct SpeedSample {
    /// Sample time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
    /// Speed at the time (m/s).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub speed_meters_per_second: Option<f64>,
    /// Recording time since the start of the activity, pauses excluded (s).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timer_duration_seconds: Option<f64>,
}

/// Torque at one time.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct TorqueSample {
    /// Sample time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
    /// Recording time since the start of the activity, pauses excluded (s).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timer_duration_seconds: Option<f64>,
    /// Torque at the time (N·m).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub torque_newton_meters: Option<f64>,
}

/// Power at one time.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct PowerSample {
    /// Sample time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
    /// Power (W).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub watts: Option<f64>,
    /// Recording time since the start of the activity, pauses excluded (s).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timer_duration_seconds: Option<f64>,
}

/// Position at one time.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct PositionSample {
    /// Sample time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
    /// Where.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coords_lat_lng_deg: Option<LatLng>,
    /// Recording time since the start of the activity, pauses excluded (s).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timer_duration_seconds: Option<f64>,
}

/// Oxygen saturation at one time.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct OxygenSaturationSample {
    /// Sample time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
    /// Saturation (%).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub percentage: Option<f64>,
    /// Blood or muscle.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<OxygenSaturationType>,
}

/// VO2 max at one time.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Vo2MaxSample {
    /// Sample time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
    /// VO2 max (mL/(kg·min)).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vo2max_ml_per_min_per_kg: Option<f64>,
}

/// Stress at one time.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct StressSample {
    /// Sample time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
    /// Stress 0–100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<f64>,
}

/// Energy level (Garmin Body Battery) at one time.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct BodyBatterySample {
    /// Sample time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
    /// Garmin energy level 0–100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<f64>,
}

/// Temperature at one time.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct TemperatureSample {
    /// Sample time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
    /// Reading (°C).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature_celsius: Option<f64>,
}

/// Respiration rate at one time.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct BreathSample {
    /// Sample time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
    /// Respiration rate (breaths/min).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub breaths_per_min: Option<f64>,
}
