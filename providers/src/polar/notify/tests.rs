use chrono::{DateTime, Utc};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use tributary_contract::{Provider as _, Secret};

use super::*;
use crate::polar::Polar;

const BODY: &str = r#"{"event":"EXERCISE","user_id":475,"entity_id":"2AC312F","timestamp":"2026-05-02T07:10:05Z","url":"https://www.polaraccesslink.com/v3/exercises/2AC312F"}"#;

fn app() -> App {
    App {
        client_id: "client".to_owned(),
        client_secret: Secret::from("planted-secret"),
        verify_token: None,
        callback_url: "https://sync.example.com/auth/polar/callback".to_owned(),
        notify_url: "https://sync.example.com/notify/polar".to_owned(),
        keys: [(subscribe::SIGNATURE_KEY.to_owned(), Secret::from("planted-key"))].into(),
    }
}

fn signed(body: &str, key: &str) -> Inbound {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    request(body, Some(&hex::encode(mac.finalize().into_bytes())))
}

fn request(body: &str, signature: Option<&str>) -> Inbound {
    let mut headers = HeaderMap::new();
    if let Some(signature) = signature {
        headers.insert(HeaderName::from_static(SIGNATURE), HeaderValue::from_str(signature).unwrap());
    }
    Inbound {
        method: Method::POST,
        query: Vec::new(),
        headers,
        body: Bytes::copy_from_slice(body.as_bytes()),
        received_at: DateTime::<Utc>::UNIX_EPOCH,
    }
}

fn told(body: &str) -> Vec<Notice> {
    match Polar.notified(&signed(body, "planted-key"), &app()) {
        Ok(Notified::Notices(notices)) => notices,
        other => panic!("{other:?}"),
    }
}

fn updated(resource: &str, ids: &[&str]) -> Change {
    let ids = ids.iter().map(|&id| id.to_owned()).collect();
    Change::Updated { resource: resource.to_owned(), ids, window: None }
}

#[test]
fn a_signature_of_another_implementation_is_taken() {
    // printf '%s' "$BODY" | openssl dgst -sha256 -hmac planted-key
    let signature = "0a82054d6a230a2ce5d7ce0ffbcd91b0758a03c2307639947945683190029e12";
    assert!(Polar.notified(&request(BODY, Some(signature)), &app()).is_ok());
    assert!(Polar.notified(&request(BODY, Some(&signature.to_uppercase())), &app()).is_ok());
}

#[test]
fn an_event_names_the_user_and_what_is_new() {
    let notices = told(BODY);
    assert_eq!(notices.len(), 1);
    assert_eq!(
        (notices[0].account.as_str(), &notices[0].change),
        ("475", &updated("activity", &["2AC312F"]))
    );
    for (event, resource) in
        [("SLEEP", "sleep"), ("ACTIVITY_SUMMARY", "daily"), ("CONTINUOUS_HEART_RATE", "daily")]
    {
        let body = format!(r#"{{"event":"{event}","user_id":475,"date":"2026-05-02","url":"https://x"}}"#);
        assert_eq!(told(&body)[0].change, updated(resource, &["2026-05-02"]), "{event}");
    }
    let physical = told(r#"{"event":"PHYSICAL_INFORMATION","user_id":475,"url":"https://x"}"#);
    let changes: Vec<_> = physical.into_iter().map(|notice| notice.change).collect();
    assert_eq!(changes, [updated("athlete", &[]), updated("body", &[])]);
}

#[test]
fn events_without_a_record_are_kept_as_unknown() {
    for event in ["SLEEP_WISE_ALERTNESS", "SLEEP_WISE_CIRCADIAN_BEDTIME", "SOMETHING_NEW"] {
        let body = format!(r#"{{"event":"{event}","user_id":475,"from":"2026-05-01","to":"2026-05-02"}}"#);
        assert_eq!(told(&body)[0].change, Change::Unknown { kind: event.to_owned() });
    }
    let long = format!(r#"{{"event":"{}","user_id":475}}"#, "a b\\u0000".repeat(100));
    let Change::Unknown { kind } = &told(&long)[0].change else { panic!("unknown is expected") };
    assert_eq!((kind.len(), kind.contains(' ')), (64, false));
}

#[test]
fn a_ping_needs_no_signature_and_no_key() {
    let body = r#"{"timestamp":"2026-05-02T07:10:05.000Z","event":"PING"}"#;
    let without = App { keys: std::collections::BTreeMap::new(), ..app() };
    for app in [app(), without] {
        let Ok(Notified::Answer(reply)) = Polar.notified(&request(body, None), &app) else {
            panic!("an answer is expected")
        };
        assert_eq!((reply.status, reply.body.len()), (200, 0));
    }
    assert!(matches!(Polar.notified(&signed(body, "planted-key"), &app()), Ok(Notified::Answer(_))));
}

#[test]
fn nothing_but_a_ping_is_believed_without_the_right_signature() {
    let refused = |request: &Inbound, app: &App| Polar.notified(request, app).unwrap_err();
    assert_eq!(refused(&request(BODY, None), &app()), Refused::Missing(SIGNATURE));
    assert_eq!(refused(&signed(BODY, "another-key"), &app()), Refused::BadSignature);
    // The client secret signs nothing here.
    assert_eq!(refused(&signed(BODY, "planted-secret"), &app()), Refused::BadSignature);
    assert_eq!(refused(&request(BODY, Some("nonsense")), &app()), Refused::BadSignature);
    assert_eq!(refused(&request(BODY, Some("")), &app()), Refused::BadSignature);
    let mut changed = signed(BODY, "planted-key");
    changed.body = Bytes::from(BODY.replace("475", "476"));
    assert_eq!(refused(&changed, &app()), Refused::BadSignature);
    let without = App { keys: std::collections::BTreeMap::new(), ..app() };
    assert_eq!(refused(&signed(BODY, "planted-key"), &without).status(), 503, "Polar shall send it again");
    let empty = App { keys: [(subscribe::SIGNATURE_KEY.to_owned(), Secret::from(""))].into(), ..app() };
    assert_eq!(refused(&signed(BODY, ""), &empty).status(), 503);
}

#[test]
fn what_cannot_be_read_is_refused_with_its_place() {
    let refused = |body: &str| Polar.notified(&signed(body, "planted-key"), &app()).unwrap_err();
    for body in [
        "",
        "[]",
        r#"{"event":"EXERCISE","user_id":475}"#,
        r#"{"event":"SLEEP","user_id":475}"#,
        r#"{"event":"SLEEP","date":"2026-05-02"}"#,
        r#"{"event":"SLEEP","user_id":475,"date":"planted"}"#,
    ] {
        let error = refused(body);
        assert_eq!(error.status(), 400, "{body}");
        assert!(!error.to_string().contains("planted"));
    }
    let mut get = request("", None);
    get.method = Method::GET;
    assert_eq!(Polar.notified(&get, &app()).unwrap_err().status(), 400);
    assert!(!format!("{:?}", app()).contains("planted"));
}
