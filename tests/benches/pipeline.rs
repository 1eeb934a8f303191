//! The whole way: simulated providers, the engine and a receiver of webhooks in one process, records a second.
//!
//! People connect through the consent pages; their histories are fetched, normalized, committed and delivered as
//! signed events. The time runs from the first connect until the last record was taken. Processor time
//! counts both ends, so that it holds on a busy machine, too.
#![expect(clippy::expect_used, reason = "a bench ends when something is not as it should be")]

use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use serde_json::json;
use tributary::sandbox::Host;
use tributary_tests::measure::{Asked, Bar, Counter, Engine, Row, machine, median, number, rate, say};
use tributary_tests::plan::{ALL_EVENTS, Plan, TenantPlan, WEBHOOK_SECRET};

/// People who connect at once.
const AT_ONCE: usize = 16;

/// The program's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let asked = Asked::read();
    let (rounds, users, days) = asked.of((2, 40, 60), (5, 100, 90));
    let (mut rates, mut processor) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        let before = machine::processor_time();
        let (records, events, took) = actix_rt::System::new().block_on(Box::pin(run(users, days)));
        let spent = machine::processor_time().saturating_sub(before).as_secs_f64() / number(records) * 1e6;
        let rate = rate(records, took);
        say(&format!(
            "round {round}: {records} records in {events} events, {rate:.0} records/s, {spent:.0} µs of processor time each"
        ));
        rates.push(rate);
        processor.push(spent);
    }
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let row = Row {
        what: "sandbox → engine → webhook, all in one process".to_owned(),
        measured: format!("{:.0} records/s on {cores} cores", median(&rates)),
        raw: format!("{:.0} µs of processor time a record, both ends included", median(&processor)),
        value: median(&rates),
        unit: "records/s",
        least: Bar::AtLeast(3_000.0),
        aim: Bar::AtLeast(10_000.0),
    };
    row.print(asked);
}

/// Records that were taken, events they came in, and the time.
async fn run(users: u32, days: u32) -> (usize, usize, Duration) {
    let receiver = Counter::start(false);
    let hook = json!({
        "type": "webhook", "url": format!("{}/hook", receiver.url()), "secret": WEBHOOK_SECRET,
        "allow_private_networks": true, "events": ALL_EVENTS,
    });
    let mut plan = Plan { tenants: vec![TenantPlan::new("acme").with("app", hook)], ..Plan::default() };
    plan.sandbox.users = users;
    plan.sandbox.history_days = days;
    let engine = Engine::start(plan).await;
    // Nobody is connected yet, so each record is fetched once, in its newest version.
    let newest =
        |host: &Host| host.with(|sandbox| sandbox.ledger().entries().filter(|entry| !entry.deleted).count());
    let wanted: usize = engine.hosts().iter().map(newest).sum();
    let began = Instant::now();
    let people = engine.hosts().iter().flat_map(|host| {
        let accounts = host.with(|sandbox| sandbox.accounts().len());
        (0..accounts).map(|login| engine.connect(host.key(), login))
    });
    futures_util::stream::iter(people).buffer_unordered(AT_ONCE).for_each(|_| async {}).await;
    let people = engine.hosts().len() * usize::try_from(users).expect("a small number");
    // Each connection's `auth` event is taken, too.
    while taken(&engine).await < wanted + people {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let took = began.elapsed();
    engine.stop().await;
    (wanted, receiver.count(), took)
}

async fn taken(engine: &Engine) -> usize {
    let taken = engine.sink("app", "taken").await;
    usize::try_from(taken.as_u64().unwrap_or_default()).expect("a small number")
}
