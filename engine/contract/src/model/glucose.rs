//! Blood glucose, always in mg/dL.
//!
//! Filled by providers from meters and continuous sensors; gaps are never filled.

use serde::{Deserialize, Serialize};

use super::enumeration::{GlucoseFlag, TrendArrow};
use super::integer;
use super::time::Timestamp;

/// Blood glucose of a day.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct GlucoseData {
    /// Readings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blood_glucose_samples: Option<Vec<GlucoseDataSample>>,
    /// Extra, denser, possibly less exact readings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detailed_blood_glucose_samples: Option<Vec<GlucoseDataSample>>,
    /// Day mean (mg/dL).
    #[serde(rename = "day_avg_blood_glucose_mg_per_dL", skip_serializing_if = "Option::is_none")]
    pub day_avg_blood_glucose_mg_per_dl: Option<f64>,
    /// Day mean over the dense stream (mg/dL).
    #[serde(rename = "day_avg_detailed_blood_glucose_mg_per_dL", skip_serializing_if = "Option::is_none")]
    pub day_avg_detailed_blood_glucose_mg_per_dl: Option<f64>,
    /// Deprecated spelling; always the same value as …`_mg_per_dL` (mg/dL).
    #[serde(rename = "day_avg_blood_glucose_mg_per_dl", skip_serializing_if = "Option::is_none")]
    pub day_avg_blood_glucose_mg_per_dl_deprecated: Option<f64>,
    /// Glucose management indicator, probably %.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gmi: Option<f64>,
    /// Share of readings in the target range; the unit is not documented.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_in_range: Option<f64>,
    /// Readings taken in the day.
    #[serde(default, deserialize_with = "integer::optional", skip_serializing_if = "Option::is_none")]
    pub sensor_usage: Option<i64>,
    /// Hourly percentiles.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub daily_patterns: Option<Vec<DailyPatternSample>>,
}

/// One glucose reading.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct GlucoseDataSample {
    /// Sample time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
    /// Reading (mg/dL).
    #[serde(rename = "blood_glucose_mg_per_dL", skip_serializing_if = "Option::is_none")]
    pub blood_glucose_mg_per_dl: Option<f64>,
    /// Where the reading lies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub glucose_level_flag: Option<GlucoseFlag>,
    /// Where it is going.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trend_arrow: Option<TrendArrow>,
}

/// How glucose is spread in one hour of the day.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct DailyPatternSample {
    /// Hour of day 0–23.
    #[serde(default, deserialize_with = "integer::optional", skip_serializing_if = "Option::is_none")]
    pub time_from_midnight: Option<i64>,
    /// 5th percentile glucose (mg/dL).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub percentile_5: Option<f64>,
    /// 25th percentile (mg/dL).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub percentile_25: Option<f64>,
    /// Median (mg/dL).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub percentile_50: Option<f64>,
    /// 75th percentile (mg/dL).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub percentile_75: Option<f64>,
    /// 95th percentile (mg/dL).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub percentile_95: Option<f64>,
}
