//! Concept2 (Logbook API): results of rowing machines, ski and bike ergometers with their strokes, and the profile.
//!
//! Lists the results of a window, or takes the ids that a notification named, asks for the strokes of each, and hands
//! them to `normalize`. It never takes data from a notification: nothing proves where one comes from, so what it names
//! is fetched.

mod normalize;
pub mod sandbox;
mod wire;

use std::time::Duration;

use async_trait::async_trait;
use chrono::TimeDelta;
use http::header::ACCEPT;
use http::{HeaderValue, Method};
use tributary_contract::model::DataType;
use tributary_contract::spec::{
    AuthScheme, Capabilities, ClientAuth, Document, Notifications, OAuth2, Resource, Rotation, Signature,
    Status, Subscription, Usage,
};
use tributary_contract::{
    Account, App, Cause, Change, Fetch, FetchError, Inbound, Job, Notice, Notified, Provider, Refused,
    Request, Spec,
};

const ATHLETE: &str = "athlete";
const RESULTS: &str = "results";

const GET_USER: &str = "/api/users/me";
const LIST_RESULTS: &str = "/api/users/me/results";
const GET_RESULT: &str = "/api/users/me/results/{id}";
const GET_STROKES: &str = "/api/users/me/results/{id}/strokes";

/// The most that a page may hold.
const PER_PAGE: &str = "250";
/// Far more than anybody rows; a list that is longer does not end.
const MOST_PAGES: u32 = 200;
/// Results that are committed together. Strokes make them large, so few of them wait in memory.
const BATCH: usize = 8;

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

// ANCHOR: spec
/// What the engine has to know of Concept2.
pub static SPEC: Spec = Spec {
    key: "concept2",
    wire_name: "CONCEPT2",
    name: "Concept2",
    status: Status::Partial("deletions are not followed, because their notification names no user"),
    auth: AuthScheme::OAuth2(OAuth2 {
        authorize_url: "https://log.concept2.com/oauth/authorize",
        token_url: "https://log.concept2.com/oauth/access_token",
        revoke: None,
        scopes: &["user:read", "results:read"],
        scope_separator: ",",
        authorize_parameters: &[],
        // A token request without it falls back to other scopes, a refresh as well.
        token_parameters: &[("scope", "user:read,results:read")],
        answer_at: "",
        keep: &[],
        client_auth: ClientAuth::Body,
        pkce: false,
        refresh_ahead: HOUR,
        default_lifetime: Some(Duration::from_secs(7 * 24 * 3600)),
        refresh_token_promised: true,
        rotation: Rotation::MayChange,
        // The refusal of a refresh is not documented; this is OAuth's own word.
        lost_consent: &["invalid_grant"],
        lost_consent_statuses: &[],
        scope_in_callback: false,
    }),
    api_base: "https://log.concept2.com",
    hosts: &[],
    // "None at present", says the documentation.
    app_quotas: &[],
    user_quotas: &[],
    usage: Usage::Silent,
    body_status: None,
    resources: &[
        Resource {
            name: RESULTS,
            yields: &[DataType::Activity],
            scopes: &["results:read"],
            poll: Duration::from_secs(6 * 3600),
            // Which zone `updated_after` is read in is not documented, so a poll begins two days early.
            look_back: Duration::from_secs(2 * 24 * 3600),
            max_window: Duration::from_secs(180 * 24 * 3600),
            history: Some(Duration::from_secs(20 * 365 * 24 * 3600)),
            documents: &[
                Document { name: "result", template: GET_RESULT, empty: None },
                Document { name: "strokes", template: GET_STROKES, empty: None },
                Document { name: "results", template: LIST_RESULTS, empty: None },
            ],
        },
        Resource {
            name: ATHLETE,
            yields: &[DataType::Athlete],
            scopes: &["user:read"],
            poll: DAY,
            look_back: Duration::ZERO,
            max_window: DAY,
            history: None,
            documents: &[Document { name: "user", template: GET_USER, empty: None }],
        },
    ],
    notifications: Notifications {
        signature: Signature::Unsigned,
        subscription: Subscription::Manual,
        // Neither the status nor the deadline is documented.
        ack: 200,
        ack_within: Duration::from_secs(5),
    },
    capabilities: Capabilities {
        revoke: false,
        pages: true,
        retry_after: false,
        deletions: false,
        revocation_notice: false,
    },
    sources: &["https://log.concept2.com/developers/documentation/"],
};
// ANCHOR_END: spec

/// Concept2, Logbook API v1.
#[derive(Debug, Clone, Copy, Default)]
pub struct Concept2;

/// As the registry lists it.
pub static PROVIDER: Concept2 = Concept2;

// ANCHOR: contract
#[async_trait]
impl Provider for Concept2 {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    async fn connected(&self, cx: &mut Fetch) -> Result<Account, FetchError> {
        let user: wire::Data<wire::User> = cx.json(get(GET_USER)).await?;
        Ok(Account::new(user.data.id.to_string()))
    }

    async fn fetch(&self, cx: &mut Fetch, job: &Job) -> Result<(), FetchError> {
        match job.resource.name {
            RESULTS if job.ids.is_empty() => fetch_window(cx, job).await,
            RESULTS => fetch_named(cx, job).await,
            ATHLETE => {
                let user: wire::Data<wire::User> = cx.json(get(GET_USER)).await?;
                cx.emit(normalize::athlete(user.data));
                Ok(())
            }
            other => Err(FetchError::unsupported(format!("the resource {other}"))),
        }
    }

    fn notified(&self, request: &Inbound, _app: &App) -> Result<Notified, Refused> {
        if request.method == Method::POST {
            notice(&request.body).map(|notice| Notified::Notices(vec![notice]))
        } else {
            Err(Refused::Malformed { at: "the method".to_owned() })
        }
    }

    /// Nothing to do: there is no subscription of a user, and no call that gives a grant back.
    async fn disconnect(&self, _cx: &mut Fetch) -> Result<(), FetchError> {
        Ok(())
    }
}
// ANCHOR_END: contract

/// A call in version 1 of the API.
fn get(template: &str) -> Request {
    Request::get(template).header(ACCEPT, HeaderValue::from_static("application/vnd.c2logbook.v1+json"))
}

// ANCHOR: fetch
/// Lists the window and commits its results in small batches: newest first, as history is walked.
async fn fetch_window(cx: &mut Fetch, job: &Job) -> Result<(), FetchError> {
    let results = list(cx, job).await?;
    for batch in results.chunks(BATCH) {
        for result in batch {
            let strokes = fetch_strokes(cx, result).await?;
            cx.emit(normalize::activity(result, &strokes)?);
        }
        cx.flush().await?;
    }
    Ok(())
}

/// The results that a job is about. A poll asks for what was added or changed since, whatever its date; everything
/// else asks for dates, a day more on either side: they are days of the user, wherever that is.
async fn list(cx: &Fetch, job: &Job) -> Result<Vec<wire::Outcome>, FetchError> {
    let window = if job.cause == Cause::Poll {
        get(LIST_RESULTS).query("updated_after", job.window.from.format("%Y-%m-%d %H:%M:%S").to_string())
    } else {
        let day = TimeDelta::days(1);
        let (from, to) = (job.window.from - day, job.window.to + day);
        get(LIST_RESULTS)
            .query("from", from.format("%Y-%m-%d").to_string())
            .query("to", to.format("%Y-%m-%d").to_string())
    };
    let mut found = Vec::new();
    for number in 1..=MOST_PAGES {
        let request = window.clone().query("page", number.to_string()).query("number", PER_PAGE);
        let page: wire::Page = cx.json(request).await?;
        found.extend(page.data);
        if number >= page.meta.pagination.total_pages {
            found.sort_by(|one, other| (&other.date, other.id).cmp(&(&one.date, one.id)));
            // A result that was added in between moves others to the next page.
            found.dedup_by_key(|result| result.id);
            return Ok(found);
        }
    }
    Err(FetchError::malformed(LIST_RESULTS, format!("page {MOST_PAGES}: the list does not end")))
}
// ANCHOR_END: fetch

/// Results that a notification or a person named. If one is not there, the job ends with that error.
async fn fetch_named(cx: &mut Fetch, job: &Job) -> Result<(), FetchError> {
    let mut missing = None;
    for id in &job.ids {
        let answer: Result<wire::Data<wire::Outcome>, _> = cx.json(get(GET_RESULT).arg("id", id)).await;
        match answer {
            Ok(result) => {
                let strokes = fetch_strokes(cx, &result.data).await?;
                cx.emit(normalize::activity(&result.data, &strokes)?);
                cx.flush().await?;
            }
            Err(error @ FetchError::Gone { .. }) => missing = Some(error),
            Err(error) => return Err(error),
        }
    }
    missing.map_or(Ok(()), Err)
}

/// The strokes of a result; none where there are none.
async fn fetch_strokes(cx: &Fetch, result: &wire::Outcome) -> Result<Vec<wire::Stroke>, FetchError> {
    if result.stroke_data != Some(true) {
        return Ok(Vec::new());
    }
    match cx.json::<wire::Data<_>>(get(GET_STROKES).arg("id", result.id.to_string())).await {
        Ok(strokes) => Ok(strokes.data),
        Err(FetchError::Gone { .. }) => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

// ANCHOR: notice
/// Reads a notification, whether or not it is wrapped in `data`: both were seen.
fn notice(body: &[u8]) -> Result<Notice, Refused> {
    let malformed = |error: serde_json::Error| Refused::Malformed {
        at: format!("line {} column {}", error.line(), error.column()),
    };
    let body: wire::Envelope = serde_json::from_slice(body).map_err(malformed)?;
    let event = body.data.unwrap_or(wire::Event { kind: body.kind, result: body.result });
    let kind = event.kind.ok_or_else(|| Refused::Malformed { at: "type".to_owned() })?;
    match (kind.as_str(), event.result) {
        ("result-added" | "result-updated", Some(result)) => {
            let ids = vec![result.id.to_string()];
            let change = Change::Updated { resource: RESULTS.to_owned(), ids, window: None };
            Ok(Notice { account: result.user_id.to_string(), event_id: None, change })
        }
        ("result-added" | "result-updated", None) => Err(Refused::Malformed { at: "result".to_owned() }),
        // Also `result-deleted`: without a user nobody can be told apart whose result it was.
        (kind, _) => {
            let kind = kind.chars().filter(char::is_ascii_graphic).take(64).collect();
            Ok(Notice { account: String::new(), event_id: None, change: Change::Unknown { kind } })
        }
    }
}
// ANCHOR_END: notice

#[cfg(test)]
mod tests;
