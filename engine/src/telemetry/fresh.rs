//! How old the newest thing is that a sink has taken, by the provider's own time.
//!
//! A sink's actor hands in what was taken; whoever exports asks for ages. It looks at one record of a delivery, only
//! at when that one ended, and keeps nothing but that instant.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use serde::Deserialize;
use tributary_contract::sink::{Entry, EntryKind};

use super::metric;

/// A larger record is not worth being read for this.
const LARGEST: usize = 64 << 10;

/// Tenant, sink and provider; all of them names of the configuration.
type Key = [String; 3];

static NEWEST: Mutex<Option<HashMap<Key, DateTime<Utc>>>> = Mutex::new(None);

#[derive(Deserialize)]
struct Body {
    metadata: Times,
}

#[derive(Deserialize)]
struct Times {
    end_time: DateTime<Utc>,
}

/// A sink has taken this entry.
pub fn taken(tenant: &str, sink: &str, entry: &Entry) {
    let Some(ended) = ended(entry) else { return };
    let mut newest = NEWEST.lock().unwrap_or_else(PoisonError::into_inner);
    let newest = newest.get_or_insert_default();
    let key = [tenant.to_owned(), sink.to_owned(), entry.user.provider.to_lowercase()];
    let at = newest.entry(key).or_insert(ended);
    *at = ended.max(*at);
}

/// When the record ended; a day that is not over counts as of its commit.
fn ended(entry: &Entry) -> Option<DateTime<Utc>> {
    if !matches!(entry.kind, EntryKind::Record(_)) || entry.body.len() > LARGEST {
        return None;
    }
    let body: Body = serde_json::from_slice(&entry.body).ok()?;
    Some(body.metadata.end_time.min(entry.committed_at))
}

/// Writes the ages as of now.
pub fn look(now: DateTime<Utc>) {
    let newest = NEWEST.lock().unwrap_or_else(PoisonError::into_inner).clone().unwrap_or_default();
    let rows = newest.into_iter().map(|(key, at)| (key, seconds(now - at)));
    metric::FRESHNESS.set(rows.collect());
}

/// A duration in seconds, never negative.
pub fn seconds(duration: chrono::Duration) -> f64 {
    duration.to_std().unwrap_or_default().as_secs_f64()
}
