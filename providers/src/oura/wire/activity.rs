//! `workout` and `session`.

use serde::Deserialize;
use tributary_contract::model::{Day, Timestamp};

use super::Series;

/// A document of `workout`.
#[derive(Debug, Deserialize)]
pub(in crate::oura) struct Workout {
    pub(in crate::oura) id: String,
    pub(in crate::oura) day: Day,
    pub(in crate::oura) start_datetime: Timestamp,
    pub(in crate::oura) end_datetime: Timestamp,
    /// Name of the sport, lower case.
    pub(in crate::oura) activity: Option<String>,
    /// The user's own title.
    pub(in crate::oura) label: Option<String>,
    /// kcal.
    pub(in crate::oura) calories: Option<f64>,
    /// m.
    pub(in crate::oura) distance: Option<f64>,
    /// `manual`, `autodetected`, `confirmed`, `workout_heart_rate` and newer ones.
    pub(in crate::oura) source: Option<String>,
}

/// A document of `session`: a moment of breathing, meditation or rest.
#[derive(Debug, Deserialize)]
pub(in crate::oura) struct Session {
    pub(in crate::oura) id: String,
    pub(in crate::oura) day: Day,
    pub(in crate::oura) start_datetime: Timestamp,
    pub(in crate::oura) end_datetime: Timestamp,
    /// `breathing`, `meditation`, `nap`, `relaxation`, `rest` or `body_status`.
    #[serde(rename = "type")]
    pub(in crate::oura) kind: Option<String>,
    /// beats/min.
    pub(in crate::oura) heart_rate: Option<Series>,
    /// ms.
    pub(in crate::oura) heart_rate_variability: Option<Series>,
}
