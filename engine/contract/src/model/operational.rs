//! Bodies of events about a request or about delivery itself.
//!
//! Built by the engine and by sinks; `processing` is only ever an answer to a REST call. No body holds a credential.

use serde::{Deserialize, Serialize};

use super::event::EventType;
use super::integer;
use super::life_cycle::EventStatus;
use super::time::Timestamp;
use super::user::TerraUser;

/// Body of `large_request_processing`: a request over a long time was accepted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LargeRequestProcessingEvent {
    /// [`EventType::LargeRequestProcessing`].
    #[serde(rename = "type")]
    pub kind: EventType,
    /// [`EventStatus::Processing`].
    pub status: EventStatus,
    /// What happened, for people.
    pub message: String,
    /// The request, as in the `terra-reference` header.
    pub reference: String,
    /// Whose connection it is.
    pub user: TerraUser,
}

impl LargeRequestProcessingEvent {
    /// The request with that reference was accepted.
    pub fn new(user: TerraUser, reference: String) -> Self {
        Self {
            kind: EventType::LargeRequestProcessing,
            status: EventStatus::Processing,
            message: "Large request is being processed".to_owned(),
            reference,
            user,
        }
    }
}

/// Body of `large_request_sending`: this many chunks follow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LargeRequestSendingEvent {
    /// [`EventType::LargeRequestSending`].
    #[serde(rename = "type")]
    pub kind: EventType,
    /// Part of every event by the schema, but not sent on this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<EventStatus>,
    /// What happened, for people.
    pub message: String,
    /// The request, as in the `terra-reference` header.
    pub reference: String,
    /// How many deliveries with that reference will come.
    #[serde(deserialize_with = "integer::required")]
    pub expected_payloads: i64,
    /// Whose connection it is.
    pub user: TerraUser,
}

impl LargeRequestSendingEvent {
    /// So many deliveries follow for the request with that reference.
    pub fn new(user: TerraUser, reference: String, expected_payloads: i64) -> Self {
        Self {
            kind: EventType::LargeRequestSending,
            status: None,
            message: "Large request is being sent".to_owned(),
            reference,
            expected_payloads,
            user,
        }
    }
}

/// Body of `request_processing` and `request_completed`: predecessors of the two above, for very old consumers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RequestEvent {
    /// Which of the two.
    #[serde(rename = "type")]
    pub kind: EventType,
    /// What happened, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Whose connection it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<TerraUser>,
}

/// Body of `s3_payload`: the payload was stored and waits at a URL.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct S3PayloadEvent {
    /// [`EventType::S3Payload`].
    #[serde(rename = "type")]
    pub kind: EventType,
    /// [`EventStatus::Success`].
    pub status: EventStatus,
    /// Where to fetch it.
    pub url: String,
    /// How long the URL is valid (s).
    #[serde(deserialize_with = "integer::required")]
    pub expires_in: i64,
    /// Queue variants: the name of the stored payload.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payload_reference: Option<String>,
    /// Queue variants: the connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// Queue variants: the developer's own user id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference_id: Option<String>,
}

impl S3PayloadEvent {
    /// The payload waits at `url` for so many seconds.
    pub fn new(url: String, expires_in: i64) -> Self {
        Self {
            kind: EventType::S3Payload,
            status: EventStatus::Success,
            url,
            expires_in,
            payload_reference: None,
            user_id: None,
            reference_id: None,
        }
    }
}

/// Body of `rate_limit_hit`: a request waits for the provider's quota.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RateLimitHitEvent {
    /// [`EventType::RateLimitHit`].
    #[serde(rename = "type")]
    pub kind: EventType,
    /// What happened, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Whose connection it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<TerraUser>,
    /// Start of the requested time, as requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_date: Option<String>,
    /// End of the requested time, as requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_date: Option<String>,
    /// When it is tried again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retrying_at: Option<Timestamp>,
}

impl RateLimitHitEvent {
    /// The request is tried again at `retrying_at`.
    pub fn new(
        user: TerraUser,
        start_date: String,
        end_date: Option<String>,
        retrying_at: Timestamp,
    ) -> Self {
        Self {
            kind: EventType::RateLimitHit,
            message: Some("Rate limit reached whilst processing async query".to_owned()),
            user: Some(user),
            start_date: Some(start_date),
            end_date,
            retrying_at: Some(retrying_at),
        }
    }
}

/// Body of `healthcheck`: a sign of life to a destination.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HealthcheckEvent {
    /// [`EventType::Healthcheck`].
    #[serde(rename = "type")]
    pub kind: EventType,
    /// How the destination does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<EventStatus>,
    /// When it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub creation_timestamp: Option<Timestamp>,
    /// Change in deliveries (%).
    #[serde(default, deserialize_with = "integer::optional", skip_serializing_if = "Option::is_none")]
    pub trend_percentage: Option<i64>,
    /// Deliveries in the last hour.
    #[serde(default, deserialize_with = "integer::optional", skip_serializing_if = "Option::is_none")]
    pub sent_webhooks_last_hour: Option<i64>,
}

/// Answer `processing` to a REST call: the provider has to be asked first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProcessingAnswer {
    /// [`EventType::Processing`].
    #[serde(rename = "type")]
    pub kind: EventType,
    /// [`EventStatus::Success`].
    pub status: EventStatus,
    /// What happened, for people.
    pub message: String,
    /// Whose connection it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<TerraUser>,
    /// When to ask again (s).
    #[serde(default, deserialize_with = "integer::optional", skip_serializing_if = "Option::is_none")]
    pub retry_after_seconds: Option<i64>,
}

impl ProcessingAnswer {
    /// Ask again after so many seconds.
    pub fn new(user: TerraUser, retry_after_seconds: i64) -> Self {
        Self {
            kind: EventType::Processing,
            status: EventStatus::Success,
            message: "Request is processing, try again later".to_owned(),
            user: Some(user),
            retry_after_seconds: Some(retry_after_seconds),
        }
    }
}
