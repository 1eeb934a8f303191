//! Days: `activities` with their samples, `continuous-heart-rate`, `cardio-load`.

use chrono::{NaiveDate, TimeDelta};
use serde::Deserialize;
use tributary_contract::model::{Day, Timestamp};

use super::value::Length;

/// A day's activity.
#[derive(Debug, Deserialize)]
pub(in crate::polar) struct ActivityDay {
    /// Documented as UTC, without a suffix.
    pub(in crate::polar) start_time: Option<Timestamp>,
    pub(in crate::polar) active_duration: Option<Length>,
    pub(in crate::polar) inactive_duration: Option<Length>,
    /// % of the day's goal.
    pub(in crate::polar) daily_activity: Option<f64>,
    /// kcal, resting energy included.
    pub(in crate::polar) calories: Option<f64>,
    /// kcal.
    pub(in crate::polar) active_calories: Option<f64>,
    pub(in crate::polar) steps: Option<i64>,
    pub(in crate::polar) inactivity_alert_count: Option<i64>,
    /// m.
    pub(in crate::polar) distance_from_steps: Option<f64>,
    pub(in crate::polar) samples: Option<ActivitySamples>,
}

impl ActivityDay {
    /// The user's day. The samples name it; without them it is the day in which the twelfth hour after the start
    /// lies, whether that start is a midnight of the watch, as samples show it, or of the watch in UTC, as documented.
    pub(in crate::polar) fn day(&self) -> Option<NaiveDate> {
        let named = self.samples.as_ref().and_then(|samples| samples.date).map(|day| day.0);
        named.or_else(|| Some(self.start_time?.local().checked_add_signed(TimeDelta::hours(12))?.date()))
    }
}

/// What happened in the course of a day.
#[derive(Debug, Deserialize)]
pub(in crate::polar) struct ActivitySamples {
    pub(in crate::polar) date: Option<Day>,
    pub(in crate::polar) steps: Option<Steps>,
    pub(in crate::polar) activity_zones: Option<Zones>,
}

/// Steps by stretches of equal length. A stretch with as many steps as the one before is left out.
#[derive(Debug, Deserialize)]
pub(in crate::polar) struct Steps {
    pub(in crate::polar) interval_ms: Option<f64>,
    pub(in crate::polar) total_steps: Option<f64>,
    #[serde(default)]
    pub(in crate::polar) samples: Option<Vec<StepSample>>,
}

/// One stretch.
#[derive(Debug, Deserialize)]
pub(in crate::polar) struct StepSample {
    pub(in crate::polar) steps: Option<f64>,
    /// Its start on the watch, to the minute.
    pub(in crate::polar) timestamp: Timestamp,
}

/// Intensity by its changes.
#[derive(Debug, Deserialize)]
pub(in crate::polar) struct Zones {
    pub(in crate::polar) samples: Option<Vec<ZoneSample>>,
}

/// From here on it was that intensity.
#[derive(Debug, Deserialize)]
pub(in crate::polar) struct ZoneSample {
    /// `SLEEP`, `SEDENTARY`, `LIGHT`, `MODERATE` or `VIGOROUS`.
    pub(in crate::polar) zone: Option<String>,
    pub(in crate::polar) timestamp: Timestamp,
}

/// Heart rate of a range of days: documented as one day, seen as a list of them.
#[derive(Debug, Deserialize)]
pub(in crate::polar) struct HeartRates {
    heart_rates: Option<Vec<HeartRateDay>>,
    date: Option<Day>,
    heart_rate_samples: Option<Vec<HeartRate>>,
}

impl HeartRates {
    pub(in crate::polar) fn days(self) -> Vec<HeartRateDay> {
        let mut days = self.heart_rates.unwrap_or_default();
        let heart_rate_samples = self.heart_rate_samples;
        days.extend(self.date.map(|date| HeartRateDay { date, heart_rate_samples }));
        days
    }
}

/// Heart rate of one day.
#[derive(Debug, Deserialize)]
pub(in crate::polar) struct HeartRateDay {
    pub(in crate::polar) date: Day,
    pub(in crate::polar) heart_rate_samples: Option<Vec<HeartRate>>,
}

/// One value.
#[derive(Debug, Deserialize)]
pub(in crate::polar) struct HeartRate {
    /// beats/min.
    pub(in crate::polar) heart_rate: Option<f64>,
    /// `HH:mm:ss` on the watch.
    pub(in crate::polar) sample_time: String,
}

/// How much training strains, for every day of a range, also where nothing is known.
#[derive(Debug, Deserialize)]
pub(in crate::polar) struct CardioLoad {
    pub(in crate::polar) date: Day,
    #[serde(alias = "cardio-load-status")]
    pub(in crate::polar) cardio_load_status: Option<String>,
    /// Mean daily load of the last seven days.
    pub(in crate::polar) strain: Option<f64>,
}
