//! From a provider's notification to the webhook, durable twice on the way, at 200 a second.
//!
//! The load is open: what people do falls on fixed instants, whether or not the engine keeps up, and the time of each
//! record runs from its instant to its arrival, so that a stall counts for everybody who waits behind it. It holds
//! the simulated provider's own delay until it sends the notification. The raw limit is one synchronised commit.
#![expect(clippy::expect_used, reason = "a bench ends when something is not as it should be")]

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use futures_util::StreamExt as _;
use serde_json::{Value, json};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions as _, SqliteConnection};
use tributary_engine::clock::Clock;
use tributary_providers::sandbox::Verdict;
use tributary_tests::inventory::natural_key;
use tributary_tests::measure::{Arrival, Asked, Bar, Counter, Engine, Row, number, percentile, say};
use tributary_tests::people::Person;
use tributary_tests::plan::{ALL_EVENTS, Plan, TenantPlan, WEBHOOK_SECRET};

/// People at each provider.
const USERS: u32 = 100;
/// Things that happen in a second, in all.
const RATE: f64 = 200.0;
/// People who connect at once.
const AT_ONCE: usize = 16;

/// Whose record, type, natural key.
type Key = (String, String, String);

/// The program's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let asked = Asked::read();
    let seconds = asked.of(15, 60);
    let (latencies, missing, commits) = actix_rt::System::new().block_on(Box::pin(run(seconds)));
    let (p50, p99) = (percentile(&latencies, 50), percentile(&latencies, 99));
    let (raw50, raw99) = (percentile(&commits, 50), percentile(&commits, 99));
    say(&format!(
        "{} records, {missing} never arrived, longest {:.1} ms",
        latencies.len(),
        percentile(&latencies, 100)
    ));
    let row = Row {
        what: format!("notification in → webhook out, durable, {RATE:.0}/s: p99"),
        measured: format!(
            "p50 {p50:.1} ms, p99 {p99:.1} ms, {missing} of {} missing",
            latencies.len() + missing
        ),
        raw: format!("one synchronised commit: p50 {raw50:.2} ms, p99 {raw99:.2} ms"),
        value: p99,
        unit: "ms",
        least: Bar::AtMost(50.0),
        aim: Bar::AtMost(15.0),
    };
    row.print(asked);
}

/// Latencies in ms, records that never arrived, and times of single commits in ms.
async fn run(seconds: u64) -> (Vec<f64>, usize, Vec<f64>) {
    let receiver = Counter::start(true);
    let hook = json!({
        "type": "webhook", "url": format!("{}/hook", receiver.url()), "secret": WEBHOOK_SECRET,
        "allow_private_networks": true, "events": ALL_EVENTS,
    });
    let mut plan = Plan { tenants: vec![TenantPlan::new("acme").with("app", hook)], ..Plan::default() };
    plan.sandbox.users = USERS;
    plan.sandbox.history_days = 1;
    let everybody = f64::from(USERS) * number(tributary_providers::PROVIDERS.len());
    let plan = plan.producing(RATE * 60.0 / everybody);
    let engine = Engine::start(plan).await;
    let commits = commits(engine.directory()).await;
    let people = engine.hosts().iter().flat_map(|host| {
        let accounts = host.with(|sandbox| sandbox.accounts().len());
        (0..accounts).map(|login| engine.connect(host.key(), login))
    });
    let people: Vec<Person> = futures_util::stream::iter(people).buffer_unordered(AT_ONCE).collect().await;
    // What was there before the connect is another row of the table.
    while engine.status().await.pointer("/connections/with_history_left") != Some(&json!(0)) {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    let mut requests = receiver.take();
    let from = Clock::real().now();
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    let to = Clock::real().now();
    engine.stop_producing();
    engine.quiet().await;
    requests.extend(receiver.take());
    let arrivals = arrivals(requests);
    let (latencies, missing) = compare(&engine, &people, &arrivals, from, to);
    engine.stop().await;
    (latencies, missing, commits)
}

/// What arrived when, by record, in the order of arrival; of a deletion its notice.
type Arrivals = HashMap<Key, Vec<(DateTime<Utc>, Value)>>;

fn arrivals(requests: Vec<Arrival>) -> Arrivals {
    let mut arrivals = Arrivals::new();
    for request in requests {
        let event: Value = serde_json::from_slice(&request.body).expect("an event");
        let (who, kind) = (text(&event, "/user/reference_id"), text(&event, "/type"));
        let records = event.get("data").and_then(Value::as_array).into_iter().flatten();
        for record in records.chain(event.get("athlete")) {
            let key = match kind.as_str() {
                "deleted" => (who.clone(), text(record, "/data_type"), text(record, "/key")),
                _ => (who.clone(), kind.clone(), natural_key(&kind, record)),
            };
            arrivals.entry(key).or_default().push((request.at, record.clone()));
        }
    }
    arrivals
}

fn text(value: &Value, pointer: &str) -> String {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// The first arrival of a record after its newest version came into being. A version may say the same as the one before
/// it, such as a day that grew by less than a minute; nothing is sent for that, so it counts only as missing when what
/// arrived last does not agree with the provider's books.
fn compare(
    engine: &Engine,
    people: &[Person],
    arrivals: &Arrivals,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> (Vec<f64>, usize) {
    let (mut latencies, mut missing, mut unchanged) = (Vec::new(), 0, 0);
    for host in engine.hosts() {
        let names: HashMap<&str, &str> = people
            .iter()
            .filter(|person| person.provider == host.key())
            .map(|person| (person.account.as_str(), person.reference_id.as_str()))
            .collect();
        let mut by_type: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
        host.with(|sandbox| {
            for entry in sandbox.ledger().entries() {
                if entry.produced_at < from || entry.produced_at >= to {
                    continue;
                }
                let Some(name) = names.get(&*entry.account) else { continue };
                let key = ((*name).to_owned(), entry.data_type.to_owned(), entry.natural_key.to_string());
                let seen = arrivals.get(&key).map(Vec::as_slice).unwrap_or_default();
                match seen.iter().map(|(at, _)| at).filter(|at| **at >= entry.produced_at).min() {
                    Some(at) => {
                        let took = milliseconds((*at - entry.produced_at).to_std().unwrap_or_default());
                        by_type.entry(entry.data_type).or_default().push(took);
                        latencies.push(took);
                    }
                    // Deleted before it could be fetched: nobody has to hear of it.
                    None if entry.deleted && seen.is_empty() => {}
                    None if seen.last().is_some_and(|(_, record)| {
                        let agrees =
                            sandbox.check(&entry.account, entry.data_type, &entry.natural_key, record);
                        agrees == Verdict::Agrees
                    }) =>
                    {
                        unchanged += 1;
                    }
                    None => {
                        let seen = seen.len();
                        say(&format!(
                            "missing: {} {key:?} version {}, {seen} earlier",
                            host.key(),
                            entry.version
                        ));
                        missing += 1;
                    }
                }
            }
        });
        for (name, times) in by_type {
            let (p50, p99) = (percentile(&times, 50), percentile(&times, 99));
            say(&format!("{} {name}: {} records, p50 {p50:.1} ms, p99 {p99:.1} ms", host.key(), times.len()));
        }
    }
    say(&format!("{unchanged} newest versions said the same as the one before, so nothing was sent"));
    (latencies, missing)
}

/// Single rows, each its own synchronised commit, on the same disk.
async fn commits(directory: &std::path::Path) -> Vec<f64> {
    let options = SqliteConnectOptions::new().filename(directory.join("raw.db")).create_if_missing(true);
    let options = options.journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Full);
    let mut db: SqliteConnection = options.disable_statement_logging().connect().await.expect("a database");
    sqlx::query("CREATE TABLE row (body BLOB)").execute(&mut db).await.expect("a table");
    let mut times = Vec::new();
    for _ in 0..500 {
        let began = Instant::now();
        sqlx::query("INSERT INTO row VALUES (zeroblob(1500))").execute(&mut db).await.expect("a row");
        times.push(milliseconds(began.elapsed()));
    }
    times
}

fn milliseconds(time: Duration) -> f64 {
    number(usize::try_from(time.as_micros()).unwrap_or(usize::MAX)) / 1000.0
}
