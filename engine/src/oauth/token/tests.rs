use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, header};
use tributary_contract::spec::{ClientAuth, Rotation};
use tributary_contract::{Class, Credentials};

use super::*;

pub(crate) const APP_SECRET: &str = "planted-app-secret";

pub(crate) fn scheme() -> OAuth2 {
    OAuth2 {
        authorize_url: "https://accounts.example.com/oauth/authorize",
        token_url: "https://api.example.com/oauth/token",
        revoke: None,
        scopes: &["read", "activity:read"],
        scope_separator: " ",
        authorize_parameters: &[("approval_prompt", "auto")],
        token_parameters: &[],
        answer_at: "",
        keep: &[],
        client_auth: ClientAuth::Body,
        pkce: false,
        refresh_ahead: Duration::from_secs(300),
        default_lifetime: None,
        refresh_token_promised: true,
        rotation: Rotation::MayChange,
        lost_consent: &["invalid_grant", "invalid"],
        lost_consent_statuses: &[],
        scope_in_callback: false,
    }
}

pub(crate) fn app() -> App {
    App {
        client_id: "client-1".to_owned(),
        client_secret: APP_SECRET.into(),
        verify_token: None,
        callback_url: "https://sync.example.org/auth/example/callback".to_owned(),
        notify_url: "https://sync.example.org/notify/example".to_owned(),
        keys: std::collections::BTreeMap::new(),
    }
}

fn now() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000)
}

fn answer(body: &str) -> Response {
    Response { status: 200, headers: HeaderMap::new(), body: Bytes::copy_from_slice(body.as_bytes()) }
}

fn read(body: &str) -> Result<Credential, FetchError> {
    parse(&scheme(), &answer(body), None, now())
}

fn previous() -> Credential {
    Credential {
        access_token: "old-access".into(),
        refresh_token: Some("old-refresh".into()),
        expires_at: Some(now() + TimeDelta::hours(1)),
        scopes: vec!["read".to_owned()],
        token_type: "Bearer".to_owned(),
    }
}

#[test]
fn the_exchange_carries_code_redirect_and_the_apps_proof() {
    let request = exchange(&scheme(), &app(), "c/1", Some(&"v-1".into()));
    assert_eq!(request.credentials, Credentials::None);
    assert_eq!(request.template, "https://api.example.com/oauth/token");
    assert_eq!(
        request.body,
        "grant_type=authorization_code&code=c%2F1&redirect_uri=https%3A%2F%2Fsync.example.org%2Fauth%2Fexample%2Fcallback\
         &code_verifier=v-1&client_id=client-1&client_secret=planted-app-secret"
            .as_bytes()
    );
    assert!(!request.idempotent, "a lost answer must not use up a code or a refresh token twice");
}

#[test]
fn the_refresh_carries_the_token_alone() {
    let basic = OAuth2 { client_auth: ClientAuth::Basic, ..scheme() };
    let request = refresh(&basic, &app(), &"r-1".into());
    assert_eq!(request.body, "grant_type=refresh_token&refresh_token=r-1".as_bytes());
    assert!(request.headers.contains_key(header::AUTHORIZATION));
    assert!(!request.idempotent);
}

#[test]
fn an_answer_is_read_in_all_the_shapes_that_providers_send() {
    let in_an_hour = Some(now() + TimeDelta::hours(1));
    let shapes = [
        r#"{"access_token":"a","refresh_token":"r","expires_in":3600,"scope":"read activity:read","token_type":"bearer"}"#,
        r#"{"access_token":"a","refresh_token":"r","expires_in":"3600","scope":"read,activity:read"}"#,
        r#"{"access_token":"a","refresh_token":"r","expires_in":3600.0,"expires_at":5,"scope":["read","activity:read"]}"#,
        r#"{"access_token":"a","refresh_token":"r","expires_at":1728003600,"scope":" read , activity:read ","athlete":{"id":1}}"#,
    ];
    for shape in shapes {
        let read = read(shape).unwrap();
        assert_eq!(read.access_token.expose(), "a");
        assert_eq!(read.refresh_token.unwrap().expose(), "r");
        assert_eq!(read.expires_at, in_an_hour, "{shape}");
        assert_eq!(read.scopes, ["read", "activity:read"]);
    }
}

#[test]
fn the_life_falls_back_to_the_spec_and_then_to_unknown() {
    let plain = r#"{"access_token":"a","refresh_token":"r","expires_in":null,"scope":null}"#;
    assert_eq!(read(plain).unwrap().expires_at, None);
    let stated = OAuth2 { default_lifetime: Some(Duration::from_secs(60)), ..scheme() };
    let credential = parse(&stated, &answer(plain), None, now()).unwrap();
    assert_eq!(credential.expires_at, Some(now() + TimeDelta::seconds(60)));
    let absurd = r#"{"access_token":"a","refresh_token":"r","expires_in":9223372036854775807}"#;
    assert!(read(absurd).unwrap().expires_at.is_some());
}

#[test]
fn a_refresh_keeps_what_the_answer_leaves_out() {
    let credential = parse(&scheme(), &answer(r#"{"access_token":"b"}"#), Some(&previous()), now()).unwrap();
    assert_eq!(credential.refresh_token, previous().refresh_token);
    assert_eq!(credential.scopes, previous().scopes);
}

#[test]
fn a_promised_refresh_token_that_does_not_come_fails_the_connect() {
    let error = read(r#"{"access_token":"planted-a"}"#).unwrap_err();
    assert!(error.to_string().contains("refresh_token (missing"), "{error}");
    assert!(!error.to_string().contains("planted"));
    let without = OAuth2 { refresh_token_promised: false, ..scheme() };
    assert_eq!(parse(&without, &answer(r#"{"access_token":"a"}"#), None, now()).unwrap().refresh_token, None);
}

#[test]
fn a_refusal_in_a_successful_answer_is_no_success() {
    assert_eq!(read(r#"{"error":"invalid_grant"}"#).unwrap_err().class(), Class::Reauth);
    for body in [r#"{"error":"slow_down"}"#, r#"{"access_token":""}"#, "<html>", "", r#"{"access_token":7}"#]
    {
        assert_eq!(read(body).unwrap_err().kind(), "malformed", "{body}");
    }
}

#[test]
fn a_refresh_is_newer_by_another_token_or_a_later_expiry() {
    let same = previous();
    assert!(!is_newer(&previous(), &same));
    let a_moment_later = Credential { expires_at: Some(now() + TimeDelta::seconds(3620)), ..previous() };
    assert!(!is_newer(&previous(), &a_moment_later));
    let later = Credential { expires_at: Some(now() + TimeDelta::hours(7)), ..previous() };
    assert!(is_newer(&previous(), &later));
    assert!(is_newer(&previous(), &Credential { access_token: "new".into(), ..previous() }));
}

#[test]
fn a_revocation_puts_the_token_where_the_spec_says() {
    let form = Revoke {
        url: "https://api.example.com/oauth/revoke",
        token: TokenPlace::Form("token"),
        client_auth: Some(ClientAuth::Basic),
    };
    let request = revoke(&form, &app(), &previous());
    assert_eq!(request.body, "token=old-refresh".as_bytes());
    assert!(request.headers.contains_key(header::AUTHORIZATION));
    let query = Revoke { token: TokenPlace::Query("access_token"), client_auth: None, ..form };
    let request = revoke(&query, &app(), &previous());
    assert_eq!(request.query, [("access_token", "old-access".to_owned())]);
    assert!(request.body.is_empty());
}

#[test]
fn extra_fields_go_into_every_token_request() {
    let scheme = OAuth2 { token_parameters: &[("action", "requesttoken")], ..scheme() };
    let body = |request: Request| String::from_utf8(request.body.to_vec()).unwrap();
    assert!(body(exchange(&scheme, &app(), "c", None)).contains("&action=requesttoken&"));
    assert!(body(refresh(&scheme, &app(), &"r".into())).contains("&action=requesttoken&"));
}

#[test]
fn tokens_are_found_inside_an_envelope() {
    let scheme = OAuth2 { answer_at: "/body", scope_separator: ",", ..scheme() };
    let whole = r#"{"status":0,"body":{"userid":"363","access_token":"a","refresh_token":"r","expires_in":3600,"scope":"x,y"}}"#;
    let read = parse(&scheme, &answer(whole), None, now()).unwrap();
    assert_eq!((read.access_token.expose().as_str(), read.scopes.len()), ("a", 2));
    assert_eq!(read.refresh_token.unwrap().expose(), "r");
    for broken in [
        r#"{"status":0}"#,
        r#"{"body":[]}"#,
        r#"{"body":{"access_token":7}}"#,
        r#"{"access_token":"planted"}"#,
    ] {
        let error = parse(&scheme, &answer(broken), None, now()).unwrap_err();
        assert_eq!(error.kind(), "malformed", "{broken}");
        assert!(!error.to_string().contains("planted"));
    }
}

#[test]
fn facts_are_kept_whether_they_come_as_number_or_as_text() {
    let scheme = OAuth2 { keep: &[("userid", "/body/userid"), ("x", "/x"), ("none", "/none")], ..scheme() };
    for whole in [r#"{"x":[1],"body":{"userid":363}}"#, r#"{"x":null,"body":{"userid":"363"}}"#] {
        let found = facts(&scheme, &answer(whole)).unwrap();
        assert_eq!(found.into_iter().collect::<Vec<_>>(), [("userid", "363".to_owned())]);
    }
    assert!(facts(&super::tests::scheme(), &answer("no JSON")).unwrap().is_empty(), "nothing is to be kept");
}
