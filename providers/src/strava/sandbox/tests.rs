//! The simulated Strava as a client sees it.

use serde_json::{Value, json};

use super::*;
use crate::sandbox::{Fault, Verdict};

const ALL: &str = "read,activity:read_all,profile:read_all";

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

fn form(cloud: &mut Cloud, path: &str, body: &str, now: DateTime<Utc>) -> Response<Bytes> {
    let request = Request::post(path).header("content-type", "application/x-www-form-urlencoded");
    send(cloud, request, body, now).answer().unwrap()
}

fn get(cloud: &mut Cloud, token: &str, path: &str, now: DateTime<Utc>) -> Response<Bytes> {
    let request = Request::get(path).header("authorization", format!("Bearer {token}"));
    send(cloud, request, "", now).answer().unwrap()
}

fn body(response: &Response<Bytes>) -> Value {
    serde_json::from_slice(response.body()).unwrap()
}

fn connect(cloud: &mut Cloud, person: u32, scope: &str, now: DateTime<Utc>) -> Value {
    let path = format!(
        "/oauth/authorize?client_id=sandbox&redirect_uri=http://me/cb&response_type=code&scope={scope}&state=s&login={person}&approve=1"
    );
    let response = send(cloud, Request::get(path), "", now).answer().unwrap();
    let location = url::Url::parse(response.headers()["location"].to_str().unwrap()).unwrap();
    let code = location.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
    assert!(location.query().unwrap().contains("scope="));
    let fields =
        format!("client_id=sandbox&client_secret=sandbox-secret&grant_type=authorization_code&code={code}");
    body(&form(cloud, "/api/v3/oauth/token", &fields, now))
}

fn token(cloud: &mut Cloud, person: u32) -> String {
    connect(cloud, person, ALL, start())["access_token"].as_str().unwrap().to_owned()
}

fn subscribe(cloud: &mut Cloud) -> Response<Bytes> {
    let fields =
        "client_id=sandbox&client_secret=sandbox-secret&callback_url=http://me/notify&verify_token=word";
    let request = Request::post("/api/v3/push_subscriptions")
        .header("content-type", "application/x-www-form-urlencoded");
    let call = match send(cloud, request, fields, start()) {
        Reaction::Call(call) => call,
        other => return other.answer().unwrap(),
    };
    let url = url::Url::parse(&call.url).unwrap();
    let query: HashMap<_, _> = url.query_pairs().collect();
    assert_eq!((&*query["hub.mode"], &*query["hub.verify_token"]), ("subscribe", "word"));
    let echo = json!({"hub.challenge": query["hub.challenge"]}).to_string();
    cloud.called(call.id, &CallResult { status: Some(200), body: echo.into() }, start())
}

fn live(rate: f64) -> Settings {
    Settings { live_records_per_user_per_minute: rate, ..roomy() }
}

#[test]
fn pages_hold_every_activity_exactly_once_in_ascending_order() {
    let mut cloud = Cloud::new(Settings { history_days: 120, ..roomy() }, start());
    let token = token(&mut cloud, 3);
    let mut starts = Vec::new();
    let mut ids = Vec::new();
    for page in 1.. {
        let list = body(&get(
            &mut cloud,
            &token,
            &format!("/api/v3/athlete/activities?after=0&per_page=7&page={page}"),
            start(),
        ));
        let list = list.as_array().unwrap().clone();
        if list.is_empty() {
            break;
        }
        starts.extend(list.iter().map(|activity| activity["start_date"].as_str().unwrap().to_owned()));
        ids.extend(list.iter().map(|activity| activity["id"].to_string()));
    }
    assert!(starts.is_sorted() && ids.len() > 14);
    let account = athlete_id(3).to_string();
    let mut expected: Vec<String> = cloud
        .ledger()
        .entries()
        .filter(|entry| *entry.account == *account && entry.data_type == ACTIVITY)
        .map(|entry| entry.natural_key.to_string())
        .collect();
    ids.sort();
    expected.sort();
    assert_eq!(ids, expected);

    let newest = body(&get(&mut cloud, &token, "/api/v3/athlete/activities?per_page=1", start()));
    assert_eq!(newest[0]["start_date"].as_str(), starts.last().map(String::as_str));
    let first = DateTime::parse_from_rfc3339(&starts[0]).unwrap().timestamp();
    let path = format!("/api/v3/athlete/activities?after={}&before={}", first - 1, first + 1);
    assert_eq!(body(&get(&mut cloud, &token, &path, start())).as_array().unwrap().len(), 1);
    let path = format!("/api/v3/athlete/activities?after={first}&before={}", first + 1);
    assert_eq!(body(&get(&mut cloud, &token, &path, start())), json!([]), "after means after");
}

#[test]
fn an_activity_has_details_laps_and_streams_unless_it_was_entered_by_hand() {
    let mut cloud = Cloud::new(Settings { history_days: 200, ..roomy() }, start());
    let token = token(&mut cloud, 1);
    let list = body(&get(&mut cloud, &token, "/api/v3/athlete/activities?per_page=200", start()));
    let (mut manual, mut recorded) = (0, 0);
    for summary in list.as_array().unwrap() {
        let path = format!("/api/v3/activities/{}", summary["id"]);
        let detailed = body(&get(&mut cloud, &token, &path, start()));
        assert_eq!((&detailed["distance"], &detailed["resource_state"]), (&summary["distance"], &json!(3)));
        assert!(detailed["calories"].is_number() && summary.get("calories").is_none());
        let streams = get(
            &mut cloud,
            &token,
            &format!("{path}/streams?keys=time,distance,heartrate,watts,latlng&key_by_type=true"),
            start(),
        );
        if summary["manual"] == true {
            manual += 1;
            assert_eq!(streams.status(), 404);
            continue;
        }
        recorded += 1;
        let streams = body(&streams);
        assert_eq!(streams.get("heartrate").is_some(), summary["has_heartrate"] == true);
        let laps = body(&get(&mut cloud, &token, &format!("{path}/laps"), start()));
        assert_eq!(laps, detailed["laps"]);
        let total: f64 = laps.as_array().unwrap().iter().map(|lap| lap["distance"].as_f64().unwrap()).sum();
        assert!((total - summary["distance"].as_f64().unwrap()).abs() < 1e-6);
    }
    assert!(manual > 0 && recorded > manual);
}

#[test]
fn the_token_decides_what_is_seen() {
    let mut cloud = Cloud::new(roomy(), start());
    let status =
        |cloud: &mut Cloud, token: &str, path: &str| get(cloud, token, path, start()).status().as_u16();
    assert_eq!(status(&mut cloud, "nonsense", "/api/v3/athlete"), 401);
    let plain = connect(&mut cloud, 0, "read", start());
    assert_eq!(plain["athlete"]["id"], athlete_id(0));
    let plain = plain["access_token"].as_str().unwrap();
    assert_eq!(status(&mut cloud, plain, "/api/v3/athlete/activities"), 403);
    assert_eq!(body(&get(&mut cloud, plain, "/api/v3/athlete", start())).get("weight"), None);
    let all = token(&mut cloud, 0);
    assert!(body(&get(&mut cloud, &all, "/api/v3/athlete", start()))["weight"].is_number());
    assert_eq!(status(&mut cloud, &all, "/api/v3/athlete/zones"), 200);
    assert_eq!(status(&mut cloud, &all, &format!("/api/v3/athletes/{}/stats", athlete_id(0))), 200);
    assert_eq!(status(&mut cloud, &all, &format!("/api/v3/athletes/{}/stats", athlete_id(1))), 403);
    let others = token(&mut cloud, 1);
    let mine = body(&get(&mut cloud, &all, "/api/v3/athlete/activities", start()))[0]["id"].clone();
    assert_eq!(status(&mut cloud, &others, &format!("/api/v3/activities/{mine}")), 404);
    assert_eq!(get(&mut cloud, &all, "/api/v3/athlete", later(6 * 3600)).status(), 401, "after six hours");
}

#[test]
fn usage_is_told_on_every_answer_and_the_quota_ends_in_429_without_retry_after() {
    let mut cloud = Cloud::new(Settings::default(), start());
    let token = token(&mut cloud, 0);
    for used in 1..=100 {
        let response = get(&mut cloud, &token, "/api/v3/athlete", later(1));
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["x-readratelimit-usage"], format!("{used},{used}"));
        assert_eq!(response.headers()["x-ratelimit-limit"], "200,2000");
    }
    let refused = get(&mut cloud, &token, "/api/v3/athlete", later(2));
    assert_eq!((refused.status().as_u16(), refused.headers().get("retry-after")), (429, None));
    assert_eq!(refused.headers()["x-readratelimit-usage"], "101,101");
    assert_eq!(get(&mut cloud, &token, "/api/v3/athlete", later(900)).status(), 200, "the next quarter");
    assert_eq!(cloud.statistics().quota_violations, 1);
    assert_eq!(cloud.statistics().requests[&("GET /api/v3/athlete", 429)], 1);
}

#[test]
fn a_refresh_gives_the_same_token_until_an_hour_is_left() {
    let mut cloud = Cloud::new(roomy(), start());
    let first = connect(&mut cloud, 2, ALL, start());
    let fields = |tokens: &Value| {
        let refresh = tokens["refresh_token"].as_str().unwrap();
        format!(
            "client_id=sandbox&client_secret=sandbox-secret&grant_type=refresh_token&refresh_token={refresh}"
        )
    };
    let same = body(&form(&mut cloud, "/oauth/token", &fields(&first), later(3600)));
    assert_eq!(same["access_token"], first["access_token"]);
    let new = body(&form(&mut cloud, "/oauth/token", &fields(&first), later(5 * 3600 + 1)));
    assert_ne!(new["access_token"], first["access_token"]);
    assert_eq!((new.get("athlete"), new["expires_in"].as_i64()), (None, Some(21_600)));
    let stale = form(&mut cloud, "/oauth/token", &fields(&first), later(5 * 3600 + 2));
    assert_eq!(stale.status(), 400);
    assert_eq!(
        (&body(&stale)["errors"][0]["field"], &body(&stale)["errors"][0]["code"]),
        (&json!("refresh_token"), &json!("invalid"))
    );
    assert_eq!((cloud.statistics().refreshes, cloud.statistics().reused_refresh_tokens), (1, 1));
}

#[test]
fn there_is_one_subscription_and_it_needs_its_handshake() {
    let mut cloud = Cloud::new(roomy(), start());
    let made = subscribe(&mut cloud);
    assert_eq!(made.status(), 201);
    assert_eq!(subscribe(&mut cloud).status(), 400, "there is one already");
    let list = send(
        &mut cloud,
        Request::get("/api/v3/push_subscriptions?client_id=sandbox&client_secret=sandbox-secret"),
        "",
        start(),
    );
    let list = body(&list.answer().unwrap());
    assert_eq!((&list[0]["id"], &list[0]["callback_url"]), (&body(&made)["id"], &json!("http://me/notify")));
    let path = format!(
        "/api/v3/push_subscriptions/{}?client_id=sandbox&client_secret=sandbox-secret",
        list[0]["id"]
    );
    assert_eq!(send(&mut cloud, Request::delete(&path), "", start()).answer().unwrap().status(), 204);
    assert_eq!(send(&mut cloud, Request::delete(&path), "", start()).answer().unwrap().status(), 404);
    assert_eq!(subscribe(&mut cloud).status(), 201);
}

#[test]
fn events_tell_connected_people_s_news_until_they_are_acknowledged() {
    let mut cloud = Cloud::new(live(60.0), start());
    assert_eq!(subscribe(&mut cloud).status(), 201);
    cloud.advance(later(1));
    assert!(cloud.outbox(later(1)).is_empty(), "nobody is connected");
    for person in 0..10 {
        token(&mut cloud, person);
    }
    cloud.advance(later(60));
    cloud.stop_producing();
    cloud.advance(later(3600));
    let events = cloud.outbox(later(60));
    assert_eq!(events.len(), 590);
    let mut kinds: HashMap<String, usize> = HashMap::new();
    for event in &events {
        let event: Value = serde_json::from_slice(&event.body).unwrap();
        *kinds.entry(event["aspect_type"].as_str().unwrap().to_owned()).or_default() += 1;
        assert_eq!(event["aspect_type"] == "update", event["updates"].get("title").is_some());
    }
    assert!(
        kinds["create"] > kinds["update"] && kinds["update"] > kinds["delete"] && kinds["delete"] > 0,
        "{kinds:?}"
    );
    for event in &events[1..] {
        cloud.delivered(event.id, Some(200), later(60));
    }
    cloud.delivered(events[0].id, Some(204), later(60));
    assert!(cloud.outbox(later(179)).is_empty());
    assert_eq!(cloud.outbox(later(180))[0].body, events[0].body, "only 200 counts");

    let account = athlete_id(4).to_string();
    assert!(cloud.withdraw(&account, later(181)) && !cloud.withdraw(&account, later(182)));
    let event: Value = serde_json::from_slice(&cloud.outbox(later(183))[0].body).unwrap();
    assert_eq!(
        (&event["object_type"], &event["updates"]["authorized"]),
        (&json!("athlete"), &json!("false"))
    );
}

#[test]
fn the_same_seed_gives_the_same_life_however_often_time_is_told() {
    let lived = |steps: i64, seed: u64| {
        let mut cloud = Cloud::new(Settings { seed, ..live(6.0) }, start());
        for step in 1..=steps {
            cloud.advance(later(600 * step / steps));
        }
        let mut lines: Vec<String> =
            cloud.ledger().entries().map(|entry| format!("{entry:?} {:?}", cloud.facts(entry))).collect();
        lines.sort();
        lines
    };
    assert_eq!(lived(1, 5), lived(37, 5));
    assert_ne!(lived(1, 5), lived(1, 6));
}

#[test]
fn the_ledger_notices_a_changed_value_and_knows_what_is_gone() {
    let mut cloud = Cloud::new(live(60.0), start());
    cloud.advance(later(120));
    let account = athlete_id(0).to_string();
    let record = json!({"provider_user_id": account, "first_name": "Nobody"});
    let Verdict::Disagrees(found) = cloud.check(&account, "athlete", "athlete", &record) else { panic!() };
    assert!(found.iter().any(|place| place.fact.pointer == "/first_name"));
    assert!(found.iter().all(|place| place.fact.pointer != "/provider_user_id"));
    let gone = cloud.ledger().entries().find(|entry| entry.deleted).unwrap().clone();
    assert_eq!(cloud.check(&gone.account, gone.data_type, &gone.natural_key, &json!({})), Verdict::Deleted);
    assert_eq!(cloud.check(&account, "sleep", "1", &json!({})), Verdict::Unknown);
}

#[test]
fn scripted_faults_strike_their_route() {
    let mut cloud = Cloud::new(roomy(), start());
    let token = token(&mut cloud, 0);
    cloud.faults().on("GET /api/v3/athlete", 1, Fault::TooManyRequests);
    cloud.faults().on("GET /api/v3/athlete", 1, Fault::HalfBody);
    assert_eq!(get(&mut cloud, &token, "/api/v3/athlete/activities", start()).status(), 200);
    assert_eq!(get(&mut cloud, &token, "/api/v3/athlete", start()).status(), 429);
    let request = Request::get("/api/v3/athlete").header("authorization", format!("Bearer {token}"));
    assert!(matches!(send(&mut cloud, request, "", start()), Reaction::Cut { after: Some(_), .. }));
    assert_eq!(get(&mut cloud, &token, "/api/v3/athlete", start()).status(), 200);
    let statistics = cloud.statistics();
    assert_eq!((statistics.faults, statistics.quota_violations), (2, 0));
}

#[tokio::test]
async fn the_provider_s_code_brings_out_what_was_simulated() {
    use tributary_contract::Window;

    let cloud = Cloud::new(Settings { history_days: 25, ..live(2.0) }, start());
    let mut rig = crate::sandbox::rig::Rig::new(&crate::strava::Strava, Box::new(cloud));
    rig.subscribe(start()).await;
    for person in 0..10 {
        rig.connect(person, start()).await;
    }
    rig.fetch_all(Window::new(start() - TimeDelta::days(60), later(1)), later(1)).await;
    assert_eq!(rig.disagreements(), Vec::<String>::new());
    assert!(rig.emissions.len() > 150);

    rig.cloud.lock().unwrap().advance(later(900));
    assert!(!rig.disagreements().is_empty(), "news have not been fetched");
    assert!(rig.obey_notifications(later(900)).await > 250);
    assert_eq!(rig.disagreements(), Vec::<String>::new());
    assert_eq!(rig.cloud.lock().unwrap().statistics().quota_violations, 0);
}
