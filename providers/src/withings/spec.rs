//! What the engine has to know of Withings, as data.

use std::time::Duration;

use tributary_contract::Spec;
use tributary_contract::model::DataType;
use tributary_contract::spec::{
    AuthScheme, BodyStatus, Capabilities, ClientAuth, Document, Notifications, OAuth2, Quota, QuotaWindow,
    Resource, Rotation, Signature, Status, Subscription, Usage,
};

use super::call::{
    GET_ACTIVITY, GET_DEVICES, GET_INTRADAY, GET_MEASURES, GET_SLEEP, GET_SLEEP_SUMMARY, GET_WORKOUTS,
    LIST_HEART, TOKEN,
};
use super::{ACTIVITY, ATHLETE, BODY, DAILY, SLEEP};

const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;
/// No limit is stated; the first scale came in 2009.
const HISTORY: Option<Duration> = Some(Duration::from_secs(15 * 365 * DAY));
/// Polls ask for what was changed since, so this only makes up for clocks and for answers that lag behind.
const LOOK_BACK: Duration = Duration::from_secs(6 * HOUR);
const POLL: Duration = Duration::from_secs(6 * HOUR);
const EMPTY: Option<&str> = Some(r#"{"status": 0, "body": []}"#);

/// What the engine has to know of Withings.
pub static SPEC: Spec = Spec {
    key: "withings",
    wire_name: "WITHINGS",
    name: "Withings",
    status: Status::Complete,
    auth: AuthScheme::OAuth2(OAuth2 {
        authorize_url: "https://account.withings.com/oauth2_user/authorize2",
        token_url: TOKEN,
        // Needs a signature with a nonce, so `disconnect` does it.
        revoke: None,
        scopes: &["user.info", "user.metrics", "user.activity", "user.sleepevents"],
        scope_separator: ",",
        authorize_parameters: &[],
        token_parameters: &[("action", "requesttoken")],
        answer_at: "/body",
        keep: &[("userid", "/body/userid")],
        client_auth: ClientAuth::Body,
        pkce: false,
        refresh_ahead: Duration::from_secs(10 * 60),
        default_lifetime: Some(Duration::from_secs(3 * HOUR)),
        refresh_token_promised: true,
        rotation: Rotation::SingleUse,
        // 503 means invalid parameters of any kind, so the text decides.
        lost_consent: &["invalid refresh_token"],
        lost_consent_statuses: &[503],
        scope_in_callback: false,
    }),
    api_base: "https://wbsapi.withings.net",
    hosts: &[],
    app_quotas: &[Quota { permits: 120, window: QuotaWindow::Rolling(Duration::from_secs(60)) }],
    user_quotas: &[],
    usage: Usage::Silent,
    body_status: Some(BodyStatus {
        pointer: "/status",
        ok: &[0],
        auth: &[100, 101, 102, 200, 401],
        forbidden: &[214, 277, 2553, 2555],
        quota: &[601],
        // Time-out and bad state.
        transient: &[522, 524],
    }),
    resources: &[
        Resource {
            name: ACTIVITY,
            yields: &[DataType::Activity],
            scopes: &["user.activity"],
            poll: POLL,
            look_back: LOOK_BACK,
            max_window: Duration::from_secs(90 * DAY),
            history: HISTORY,
            documents: &[Document { name: "workouts", template: GET_WORKOUTS, empty: EMPTY }],
        },
        Resource {
            name: ATHLETE,
            yields: &[DataType::Athlete],
            scopes: &["user.info"],
            poll: Duration::from_secs(DAY),
            look_back: Duration::ZERO,
            max_window: Duration::from_secs(DAY),
            history: None,
            documents: &[Document { name: "devices", template: GET_DEVICES, empty: EMPTY }],
        },
        Resource {
            name: BODY,
            yields: &[DataType::Body],
            scopes: &["user.metrics"],
            poll: POLL,
            look_back: LOOK_BACK,
            max_window: Duration::from_secs(90 * DAY),
            history: HISTORY,
            documents: &[
                Document { name: "measures", template: GET_MEASURES, empty: EMPTY },
                Document { name: "heart", template: LIST_HEART, empty: EMPTY },
            ],
        },
        Resource {
            name: DAILY,
            yields: &[DataType::Daily],
            scopes: &["user.activity"],
            poll: POLL,
            look_back: LOOK_BACK,
            // One call for each day of it.
            max_window: Duration::from_secs(28 * DAY),
            history: HISTORY,
            documents: &[
                Document { name: "activity", template: GET_ACTIVITY, empty: EMPTY },
                Document { name: "intraday", template: GET_INTRADAY, empty: EMPTY },
            ],
        },
        Resource {
            name: SLEEP,
            yields: &[DataType::Sleep],
            scopes: &["user.activity"],
            poll: POLL,
            look_back: LOOK_BACK,
            // One call for each night of it.
            max_window: Duration::from_secs(28 * DAY),
            history: HISTORY,
            documents: &[
                Document { name: "summary", template: GET_SLEEP_SUMMARY, empty: EMPTY },
                Document { name: "detail", template: GET_SLEEP, empty: EMPTY },
            ],
        },
    ],
    notifications: Notifications {
        signature: Signature::Unsigned,
        subscription: Subscription::Connection,
        ack: 200,
        ack_within: Duration::from_secs(2),
    },
    capabilities: Capabilities {
        revoke: true,
        pages: true,
        retry_after: false,
        deletions: false,
        revocation_notice: true,
    },
    sources: &[
        "https://developer.withings.com/api-reference/",
        "https://developer.withings.com/developer-guide/v3/integration-guide/public-health-data-api/get-access/oauth-web-flow/",
        "https://developer.withings.com/developer-guide/v3/data-api/notifications/notification-overview/",
    ],
};
