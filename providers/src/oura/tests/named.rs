//! Documents that a notification named.

use super::super::collection::{
    DAILY_ACTIVITY, DAILY_READINESS, DAILY_SLEEP, DAILY_SPO2, ENHANCED_TAG, HEART_RATE, SESSION,
    SLEEP_PERIODS, WORKOUT,
};
use super::*;

#[tokio::test]
async fn a_named_document_leads_to_the_whole_of_its_day() {
    let run = Case::of(DAILY)
        .named(&["daily_readiness:r-1", "enhanced_tag:t-1"])
        .window("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z")
        .document(DAILY_READINESS, &json!({"id": "r-1", "day": "2026-05-02", "score": 84}))
        .document(
            ENHANCED_TAG,
            &json!({"id": "t-1", "start_day": "2026-05-02", "start_time": "2026-05-02T09:00:00"}),
        )
        .list(DAILY_ACTIVITY, &json!([active("2026-05-01", "+02:00"), active("2026-05-02", "+02:00")]))
        .list(DAILY_READINESS, &json!([{"day": "2026-05-02", "score": 84}]))
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
        .document(SLEEP_PERIODS, &night("s-1", "2026-05-02", "2026-05-01T23:00:00Z", "2026-05-02T07:00:00Z"))
        .list(DAILY_SLEEP, &json!([{"day": "2026-05-02", "score": 85}]))
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
        .document(DAILY_SLEEP, &json!({"id": "d-1", "day": "2026-05-02", "score": 85}))
        .document(SLEEP_PERIODS, &night("s-2", "2026-03-02", "2026-03-01T23:00:00Z", "2026-03-02T07:00:00Z"))
        .list(
            SLEEP_PERIODS,
            &json!([
                night("s-0", "2026-05-01", "2026-04-30T23:00:00Z", "2026-05-01T07:00:00Z"),
                night("s-1", "2026-05-02", "2026-05-01T23:00:00Z", "2026-05-02T07:00:00Z"),
            ]),
        )
        .list(DAILY_SLEEP, &json!([{"day": "2026-05-02", "score": 85}]))
        .run()
        .await;
    assert_eq!((run.result.clone(), run.ids()), (Ok(()), vec!["s-2", "s-1"]));
    assert_eq!(run.records[1]["scores"]["sleep"], 85.0);
}

#[tokio::test]
async fn named_activities_are_read_themselves() {
    let run = Case::of(ACTIVITY)
        .named(&["workout:w-1", "session:m-1"])
        .document(WORKOUT, &run_of("w-1", "2026-05-02", "2026-05-02T08:00:00Z", "2026-05-02T09:00:00Z"))
        .document(
            SESSION,
            &json!({
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
            .document(collection, &document)
            .list(DAILY_SPO2, &json!([{"day": "2026-05-02", "spo2_percentage": {"average": 97.0}}]))
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
