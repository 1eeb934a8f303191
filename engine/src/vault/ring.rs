//! The keys of the vault, and which of them opens what.
//!
//! Keys come from the operator's configuration as text. They never print, and their memory is cleared on drop.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use thiserror::Error;
use zeroize::Zeroizing;

/// Bytes of a key.
pub(super) const KEY_BYTES: usize = 32;

/// Tells keys apart without telling them: the first bytes of a hash over the key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId([u8; 8]);

impl KeyId {
    /// Length in an envelope.
    pub(super) const BYTES: usize = 8;

    pub(super) const fn from_bytes(bytes: [u8; Self::BYTES]) -> Self {
        Self(bytes)
    }

    pub(super) const fn as_bytes(&self) -> &[u8; Self::BYTES] {
        &self.0
    }

    fn of(key: &[u8; KEY_BYTES]) -> Self {
        let hash: [u8; 32] =
            Sha256::new_with_prefix(b"tributary vault key id 1").chain_update(key).finalize().into();
        let [a, b, c, d, e, f, g, h, ..] = hash;
        Self([a, b, c, d, e, f, g, h])
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// One key of the vault.
#[derive(Clone)]
pub struct VaultKey {
    id: KeyId,
    bytes: Zeroizing<[u8; KEY_BYTES]>,
}

/// Why a text is no key. It holds the key's name, never the text.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum KeyError {
    /// Neither base64 nor hex.
    #[error("vault key {name} is neither base64 nor hex; make one with `openssl rand -base64 32`")]
    Encoding {
        /// Where the key came from.
        name: String,
    },
    /// Not 32 bytes.
    #[error("vault key {name} has {bytes} bytes instead of 32; make one with `openssl rand -base64 32`")]
    Length {
        /// Where the key came from.
        name: String,
        /// Its length.
        bytes: usize,
    },
}

impl VaultKey {
    /// Reads 32 bytes in base64 (either alphabet, padded or not) or hex; space around them does not count. `name`
    /// says in an error which key it was: a file name, a place in the configuration.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn parse(name: &str, text: &str) -> Result<Self, KeyError> {
        let text = text.trim();
        let decoded =
            Zeroizing::new(decode(text).ok_or_else(|| KeyError::Encoding { name: name.to_owned() })?);
        let mut bytes = Zeroizing::new([0; KEY_BYTES]);
        if decoded.len() != KEY_BYTES {
            return Err(KeyError::Length { name: name.to_owned(), bytes: decoded.len() });
        }
        bytes.copy_from_slice(&decoded);
        Ok(Self { id: KeyId::of(&bytes), bytes })
    }

    /// What envelopes name it by.
    pub const fn id(&self) -> KeyId {
        self.id
    }

    pub(super) fn expose(&self) -> &[u8; KEY_BYTES] {
        &self.bytes
    }
}

impl fmt::Debug for VaultKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VaultKey").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Hex of the right length is also valid base64 of another length, so it is tried first.
fn decode(text: &str) -> Option<Vec<u8>> {
    let hex = || (text.len() == 2 * KEY_BYTES).then(|| hex::decode(text).ok()).flatten();
    hex().or_else(|| {
        [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD]
            .iter()
            .find_map(|base64| base64.decode(text).ok())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1eff";
    const BASE64: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHv8=";

    #[test]
    fn a_key_reads_the_same_from_hex_and_both_base64_alphabets() {
        let key = VaultKey::parse("a", HEX).unwrap();
        for text in [BASE64, BASE64.trim_end_matches('='), &format!(" {}\n", BASE64.replace('/', "_"))] {
            assert_eq!(VaultKey::parse("a", text).unwrap().id(), key.id());
        }
        assert_eq!(&key.expose()[..3], &[0, 1, 2]);
    }

    #[test]
    fn a_wrong_key_is_named_and_not_shown() {
        let short = VaultKey::parse("file:/run/secrets/a", "c2hvcnQ=").unwrap_err();
        assert_eq!(short, KeyError::Length { name: "file:/run/secrets/a".into(), bytes: 5 });
        let text = VaultKey::parse("the first key", "planted secret!").unwrap_err().to_string();
        assert!(text.contains("the first key") && !text.contains("planted"), "{text}");
        assert_eq!(VaultKey::parse("a", "").unwrap_err(), KeyError::Length { name: "a".into(), bytes: 0 });
    }

    #[test]
    fn a_key_never_prints() {
        let key = VaultKey::parse("a", HEX).unwrap();
        assert_eq!(format!("{key:?}"), format!("VaultKey {{ id: {}, .. }}", key.id()));
        assert!(!HEX.contains(&key.id().to_string()));
    }
}
