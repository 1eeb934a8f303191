use proptest::prelude::*;

use super::*;
use crate::fetch::tests::SPEC;

const ORIGIN: Option<&str> = Some("http://127.0.0.1:4000");

fn url(origin: Option<&str>, request: &Request) -> Result<String, FetchError> {
    build(&SPEC, origin, request, "call").map(String::from)
}

#[test]
fn templates_are_filled_below_the_base_of_the_api() {
    let request =
        Request::get("/activities/{id}/streams").arg("id", "12/../3?x=1&y").query("keys", "time,lat lng");
    assert_eq!(
        url(None, &request).unwrap(),
        "https://api.example.com/v3/activities/12%2F..%2F3%3Fx%3D1%26y/streams?keys=time%2Clat+lng"
    );
    let request = Request::get("/list?fixed=1").query("page", "2");
    assert_eq!(url(None, &request).unwrap(), "https://api.example.com/v3/list?fixed=1&page=2");
}

#[test]
fn links_may_point_to_the_hosts_of_the_spec_and_to_no_other() {
    for good in [
        "https://api.example.com/other?page=2",
        "https://files.example.net/a.fit",
        "https://accounts.example.com/oauth/authorize",
        "https://API.example.com/x",
    ] {
        assert!(url(None, &Request::get(good)).is_ok(), "{good}");
    }
    for bad in [
        "http://api.example.com/x",
        "https://api.example.com:8443/x",
        "https://evil.example.org/x",
        "https://api.example.com.evil.org/x",
        "https://user@api.example.com/x",
        "https://api.example.com@evil.org/x",
        "https://127.0.0.1/x",
        "https://",
    ] {
        assert_eq!(url(None, &Request::get(bad)).unwrap_err().kind(), "malformed", "{bad}");
        assert!(url(ORIGIN, &Request::get(bad)).is_err(), "{bad}");
    }
}

#[test]
fn another_origin_takes_the_place_of_every_host() {
    let cases = [
        ("/activities", "http://127.0.0.1:4000/v3/activities"),
        ("https://files.example.net/a.fit?k=1", "http://127.0.0.1:4000/a.fit?k=1"),
        ("https://api.example.com/oauth/token", "http://127.0.0.1:4000/oauth/token"),
        ("http://127.0.0.1:4000/next?page=2", "http://127.0.0.1:4000/next?page=2"),
    ];
    for (template, expected) in cases {
        assert_eq!(url(ORIGIN, &Request::get(template)).unwrap(), expected);
    }
    let elsewhere = "http://127.0.0.1:40001/next";
    assert!(url(ORIGIN, &Request::get(elsewhere)).is_err(), "the origin is a whole one, not a beginning");
    assert_eq!(with_origin("https://a.example.com", ORIGIN), "http://127.0.0.1:4000");
    assert_eq!(with_origin("https://a.example.com/x", Some("http://b/")), "http://b/x");
}

#[test]
fn a_missing_or_impossible_argument_is_named() {
    let missing = url(None, &Request::get("/a/{id}")).unwrap_err();
    assert_eq!(missing.to_string(), "malformed answer in call at argument id (missing)");
    for value in ["", ".", ".."] {
        assert!(url(None, &Request::get("/a/{id}/b").arg("id", value)).is_err());
    }
}

#[test]
fn names_hold_no_ids_and_no_queries() {
    let cases = [
        ("/activities/{id}", "/activities/{id}"),
        ("/list?user=7", "/list"),
        ("https://api.example.com/oauth/token", "https://api.example.com/oauth/token"),
        ("https://api.example.com/v3/users/8713/items?t=s", "https://api.example.com/v3/users/*/items"),
        ("https://files.example.net/u_8/QXJ0aHVy.fit", "https://files.example.net/*/*"),
        ("https://api.example.com/{id}/x", "https://api.example.com/{id}/x"),
    ];
    for (template, expected) in cases {
        assert_eq!(name(&SPEC, template), expected);
    }
}

proptest! {
    #[test]
    fn no_argument_leaves_its_segment(value in any::<String>()) {
        if let Ok(built) = url(None, &Request::get("/a/{id}/b").arg("id", value)) {
            let built = Url::parse(&built).unwrap();
            prop_assert_eq!(built.host_str(), Some("api.example.com"));
            prop_assert!(built.query().is_none() && built.fragment().is_none());
            let segments: Vec<&str> = built.path_segments().unwrap().collect();
            prop_assert_eq!((segments.len(), segments[0], segments[1], segments[3]), (4, "v3", "a", "b"));
        }
    }
}
