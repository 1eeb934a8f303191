//! How far, how fast, where and with what power: blocks of workouts and days.
//!
//! Filled by providers in SI units; no value here is derived from another one.

use serde::{Deserialize, Serialize};

use super::integer;
use super::sample::{
    CadenceSample, DistanceSample, ElevationSample, FloorsClimbedSample, PositionSample, PowerSample,
    SpeedSample, StepSample, TorqueSample,
};

/// Distance, steps and climb of a workout.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct DistanceData {
    /// Samples.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detailed: Option<DistanceDataDetailed>,
    /// Totals.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<DistanceDataSummary>,
}

/// Totals of distance, steps and climb.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct DistanceDataSummary {
    /// Workout total (m).
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

/// Series of distance, steps and climb.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct DistanceDataDetailed {
    /// Cumulative distance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub distance_samples: Option<Vec<DistanceSample>>,
    /// Altitude.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub elevation_samples: Option<Vec<ElevationSample>>,
    /// Cumulative floors.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub floors_climbed_samples: Option<Vec<FloorsClimbedSample>>,
    /// Cumulative steps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step_samples: Option<Vec<StepSample>>,
}

/// Altitude and climb.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ElevationData {
    /// Mean altitude (m).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avg_meters: Option<f64>,
    /// Total ascent (not net) (m).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gain_actual_meters: Option<f64>,
    /// Planned ascent (m).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gain_planned_meters: Option<f64>,
    /// Total descent (m).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loss_actual_meters: Option<f64>,
    /// Highest (m).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_meters: Option<f64>,
    /// Lowest (m).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_meters: Option<f64>,
}

/// Swim totals.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct SwimmingData {
    /// Laps swum.
    #[serde(default, deserialize_with = "integer::optional", skip_serializing_if = "Option::is_none")]
    pub num_laps: Option<i64>,
    /// Strokes.
    #[serde(default, deserialize_with = "integer::optional", skip_serializing_if = "Option::is_none")]
    pub num_strokes: Option<i64>,
    /// Pool length (m).
    #[serde(default, deserialize_with = "integer::optional", skip_serializing_if = "Option::is_none")]
    pub pool_length_meters: Option<i64>,
}

/// Speed, pace, cadence and torque.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct MovementData {
    /// Max speed after outlier removal (m/s).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adjusted_max_speed_meters_per_second: Option<f64>,
    /// Mean cadence (rev/min).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avg_cadence_rpm: Option<f64>,
    /// Mean pace (min/km).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avg_pace_minutes_per_kilometer: Option<f64>,
    /// Mean speed (m/s).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avg_speed_meters_per_second: Option<f64>,
    /// Mean torque (N·m).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avg_torque_newton_meters: Option<f64>,
    /// Mean velocity (direction-aware; few providers) (m/s).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avg_velocity_meters_per_second: Option<f64>,
    /// Over time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cadence_samples: Option<Vec<CadenceSample>>,
    /// Peak (rev/min).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_cadence_rpm: Option<f64>,
    /// Fastest pace (min/km).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_pace_minutes_per_kilometer: Option<f64>,
    /// Peak (m/s).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_speed_meters_per_second: Option<f64>,
    /// Peak (N·m).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_torque_newton_meters: Option<f64>,
    /// Peak (few providers) (m/s).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_velocity_meters_per_second: Option<f64>,
    /// Normalised speed (few providers) (m/s).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub normalized_speed_meters_per_second: Option<f64>,
    /// Over time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub speed_samples: Option<Vec<SpeedSample>>,
    /// Over time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub torque_samples: Option<Vec<TorqueSample>>,
}

/// Where a workout took place.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct PositionData {
    /// Middle of the route.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub center_pos_lat_lng_deg: Option<LatLng>,
    /// Where it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_pos_lat_lng_deg: Option<LatLng>,
    /// Track.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position_samples: Option<Vec<PositionSample>>,
    /// Where it began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_pos_lat_lng_deg: Option<LatLng>,
}

/// Mechanical power.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct PowerData {
    /// Mean power (W).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avg_watts: Option<f64>,
    /// Peak power (W).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_watts: Option<f64>,
    /// Power over time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub power_samples: Option<Vec<PowerSample>>,
}

/// Latitude and longitude in degrees; either may be missing. A list of two on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(from = "Vec<Option<f64>>", into = "[Option<f64>; 2]")]
pub struct LatLng {
    /// Degrees north.
    pub latitude: Option<f64>,
    /// Degrees east.
    pub longitude: Option<f64>,
}

impl LatLng {
    /// A whole position.
    pub const fn new(latitude: f64, longitude: f64) -> Self {
        Self { latitude: Some(latitude), longitude: Some(longitude) }
    }
}

impl From<LatLng> for [Option<f64>; 2] {
    fn from(position: LatLng) -> Self {
        [position.latitude, position.longitude]
    }
}

impl From<Vec<Option<f64>>> for LatLng {
    fn from(degrees: Vec<Option<f64>>) -> Self {
        let at = |index: usize| degrees.get(index).copied().flatten();
        Self { latitude: at(0), longitude: at(1) }
    }
}
