//! Tokens and consent: rotation without loss, trouble that passes and trouble that does not, and the way back.

use std::time::Duration;

use http::Method;
use serde_json::Value;
use tributary_providers::sandbox::{Fault, Statistics};
use tributary_tests::{Person, Plan, Rig, rig, wait};

/// Longer than a token is refreshed ahead of its end, shorter than Strava gives the same token again.
const LIVES_AN_EVENING: Duration = Duration::from_secs(45 * 60);

fn with_lifetime(lifetime: Duration) -> Plan {
    let mut plan = Plan::default();
    plan.sandbox.access_token_lifetime = Some(lifetime);
    plan
}

fn statistics(rig: &Rig, provider: &str) -> Statistics {
    rig.host(provider).with(|sandbox| sandbox.statistics())
}

fn token_calls(rig: &Rig, provider: &str) -> u64 {
    let statistics = statistics(rig, provider);
    statistics
        .requests
        .iter()
        .filter(|((route, _), _)| *route == "POST /oauth/token")
        .map(|(_, count)| count)
        .sum()
}

fn fault(rig: &Rig, provider: &str, inject: impl FnOnce(&mut tributary_providers::sandbox::Faults)) {
    rig.host(provider).with(|sandbox| inject(sandbox.faults()));
}

/// The taken life-cycle events about a person, in the order of their arrival.
fn life(rig: &Rig, person: &Person) -> Vec<String> {
    let kinds = ["auth", "user_reauth", "connection_error", "access_revoked", "deauth"];
    let events = rig.receiver.taken("/acme").into_iter().map(|request| (request.kind(), request.json()));
    let about = |event: &Value| {
        ["/user/user_id", "/new_user/user_id"]
            .iter()
            .any(|at| event.pointer(at).and_then(Value::as_str) == Some(&person.connection.to_string()))
    };
    events
        .filter(|(kind, event)| kinds.contains(&kind.as_str()) && about(event))
        .map(|(kind, _)| kind)
        .collect()
}

async fn until_state(rig: &Rig, person: &Person, state: &str) {
    wait::until_true(&format!("{} to be {state}", person.reference_id), wait::SOON, async || {
        rig.state(person.connection).await == state
    })
    .await;
}

#[test]
fn tokens_that_live_for_moments_are_rotated_again_and_again_and_none_is_used_twice() {
    rig::run(async || {
        let rig = Rig::start(with_lifetime(Duration::from_secs(2)).producing(120.0)).await;
        let people = rig.connect_all().await;
        wait::until_true("three refreshes at each provider", wait::SOON, async || {
            rig.hosts().iter().all(|host| host.with(|sandbox| sandbox.statistics().refreshes >= 3))
        })
        .await;
        rig.settle(&people).await;
        assert_eq!(rig.differences(&people, &rig.received("/acme")), Vec::<String>::new());
        for host in rig.hosts() {
            assert_eq!(statistics(&rig, host.key()).reused_refresh_tokens, 0, "{}", host.key());
        }
        for person in &people {
            assert_eq!(life(&rig, person), ["auth"]);
        }
        rig.finish().await;
    });
}

#[test]
fn calls_side_by_side_that_are_refused_lead_to_one_refresh() {
    rig::run(async || {
        let rig = Rig::start(with_lifetime(LIVES_AN_EVENING)).await;
        let people = vec![rig.connect("strava", 0).await, rig.connect("oura", 0).await];
        rig.quiet().await;
        let before = [token_calls(&rig, "strava"), token_calls(&rig, "oura")];
        for (person, path) in people.iter().zip(["/api/v3/activities/", "/v2/usercollection/daily_"]) {
            // The provider forgets the present token when it is used by several calls at once.
            let stored = rig.shared().ground.tokens.stored(person.connection).await.unwrap();
            let token = stored.unwrap().access_token;
            fault(&rig, person.provider, |faults| {
                faults.when(u32::MAX, Fault::Status(401), move |call| {
                    call.path.starts_with(path) && call.bearer() == Some(token.expose())
                });
            });
        }
        rig.settle(&people).await;
        let after = [token_calls(&rig, "strava"), token_calls(&rig, "oura")];
        for (provider, (before, after)) in ["strava", "oura"].into_iter().zip(before.into_iter().zip(after)) {
            assert_eq!(after - before, 1, "{provider}");
            let refused = statistics(&rig, provider)
                .requests
                .iter()
                .filter(|((_, status), _)| *status == 401)
                .map(|(_, count)| count)
                .sum::<u64>();
            // How many calls are on their way when the token dies is a matter of load; one at least is refused.
            assert!(refused > 0, "{provider} was not asked with the dead token");
            assert_eq!(statistics(&rig, provider).reused_refresh_tokens, 0, "{provider}");
        }
        assert_eq!(rig.differences(&people, &rig.received("/acme")), Vec::<String>::new());
        rig.finish().await;
    });
}

#[test]
fn a_token_endpoint_that_is_down_marks_nobody_and_is_left_in_peace() {
    rig::run(async || {
        let mut rig = Rig::start(with_lifetime(LIVES_AN_EVENING)).await;
        let person = rig.connect("oura", 0).await;
        rig.quiet().await;
        let before = token_calls(&rig, "oura");
        fault(&rig, "oura", |faults| {
            faults.on("POST /oauth/token", u32::MAX, Fault::Status(503));
            faults.when(u32::MAX, Fault::Status(401), |call| call.path.starts_with("/v2/usercollection/"));
        });
        for _ in 0..5 {
            rig.sync(person.connection).await;
            rig.quiet().await;
        }
        assert_eq!(rig.state(person.connection).await, "active");
        assert_eq!(life(&rig, &person), ["auth"]);
        let tries = token_calls(&rig, "oura") - before;
        assert!((1..=4).contains(&tries), "{tries} calls of a token endpoint that is down");

        fault(&rig, "oura", tributary_providers::sandbox::Faults::clear);
        rig.restart().await;
        rig.settle(std::slice::from_ref(&person)).await;
        assert_eq!(rig.state(person.connection).await, "active");
        let people = vec![person];
        assert_eq!(rig.differences(&people, &rig.received("/acme")), Vec::<String>::new());
        rig.finish().await;
    });
}

#[test]
fn lost_consent_stops_the_connection_and_is_told_exactly_once() {
    rig::run(async || {
        let rig = Rig::start(Plan::default()).await;
        let (person, other) = (rig.connect("oura", 0).await, rig.connect("oura", 1).await);
        rig.quiet().await;
        let now = tributary_engine::clock::Clock::real().now();
        assert!(rig.host("oura").with(|sandbox| sandbox.withdraw(&person.account, now)));
        rig.sync(person.connection).await;
        until_state(&rig, &person, "reauth_needed").await;
        rig.quiet().await;
        assert_eq!(life(&rig, &person), ["auth", "connection_error"]);
        let asked = statistics(&rig, "oura").total();

        let wish = serde_json::json!({"connection": person.connection});
        let (status, refusal) = rig.admin(Method::POST, "sync", &wish).await;
        assert_eq!(status, 400, "{refusal}");
        rig.quiet().await;
        assert_eq!(statistics(&rig, "oura").total(), asked, "it is polled no more");
        assert_eq!(life(&rig, &person), ["auth", "connection_error"]);
        assert_eq!(life(&rig, &other), ["auth"], "others are not affected");
        assert_eq!(rig.state(other.connection).await, "active");
        rig.finish().await;
    });
}

#[test]
fn a_restart_does_not_tell_of_lost_consent_again() {
    rig::run(async || {
        let mut rig = Rig::start(Plan::default()).await;
        let person = rig.connect("oura", 0).await;
        rig.quiet().await;
        let now = tributary_engine::clock::Clock::real().now();
        assert!(rig.host("oura").with(|sandbox| sandbox.withdraw(&person.account, now)));
        rig.sync(person.connection).await;
        until_state(&rig, &person, "reauth_needed").await;
        rig.restart().await;
        rig.quiet().await;
        assert_eq!(rig.state(person.connection).await, "reauth_needed");
        assert_eq!(life(&rig, &person), ["auth", "connection_error"]);
        rig.finish().await;
    });
}

#[test]
fn who_connects_again_keeps_the_connection_and_is_not_read_from_the_beginning() {
    rig::run(async || {
        let rig = Rig::start(Plan::default()).await;
        let person = rig.connect("oura", 0).await;
        rig.settle(std::slice::from_ref(&person)).await;
        let now = tributary_engine::clock::Clock::real().now();
        assert!(rig.host("oura").with(|sandbox| sandbox.withdraw(&person.account, now)));
        rig.sync(person.connection).await;
        until_state(&rig, &person, "reauth_needed").await;
        let cursors = rig.connection(person.connection).await["resources"].clone();

        let again = rig.connect("oura", 0).await;
        assert_eq!(again, person, "the connection goes on under its id");
        assert_eq!(rig.state(person.connection).await, "active");
        let finished = |cursors: &Value| {
            let list = cursors.as_array().unwrap().iter();
            list.filter(|cursor| cursor["finished"] == true)
                .map(|cursor| cursor["resource"].to_string())
                .collect::<Vec<_>>()
        };
        let now = rig.connection(person.connection).await["resources"].clone();
        assert_eq!(finished(&cursors), finished(&now), "its history stays fetched");
        rig.settle(std::slice::from_ref(&person)).await;
        let mut told = life(&rig, &person);
        told[2..].sort();
        assert_eq!(told, ["auth", "connection_error", "auth", "user_reauth"]);
        let arrived = rig.received("/acme");
        assert_eq!(arrived.repeats(), 0, "what had been delivered is not delivered again");
        assert_eq!(rig.differences(&[person], &arrived), Vec::<String>::new());
        rig.finish().await;
    });
}

#[test]
fn a_user_who_takes_consent_back_at_the_provider_is_disconnected_and_the_tenant_is_told() {
    rig::run(async || {
        let rig = Rig::start(Plan::default()).await;
        let person = rig.connect("strava", 0).await;
        rig.quiet().await;
        let now = tributary_engine::clock::Clock::real().now();
        assert!(rig.host("strava").with(|sandbox| sandbox.withdraw(&person.account, now)));
        until_state(&rig, &person, "disconnected").await;
        rig.quiet().await;
        assert_eq!(life(&rig, &person), ["auth", "access_revoked"]);
        rig.finish().await;
    });
}

#[test]
fn a_user_whom_the_tenant_removes_is_revoked_at_the_provider() {
    rig::run(async || {
        let rig = Rig::start(Plan::default()).await;
        let people = [rig.connect("strava", 0).await, rig.connect("oura", 0).await];
        rig.quiet().await;
        for person in &people {
            let path = format!("/v2/auth/deauthenticateUser?user_id={}", person.connection);
            let (status, answer) = rig.tenant("acme", Method::DELETE, &path, &Value::Null).await;
            assert_eq!((status, &answer["status"]), (200, &Value::from("success")));
            let now = tributary_engine::clock::Clock::real().now();
            let left = rig.host(person.provider).with(|sandbox| sandbox.withdraw(&person.account, now));
            assert!(!left, "the grant at {} was not given back", person.provider);
        }
        rig.quiet().await;
        for person in &people {
            assert_eq!(life(&rig, person), ["auth", "deauth"]);
        }
        rig.finish().await;
    });
}

#[test]
fn a_refresh_whose_answer_is_lost_ends_in_one_connection_error_and_not_in_a_loop() {
    rig::run(async || {
        let rig = Rig::start(with_lifetime(LIVES_AN_EVENING)).await;
        let person = rig.connect("oura", 0).await;
        rig.quiet().await;
        // The provider rotates, the answer is lost: the token that is stored has been used up.
        fault(&rig, "oura", |faults| {
            faults.on("POST /oauth/token", 1, Fault::LostAnswer);
            faults.when(1, Fault::Status(401), |call| call.path.starts_with("/v2/usercollection/"));
        });
        rig.sync(person.connection).await;
        rig.quiet().await;
        let calls = token_calls(&rig, "oura");
        assert!(calls <= 4, "{calls} calls of the token endpoint");
        assert!(life(&rig, &person).iter().filter(|kind| *kind == "connection_error").count() <= 1);
        rig.finish().await;
    });
}
