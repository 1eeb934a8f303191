//! A provider app as it stands now: what the configuration says of it, and the keys that the provider handed out.
//!
//! Keys are read from the store at the start and replaced while everything runs: whoever asks for the app next has
//! them. They are in the store, sealed, before anybody sees them here. Never prints a key.

use std::sync::{Arc, PoisonError, RwLock};

use chrono::{DateTime, Utc};
use tracing::error;
use tributary_contract::{App, Secret};

use crate::store::{Change, Changeset, SealedAppKey, Store, StoreError, Writer};
use crate::vault::{Vault, VaultError};

/// A provider app whose keys may change.
#[derive(Debug)]
pub struct LiveApp {
    owner: String,
    current: RwLock<Arc<App>>,
}

impl LiveApp {
    /// The app with the keys that the store has for it. `owner` names it there: the key of the provider, or
    /// `<dev_id>/<provider>` for an app of a tenant's own.
    ///
    /// A key that does not open counts as lost: the provider's code makes a new one.
    ///
    /// # Errors
    /// The store could not be read.
    pub async fn load(
        owner: impl Into<String>,
        mut app: App,
        store: &dyn Store,
        vault: &Vault,
    ) -> Result<Self, StoreError> {
        let owner = owner.into();
        for stored in store.app_keys(Some(&owner)).await? {
            match vault.open_app_key(&owner, &stored.name, &stored.sealed) {
                Ok(key) => {
                    app.keys.insert(stored.name, key);
                }
                Err(error) => {
                    error!(app = owner, key = stored.name, %error, "a key of a provider app is lost; a new one is needed");
                }
            }
        }
        Ok(Self { owner, current: RwLock::new(Arc::new(app)) })
    }

    /// The app with its newest keys.
    pub fn current(&self) -> Arc<App> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Stores keys, then lets everybody have them.
    ///
    /// # Errors
    /// They could not be sealed or stored; the app keeps those that it had.
    pub async fn keep(
        &self,
        keys: Vec<(&'static str, Secret<String>)>,
        vault: &Vault,
        writer: &Writer,
        now: DateTime<Utc>,
    ) -> Result<(), VaultError> {
        if keys.is_empty() {
            return Ok(());
        }
        let mut changes = Vec::with_capacity(keys.len());
        for (name, key) in &keys {
            changes.push(Change::AppKeyPut(SealedAppKey {
                app: self.owner.clone(),
                name: (*name).to_owned(),
                sealed: vault.seal_app_key(&self.owner, name, key)?,
                stored_at: now,
            }));
        }
        writer.commit(Changeset::unfenced(changes)).await?;
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        let mut app = App::clone(&current);
        app.keys.extend(keys.into_iter().map(|(name, key)| (name.to_owned(), key)));
        *current = Arc::new(app);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
