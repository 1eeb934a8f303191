//! The real binary, killed in the middle of its work and asked to end: nothing is lost either way.

use serde_json::Value;
use tributary_tests::daemon::Daemon;
use tributary_tests::{Answer, Inventory, Plan, World, plan, program, rig, wait};

#[test]
fn the_demo_with_two_kills_accounts_for_every_record() {
    rig::run(async || {
        let output = program::run(["demo", "--users", "6", "--seconds", "6", "--kills", "2", "--json"]).await;
        assert_eq!(output.code, 0, "{}", output.stderr);
        let account = output.json();
        let number = |name: &str| {
            account.get(name).and_then(Value::as_u64).unwrap_or_else(|| panic!("{name}: {account}"))
        };
        assert!(number("produced") > 100, "{account}");
        assert_eq!((number("lost"), number("delivered")), (0, number("produced")), "{account}");
        assert_eq!((number("quota_violations"), number("reused_refresh_tokens")), (0, 0), "{account}");
        for (name, sink) in account["by_sink"].as_object().unwrap() {
            assert_eq!(sink["lost"], 0, "{name}: {account}");
        }
    });
}

fn with_all_sinks() -> Plan {
    let mut plan = Plan::default()
        .with_sink("lines", plan::file("out.ndjson"))
        .with_sink("tables", plan::sql("out.db"))
        .producing(120.0);
    plan.sandbox.users = 3;
    plan.sandbox.history_days = 10;
    plan
}

async fn assert_everything_arrived(world: &World, people: &[tributary_tests::Person]) {
    for (sink, arrived) in [
        ("webhook", world.received("/acme")),
        ("file", Inventory::of_lines(&world.path("out.ndjson"))),
        ("sql", Inventory::of_tables(&world.path("out.db")).await),
    ] {
        assert_eq!(world.differences(people, &arrived), Vec::<String>::new(), "{sink}");
    }
}

#[test]
fn kills_in_the_middle_of_a_backfill_lose_nothing() {
    rig::run(async || {
        let world = World::start(with_all_sinks()).await;
        let mut daemon = Daemon::start(&world).await;
        let people = world.connect_all().await;
        for kill in 1..=3 {
            // What is under way when the daemon dies must not count as delivered.
            let taken =
                |taken| world.receiver.requests().iter().filter(|request| request.taken == taken).count();
            let before = taken(true);
            wait::until_true("some deliveries", wait::SOON, async || taken(true) > before + 2).await;
            let before = taken(false);
            world.receiver.next(usize::MAX, Answer::Hang);
            wait::until_true("deliveries under way", wait::SOON, async || taken(false) > before + 1).await;
            daemon.kill().await;
            world.receiver.heal();
            daemon = Daemon::start(&world).await;
            assert!(!Daemon::log(&world).contains("panicked"), "after kill {kill}");
        }
        world.settle(&people).await;
        assert_everything_arrived(&world, &people).await;
        for person in &people {
            assert_eq!(world.state(person.connection).await, "active");
        }
        for host in world.hosts() {
            assert_eq!(host.with(|sandbox| sandbox.statistics().reused_refresh_tokens), 0, "{}", host.key());
        }
        let ended = daemon.terminate().await;
        assert!(ended.success(), "{ended}:\n{}", Daemon::log(&world));
        world.end().await;
    });
}

#[test]
fn a_daemon_that_is_asked_to_end_finishes_what_it_does_and_goes_on_where_it_was() {
    rig::run(async || {
        let world = World::start(with_all_sinks()).await;
        let daemon = Daemon::start(&world).await;
        let people = world.connect_all().await;
        wait::until_true("some deliveries", wait::SOON, async || world.receiver.count() > 5).await;
        let ended = daemon.terminate().await;
        assert!(ended.success(), "{ended}:\n{}", Daemon::log(&world));
        let log = Daemon::log(&world);
        assert!(log.contains("everything has ended well"), "{log}");
        let delivered = world.receiver.count();

        let daemon = Daemon::start(&world).await;
        world.settle(&people).await;
        assert_everything_arrived(&world, &people).await;
        assert_eq!(world.received("/acme").repeats(), 0, "what was taken before the end is not sent again");
        assert!(world.receiver.count() > delivered);
        assert!(daemon.terminate().await.success());
        world.end().await;
    });
}
