//! What the daemon's actors do over days: history on request, paused polling, a change of vault keys.

use http::Method;
use serde_json::{Value, json};
use tributary_tests::plan::VAULT_KEY;
use tributary_tests::{Answer, Plan, Rig, program, rig, wait};

const NEW_KEY: &str = "101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f";

async fn rotate(rig: &Rig) -> Value {
    let (status, answer) = rig.admin(Method::POST, "vault/rotate", &Value::Null).await;
    assert_eq!(status, 202, "{answer}");
    wait::until("the end of the rotation", wait::SOON, async || {
        let (_, report) = rig.admin(Method::GET, "vault/rotate", &Value::Null).await;
        (report["state"] != "running").then_some(report)
    })
    .await
}

fn with_keys(rig: &mut Rig, keys: &[&str]) {
    rig.world_mut().plan.operator.insert("vault".to_owned(), json!({"keys": keys}));
    rig.write_configuration();
}

#[test]
fn vault_keys_are_changed_on_a_live_store_and_the_old_one_can_go() {
    rig::run(async || {
        let mut rig = Rig::start(Plan::default()).await;
        let people = rig.connect_all().await;
        rig.quiet().await;
        let report = rotate(&rig).await;
        assert_eq!((&report["complete"], &report["resealed"]), (&json!(true), &json!(0)), "{report}");

        rig.stop_daemon().await;
        with_keys(&mut rig, &[NEW_KEY, VAULT_KEY]);
        rig.start_daemon().await.unwrap();
        let report = rotate(&rig).await;
        assert_eq!(report["complete"], true, "{report}");
        assert!(report["resealed"].as_u64().unwrap() >= people.len() as u64, "{report}");
        assert_eq!(report["needed"].as_object().unwrap().len(), 1, "{report}");
        assert!(report["needed"].get(report["current"].as_str().unwrap()).is_some(), "{report}");

        let admin = format!("http://{}", rig.addresses().1);
        let output = program::run(["vault", "rotate", "--admin", &admin, "--json"]).await;
        assert_eq!((output.code, output.json()["resealed"].as_u64()), (0, Some(0)), "{}", output.stderr);

        rig.stop_daemon().await;
        with_keys(&mut rig, &[NEW_KEY]);
        rig.start_daemon().await.unwrap();
        rig.settle(&people).await;
        for person in &people {
            assert_eq!(rig.state(person.connection).await, "active");
        }
        assert_eq!(rig.differences(&people, &rig.received("/acme")), Vec::<String>::new());
        rig.finish().await;
    });
}

#[test]
fn history_is_fetched_again_on_request_and_adds_nothing_that_is_known() {
    rig::run(async || {
        let rig = Rig::start(Plan::default()).await;
        let person = rig.connect("strava", 0).await;
        rig.settle(std::slice::from_ref(&person)).await;
        let before = rig.last_sequence().await;
        assert_eq!(rig.connection(person.connection).await["history_done"], 1.0);
        let now = tributary_engine::clock::Clock::real().now();
        let wish = |from: i64, to: i64| {
            let at = |days: i64| (now - chrono::Duration::days(days)).to_rfc3339();
            json!({"connection": person.connection, "from": at(from), "to": at(to)})
        };
        for (status, wish) in [(202, wish(3, 1)), (202, wish(2, 0)), (400, wish(0, 2))] {
            let (answered, answer) = rig.admin(Method::POST, "backfill", &wish).await;
            assert_eq!(answered, status, "{answer}");
        }
        wait::until_true("the end of the walk", wait::SOON, async || {
            rig.connection(person.connection).await["asked_done"] == 1.0
        })
        .await;
        rig.quiet().await;
        let walks = rig.connection(person.connection).await["walks"].as_array().unwrap().clone();
        assert!(walks.iter().any(|walk| walk["walk"] == "asked" && walk["finished"] == true), "{walks:?}");
        assert_eq!(rig.last_sequence().await, before, "the same again adds nothing");
        rig.finish().await;
    });
}

#[test]
fn a_tenant_whose_backlog_is_over_its_limit_is_paused_visibly_and_goes_on_by_itself() {
    rig::run(async || {
        let mut plan = Plan::default();
        plan.operator.insert("limits".to_owned(), json!({"backlog": 3}));
        let rig = Rig::start(plan).await;
        rig.receiver.next(usize::MAX, Answer::Status(401));
        let people = vec![rig.connect("strava", 0).await, rig.connect("oura", 0).await];
        wait::until_true("paused polling", wait::SOON, async || {
            rig.status().await["tenants"]["acme"]["paused"] == true
        })
        .await;
        assert!(rig.status().await["connections"]["held"].as_u64().unwrap() > 0);
        assert_eq!(rig.observed().having("over its limit").len(), 1, "said once");
        rig.receiver.heal();
        wait::until_true("polling goes on", wait::SOON, async || {
            rig.status().await["tenants"]["acme"]["paused"] == false
        })
        .await;
        for person in &people {
            assert_eq!(rig.state(person.connection).await, "active");
        }
        rig.finish().await;
    });
}
