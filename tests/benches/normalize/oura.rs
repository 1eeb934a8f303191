//! A night and a day as Oura serves them: five-minute series of eight hours, minutes of a whole day.

use bytes::Bytes;
use serde_json::{Value, json};

use super::{Case, bytes, fixture, later, series};

#[expect(dead_code, unused_imports, reason = "the structs are there to be parsed")]
#[path = "../../../providers/src/oura/wire/mod.rs"]
mod wire;

const SLEEP: &str = "/v2/usercollection/sleep";
const DAILY_SLEEP: &str = "/v2/usercollection/daily_sleep";
const DAILY_ACTIVITY: &str = "/v2/usercollection/daily_activity";
const HEART_RATE: &str = "/v2/usercollection/heartrate";

/// A night of eight hours.
pub(super) fn sleep() -> Case {
    let text = include_str!("../../../providers/src/oura/fixtures/sleep.full.in.json");
    let mut sleep = fixture(text, "sleep");
    set(&mut sleep, "/data/0/heart_rate/items", json!(series(96, 55.0, 6.0)));
    set(&mut sleep, "/data/0/hrv/items", json!(series(96, 60.0, 20.0)));
    set(&mut sleep, "/data/0/sleep_phase_5_min", json!("42211133".repeat(12)));
    set(&mut sleep, "/data/0/sleep_phase_30_sec", json!(stages()));
    set(&mut sleep, "/data/0/movement_30_sec", json!("1121".repeat(240)));
    Case {
        name: "Oura night",
        provider: "oura",
        resource: "sleep",
        ids: Vec::new(),
        documents: vec![(SLEEP, bytes(&sleep)), (DAILY_SLEEP, bytes(&fixture(text, "daily_sleep")))],
        parse,
    }
}

/// Half minutes of a night: about thirty stages.
fn stages() -> String {
    let cycle = [('4', 6), ('2', 60), ('1', 50), ('2', 30), ('3', 40), ('4', 6)];
    cycle.iter().flat_map(|(digit, length)| std::iter::repeat_n(*digit, *length)).cycle().take(960).collect()
}

/// A day with the energy of each minute and a heart rate every five minutes.
pub(super) fn day() -> Case {
    let text = include_str!("../../../providers/src/oura/fixtures/daily.full.in.json");
    let mut activity = fixture(text, "daily_activity");
    set(&mut activity, "/data/0/met/items", json!(series(1_440, 1.4, 0.5)));
    set(&mut activity, "/data/0/class_5_min", json!("112233".repeat(48)));
    let beats = series(288, 64.0, 12.0);
    let rows: Vec<Value> = (0..)
        .zip(beats)
        .map(|(place, bpm)| json!({"bpm": bpm.round(), "source": "awake", "timestamp": later(place * 300)}))
        .collect();
    Case {
        name: "Oura day with 1,440 minutes",
        provider: "oura",
        resource: "daily",
        ids: Vec::new(),
        documents: vec![
            (DAILY_ACTIVITY, bytes(&activity)),
            (HEART_RATE, bytes(&json!({"data": rows, "next_token": null}))),
        ],
        parse,
    }
}

fn set(document: &mut Value, pointer: &str, value: Value) {
    *document.pointer_mut(pointer).expect("a place in the fixture") = value;
}

fn parse(documents: &[(&'static str, Bytes)]) -> usize {
    documents.iter().map(|(template, body)| parse_one(template, body)).sum()
}

fn parse_one(template: &str, body: &[u8]) -> usize {
    fn page<T: serde::de::DeserializeOwned>(body: &[u8]) -> usize {
        let page: wire::Page<T> = serde_json::from_slice(body).expect("a page");
        page.data.len()
    }
    match template {
        SLEEP => page::<wire::Sleep>(body),
        DAILY_SLEEP => page::<wire::DailySleep>(body),
        DAILY_ACTIVITY => page::<wire::DailyActivity>(body),
        _ => page::<wire::HeartRate>(body),
    }
}
