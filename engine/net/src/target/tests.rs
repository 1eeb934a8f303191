use url::Url;

use super::UrlRules;
use crate::error::NetError;
use crate::guard::{AddressKind, AddressRules};

fn strict() -> UrlRules {
    UrlRules { http: false, ports: Vec::new(), addresses: AddressRules::default() }
}

fn url(text: &str) -> Url {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn reason(rules: &UrlRules, text: &str) -> &'static str {
    match rules.check(&url(text)) {
        Err(NetError::InvalidUrl { reason, .. }) => reason,
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn a_literal_address_is_found_in_every_notation() {
    let loopback = [
        "https://127.0.0.1/",
        "https://127.0.0.1./",
        "https://127.1/",
        "https://127.0.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0x7f.1/",
        "https://0x7F.0x0.0x0.0x1/",
        "https://017700000001/",
        "https://0177.0.0.1/",
        "https://0177.0x0.0.1/",
        "https://00000177.0.0.1/",
        "https://%31%32%37.0.0.1/",
        "https://127%2e0%2e0%2e1/",
        "https://127。0。0。1/",
        "https://１２７.0.0.1/",
        "https://①②⑦.0.0.1/",
        "https:\\\\127.0.0.1\\",
        "https:127.0.0.1",
        "https://[::1]/",
        "https://[0:0:0:0:0:0:0:1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:7f00:1]/",
        "https://localhost/",
        "https://LOCALHOST/",
        "https://localhost./",
        "https://anything.localhost/",
    ];
    for text in loopback {
        match strict().check(&url(text)) {
            Err(NetError::RefusedAddress { reason: AddressKind::Loopback, .. }) => {}
            other => panic!("{text}: {other:?}"),
        }
    }
    for text in [
        "https://2852039166/",
        "https://0xa9fea9fe/",
        "https://0251.0376.0251.0376/",
        "https://169.16689662/",
    ] {
        match strict().check(&url(text)) {
            Err(NetError::RefusedAddress { reason: AddressKind::Metadata, .. }) => {}
            other => panic!("{text}: {other:?}"),
        }
    }
}

#[test]
fn hosts_that_are_no_address_and_no_name_do_not_parse() {
    for text in [
        "https://256.1.1.1/",
        "https://1.2.3.4.5/",
        "https://[fe80::1%25eth0]/",
        "https://0x1ffffffff/",
        "https://",
    ] {
        assert!(text.parse::<Url>().is_err(), "{text}");
    }
}

#[test]
fn a_user_name_or_password_is_refused_and_never_shown() {
    for text in
        ["https://user@example.com/", "https://user:hunter2@example.com/", "https://:hunter2@example.com/"]
    {
        let error = strict().check(&url(text)).unwrap_err();
        assert!(error.to_string().contains("user name or a password"), "{error}");
        assert!(error.is_final());
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
        assert!(error.to_string().contains("https://example.com"), "{error}");
    }
    // The part before '@' looks like a public host.
    assert!(strict().check(&url("https://example.com@169.254.169.254/")).is_err());
    assert!(strict().check(&url("https://169.254.169.254\\@example.com/")).is_err());
}

#[test]
fn only_https_passes_unless_http_is_permitted() {
    assert!(reason(&strict(), "http://example.com/").contains("https"));
    let rules = UrlRules { http: true, ..strict() };
    assert_eq!(rules.check(&url("http://example.com/")).unwrap().to_string(), "http://example.com:80");
    for text in [
        "ftp://example.com/",
        "file:///etc/passwd",
        "gopher://example.com/",
        "data:text/plain,x",
        "unix:/run/x",
        "ws://a.example/",
    ] {
        assert!(reason(&rules, text).contains("scheme"), "{text}");
    }
}

#[test]
fn a_fragment_is_refused() {
    assert!(reason(&strict(), "https://example.com/hook#part").contains("fragment"));
    assert!(reason(&strict(), "https://example.com/hook#").contains("fragment"));
}

#[test]
fn outside_only_the_usual_and_the_listed_ports_are_permitted() {
    for text in ["https://example.com/", "https://example.com:443/", "https://example.com:80/"] {
        assert!(strict().check(&url(text)).is_ok(), "{text}");
    }
    for text in [
        "https://example.com:25/",
        "https://example.com:6379/",
        "https://8.8.8.8:8443/",
        "https://example.com:0/",
    ] {
        assert!(reason(&strict(), text).contains("port"), "{text}");
    }
    let rules = UrlRules { ports: vec![8443], ..strict() };
    assert!(rules.check(&url("https://example.com:8443/")).is_ok());
    assert!(rules.check(&url("https://example.com:8444/")).is_err());
}

#[test]
fn inside_any_port_but_zero_is_permitted() {
    let private = UrlRules { addresses: AddressRules { private: true, networks: Vec::new() }, ..strict() };
    assert!(private.check(&url("https://127.0.0.1:9000/")).is_ok());
    assert!(private.check(&url("https://objects.internal:9000/")).is_ok());
    assert!(private.check(&url("https://127.0.0.1:0/")).is_err());

    let networks = vec!["10.0.0.0/8".parse().unwrap()];
    let listed = UrlRules { addresses: AddressRules { private: false, networks }, ..strict() };
    assert!(listed.check(&url("https://10.1.1.1:9000/")).is_ok());
    assert!(listed.check(&url("https://8.8.8.8:9000/")).is_err());
}

#[test]
fn an_error_shows_neither_path_nor_query() {
    for text in [
        "http://example.com:81/s3cret?s3cret=s3cret",
        "https://10.0.0.1/s3cret?s3cret",
        "data:s3cret",
        "ftp://h/s3cret",
    ] {
        let error = strict().check(&url(text)).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("s3cret"), "{error:?}");
    }
}

#[test]
fn the_origin_is_in_normal_form() {
    let origin = strict().check(&url("HTTPS://BÜCHER.Example./x?y")).unwrap();
    assert_eq!((origin.scheme(), origin.host(), origin.port()), ("https", "xn--bcher-kva.example.", 443));
    let origin = strict().check(&url("https://[2606:4700:0::1111]/")).unwrap();
    assert_eq!(origin.to_string(), "https://[2606:4700::1111]:443");
}
