//! What the engine has to know of Oura, as data.

use std::time::Duration;

use tributary_contract::Spec;
use tributary_contract::model::DataType;
use tributary_contract::spec::{
    AuthScheme, Capabilities, ClientAuth, Document, Notifications, OAuth2, Quota, QuotaWindow, Resource,
    Revoke, Rotation, Signature, Status, Subscription, TokenPlace, Usage,
};

use super::collection::{
    DAILY_ACTIVITY, DAILY_CARDIOVASCULAR_AGE, DAILY_READINESS, DAILY_RESILIENCE, DAILY_SLEEP, DAILY_SPO2,
    DAILY_STRESS, ENHANCED_TAG, HEART_RATE, RING_CONFIGURATION, SESSION, SLEEP_PERIODS, VO2_MAX, WORKOUT,
};
use super::{ACTIVITY, ATHLETE, BODY, DAILY, PERSONAL_INFO, SLEEP};

const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;
/// All history can be read; the first ring came in 2015.
const HISTORY: Option<Duration> = Some(Duration::from_secs(10 * 365 * DAY));
/// Rings keep days of data until the app is opened, and Oura rewrites a day as more arrives.
const LOOK_BACK: Duration = Duration::from_secs(7 * DAY);
/// Days without samples of a whole day in them.
const QUARTER: Duration = Duration::from_secs(90 * DAY);
/// Heart rate is answered for 30 days at once; a window of 28 lies on 29 local days at most.
const MONTH: Duration = Duration::from_secs(28 * DAY);

/// What the engine has to know of Oura.
pub static SPEC: Spec = Spec {
    key: "oura",
    wire_name: "OURA",
    name: "Oura",
    status: Status::Complete,
    auth: AuthScheme::OAuth2(OAuth2 {
        authorize_url: "https://cloud.ouraring.com/oauth/authorize",
        token_url: "https://api.ouraring.com/oauth/token",
        revoke: Some(Revoke {
            url: "https://api.ouraring.com/oauth/revoke",
            token: TokenPlace::Query("access_token"),
            client_auth: None,
        }),
        // Names that Oura does not know, or has not given to the app, are left out of the grant without an error.
        scopes: &[
            "email",
            "personal",
            "daily",
            "heartrate",
            "workout",
            "session",
            "tag",
            "spo2",
            "stress",
            "heart_health",
            "ring_configuration",
        ],
        scope_separator: " ",
        authorize_parameters: &[],
        token_parameters: &[],
        answer_at: "",
        keep: &[],
        client_auth: ClientAuth::Body,
        pkce: false,
        refresh_ahead: Duration::from_secs(30 * 60),
        default_lifetime: Some(Duration::from_secs(DAY)),
        refresh_token_promised: true,
        rotation: Rotation::SingleUse,
        lost_consent: &["invalid_grant"],
        lost_consent_statuses: &[],
        // The token's answer tells the scopes.
        scope_in_callback: false,
    }),
    api_base: "https://api.ouraring.com",
    hosts: &[],
    // The last number that was published; today's is not, and counts by token as well.
    app_quotas: &[Quota { permits: 5000, window: QuotaWindow::Rolling(Duration::from_secs(300)) }],
    user_quotas: &[],
    usage: Usage::ResetOnRefusal { reset: "x-ratelimit-reset" },
    body_status: None,
    // Granted scopes are named otherwise than those that are asked for, and a part that is closed is left out; so no
    // resource names scopes here.
    resources: &[
        Resource {
            name: ACTIVITY,
            yields: &[DataType::Activity],
            scopes: &[],
            poll: Duration::from_secs(6 * HOUR),
            look_back: LOOK_BACK,
            max_window: MONTH,
            history: HISTORY,
            documents: &[WORKOUT.part(), SESSION.part(), HEART_RATE.part()],
        },
        Resource {
            name: ATHLETE,
            yields: &[DataType::Athlete],
            scopes: &[],
            poll: Duration::from_secs(DAY),
            look_back: Duration::from_secs(DAY),
            max_window: Duration::from_secs(DAY),
            history: None,
            documents: &[
                Document { name: "personal_info", template: PERSONAL_INFO, empty: None },
                RING_CONFIGURATION.part(),
            ],
        },
        Resource {
            name: BODY,
            yields: &[DataType::Body],
            scopes: &[],
            poll: Duration::from_secs(12 * HOUR),
            look_back: LOOK_BACK,
            max_window: QUARTER,
            history: HISTORY,
            documents: &[DAILY_SPO2.part(), VO2_MAX.part(), DAILY_CARDIOVASCULAR_AGE.part()],
        },
        Resource {
            name: DAILY,
            yields: &[DataType::Daily],
            scopes: &[],
            // No notification tells of heart rate.
            poll: Duration::from_secs(4 * HOUR),
            look_back: LOOK_BACK,
            max_window: MONTH,
            history: HISTORY,
            documents: &[
                DAILY_ACTIVITY.part(),
                DAILY_READINESS.part(),
                DAILY_SLEEP.part(),
                DAILY_STRESS.part(),
                DAILY_RESILIENCE.part(),
                DAILY_SPO2.part(),
                ENHANCED_TAG.part(),
                HEART_RATE.part(),
            ],
        },
        Resource {
            name: SLEEP,
            yields: &[DataType::Sleep],
            scopes: &[],
            poll: Duration::from_secs(6 * HOUR),
            look_back: LOOK_BACK,
            max_window: QUARTER,
            history: HISTORY,
            documents: &[SLEEP_PERIODS.part(), DAILY_SLEEP.part()],
        },
    ],
    notifications: Notifications {
        signature: Signature::HmacSha256,
        subscription: Subscription::App,
        ack: 200,
        ack_within: Duration::from_secs(10),
    },
    capabilities: Capabilities {
        revoke: true,
        pages: true,
        retry_after: true,
        deletions: true,
        revocation_notice: false,
    },
    sources: &[
        "https://cloud.ouraring.com/v2/docs",
        "https://cloud.ouraring.com/docs/authentication",
        "https://api.ouraring.com/v2/static/json/openapi-1.37.json",
    ],
};
