//! `sleep` and `daily_sleep`.

use serde::Deserialize;
use tributary_contract::model::{Day, Timestamp};

use super::Series;

/// A document of `sleep`: one period in bed, also one that the user deleted.
#[derive(Debug, Deserialize)]
pub(in crate::oura) struct Sleep {
    pub(in crate::oura) id: String,
    /// The day of waking; the next one for a nap that ends after 18:00.
    pub(in crate::oura) day: Day,
    /// `long_sleep`, `sleep`, `late_nap`, `rest` or `deleted`.
    #[serde(rename = "type")]
    pub(in crate::oura) kind: Option<String>,
    pub(in crate::oura) bedtime_start: Timestamp,
    pub(in crate::oura) bedtime_end: Timestamp,
    /// s.
    pub(in crate::oura) time_in_bed: Option<f64>,
    /// s.
    pub(in crate::oura) total_sleep_duration: Option<f64>,
    /// s.
    pub(in crate::oura) awake_time: Option<f64>,
    /// s.
    pub(in crate::oura) light_sleep_duration: Option<f64>,
    /// s.
    pub(in crate::oura) deep_sleep_duration: Option<f64>,
    /// s.
    pub(in crate::oura) rem_sleep_duration: Option<f64>,
    /// s.
    pub(in crate::oura) latency: Option<f64>,
    /// %.
    pub(in crate::oura) efficiency: Option<f64>,
    /// beats/min.
    pub(in crate::oura) average_heart_rate: Option<f64>,
    /// beats/min.
    pub(in crate::oura) lowest_heart_rate: Option<f64>,
    /// RMSSD, ms.
    pub(in crate::oura) average_hrv: Option<f64>,
    /// breaths/min.
    pub(in crate::oura) average_breath: Option<f64>,
    /// A digit for each 30 s from `bedtime_start`: 1 deep, 2 light, 3 REM, 4 awake.
    pub(in crate::oura) sleep_phase_30_sec: Option<String>,
    /// The same for each 5 min.
    pub(in crate::oura) sleep_phase_5_min: Option<String>,
    /// The same as the app shows it.
    pub(in crate::oura) app_sleep_phase_5_min: Option<String>,
    /// beats/min.
    pub(in crate::oura) heart_rate: Option<Series>,
    /// RMSSD, ms.
    pub(in crate::oura) hrv: Option<Series>,
    pub(in crate::oura) readiness: Option<Readiness>,
}

/// Readiness as it stands in a sleep period.
#[derive(Debug, Deserialize)]
pub(in crate::oura) struct Readiness {
    pub(in crate::oura) score: Option<f64>,
    /// °C from the baseline.
    pub(in crate::oura) temperature_deviation: Option<f64>,
}

/// A document of `daily_sleep`: the score of the nights that end on a day.
#[derive(Debug, Deserialize)]
pub(in crate::oura) struct DailySleep {
    pub(in crate::oura) day: Day,
    pub(in crate::oura) score: Option<f64>,
}
