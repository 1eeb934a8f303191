//! The vault: seals what must not lie in the store in the clear, and opens it again.
//!
//! The first key seals, all keys open, so a key is changed by putting a new one in front, sealing everything again
//! ([`rotate`](rotate::rotate)) and then removing the old one. That holds for the credential of every connection and for
//! the keys of provider apps alike. Without a key nothing starts. The vault never writes by itself, apart from the one
//! value by which it knows its store.

mod app_key;
mod credential;
mod ring;
pub mod rotate;
mod seal;

use thiserror::Error;
use uuid::Uuid;
use zeroize::Zeroizing;

pub use credential::Credential;
pub use ring::{KeyError, KeyId, VaultKey};
pub use rotate::{Progress, Rotated, rotate};
pub use seal::SealError;

use crate::store::{Change, Changeset, Store, StoreError, WriteError, Writer};

/// The value that tells whether the keys belong to the store.
const CANARY: &str = "vault.canary";
/// The field that PKCE verifiers are sealed under.
pub const PKCE_VERIFIER: &str = "pkce_verifier";
const CANARY_TEXT: &[u8] = b"tributary";

/// Seals and opens.
#[derive(Debug)]
pub struct Vault {
    keys: Vec<VaultKey>,
}

/// Why the vault does not do its work.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum VaultError {
    /// No key at all.
    #[error("the vault has no key; name at least one under vault.keys")]
    NoKey,
    /// The same key twice.
    #[error("vault key {key_id} is listed twice; remove one of them")]
    Twice {
        /// The key.
        key_id: KeyId,
    },
    /// The store was made with other keys.
    #[error(
        "the vault key does not open this store: it was sealed with key {needed}, configured: {configured}"
    )]
    WrongKeys {
        /// The key that the store names.
        needed: KeyId,
        /// The keys at hand.
        configured: String,
    },
    /// One value does not open.
    #[error(transparent)]
    Sealed(#[from] SealError),
    /// A value opens but is not what it should be.
    #[error("the credential of connection {connection} cannot be read; the user has to connect again")]
    Unreadable {
        /// Whose.
        connection: Uuid,
    },
    /// A key of a provider app opens but is no text.
    #[error("key {name:?} of provider app {app:?} cannot be read")]
    UnreadableAppKey {
        /// Which app.
        app: String,
        /// Which key.
        name: String,
    },
    /// The store could not be asked.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The store could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
}

impl Vault {
    /// A vault over these keys: the first seals, all open.
    ///
    /// # Errors
    /// [`VaultError::NoKey`], [`VaultError::Twice`].
    pub fn new(keys: Vec<VaultKey>) -> Result<Self, VaultError> {
        if keys.is_empty() {
            return Err(VaultError::NoKey);
        }
        let mut seen = Vec::with_capacity(keys.len());
        for key in &keys {
            if seen.contains(&key.id()) {
                return Err(VaultError::Twice { key_id: key.id() });
            }
            seen.push(key.id());
        }
        Ok(Self { keys })
    }

    /// Seals a value for one field of one connection.
    ///
    /// # Errors
    /// [`VaultError::Sealed`]; does not happen for values that fit into memory.
    pub fn seal(&self, connection: Uuid, field: &str, plaintext: &[u8]) -> Result<Vec<u8>, VaultError> {
        let key = self.keys.first().ok_or(VaultError::NoKey)?;
        Ok(seal::seal(key, connection, field, plaintext)?)
    }

    /// Opens a value of that field of that connection.
    ///
    /// # Errors
    /// [`VaultError::Sealed`]: unknown key, changed or moved, malformed.
    pub fn open(
        &self,
        connection: Uuid,
        field: &str,
        envelope: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        Ok(seal::open(&self.keys, connection, field, envelope)?)
    }

    /// The key that seals.
    ///
    /// # Errors
    /// [`VaultError::NoKey`]; does not happen, since a vault is made with one.
    pub fn current(&self) -> Result<KeyId, VaultError> {
        self.keys.first().map(VaultKey::id).ok_or(VaultError::NoKey)
    }

    /// Whether an envelope is under the first key.
    ///
    /// # Errors
    /// [`VaultError::Sealed`] if it is no envelope.
    pub fn is_current(&self, envelope: &[u8]) -> Result<bool, VaultError> {
        let id = seal::key_id(envelope)?;
        Ok(self.keys.first().is_some_and(|key| key.id() == id))
    }

    /// Makes sure at start that these keys belong to this store. A store that never had a vault is marked with the
    /// first key, and so is one whose mark is under an older key that still opens it.
    ///
    /// # Errors
    /// [`VaultError::WrongKeys`] if the store was marked with a key that is not at hand.
    pub async fn check(&self, store: &dyn Store, writer: &Writer) -> Result<(), VaultError> {
        if let Some(mark) = store.meta(CANARY).await? {
            match seal::open(&self.keys, Uuid::nil(), CANARY, &mark) {
                Ok(text) if *text == CANARY_TEXT => {}
                Ok(_) => return Err(SealError::Malformed.into()),
                Err(SealError::UnknownKey { key_id }) => {
                    let configured: Vec<String> = self.keys.iter().map(|key| key.id().to_string()).collect();
                    return Err(VaultError::WrongKeys { needed: key_id, configured: configured.join(", ") });
                }
                Err(error) => return Err(error.into()),
            }
            if self.is_current(&mark)? {
                return Ok(());
            }
        }
        let value = self.seal(Uuid::nil(), CANARY, CANARY_TEXT)?;
        writer.commit(Changeset::unfenced(vec![Change::Meta { name: CANARY.to_owned(), value }])).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
