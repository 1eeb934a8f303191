//! `tributary status`: connections, sinks and quotas of a running daemon.

use clap::Args;
use serde_json::Value;

use super::admin::{Daemon, cell, list};
use super::output;

/// Of which daemon.
#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(flatten)]
    daemon: Daemon,
    /// Prints JSON instead of tables.
    #[arg(long)]
    json: bool,
}

/// Shows how everything is.
pub(super) fn run(options: &Options) -> anyhow::Result<()> {
    let answer = options.daemon.get("status", &[])?;
    if options.json {
        output::json(&answer);
        return Ok(());
    }
    let connections = answer.get("connections").unwrap_or(&Value::Null);
    output::line(&format!(
        "connections {}: {} working, {} idle, {} with history left; log at {}",
        cell(connections, "total"),
        cell(connections, "working"),
        cell(connections, "idle"),
        cell(connections, "with_history_left"),
        cell(&answer, "last_sequence"),
    ));
    let config = answer.get("config").unwrap_or(&Value::Null);
    output::line(&format!("configuration of {}", cell(config, "loaded_at")));
    if let Some(error) = config.get("error").and_then(Value::as_str) {
        output::line(&format!("a newer configuration is not taken:\n{error}"));
    }
    for setting in list(config, "needs_restart") {
        output::line(&format!("needs a restart: {}", setting.as_str().unwrap_or_default()));
    }
    let columns = [
        "tenant",
        "sink",
        "backlog",
        "in_flight",
        "taken",
        "parked",
        "dead_letters",
        "open_circuit",
        "last_error",
    ];
    let rows = list(&answer, "sinks")
        .iter()
        .map(|sink| columns.iter().map(|column| cell(sink, column)).collect())
        .collect();
    output::table(&columns, rows);
    let columns = ["window_seconds", "permits", "used", "remaining", "waiting", "ends_at", "closed_until"];
    let rows = list(&answer, "quotas").iter().flat_map(|quota| {
        let windows = list(quota, "windows").iter();
        windows.map(|window| {
            let cells = columns.iter().map(|column| cell(window, column));
            [cell(quota, "provider"), cell(quota, "tenant")].into_iter().chain(cells).collect()
        })
    });
    let header = [
        "provider",
        "own app of",
        "window (s)",
        "permits",
        "used",
        "remaining",
        "waiting",
        "ends",
        "closed until",
    ];
    output::table(&header, rows.collect());
    Ok(())
}
