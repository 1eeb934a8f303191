//! The rows of the store, as the rest of the engine sees them.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use tributary_contract::model::{EntryId, NaturalKey};
use tributary_contract::sink::EntryKind;
use tributary_contract::{Account, Cursor, Notice, TraceContext};
use uuid::Uuid;

use super::changeset::Lane;

/// One user's authorised account at one provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// Terra's `user_id`.
    pub id: Uuid,
    /// The tenant's `dev_id`.
    pub tenant: Arc<str>,
    /// Key of the provider.
    pub provider: String,
    /// The tenant's own id of the person.
    pub reference_id: Option<String>,
    /// Whose data; unique within (tenant, provider).
    pub account: Account,
    /// Where it stands.
    pub state: ConnectionState,
    /// Why it stands there, for people.
    pub reason: Option<String>,
    /// Raised by each authorisation and by removal; fences off what belongs to an earlier one.
    pub epoch: u64,
    /// First authorisation.
    pub created_at: DateTime<Utc>,
    /// Last change of this row.
    pub updated_at: DateTime<Utc>,
}

/// Where a connection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ConnectionState {
    /// Polled and listened to.
    Active,
    /// The provider refuses its credentials; the user has to connect again.
    ReauthNeeded,
    /// Its jobs crash again and again; it is left alone for a while.
    Quarantined,
    /// Removed by the tenant or by the user at the provider.
    Disconnected,
}

impl ConnectionState {
    /// All states.
    pub const ALL: [Self; 4] = [Self::Active, Self::ReauthNeeded, Self::Quarantined, Self::Disconnected];

    /// The word in the store, in tables and in metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::ReauthNeeded => "reauth_needed",
            Self::Quarantined => "quarantined",
            Self::Disconnected => "disconnected",
        }
    }
}

impl fmt::Display for ConnectionState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for ConnectionState {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|state| state.as_str() == word)
            .ok_or_else(|| format!("unknown connection state {word:?}"))
    }
}

/// A credential as it lies in the store: ciphertext only.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedCredential {
    /// Whose.
    pub connection: Uuid,
    /// Envelope of the vault: key id, nonce, ciphertext.
    pub sealed: Vec<u8>,
    /// When it was stored.
    pub stored_at: DateTime<Utc>,
}

impl fmt::Debug for SealedCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealedCredential").field("connection", &self.connection).finish_non_exhaustive()
    }
}

/// A key of a provider app as it lies in the store: ciphertext only.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedAppKey {
    /// The app: the key of its provider, `polar`; `<dev_id>/<provider>` for an app of a tenant's own.
    pub app: String,
    /// Name of the key.
    pub name: String,
    /// Envelope of the vault: key id, nonce, ciphertext.
    pub sealed: Vec<u8>,
    /// When it was stored.
    pub stored_at: DateTime<Utc>,
}

impl fmt::Debug for SealedAppKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealedAppKey")
            .field("app", &self.app)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// Where a resource stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CursorRow {
    /// Name of the resource.
    pub resource: String,
    /// Which walk.
    pub lane: Lane,
    /// How far.
    pub cursor: Cursor,
    /// Whether the walk is at its end.
    pub finished: bool,
    /// Time of the last success.
    pub updated_at: DateTime<Utc>,
}

/// One entry of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogRow {
    /// Place in the log, from 1.
    pub sequence: u64,
    /// Owner.
    pub tenant: Arc<str>,
    /// Whose.
    pub connection: Uuid,
    /// What.
    pub kind: EntryKind,
    /// Natural key; empty for life-cycle events.
    pub key: NaturalKey,
    /// Identity.
    pub id: EntryId,
    /// JSON.
    pub body: Bytes,
    /// When committed.
    pub committed_at: DateTime<Utc>,
    /// The sync that produced it.
    pub trace: Option<TraceContext>,
}

/// A notice on its way into the inbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewNotice {
    /// Key of the provider.
    pub provider: String,
    /// For which connection; `None` keeps it for people (unknown user).
    pub connection: Option<Uuid>,
    /// What it says.
    pub notice: Notice,
    /// When it arrived.
    pub received_at: DateTime<Utc>,
    /// The span that received it.
    pub trace: Option<TraceContext>,
}

/// An unfinished notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboxRow {
    /// Row id.
    pub id: i64,
    /// For which connection.
    pub connection: Uuid,
    /// What it says.
    pub notice: Notice,
    /// When it arrived.
    pub received_at: DateTime<Utc>,
    /// Not to be tried before.
    pub due_at: DateTime<Utc>,
    /// Tries so far.
    pub attempts: u32,
    /// The span that received it.
    pub trace: Option<TraceContext>,
}

/// An OAuth flow between the consent page and the callback.
#[derive(Clone, PartialEq, Eq)]
pub struct Flow {
    /// Names it: random, single use. What a provider is given as `state` begins with it.
    pub state: String,
    /// Owner.
    pub tenant: Arc<str>,
    /// Key of the provider.
    pub provider: String,
    /// The `user_id` that was promised to the tenant.
    pub connection: Uuid,
    /// The tenant's own id of the person.
    pub reference_id: Option<String>,
    /// PKCE verifier, sealed.
    pub verifier: Option<Vec<u8>>,
    /// Where to go after success.
    pub success_url: Option<String>,
    /// Where to go after failure.
    pub failure_url: Option<String>,
    /// Not valid any more from here on.
    pub expires_at: DateTime<Utc>,
}

impl fmt::Debug for Flow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flow")
            .field("provider", &self.provider)
            .field("connection", &self.connection)
            .finish_non_exhaustive()
    }
}

/// A delivery that waits for a retry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parked {
    /// Identity of the delivery, the same on every try.
    pub delivery: Uuid,
    /// Owner of the sink.
    pub tenant: Arc<str>,
    /// The sink.
    pub sink: Arc<str>,
    /// Whose entries, when they are of one connection.
    pub connection: Uuid,
    /// The entries.
    pub sequences: Vec<u64>,
    /// Tries so far.
    pub attempts: u32,
    /// Next try.
    pub due_at: DateTime<Utc>,
    /// Why it is parked, without any payload.
    pub reason: String,
    /// First try.
    pub first_at: DateTime<Utc>,
    /// Whether a person asked for this delivery.
    pub replay: bool,
}

/// An entry that a sink refused, on its way into the dead letters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDeadLetter {
    /// Owner of the sink.
    pub tenant: Arc<str>,
    /// The sink.
    pub sink: Arc<str>,
    /// The entry, whole: retention of the log does not touch it.
    pub entry: LogRow,
    /// Whose fault: `tenant`, `engine` or `provider`.
    pub class: &'static str,
    /// Why, without any payload.
    pub reason: String,
    /// Tries made.
    pub attempts: u32,
    /// First try.
    pub first_at: DateTime<Utc>,
    /// Last try.
    pub last_at: DateTime<Utc>,
}

/// A dead letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// Row id.
    pub id: i64,
    /// Owner of the sink.
    pub tenant: String,
    /// The sink.
    pub sink: String,
    /// The entry.
    pub entry: LogRow,
    /// Whose fault.
    pub class: String,
    /// Why.
    pub reason: String,
    /// Tries made.
    pub attempts: u32,
    /// First try.
    pub first_at: DateTime<Utc>,
    /// Last try.
    pub last_at: DateTime<Utc>,
}
