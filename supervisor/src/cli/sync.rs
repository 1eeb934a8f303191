//! `tributary sync` and `tributary backfill`: have a running daemon fetch a connection.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use clap::Args;
use serde_json::{Value, json};

use super::admin::{Daemon, list};
use super::output;
use super::time::{Target, instant};

/// What to fetch now.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tributary sync 8b5c2f1e-0d52-4c7b-9a57-3f6f0d1b2a44
  tributary sync --connection 8b5c2f1e-0d52-4c7b-9a57-3f6f0d1b2a44 --resource activities --from 2026-01-01")]
pub(super) struct Options {
    #[command(flatten)]
    daemon: Daemon,
    #[command(flatten)]
    target: Target,
    /// Only this resource, as in `tributary providers --json`.
    #[arg(long)]
    resource: Option<String>,
    /// From this instant on; by default as far back as a poll looks.
    #[arg(long, value_name = "TIME", value_parser = instant)]
    from: Option<DateTime<Utc>>,
    /// Up to this instant; by default now.
    #[arg(long, value_name = "TIME", value_parser = instant)]
    to: Option<DateTime<Utc>>,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// Which history to fetch.
#[derive(Debug, Args)]
#[command(after_help = "\
Only what is new or changed since becomes an entry of the log; what was fetched before adds nothing.

Examples:
  tributary backfill --connection 8b5c2f1e-0d52-4c7b-9a57-3f6f0d1b2a44 --from 2025-01-01 --to 2026-01-01
  tributary backfill --connection 8b5c2f1e-0d52-4c7b-9a57-3f6f0d1b2a44 --resource daily_sleep \\
      --from 2025-06-01T00:00:00Z --to 2025-07-01T00:00:00Z")]
pub(super) struct Backfill {
    #[command(flatten)]
    daemon: Daemon,
    #[command(flatten)]
    target: Target,
    /// Only this resource, as in `tributary providers --json`.
    #[arg(long)]
    resource: Option<String>,
    /// From this instant on: RFC 3339, or a day.
    #[arg(long, value_name = "TIME", value_parser = instant)]
    from: DateTime<Utc>,
    /// Up to this instant.
    #[arg(long, value_name = "TIME", value_parser = instant)]
    to: DateTime<Utc>,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// Asks for what is new.
pub(super) fn run(options: &Options) -> anyhow::Result<()> {
    let wish = json!({
        "connection": options.target.id(),
        "resource": options.resource,
        "from": options.from,
        "to": options.to,
    });
    ask(&options.daemon, "sync", &wish, options.json)
}

/// Asks for history.
pub(super) fn backfill(options: &Backfill) -> anyhow::Result<()> {
    let wish = json!({
        "connection": options.target.id(),
        "resource": options.resource,
        "from": options.from,
        "to": options.to,
    });
    ask(&options.daemon, "backfill", &wish, options.json)
}

fn ask(daemon: &Daemon, path: &str, wish: &Value, json: bool) -> anyhow::Result<()> {
    let answer = daemon.post(path, &[], "application/json", Bytes::from(wish.to_string()))?;
    if json {
        output::json(&answer);
    } else {
        let names: Vec<_> = list(&answer, "resources").iter().filter_map(|name| name.as_str()).collect();
        output::line(&format!("asked for {}", names.join(", ")));
    }
    Ok(())
}
