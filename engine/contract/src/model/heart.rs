//! Heart rate, its variability, and the heart readings of a day.
//!
//! Filled by providers; zones and averages are the provider's own, never computed here.

use serde::{Deserialize, Serialize};

use super::enumeration::AFibFlag;
use super::integer;
use super::sample::{
    HeartRateDataSample, HeartRateVariabilityDataSampleRMSSD, HeartRateVariabilityDataSampleSDNN,
};
use super::time::Timestamp;

/// Heart rate and its variability.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct HeartRateData {
    /// Samples.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detailed: Option<HeartRateDataDetailed>,
    /// Totals.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<HeartRateDataSummary>,
}

/// Heart rate totals.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct HeartRateDataSummary {
    /// Mean heart rate (beats/min).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avg_hr_bpm: Option<f64>,
    /// Mean HRV, RMSSD (ms).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avg_hrv_rmssd: Option<f64>,
    /// Mean HRV, SDNN (ms).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avg_hrv_sdnn: Option<f64>,
    /// Time per zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hr_zone_data: Option<Vec<HeartRateZoneData>>,
    /// Highest heart rate (beats/min).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_hr_bpm: Option<f64>,
    /// Lowest heart rate (beats/min).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_hr_bpm: Option<f64>,
    /// Resting heart rate (beats/min).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resting_hr_bpm: Option<f64>,
    /// User’s theoretical maximum (beats/min).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_max_hr_bpm: Option<f64>,
}

/// Heart rate series.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct HeartRateDataDetailed {
    /// Heart rate over time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hr_samples: Option<Vec<HeartRateDataSample>>,
    /// HRV (RMSSD) over time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hrv_samples_rmssd: Option<Vec<HeartRateVariabilityDataSampleRMSSD>>,
    /// HRV (SDNN) over time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hrv_samples_sdnn: Option<Vec<HeartRateVariabilityDataSampleSDNN>>,
}

/// Time spent in one heart rate zone.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct HeartRateZoneData {
    /// Zero-based index, see `HeartRateZone`.
    #[serde(default, deserialize_with = "integer::optional", skip_serializing_if = "Option::is_none")]
    pub zone: Option<i64>,
    /// Lower bound, % of max HR (0–100).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_percentage: Option<f64>,
    /// Upper bound, % of max HR (0–100).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_percentage: Option<f64>,
    /// Zone label.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Length (s).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_seconds: Option<f64>,
}

/// Heart readings of a day.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct HeartData {
    /// Checks for atrial fibrillation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub afib_classification_samples: Option<Vec<AFibClassificationSample>>,
    /// ECG recordings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ecg_signal: Option<Vec<ECGReading>>,
    /// Heart rate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heart_rate_data: Option<HeartRateData>,
    /// Arterial stiffness readings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pulse_wave_velocity_samples: Option<Vec<PulseVelocitySample>>,
    /// Beat-to-beat intervals.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rr_interval_samples: Option<Vec<RRIntervalSample>>,
}

/// One check for atrial fibrillation.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct AFibClassificationSample {
    /// Sample time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
    /// Result.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub afib_classification: Option<AFibFlag>,
}

/// One electrocardiogram.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ECGReading {
    /// Start of the recording.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_timestamp: Option<Timestamp>,
    /// Mean heart rate in the recording (beats/min).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avg_hr_bpm: Option<f64>,
    /// What the device read in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub afib_classification: Option<AFibFlag>,
    /// Waveform.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub raw_signal: Option<Vec<RawECGSample>>,
}

/// One point of an electrocardiogram's wave.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct RawECGSample {
    /// ECG potential (µV).
    #[serde(rename = "potential_uV", skip_serializing_if = "Option::is_none")]
    pub potential_uv: Option<f64>,
    /// Sample time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
}

/// One pulse wave velocity reading.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct PulseVelocitySample {
    /// Sample time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
    /// PWV (m/s).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pulse_wave_velocity_meters_per_second: Option<f64>,
}

/// One interval between two heart beats.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct RRIntervalSample {
    /// RR interval (ms).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rr_interval_ms: Option<f64>,
    /// Sample time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
    /// Instant heart rate (beats/min).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hr_bpm: Option<f64>,
}
