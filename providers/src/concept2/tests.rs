use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, TimeZone, Utc};
use http::HeaderMap;
use serde_json::json;
use tributary_contract::recorded::{Kept, Recorded};
use tributary_contract::{Emitted, Secret, Window};

use super::*;

fn app() -> App {
    App {
        client_id: "1234".to_owned(),
        client_secret: Secret::from("planted-secret"),
        verify_token: None,
        callback_url: "https://sync.example.com/auth/concept2/callback".to_owned(),
        notify_url: "https://sync.example.com/notify/concept2".to_owned(),
        keys: BTreeMap::new(),
    }
}

fn day(day: u32) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 5, day, 0, 0, 0).unwrap()
}

fn job(cause: Cause, ids: &[&str]) -> Job {
    Job {
        resource: SPEC.resource(RESULTS).unwrap(),
        window: Window::new(day(2), day(9)),
        cause,
        cursor: None,
        ids: ids.iter().map(|&id| id.to_owned()).collect(),
    }
}

struct Run {
    result: Result<(), FetchError>,
    ids: Vec<String>,
    calls: Vec<Request>,
}

fn context(door: &Arc<Recorded>, kept: &Kept) -> Fetch {
    Fetch::new(door.clone(), Box::new(kept.clone()), Arc::new(app()), Some(Account::new("7")), day(9))
}

async fn run(door: Recorded, job: &Job) -> Run {
    let (door, kept) = (Arc::new(door), Kept::default());
    let mut cx = context(&door, &kept);
    let result = Concept2.fetch(&mut cx, job).await;
    let ids = kept.take().into_iter().chain(cx.take_emitted()).map(|emitted| match emitted {
        Emitted::Record(record) => record.natural_key().to_string(),
        Emitted::Deleted { .. } => panic!("nothing is deleted by a fetch"),
    });
    Run { result, ids: ids.collect(), calls: door.calls() }
}

fn result(id: i64, strokes: bool) -> serde_json::Value {
    json!({"id": id, "date": format!("2026-05-0{id} 10:00:00"), "date_utc": null, "timezone": null, "stroke_data": strokes})
}

fn page(ids: &[i64], pages: u32) -> String {
    let data: Vec<_> = ids.iter().map(|id| result(*id, false)).collect();
    json!({"data": data, "meta": {"pagination": {"total_pages": pages}}}).to_string()
}

fn query(call: &Request) -> Vec<(&str, &str)> {
    call.query.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

#[tokio::test]
async fn a_poll_asks_for_what_has_changed_and_reads_all_pages() {
    let door = Recorded::new().answer(LIST_RESULTS, page(&[3, 4], 2)).answer(LIST_RESULTS, page(&[4, 2], 2));
    let run = run(door, &job(Cause::Poll, &[])).await;
    assert_eq!(run.result, Ok(()));
    assert_eq!(run.ids, ["4", "3", "2"], "newest first, and what moved to the next page only once");
    let expected = [("updated_after", "2026-05-02 00:00:00"), ("page", "2"), ("number", "250")];
    assert_eq!(query(&run.calls[1]), expected);
    assert_eq!(run.calls.len(), 2);
    assert!(run.calls.iter().all(|call| call.headers[ACCEPT] == "application/vnd.c2logbook.v1+json"));
}

#[tokio::test]
async fn history_is_asked_for_by_days_and_one_more_on_either_side() {
    for cause in [Cause::Backfill, Cause::Request] {
        let run = run(Recorded::new().answer(LIST_RESULTS, page(&[], 1)), &job(cause, &[])).await;
        let expected = [("from", "2026-05-01"), ("to", "2026-05-10"), ("page", "1"), ("number", "250")];
        assert_eq!((query(&run.calls[0]), run.result), (expected.to_vec(), Ok(())));
    }
}

#[tokio::test]
async fn an_error_on_the_second_page_is_the_result_and_nothing_is_emitted() {
    let error =
        FetchError::Transient { call: LIST_RESULTS.to_owned(), reason: "503".to_owned(), retry_after: None };
    let door = Recorded::new().answer(LIST_RESULTS, page(&[1], 2)).fail(LIST_RESULTS, error.clone());
    let run = run(door, &job(Cause::Poll, &[])).await;
    assert_eq!((run.result, run.ids.len()), (Err(error), 0));
}

#[tokio::test]
async fn a_list_that_does_not_end_is_an_error() {
    let run = run(Recorded::new().answer(LIST_RESULTS, page(&[1], 1_000)), &job(Cause::Poll, &[])).await;
    assert!(matches!(run.result, Err(FetchError::Malformed { .. })), "{:?}", run.result);
    assert_eq!(run.calls.len(), 200);
}

#[tokio::test]
async fn strokes_are_asked_for_where_there_are_some_and_may_be_gone() {
    let gone = FetchError::Gone { call: GET_STROKES.to_owned() };
    for (strokes, calls) in [(true, 2), (false, 1)] {
        let body = json!({"data": result(5, strokes)}).to_string();
        let door = Recorded::new().answer(GET_RESULT, body).fail(GET_STROKES, gone.clone());
        let run = run(door, &job(Cause::Notification, &["5"])).await;
        assert_eq!((run.result, run.ids, run.calls.len()), (Ok(()), vec!["5".to_owned()], calls));
    }
}

#[tokio::test]
async fn a_named_result_that_is_not_there_is_an_error_and_the_others_are_kept() {
    let gone = FetchError::Gone { call: GET_RESULT.to_owned() };
    let body = json!({"data": result(6, false)}).to_string();
    let door = Recorded::new().fail(GET_RESULT, gone.clone()).answer(GET_RESULT, body);
    let run = run(door, &job(Cause::Notification, &["5", "6"])).await;
    assert_eq!((run.result, run.ids), (Err(gone), vec!["6".to_owned()]));
}

#[tokio::test]
async fn a_result_without_the_documented_shape_is_malformed_and_no_value_is_shown() {
    for wrong in [
        json!({"id": "planted", "date": "2026-05-01 10:00:00"}),
        json!({"id": 1, "date": "planted"}),
        json!({"id": 1, "date": "2026-05-01 10:00:00", "date_utc": "2036-05-01 10:00:00"}),
        json!({"id": 1, "date": "2026-05-01 10:00:00", "time": 1e300}),
    ] {
        let door = Recorded::new().answer(GET_RESULT, json!({ "data": wrong }).to_string());
        let error = run(door, &job(Cause::Request, &["1"])).await.result.unwrap_err();
        assert!(matches!(error, FetchError::Malformed { .. }), "{wrong}: {error}");
        assert!(!error.to_string().contains("planted"), "{error}");
    }
}

#[tokio::test]
async fn the_account_is_the_user() {
    let door = Arc::new(Recorded::new().answer(GET_USER, r#"{"data": {"id": 5550}}"#));
    let account = Concept2.connected(&mut context(&door, &Kept::default())).await.unwrap();
    assert_eq!(account, Account::new("5550"));
}

fn told(method: Method, body: &str) -> Result<Notified, Refused> {
    let inbound = Inbound {
        method,
        query: Vec::new(),
        headers: HeaderMap::new(),
        body: Bytes::from(body.to_owned()),
        received_at: day(9),
    };
    Concept2.notified(&inbound, &app())
}

#[test]
fn what_was_added_or_changed_is_fetched_wrapped_or_not() {
    let change = Change::Updated { resource: RESULTS.to_owned(), ids: vec!["9".to_owned()], window: None };
    let notice = Notice { account: "5550".to_owned(), event_id: None, change };
    for kind in ["result-added", "result-updated"] {
        let event = json!({"type": kind, "result": {"id": 9, "user_id": 5550, "distance": 7512}});
        for body in [event.to_string(), json!({ "data": event }).to_string()] {
            assert_eq!(told(Method::POST, &body), Ok(Notified::Notices(vec![notice.clone()])), "{body}");
        }
    }
}

#[test]
fn a_deletion_names_nobody_and_is_kept_as_unknown() {
    for kind in ["result-deleted", "moon-landed"] {
        let body = json!({"data": {"type": kind, "result_id": 9}}).to_string();
        let change = Change::Unknown { kind: kind.to_owned() };
        let notice = Notice { account: String::new(), event_id: None, change };
        assert_eq!(told(Method::POST, &body), Ok(Notified::Notices(vec![notice])));
    }
}

#[test]
fn what_is_no_notification_is_refused() {
    for body in ["", "[]", "{}", r#"{"data": {}}"#, r#"{"type": "result-added"}"#, r#"{"type": 7}"#] {
        assert!(matches!(told(Method::POST, body), Err(Refused::Malformed { .. })), "{body}");
    }
    let event = r#"{"type": "result-added", "result": {"id": 9, "user_id": 5550}}"#;
    assert!(matches!(told(Method::GET, event), Err(Refused::Malformed { .. })));
}
