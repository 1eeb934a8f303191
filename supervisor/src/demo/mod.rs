//! The demo: simulated providers and receivers in this process, the daemon as a process of its own between them.
//!
//! The people connect through the real consent pages. What the providers produced is counted by them, what arrived
//! is counted by the receivers, and the two are compared record by record; the engine is not asked.

mod book;
mod daemon;
mod memory;
mod people;
mod receive;
pub mod table;
mod table_reader;
mod verdict;

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use chrono::{DateTime, Utc};
use serde_json::Value;
use tributary_engine::clock::Clock;
use tributary_providers::sandbox::{Limit, Quotas, Settings};

use crate::cli::output;
use crate::sandbox::Host;
use book::Book;
use daemon::Daemon;
use memory::Memory;
pub use verdict::Outcome;

/// Longest wait for the engine to work everything off after the people have stopped.
const DRAIN: Duration = Duration::from_secs(240);
/// Entries that may wait for the sinks, all sinks together, when live production is measured.
const NOT_HISTORY: u64 = 1_000;
/// How often progress is shown and levels are looked at.
const LOOK: Duration = Duration::from_millis(500);

/// What to run.
#[derive(Debug, Clone)]
pub struct Plan {
    /// People in all.
    pub users: u32,
    /// Seconds of live production.
    pub seconds: u32,
    /// Seed of the sandboxes.
    pub seed: u64,
    /// Days of history at the start.
    pub history_days: u32,
    /// Live records per person and minute.
    pub rate: f64,
    /// SIGKILLs of the engine.
    pub kills: u32,
    /// Where to keep everything.
    pub keep: Option<PathBuf>,
    /// The engine's log level.
    pub engine_log_level: String,
}

/// Runs the demo to its end.
pub async fn run(plan: Plan) -> anyhow::Result<Outcome> {
    let temporary = tempfile::tempdir().context("no temporary directory can be made")?;
    let directory = match &plan.keep {
        Some(directory) => prepared(directory)?,
        None => temporary.path().to_owned(),
    };
    let clock = Clock::real();
    let hosts = hosts(&plan, &clock)?;
    let webhook = receive::Webhook::start(Book::new(&directory.join("webhook.spool"))?, clock.clone())?;
    let stdout = receive::Lines::new(Book::new(&directory.join("stdout.spool"))?, clock.clone());

    let mut daemon = Daemon::new(&directory, &hosts, &webhook, &plan)?;
    daemon.start(&stdout).await?;
    let began = clock.now();
    let people = people::connect_all(&daemon, &hosts, plan.users).await?;
    histories(&clock, &daemon).await?;
    let live_from = clock.now();
    let memory = produce(&plan, &clock, &mut daemon, &hosts, &webhook, &stdout).await?;
    for host in &hosts {
        host.with(|sandbox| sandbox.stop_producing());
    }
    drain(&clock, &daemon, &hosts, &people).await?;
    let ended = clock.now();
    daemon.stop().await?;

    output::progress("comparing record by record");
    let outcome = {
        let others = verdict::others(&directory, stdout.finish().await?).await?;
        let times = verdict::Times { began, live_from, ended };
        verdict::compare(&plan, &hosts, &people, (&webhook.book(), &others), times)?.with_memory(memory)
    };
    output::progress_end();
    for host in hosts {
        host.stop().await;
    }
    webhook.stop().await;
    Ok(outcome)
}

fn prepared(directory: &Path) -> anyhow::Result<PathBuf> {
    std::fs::create_dir_all(directory).with_context(|| format!("{} cannot be made", directory.display()))?;
    let mut entries = std::fs::read_dir(directory)?;
    ensure!(entries.next().is_none(), "{} is not empty; name a new directory", directory.display());
    Ok(directory.canonicalize()?)
}

/// Quotas as providers raise them for approved apps, so that throughput shows and not waiting.
const RAISED: u32 = 3_000_000;

fn hosts(plan: &Plan, clock: &Clock) -> anyhow::Result<Vec<Host>> {
    let raised = |seconds| Limit::new(RAISED, seconds);
    let quotas = Quotas { overall: vec![raised(900)], read: vec![raised(900)], user: Vec::new() };
    let now = clock.now();
    let settings = Settings {
        seed: plan.seed,
        users: plan.users.div_ceil(2),
        history_days: plan.history_days,
        live_records_per_user_per_minute: 0.0,
        quotas: Some(quotas),
        met_interval_seconds: 900,
        ..Settings::default()
    };
    let settings = Settings { live_records_per_user_per_minute: plan.rate, ..settings };
    let mut hosts = Vec::new();
    for sandbox in tributary_providers::sandboxes(&settings, now) {
        let listener = TcpListener::bind("127.0.0.1:0").context("no port for a simulated provider")?;
        hosts.push(Host::start(sandbox, listener, clock.clone())?);
    }
    Ok(hosts)
}

async fn produce(
    plan: &Plan,
    clock: &Clock,
    daemon: &mut Daemon,
    hosts: &[Host],
    webhook: &receive::Webhook,
    stdout: &receive::Lines,
) -> anyhow::Result<Memory> {
    let mut memory = Memory::default();
    let begin = clock.now();
    let total = Duration::from_secs(u64::from(plan.seconds));
    let mut killed = 0;
    loop {
        let elapsed = (clock.now() - begin).to_std().unwrap_or_default();
        if elapsed >= total {
            return Ok(memory);
        }
        memory.look(u32::try_from(elapsed.as_secs()).unwrap_or(u32::MAX), daemon.process());
        // Kills are spread evenly over the time, the first after one share of it.
        let due = plan.seconds.saturating_mul(killed + 1) / plan.kills.saturating_add(1);
        if killed < plan.kills && elapsed.as_secs() >= u64::from(due) {
            killed += 1;
            daemon.kill().await?;
            output::progress(&format!("engine killed ({killed} of {}), starting it again", plan.kills));
            daemon.start(stdout).await?;
        }
        if daemon.has_ended() {
            output::progress("engine was ended from outside, starting it again");
            daemon.start(stdout).await?;
        }
        let produced: u64 = hosts.iter().map(|host| host.with(|sandbox| sandbox.ledger().versions())).sum();
        let (received, _) = webhook.counts();
        output::progress(&format!(
            "{:>3} of {} s: {produced} record versions produced, {received} received by the webhook",
            elapsed.as_secs(),
            plan.seconds
        ));
        clock.sleep(LOOK).await;
    }
}

/// Waits until everybody's history is fetched and delivered, so that the latency of what comes live is not that of a
/// queue of old records.
async fn histories(clock: &Clock, daemon: &Daemon) -> anyhow::Result<()> {
    let deadline = clock.now() + chrono::Duration::from_std(DRAIN)?;
    loop {
        let left = left_to_do(&daemon.status().await?);
        let count = |name: &str| left.get(name).copied().unwrap_or_default();
        // What is produced meanwhile is always on its way; a backlog of a few is not history.
        if count("history") == 0 && count("backlog") <= NOT_HISTORY {
            return Ok(());
        }
        output::progress(&format!("fetching histories: {left:?}"));
        if clock.now() > deadline {
            bail!("the histories were not fetched within {} s: {left:?}", DRAIN.as_secs());
        }
        clock.sleep(LOOK).await;
    }
}

/// Waits until nothing is left to do: notifications acknowledged, connections idle, sinks at the end of the log.
///
/// Series without notifications (heart rates of the running day) are asked for once more in between, as the next
/// poll would do.
async fn drain(
    clock: &Clock,
    daemon: &Daemon,
    hosts: &[Host],
    people: &[people::Person],
) -> anyhow::Result<()> {
    let deadline = clock.now() + chrono::Duration::from_std(DRAIN)?;
    quiet(clock, daemon, hosts, deadline).await?;
    for person in people {
        daemon.sync(person.connection).await?;
    }
    quiet(clock, daemon, hosts, deadline).await
}

async fn quiet(
    clock: &Clock,
    daemon: &Daemon,
    hosts: &[Host],
    deadline: DateTime<Utc>,
) -> anyhow::Result<()> {
    let mut calm = 0;
    while calm < 3 {
        let waiting: usize = hosts.iter().map(|host| host.with(|sandbox| sandbox.pending())).sum();
        let status = daemon.status().await?;
        let left = left_to_do(&status);
        let total: u64 = left.values().sum();
        calm = if total == 0 && waiting == 0 { calm + 1 } else { 0 };
        output::progress(&format!("draining: {waiting} notifications, {left:?}"));
        if clock.now() > deadline {
            bail!("the engine did not work everything off within {} s: {left:?}", DRAIN.as_secs());
        }
        clock.sleep(Duration::from_millis(150)).await;
    }
    Ok(())
}

fn left_to_do(status: &Value) -> BTreeMap<&'static str, u64> {
    let number = |path: &str| status.pointer(path).and_then(Value::as_u64).unwrap_or(0);
    let sinks = status.get("sinks").and_then(Value::as_array).cloned().unwrap_or_default();
    let sum = |name: &str| -> u64 { sinks.iter().filter_map(|sink| sink.get(name)?.as_u64()).sum() };
    BTreeMap::from([
        ("busy", number("/connections/total").saturating_sub(number("/connections/idle"))),
        ("history", number("/connections/with_history_left")),
        ("backlog", sum("backlog")),
        ("in_flight", sum("in_flight")),
        ("parked", sum("parked")),
    ])
}
