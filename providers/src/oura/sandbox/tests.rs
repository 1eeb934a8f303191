//! The simulated Oura as a client sees it.

use std::collections::{BTreeSet, HashMap};

use serde_json::{Value, json};

use super::collection::OF_DAYS;
use super::*;
use crate::sandbox::{Fault, Verdict};

const ALL: &str = "email%20personal%20daily%20heartrate%20workout%20session%20tag%20spo2";

fn start() -> DateTime<Utc> {
    "2026-05-20T10:00:00Z".parse().unwrap()
}

fn later(seconds: i64) -> DateTime<Utc> {
    start() + TimeDelta::seconds(seconds)
}

fn roomy() -> Settings {
    Settings { quotas: Some(Quotas { overall: vec![], read: vec![], user: vec![] }), ..Settings::default() }
}

fn send(cloud: &mut Cloud, request: http::request::Builder, body: &str, now: DateTime<Utc>) -> Reaction {
    cloud.handle(request.body(Bytes::from(body.to_owned())).unwrap(), now)
}

fn get(cloud: &mut Cloud, token: &str, path: &str, now: DateTime<Utc>) -> Response<Bytes> {
    let request = Request::get(path).header("authorization", format!("Bearer {token}"));
    send(cloud, request, "", now).answer().unwrap()
}

fn body(response: &Response<Bytes>) -> Value {
    serde_json::from_slice(response.body()).unwrap()
}

fn tokens(cloud: &mut Cloud, fields: &str, now: DateTime<Utc>) -> Response<Bytes> {
    let request = Request::post("/oauth/token").header("content-type", "application/x-www-form-urlencoded");
    let fields = format!("client_id=sandbox&client_secret=sandbox-secret&{fields}");
    send(cloud, request, &fields, now).answer().unwrap()
}

fn connect(cloud: &mut Cloud, person: u32, scope: &str, now: DateTime<Utc>) -> Value {
    let path = format!(
        "/oauth/authorize?client_id=sandbox&redirect_uri=http://me/cb&response_type=code&scope={scope}&state=s&login={person}&approve=1"
    );
    let response = send(cloud, Request::get(path), "", now).answer().unwrap();
    let location = url::Url::parse(response.headers()["location"].to_str().unwrap()).unwrap();
    let code = location.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
    body(&tokens(cloud, &format!("grant_type=authorization_code&code={code}"), now))
}

fn token(cloud: &mut Cloud, person: u32) -> String {
    connect(cloud, person, ALL, start())["access_token"].as_str().unwrap().to_owned()
}

/// All pages of a list.
fn all(cloud: &mut Cloud, token: &str, path: &str) -> Vec<Value> {
    let mut documents = Vec::new();
    let mut next = String::new();
    loop {
        let page = body(&get(cloud, token, &format!("/v2/usercollection/{path}{next}"), start()));
        documents.extend(page["data"].as_array().unwrap().clone());
        match page["next_token"].as_str() {
            Some(token) => next = format!("&next_token={token}"),
            None => return documents,
        }
    }
}

fn app(request: http::request::Builder) -> http::request::Builder {
    request.header("x-client-id", "sandbox").header("x-client-secret", "sandbox-secret")
}

fn subscribe(cloud: &mut Cloud, event_type: &str, data_type: &str) -> Response<Bytes> {
    let wanted = json!({"callback_url": "http://me/notify", "verification_token": "word", "event_type": event_type,
        "data_type": data_type});
    let call = match send(cloud, app(Request::post("/v2/webhook/subscription")), &wanted.to_string(), start())
    {
        Reaction::Call(call) => call,
        other => return other.answer().unwrap(),
    };
    let url = url::Url::parse(&call.url).unwrap();
    let query: HashMap<_, _> = url.query_pairs().collect();
    assert_eq!(query["verification_token"], "word");
    let echo = json!({"challenge": query["challenge"]}).to_string();
    cloud.called(call.id, &CallResult { status: Some(200), body: echo.into() }, start())
}

#[test]
fn pages_hold_every_document_exactly_once_and_each_is_found_by_its_id() {
    let mut cloud = Cloud::new(Settings { history_days: 60, page_size: 7, ..roomy() }, start());
    let token = token(&mut cloud, 3);
    let account = cloud.accounts()[3].clone();
    let mut records = BTreeSet::new();
    for name in ["sleep", "workout", "session"] {
        let documents = all(&mut cloud, &token, &format!("{name}?start_date=2020-01-01&end_date=2030-01-01"));
        let ids: Vec<String> = documents.iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect();
        let different: BTreeSet<&String> = ids.iter().collect();
        assert_eq!(different.len(), ids.len(), "{name}");
        for document in &documents {
            let id = document["id"].as_str().unwrap();
            let one = body(&get(&mut cloud, &token, &format!("/v2/usercollection/{name}/{id}"), start()));
            assert_eq!(&one, document);
        }
        records.extend(ids);
    }
    let expected: BTreeSet<String> = cloud
        .ledger()
        .entries()
        .filter(|entry| *entry.account == *account && matches!(entry.data_type, SLEEP | ACTIVITY))
        .map(|entry| entry.natural_key.to_string())
        .collect();
    assert_eq!(records, expected);
    assert!(records.len() > 60);
    for name in OF_DAYS {
        let documents = all(&mut cloud, &token, &format!("{name}?start_date=2020-01-01&end_date=2030-01-01"));
        assert!(documents.len() > 5, "{name}");
        assert!(documents.is_sorted_by_key(|one| one["day"].as_str().unwrap().to_owned()));
    }
}

#[test]
fn the_end_of_a_range_belongs_to_it_in_some_collections_only() {
    let mut cloud = Cloud::new(roomy(), start());
    let token = token(&mut cloud, 0);
    let mut days = |path: &str| -> Vec<String> {
        all(&mut cloud, &token, path).iter().map(|one| one["day"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(
        days("daily_readiness?start_date=2026-05-10&end_date=2026-05-12"),
        ["2026-05-10", "2026-05-11", "2026-05-12"]
    );
    assert_eq!(
        days("daily_activity?start_date=2026-05-10&end_date=2026-05-12"),
        ["2026-05-10", "2026-05-11"]
    );
    assert!(
        days("sleep?start_date=2026-05-10&end_date=2026-05-12")
            .iter()
            .all(|day| day < &"2026-05-12".to_owned())
    );
    assert!(!days("daily_readiness").is_empty(), "yesterday and today without a range");
    let status = |cloud: &mut Cloud, path| get(cloud, &token, path, start()).status().as_u16();
    assert_eq!(status(&mut cloud, "/v2/usercollection/sleep?start_date=soon"), 422);
    assert_eq!(status(&mut cloud, "/v2/usercollection/sleep?start_date=2026-05-12&end_date=2026-05-10"), 400);
    assert_eq!(status(&mut cloud, "/v2/usercollection/sleep?next_token=nonsense"), 400);
}

#[test]
fn heart_rate_comes_in_pages_of_at_most_thirty_days() {
    let mut cloud = Cloud::new(Settings { rows_per_page: 100, ..roomy() }, start());
    let token = token(&mut cloud, 2);
    let path = "heartrate?start_datetime=2026-05-10T00:00:00Z&end_datetime=2026-05-12T00:00:00Z";
    let rows = all(&mut cloud, &token, path);
    let times: Vec<&str> = rows.iter().map(|row| row["timestamp"].as_str().unwrap()).collect();
    assert!(times.is_sorted() && times.len() > 500 && times.len() < 576);
    assert!(times[0].starts_with("2026-05-10T00:0") && times.last().unwrap().starts_with("2026-05-11T23:5"));
    let long =
        "/v2/usercollection/heartrate?start_datetime=2026-03-10T00:00:00Z&end_datetime=2026-05-12T00:00:00Z";
    assert_eq!(get(&mut cloud, &token, long, start()).status(), 400);
    let latest = body(&get(&mut cloud, &token, "/v2/usercollection/heartrate?latest=true", start()));
    assert_eq!(latest["data"].as_array().unwrap().len(), 1);
    assert_eq!(all(&mut cloud, &token, "ring_battery_level?x=1").len(), 24);
}

#[test]
fn scopes_tokens_and_owners_are_checked() {
    let mut cloud = Cloud::new(roomy(), start());
    let status = |cloud: &mut Cloud, token: &str, path: &str| {
        get(cloud, token, &format!("/v2/usercollection/{path}"), start()).status().as_u16()
    };
    assert_eq!(status(&mut cloud, "nonsense", "personal_info"), 401);
    let plain = connect(&mut cloud, 0, "daily", start());
    let plain = plain["access_token"].as_str().unwrap();
    assert_eq!((status(&mut cloud, plain, "workout"), status(&mut cloud, plain, "sleep")), (403, 200));
    let info = body(&get(&mut cloud, plain, "/v2/usercollection/personal_info", start()));
    assert_eq!((&info["age"], &info["email"]), (&Value::Null, &Value::Null));
    let all = token(&mut cloud, 0);
    let info = body(&get(&mut cloud, &all, "/v2/usercollection/personal_info", start()));
    assert!(info["age"].is_number() && info["height"].as_f64().unwrap() < 2.5 && info["email"].is_string());
    let id = body(&get(&mut cloud, &all, "/v2/usercollection/sleep", start()))["data"][0]["id"].clone();
    let path = format!("sleep/{}", id.as_str().unwrap());
    assert_eq!(status(&mut cloud, &all, &path), 200);
    let other = token(&mut cloud, 1);
    assert_eq!((status(&mut cloud, &other, &path), status(&mut cloud, &other, "sleep/x")), (404, 404));
}

#[test]
fn a_refresh_token_works_once_and_its_reuse_is_an_invalid_grant() {
    let mut cloud = Cloud::new(roomy(), start());
    let first = connect(&mut cloud, 0, ALL, start());
    let refresh =
        format!("grant_type=refresh_token&refresh_token={}", first["refresh_token"].as_str().unwrap());
    let second = body(&tokens(&mut cloud, &refresh, later(60)));
    assert_ne!(second["refresh_token"], first["refresh_token"]);
    assert_eq!(second["expires_in"], 86_400);
    let reused = tokens(&mut cloud, &refresh, later(61));
    assert_eq!((reused.status().as_u16(), body(&reused)), (400, json!({"error": "invalid_grant"})));
    let access = second["access_token"].as_str().unwrap();
    assert_eq!(get(&mut cloud, access, "/v2/usercollection/personal_info", later(62)).status(), 401);
}

#[test]
fn the_quota_ends_in_429_that_says_when_to_come_back() {
    let quotas = Quotas { overall: vec![Limit::new(9, 300)], read: vec![], user: vec![Limit::new(3, 300)] };
    let mut cloud = Cloud::new(Settings { quotas: Some(quotas), ..Settings::default() }, start());
    let (one, two) = (token(&mut cloud, 0), token(&mut cloud, 1));
    for _ in 0..3 {
        assert_eq!(get(&mut cloud, &one, "/v2/usercollection/personal_info", later(10)).status(), 200);
    }
    let refused = get(&mut cloud, &one, "/v2/usercollection/personal_info", later(20));
    assert_eq!(refused.status(), 429);
    let header = |name: &str| refused.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(
        (header("retry-after"), header("x-ratelimit-limit"), header("x-ratelimit-tier")),
        ("280".into(), "3".into(), "user".into())
    );
    assert_eq!(header("x-ratelimit-reset"), later(300).timestamp().to_string());
    assert_eq!(get(&mut cloud, &two, "/v2/usercollection/personal_info", later(20)).status(), 200);
    assert_eq!(get(&mut cloud, &one, "/v2/usercollection/personal_info", later(300)).status(), 200);
    assert_eq!(cloud.statistics().quota_violations, 1);
}

#[test]
fn subscriptions_are_made_after_the_handshake_renewed_and_deleted() {
    let mut cloud = Cloud::new(roomy(), start());
    let wrong = send(&mut cloud, Request::get("/v2/webhook/subscription"), "", start()).answer().unwrap();
    assert_eq!(wrong.status(), 401);
    let made = subscribe(&mut cloud, "create", "sleep");
    assert_eq!(made.status(), 201);
    assert_eq!(subscribe(&mut cloud, "create", "sleep").status(), 409);
    assert_eq!(subscribe(&mut cloud, "create", "nonsense").status(), 422);
    assert_eq!(subscribe(&mut cloud, "update", "sleep").status(), 201);
    let id = body(&made)["id"].as_str().unwrap().to_owned();
    let mut ask = |request: http::request::Builder, seconds| {
        send(&mut cloud, app(request), "", later(seconds)).answer().unwrap()
    };
    let renewed = body(&ask(Request::put(format!("/v2/webhook/subscription/renew/{id}")), 1000));
    assert!(renewed["expiration_time"].as_str() > body(&made)["expiration_time"].as_str());
    assert_eq!(body(&ask(Request::get("/v2/webhook/subscription"), 1000)).as_array().unwrap().len(), 2);
    assert_eq!(ask(Request::delete(format!("/v2/webhook/subscription/{id}")), 1000).status(), 204);
    assert_eq!(ask(Request::get(format!("/v2/webhook/subscription/{id}")), 1000).status(), 403);
    assert_eq!(body(&ask(Request::get("/v2/webhook/subscription"), 91 * 86_400)), json!([]), "they expire");
}

#[test]
fn deliveries_are_signed_and_come_again_until_they_are_acknowledged() {
    let settings = Settings { live_records_per_user_per_minute: 30.0, ..roomy() };
    let mut cloud = Cloud::new(settings, start());
    for data_type in ["workout", "sleep", "daily_activity"] {
        for event_type in ["create", "update", "delete"] {
            assert_eq!(subscribe(&mut cloud, event_type, data_type).status(), 201);
        }
    }
    for person in 0..10 {
        token(&mut cloud, person);
    }
    cloud.advance(later(120));
    cloud.stop_producing();
    let sent = cloud.outbox(later(121));
    assert!(sent.len() > 300);
    for delivery in &sent {
        let header = |name: &str| delivery.headers[name].to_str().unwrap().to_owned();
        let expected = subscription::signature("sandbox-secret", &header("x-oura-timestamp"), &delivery.body);
        assert_eq!(header("x-oura-signature"), expected);
        let event: Value = serde_json::from_slice(&delivery.body).unwrap();
        let account = event["user_id"].as_str().unwrap();
        assert!(cloud.accounts().iter().any(|known| known == account));
    }
    assert_eq!(sent[0].headers["x-oura-timestamp"].to_str().unwrap(), later(121).timestamp().to_string());
    for delivery in &sent {
        cloud.delivered(delivery.id, (delivery.id != sent[0].id).then_some(204), later(122));
    }
    let again = cloud.outbox(later(200));
    assert_eq!((again.len(), &again[0].body), (1, &sent[0].body));
    assert_ne!(again[0].headers["x-oura-signature"], sent[0].headers["x-oura-signature"], "signed anew");
}

#[test]
fn a_day_in_the_sandbox_brings_every_person_a_night_and_a_finished_yesterday() {
    let mut cloud = Cloud::new(Settings { users: 40, history_days: 3, ..roomy() }, start());
    let versions = |cloud: &Cloud| cloud.ledger().entries().filter(|entry| entry.data_type == SLEEP).count();
    let before = versions(&cloud);
    cloud.advance(later(86_400));
    let nights = versions(&cloud) - before;
    assert!((38..=42).contains(&nights), "{nights}");
    let token = token(&mut cloud, 0);
    let days = all(&mut cloud, &token, "daily_activity?start_date=2026-05-01&end_date=2026-06-01");
    let finished = days.iter().rev().skip(1).all(|day| day["class_5_min"].as_str().unwrap().len() == 288);
    assert!(finished && days.len() >= 4);
}

#[test]
fn the_same_seed_gives_the_same_life_however_often_time_is_told() {
    let lived = |steps: i64, seed: u64| {
        let settings = Settings { seed, live_records_per_user_per_minute: 0.05, ..roomy() };
        let mut cloud = Cloud::new(settings, start());
        for step in 1..=steps {
            cloud.advance(later(90_000 * step / steps));
        }
        let mut lines: Vec<String> =
            cloud.ledger().entries().map(|entry| format!("{entry:?} {:?}", cloud.facts(entry))).collect();
        lines.sort();
        lines
    };
    assert_eq!(lived(1, 5), lived(41, 5));
    assert_ne!(lived(1, 5), lived(1, 6));
}

#[test]
fn what_is_deleted_is_gone_or_a_tombstone() {
    let settings = Settings { live_records_per_user_per_minute: 60.0, ..roomy() };
    let mut cloud = Cloud::new(settings, start());
    cloud.advance(later(300));
    let gone: Vec<Entry> = cloud.ledger().entries().filter(|entry| entry.deleted).cloned().collect();
    assert!(
        gone.iter().any(|entry| entry.data_type == SLEEP)
            && gone.iter().any(|entry| entry.data_type == ACTIVITY)
    );
    for entry in gone {
        assert_eq!(
            cloud.check(&entry.account, entry.data_type, &entry.natural_key, &json!({})),
            Verdict::Deleted
        );
        let (person, collection, _) = parse_id(&entry.natural_key).unwrap();
        let token = token(&mut cloud, person);
        let path = format!("/v2/usercollection/{}/{}", collection.name, entry.natural_key);
        assert_eq!(get(&mut cloud, &token, &path, later(300)).status(), 404);
        let list = all(
            &mut cloud,
            &token,
            &format!("{}?start_date=2026-05-01&end_date=2026-06-01", collection.name),
        );
        let listed = list.iter().find(|one| one["id"].as_str() == Some(&entry.natural_key));
        assert_eq!(
            listed.map(|one| one["type"].clone()),
            (entry.data_type == SLEEP).then(|| json!("deleted"))
        );
    }
}

#[test]
fn a_lost_answer_rotates_the_token_all_the_same() {
    let mut cloud = Cloud::new(roomy(), start());
    let first = connect(&mut cloud, 0, ALL, start());
    cloud.faults().on("POST /oauth/token", 1, Fault::LostAnswer);
    let refresh = first["refresh_token"].as_str().unwrap();
    let fields = format!(
        "client_id=sandbox&client_secret=sandbox-secret&grant_type=refresh_token&refresh_token={refresh}"
    );
    let request =
        || Request::post("/oauth/token").header("content-type", "application/x-www-form-urlencoded");
    assert!(matches!(send(&mut cloud, request(), &fields, later(1)), Reaction::Cut { after: None, .. }));
    assert_eq!(send(&mut cloud, request(), &fields, later(2)).answer().unwrap().status(), 400);
    assert_eq!(cloud.statistics().reused_refresh_tokens, 1);
}

#[tokio::test]
async fn the_provider_s_code_brings_out_what_was_simulated() {
    use tributary_contract::Window;

    let settings =
        Settings { history_days: 12, live_records_per_user_per_minute: 1.0, page_size: 10, ..roomy() };
    let cloud = Cloud::new(settings, start());
    let mut rig = crate::sandbox::rig::Rig::new(&crate::oura::Oura, Box::new(cloud));
    rig.subscribe(start()).await;
    for person in 0..8 {
        rig.connect(person, start()).await;
    }
    rig.fetch_all(Window::new(start() - TimeDelta::days(15), later(1)), later(1)).await;
    assert_eq!(rig.disagreements(), Vec::<String>::new());
    assert!(rig.emissions.len() > 250);

    rig.cloud.lock().unwrap().advance(later(900));
    assert!(!rig.disagreements().is_empty(), "news have not been fetched");
    assert!(rig.obey_notifications(later(900)).await > 100);
    assert_eq!(rig.disagreements(), Vec::<String>::new());
    assert_eq!(rig.cloud.lock().unwrap().statistics().quota_violations, 0);
}
