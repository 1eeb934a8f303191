//! Who a connection belongs to, as consumers see it.
//!
//! Filled by the engine, never by a provider; it holds no credential.

use serde::{Deserialize, Serialize};

use super::integer;
use super::time::Timestamp;

/// One connection as consumers see it: a person at one provider.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct TerraUser {
    /// Connection id (UUID string).
    pub user_id: String,
    /// Provider key, upper case.
    pub provider: String,
    /// When connected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// Last delivery time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_webhook_update: Option<Timestamp>,
    /// Granted scopes, one string (comma separated).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scopes: Option<String>,
    /// Developer’s own user id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference_id: Option<String>,
    /// False when no data is sent any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active: Option<bool>,
}

/// One connection as the newer REST answers list it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Connection {
    /// Connection id.
    #[serde(deserialize_with = "integer::required")]
    pub id: i64,
    /// Developer’s own user id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference_id: Option<String>,
    /// Time of creation (RFC 3339).
    pub created_at: Timestamp,
    /// Provider key, upper case.
    pub provider: String,
    /// Last poll by the service; null for push-only providers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_polled_at: Option<Timestamp>,
    /// Last time any data arrived.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_updated_at: Option<Timestamp>,
    /// Time of the newest stored sample.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub most_recent_data_at: Option<Timestamp>,
    /// Granted scopes; empty when the provider has none.
    pub scopes: Vec<String>,
}
