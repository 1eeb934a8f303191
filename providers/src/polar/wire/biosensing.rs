//! `biosensing`: temperatures, oxygen saturation, electrocardiograms.

use chrono::DateTime;
use serde::Deserialize;
use tributary_contract::FetchError;
use tributary_contract::model::{Day, Offset, Timestamp};

/// Body temperature over some time.
#[derive(Debug, Deserialize)]
pub(in crate::polar) struct TemperaturePeriod {
    /// `TM_SKIN_TEMPERATURE` or `TM_CORE_TEMPERATURE`.
    pub(in crate::polar) measurement_type: Option<String>,
    /// UTC, without a suffix.
    pub(in crate::polar) start_time: Timestamp,
    pub(in crate::polar) samples: Option<Vec<Temperature>>,
}

/// One value.
#[derive(Debug, Deserialize)]
pub(in crate::polar) struct Temperature {
    /// °C.
    pub(in crate::polar) temperature_celsius: Option<f64>,
    /// Since the start of the period.
    pub(in crate::polar) recording_time_delta_milliseconds: Option<f64>,
}

/// Skin temperature of a night.
#[derive(Debug, Deserialize)]
pub(in crate::polar) struct SkinTemperature {
    /// °C.
    pub(in crate::polar) sleep_time_skin_temperature_celsius: Option<f64>,
    /// °C.
    pub(in crate::polar) deviation_from_baseline_celsius: Option<f64>,
    /// The day of waking.
    pub(in crate::polar) sleep_date: Day,
}

/// A test of oxygen saturation.
#[derive(Debug, Deserialize)]
pub(in crate::polar) struct Spo2 {
    /// Epoch seconds.
    test_time: i64,
    /// min.
    time_zone_offset: Option<i64>,
    /// `SPO2_TEST_PASSED`, or why there is no result.
    pub(in crate::polar) test_status: Option<String>,
    pub(in crate::polar) blood_oxygen_percent: Option<f64>,
}

impl Spo2 {
    /// When it was taken, on the wall clock of the user.
    pub(in crate::polar) fn at(&self) -> Result<Timestamp, FetchError> {
        moment(self.test_time, self.time_zone_offset, "spo2")
    }
}

/// An electrocardiogram.
#[derive(Debug, Deserialize)]
pub(in crate::polar) struct Ecg {
    /// Epoch seconds.
    test_time: i64,
    /// min.
    time_zone_offset: Option<i64>,
    /// beats/min.
    pub(in crate::polar) average_heart_rate_bpm: Option<f64>,
    pub(in crate::polar) samples: Option<Vec<Potential>>,
}

impl Ecg {
    /// When it was taken, on the wall clock of the user.
    pub(in crate::polar) fn at(&self) -> Result<Timestamp, FetchError> {
        moment(self.test_time, self.time_zone_offset, "ecg")
    }
}

/// One value.
#[derive(Debug, Deserialize)]
pub(in crate::polar) struct Potential {
    /// Since the start of the test.
    pub(in crate::polar) recording_time_delta_ms: Option<f64>,
    pub(in crate::polar) amplitude_mv: Option<f64>,
}

fn moment(epoch_second: i64, minutes: Option<i64>, what: &str) -> Result<Timestamp, FetchError> {
    let instant = DateTime::from_timestamp(epoch_second, 0)
        .ok_or_else(|| FetchError::malformed(what, "test_time (out of range)"))?;
    let offset = Offset::from_minutes(minutes.unwrap_or(0))
        .map_err(|_range| FetchError::malformed(what, "time_zone_offset (out of range)"))?;
    Ok(Timestamp::from_utc_with_offset(instant, offset))
}
