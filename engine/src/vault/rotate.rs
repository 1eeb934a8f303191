//! A change of keys on a live store: everything that an older key sealed is sealed again with the first one.
//!
//! Goes through all sealed columns in pages, in the order of their keys. What is under the first key already is passed
//! over, so a rotation that was cut off is simply begun again. An envelope is replaced only if it still is the one that
//! was read, so a token that was refreshed meanwhile always wins. Envelopes that do not open are left as they are and
//! counted. Nothing here shows what was sealed.

use std::collections::BTreeMap;

use tracing::{info, warn};

use super::{KeyId, Vault, VaultError};
use crate::store::{
    Change, Changeset, KeyColumn, Reseal, SealedColumn, SealedKey, SealedValue, Store, Writer,
};

/// A place where envelopes lie.
struct Place {
    column: SealedColumn,
    /// The field that the envelope of a row is bound to.
    field: fn(&SealedKey) -> String,
}

/// Everything that is sealed, apart from the vault's own mark. Who seals something in another column adds its line here,
/// and a change of keys reaches it.
const PLACES: &[Place] = &[
    Place { column: CREDENTIAL, field: |_| super::credential::FIELD.to_owned() },
    Place { column: VERIFIER, field: |_| super::PKCE_VERIFIER.to_owned() },
    Place { column: APP_KEY, field: |key| super::app_key::field(key.text(0), key.text(1)) },
];

const CREDENTIAL: SealedColumn = SealedColumn {
    table: "credential",
    sealed: "sealed",
    key: &[KeyColumn::Bytes("connection")],
    owner: Some("connection"),
};

/// Consents that are under way.
const VERIFIER: SealedColumn = SealedColumn {
    table: "flow",
    sealed: "verifier",
    key: &[KeyColumn::Text("state")],
    owner: Some("connection"),
};

/// Keys that a provider handed out for a whole app.
const APP_KEY: SealedColumn = SealedColumn {
    table: "app_key",
    sealed: "sealed",
    key: &[KeyColumn::Text("app"), KeyColumn::Text("name")],
    owner: None,
};

/// Rows of one page and one transaction.
pub const PAGE: usize = 500;

/// How far a rotation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// Envelopes looked at.
    pub seen: u64,
    /// Of these sealed again.
    pub resealed: u64,
    /// Of these replaced by somebody else meanwhile, as by a refresh.
    pub newer: u64,
    /// Of these not opened: their key is missing, or they are damaged.
    pub unopened: u64,
}

/// What came of a rotation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotated {
    /// What was done.
    pub progress: Progress,
    /// The key that seals.
    pub current: KeyId,
    /// How many envelopes need each key now, counted anew at the end. A key that is not named is needed by none and can
    /// be removed from the configuration.
    pub needed: BTreeMap<KeyId, u64>,
    /// Values that are no envelope at all.
    pub malformed: u64,
}

impl Rotated {
    /// Whether every envelope is under the first key.
    pub fn is_complete(&self) -> bool {
        self.malformed == 0 && self.needed.keys().all(|key| *key == self.current)
    }
}

/// Seals everything again that is not under the first key. `tell` hears after each page how far it is.
///
/// # Errors
/// [`VaultError::Store`], [`VaultError::Write`]: what was done stays done; begin again.
pub async fn rotate(
    vault: &Vault,
    store: &dyn Store,
    writer: &Writer,
    mut tell: impl FnMut(Progress),
) -> Result<Rotated, VaultError> {
    let mut progress = Progress::default();
    for place in PLACES {
        let mut after = None;
        loop {
            let page = store.sealed(&place.column, after.as_ref(), PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.key.clone());
            reseal(vault, writer, place, page, &mut progress).await?;
            tell(progress);
        }
    }
    vault.check(store, writer).await?;
    let rotated = count(vault, store, progress).await?;
    info!(
        seen = progress.seen,
        resealed = progress.resealed,
        newer = progress.newer,
        unopened = progress.unopened,
        complete = rotated.is_complete(),
        "vault keys were rotated"
    );
    Ok(rotated)
}

async fn reseal(
    vault: &Vault,
    writer: &Writer,
    place: &Place,
    page: Vec<SealedValue>,
    progress: &mut Progress,
) -> Result<(), VaultError> {
    let mut changes = Vec::new();
    for SealedValue { key, owner, sealed } in page {
        progress.seen += 1;
        let again = match vault.is_current(&sealed) {
            Ok(true) => continue,
            Ok(false) => {
                let field = (place.field)(&key);
                vault.open(owner, &field, &sealed).and_then(|plaintext| vault.seal(owner, &field, &plaintext))
            }
            Err(error) => Err(error),
        };
        match again {
            Ok(again) => {
                let column = place.column;
                changes.push(Change::Reseal(Reseal { column, key, was: sealed, sealed: again }));
            }
            Err(error) => {
                progress.unopened += 1;
                warn!(table = place.column.table, connection = %owner, %error, "a sealed value cannot be sealed again");
            }
        }
    }
    if changes.is_empty() {
        return Ok(());
    }
    let wanted = changes.len() as u64;
    let done = writer.commit(Changeset::unfenced(changes)).await?.resealed;
    progress.resealed += done;
    progress.newer += wanted.saturating_sub(done);
    Ok(())
}

async fn count(vault: &Vault, store: &dyn Store, progress: Progress) -> Result<Rotated, VaultError> {
    let mut rotated = Rotated { progress, current: vault.current()?, needed: BTreeMap::new(), malformed: 0 };
    for Place { column, .. } in PLACES {
        let mut after = None;
        loop {
            let page = store.sealed(column, after.as_ref(), PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.key.clone());
            for value in &page {
                match super::seal::key_id(&value.sealed) {
                    Ok(key) => *rotated.needed.entry(key).or_default() += 1,
                    Err(_no_envelope) => rotated.malformed += 1,
                }
            }
        }
    }
    Ok(rotated)
}

#[cfg(test)]
mod tests;
