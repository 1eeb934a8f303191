//! The profile of a user at the provider.
//!
//! Filled by providers, at most once per connection and change; it never holds a credential.

use serde::{Deserialize, Serialize};

use super::device::DeviceData;
use super::integer;
use super::time::Day;

/// The profile of the user at the provider. One per connection; its event carries an object, not a list.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Athlete {
    /// Age (years).
    #[serde(default, deserialize_with = "integer::optional", skip_serializing_if = "Option::is_none")]
    pub age: Option<i64>,
    /// Country name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// Profile text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bio: Option<String>,
    /// Region name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Family name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    /// Free string (e.g. male).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sex: Option<String>,
    /// Place name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    /// Address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Birth date.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date_of_birth: Option<Day>,
    /// Given name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
    /// Free string.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gender: Option<String>,
    /// When the provider account was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_creation_date: Option<Day>,
    /// User id at the provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider_user_id: Option<String>,
    /// Older field: devices of the user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub devices: Option<Vec<DeviceData>>,
    /// Older name of `account_creation_date`; send both.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub joined_provider: Option<Day>,
}
