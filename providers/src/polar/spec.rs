//! What the engine has to know of Polar, as data.

use std::time::Duration;

use tributary_contract::Spec;
use tributary_contract::model::DataType;
use tributary_contract::spec::{
    AuthScheme, Capabilities, ClientAuth, CountHeaders, Document, Notifications, OAuth2, Quota, QuotaWindow,
    Resource, Rotation, Signature, Status, Subscription, Usage,
};

use super::call::{
    ACTIVITIES, BODY_TEMPERATURE, CARDIO_LOAD, ECG, EXERCISE_FIT, EXERCISES, HEART_RATE, NIGHTS,
    PHYSICAL_INFO, RECHARGES, SKIN_TEMPERATURE, SPO2, USER,
};
use super::{ACTIVITY, ATHLETE, BODY, DAILY, SLEEP};

/// What the token's answer calls the user.
pub(super) const USER_ID: &str = "x_user_id";

const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;
/// Watches keep days of data until they are synced.
const LOOK_BACK: Duration = Duration::from_secs(7 * DAY);
/// Routes of nights and measurements reach that far back.
const FOUR_WEEKS: Duration = Duration::from_secs(28 * DAY);
/// Routes with a range of days answer 28 of them at once; a window of 24 days lies on 27 local days at most.
const RANGE: Duration = Duration::from_secs(24 * DAY);
/// Heart rate every few seconds makes up megabytes a day.
const FORTNIGHT: Duration = Duration::from_secs(14 * DAY);

const EMPTY_LIST: Option<&str> = Some("[]");

/// What the engine has to know of Polar.
pub static SPEC: Spec = Spec {
    key: "polar",
    wire_name: "POLAR",
    name: "Polar",
    status: Status::Complete,
    auth: AuthScheme::OAuth2(OAuth2 {
        authorize_url: "https://flow.polar.com/oauth2/authorization",
        token_url: "https://polarremote.com/v2/oauth2/token",
        // The provider's own code ends the registration, and that ends the token.
        revoke: None,
        scopes: &["accesslink.read_all"],
        scope_separator: " ",
        authorize_parameters: &[],
        token_parameters: &[],
        answer_at: "",
        keep: &[(USER_ID, "/x_user_id")],
        client_auth: ClientAuth::Basic,
        pkce: false,
        refresh_ahead: Duration::from_secs(DAY),
        // About ten years.
        default_lifetime: Some(Duration::from_secs(315_359_999)),
        refresh_token_promised: false,
        rotation: Rotation::None,
        lost_consent: &["invalid_grant"],
        lost_consent_statuses: &[],
        scope_in_callback: false,
    }),
    api_base: "https://www.polaraccesslink.com",
    hosts: &[],
    body_status: None,
    // What an app without users has. Each user adds 20 and 100 calls; the headers state the sum.
    app_quotas: &[
        Quota { permits: 500, window: QuotaWindow::Rolling(Duration::from_secs(15 * 60)) },
        Quota { permits: 5000, window: QuotaWindow::Rolling(Duration::from_secs(DAY)) },
    ],
    user_quotas: &[],
    usage: Usage::GrowingCounts(&[CountHeaders {
        limit: "ratelimit-limit",
        usage: "ratelimit-usage",
        quotas: &[0, 1],
    }]),
    resources: &[
        Resource {
            name: ACTIVITY,
            yields: &[DataType::Activity],
            scopes: &[],
            poll: Duration::from_secs(12 * HOUR),
            look_back: LOOK_BACK,
            // One call lists whatever was uploaded in the last 30 days.
            max_window: Duration::from_secs(30 * DAY),
            history: Some(Duration::from_secs(30 * DAY)),
            documents: &[
                Document { name: "exercises", template: EXERCISES, empty: EMPTY_LIST },
                Document { name: "fit", template: EXERCISE_FIT, empty: None },
            ],
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
                Document { name: "user", template: USER, empty: Some("") },
                Document { name: "physical_info", template: PHYSICAL_INFO, empty: None },
            ],
        },
        Resource {
            name: BODY,
            yields: &[DataType::Body],
            scopes: &[],
            // No notification tells of these measurements.
            poll: Duration::from_secs(12 * HOUR),
            look_back: LOOK_BACK,
            max_window: RANGE,
            history: Some(FOUR_WEEKS),
            documents: &[
                Document { name: "bodytemperature", template: BODY_TEMPERATURE, empty: EMPTY_LIST },
                Document { name: "skintemperature", template: SKIN_TEMPERATURE, empty: EMPTY_LIST },
                Document { name: "ecg", template: ECG, empty: EMPTY_LIST },
                Document { name: "spo2", template: SPO2, empty: EMPTY_LIST },
                Document { name: "physical_info", template: PHYSICAL_INFO, empty: None },
            ],
        },
        Resource {
            name: DAILY,
            yields: &[DataType::Daily],
            scopes: &[],
            poll: Duration::from_secs(6 * HOUR),
            look_back: LOOK_BACK,
            max_window: FORTNIGHT,
            // Activities are answered up to 365 days back; the days around a window are asked for as well.
            history: Some(Duration::from_secs(360 * DAY)),
            documents: &[
                Document { name: "activities", template: ACTIVITIES, empty: EMPTY_LIST },
                Document { name: "heart_rate", template: HEART_RATE, empty: Some(r#"{"heart_rates": []}"#) },
                Document { name: "cardio_load", template: CARDIO_LOAD, empty: EMPTY_LIST },
            ],
        },
        Resource {
            name: SLEEP,
            yields: &[DataType::Sleep],
            scopes: &[],
            poll: Duration::from_secs(8 * HOUR),
            look_back: LOOK_BACK,
            max_window: FOUR_WEEKS,
            history: Some(FOUR_WEEKS),
            documents: &[
                Document { name: "nights", template: NIGHTS, empty: Some(r#"{"nights": []}"#) },
                Document { name: "recharges", template: RECHARGES, empty: Some(r#"{"recharges": []}"#) },
                Document { name: "skintemperature", template: SKIN_TEMPERATURE, empty: EMPTY_LIST },
            ],
        },
    ],
    notifications: Notifications {
        signature: Signature::HmacSha256,
        subscription: Subscription::App,
        ack: 200,
        ack_within: Duration::from_secs(5),
    },
    capabilities: Capabilities {
        revoke: true,
        pages: false,
        retry_after: false,
        deletions: false,
        revocation_notice: false,
    },
    sources: &[
        "https://www.polar.com/accesslink-api/",
        "https://github.com/polarofficial/accesslink-example-python",
    ],
};
