//! `tributary vault`: the keys that seal tokens in the store.

use std::time::Duration;

use anyhow::bail;
use bytes::Bytes;
use clap::{Args, Subcommand};
use serde_json::Value;

use tributary_engine::clock::Clock;

use super::admin::{Daemon, cell};
use super::output;

/// How often it is asked how far the rotation is.
const EVERY: Duration = Duration::from_millis(500);

/// What to do with the vault.
#[derive(Debug, Subcommand)]
pub(super) enum VaultCommand {
    /// Seals everything again that an older key of a running daemon sealed, and says which keys are still needed.
    Rotate(Options),
}

/// Of which daemon.
#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(flatten)]
    daemon: Daemon,
    /// Prints JSON instead of a table.
    #[arg(long)]
    json: bool,
}

/// Runs one of the commands.
pub(super) fn run(command: &VaultCommand) -> anyhow::Result<()> {
    match command {
        VaultCommand::Rotate(options) => rotate(options),
    }
}

fn rotate(options: &Options) -> anyhow::Result<()> {
    let mut report = options.daemon.post("vault/rotate", &[], "", Bytes::new())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    while state(&report) == "running" {
        runtime.block_on(Clock::real().sleep(EVERY));
        report = options.daemon.get("vault/rotate", &[])?;
        tracing::info!(
            seen = cell(&report, "seen"),
            resealed = cell(&report, "resealed"),
            "values are being sealed again"
        );
    }
    if options.json {
        output::json(&report);
    } else {
        show(&report);
    }
    if state(&report) != "done" {
        bail!("the rotation did not come to its end: {}; begin it again", cell(&report, "error"));
    }
    if report.get("complete") != Some(&Value::Bool(true)) {
        bail!("some values are not under the first key; keep the keys that are listed as needed");
    }
    Ok(())
}

fn state(report: &Value) -> &str {
    report.get("state").and_then(Value::as_str).unwrap_or_default()
}

fn show(report: &Value) {
    output::line(&format!(
        "{} values looked at: {} sealed again, {} newer meanwhile, {} not opened",
        cell(report, "seen"),
        cell(report, "resealed"),
        cell(report, "newer"),
        cell(report, "unopened"),
    ));
    let current = cell(report, "current");
    let rows = report.get("needed").and_then(Value::as_object).into_iter().flatten().map(|(key, count)| {
        let what = if *key == current { "seals" } else { "still needed" };
        vec![key.clone(), count.to_string(), what.to_owned()]
    });
    output::table(&["key", "values", ""], rows.collect());
}
