//! Signatures of a request's body.
//!
//! A key comes from the settings, a time and the exact bytes of the body from the request; header values go out. The
//! body is fed to the hash as it is, never copied.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use hmac::digest::InvalidLength;
use hmac::{Hmac, Mac};
use sha2::Sha256;

type HmacSha256 = Hmac<Sha256>;

/// Signs bodies with one secret.
#[derive(Clone)]
pub(super) struct Signer {
    terra: HmacSha256,
    standard: Option<HmacSha256>,
}

/// Sizes of key that the Standard Webhooks specification permits, in bytes.
const STANDARD_KEY: std::ops::RangeInclusive<usize> = 24..=64;

impl Signer {
    /// Terra's scheme takes the secret's text as the key. Standard Webhooks takes what follows `whsec_` as base64, so
    /// that scheme is used only with a secret of that form.
    pub(super) fn new(secret: &str) -> Result<Self, InvalidLength> {
        let standard = secret
            .strip_prefix("whsec_")
            .and_then(|key| STANDARD.decode(key).ok())
            .filter(|key| STANDARD_KEY.contains(&key.len()));
        Ok(Self {
            terra: HmacSha256::new_from_slice(secret.as_bytes())?,
            standard: standard.map(|key| HmacSha256::new_from_slice(&key)).transpose()?,
        })
    }

    /// The value of `terra-signature` for an attempt made at `at`.
    pub(super) fn terra(&self, at: DateTime<Utc>, body: &[u8]) -> String {
        let time = at.timestamp().to_string();
        let hash = sign(&self.terra, &[time.as_bytes(), b".", body]);
        format!("t={time},v1={}", hex::encode(hash))
    }

    /// The value of `webhook-signature`, if the secret has the form that the scheme asks for.
    pub(super) fn standard(&self, id: &str, at: DateTime<Utc>, body: &[u8]) -> Option<String> {
        let time = at.timestamp().to_string();
        let hash = sign(self.standard.as_ref()?, &[id.as_bytes(), b".", time.as_bytes(), b".", body]);
        Some(format!("v1,{}", STANDARD.encode(hash)))
    }
}

fn sign(keyed: &HmacSha256, parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = keyed.clone();
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signer(secret: &str) -> Signer {
        Signer::new(secret).unwrap()
    }

    fn time(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 999_000_000).unwrap()
    }

    #[test]
    fn the_published_vector_is_met() {
        let value = signer("whsec_test").terra(time(1_700_000_000), br#"{"type":"healthcheck"}"#);
        assert_eq!(value, "t=1700000000,v1=7ad884cdb36cd5f1cd8743aa67781d27c50dc1cc4cc59414153d8d57df5c174a");
    }

    #[test]
    fn another_time_body_or_secret_gives_another_signature() {
        let one = signer("one");
        let value = one.terra(time(1), b"{}");
        assert_ne!(value, one.terra(time(2), b"{}"));
        assert_ne!(value, one.terra(time(1), b"{} "));
        assert_ne!(value, signer("two").terra(time(1), b"{}"));
    }

    /// The key is 24 bytes of 0x01; the expected value was computed with another implementation of HMAC.
    #[test]
    fn a_standard_secret_also_signs_the_standard_way() {
        let signer = signer("whsec_AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB");
        let value = signer.standard("msg-1", time(1_700_000_000), b"{}").unwrap();
        assert_eq!(value, STANDARD_VECTOR);
    }

    const STANDARD_VECTOR: &str = "v1,QtaE8pdp/aqS45mOILt/0KVObDh3/O0RnBhahKum8Tg=";

    #[test]
    fn a_secret_of_another_form_signs_terras_way_only() {
        for secret in ["whsec_test", "whsec_AQEB", "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB", "whsec_***"] {
            let signer = signer(secret);
            assert!(signer.standard("msg-1", time(1), b"{}").is_none(), "{secret}");
            assert!(signer.terra(time(1), b"{}").starts_with("t=1,v1="));
        }
    }
}
