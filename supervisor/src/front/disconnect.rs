//! The end of a connection, whoever asks for it: the provider is told, the credential wiped, the event emitted.

use tributary_engine::connection::connect::{self, ConnectError};
use tributary_engine::store::Connection;

use super::error::Failure;
use crate::app::Shared;
use crate::codes;
use crate::supervise::Remove;

/// Disconnects a connection for good. Its log entries stay until retention.
pub async fn disconnect(shared: &Shared, connection: &Connection) -> Result<(), Failure> {
    let runtime = shared.live.runtime(&connection.tenant, &connection.provider).ok_or_else(|| {
        let provider = &connection.provider;
        Failure::unavailable(format!("no provider app {provider:?} is configured to disconnect from"))
            .coded(codes::NO_APP)
    })?;
    connect::disconnect(&runtime, connection).await.map_err(failed)?;
    if let Err(error) = shared.supervisor.send(Remove(connection.id)).await {
        tracing::warn!(%error, "the actor of a removed connection was not told; it stops with its next job");
    }
    Ok(())
}

/// Why a flow or a disconnect did not go through, as an answer.
pub fn failed(error: ConnectError) -> Failure {
    match error {
        ConnectError::Store(error) => error.into(),
        ConnectError::NoConsent(_) | ConnectError::Flow | ConnectError::Browser | ConnectError::Denied(_) => {
            Failure::bad_request(error.to_string())
        }
        ConnectError::Provider(_) | ConnectError::Vault(_) => Failure::unavailable(error.to_string()),
    }
}
