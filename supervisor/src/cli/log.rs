//! `tributary log`: entries of a running daemon's log, and new ones as they come.

use std::time::Duration;

use chrono::{DateTime, Utc};
use clap::Args;
use serde_json::Value;
use uuid::Uuid;

use super::admin::{Daemon, cell, list};
use super::output;
use super::time::{instant, pause, wait};

const COLUMNS: [&str; 7] = ["sequence", "committed_at", "tenant", "connection", "kind", "bytes", "id"];

/// Which entries.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tributary log --limit 20
  tributary log --tenant acme-prod --kind sleep --since 2026-01-01 --until 2026-02-01
  tributary log --follow --kind auth --json")]
pub(super) struct Options {
    #[command(flatten)]
    daemon: Daemon,
    /// Only of this tenant.
    #[arg(long)]
    tenant: Option<String>,
    /// Only of this connection.
    #[arg(long)]
    connection: Option<Uuid>,
    /// Only of this kind: a data type, `deleted`, or a life-cycle event such as `auth`.
    #[arg(long)]
    kind: Option<String>,
    /// Only entries before this sequence.
    #[arg(long)]
    before: Option<u64>,
    /// Only entries behind this sequence.
    #[arg(long)]
    after: Option<u64>,
    /// Only entries that were committed then or later.
    #[arg(long, value_name = "TIME", value_parser = instant)]
    since: Option<DateTime<Utc>>,
    /// Only entries that were committed before then.
    #[arg(long, value_name = "TIME", value_parser = instant, conflicts_with = "follow")]
    until: Option<DateTime<Utc>>,
    /// At most this many; with `--follow`, this many of those that are there already.
    #[arg(long, default_value_t = 50)]
    limit: usize,
    /// Goes on with new entries, one a line, oldest first.
    #[arg(short, long, conflicts_with = "before")]
    follow: bool,
    /// With `--follow`: ends after that many entries.
    #[arg(long, requires = "follow")]
    count: Option<usize>,
    /// With `--follow`: seconds between two looks.
    #[arg(long, value_name = "SECONDS", default_value = "1", value_parser = pause)]
    interval: Duration,
    /// Also prints the records themselves (health data), as JSON.
    #[arg(long, requires = "json")]
    bodies: bool,
    /// Prints JSON instead of a table; with `--follow`, one object a line.
    #[arg(long)]
    json: bool,
}

/// Shows entries.
pub(super) fn run(options: &Options) -> anyhow::Result<()> {
    let answer = options.daemon.get("log", &options.query(options.limit))?;
    if options.follow {
        return follow(options, &answer);
    }
    if options.json {
        output::json(&answer);
        return Ok(());
    }
    let rows = list(&answer, "entries")
        .iter()
        .map(|entry| COLUMNS.iter().map(|column| cell(entry, column)).collect())
        .collect();
    output::table(&COLUMNS, rows);
    Ok(())
}

impl Options {
    fn query(&self, limit: usize) -> Vec<(&'static str, String)> {
        let mut query = vec![("limit", limit.to_string()), ("bodies", self.bodies.to_string())];
        query.extend(self.tenant.clone().map(|tenant| ("tenant", tenant)));
        query.extend(self.connection.map(|connection| ("connection", connection.to_string())));
        query.extend(self.kind.clone().map(|kind| ("kind", kind)));
        query.extend(self.before.map(|before| ("before", before.to_string())));
        query.extend(self.after.map(|after| ("after", after.to_string())));
        query.extend(self.since.map(|since| ("since", since.to_rfc3339())));
        query.extend(self.until.map(|until| ("until", until.to_rfc3339())));
        query
    }
}

/// Prints what is there, then what comes, until somebody ends it.
fn follow(options: &Options, first: &Value) -> anyhow::Result<()> {
    let number = |value: &Value, name: &str| value.get(name).and_then(Value::as_u64).unwrap_or_default();
    let mut left = options.count.unwrap_or(usize::MAX);
    let mut show = |entry: &Value| {
        if left > 0 {
            line(entry, options.json);
            left -= 1;
        }
        left > 0
    };
    let mut more = true;
    // The first answer has looked at everything up to here, whatever the filters.
    let mut after = number(first, "last_sequence").max(options.after.unwrap_or_default());
    for entry in list(first, "entries").iter().take(options.limit).rev() {
        after = number(entry, "sequence").max(after);
        more = show(entry);
    }
    while more {
        wait(options.interval);
        let mut query = options.query(1_000);
        query.retain(|(name, _)| *name != "after");
        query.extend([("after", after.to_string()), ("oldest_first", "true".to_owned())]);
        let answer = options.daemon.get("log", &query)?;
        let entries = list(&answer, "entries");
        for entry in entries {
            after = number(entry, "sequence").max(after);
            more = more && show(entry);
        }
    }
    Ok(())
}

fn line(entry: &Value, json: bool) {
    if json {
        output::json_line(entry);
    } else {
        let cells: Vec<_> = COLUMNS.iter().map(|column| cell(entry, column)).collect();
        output::line(&cells.join("  "));
    }
}
