//! `getactivity`, `getintradayactivity` and `getworkouts`.

use std::collections::BTreeMap;

use serde::Deserialize;
use tributary_contract::model;

/// The totals of one local day.
#[derive(Debug, Deserialize)]
pub(in crate::withings) struct Day {
    pub(in crate::withings) date: model::Day,
    pub(in crate::withings) timezone: Option<String>,
    /// Epoch second.
    pub(in crate::withings) modified: Option<i64>,
    /// 1 Withings, 18 another app.
    pub(in crate::withings) brand: Option<i64>,
    pub(in crate::withings) model: Option<String>,
    pub(in crate::withings) steps: Option<f64>,
    /// m.
    pub(in crate::withings) distance: Option<f64>,
    /// Floors.
    pub(in crate::withings) elevation: Option<f64>,
    /// s.
    pub(in crate::withings) soft: Option<f64>,
    /// s.
    pub(in crate::withings) moderate: Option<f64>,
    /// s.
    pub(in crate::withings) intense: Option<f64>,
    /// s.
    pub(in crate::withings) active: Option<f64>,
    /// Active energy, kcal.
    pub(in crate::withings) calories: Option<f64>,
    /// kcal.
    pub(in crate::withings) totalcalories: Option<f64>,
    /// beats/min.
    pub(in crate::withings) hr_average: Option<f64>,
    /// beats/min.
    pub(in crate::withings) hr_min: Option<f64>,
    /// beats/min.
    pub(in crate::withings) hr_max: Option<f64>,
    #[serde(flatten)]
    pub(in crate::withings) zones: Zones,
}

/// Seconds in each zone of heart rate, lightest first.
#[derive(Debug, Default, Deserialize)]
pub(in crate::withings) struct Zones {
    pub(in crate::withings) hr_zone_0: Option<f64>,
    pub(in crate::withings) hr_zone_1: Option<f64>,
    pub(in crate::withings) hr_zone_2: Option<f64>,
    pub(in crate::withings) hr_zone_3: Option<f64>,
}

/// The course of at most a day.
#[derive(Debug, Default, Deserialize)]
pub(in crate::withings) struct Intraday {
    /// By epoch second.
    #[serde(default, deserialize_with = "super::object")]
    pub(in crate::withings) series: BTreeMap<i64, Point>,
}

/// What happened from one second on.
#[derive(Debug, Clone, Default, Deserialize)]
pub(in crate::withings) struct Point {
    /// s.
    pub(in crate::withings) duration: Option<f64>,
    pub(in crate::withings) steps: Option<f64>,
    /// Floors.
    pub(in crate::withings) elevation: Option<f64>,
    /// kcal.
    pub(in crate::withings) calories: Option<f64>,
    /// m.
    pub(in crate::withings) distance: Option<f64>,
    /// beats/min.
    pub(in crate::withings) heart_rate: Option<f64>,
    /// %.
    pub(in crate::withings) spo2_auto: Option<f64>,
    /// ms.
    pub(in crate::withings) rmssd: Option<f64>,
    /// ms.
    pub(in crate::withings) sdnn1: Option<f64>,
}

/// A workout.
#[derive(Debug, Deserialize)]
pub(in crate::withings) struct Workout {
    pub(in crate::withings) id: i64,
    pub(in crate::withings) category: Option<i64>,
    pub(in crate::withings) timezone: Option<String>,
    pub(in crate::withings) attrib: Option<i64>,
    /// Epoch second.
    pub(in crate::withings) startdate: i64,
    /// Epoch second.
    pub(in crate::withings) enddate: i64,
    #[serde(default, deserialize_with = "super::object")]
    pub(in crate::withings) data: WorkoutData,
}

/// What is known of a workout.
#[derive(Debug, Default, Deserialize)]
pub(in crate::withings) struct WorkoutData {
    /// Active energy, kcal.
    pub(in crate::withings) calories: Option<f64>,
    /// The same, as the user entered it.
    pub(in crate::withings) manual_calories: Option<f64>,
    /// m.
    pub(in crate::withings) distance: Option<f64>,
    /// The same, as the user entered it.
    pub(in crate::withings) manual_distance: Option<f64>,
    pub(in crate::withings) steps: Option<f64>,
    /// Floors.
    pub(in crate::withings) elevation: Option<f64>,
    /// beats/min.
    pub(in crate::withings) hr_average: Option<f64>,
    /// beats/min.
    pub(in crate::withings) hr_min: Option<f64>,
    /// beats/min.
    pub(in crate::withings) hr_max: Option<f64>,
    #[serde(flatten)]
    pub(in crate::withings) zones: Zones,
    /// %.
    pub(in crate::withings) spo2_average: Option<f64>,
    pub(in crate::withings) strokes: Option<f64>,
    pub(in crate::withings) pool_laps: Option<f64>,
    /// m.
    pub(in crate::withings) pool_length: Option<f64>,
}
