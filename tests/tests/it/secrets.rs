//! Nothing secret is shown: what is planted is looked for in every file and in everything that was logged.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use http::Method;
use serde_json::Value;
use tributary_contract::Secret;
use tributary_providers::sandbox::Fault;
use tributary_tests::logs::Observation;
use tributary_tests::plan::{self, VAULT_KEY, VERIFY_TOKEN, WEBHOOK_SECRET};
use tributary_tests::{Answer, Plan, Rig, rig, wait};

const CLIENT_SECRET: &str = "planted-client-secret-7f3a9";

/// All files below a directory but the configuration, which is where the secrets come from.
fn files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_none_or(|extension| extension != "yaml") {
            found.push(path);
        }
    }
    found
}

fn holds(bytes: &[u8], secret: &str) -> bool {
    bytes.windows(secret.len()).any(|window| window == secret.as_bytes())
}

/// The tokens that are stored now, by way of the vault.
async fn tokens(rig: &Rig) -> BTreeSet<String> {
    let shared = rig.shared();
    let mut found = BTreeSet::new();
    for row in rig.connections("").await {
        let id = row["id"].as_str().unwrap().parse().unwrap();
        if let Some(credential) = shared.ground.tokens.stored(id).await.unwrap() {
            found.insert(credential.access_token.expose().clone());
            found.extend(credential.refresh_token.map(|token| token.expose().clone()));
        }
    }
    found
}

#[test]
fn no_secret_is_in_any_file_or_in_any_log_line() {
    rig::run(async || {
        let mut plan = Plan::default()
            .with_sink("lines", plan::file("out.ndjson"))
            .with_sink("tables", plan::sql("out.db"));
        plan.sandbox.client_secret = Secret::from(CLIENT_SECRET);
        let mut rig = Rig::start_observed(plan, Observation::begin_at("trace")).await;
        rig.expect_errors();

        let (link, _) = rig.begin_connect("acme", "strava", "strava-0").await;
        let back = rig.agree(&link, 0).await;
        let parameter = |name: &str| {
            let query = back.split_once('?').unwrap().1;
            query.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}="))).unwrap().to_owned()
        };
        let state = parameter("state");
        // The flow's own state is in the store until it is used.
        let (_, proof) = state.split_once('.').unwrap();
        let cookies = rig.browser.cookies("/auth/strava/callback").unwrap();
        let (_, browser) = cookies.split_once('=').unwrap();
        let mut secrets = BTreeSet::from([parameter("code")]);
        secrets.extend([proof, browser].map(str::to_owned));
        assert_eq!(rig.browse(&back).await.status(), 200);
        rig.connect("oura", 0).await;
        rig.quiet().await;
        let api_key = rig.plan.tenants[0].api_key();
        secrets.extend([CLIENT_SECRET, WEBHOOK_SECRET, VERIFY_TOKEN, VAULT_KEY, &api_key].map(str::to_owned));
        let first = tokens(&rig).await;
        assert_eq!(first.len(), 4, "two tokens for each of two connections");

        // Whatever fails is what gets logged: refused tokens, refused grants, refused deliveries, refused callers.
        for (provider, path) in [("strava", "/api/v3/"), ("oura", "/v2/usercollection/")] {
            rig.host(provider).with(|sandbox| {
                sandbox.faults().when(1, Fault::Status(401), move |call| call.path.starts_with(path));
                sandbox.faults().when(1, Fault::Garbage, move |call| call.path.starts_with(path));
            });
        }
        rig.receiver.next(1, Answer::Status(500));
        for row in rig.connections("").await {
            rig.sync(row["id"].as_str().unwrap().parse().unwrap()).await;
        }
        rig.quiet().await;
        let second = tokens(&rig).await;
        let (status, _) = rig.tenant("acme", Method::GET, "/v2/userInfo?user_id=wrong", &Value::Null).await;
        assert_eq!(status, 400);
        assert_eq!(rig.browse(&back).await.status(), 400, "a used code");
        let account = rig.host("oura").with(|sandbox| sandbox.accounts()[0].clone());
        let now = tributary_engine::clock::Clock::real().now();
        assert!(rig.host("oura").with(|sandbox| sandbox.withdraw(&account, now)));
        for row in rig.connections("?provider=oura").await {
            rig.sync(row["id"].as_str().unwrap().parse().unwrap()).await;
        }
        wait::until_true("lost consent", wait::SOON, async || {
            rig.connections("?provider=oura&state=reauth_needed").await.len() == 1
        })
        .await;
        secrets.extend(first);
        secrets.extend(second);

        let found_live = search(&rig, &secrets);
        rig.stop_daemon().await;
        let found_after = search(&rig, &secrets);
        assert_eq!(
            (found_live, found_after),
            (Vec::new(), Vec::new()),
            "searched for {} secrets",
            secrets.len()
        );
        rig.finish().await;
    });
}

/// Where which of the secrets were found. They are named by their place in the list.
fn search(rig: &Rig, secrets: &BTreeSet<String>) -> Vec<String> {
    let mut found = Vec::new();
    let files = files(rig.directory());
    assert!(files.iter().any(|path| path.ends_with("tributary.db")), "{files:?}");
    let log = rig.observed().text();
    assert!(log.contains("TRACE") && log.len() > 10_000, "the log is not as chatty as it can be");
    let mut places: Vec<(String, Vec<u8>)> = vec![("the log".to_owned(), log.into_bytes())];
    // A journal may be gone by now.
    let read = |path: PathBuf| Some((path.display().to_string(), std::fs::read(&path).ok()?));
    places.extend(files.into_iter().filter_map(read));
    for (place, bytes) in &places {
        for (number, secret) in secrets.iter().enumerate() {
            assert!(secret.len() >= 10, "secret {number} is too short to be looked for");
            if holds(bytes, secret) {
                found.push(format!("secret {number} is in {place}"));
            }
        }
    }
    found
}

#[test]
fn what_was_planted_is_found_where_it_may_be() {
    rig::run(async || {
        let mut rig = Rig::start(Plan::default()).await;
        rig.connect("oura", 0).await;
        rig.quiet().await;
        // The search itself works: a name that is no secret is in the store, its owner's token is not.
        rig.stop_daemon().await;
        let stored: Vec<u8> =
            files(rig.directory()).iter().flat_map(|path| std::fs::read(path).unwrap()).collect();
        assert!(holds(&stored, "oura-0") && !holds(&stored, VAULT_KEY));
        rig.finish().await;
    });
}

#[test]
fn a_store_is_readable_by_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    rig::run(async || {
        let rig = Rig::start(Plan::default()).await;
        rig.connect("oura", 0).await;
        rig.quiet().await;
        for path in files(rig.directory()) {
            let mode = std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode & 0o077, 0, "{} has mode {mode:o}", path.display());
        }
        rig.finish().await;
    });
}
