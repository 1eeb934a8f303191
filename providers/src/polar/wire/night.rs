//! `sleep` and `nightly-recharge`.

use std::collections::BTreeMap;

use serde::Deserialize;
use tributary_contract::model::{Day, Timestamp};

use super::value::Text;

/// The answer of the list of nights.
#[derive(Debug, Deserialize)]
pub(in crate::polar) struct Nights {
    pub(in crate::polar) nights: Vec<Night>,
}

/// A night.
#[derive(Debug, Deserialize)]
pub(in crate::polar) struct Night {
    /// The day of waking.
    pub(in crate::polar) date: Day,
    pub(in crate::polar) sleep_start_time: Timestamp,
    pub(in crate::polar) sleep_end_time: Timestamp,
    pub(in crate::polar) device_id: Option<Text>,
    /// s.
    pub(in crate::polar) light_sleep: Option<f64>,
    /// s.
    pub(in crate::polar) deep_sleep: Option<f64>,
    /// s.
    pub(in crate::polar) rem_sleep: Option<f64>,
    /// s.
    pub(in crate::polar) unrecognized_sleep_stage: Option<f64>,
    /// 1 to 100.
    pub(in crate::polar) sleep_score: Option<f64>,
    /// s awake between falling asleep and waking.
    pub(in crate::polar) total_interruption_duration: Option<f64>,
    /// s.
    pub(in crate::polar) short_interruption_duration: Option<f64>,
    /// s.
    pub(in crate::polar) long_interruption_duration: Option<f64>,
    /// By `HH:mm` on the watch: 0 awake, 1 REM, 2 and 3 light, 4 deep, 5 not known.
    pub(in crate::polar) hypnogram: Option<BTreeMap<String, i64>>,
    /// beats/min by `HH:mm` on the watch.
    pub(in crate::polar) heart_rate_samples: Option<BTreeMap<String, Option<f64>>>,
}

/// The answer of the list of recharges.
#[derive(Debug, Deserialize)]
pub(in crate::polar) struct Recharges {
    pub(in crate::polar) recharges: Vec<Recharge>,
}

/// How a night restored the user, measured in four hours of it.
#[derive(Debug, Deserialize)]
pub(in crate::polar) struct Recharge {
    /// The day of waking.
    pub(in crate::polar) date: Day,
    /// beats/min.
    pub(in crate::polar) heart_rate_avg: Option<f64>,
    /// RMSSD, ms.
    pub(in crate::polar) heart_rate_variability_avg: Option<f64>,
    /// breaths/min.
    pub(in crate::polar) breathing_rate_avg: Option<f64>,
    /// 1 (very poor) to 6 (very good).
    pub(in crate::polar) nightly_recharge_status: Option<f64>,
    /// ms by `HH:mm` on the watch.
    pub(in crate::polar) hrv_samples: Option<BTreeMap<String, Option<f64>>>,
    /// breaths/min by `HH:mm` on the watch.
    pub(in crate::polar) breathing_samples: Option<BTreeMap<String, Option<f64>>>,
}
