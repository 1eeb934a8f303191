//! Calls: one path for many actions, all of them forms, most of them lists with pages.
//!
//! A template's fragment names the action; it tells calls apart in spans, errors and recorded conversations, and is
//! never sent: the form has it. Lists come page by page to their end or as an error, never cut off.

use chrono::{DateTime, Days, NaiveDate, Utc};
use serde::de::DeserializeOwned;
use tributary_contract::{Cause, Fetch, FetchError, Job, Request, Window};

use super::wire::{Envelope, Flag, Page};

pub(super) const TOKEN: &str = "https://wbsapi.withings.net/v2/oauth2";
pub(super) const GET_MEASURES: &str = "/measure#getmeas";
pub(super) const GET_ACTIVITY: &str = "/v2/measure#getactivity";
pub(super) const GET_INTRADAY: &str = "/v2/measure#getintradayactivity";
pub(super) const GET_WORKOUTS: &str = "/v2/measure#getworkouts";
pub(super) const GET_SLEEP: &str = "/v2/sleep#get";
pub(super) const GET_SLEEP_SUMMARY: &str = "/v2/sleep#getsummary";
pub(super) const LIST_HEART: &str = "/v2/heart#list";
pub(super) const GET_DEVICES: &str = "/v2/user#getdevice";
pub(super) const GET_NONCE: &str = "/v2/signature#getnonce";
pub(super) const REVOKE: &str = "/v2/oauth2#revoke";
pub(super) const LIST_SUBSCRIPTIONS: &str = "/notify#list";
pub(super) const SUBSCRIBE: &str = "/notify#subscribe";

/// More pages than any window has; a list that is longer does not end.
const MOST_PAGES: u32 = 500;

/// Form fields beside the action.
pub(super) type Fields = Vec<(&'static str, String)>;

/// A call with its action from the template. All that are made here can be repeated without harm, except those with a
/// nonce.
pub(super) fn request(template: &'static str, fields: &[(&str, String)]) -> Request {
    let action = template.split_once('#').map_or("", |(_, action)| action);
    let mut form = vec![("action", action)];
    form.extend(fields.iter().map(|(name, value)| (*name, value.as_str())));
    Request::post(template).form(&form).idempotent()
}

/// The body of one answer.
pub(super) async fn body<T>(
    cx: &Fetch,
    template: &'static str,
    fields: &[(&str, String)],
) -> Result<T, FetchError>
where
    T: DeserializeOwned + Default,
{
    let answer: Envelope<T> = cx.json(request(template, fields)).await?;
    Ok(answer.body)
}

/// All items of a list, and the zone that its first page names.
pub(super) async fn pages<T: DeserializeOwned>(
    cx: &Fetch,
    template: &'static str,
    fields: &Fields,
) -> Result<(Vec<T>, Option<String>), FetchError> {
    let (mut found, mut zone) = (Vec::new(), None);
    let mut fields = fields.clone();
    let mut place = None;
    for _ in 0..MOST_PAGES {
        let page: Page<T> = body(cx, template, &fields).await?;
        found.extend(page.series.unwrap_or_default());
        zone = zone.or(page.timezone);
        if !page.more.is_some_and(Flag::is_set) {
            return Ok((found, zone));
        }
        let next = page.offset.filter(|next| place.is_none_or(|place| *next > place));
        let Some(next) = next else {
            return Err(FetchError::malformed(
                template,
                "offset (missing, or no further than the page before)",
            ));
        };
        fields.retain(|(name, _)| *name != "offset");
        fields.push(("offset", next.to_string()));
        place = Some(next);
    }
    Err(FetchError::malformed(template, format!("page {MOST_PAGES}: the list does not end")))
}

/// Whether a job asks for what was changed since its window began, whenever that was dated. A window of history or of
/// a request is asked for by dates.
pub(super) fn since(job: &Job) -> Option<DateTime<Utc>> {
    match job.cause {
        Cause::Poll | Cause::Notification => Some(job.window.from),
        Cause::Request | Cause::Backfill => None,
    }
}

/// The fields that ask for what was changed since.
pub(super) fn changed(since: DateTime<Utc>) -> Fields {
    vec![("lastupdate", since.timestamp().to_string())]
}

/// The fields that ask for the local days of a window, with one more on either side, since zones differ.
pub(super) fn days(window: Window) -> Fields {
    let first = window.from.date_naive();
    let last = window.to.date_naive();
    let first = first.checked_sub_days(Days::new(1)).unwrap_or(first);
    let last = last.checked_add_days(Days::new(1)).unwrap_or(last);
    vec![("startdateymd", ymd(first)), ("enddateymd", ymd(last))]
}

/// The fields that ask for a stretch of time.
pub(super) fn stretch(window: Window) -> Fields {
    vec![("startdate", window.from.timestamp().to_string()), ("enddate", window.to.timestamp().to_string())]
}

fn ymd(date: NaiveDate) -> String {
    date.format("%Y-%m-%d").to_string()
}
