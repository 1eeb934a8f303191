//! `tributary status`: connections, sinks and quotas of a running daemon, once or again and again.

use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::time::Duration;

use chrono::{DateTime, Utc};
use clap::Args;
use serde_json::Value;

use super::admin::{Daemon, cell, list};
use super::output;
use super::time::{pause, wait};

/// Of which daemon.
#[derive(Debug, Args)]
#[command(after_help = "\
On a terminal, --watch draws the tables anew in place; elsewhere it prints one line each time. Rates are those since the
last look.

Examples:
  tributary status
  tributary status --watch --interval 5
  tributary status --watch --count 3 --json")]
pub(super) struct Options {
    #[command(flatten)]
    daemon: Daemon,
    /// Goes on until it is ended.
    #[arg(short, long)]
    watch: bool,
    /// With `--watch`: seconds between two looks.
    #[arg(long, value_name = "SECONDS", default_value = "2", value_parser = pause)]
    interval: Duration,
    /// With `--watch`: ends after that many looks.
    #[arg(long, requires = "watch")]
    count: Option<u64>,
    /// Prints JSON instead of tables; with `--watch`, one object a line.
    #[arg(long)]
    json: bool,
}

/// Shows how everything is.
pub(super) fn run(options: &Options) -> anyhow::Result<()> {
    if options.watch {
        return watch(options);
    }
    let answer = options.daemon.get("status", &[])?;
    if options.json {
        output::json(&answer);
    } else {
        output::line(&frame(&answer, None));
    }
    Ok(())
}

fn watch(options: &Options) -> anyhow::Result<()> {
    let in_place = std::io::stdout().is_terminal();
    let mut before: Option<Look> = None;
    let mut looks = 0_u64;
    loop {
        let answer = options.daemon.get("status", &[])?;
        let look = Look::of(&answer);
        let rates = before.as_ref().map(|before| look.since(before));
        if options.json {
            output::json_line(&answer);
        } else if in_place {
            // Home, then clear: a frame that is shorter than the last leaves nothing behind.
            output::line(&format!("\x1b[H\x1b[2J{}", frame(&answer, rates.as_ref())));
        } else {
            output::line(&summary(&answer, rates.as_ref()));
        }
        before = Some(look);
        looks = looks.saturating_add(1);
        if options.count.is_some_and(|count| looks >= count) {
            return Ok(());
        }
        wait(options.interval);
    }
}

/// What rates are made of.
struct Look {
    at: DateTime<Utc>,
    started: String,
    counts: BTreeMap<String, u64>,
}

/// Per second, by the same names.
type Rates = BTreeMap<String, f64>;

impl Look {
    fn of(answer: &Value) -> Self {
        let number = |value: &Value, name: &str| value.get(name).and_then(Value::as_u64).unwrap_or_default();
        let mut counts = BTreeMap::from([("log".to_owned(), number(answer, "last_sequence"))]);
        for sink in list(answer, "sinks") {
            counts.insert(sink_name(sink), number(sink, "taken"));
        }
        let at = answer.get("at").and_then(Value::as_str).and_then(|at| at.parse().ok());
        Self { at: at.unwrap_or_default(), started: cell(answer, "started_at"), counts }
    }

    /// Nothing where the daemon was started anew meanwhile: its counters began again.
    fn since(&self, before: &Self) -> Rates {
        let seconds = (self.at - before.at).as_seconds_f64();
        if seconds <= 0.0 || self.started != before.started {
            return Rates::new();
        }
        let rate = |(name, count): (&String, &u64)| {
            let grown = count.saturating_sub(*before.counts.get(name)?);
            let grown = u32::try_from(grown).unwrap_or(u32::MAX);
            Some((name.clone(), f64::from(grown) / seconds))
        };
        self.counts.iter().filter_map(rate).collect()
    }
}

fn sink_name(sink: &Value) -> String {
    format!("{}/{}", cell(sink, "tenant"), cell(sink, "sink"))
}

fn rate(rates: Option<&Rates>, name: &str) -> String {
    rates.and_then(|rates| rates.get(name)).map_or_else(|| "–".to_owned(), |rate| format!("{rate:.1}"))
}

/// Everything, as tables.
fn frame(answer: &Value, rates: Option<&Rates>) -> String {
    let connections = answer.get("connections").unwrap_or(&Value::Null);
    let head = format!(
        "{}: {} connections, {} working, {} idle, {} with history left; log at {} ({}/s)",
        cell(answer, "at"),
        cell(connections, "total"),
        cell(connections, "working"),
        cell(connections, "idle"),
        cell(connections, "with_history_left"),
        cell(answer, "last_sequence"),
        rate(rates, "log"),
    );
    let columns = ["provider", "state", "count"];
    let rows = list(connections, "by_provider").iter();
    let rows = rows.map(|row| columns.iter().map(|column| cell(row, column)).collect()).collect();
    [
        head,
        config(answer),
        output::table_text(&["provider", "state", "connections"], rows),
        sinks(answer, rates),
        quotas(answer),
    ]
    .join("\n")
}

/// Since when the configuration is valid, and what of a newer one is not taken.
fn config(answer: &Value) -> String {
    let config = answer.get("config").unwrap_or(&Value::Null);
    let mut lines = vec![format!("configuration of {}", cell(config, "loaded_at"))];
    if let Some(error) = config.get("error").and_then(Value::as_str) {
        lines.push(format!("a newer configuration is not taken:\n{error}"));
    }
    for setting in list(config, "needs_restart") {
        lines.push(format!("needs a restart: {}", setting.as_str().unwrap_or_default()));
    }
    for (tenant, level) in answer.get("tenants").and_then(Value::as_object).into_iter().flatten() {
        if level.get("paused") == Some(&Value::Bool(true)) {
            lines.push(format!(
                "tenant {tenant}: polling and history are paused since {}: backlog {} over the limit of {}",
                cell(level, "since"),
                cell(level, "backlog"),
                cell(level, "limit"),
            ));
        }
    }
    lines.join("\n")
}

fn sinks(answer: &Value, rates: Option<&Rates>) -> String {
    let columns = [
        "tenant",
        "sink",
        "backlog",
        "lag_seconds",
        "in_flight",
        "taken",
        "parked",
        "dead_letters",
        "open_circuit",
        "paused",
        "last_error",
    ];
    let rows = list(answer, "sinks").iter().map(|sink| {
        let mut cells: Vec<_> = columns.iter().map(|column| cell(sink, column)).collect();
        cells.insert(6, rate(rates, &sink_name(sink)));
        cells
    });
    let header = [
        "tenant",
        "sink",
        "backlog",
        "lag (s)",
        "in flight",
        "taken",
        "taken/s",
        "parked",
        "dead letters",
        "open circuit",
        "paused",
        "last error",
    ];
    output::table_text(&header, rows.collect())
}

fn quotas(answer: &Value) -> String {
    let columns = ["window_seconds", "permits", "used", "remaining", "waiting", "ends_at", "closed_until"];
    let rows = list(answer, "quotas").iter().flat_map(|quota| {
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
    output::table_text(&header, rows.collect())
}

/// Everything in one line, for logs and pipes.
fn summary(answer: &Value, rates: Option<&Rates>) -> String {
    let connections = answer.get("connections").unwrap_or(&Value::Null);
    let mut parts = vec![
        cell(answer, "at"),
        format!("connections={}", cell(connections, "total")),
        format!("working={}", cell(connections, "working")),
        format!("log={}", cell(answer, "last_sequence")),
        format!("log/s={}", rate(rates, "log")),
    ];
    for sink in list(answer, "sinks") {
        let name = sink_name(sink);
        let (backlog, lag, dead) =
            (cell(sink, "backlog"), cell(sink, "lag_seconds"), cell(sink, "dead_letters"));
        let taken = rate(rates, &name);
        parts.push(format!("{name}: backlog={backlog} lag={lag}s taken/s={taken} dead={dead}"));
    }
    parts.join("  ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn answer(at: &str, started: &str, sequence: u64, taken: u64) -> Value {
        json!({
            "at": at,
            "started_at": started,
            "last_sequence": sequence,
            "connections": {"total": 2, "working": 1, "by_provider": [{"provider": "oura", "state": "active", "count": 2}]},
            "sinks": [{"tenant": "acme", "sink": "app", "taken": taken, "backlog": 7, "lag_seconds": 3, "dead_letters": 1}],
        })
    }

    #[test]
    fn rates_are_what_was_added_between_two_looks() {
        let first = Look::of(&answer("2026-01-01T00:00:00Z", "a", 100, 50));
        let second = answer("2026-01-01T00:00:04Z", "a", 110, 70);
        let rates = Look::of(&second).since(&first);
        assert_eq!(
            (rate(Some(&rates), "log"), rate(Some(&rates), "acme/app")),
            ("2.5".to_owned(), "5.0".to_owned())
        );
        let line = summary(&second, Some(&rates));
        assert!(
            line.contains("log/s=2.5") && line.contains("acme/app: backlog=7 lag=3s taken/s=5.0 dead=1"),
            "{line}"
        );
        assert!(frame(&second, None).contains("oura"));
    }

    #[test]
    fn there_are_no_rates_across_a_restart_or_without_time() {
        let first = Look::of(&answer("2026-01-01T00:00:00Z", "a", 100, 50));
        let restarted = Look::of(&answer("2026-01-01T00:00:04Z", "b", 110, 0));
        assert!(restarted.since(&first).is_empty());
        assert!(first.since(&first).is_empty());
    }
}
