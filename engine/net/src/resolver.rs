//! Looks names up and lets through only addresses that the guard permits.
//!
//! The HTTP client asks [`GuardedResolver`] for addresses at the moment it opens a connection and connects to exactly
//! those, so a name cannot pass the check with one address and be connected to with another. The name itself stays in
//! the request, so the TLS name and the `Host` header are untouched. Nothing is cached here.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;

use ipnet::IpNet;

use crate::error::NetError;
use crate::guard::{AddressKind, AddressRules};

/// The future of a look-up: the addresses of a name, or why there are none.
pub type Resolving<'a> = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send + 'a>>;

/// Where the addresses of names come from. The default asks the operating system.
pub trait Resolver: Send + Sync + 'static {
    /// All IPv4 and IPv6 addresses of `host`. An error or an empty list is treated as a fault that may pass.
    fn resolve<'a>(&'a self, host: &'a str) -> Resolving<'a>;
}

/// Asks the operating system.
pub(crate) struct SystemResolver;

impl Resolver for SystemResolver {
    fn resolve<'a>(&'a self, host: &'a str) -> Resolving<'a> {
        Box::pin(async move {
            let found = tokio::net::lookup_host((host, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}

/// A resolver behind the address rules. One refused address refuses the name: a name that points both outside and
/// inside is either an attack or a mistake, and picking among its addresses would hide it.
pub(crate) struct GuardedResolver {
    pub(crate) resolver: Box<dyn Resolver>,
    pub(crate) rules: AddressRules,
}

impl GuardedResolver {
    pub(crate) async fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, LookupError> {
        let addresses = self.resolver.resolve(host).await.map_err(LookupError::Failed)?;
        if addresses.is_empty() {
            return Err(LookupError::Empty);
        }
        for address in &addresses {
            if let Some(kind) = self.rules.refusal(*address) {
                // For the operator's eyes only: the error that a tenant may read does not tell inside addresses.
                tracing::debug!(host, %address, %kind, "address refused");
                return Err(LookupError::Refused(kind));
            }
        }
        Ok(addresses)
    }
}

/// The addresses of a host that may be connected to, for protocols other than HTTP. Whoever asks must connect to one of
/// these, or must have the other side prove its name: a second look-up may answer otherwise.
///
/// # Errors
/// [`NetError::RefusedAddress`] for an address that is neither public nor in an allowed network; [`NetError::Dns`], which
/// may pass.
pub async fn lookup(host: &str, allowed_networks: &[IpNet]) -> Result<Vec<IpAddr>, NetError> {
    let rules = AddressRules { private: false, networks: allowed_networks.to_vec() };
    let guarded = GuardedResolver { resolver: Box::new(SystemResolver), rules };
    guarded.addresses(host).await.map_err(|error| error.to_net_error(host))
}

/// Why a name gave no address to connect to.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LookupError {
    #[error("the name has no address")]
    Empty,
    #[error("its address is {0}")]
    Refused(AddressKind),
    #[error(transparent)]
    Failed(io::Error),
}

impl LookupError {
    pub(crate) fn to_net_error(&self, host: &str) -> NetError {
        let host = host.to_owned();
        match self {
            Self::Refused(reason) => NetError::RefusedAddress { host, reason: *reason },
            Self::Empty | Self::Failed(_) => NetError::Dns { host, reason: self.to_string() },
        }
    }
}

/// The form in which the HTTP client wants a resolver.
pub(crate) struct ForReqwest(pub(crate) std::sync::Arc<GuardedResolver>);

impl fmt::Debug for ForReqwest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ForReqwest")
    }
}

impl reqwest::dns::Resolve for ForReqwest {
    fn resolve(&self, name: reqwest::dns::Name) -> reqwest::dns::Resolving {
        let guarded = self.0.clone();
        Box::pin(async move {
            let addresses = guarded.addresses(name.as_str()).await?;
            // Port 0 means: the port of the URL.
            let addresses = addresses.into_iter().map(|address| SocketAddr::new(address, 0));
            Ok(Box::new(addresses) as reqwest::dns::Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_look_up_gives_only_addresses_that_may_be_connected_to() {
        let network: IpNet = "127.0.0.0/8".parse().unwrap();
        for host in ["127.0.0.1", "localhost", "::1", "10.1.2.3", "169.254.169.254"] {
            let error = lookup(host, &[]).await.unwrap_err();
            assert!(matches!(error, NetError::RefusedAddress { .. }), "{host}: {error}");
        }
        let found = lookup("127.0.0.1", &[network]).await.unwrap();
        assert_eq!(found, [IpAddr::from([127, 0, 0, 1])]);
        assert!(matches!(lookup("10.1.2.3", &[network]).await, Err(NetError::RefusedAddress { .. })));
    }
}
