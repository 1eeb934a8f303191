//! The account: what was produced against what arrived, record by record and by content.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use tributary_providers::sandbox::Verdict;

use super::Plan;
use super::book::{Book, Key};
use super::memory::Memory;
use super::people::Person;
use super::receive::note_line;
use super::table_reader;
use crate::cli::output;
use crate::sandbox::Host;

/// Losses that are described one by one.
const SHOWN: usize = 10;

/// When what happened.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    /// The first person connected.
    pub(super) began: DateTime<Utc>,
    /// All were connected and their histories delivered.
    pub(super) live_from: DateTime<Utc>,
    /// Everything was worked off.
    pub(super) ended: DateTime<Utc>,
}

/// Reads what the sinks that write to disk wrote.
pub(super) async fn others(directory: &Path, stdout: Book) -> anyhow::Result<Vec<(&'static str, Book)>> {
    let mut file = Book::new(&directory.join("archive.spool"))?;
    let lines =
        std::fs::File::open(directory.join("archive.ndjson")).context("the file sink wrote nothing")?;
    let mut lines = std::io::BufReader::with_capacity(1 << 20, lines);
    let mut line = Vec::new();
    while std::io::BufRead::read_until(&mut lines, b'\n', &mut line)? > 0 {
        note_line(&mut file, &line, DateTime::UNIX_EPOCH)?;
        line.clear();
    }
    let mut tables = Book::new(&directory.join("warehouse.spool"))?;
    table_reader::read(&directory.join("warehouse.db"), &mut tables).await?;
    Ok(vec![("file", file), ("sql", tables), ("stdout", stdout)])
}

/// What came of the demo.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    users: u32,
    produced: u64,
    delivered: u64,
    lost: u64,
    duplicates: u64,
    records_per_second: f64,
    p50_ms: f64,
    p99_ms: f64,
    versions: u64,
    by_type: BTreeMap<String, Count>,
    by_provider: BTreeMap<String, Count>,
    by_sink: BTreeMap<String, BySink>,
    quota_violations: u64,
    reused_refresh_tokens: u64,
    seconds: f64,
    memory: Memory,
}

#[derive(Debug, Clone, Copy, Default)]
struct Count {
    produced: u64,
    delivered: u64,
    lost: u64,
}

#[derive(Debug, Clone, Copy, Default)]
struct BySink {
    received: u64,
    delivered: u64,
    lost: u64,
    duplicates: u64,
}

impl Outcome {
    /// Records that some sink lacks or has with the wrong content.
    pub const fn lost(&self) -> u64 {
        self.lost
    }

    /// With how much memory the engine had.
    pub(super) fn with_memory(self, memory: Memory) -> Self {
        Self { memory, ..self }
    }

    /// As one JSON object.
    pub fn to_json(&self) -> Value {
        let counts = |map: &BTreeMap<String, Count>| -> Value {
            let entries = map.iter().map(|(name, count)| {
                let count =
                    json!({"produced": count.produced, "delivered": count.delivered, "lost": count.lost});
                (name.clone(), count)
            });
            Value::Object(entries.collect())
        };
        let sinks = self.by_sink.iter().map(|(name, sink)| {
            let sink = json!({
                "received": sink.received,
                "delivered": sink.delivered,
                "lost": sink.lost,
                "duplicates": sink.duplicates,
            });
            (name.clone(), sink)
        });
        json!({
            "users": self.users,
            "produced": self.produced,
            "delivered": self.delivered,
            "lost": self.lost,
            "duplicates": self.duplicates,
            "records_per_second": rounded(self.records_per_second),
            "latency_ms": {"p50": rounded(self.p50_ms), "p99": rounded(self.p99_ms)},
            "by_type": counts(&self.by_type),
            "by_provider": counts(&self.by_provider),
            "by_sink": Value::Object(sinks.collect()),
            "versions": self.versions,
            "quota_violations": self.quota_violations,
            "reused_refresh_tokens": self.reused_refresh_tokens,
            "seconds": rounded(self.seconds),
            "memory": self.memory.to_json(),
        })
    }

    /// Rows for people: group, name, produced, delivered, lost, duplicates.
    pub(super) fn rows(&self) -> Vec<Vec<String>> {
        let row = |name: &str, count: &Count| {
            let numbers = [count.produced, count.delivered, count.lost].map(|number| number.to_string());
            [vec![name.to_owned()], numbers.to_vec(), vec![String::new()]].concat()
        };
        let total = Count { produced: self.produced, delivered: self.delivered, lost: self.lost };
        let mut rows = vec![row("all", &total)];
        rows.extend(self.by_provider.iter().map(|(name, count)| row(name, count)));
        rows.extend(self.by_type.iter().map(|(name, count)| row(name, count)));
        rows.extend(self.by_sink.iter().map(|(name, sink)| {
            let numbers = [self.produced, sink.delivered, sink.lost, sink.duplicates];
            std::iter::once(format!("sink {name}")).chain(numbers.map(|number| number.to_string())).collect()
        }));
        rows
    }

    /// A line for people about speed.
    pub(super) fn speed(&self) -> String {
        format!(
            "{} people, {} record versions, {:.0} records/s into the webhook, latency p50 {:.0} ms, p99 {:.0} ms, \
             {} calls over quota, {} reused refresh tokens",
            self.users,
            self.versions,
            self.records_per_second,
            self.p50_ms,
            self.p99_ms,
            self.quota_violations,
            self.reused_refresh_tokens
        )
    }

    /// A line for people about memory; empty where the system does not say.
    pub(super) fn memory(&self) -> String {
        self.memory.line()
    }
}

fn rounded(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}

/// Compares what was produced with what arrived.
pub(super) fn compare(
    plan: &Plan,
    hosts: &[Host],
    people: &[Person],
    (webhook, others): (&Book, &[(&'static str, Book)]),
    times: Times,
) -> anyhow::Result<Outcome> {
    let mut outcome = Outcome { users: plan.users, ..Outcome::default() };
    let mut sinks: Vec<(&str, &Book)> = vec![("webhook", webhook)];
    sinks.extend(others.iter().map(|(name, book)| (*name, book)));
    let mut latencies = Vec::new();
    let mut shown = 0;
    let mut expected: BTreeSet<Key> = BTreeSet::new();

    for (index, host) in hosts.iter().enumerate() {
        let by_account: BTreeMap<&str, &Person> = people
            .iter()
            .filter(|person| person.host == index)
            .map(|person| (person.account.as_str(), person))
            .collect();
        host.with(|sandbox| -> anyhow::Result<()> {
            let statistics = sandbox.statistics();
            outcome.quota_violations += statistics.quota_violations;
            outcome.reused_refresh_tokens += statistics.reused_refresh_tokens;
            outcome.versions += sandbox.ledger().versions();
            for entry in sandbox.ledger().entries() {
                let Some(person) = by_account.get(&*entry.account) else { continue };
                let key: Key =
                    (person.reference_id.clone(), entry.data_type.to_owned(), entry.natural_key.to_string());
                let mut everywhere = true;
                for (name, book) in &sinks {
                    let fault = fault(sandbox, entry, book, &key)?;
                    let sink = outcome.by_sink.entry((*name).to_owned()).or_default();
                    match fault {
                        None if entry.deleted => {}
                        None => sink.delivered += 1,
                        Some(fault) => {
                            sink.lost += 1;
                            everywhere = false;
                            if shown < SHOWN {
                                shown += 1;
                                output::complain(&format!("lost at {name}: {} {key:?}: {fault}", host.key()));
                            }
                        }
                    }
                }
                let provider = outcome.by_provider.entry(host.key().to_owned()).or_default();
                let by_type = outcome.by_type.entry(entry.data_type.to_owned()).or_default();
                for count in [provider, by_type] {
                    count.produced += u64::from(!entry.deleted);
                    count.delivered += u64::from(everywhere && !entry.deleted);
                    count.lost += u64::from(!everywhere);
                }
                outcome.produced += u64::from(!entry.deleted);
                outcome.delivered += u64::from(everywhere && !entry.deleted);
                outcome.lost += u64::from(!everywhere);
                if entry.produced_at >= times.live_from
                    && let Some(slot) = webhook.slot(&key)
                {
                    latencies.push((slot.arrived_at - entry.produced_at).num_milliseconds().max(0));
                }
                expected.insert(key);
            }
            Ok(())
        })?;
    }
    for (name, book) in &sinks {
        let sink = outcome.by_sink.entry((*name).to_owned()).or_default();
        (sink.received, sink.duplicates) = (book.received, book.duplicates);
        outcome.duplicates += book.duplicates;
        // What nobody produced is as wrong as what is missing.
        for invented in book.present().filter(|key| !expected.contains(*key)) {
            sink.lost += 1;
            outcome.lost += 1;
            if shown < SHOWN {
                shown += 1;
                output::complain(&format!("nobody produced this at {name}: {invented:?}"));
            }
        }
    }
    let elapsed = (times.ended - times.began).as_seconds_f64();
    outcome.seconds = elapsed;
    #[expect(clippy::cast_precision_loss, reason = "counts of a demo are far below 2^52")]
    let received = webhook.received as f64;
    outcome.records_per_second = if elapsed > 0.0 { received / elapsed } else { 0.0 };
    latencies.sort_unstable();
    outcome.p50_ms = percentile(&latencies, 50);
    outcome.p99_ms = percentile(&latencies, 99);
    Ok(outcome)
}

fn fault(
    sandbox: &dyn tributary_providers::sandbox::Sandbox,
    entry: &tributary_providers::sandbox::ledger::Entry,
    book: &Book,
    key: &Key,
) -> anyhow::Result<Option<String>> {
    let slot = book.slot(key);
    if entry.deleted {
        return Ok(slot.filter(|slot| !slot.deleted).map(|_| "it was deleted but is still there".to_owned()));
    }
    let Some(slot) = slot else { return Ok(Some("it never arrived".to_owned())) };
    if slot.deleted {
        return Ok(Some("it was deleted but exists".to_owned()));
    }
    let record = book.body(slot)?;
    Ok(match sandbox.check(&entry.account, entry.data_type, &entry.natural_key, &record) {
        Verdict::Agrees => None,
        other => Some(format!("its content is wrong: {other:?}")),
    })
}

/// The smallest value that so many per cent of the values do not exceed.
fn percentile(sorted: &[i64], per_cent: usize) -> f64 {
    let rank = (sorted.len() * per_cent).div_ceil(100).saturating_sub(1);
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of a demo are far below 2^52")]
    let value = sorted.get(rank).copied().unwrap_or(0) as f64;
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_occurred() {
        let sorted: Vec<i64> = (1..=200).collect();
        assert!((percentile(&sorted, 50) - 100.0).abs() < f64::EPSILON);
        assert!((percentile(&sorted, 99) - 198.0).abs() < f64::EPSILON);
        assert!(percentile(&[], 99).abs() < f64::EPSILON);
    }
}
