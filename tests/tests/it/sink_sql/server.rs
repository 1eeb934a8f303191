//! What only a server can do: break, be slow, refuse, be reached through a pooler, prove who it is.

use std::sync::Arc;

use serde_json::json;
use tributary_contract::model::DataType;
use tributary_contract::sink::{Entry, Sink, SinkError};
use tributary_tests::entries::{batch, day, record, take, user};
use tributary_tests::server::Postgres;
use tributary_tests::wait;

use super::target::{LAYOUTS, Target};

/// Entries of many types and users.
fn mixed() -> Vec<Entry> {
    let users: Vec<_> = (0..7).map(|n| user(&format!("u-{n}"))).collect();
    (1..=200_usize)
        .zip(1_u64..)
        .map(|(place, n)| {
            let data_type = DataType::ALL[place % DataType::ALL.len()];
            record(&users[place % users.len()], n, data_type, &format!("key-{n}"), r#"{"metadata":{}}"#)
        })
        .collect()
}

/// Waits until somebody waits for a lock.
async fn until_blocked(server: &Postgres) {
    let blocked = "select count(*) from pg_stat_activity where wait_event_type = 'Lock'";
    wait::until_true("a batch to wait for a lock", wait::SOON, async || {
        server.psql("postgres", blocked).await != ["0"]
    })
    .await;
}

/// Waits until somebody holds the table.
async fn until_locked(server: &Postgres, database: &str, table: &str) {
    let held = format!(
        "select count(*) from pg_locks where relation = to_regclass('{table}') and mode = 'AccessExclusiveLock' and granted"
    );
    wait::until_true("the table to be locked", wait::SOON, async || {
        server.psql(database, &held).await != ["0"]
    })
    .await;
}

#[tokio::test]
async fn a_server_that_dies_in_the_middle_of_a_batch_loses_and_doubles_nothing() {
    let Some(mut server) = Postgres::start().await else { return };
    for layout in LAYOUTS {
        let target = Target::postgres(&server, "killed", layout).await;
        let database = target.name().to_owned();
        let sink: Arc<dyn Sink> = target.sink(json!({})).await.into();
        sink.check().await.unwrap();
        // The last table of the batch is held, so that the server dies with the others written.
        let table = if layout == "typed" { "health_observation" } else { "terra_data_payloads" };
        let hold = format!("begin; lock table {table} in access exclusive mode; select pg_sleep(600)");
        let mut holder = server.command(&database, &hold).spawn().unwrap();
        until_locked(&server, &database, table).await;
        let delivery = tokio::spawn({
            let sink = sink.clone();
            async move { sink.deliver(&batch(mixed())).await }
        });
        until_blocked(&server).await;
        drop(target);
        server.kill().await;
        let error = delivery.await.unwrap().unwrap_err();
        assert!(matches!(error, SinkError::Unavailable { .. }), "{error}");
        holder.wait().await.unwrap();
        let error = sink.deliver(&batch(mixed())).await.unwrap_err();
        assert!(matches!(error, SinkError::Unavailable { .. }), "{error}");
        server.restart().await;
        let target = Target::again(&server, &database, layout);
        assert_eq!(target.versions().await, [], "half a batch was written");
        take(&*sink, mixed()).await;
        take(&*sink, mixed()).await;
        let mut sequences: Vec<u64> =
            target.versions().await.into_iter().map(|(_, sequence)| sequence).collect();
        sequences.sort_unstable();
        assert_eq!(sequences, (1..=200).collect::<Vec<u64>>());
    }
}

#[tokio::test]
async fn a_held_table_is_waited_for_and_then_tried_again() {
    let Some(server) = Postgres::start().await else { return };
    let target = Target::postgres(&server, "held", "typed").await;
    let sink = target.sink(json!({})).await;
    sink.check().await.unwrap();
    let hasty = target.sink(json!({"timeout": "1s"})).await;
    let hold = "begin; lock table daily in access exclusive mode; select pg_sleep(600)";
    let mut holder = server.command(target.name(), hold).spawn().unwrap();
    until_locked(&server, target.name(), "daily").await;
    let entry = day(&user("u-1"), 1, "a", 1);
    let error = hasty.deliver(&batch([entry.clone()])).await.unwrap_err();
    assert!(matches!(error, SinkError::Unavailable { .. }), "{error}");
    server
        .psql(
            "postgres",
            "select pg_terminate_backend(pid) from pg_stat_activity where query like 'begin; lock%'",
        )
        .await;
    holder.wait().await.unwrap();
    take(&*sink, [entry]).await;
    assert_eq!(target.versions().await.len(), 1);
}

#[tokio::test]
async fn a_connection_that_the_server_closed_is_made_anew() {
    let Some(server) = Postgres::start().await else { return };
    let target = Target::postgres(&server, "closed", "terra").await;
    let (sink, user) = (target.sink(json!({"connections": 1})).await, user("u-1"));
    for n in 1..=3 {
        take(&*sink, [day(&user, n, &format!("day-{n}"), n)]).await;
        let ours = "from pg_stat_activity where application_name = 'tributary'";
        assert_eq!(server.psql("postgres", &format!("select count(*) {ours}")).await, ["1"]);
        server.psql("postgres", &format!("select pg_terminate_backend(pid) {ours}")).await;
    }
    assert_eq!(target.versions().await.len(), 3);
}

#[tokio::test]
async fn no_connection_left_is_waited_for() {
    let Some(server) = Postgres::start().await else { return };
    let target = Target::postgres(&server, "few", "typed").await;
    let name = target.name();
    server.psql("postgres", "create role few login password 'few' connection limit 0").await;
    server.psql(name, "grant all on schema public to few").await;
    let sink = target.sink_at(&server.url_of("few", "few", name), json!({})).await.unwrap();
    let error = sink.check().await.unwrap_err();
    assert!(matches!(&error, SinkError::Unavailable { reason, .. } if reason.contains("53300")), "{error}");
    server.psql("postgres", "alter role few connection limit 1").await;
    take(&*sink, [day(&user("u-1"), 1, "a", 1)]).await;
    assert_eq!(target.versions().await.len(), 1);
}

#[tokio::test]
async fn a_batch_is_on_disk_also_where_the_database_would_not_wait_for_it() {
    let Some(server) = Postgres::start().await else { return };
    let target = Target::postgres(&server, "disk", "typed").await;
    let off = format!("alter database {} set synchronous_commit = off", target.name());
    server.psql("postgres", &off).await;
    let sink = target.sink(json!({})).await;
    sink.check().await.unwrap();
    target
        .execute("alter table daily add column mine text default current_setting('synchronous_commit')")
        .await;
    take(&*sink, [day(&user("u-1"), 1, "a", 1)]).await;
    assert_eq!(target.rows("mine", "from daily").await, [json!(["on"])]);
}

#[tokio::test]
async fn who_may_not_enter_or_write_is_told_so_without_a_secret() {
    let Some(server) = Postgres::start().await else { return };
    let target = Target::postgres(&server, "rights", "typed").await;
    let name = target.name().to_owned();
    server.psql("postgres", "create role teller login password 'planted-secret'").await;
    let denied = async |url: &str, wanted: &str| {
        let sink = target.sink_at(url, json!({})).await.unwrap();
        for error in [
            sink.check().await.unwrap_err(),
            sink.deliver(&batch([day(&user("u-1"), 1, "a", 1)])).await.unwrap_err(),
        ] {
            assert!(matches!(error, SinkError::Denied { .. }), "{error:?}");
            let text = error.to_string();
            assert!(text.contains(wanted) && !text.contains("planted"), "{wanted}: {text}");
        }
    };
    let url = server.url_of("teller", "planted-secret", &name);
    denied(&server.url_of("teller", "planted-wrong", &name), "28P01").await;
    denied(&server.url_of("teller", "planted-secret", "nowhere"), "3D000").await;
    denied(&url, "42501").await;
    // With the tables made by somebody else, reading and writing is enough; less is not.
    target.sink(json!({})).await.check().await.unwrap();
    server.psql(&name, "grant select, insert on all tables in schema public to teller").await;
    denied(&url, "UPDATE").await;
    server.psql(&name, "grant update on all tables in schema public to teller").await;
    let sink = target.sink_at(&url, json!({})).await.unwrap();
    take(&*sink, [day(&user("u-1"), 1, "a", 1)]).await;
    // A right that is taken away later is noticed as well.
    server.psql(&name, "revoke insert on daily from teller").await;
    let error = sink.deliver(&batch([day(&user("u-1"), 2, "b", 1)])).await.unwrap_err();
    assert!(matches!(error, SinkError::Denied { .. }), "{error}");
}

#[tokio::test]
async fn a_private_address_is_not_connected_to_unless_the_operator_allows_it() {
    let Some(server) = Postgres::start().await else { return };
    let options = json!({"url": server.url("postgres")});
    let options = tributary_sinks::SinkOptions::deserialize_kind("sql", options).unwrap();
    let sink = tributary_sinks::build("w", options, &tributary_sinks::Context::default()).await.unwrap();
    let error = sink.check().await.unwrap_err();
    assert!(matches!(&error, SinkError::Denied { reason, .. } if reason.contains("loopback")), "{error}");
}

#[tokio::test]
async fn behind_a_pooler_no_statement_stays_prepared() {
    let Some(server) = Postgres::start().await else { return };
    server.psql("postgres", "alter role postgres set log_min_duration_statement = 0").await;
    let named = |log: &str| log.lines().any(|line| line.contains("execute sqlx_s_"));
    for (pooled, database) in [(true, "pooled"), (false, "kept")] {
        let target = Target::postgres(&server, database, "typed").await;
        let (sink, user) = (target.sink(json!({"pooled": pooled})).await, user("u-1"));
        for n in 1..=3 {
            take(&*sink, [day(&user, n, &format!("day-{n}"), n)]).await;
        }
        assert_eq!(target.versions().await.len(), 3);
        assert_eq!(named(&server.log()), !pooled);
    }
}

#[tokio::test]
async fn a_server_proves_who_it_is_when_the_url_asks_for_it() {
    let Some(mut server) = Postgres::start().await else { return };
    let target = Target::postgres(&server, "tls", "typed").await;
    let name = target.name().to_owned();
    let url = |mode: &str| format!("{}?sslmode={mode}", server.url(&name));
    let refused = async |url: &str| {
        let error = target.sink_at(url, json!({})).await.unwrap().check().await.unwrap_err();
        assert!(
            matches!(&error, SinkError::Denied { advice, .. } if advice.contains("sslmode")),
            "{url}: {error}"
        );
    };
    refused(&url("require")).await;
    let made = tempfile::tempdir().unwrap();
    let (key, certificate) = (made.path().join("key.pem"), made.path().join("cert.pem"));
    let openssl = tokio::process::Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-days",
            "30",
        ])
        .args(["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .output()
        .await;
    let openssl = openssl.unwrap();
    assert!(openssl.status.success(), "{}", String::from_utf8_lossy(&openssl.stderr));
    server.put("server.key", &std::fs::read(&key).unwrap());
    server.put("server.crt", &std::fs::read(&certificate).unwrap());
    target.put("root.pem", &std::fs::read(&certificate).unwrap());
    server.psql("postgres", "alter system set ssl = on").await;
    let (require, unknown, full) =
        (url("require"), url("verify-full"), format!("{}&sslrootcert=root.pem", url("verify-full")));
    drop(target);
    server.kill().await;
    server.restart().await;
    let target = Target::again_at(&server, &name, "typed", made);
    target.put("root.pem", &std::fs::read(&certificate).unwrap());
    for url in [&require, &full] {
        let sink = target.sink_at(url, json!({})).await.unwrap();
        take(&*sink, [day(&user("u-1"), 1, "a", 1)]).await;
        let secure = "select count(*) > 0 from pg_stat_ssl join pg_stat_activity using (pid) \
                      where ssl and application_name = 'tributary'";
        assert_eq!(server.psql("postgres", secure).await, ["t"]);
    }
    let error = target.sink_at(&unknown, json!({})).await.unwrap().check().await.unwrap_err();
    assert!(matches!(&error, SinkError::Denied { .. }), "{error}");
}
