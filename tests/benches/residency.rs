//! Idle connections: how much memory and processor time one costs, and how long it takes to load and schedule them.
//!
//! Each size is measured in a process of its own on a real store, through the daemon's own start. The cost of one is
//! what a size takes beyond an empty store, divided; it is to be the same at every size.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a bench ends when something is not as it should be"
)]

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, SqliteConnection};
use tributary::app::{self, Listeners};
use tributary::supervise::Observe;
use tributary_contract::Account;
use tributary_engine::clock::Clock;
use tributary_engine::store::{Lane, SqliteStore};
use tributary_providers::registry;
use tributary_tests::measure::{Asked, Bar, Row, machine, number, say};
use uuid::Uuid;

/// The process fills a store with so many connections.
const FILL: &str = "--fill";
/// The process starts the daemon on it and measures itself.
const MEASURE: &str = "--measure";
/// Providers that the connections belong to, in turn.
const PROVIDERS: [&str; 2] = ["strava", "oura"];
/// Rows of one statement.
const ROWS: usize = 500;
/// Up to so many connections are measured several times.
const FEW: usize = 1_000;
/// How often.
const TIMES: usize = 15;
const DATABASE: &str = "tributary.db";
const MEBIBYTE: f64 = 1_048_576.0;
/// 32 bytes that nothing is sealed with.
const VAULT_KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

/// What a process measured.
#[derive(Debug, Clone, Copy)]
struct Size {
    connections: usize,
    /// Bytes.
    resident: f64,
    peak: f64,
    /// s.
    loaded: f64,
    processor: f64,
}

/// The program's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, step, connections, directory] = arguments.as_slice() {
        let connections = connections.parse().expect("a number of connections");
        match step.as_str() {
            FILL => return actix_rt::System::new().block_on(fill(Path::new(directory), connections)),
            MEASURE => start(Path::new(directory), connections),
            _ => {}
        }
    }
    let asked = Asked::read();
    let sizes = asked.of(vec![0, 1_000, 10_000, 100_000], vec![0, 1_000, 10_000, 100_000, 1_000_000]);
    let sizes: Vec<Size> = sizes.into_iter().map(typical).collect();
    let [empty, small, .., large] = sizes.as_slice() else { return };
    let per = |size: &Size, total: f64, base: f64| (total - base).max(0.0) / number(size.connections);
    let memory = |size: &Size| per(size, size.resident, empty.resident);
    let processor = |size: &Size| per(size, size.processor, empty.processor);
    let count = large.connections;
    let gib = |bytes: f64| bytes / f64::from(1 << 30);
    // The targets are given for a million: 2.5 and 1.5 GiB, 60 and 20 s.
    let kib = |gib: f64| (gib * 1024.0 * 1024.0 / 1e6 * 100.0).round() / 100.0;
    Row {
        what: format!("{count} idle connections: memory of one"),
        measured: format!("{:.2} GiB resident, {:.2} GiB at most", gib(large.resident), gib(large.peak)),
        raw: format!("{:.1} MiB with an empty store", gib(empty.resident) * 1024.0),
        value: large.resident / number(count) / 1024.0,
        unit: "KiB",
        least: Bar::AtMost(kib(2.5)),
        aim: Bar::AtMost(kib(1.5)),
    }
    .print(asked);
    Row {
        what: format!("{count} idle connections: time to load and schedule one"),
        measured: format!("{:.1} s", large.loaded),
        raw: format!("{:.1} s of processor time", large.processor),
        value: large.loaded / number(count) * 1e6,
        unit: "µs",
        least: Bar::AtMost(60.0),
        aim: Bar::AtMost(20.0),
    }
    .print(asked);
    for (what, of_small, of_large) in [
        ("memory", memory(small) / 1024.0, memory(large) / 1024.0),
        ("processor time", processor(small) * 1e6, processor(large) * 1e6),
    ] {
        let unit = if what == "memory" { "KiB" } else { "µs" };
        Row {
            what: format!("{what} of one connection, {count} against {}", small.connections),
            measured: format!("{of_large:.2} {unit}"),
            raw: format!("{of_small:.2} {unit}"),
            value: of_large / of_small,
            unit: "×",
            least: Bar::AtMost(1.2),
            aim: Bar::AtMost(1.05),
        }
        .print(asked);
    }
}

/// Fills a store, then measures the daemon on it, each in a process of its own. What a small number costs is little
/// beside what a start costs, so small numbers are measured several times, and the run in the middle counts.
fn typical(connections: usize) -> Size {
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory on the disk");
    let run = |step: &str| {
        let output = Command::new(std::env::current_exe().expect("the own program"))
            .args([step, &connections.to_string()])
            .arg(directory.path())
            .stderr(Stdio::inherit())
            .output()
            .expect("the process runs");
        assert!(output.status.success(), "{step} {connections} failed: {}", output.status);
        output.stdout
    };
    run(FILL);
    let times = if connections <= FEW { TIMES } else { 1 };
    let mut sizes: Vec<Size> = (0..times).map(|_| measured(connections, &run(MEASURE))).collect();
    sizes.sort_by(|a, b| a.processor.total_cmp(&b.processor));
    let size = sizes[sizes.len() / 2];
    say(&format!(
        "{connections}: {:.1} MiB resident ({:.1} MiB at most), loaded in {:.2} s, {:.3} s of processor time",
        size.resident / MEBIBYTE,
        size.peak / MEBIBYTE,
        size.loaded,
        size.processor
    ));
    size
}

fn measured(connections: usize, output: &[u8]) -> Size {
    let value: Value = serde_json::from_slice(output).expect("what the process measured");
    let number = |name: &str| value.get(name).and_then(Value::as_f64).expect("a number");
    Size {
        connections,
        resident: number("resident"),
        peak: number("peak"),
        loaded: number("loaded"),
        processor: number("processor"),
    }
}

/// Starts the daemon, waits until every connection is scheduled, says what that took, and ends without taking a
/// million actors down one by one.
#[expect(clippy::print_stdout, clippy::exit, reason = "the parent reads it, and nothing is to be kept")]
fn start(directory: &Path, connections: usize) -> ! {
    actix_rt::System::new().block_on(async {
        let config = configuration(directory);
        let config = tributary_config::load(&config, &|_| None);
        let config = config.unwrap_or_else(|errors| panic!("the configuration is not valid:\n{errors}"));
        let bind = || TcpListener::bind("127.0.0.1:0").expect("a port");
        let listeners = Listeners { public: bind(), admin: bind() };
        let (before, began) = (machine::processor_time(), Instant::now());
        let running =
            Box::pin(app::start(config, Clock::real(), listeners)).await.expect("the daemon starts");
        loop {
            let observed = running.shared.supervisor.send(Observe).await.expect("the supervisor");
            assert_eq!(observed.connections, connections, "every connection has its actor");
            if observed.idle == connections {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let (loaded, processor) = (began.elapsed(), machine::processor_time().saturating_sub(before));
        println!(
            "{}",
            json!({
                "resident": machine::resident(), "peak": machine::resident_peak(),
                "loaded": loaded.as_secs_f64(), "processor": processor.as_secs_f64(),
            })
        );
        // Here and not behind it: what is under way may not outlive the runtime.
        std::process::exit(0)
    })
}

/// A configuration whose providers are never called.
fn configuration(directory: &Path) -> PathBuf {
    let apps = PROVIDERS.map(|key| {
        let app = json!({
            "client_id": "bench", "client_secret": "bench", "verify_token": "bench", "origin": "http://127.0.0.1:9",
        });
        (key.to_owned(), app)
    });
    let operator = json!({
        "listen": "127.0.0.1:8080",
        "admin_listen": "127.0.0.1:9090",
        "public_url": "http://127.0.0.1:8080",
        "store": format!("sqlite://{}", directory.join(DATABASE).display()),
        "vault": {"keys": [VAULT_KEY]},
        "provider_apps": Value::Object(apps.into_iter().collect()),
        "tenants": "tenants/*.yaml",
    });
    std::fs::create_dir_all(directory.join("tenants")).expect("a directory for the tenants");
    let key = format!("sha256:{}", "0".repeat(64));
    let tenant = json!({"dev_id": "bench", "api_keys": [key], "providers": PROVIDERS});
    std::fs::write(directory.join("tenants/bench.yaml"), tenant.to_string()).expect("the tenant's file");
    let path = directory.join("tributary.yaml");
    std::fs::write(&path, operator.to_string()).expect("the operator's file");
    path
}

/// Writes rows as a long life leaves them: connections that were all polled a moment ago and whose history is done.
/// Past the store's own interface, since a million authorisations are not what is measured.
async fn fill(directory: &Path, connections: usize) {
    let path = directory.join(DATABASE);
    let store = SqliteStore::open(&format!("sqlite://{}", path.display())).await.expect("a store");
    store.close().await;
    let options = SqliteConnectOptions::new().filename(&path).journal_mode(SqliteJournalMode::Wal);
    let options = options.synchronous(SqliteSynchronous::Off).disable_statement_logging();
    let mut db = options.connect().await.expect("the database");
    let now = Clock::real().now().timestamp_micros();
    for first in (0..connections).step_by(ROWS) {
        let numbers: Vec<usize> = (first..connections.min(first + ROWS)).collect();
        sqlx::query("BEGIN").execute(&mut db).await.expect("a transaction");
        add_connections(&mut db, &numbers, now).await;
        add_cursors(&mut db, &numbers, now).await;
        sqlx::query("COMMIT").execute(&mut db).await.expect("its end");
    }
    db.close().await.expect("a closed database");
}

/// Ids grow with the number, so that rows are appended; their lower half is mixed.
fn id(number: usize) -> [u8; 16] {
    let high = number as u64;
    Uuid::from_u64_pair(high, high.wrapping_mul(0x9e37_79b9_7f4a_7c15)).into_bytes()
}

const fn provider(number: usize) -> &'static str {
    PROVIDERS[number % PROVIDERS.len()]
}

async fn add_connections(db: &mut SqliteConnection, numbers: &[usize], now: i64) {
    let values = vec!["(?,'bench',?,?,?,?,'active',NULL,1,?,?)"; numbers.len()].join(",");
    let sql = format!(
        "INSERT INTO connection (id, tenant, provider, reference_id, account_id, account, state, reason, epoch, \
         created_at, updated_at) VALUES {values}"
    );
    let mut query = sqlx::query(AssertSqlSafe(sql));
    for number in numbers {
        let name = format!("{number:012}");
        let account = serde_json::to_string(&Account::new(name.as_str())).expect("an account");
        query = query
            .bind(id(*number).to_vec())
            .bind(provider(*number))
            .bind(name.clone())
            .bind(name)
            .bind(account);
        query = query.bind(now).bind(now);
    }
    query.execute(db).await.expect("connections");
}

async fn add_cursors(db: &mut SqliteConnection, numbers: &[usize], now: i64) {
    let mut rows = Vec::new();
    for number in numbers {
        let spec = registry::find(provider(*number)).expect("a provider").spec();
        for resource in spec.resources {
            rows.push((id(*number), resource.name, Lane::Live, false));
            if resource.history.is_some() {
                rows.push((id(*number), resource.name, Lane::History, true));
            }
        }
    }
    for chunk in rows.chunks(ROWS) {
        let values = vec!["(?,?,?,?,NULL,?,?)"; chunk.len()].join(",");
        let sql = format!(
            "INSERT INTO cursor (connection, resource, lane, through, token, finished, updated_at) VALUES {values}"
        );
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for (id, resource, lane, finished) in chunk {
            query = query
                .bind(id.to_vec())
                .bind(*resource)
                .bind(lane.as_str())
                .bind(now)
                .bind(*finished)
                .bind(now);
        }
        query.execute(&mut *db).await.expect("cursors");
    }
}
