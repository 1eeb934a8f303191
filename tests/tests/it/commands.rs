//! The commands that ask a running daemon.

use serde_json::{Value, json};
use tributary_tests::{Answer, Plan, Rig, program, rig, wait};

/// Runs a command against the daemon of a rig, with `--json`; its answer.
async fn ask(rig: &Rig, arguments: &[&str]) -> Value {
    let admin = format!("http://{}", rig.addresses().1);
    let output = program::run([arguments, &["--admin", &admin, "--json"]].concat()).await;
    assert_eq!((output.code, output.stderr.as_str()), (0, ""), "{arguments:?}");
    output.json()
}

#[test]
fn connections_log_and_status_show_what_the_daemon_does() {
    rig::run(async || {
        let rig = Rig::start(Plan::default()).await;
        let person = rig.connect("strava", 0).await;
        rig.connect("oura", 0).await;
        rig.quiet().await;

        let all = ask(&rig, &["connections"]).await;
        assert_eq!(all["connections"].as_array().unwrap().len(), 2);
        let some = ask(&rig, &["connections", "--provider", "strava", "--state", "active"]).await;
        let row = &some["connections"][0];
        assert_eq!((&row["id"], &row["state"]), (&json!(person.connection), &json!("active")));
        let resources: Vec<_> =
            row["resources"].as_array().unwrap().iter().map(|resource| &resource["resource"]).collect();
        assert!(resources.contains(&&json!("activities")) && resources.contains(&&json!("athlete")), "{row}");
        let none = ask(&rig, &["connections", "--state", "quarantined"]).await;
        assert_eq!(none["connections"], json!([]));

        let id = person.connection.to_string();
        let log = ask(&rig, &["log", "--connection", &id, "--limit", "1000"]).await;
        let kinds: Vec<_> = log["entries"].as_array().unwrap().iter().map(|entry| &entry["kind"]).collect();
        assert!(kinds.contains(&&json!("auth")) && kinds.contains(&&json!("activity")), "{kinds:?}");
        assert!(!log.to_string().contains("\"body\":"), "bodies are shown only when asked for");
        let bodies = ask(&rig, &["log", "--connection", &id, "--limit", "1", "--bodies"]).await;
        assert!(bodies["entries"][0]["body"].is_object(), "{bodies}");

        let status = ask(&rig, &["status"]).await;
        assert_eq!(status["connections"]["total"], 2);
        assert_eq!((&status["sinks"][0]["sink"], &status["sinks"][0]["backlog"]), (&json!("app"), &json!(0)));
        let admin = format!("http://{}", rig.addresses().1);
        for command in ["connections", "log", "status"] {
            let table = program::run([command, "--admin", &admin]).await;
            assert_eq!((table.code, table.stderr.as_str()), (0, ""), "{command}");
            assert!(table.stdout.contains("strava") || command == "log", "{}", table.stdout);
        }
        rig.finish().await;
    });
}

#[test]
fn sync_fetches_now_and_refuses_what_cannot_be() {
    rig::run(async || {
        let rig = Rig::start(Plan::default()).await;
        let person = rig.connect("strava", 0).await;
        rig.quiet().await;
        let asked = || rig.host("strava").with(|sandbox| sandbox.statistics().total());
        let before = asked();
        let id = person.connection.to_string();
        let answer = ask(&rig, &["sync", &id, "--resource", "athlete"]).await;
        assert_eq!(answer["resources"], json!(["athlete"]));
        wait::until_true("a call", wait::SOON, async || asked() > before).await;

        let admin = format!("http://{}", rig.addresses().1);
        let nobody = uuid::Uuid::nil().to_string();
        for (arguments, said) in [
            (vec!["sync", &id, "--resource", "moods"], "allowed: activities, athlete"),
            (vec!["sync", &nobody], "there is no connection"),
            (vec!["connections", "--state", "sleepy"], "allowed: active"),
        ] {
            let output = program::run([&arguments[..], &["--admin", &admin]].concat()).await;
            assert_eq!((output.code, output.stdout.as_str()), (1, ""), "{arguments:?}");
            assert!(output.stderr.contains(said), "{}", output.stderr);
        }
        rig.quiet().await;
        rig.finish().await;
    });
}

#[test]
fn status_shows_a_sink_in_trouble() {
    rig::run(async || {
        let rig = Rig::start(Plan::default()).await;
        rig.receiver.next(usize::MAX, Answer::Status(403));
        rig.connect("strava", 0).await;
        wait::until_true("an open circuit", wait::SOON, async || {
            rig.sink("app", "open_circuit").await == true
        })
        .await;
        let status = ask(&rig, &["status"]).await;
        let sink = &status["sinks"][0];
        assert!(sink["last_error"].as_str().unwrap().contains("403"), "{sink}");
        assert!(sink["backlog"].as_u64().unwrap() > 0, "{sink}");
        rig.finish().await;
    });
}
