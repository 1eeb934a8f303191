//! `tributary log`: the newest entries of a running daemon's log.

use clap::Args;
use uuid::Uuid;

use super::admin::{Daemon, cell, list};
use super::output;

/// Which entries.
#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(flatten)]
    daemon: Daemon,
    /// Only of this connection.
    #[arg(long)]
    connection: Option<Uuid>,
    /// Only entries before this sequence.
    #[arg(long)]
    before: Option<u64>,
    /// At most this many.
    #[arg(long, default_value_t = 50)]
    limit: usize,
    /// Also prints the records themselves (health data), as JSON.
    #[arg(long, requires = "json")]
    bodies: bool,
    /// Prints JSON instead of a table.
    #[arg(long)]
    json: bool,
}

/// Shows entries.
pub(super) fn run(options: &Options) -> anyhow::Result<()> {
    let mut query = vec![("limit", options.limit.to_string()), ("bodies", options.bodies.to_string())];
    query.extend(options.connection.map(|connection| ("connection", connection.to_string())));
    query.extend(options.before.map(|before| ("before", before.to_string())));
    let answer = options.daemon.get("log", &query)?;
    if options.json {
        output::json(&answer);
        return Ok(());
    }
    let columns = ["sequence", "committed_at", "tenant", "connection", "kind", "bytes", "id"];
    let rows = list(&answer, "entries")
        .iter()
        .map(|entry| columns.iter().map(|column| cell(entry, column)).collect())
        .collect();
    output::table(&columns, rows);
    Ok(())
}
