use chrono::TimeDelta;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use tributary_contract::Provider as _;
use tributary_contract::Secret;

use super::*;
use crate::oura::Oura;

const BODY: &str = r#"{"event_type":"update","data_type":"sleep","object_id":"5f0d2d7e-0001","event_time":"2026-05-02T05:10:00+00:00","user_id":"e4b8f9d2-3c6a"}"#;
/// 2026-05-02T05:10:30Z.
const SENT: i64 = 1_777_698_630;
/// HMAC-SHA256 of `1777698630` and [`BODY`] with the key `planted-secret`, computed with OpenSSL.
const SIGNATURE: &str = "B53E03DD503D9E49943258AD8800227AE166CF01ED3E15C65631DE11DB444B6A";

fn app() -> App {
    App {
        client_id: "client".to_owned(),
        client_secret: Secret::from("planted-secret"),
        verify_token: Some(Secret::from("our-word")),
        callback_url: "https://sync.example.com/auth/oura/callback".to_owned(),
        notify_url: "https://sync.example.com/notify/oura".to_owned(),
        keys: std::collections::BTreeMap::new(),
    }
}

fn post(body: &str, headers: &[(&'static str, &str)]) -> Inbound {
    let header = |&(name, value): &(&'static str, &str)| {
        (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())
    };
    Inbound {
        method: Method::POST,
        query: Vec::new(),
        headers: headers.iter().map(header).collect(),
        body: Bytes::copy_from_slice(body.as_bytes()),
        received_at: DateTime::from_timestamp(SENT, 0).unwrap(),
    }
}

fn signed(body: &str, stamp: &str) -> Inbound {
    let mut mac = Hmac::<Sha256>::new_from_slice(b"planted-secret").unwrap();
    mac.update(stamp.as_bytes());
    mac.update(body.as_bytes());
    let signature = hex::encode_upper(mac.finalize().into_bytes());
    post(body, &[("x-oura-signature", &signature), ("x-oura-timestamp", stamp)])
}

fn told(event_type: &str, data_type: &str) -> Vec<Change> {
    let body = serde_json::json!({
        "event_type": event_type, "data_type": data_type, "object_id": "o-1", "user_id": "u-1",
        "event_time": "2026-05-02T05:10:00+00:00",
    });
    match Oura.notified(&signed(&body.to_string(), &SENT.to_string()), &app()) {
        Ok(Notified::Notices(notices)) => {
            assert!(notices.iter().all(|notice| notice.account == "u-1" && notice.event_id.is_none()));
            notices.into_iter().map(|notice| notice.change).collect()
        }
        other => panic!("{other:?}"),
    }
}

fn fetched(resource: &str, ids: &[&str]) -> Change {
    let ids = ids.iter().map(|&id| id.to_owned()).collect();
    Change::Updated { resource: resource.to_owned(), ids, window: None }
}

#[test]
fn a_signed_event_names_its_document() {
    let request = post(BODY, &[("x-oura-signature", SIGNATURE), ("x-oura-timestamp", "1777698630")]);
    let notice = Notice {
        account: "e4b8f9d2-3c6a".to_owned(),
        event_id: None,
        change: fetched("sleep", &["sleep:5f0d2d7e-0001"]),
    };
    assert_eq!(Oura.notified(&request, &app()), Ok(Notified::Notices(vec![notice.clone()])));

    let lower = SIGNATURE.to_ascii_lowercase();
    let request = post(BODY, &[("x-oura-signature", &lower), ("x-oura-timestamp", "1777698630")]);
    assert_eq!(
        Oura.notified(&request, &app()),
        Ok(Notified::Notices(vec![notice])),
        "the bytes count, not the case"
    );
}

#[test]
fn any_other_signature_is_refused() {
    let flipped = BODY.replace("update", "updatf");
    let cut = SIGNATURE.get(..62).unwrap();
    for (body, signature, stamp) in [
        (flipped.as_str(), SIGNATURE, "1777698630"),
        (BODY, SIGNATURE, "1777698631"),
        (BODY, cut, "1777698630"),
        (BODY, "", "1777698630"),
        (BODY, "no hex", "1777698630"),
    ] {
        let request = post(body, &[("x-oura-signature", signature), ("x-oura-timestamp", stamp)]);
        assert_eq!(Oura.notified(&request, &app()), Err(Refused::BadSignature), "{signature} {stamp}");
    }
    let request = post(BODY, &[("x-oura-signature", SIGNATURE), ("x-oura-timestamp", "1777698630")]);
    let other = App { client_secret: Secret::from("another-secret"), ..app() };
    assert_eq!(Oura.notified(&request, &other), Err(Refused::BadSignature));
}

#[test]
fn a_missing_proof_is_refused() {
    let request = post(BODY, &[("x-oura-timestamp", "1777698630")]);
    assert_eq!(Oura.notified(&request, &app()), Err(Refused::Missing("x-oura-signature")));
    let request = post(BODY, &[("x-oura-signature", SIGNATURE)]);
    assert_eq!(Oura.notified(&request, &app()), Err(Refused::Missing("x-oura-timestamp")));
    let without = App { client_secret: Secret::from(""), ..app() };
    assert_eq!(Oura.notified(&request, &without), Err(Refused::NotConfigured("client_secret")));
}

#[test]
fn five_minutes_are_the_limit_either_way() {
    for (age, stale) in [(300, false), (301, true), (-300, false), (-301, true), (86_400, true)] {
        let mut request = signed(BODY, &SENT.to_string());
        request.received_at += TimeDelta::seconds(age);
        let result = Oura.notified(&request, &app());
        assert_eq!(result.is_err(), stale, "{age}");
        if stale {
            assert_eq!(result, Err(Refused::Stale { limit_seconds: 300 }));
        }
    }
}

#[test]
fn milliseconds_are_understood_and_words_are_not() {
    assert!(Oura.notified(&signed(BODY, &(SENT * 1000 + 500).to_string()), &app()).is_ok());
    for stamp in ["soon", "", "9223372036854775807", "-9223372036854775808"] {
        let refused = Oura.notified(&signed(BODY, stamp), &app());
        assert_eq!(refused, Err(Refused::Malformed { at: "x-oura-timestamp".to_owned() }), "{stamp:?}");
    }
}

#[test]
fn every_data_type_leads_to_the_resources_that_hold_it() {
    for event in ["create", "update"] {
        assert_eq!(told(event, "sleep"), [fetched("sleep", &["sleep:o-1"])]);
        assert_eq!(
            told(event, "daily_sleep"),
            [fetched("sleep", &["daily_sleep:o-1"]), fetched("daily", &["daily_sleep:o-1"])]
        );
        assert_eq!(
            told(event, "daily_spo2"),
            [fetched("daily", &["daily_spo2:o-1"]), fetched("body", &["daily_spo2:o-1"])]
        );
        for data_type in
            ["daily_readiness", "daily_activity", "daily_stress", "daily_resilience", "enhanced_tag"]
        {
            assert_eq!(told(event, data_type), [fetched("daily", &[&format!("{data_type}:o-1")])]);
        }
        assert_eq!(told(event, "workout"), [fetched("activity", &["workout:o-1"])]);
        assert_eq!(told(event, "session"), [fetched("activity", &["session:o-1"])]);
        assert_eq!(told(event, "vo2_max"), [fetched("body", &["vo2_max:o-1"])]);
        assert_eq!(told(event, "daily_cardiovascular_age"), [fetched("body", &[])]);
        assert_eq!(told(event, "ring_configuration"), [fetched("athlete", &["ring_configuration:o-1"])]);
    }
}

#[test]
fn what_is_a_record_of_its_own_is_deleted_and_the_rest_is_read_again() {
    let gone = |resource: &str, data_type| {
        vec![Change::Deleted { resource: resource.to_owned(), data_type, key: NaturalKey::new("o-1") }]
    };
    assert_eq!(told("delete", "sleep"), gone("sleep", DataType::Sleep));
    assert_eq!(told("delete", "workout"), gone("activity", DataType::Activity));
    assert_eq!(told("delete", "session"), gone("activity", DataType::Activity));
    assert_eq!(told("delete", "daily_sleep"), [fetched("sleep", &[]), fetched("daily", &[])]);
    assert_eq!(told("delete", "daily_spo2"), [fetched("daily", &[]), fetched("body", &[])]);
    for data_type in ["daily_readiness", "daily_activity", "daily_stress", "daily_resilience", "enhanced_tag"]
    {
        assert_eq!(told("delete", data_type), [fetched("daily", &[])]);
    }
    assert_eq!(told("delete", "vo2_max"), [fetched("body", &[])]);
    assert_eq!(told("delete", "daily_cardiovascular_age"), [fetched("body", &[])]);
    assert_eq!(told("delete", "ring_configuration"), [fetched("athlete", &[])]);
}

#[test]
fn what_has_no_record_is_kept_as_unknown() {
    for data_type in ["tag", "sleep_time", "rest_mode_period", "meal", "heartrate", "something_new"] {
        assert_eq!(told("update", data_type), [Change::Unknown { kind: format!("{data_type}.update") }]);
    }
    assert_eq!(told("archive", "sleep"), [Change::Unknown { kind: "sleep.archive".to_owned() }]);
    let strange = told("x\n\u{7f}", &"é y".repeat(200));
    let [Change::Unknown { kind }] = &strange[..] else { panic!("{strange:?}") };
    assert!(kind.len() == 64 && kind.bytes().all(|byte| byte.is_ascii_graphic()));
}

#[test]
fn a_body_that_is_no_event_is_malformed_and_not_quoted() {
    for body in ["", "{}", "[]", r#"{"event_type": 1}"#, r#"{"user_id": "planted"}"#] {
        let refused = Oura.notified(&signed(body, &SENT.to_string()), &app()).unwrap_err();
        assert!(matches!(refused, Refused::Malformed { .. }), "{body}");
        assert!(!refused.to_string().contains("planted"));
    }
}

fn get(query: &[(&str, &str)]) -> Inbound {
    Inbound {
        method: Method::GET,
        query: query.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect(),
        headers: HeaderMap::new(),
        body: Bytes::new(),
        received_at: DateTime::from_timestamp(SENT, 0).unwrap(),
    }
}

#[test]
fn the_handshake_answers_the_challenge_for_our_word_alone() {
    let answered = Oura.notified(&get(&[("verification_token", "our-word"), ("challenge", "a\"b")]), &app());
    let body = Bytes::from_static(br#"{"challenge":"a\"b"}"#);
    let reply = Reply { status: 200, content_type: "application/json", body };
    assert_eq!(answered, Ok(Notified::Answer(reply)));

    for (query, refused) in [
        (&[("verification_token", "our-wore"), ("challenge", "c")][..], Refused::WrongVerifyToken),
        (&[("verification_token", ""), ("challenge", "c")], Refused::WrongVerifyToken),
        (&[("challenge", "c")], Refused::Missing("verification_token")),
        (&[("verification_token", "our-word")], Refused::Malformed { at: "challenge".to_owned() }),
    ] {
        assert_eq!(Oura.notified(&get(query), &app()), Err(refused), "{query:?}");
    }
    let without = App { verify_token: None, ..app() };
    let refused = Oura.notified(&get(&[("verification_token", "our-word"), ("challenge", "c")]), &without);
    assert_eq!(refused, Err(Refused::NotConfigured("verify_token")));
}

#[test]
fn other_methods_are_refused() {
    let mut request = get(&[]);
    request.method = Method::PUT;
    assert_eq!(Oura.notified(&request, &app()), Err(Refused::Malformed { at: "the method".to_owned() }));
}
