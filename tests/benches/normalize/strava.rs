//! A run of one hour with a sample every second, as Strava serves it.

use bytes::Bytes;
use serde_json::{Value, json};

use super::{Case, bytes, fixture, series};
use tributary_tests::measure::number;

#[expect(dead_code, reason = "the structs are there to be parsed")]
#[path = "../../../providers/src/strava/wire.rs"]
mod wire;

const SECONDS: usize = 3_600;
const ACTIVITY: &str = "/activities/{id}";
const STREAMS: &str = "/activities/{id}/streams";

/// The case.
pub(super) fn activity() -> Case {
    let detail = include_str!("../../../providers/src/strava/fixtures/activities.full.in.json");
    Case {
        name: "Strava activity with 8 streams of 3,600 samples",
        provider: "strava",
        resource: "activities",
        ids: vec!["15000000001".to_owned()],
        documents: vec![(ACTIVITY, bytes(&fixture(detail, "activity"))), (STREAMS, bytes(&streams()))],
        parse,
    }
}

fn streams() -> Value {
    let stream = |data: Value| json!({"data": data, "series_type": "distance", "original_size": SECONDS, "resolution": "high"});
    let places: Vec<[f64; 2]> =
        (0..SECONDS).map(|second| [48.85 + number(second) * 1e-5, 2.35 + number(second) * 1.3e-5]).collect();
    let whole = |base: f64| -> Value {
        series(SECONDS, base, 9.0).into_iter().map(f64::round).map(as_whole).collect()
    };
    json!({
        "time": stream((0..SECONDS).collect()),
        "distance": stream((0..SECONDS).map(|second| number(second) * 3.7).collect()),
        "latlng": stream(json!(places)),
        "altitude": stream(json!(series(SECONDS, 40.0, 12.0))),
        "velocity_smooth": stream(json!(series(SECONDS, 3.7, 0.4))),
        "heartrate": stream(whole(150.0)),
        "cadence": stream(whole(86.0)),
        "watts": stream(whole(240.0)),
    })
}

/// Strava writes these without a fraction.
fn as_whole(value: f64) -> Value {
    #[expect(clippy::cast_possible_truncation, reason = "a rounded number of the series above")]
    let whole = value as i64;
    json!(whole)
}

fn parse(documents: &[(&'static str, Bytes)]) -> usize {
    let mut seen = 0;
    for (template, body) in documents {
        if *template == ACTIVITY {
            let activity: wire::Activity = serde_json::from_slice(body).expect("an activity");
            seen += activity.laps.as_ref().map_or(0, Vec::len);
        } else {
            let streams: wire::Streams = serde_json::from_slice(body).expect("streams");
            seen += usize::from(streams.is_empty());
        }
    }
    seen
}
