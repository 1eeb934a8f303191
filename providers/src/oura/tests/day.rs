//! Days and nights: which belong to a window, and what belongs to them.

use super::super::collection::{
    DAILY_ACTIVITY, DAILY_READINESS, DAILY_SLEEP, DAILY_SPO2, HEART_RATE, SESSION, SLEEP_PERIODS, WORKOUT,
};
use super::*;

#[tokio::test]
async fn days_at_both_ends_of_the_earth_are_kept_by_their_own_midnights() {
    let days = |offset: &'static str, from: &'static str, to: &'static str| async move {
        let all = ["2026-05-01", "2026-05-02", "2026-05-03", "2026-05-04"].map(|day| active(day, offset));
        let run = Case::of(DAILY).window(from, to).list(DAILY_ACTIVITY, &json!(all)).run().await;
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
            &json!([
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
    let run = case.list(SLEEP_PERIODS, &json!([sleep])).run().await;
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
    let run = Case::of(SLEEP).list(SLEEP_PERIODS, &json!([deleted])).run().await;
    assert_eq!((run.records.len(), run.deleted), (0, vec![(DataType::Sleep, "s-2".to_owned())]));
}

#[tokio::test]
async fn a_day_is_one_record_of_all_its_documents() {
    let run = Case::of(DAILY)
        .list(DAILY_ACTIVITY, &json!([active("2026-05-02", "+02:00")]))
        .list(
            DAILY_READINESS,
            &json!([{"day": "2026-05-02", "timestamp": "2026-05-02T00:00:00+00:00", "score": 84}]),
        )
        .list(DAILY_SLEEP, &json!([{"day": "2026-05-02", "score": 85}, {"day": "2026-05-03", "score": 80}]))
        .list(DAILY_SPO2, &json!([{"day": "2026-05-02", "spo2_percentage": {"average": 97.1}}]))
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
        .list(DAILY_ACTIVITY, &json!([active("2026-05-01", "+02:00"), active("2026-05-02", "+02:00")]))
        .list(
            HEART_RATE,
            &json!([
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
        .list(DAILY_ACTIVITY, &json!([active("2026-05-31", "-10:00"), active("2026-06-02", "-10:00")]))
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
    let mut case = Case::of(DAILY).list(DAILY_ACTIVITY, &json!(days));
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
            &json!([
                run_of("w-1", "2026-05-02", "2026-05-02T08:00:00+02:00", "2026-05-02T08:40:00+02:00"),
                run_of("w-2", "2026-05-02", "2026-05-02T18:00:00-05:00", "2026-05-02T18:00:00-05:00"),
            ]),
        )
        .list(
            HEART_RATE,
            &json!([
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
    let run = Case::of(ACTIVITY).list(SESSION, &json!([session("m-1", json!([61.0]))])).run().await;
    assert_eq!(run.called(HEART_RATE.list).len(), 0);
    assert_eq!(run.records[0]["heart_rate_data"]["detailed"]["hr_samples"][0]["bpm"], 61.0);

    let run = Case::of(ACTIVITY)
        .list(SESSION, &json!([session("m-1", json!([null]))]))
        .list(HEART_RATE, &json!([beat("2026-05-02T12:05:00+00:00", 62)]))
        .run()
        .await;
    assert_eq!(run.records[0]["heart_rate_data"]["detailed"]["hr_samples"][0]["bpm"], 62.0);
}
