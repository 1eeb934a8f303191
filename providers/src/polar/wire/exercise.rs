//! `exercises`: a training session with its samples, zones and route.

use serde::Deserialize;
use tributary_contract::model::Timestamp;

use super::value::{Length, Text};

/// An exercise. Names with hyphens are those of the deprecated transactions.
#[derive(Debug, Deserialize)]
pub(in crate::polar) struct Exercise {
    pub(in crate::polar) id: Text,
    #[serde(alias = "upload-time")]
    pub(in crate::polar) upload_time: Option<Timestamp>,
    /// Name of the product.
    pub(in crate::polar) device: Option<String>,
    #[serde(alias = "device-id")]
    pub(in crate::polar) device_id: Option<Text>,
    /// Wall clock, without an offset.
    #[serde(alias = "start-time")]
    pub(in crate::polar) start_time: Timestamp,
    /// min.
    #[serde(alias = "start-time-utc-offset")]
    pub(in crate::polar) start_time_utc_offset: Option<i64>,
    pub(in crate::polar) duration: Option<Length>,
    /// kcal.
    pub(in crate::polar) calories: Option<f64>,
    /// m.
    pub(in crate::polar) distance: Option<f64>,
    #[serde(alias = "heart-rate")]
    pub(in crate::polar) heart_rate: Option<HeartRateTotals>,
    pub(in crate::polar) sport: Option<String>,
    #[serde(alias = "detailed-sport-info")]
    pub(in crate::polar) detailed_sport_info: Option<String>,
    #[serde(alias = "heart-rate-zones")]
    pub(in crate::polar) heart_rate_zones: Option<Vec<HeartRateZone>>,
    pub(in crate::polar) samples: Option<Vec<Samples>>,
    pub(in crate::polar) route: Option<Vec<Place>>,
}

impl Exercise {
    /// Whether anything was recorded along the way.
    pub(in crate::polar) fn has_samples(&self) -> bool {
        self.samples.as_ref().is_some_and(|samples| samples.iter().any(|list| !list.is_empty()))
            || self.route.as_ref().is_some_and(|route| !route.is_empty())
    }
}

/// beats/min.
#[derive(Debug, Deserialize)]
pub(in crate::polar) struct HeartRateTotals {
    pub(in crate::polar) average: Option<f64>,
    pub(in crate::polar) maximum: Option<f64>,
}

/// Time in a zone. Its limits, in beats/min, have no place in the model.
#[derive(Debug, Deserialize)]
pub(in crate::polar) struct HeartRateZone {
    pub(in crate::polar) index: Option<i64>,
    #[serde(rename = "in-zone", alias = "in_zone")]
    pub(in crate::polar) in_zone: Option<Length>,
}

/// Values at equal distances in time from the start.
#[derive(Debug, Deserialize)]
pub(in crate::polar) struct Samples {
    /// s; null for RR intervals.
    #[serde(rename = "recording-rate", alias = "recording_rate")]
    pub(in crate::polar) recording_rate: Option<f64>,
    /// 0 to 11.
    #[serde(rename = "sample-type", alias = "sample_type")]
    pub(in crate::polar) sample_type: Option<Text>,
    /// Comma-separated; an empty item or `null` is a gap.
    pub(in crate::polar) data: Option<String>,
}

impl Samples {
    fn is_empty(&self) -> bool {
        self.data.as_deref().is_none_or(|data| data.trim().is_empty())
    }
}

/// A point of the route.
#[derive(Debug, Deserialize)]
pub(in crate::polar) struct Place {
    pub(in crate::polar) latitude: Option<f64>,
    pub(in crate::polar) longitude: Option<f64>,
    /// Since the start.
    pub(in crate::polar) time: Option<Length>,
}
