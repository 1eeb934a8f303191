//! Quotas, counted by the simulated clouds themselves: who keeps to the budget is never refused.

use serde_json::json;
use tributary_providers::sandbox::{Fault, Limit, Quotas};
use tributary_tests::{Rig, wait};

use super::calls::{is_data, is_of, with_history};
use super::{Case, assert_whole, cloud, each, only};

/// A quota that is used up again and again during a test, and renewed soon.
const PERMITS: u32 = 20;
const SECONDS: u32 = 1;

#[test]
fn a_small_quota_is_never_exceeded_and_everything_arrives_all_the_same() {
    each(Case::SmallQuota, async |spec| {
        let mut plan = only(spec);
        let limit = vec![Limit::new(PERMITS, SECONDS)];
        plan.sandbox.quotas = Some(Quotas { overall: limit.clone(), read: limit, user: Vec::new() });
        plan.app.insert("quota".to_owned(), json!({"app": [format!("{PERMITS}/{SECONDS}s")]}));
        let rig = Rig::start(plan).await;
        let people = rig.connect_all().await;
        rig.settle(&people).await;
        assert_whole(&rig, &people);
        let statistics = cloud(&rig, spec, |cloud| cloud.statistics());
        assert_eq!(statistics.quota_violations, 0);
        assert!(statistics.total() > u64::from(PERMITS), "it was hardly asked");
        rig.finish().await;
    });
}

#[test]
fn a_refusal_for_too_many_calls_that_says_when_to_come_back_is_obeyed() {
    each(Case::RefusalWithTime, async |spec| {
        let rig = Rig::start(only(spec)).await;
        let resource = with_history(spec).next().unwrap();
        cloud(&rig, spec, |cloud| {
            cloud.faults().when(1, Fault::TooManyRequests, move |call| is_of(spec, resource, call));
        });
        let people = [rig.connect(spec.key, 0).await];
        wait::until_true("what was refused to be fetched", wait::SOON, async || {
            rig.differences(&people, &rig.received("/acme")).is_empty()
        })
        .await;
        let statistics = cloud(&rig, spec, |cloud| cloud.statistics());
        assert_eq!((statistics.faults, statistics.quota_violations), (1, 0));
        rig.finish().await;
    });
}

#[test]
fn a_refusal_for_too_many_calls_that_does_not_say_so_stops_all_calls_of_the_app() {
    each(Case::RefusalWithoutTime, async |spec| {
        // A rolling window: an aligned one is closed to its end, however far away that is.
        let mut plan = only(spec);
        plan.app.insert("quota".to_owned(), json!({"app": ["1000000/20m"]}));
        let rig = Rig::start(plan).await;
        let (one, other) = (rig.connect(spec.key, 0).await, rig.connect(spec.key, 1).await);
        rig.quiet().await;
        cloud(&rig, spec, |cloud| cloud.faults().when(u32::MAX, Fault::TooManyRequests, is_data));
        let refused = || cloud(&rig, spec, |cloud| cloud.statistics().faults);
        rig.sync(one.connection).await;
        let waiting = async |least: u64| {
            wait::until_true("calls that wait", wait::SOON, async || {
                let status = rig.status().await;
                let quotas = status["quotas"].as_array().unwrap().clone();
                let quota = quotas.into_iter().find(|quota| quota["provider"] == spec.key).unwrap();
                let window = &quota["windows"][0];
                window["waiting"].as_u64() >= Some(least) && !window["closed_until"].is_null()
            })
            .await;
        };
        waiting(1).await;
        // Calls side by side may have left before the first of them was refused.
        let before = refused();
        assert!((1..=8).contains(&before), "{before} refused calls");
        rig.sync(other.connection).await;
        waiting(2).await;
        assert_eq!(refused(), before, "calls after a refusal");
        assert_eq!(rig.state(one.connection).await, "active");
        // What waits for a quota does not hold up the end of the daemon.
        rig.finish().await;
    });
}
