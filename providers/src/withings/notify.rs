//! Notifications: probes of the address, and forms that say which kind of data of which user is new.
//!
//! Comes from `/notify/withings`, goes into the inbox. Nothing proves where a form comes from, so it is a hint: what it
//! speaks of is fetched, by the time of its last change; only for electrocardiograms does the window that it names
//! count. Pure.

use std::borrow::Cow;

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use tributary_contract::{Change, Inbound, Notice, Notified, Refused, Reply, Window};

use super::{ACTIVITY, ATHLETE, BODY, DAILY, SLEEP};

/// A stretch of time that begins earlier is not asked for.
const OLDEST: TimeDelta = TimeDelta::days(30);

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
    let second = |name| field(name).and_then(|text| DateTime::from_timestamp(text.parse().ok()?, 0));
    let window = believed(second("startdate"), second("enddate"), request.received_at);
    Ok(Notified::Notices(changes(appli, field("action"), window).into_iter().map(notice).collect()))
}

fn malformed(at: &str) -> Refused {
    Refused::Malformed { at: at.to_owned() }
}

/// The stretch of time that a notification names, if it is recent: nothing proves it, and a long one costs many calls.
fn believed(from: Option<DateTime<Utc>>, to: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Option<Window> {
    let window = Window::new(from?, to?);
    (window.from > now - OLDEST && window.to < now + TimeDelta::days(1)).then_some(window)
}

fn changes(appli: i64, action: Option<&str>, window: Option<Window>) -> Vec<Change> {
    match (appli, action) {
        (1 | 2 | 4 | 58, _) => vec![updated(BODY)],
        // The list of electrocardiograms goes by their own time, and knows of no change.
        (54, _) => {
            vec![Change::Updated { resource: BODY.to_owned(), ids: Vec::new(), window }]
        }
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
