//! `tributary sync`: asks a running daemon to fetch a connection now.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use clap::Args;
use serde_json::json;
use uuid::Uuid;

use super::admin::{Daemon, list};
use super::output;

/// What to fetch.
#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(flatten)]
    daemon: Daemon,
    /// The connection.
    connection: Uuid,
    /// Only this resource, as in `tributary providers --json`.
    #[arg(long)]
    resource: Option<String>,
    /// From this instant on (RFC 3339); by default as far back as a poll looks.
    #[arg(long)]
    from: Option<DateTime<Utc>>,
    /// Up to this instant; by default now.
    #[arg(long)]
    to: Option<DateTime<Utc>>,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// Asks.
pub(super) fn run(options: &Options) -> anyhow::Result<()> {
    let wish = json!({
        "connection": options.connection,
        "resource": options.resource,
        "from": options.from,
        "to": options.to,
    });
    let answer = options.daemon.post("sync", &[], "application/json", Bytes::from(wish.to_string()))?;
    if options.json {
        output::json(&answer);
    } else {
        let names: Vec<_> = list(&answer, "resources").iter().filter_map(|name| name.as_str()).collect();
        output::line(&format!("asked for {}", names.join(", ")));
    }
    Ok(())
}
