//! The simulated Concept2 as a client sees it.

use tributary_contract::Window;

use super::*;
use crate::sandbox::rig::Rig;

fn start() -> DateTime<Utc> {
    "2026-05-20T10:00:00Z".parse().unwrap()
}

fn later(seconds: i64) -> DateTime<Utc> {
    start() + TimeDelta::seconds(seconds)
}

fn busy() -> Settings {
    Settings { history_days: 40, live_records_per_user_per_minute: 2.0, ..Settings::default() }
}

fn form(cloud: &mut Cloud, fields: &str) -> serde_json::Value {
    let request =
        Request::post("/oauth/access_token").header("content-type", "application/x-www-form-urlencoded");
    let answer = cloud.handle(request.body(Bytes::from(fields.to_owned())).unwrap(), start());
    serde_json::from_slice(answer.answer().unwrap().body()).unwrap()
}

fn status(cloud: &mut Cloud, path: &str, token: &str, accept: &str) -> u16 {
    let request =
        Request::get(path).header("authorization", format!("Bearer {token}")).header("accept", accept);
    cloud.handle(request.body(Bytes::new()).unwrap(), start()).answer().unwrap().status().as_u16()
}

#[test]
fn a_token_request_without_the_scope_gives_a_token_that_reads_no_results() {
    let mut cloud = Cloud::new(Settings::default(), start());
    let path = "/oauth/authorize?client_id=sandbox&redirect_uri=http://me/auth/concept2/callback&response_type=code\
                &scope=user:read,results:read&state=s&login=0&approve=1";
    let answer = cloud.handle(Request::get(path).body(Bytes::new()).unwrap(), start()).answer().unwrap();
    let location = Url::parse(answer.headers()["location"].to_str().unwrap()).unwrap();
    let code = location.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
    let client = "client_id=sandbox&client_secret=sandbox-secret";
    let asked = "scope=user:read,results:read";
    let first = form(&mut cloud, &format!("{client}&grant_type=authorization_code&code={code}&{asked}"));
    let (token, refresh) =
        (first["access_token"].as_str().unwrap(), first["refresh_token"].as_str().unwrap());
    let version = "application/vnd.c2logbook.v1+json";
    assert_eq!(status(&mut cloud, "/api/users/me/results", token, version), 200);
    assert_eq!(status(&mut cloud, "/api/users/me/results", token, "*/*"), 400);

    let second = form(&mut cloud, &format!("{client}&grant_type=refresh_token&refresh_token={refresh}"));
    let narrow = second["access_token"].as_str().unwrap();
    assert_eq!(status(&mut cloud, "/api/users/me", narrow, version), 200);
    assert_eq!(status(&mut cloud, "/api/users/me/results", narrow, version), 403);
    assert_eq!(status(&mut cloud, "/api/users/me/results", "nobody's", version), 401);
}

#[tokio::test]
async fn the_provider_s_code_brings_out_what_was_simulated() {
    let cloud = Cloud::new(busy(), start());
    let mut rig = Rig::new(&crate::concept2::PROVIDER, Box::new(cloud));
    for person in 0..10 {
        rig.connect(person, start()).await;
    }
    rig.fetch_all(Window::new(start() - TimeDelta::days(60), later(1)), later(1)).await;
    assert_eq!(rig.disagreements(), Vec::<String>::new());
    assert!(rig.emissions.len() > 100);

    rig.cloud.lock().unwrap().advance(later(900));
    assert!(!rig.disagreements().is_empty(), "news have not been fetched");
    assert!(rig.obey_notifications(later(900)).await > 250);
    assert_eq!(rig.disagreements(), Vec::<String>::new());
}
