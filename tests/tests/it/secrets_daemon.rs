//! Nothing secret leaves the real daemon: what is planted is looked for in every line that it logs, as JSON and for
//! people, in every span and metric that a collector got, and on the metrics page.

use std::collections::BTreeSet;

use bytes::Bytes;
use http::Method;
use serde_json::{Value, json};
use tributary_contract::Secret;
use tributary_providers::sandbox::Fault;
use tributary_tests::collector::Collector;
use tributary_tests::daemon::Daemon;
use tributary_tests::plan::{self, VAULT_KEY, VERIFY_TOKEN, WEBHOOK_SECRET};
use tributary_tests::{Answer, Person, Plan, World, program, rig, wait};

const CLIENT_SECRET: &str = "planted-client-secret-51c07";
/// Stands in bodies of providers' answers and of notifications, as text and as a measured value.
const TEXT: &str = "planted-text-of-a-provider-8d2e";
const VALUE: &str = "61.724391857";
/// Stands in what callers send.
const WRONG_KEY: &str = "planted-wrong-api-key-0b6d2";
const QUERY: &str = "planted-query-value-93aa1";
const CODE: &str = "planted-code-of-nobody-77f2c";

fn plan(otlp: Option<&str>, log: &str) -> Plan {
    let mut plan = Plan::default().with_sink("tables", plan::sql("out.db")).producing(30.0);
    plan.sandbox.client_secret = Secret::from(CLIENT_SECRET);
    let mut telemetry = json!({"log": log});
    if let Some(otlp) = otlp {
        telemetry["otlp"] = json!(otlp);
    }
    plan.operator.insert("telemetry".to_owned(), telemetry);
    plan
}

/// An answer that holds what must not be shown, in a shape that nobody documented.
fn spoilt(status: u16) -> Fault {
    let body = format!(
        r#"{{"message":"{TEXT}","error":"{TEXT}","heart_rate":{VALUE},"data":{{"bpm":"{VALUE}"}},"id":"{TEXT}"}}"#
    );
    Fault::Body { status, content_type: "application/json", body: Bytes::from(body) }
}

/// Whatever fails is what gets logged: answers, tokens, grants, deliveries, callers.
async fn provoke(world: &World, people: &[Person]) {
    for (provider, path) in [("strava", "/api/v3/"), ("oura", "/v2/usercollection/")] {
        for status in [200, 400, 401, 403, 404, 429, 500] {
            world.host(provider).with(|sandbox| {
                sandbox.faults().when(1, spoilt(status), move |call| call.path.starts_with(path));
            });
        }
        world.host(provider).with(|sandbox| {
            sandbox.faults().when(2, spoilt(400), |call| call.path.ends_with("/token"));
            sandbox.faults().when(1, Fault::HalfBody, move |call| call.path.starts_with(path));
        });
    }
    for status in [500, 400, 401, 410, 301] {
        world.receiver.next(1, Answer::Status(status));
    }
    for person in people {
        world.sync(person.connection).await;
    }
    let wrong = [("dev-id", "acme"), ("x-api-key", WRONG_KEY)];
    let path = format!("/v2/userInfo?user_id={QUERY}");
    assert_eq!(world.public(Method::GET, &path, &wrong, "").await.status(), 401);
    let body = json!({"reference_id": {"planted": TEXT}});
    let path = format!("/v2/auth/authenticateUser?resource={QUERY}");
    assert_eq!(world.tenant("acme", Method::POST, &path, &body).await.0, 400);
    let path = format!("/auth/strava/callback?state={QUERY}&code={CODE}");
    assert_eq!(world.public(Method::GET, &path, &[], "").await.status(), 400);
    for provider in ["strava", "oura"] {
        for body in
            [format!(r#"{{"event_type":"{TEXT}","heart_rate":{VALUE}"#), format!(r#"["{TEXT}",{VALUE}]"#)]
        {
            let path = format!("/notify/{provider}?token={QUERY}");
            let status = world.public(Method::POST, &path, &[], body).await.status();
            assert!(status.is_client_error(), "{status}");
        }
    }
    let path = format!("import?format=gpx&name={QUERY}&user={QUERY}");
    let (status, _) = world.admin(Method::POST, &path, &json!({"planted": TEXT, "bpm": VALUE})).await;
    assert!((400..500).contains(&status), "{status}");
}

/// Numbers with many digits out of everything that was delivered: measured values and places. Below 60 they could be
/// the seconds of a clock.
fn measured(world: &World) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for request in world.receiver.requests() {
        let body = String::from_utf8_lossy(&request.body).into_owned();
        let words = body.split(|letter: char| !letter.is_ascii_digit() && letter != '.');
        let many = |word: &&str| word.len() >= 8 && word.parse::<f64>().is_ok_and(|value| value >= 60.0);
        found.extend(words.filter(|word| word.contains('.')).filter(many).map(str::to_owned));
    }
    found
}

fn holds<'a>(place: &str, text: &str, secrets: impl IntoIterator<Item = &'a String>) -> Vec<String> {
    let found = secrets.into_iter().filter(|secret| text.contains(secret.as_str()));
    found.map(|secret| format!("{place} holds {secret:?}")).collect()
}

#[test]
fn nothing_planted_comes_out_of_the_daemon() {
    rig::run(async || {
        let directory = tempfile::tempdir().unwrap();
        let collector = Collector::start(directory.path()).await;
        let otlp = collector.as_ref().map(Collector::url);
        let mut world = World::start(plan(otlp.as_deref(), "json")).await;
        let daemon = Daemon::start_logging(&world, "trace").await;
        let mut people = Vec::new();
        for (provider, login) in [("strava", 0), ("oura", 0), ("oura", 1)] {
            people.push(world.connect(provider, login).await);
        }
        let (link, _) = world.begin_connect("acme", "strava", "strava-1").await;
        let back = world.agree(&link, 1).await;
        let parameter = |name: &str| {
            let query = back.split_once('?').unwrap().1;
            query.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}="))).unwrap().to_owned()
        };
        let state = parameter("state");
        let (flow, proof) = state.split_once('.').unwrap();
        let cookies = world.browser.cookies("/auth/strava/callback").unwrap();
        let (_, browser) = cookies.split_once('=').unwrap();
        let mut secrets = BTreeSet::from([parameter("code")]);
        secrets.extend([flow, proof, browser].map(str::to_owned));
        assert_eq!(world.browse(&back).await.status(), 200);
        wait::until_true("first deliveries", wait::SOON, async || world.receiver.count() > 3).await;
        provoke(&world, &people).await;
        let page = world.browse(&format!("http://{}/metrics", world.addresses().1)).await;
        let page = String::from_utf8(page.body().to_vec()).unwrap();
        assert!(daemon.terminate().await.success());

        // The same as lines for people.
        let again = plan(otlp.as_deref(), "pretty").operator;
        world.plan.operator = again;
        world.write_configuration();
        let daemon = Daemon::start_logging(&world, "trace").await;
        provoke(&world, &people).await;
        world.stop_producing();
        let account = people[1].account.clone();
        let now = tributary_engine::clock::Clock::real().now();
        assert!(world.host("oura").with(|sandbox| sandbox.withdraw(&account, now)));
        wait::until_true("a refused refresh", wait::SOON, async || {
            world.sync(people[1].connection).await;
            Daemon::log(&world).contains("an access token was not refreshed")
        })
        .await;
        assert!(daemon.terminate().await.success());

        let api_key = world.plan.tenants[0].api_key();
        secrets.extend([CLIENT_SECRET, WEBHOOK_SECRET, VERIFY_TOKEN, VAULT_KEY, &api_key].map(str::to_owned));
        secrets.extend([TEXT, VALUE, WRONG_KEY, QUERY, CODE].map(str::to_owned));
        let values = measured(&world);
        assert!(values.len() > 20, "{values:?}");
        secrets.extend(values);
        let log = Daemon::log(&world);
        assert!(log.contains(r#""level":"TRACE""#) && log.contains(" TRACE "), "both forms at every level");
        let mut found = holds("the log", &log, &secrets);
        found.extend(holds("the metrics page", &page, &secrets));
        let people = people.iter().flat_map(|person| {
            [person.account.clone(), person.reference_id.clone(), person.connection.to_string()]
        });
        let people: BTreeSet<_> = people.map(|id| format!("\"{id}\"")).collect();
        found.extend(holds("the metrics page", &page, &people));
        if let Some(collector) = &collector {
            let exported = collector.text();
            assert!(exported.lines().count() > 100, "too little was exported");
            found.extend(holds("what the collector got", &exported, secrets.union(&people)));
        }
        assert_eq!(found, Vec::<String>::new(), "searched for {} secrets", secrets.len());
        world.end().await;
    });
}

#[test]
fn a_broken_configuration_is_explained_without_its_secrets() {
    rig::run(async || {
        let world = World::start(plan(None, "json")).await;
        let right = std::fs::read_to_string(world.configuration()).unwrap();
        let mut broken: Value = serde_json::from_str(&right).unwrap();
        broken["provider_apps"]["strava"]["client_secret"] = json!({"planted": TEXT});
        broken["vault"]["keys"] = json!([TEXT]);
        broken["telemetry"] = json!({"otlp": format!("http://user:{TEXT}@127.0.0.1"), "sample": 7});
        std::fs::write(world.configuration(), broken.to_string()).unwrap();
        for command in ["check", "run"] {
            let path = world.configuration();
            let output = program::run_in(&world, [command, "-c", path.to_str().unwrap()]).await;
            assert_eq!(output.code, 1, "{output:?}");
            assert!(output.stderr.contains("telemetry"), "{output:?}");
            assert!(!output.stderr.contains(TEXT) && !output.stdout.contains(TEXT), "{output:?}");
        }
        world.end().await;
    });
}
