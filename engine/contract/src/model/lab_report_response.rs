//! Lab reports: REST answers.
//!
//! Of a separate product; here so that they can be read and written. The engine makes none.

use serde::{Deserialize, Serialize};

use super::integer;
use super::lab_report::LabReportSession;
use super::time::Timestamp;

/// REST answer: files derived from a report.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct LabReportArtifactsResponse {
    /// Artifacts.
    pub artifacts: Vec<LabReportFile>,
    /// Expires at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

/// REST answer: deliveries of a report.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct LabReportDeliveriesResponse {
    /// Deliveries.
    pub deliveries: Vec<LabReportDelivery>,
}

/// One delivery of a report to a destination.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct LabReportDelivery {
    /// Destination id.
    pub destination_id: String,
    /// Destination type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub destination_type: Option<String>,
    /// `pending`, `delivered` or `failed`.
    pub status: String,
    /// Attempt count.
    #[serde(deserialize_with = "integer::required")]
    pub attempt_count: i64,
    /// Last error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
}

/// A file to download.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct LabReportFile {
    /// Filename.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filename: Option<String>,
    /// Presigned url.
    pub presigned_url: String,
}

/// REST answer: the uploaded files of a report.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct LabReportFilesResponse {
    /// Files.
    pub files: Vec<LabReportFile>,
    /// Thumbnail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thumbnail: Option<LabReportFile>,
    /// Expires at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

/// REST answer: the reports of an environment.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct LabReportListResponse {
    /// Sessions.
    pub sessions: Vec<LabReportSession>,
}

/// REST answer: a report is processed again.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct LabReportReprocessResponse {
    /// Session id.
    pub session_id: String,
    /// Current status.
    pub current_status: String,
}

/// REST answer: an upload was accepted.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct LabReportUploadResponse {
    /// Upload id.
    pub upload_id: String,
    /// Current status.
    pub current_status: String,
}
