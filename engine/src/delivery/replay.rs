//! Dead letters that are delivered again: what has to be written for it. Pure.
//!
//! Each becomes a parked delivery of its own that is due at once, in one transaction with its leaving the dead letters.
//! It keeps its tries and the time of its first one; a second refusal makes it a dead letter again. It never gets a
//! second delivery: the identity is derived from the dead letter, so that two wishes at the same time come to one.

use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use uuid::Uuid;

use crate::store::{Change, DeadLetter, Parked};

/// The changes that have these dead letters delivered again. They belong into one changeset.
pub fn again(letters: &[DeadLetter], now: DateTime<Utc>) -> Vec<Change> {
    letters
        .iter()
        .flat_map(|letter| {
            let delivery = identity(letter);
            let parked = Parked {
                delivery,
                tenant: Arc::from(letter.tenant.as_str()),
                sink: Arc::from(letter.sink.as_str()),
                connection: letter.entry.connection,
                sequences: vec![letter.entry.sequence],
                attempts: letter.attempts,
                due_at: now,
                reason: letter.reason.clone(),
                first_at: letter.first_at,
                replay: true,
            };
            [Change::Park(parked), Change::DeadLetterHold { id: letter.id, delivery }]
        })
        .collect()
}

fn identity(letter: &DeadLetter) -> Uuid {
    let mut hash = Sha256::new();
    for part in ["replay", &letter.tenant, &letter.sink] {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    hash.update(letter.id.to_be_bytes());
    let mut bytes = [0; 16];
    for (to, from) in bytes.iter_mut().zip(hash.finalize()) {
        *to = from;
    }
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}
