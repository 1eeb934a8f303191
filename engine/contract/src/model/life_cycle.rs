//! Bodies of events about a connection itself, about a request, or about delivery.
//!
//! Built by the engine and by sinks with the constructors, which set type, status, message and whether the
//! connection is active as consumers expect them. No body ever holds a credential.

use serde::{Deserialize, Serialize};

use super::event::{EventType, VERSION};
use super::open_enum::text_enum;
use super::user::TerraUser;

text_enum! {
    /// How an event turned out.
    EventStatus default Success {
        Success = "success",
        Error = "error",
        Warning = "warning",
        Processing = "processing",
    }
}

/// Body of `deauth`, `access_revoked` and `connection_error`, which have the same fields.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UserEvent {
    /// Which of the three.
    #[serde(rename = "type")]
    pub kind: EventType,
    /// [`EventStatus::Success`] for `deauth`, else [`EventStatus::Warning`].
    pub status: EventStatus,
    /// What happened, for people.
    pub message: String,
    /// Whose connection it is.
    pub user: TerraUser,
}

impl UserEvent {
    /// Disconnected through the interface; the connection is no longer active.
    pub fn deauth(user: TerraUser) -> Self {
        Self::new(EventType::Deauth, EventStatus::Success, "User has deauthenticated", user, false)
    }

    /// Consent was withdrawn at the provider; the connection is no longer active.
    pub fn access_revoked(user: TerraUser) -> Self {
        Self::new(EventType::AccessRevoked, EventStatus::Warning, "User revoked access", user, false)
    }

    /// The provider rejects the credentials; the connection stays active until the user connects again.
    pub fn connection_error(user: TerraUser) -> Self {
        Self::new(EventType::ConnectionError, EventStatus::Warning, "User connection degraded", user, true)
    }

    fn new(kind: EventType, status: EventStatus, message: &str, user: TerraUser, active: bool) -> Self {
        let user = TerraUser { active: Some(active), ..user };
        Self { kind, status, message: message.to_owned(), user }
    }
}

/// Body of `auth`: a user finished connecting.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AuthSuccessEvent {
    /// [`EventType::Auth`].
    #[serde(rename = "type")]
    pub kind: EventType,
    /// [`EventStatus::Success`].
    pub status: EventStatus,
    /// What happened, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The flow that ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flow_id: Option<String>,
    /// The widget session of the flow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub widget_session_id: Option<String>,
    /// Older form: the developer's own user id, as in `user`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference_id: Option<String>,
    /// Whose connection it is.
    pub user: TerraUser,
}

impl AuthSuccessEvent {
    /// A user finished connecting.
    pub fn new(user: TerraUser) -> Self {
        Self {
            kind: EventType::Auth,
            status: EventStatus::Success,
            message: Some("User has successfully authenticated".to_owned()),
            flow_id: None,
            widget_session_id: None,
            reference_id: user.reference_id.clone(),
            user: TerraUser { active: Some(true), ..user },
        }
    }
}

/// Body of `auth_cancelled`: connecting failed or was cancelled. There is no user.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AuthErrorEvent {
    /// [`EventType::AuthCancelled`].
    #[serde(rename = "type")]
    pub kind: EventType,
    /// [`EventStatus::Error`].
    pub status: EventStatus,
    /// The flow that failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flow_id: Option<String>,
    /// Why, for example `access_denied`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The developer's own user id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference_id: Option<String>,
}

impl AuthErrorEvent {
    /// Connecting failed for that reason.
    pub fn new(reason: Option<String>, reference_id: Option<String>) -> Self {
        Self {
            kind: EventType::AuthCancelled,
            status: EventStatus::Error,
            flow_id: None,
            reason,
            reference_id,
        }
    }
}

/// Body of `auth` with status `error`: what was sent before `auth_cancelled` existed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AuthFailedEvent {
    /// [`EventType::Auth`].
    #[serde(rename = "type")]
    pub kind: EventType,
    /// [`EventStatus::Error`].
    pub status: EventStatus,
    /// What happened, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Provider key, upper case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// Why, for example `already_logged_in` or `access_denied`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The developer's own user id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference_id: Option<String>,
    /// The widget session of the flow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub widget_session_id: Option<String>,
    /// The provisional user, which is deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<TerraUser>,
}

impl AuthFailedEvent {
    /// Connecting failed for that reason.
    pub fn new(provider: String, reason: Option<String>, reference_id: Option<String>) -> Self {
        Self {
            kind: EventType::Auth,
            status: EventStatus::Error,
            message: Some("User failed to authenticate and has been deleted".to_owned()),
            provider: Some(provider),
            reason,
            reference_id,
            widget_session_id: None,
            user: None,
        }
    }
}

/// Body of `user_reauth`: the same account was connected again; a new id replaces the old one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UserReauthEvent {
    /// [`EventType::UserReauth`].
    #[serde(rename = "type")]
    pub kind: EventType,
    /// [`EventStatus::Warning`].
    pub status: EventStatus,
    /// What happened, for people.
    pub message: String,
    /// The connection that counts from now on.
    pub new_user: TerraUser,
    /// The connection that is deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old_user: Option<TerraUser>,
    /// [`VERSION`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

impl UserReauthEvent {
    /// `new_user` replaces `old_user`.
    pub fn new(new_user: TerraUser, old_user: Option<TerraUser>) -> Self {
        Self {
            kind: EventType::UserReauth,
            status: EventStatus::Warning,
            message: "User has reauthenticated and old ID has been deleted".to_owned(),
            new_user: TerraUser { active: Some(true), ..new_user },
            old_user: old_user.map(|user| TerraUser { active: Some(false), ..user }),
            version: Some(VERSION.to_owned()),
        }
    }
}

/// Body of `permission_change`: granted scopes changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PermissionChangeEvent {
    /// [`EventType::PermissionChange`].
    #[serde(rename = "type")]
    pub kind: EventType,
    /// [`EventStatus::Warning`].
    pub status: EventStatus,
    /// What happened, for people.
    pub message: String,
    /// [`VERSION`].
    pub version: String,
    /// Whose connection it is.
    pub user: TerraUser,
    /// New scopes, separated by commas; empty for none.
    pub scopes_added: String,
    /// Scopes no longer granted, separated by commas; empty for none.
    pub scopes_removed: String,
}

impl PermissionChangeEvent {
    /// These scopes came and went.
    pub fn new(user: TerraUser, added: &[String], removed: &[String]) -> Self {
        Self {
            kind: EventType::PermissionChange,
            status: EventStatus::Warning,
            message: "User permissions have been modified".to_owned(),
            version: VERSION.to_owned(),
            user,
            scopes_added: added.join(","),
            scopes_removed: removed.join(","),
        }
    }
}

/// Body of `google_no_datasource`: of old use, only read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GoogleNoDatasourceEvent {
    /// [`EventType::GoogleNoDatasource`].
    #[serde(rename = "type")]
    pub kind: EventType,
    /// [`EventStatus::Warning`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<EventStatus>,
    /// What happened, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Whose connection it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<TerraUser>,
}

/// Body of the events of the teams product, whose data are not published.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TeamEvent {
    /// `coach.registered`, `athlete.registered` or `athlete.deleted`.
    #[serde(rename = "type")]
    pub kind: EventType,
    /// What happened, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// As received.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<serde_json::Value>,
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn user() -> TerraUser {
        TerraUser {
            user_id: "5b0c".to_owned(),
            provider: "FITBIT".to_owned(),
            reference_id: Some("u-17".to_owned()),
            ..TerraUser::default()
        }
    }

    fn written(event: &impl Serialize) -> Value {
        serde_json::to_value(event).unwrap()
    }

    #[test]
    fn the_three_ends_of_a_connection_say_whether_it_is_active() {
        let expected = |kind: &str, status: &str, message: &str, active: bool| {
            json!({"type": kind, "status": status, "message": message, "user": {
                "user_id": "5b0c", "provider": "FITBIT", "reference_id": "u-17", "active": active,
            }})
        };
        assert_eq!(
            written(&UserEvent::deauth(user())),
            expected("deauth", "success", "User has deauthenticated", false)
        );
        assert_eq!(
            written(&UserEvent::access_revoked(user())),
            expected("access_revoked", "warning", "User revoked access", false)
        );
        assert_eq!(
            written(&UserEvent::connection_error(user())),
            expected("connection_error", "warning", "User connection degraded", true)
        );
    }

    #[test]
    fn connecting_ends_well_or_with_a_reason() {
        let well =
            AuthSuccessEvent { widget_session_id: Some("0b7a".to_owned()), ..AuthSuccessEvent::new(user()) };
        assert_eq!(
            written(&well),
            json!({
                "type": "auth", "status": "success", "message": "User has successfully authenticated",
                "widget_session_id": "0b7a", "reference_id": "u-17",
                "user": {"user_id": "5b0c", "provider": "FITBIT", "reference_id": "u-17", "active": true},
            })
        );
        let reason = Some("access_denied".to_owned());
        assert_eq!(
            written(&AuthErrorEvent::new(reason.clone(), None)),
            json!({"type": "auth_cancelled", "status": "error", "reason": "access_denied"})
        );
        assert_eq!(
            written(&AuthFailedEvent::new("FITBIT".to_owned(), reason, None)),
            json!({
                "type": "auth", "status": "error", "provider": "FITBIT", "reason": "access_denied",
                "message": "User failed to authenticate and has been deleted",
            })
        );
    }

    #[test]
    fn a_new_id_and_changed_scopes_are_told() {
        let event = written(&UserReauthEvent::new(user(), Some(user())));
        assert_eq!(event["type"], "user_reauth");
        assert_eq!(
            (&event["new_user"]["active"], &event["old_user"]["active"]),
            (&json!(true), &json!(false))
        );
        assert_eq!(event["version"], "2022-03-16");
        let scopes = ["activity".to_owned(), "sleep".to_owned()];
        let event = written(&PermissionChangeEvent::new(user(), &scopes, &[]));
        assert_eq!(
            (&event["scopes_added"], &event["scopes_removed"]),
            (&json!("activity,sleep"), &json!(""))
        );
    }

    #[test]
    fn the_example_bodies_are_read_and_written_unchanged() {
        fn unchanged<T: Serialize + serde::de::DeserializeOwned>(body: &Value) {
            assert_eq!(written(&serde_json::from_value::<T>(body.clone()).unwrap()), *body);
        }
        unchanged::<AuthSuccessEvent>(&json!({
            "type": "auth", "status": "success", "message": "User has successfully authenticated",
            "widget_session_id": "0b7a",
            "user": {"user_id": "5b0c", "provider": "FITBIT", "reference_id": "u-17",
                "scopes": "activity,sleep", "active": true},
        }));
        unchanged::<super::super::LargeRequestSendingEvent>(&json!({
            "type": "large_request_sending", "reference": "9d2e", "expected_payloads": 12,
            "message": "Large request is being sent", "user": {"user_id": "5b0c", "provider": "FITBIT"},
        }));
        unchanged::<super::super::S3PayloadEvent>(&json!({
            "type": "s3_payload", "status": "success", "url": "https://files.example/p", "expires_in": 300,
        }));
        unchanged::<super::super::HealthcheckEvent>(&json!({
            "type": "healthcheck", "status": "success", "trend_percentage": 4,
            "creation_timestamp": "2026-03-01T10:00:00.000000+00:00", "sent_webhooks_last_hour": 120,
        }));
    }
}
