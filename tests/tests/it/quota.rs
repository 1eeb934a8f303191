//! Quotas, counted by the simulated providers themselves: an engine that keeps to its budget is never refused.

use serde_json::json;
use tributary_providers::sandbox::{Fault, Limit, Quotas};
use tributary_tests::{Plan, Rig, rig, wait};

/// A quota that is used up many times during a test, and renewed soon.
const PERMITS: u32 = 20;
const SECONDS: u32 = 1;

fn tight() -> Plan {
    let mut plan = Plan::default();
    plan.sandbox.history_days = 8;
    let limit = vec![Limit::new(PERMITS, SECONDS)];
    plan.sandbox.quotas = Some(Quotas { overall: limit.clone(), read: limit, user: Vec::new() });
    plan.app.insert("quota".to_owned(), json!({"app": [format!("{PERMITS}/{SECONDS}s")]}));
    plan
}

#[test]
fn a_small_quota_is_never_exceeded_and_everything_arrives_all_the_same() {
    rig::run(async || {
        let rig = Rig::start(tight().producing(30.0)).await;
        let people = rig.connect_all().await;
        rig.settle(&people).await;
        assert_eq!(rig.differences(&people, &rig.received("/acme")), Vec::<String>::new());
        for host in rig.hosts() {
            let statistics = host.with(|sandbox| sandbox.statistics());
            assert_eq!(statistics.quota_violations, 0, "{}", host.key());
            assert!(statistics.total() > u64::from(3 * PERMITS), "{} was hardly asked", host.key());
        }
        rig.finish().await;
    });
}

#[test]
fn a_restart_does_not_spend_the_quota_twice() {
    rig::run(async || {
        let mut rig = Rig::start(tight()).await;
        let people = rig.connect_all().await;
        for _ in 0..3 {
            for person in &people {
                rig.sync(person.connection).await;
            }
            rig.restart().await;
        }
        rig.settle(&people).await;
        for host in rig.hosts() {
            assert_eq!(host.with(|sandbox| sandbox.statistics().quota_violations), 0, "{}", host.key());
        }
        rig.finish().await;
    });
}

#[test]
fn a_refusal_for_too_many_calls_that_says_when_to_come_back_is_obeyed() {
    rig::run(async || {
        let rig = Rig::start(Plan::default()).await;
        rig.host("oura").with(|sandbox| {
            sandbox.faults().when(1, Fault::TooManyRequests, |call| call.path == "/v2/usercollection/sleep");
        });
        let people = vec![rig.connect("oura", 0).await];
        wait::until_true("what was refused to be fetched", wait::SOON, async || {
            rig.differences(&people, &rig.received("/acme")).is_empty()
        })
        .await;
        assert_eq!(rig.host("oura").with(|sandbox| sandbox.statistics().quota_violations), 0);
        rig.finish().await;
    });
}

#[test]
fn a_refusal_for_too_many_calls_that_does_not_say_so_stops_all_calls_of_the_app() {
    rig::run(async || {
        // A rolling window: an aligned one is closed to its end, however far away that is.
        let mut plan = Plan::default();
        plan.app.insert("quota".to_owned(), json!({"app": ["1000000/20m"]}));
        let rig = Rig::start(plan).await;
        let (one, other) = (rig.connect("strava", 0).await, rig.connect("strava", 1).await);
        let unaffected = rig.connect("oura", 0).await;
        rig.quiet().await;
        rig.host("strava").with(|sandbox| {
            sandbox
                .faults()
                .when(u32::MAX, Fault::TooManyRequests, |call| call.path.starts_with("/api/v3/athlete"));
        });
        let asked = || rig.host("strava").with(|sandbox| sandbox.statistics().total());
        let before = asked();
        rig.sync(one.connection).await;
        wait::until_true("a refused call", wait::SOON, async || asked() > before).await;
        rig.sync(other.connection).await;
        rig.sync(unaffected.connection).await;
        wait::until_true("a call that waits", wait::SOON, async || {
            let status = rig.status().await;
            let quotas = status["quotas"].as_array().unwrap().clone();
            let quota = quotas.into_iter().find(|quota| quota["provider"] == "strava").unwrap();
            quota["windows"][0]["waiting"] != 0 && !quota["windows"][0]["closed_until"].is_null()
        })
        .await;
        assert_eq!(asked() - before, 1, "calls after a refusal");
        assert_eq!(rig.state(one.connection).await, "active");
        // What waits for a quota does not hold up the end of the daemon.
        rig.finish().await;
    });
}
