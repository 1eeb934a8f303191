//! Strava (API v3): activities with laps and samples, and the athlete's profile.
//!
//! Lists a window of activities or takes the ids that a push event named, fetches each in detail with its streams,
//! and hands them to `normalize`. It never takes data from a push event: Strava signs none, so what one calls new is
//! fetched. Deletions and lost consent are passed on as they were told.

mod normalize;
pub mod sandbox;
mod wire;

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::{StreamExt, TryStreamExt, stream};
use http::Method;
use subtle::ConstantTimeEq;
use tributary_contract::model::{self, DataType, NaturalKey};
use tributary_contract::spec::{
    AuthScheme, Capabilities, ClientAuth, CountHeaders, Document, Notifications, OAuth2, Quota, QuotaWindow,
    Resource, Revoke, Rotation, Signature, Status, Subscription, TokenPlace, Usage,
};
use tributary_contract::{
    Account, App, Cause, Change, Cursor, Fetch, FetchError, Inbound, Job, Notice, Notified, Provider,
    Refused, Reply, Request, Spec, Window,
};

const ATHLETE: &str = "athlete";
const ACTIVITIES: &str = "activities";

const GET_ATHLETE: &str = "/athlete";
const LIST_ACTIVITIES: &str = "/athlete/activities";
const GET_ACTIVITY: &str = "/activities/{id}";
const GET_STREAMS: &str = "/activities/{id}/streams";
const SUBSCRIPTIONS: &str = "/push_subscriptions";
const SUBSCRIPTION: &str = "/push_subscriptions/{id}";

/// The series that have a place in the model.
const STREAM_KEYS: &str = "time,distance,latlng,altitude,velocity_smooth,heartrate,cadence,watts";

const PER_PAGE: &str = "200";
/// Far more than anybody does in one window; a list that is longer does not end.
const MOST_PAGES: u32 = 50;
/// Activities that are fetched side by side.
const SIDE_BY_SIDE: usize = 4;
/// Activities that are committed together. Samples make them large, so few of them wait in memory.
const BATCH: usize = 8;

const QUARTER_HOUR: QuotaWindow = QuotaWindow::Aligned(Duration::from_secs(15 * 60));
const DAY: QuotaWindow = QuotaWindow::Aligned(Duration::from_secs(24 * 3600));

/// What the engine has to know of Strava.
pub static SPEC: Spec = Spec {
    key: "strava",
    wire_name: "STRAVA",
    name: "Strava",
    status: Status::Complete,
    auth: AuthScheme::OAuth2(OAuth2 {
        authorize_url: "https://www.strava.com/oauth/authorize",
        token_url: "https://www.strava.com/api/v3/oauth/token",
        revoke: Some(Revoke {
            url: "https://www.strava.com/oauth/revoke",
            token: TokenPlace::Form("token"),
            client_auth: Some(ClientAuth::Basic),
        }),
        scopes: &["read", "activity:read_all"],
        scope_separator: ",",
        authorize_parameters: &[("approval_prompt", "auto")],
        token_parameters: &[],
        answer_at: "",
        keep: &[],
        client_auth: ClientAuth::Body,
        pkce: false,
        // While more than an hour is left Strava answers a refresh with the same access token.
        refresh_ahead: Duration::from_secs(30 * 60),
        default_lifetime: Some(Duration::from_secs(6 * 3600)),
        refresh_token_promised: true,
        rotation: Rotation::MayChange,
        // `invalid` comes as {"errors":[{"field":"refresh_token","code":"invalid"}]}; the other is OAuth's own word.
        lost_consent: &["invalid", "invalid_grant"],
        lost_consent_statuses: &[],
        scope_in_callback: true,
    }),
    api_base: "https://www.strava.com/api/v3",
    hosts: &[],
    // Each read counts against both pairs; the pair for reads is the tighter one and stands first.
    app_quotas: &[
        Quota { permits: 100, window: QUARTER_HOUR },
        Quota { permits: 1000, window: DAY },
        Quota { permits: 200, window: QUARTER_HOUR },
        Quota { permits: 2000, window: DAY },
    ],
    user_quotas: &[],
    usage: Usage::Counts(&[
        CountHeaders { limit: "x-readratelimit-limit", usage: "x-readratelimit-usage", quotas: &[0, 1] },
        CountHeaders { limit: "x-ratelimit-limit", usage: "x-ratelimit-usage", quotas: &[2, 3] },
    ]),
    body_status: None,
    resources: &[
        Resource {
            name: ACTIVITIES,
            yields: &[DataType::Activity],
            // Either of activity:read and activity:read_all will do, so neither is required by itself.
            scopes: &[],
            // Push events bring what is new; the poll finds what they missed.
            poll: Duration::from_secs(12 * 3600),
            look_back: Duration::from_secs(72 * 3600),
            max_window: Duration::from_secs(30 * 24 * 3600),
            history: Some(Duration::from_secs(20 * 365 * 24 * 3600)),
            documents: &[
                Document { name: "activity", template: GET_ACTIVITY, empty: None },
                Document { name: "streams", template: GET_STREAMS, empty: None },
                Document { name: "activities", template: LIST_ACTIVITIES, empty: Some("[]") },
            ],
        },
        Resource {
            name: ATHLETE,
            yields: &[DataType::Athlete],
            scopes: &["read"],
            poll: Duration::from_secs(24 * 3600),
            look_back: Duration::ZERO,
            max_window: Duration::from_secs(24 * 3600),
            history: None,
            documents: &[Document { name: "athlete", template: GET_ATHLETE, empty: None }],
        },
    ],
    notifications: Notifications {
        signature: Signature::Unsigned,
        subscription: Subscription::App,
        ack: 200,
        ack_within: Duration::from_secs(2),
    },
    capabilities: Capabilities {
        revoke: true,
        pages: true,
        retry_after: false,
        deletions: true,
        revocation_notice: true,
    },
    sources: &[
        "https://developers.strava.com/docs/reference/",
        "https://developers.strava.com/docs/authentication/",
        "https://developers.strava.com/docs/webhooks/",
        "https://developers.strava.com/docs/rate-limits/",
        "https://developers.strava.com/docs/changelog/",
    ],
};

/// Strava, API v3.
#[derive(Debug, Clone, Copy, Default)]
pub struct Strava;

/// As the registry lists it.
pub static PROVIDER: Strava = Strava;

#[async_trait]
impl Provider for Strava {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    async fn connected(&self, cx: &mut Fetch) -> Result<Account, FetchError> {
        let athlete: wire::Athlete = cx.json(Request::get(GET_ATHLETE)).await?;
        Ok(Account::new(athlete.id.to_string()))
    }

    async fn fetch(&self, cx: &mut Fetch, job: &Job) -> Result<(), FetchError> {
        match job.resource.name {
            ACTIVITIES if job.ids.is_empty() => fetch_window(cx, job).await,
            ACTIVITIES => fetch_named(cx, job).await,
            ATHLETE => {
                let athlete: wire::Athlete = cx.json(Request::get(GET_ATHLETE)).await?;
                cx.emit(normalize::athlete(athlete));
                Ok(())
            }
            other => Err(FetchError::unsupported(format!("the resource {other}"))),
        }
    }

    fn notified(&self, request: &Inbound, app: &App) -> Result<Notified, Refused> {
        match request.method {
            Method::GET => handshake(request, app),
            Method::POST => notice(&request.body).map(|notice| Notified::Notices(vec![notice])),
            _ => Err(Refused::Malformed { at: "the method".to_owned() }),
        }
    }

    /// Nothing to do: the one subscription belongs to the app, and the engine revokes the grant.
    async fn disconnect(&self, _cx: &mut Fetch) -> Result<(), FetchError> {
        Ok(())
    }

    /// An app has one subscription. One that points elsewhere is replaced, since Strava refuses a second one.
    async fn subscribe(&self, cx: &mut Fetch) -> Result<Option<DateTime<Utc>>, FetchError> {
        let app = cx.app().clone();
        let credentials =
            [("client_id", app.client_id.as_str()), ("client_secret", app.client_secret.expose().as_str())];
        let signed = |mut request: Request| {
            request.query.extend(credentials.map(|(name, value)| (name, value.to_owned())));
            request.without_token()
        };
        let check_again = cx.now().checked_add_signed(TimeDelta::days(1));

        let existing: Vec<wire::PushSubscription> = cx.json(signed(Request::get(SUBSCRIPTIONS))).await?;
        if existing.iter().any(|subscription| subscription.callback_url.as_deref() == Some(&app.notify_url)) {
            return Ok(check_again);
        }
        let Some(verify_token) = &app.verify_token else {
            return Err(FetchError::unsupported("a push subscription of an app without verify_token"));
        };
        for subscription in existing {
            let request = Request::new(Method::DELETE, SUBSCRIPTION).arg("id", subscription.id.to_string());
            cx.send(signed(request)).await?;
        }
        let [id, secret] = credentials;
        let fields =
            [id, secret, ("callback_url", &app.notify_url), ("verify_token", verify_token.expose().as_str())];
        cx.send(Request::post(SUBSCRIPTIONS).form(&fields).without_token()).await?;
        Ok(check_again)
    }
}

/// Lists the window, then fetches what it holds: oldest first, in a backfill newest first.
async fn fetch_window(cx: &mut Fetch, job: &Job) -> Result<(), FetchError> {
    let mut found = list(cx, job.window).await?;
    if job.cause == Cause::Backfill {
        found.reverse();
    }
    for batch in found.chunks(BATCH) {
        let ids = batch.iter().map(|activity| activity.id.to_string()).collect();
        // One that is gone by now was deleted or hidden since; Strava says so by a push event.
        for activity in fetch_batch(cx, ids).await?.into_iter().flatten() {
            cx.emit(activity.record);
        }
        match batch.last().filter(|last| advances(job, last.start_date)) {
            Some(last) => cx.checkpoint(Cursor::at(last.start_date)).await?,
            None => cx.flush().await?,
        }
    }
    Ok(())
}

/// Whether the walk that the job belongs to can go on from there. A poll walks forward and begins a look-back before
/// the place that it has reached already; a backfill walks backward; a request belongs to no walk.
fn advances(job: &Job, through: DateTime<Utc>) -> bool {
    match job.cause {
        Cause::Poll => {
            let look_back = TimeDelta::from_std(job.resource.look_back).unwrap_or_default();
            through - job.window.from > look_back
        }
        Cause::Backfill => through >= job.window.from,
        Cause::Request | Cause::Notification => false,
    }
}

/// The activities that start in a window, by start. All pages are read before the first detail, so that an upload in
/// the meantime does not move one over the edge of a page.
async fn list(cx: &Fetch, window: Window) -> Result<Vec<wire::SummaryActivity>, FetchError> {
    // Whether the bounds themselves belong to the answer is not documented; one second more does no harm.
    let after = window.from.timestamp().saturating_sub(1).max(0);
    let before = window.to.timestamp().saturating_add(1).max(0);
    let mut found = BTreeMap::new();
    for page in 1..=MOST_PAGES {
        let request = Request::get(LIST_ACTIVITIES)
            .query("after", after.to_string())
            .query("before", before.to_string())
            .query("page", page.to_string())
            .query("per_page", PER_PAGE);
        let activities: Vec<wire::SummaryActivity> = cx.json(request).await?;
        // A short page is not the last one; an empty one is.
        if activities.is_empty() {
            return Ok(found.into_values().collect());
        }
        found.extend(activities.into_iter().map(|activity| ((activity.start_date, activity.id), activity)));
    }
    Err(FetchError::malformed(LIST_ACTIVITIES, format!("page {MOST_PAGES}: the list does not end")))
}

/// Activities that a push event or a person named. What can be had is committed; if something is not there, the job
/// ends with that error, for an event may come before the activity, or its samples, can be read.
async fn fetch_named(cx: &mut Fetch, job: &Job) -> Result<(), FetchError> {
    let mut missing = None;
    for batch in job.ids.chunks(BATCH) {
        for activity in fetch_batch(cx, batch.to_vec()).await? {
            match activity {
                Ok(activity) => {
                    if activity.awaits_samples && job.cause == Cause::Notification {
                        missing = Some(FetchError::Gone { call: GET_STREAMS.to_owned() });
                    }
                    cx.emit(activity.record);
                }
                Err(error) => missing = Some(error),
            }
        }
        cx.flush().await?;
    }
    missing.map_or(Ok(()), Err)
}

/// An activity as far as it is there.
struct Fetched {
    record: model::Activity,
    /// It was made from an uploaded file, which has samples, but there are none.
    awaits_samples: bool,
}

/// Some activities, in order. The one error that stands for a single activity is that it is gone; any other fails
/// the batch.
async fn fetch_batch(cx: &Fetch, ids: Vec<String>) -> Result<Vec<Result<Fetched, FetchError>>, FetchError> {
    let details: Vec<_> = ids
        .into_iter()
        .map(|id| async {
            match fetch_activity(cx, id).await {
                Err(error) if !matches!(error, FetchError::Gone { .. }) => Err(error),
                fetched => Ok(fetched),
            }
        })
        .collect();
    stream::iter(details).buffered(SIDE_BY_SIDE).try_collect().await
}

/// One activity in detail, with its samples if there are any.
async fn fetch_activity(cx: &Fetch, id: String) -> Result<Fetched, FetchError> {
    let request = Request::get(GET_ACTIVITY).arg("id", id.clone()).query("include_all_efforts", "false");
    let activity: wire::Activity = cx.json(request).await?;
    let streams = if activity.manual == Some(true) { None } else { fetch_streams(cx, id).await? };
    let awaits_samples =
        activity.upload_id.is_some() && streams.as_ref().is_some_and(wire::Streams::is_empty);
    Ok(Fetched { record: normalize::activity(activity, streams.as_ref())?, awaits_samples })
}

/// Empty without samples, for which Strava answers 404. `None` where scope or plan leave samples out.
async fn fetch_streams(cx: &Fetch, id: String) -> Result<Option<wire::Streams>, FetchError> {
    let request =
        Request::get(GET_STREAMS).arg("id", id).query("keys", STREAM_KEYS).query("key_by_type", "true");
    match cx.json(request).await {
        Ok(streams) => Ok(Some(streams)),
        Err(FetchError::Gone { .. }) => Ok(Some(wire::Streams::default())),
        Err(FetchError::Forbidden { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Strava asks once whether the callback is ours.
fn handshake(request: &Inbound, app: &App) -> Result<Notified, Refused> {
    let wanted = app.verify_token.as_ref().ok_or(Refused::NotConfigured("verify_token"))?;
    let given = request.query("hub.verify_token").ok_or(Refused::Missing("hub.verify_token"))?;
    if !bool::from(given.as_bytes().ct_eq(wanted.expose().as_bytes())) {
        return Err(Refused::WrongVerifyToken);
    }
    if request.query("hub.mode") != Some("subscribe") {
        return Err(Refused::Malformed { at: "hub.mode".to_owned() });
    }
    let challenge = request
        .query("hub.challenge")
        .ok_or_else(|| Refused::Malformed { at: "hub.challenge".to_owned() })?;
    let body = serde_json::json!({ "hub.challenge": challenge }).to_string();
    Ok(Notified::Answer(Reply { status: 200, content_type: "application/json", body: Bytes::from(body) }))
}

/// Reads a push event. It has no id of its own.
fn notice(body: &[u8]) -> Result<Notice, Refused> {
    let event: wire::Event = serde_json::from_slice(body).map_err(|error| Refused::Malformed {
        at: format!("line {} column {}", error.line(), error.column()),
    })?;
    let id = event.object_id.to_string();
    let change = match (event.object_type.as_str(), event.aspect_type.as_str()) {
        ("activity", "create" | "update") => {
            Change::Updated { resource: ACTIVITIES.to_owned(), ids: vec![id], window: None }
        }
        ("activity", "delete") => Change::Deleted {
            resource: ACTIVITIES.to_owned(),
            data_type: DataType::Activity,
            key: NaturalKey::new(id),
        },
        ("athlete", "update") if event.updates.as_ref().is_some_and(wire::Updates::revoked) => {
            Change::Revoked
        }
        ("athlete", "update") => {
            Change::Updated { resource: ATHLETE.to_owned(), ids: Vec::new(), window: None }
        }
        (object, aspect) => Change::Unknown { kind: kind(object, aspect) },
    };
    Ok(Notice { account: event.owner_id.to_string(), event_id: None, change })
}

/// The name of an event that we do not know, short and printable whatever was sent.
fn kind(object: &str, aspect: &str) -> String {
    const LONGEST: usize = 64;
    let kind = format!("{object}.{aspect}");
    kind.chars().filter(|letter| letter.is_ascii_graphic()).take(LONGEST).collect()
}

#[cfg(test)]
mod tests;
