//! What differs between providers, as data: endpoints, auth, quotas, resources, notifications, sources.
//!
//! A [`Spec`] is a `static`; the engine obeys it, `tributary providers` prints it, docs are made from it.

use std::time::Duration;

use crate::model::DataType;

/// Everything that the engine has to know about a provider before it talks to it.
#[derive(Debug, Clone, Copy)]
pub struct Spec {
    /// Key in configuration, URLs and metrics: lower case, `strava`.
    pub key: &'static str,
    /// The provider's name on Terra's wire: upper case, `STRAVA`.
    pub wire_name: &'static str,
    /// Name for people.
    pub name: &'static str,
    /// How far our support goes.
    pub status: Status,
    /// How users authorise.
    pub auth: AuthScheme,
    /// Base of relative request paths, without a trailing slash.
    pub api_base: &'static str,
    /// Hosts that absolute URLs in answers may point to, besides the host of `api_base`.
    pub hosts: &'static [&'static str],
    /// Quotas that all connections of one app share, as documented.
    pub app_quotas: &'static [Quota],
    /// Quotas that each connection has for itself, as documented.
    pub user_quotas: &'static [Quota],
    /// How the provider tells what is left of its quotas.
    pub usage: Usage,
    /// Where an answer of 200 says how the call really went, for providers that put it into the body.
    pub body_status: Option<BodyStatus>,
    /// What can be fetched.
    pub resources: &'static [Resource],
    /// How the provider tells that something is new.
    pub notifications: Notifications,
    /// Known peculiarities that tests choose their cases by.
    pub capabilities: Capabilities,
    /// Where all this is documented.
    pub sources: &'static [&'static str],
}

impl Spec {
    /// The resource of that name.
    pub fn resource(&self, name: &str) -> Option<&'static Resource> {
        self.resources.iter().find(|resource| resource.name == name)
    }

    /// All data types that some resource yields, sorted, each once.
    pub fn data_types(&self) -> Vec<DataType> {
        let mut types: Vec<DataType> =
            self.resources.iter().flat_map(|resource| resource.yields).copied().collect();
        types.sort_unstable();
        types.dedup();
        types
    }
}

/// How far support for a provider goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Every documented data type, checked against the provider's published shapes.
    Complete,
    /// Works; the text says what is missing or unsure.
    Partial(&'static str),
    /// Known but cannot be connected; the text says why.
    Declared(&'static str),
}

/// How users authorise.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::large_enum_variant, reason = "there is one per provider, in a static")]
pub enum AuthScheme {
    /// OAuth 2.0 authorization code.
    OAuth2(OAuth2),
    /// Nothing to authorise: records come from files.
    None,
}

/// OAuth 2.0 authorization code flow as this provider speaks it.
#[derive(Debug, Clone, Copy)]
pub struct OAuth2 {
    /// Consent page.
    pub authorize_url: &'static str,
    /// Token endpoint.
    pub token_url: &'static str,
    /// How a grant is revoked, if the provider offers it.
    pub revoke: Option<Revoke>,
    /// Scopes that are asked for by default.
    pub scopes: &'static [&'static str],
    /// What stands between two scopes.
    pub scope_separator: &'static str,
    /// Extra parameters of the consent page.
    pub authorize_parameters: &'static [(&'static str, &'static str)],
    /// Extra form fields of every token request.
    pub token_parameters: &'static [(&'static str, &'static str)],
    /// JSON pointer to the object of a token answer that holds the tokens; empty for the whole answer.
    pub answer_at: &'static str,
    /// What else a code exchange tells that [`crate::Provider::connected`] needs, as name and JSON pointer into the
    /// whole answer: a number or a text. It names people, so it is never shown.
    pub keep: &'static [(&'static str, &'static str)],
    /// How the client proves itself at the token endpoint.
    pub client_auth: ClientAuth,
    /// Whether PKCE (S256) is taken.
    pub pkce: bool,
    /// How long before its expiry a token is refreshed.
    pub refresh_ahead: Duration,
    /// Life of an access token when the answer does not state it.
    pub default_lifetime: Option<Duration>,
    /// Whether a code exchange without a refresh token is a failed connect.
    pub refresh_token_promised: bool,
    /// What a refresh does to the old refresh token.
    pub rotation: Rotation,
    /// Error codes of the token endpoint that mean lost consent. Anything else passes by itself.
    pub lost_consent: &'static [&'static str],
    /// Statuses inside a token answer of 200 (see [`BodyStatus`]) that mean lost consent when the answer's `error` also
    /// holds one of the texts of `lost_consent`, in any letter case. A status alone never does.
    pub lost_consent_statuses: &'static [i64],
    /// Whether the callback's `scope` parameter states what the user really granted.
    pub scope_in_callback: bool,
}

/// How a provider that answers 200 to everything says in the body what happened. A number that no list holds refuses
/// the request itself, as 400 would.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BodyStatus {
    /// JSON pointer to the number.
    pub pointer: &'static str,
    /// It went well.
    pub ok: &'static [i64],
    /// The token is refused, as by 401.
    pub auth: &'static [i64],
    /// The token is good but not for this, as by 403.
    pub forbidden: &'static [i64],
    /// The quota is used up, as by 429.
    pub quota: &'static [i64],
    /// It passes by itself, as a 503 does.
    pub transient: &'static [i64],
}

/// How the client proves itself at the token endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientAuth {
    /// `client_id` and `client_secret` in the form body.
    Body,
    /// HTTP Basic.
    Basic,
}

/// What a refresh does to the old refresh token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotation {
    /// The same refresh token goes on.
    None,
    /// A new one may come; the returned one is stored.
    MayChange,
    /// Each refresh token works once.
    SingleUse,
}

/// How a grant is revoked.
#[derive(Debug, Clone, Copy)]
pub struct Revoke {
    /// Endpoint (POST).
    pub url: &'static str,
    /// Where the token goes.
    pub token: TokenPlace,
    /// How the client proves itself, if it has to.
    pub client_auth: Option<ClientAuth>,
}

/// Where a token goes in a revocation request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenPlace {
    /// Form field of that name.
    Form(&'static str),
    /// Query parameter of that name.
    Query(&'static str),
}

/// At most `permits` calls in any window of that length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Quota {
    /// Calls that one window admits.
    pub permits: u32,
    /// How the provider counts.
    pub window: QuotaWindow,
}

/// How a provider counts the calls of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum QuotaWindow {
    /// Any stretch of that length.
    Rolling(Duration),
    /// Stretches of that length that begin at multiples of it since midnight UTC.
    Aligned(Duration),
}

impl QuotaWindow {
    /// Length of the window.
    pub const fn length(self) -> Duration {
        match self {
            Self::Rolling(length) | Self::Aligned(length) => length,
        }
    }
}

/// How the provider tells what is left of its quotas.
#[derive(Debug, Clone, Copy)]
pub enum Usage {
    /// It does not, apart from a 429.
    Silent,
    /// Pairs of headers with comma-separated counts in the order of the app quotas (`limit`, `usage`).
    Counts(&'static [CountHeaders]),
    /// The same of a provider whose quotas grow with the app's users: the documented ones are those of an app without
    /// users, and a larger limit that a header states is believed, unless the operator has set one.
    GrowingCounts(&'static [CountHeaders]),
    /// Headers on a 429 alone: the instant (epoch seconds) of reset, beside `Retry-After`.
    ResetOnRefusal {
        /// Name of the header that holds the epoch second.
        reset: &'static str,
    },
}

/// A pair of usage headers whose values are comma-separated lists, shortest window first.
#[derive(Debug, Clone, Copy)]
pub struct CountHeaders {
    /// Header with the limits.
    pub limit: &'static str,
    /// Header with what has been used.
    pub usage: &'static str,
    /// Which of the Spec's `app_quotas` the list positions speak of, by index.
    pub quotas: &'static [usize],
}

/// One kind of thing that a provider serves, with its own cursor.
#[derive(Debug, Clone, Copy)]
pub struct Resource {
    /// Name in configuration, CLI and metrics.
    pub name: &'static str,
    /// Data types of the records that it yields.
    pub yields: &'static [DataType],
    /// Scopes without which it cannot be read; all must be granted.
    pub scopes: &'static [&'static str],
    /// Time between two polls of one connection.
    pub poll: Duration,
    /// How far behind its cursor a poll reads again, for records that arrive late or change.
    pub look_back: Duration,
    /// Longest window that one job may ask for.
    pub max_window: Duration,
    /// How far back the provider's history goes; `None` for a resource that has only a present state.
    pub history: Option<Duration>,
    /// The provider documents that make up one record, first the one that stands for the resource.
    pub documents: &'static [Document],
}

/// One kind of provider document, as a call's template, for tools that feed documents from files.
#[derive(Debug, Clone, Copy)]
pub struct Document {
    /// Short name, unique within the resource.
    pub name: &'static str,
    /// Template of the call that serves it.
    pub template: &'static str,
    /// What the provider answers when there is nothing: a body, or `None` for 404.
    pub empty: Option<&'static str>,
}

/// How the provider tells that something is new.
#[derive(Debug, Clone, Copy)]
pub struct Notifications {
    /// How a notification proves where it comes from.
    pub signature: Signature,
    /// Who has to be subscribed for.
    pub subscription: Subscription,
    /// Status that acknowledges a notification.
    pub ack: u16,
    /// How long the provider waits for it.
    pub ack_within: Duration,
}

/// How a notification proves where it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signature {
    /// The provider sends no notifications.
    NoNotifications,
    /// Nothing proves it: it is a hint only, and what it speaks of is fetched.
    Unsigned,
    /// HMAC-SHA256 with the client secret; the provider's README says over which bytes.
    HmacSha256,
}

/// Who has to be subscribed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subscription {
    /// None, or set up by hand at the provider.
    Manual,
    /// One or more for the whole app, made through the API.
    App,
    /// One for each connection, made through the API.
    Connection,
}

/// Peculiarities that tests choose their cases by.
#[derive(Debug, Clone, Copy, Default)]
pub struct Capabilities {
    /// A grant can be revoked through the API.
    pub revoke: bool,
    /// Lists come in pages.
    pub pages: bool,
    /// A 429 says when to come back.
    pub retry_after: bool,
    /// Notifications tell of deleted records.
    pub deletions: bool,
    /// Notifications tell of lost consent.
    pub revocation_notice: bool,
}
