//! Where sinks write to in these cases: made anew for each, read back without the sink, taken away and brought back.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};
use tempfile::TempDir;
use tributary_contract::model::DataType;
use tributary_contract::sink::{Entry, Sink};
use tributary_sinks::stdout::Stdout;
use tributary_sinks::{Context, SinkOptions, build};
use tributary_tests::entries::{record, user};
use tributary_tests::server::Postgres;
use tributary_tests::{Answer, Receiver};

use super::case::{Key, Version};
use crate::sink_sql::target::Target;

/// Bytes of a record that the webhook does not send.
const WEBHOOK_RECORD: usize = 1 << 20;

/// A target.
pub(super) struct Place<'s> {
    target: Kind<'s>,
    directory: TempDir,
}

enum Kind<'s> {
    File,
    Sql(Target<'s>, Option<&'s Postgres>),
    /// Standard output is led into a file; whether it is closed.
    Stdout(Arc<AtomicBool>),
    Webhook(Receiver),
}

impl<'s> Place<'s> {
    fn new(target: Kind<'s>) -> Self {
        Self { target, directory: tempfile::tempdir().unwrap() }
    }

    pub(super) fn file() -> Self {
        Self::new(Kind::File)
    }

    pub(super) fn stdout() -> Self {
        Self::new(Kind::Stdout(Arc::default()))
    }

    pub(super) async fn webhook() -> Self {
        Self::new(Kind::Webhook(Receiver::start().await))
    }

    pub(super) fn sqlite(layout: &'static str) -> Self {
        Self::new(Kind::Sql(Target::sqlite(layout), None))
    }

    /// A new database of that name.
    pub(super) async fn postgres(server: &'s Postgres, name: &str, layout: &'static str) -> Self {
        Self::new(Kind::Sql(Target::postgres(server, name, layout).await, Some(server)))
    }

    /// The kind of sink that writes here.
    pub(super) const fn kind(&self) -> &'static str {
        match self.target {
            Kind::File => "file",
            Kind::Sql(..) => "sql",
            Kind::Stdout(_) => "stdout",
            Kind::Webhook(_) => "webhook",
        }
    }

    /// A sink that writes here, as after a start.
    pub(super) async fn sink(&self) -> Box<dyn Sink> {
        let settings = match &self.target {
            Kind::File => json!({"path": "out.ndjson"}),
            Kind::Sql(target, _) => return target.sink(json!({})).await,
            Kind::Stdout(closed) => {
                let file = File::options().create(true).append(true).open(self.lines()).unwrap();
                return Box::new(Stdout::to_writer(Box::new(Redirected { file, closed: closed.clone() })));
            }
            Kind::Webhook(receiver) => json!({
                "url": format!("{}/hook", receiver.url()), "secret": "the-secret-of-the-cases",
                "allow_private_networks": true, "max_record_bytes": WEBHOOK_RECORD,
            }),
        };
        let options = SinkOptions::deserialize_kind(self.kind(), settings).unwrap();
        let context = Context { data_dir: self.directory.path().to_owned(), ..Context::default() };
        build("place", options, &context).await.unwrap()
    }

    /// Whether a record stands there once, in its newest version.
    pub(super) const fn overwrites(&self) -> bool {
        matches!(self.target, Kind::Sql(..))
    }

    /// A daily record that cannot be taken; nothing where everything is taken.
    pub(super) fn unacceptable(&self, sequence: u64) -> Option<Entry> {
        let body = match &self.target {
            Kind::File | Kind::Stdout(_) => return None,
            Kind::Sql(..) => r#"{"planted":"#.to_owned(),
            Kind::Webhook(_) => json!({"pad": "x".repeat(WEBHOOK_RECORD)}).to_string(),
        };
        Some(record(&user("u-1"), sequence, DataType::Daily, "bad", body))
    }

    /// Whether a batch can break off in the middle.
    pub(super) const fn can_cut(&self) -> bool {
        matches!(self.target, Kind::File | Kind::Webhook(_))
    }

    /// The next batch breaks off in the middle, or the last one did.
    pub(super) fn cut(&self) {
        match &self.target {
            Kind::File => {
                let mut file = File::options().append(true).open(self.lines()).unwrap();
                file.write_all(br#"{"type":"daily","sequence":6,"id":"#).unwrap();
            }
            Kind::Webhook(receiver) => receiver.when(1, Answer::Reset, |event| event.kind() == "sleep"),
            Kind::Sql(..) | Kind::Stdout(_) => {}
        }
    }

    /// From now on nothing can be written.
    pub(super) async fn take_away(&self) {
        match &self.target {
            Kind::File => std::fs::create_dir(self.lines()).unwrap(),
            Kind::Sql(target, Some(server)) => {
                let name = target.name();
                let closed = format!("alter database {name} with allow_connections false");
                server.psql("postgres", &closed).await;
                let end = format!(
                    "select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}'"
                );
                server.psql("postgres", &end).await;
            }
            Kind::Sql(target, None) => std::fs::create_dir(target.file()).unwrap(),
            Kind::Stdout(closed) => closed.store(true, Ordering::Relaxed),
            Kind::Webhook(receiver) => receiver.next(usize::MAX, Answer::Reset),
        }
    }

    /// All is well again.
    pub(super) async fn bring_back(&self) {
        match &self.target {
            Kind::File => std::fs::remove_dir(self.lines()).unwrap(),
            Kind::Sql(target, Some(server)) => {
                let open = format!("alter database {} with allow_connections true", target.name());
                server.psql("postgres", &open).await;
            }
            Kind::Sql(target, None) => std::fs::remove_dir(target.file()).unwrap(),
            Kind::Stdout(closed) => closed.store(false, Ordering::Relaxed),
            Kind::Webhook(receiver) => receiver.heal(),
        }
    }

    /// Every record that is there, as often as it is there.
    pub(super) async fn arrivals(&self) -> Vec<(Key, Version)> {
        match &self.target {
            Kind::File | Kind::Stdout(_) => self
                .read_lines()
                .iter()
                .filter_map(|line| {
                    let sequence = line["sequence"].as_u64().unwrap();
                    entry(&line["type"], line.get("record").or(line.get("deleted"))?, sequence)
                })
                .collect(),
            Kind::Sql(target, _) => {
                let all = target.records().await.into_iter();
                all.map(|(of, key, sequence, gone, body)| ((of, key), (sequence, (!gone).then_some(body))))
                    .collect()
            }
            Kind::Webhook(receiver) => {
                let mut found = Vec::new();
                for request in receiver.taken("/hook").iter().filter(|request| !request.body.is_empty()) {
                    let (event, sequence) =
                        (request.json(), request.header("x-tributary-sequence").parse().unwrap());
                    let records = event["data"].as_array().into_iter().flatten().chain(event.get("athlete"));
                    found.extend(records.filter_map(|record| entry(&event["type"], record, sequence)));
                }
                found
            }
        }
    }

    /// The newest version of every record.
    pub(super) async fn newest(&self) -> BTreeMap<Key, Version> {
        let mut newest: BTreeMap<Key, Version> = BTreeMap::new();
        for (key, version) in self.arrivals().await {
            let known = newest.entry(key).or_insert_with(|| version.clone());
            if known.0 < version.0 {
                *known = version;
            }
        }
        // An event has one sequence, that of its newest record; records hold their own.
        if let Kind::Webhook(_) = self.target {
            for (sequence, body) in newest.values_mut() {
                let own = body.as_ref().and_then(|body| body.pointer("/distance_data/steps")?.as_u64());
                *sequence = own.unwrap_or(*sequence);
            }
        }
        newest
    }

    /// The types of the life-cycle events that are there.
    pub(super) async fn life_cycle(&self) -> Vec<String> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        match &self.target {
            Kind::File | Kind::Stdout(_) => {
                let lines = self.read_lines();
                lines
                    .iter()
                    .filter(|line| line.get("event").is_some())
                    .map(|line| text(&line["type"]))
                    .collect()
            }
            Kind::Sql(target, _) => target.events().await.iter().map(|row| text(&row[1])).collect(),
            Kind::Webhook(receiver) => {
                let events = receiver.taken("/hook").into_iter().filter(|request| request.kind() == "deauth");
                events.map(|request| request.kind()).collect()
            }
        }
    }

    fn lines(&self) -> PathBuf {
        self.directory.path().join("out.ndjson")
    }

    fn read_lines(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(self.lines()).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// A record or a deletion, as lines and events say it; nothing for what is none.
fn entry(of: &Value, record: &Value, sequence: u64) -> Option<(Key, Version)> {
    let text = |value: &Value, at: &str| value.pointer(at).and_then(Value::as_str).map(str::to_owned);
    if of == "deleted" {
        return Some(((text(record, "/data_type")?, text(record, "/key")?), (sequence, None)));
    }
    Some(((of.as_str()?.to_owned(), text(record, "/metadata/summary_id")?), (sequence, Some(record.clone()))))
}

/// Standard output as a shell leads it into a file, until the other end closes it.
struct Redirected {
    file: File,
    closed: Arc<AtomicBool>,
}

impl Write for Redirected {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.closed.load(Ordering::Relaxed) {
            return Err(std::io::ErrorKind::BrokenPipe.into());
        }
        self.file.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}
