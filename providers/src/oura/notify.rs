//! Notifications: the handshake of a subscription, and signed events about one document of one user.
//!
//! Comes from `/notify/oura`, goes into the inbox. An event names a document, not its day; so its id is handed on with
//! its type, as `<data_type>:<object_id>`, and the day is learnt when it is fetched. Pure.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;
use tributary_contract::model::{DataType, NaturalKey};
use tributary_contract::{App, Change, Inbound, Notice, Notified, Refused, Reply};

use super::collection::{self, Collection, DAILY_CARDIOVASCULAR_AGE};
use super::{ACTIVITY, SLEEP, wire};

/// Furthest that the signed time may be from now, s.
const MOST_AGE: i64 = 300;
/// No epoch second of this millennium is as large, every epoch millisecond is.
const MILLISECONDS: i64 = 100_000_000_000;

/// Oura asks whether the callback is ours, once for each subscription.
pub(super) fn handshake(request: &Inbound, app: &App) -> Result<Notified, Refused> {
    let wanted = app.verify_token.as_ref().ok_or(Refused::NotConfigured("verify_token"))?;
    let given = request.query("verification_token").ok_or(Refused::Missing("verification_token"))?;
    if !bool::from(given.as_bytes().ct_eq(wanted.expose().as_bytes())) {
        return Err(Refused::WrongVerifyToken);
    }
    let challenge =
        request.query("challenge").ok_or_else(|| Refused::Malformed { at: "challenge".to_owned() })?;
    let body = serde_json::json!({ "challenge": challenge }).to_string();
    Ok(Notified::Answer(Reply { status: 200, content_type: "application/json", body: Bytes::from(body) }))
}

/// Verifies and reads an event.
pub(super) fn event(request: &Inbound, app: &App) -> Result<Notified, Refused> {
    verify(request, app)?;
    let event: wire::Event = serde_json::from_slice(&request.body).map_err(|error| Refused::Malformed {
        at: format!("line {} column {}", error.line(), error.column()),
    })?;
    let changes = match collection::find(&event.data_type) {
        Some(collection) => changes(&event, &collection),
        None => vec![unknown(&event)],
    };
    let notice = |change| Notice { account: event.user_id.clone(), event_id: None, change };
    Ok(Notified::Notices(changes.into_iter().map(notice).collect()))
}

/// HMAC-SHA256 with the client secret over the time stamp's text and the raw body, in hex.
fn verify(request: &Inbound, app: &App) -> Result<(), Refused> {
    let secret = app.client_secret.expose().as_bytes();
    if secret.is_empty() {
        return Err(Refused::NotConfigured("client_secret"));
    }
    let signature = request.header("x-oura-signature").ok_or(Refused::Missing("x-oura-signature"))?;
    let stamp = request.header("x-oura-timestamp").ok_or(Refused::Missing("x-oura-timestamp"))?;
    let given = hex::decode(signature).map_err(|_not_hex| Refused::BadSignature)?;
    let mut mac = Hmac::<Sha256>::new_from_slice(secret)
        .map_err(|_any_length_will_do| Refused::NotConfigured("client_secret"))?;
    mac.update(stamp.as_bytes());
    mac.update(&request.body);
    if !bool::from(mac.finalize().into_bytes().as_slice().ct_eq(&given)) {
        return Err(Refused::BadSignature);
    }
    let sent = signed_at(stamp).ok_or_else(|| Refused::Malformed { at: "x-oura-timestamp".to_owned() })?;
    if (request.received_at - sent).abs() > chrono::Duration::seconds(MOST_AGE) {
        return Err(Refused::Stale { limit_seconds: MOST_AGE });
    }
    Ok(())
}

/// Oura does not document the unit; seconds are what is seen, milliseconds are understood as well.
fn signed_at(stamp: &str) -> Option<DateTime<Utc>> {
    let number: i64 = stamp.trim().parse().ok()?;
    if number.checked_abs()? < MILLISECONDS {
        DateTime::from_timestamp(number, 0)
    } else {
        DateTime::from_timestamp_millis(number)
    }
}

/// One change for each resource whose records hold something of the document.
fn changes(event: &wire::Event, collection: &Collection) -> Vec<Change> {
    match event.event_type.as_str() {
        "create" | "update" => {
            collection.resources.iter().map(|resource| updated(event, collection, resource)).collect()
        }
        "delete" => {
            collection.resources.iter().map(|resource| deleted(event, collection, resource)).collect()
        }
        _ => vec![unknown(event)],
    }
}

fn updated(event: &wire::Event, collection: &Collection, resource: &str) -> Change {
    // Most of these documents hold nothing but a vascular age, so that what they lead to is empty for good. Named by
    // its id such a document would be taken for one that is still to come.
    let ids = if *collection == DAILY_CARDIOVASCULAR_AGE {
        Vec::new()
    } else {
        vec![format!("{}:{}", event.data_type, event.object_id)]
    };
    Change::Updated { resource: resource.to_owned(), ids, window: None }
}

/// A record of its own is gone with its document. A document that is part of a day or a profile is gone from it, and
/// can no longer be asked for its day.
fn deleted(event: &wire::Event, collection: &Collection, resource: &str) -> Change {
    let own = match resource {
        ACTIVITY => Some(DataType::Activity),
        SLEEP if *collection == collection::SLEEP_PERIODS => Some(DataType::Sleep),
        _ => None,
    };
    match own {
        Some(data_type) => Change::Deleted {
            resource: resource.to_owned(),
            data_type,
            key: NaturalKey::new(event.object_id.as_str()),
        },
        None => Change::Updated { resource: resource.to_owned(), ids: Vec::new(), window: None },
    }
}

/// An event that we do not know or have no record for, by a name that is short and printable whatever was sent.
fn unknown(event: &wire::Event) -> Change {
    const LONGEST: usize = 64;
    let kind = format!("{}.{}", event.data_type, event.event_type);
    Change::Unknown { kind: kind.chars().filter(char::is_ascii_graphic).take(LONGEST).collect() }
}

#[cfg(test)]
mod tests;
