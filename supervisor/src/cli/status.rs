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
            std::iter::once(cell(quota, "provider")).chain(cells).collect()
        })
    });
    let header =
        ["provider", "window (s)", "permits", "used", "remaining", "waiting", "ends", "closed until"];
    output::table(&header, rows.collect());
    Ok(())
}
