//! One day of body measurements.
//!
//! Filled by providers; day averages are the provider's own, never computed here.

use serde::{Deserialize, Serialize};

use super::device::DeviceData;
use super::enumeration::{KetoneSampleType, TimestampLocalization};
use super::glucose::GlucoseData;
use super::heart::HeartData;
use super::measurement::MeasurementsData;
use super::sample::{OxygenSaturationSample, TemperatureSample, Vo2MaxSample};
use super::time::Timestamp;

/// The body measurements of one day. Key: the date of `metadata.start_time`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Body {
    /// Blood pressure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blood_pressure_data: Option<BloodPressureData>,
    /// Recording device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_data: Option<DeviceData>,
    /// Heart: ECG, intervals, pulse wave velocity, atrial fibrillation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heart_data: Option<HeartData>,
    /// Water.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hydration_data: Option<HydrationData>,
    /// Ketones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ketone_data: Option<KetoneData>,
    /// Weight/composition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub measurements_data: Option<MeasurementsData>,
    /// Identity and time range.
    pub metadata: BodyMetadata,
    /// Oxygen saturation and VO2 max.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oxygen_data: Option<OxygenData>,
    /// Temperature.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature_data: Option<TemperatureData>,
    /// Glucose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub glucose_data: Option<GlucoseData>,
}

/// The day of the measurements.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct BodyMetadata {
    /// Period end.
    pub end_time: Timestamp,
    /// Period start.
    pub start_time: Timestamp,
    /// Whether the times are UTC or local.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp_localization: Option<TimestampLocalization>,
}

/// Blood pressure of a day.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct BloodPressureData {
    /// Readings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blood_pressure_samples: Option<Vec<BloodPressureSample>>,
    /// Day mean systolic (mmHg).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day_avg_systolic_bp: Option<f64>,
    /// Day mean diastolic (mmHg).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day_avg_diastolic_bp: Option<f64>,
}

/// One blood pressure reading.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct BloodPressureSample {
    /// Sample time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
    /// Diastolic (mmHg).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diastolic_bp: Option<f64>,
    /// Systolic (mmHg).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub systolic_bp: Option<f64>,
}

/// Oxygen saturation and VO2 max.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct OxygenData {
    /// Mean oxygen saturation (%).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avg_saturation_percentage: Option<f64>,
    /// Saturation over time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub saturation_samples: Option<Vec<OxygenSaturationSample>>,
    /// VO2 max over time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vo2_samples: Option<Vec<Vo2MaxSample>>,
    /// VO2 max (mL/(kg·min)).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vo2max_ml_per_min_per_kg: Option<f64>,
    /// Day mean VO2 max (mL/(kg·min)).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day_avg_vo2max_ml_per_min_per_kg: Option<f64>,
}

/// Water drunk, and water in the body.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct HydrationData {
    /// Water drunk (mL).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day_total_water_consumption_ml: Option<f64>,
    /// Body-water readings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hydration_amount_samples: Option<Vec<HydrationMeasurementSample>>,
    /// Mean body water (kg).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day_avg_hydration_kg: Option<f64>,
}

/// One reading of body water.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct HydrationMeasurementSample {
    /// Sample time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
    /// Total body water (kg).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hydration_kg: Option<f64>,
}

/// One reading of body water, as an earlier version of the interface named it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct HydrationLevelSample {
    /// Sample time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
    /// Total body water (kg).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hydration_level: Option<f64>,
}

/// Ketone readings of a day.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct KetoneData {
    /// Readings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ketone_samples: Option<Vec<KetoneSample>>,
    /// Day mean (mg/dL).
    #[serde(rename = "day_avg_ketone_mg_per_dL", skip_serializing_if = "Option::is_none")]
    pub day_avg_ketone_mg_per_dl: Option<f64>,
}

/// One ketone reading.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct KetoneSample {
    /// Sample time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
    /// Ketone reading (mg/dL).
    #[serde(rename = "ketone_mg_per_dL", skip_serializing_if = "Option::is_none")]
    pub ketone_mg_per_dl: Option<f64>,
    /// What it was taken from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sample_type: Option<KetoneSampleType>,
}

/// Temperatures of a day.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct TemperatureData {
    /// Surroundings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ambient_temperature_samples: Option<Vec<TemperatureSample>>,
    /// Core.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body_temperature_samples: Option<Vec<TemperatureSample>>,
    /// Skin.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skin_temperature_samples: Option<Vec<TemperatureSample>>,
    /// Day mean, surroundings (°C).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day_avg_ambient_temperature_celsius: Option<f64>,
    /// Day mean, core (°C).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day_avg_body_temperature_celsius: Option<f64>,
    /// Day mean, skin (°C).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day_avg_skin_temperature_celsius: Option<f64>,
}
