//! `tributary connections`: the connections of a running daemon.

use clap::Args;
use serde_json::Value;
use uuid::Uuid;

use super::admin::{Daemon, cell, list};
use super::output;

/// Which connections.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tributary connections --provider oura --state reauth_needed
  tributary connections --tenant acme-prod --reference-id user-17 --json
  tributary connections --all --json")]
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
    /// Only those behind this id.
    #[arg(long, value_name = "ID")]
    after: Option<Uuid>,
    /// At most this many.
    #[arg(long, default_value_t = 100)]
    limit: usize,
    /// All of them, page by page.
    #[arg(long, conflicts_with = "limit")]
    all: bool,
    /// Prints JSON instead of a table.
    #[arg(long)]
    json: bool,
}

/// Lists connections.
pub(super) fn run(options: &Options) -> anyhow::Result<()> {
    let wishes = [
        ("tenant", &options.tenant),
        ("provider", &options.provider),
        ("reference_id", &options.reference_id),
        ("state", &options.state),
    ];
    let query: Vec<_> =
        wishes.into_iter().filter_map(|(name, value)| value.clone().map(|value| (name, value))).collect();
    let first = options.after.map(|after| after.to_string());
    let pages = output::Pages { path: "connections", name: "connections", next: "after", all: options.all };
    let answer = options.daemon.pages(&pages, &query, first, options.limit)?;
    if options.json {
        output::json(&answer);
        return Ok(());
    }
    let columns =
        ["id", "tenant", "provider", "reference_id", "state", "last_success", "history", "asked", "reason"];
    let rows = list(&answer, "connections")
        .iter()
        .map(|connection| columns.iter().map(|column| shown(connection, column)).collect())
        .collect();
    output::table(&columns, rows);
    pages.note(&answer);
    Ok(())
}

/// A cell; walks through the past as parts of a hundred.
fn shown(connection: &Value, column: &str) -> String {
    let share = match column {
        "history" => "history_done",
        "asked" => "asked_done",
        _ => return cell(connection, column),
    };
    let done = connection.get(share).and_then(Value::as_f64);
    done.map_or_else(|| "–".to_owned(), |done| format!("{:.0} %", (done * 100.0).floor()))
}
