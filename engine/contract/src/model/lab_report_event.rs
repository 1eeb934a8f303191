//! Lab reports: event bodies.
//!
//! Of a separate product; here so that they can be read and written. They carry neither user nor version.

use serde::{Deserialize, Serialize};

use super::event::EventType;
use super::integer;
use super::lab_report::{
    LabReportBiomarker, LabReportInterpretation, LabReportMeasurement, LabReportPanel,
    LabReportReferenceRange,
};
use super::time::Timestamp;

/// Body of `lab_report.completed`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LabReportCompletedEvent {
    /// [`EventType::LabReportCompleted`].
    #[serde(rename = "type")]
    pub kind: EventType,
    /// The same on every delivery of the event.
    pub event_id: String,
    /// When it happened, in UTC.
    pub occurred_at: Timestamp,
    /// Shared by all events of one upload.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upload_id: Option<String>,
    /// The report.
    pub data: LabReportEventData,
}

/// Body of `lab_report.failed`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LabReportFailedEvent {
    /// [`EventType::LabReportFailed`].
    #[serde(rename = "type")]
    pub kind: EventType,
    /// The same on every delivery of the event.
    pub event_id: String,
    /// When it happened, in UTC.
    pub occurred_at: Timestamp,
    /// Shared by all events of one upload.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upload_id: Option<String>,
    /// Why.
    pub data: LabReportFailureData,
}

/// A processed report.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct LabReportEventData {
    /// The report.
    pub session_id: String,
    /// Developer’s own user id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference_id: Option<String>,
    /// Date as printed, `YYYY-MM-DD`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub report_date: Option<String>,
    /// Time as printed, `HH:MM`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub report_time: Option<String>,
    /// Language of the report.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub report_locale: Option<String>,
    /// Number of results.
    #[serde(deserialize_with = "integer::required")]
    pub results_count: i64,
    /// The results.
    pub results: Vec<LabReportEventResult>,
    /// Groups that results refer to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub panels: Option<Vec<LabReportPanel>>,
    /// Free text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub report_notes: Option<String>,
}

/// One result; its source also has the time of collection.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct LabReportEventResult {
    /// As printed.
    pub source: LabReportEventResultSource,
    /// What was measured.
    pub biomarker: LabReportBiomarker,
    /// The value.
    pub measurement: LabReportMeasurement,
    /// Whether it is in range.
    pub interpretation: LabReportInterpretation,
    /// Ranges of the report.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference_ranges: Option<Vec<LabReportReferenceRange>>,
}

/// A result as printed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LabReportEventResultSource {
    /// Date of collection, `YYYY-MM-DD`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub collection_date: Option<String>,
    /// Time of collection, `HH:MM`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub collection_time: Option<String>,
    /// Test name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Panel header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub panel: Option<String>,
    /// Value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub units: Option<String>,
    /// Flag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flag: Option<String>,
    /// Test method.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Free text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
    /// Reference range.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference_text: Option<String>,
}

/// The report that failed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LabReportFailureData {
    /// The report.
    pub session_id: String,
    /// Developer’s own user id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference_id: Option<String>,
    /// Why.
    pub error: LabReportEventError,
}

/// Why a report failed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LabReportEventError {
    /// Code of the error.
    pub code: String,
    /// Text for people.
    pub message: String,
    /// Whether uploading it again may help.
    pub retriable: bool,
}
