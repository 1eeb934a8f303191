//! Webhook delivery from the log, signed, 2 KB an event, against a bare reqwest loop with the same number of requests
//! under way, to the same receiver.
//!
//! Both have one thread of their own, and the receiver has another. The delivery reads the log, looks up users, builds
//! and signs events, keeps order per connection and stores its offset; the loop posts the same bytes again and again.
#![expect(clippy::expect_used, reason = "a bench ends when something is not as it should be")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use actix::{Actor as _, Addr};
use bytes::Bytes;
use futures_util::future::join_all;
use serde_json::json;
use tributary_contract::model::{DataType, Digest, EntryId, NaturalKey};
use tributary_contract::sink::Sink;
use tributary_engine::clock::Clock;
use tributary_engine::delivery::{Delivery, Filter, Ladder, Parts, Stop};
use tributary_engine::store::{
    Change, Changeset, Connection, ConnectionState, SqliteStore, Store, Writer, WriterOptions,
};
use tributary_sinks::registry::Context;
use tributary_sinks::webhook::{Options, Webhook};
use tributary_tests::measure::{Asked, Bar, Counter, Row, machine, median, rate, say};
use uuid::Uuid;

/// Bytes of a record.
const BODY: usize = 2_000;
/// Connections that the entries belong to. The entries of one alternate in type, so that each is an event of its own.
const CONNECTIONS: usize = 1_000;
/// Requests under way, as a webhook has them when nothing else is said.
const IN_FLIGHT: usize = 16;

/// The program's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let asked = Asked::read();
    let (rounds, events) = asked.of((3, 20_000), (7, 60_000));
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory on the disk");
    let (mut ours, mut raws, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    let mut efforts = Vec::new();
    let receiver = Counter::start(false);
    actix_rt::System::new().block_on(async {
        let log = Log::fill(&directory.path().join("store.db"), events).await;
        for round in 0..rounds {
            let start = machine::processor_time();
            let raw = rate(events, raw(&receiver, events));
            let middle = machine::processor_time();
            let our = rate(events, log.deliver(&receiver, &format!("sink{round}"), events).await);
            say(&format!("round {round}: bare {raw:.0}/s, delivery {our:.0}/s, ratio {:.2}", our / raw));
            let spent = machine::processor_time().saturating_sub(middle).as_secs_f64();
            efforts.push(middle.saturating_sub(start).as_secs_f64() / spent);
            ours.push(our);
            raws.push(raw);
            ratios.push(our / raw);
        }
        log.close().await;
    });
    let row = Row {
        what: "webhook delivery from the log, signed, 2 KB".to_owned(),
        measured: format!("{:.0} events/s, {:.2} × by processor time", median(&ours), median(&efforts)),
        raw: format!("{:.0} requests/s by a bare reqwest loop", median(&raws)),
        value: median(&ratios),
        unit: "×",
        least: Bar::AtLeast(0.5),
        aim: Bar::AtLeast(0.8),
    };
    row.print(asked);
}

/// A bare loop on a thread of its own.
fn raw(receiver: &Counter, requests: usize) -> Duration {
    let (url, body) = (receiver.url(), Bytes::from(vec![b'x'; BODY]));
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let client = reqwest::Client::builder().no_proxy().build().expect("a client");
            let began = Instant::now();
            join_all((0..IN_FLIGHT).map(|_| async {
                for _ in 0..requests / IN_FLIGHT {
                    let answer = client.post(&url).body(body.clone()).send().await.expect("an answer");
                    #[expect(clippy::disallowed_methods, reason = "the raw limit is the library alone")]
                    answer.bytes().await.expect("its end");
                }
            }))
            .await;
            began.elapsed()
        })
    })
    .join()
    .expect("the loop ends")
}

struct Log {
    store: Arc<SqliteStore>,
    writer: Writer,
    arbiter: actix_rt::Arbiter,
}

impl Log {
    async fn fill(path: &std::path::Path, events: usize) -> Self {
        let store =
            Arc::new(SqliteStore::open(&format!("sqlite://{}", path.display())).await.expect("a store"));
        let shared: Arc<dyn Store> = Arc::clone(&store) as Arc<dyn Store>;
        let (writer, task) = Writer::start(shared, Clock::real(), WriterOptions::default());
        let arbiter = actix_rt::Arbiter::new();
        assert!(arbiter.spawn(task.run()), "the writer's thread runs");
        let people: Vec<Uuid> = (0..CONNECTIONS).map(|_| Uuid::new_v4()).collect();
        let put = people.iter().map(|id| Change::ConnectionPut(connection(*id))).collect();
        writer.commit(Changeset::unfenced(put)).await.expect("connections");
        let padding = "x".repeat(BODY - 64);
        let mut changes = Vec::new();
        for (number, connection) in (0..events).zip(people.iter().cycle()) {
            let body = format!(r#"{{"metadata":{{"summary_id":"{number:012}"}},"note":"{padding}"}}"#);
            let data_type =
                if (number / CONNECTIONS).is_multiple_of(2) { DataType::Activity } else { DataType::Sleep };
            changes.push(record(*connection, data_type, number, body.into()));
            if changes.len() == 500 {
                let part = Changeset::unfenced(std::mem::take(&mut changes));
                writer.commit(part).await.expect("entries");
            }
        }
        writer.commit(Changeset::unfenced(changes)).await.expect("entries");
        Self { store, writer, arbiter }
    }

    /// A new sink that begins at the start of the log. The time runs until the last event is there.
    async fn deliver(&self, receiver: &Counter, name: &str, events: usize) -> Duration {
        let options = json!({
            "url": format!("{}/hook", receiver.url()), "secret": "the-secret-of-the-bench",
            "allow_private_networks": true, "in_flight": IN_FLIGHT,
        });
        let options: Options = serde_json::from_value(options).expect("settings");
        let context = Context { dev_id: "bench".to_owned(), ..Context::default() };
        let sink: Arc<dyn Sink> = Arc::new(Webhook::new(options, &context).expect("a webhook"));
        let parts = Parts {
            tenant: Arc::from("bench"),
            name: Arc::from(name),
            sink,
            filter: Filter::all(),
            ladder: Ladder::default(),
            store: Arc::clone(&self.store) as Arc<dyn Store>,
            writer: self.writer.clone(),
            clock: Clock::real(),
            spec: tributary::app::spec_of,
        };
        let arbiter = actix_rt::Arbiter::new();
        let before = receiver.count();
        let began = Instant::now();
        let address: Addr<Delivery> =
            Delivery::start_in_arbiter(&arbiter.handle(), move |_| Delivery::new(parts));
        while receiver.count() < before + events {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let took = began.elapsed();
        let (done, ended) = tokio::sync::oneshot::channel();
        address.send(Stop { done }).await.expect("a delivery");
        ended.await.expect("its end");
        assert_eq!(receiver.count(), before + events, "each event was sent once");
        arbiter.stop();
        took
    }

    async fn close(self) {
        self.writer.stop();
        self.store.close().await;
        self.arbiter.stop();
    }
}

fn record(connection: Uuid, data_type: DataType, number: usize, body: Bytes) -> Change {
    let key = NaturalKey::new(format!("{number:012}"));
    let digest = Digest::of(&body);
    let id = EntryId::of_record(connection, data_type, &key, digest);
    Change::Record { tenant: Arc::from("bench"), connection, data_type, key, digest, id, body, trace: None }
}

fn connection(id: Uuid) -> Connection {
    let now = Clock::real().now();
    Connection {
        id,
        tenant: Arc::from("bench"),
        provider: "strava".to_owned(),
        reference_id: Some(id.to_string()),
        account: tributary_contract::Account::new(id.to_string()),
        state: ConnectionState::Active,
        reason: None,
        epoch: 1,
        created_at: now,
        updated_at: now,
    }
}
