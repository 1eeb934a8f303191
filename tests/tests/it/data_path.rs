//! From the simulated providers through poll, notification and log to the sinks, judged by what comes out.

use std::collections::BTreeSet;

use serde_json::Value;
use tributary_tests::plan::{self, TenantPlan};
use tributary_tests::{Inventory, Plan, Rig, rig, wait};

fn with_all_sinks() -> Plan {
    Plan::default().with_sink("lines", plan::file("out.ndjson")).with_sink("tables", plan::sql("out.db"))
}

async fn everywhere(rig: &Rig) -> [(&'static str, Inventory); 3] {
    [
        ("webhook", rig.received("/acme")),
        ("file", Inventory::of_lines(&rig.path("out.ndjson"))),
        ("sql", Inventory::of_tables(&rig.path("out.db")).await),
    ]
}

/// So much happens that edits and deletions come soon, but still after what they edit and delete was delivered; and so
/// little that a busy machine keeps up, since a connection asks for one object after the other.
const LIVELY: f64 = 240.0;

/// Waits until both providers have taken a record back that had been delivered before.
async fn until_deleted(rig: &Rig) {
    wait::until_true("deletions at the receiver", wait::SOON, async || {
        let of = |reference_id: &str| {
            let of_person = |event: &Value| text(event, "/user/reference_id").starts_with(reference_id);
            rig.receiver.events("deleted").iter().any(of_person)
        };
        of("strava") && of("oura")
    })
    .await;
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

#[test]
fn history_arrives_whole_and_right_at_every_sink() {
    rig::run(async || {
        let rig = Rig::start(with_all_sinks()).await;
        let people = rig.connect_all().await;
        rig.settle(&people).await;
        for (sink, arrived) in everywhere(&rig).await {
            assert_eq!(rig.differences(&people, &arrived), Vec::<String>::new(), "{sink}");
            let types = BTreeSet::from(["activity", "athlete", "body", "daily", "sleep"]);
            assert_eq!(arrived.data_types(), types, "{sink}");
        }
        rig.assert_signed();
        assert_eq!(rig.receiver.events("auth").len(), people.len(), "one event for each connect");
        rig.finish().await;
    });
}

#[test]
fn what_happens_while_it_runs_arrives_by_notification_with_edits_and_deletions() {
    rig::run(async || {
        let rig = Rig::start(with_all_sinks().producing(LIVELY)).await;
        let people = rig.connect_all().await;
        until_deleted(&rig).await;
        rig.settle(&people).await;
        let all = everywhere(&rig).await;
        for (sink, arrived) in &all {
            assert_eq!(rig.differences(&people, arrived), Vec::<String>::new(), "{sink}");
            assert!(arrived.deleted().next().is_some(), "{sink} was told of no deletion");
        }
        let [(_, webhook), ..] = all;
        for host in rig.hosts() {
            let (notified, lost) = host.with(|sandbox| {
                let statistics = sandbox.statistics();
                (statistics.notifications_acknowledged, statistics.notifications_lost)
            });
            assert!(notified > 0 && lost == 0, "{}: {notified} acknowledged, {lost} lost", host.key());
        }
        assert_eq!(webhook.repeats(), 0, "a notification of what is known already adds nothing");
        rig.finish().await;
    });
}

#[test]
fn deletions_go_to_sinks_that_name_them_and_to_no_other() {
    rig::run(async || {
        let mut quiet = plan::webhook("/quiet");
        quiet.as_object_mut().unwrap().remove("events");
        let mut picky = plan::webhook("/picky");
        picky["events"] = serde_json::json!(["sleep", "deleted"]);
        let plan = Plan::default().producing(LIVELY).with_sink("quiet", quiet).with_sink("picky", picky);
        let rig = Rig::start(plan).await;
        let people = rig.connect_all().await;
        until_deleted(&rig).await;
        rig.settle(&people).await;
        let kinds =
            |path| rig.receiver.taken(path).iter().map(|request| request.kind()).collect::<BTreeSet<_>>();
        assert!(kinds("/acme").contains("deleted"));
        assert!(!kinds("/quiet").contains("deleted") && kinds("/quiet").contains("activity"));
        assert_eq!(kinds("/picky"), BTreeSet::from(["deleted".to_owned(), "sleep".to_owned()]));
        rig.finish().await;
    });
}

#[test]
fn entries_of_one_connection_arrive_in_the_order_of_the_log() {
    rig::run(async || {
        let plan = Plan {
            tenants: vec![TenantPlan::new("acme").with("app", plan::webhook("/acme"))],
            ..Plan::default()
        };
        let rig = Rig::start(plan.producing(300.0)).await;
        let people = rig.connect_all().await;
        rig.settle(&people).await;
        for person in &people {
            let of_person = |event: &Value| {
                event.pointer("/user/reference_id") == Some(&Value::from(person.reference_id.as_str()))
            };
            let requests =
                rig.receiver.taken("/acme").into_iter().filter(|request| of_person(&request.json()));
            let sequences: Vec<u64> =
                requests.map(|request| request.header("x-tributary-sequence").parse().unwrap()).collect();
            assert!(sequences.len() > 1 && sequences.is_sorted(), "{}: {sequences:?}", person.reference_id);
        }
        rig.finish().await;
    });
}
