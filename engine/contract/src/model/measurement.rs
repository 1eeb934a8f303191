//! Weight and body composition.
//!
//! Filled by providers; day averages are the provider's own, never computed here.

use serde::{Deserialize, Serialize};

use super::integer;
use super::time::Timestamp;

/// Weight and body composition of a day.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct MeasurementsData {
    /// Readings in the day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub measurements: Option<Vec<MeasurementDataSample>>,
    /// Day mean (kg/m²).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day_avg_bmi: Option<f64>,
    /// Day mean (kcal/day).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day_avg_bmr: Option<f64>,
    /// Day mean (kcal/day).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day_avg_rmr: Option<f64>,
    /// Day mean (years).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day_avg_estimated_fitness_age: Option<f64>,
    /// Day mean (mm).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day_avg_skin_fold_mm: Option<f64>,
    /// Day mean (%).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day_avg_bodyfat_percentage: Option<f64>,
    /// Day mean (kg).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day_avg_weight_kg: Option<f64>,
    /// Day mean (cm).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day_avg_height_cm: Option<f64>,
    /// Day mean (g).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day_avg_bone_mass_g: Option<f64>,
    /// Day mean (g).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day_avg_muscle_mass_g: Option<f64>,
    /// Day mean (g).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day_avg_lean_mass_g: Option<f64>,
    /// Day mean (%).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day_avg_water_percentage: Option<f64>,
    /// Day mean (IU).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day_avg_insulin_units: Option<f64>,
    /// Day mean.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day_avg_visceral_fat_level: Option<f64>,
}

/// One weighing or other body measurement.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct MeasurementDataSample {
    /// Time of the measurement.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub measurement_time: Option<Timestamp>,
    /// Body mass index (kg/m²).
    #[serde(rename = "BMI", skip_serializing_if = "Option::is_none")]
    pub bmi: Option<f64>,
    /// Basal metabolic rate (kcal/day).
    #[serde(rename = "BMR", skip_serializing_if = "Option::is_none")]
    pub bmr: Option<f64>,
    /// Resting metabolic rate (above BMR) (kcal/day).
    #[serde(rename = "RMR", skip_serializing_if = "Option::is_none")]
    pub rmr: Option<f64>,
    /// Device estimate (years).
    #[serde(default, deserialize_with = "integer::optional", skip_serializing_if = "Option::is_none")]
    pub estimated_fitness_age: Option<i64>,
    /// Skin fold (mm).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skin_fold_mm: Option<f64>,
    /// Body fat (% 0–100).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bodyfat_percentage: Option<f64>,
    /// Weight (kg).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight_kg: Option<f64>,
    /// Height (cm).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height_cm: Option<f64>,
    /// Bone (g).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bone_mass_g: Option<f64>,
    /// Skeletal muscle (g).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub muscle_mass_g: Option<f64>,
    /// Total weight minus fat (g).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lean_mass_g: Option<f64>,
    /// Body water (% 0–100).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub water_percentage: Option<f64>,
    /// Insulin given (IU).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub insulin_units: Option<f64>,
    /// Kind of insulin.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub insulin_type: Option<String>,
    /// Free string.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub urine_color: Option<String>,
    /// Free text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_notes: Option<String>,
    /// Rating.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visceral_fat_level: Option<f64>,
    /// Rating label.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visceral_fat_category: Option<String>,
}
