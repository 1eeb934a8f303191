//! `vO2_max` and `daily_cardiovascular_age`.

use serde::Deserialize;
use tributary_contract::model::{Day, Timestamp};

/// A document of `vO2_max`.
#[derive(Debug, Deserialize)]
pub(in crate::oura) struct Vo2Max {
    pub(in crate::oura) day: Day,
    /// When the estimate was made.
    pub(in crate::oura) timestamp: Option<Timestamp>,
    /// ml/kg/min.
    pub(in crate::oura) vo2_max: Option<f64>,
}

/// A document of `daily_cardiovascular_age`.
#[derive(Debug, Deserialize)]
pub(in crate::oura) struct DailyCardiovascularAge {
    pub(in crate::oura) day: Day,
    /// m/s.
    pub(in crate::oura) pulse_wave_velocity: Option<f64>,
}
