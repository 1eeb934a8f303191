//! Lab reports: the processed results.
//!
//! Of a separate product; here so that its events and answers can be read and written. The engine makes
//! none.

use serde::{Deserialize, Serialize};

use super::integer;
use super::time::Timestamp;

/// One lab report on its way through processing.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct LabReportSession {
    /// Session id.
    pub session_id: String,
    /// Upload id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upload_id: Option<String>,
    /// Developer’s own user id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference_id: Option<String>,
    /// Report type.
    pub report_type: String,
    /// Current status.
    pub current_status: String,
    /// Uploaded at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uploaded_at: Option<Timestamp>,
    /// Updated at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<Timestamp>,
    /// Report date.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub report_date: Option<String>,
    /// Report time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub report_time: Option<String>,
    /// Collection date.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub collection_date: Option<String>,
    /// Collection time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub collection_time: Option<String>,
    /// Report locale.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub report_locale: Option<String>,
    /// Lab name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lab_name: Option<String>,
    /// Patient age at collection.
    #[serde(default, deserialize_with = "integer::optional", skip_serializing_if = "Option::is_none")]
    pub patient_age_at_collection: Option<i64>,
    /// Patient sex.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patient_sex: Option<String>,
    /// Input bytes.
    #[serde(default, deserialize_with = "integer::optional", skip_serializing_if = "Option::is_none")]
    pub input_bytes: Option<i64>,
    /// Results count.
    #[serde(default, deserialize_with = "integer::optional", skip_serializing_if = "Option::is_none")]
    pub results_count: Option<i64>,
    /// Output bytes.
    #[serde(default, deserialize_with = "integer::optional", skip_serializing_if = "Option::is_none")]
    pub output_bytes: Option<i64>,
    /// File count.
    #[serde(default, deserialize_with = "integer::optional", skip_serializing_if = "Option::is_none")]
    pub file_count: Option<i64>,
    /// Status history.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_history: Option<Vec<LabReportStatusEntry>>,
    /// Results.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub results: Option<Vec<LabReportResult>>,
    /// Panels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub panels: Option<Vec<LabReportPanel>>,
    /// Report notes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub report_notes: Option<String>,
}

/// One result, from the printed text to its interpretation.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct LabReportResult {
    /// Source.
    pub source: LabReportResultSource,
    /// Biomarker.
    pub biomarker: LabReportBiomarker,
    /// Measurement.
    pub measurement: LabReportMeasurement,
    /// Interpretation.
    pub interpretation: LabReportInterpretation,
    /// Reference ranges.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference_ranges: Option<Vec<LabReportReferenceRange>>,
}

/// A result as printed.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct LabReportResultSource {
    /// Test name as printed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Panel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub panel: Option<String>,
    /// Value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Units.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub units: Option<String>,
    /// Flag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flag: Option<String>,
    /// Test method as printed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Free text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
    /// Reference text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference_text: Option<String>,
}

/// What was measured.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct LabReportBiomarker {
    /// Slug; null when nothing matched.
    #[serde(default)]
    pub key: Option<String>,
    /// Display name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// LOINC code; absent when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loinc_code: Option<String>,
    /// Refers to the id of a panel.
    #[serde(default, deserialize_with = "integer::optional", skip_serializing_if = "Option::is_none")]
    pub panel_id: Option<i64>,
    /// Panel key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub panel_key: Option<String>,
    /// Specimen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub specimen: Option<String>,
}

/// The measured value; `type` says which field holds it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct LabReportMeasurement {
    /// `numeric`, `bounded`, `qualitative`, `text` or `absent`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Numeric.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub numeric: Option<f64>,
    /// Bounded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bounded: Option<LabReportBoundedValue>,
    /// Qualitative.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub qualitative: Option<LabReportQualitativeValue>,
    /// Free text value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Absent reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub absent_reason: Option<String>,
    /// Units.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub units: Option<String>,
    /// Ucum code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ucum_code: Option<String>,
}

/// A value known only by a bound.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct LabReportBoundedValue {
    /// `lt` or `gt`.
    pub operator: String,
    /// Value.
    pub value: f64,
}

/// A value in words.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct LabReportQualitativeValue {
    /// Answer as printed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

/// Whether the value is in its range.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct LabReportInterpretation {
    /// `high`, `low`, `normal`, or null.
    #[serde(default)]
    pub flag: Option<String>,
    /// Flag raw.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flag_raw: Option<String>,
    /// `report`, `computed` or `none`.
    pub source: String,
    /// Applied range.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub applied_range: Option<LabReportAppliedRange>,
}

/// The range that the interpretation used.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct LabReportAppliedRange {
    /// Lower bound.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lower: Option<f64>,
    /// Upper bound.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upper: Option<f64>,
}

/// A range, and whom it applies to.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct LabReportReferenceRange {
    /// Lower bound.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lower: Option<f64>,
    /// Upper bound.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upper: Option<f64>,
    /// Kind of range (free string).
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Whom the range applies to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context: Option<LabReportRangeContext>,
}

/// Whom a range applies to.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct LabReportRangeContext {
    /// Free string.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sex: Option<String>,
    /// Age lower.
    #[serde(default, deserialize_with = "integer::optional", skip_serializing_if = "Option::is_none")]
    pub age_lower: Option<i64>,
    /// Age upper.
    #[serde(default, deserialize_with = "integer::optional", skip_serializing_if = "Option::is_none")]
    pub age_upper: Option<i64>,
    /// Pregnancy status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pregnancy_status: Option<String>,
    /// Gestational week lower.
    #[serde(default, deserialize_with = "integer::optional", skip_serializing_if = "Option::is_none")]
    pub gestational_week_lower: Option<i64>,
    /// Gestational week upper.
    #[serde(default, deserialize_with = "integer::optional", skip_serializing_if = "Option::is_none")]
    pub gestational_week_upper: Option<i64>,
    /// Cycle phase.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cycle_phase: Option<String>,
    /// Reference population.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference_population: Option<String>,
    /// Modifiers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modifiers: Option<Vec<String>>,
}

/// A group of results in the report.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct LabReportPanel {
    /// Ordinal in the report.
    #[serde(deserialize_with = "integer::required")]
    pub id: i64,
    /// Panel header as printed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// One step in the history of a report.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct LabReportStatusEntry {
    /// Status name.
    pub status: String,
    /// When it was reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
    /// Note.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}
