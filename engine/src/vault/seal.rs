//! Sealing: XChaCha20-Poly1305 under one key of the ring, bound to the place where the envelope lies.
//!
//! An envelope is a version byte, the key's id (8 bytes), a random nonce (24 bytes) and the ciphertext with its tag. The
//! connection, the field and the head of the envelope are authenticated with it, so an envelope that was copied to
//! another row, or whose key id was changed, does not open. Nothing here keeps a plaintext.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use rand::RngCore;
use thiserror::Error;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::ring::{KeyId, VaultKey};

const VERSION: u8 = 1;
const NONCE_BYTES: usize = 24;
const HEAD_BYTES: usize = 1 + KeyId::BYTES;

/// Why an envelope does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SealError {
    /// None of the keys sealed it.
    #[error("sealed with vault key {key_id}, which is not configured; add it to vault.keys again")]
    UnknownKey {
        /// The key that is missing.
        key_id: KeyId,
    },
    /// Changed, or copied from another place.
    #[error("the sealed value was changed or belongs to another connection or field")]
    Forged,
    /// Not an envelope of a known version.
    #[error("not a sealed value of a known version")]
    Malformed,
}

pub(super) fn seal(
    key: &VaultKey,
    connection: Uuid,
    field: &str,
    plaintext: &[u8],
) -> Result<Vec<u8>, SealError> {
    let mut nonce = [0; NONCE_BYTES];
    rand::rng().fill_bytes(&mut nonce);
    let mut envelope = Vec::with_capacity(HEAD_BYTES + NONCE_BYTES + plaintext.len() + 16);
    envelope.push(VERSION);
    envelope.extend_from_slice(key.id().as_bytes());
    let aad = place(&envelope, connection, field);
    envelope.extend_from_slice(&nonce);
    let payload = Payload { msg: plaintext, aad: &aad };
    // Fails only for plaintexts beyond 256 GiB.
    let sealed =
        cipher(key).encrypt(XNonce::from_slice(&nonce), payload).map_err(|_too_long| SealError::Malformed)?;
    envelope.extend_from_slice(&sealed);
    Ok(envelope)
}

pub(super) fn open(
    keys: &[VaultKey],
    connection: Uuid,
    field: &str,
    envelope: &[u8],
) -> Result<Zeroizing<Vec<u8>>, SealError> {
    let key_id = key_id(envelope)?;
    let (head, rest) = envelope.split_at_checked(HEAD_BYTES).ok_or(SealError::Malformed)?;
    let (nonce, sealed) = rest.split_at_checked(NONCE_BYTES).ok_or(SealError::Malformed)?;
    let key = keys.iter().find(|key| key.id() == key_id).ok_or(SealError::UnknownKey { key_id })?;
    let aad = place(head, connection, field);
    cipher(key)
        .decrypt(XNonce::from_slice(nonce), Payload { msg: sealed, aad: &aad })
        .map(Zeroizing::new)
        .map_err(|_opaque| SealError::Forged)
}

/// The key that an envelope names.
pub(super) fn key_id(envelope: &[u8]) -> Result<KeyId, SealError> {
    match envelope.split_first() {
        Some((&VERSION, rest)) => {
            rest.first_chunk().map(|id| KeyId::from_bytes(*id)).ok_or(SealError::Malformed)
        }
        Some(_) | None => Err(SealError::Malformed),
    }
}

fn cipher(key: &VaultKey) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(Key::from_slice(key.expose()))
}

/// All parts but the last have a fixed length, so no two places look the same.
fn place(head: &[u8], connection: Uuid, field: &str) -> Vec<u8> {
    [head, connection.as_bytes().as_slice(), field.as_bytes()].concat()
}
