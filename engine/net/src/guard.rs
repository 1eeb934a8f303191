//! Which addresses may be connected to.
//!
//! Addresses come from the resolver and from literal hosts in URLs; a verdict goes back. Everything here is a pure
//! function of the address and the operator's options: it never looks a name up and never opens a socket.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

/// What the operator permits beyond public addresses.
#[derive(Debug, Clone, Default)]
pub(crate) struct AddressRules {
    /// Permits [`AddressKind::Loopback`], [`AddressKind::Private`] and [`AddressKind::Shared`].
    pub(crate) private: bool,
    /// Permits the addresses in these networks, whatever their kind.
    pub(crate) networks: Vec<IpNet>,
}

impl AddressRules {
    /// Says why `address` is refused, or nothing when it may be connected to.
    pub(crate) fn refusal(&self, address: IpAddr) -> Option<AddressKind> {
        let kind = AddressKind::of(address)?;
        if (self.private && kind.opens_with_private()) || self.is_listed(address, kind) {
            return None;
        }
        Some(kind)
    }

    /// Whether an allowed network holds `address`, also when it is written as a mapped IPv6 address.
    pub(crate) fn lists(&self, address: IpAddr) -> bool {
        AddressKind::of(address).map_or_else(
            || self.networks.iter().any(|network| holds(network, address)),
            |kind| self.is_listed(address, kind),
        )
    }

    fn is_listed(&self, address: IpAddr, kind: AddressKind) -> bool {
        self.networks
            .iter()
            .any(|network| holds(network, address) && (!kind.is_host_service() || named_on_purpose(network)))
    }
}

fn holds(network: &IpNet, address: IpAddr) -> bool {
    network.contains(&address) || network.contains(&address.to_canonical())
}

/// Whether a network is narrow enough to mean a link-local or metadata address. A wide entry such as `0.0.0.0/0` is
/// written to reach one's own hosts; it must not open the service that hands out the machine's credentials.
fn named_on_purpose(network: &IpNet) -> bool {
    match network {
        IpNet::V4(network) => network.prefix_len() >= 16,
        IpNet::V6(network) => {
            network.prefix_len() >= 32 || (network.prefix_len() >= 10 && is_link_local(network))
        }
    }
}

fn is_link_local(network: &ipnet::Ipv6Net) -> bool {
    kind_of_v6(network.addr()) == Some(AddressKind::LinkLocal)
}

/// The kind of an address that is not an ordinary public one, as the reason of a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AddressKind {
    /// This host: `127.0.0.0/8` and `::1`.
    Loopback,
    /// Private networks: `10.0.0.0/8`, `172.16.0.0/12`, `192.168.0.0/16` and `fc00::/7`.
    Private,
    /// Shared by a provider's customers: `100.64.0.0/10`.
    Shared,
    /// This link: `169.254.0.0/16` and `fe80::/10`.
    LinkLocal,
    /// A cloud's service for the machine itself, which may hand out the machine's credentials.
    Metadata,
    /// This network, or no address at all: `0.0.0.0/8` and `::`.
    Unspecified,
    /// For protocols, not for hosts: `192.0.0.0/24` and `2001::/23`.
    Protocol,
    /// For examples in documents: `192.0.2.0/24`, `198.51.100.0/24`, `203.0.113.0/24`, `2001:db8::/32`, `3fff::/20`.
    Documentation,
    /// For benchmarks: `198.18.0.0/15` and `2001:2::/48`.
    Benchmark,
    /// Groups of hosts: `224.0.0.0/4` and `ff00::/8`.
    Multicast,
    /// All hosts: `255.255.255.255`.
    Broadcast,
    /// Carries an IPv4 address that a gateway would connect to: compatible, NAT64, 6to4 and Teredo addresses, and the
    /// 6to4 relays. The well-known NAT64 prefix `64:ff9b::/96` is refused only when the address inside is not public,
    /// because hosts with IPv6 alone reach the public IPv4 network through it.
    Translated,
    /// Everything that is not assigned to hosts on the public network, such as `240.0.0.0/4` and `fec0::/10`.
    Reserved,
}

impl AddressKind {
    /// The kind of `address`, or nothing for an ordinary public address.
    pub fn of(address: IpAddr) -> Option<Self> {
        match address {
            IpAddr::V4(address) => kind_of_v4(address),
            IpAddr::V6(address) => kind_of_v6(address),
        }
    }

    /// A short stable name, for metrics and for stored reasons.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Loopback => "loopback",
            Self::Private => "private",
            Self::Shared => "shared",
            Self::LinkLocal => "link-local",
            Self::Metadata => "metadata",
            Self::Unspecified => "unspecified",
            Self::Protocol => "protocol",
            Self::Documentation => "documentation",
            Self::Benchmark => "benchmark",
            Self::Multicast => "multicast",
            Self::Broadcast => "broadcast",
            Self::Translated => "translated",
            Self::Reserved => "reserved",
        }
    }

    fn opens_with_private(self) -> bool {
        matches!(self, Self::Loopback | Self::Private | Self::Shared)
    }

    fn is_host_service(self) -> bool {
        matches!(self, Self::Metadata | Self::LinkLocal)
    }
}

impl fmt::Display for AddressKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

fn kind_of_v4(address: Ipv4Addr) -> Option<AddressKind> {
    let kind = match address.octets() {
        // The metadata service of most clouds, container credentials, Azure's host service, Alibaba's metadata.
        [169, 254, 169, 254] | [169, 254, 170, 2] | [168, 63, 129, 16] | [100, 100, 100, 200] => {
            AddressKind::Metadata
        }
        [0, ..] => AddressKind::Unspecified,
        [127, ..] => AddressKind::Loopback,
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => AddressKind::Private,
        [100, 64..=127, ..] => AddressKind::Shared,
        [169, 254, ..] => AddressKind::LinkLocal,
        [192, 0, 0, _] => AddressKind::Protocol,
        [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _] => AddressKind::Documentation,
        [192, 88, 99, _] => AddressKind::Translated,
        [198, 18..=19, ..] => AddressKind::Benchmark,
        [255, 255, 255, 255] => AddressKind::Broadcast,
        [224..=239, ..] => AddressKind::Multicast,
        [240..=255, ..] => AddressKind::Reserved,
        _ => return None,
    };
    Some(kind)
}

fn kind_of_v6(address: Ipv6Addr) -> Option<AddressKind> {
    if let Some(mapped) = address.to_ipv4_mapped() {
        return kind_of_v4(mapped);
    }
    let kind = match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0] => AddressKind::Unspecified,
        [0, 0, 0, 0, 0, 0, 0, 1] => AddressKind::Loopback,
        [0, 0, 0, 0, 0, 0, _, _] => AddressKind::Translated,
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            kind_of_v4(joined(high, low))?;
            AddressKind::Translated
        }
        [0x64, 0xff9b, ..] | [0x2001, 0, ..] | [0x2002, ..] => AddressKind::Translated,
        // The metadata services of AWS, Oracle and Google, inside the unique local range.
        [0xfd00, 0x0ec2, ..]
        | [0xfd00, 0x00c1, 0, 0, 0, 0, 0xa9fe, 0xa9fe]
        | [0xfd20, 0x00ce, 0, 0, 0, 0, 0, 0x0254] => AddressKind::Metadata,
        [0xfc00..=0xfdff, ..] => AddressKind::Private,
        [0xfe80..=0xfebf, ..] => AddressKind::LinkLocal,
        [0xff00..=0xffff, ..] => AddressKind::Multicast,
        [0x2001, 0x0db8, ..] | [0x3fff, 0..=0x0fff, ..] => AddressKind::Documentation,
        [0x2001, 2, 0, ..] => AddressKind::Benchmark,
        [0x2001, 0..=0x01ff, ..] => AddressKind::Protocol,
        // The only block from which addresses of public hosts are given out.
        [0x2000..=0x3fff, ..] => return None,
        _ => AddressKind::Reserved,
    };
    Some(kind)
}

fn joined(high: u16, low: u16) -> Ipv4Addr {
    Ipv4Addr::from_bits((u32::from(high) << 16) | u32::from(low))
}

#[cfg(test)]
mod tests;
