//! What is delivered again: dead letters, and everything behind a sink's earlier place.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tributary_tests::{Answer, Plan, Rig, plan, program, rig, wait};

use crate::commands::ask;

/// Runs a command that has to fail; what it says.
async fn refused(rig: &Rig, arguments: &[&str]) -> String {
    let admin = format!("http://{}", rig.addresses().1);
    let output = program::run([arguments, &["--admin", &admin]].concat()).await;
    assert_eq!((output.code, output.stdout.as_str()), (1, ""), "{arguments:?}");
    output.stderr
}

async fn letters(rig: &Rig) -> Vec<Value> {
    ask(rig, &["dead-letters", "list", "--all"]).await["dead_letters"].as_array().unwrap().clone()
}

/// The lines of a file sink.
fn lines(rig: &Rig, name: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(rig.path(name)).unwrap_or_default();
    // A line that is just being written has no end yet.
    let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
    whole.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn dead_letters_are_listed_shown_and_delivered_again() {
    rig::run(async || {
        let rig = Rig::start(Plan::default()).await;
        rig.receiver.when(usize::MAX, Answer::Status(413), |request| request.kind() == "athlete");
        let people = vec![rig.connect("strava", 0).await];
        rig.quiet().await;
        let dead = letters(&rig).await;
        assert_eq!(dead.len(), 1, "{dead:?}");
        let id = dead[0]["id"].to_string();
        assert_eq!((&dead[0]["sink"], &dead[0]["entry"]["kind"]), (&json!("app"), &json!("athlete")));
        assert!(dead[0]["reason"].as_str().unwrap().contains("413"), "{dead:?}");
        for (filter, number) in [
            (["--sink", "app"], 1),
            (["--sink", "other"], 0),
            (["--class", "tenant"], 1),
            (["--class", "engine"], 0),
            (["--tenant", "acme"], 1),
        ] {
            let list = ask(&rig, &[&["dead-letters", "list"], &filter[..]].concat()).await;
            assert_eq!(list["dead_letters"].as_array().unwrap().len(), number, "{filter:?}");
        }
        let shown = ask(&rig, &["dead-letters", "show", &id]).await;
        assert_eq!(shown, dead[0]);
        let shown = ask(&rig, &["dead-letters", "show", &id, "--body"]).await;
        assert!(shown["entry"]["body"].is_object(), "{shown}");

        let dry = ask(&rig, &["replay", "--sink", "app", "--dry-run"]).await;
        assert_eq!((&dry["replayed"], &dry["dry_run"]), (&json!(1), &json!(true)));
        assert_eq!(letters(&rig).await, dead, "nothing was done");

        ask(&rig, &["replay", &id]).await;
        wait::until_true("another refusal", wait::SOON, async || {
            letters(&rig).await.first().is_some_and(|letter| letter["id"] != dead[0]["id"])
        })
        .await;
        let again = letters(&rig).await;
        assert_eq!(again.len(), 1, "{again:?}");
        assert_eq!(again[0]["attempts"].as_u64(), dead[0]["attempts"].as_u64().map(|tries| tries + 1));
        assert_eq!((&again[0]["first_at"], &again[0]["entry"]), (&dead[0]["first_at"], &dead[0]["entry"]));

        rig.receiver.heal();
        let answer = ask(&rig, &["replay", "--sink", "app", "--class", "tenant"]).await;
        let sink =
            json!([{"tenant": "acme", "sink": "app", "entries": 1, "configured": true, "delivering": true}]);
        assert_eq!((&answer["replayed"], &answer["sinks"]), (&json!(1), &sink));
        wait::until_true("the replay", wait::SOON, async || rig.receiver.has("/acme", "athlete")).await;
        rig.settle(&people).await;
        assert_eq!(rig.differences(&people, &rig.received("/acme")), Vec::<String>::new());
        let taken = rig.receiver.taken("/acme");
        let replayed: Vec<_> =
            taken.iter().filter(|request| request.header("x-tributary-replay") == "true").collect();
        assert_eq!(replayed.len(), 1);
        assert_eq!(replayed[0].kind(), "athlete");
        assert_eq!(letters(&rig).await, Vec::<Value>::new());
        wait::until_true("nothing parked", wait::SOON, async || rig.sink("app", "parked").await == 0).await;
        assert!(refused(&rig, &["dead-letters", "show", &id]).await.contains("TRB-4005"));
        rig.assert_signed();
        rig.finish().await;
    });
}

#[test]
fn a_dead_letter_of_a_paused_sink_is_delivered_once_it_runs_again() {
    rig::run(async || {
        let mut rig = Rig::start(Plan::default()).await;
        rig.receiver.when(usize::MAX, Answer::Status(413), |request| request.kind() == "athlete");
        rig.connect("strava", 0).await;
        rig.quiet().await;
        assert_eq!(letters(&rig).await.len(), 1);
        rig.receiver.heal();
        for paused in [true, false] {
            let world = rig.world_mut();
            let sink = world.plan.tenants[0].sinks["app"].as_object_mut().unwrap();
            sink.insert("paused".to_owned(), json!(paused));
            world.write_configuration();
            rig.restart().await;
            if paused {
                let answer = ask(&rig, &["replay", "--class", "tenant"]).await;
                assert_eq!(
                    (&answer["replayed"], &answer["sinks"][0]["delivering"]),
                    (&json!(1), &json!(false))
                );
                assert_eq!(rig.sink("app", "parked").await, 1);
                assert_eq!(letters(&rig).await, Vec::<Value>::new());
            }
        }
        wait::until_true("the replay", wait::SOON, async || rig.receiver.has("/acme", "athlete")).await;
        wait::until_true("nothing parked", wait::SOON, async || rig.sink("app", "parked").await == 0).await;
        rig.finish().await;
    });
}

#[test]
fn a_rewound_sink_gets_everything_from_there_on_again_with_the_same_identities() {
    rig::run(async || {
        let rig = Rig::start(Plan::default().with_sink("lines", plan::file("lines.ndjson"))).await;
        let people = vec![rig.connect("strava", 0).await, rig.connect("oura", 0).await];
        rig.settle(&people).await;
        wait::until_true("the file", wait::SOON, async || rig.sink("lines", "backlog").await == 0).await;
        let before = lines(&rig, "lines.ndjson");
        let all = u64::try_from(before.len()).unwrap();
        let from = all / 2;
        let wish = ["replay", "--sink", "lines", "--sequence", &from.to_string()];
        let dry = ask(&rig, &[&wish[..], &["--dry-run"]].concat()).await;
        assert_eq!((&dry["entries"], &dry["offset_before"]), (&json!(all - from + 1), &json!(all)));
        assert_eq!(rig.sink("lines", "offset").await, all, "nothing was done");
        let done = ask(&rig, &wish).await;
        assert_eq!((&done["entries"], &done["offset"]), (&json!(all - from + 1), &json!(from - 1)));
        wait::until_true("everything again", wait::SOON, async || {
            rig.sink("lines", "backlog").await == 0 && lines(&rig, "lines.ndjson").len() > before.len()
        })
        .await;
        let after = lines(&rig, "lines.ndjson");
        let mut times: BTreeMap<&str, u64> = BTreeMap::new();
        for line in &after {
            *times.entry(line["id"].as_str().unwrap()).or_default() += 1;
        }
        for line in &before {
            let sequence = line["sequence"].as_u64().unwrap();
            let expected = if sequence < from { 1 } else { 2 };
            assert_eq!(times[line["id"].as_str().unwrap()], expected, "sequence {sequence}");
        }
        let again: Vec<_> =
            after[before.len()..].iter().map(|line| line["sequence"].as_u64().unwrap()).collect();
        assert_eq!(again, (from..=all).collect::<Vec<_>>(), "in order, none left out");

        let by_time = ask(&rig, &["replay", "--sink", "lines", "--from", "2000-01-01", "--dry-run"]).await;
        assert_eq!(by_time["entries"], all);
        for (arguments, code) in [
            (["--sink", "lines", "--sequence", "1000000"], "TRB-4007"),
            (["--sink", "lines", "--from", "2100-01-01"], "TRB-4007"),
            (["--sink", "line", "--sequence", "1"], "TRB-4004"),
        ] {
            let said = refused(&rig, &[&["replay"], &arguments[..]].concat()).await;
            assert!(said.contains(code), "{said}");
        }
        rig.finish().await;
    });
}

#[test]
fn a_paused_sink_is_rewound_in_the_store_and_begins_there() {
    rig::run(async || {
        let lines_of = |paused: bool| {
            let mut sink = plan::file("lines.ndjson");
            sink.as_object_mut().unwrap().insert("paused".to_owned(), json!(paused));
            sink
        };
        let mut rig = Rig::start(Plan::default().with_sink("lines", lines_of(false))).await;
        let people = vec![rig.connect("strava", 0).await];
        rig.settle(&people).await;
        wait::until_true("the file", wait::SOON, async || rig.sink("lines", "backlog").await == 0).await;
        let before = lines(&rig, "lines.ndjson").len();
        for paused in [true, false] {
            let world = rig.world_mut();
            world.plan.tenants[0].sinks.insert("lines".to_owned(), lines_of(paused));
            world.write_configuration();
            rig.restart().await;
            if paused {
                let done = ask(&rig, &["replay", "--sink", "lines", "--sequence", "1"]).await;
                assert_eq!(done["entries"].as_u64(), u64::try_from(before).ok());
                assert_eq!(rig.sink("lines", "offset").await, 0);
                assert_eq!(rig.sink("lines", "paused").await, true);
            }
        }
        wait::until_true("everything again", wait::SOON, async || {
            lines(&rig, "lines.ndjson").len() == 2 * before
        })
        .await;
        rig.finish().await;
    });
}

#[test]
fn a_rewind_behind_what_retention_kept_is_refused_with_the_oldest_place() {
    rig::run(async || {
        let mut plan = Plan::default();
        plan.operator.insert("retention".to_owned(), json!({"log": "1s", "dead_letters": "30d"}));
        let rig = Rig::start(plan).await;
        let people = vec![rig.connect("strava", 0).await];
        rig.settle(&people).await;
        wait::until_true("everything taken", wait::SOON, async || rig.sink("app", "backlog").await == 0)
            .await;
        let shared = rig.shared();
        wait::until_true("an empty log", wait::SOON, async || {
            tributary::retention::once(&shared).await.unwrap();
            rig.log().await.is_empty()
        })
        .await;
        let last = rig.last_sequence().await;
        for place in [["--sequence", "1"], ["--from", "2000-01-01"]] {
            let said = refused(&rig, &[&["replay", "--sink", "app"], &place[..]].concat()).await;
            assert!(said.contains("TRB-4006") && said.contains(&format!("sequence {}", last + 1)), "{said}");
        }
        rig.finish().await;
    });
}
