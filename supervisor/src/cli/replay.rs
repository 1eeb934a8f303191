//! `tributary replay`: has dead letters delivered again, or sets a sink's offset back.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use clap::{ArgGroup, Args};
use serde_json::{Value, json};
use uuid::Uuid;

use super::admin::{Daemon, cell, list};
use super::dead_letters::CLASSES;
use super::output;
use super::time::instant;

/// What to deliver again.
#[derive(Debug, Args)]
#[command(
    group = ArgGroup::new("what").required(true).multiple(true).args(["ids", "sink", "class", "connection"]),
    group = ArgGroup::new("place").multiple(false).args(["from", "sequence"]),
    after_help = "\
Without --from and --sequence, dead letters are delivered again: each by itself, at once, with its tries kept; one that
is refused again is a dead letter again, with a new id. With --from or --sequence, the sink's offset is set back and
everything from there on is delivered again, in order and with the same identities; sinks that write by identity end up
with the same rows.

Examples:
  tributary replay 17 18
  tributary replay --sink warehouse
  tributary replay --class tenant --tenant acme-prod --dry-run
  tributary replay --sink warehouse --from 2026-01-01T00:00:00Z --dry-run
  tributary replay --sink warehouse --sequence 120000"
)]
pub(super) struct Options {
    #[command(flatten)]
    daemon: Daemon,
    /// Ids of dead letters.
    #[arg(value_name = "ID", conflicts_with_all = ["sink", "class", "connection", "tenant", "place"])]
    ids: Vec<u64>,
    /// Of this sink.
    #[arg(long)]
    sink: Option<String>,
    /// Of this tenant; needed where several have a sink of that name.
    #[arg(long)]
    tenant: Option<String>,
    /// Dead letters of this class: whose fault it is.
    #[arg(long, value_parser = CLASSES, conflicts_with = "place")]
    class: Option<String>,
    /// Dead letters of this connection.
    #[arg(long, conflicts_with = "place")]
    connection: Option<Uuid>,
    /// Sets the sink back to the first entry of this instant or later.
    #[arg(long, value_name = "TIME", value_parser = instant, requires = "sink")]
    from: Option<DateTime<Utc>>,
    /// Sets the sink back to this entry.
    #[arg(long, value_name = "N", requires = "sink")]
    sequence: Option<u64>,
    /// Only says how much it would be.
    #[arg(long)]
    dry_run: bool,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// Replays.
pub(super) fn run(options: &Options) -> anyhow::Result<()> {
    if options.from.is_some() || options.sequence.is_some() {
        return rewind(options);
    }
    let wish = json!({
        "ids": options.ids,
        "tenant": options.tenant,
        "sink": options.sink,
        "class": options.class,
        "connection": options.connection,
        "dry_run": options.dry_run,
    });
    let answer = post(options, "dead-letters/replay", &wish)?;
    if options.json {
        output::json(&answer);
        return Ok(());
    }
    let verb = if options.dry_run { "would be delivered again" } else { "are delivered again" };
    output::line(&format!("{} dead letters {verb}", cell(&answer, "replayed")));
    for sink in list(&answer, "sinks") {
        let (tenant, name, entries) = (cell(sink, "tenant"), cell(sink, "sink"), cell(sink, "entries"));
        let is = |name: &str, value: bool| sink.get(name) == Some(&Value::Bool(value));
        let note = match options.dry_run {
            _ if is("configured", false) => " left as they are, since the sink is not configured",
            false if is("delivering", false) => ", as soon as the sink runs again",
            _ => "",
        };
        output::line(&format!("  {tenant}/{name}: {entries}{note}"));
    }
    Ok(())
}

fn rewind(options: &Options) -> anyhow::Result<()> {
    let wish = json!({
        "tenant": options.tenant,
        "sink": options.sink,
        "sequence": options.sequence,
        "from": options.from,
        "dry_run": options.dry_run,
    });
    let answer = post(options, "rewind", &wish)?;
    if options.json {
        output::json(&answer);
        return Ok(());
    }
    let verb = if options.dry_run { "would be delivered again" } else { "are delivered again" };
    output::line(&format!(
        "{}/{}: offset {} to {}; {} entries {verb}",
        cell(&answer, "tenant"),
        cell(&answer, "sink"),
        cell(&answer, "offset_before"),
        cell(&answer, "offset"),
        cell(&answer, "entries"),
    ));
    Ok(())
}

fn post(options: &Options, path: &str, wish: &Value) -> anyhow::Result<Value> {
    options.daemon.post(path, &[], "application/json", Bytes::from(wish.to_string()))
}
