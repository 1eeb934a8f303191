//! What a user's consent gave us: tokens, their expiry and scopes.
//!
//! Comes from the token endpoint, lies in the store only as an envelope of the vault. Never prints a token.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tributary_contract::Secret;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{Vault, VaultError};

/// The field that credentials are sealed under.
pub(super) const FIELD: &str = "credential";

/// The tokens of one connection.
#[derive(Clone, PartialEq, Eq)]
pub struct Credential {
    /// Goes into every call.
    pub access_token: Secret<String>,
    /// Gets the next access token, if the provider gave one.
    pub refresh_token: Option<Secret<String>>,
    /// When the access token ends, if that is known.
    pub expires_at: Option<DateTime<Utc>>,
    /// Scopes that were granted; empty when unknown.
    pub scopes: Vec<String>,
    /// How the token is sent; `Bearer` everywhere so far.
    pub token_type: String,
}

impl Credential {
    /// Tells one credential from the next without telling it: 16 hex digits of a hash over the refresh token, or the
    /// access token where there is none. What a provider said about one token is never held against another.
    pub fn fingerprint(&self) -> String {
        let token = self.refresh_token.as_ref().unwrap_or(&self.access_token);
        let hash: [u8; 32] = Sha256::digest(token.expose().as_bytes()).into();
        hex::encode(hash.first_chunk::<8>().copied().unwrap_or_default())
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential")
            .field("expires_at", &self.expires_at)
            .field("scopes", &self.scopes)
            .finish_non_exhaustive()
    }
}

/// The plaintext of an envelope on its way in; borrowed, so that no token is copied.
#[derive(Serialize)]
struct Written<'a> {
    access_token: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<&'a str>,
    expires_at: Option<DateTime<Utc>>,
    scopes: &'a [String],
    token_type: &'a str,
}

/// The same on its way out: tokens go straight into memory that is cleared.
#[derive(Deserialize)]
struct Read {
    access_token: Secret<String>,
    #[serde(default)]
    refresh_token: Option<Secret<String>>,
    expires_at: Option<DateTime<Utc>>,
    scopes: Vec<String>,
    token_type: String,
}

impl Vault {
    /// Seals a credential for the store.
    ///
    /// # Errors
    /// [`VaultError::Sealed`]; does not happen for tokens of any real size.
    pub fn seal_credential(&self, connection: Uuid, credential: &Credential) -> Result<Vec<u8>, VaultError> {
        let written = Written {
            access_token: credential.access_token.expose(),
            refresh_token: credential.refresh_token.as_ref().map(|token| token.expose().as_str()),
            expires_at: credential.expires_at,
            scopes: &credential.scopes,
            token_type: &credential.token_type,
        };
        // Large enough from the start: a buffer that grows leaves copies behind that nobody clears. JSON makes at
        // most six bytes of one.
        let texts = written.access_token.len()
            + written.refresh_token.map_or(0, str::len)
            + written.token_type.len()
            + written.scopes.iter().map(|scope| scope.len() + 3).sum::<usize>();
        let mut plaintext = Zeroizing::new(Vec::with_capacity(256 + 6 * texts));
        serde_json::to_writer(&mut *plaintext, &written)
            .map_err(|_quotes_values| VaultError::Unreadable { connection })?;
        self.seal(connection, FIELD, &plaintext)
    }

    /// Opens a credential from the store.
    ///
    /// # Errors
    /// [`VaultError::Sealed`] if it does not open, [`VaultError::Unreadable`] if what was sealed is no credential.
    pub fn open_credential(&self, connection: Uuid, envelope: &[u8]) -> Result<Credential, VaultError> {
        let plaintext = self.open(connection, FIELD, envelope)?;
        let read: Read = serde_json::from_slice(&plaintext)
            .map_err(|_quotes_values| VaultError::Unreadable { connection })?;
        Ok(Credential {
            access_token: read.access_token,
            refresh_token: read.refresh_token,
            expires_at: read.expires_at,
            scopes: read.scopes,
            token_type: read.token_type,
        })
    }

    /// A credential's envelope under the first key, if it is under another one; `None` if there is nothing to do.
    ///
    /// # Errors
    /// [`VaultError::Sealed`] if it does not open.
    pub fn reseal_credential(
        &self,
        connection: Uuid,
        envelope: &[u8],
    ) -> Result<Option<Vec<u8>>, VaultError> {
        if self.is_current(envelope)? {
            return Ok(None);
        }
        let plaintext = self.open(connection, FIELD, envelope)?;
        self.seal(connection, FIELD, &plaintext).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{CONNECTION, OTHER, vault};
    use super::*;
    use crate::vault::SealError;

    fn credential() -> Credential {
        Credential {
            access_token: "planted-access".into(),
            refresh_token: Some("planted-refresh \"\u{0}\u{1F600}".into()),
            expires_at: DateTime::from_timestamp(1_800_000_000, 5000),
            scopes: vec!["read".into(), "activity:read_all".into()],
            token_type: "Bearer".into(),
        }
    }

    #[test]
    fn a_credential_round_trips_and_opens_for_its_connection_alone() {
        let vault = vault(&[1]);
        for credential in [credential(), Credential { refresh_token: None, expires_at: None, ..credential() }]
        {
            let sealed = vault.seal_credential(CONNECTION, &credential).unwrap();
            assert_eq!(vault.open_credential(CONNECTION, &sealed).unwrap(), credential);
            assert_eq!(vault.open_credential(OTHER, &sealed), Err(VaultError::Sealed(SealError::Forged)));
            assert!(!sealed.windows(7).any(|window| window == b"planted"));
        }
    }

    #[test]
    fn a_credential_never_prints_its_tokens() {
        assert!(!format!("{:?}", credential()).contains("planted"));
    }

    #[test]
    fn the_fingerprint_follows_the_refresh_token_or_else_the_access_token() {
        let first = credential();
        let same = Credential { access_token: "another".into(), ..credential() };
        let rotated = Credential { refresh_token: Some("another".into()), ..credential() };
        assert_eq!(first.fingerprint(), same.fingerprint());
        assert_ne!(first.fingerprint(), rotated.fingerprint());
        assert_eq!(first.fingerprint().len(), 16);
        let only_access = Credential { refresh_token: None, ..credential() };
        assert_ne!(
            only_access.fingerprint(),
            Credential { access_token: "b".into(), ..only_access.clone() }.fingerprint()
        );
    }

    #[test]
    fn an_envelope_under_an_old_key_is_sealed_again_under_the_first() {
        let (old, both, new) = (vault(&[1]), vault(&[2, 1]), vault(&[2]));
        let sealed = old.seal_credential(CONNECTION, &credential()).unwrap();
        let again = both.reseal_credential(CONNECTION, &sealed).unwrap().unwrap();
        assert_eq!(new.open_credential(CONNECTION, &again).unwrap(), credential());
        assert_eq!(both.reseal_credential(CONNECTION, &again).unwrap(), None);
    }
}
