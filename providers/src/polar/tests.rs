//! Jobs against recorded answers: which calls are made, and what comes of them.

use std::sync::Arc;

use serde_json::{Value, json};
use tributary_contract::recorded::{Kept, Recorded};
use tributary_contract::{Cause, Emitted, Secret, Window};

use super::*;

#[path = "../../tests/fit/writer.rs"]
#[expect(dead_code, reason = "most kinds of messages are not needed here")]
mod writer;

#[path = "tests/simulated.rs"]
mod simulated;

fn instant(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

pub(super) fn app() -> App {
    App {
        client_id: "client".to_owned(),
        client_secret: Secret::from("planted-secret"),
        verify_token: None,
        callback_url: "https://sync.example.com/auth/polar/callback".to_owned(),
        notify_url: "https://sync.example.com/notify/polar".to_owned(),
        keys: std::collections::BTreeMap::new(),
    }
}

struct Run {
    result: Result<(), FetchError>,
    records: Vec<Value>,
    calls: Vec<Request>,
}

impl Run {
    fn called(&self) -> Vec<&str> {
        self.calls.iter().map(|call| call.template.as_str()).collect()
    }
}

/// One job of the second of May.
async fn run(resource: &str, ids: &[&str], door: impl FnOnce(Recorded) -> Recorded) -> Run {
    let resource = SPEC.resource(resource).unwrap();
    let (door, kept) = (Arc::new(door(Recorded::for_resource(resource))), Kept::default());
    let now = instant("2026-05-20T00:00:00Z");
    let account = Some(Account::new("475"));
    let mut cx = Fetch::new(door.clone(), Box::new(kept.clone()), Arc::new(app()), account, now);
    let job = Job {
        resource,
        window: Window::new(instant("2026-05-02T00:00:00Z"), instant("2026-05-03T00:00:00Z")),
        cause: Cause::Poll,
        cursor: None,
        ids: ids.iter().map(|&id| id.to_owned()).collect(),
    };
    let result = Polar.fetch(&mut cx, &job).await;
    let mut emitted = kept.take();
    if result.is_ok() {
        emitted.extend(cx.take_emitted());
    }
    let record = |emitted| match emitted {
        Emitted::Record(record) => serde_json::to_value(&record).unwrap(),
        Emitted::Deleted { .. } => panic!("Polar deletes nothing"),
    };
    Run { result, records: emitted.into_iter().map(record).collect(), calls: door.calls() }
}

fn run_of(id: &str, start: &str, upload: &str) -> Value {
    json!({"id": id, "start_time": start, "start_time_utc_offset": 120, "duration": "PT1H", "upload_time": upload,
        "sport": "RUNNING"})
}

fn gone(call: &str) -> FetchError {
    FetchError::Gone { call: call.to_owned() }
}

#[tokio::test]
async fn the_account_is_who_the_token_is_for_and_is_registered() {
    let door = |door: Recorded| {
        let door = Arc::new(door);
        let now = instant("2026-05-02T00:00:00Z");
        let cx = Fetch::new(door.clone(), Box::new(Kept::default()), Arc::new(app()), None, now);
        (door, cx.with_token_facts([(spec::USER_ID, "475".to_owned())].into()))
    };
    let (calls, mut cx) = door(Recorded::new().answer(call::USERS, r#"{"polar-user-id": 475}"#));
    assert_eq!(Polar.connected(&mut cx).await, Ok(Account::new("475")));
    let call = &calls.calls()[0];
    assert_eq!(serde_json::from_slice::<Value>(&call.body).unwrap(), json!({"member-id": "475"}));
    assert_eq!(call.headers["accept"], "application/json");

    let conflict = FetchError::Rejected { call: call::USERS.to_owned(), status: 409 };
    let (_, mut cx) = door(Recorded::new().fail(call::USERS, conflict));
    assert_eq!(Polar.connected(&mut cx).await, Ok(Account::new("475")), "registered before");

    let refused = FetchError::Forbidden { call: call::USERS.to_owned() };
    let (_, mut cx) = door(Recorded::new().fail(call::USERS, refused));
    let error = Polar.connected(&mut cx).await.unwrap_err().to_string();
    assert!(error.contains("mandatory consents"), "{error}");
}

#[tokio::test]
async fn a_token_that_names_nobody_is_malformed() {
    let now = instant("2026-05-02T00:00:00Z");
    let mut cx = Fetch::new(Arc::new(Recorded::new()), Box::new(Kept::default()), Arc::new(app()), None, now);
    assert!(matches!(Polar.connected(&mut cx).await, Err(FetchError::Malformed { .. })));
}

#[tokio::test]
async fn a_disconnect_ends_the_registration_and_one_that_is_gone_is_no_error() {
    for answer in [Ok(""), Err(gone(call::USER)), Err(FetchError::Forbidden { call: call::USER.to_owned() })]
    {
        let is_error = matches!(answer, Err(FetchError::Forbidden { .. }));
        let door = match answer {
            Ok(body) => Recorded::new().answer(call::USER, body),
            Err(error) => Recorded::new().fail(call::USER, error),
        };
        let door = Arc::new(door);
        let account = Some(Account::new("475"));
        let now = instant("2026-05-02T00:00:00Z");
        let mut cx = Fetch::new(door.clone(), Box::new(Kept::default()), Arc::new(app()), account, now);
        assert_eq!(Polar.disconnect(&mut cx).await.is_err(), is_error);
        let call = &door.calls()[0];
        assert_eq!((&call.method, &call.args[..]), (&Method::DELETE, &[("user-id", "475".to_owned())][..]));
    }
}

#[tokio::test]
async fn exercises_of_the_window_and_those_uploaded_in_it_are_taken() {
    let list = json!([
        run_of("late", "2026-04-20T08:00:00", "2026-05-02T10:00:00Z"),
        run_of("over-midnight", "2026-05-02T01:30:00", "2026-05-10T10:00:00Z"),
        run_of("before", "2026-05-02T00:30:00", "2026-05-01T10:00:00Z"),
        run_of("after", "2026-05-03T02:00:00", "2026-05-03T10:00:00Z"),
    ]);
    let run = run(ACTIVITY, &[], |door| door.answer(call::EXERCISES, list.to_string())).await;
    let ids: Vec<_> =
        run.records.iter().map(|record| record["metadata"]["summary_id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["late", "over-midnight"]);
    let query: Vec<_> = run.calls[0].query.iter().map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!(query, ["samples=true", "zones=true", "route=true"]);
}

#[tokio::test]
async fn a_named_exercise_that_is_missing_does_not_keep_the_others_back() {
    let run = run(ACTIVITY, &["gone", "there"], |door| {
        let there = run_of("there", "2026-05-02T08:00:00", "2026-05-02T10:00:00Z").to_string();
        door.fail(call::EXERCISE, gone(call::EXERCISE)).answer(call::EXERCISE, there)
    })
    .await;
    assert_eq!(run.result, Err(gone(call::EXERCISE)));
    assert_eq!(run.records.len(), 1);
}

#[tokio::test]
async fn the_fit_file_is_read_for_a_recorded_exercise_without_samples_alone() {
    let point = |second: u32, beats: u8| {
        let time = (writer::MORNING + second).to_le_bytes();
        (time, beats)
    };
    let mut file = writer::Writer::of_type(4);
    for (time, beats) in [point(0, 100), point(5, 110)] {
        file = file.message(writer::RECORD, &[(253, writer::UINT32, &time), (3, writer::UINT8, &[beats])]);
    }
    let file = file.file();
    let exercise = |device: Value, samples: Value| {
        json!([{"id": "a", "start_time": "2026-05-02T08:00:00", "start_time_utc_offset": 0, "duration": "PT5S",
            "sport": "RUNNING", "heart_rate": {"average": 99, "maximum": 120}, "device": device, "samples": samples}])
    };
    let lists = json!([{"recording-rate": 1, "sample-type": "0", "data": "1,2,3"}]);
    for (device, samples, read, beats) in [
        (json!("Polar Vantage V3"), Value::Null, true, 2),
        (json!("Polar Vantage V3"), json!([{"recording-rate": 1, "sample-type": "0", "data": ""}]), true, 2),
        (json!("Polar Vantage V3"), lists, false, 3),
        (Value::Null, Value::Null, false, 0),
    ] {
        let body = exercise(device, samples).to_string();
        let file = file.clone();
        let run =
            run(ACTIVITY, &[], |door| door.answer(call::EXERCISES, body).answer(call::EXERCISE_FIT, file))
                .await;
        assert_eq!(run.result, Ok(()));
        assert_eq!(run.called().contains(&call::EXERCISE_FIT), read);
        let heart_rate = &run.records[0]["heart_rate_data"];
        let samples = heart_rate["detailed"]["hr_samples"].as_array();
        assert_eq!(samples.map_or(0, Vec::len), beats);
        assert_eq!(heart_rate["summary"]["avg_hr_bpm"], 99.0, "what the JSON says stands");
    }
}

#[tokio::test]
async fn nothing_is_said_in_three_ways() {
    for resource in [ACTIVITY, BODY, DAILY, SLEEP] {
        let documents = SPEC.resource(resource).unwrap().documents;
        for empty in [Some(""), None] {
            let answered = run(resource, &[], |door| {
                documents.iter().fold(door, |door, document| match empty {
                    Some(body) => door.answer(document.template, body),
                    None => door.fail(document.template, gone(document.template)),
                })
            });
            let run = answered.await;
            assert_eq!((run.result, run.records.len()), (Ok(()), 0), "{resource} {empty:?}");
        }
    }
    let run = run(ATHLETE, &[], |door| {
        door.answer(call::USER, "").fail(call::PHYSICAL_INFO, gone(call::PHYSICAL_INFO))
    })
    .await;
    assert_eq!(run.records, [json!({"provider_user_id": "475"})]);
}

#[tokio::test]
async fn an_error_halfway_is_an_error() {
    let transient = |call: &str| FetchError::Transient {
        call: call.to_owned(),
        reason: "503".to_owned(),
        retry_after: None,
    };
    let day = json!([{"start_time": "2026-05-02T00:00:00", "steps": 5}]).to_string();
    let run = run(DAILY, &[], |door| {
        door.answer(call::ACTIVITIES, day).fail(call::HEART_RATE, transient(call::HEART_RATE))
    })
    .await;
    assert_eq!((run.result, run.records.len()), (Err(transient(call::HEART_RATE)), 0));
}

#[tokio::test]
async fn heart_rate_is_read_as_seen_and_as_documented() {
    let day =
        json!({"date": "2026-05-02", "heart_rate_samples": [{"heart_rate": 58, "sample_time": "00:02:10"}]});
    for body in [json!({"heart_rates": [day]}), day.clone()] {
        let run = run(DAILY, &[], |door| door.answer(call::HEART_RATE, body.to_string())).await;
        let samples = &run.records[0]["heart_rate_data"]["detailed"]["hr_samples"];
        assert_eq!(samples[0], json!({"timestamp": "2026-05-02T00:02:10.000000", "bpm": 58.0}));
    }
}

#[tokio::test]
async fn named_days_are_asked_for_and_nothing_around_them() {
    let load =
        json!([{"date": "2026-05-02", "cardio_load_status": "PRODUCTIVE", "strain": 12.5}]).to_string();
    let run = run(DAILY, &["2026-05-02"], |door| door.answer(call::CARDIO_LOAD, load)).await;
    assert_eq!(run.records[0]["strain_data"]["strain_level"], 12.5);
    for call in &run.calls {
        assert_eq!(call.query[..2], [("from", "2026-05-02".to_owned()), ("to", "2026-05-02".to_owned())]);
    }
    let night = json!({"date": "2026-05-02", "sleep_start_time": "2026-05-01T23:05:30+02:00",
        "sleep_end_time": "2026-05-02T06:55:30+02:00"});
    let run = self::run(SLEEP, &["2026-05-02"], |door| {
        door.answer(call::NIGHT, night.to_string()).fail(call::RECHARGE, gone(call::RECHARGE))
    })
    .await;
    assert_eq!(run.called(), [call::NIGHT, call::RECHARGE, call::SKIN_TEMPERATURE]);
    assert_eq!(run.records.len(), 1);
    let run = self::run(SLEEP, &["no-day"], |door| door).await;
    assert!(matches!(run.result, Err(FetchError::Unsupported { .. })));
}

#[test]
fn no_range_of_a_window_is_longer_than_polar_answers() {
    for resource in SPEC.resources.iter().filter(|resource| [BODY, DAILY].contains(&resource.name)) {
        let from = instant("2026-05-02T11:59:59Z");
        let window = Window::new(from, from + resource.max_window);
        let ranges = days::Wanted::Window(window).ranges(instant("2026-06-20T00:00:00Z"));
        assert_eq!(ranges.len(), 1, "{}", resource.name);
    }
}
