//! Quotas, counted by the simulated providers themselves: an engine that keeps to its budget is never refused.

use serde_json::json;
use tributary_providers::sandbox::{Limit, Quotas};
use tributary_tests::{Plan, Rig, rig};

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
