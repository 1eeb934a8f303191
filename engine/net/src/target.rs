//! What a URL may look like before anything is looked up or sent.
//!
//! A parsed URL comes in, its [`Origin`] goes out. The parser has already brought hosts such as `0x7f.1`, `2130706433`,
//! `0177.0.0.1` or full-width digits into the one form of their address, so there is one check for all notations. This
//! module never resolves a name: that check belongs to the moment of connecting.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use url::{Host, Url};

use crate::error::NetError;
use crate::guard::AddressRules;

/// Where a request goes: scheme, host and port, which is all that errors and logs may say about a URL.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Origin {
    scheme: &'static str,
    host: Arc<str>,
    port: u16,
}

impl Origin {
    /// `http` or `https`.
    pub fn scheme(&self) -> &'static str {
        self.scheme
    }

    /// The host in normal form; an IPv6 address is in brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, also when the URL leaves it to the scheme.
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}:{}", self.scheme, self.host, self.port)
    }
}

/// What the operator permits in a URL.
#[derive(Debug, Clone)]
pub(crate) struct UrlRules {
    pub(crate) http: bool,
    /// Ports beside 80 and 443 at public addresses.
    pub(crate) ports: Vec<u16>,
    pub(crate) addresses: AddressRules,
}

impl UrlRules {
    pub(crate) fn check(&self, url: &Url) -> Result<Origin, NetError> {
        let scheme = self.scheme(url)?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(invalid(url, "it holds a user name or a password; remove them"));
        }
        if url.fragment().is_some() {
            return Err(invalid(
                url,
                "it ends in a fragment, which is never sent; remove the part after '#'",
            ));
        }
        let (Some(host), Some(port)) = (url.host(), url.port_or_known_default()) else {
            return Err(invalid(url, "it has no host"));
        };
        let literal = literal_address(&host);
        if let Some(address) = literal
            && let Some(reason) = self.addresses.refusal(address)
        {
            return Err(NetError::RefusedAddress { host: host.to_string(), reason });
        }
        self.check_port(url, port, literal)?;
        Ok(Origin { scheme, host: host.to_string().into(), port })
    }

    fn scheme(&self, url: &Url) -> Result<&'static str, NetError> {
        match url.scheme() {
            "https" => Ok("https"),
            "http" if self.http => Ok("http"),
            "http" => Err(invalid(url, "plain http is not permitted here; use https")),
            _ => Err(invalid(url, "its scheme is not supported; use https")),
        }
    }

    /// Inside, services listen on any port; outside, a request to a mail or database port is no delivery.
    fn check_port(&self, url: &Url, port: u16, literal: Option<IpAddr>) -> Result<(), NetError> {
        let inside = self.addresses.private || literal.is_some_and(|address| self.addresses.lists(address));
        if port != 0 && (inside || matches!(port, 80 | 443) || self.ports.contains(&port)) {
            return Ok(());
        }
        Err(invalid(url, "its port is not permitted; use 443, or let the operator allow the port"))
    }
}

/// The address that a host is without any look-up. Names under `localhost` mean the machine itself by definition.
fn literal_address(host: &Host<&str>) -> Option<IpAddr> {
    match host {
        Host::Ipv4(address) => Some(IpAddr::V4(*address)),
        Host::Ipv6(address) => Some(IpAddr::V6(*address)),
        Host::Domain(name) => {
            let name = name.strip_suffix('.').unwrap_or(name);
            let local = name == "localhost" || name.ends_with(".localhost");
            local.then_some(IpAddr::V4(Ipv4Addr::LOCALHOST))
        }
    }
}

/// Names the faulty URL by scheme, host and port only.
fn invalid(url: &Url, reason: &'static str) -> NetError {
    let mut shown = format!("{}://", url.scheme());
    if let Some(host) = url.host_str() {
        shown.push_str(host);
    }
    if let Some(port) = url.port() {
        shown.push_str(&format!(":{port}"));
    }
    NetError::InvalidUrl { url: shown, reason }
}

#[cfg(test)]
mod tests;
