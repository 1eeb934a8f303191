//! The commands that ask a running daemon.

use serde_json::{Value, json};
use tributary_tests::{Answer, Plan, Rig, program, rig, wait};

/// Runs a command against the daemon of a rig, with `--json`; its answer.
pub(crate) async fn ask(rig: &Rig, arguments: &[&str]) -> Value {
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

#[test]
fn lists_come_page_by_page_or_whole() {
    rig::run(async || {
        let rig = Rig::start(Plan::default()).await;
        let people = rig.connect_all().await;
        rig.quiet().await;
        let ids = |answer: &Value| {
            let list = answer["connections"].as_array().unwrap();
            list.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let all = ask(&rig, &["connections", "--all"]).await;
        assert_eq!((ids(&all).len(), &all["next"]), (people.len(), &Value::Null));
        let first = ask(&rig, &["connections", "--limit", "1"]).await;
        let next = first["next"].as_str().unwrap();
        assert_eq!(ids(&first), [next]);
        let rest = ask(&rig, &["connections", "--after", next]).await;
        assert_eq!([ids(&first), ids(&rest)].concat(), ids(&all));
        let admin = format!("http://{}", rig.addresses().1);
        let table = program::run(["connections", "--limit", "1", "--admin", &admin]).await;
        assert!(table.stderr.contains(&format!("--after {next}")), "{}", table.stderr);
        rig.finish().await;
    });
}

#[test]
fn the_log_is_filtered_and_followed() {
    rig::run(async || {
        let rig = Rig::start(Plan::default()).await;
        let person = rig.connect("strava", 0).await;
        rig.quiet().await;
        let auth = ask(&rig, &["log", "--kind", "auth", "--tenant", "acme"]).await;
        let kinds: Vec<_> = auth["entries"].as_array().unwrap().iter().map(|entry| &entry["kind"]).collect();
        assert_eq!(kinds, ["auth"]);
        for nothing in [&["--tenant", "nobody"], &["--since", "2100-01-01"], &["--until", "2000-01-01"]] {
            let none = ask(&rig, &[&["log"], &nothing[..]].concat()).await;
            assert_eq!(none["entries"], json!([]), "{nothing:?}");
        }
        let everything = ask(&rig, &["log", "--since", "2000-01-01", "--until", "2100-01-01"]).await;
        assert!(!everything["entries"].as_array().unwrap().is_empty());

        let count = everything["last_sequence"].as_u64().unwrap();
        let admin = format!("http://{}", rig.addresses().1);
        let wanted = (count + 2).to_string();
        let follow = ["log", "--follow", "--limit", "1000", "--interval", "0.05", "--count", &wanted];
        let following = program::run([&follow[..], &["--json", "--admin", &admin]].concat());
        let (output, _other) = tokio::join!(following, rig.connect("oura", 0));
        assert_eq!((output.code, output.stderr.as_str()), (0, ""));
        let sequences: Vec<_> =
            output.lines().iter().map(|entry| entry["sequence"].as_u64().unwrap()).collect();
        assert_eq!(sequences, (1..=count + 2).collect::<Vec<_>>(), "each once, in order");
        let wrong = program::run(["log", "--kind", "mood", "--admin", &admin]).await;
        assert!(wrong.code == 1 && wrong.stderr.contains("allowed: activity"), "{}", wrong.stderr);
        rig.quiet().await;
        assert!(rig.state(person.connection).await == "active");
        rig.finish().await;
    });
}

#[test]
fn status_is_watched_frame_by_frame() {
    rig::run(async || {
        let rig = Rig::start(Plan::default()).await;
        rig.connect("strava", 0).await;
        rig.quiet().await;
        let status = ask(&rig, &["status"]).await;
        let counted = &status["connections"]["by_provider"];
        assert_eq!(*counted, json!([{"provider": "strava", "state": "active", "count": 1}]));
        let sink = &status["sinks"][0];
        assert_eq!((&sink["lag_seconds"], &sink["paused"]), (&json!(0), &json!(false)));
        let admin = format!("http://{}", rig.addresses().1);
        let watch = ["status", "--watch", "--count", "2", "--interval", "0.05", "--admin", &admin];
        let lines = program::run(watch).await;
        assert_eq!((lines.code, lines.stdout.lines().count()), (0, 2), "{lines:?}");
        assert!(lines.stdout.lines().nth(1).unwrap().contains("log/s=0.0"), "{}", lines.stdout);
        let frames = program::run([&watch[..], &["--json"]].concat()).await.lines();
        assert_eq!(frames.len(), 2);
        assert!(frames[0]["at"].as_str() < frames[1]["at"].as_str(), "{frames:?}");
        rig.finish().await;
    });
}

#[test]
fn backfill_fetches_a_stretch_and_adds_nothing_twice() {
    rig::run(async || {
        let rig = Rig::start(Plan::default()).await;
        let person = rig.connect("strava", 0).await;
        rig.quiet().await;
        let before = rig.last_sequence().await;
        let asked = || rig.host("strava").with(|sandbox| sandbox.statistics().total());
        let calls = asked();
        let id = person.connection.to_string();
        let from = (rig.shared().clock.now() - chrono::TimeDelta::days(3)).to_rfc3339();
        let to = rig.shared().clock.now().to_rfc3339();
        let wish =
            ["backfill", "--connection", &id, "--resource", "activities", "--from", &from, "--to", &to];
        let answer = ask(&rig, &wish).await;
        assert_eq!(answer["resources"], json!(["activities"]));
        wait::until_true("a call", wait::SOON, async || asked() > calls).await;
        rig.quiet().await;
        assert_eq!(rig.last_sequence().await, before, "what is known adds nothing");

        let admin = format!("http://{}", rig.addresses().1);
        let backward = ["backfill", &id, "--from", "2026-01-02", "--to", "2026-01-01", "--admin", &admin];
        let refused = program::run(backward).await;
        assert!(refused.code == 1 && refused.stderr.contains("TRB-6005"), "{}", refused.stderr);
        rig.finish().await;
    });
}

#[test]
fn disconnect_ends_a_connection_at_both_ends() {
    rig::run(async || {
        let rig = Rig::start(Plan::default()).await;
        let person = rig.connect("strava", 0).await;
        rig.quiet().await;
        let id = person.connection.to_string();
        let admin = format!("http://{}", rig.addresses().1);
        let unasked = program::run(["disconnect", &id, "--admin", &admin]).await;
        assert_eq!((unasked.code, unasked.stdout.as_str()), (2, ""));
        assert!(unasked.stderr.contains("--yes"), "{}", unasked.stderr);
        assert_eq!(rig.state(person.connection).await, "active");

        let answer = ask(&rig, &["disconnect", "--connection", &id, "--yes"]).await;
        assert_eq!((&answer["state"], &answer["provider"]), (&json!("disconnected"), &json!("strava")));
        assert_eq!(rig.state(person.connection).await, "disconnected");
        rig.quiet().await;
        assert_eq!(rig.receiver.events("deauth").len(), 1);
        for (arguments, code) in
            [(["disconnect", &id, "--yes"], "TRB-6002"), (["sync", &id, "--json"], "TRB-6002")]
        {
            let again = program::run([&arguments[..], &["--admin", &admin]].concat()).await;
            assert!(again.code == 1 && again.stderr.contains(code), "{}", again.stderr);
        }
        rig.finish().await;
    });
}
