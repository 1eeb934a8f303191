//! One coded observation.
//!
//! Filled by providers, mostly from phones; codes are passed on, never translated.

use serde::{Deserialize, Serialize};

use super::enumeration::{
    HealthObservationCategory, ObservationSeverity, ObservationStatus, ObservationValueType,
    TimestampLocalization,
};
use super::time::Timestamp;

/// One coded observation, such as a symptom. Key: `metadata.summary_id`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct HealthObservation {
    /// Identity and time range.
    pub metadata: HealthObservationMetadata,
    /// The observation.
    pub observation_data: HealthObservationData,
}

/// Identity and time of the observation.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct HealthObservationMetadata {
    /// Period start.
    pub start_time: Timestamp,
    /// Period end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_time: Option<Timestamp>,
    /// Record id (upsert key).
    pub summary_id: String,
    /// Whether the times are UTC or local.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp_localization: Option<TimestampLocalization>,
}

/// The observation itself.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct HealthObservationData {
    /// Kind of observation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<HealthObservationCategory>,
    /// What was observed, in snake case.
    pub observation_type: String,
    /// Codes for it, also SNOMED CT and LOINC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub codes: Option<Vec<ObservationCode>>,
    /// Value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<ObservationValue>,
    /// How strong it is; symptoms only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<ObservationSeverity>,
    /// Coded parts of a multi-part observation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub components: Option<Vec<ObservationComponent>>,
    /// State; [`ObservationStatus::EnteredInError`] withdraws the record with that summary id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<ObservationStatus>,
    /// Free text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
}

/// A code in a named vocabulary.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ObservationCode {
    /// Vocabulary: `healthkit`, or the URI of a terminology.
    pub system: String,
    /// Code.
    pub code: String,
    /// Label.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display: Option<String>,
}

/// A value; `value_type` says which of the other fields holds it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ObservationValue {
    /// Which of the other fields holds the value.
    pub value_type: ObservationValueType,
    /// Number, for [`ObservationValueType::Quantity`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quantity: Option<f64>,
    /// Unit of `quantity`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// For [`ObservationValueType::Boolean`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub boolean: Option<bool>,
    /// For [`ObservationValueType::String`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// For [`ObservationValueType::Code`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

/// One part of an observation that has several.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ObservationComponent {
    /// Part name.
    pub code: String,
    /// Value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<ObservationValue>,
}
