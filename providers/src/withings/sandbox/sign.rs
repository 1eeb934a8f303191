//! Nonces and signatures: HMAC-SHA256 in hex with the client secret over the values of the fields in the order of their
//! names. A nonce lives half an hour and works once.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;

use crate::sandbox::call::Call;
use crate::sandbox::people::Chance;

const LIFE: TimeDelta = TimeDelta::minutes(30);

/// Nonces that were given out and not used.
#[derive(Debug, Default)]
pub(super) struct Nonces {
    open: HashMap<String, DateTime<Utc>>,
    given: u64,
}

impl Nonces {
    pub(super) fn give(&mut self, seed: u64, now: DateTime<Utc>) -> String {
        self.given = self.given.saturating_add(1);
        let nonce = Chance::of(&[seed, 0x6e, self.given]).token();
        self.open.insert(nonce.clone(), now + LIFE);
        nonce
    }

    /// Uses a nonce up; false when it is unknown, used or too old.
    pub(super) fn take(&mut self, nonce: &str, now: DateTime<Utc>) -> bool {
        self.open.remove(nonce).is_some_and(|end| end > now)
    }
}

/// Whether a call is signed over these fields, which are in the order of their names.
pub(super) fn is_signed(call: &Call, secret: &str, fields: &[&str]) -> bool {
    let values: Option<Vec<&str>> = fields.iter().map(|name| call.form(name)).collect();
    let (Some(values), Some(given)) =
        (values, call.form("signature").and_then(|text| hex::decode(text).ok()))
    else {
        return false;
    };
    Hmac::<Sha256>::new_from_slice(secret.as_bytes())
        .map(|mut mac| {
            mac.update(values.join(",").as_bytes());
            mac.verify_slice(&given).is_ok()
        })
        .unwrap_or(false)
}
