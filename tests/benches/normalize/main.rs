//! Normalize: provider documents to records, against only parsing the same bytes into the same typed structs.
//!
//! Documents have the size of real ones: the shapes are those of the fixtures, the series are lengthened. The way is
//! that of a sync, through the provider's own `fetch` and a recorded door; the records are made, not yet written as
//! JSON. Parsing uses the providers' own `wire` modules.
#![expect(clippy::expect_used, reason = "a bench ends when something is not as it should be")]

mod oura;
mod strava;

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde_json::Value;
use tributary_contract::recorded::{Kept, Recorded};
use tributary_contract::{Account, App, Cause, Fetch, Job, Provider, Secret, Window};
use tributary_tests::measure::{Asked, Bar, Row, median, number, say};

/// One kind of document.
struct Case {
    name: &'static str,
    provider: &'static str,
    resource: &'static str,
    ids: Vec<String>,
    /// Template and body.
    documents: Vec<(&'static str, Bytes)>,
    /// Only parses; gives something that depends on it.
    parse: fn(&[(&'static str, Bytes)]) -> usize,
}

/// The program's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let asked = Asked::read();
    let (rounds, repeats) = asked.of((15, 40), (60, 100));
    for case in [strava::activity(), oura::sleep(), oura::day()] {
        let bytes: usize = case.documents.iter().map(|(_, body)| body.len()).sum();
        let (mut ours, mut raws, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..rounds {
            let raw = parse(&case, repeats).as_secs_f64() / number(repeats);
            let our = normalize(&case, repeats).as_secs_f64() / number(repeats);
            ours.push(our);
            raws.push(raw);
            ratios.push(raw / our);
        }
        let (our, raw) = (median(&ours) * 1e6, median(&raws) * 1e6);
        say(&format!("{}: {bytes} bytes, parsed in {raw:.1} µs, normalized in {our:.1} µs", case.name));
        let row = Row {
            what: format!("normalize: {} ({:.1} KB)", case.name, number(bytes) / 1000.0),
            measured: format!("{our:.1} µs ({:.0} MB/s)", number(bytes) / our),
            raw: format!("{raw:.1} µs to parse it"),
            value: median(&ratios),
            unit: "×",
            least: Bar::AtLeast(0.4),
            aim: Bar::AtLeast(0.7),
        };
        row.print(asked);
    }
}

fn parse(case: &Case, repeats: usize) -> Duration {
    let began = Instant::now();
    for _ in 0..repeats {
        black_box((case.parse)(black_box(&case.documents)));
    }
    began.elapsed()
}

fn normalize(case: &Case, repeats: usize) -> Duration {
    let provider = tributary_providers::registry::find(case.provider).expect("a provider");
    let resource = provider.spec().resource(case.resource).expect("a resource");
    let january = [1_767_225_600, 1_769_904_000];
    let [from, to] = january.map(|second| DateTime::from_timestamp(second, 0).expect("a time"));
    let job = Job {
        resource,
        window: Window::new(from, to),
        cause: Cause::Request,
        cursor: None,
        ids: case.ids.clone(),
    };
    let app = Arc::new(App {
        client_id: String::new(),
        client_secret: Secret::new(String::new()),
        verify_token: None,
        keys: std::collections::BTreeMap::new(),
        callback_url: String::new(),
        notify_url: String::new(),
    });
    // What only a recording needs is made before the time runs.
    let doors: Vec<(Fetch, Kept)> = (0..repeats)
        .map(|_| {
            let mut door = Recorded::for_resource(resource);
            for (template, body) in &case.documents {
                door = door.answer(template, body.clone());
            }
            let kept = Kept::default();
            let account = Some(Account::new("bench"));
            let committer = Box::new(kept.clone());
            (Fetch::new(Arc::new(door), committer, Arc::clone(&app), account, to), kept)
        })
        .collect();
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let (took, records) = runtime.block_on(fetch_all(provider, &job, doors));
    assert_eq!(records, repeats, "each document gives one record");
    took
}

/// The time, and how many records there were. Each is dropped before the next is made, as the engine drops it once it
/// is written and as parsing alone drops its structs: held together, they would measure fresh pages of memory.
async fn fetch_all(provider: &dyn Provider, job: &Job, doors: Vec<(Fetch, Kept)>) -> (Duration, usize) {
    let began = Instant::now();
    let mut records = 0;
    for (mut cx, kept) in doors {
        provider.fetch(&mut cx, job).await.expect("a document that can be read");
        records += black_box(kept.take()).len();
        records += black_box(cx.take_emitted()).len();
    }
    (began.elapsed(), records)
}

/// A document of a fixture.
fn fixture(text: &str, document: &str) -> Value {
    let documents: Value = serde_json::from_str(text).expect("a fixture");
    documents.get(document).expect("a document of the fixture").clone()
}

/// Numbers that go up and down like a measured series.
fn series(length: usize, base: f64, swing: f64) -> Vec<f64> {
    let value = |place: usize| ((number(place) * 0.37).sin() * swing + base) * 10.0;
    (0..length).map(|place| value(place).round() / 10.0).collect()
}

fn bytes(document: &Value) -> Bytes {
    Bytes::from(document.to_string())
}

/// The instant that is so many seconds after the beginning of the day of the fixtures.
fn later(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_768_867_200 + seconds, 0).expect("a time")
}
