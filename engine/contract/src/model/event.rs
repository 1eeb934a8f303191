//! The envelope of everything that is delivered: event types, and the bodies of data events.
//!
//! Sinks build bodies here from records that are already JSON; nothing is parsed again. Bodies about a connection
//! itself are in [`super::life_cycle`]. Nothing here signs or sends.

use std::fmt;
use std::str::FromStr;

use bytes::{BufMut, Bytes, BytesMut};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

use super::life_cycle::EventStatus;
use super::{Athlete, DataType, TerraUser};

/// Version of the records and events; a constant of the interface.
pub const VERSION: &str = "2022-03-16";

/// The body of a data event, made of JSON that exists already.
///
/// `user_json` is the JSON of a [`TerraUser`], each of `records` the JSON of one record of `data_type`. An athlete
/// event carries one object: the last record, which holds all that earlier ones did.
pub fn data_event_body(data_type: DataType, user_json: &[u8], records: &[Bytes]) -> Bytes {
    const FRAME: usize = 96;
    let size = FRAME + user_json.len() + records.iter().map(|record| record.len() + 1).sum::<usize>();
    let mut body = BytesMut::with_capacity(size);
    body.put_slice(br#"{"type":""#);
    body.put_slice(data_type.as_str().as_bytes());
    body.put_slice(br#"","version":""#);
    body.put_slice(VERSION.as_bytes());
    body.put_slice(br#"","user":"#);
    body.put_slice(user_json);
    if data_type == DataType::Athlete {
        body.put_slice(br#","athlete":"#);
        body.put_slice(records.last().map_or(b"{}".as_slice(), Bytes::as_ref));
    } else {
        body.put_slice(br#","data":["#);
        for (index, record) in records.iter().enumerate() {
            if index > 0 {
                body.put_u8(b',');
            }
            body.put_slice(record);
        }
        body.put_u8(b']');
    }
    body.put_u8(b'}');
    body.freeze()
}

/// A data event with typed records, for consumers and tests; sinks use [`data_event_body`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DataEvent<T> {
    /// The data type.
    #[serde(rename = "type")]
    pub kind: EventType,
    /// Part of every event by the schema, but not sent on this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<EventStatus>,
    /// [`VERSION`].
    pub version: String,
    /// Whose records they are.
    pub user: TerraUser,
    /// The records; may be empty.
    pub data: Vec<T>,
}

/// The athlete event: an object instead of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AthleteEvent {
    /// [`EventType::Athlete`].
    #[serde(rename = "type")]
    pub kind: EventType,
    /// Part of every event by the schema, but not sent on this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<EventStatus>,
    /// [`VERSION`].
    pub version: String,
    /// Whose profile it is.
    pub user: TerraUser,
    /// The profile.
    pub athlete: Athlete,
}

/// What all events have, also those of types that are not known here.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct WebhookEvent {
    /// Event type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Status; absent on data events.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
}

/// Every type of event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventType {
    /// `auth`: a user finished connecting; in older use also that it failed.
    Auth,
    /// `auth_cancelled`: connecting failed or was cancelled.
    AuthCancelled,
    /// `deauth`: disconnected through the interface.
    Deauth,
    /// `user_reauth`: the same account was connected again under a new id.
    UserReauth,
    /// `access_revoked`: the user withdrew consent at the provider.
    AccessRevoked,
    /// `connection_error` (once also `connexion_error`): the provider rejects the credentials.
    ConnectionError,
    /// `permission_change`: granted scopes changed.
    PermissionChange,
    /// `google_no_datasource`: of old use, only read.
    GoogleNoDatasource,
    /// `activity`: workouts.
    Activity,
    /// `body`: body measurements.
    Body,
    /// `daily`: totals of days.
    Daily,
    /// `sleep`: sleep sessions.
    Sleep,
    /// `nutrition`: food and drink.
    Nutrition,
    /// `menstruation`: the cycle.
    Menstruation,
    /// `athlete`: the profile.
    Athlete,
    /// `planned_workout`: plans made at the provider.
    PlannedWorkout,
    /// `hormone`: hormone tests.
    Hormone,
    /// `health_observation`: coded observations.
    HealthObservation,
    /// `route`: named as a data event, without published fields.
    Route,
    /// `large_request_processing`: a long request was accepted.
    LargeRequestProcessing,
    /// `large_request_sending`: the chunks of a long request follow.
    LargeRequestSending,
    /// `s3_payload` (in filters also `s3_upload`): the body waits at a URL.
    S3Payload,
    /// `rate_limit_hit`: a request waits for the provider's quota.
    RateLimitHit,
    /// `healthcheck`: a sign of life.
    Healthcheck,
    /// `request_processing`: predecessor of `large_request_processing`.
    RequestProcessing,
    /// `request_completed`: predecessor of `large_request_sending`.
    RequestCompleted,
    /// `processing`: only an HTTP answer, never delivered.
    Processing,
    /// `lab_report.completed`: a lab report was processed.
    LabReportCompleted,
    /// `lab_report.failed`: a lab report could not be processed.
    LabReportFailed,
    /// `coach.registered`: of the teams product.
    CoachRegistered,
    /// `athlete.registered`: of the teams product.
    AthleteRegistered,
    /// `athlete.deleted`: of the teams product.
    AthleteDeleted,
}

/// What an event is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// A connection begins, ends or changes.
    LifeCycle,
    /// Records.
    Data,
    /// A request or the delivery itself.
    Operational,
    /// Only an answer to a REST call.
    Answer,
}

impl EventType {
    /// All types.
    pub const ALL: [Self; 32] = [
        Self::Auth,
        Self::AuthCancelled,
        Self::Deauth,
        Self::UserReauth,
        Self::AccessRevoked,
        Self::ConnectionError,
        Self::PermissionChange,
        Self::GoogleNoDatasource,
        Self::Activity,
        Self::Body,
        Self::Daily,
        Self::Sleep,
        Self::Nutrition,
        Self::Menstruation,
        Self::Athlete,
        Self::PlannedWorkout,
        Self::Hormone,
        Self::HealthObservation,
        Self::Route,
        Self::LargeRequestProcessing,
        Self::LargeRequestSending,
        Self::S3Payload,
        Self::RateLimitHit,
        Self::Healthcheck,
        Self::RequestProcessing,
        Self::RequestCompleted,
        Self::Processing,
        Self::LabReportCompleted,
        Self::LabReportFailed,
        Self::CoachRegistered,
        Self::AthleteRegistered,
        Self::AthleteDeleted,
    ];

    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::AuthCancelled => "auth_cancelled",
            Self::Deauth => "deauth",
            Self::UserReauth => "user_reauth",
            Self::AccessRevoked => "access_revoked",
            Self::ConnectionError => "connection_error",
            Self::PermissionChange => "permission_change",
            Self::GoogleNoDatasource => "google_no_datasource",
            Self::Activity => "activity",
            Self::Body => "body",
            Self::Daily => "daily",
            Self::Sleep => "sleep",
            Self::Nutrition => "nutrition",
            Self::Menstruation => "menstruation",
            Self::Athlete => "athlete",
            Self::PlannedWorkout => "planned_workout",
            Self::Hormone => "hormone",
            Self::HealthObservation => "health_observation",
            Self::Route => "route",
            Self::LargeRequestProcessing => "large_request_processing",
            Self::LargeRequestSending => "large_request_sending",
            Self::S3Payload => "s3_payload",
            Self::RateLimitHit => "rate_limit_hit",
            Self::Healthcheck => "healthcheck",
            Self::RequestProcessing => "request_processing",
            Self::RequestCompleted => "request_completed",
            Self::Processing => "processing",
            Self::LabReportCompleted => "lab_report.completed",
            Self::LabReportFailed => "lab_report.failed",
            Self::CoachRegistered => "coach.registered",
            Self::AthleteRegistered => "athlete.registered",
            Self::AthleteDeleted => "athlete.deleted",
        }
    }

    /// What it is about.
    pub const fn kind(self) -> EventKind {
        match self {
            Self::Auth
            | Self::AuthCancelled
            | Self::Deauth
            | Self::UserReauth
            | Self::AccessRevoked
            | Self::ConnectionError
            | Self::PermissionChange
            | Self::GoogleNoDatasource
            | Self::CoachRegistered
            | Self::AthleteRegistered
            | Self::AthleteDeleted => EventKind::LifeCycle,
            Self::Activity
            | Self::Body
            | Self::Daily
            | Self::Sleep
            | Self::Nutrition
            | Self::Menstruation
            | Self::Athlete
            | Self::PlannedWorkout
            | Self::Hormone
            | Self::HealthObservation
            | Self::Route
            | Self::LabReportCompleted
            | Self::LabReportFailed => EventKind::Data,
            Self::LargeRequestProcessing
            | Self::LargeRequestSending
            | Self::S3Payload
            | Self::RateLimitHit
            | Self::Healthcheck
            | Self::RequestProcessing
            | Self::RequestCompleted => EventKind::Operational,
            Self::Processing => EventKind::Answer,
        }
    }

    /// The record type that its `data` or `athlete` holds.
    pub fn data_type(self) -> Option<DataType> {
        DataType::ALL.into_iter().find(|data_type| Self::from(*data_type) == self)
    }
}

impl From<DataType> for EventType {
    fn from(data_type: DataType) -> Self {
        match data_type {
            DataType::Activity => Self::Activity,
            DataType::Body => Self::Body,
            DataType::Daily => Self::Daily,
            DataType::Sleep => Self::Sleep,
            DataType::Nutrition => Self::Nutrition,
            DataType::Menstruation => Self::Menstruation,
            DataType::Athlete => Self::Athlete,
            DataType::PlannedWorkout => Self::PlannedWorkout,
            DataType::Hormone => Self::Hormone,
            DataType::HealthObservation => Self::HealthObservation,
        }
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for EventType {
    type Err = UnknownEventType;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "connexion_error" => Ok(Self::ConnectionError),
            "s3_upload" => Ok(Self::S3Payload),
            text => Self::ALL.into_iter().find(|known| known.as_str() == text).ok_or(UnknownEventType),
        }
    }
}

/// A word that is no known event type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("unknown event type; the known ones are listed in the documentation of the webhook")]
pub struct UnknownEventType;

impl Serialize for EventType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for EventType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// The event is reparsed to compare it: the order of keys does not count.
    fn body(data_type: DataType, user: &Value, records: &[Value]) -> Value {
        let records: Vec<Bytes> = records.iter().map(|record| Bytes::from(record.to_string())).collect();
        serde_json::from_slice(&data_event_body(data_type, user.to_string().as_bytes(), &records)).unwrap()
    }

    #[test]
    fn a_data_event_has_its_records_in_order() {
        let user = json!({"user_id": "5b0c", "provider": "OURA", "reference_id": "u-17"});
        let night = json!({"metadata": {
            "summary_id": "s-1",
            "start_time": "2026-03-01T23:10:00.000000+01:00",
            "end_time": "2026-03-02T07:02:00.000000+01:00",
            "upload_type": 2,
            "is_nap": false,
        }});
        let expected =
            json!({"type": "sleep", "version": "2022-03-16", "user": user, "data": [night, {"second": 2}]});
        assert_eq!(body(DataType::Sleep, &user, &[night, json!({"second": 2})]), expected);
        assert_eq!(body(DataType::PlannedWorkout, &user, &[])["data"], json!([]));
    }

    #[test]
    fn an_athlete_event_carries_one_object() {
        let user = json!({"user_id": "5b0c", "provider": "OURA"});
        let expected =
            json!({"type": "athlete", "version": "2022-03-16", "user": user, "athlete": {"age": 41}});
        assert_eq!(body(DataType::Athlete, &user, &[json!({"age": 40}), json!({"age": 41})]), expected);
        assert_eq!(body(DataType::Athlete, &user, &[])["athlete"], json!({}));
    }

    #[test]
    fn the_fast_body_is_what_the_typed_event_would_be() {
        let user =
            TerraUser { user_id: "5b0c".to_owned(), provider: "OURA".to_owned(), ..TerraUser::default() };
        let typed = DataEvent {
            kind: EventType::Hormone,
            status: None,
            version: VERSION.to_owned(),
            user: user.clone(),
            data: vec![super::super::HormoneSample::default(); 2],
        };
        let user = serde_json::to_vec(&user).unwrap();
        let records: Vec<Bytes> =
            typed.data.iter().map(|record| Bytes::from(serde_json::to_vec(record).unwrap())).collect();
        let fast = data_event_body(DataType::Hormone, &user, &records);
        assert_eq!(fast, serde_json::to_vec(&typed).unwrap());
    }

    #[test]
    fn every_event_type_is_found_by_its_word_and_its_older_ones() {
        for known in EventType::ALL {
            assert_eq!(known.as_str().parse(), Ok(known));
        }
        assert_eq!("connexion_error".parse(), Ok(EventType::ConnectionError));
        assert_eq!("s3_upload".parse(), Ok(EventType::S3Payload));
        assert_eq!("nothing".parse::<EventType>(), Err(UnknownEventType));
        for data_type in DataType::ALL {
            let event = EventType::from(data_type);
            assert_eq!(event.as_str(), data_type.as_str());
            assert_eq!(event.data_type(), Some(data_type));
            assert_eq!(event.kind(), EventKind::Data);
        }
        assert_eq!(EventType::Auth.data_type(), None);
    }
}
