//! What can go wrong between a request and its answer.
//!
//! Errors come from the URL check, the resolver and the HTTP library and go to whoever decides about a retry. Their text
//! may be shown to tenants, so it holds the origin of the URL at most: never a path, a query, a user name, a header, a
//! body, or an address that a name resolved to.

use std::error::Error;
use std::fmt;
use std::io;
use std::time::Duration;

use crate::guard::AddressKind;
use crate::resolver::LookupError;
use crate::target::Origin;

/// Why a request got no whole answer. An answer with any status, 3xx to 5xx included, is no error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NetError {
    /// The URL cannot be used. Final.
    #[error("the URL {url} is refused: {reason}")]
    InvalidUrl {
        /// Scheme, host and port of the URL, as far as they could be read.
        url: String,
        /// What is wrong and how to put it right.
        reason: &'static str,
    },
    /// The host is, or resolves to, an address that must not be connected to. Final.
    #[error(
        "the host {host} is refused: its address is {reason}; use a public host, or let the operator allow its network"
    )]
    RefusedAddress {
        /// The host as the URL has it.
        host: String,
        /// The kind of the refused address. The address itself stays untold.
        reason: AddressKind,
    },
    /// The name could not be resolved.
    #[error("cannot resolve {host}: {reason}")]
    Dns {
        /// The name that was looked up.
        host: String,
        /// The resolver's words.
        reason: String,
    },
    /// No TCP connection came about.
    #[error("cannot connect to {origin}: {reason}")]
    Connect {
        /// Where the request went.
        origin: Origin,
        /// The system's words.
        reason: String,
    },
    /// The TLS handshake failed, for example for want of a trusted certificate.
    #[error("no secure connection to {origin}: {reason}")]
    Tls {
        /// Where the request went.
        origin: Origin,
        /// What was wrong with the handshake.
        reason: String,
    },
    /// Time ran out.
    #[error("{origin} took longer than {} ms to {phase}", after.as_millis())]
    Timeout {
        /// Where the request went.
        origin: Origin,
        /// What was waited for.
        phase: Phase,
        /// The limit that was passed.
        after: Duration,
    },
    /// The body of the answer is larger than the caller allows.
    #[error("the answer of {origin} is larger than {limit} bytes")]
    BodyTooLarge {
        /// Where the request went.
        origin: Origin,
        /// The limit in bytes.
        limit: usize,
    },
    /// The connection ended before the answer was complete.
    #[error("the connection to {origin} broke: {reason}")]
    Interrupted {
        /// Where the request went.
        origin: Origin,
        /// How it ended.
        reason: String,
    },
    /// The other side does not speak HTTP as it should.
    #[error("{origin} broke the rules of HTTP: {reason}")]
    Protocol {
        /// Where the request went.
        origin: Origin,
        /// The rule.
        reason: String,
    },
    /// The client or the request could not be built. Final.
    #[error("cannot build the HTTP client or request: {reason}")]
    Build {
        /// What was wrong with it.
        reason: String,
    },
}

impl NetError {
    /// Whether the same request can never succeed, so that a retry is pointless.
    pub fn is_final(&self) -> bool {
        match self {
            Self::InvalidUrl { .. } | Self::RefusedAddress { .. } | Self::Build { .. } => true,
            Self::Dns { .. }
            | Self::Connect { .. }
            | Self::Tls { .. }
            | Self::Timeout { .. }
            | Self::BodyTooLarge { .. }
            | Self::Interrupted { .. }
            | Self::Protocol { .. } => false,
        }
    }

    /// Whether the other side may have received the request. When this is false, it certainly has not, and a request
    /// that must not be made twice is safe to repeat.
    pub fn may_have_been_received(&self) -> bool {
        match self {
            Self::InvalidUrl { .. }
            | Self::RefusedAddress { .. }
            | Self::Build { .. }
            | Self::Dns { .. }
            | Self::Connect { .. }
            | Self::Tls { .. }
            | Self::Timeout { phase: Phase::Connect, .. } => false,
            Self::Timeout { phase: Phase::Answer | Phase::Body, .. }
            | Self::BodyTooLarge { .. }
            | Self::Interrupted { .. }
            | Self::Protocol { .. } => true,
        }
    }

    /// A short stable name of the kind of error, for metrics and spans.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::InvalidUrl { .. } => "invalid_url",
            Self::RefusedAddress { .. } => "refused_address",
            Self::Dns { .. } => "dns",
            Self::Connect { .. } => "connect",
            Self::Tls { .. } => "tls",
            Self::Timeout { phase: Phase::Connect, .. } => "connect_timeout",
            Self::Timeout { .. } => "timeout",
            Self::BodyTooLarge { .. } => "body_too_large",
            Self::Interrupted { .. } => "interrupted",
            Self::Protocol { .. } => "protocol",
            Self::Build { .. } => "build",
        }
    }

    /// An error of building the client.
    pub(crate) fn build(error: reqwest::Error) -> Self {
        Self::Build { reason: innermost(&error.without_url()) }
    }

    /// Sorts an error of the HTTP library.
    pub(crate) fn from_reqwest(error: reqwest::Error, origin: &Origin, connect_timeout: Duration) -> Self {
        let error = error.without_url();
        if let Some(lookup) = find::<LookupError>(&error) {
            return lookup.to_net_error(origin.host());
        }
        let origin = origin.clone();
        let reason = innermost(&error);
        if error.is_builder() {
            Self::Build { reason }
        } else if error.is_connect() && error.is_timeout() {
            Self::Timeout { origin, phase: Phase::Connect, after: connect_timeout }
        } else if error.is_connect() && is_handshake(&error) {
            Self::Tls { origin, reason }
        } else if error.is_connect() {
            Self::Connect { origin, reason }
        } else if find::<hyper::Error>(&error).is_some_and(|error| error.is_parse() || error.is_user()) {
            Self::Protocol { origin, reason }
        } else {
            Self::Interrupted { origin, reason }
        }
    }
}

/// What was waited for when time ran out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Look-up, TCP and TLS; the request was not sent.
    Connect,
    /// The head of the answer; when the whole time allowed is shorter than the time to connect, maybe the connection.
    Answer,
    /// The rest of the body.
    Body,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "accept a connection",
            Self::Answer => "answer",
            Self::Body => "send the whole body",
        })
    }
}

/// The TLS library reports its faults as invalid data, and a peer that hangs up in a handshake as an early end; a failed
/// TCP connection has neither. Each layer may wrap the system error of the one below in its own.
fn is_handshake(error: &reqwest::Error) -> bool {
    std::iter::successors(find::<io::Error>(error), |error| (*error).get_ref()?.downcast_ref())
        .any(|error| matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof))
}

fn find<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    causes(error).find_map(|cause| cause.downcast_ref())
}

fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| (*error).source())
}

/// The words of the innermost cause, which name the fault; the outer ones only say where it passed. The peer can have a
/// part in them (names in a certificate), so they are cut and cleaned.
fn innermost(error: &reqwest::Error) -> String {
    const LONGEST: usize = 200;
    let text = causes(error).last().map(ToString::to_string).unwrap_or_default();
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST).collect()
}
