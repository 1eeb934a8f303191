//! Sleep: `getsummary` and `get`.

use std::collections::BTreeMap;

use serde::Deserialize;

/// Values by epoch second.
type Series = BTreeMap<i64, Option<f64>>;

/// The summary of one sleep.
#[derive(Debug, Deserialize)]
pub(in crate::withings) struct Night {
    pub(in crate::withings) id: i64,
    pub(in crate::withings) timezone: Option<String>,
    /// Kind of device: 16 tracker, 32 mat.
    pub(in crate::withings) model: Option<i64>,
    pub(in crate::withings) hash_deviceid: Option<String>,
    /// Epoch second.
    pub(in crate::withings) startdate: i64,
    /// Epoch second.
    pub(in crate::withings) enddate: i64,
    #[serde(default, deserialize_with = "super::object")]
    pub(in crate::withings) data: NightData,
}

/// What is known of a sleep.
#[derive(Debug, Default, Deserialize)]
pub(in crate::withings) struct NightData {
    /// s.
    pub(in crate::withings) total_timeinbed: Option<f64>,
    /// s.
    pub(in crate::withings) total_sleep_time: Option<f64>,
    /// s; from devices of others, which tell no stages.
    pub(in crate::withings) asleepduration: Option<f64>,
    /// s.
    pub(in crate::withings) lightsleepduration: Option<f64>,
    /// s.
    pub(in crate::withings) deepsleepduration: Option<f64>,
    /// s.
    pub(in crate::withings) remsleepduration: Option<f64>,
    /// s.
    pub(in crate::withings) wakeupduration: Option<f64>,
    pub(in crate::withings) wakeupcount: Option<f64>,
    /// s.
    pub(in crate::withings) sleep_latency: Option<f64>,
    /// s.
    pub(in crate::withings) wakeup_latency: Option<f64>,
    /// 0–1.
    pub(in crate::withings) sleep_efficiency: Option<f64>,
    pub(in crate::withings) nb_rem_episodes: Option<f64>,
    pub(in crate::withings) out_of_bed_count: Option<f64>,
    /// beats/min.
    pub(in crate::withings) hr_average: Option<f64>,
    /// beats/min.
    pub(in crate::withings) hr_min: Option<f64>,
    /// beats/min.
    pub(in crate::withings) hr_max: Option<f64>,
    /// breaths/min.
    pub(in crate::withings) rr_average: Option<f64>,
    /// breaths/min.
    pub(in crate::withings) rr_min: Option<f64>,
    /// breaths/min.
    pub(in crate::withings) rr_max: Option<f64>,
    /// s.
    pub(in crate::withings) snoring: Option<f64>,
    pub(in crate::withings) snoringepisodecount: Option<f64>,
    pub(in crate::withings) sleep_score: Option<f64>,
}

/// The course of at most a day of sleep.
#[derive(Debug, Default, Deserialize)]
pub(in crate::withings) struct Detail {
    #[serde(default)]
    pub(in crate::withings) series: Option<Vec<Segment>>,
}

/// A stretch in one stage.
#[derive(Debug, Clone, Deserialize)]
pub(in crate::withings) struct Segment {
    /// Epoch second.
    pub(in crate::withings) startdate: i64,
    /// Epoch second.
    pub(in crate::withings) enddate: i64,
    pub(in crate::withings) state: Option<i64>,
    pub(in crate::withings) hash_deviceid: Option<String>,
    /// beats/min.
    #[serde(default, deserialize_with = "super::object")]
    pub(in crate::withings) hr: Series,
    /// breaths/min.
    #[serde(default, deserialize_with = "super::object")]
    pub(in crate::withings) rr: Series,
    /// ms.
    #[serde(default, deserialize_with = "super::object")]
    pub(in crate::withings) sdnn_1: Series,
    /// ms.
    #[serde(default, deserialize_with = "super::object")]
    pub(in crate::withings) rmssd: Series,
}
