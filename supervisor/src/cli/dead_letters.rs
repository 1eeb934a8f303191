//! `tributary dead-letters`: what sinks refused, with the reason.

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use uuid::Uuid;

use super::admin::{Daemon, cell, list};
use super::output;

/// Whose fault a dead letter can be.
pub(super) const CLASSES: [&str; 3] = ["tenant", "engine", "provider"];

/// What to do with them.
#[derive(Debug, Subcommand)]
pub(super) enum Options {
    /// Lists dead letters, newest first.
    List(List),
    /// Shows one.
    Show(Show),
}

/// Which dead letters.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tributary dead-letters list --sink warehouse
  tributary dead-letters list --class tenant --all --json")]
pub(super) struct List {
    #[command(flatten)]
    daemon: Daemon,
    /// Only of this tenant.
    #[arg(long)]
    tenant: Option<String>,
    /// Only of this sink.
    #[arg(long)]
    sink: Option<String>,
    /// Only of this class: whose fault it is.
    #[arg(long, value_parser = CLASSES)]
    class: Option<String>,
    /// Only of this connection.
    #[arg(long)]
    connection: Option<Uuid>,
    /// Only those before this id.
    #[arg(long, value_name = "ID")]
    before: Option<i64>,
    /// At most this many.
    #[arg(long, default_value_t = 50)]
    limit: usize,
    /// All of them, page by page.
    #[arg(long, conflicts_with = "limit")]
    all: bool,
    /// Prints JSON instead of a table.
    #[arg(long)]
    json: bool,
}

/// Which one.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tributary dead-letters show 17
  tributary dead-letters show 17 --body --json")]
pub(super) struct Show {
    #[command(flatten)]
    daemon: Daemon,
    /// Its id, as the list shows it.
    id: u64,
    /// Also shows the record itself (health data).
    #[arg(long)]
    body: bool,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// Lists or shows.
pub(super) fn run(options: &Options) -> anyhow::Result<()> {
    match options {
        Options::List(options) => list_all(options),
        Options::Show(options) => show(options),
    }
}

fn list_all(options: &List) -> anyhow::Result<()> {
    let mut query = Vec::new();
    query.extend(options.tenant.clone().map(|tenant| ("tenant", tenant)));
    query.extend(options.sink.clone().map(|sink| ("sink", sink)));
    query.extend(options.class.clone().map(|class| ("class", class)));
    query.extend(options.connection.map(|connection| ("connection", connection.to_string())));
    let first = options.before.map(|before| before.to_string());
    let pages =
        output::Pages { path: "dead-letters", name: "dead_letters", next: "before", all: options.all };
    let answer = options.daemon.pages(&pages, &query, first, options.limit)?;
    if options.json {
        output::json(&answer);
        return Ok(());
    }
    let columns = ["id", "tenant", "sink", "class", "attempts", "last_at", "kind", "connection", "reason"];
    let row = |letter: &Value| {
        let entry = letter.get("entry").unwrap_or(&Value::Null);
        let of = |column: &&str| if ["kind", "connection"].contains(column) { entry } else { letter };
        columns.iter().map(|column| cell(of(column), column)).collect()
    };
    output::table(&columns, list(&answer, "dead_letters").iter().map(row).collect());
    pages.note(&answer);
    Ok(())
}

fn show(options: &Show) -> anyhow::Result<()> {
    let query = [("body", options.body.to_string())];
    let answer = options.daemon.get(&format!("dead-letters/{}", options.id), &query)?;
    if options.json {
        output::json(&answer);
        return Ok(());
    }
    for name in ["id", "tenant", "sink", "class", "reason", "attempts", "first_at", "last_at"] {
        output::line(&format!("{name:12} {}", cell(&answer, name)));
    }
    let entry = answer.get("entry").cloned().unwrap_or_else(|| json!({}));
    for (title, name) in
        [("entry", "id"), ("sequence", "sequence"), ("kind", "kind"), ("connection", "connection")]
    {
        output::line(&format!("{title:12} {}", cell(&entry, name)));
    }
    if options.body {
        output::json(entry.get("body").unwrap_or(&Value::Null));
    }
    Ok(())
}
