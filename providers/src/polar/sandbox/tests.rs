//! The simulated Polar as its documentation has it, asked without any code of ours that reads it.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::*;

const BASIC: &str = "Basic c2FuZGJveDpzYW5kYm94LXNlY3JldA==";

fn start() -> DateTime<Utc> {
    "2026-05-20T10:00:00Z".parse().unwrap()
}

fn cloud() -> Cloud {
    Cloud::new(Settings { users: 2, met_interval_seconds: 900, ..Settings::default() }, start())
}

fn send(cloud: &mut Cloud, method: &str, path: &str, auth: &str, body: &Value) -> Response<Bytes> {
    let body = if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) };
    let request =
        Request::builder().method(method).uri(path).header("authorization", auth).body(body).unwrap();
    match cloud.handle(request, start()) {
        Reaction::Answer(response) => response,
        Reaction::Call(ping) => {
            assert_eq!(ping.headers["polar-webhook-event"], "PING");
            assert!(ping.headers.get("polar-webhook-signature").is_none(), "a ping is not signed");
            cloud.called(ping.id, &CallResult { status: Some(200), body: Bytes::new() }, start())
        }
        other => panic!("{other:?}"),
    }
}

fn read(response: &Response<Bytes>) -> Value {
    serde_json::from_slice(response.body()).unwrap_or_default()
}

/// A person's token, as a header.
fn token(cloud: &mut Cloud, person: u32) -> String {
    let path = format!(
        "/oauth2/authorization?client_id=sandbox&redirect_uri=http://me/cb&response_type=code\
         &scope=accesslink.read_all&login={person}&approve=1"
    );
    let response = send(cloud, "GET", &path, "", &Value::Null);
    let location = response.headers()["location"].to_str().unwrap().to_owned();
    let code = location.split("code=").nth(1).unwrap().to_owned();
    let request = Request::post("/v2/oauth2/token")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("authorization", BASIC)
        .body(Bytes::from(format!("grant_type=authorization_code&code={code}")))
        .unwrap();
    let answer = read(&cloud.handle(request, start()).answer().unwrap());
    assert_eq!(answer["x_user_id"], user_id(person));
    format!("Bearer {}", answer["access_token"].as_str().unwrap())
}

#[test]
fn the_client_proves_itself_by_basic_alone() {
    let mut cloud = cloud();
    let request = Request::post("/v2/oauth2/token")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Bytes::from_static(
            b"client_id=sandbox&client_secret=sandbox-secret&grant_type=authorization_code&code=x",
        ))
        .unwrap();
    assert_eq!(cloud.handle(request, start()).answer().unwrap().status(), 401);
    assert_eq!(send(&mut cloud, "GET", "/v3/webhooks", "Basic eDp5", &Value::Null).status(), 401);
}

#[test]
fn a_user_registers_once_and_is_forbidden_before() {
    let mut cloud = cloud();
    let (one, two) = (token(&mut cloud, 0), token(&mut cloud, 1));
    let refused = send(&mut cloud, "GET", "/v3/users/sleep", &one, &Value::Null);
    assert_eq!((refused.status().as_u16(), read(&refused)["status"].as_u64()), (403, Some(403)));
    let member = json!({"member-id": "ours"});
    let registered = send(&mut cloud, "POST", "/v3/users", &one, &member);
    assert_eq!(
        (registered.status().as_u16(), read(&registered)["polar-user-id"].as_u64()),
        (200, Some(10_000_000))
    );
    assert_eq!(send(&mut cloud, "POST", "/v3/users", &one, &member).status(), 409);
    assert_eq!(send(&mut cloud, "POST", "/v3/users", &two, &member).status(), 409, "taken by another");
    assert_eq!(send(&mut cloud, "GET", "/v3/users/sleep", &one, &Value::Null).status(), 200);
    assert_eq!(send(&mut cloud, "DELETE", "/v3/users/10000000", &two, &Value::Null).status(), 403);
    assert_eq!(send(&mut cloud, "DELETE", "/v3/users/10000000", &one, &Value::Null).status(), 204);
    assert_eq!(
        send(&mut cloud, "GET", "/v3/users/sleep", &one, &Value::Null).status(),
        401,
        "the token is dead"
    );
}

#[test]
fn nothing_is_204_or_404_as_documented_and_headers_state_the_quota() {
    let mut cloud = cloud();
    let one = token(&mut cloud, 0);
    send(&mut cloud, "POST", "/v3/users", &one, &json!({"member-id": "ours"}));
    for (path, status) in [
        ("/v3/users/biosensing/spo2?from=2020-01-01&to=2020-01-02", 204),
        ("/v3/users/sleep/2020-01-01", 404),
        ("/v3/users/nightly-recharge/2020-01-01", 404),
        ("/v3/users/sleep/yesterday", 400),
        ("/v3/exercises/nothing", 404),
        ("/v3/users/activities?from=2020-01-01&to=2020-01-02", 400),
        ("/v3/users/activities?from=2026-04-01&to=2026-04-29", 400),
        ("/v3/users/continuous-heart-rate", 400),
        ("/v3/users/10000001", 204),
        ("/v3/elsewhere", 404),
    ] {
        let answer = send(&mut cloud, "GET", path, &one, &Value::Null);
        assert_eq!(answer.status(), status, "{path}");
    }
    let answer = send(&mut cloud, "GET", "/v3/users/physical-info", &one, &Value::Null);
    assert_eq!(answer.headers()["ratelimit-limit"], "540,5200");
    assert_eq!(answer.headers()["ratelimit-usage"], "12,12");
}

#[test]
fn a_webhook_tells_its_key_once_and_rests_after_a_week_of_failures() {
    let mut cloud = cloud();
    let wish = json!({"events": ["EXERCISE"], "url": "http://me/notify"});
    let made = read(&send(&mut cloud, "POST", "/v3/webhooks", BASIC, &wish));
    let (id, key) =
        (made["data"]["id"].as_str().unwrap(), made["data"]["signature_secret_key"].as_str().unwrap());
    assert_eq!(send(&mut cloud, "POST", "/v3/webhooks", BASIC, &wish).status(), 409);
    let list = send(&mut cloud, "GET", "/v3/webhooks", BASIC, &Value::Null);
    assert!(!String::from_utf8_lossy(list.body()).contains(key));
    assert_eq!(read(&list)["data"][0]["active"], true);

    cloud.delivered(1, None, start());
    cloud.delivered(1, Some(500), start() + TimeDelta::days(6));
    assert!(cloud.webhooks.wants("EXERCISE").is_some());
    cloud.delivered(1, None, start() + TimeDelta::days(7));
    assert_eq!(cloud.webhooks.wants("EXERCISE"), None);
    assert_eq!(send(&mut cloud, "POST", "/v3/webhooks/activate", BASIC, &Value::Null).status(), 200);
    assert_eq!(cloud.webhooks.wants("EXERCISE"), Some("http://me/notify"));
    assert_eq!(cloud.webhooks.wants("SLEEP"), None);
    assert_eq!(send(&mut cloud, "POST", "/v3/webhooks/deactivate", BASIC, &Value::Null).status(), 200);
    assert_eq!(cloud.webhooks.wants("EXERCISE"), None);
    let path = format!("/v3/webhooks/{id}");
    let unknown = json!({"events": ["NONSENSE"]});
    assert_eq!(send(&mut cloud, "PATCH", &path, BASIC, &unknown).status(), 400);
    assert_eq!(send(&mut cloud, "PATCH", &path, BASIC, &json!({"events": ["SLEEP"]})).status(), 200);
    assert_eq!(send(&mut cloud, "DELETE", &path, BASIC, &Value::Null).status(), 204);
    assert_eq!(send(&mut cloud, "DELETE", &path, BASIC, &Value::Null).status(), 404);
}

#[test]
fn an_address_that_does_not_answer_gets_no_webhook() {
    let mut cloud = cloud();
    let wish = json!({"events": ["EXERCISE"], "url": "http://me/notify"}).to_string();
    let request =
        Request::post("/v3/webhooks").header("authorization", BASIC).body(Bytes::from(wish)).unwrap();
    let Reaction::Call(ping) = cloud.handle(request, start()) else { panic!("a ping is expected") };
    assert_eq!(cloud.called(ping.id, &CallResult::default(), start()).status(), 400);
    assert_eq!(cloud.webhooks.key(), None);
}

#[test]
fn the_same_seed_and_times_give_the_same_records() {
    let live = || {
        let mut cloud = cloud();
        let one = token(&mut cloud, 0);
        send(&mut cloud, "POST", "/v3/users", &one, &json!({"member-id": "ours"}));
        let asked = send(&mut cloud, "GET", "/v3/exercises?samples=true", &one, &Value::Null);
        let mut keys: Vec<String> =
            cloud.ledger().entries().map(|entry| entry.natural_key.to_string()).collect();
        keys.sort();
        (keys, read(&asked))
    };
    assert_eq!(live(), live());
}
