use std::path::PathBuf;

use bytes::Bytes;
use tempfile::TempDir;
use tributary_contract::Account;
use tributary_contract::model::EventType;

use super::*;
use crate::store::{Change, ConnectionState, conformance};

const ID: Uuid = Uuid::from_u128(1);

fn url(folder: &TempDir) -> String {
    format!("sqlite://{}", folder.path().join("data/store.db").display())
}

/// Lets a future take one step.
async fn poll_once<F: Future + Unpin>(future: &mut F) -> std::task::Poll<F::Output> {
    std::future::poll_fn(|context| std::task::Poll::Ready(std::pin::Pin::new(&mut *future).poll(context)))
        .await
}

fn event(body: impl Into<Bytes>) -> Changeset {
    Changeset::unfenced(vec![Change::Event {
        tenant: "acme".into(),
        connection: ID,
        event: EventType::Auth,
        body: body.into(),
        trace: None,
    }])
}

fn connection(id: u128) -> Changeset {
    Changeset::unfenced(vec![Change::ConnectionPut(Connection {
        id: Uuid::from_u128(id),
        tenant: "acme".into(),
        provider: "strava".to_owned(),
        reference_id: None,
        account: Account::new(id.to_string()),
        state: ConnectionState::Active,
        reason: None,
        epoch: 1,
        created_at: DateTime::UNIX_EPOCH,
        updated_at: DateTime::UNIX_EPOCH,
    })])
}

async fn bodies(store: &SqliteStore) -> Vec<String> {
    let rows = store.log("acme", 0, 1000, usize::MAX).await.unwrap();
    rows.iter().map(|row| String::from_utf8_lossy(&row.body).chars().take(8).collect()).collect()
}

/// Runs a statement behind the store's back.
async fn tamper(store: &SqliteStore, sql: &'static str) {
    let mut slot = store.writer.lock().await;
    sqlx::raw_sql(sql).execute(slot.as_mut().unwrap()).await.unwrap();
}

#[tokio::test]
async fn the_store_passes_the_conformance_suite() {
    let folders = std::sync::Mutex::new(Vec::new());
    conformance::run(|| {
        let folder = tempfile::tempdir().unwrap();
        let url = url(&folder);
        folders.lock().unwrap().push(folder);
        async move { Arc::new(SqliteStore::open(&url).await.unwrap()) as Arc<dyn Store> }
    })
    .await;
}

#[tokio::test]
async fn what_was_acknowledged_is_there_after_reopening() {
    let folder = tempfile::tempdir().unwrap();
    for round in 0..3_u64 {
        let store = SqliteStore::open(&url(&folder)).await.unwrap();
        assert_eq!(store.last_sequence().await.unwrap(), round);
        let results = store.commit(&[event(round.to_string())], DateTime::UNIX_EPOCH).await.unwrap();
        assert_eq!(results[0].unwrap().last_sequence, Some(round + 1));
        store.close().await;
    }
    let store = SqliteStore::open(&url(&folder)).await.unwrap();
    assert_eq!(bodies(&store).await, ["0", "1", "2"]);
    assert_eq!(store.backlog("acme", 1).await.unwrap(), 2);
}

#[tokio::test]
async fn the_files_are_readable_by_their_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&url(&folder)).await.unwrap();
    store.commit(&[event("x")], DateTime::UNIX_EPOCH).await.unwrap();
    let mode = |path: PathBuf| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(folder.path().join("data")), 0o700);
    for name in ["store.db", "store.db-wal", "store.db-shm"] {
        assert_eq!(mode(folder.path().join("data").join(name)), 0o600, "{name}");
    }
}

#[tokio::test]
async fn a_store_of_a_newer_build_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&url(&folder)).await.unwrap();
    tamper(
        &store,
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         VALUES (999, 'from the future', 1, x'00', 0)",
    )
    .await;
    store.close().await;
    let place = url(&folder);
    let known = MIGRATIONS.iter().map(|migration| migration.version).max().unwrap();
    assert_eq!(SqliteStore::open(&place).await.err(), Some(StoreError::Schema { place, found: 999, known }));
}

#[tokio::test]
async fn what_cannot_be_a_store_is_refused_with_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let garbage = folder.path().join("garbage.db");
    std::fs::write(&garbage, "no database at all, but long enough to be looked at ".repeat(20)).unwrap();
    for place in [
        "sqlite::memory:".to_owned(),
        format!("sqlite://{}", garbage.display()),
        "sqlite:///proc/x/y.db".to_owned(),
    ] {
        let error = SqliteStore::open(&place).await.err().unwrap();
        assert!(matches!(error, StoreError::Open { .. }) && error.to_string().contains(&place), "{error}");
    }
}

#[tokio::test]
async fn a_full_disk_fails_the_group_and_heals_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&url(&folder)).await.unwrap();
    store.commit(&[event("before")], DateTime::UNIX_EPOCH).await.unwrap();
    // The limit belongs to the connection, so space is back with the next one.
    tamper(&store, "PRAGMA max_page_count = 1").await;
    let group = [event("small"), event("x".repeat(1 << 20))];
    let error = store.commit(&group, DateTime::UNIX_EPOCH).await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }) && error.to_string().contains("full"), "{error}");
    assert_eq!(bodies(&store).await, ["before"]);
    assert!(store.commit(&group, DateTime::UNIX_EPOCH).await.unwrap().iter().all(Result::is_ok));
    assert_eq!(bodies(&store).await, ["before", "small", "xxxxxxxx"]);
}

#[tokio::test]
async fn an_abandoned_commit_leaves_the_store_usable() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&url(&folder)).await.unwrap();
    let group = [event("whole")];
    for polls in 0..20 {
        let mut commit = store.commit(&group, DateTime::UNIX_EPOCH);
        for _ in 0..polls {
            if poll_once(&mut commit).await.is_ready() {
                break;
            }
            tokio::task::yield_now().await;
        }
        drop(commit);
        let before = bodies(&store).await.len();
        store.commit(&group, DateTime::UNIX_EPOCH).await.unwrap()[0].unwrap();
        let after = bodies(&store).await.len();
        // The abandoned one counts wholly or not at all.
        assert!((before + 1..=before + 2).contains(&after), "{before} then {after}");
    }
}

#[tokio::test]
async fn a_damaged_row_holds_up_none_of_its_neighbours() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&url(&folder)).await.unwrap();
    let group = [event("1"), event("2"), event("3"), connection(1), connection(2), connection(3)];
    store.commit(&group, DateTime::UNIX_EPOCH).await.unwrap();
    tamper(&store, "UPDATE log SET kind = 'nonsense' WHERE sequence <= 2; UPDATE connection SET account = '{' WHERE account_id = '1'")
        .await;
    assert_eq!(bodies(&store).await, ["3"]);
    assert_eq!(store.log("acme", 0, 1, 10).await.unwrap().len(), 1, "a page of damaged rows is not the end");
    assert_eq!(store.log_list(&LogFilter::default(), 10).await.unwrap().len(), 1);
    let found = store.connections(&ConnectionFilter::default(), None, 2).await.unwrap();
    assert_eq!(found.iter().map(|row| row.id.as_u128()).collect::<Vec<_>>(), [2, 3]);
    let error = store.connection(ID).await.unwrap_err();
    assert!(
        matches!(&error, StoreError::Damaged { what: "connection", reason } if reason.contains("account")),
        "{error}"
    );
}

#[tokio::test]
async fn a_damaged_digest_is_written_anew() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&url(&folder)).await.unwrap();
    let key = tributary_contract::model::NaturalKey::new("key");
    let digest = tributary_contract::model::Digest::of(b"a");
    let data_type = tributary_contract::model::DataType::Daily;
    let record = Changeset::unfenced(vec![Change::Record {
        tenant: "acme".into(),
        connection: ID,
        data_type,
        id: tributary_contract::model::EntryId::of_record(ID, data_type, &key, digest),
        key,
        digest,
        body: "a".into(),
        trace: None,
    }]);
    let mut added = Vec::new();
    for round in 0..3 {
        if round == 1 {
            tamper(&store, "UPDATE digest SET digest = x'00'").await;
        }
        let results = store.commit(std::slice::from_ref(&record), DateTime::UNIX_EPOCH).await.unwrap();
        added.push(results[0].unwrap().added);
    }
    assert_eq!(added, [1, 1, 0]);
}

#[tokio::test]
async fn a_lookup_by_account_uses_an_index() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&url(&folder)).await.unwrap();
    for (sql, index) in [
        (
            "SELECT 1 FROM connection WHERE id > x'' AND provider = 'a' AND account_id = 'b' ORDER BY id LIMIT 1",
            "connection_account",
        ),
        (
            "SELECT 1 FROM connection WHERE id > x'' AND tenant = 'a' AND reference_id = 'b' ORDER BY id LIMIT 1",
            "connection_reference",
        ),
        ("SELECT body FROM log WHERE tenant = 1 AND sequence > 5 ORDER BY sequence LIMIT 1", "log_tenant"),
        (
            "SELECT 1 FROM log WHERE sequence < 9 AND connection = x'' ORDER BY sequence DESC LIMIT 1",
            "log_connection",
        ),
        (
            "SELECT 1 FROM inbox WHERE connection = x'' AND given_up = 0 ORDER BY id LIMIT 1",
            "inbox_connection",
        ),
        ("SELECT 1 FROM parked WHERE tenant = 'a' AND sink = 'b' ORDER BY due_at LIMIT 1", "parked_sink"),
    ] {
        let plan: Vec<(i64, i64, i64, String)> =
            sqlx::query_as(sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}")))
                .fetch_all(&store.readers)
                .await
                .unwrap();
        assert!(plan.iter().any(|(.., step)| step.contains(index)), "{sql}: {plan:?}");
    }
}

/// Comes from `.cargo/config.toml`, which no other test would miss.
#[tokio::test]
async fn sqlite_gives_each_connection_a_cache_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&url(&folder)).await.unwrap();
    let options: Vec<String> =
        sqlx::query_scalar("PRAGMA compile_options").fetch_all(&store.readers).await.unwrap();
    assert!(!options.iter().any(|option| option == "ENABLE_MEMORY_MANAGEMENT"), "{options:?}");
    assert!(options.iter().any(|option| option == "DEFAULT_MEMSTATUS=0"), "{options:?}");
}
