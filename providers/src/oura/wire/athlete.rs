//! `personal_info` and `ring_configuration`.

use serde::Deserialize;
use tributary_contract::model::Timestamp;

/// `GET /v2/usercollection/personal_info`. All but the id depends on the scopes.
#[derive(Debug, Deserialize)]
pub(in crate::oura) struct PersonalInfo {
    pub(in crate::oura) id: String,
    /// Years.
    pub(in crate::oura) age: Option<i64>,
    pub(in crate::oura) biological_sex: Option<String>,
    pub(in crate::oura) email: Option<String>,
}

/// A document of `ring_configuration`: one ring of the user.
#[derive(Debug, Deserialize)]
pub(in crate::oura) struct RingConfiguration {
    /// `gen1`, `gen2`, `gen2m`, `gen3`, `gen4` or `or5`.
    pub(in crate::oura) hardware_type: Option<String>,
    pub(in crate::oura) firmware_version: Option<String>,
    /// UTC.
    pub(in crate::oura) set_up_at: Option<Timestamp>,
}
