//! `getmeas`, and the list of electrocardiograms.

use serde::Deserialize;

/// What one device measured at one moment.
#[derive(Debug, Deserialize)]
pub(in crate::withings) struct Group {
    pub(in crate::withings) grpid: i64,
    /// Whose it is and how it came to be; see the README.
    pub(in crate::withings) attrib: Option<i64>,
    /// Epoch second.
    pub(in crate::withings) date: i64,
    /// Epoch second.
    pub(in crate::withings) modified: Option<i64>,
    /// 1 for measures, 2 for goals.
    pub(in crate::withings) category: Option<i64>,
    pub(in crate::withings) model: Option<String>,
    /// Name in the zone database; newer answers have it here as well.
    pub(in crate::withings) timezone: Option<String>,
    #[serde(default)]
    pub(in crate::withings) measures: Option<Vec<Measure>>,
}

/// One number: `value` × 10^`unit`.
#[derive(Debug, Clone, Deserialize)]
pub(in crate::withings) struct Measure {
    pub(in crate::withings) value: Option<i64>,
    #[serde(rename = "type")]
    pub(in crate::withings) kind: i64,
    pub(in crate::withings) unit: Option<i32>,
    /// Part of the body, for segments.
    pub(in crate::withings) position: Option<i64>,
}

/// An entry of the list of electrocardiograms.
#[derive(Debug, Deserialize)]
pub(in crate::withings) struct Electrocardiogram {
    /// Epoch second.
    pub(in crate::withings) timestamp: i64,
    pub(in crate::withings) timezone: Option<String>,
    /// beats/min.
    pub(in crate::withings) heart_rate: Option<f64>,
    #[serde(default, deserialize_with = "super::object")]
    pub(in crate::withings) ecg: Signal,
}

/// What the device read in it.
#[derive(Debug, Default, Deserialize)]
pub(in crate::withings) struct Signal {
    pub(in crate::withings) signalid: Option<i64>,
    /// 0 no, 1 yes, 2 inconclusive.
    pub(in crate::withings) afib: Option<i64>,
}
