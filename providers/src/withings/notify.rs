//! Notifications: probes of the address, and forms that say which kind of data of which user is new.
//!
//! Comes from `/notify/withings`, goes into the inbox. Nothing proves where a form comes from, so it is a hint: what it
//! speaks of is fetched, by the time of its last change and not by the window it names. Pure.

use std::borrow::Cow;

use bytes::Bytes;
use tributary_contract::{Change, Inbound, Notice, Notified, Refused, Reply};

use super::{ACTIVITY, ATHLETE, BODY, DAILY, SLEEP};

/// Withings asks for the address with HEAD and GET before it makes a subscription.
pub(super) const fn probe() -> Notified {
    Notified::Answer(Reply { status: 200, content_type: "text/plain", body: Bytes::new() })
}

/// Reads a form.
pub(super) fn notice(request: &Inbound) -> Result<Notified, Refused> {
    let fields: Vec<(Cow<'_, str>, Cow<'_, str>)> = url::form_urlencoded::parse(&request.body).collect();
    let field =
        |wanted: &str| fields.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_ref());
    let Some(account) = field("userid").filter(|id| !id.is_empty()) else {
        // A probe by POST has no fields at all.
        return if request.body.is_empty() { Ok(probe()) } else { Err(malformed("userid")) };
    };
    let appli: i64 = field("appli").and_then(|appli| appli.parse().ok()).ok_or_else(|| malformed("appli"))?;
    let notice = |change| Notice { account: account.to_owned(), event_id: None, change };
    Ok(Notified::Notices(changes(appli, field("action")).into_iter().map(notice).collect()))
}

fn malformed(at: &str) -> Refused {
    Refused::Malformed { at: at.to_owned() }
}

fn changes(appli: i64, action: Option<&str>) -> Vec<Change> {
    match (appli, action) {
        (1 | 2 | 4 | 54 | 58, _) => vec![updated(BODY)],
        (16, _) => vec![updated(DAILY), updated(ACTIVITY)],
        (44, _) => vec![updated(SLEEP)],
        (46, Some("delete" | "unlink")) => vec![Change::Revoked],
        (46, _) => vec![updated(ATHLETE)],
        _ => vec![Change::Unknown { kind: format!("appli {appli}") }],
    }
}

fn updated(resource: &str) -> Change {
    Change::Updated { resource: resource.to_owned(), ids: Vec::new(), window: None }
}
