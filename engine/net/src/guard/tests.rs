use std::net::IpAddr;

use ipnet::IpNet;

use super::{AddressKind, AddressRules};

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn listed(networks: &[&str]) -> AddressRules {
    let networks = networks.iter().map(|text| text.parse::<IpNet>().unwrap()).collect();
    AddressRules { private: false, networks }
}

const STRICT: AddressRules = AddressRules { private: false, networks: Vec::new() };
const PRIVATE: AddressRules = AddressRules { private: true, networks: Vec::new() };

/// The edges of every refused block, and the addresses behind known attacks.
const REFUSED: &[(&str, AddressKind)] = &[
    ("0.0.0.0", AddressKind::Unspecified),
    ("0.255.255.255", AddressKind::Unspecified),
    ("10.0.0.0", AddressKind::Private),
    ("10.255.255.255", AddressKind::Private),
    ("100.64.0.0", AddressKind::Shared),
    ("100.127.255.255", AddressKind::Shared),
    ("100.100.100.200", AddressKind::Metadata),
    ("127.0.0.1", AddressKind::Loopback),
    ("127.255.255.254", AddressKind::Loopback),
    ("168.63.129.16", AddressKind::Metadata),
    ("169.254.0.0", AddressKind::LinkLocal),
    ("169.254.169.253", AddressKind::LinkLocal),
    ("169.254.169.254", AddressKind::Metadata),
    ("169.254.170.2", AddressKind::Metadata),
    ("169.254.255.255", AddressKind::LinkLocal),
    ("172.16.0.0", AddressKind::Private),
    ("172.31.255.255", AddressKind::Private),
    ("192.0.0.1", AddressKind::Protocol),
    ("192.0.0.192", AddressKind::Protocol),
    ("192.0.2.1", AddressKind::Documentation),
    ("192.88.99.1", AddressKind::Translated),
    ("192.168.0.0", AddressKind::Private),
    ("192.168.255.255", AddressKind::Private),
    ("198.18.0.0", AddressKind::Benchmark),
    ("198.19.255.255", AddressKind::Benchmark),
    ("198.51.100.7", AddressKind::Documentation),
    ("203.0.113.7", AddressKind::Documentation),
    ("224.0.0.1", AddressKind::Multicast),
    ("239.255.255.255", AddressKind::Multicast),
    ("240.0.0.1", AddressKind::Reserved),
    ("255.255.255.254", AddressKind::Reserved),
    ("255.255.255.255", AddressKind::Broadcast),
    ("::", AddressKind::Unspecified),
    ("::1", AddressKind::Loopback),
    ("::2", AddressKind::Translated),
    ("::127.0.0.1", AddressKind::Translated),
    ("::8.8.8.8", AddressKind::Translated),
    ("::ffff:127.0.0.1", AddressKind::Loopback),
    ("::ffff:10.1.2.3", AddressKind::Private),
    ("::ffff:169.254.169.254", AddressKind::Metadata),
    ("::ffff:0.0.0.0", AddressKind::Unspecified),
    ("::ffff:100.64.0.1", AddressKind::Shared),
    ("::ffff:0:127.0.0.1", AddressKind::Reserved),
    ("64:ff9b::127.0.0.1", AddressKind::Translated),
    ("64:ff9b::10.0.0.1", AddressKind::Translated),
    ("64:ff9b::169.254.169.254", AddressKind::Translated),
    ("64:ff9b:0:0:1::8.8.8.8", AddressKind::Translated),
    ("64:ff9b:1::a9fe:a9fe", AddressKind::Translated),
    ("64:ff9b:1:ffff::8.8.8.8", AddressKind::Translated),
    ("100::1", AddressKind::Reserved),
    ("2001::1", AddressKind::Translated),
    ("2001:0:4136:e378:8000:63bf:3fff:fdd2", AddressKind::Translated),
    ("2001:2::1", AddressKind::Benchmark),
    ("2001:10::1", AddressKind::Protocol),
    ("2001:1ff:ffff::1", AddressKind::Protocol),
    ("2001:db8::1", AddressKind::Documentation),
    ("2001:db8:ffff:ffff::1", AddressKind::Documentation),
    ("2002:7f00:1::", AddressKind::Translated),
    ("2002:a9fe:a9fe::1", AddressKind::Translated),
    ("3fff::1", AddressKind::Documentation),
    ("3fff:fff:ffff::1", AddressKind::Documentation),
    ("4000::1", AddressKind::Reserved),
    ("5f00::1", AddressKind::Reserved),
    ("fc00::1", AddressKind::Private),
    ("fd00:ec2::23", AddressKind::Metadata),
    ("fd00:ec2::254", AddressKind::Metadata),
    ("fd00:c1::a9fe:a9fe", AddressKind::Metadata),
    ("fd20:ce::254", AddressKind::Metadata),
    ("fdff:ffff::1", AddressKind::Private),
    ("fe00::1", AddressKind::Reserved),
    ("fe80::1", AddressKind::LinkLocal),
    ("febf::1", AddressKind::LinkLocal),
    ("fec0::1", AddressKind::Reserved),
    ("feff::1", AddressKind::Reserved),
    ("ff02::1", AddressKind::Multicast),
    ("ffff::1", AddressKind::Multicast),
];

/// The neighbours of the refused blocks, and ordinary hosts.
const PUBLIC: &[&str] = &[
    "1.0.0.1",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.1",
    "168.63.129.15",
    "169.253.255.255",
    "169.255.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "192.0.1.1",
    "192.0.3.1",
    "192.167.255.255",
    "192.169.0.0",
    "198.17.255.255",
    "198.20.0.0",
    "203.0.112.255",
    "223.255.255.255",
    "::ffff:8.8.8.8",
    "64:ff9b::8.8.8.8",
    "2001:200::1",
    "2001:4860:4860::8888",
    "2003::1",
    "2606:4700::1111",
    "2a00:1450:4001::1",
    "3ffe::1",
];

#[test]
fn every_special_address_is_refused_with_its_kind() {
    assert!(REFUSED.len() >= 60);
    for (address, kind) in REFUSED {
        assert_eq!(STRICT.refusal(ip(address)), Some(*kind), "{address}");
    }
}

#[test]
fn ordinary_public_addresses_are_permitted() {
    for address in PUBLIC {
        assert_eq!(STRICT.refusal(ip(address)), None, "{address}");
        assert_eq!(PRIVATE.refusal(ip(address)), None, "{address}");
    }
}

#[test]
fn the_private_switch_opens_loopback_private_and_shared_only() {
    for (address, kind) in REFUSED {
        let opened = matches!(kind, AddressKind::Loopback | AddressKind::Private | AddressKind::Shared);
        assert_eq!(PRIVATE.refusal(ip(address)).is_none(), opened, "{address}");
    }
}

#[test]
fn an_allowed_network_opens_its_addresses_and_no_others() {
    let rules = listed(&["10.1.0.0/16", "fd12:3456::/32"]);
    for address in ["10.1.0.0", "10.1.255.255", "::ffff:10.1.2.3", "fd12:3456::7"] {
        assert_eq!(rules.refusal(ip(address)), None, "{address}");
    }
    for address in
        ["10.0.255.255", "10.2.0.0", "127.0.0.1", "64:ff9b::10.1.2.3", "2002:a01:203::", "fd12:3457::"]
    {
        assert!(rules.refusal(ip(address)).is_some(), "{address}");
    }
}

#[test]
fn a_wide_allowed_network_does_not_open_the_metadata_services() {
    let rules = listed(&["0.0.0.0/0", "::/0", "100.64.0.0/10", "fc00::/7"]);
    assert_eq!(rules.refusal(ip("10.0.0.1")), None);
    assert_eq!(rules.refusal(ip("fd12::1")), None);
    for address in [
        "169.254.169.254",
        "169.254.1.1",
        "168.63.129.16",
        "100.100.100.200",
        "::ffff:169.254.169.254",
        "fd00:ec2::254",
        "fe80::1",
    ] {
        assert!(rules.refusal(ip(address)).is_some(), "{address}");
    }
}

#[test]
fn a_network_that_names_link_local_addresses_opens_them() {
    let rules = listed(&["169.254.169.254/32", "fe80::/10"]);
    assert_eq!(rules.refusal(ip("169.254.169.254")), None);
    assert_eq!(rules.refusal(ip("fe80::7")), None);
    assert_eq!(rules.refusal(ip("169.254.169.253")), Some(AddressKind::LinkLocal));
}

#[test]
fn a_mapped_address_has_the_kind_of_the_address_inside() {
    for (address, kind) in REFUSED {
        if let IpAddr::V4(address) = ip(address) {
            assert_eq!(AddressKind::of(IpAddr::V6(address.to_ipv6_mapped())), Some(*kind), "{address}");
        }
    }
}

#[test]
fn a_public_address_in_an_allowed_network_counts_as_listed() {
    let rules = listed(&["8.8.8.0/24"]);
    assert!(rules.lists(ip("8.8.8.8")));
    assert!(!rules.lists(ip("8.8.9.8")));
}
