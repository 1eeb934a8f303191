//! The cycle as seen on one day.
//!
//! Filled by providers; predictions are the provider's own, never made here.

use serde::{Deserialize, Serialize};

use super::enumeration::{MenstruationFlow, MenstruationInterval, TimestampLocalization};
use super::integer;
use super::time::{Day, Timestamp};

/// The cycle as seen on one day. Key: the date of `metadata.start_time`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Menstruation {
    /// Identity and time range.
    pub metadata: MenstruationMetadata,
    /// Cycle.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub menstruation_data: Option<MenstruationData>,
}

/// Which day it is.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct MenstruationMetadata {
    /// Period end.
    pub end_time: Timestamp,
    /// Period start.
    pub start_time: Timestamp,
    /// Whether the times are UTC or local.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp_localization: Option<TimestampLocalization>,
}

/// The cycle of that day: where in it the user is, and what is predicted.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct MenstruationData {
    /// Days of bleeding (days).
    #[serde(default, deserialize_with = "integer::optional", skip_serializing_if = "Option::is_none")]
    pub period_length_days: Option<i64>,
    /// Phase of the cycle.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_phase: Option<MenstruationInterval>,
    /// Length of the phase (days).
    #[serde(default, deserialize_with = "integer::optional", skip_serializing_if = "Option::is_none")]
    pub length_of_current_phase_days: Option<i64>,
    /// Predicted.
    #[serde(default, deserialize_with = "integer::optional", skip_serializing_if = "Option::is_none")]
    pub days_until_next_phase: Option<i64>,
    /// First day of the cycle.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub period_start_date: Option<Day>,
    /// Predicted cycle length (days).
    #[serde(default, deserialize_with = "integer::optional", skip_serializing_if = "Option::is_none")]
    pub predicted_cycle_length_days: Option<i64>,
    /// Day number.
    #[serde(default, deserialize_with = "integer::optional", skip_serializing_if = "Option::is_none")]
    pub day_in_cycle: Option<i64>,
    /// Last user entry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_updated_time: Option<Timestamp>,
    /// Cycle length (days).
    #[serde(default, deserialize_with = "integer::optional", skip_serializing_if = "Option::is_none")]
    pub cycle_length_days: Option<i64>,
    /// True for a prediction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_predicted_cycle: Option<bool>,
    /// Flow log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub menstruation_flow: Option<Vec<MenstruationFlowSample>>,
    /// Phases with date ranges.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub intervals: Option<Vec<MenstruationIntervalSample>>,
    /// First fertile day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fertility_window_start: Option<Day>,
    /// Last fertile day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fertility_window_end: Option<Day>,
    /// Predicted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ovulation_day: Option<Day>,
}

/// Flow at one time.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct MenstruationFlowSample {
    /// Sample time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
    /// Strength of flow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flow: Option<MenstruationFlow>,
}

/// One phase with its bounds.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct MenstruationIntervalSample {
    /// Start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_timestamp: Option<Timestamp>,
    /// End.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_timestamp: Option<Timestamp>,
    /// Phase of the cycle.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phase: Option<MenstruationInterval>,
}
