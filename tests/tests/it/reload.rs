//! A change of the configuration is applied while the daemon runs: only what has changed starts anew, nothing is lost,
//! and what is wrong changes nothing.

use std::collections::BTreeMap;
use std::path::PathBuf;

use http::Method;
use serde_json::{Value, json};
use sqlx::Connection as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use tributary::app::StartError;
use tributary_tests::daemon::Daemon;
use tributary_tests::plan::{self, TenantPlan};
use tributary_tests::{Answer, Inventory, Plan, Rig, World, program, rig, wait};

/// Asks for the configuration to be read anew.
async fn reload(world: &World) -> (u16, Value) {
    world.admin(Method::POST, "reload", &Value::Null).await
}

/// As [`reload`], and what was changed.
async fn changes(world: &World) -> Vec<String> {
    let (status, applied) = reload(world).await;
    assert_eq!(status, 200, "{applied}");
    let lines = applied["changes"].as_array().unwrap();
    lines.iter().map(|line| line.as_str().unwrap().to_owned()).collect()
}

/// The keys of all simulated providers, sorted.
fn providers(world: &World) -> Vec<&'static str> {
    let mut keys: Vec<_> = world.hosts().iter().map(|host| host.key()).collect();
    keys.sort_unstable();
    keys
}

/// Since when each sink runs.
async fn starts(world: &World) -> BTreeMap<String, String> {
    let status = world.status().await;
    let sinks = status["sinks"].as_array().unwrap().iter();
    // One that is being replaced has no beginning.
    let text = |value: &Value| value.as_str().map(str::to_owned);
    sinks.filter_map(|sink| Some((text(&sink["sink"])?, text(&sink["started_at"])?))).collect()
}

/// Waits until a sink runs that began after the one that ran then.
async fn replaced(world: &World, sink: &str, before: &BTreeMap<String, String>) {
    wait::until_true("the new sink", wait::SOON, async || {
        starts(world).await.get(sink).is_some_and(|start| *start > before[sink])
    })
    .await;
}

fn tenant_file(world: &World, dev_id: &str) -> PathBuf {
    world.path(&format!("tenants/{dev_id}.yaml"))
}

fn edit(file: &PathBuf, from: &str, to: &str) {
    let text = std::fs::read_to_string(file).unwrap();
    assert!(text.contains(from), "{from} is not in {text}");
    std::fs::write(file, text.replace(from, to)).unwrap();
}

#[test]
fn a_changed_sink_is_replaced_under_load_and_its_neighbours_do_not_notice() {
    rig::run(async || {
        let plan = Plan::default()
            .producing(120.0)
            .with_sink("app", plan::webhook("/before"))
            .with_sink("beside", plan::webhook("/beside"))
            .with_sink("lines", plan::file("out.ndjson"));
        let mut rig = Rig::start(plan).await;
        let people = rig.connect_all().await;
        wait::until_true("the first records", wait::SOON, async || rig.receiver.taken("/before").len() > 3)
            .await;
        let before = starts(&rig).await;
        rig.world_mut().plan.tenants[0].sinks.insert("app".to_owned(), plan::webhook("/after"));
        rig.write_configuration();
        assert_eq!(changes(&rig).await, ["sink app of tenant acme is replaced"]);
        replaced(&rig, "app", &before).await;
        wait::until_true("records at the new address", wait::SOON, async || {
            !rig.receiver.taken("/after").is_empty()
        })
        .await;
        rig.settle(&people).await;
        let after = starts(&rig).await;
        assert_ne!(after["app"], before["app"]);
        for untouched in ["beside", "lines"] {
            assert_eq!(after[untouched], before[untouched], "{untouched} was started anew");
        }
        // Between them both addresses got everything, and nothing twice: what was in flight was waited for.
        let mut both = rig.receiver.taken("/before");
        both.extend(rig.receiver.taken("/after"));
        let both = Inventory::of_events(&both);
        assert_eq!(rig.differences(&people, &both), Vec::<String>::new());
        assert_eq!(both.repeats(), 0);
        assert_eq!(rig.differences(&people, &rig.received("/beside")), Vec::<String>::new());
        let lines = Inventory::of_lines(&rig.path("out.ndjson"));
        assert_eq!(rig.differences(&people, &lines), Vec::<String>::new());
        rig.finish().await;
    });
}

#[test]
fn the_backlog_of_a_dead_address_goes_to_the_new_one() {
    rig::run(async || {
        let mut rig = Rig::start(Plan::default().with_sink("app", plan::webhook("/dead"))).await;
        rig.receiver.when(usize::MAX, Answer::Hang, |request| request.target == "/dead");
        let person = rig.connect("oura", 0).await;
        wait::until_true("a request that hangs", wait::SOON, async || {
            rig.sink("app", "in_flight").await.as_u64() > Some(0)
        })
        .await;
        let before = starts(&rig).await;
        rig.world_mut().plan.tenants[0].sinks.insert("app".to_owned(), plan::webhook("/alive"));
        rig.write_configuration();
        assert_eq!(changes(&rig).await, ["sink app of tenant acme is replaced"]);
        replaced(&rig, "app", &before).await;
        rig.settle(std::slice::from_ref(&person)).await;
        assert_eq!(rig.differences(&[person], &rig.received("/alive")), Vec::<String>::new());
        assert!(rig.receiver.taken("/dead").is_empty());
        rig.finish().await;
    });
}

#[test]
fn a_removed_sink_goes_on_where_it_was_when_it_comes_back() {
    rig::run(async || {
        let mut rig = Rig::start(Plan::default().with_sink("lines", plan::file("out.ndjson"))).await;
        rig.connect("oura", 0).await;
        rig.quiet().await;
        let options = rig.world_mut().plan.tenants[0].sinks.remove("lines").unwrap();
        rig.write_configuration();
        assert_eq!(changes(&rig).await, ["sink lines of tenant acme stops"]);
        wait::until_true("its end", wait::SOON, async || !starts(&rig).await.contains_key("lines")).await;
        let there = Inventory::of_lines(&rig.path("out.ndjson")).arrivals;
        rig.connect("strava", 0).await;
        rig.quiet().await;
        assert_eq!(Inventory::of_lines(&rig.path("out.ndjson")).arrivals, there);
        // Nothing waits for it, so that what all others have settled may be removed.
        tributary::retention::once(&rig.shared()).await.unwrap();

        rig.world_mut().plan.tenants[0].sinks.insert("lines".to_owned(), options);
        rig.write_configuration();
        assert_eq!(changes(&rig).await, ["sink lines of tenant acme starts"]);
        rig.quiet().await;
        let lines = Inventory::of_lines(&rig.path("out.ndjson"));
        assert_eq!(lines.repeats(), 0, "it began from the start");
        let app = rig.received("/acme");
        assert_eq!((lines.len(), lines.arrivals), (app.len(), app.arrivals));
        rig.finish().await;
    });
}

#[test]
fn a_mistake_changes_nothing_and_is_said_as_check_says_it() {
    rig::run(async || {
        let mut rig = Rig::start(Plan::default()).await;
        rig.expect_errors();
        let person = rig.connect("oura", 0).await;
        rig.quiet().await;
        let before = starts(&rig).await;
        let file = tenant_file(&rig, "acme");
        let right = std::fs::read_to_string(&file).unwrap();
        let loaded_at = rig.status().await["config"]["loaded_at"].clone();
        // A key that is not known, and a value that only the sink itself can judge.
        for (from, to, said) in [
            ("\"secret\"", "\"secrets\"", "unknown key \"secrets\"; did you mean \"secret\"? allowed: "),
            ("${RECEIVER}/acme", "ftp://example.com", "in sinks.app.url"),
        ] {
            std::fs::write(&file, &right).unwrap();
            edit(&file, from, to);
            let (status, refusal) = reload(&rig).await;
            assert_eq!(status, 422, "{refusal}");
            let message = refusal["detail"].as_str().unwrap();
            assert!(message.contains(said), "{message}");
            let line = 1 + right.lines().position(|line| line.contains(from)).unwrap();
            assert!(message.contains(&format!("tenants/acme.yaml:{line}:")), "{message}");
            let checked = program::run_in(&rig, ["check", "-c", rig.configuration().to_str().unwrap()]).await;
            assert_eq!(checked.code, 1);
            assert!(checked.stderr.starts_with(&format!("error: {message}\n")), "{}", checked.stderr);
            let config = rig.status().await["config"].clone();
            assert_eq!((config["error"].as_str(), &config["loaded_at"]), (Some(message), &loaded_at));
            assert!(!rig.observed().having("the changed configuration is not taken").is_empty());
        }
        assert_eq!(starts(&rig).await, before);
        rig.sync(person.connection).await;
        rig.quiet().await;

        std::fs::write(&file, &right).unwrap();
        assert_eq!(changes(&rig).await, Vec::<String>::new());
        assert_eq!(rig.status().await["config"]["error"], Value::Null);
        rig.finish().await;
    });
}

#[test]
fn what_needs_a_restart_is_named_and_the_rest_is_applied() {
    rig::run(async || {
        let mut rig = Rig::start(Plan::default()).await;
        let plan = &mut rig.world_mut().plan;
        plan.operator.insert("store".to_owned(), json!("sqlite://${DATA}/other.db"));
        plan.app.insert("quota".to_owned(), json!({"app": ["5/15m"]}));
        plan.tenants[0].sinks.insert("more".to_owned(), plan::file("more.ndjson"));
        rig.write_configuration();
        let (status, applied) = reload(&rig).await;
        assert_eq!((status, &applied["changes"]), (200, &json!(["sink more of tenant acme starts"])));
        let quotas = providers(&rig).into_iter().map(|key| format!("provider_apps.{key}.quota"));
        let waiting = json!(std::iter::once("store".to_owned()).chain(quotas).collect::<Vec<_>>());
        assert_eq!(applied["needs_restart"], waiting);
        assert_eq!(rig.status().await["config"]["needs_restart"], waiting);
        let plan = &mut rig.world_mut().plan;
        plan.operator.clear();
        plan.app = Plan::default().app;
        rig.write_configuration();
        assert_eq!(changes(&rig).await, Vec::<String>::new());
        assert_eq!(rig.status().await["config"]["needs_restart"], json!([]));
        assert!(!rig.path("other.db").exists());
        rig.finish().await;
    });
}

#[test]
fn a_new_secret_in_an_old_file_is_a_change_of_the_sink_that_names_it() {
    rig::run(async || {
        let mut webhook = plan::webhook("/acme");
        webhook["secret"] = json!("file:../webhook-secret");
        let mut rig = Rig::prepare(Plan::default().with_sink("app", webhook)).await;
        std::fs::write(rig.path("webhook-secret"), "the-first-secret\n").unwrap();
        rig.start_daemon().await.unwrap();
        let person = rig.connect("oura", 0).await;
        rig.quiet().await;
        assert!(rig.receiver.requests().iter().all(|request| request.is_signed_with("the-first-secret")));
        std::fs::write(rig.path("webhook-secret"), "the-second-secret\n").unwrap();
        assert_eq!(changes(&rig).await, ["sink app of tenant acme is replaced"]);
        let seen = rig.receiver.requests().len();
        rig.connect("strava", 0).await;
        rig.settle(&[person]).await;
        let new = rig.receiver.requests().split_off(seen);
        assert!(!new.is_empty() && new.iter().all(|request| request.is_signed_with("the-second-secret")));
        assert!(!rig.observed().text().contains("the-second-secret"));
        rig.finish().await;
    });
}

#[test]
fn a_tenant_is_added_used_and_removed_and_its_keys_count_at_once() {
    rig::run(async || {
        let mut rig = Rig::start(Plan::default()).await;
        let ours = rig.connect("oura", 0).await;
        rig.world_mut().plan.tenants.push(TenantPlan::new("borg").with("app", plan::webhook("/borg")));
        rig.write_configuration();
        assert_eq!(changes(&rig).await, ["tenant borg is new", "sink app of tenant borg starts"]);
        let theirs = rig.connect_for("borg", "strava", 1).await;
        rig.settle(&[ours.clone(), theirs.clone()]).await;
        let people = std::slice::from_ref(&theirs);
        assert_eq!(rig.differences(people, &rig.received("/borg")), Vec::<String>::new());

        // A key that is not in the file any more stops working, and a new one works.
        let info = format!("/v2/userInfo?user_id={}", theirs.connection);
        assert_eq!(rig.tenant("borg", Method::GET, &info, &Value::Null).await.0, 200);
        let file = tenant_file(&rig, "borg");
        let with = std::fs::read_to_string(&file).unwrap();
        let key = serde_json::from_str::<Value>(&with).unwrap()["api_keys"][0].as_str().unwrap().to_owned();
        edit(&file, &key, &format!("sha256:{}", "0".repeat(64)));
        assert_eq!(changes(&rig).await, ["tenant borg has other API keys"]);
        assert_eq!(rig.tenant("borg", Method::GET, &info, &Value::Null).await.0, 401);
        std::fs::write(&file, with).unwrap();
        changes(&rig).await;
        assert_eq!(rig.tenant("borg", Method::GET, &info, &Value::Null).await.0, 200);

        // Without its file the tenant is gone, and its connections rest; with it they go on.
        let text = std::fs::read_to_string(&file).unwrap();
        std::fs::remove_file(&file).unwrap();
        assert_eq!(changes(&rig).await, ["tenant borg is gone", "sink app of tenant borg stops"]);
        assert_eq!(rig.tenant("borg", Method::GET, &info, &Value::Null).await.0, 401);
        assert_eq!(rig.status().await["connections"]["total"], 1);
        std::fs::write(&file, text).unwrap();
        changes(&rig).await;
        assert_eq!(rig.status().await["connections"]["total"], 2);
        rig.sync(theirs.connection).await;
        rig.quiet().await;
        assert_eq!(rig.state(theirs.connection).await, "active");
        rig.finish().await;
    });
}

#[test]
fn a_tenants_own_app_connects_syncs_and_is_notified_at_its_own_address() {
    rig::run(async || {
        // The operator's app is one that the provider does not know, so that nothing goes through it.
        let mut plan = Plan { tenants: vec![], ..Plan::default() }.producing(60.0);
        let (id, secret) = (plan.sandbox.client_id.clone(), plan.sandbox.client_secret.expose().clone());
        plan.app.insert("client_id".to_owned(), json!("nobody"));
        let own = json!({"client_id": id, "client_secret": secret, "verify_token": plan::VERIFY_TOKEN});
        let both = json!({"strava": own, "oura": own});
        let sinks = TenantPlan::new("acme").with("app", plan::webhook("/acme"));
        plan.tenants.push(sinks.with_providers(both));
        plan.tenants.push(TenantPlan::new("borg").with("app", plan::webhook("/borg")));
        let rig = Rig::start(plan).await;

        let people = [rig.connect("strava", 0).await, rig.connect("oura", 1).await];
        wait::until_true("notifications", wait::SOON, async || {
            rig.status().await["notifications"]["accepted"].as_u64() > Some(2)
        })
        .await;
        rig.settle(&people).await;
        assert_eq!(rig.differences(&people, &rig.received("/acme")), Vec::<String>::new());
        let status = rig.status().await;
        let quotas = status["quotas"].as_array().unwrap();
        let used = |provider: &str, tenant: Value| -> u64 {
            let quota =
                quotas.iter().find(|quota| quota["provider"] == provider && quota["tenant"] == tenant);
            quota.unwrap()["windows"][0]["used"].as_u64().unwrap()
        };
        for provider in ["strava", "oura"] {
            assert!(used(provider, json!("acme")) > 5, "{quotas:?}");
            assert!(used(provider, Value::Null) <= 5, "{quotas:?}");
        }

        // What is signed for another app is not taken, and nobody else has an address.
        for (path, expected) in [("/notify/strava/borg", 404), ("/notify/strava/nobody", 404)] {
            assert_eq!(rig.public(Method::POST, path, &[], "{}").await.status(), expected, "{path}");
        }
        let notice = json!({"event_type": "update", "data_type": "sleep", "object_id": "x", "user_id": "y"});
        let forged = rig.public(Method::POST, "/notify/oura/acme", &[], notice.to_string()).await;
        assert_eq!(forged.status(), 401);
        // The users of the tenant without an own app cannot come through the one of its neighbour.
        let (link, _) = rig.begin_connect("borg", "strava", "strava-0").await;
        let page = rig.consent_page_in(&rig.browser, &link).await;
        assert!(page.contains("client_id=nobody"), "{page}");
        rig.finish().await;
    });
}

#[test]
fn a_replaced_app_is_used_from_the_next_call_on() {
    rig::run(async || {
        let mut plan = Plan::default();
        plan.app.insert("client_secret".to_owned(), json!("file:client-secret"));
        let mut rig = Rig::prepare(plan).await;
        rig.expect_errors();
        std::fs::write(rig.path("client-secret"), "not-the-secret").unwrap();
        rig.start_daemon().await.unwrap();
        let (link, _) = rig.begin_connect("acme", "oura", "oura-0").await;
        let back = rig.agree(&link, 0).await;
        assert!(!rig.browse(&back).await.status().is_success(), "with a wrong secret");
        let right = rig.plan.sandbox.client_secret.expose().clone();
        std::fs::write(rig.path("client-secret"), right).unwrap();
        let expected: Vec<_> = providers(&rig).iter().map(|key| format!("{key} app is replaced")).collect();
        assert_eq!(changes(&rig).await, expected);
        let person = rig.connect("oura", 0).await;
        rig.settle(std::slice::from_ref(&person)).await;
        assert_eq!(rig.differences(&[person], &rig.received("/acme")), Vec::<String>::new());
        rig.finish().await;
    });
}

#[test]
fn a_daemon_sees_changes_of_its_files_and_hears_a_hang_up() {
    rig::run(async || {
        let mut world = World::start(Plan::default()).await;
        let daemon = Daemon::start(&world).await;
        let config = async |what: &str| world.status().await["config"][what].clone();
        let before = config("loaded_at").await;
        // A file that is put in place of the old one, as editors and mounts do it.
        let file = tenant_file(&world, "acme");
        let text = std::fs::read_to_string(&file).unwrap();
        let aside = world.path("aside");
        std::fs::write(&aside, text.replace("\"secret\"", "\"secrets\"")).unwrap();
        std::fs::rename(&aside, &file).unwrap();
        wait::until_true("an error", wait::SOON, async || !config("error").await.is_null()).await;
        let log = Daemon::log(&world);
        assert!(log.contains("unknown key") && log.contains("tenants/acme.yaml:"), "{log}");
        assert_eq!(config("loaded_at").await, before);
        std::fs::write(&aside, &text).unwrap();
        std::fs::rename(&aside, &file).unwrap();
        wait::until_true("the end of the error", wait::SOON, async || config("error").await.is_null()).await;
        std::fs::write(tenant_file(&world, "borg"), text.replace("\"acme\"", "\"borg\"")).unwrap();
        wait::until_true("the new tenant", wait::SOON, async || config("loaded_at").await != before).await;
        let before = config("loaded_at").await;

        world.plan.tenants[0].sinks.insert("more".to_owned(), plan::file("more.ndjson"));
        world.write_configuration();
        daemon.hang_up().await;
        wait::until_true("the new sink", wait::SOON, async || starts(&world).await.contains_key("more"))
            .await;
        assert_ne!(world.status().await["config"]["loaded_at"], before);
        assert!(daemon.terminate().await.success());
        world.end().await;
    });
}

/// Takes away what is read last of all when the daemon starts.
async fn damage_store(world: &World) {
    let options = SqliteConnectOptions::new().filename(world.path("tributary.db"));
    let mut database = SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::query("alter table inbox rename to elsewhere").execute(&mut database).await.unwrap();
    database.close().await.unwrap();
}

#[test]
fn a_start_that_fails_leaves_no_listener_behind() {
    rig::run(async || {
        let mut webhook = plan::webhook("/acme");
        webhook["url"] = json!("ftp://example.com");
        let mut rig = Rig::prepare(Plan::default().with_sink("app", webhook)).await;
        let error = rig.start_daemon().await.unwrap_err();
        assert!(matches!(error, StartError::Config(_)), "{error}");
        assert!(error.to_string().contains("tenants/acme.yaml:"), "{error}");
        assert!(rig.try_browse(&format!("http://{}/healthz", rig.addresses().0)).await.is_none());

        // Here the listeners serve already when the store turns out to be damaged.
        rig.world_mut().plan = Plan::default();
        rig.write_configuration();
        rig.start_daemon().await.unwrap();
        rig.connect("oura", 0).await;
        rig.stop_daemon().await;
        damage_store(&rig).await;
        let error = rig.start_daemon().await.unwrap_err();
        assert!(matches!(error, StartError::Store(_)), "{error}");
        for address in [rig.addresses().0, rig.addresses().1] {
            assert!(
                rig.try_browse(&format!("http://{address}/healthz")).await.is_none(),
                "{address} listens"
            );
        }
        rig.finish().await;
    });
}
