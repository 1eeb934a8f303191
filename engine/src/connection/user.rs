//! A connection as Terra's user: the object that stands in every event.

use bytes::Bytes;
use tributary_contract::Spec;
use tributary_contract::model::TerraUser;
use tributary_contract::model::time::Timestamp;
use tributary_contract::sink::User;
use uuid::Uuid;

use crate::store::{Connection, ConnectionState};

/// Terra's user object of a connection.
pub fn terra_user(connection: &Connection, spec: Option<&Spec>) -> TerraUser {
    let scopes = &connection.account.scopes;
    TerraUser {
        user_id: connection.id.to_string(),
        provider: wire_name(connection, spec),
        created_at: Some(Timestamp::from_utc(connection.created_at)),
        scopes: (!scopes.is_empty()).then(|| scopes.join(",")),
        reference_id: connection.reference_id.clone(),
        active: Some(matches!(
            connection.state,
            ConnectionState::Active | ConnectionState::ReauthNeeded | ConnectionState::Quarantined
        )),
        last_webhook_update: None,
    }
}

fn wire_name(connection: &Connection, spec: Option<&Spec>) -> String {
    spec.map_or_else(|| connection.provider.to_uppercase(), |spec| spec.wire_name.to_owned())
}

/// The user of a connection, ready for sinks.
pub fn of(connection: &Connection, spec: Option<&Spec>) -> User {
    let user = terra_user(connection, spec);
    User {
        id: connection.id,
        reference_id: connection.reference_id.clone(),
        json: serde_json::to_vec(&user).map(Bytes::from).unwrap_or_else(|_never| bare(connection.id)),
        provider: user.provider,
    }
}

/// The user of a connection that the store does not know (any more).
pub fn unknown(id: Uuid) -> User {
    User { id, reference_id: None, provider: String::new(), json: bare(id) }
}

fn bare(id: Uuid) -> Bytes {
    Bytes::from(format!("{{\"user_id\":\"{id}\",\"provider\":\"\"}}"))
}
