//! The settings of a webhook, and their check.
//!
//! Read from configuration; [`Options::check`] turns them into what a request needs. Nothing is looked up here.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, Uri, header};
use schemars::JsonSchema;
use serde::Deserialize;
use tributary_contract::Secret;
use tributary_contract::sink::{Grouping, Limits, SinkError};
use tributary_net::{Client, ClientOptions, NetError, Url};

use super::signature::Signer;
use crate::duration::HumanDuration;
use crate::registry::Context;

/// Settings of `type: webhook`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Options {
    /// Where events are posted. Must be https, unless `allow_http` or `allow_private_networks` is set.
    #[schemars(with = "String")]
    pub url: Secret<String>,
    /// Signing secret, shared with the receiver.
    #[schemars(with = "String")]
    pub secret: Secret<String>,
    /// How long one request may take in all, at most 100s.
    #[serde(default = "default_timeout")]
    pub timeout: HumanDuration,
    /// Permits loopback and private addresses, any port, and plain http.
    #[serde(default)]
    pub allow_private_networks: bool,
    /// Permits plain http to public addresses. Health data then travels unencrypted.
    #[serde(default)]
    pub allow_http: bool,
    /// Records in one event.
    #[serde(default = "default_max_records")]
    pub max_records: NonZeroUsize,
    /// Bytes of all records in one event; a single larger record still goes alone.
    #[serde(default = "default_max_bytes")]
    pub max_bytes: NonZeroUsize,
    /// Bytes of one record; a larger one goes to the dead letters untried.
    #[serde(default = "default_max_record_bytes")]
    pub max_record_bytes: NonZeroUsize,
    /// Most requests under way at once, up to 256; fewer in the beginning and while the receiver gets slower or refuses.
    #[serde(default = "default_in_flight")]
    pub in_flight: NonZeroUsize,
    /// Further headers of every request, such as a gateway's key.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, String>")]
    pub headers: BTreeMap<String, Secret<String>>,
}

const fn default_timeout() -> HumanDuration {
    HumanDuration::from_secs(15)
}

const fn or_one(number: usize) -> NonZeroUsize {
    match NonZeroUsize::new(number) {
        Some(number) => number,
        None => NonZeroUsize::MIN,
    }
}

const fn default_max_records() -> NonZeroUsize {
    or_one(10)
}

const fn default_max_bytes() -> NonZeroUsize {
    or_one(10_000_000)
}

const fn default_max_record_bytes() -> NonZeroUsize {
    or_one(64 * 1024 * 1024)
}

const fn default_in_flight() -> NonZeroUsize {
    or_one(16)
}

/// The longest time that a request may be given; the engine ends a whole delivery soon after.
const LONGEST_TIMEOUT: Duration = Duration::from_secs(100);
const MOST_IN_FLIGHT: usize = 256;

/// Settings that can work.
pub(super) struct Checked {
    pub(super) client: Client,
    pub(super) uri: Uri,
    /// Scheme, host and port, for people.
    pub(super) origin: String,
    pub(super) signer: Signer,
    /// Headers that are the same in every request.
    pub(super) headers: HeaderMap,
    pub(super) timeout: Duration,
    pub(super) limits: Limits,
}

impl Options {
    pub(super) fn check(self, context: &Context) -> Result<Checked, SinkError> {
        let timeout = self.timeout.get();
        if timeout.is_zero() || timeout > LONGEST_TIMEOUT {
            return Err(unusable("timeout", "it must be longer than 0s and at most 100s"));
        }
        if self.in_flight.get() > MOST_IN_FLIGHT {
            return Err(unusable("in_flight", "it may be at most 256"));
        }
        if self.secret.expose().trim().is_empty() {
            return Err(unusable("secret", "it is empty, so nobody could tell a forged event"));
        }
        let client = self.client(timeout, context)?;
        let url = Url::parse(self.url.expose())
            .map_err(|error| unusable("url", &format!("it is no absolute URL: {error}")))?;
        client.check_url(&url).map_err(|error| unusable("url", &error.to_string()))?;
        let uri =
            url.as_str().parse().map_err(|error| unusable("url", &format!("it cannot be sent: {error}")))?;
        let signer = Signer::new(self.secret.expose())
            .map_err(|error| unusable("secret", &format!("it cannot be a key: {error}")))?;
        Ok(Checked {
            client,
            uri,
            origin: url.origin().ascii_serialization(),
            signer,
            headers: self.static_headers(context)?,
            timeout,
            limits: Limits {
                grouping: Grouping::Event,
                entries: self.max_records.get(),
                bytes: self.max_bytes.get(),
                entry_bytes: self.max_record_bytes.get(),
                in_flight: self.in_flight.get(),
            },
        })
    }

    fn client(&self, timeout: Duration, context: &Context) -> Result<Client, SinkError> {
        let defaults = ClientOptions::default();
        let user_agent =
            if context.user_agent.is_empty() { defaults.user_agent } else { context.user_agent.clone() };
        Client::new(ClientOptions {
            allow_private_networks: self.allow_private_networks,
            allowed_networks: context.allowed_networks.clone(),
            allowed_ports: context.allowed_ports.clone(),
            allow_http: self.allow_http || self.allow_private_networks,
            connect_timeout: defaults.connect_timeout.min(timeout),
            timeout,
            max_body: super::ANSWER_BYTES,
            pool_idle_per_host: self.in_flight.get(),
            user_agent,
        })
        .map_err(|error: NetError| unusable("user_agent", &error.to_string()))
    }

    fn static_headers(&self, context: &Context) -> Result<HeaderMap, SinkError> {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let dev_id = HeaderValue::try_from(context.dev_id.as_str())
            .map_err(|_error| unusable("dev_id", "it holds a character that a header cannot carry"))?;
        headers.insert("dev-id", dev_id);
        for (name, value) in &self.headers {
            let setting = format!("headers.{name}");
            let parsed = HeaderName::try_from(name.as_str())
                .map_err(|_error| unusable(&setting, "it is no name of a header"))?;
            if is_ours(&parsed) {
                return Err(unusable(
                    &setting,
                    "this header is set by Tributary or by HTTP itself; remove it",
                ));
            }
            let mut value = HeaderValue::try_from(value.expose().as_str()).map_err(|_error| {
                unusable(&setting, "its value holds a character that a header cannot carry")
            })?;
            value.set_sensitive(true);
            headers.insert(parsed, value);
        }
        Ok(headers)
    }
}

/// Headers that settings may not set, since a receiver or the connection relies on them.
fn is_ours(name: &HeaderName) -> bool {
    const PREFIXES: [&str; 4] = ["terra-", "x-terra-", "x-tributary-", "webhook-"];
    const NAMES: [&str; 13] = [
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "dev-id",
        "expect",
        "host",
        "keep-alive",
        "te",
        "traceparent",
        "trailer",
        "transfer-encoding",
        "upgrade",
    ];
    let name = name.as_str();
    NAMES.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

pub(super) fn unusable(setting: &str, reason: &str) -> SinkError {
    SinkError::Unusable { setting: setting.to_owned(), reason: reason.to_owned() }
}
