//! Sinks on bad days: what fails is kept, what is poison is put aside, and nobody waits for somebody else.

use http::Method;
use serde_json::{Value, json};
use tributary_tests::plan;
use tributary_tests::{Answer, Plan, Rig, rig, wait};

fn sink(path: &str, settings: &Value) -> Value {
    let mut sink = plan::webhook(path);
    sink.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
    sink
}

async fn dead_letters(rig: &Rig) -> Vec<Value> {
    let (status, answer) = rig.admin(Method::GET, "dead-letters?limit=1000", &Value::Null).await;
    assert_eq!(status, 200);
    answer["dead_letters"].as_array().unwrap().clone()
}

#[test]
fn a_receiver_that_fails_gets_everything_once_it_has_recovered() {
    rig::run(async || {
        let rig = Rig::start(Plan::default()).await;
        rig.receiver.next(2, Answer::Status(500));
        rig.receiver.next(1, Answer::RetryAfter(429, 1));
        let people = rig.connect_all().await;
        rig.settle(&people).await;
        assert_eq!(rig.differences(&people, &rig.received("/acme")), Vec::<String>::new());
        let requests = rig.receiver.requests();
        let refused: Vec<_> = requests.iter().filter(|request| !request.taken).collect();
        assert_eq!(refused.len(), 3);
        for first in refused {
            let id = first.header("x-terra-trace-id");
            let tries: Vec<_> =
                requests.iter().filter(|request| request.header("x-terra-trace-id") == id).collect();
            assert_eq!(tries.len(), 2, "{id}");
            assert_eq!(
                (tries[0].header("x-tributary-attempt"), tries[1].header("x-tributary-attempt")),
                ("1", "2")
            );
            assert_eq!(tries[0].body, tries[1].body, "a retry says the same");
        }
        assert_eq!(rig.receiver.events("auth").len(), people.len());
        rig.assert_signed();
        rig.finish().await;
    });
}

#[test]
fn a_broken_connection_is_tried_again() {
    rig::run(async || {
        let rig = Rig::start(Plan::default()).await;
        rig.receiver.when(2, Answer::Reset, |request| request.kind() != "auth");
        let people = vec![rig.connect("strava", 0).await];
        rig.settle(&people).await;
        assert_eq!(rig.differences(&people, &rig.received("/acme")), Vec::<String>::new());
        rig.finish().await;
    });
}

#[test]
fn a_redirect_is_a_failure_and_is_not_followed() {
    rig::run(async || {
        let rig = Rig::start(Plan::default()).await;
        let elsewhere = Answer::Redirect(format!("{}/elsewhere", rig.receiver.url()));
        rig.receiver.when(1, elsewhere, |request| request.kind() == "activity");
        let people = vec![rig.connect("strava", 0).await];
        rig.settle(&people).await;
        assert!(rig.receiver.requests().iter().all(|request| request.target == "/acme"));
        assert_eq!(rig.differences(&people, &rig.received("/acme")), Vec::<String>::new());
        rig.finish().await;
    });
}

#[test]
fn a_receiver_that_refuses_us_pauses_the_sink_and_loses_nothing() {
    rig::run(async || {
        let rig = Rig::start(Plan::default()).await;
        rig.receiver.next(1, Answer::Status(401));
        let people = vec![rig.connect("strava", 0).await];
        wait::until_true("an open circuit", wait::SOON, async || {
            rig.sink("app", "open_circuit").await == true
        })
        .await;
        rig.settle(&people).await;
        assert_eq!(rig.differences(&people, &rig.received("/acme")), Vec::<String>::new());
        assert_eq!(rig.receiver.events("auth").len(), 1, "what was refused came again");
        assert_eq!(dead_letters(&rig).await, Vec::<Value>::new());
        rig.finish().await;
    });
}

#[test]
fn a_sink_that_hangs_slows_no_other() {
    rig::run(async || {
        let plan = Plan::default().with_sink("stuck", sink("/stuck", &json!({"timeout": "3s"})));
        let rig = Rig::start(plan).await;
        rig.receiver.when(usize::MAX, Answer::Hang, |request| request.target == "/stuck");
        let people = rig.connect_all().await;
        wait::until_true("everything at the other sink", wait::SOON, async || {
            rig.differences(&people, &rig.received("/acme")).is_empty()
        })
        .await;
        assert_eq!(rig.receiver.taken("/stuck").len(), 0);
        assert!(rig.sink("stuck", "backlog").await.as_u64().unwrap() > 0, "what it did not take is kept");
        rig.finish().await;
    });
}

#[test]
fn what_was_not_taken_is_delivered_after_a_restart() {
    rig::run(async || {
        let mut rig = Rig::start(Plan::default()).await;
        rig.receiver.next(usize::MAX, Answer::Status(503));
        let people = vec![rig.connect("strava", 0).await, rig.connect("oura", 0).await];
        rig.quiet_history().await;
        rig.restart().await;
        rig.receiver.heal();
        rig.settle(&people).await;
        assert_eq!(rig.differences(&people, &rig.received("/acme")), Vec::<String>::new());
        rig.finish().await;
    });
}

#[test]
fn an_entry_that_a_sink_cannot_take_is_put_aside_with_its_reason_and_holds_nobody_up() {
    rig::run(async || {
        let plan = Plan::default().with_sink("narrow", sink("/narrow", &json!({"max_record_bytes": 1_500})));
        let rig = Rig::start(plan).await;
        let people = vec![rig.connect("strava", 0).await, rig.connect("oura", 0).await];
        rig.settle(&people).await;
        let (all, narrow) = (rig.received("/acme"), rig.received("/narrow"));
        let dead = dead_letters(&rig).await;
        assert!(!dead.is_empty() && !narrow.is_empty(), "{} dead, {} taken", dead.len(), narrow.len());
        assert_eq!(narrow.len() + dead.len(), all.len(), "everything is either taken or put aside");
        for letter in dead {
            assert_eq!((&letter["sink"], &letter["attempts"]), (&json!("narrow"), &json!(0)), "{letter}");
            assert!(letter["reason"].as_str().unwrap().contains("at most 1500"), "{letter}");
        }
        rig.finish().await;
    });
}
