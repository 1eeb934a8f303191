//! The client: a connection pool, time-outs and the way of one request.
//!
//! Requests come from the engine's fetching, from OAuth calls and from sinks; answers go back to them whole, with any
//! status. A redirect is an answer like any other and never followed.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use http::Method;
use http::header::{CONTENT_LENGTH, HeaderValue};
use ipnet::IpNet;
use tokio::time::{Instant, timeout, timeout_at};
use url::{Host, Url};

use crate::body::{self, Cap};
use crate::error::{NetError, Phase};
use crate::guard::AddressRules;
use crate::resolver::{ForReqwest, GuardedResolver, Resolver, SystemResolver};
use crate::target::{Origin, UrlRules};

/// An HTTP client that checks every address it connects to.
///
/// A clone is cheap and shares the pool. Building one reads the system's certificates, so build one per set of options
/// and clone it.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    shared: Arc<Shared>,
}

struct Shared {
    rules: UrlRules,
    resolver: Arc<GuardedResolver>,
    connect_timeout: Duration,
    timeout: Duration,
    max_body: usize,
    /// The first URI that passed the check: a webhook posts to one all its life, which need not be parsed each time.
    known: OnceLock<Known>,
}

/// A URI as it was written, and what it was found to be.
struct Known {
    uri: http::Uri,
    url: Url,
    origin: Origin,
}

/// How a [`Client`] behaves. The default is strict: https to public addresses on the usual ports only.
#[derive(Debug, Clone)]
pub struct ClientOptions {
    /// Permits loopback, private and shared addresses (`127.0.0.0/8`, `::1`, `10.0.0.0/8`, `172.16.0.0/12`,
    /// `192.168.0.0/16`, `fc00::/7`, `100.64.0.0/10`) and any port. Metadata services and link-local addresses stay
    /// refused.
    pub allow_private_networks: bool,
    /// Permits the addresses in these networks, whatever they are. Metadata services and link-local addresses are
    /// permitted only by an entry that means them: not wider than /16 for IPv4 or /32 for IPv6, or inside `fe80::/10`.
    pub allowed_networks: Vec<IpNet>,
    /// Ports permitted beside 80 and 443. Hosts that are literal addresses in [`Self::allowed_networks`] may use any.
    pub allowed_ports: Vec<u16>,
    /// Permits plain http.
    pub allow_http: bool,
    /// The longest time for look-up, TCP and TLS together.
    pub connect_timeout: Duration,
    /// The longest time for a whole request, from look-up to the last byte of the answer.
    pub timeout: Duration,
    /// The largest body of an answer, in bytes.
    pub max_body: usize,
    /// How many unused connections are kept open per host.
    pub pool_idle_per_host: usize,
    /// The `User-Agent` of requests that do not set their own.
    pub user_agent: String,
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self {
            allow_private_networks: false,
            allowed_networks: Vec::new(),
            allowed_ports: Vec::new(),
            allow_http: false,
            connect_timeout: Duration::from_secs(10),
            timeout: Duration::from_secs(30),
            max_body: 16 * 1024 * 1024,
            pool_idle_per_host: 32,
            user_agent: concat!("tributary/", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }
}

/// Limits of one request; what is not set comes from the [`ClientOptions`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Limits {
    /// The longest time for the whole request.
    pub timeout: Option<Duration>,
    /// The largest body of the answer, in bytes.
    pub max_body: Option<usize>,
    /// Keep the first `max_body` bytes of a longer body and drop the rest, instead of failing.
    pub truncate: bool,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("rules", &self.shared.rules).finish_non_exhaustive()
    }
}

impl Client {
    /// Builds a client. On a system without any trusted certificate it is built all the same, with a warning in the
    /// log, and refuses every https connection.
    ///
    /// # Errors
    /// [`NetError::Build`] when the user agent is no header value or TLS cannot be set up.
    pub fn new(options: ClientOptions) -> Result<Self, NetError> {
        Self::with_resolver(options, SystemResolver)
    }

    /// Builds a client that looks names up with `resolver`. The address rules apply to what it finds.
    ///
    /// # Errors
    /// As [`Client::new`].
    pub fn with_resolver(options: ClientOptions, resolver: impl Resolver) -> Result<Self, NetError> {
        let addresses = AddressRules {
            private: options.allow_private_networks,
            networks: options.allowed_networks.clone(),
        };
        let resolver = Arc::new(GuardedResolver { resolver: Box::new(resolver), rules: addresses.clone() });
        let http = build(&options, &resolver)?;
        let rules = UrlRules { http: options.allow_http, ports: options.allowed_ports, addresses };
        let shared = Shared {
            rules,
            resolver,
            connect_timeout: options.connect_timeout,
            timeout: options.timeout,
            max_body: options.max_body,
            known: OnceLock::new(),
        };
        Ok(Self { http, shared: Arc::new(shared) })
    }

    /// Checks what a URL says by itself: scheme, user name, fragment, port and a literal address in any notation. Meant
    /// for configuration time; [`Client::send`] checks again.
    ///
    /// # Errors
    /// [`NetError::InvalidUrl`] or [`NetError::RefusedAddress`].
    pub fn check_url(&self, url: &Url) -> Result<(), NetError> {
        self.shared.rules.check(url).map(drop)
    }

    /// Checks a URL and the addresses that its host resolves to now, for a clear message at configuration time. What
    /// holds for a request is the check when it connects.
    ///
    /// # Errors
    /// As [`Client::check_url`], and [`NetError::Dns`] or [`NetError::Timeout`], which may pass.
    pub async fn resolve_check(&self, url: &Url) -> Result<(), NetError> {
        let origin = self.shared.rules.check(url)?;
        let Some(Host::Domain(name)) = url.host() else { return Ok(()) };
        let after = self.shared.connect_timeout;
        match timeout(after, self.shared.resolver.addresses(name)).await {
            Ok(found) => found.map(drop).map_err(|error| error.to_net_error(name)),
            Err(_elapsed) => Err(NetError::Timeout { origin, phase: Phase::Connect, after }),
        }
    }

    /// Sends a request and reads the whole answer, whatever its status.
    ///
    /// The URI must be absolute. It is sent in the normal form of the URL standard (no dot segments, a few characters
    /// percent-encoded), so whoever signs a request must sign a URI that is in this form already.
    ///
    /// # Errors
    /// Any [`NetError`]; see [`NetError::is_final`].
    pub async fn send(
        &self,
        request: http::Request<Bytes>,
        limits: Limits,
    ) -> Result<http::Response<Bytes>, NetError> {
        let (request, origin) = self.prepare(request)?;
        let after = limits.timeout.unwrap_or(self.shared.timeout).min(LONGEST);
        let deadline = Instant::now() + after;
        let mut response = match timeout_at(deadline, self.http.execute(request)).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => {
                return Err(NetError::from_reqwest(error, &origin, self.shared.connect_timeout));
            }
            Err(_elapsed) => return Err(NetError::Timeout { origin, phase: Phase::Answer, after }),
        };
        let limit = limits.max_body.unwrap_or(self.shared.max_body);
        let cap = Cap { limit, truncate: limits.truncate, deadline, after };
        let body = body::read(&mut response, &cap, &origin).await?;
        let mut answer = http::Response::new(body);
        *answer.status_mut() = response.status();
        *answer.version_mut() = response.version();
        *answer.headers_mut() = std::mem::take(response.headers_mut());
        Ok(answer)
    }

    fn prepare(&self, request: http::Request<Bytes>) -> Result<(reqwest::Request, Origin), NetError> {
        let (parts, body) = request.into_parts();
        let (url, origin) = self.checked(parts.uri)?;
        let means_body = matches!(parts.method, Method::POST | Method::PUT | Method::PATCH);
        let mut prepared = reqwest::Request::new(parts.method, url);
        *prepared.headers_mut() = parts.headers;
        if !body.is_empty() {
            *prepared.body_mut() = Some(body.into());
        } else if means_body {
            // Some servers refuse these methods without a length, which the library leaves out.
            prepared.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        Ok((prepared, origin))
    }

    fn checked(&self, uri: http::Uri) -> Result<(Url, Origin), NetError> {
        // The rules never change, so what passed once passes always. Addresses are checked when it connects.
        if let Some(known) = self.shared.known.get().filter(|known| known.uri == uri) {
            return Ok((known.url.clone(), known.origin.clone()));
        }
        let url = Url::parse(&uri.to_string()).map_err(|error| NetError::Build {
            reason: format!("the URI of a request must be an absolute URL: {error}"),
        })?;
        let origin = self.shared.rules.check(&url)?;
        self.shared.known.get_or_init(|| Known { uri, url: url.clone(), origin: origin.clone() });
        Ok((url, origin))
    }
}

/// Beyond this a time-out means none, and adding it to the clock could overflow.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// How long an unused connection stays open: less than common servers and balancers keep theirs.
const POOL_IDLE: Duration = Duration::from_secs(30);

fn build(options: &ClientOptions, resolver: &Arc<GuardedResolver>) -> Result<reqwest::Client, NetError> {
    match builder(options, resolver).build() {
        Ok(client) => Ok(client),
        // The usual cause is a system without certificates, and a deployment that speaks http only needs none.
        Err(first) => {
            let client = without_certificates(options, resolver)?;
            tracing::warn!(
                error = %NetError::build(first),
                "no trusted certificates on this system, so every https request will fail; install the CA bundle or \
                 set SSL_CERT_FILE"
            );
            Ok(client)
        }
    }
}

fn without_certificates(
    options: &ClientOptions,
    resolver: &Arc<GuardedResolver>,
) -> Result<reqwest::Client, NetError> {
    builder(options, resolver).tls_certs_only([]).build().map_err(NetError::build)
}

fn builder(options: &ClientOptions, resolver: &Arc<GuardedResolver>) -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .user_agent(options.user_agent.as_str())
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .no_proxy()
        .https_only(!options.allow_http)
        .dns_resolver(Arc::new(ForReqwest(resolver.clone())))
        .connect_timeout(options.connect_timeout)
        .pool_max_idle_per_host(options.pool_idle_per_host)
        .pool_idle_timeout(POOL_IDLE)
}

#[cfg(test)]
mod tests;
