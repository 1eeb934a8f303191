//! The registered user and `physical-info`.

use serde::Deserialize;
use tributary_contract::model::{Day, Timestamp};

/// The user as registered with the app.
#[derive(Debug, Default, Deserialize)]
pub(in crate::polar) struct User {
    #[serde(rename = "first-name", alias = "first_name")]
    pub(in crate::polar) first_name: Option<String>,
    #[serde(rename = "last-name", alias = "last_name")]
    pub(in crate::polar) last_name: Option<String>,
    pub(in crate::polar) birthdate: Option<Day>,
    /// `MALE` or `FEMALE`.
    pub(in crate::polar) gender: Option<String>,
}

/// What Polar Flow knows of the body at present.
#[derive(Debug, Default, Deserialize)]
pub(in crate::polar) struct PhysicalInfo {
    /// kg.
    pub(in crate::polar) weight: Option<f64>,
    /// `SOURCE_DEFAULT`, `SOURCE_ESTIMATE`, `SOURCE_USER`, `SOURCE_MEASURED` or `SOURCE_KEEP`.
    #[serde(alias = "weight-source")]
    pub(in crate::polar) weight_source: Option<String>,
    /// cm.
    pub(in crate::polar) height: Option<f64>,
    pub(in crate::polar) birthday: Option<Day>,
    /// `MALE` or `FEMALE`.
    pub(in crate::polar) gender: Option<String>,
    /// beats/min.
    #[serde(alias = "maximum-heart-rate")]
    pub(in crate::polar) maximum_heart_rate: Option<f64>,
    /// beats/min.
    #[serde(alias = "resting-heart-rate")]
    pub(in crate::polar) resting_heart_rate: Option<f64>,
    /// ml/min/kg.
    #[serde(alias = "vo2-max")]
    pub(in crate::polar) vo2_max: Option<f64>,
    /// When any of this changed last.
    pub(in crate::polar) modified: Option<Timestamp>,
}
