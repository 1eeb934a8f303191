//! Notifications: the unsigned ping of a webhook that is made or changed, and signed events of one user.
//!
//! Comes from `/notify/polar`, goes into the inbox. An event names an exercise or a day, which is what is handed on; the
//! address that it carries as well is not followed. Pure.

use bytes::Bytes;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;
use tributary_contract::{App, Change, Inbound, Notice, Notified, Refused, Reply};

use super::{ACTIVITY, ATHLETE, BODY, DAILY, SLEEP, subscribe, wire};

const SIGNATURE: &str = "polar-webhook-signature";

/// Answers a ping, or verifies and reads an event.
pub(super) fn event(request: &Inbound, app: &App) -> Result<Notified, Refused> {
    let read = || serde_json::from_slice::<wire::Event>(&request.body);
    // A ping comes before there is a key, and does nothing.
    if request.header(SIGNATURE).is_none() && read().is_ok_and(|event| event.event == "PING") {
        return Ok(Notified::Answer(Reply { status: 200, content_type: "text/plain", body: Bytes::new() }));
    }
    verify(request, app)?;
    let event = read().map_err(|error| Refused::Malformed {
        at: format!("line {} column {}", error.line(), error.column()),
    })?;
    if event.event == "PING" {
        return Ok(Notified::Answer(Reply { status: 200, content_type: "text/plain", body: Bytes::new() }));
    }
    let account = event.user_id.clone().ok_or_else(|| Refused::Malformed { at: "user_id".to_owned() })?.0;
    let notice = |change| Notice { account: account.clone(), event_id: None, change };
    Ok(Notified::Notices(changes(event)?.into_iter().map(notice).collect()))
}

/// HMAC-SHA256 with the key of the webhook over the raw body, in hex.
fn verify(request: &Inbound, app: &App) -> Result<(), Refused> {
    let key = app.keys.get(subscribe::SIGNATURE_KEY).filter(|key| !key.expose().is_empty());
    let key = key.ok_or(Refused::NotConfigured("key of its webhook yet"))?;
    let signature = request.header(SIGNATURE).ok_or(Refused::Missing(SIGNATURE))?;
    let given = hex::decode(signature.trim()).map_err(|_not_hex| Refused::BadSignature)?;
    let mut mac = Hmac::<Sha256>::new_from_slice(key.expose().as_bytes())
        .map_err(|_any_length_will_do| Refused::NotConfigured("key of its webhook yet"))?;
    mac.update(&request.body);
    if bool::from(mac.finalize().into_bytes().as_slice().ct_eq(&given)) {
        Ok(())
    } else {
        Err(Refused::BadSignature)
    }
}

/// What an event says of our resources.
fn changes(event: wire::Event) -> Result<Vec<Change>, Refused> {
    let updated = |resource: &str, ids| Change::Updated { resource: resource.to_owned(), ids, window: None };
    let missing = |at: &str| Refused::Malformed { at: at.to_owned() };
    let day = event.date.map(|day| vec![day.to_string()]);
    Ok(match event.event.as_str() {
        "EXERCISE" => {
            let id = event.entity_id.ok_or_else(|| missing("entity_id"))?.0;
            vec![updated(ACTIVITY, vec![id])]
        }
        "SLEEP" => vec![updated(SLEEP, day.ok_or_else(|| missing("date"))?)],
        "CONTINUOUS_HEART_RATE" | "ACTIVITY_SUMMARY" => {
            vec![updated(DAILY, day.ok_or_else(|| missing("date"))?)]
        }
        "PHYSICAL_INFORMATION" => vec![updated(ATHLETE, Vec::new()), updated(BODY, Vec::new())],
        other => vec![Change::Unknown { kind: short(other) }],
    })
}

/// A name that is short and printable whatever was sent.
fn short(kind: &str) -> String {
    const LONGEST: usize = 64;
    kind.chars().filter(char::is_ascii_graphic).take(LONGEST).collect()
}

#[cfg(test)]
mod tests;
