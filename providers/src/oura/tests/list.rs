//! Lists: pages, and parts that are closed.

use super::super::collection::{
    DAILY_ACTIVITY, DAILY_SLEEP, DAILY_SPO2, DAILY_STRESS, ENHANCED_TAG, HEART_RATE, RING_CONFIGURATION,
    SESSION, SLEEP_PERIODS, VO2_MAX, WORKOUT,
};
use super::*;

#[tokio::test]
async fn a_list_is_read_to_its_last_page() {
    let run = Case::of(SLEEP)
        .page(
            SLEEP_PERIODS,
            &json!([night("s-1", "2026-05-02", "2026-05-01T23:00:00Z", "2026-05-02T07:00:00Z")]),
            "p2",
        )
        .page(SLEEP_PERIODS, &json!([]), "p3")
        .list(
            SLEEP_PERIODS,
            &json!([night("s-2", "2026-05-02", "2026-05-02T13:00:00Z", "2026-05-02T14:00:00Z")]),
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
        let mut case = Case::of(resource).page(collection, &json!([]), "p2").fail(collection.list, transient);
        case.door = case.door.answer(PERSONAL_INFO, r#"{"id": "e4b8f9d2"}"#);
        let run = case.run().await;
        assert_eq!(run.result, Err(transient(collection.list.to_owned())), "{resource}");
        assert_eq!(run.records.len(), 0);
    }
}

#[tokio::test]
async fn heart_rate_that_breaks_off_is_not_taken_for_all_of_it() {
    let run = Case::of(DAILY)
        .list(DAILY_ACTIVITY, &json!([active("2026-05-02", "+02:00")]))
        .page(HEART_RATE, &json!([beat("2026-05-02T09:05:00+00:00", 61)]), "p2")
        .fail(HEART_RATE.list, transient)
        .run()
        .await;
    assert_eq!((run.result, run.records.len()), (Err(transient(HEART_RATE.list.to_owned())), 0));
}

#[tokio::test]
async fn a_list_that_turns_in_a_circle_is_malformed() {
    let run = Case::of(SLEEP)
        .page(SLEEP_PERIODS, &json!([]), "p2")
        .page(SLEEP_PERIODS, &json!([]), "p2")
        .run()
        .await;
    assert!(matches!(run.result, Err(FetchError::Malformed { .. })), "{:?}", run.result);
    assert_eq!(run.called(SLEEP_PERIODS.list).len(), 2, "no further page is asked for");
}

#[tokio::test]
async fn a_malformed_document_is_named_and_not_quoted() {
    let run = Case::of(SLEEP).list(SLEEP_PERIODS, &json!([{"id": "planted-id", "day": 7}])).run().await;
    let error = run.result.unwrap_err().to_string();
    assert!(error.contains(SLEEP_PERIODS.list) && !error.contains("planted"), "{error}");
}

#[tokio::test]
async fn a_part_that_is_closed_is_left_out() {
    for refusal in [forbidden, unauthorised] {
        let run = Case::of(DAILY)
            .list(DAILY_ACTIVITY, &json!([active("2026-05-02", "+02:00")]))
            .fail(DAILY_SPO2.list, refusal)
            .fail(ENHANCED_TAG.list, refusal)
            .fail(HEART_RATE.list, refusal)
            .run()
            .await;
        assert_eq!((run.result, run.records.len()), (Ok(()), 1));

        let run = Case::of(ACTIVITY)
            .list(
                WORKOUT,
                &json!([run_of("w-1", "2026-05-02", "2026-05-02T08:00:00Z", "2026-05-02T09:00:00Z")]),
            )
            .fail(SESSION.list, refusal)
            .fail(HEART_RATE.list, refusal)
            .run()
            .await;
        assert_eq!((run.result.clone(), run.ids()), (Ok(()), vec!["w-1"]));

        let run = Case::of(SLEEP)
            .list(
                SLEEP_PERIODS,
                &json!([night("s-1", "2026-05-02", "2026-05-01T23:00:00Z", "2026-05-02T07:00:00Z")]),
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
                &json!([run_of("w-1", "2026-05-02", "2026-05-02T08:00:00Z", "2026-05-02T09:00:00Z")]),
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
async fn the_profile_needs_no_rings() {
    for named in [&[][..], &["ring_configuration:r-1"]] {
        let mut case = Case::of(ATHLETE).named(named).fail(RING_CONFIGURATION.list, unauthorised);
        case.door = case.door.answer(PERSONAL_INFO, r#"{"id": "e4b8f9d2", "age": 36}"#);
        let run = case.run().await;
        assert_eq!(run.result, Ok(()));
        assert_eq!(run.records, [json!({"age": 36, "provider_user_id": "e4b8f9d2"})]);
    }
}
