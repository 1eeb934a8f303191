//! Which rows people ask for. Empty fields mean any; a filter never decides what the engine itself does.

use uuid::Uuid;

use super::row::ConnectionState;

/// Which connections are wanted.
#[derive(Debug, Clone, Default)]
pub struct ConnectionFilter {
    /// Of this tenant.
    pub tenant: Option<String>,
    /// At this provider.
    pub provider: Option<String>,
    /// Of this person.
    pub reference_id: Option<String>,
    /// With this account at the provider.
    pub account: Option<String>,
    /// In this state.
    pub state: Option<ConnectionState>,
}

/// Connections of one provider in one state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionCount {
    /// The provider.
    pub provider: String,
    /// The state.
    pub state: ConnectionState,
    /// How many there are.
    pub count: u64,
}

/// Which log entries are wanted, and from which end.
#[derive(Debug, Clone, Default)]
pub struct LogFilter {
    /// Of this tenant.
    pub tenant: Option<String>,
    /// Of this connection.
    pub connection: Option<Uuid>,
    /// Of this kind, by the name that event filters use.
    pub kind: Option<String>,
    /// Behind this sequence.
    pub after: Option<u64>,
    /// Before this sequence.
    pub before: Option<u64>,
    /// Oldest first instead of newest first.
    pub oldest_first: bool,
}

/// Which dead letters are wanted.
#[derive(Debug, Clone, Default)]
pub struct DeadLetterFilter {
    /// Of this tenant.
    pub tenant: Option<String>,
    /// Of this sink.
    pub sink: Option<String>,
    /// Of this class.
    pub class: Option<String>,
    /// Of this connection.
    pub connection: Option<Uuid>,
    /// With a smaller id than this one.
    pub before: Option<i64>,
}
