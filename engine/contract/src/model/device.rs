//! Devices behind a record.
//!
//! Filled by providers from what the cloud says about the recording device; it never names a device that was
//! only guessed.

use serde::{Deserialize, Serialize};

use super::enumeration::DeviceDataType;
use super::time::Timestamp;

/// The device that recorded, and others that contributed.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct DeviceData {
    /// First activation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub activation_timestamp: Option<Timestamp>,
    /// Which data the device fed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_provided: Option<Vec<DeviceDataType>>,
    /// Version string.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hardware_version: Option<String>,
    /// Last sync of the device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_upload_date: Option<Timestamp>,
    /// Maker name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manufacturer: Option<String>,
    /// Device, or source app/package for aggregators.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Further contributing devices.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other_devices: Option<Vec<OtherDeviceData>>,
    /// String.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial_number: Option<String>,
    /// Version string.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub software_version: Option<String>,
    /// Older field: state of the sensor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sensor_state: Option<String>,
}

/// A further device that contributed to a record.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct OtherDeviceData {
    /// Maker name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manufacturer: Option<String>,
    /// Version string.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hardware_version: Option<String>,
    /// String.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial_number: Option<String>,
    /// Device, or source app/package for aggregators.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Version string.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub software_version: Option<String>,
    /// Which data the device fed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_provided: Option<Vec<DeviceDataType>>,
    /// Last sync of the device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_upload_date: Option<Timestamp>,
    /// Older field: first activation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub activation_timestamp: Option<Timestamp>,
}
