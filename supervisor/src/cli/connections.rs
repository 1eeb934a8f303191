//! `tributary connections`: the connections of a running daemon.

use clap::Args;

use super::admin::{Daemon, cell, list};
use super::output;

/// Which connections.
#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(flatten)]
    daemon: Daemon,
    /// Only of this tenant.
    #[arg(long)]
    tenant: Option<String>,
    /// Only at this provider.
    #[arg(long)]
    provider: Option<String>,
    /// Only of this person.
    #[arg(long)]
    reference_id: Option<String>,
    /// Only in this state: `active`, `reauth_needed`, `quarantined`, `disconnected`.
    #[arg(long)]
    state: Option<String>,
    /// At most this many.
    #[arg(long, default_value_t = 100)]
    limit: usize,
    /// Prints JSON instead of a table.
    #[arg(long)]
    json: bool,
}

/// Lists connections.
pub(super) fn run(options: &Options) -> anyhow::Result<()> {
    let mut query = vec![("limit", options.limit.to_string())];
    let wishes = [
        ("tenant", &options.tenant),
        ("provider", &options.provider),
        ("reference_id", &options.reference_id),
        ("state", &options.state),
    ];
    query.extend(wishes.into_iter().filter_map(|(name, value)| value.clone().map(|value| (name, value))));
    let answer = options.daemon.get("connections", &query)?;
    if options.json {
        output::json(&answer);
        return Ok(());
    }
    let columns = ["id", "tenant", "provider", "reference_id", "state", "last_success", "reason"];
    let rows = list(&answer, "connections")
        .iter()
        .map(|connection| columns.iter().map(|column| cell(connection, column)).collect())
        .collect();
    output::table(&columns, rows);
    Ok(())
}
