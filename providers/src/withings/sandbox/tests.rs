//! The simulated Withings as a client sees it.

use http::Method;
use serde_json::Value;
use tributary_contract::Window;

use super::*;
use crate::sandbox::{Fault, Verdict};

const ALL: &str = "user.info,user.metrics,user.activity,user.sleepevents";

fn start() -> DateTime<Utc> {
    "2026-05-20T10:00:00Z".parse().unwrap()
}

fn later(seconds: i64) -> DateTime<Utc> {
    start() + TimeDelta::seconds(seconds)
}

fn roomy() -> Settings {
    Settings { quotas: Some(Quotas { overall: vec![], read: vec![], user: vec![] }), ..Settings::default() }
}

fn live(rate: f64) -> Settings {
    Settings { live_records_per_user_per_minute: rate, ..roomy() }
}

fn react(cloud: &mut Cloud, token: &str, path: &str, form: &str, now: DateTime<Utc>) -> Reaction {
    let request = Request::post(path)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("authorization", format!("Bearer {token}"));
    cloud.handle(request.body(Bytes::from(form.to_owned())).unwrap(), now)
}

fn post(cloud: &mut Cloud, token: &str, path: &str, form: &str, now: DateTime<Utc>) -> Value {
    let answer = react(cloud, token, path, form, now).answer().unwrap();
    assert_eq!(answer.status(), 200);
    serde_json::from_slice(answer.body()).unwrap()
}

fn code(cloud: &mut Cloud, person: u32, scope: &str, now: DateTime<Utc>) -> String {
    let path = format!(
        "/oauth2_user/authorize2?client_id=sandbox&redirect_uri=http://me/cb&response_type=code&scope={scope}&state=s&login={person}&approve=1"
    );
    let answer = cloud.handle(Request::get(path).body(Bytes::new()).unwrap(), now).answer().unwrap();
    let location = url::Url::parse(answer.headers()["location"].to_str().unwrap()).unwrap();
    location.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned()
}

fn tokens(cloud: &mut Cloud, fields: &str, now: DateTime<Utc>) -> Value {
    let form = format!("action=requesttoken&client_id=sandbox&client_secret=sandbox-secret&{fields}");
    post(cloud, "", "/v2/oauth2", &form, now)
}

fn connect(cloud: &mut Cloud, person: u32, scope: &str) -> Value {
    let code = code(cloud, person, scope, start());
    tokens(cloud, &format!("grant_type=authorization_code&code={code}"), start())["body"].clone()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn refresh(cloud: &mut Cloud, token: &Value, now: DateTime<Utc>) -> Value {
    tokens(cloud, &format!("grant_type=refresh_token&refresh_token={}", text(token)), now)
}

#[test]
fn a_code_lives_for_half_a_minute_and_names_the_user() {
    let mut cloud = Cloud::new(roomy(), start());
    let late = code(&mut cloud, 3, ALL, start());
    let refused = tokens(&mut cloud, &format!("grant_type=authorization_code&code={late}"), later(31));
    assert_eq!(refused["status"], 503);
    let body = connect(&mut cloud, 3, ALL);
    assert_eq!(
        (text(&body["userid"]), &body["expires_in"]),
        (cloud.accounts()[3].clone(), &Value::from(10_800))
    );
}

#[test]
fn the_old_refresh_token_goes_on_until_the_new_access_token_is_used() {
    let mut cloud = Cloud::new(roomy(), start());
    let first = connect(&mut cloud, 0, ALL);
    let lost = refresh(&mut cloud, &first["refresh_token"], later(60));
    assert_eq!(lost["status"], 0, "its answer may get lost");
    let second = refresh(&mut cloud, &first["refresh_token"], later(120));
    assert_eq!(second["status"], 0);
    let used =
        post(&mut cloud, &text(&second["body"]["access_token"]), "/v2/user", "action=getdevice", later(121));
    assert_eq!(used["status"], 0);
    let refused = refresh(&mut cloud, &first["refresh_token"], later(122));
    assert_eq!(
        (&refused["status"], text(&refused["error"])),
        (&503.into(), "Invalid Params: invalid refresh_token".to_owned())
    );

    let first = connect(&mut cloud, 1, ALL);
    assert_eq!(refresh(&mut cloud, &first["refresh_token"], later(60))["status"], 0);
    let after_grace = later(60 + 8 * 3_600);
    assert_eq!(refresh(&mut cloud, &first["refresh_token"], after_grace)["status"], 503);
}

#[test]
fn pages_hold_every_group_exactly_once_and_lastupdate_only_what_is_newer() {
    let mut cloud = Cloud::new(Settings { page_size: 4, ..roomy() }, start());
    let token = text(&connect(&mut cloud, 2, ALL)["access_token"]);
    let mut found = Vec::new();
    let mut offset = 0;
    loop {
        let form = format!("action=getmeas&category=1&lastupdate=0&offset={offset}");
        let page = post(&mut cloud, &token, "/measure", &form, start())["body"].clone();
        found.extend(page["measuregrps"].as_array().unwrap().clone());
        if page["more"] == 0 {
            break;
        }
        assert_eq!(page["more"], 1);
        offset = page["offset"].as_u64().unwrap();
    }
    let own = found.iter().filter(|group| group["attrib"] == 0).count();
    assert_eq!(own, cloud.lives[2].groups.len());
    assert!(found.iter().any(|group| group["attrib"] == 1), "somebody else used the scale");
    let form = format!("action=getmeas&lastupdate={}", start().timestamp());
    let none = post(&mut cloud, &token, "/measure", &form, start());
    assert_eq!((&none["body"]["measuregrps"], &none["body"]["more"]), (&serde_json::json!([]), &0.into()));
}

#[test]
fn refusals_are_a_status_inside_a_200() {
    let mut cloud = Cloud::new(Settings::default(), start());
    assert_eq!(post(&mut cloud, "x", "/v2/user", "action=getdevice", start())["status"], 401);
    let token = text(&connect(&mut cloud, 0, "user.info")["access_token"]);
    assert_eq!(post(&mut cloud, &token, "/measure", "action=getmeas&lastupdate=0", start())["status"], 277);
    assert_eq!(post(&mut cloud, &token, "/measure", "action=no", start())["status"], 2554);
    for _ in 0..116 {
        post(&mut cloud, &token, "/v2/user", "action=getdevice", start());
    }
    let refused = post(&mut cloud, &token, "/v2/user", "action=getdevice", start());
    assert_eq!((&refused["status"], cloud.statistics().quota_violations), (&601.into(), 1));
    assert_eq!(post(&mut cloud, &token, "/v2/user", "action=getdevice", later(60))["status"], 0);
    cloud.faults().on("POST /v2/user getdevice", 1, Fault::TooManyRequests);
    assert_eq!(post(&mut cloud, &token, "/v2/user", "action=getdevice", later(60))["status"], 601);
    assert_eq!(cloud.statistics().quota_violations, 1);
}

#[test]
fn an_empty_course_is_a_list() {
    let mut cloud = Cloud::new(roomy(), start());
    let token = text(&connect(&mut cloud, 0, ALL)["access_token"]);
    let form = "action=getintradayactivity&startdate=0&enddate=60";
    assert_eq!(
        post(&mut cloud, &token, "/v2/measure", form, start())["body"]["series"],
        serde_json::json!([])
    );
}

#[test]
fn a_subscription_is_made_when_its_address_answers_and_news_come_until_they_are_taken() {
    let mut cloud = Cloud::new(live(30.0), start());
    let token = text(&connect(&mut cloud, 0, ALL)["access_token"]);
    for (appli, status) in [(1, 500), (4, 200), (16, 200), (44, 200)] {
        let form = format!("action=subscribe&callbackurl=http://me/notify&appli={appli}");
        let Reaction::Call(probe) = react(&mut cloud, &token, "/notify", &form, start()) else { panic!() };
        assert_eq!(probe.method, Method::HEAD);
        cloud.called(probe.id, &CallResult { status: Some(status), body: Bytes::new() }, start());
    }
    let listed = post(&mut cloud, &token, "/notify", "action=list", start());
    assert_eq!(listed["body"]["profiles"].as_array().unwrap().len(), 3);
    cloud.advance(later(60));
    let due = cloud.outbox(later(60));
    assert!(due.len() > 5);
    assert!(due.iter().all(|one| one.body.starts_with(b"userid=363000&appli=")));
    cloud.stop_producing();
    for one in &due {
        cloud.delivered(one.id, None, later(60));
    }
    // Again after ten seconds, a minute, an hour, four hours; then never.
    for seconds in [70, 130, 3_730, 18_130] {
        assert_eq!(cloud.outbox(later(seconds - 1)).len(), 0);
        let again = cloud.outbox(later(seconds));
        assert_eq!(again.len(), due.len(), "{seconds}");
        for one in again {
            cloud.delivered(one.id, Some(500), later(seconds));
        }
    }
    assert_eq!((cloud.pending(), cloud.statistics().notifications_lost), (0, due.len() as u64));
}

#[test]
fn the_ledger_notices_what_is_wrong() {
    let cloud = Cloud::new(roomy(), start());
    let entry = cloud.ledger().entries().find(|entry| entry.data_type == DAILY).unwrap();
    let wrong = serde_json::json!({"metadata": {}, "distance_data": {"steps": 1}});
    assert!(matches!(
        cloud.check(&entry.account, DAILY, &entry.natural_key, &wrong),
        Verdict::Disagrees(found) if found.len() > 5
    ));
    assert_eq!(cloud.check(&entry.account, "sleep", "1", &wrong), Verdict::Unknown);
}

#[tokio::test]
async fn the_provider_s_code_brings_out_what_was_simulated() {
    let cloud = Cloud::new(Settings { history_days: 20, page_size: 7, ..live(2.0) }, start());
    let mut rig = crate::sandbox::rig::Rig::new(&crate::withings::Withings, Box::new(cloud));
    for person in 0..10 {
        rig.connect(person, start()).await;
    }
    rig.fetch_all(Window::new(start() - TimeDelta::days(60), later(1)), later(1)).await;
    assert_eq!(rig.disagreements(), Vec::<String>::new());
    assert!(rig.emissions.len() > 500);

    rig.cloud.lock().unwrap().advance(later(900));
    assert!(!rig.disagreements().is_empty(), "news have not been fetched");
    assert!(rig.obey_notifications(later(900)).await > 250);
    assert_eq!(rig.disagreements(), Vec::<String>::new());
    assert_eq!(rig.cloud.lock().unwrap().statistics().quota_violations, 0);
}

#[tokio::test]
async fn subscriptions_that_were_forgotten_come_back_with_the_poll_of_the_profile() {
    let cloud = Cloud::new(live(2.0), start());
    let mut rig = crate::sandbox::rig::Rig::new(&crate::withings::Withings, Box::new(cloud));
    rig.connect(0, start()).await;
    rig.cloud.lock().unwrap().forget_subscriptions();
    rig.fetch_all(Window::new(start() - TimeDelta::days(20), later(1)), later(1)).await;
    rig.cloud.lock().unwrap().advance(later(900));
    assert!(rig.obey_notifications(later(900)).await > 0);
}
