use std::sync::Arc;

use serde_json::{Value, json};
use tributary_contract::model::DataType;
use tributary_contract::recorded::{Kept, Recorded};
use tributary_contract::{Cause, Emitted, Secret, Window};

use super::collection::{
    Collection, DAILY_ACTIVITY, DAILY_READINESS, DAILY_SLEEP, DAILY_SPO2, DAILY_STRESS, ENHANCED_TAG,
    HEART_RATE, RING_CONFIGURATION, SESSION, SLEEP_PERIODS, VO2_MAX, WORKOUT,
};
use super::*;

fn instant(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// One job against recorded answers.
struct Case {
    resource: &'static str,
    door: Recorded,
    window: Window,
    ids: Vec<String>,
    scopes: Vec<String>,
}

struct Run {
    result: Result<(), FetchError>,
    records: Vec<Value>,
    deleted: Vec<(DataType, String)>,
    calls: Vec<Request>,
}

impl Case {
    /// All lists are empty until they are answered.
    fn of(resource: &'static str) -> Self {
        Self {
            resource,
            door: Recorded::for_resource(SPEC.resource(resource).unwrap()),
            window: Window::new(instant("2026-05-02T00:00:00Z"), instant("2026-05-03T00:00:00Z")),
            ids: Vec::new(),
            scopes: Vec::new(),
        }
    }

    fn list(mut self, collection: Collection, documents: Value) -> Self {
        self.door = self.door.answer(collection.list, page(documents, None));
        self
    }

    fn page(mut self, collection: Collection, documents: Value, next: &str) -> Self {
        self.door = self.door.answer(collection.list, page(documents, Some(next)));
        self
    }

    fn document(mut self, collection: Collection, document: Value) -> Self {
        self.door = self.door.answer(collection.document, document.to_string());
        self
    }

    fn fail(mut self, template: &str, error: fn(String) -> FetchError) -> Self {
        self.door = self.door.fail(template, error(template.to_owned()));
        self
    }

    fn named(mut self, ids: &[&str]) -> Self {
        self.ids = ids.iter().map(|&id| id.to_owned()).collect();
        self
    }

    fn window(mut self, from: &str, to: &str) -> Self {
        self.window = Window::new(instant(from), instant(to));
        self
    }

    fn granted(mut self, scopes: &[&str]) -> Self {
        self.scopes = scopes.iter().map(|&scope| scope.to_owned()).collect();
        self
    }

    async fn run(self) -> Run {
        let (door, kept) = (Arc::new(self.door), Kept::default());
        let account = Account { scopes: self.scopes, ..Account::new("e4b8f9d2") };
        let now = instant("2026-06-01T00:00:00Z");
        let mut cx = Fetch::new(door.clone(), Box::new(kept.clone()), Arc::new(app()), Some(account), now);
        let job = Job {
            resource: SPEC.resource(self.resource).unwrap(),
            window: self.window,
            cause: Cause::Poll,
            cursor: None,
            ids: self.ids,
        };
        let result = Oura.fetch(&mut cx, &job).await;
        let mut emitted = kept.take();
        if result.is_ok() {
            emitted.extend(cx.take_emitted());
        }
        let mut run = Run { result, records: Vec::new(), deleted: Vec::new(), calls: door.calls() };
        for one in emitted {
            match one {
                Emitted::Record(record) => run.records.push(serde_json::to_value(&record).unwrap()),
                Emitted::Deleted { data_type, key } => run.deleted.push((data_type, key.to_string())),
            }
        }
        run
    }
}

impl Run {
    fn days(&self) -> Vec<String> {
        let start = |record: &Value| record["metadata"]["start_time"].as_str().unwrap()[..10].to_owned();
        self.records.iter().map(start).collect()
    }

    fn ids(&self) -> Vec<&str> {
        self.records.iter().map(|record| record["metadata"]["summary_id"].as_str().unwrap()).collect()
    }

    fn called(&self, template: &str) -> Vec<&Request> {
        self.calls.iter().filter(|call| call.template == template).collect()
    }
}

fn app() -> App {
    App {
        client_id: "client".to_owned(),
        client_secret: Secret::from("planted-secret"),
        verify_token: Some(Secret::from("our-word")),
        callback_url: "https://sync.example.com/auth/oura/callback".to_owned(),
        notify_url: "https://sync.example.com/notify/oura".to_owned(),
    }
}

fn page(documents: Value, next: Option<&str>) -> String {
    json!({ "data": documents, "next_token": next }).to_string()
}

fn night(id: &str, day: &str, start: &str, end: &str) -> Value {
    json!({"id": id, "day": day, "type": "long_sleep", "bedtime_start": start, "bedtime_end": end})
}

fn active(day: &str, offset: &str) -> Value {
    json!({"id": format!("a-{day}"), "day": day, "timestamp": format!("{day}T04:00:00{offset}"), "steps": 1000})
}

fn run_of(id: &str, day: &str, start: &str, end: &str) -> Value {
    json!({"id": id, "day": day, "activity": "running", "start_datetime": start, "end_datetime": end})
}

fn beat(timestamp: &str, bpm: u32) -> Value {
    json!({"timestamp": timestamp, "bpm": bpm, "source": "awake", "timestamp_unix": 0})
}

fn forbidden(call: String) -> FetchError {
    FetchError::Forbidden { call }
}

fn unauthorised(call: String) -> FetchError {
    FetchError::Auth { call, reason: "401".to_owned() }
}

fn transient(call: String) -> FetchError {
    FetchError::Transient { call, reason: "503".to_owned(), retry_after: None }
}

fn gone(call: String) -> FetchError {
    FetchError::Gone { call }
}

#[tokio::test]
async fn the_account_is_the_id_that_notifications_carry() {
    let door = Recorded::new().answer(PERSONAL_INFO, r#"{"id": "e4b8f9d2-3c6a", "age": null}"#);
    let mut cx = Fetch::new(
        Arc::new(door),
        Box::new(Kept::default()),
        Arc::new(app()),
        None,
        instant("2026-05-02T00:00:00Z"),
    );
    assert_eq!(Oura.connected(&mut cx).await, Ok(Account::new("e4b8f9d2-3c6a")));
    assert_eq!(Oura.disconnect(&mut cx).await, Ok(()));
}

#[tokio::test]
async fn a_list_is_read_to_its_last_page() {
    let run = Case::of(SLEEP)
        .page(
            SLEEP_PERIODS,
            json!([night("s-1", "2026-05-02", "2026-05-01T23:00:00Z", "2026-05-02T07:00:00Z")]),
            "p2",
        )
        .page(SLEEP_PERIODS, json!([]), "p3")
        .list(
            SLEEP_PERIODS,
            json!([night("s-2", "2026-05-02", "2026-05-02T13:00:00Z", "2026-05-02T14:00:00Z")]),
        )
        .run()
        .await;
    assert_eq!((run.result.clone(), run.ids()), (Ok(()), vec!["s-1", "s-2"]));
    let queries: Vec<_> = run.called(SLEEP_PERIODS.list).iter().map(|call| call.query.clone()).collect();
    let days = [("start_date", "2026-05-01".to_owned()), ("end_date", "2026-05-05".to_owned())];
    assert_eq!(queries[0], days);
    assert_eq!(queries[1], [&days[..], &[("next_token", "p2".to_owned())]].concat());
    assert_eq!(queries[2], [&days[..], &[("next_token", "p3".to_owned())]].concat());
}

#[tokio::test]
async fn an_error_on_the_second_page_is_an_error_and_nothing_is_emitted() {
    for (resource, collection) in [
        (SLEEP, SLEEP_PERIODS),
        (DAILY, DAILY_STRESS),
        (ACTIVITY, SESSION),
        (BODY, VO2_MAX),
        (ATHLETE, RING_CONFIGURATION),
    ] {
        let mut case = Case::of(resource).page(collection, json!([]), "p2").fail(collection.list, transient);
        case.door = case.door.answer(PERSONAL_INFO, r#"{"id": "e4b8f9d2"}"#);
        let run = case.run().await;
        assert_eq!(run.result, Err(transient(collection.list.to_owned())), "{resource}");
        assert_eq!(run.records.len(), 0);
    }
}

#[tokio::test]
async fn heart_rate_that_breaks_off_is_not_taken_for_all_of_it() {
    let run = Case::of(DAILY)
        .list(DAILY_ACTIVITY, json!([active("2026-05-02", "+02:00")]))
        .page(HEART_RATE, json!([beat("2026-05-02T09:05:00+00:00", 61)]), "p2")
        .fail(HEART_RATE.list, transient)
        .run()
        .await;
    assert_eq!((run.result, run.records.len()), (Err(transient(HEART_RATE.list.to_owned())), 0));
}

#[tokio::test]
async fn a_list_that_turns_in_a_circle_is_malformed() {
    let run =
        Case::of(SLEEP).page(SLEEP_PERIODS, json!([]), "p2").page(SLEEP_PERIODS, json!([]), "p2").run().await;
    assert!(matches!(run.result, Err(FetchError::Malformed { .. })), "{:?}", run.result);
}

#[tokio::test]
async fn a_malformed_document_is_named_and_not_quoted() {
    let run = Case::of(SLEEP).list(SLEEP_PERIODS, json!([{"id": "planted-id", "day": 7}])).run().await;
    let error = run.result.unwrap_err().to_string();
    assert!(error.contains(SLEEP_PERIODS.list) && !error.contains("planted"), "{error}");
}

#[tokio::test]
async fn a_part_that_is_closed_is_left_out() {
    for refusal in [forbidden, unauthorised] {
        let run = Case::of(DAILY)
            .list(DAILY_ACTIVITY, json!([active("2026-05-02", "+02:00")]))
            .fail(DAILY_SPO2.list, refusal)
            .fail(ENHANCED_TAG.list, refusal)
            .fail(HEART_RATE.list, refusal)
            .run()
            .await;
        assert_eq!((run.result, run.records.len()), (Ok(()), 1));

        let run = Case::of(ACTIVITY)
            .list(
                WORKOUT,
                json!([run_of("w-1", "2026-05-02", "2026-05-02T08:00:00Z", "2026-05-02T09:00:00Z")]),
            )
            .fail(SESSION.list, refusal)
            .fail(HEART_RATE.list, refusal)
            .run()
            .await;
        assert_eq!((run.result.clone(), run.ids()), (Ok(()), vec!["w-1"]));

        let run = Case::of(SLEEP)
            .list(
                SLEEP_PERIODS,
                json!([night("s-1", "2026-05-02", "2026-05-01T23:00:00Z", "2026-05-02T07:00:00Z")]),
            )
            .fail(DAILY_SLEEP.list, refusal)
            .run()
            .await;
        assert_eq!((run.result.clone(), run.ids()), (Ok(()), vec!["s-1"]));
    }
}

#[tokio::test]
async fn when_all_parts_are_closed_the_refusal_is_the_answer() {
    for resource in [SLEEP, DAILY, ACTIVITY, BODY] {
        let mut case = Case::of(resource);
        for document in SPEC.resource(resource).unwrap().documents {
            case = case.fail(document.template, forbidden);
        }
        let run = case.run().await;
        assert!(matches!(run.result, Err(FetchError::Forbidden { .. })), "{resource}");
    }
    let run = Case::of(ACTIVITY).fail(WORKOUT.list, forbidden).fail(SESSION.list, unauthorised).run().await;
    assert_eq!(run.result, Err(unauthorised(SESSION.list.to_owned())), "lost consent weighs more");
    let run = Case::of(ATHLETE).fail(PERSONAL_INFO, forbidden).run().await;
    assert_eq!(run.result, Err(forbidden(PERSONAL_INFO.to_owned())));
}

#[tokio::test]
async fn what_was_not_granted_is_not_asked_for() {
    for prefix in ["", "extapi:"] {
        let scopes = ["daily", "workout"].map(|scope| format!("{prefix}{scope}"));
        let scopes = [scopes[0].as_str(), scopes[1].as_str()];
        let run = Case::of(ACTIVITY)
            .granted(&scopes)
            .list(
                WORKOUT,
                json!([run_of("w-1", "2026-05-02", "2026-05-02T08:00:00Z", "2026-05-02T09:00:00Z")]),
            )
            .run()
            .await;
        assert_eq!((run.result.clone(), run.ids(), run.calls.len()), (Ok(()), vec!["w-1"], 1));

        let run = Case::of(DAILY).granted(&scopes).run().await;
        let closed =
            [DAILY_SPO2, ENHANCED_TAG, HEART_RATE].map(|collection| run.called(collection.list).len());
        assert_eq!((run.result, closed), (Ok(()), [0, 0, 0]));
    }
    let run = Case::of(ACTIVITY).granted(&["extapi:daily"]).run().await;
    assert!(matches!(run.result, Err(FetchError::Unsupported { .. })), "{:?}", run.result);
    let run = Case::of(BODY).granted(&["extapi:spo2"]).run().await;
    assert_eq!(run.called(DAILY_SPO2.list).len(), 1);
}

#[tokio::test]
async fn days_at_both_ends_of_the_earth_are_kept_by_their_own_midnights() {
    let days = |offset: &'static str, from: &'static str, to: &'static str| async move {
        let all = ["2026-05-01", "2026-05-02", "2026-05-03", "2026-05-04"].map(|day| active(day, offset));
        let run = Case::of(DAILY).window(from, to).list(DAILY_ACTIVITY, json!(all)).run().await;
        assert_eq!(run.result, Ok(()));
        run.days()
    };
    // At UTC−12 the 2nd begins at 12:00Z, at UTC+14 the 3rd begins on the 2nd at 10:00Z.
    assert_eq!(days("-12:00", "2026-05-02T00:00:00Z", "2026-05-02T12:00:00Z").await, ["2026-05-01"]);
    assert_eq!(days("-12:00", "2026-05-02T12:00:00Z", "2026-05-03T12:00:00Z").await, ["2026-05-02"]);
    assert_eq!(days("-12:00", "2026-05-02T11:59:59Z", "2026-05-03T12:00:01Z").await.len(), 3);
    assert_eq!(days("+14:00", "2026-05-02T09:59:59Z", "2026-05-02T10:00:00Z").await, ["2026-05-02"]);
    assert_eq!(days("+14:00", "2026-05-02T10:00:00Z", "2026-05-03T10:00:00Z").await, ["2026-05-03"]);
    assert_eq!(days("+14:00", "2026-05-02T23:00:00Z", "2026-05-03T00:00:00Z").await, ["2026-05-03"], "today");
}

#[tokio::test]
async fn sleep_is_kept_by_the_day_of_waking_or_by_its_time() {
    let run = Case::of(SLEEP)
        .window("2026-05-02T18:00:00Z", "2026-05-02T19:00:00Z")
        .list(
            SLEEP_PERIODS,
            json!([
                night("before", "2026-05-01", "2026-04-30T22:00:00+00:00", "2026-05-01T06:00:00+00:00"),
                night("waking", "2026-05-02", "2026-05-01T22:00:00+00:00", "2026-05-02T06:00:00+00:00"),
                night("late_nap", "2026-05-03", "2026-05-02T17:30:00+00:00", "2026-05-02T18:30:00+00:00"),
                night("after", "2026-05-03", "2026-05-02T22:00:00+00:00", "2026-05-03T06:00:00+00:00"),
            ]),
        )
        .run()
        .await;
    assert_eq!(run.ids(), ["waking", "late_nap"]);
}

#[tokio::test]
async fn a_night_over_a_clock_change_keeps_both_offsets() {
    // In Paris the clocks go forward at 01:00Z on 29 March 2026.
    let mut sleep = night("s-1", "2026-03-29", "2026-03-28T23:30:00+01:00", "2026-03-29T08:00:00+02:00");
    sleep["time_in_bed"] = json!(27_000);
    let case = Case::of(SLEEP).window("2026-03-29T00:00:00Z", "2026-03-30T00:00:00Z");
    let run = case.list(SLEEP_PERIODS, json!([sleep])).run().await;
    let record = &run.records[0];
    assert_eq!(record["metadata"]["start_time"], "2026-03-28T23:30:00.000000+01:00");
    assert_eq!(record["metadata"]["end_time"], "2026-03-29T08:00:00.000000+02:00");
    // 22:30Z to 06:00Z are 7 h 30 min; the clocks on the wall are 8 h 30 min apart.
    assert_eq!(record["sleep_durations_data"]["other"]["duration_in_bed_seconds"], 27_000.0);
}

#[tokio::test]
async fn tombstones_become_deletions() {
    let mut deleted = night("s-2", "2026-05-02", "2026-05-01T23:00:00Z", "2026-05-02T07:00:00Z");
    deleted["type"] = json!("deleted");
    let run = Case::of(SLEEP).list(SLEEP_PERIODS, json!([deleted])).run().await;
    assert_eq!((run.records.len(), run.deleted), (0, vec![(DataType::Sleep, "s-2".to_owned())]));
}

#[tokio::test]
async fn a_day_is_one_record_of_all_its_documents() {
    let run = Case::of(DAILY)
        .list(DAILY_ACTIVITY, json!([active("2026-05-02", "+02:00")]))
        .list(
            DAILY_READINESS,
            json!([{"day": "2026-05-02", "timestamp": "2026-05-02T00:00:00+00:00", "score": 84}]),
        )
        .list(DAILY_SLEEP, json!([{"day": "2026-05-02", "score": 85}, {"day": "2026-05-03", "score": 80}]))
        .list(DAILY_SPO2, json!([{"day": "2026-05-02", "spo2_percentage": {"average": 97.1}}]))
        .run()
        .await;
    // Without an offset the 3rd may have begun somewhere before the 3rd in UTC.
    assert_eq!(run.days(), ["2026-05-02", "2026-05-03"]);
    let [day, next] = &run.records[..] else { panic!() };
    assert_eq!(day["metadata"]["start_time"], "2026-05-02T00:00:00.000000+02:00");
    assert_eq!((&day["scores"]["recovery"], &day["scores"]["sleep"]), (&json!(84.0), &json!(85.0)));
    assert_eq!(day["oxygen_data"]["avg_saturation_percentage"], 97.1);
    assert_eq!(next["metadata"]["start_time"], "2026-05-03T00:00:00.000000", "no offset is guessed");
}

#[tokio::test]
async fn heart_rate_goes_to_the_day_that_it_was_measured_on() {
    let run = Case::of(DAILY)
        .window("2026-05-02T10:00:00Z", "2026-05-02T11:00:00Z")
        .list(DAILY_ACTIVITY, json!([active("2026-05-01", "+02:00"), active("2026-05-02", "+02:00")]))
        .list(
            HEART_RATE,
            json!([
                beat("2026-05-02T22:00:00+00:00", 50),
                beat("2026-05-02T21:59:59+00:00", 51),
                beat("2026-05-01T22:00:00+00:00", 52),
                beat("2026-05-01T22:00:00+00:00", 52),
                beat("2026-05-01T21:59:59+00:00", 53),
            ]),
        )
        .run()
        .await;
    let [day] = &run.records[..] else { panic!("{:?}", run.days()) };
    let samples = day["heart_rate_data"]["detailed"]["hr_samples"].as_array().unwrap();
    let written: Vec<_> = samples.iter().map(|sample| (&sample["timestamp"], &sample["bpm"])).collect();
    assert_eq!(
        written,
        [
            (&json!("2026-05-02T00:00:00.000000+02:00"), &json!(52.0)),
            (&json!("2026-05-02T23:59:59.000000+02:00"), &json!(51.0)),
        ]
    );
    let query = &run.called(HEART_RATE.list)[0].query;
    assert_eq!(query[0], ("start_datetime", "2026-05-01T22:00:00+00:00".to_owned()), "the whole day");
    assert_eq!(query[1], ("end_datetime", "2026-05-02T22:00:00+00:00".to_owned()));
}

#[tokio::test]
async fn heart_rate_of_the_future_is_not_asked_for() {
    let run = Case::of(DAILY)
        .window("2026-05-31T00:00:00Z", "2026-06-01T00:00:00Z")
        .list(DAILY_ACTIVITY, json!([active("2026-05-31", "-10:00"), active("2026-06-02", "-10:00")]))
        .run()
        .await;
    assert_eq!(run.days(), ["2026-05-31"]);
    assert_eq!(run.called(HEART_RATE.list)[0].query[1].1, "2026-06-01T00:00:00+00:00");
}

#[tokio::test]
async fn the_longest_window_needs_one_call_for_heart_rate() {
    let days: Vec<Value> = (1..=30).map(|day| active(&format!("2026-04-{day:02}"), "-04:00")).collect();
    let resource = SPEC.resource(DAILY).unwrap();
    let to = instant("2026-04-29T12:00:00Z");
    let mut case = Case::of(DAILY).list(DAILY_ACTIVITY, json!(days));
    case.window = Window::new(to - resource.max_window, to);
    let run = case.run().await;
    assert_eq!((run.result.clone(), run.records.len()), (Ok(()), 29));
    assert_eq!(run.called(HEART_RATE.list).len(), 1);
    for case in [Case::of(DAILY), Case::of(ACTIVITY)] {
        assert!(SPEC.resource(case.resource).unwrap().max_window.as_secs() <= 30 * 86_400);
    }
}

#[tokio::test]
async fn a_workout_has_the_heart_rate_of_its_time() {
    let run = Case::of(ACTIVITY)
        .list(
            WORKOUT,
            json!([
                run_of("w-1", "2026-05-02", "2026-05-02T08:00:00+02:00", "2026-05-02T08:40:00+02:00"),
                run_of("w-2", "2026-05-02", "2026-05-02T18:00:00-05:00", "2026-05-02T18:00:00-05:00"),
            ]),
        )
        .list(
            HEART_RATE,
            json!([
                beat("2026-05-02T05:59:59+00:00", 60),
                beat("2026-05-02T06:00:00+00:00", 120),
                beat("2026-05-02T06:39:59+00:00", 150),
                beat("2026-05-02T06:40:00+00:00", 90),
            ]),
        )
        .run()
        .await;
    assert_eq!(run.ids(), ["w-1", "w-2"]);
    let samples = run.records[0]["heart_rate_data"]["detailed"]["hr_samples"].as_array().unwrap();
    let beats: Vec<_> = samples.iter().map(|sample| sample["bpm"].as_f64().unwrap()).collect();
    assert_eq!(
        (beats, &samples[0]["timestamp"]),
        (vec![120.0, 150.0], &json!("2026-05-02T08:00:00.000000+02:00"))
    );
    assert_eq!(run.records[1].get("heart_rate_data"), None, "a moment without length has none");
    assert_eq!(run.called(HEART_RATE.list).len(), 1);
}

#[tokio::test]
async fn a_session_asks_for_heart_rate_only_without_a_series_of_its_own() {
    let session = |id: &str, items: Value| {
        json!({
            "id": id, "day": "2026-05-02", "type": "meditation",
            "start_datetime": "2026-05-02T12:00:00Z", "end_datetime": "2026-05-02T12:10:00Z",
            "heart_rate": {"interval": 5.0, "items": items, "timestamp": "2026-05-02T12:00:00Z"},
        })
    };
    let run = Case::of(ACTIVITY).list(SESSION, json!([session("m-1", json!([61.0]))])).run().await;
    assert_eq!(run.called(HEART_RATE.list).len(), 0);
    assert_eq!(run.records[0]["heart_rate_data"]["detailed"]["hr_samples"][0]["bpm"], 61.0);

    let run = Case::of(ACTIVITY)
        .list(SESSION, json!([session("m-1", json!([null]))]))
        .list(HEART_RATE, json!([beat("2026-05-02T12:05:00+00:00", 62)]))
        .run()
        .await;
    assert_eq!(run.records[0]["heart_rate_data"]["detailed"]["hr_samples"][0]["bpm"], 62.0);
}

#[tokio::test]
async fn a_named_document_leads_to_the_whole_of_its_day() {
    let run = Case::of(DAILY)
        .named(&["daily_readiness:r-1", "enhanced_tag:t-1"])
        .window("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z")
        .document(DAILY_READINESS, json!({"id": "r-1", "day": "2026-05-02", "score": 84}))
        .document(
            ENHANCED_TAG,
            json!({"id": "t-1", "start_day": "2026-05-02", "start_time": "2026-05-02T09:00:00"}),
        )
        .list(DAILY_ACTIVITY, json!([active("2026-05-01", "+02:00"), active("2026-05-02", "+02:00")]))
        .list(DAILY_READINESS, json!([{"day": "2026-05-02", "score": 84}]))
        .run()
        .await;
    assert_eq!(
        (run.result.clone(), run.days()),
        (Ok(()), vec!["2026-05-02".to_owned()]),
        "whatever the job's window"
    );
    assert_eq!(run.records[0]["distance_data"]["steps"], 1000);
    assert_eq!(run.called(DAILY_READINESS.document)[0].args, [("document_id", "r-1".to_owned())]);
    assert_eq!(run.called(DAILY_ACTIVITY.list).len(), 1, "once for both");
}

#[tokio::test]
async fn named_sleep_is_read_itself_and_not_listed() {
    let run = Case::of(SLEEP)
        .named(&["sleep:s-1"])
        .document(SLEEP_PERIODS, night("s-1", "2026-05-02", "2026-05-01T23:00:00Z", "2026-05-02T07:00:00Z"))
        .list(DAILY_SLEEP, json!([{"day": "2026-05-02", "score": 85}]))
        .run()
        .await;
    assert_eq!((run.result.clone(), run.ids()), (Ok(()), vec!["s-1"]));
    assert_eq!(run.records[0]["scores"]["sleep"], 85.0);
    assert_eq!(run.calls.len(), 2);
}

#[tokio::test]
async fn a_named_score_brings_the_sleep_of_its_day() {
    let run = Case::of(SLEEP)
        .named(&["daily_sleep:d-1", "sleep:s-2"])
        .document(DAILY_SLEEP, json!({"id": "d-1", "day": "2026-05-02", "score": 85}))
        .document(SLEEP_PERIODS, night("s-2", "2026-03-02", "2026-03-01T23:00:00Z", "2026-03-02T07:00:00Z"))
        .list(
            SLEEP_PERIODS,
            json!([
                night("s-0", "2026-05-01", "2026-04-30T23:00:00Z", "2026-05-01T07:00:00Z"),
                night("s-1", "2026-05-02", "2026-05-01T23:00:00Z", "2026-05-02T07:00:00Z"),
            ]),
        )
        .list(DAILY_SLEEP, json!([{"day": "2026-05-02", "score": 85}]))
        .run()
        .await;
    assert_eq!((run.result.clone(), run.ids()), (Ok(()), vec!["s-2", "s-1"]));
    assert_eq!(run.records[1]["scores"]["sleep"], 85.0);
}

#[tokio::test]
async fn named_activities_are_read_themselves() {
    let run = Case::of(ACTIVITY)
        .named(&["workout:w-1", "session:m-1"])
        .document(WORKOUT, run_of("w-1", "2026-05-02", "2026-05-02T08:00:00Z", "2026-05-02T09:00:00Z"))
        .document(
            SESSION,
            json!({
                "id": "m-1", "day": "2026-05-01", "type": "breathing",
                "start_datetime": "2026-05-01T12:00:00Z", "end_datetime": "2026-05-01T12:10:00Z",
            }),
        )
        .run()
        .await;
    assert_eq!((run.result.clone(), run.ids()), (Ok(()), vec!["m-1", "w-1"]));
    assert_eq!((run.called(WORKOUT.list).len(), run.called(HEART_RATE.list).len()), (0, 2));
}

#[tokio::test]
async fn one_that_is_not_there_yet_keeps_none_of_the_others_back() {
    for (resource, missing, other, collection, document) in [
        (
            ACTIVITY,
            "workout:gone",
            "session:m-1",
            SESSION,
            json!({
                "id": "m-1", "day": "2026-05-01", "start_datetime": "2026-05-01T12:00:00Z",
                "end_datetime": "2026-05-01T12:10:00Z",
            }),
        ),
        (
            SLEEP,
            "daily_sleep:gone",
            "sleep:s-1",
            SLEEP_PERIODS,
            night("s-1", "2026-05-02", "2026-05-01T23:00:00Z", "2026-05-02T07:00:00Z"),
        ),
        (BODY, "vo2_max:gone", "daily_spo2:o-1", DAILY_SPO2, json!({"id": "o-1", "day": "2026-05-02"})),
    ] {
        let missing_document = collection::find(missing.split_once(':').unwrap().0).unwrap().document;
        let run = Case::of(resource)
            .named(&[missing, other])
            .fail(missing_document, gone)
            .document(collection, document)
            .list(DAILY_SPO2, json!([{"day": "2026-05-02", "spo2_percentage": {"average": 97.0}}]))
            .run()
            .await;
        assert_eq!(run.result, Err(gone(missing_document.to_owned())), "{resource}");
        assert_eq!(run.records.len(), 1, "{resource}");
    }
}

#[tokio::test]
async fn a_job_for_documents_that_are_all_gone_lists_nothing() {
    let run = Case::of(DAILY).named(&["daily_activity:a-1"]).fail(DAILY_ACTIVITY.document, gone).run().await;
    assert_eq!(run.result, Err(gone(DAILY_ACTIVITY.document.to_owned())));
    assert_eq!((run.records.len(), run.calls.len()), (0, 1));
}

#[tokio::test]
async fn ids_of_another_form_are_refused_before_anything_is_sent() {
    for (resource, id) in
        [(DAILY, "a-1"), (SLEEP, "meal:1"), (ACTIVITY, "heartrate:1"), (ACTIVITY, "sleep:1"), (BODY, ":")]
    {
        let run = Case::of(resource).named(&[id]).run().await;
        assert!(matches!(run.result, Err(FetchError::Unsupported { .. })), "{id}: {:?}", run.result);
        assert_eq!(run.calls.len(), 0);
    }
}

#[tokio::test]
async fn the_profile_needs_no_rings() {
    for named in [&[][..], &["ring_configuration:r-1"]] {
        let mut case = Case::of(ATHLETE).named(named).fail(RING_CONFIGURATION.list, unauthorised);
        case.door = case.door.answer(PERSONAL_INFO, r#"{"id": "e4b8f9d2", "age": 36}"#);
        let run = case.run().await;
        assert_eq!(run.result, Ok(()));
        assert_eq!(run.records, [json!({"age": 36, "provider_user_id": "e4b8f9d2"})]);
    }
}

#[test]
fn every_document_of_a_resource_is_a_collection_of_it_or_heart_rate() {
    for collection in collection::NOTIFYING {
        for name in collection.resources {
            let resource = SPEC.resource(name).unwrap();
            let part = resource.documents.iter().find(|document| document.name == collection.data_type);
            assert_eq!(part.unwrap().template, collection.list, "{name} {}", collection.data_type);
        }
    }
    for resource in SPEC.resources {
        for document in resource.documents {
            let known =
                collection::find(document.name).is_some_and(|one| one.resources.contains(&resource.name));
            assert!(
                known || [PERSONAL_INFO, HEART_RATE.list].contains(&document.template),
                "{}",
                document.name
            );
        }
    }
}
