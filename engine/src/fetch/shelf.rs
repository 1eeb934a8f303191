//! Where credentials lie: sealed in the store, opened and closed by the vault.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use tributary_contract::FetchError;
use uuid::Uuid;

use super::Owner;
use crate::store::{Change, Changeset, Rejected, SealedCredential, Store, WriteError, Writer};
use crate::vault::{Credential, Vault};

/// A credential as it was stored.
#[derive(Debug, Clone)]
pub(super) struct Stored {
    pub(super) credential: Credential,
    pub(super) stored_at: DateTime<Utc>,
}

/// Why a credential is not stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unstored {
    /// The connection was authorised anew or removed: the credential is worth nothing any more.
    Fenced,
    /// The store failed; it has to be tried again.
    Failed(String),
}

/// Reads and writes credentials. Tests put their own in its place.
#[async_trait]
pub(super) trait Shelf: Send + Sync {
    async fn load(&self, connection: Uuid) -> Result<Option<Stored>, FetchError>;
    async fn put(&self, owner: &Owner, credential: &Credential, now: DateTime<Utc>) -> Result<(), Unstored>;
}

/// The shelf of the daemon.
pub(super) struct Sealed {
    pub(super) store: Arc<dyn Store>,
    pub(super) writer: Writer,
    pub(super) vault: Arc<Vault>,
}

#[async_trait]
impl Shelf for Sealed {
    async fn load(&self, connection: Uuid) -> Result<Option<Stored>, FetchError> {
        let failed = |reason: String| FetchError::Store { reason };
        let row = self.store.credential(connection).await.map_err(|error| failed(error.to_string()))?;
        let Some(SealedCredential { sealed, stored_at, .. }) = row else { return Ok(None) };
        let opened = self.vault.open_credential(connection, &sealed);
        let credential = opened.map_err(|error| failed(error.to_string()))?;
        Ok(Some(Stored { credential, stored_at }))
    }

    async fn put(&self, owner: &Owner, credential: &Credential, now: DateTime<Utc>) -> Result<(), Unstored> {
        let sealed = self.vault.seal_credential(owner.id, credential);
        let sealed = sealed.map_err(|error| Unstored::Failed(error.to_string()))?;
        let change = Change::CredentialPut(SealedCredential { connection: owner.id, sealed, stored_at: now });
        match self.writer.commit(Changeset::fenced(owner.id, owner.epoch, vec![change])).await {
            Ok(_committed) => Ok(()),
            Err(WriteError::Rejected(Rejected::Fenced | Rejected::FlowUsed)) => Err(Unstored::Fenced),
            Err(WriteError::Store(error)) => Err(Unstored::Failed(error.to_string())),
        }
    }
}
