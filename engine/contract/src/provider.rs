//! The trait that a provider implements, and what notifications are made of.

use std::collections::BTreeMap;
use std::fmt;

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::{HeaderMap, Method};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::error::FetchError;
use crate::fetch::Fetch;
use crate::job::{Job, Window};
use crate::model::{DataType, NaturalKey};
use crate::secret::Secret;
use crate::spec::Spec;

/// A provider: which calls, which mapping. One static instance each.
///
/// Normalizing is pure: bytes in, records out. Every call goes through the [`Fetch`] that is handed in. A partial
/// result is never a result: an error after page one is returned as an error, what was emitted before the last
/// checkpoint stays, and nothing else counts.
#[async_trait]
pub trait Provider: Send + Sync {
    /// All that differs between providers, as data.
    fn spec(&self) -> &'static Spec;

    /// Right after the token exchange: who is this user? Registers and subscribes the user where that is needed.
    async fn connected(&self, cx: &mut Fetch) -> Result<Account, FetchError>;

    /// Fetches one resource of one connection and emits its records.
    async fn fetch(&self, cx: &mut Fetch, job: &Job) -> Result<(), FetchError>;

    /// Verifies and reads a notification, or answers a handshake. Pure.
    fn notified(&self, request: &Inbound, app: &App) -> Result<Notified, Refused>;

    /// Before a connection is removed: unsubscribes the user. The engine revokes the grant as the Spec says.
    async fn disconnect(&self, cx: &mut Fetch) -> Result<(), FetchError>;

    /// Makes the app-wide subscriptions what they should be: creates missing ones, renews old ones. Idempotent.
    /// Returns when it has to be called again at the latest.
    ///
    /// A key that the provider tells only now goes into [`Fetch::keep_key`]; the engine has it stored before this
    /// counts as done, whether it ends well or not, and [`App::keys`] holds it from then on.
    async fn subscribe(&self, cx: &mut Fetch) -> Result<Option<DateTime<Utc>>, FetchError> {
        let _nothing_to_send = cx;
        Ok(None)
    }
}

/// One set of client credentials at a provider.
#[derive(Debug, Clone)]
pub struct App {
    /// OAuth client id.
    pub client_id: String,
    /// OAuth client secret.
    pub client_secret: Secret<String>,
    /// The word that handshakes must repeat.
    pub verify_token: Option<Secret<String>>,
    /// Where the provider sends users back to.
    pub callback_url: String,
    /// Where the provider sends notifications to.
    pub notify_url: String,
    /// Keys that the provider handed out once for this app, by the name under which [`Fetch::keep_key`] took them.
    pub keys: BTreeMap<String, Secret<String>>,
}

/// Whose data a connection brings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// The provider's own id of the user.
    pub id: String,
    /// Scopes that the user granted; empty when unknown.
    pub scopes: Vec<String>,
    /// Small facts that later calls need (an account host, a subscription id).
    #[serde(default)]
    pub facts: BTreeMap<String, String>,
}

impl Account {
    /// An account of which only the id is known.
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: id.into(), scopes: Vec::new(), facts: BTreeMap::new() }
    }
}

/// A request that arrived at `/notify/{provider}`, unparsed.
#[derive(Clone)]
pub struct Inbound {
    /// Method.
    pub method: Method,
    /// Query parameters in order, decoded.
    pub query: Vec<(String, String)>,
    /// Headers.
    pub headers: HeaderMap,
    /// Raw body, exactly as received.
    pub body: Bytes,
    /// When it arrived.
    pub received_at: DateTime<Utc>,
}

impl fmt::Debug for Inbound {
    /// Method and size alone: the rest can hold secrets and health data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Inbound({}, {} bytes)", self.method, self.body.len())
    }
}

impl Inbound {
    /// The first query parameter of that name.
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A header as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// What a verified request at `/notify/{provider}` is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notified {
    /// A handshake: answer this, nothing else happens.
    Answer(Reply),
    /// Notices; answered with the Spec's ack once they are in the inbox.
    Notices(Vec<Notice>),
}

/// An answer to a handshake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// `Content-Type`.
    pub content_type: &'static str,
    /// Body.
    pub body: Bytes,
}

/// One thing that a provider told about one user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// The provider's own id of the user.
    pub account: String,
    /// The provider's id of this notice, if it has one: the only thing that notices are deduplicated by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_id: Option<String>,
    /// What it says.
    pub change: Change,
}

/// What a notice says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Something is new or different: fetch it.
    Updated {
        /// Name of the resource.
        resource: String,
        /// Provider ids, if it named some.
        ids: Vec<String>,
        /// The stretch of time it concerns, if it said so.
        window: Option<Window>,
    },
    /// A record is gone.
    Deleted {
        /// Name of the resource.
        resource: String,
        /// Type of the record.
        data_type: DataType,
        /// Its natural key.
        key: NaturalKey,
    },
    /// The user took consent back.
    Revoked,
    /// A kind that we do not know; kept and counted.
    Unknown {
        /// The provider's word for it.
        kind: String,
    },
}

/// Why a notification is not accepted. Nothing of it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refused {
    /// A header or parameter that proves the origin is missing.
    #[error("notification without {0}")]
    Missing(&'static str),
    /// The signature does not fit the raw body.
    #[error("the notification's signature does not fit its body")]
    BadSignature,
    /// The signed time is too far from now; replayed or delayed.
    #[error("the notification's time stamp is more than {limit_seconds} s from now")]
    Stale {
        /// Allowed distance, s.
        limit_seconds: i64,
    },
    /// A handshake with a wrong word.
    #[error("the handshake's verify token is not ours")]
    WrongVerifyToken,
    /// The body cannot be read.
    #[error("malformed notification at {at}")]
    Malformed {
        /// Place, never a value.
        at: String,
    },
    /// The provider app lacks what is needed to verify it.
    #[error("the provider app has no {0} configured, so notifications cannot be verified")]
    NotConfigured(&'static str),
}

impl Refused {
    /// The HTTP status that answers it.
    pub const fn status(&self) -> u16 {
        match self {
            Self::Missing(_) | Self::BadSignature | Self::Stale { .. } => 401,
            Self::WrongVerifyToken => 403,
            Self::Malformed { .. } => 400,
            Self::NotConfigured(_) => 503,
        }
    }

    /// A short, bounded word for metrics.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Missing(_) => "missing_signature",
            Self::BadSignature => "bad_signature",
            Self::Stale { .. } => "stale",
            Self::WrongVerifyToken => "wrong_verify_token",
            Self::Malformed { .. } => "malformed",
            Self::NotConfigured(_) => "not_configured",
        }
    }
}
