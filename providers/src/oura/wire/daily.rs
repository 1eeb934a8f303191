//! The documents of one day: activity, readiness, stress, resilience, oxygen, tags.

use serde::Deserialize;
use tributary_contract::model::{Day, Timestamp};

use super::Series;

/// A document of `daily_activity`: from 04:00 on its day to 04:00 on the next.
#[derive(Debug, Deserialize)]
pub(in crate::oura) struct DailyActivity {
    pub(in crate::oura) day: Day,
    /// When it begins, with the user's offset.
    pub(in crate::oura) timestamp: Option<Timestamp>,
    pub(in crate::oura) score: Option<f64>,
    /// kcal.
    pub(in crate::oura) active_calories: Option<f64>,
    /// kcal.
    pub(in crate::oura) total_calories: Option<f64>,
    pub(in crate::oura) steps: Option<i64>,
    /// m.
    pub(in crate::oura) equivalent_walking_distance: Option<f64>,
    /// s.
    pub(in crate::oura) high_activity_time: Option<f64>,
    /// s.
    pub(in crate::oura) medium_activity_time: Option<f64>,
    /// s.
    pub(in crate::oura) low_activity_time: Option<f64>,
    /// s.
    pub(in crate::oura) sedentary_time: Option<f64>,
    /// s.
    pub(in crate::oura) resting_time: Option<f64>,
    pub(in crate::oura) inactivity_alerts: Option<i64>,
    /// MET.
    pub(in crate::oura) average_met_minutes: Option<f64>,
    /// MET for each minute.
    pub(in crate::oura) met: Option<Series>,
    /// A digit for each 5 min from `timestamp`: 0 not worn, 1 rest, 2 inactive, 3 low, 4 medium, 5 high.
    pub(in crate::oura) class_5_min: Option<String>,
}

/// A document of `daily_readiness`.
#[derive(Debug, Deserialize)]
pub(in crate::oura) struct DailyReadiness {
    pub(in crate::oura) day: Day,
    /// A midnight; its offset is zero wherever the user is.
    pub(in crate::oura) timestamp: Option<Timestamp>,
    pub(in crate::oura) score: Option<f64>,
}

/// A document of `daily_stress`.
#[derive(Debug, Deserialize)]
pub(in crate::oura) struct DailyStress {
    pub(in crate::oura) day: Day,
    /// s.
    pub(in crate::oura) stress_high: Option<f64>,
    /// s.
    pub(in crate::oura) recovery_high: Option<f64>,
    /// `restored`, `normal` or `stressful`.
    pub(in crate::oura) day_summary: Option<String>,
}

/// A document of `daily_resilience`.
#[derive(Debug, Deserialize)]
pub(in crate::oura) struct DailyResilience {
    pub(in crate::oura) day: Day,
    pub(in crate::oura) contributors: Option<ResilienceContributors>,
}

/// What resilience is made of, 0–100 each.
#[derive(Debug, Deserialize)]
pub(in crate::oura) struct ResilienceContributors {
    pub(in crate::oura) sleep_recovery: Option<f64>,
    pub(in crate::oura) daytime_recovery: Option<f64>,
    pub(in crate::oura) stress: Option<f64>,
}

/// A document of `daily_spo2`.
#[derive(Debug, Deserialize)]
pub(in crate::oura) struct DailySpo2 {
    pub(in crate::oura) day: Day,
    pub(in crate::oura) spo2_percentage: Option<Spo2Percentage>,
}

/// Oxygen saturation over a day.
#[derive(Debug, Deserialize)]
pub(in crate::oura) struct Spo2Percentage {
    /// %.
    pub(in crate::oura) average: Option<f64>,
}

/// A document of `enhanced_tag`.
#[derive(Debug, Deserialize)]
pub(in crate::oura) struct EnhancedTag {
    pub(in crate::oura) start_day: Day,
    pub(in crate::oura) start_time: Timestamp,
    /// `custom` for the user's own kinds, null for a mere text.
    pub(in crate::oura) tag_type_code: Option<String>,
    /// The user's own name where the code is `custom`.
    pub(in crate::oura) custom_name: Option<String>,
    pub(in crate::oura) comment: Option<String>,
}
