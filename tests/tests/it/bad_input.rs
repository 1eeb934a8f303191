//! Bad input from everybody: providers, tenants, operators. It fails where it came in, says why, and stays there.

use bytes::Bytes;
use http::Method;
use serde_json::{Value, json};
use tributary_providers::sandbox::Fault;
use tributary_tests::plan::{self, TenantPlan};
use tributary_tests::{Plan, Rig, rig, wait};

const LIST: &str = "GET /api/v3/athlete/activities";
const DETAIL: &str = "GET /api/v3/activities/{id}";

#[test]
fn a_value_that_we_do_not_know_passes() {
    rig::run(async || {
        let rig = Rig::start(Plan::default()).await;
        let activity = json!({
            "id": 4_711, "name": "Something new", "sport_type": "MoonWalk", "type": "MoonWalk",
            "start_date": "2026-05-02T08:00:00Z", "start_date_local": "2026-05-02T10:00:00Z",
            "utc_offset": 7200.0, "timezone": "(GMT+01:00) Europe/Berlin",
            "elapsed_time": 600, "moving_time": 600, "distance": 1000.0, "total_elevation_gain": 0.0, "manual": true,
        });
        let body = Bytes::from(activity.to_string());
        let answer = Fault::Body { status: 200, content_type: "application/json", body };
        rig.host("strava").with(|sandbox| sandbox.faults().on(DETAIL, 1, answer));
        let person = rig.connect("strava", 0).await;
        rig.quiet().await;
        let arrived = rig.received("/acme");
        let key = (person.reference_id, "activity".to_owned(), "4711".to_owned());
        let (_, record) = arrived.present().find(|(found, _)| **found == key).expect("the activity");
        assert_eq!(record.pointer("/metadata/summary_id"), Some(&json!("4711")));
        rig.finish().await;
    });
}

#[test]
fn an_answer_that_is_too_large_is_an_error_that_names_the_call_and_the_limit() {
    rig::run(async || {
        let rig = Rig::start(Plan::default()).await;
        let body = Bytes::from(vec![b' '; 40 << 20]);
        let answer = Fault::Body { status: 200, content_type: "application/json", body };
        rig.host("strava").with(|sandbox| sandbox.faults().on(LIST, u32::MAX, answer));
        let person = rig.connect("strava", 0).await;
        let failed = wait::until("a failed sync", wait::SOON, async || {
            rig.observed().having("sync failed").into_iter().next()
        })
        .await;
        assert!(failed.contains("/athlete/activities"), "{failed}");
        assert!(failed.contains(&(32 << 20).to_string()) || failed.contains("32 MiB"), "{failed}");
        assert_eq!(rig.state(person.connection).await, "active");
        rig.host("strava").with(|sandbox| sandbox.faults().clear());
        rig.finish().await;
    });
}

#[test]
fn a_webhook_into_a_private_network_is_refused_at_the_start() {
    rig::run(async || {
        for url in [
            "https://127.0.0.1/hook",
            "https://localhost/hook",
            "https://[::1]/hook",
            "https://169.254.169.254/",
            "https://10.0.0.1/",
        ] {
            let sink = json!({"type": "webhook", "url": url, "secret": "s"});
            let mut rig = Rig::prepare(Plan::default().with_sink("inside", sink)).await;
            let error = rig.start_daemon().await.expect_err("a private address").to_string();
            assert!(
                error.contains("inside.url") && error.contains("acme") && error.contains("acme.yaml"),
                "{error}"
            );
            rig.finish().await;
        }
    });
}

#[test]
fn a_name_that_leads_into_a_private_network_only_when_it_is_looked_up_is_refused_once_and_for_all() {
    // The machine's own name leads to the machine itself.
    let Some(name) = own_name() else { return };
    rig::run(async || {
        let sink = json!({"type": "webhook", "url": format!("https://{name}/hook"), "secret": "s"});
        let rig = Rig::start(Plan::default().with_sink("inside", sink)).await;
        let people = [rig.connect("strava", 0).await];
        rig.settle(&people).await;
        assert_eq!(rig.differences(&people, &rig.received("/acme")), Vec::<String>::new(), "the other sink");
        let (_, answer) = rig.admin(Method::GET, "dead-letters?sink=inside", &Value::Null).await;
        let letters = answer["dead_letters"].as_array().unwrap();
        assert!(!letters.is_empty());
        for letter in letters {
            assert_eq!(letter["attempts"], 1, "it is not tried again: {letter}");
        }
        rig.finish().await;
    });
}

/// A name of this machine that leads to a private address.
fn own_name() -> Option<String> {
    let name = std::fs::read_to_string("/etc/hostname").ok()?.trim().to_owned();
    let mut addresses = std::net::ToSocketAddrs::to_socket_addrs(&(name.as_str(), 443)).ok()?;
    let private = |address: std::net::SocketAddr| match address.ip() {
        std::net::IpAddr::V4(address) => address.is_private() || address.is_loopback(),
        std::net::IpAddr::V6(address) => address.is_loopback() || address.is_unique_local(),
    };
    addresses.all(private).then_some(name)
}

#[test]
fn two_tenants_of_one_name_are_an_error_that_names_both_files() {
    rig::run(async || {
        let rig = Rig::prepare(Plan::default()).await;
        let first = rig.path("tenants/acme.yaml");
        std::fs::copy(&first, rig.path("tenants/copy.yaml")).unwrap();
        let environment = rig.environment();
        let loaded = tributary_config::load(&rig.configuration(), &|name| environment.get(name).cloned());
        let error = loaded.expect_err("two tenants of one name").to_string();
        assert!(
            error.contains("acme.yaml") && error.contains("copy.yaml") && error.contains("acme"),
            "{error}"
        );
        rig.finish().await;
    });
}

#[test]
fn a_vault_key_that_does_not_fit_the_store_is_an_error_at_the_start() {
    rig::run(async || {
        let mut rig = Rig::start(Plan::default()).await;
        rig.connect("oura", 0).await;
        rig.quiet().await;
        rig.stop_daemon().await;
        rig.world_mut().plan.operator.insert("vault".to_owned(), json!({"keys": ["ff".repeat(32)]}));
        rig.write_configuration();
        let error = rig.start_daemon().await.expect_err("another key").to_string();
        assert!(error.contains("vault.keys"), "{error}");
        rig.world_mut()
            .plan
            .operator
            .insert("vault".to_owned(), json!({"keys": ["ff".repeat(32), plan::VAULT_KEY]}));
        rig.write_configuration();
        rig.start_daemon().await.expect("the old key may stand behind a new one");
        rig.quiet().await;
        rig.finish().await;
    });
}

#[test]
fn requests_that_are_wrong_are_refused_with_a_reason() {
    rig::run(async || {
        let rig = Rig::start(Plan::default()).await;
        let key = TenantPlan::new("acme").api_key();
        let headers = [("dev-id", "acme"), ("x-api-key", key.as_str())];
        for (method, path, body, status) in [
            (Method::POST, "/v2/auth/authenticateUser?resource=STRAVA", "{", 400),
            (Method::POST, "/v2/auth/authenticateUser?resource=STRAVA", "[]", 400),
            (Method::POST, "/v2/auth/authenticateUser?resource=STRAVA", r#"{"reference_id":7}"#, 400),
            (Method::POST, "/v2/auth/authenticateUser", "{}", 400),
            (Method::POST, "/v2/auth/authenticateUser?resource=NOBODY", "{}", 404),
            (
                Method::POST,
                "/v2/auth/authenticateUser?resource=STRAVA",
                r#"{"auth_success_redirect_url":"javascript:alert(1)"}"#,
                400,
            ),
            (Method::GET, "/v2/userInfo", "", 400),
            (Method::GET, "/v2/userInfo?user_id=7", "", 400),
            (Method::GET, "/v2/userInfo?user_id=00000000-0000-0000-0000-000000000000", "", 404),
            (Method::DELETE, "/v2/auth/deauthenticateUser?user_id=7", "", 400),
            (Method::GET, "/v2/nothing", "", 404),
            (Method::GET, "/auth/nobody/callback?state=x&code=y", "", 404),
            (Method::GET, "/auth/strava/callback?state=x&code=y", "", 400),
            (Method::GET, "/auth/strava/callback", "", 400),
        ] {
            let answer = rig.public(method.clone(), path, &headers, body).await;
            let problem: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
            assert_eq!(answer.status(), status, "{method} {path} {body}: {problem}");
            assert_eq!(problem["status"], "error", "{method} {path}: {problem}");
            assert!(
                problem["detail"].as_str().is_some_and(|detail| detail.len() > 5),
                "{method} {path}: {problem}"
            );
        }
        rig.finish().await;
    });
}
