use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::TimeZone;
use http::HeaderMap;
use tributary_contract::recorded::{Kept, Recorded};
use tributary_contract::{Credentials, Door, Emitted, Response, Secret};

use super::*;

fn resource(name: &str) -> &'static Resource {
    SPEC.resource(name).unwrap()
}

fn app() -> App {
    App {
        client_id: "1234".to_owned(),
        client_secret: Secret::from("planted-secret"),
        verify_token: Some(Secret::from("our-word")),
        callback_url: "https://sync.example.com/auth/strava/callback".to_owned(),
        notify_url: "https://sync.example.com/notify/strava".to_owned(),
        keys: std::collections::BTreeMap::new(),
    }
}

fn day(day: u32) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 5, day, 0, 0, 0).unwrap()
}

fn job(cause: Cause, ids: &[&str]) -> Job {
    Job {
        resource: resource(ACTIVITIES),
        window: Window::new(day(1), day(31)),
        cause,
        cursor: None,
        ids: ids.iter().map(|&id| id.to_owned()).collect(),
    }
}

struct Run {
    result: Result<(), FetchError>,
    /// Summary ids of what was emitted, committed or not.
    ids: Vec<String>,
    cursors: Vec<Cursor>,
    calls: Vec<Request>,
}

impl Run {
    fn called(&self, template: &str) -> usize {
        self.calls.iter().filter(|call| call.template == template).count()
    }
}

fn context(door: &Arc<Recorded>, kept: &Kept) -> Fetch {
    Fetch::new(door.clone(), Box::new(kept.clone()), Arc::new(app()), Some(Account::new("7")), day(31))
}

async fn run(door: Recorded, job: &Job) -> Run {
    let (door, kept) = (Arc::new(door), Kept::default());
    let mut cx = context(&door, &kept);
    let result = Strava.fetch(&mut cx, job).await;
    let emitted = kept.take().into_iter().chain(cx.take_emitted());
    let ids = emitted.map(|emitted| match emitted {
        Emitted::Record(record) => record.natural_key().to_string(),
        Emitted::Deleted { .. } => panic!("nothing is deleted by a fetch"),
    });
    Run { result, ids: ids.collect(), cursors: kept.cursors(), calls: door.calls() }
}

/// A page of activities: id and day of May.
fn page(activities: &[(i64, u32)]) -> String {
    let items = activities
        .iter()
        .map(|(id, day)| serde_json::json!({"id": id, "start_date": format!("2026-05-{day:02}T06:00:00Z")}));
    serde_json::Value::Array(items.collect()).to_string()
}

fn detail(id: i64) -> String {
    serde_json::json!({"id": id, "start_date": "2026-05-02T06:00:00Z", "elapsed_time": 60, "manual": false})
        .to_string()
}

fn gone(template: &str) -> FetchError {
    FetchError::Gone { call: template.to_owned() }
}

fn transient() -> FetchError {
    FetchError::Transient { call: LIST_ACTIVITIES.to_owned(), reason: "503".to_owned(), retry_after: None }
}

/// Answers for the details of as many activities, in the order in which they are asked for.
fn with_details(door: Recorded, ids: &[i64]) -> Recorded {
    let door = ids.iter().fold(door, |door, id| door.answer(GET_ACTIVITY, detail(*id)));
    door.fail(GET_STREAMS, gone(GET_STREAMS))
}

#[tokio::test]
async fn pages_are_read_until_one_is_empty_and_details_follow_oldest_first() {
    let door = Recorded::new()
        .answer(LIST_ACTIVITIES, page(&[(3, 9), (1, 2)]))
        .answer(LIST_ACTIVITIES, page(&[(2, 5)]))
        .answer(LIST_ACTIVITIES, "[]");
    let run = run(with_details(door, &[1, 2, 3]), &job(Cause::Request, &[])).await;
    assert_eq!(run.result, Ok(()));
    assert_eq!(run.ids, ["1", "2", "3"]);
    let asked: Vec<_> =
        run.calls.iter().filter(|call| call.template == GET_ACTIVITY).map(|call| &call.args[0].1).collect();
    assert_eq!(asked, ["1", "2", "3"]);
    let pages: Vec<_> = run.calls.iter().filter(|call| call.template == LIST_ACTIVITIES).collect();
    assert_eq!(pages.len(), 3);
    let expected = [("after", "1777593599"), ("before", "1780185601"), ("page", "3"), ("per_page", "200")];
    assert_eq!(pages[2].query, expected.map(|(name, value)| (name, value.to_owned())));
}

#[tokio::test]
async fn an_error_on_the_second_page_is_the_result_and_nothing_is_emitted() {
    let door = Recorded::new().answer(LIST_ACTIVITIES, page(&[(1, 2)])).fail(LIST_ACTIVITIES, transient());
    let run = run(with_details(door, &[1]), &job(Cause::Poll, &[])).await;
    assert_eq!(run.result, Err(transient()));
    assert!(run.ids.is_empty() && run.cursors.is_empty());
}

#[tokio::test]
async fn an_activity_on_two_pages_is_fetched_once() {
    let door = Recorded::new()
        .answer(LIST_ACTIVITIES, page(&[(1, 2), (2, 3)]))
        .answer(LIST_ACTIVITIES, page(&[(2, 3)]))
        .answer(LIST_ACTIVITIES, "[]");
    let run = run(with_details(door, &[1, 2]), &job(Cause::Poll, &[])).await;
    assert_eq!(run.ids, ["1", "2"]);
    assert_eq!(run.called(GET_ACTIVITY), 2);
}

#[tokio::test]
async fn a_list_that_does_not_end_is_an_error() {
    let run = run(Recorded::new().answer(LIST_ACTIVITIES, page(&[(1, 2)])), &job(Cause::Poll, &[])).await;
    assert!(matches!(run.result, Err(FetchError::Malformed { .. })), "{:?}", run.result);
    assert_eq!(run.called(LIST_ACTIVITIES), 50);
}

#[tokio::test]
async fn a_listed_activity_that_is_gone_by_now_is_passed_over() {
    let door = Recorded::new()
        .answer(LIST_ACTIVITIES, page(&[(1, 2), (2, 3)]))
        .answer(LIST_ACTIVITIES, "[]")
        .fail(GET_ACTIVITY, gone(GET_ACTIVITY))
        .answer(GET_ACTIVITY, detail(2))
        .fail(GET_STREAMS, gone(GET_STREAMS));
    let run = run(door, &job(Cause::Poll, &[])).await;
    assert_eq!((run.result, run.ids), (Ok(()), vec!["2".to_owned()]));
}

#[tokio::test]
async fn each_batch_is_committed_with_the_place_that_the_walk_has_reached() {
    let activities: Vec<(i64, u32)> = (1..=10).map(|number| (i64::from(number), number)).collect();
    let commits = async |cause| {
        let door = Recorded::new().answer(LIST_ACTIVITIES, page(&activities)).answer(LIST_ACTIVITIES, "[]");
        let run = run(with_details(door, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]), &job(cause, &[])).await;
        assert_eq!((run.result, run.ids.len()), (Ok(()), 10));
        run.cursors
    };
    let at = |number| Cursor::at(day(number) + Duration::from_secs(6 * 3600));
    assert_eq!(commits(Cause::Poll).await, [at(8), at(10)], "forward");
    assert_eq!(commits(Cause::Backfill).await, [at(3), at(1)], "backward");
    assert_eq!(commits(Cause::Request).await, [], "belongs to no walk");
}

#[tokio::test]
async fn a_poll_that_is_still_in_its_look_back_does_not_move_the_cursor_back() {
    let door = Recorded::new().answer(LIST_ACTIVITIES, page(&[(1, 1), (2, 3)])).answer(LIST_ACTIVITIES, "[]");
    let run = run(with_details(door, &[1, 2]), &job(Cause::Poll, &[])).await;
    assert_eq!((run.ids.len(), run.cursors.len()), (2, 0));
}

#[tokio::test]
async fn a_backfill_begins_with_the_newest() {
    let door = Recorded::new().answer(LIST_ACTIVITIES, page(&[(1, 1), (2, 3)])).answer(LIST_ACTIVITIES, "[]");
    let run = run(with_details(door, &[2, 1]), &job(Cause::Backfill, &[])).await;
    assert_eq!(run.ids, ["2", "1"]);
}

#[tokio::test]
async fn an_error_in_the_middle_of_the_details_keeps_only_what_was_committed() {
    let activities: Vec<(i64, u32)> = (1..=9).map(|number| (i64::from(number), number)).collect();
    let mut door = Recorded::new().answer(LIST_ACTIVITIES, page(&activities)).answer(LIST_ACTIVITIES, "[]");
    for id in 1..=8 {
        door = door.answer(GET_ACTIVITY, detail(id));
    }
    let door = door.fail(GET_ACTIVITY, transient()).fail(GET_STREAMS, gone(GET_STREAMS));
    let run = run(door, &job(Cause::Poll, &[])).await;
    assert_eq!(run.result, Err(transient()));
    assert_eq!((run.ids.len(), run.cursors.len()), (8, 1));
}

/// Lets others run before it answers, and notes how many calls were under way at most.
struct Counting {
    door: Recorded,
    under_way: AtomicUsize,
    most: AtomicUsize,
}

#[async_trait]
impl Door for Counting {
    async fn send(&self, request: Request) -> Result<Response, FetchError> {
        let under_way = self.under_way.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(under_way, Ordering::SeqCst);
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
        self.under_way.fetch_sub(1, Ordering::SeqCst);
        self.door.send(request).await
    }
}

#[tokio::test]
async fn four_activities_at_most_are_fetched_side_by_side() {
    let ids: Vec<i64> = (1..=20).collect();
    let door = with_details(Recorded::new(), &ids);
    let door = Arc::new(Counting { door, under_way: AtomicUsize::new(0), most: AtomicUsize::new(0) });
    let account = Some(Account::new("7"));
    let mut cx = Fetch::new(door.clone(), Box::new(Kept::default()), Arc::new(app()), account, day(31));
    let names: Vec<String> = ids.iter().map(ToString::to_string).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    assert_eq!(Strava.fetch(&mut cx, &job(Cause::Request, &names)).await, Ok(()));
    assert_eq!(door.most.load(Ordering::SeqCst), 4);
}

#[tokio::test]
async fn named_activities_are_fetched_without_a_list() {
    let door = with_details(Recorded::new(), &[5]);
    let run = run(door, &job(Cause::Notification, &["5"])).await;
    assert_eq!((run.result.clone(), run.ids.clone()), (Ok(()), vec!["5".to_owned()]));
    assert_eq!(run.called(LIST_ACTIVITIES), 0);
    assert_eq!(run.calls[0].args, [("id", "5".to_owned())]);
}

#[tokio::test]
async fn a_named_activity_that_is_not_there_is_an_error_and_the_others_are_kept() {
    let door = Recorded::new()
        .fail(GET_ACTIVITY, gone(GET_ACTIVITY))
        .answer(GET_ACTIVITY, detail(6))
        .fail(GET_STREAMS, gone(GET_STREAMS));
    let run = run(door, &job(Cause::Notification, &["5", "6"])).await;
    assert_eq!(run.result, Err(gone(GET_ACTIVITY)));
    assert_eq!(run.ids, ["6"]);
}

#[tokio::test]
async fn missing_and_forbidden_streams_leave_an_activity_without_samples() {
    let forbidden = FetchError::Forbidden { call: GET_STREAMS.to_owned() };
    for error in [gone(GET_STREAMS), forbidden] {
        let door = Recorded::new().answer(GET_ACTIVITY, detail(5)).fail(GET_STREAMS, error);
        let run = run(door, &job(Cause::Request, &["5"])).await;
        assert_eq!((run.result, run.ids), (Ok(()), vec!["5".to_owned()]));
    }
}

#[tokio::test]
async fn samples_that_an_event_came_before_are_asked_for_again_and_the_rest_is_kept() {
    let uploaded = r#"{"id": 5, "start_date": "2026-05-02T06:00:00Z", "manual": false, "upload_id": 16}"#;
    let by_hand = r#"{"id": 5, "start_date": "2026-05-02T06:00:00Z", "manual": false, "upload_id": null}"#;
    let there = r#"{"time": {"data": [0]}}"#;
    let empty = r#"{"time": {"data": []}}"#;
    let expectations = [
        (uploaded, None, Cause::Notification, true),
        (uploaded, Some(empty), Cause::Notification, true),
        (uploaded, Some(there), Cause::Notification, false),
        (uploaded, None, Cause::Request, false),
        (by_hand, None, Cause::Notification, false),
    ];
    for (activity, streams, cause, again) in expectations {
        let door = Recorded::new().answer(GET_ACTIVITY, activity);
        let door = match streams {
            Some(streams) => door.answer(GET_STREAMS, streams),
            None => door.fail(GET_STREAMS, gone(GET_STREAMS)),
        };
        let run = run(door, &job(cause, &["5"])).await;
        assert_eq!(
            run.result,
            if again { Err(gone(GET_STREAMS)) } else { Ok(()) },
            "{activity} {streams:?} {cause}"
        );
        assert_eq!(run.ids, ["5"]);
    }
}

#[tokio::test]
async fn a_failure_of_the_streams_fails_the_activity() {
    let door = Recorded::new().answer(GET_ACTIVITY, detail(5)).fail(GET_STREAMS, transient());
    let run = run(door, &job(Cause::Request, &["5"])).await;
    assert_eq!(run.result, Err(transient()));
    assert!(run.ids.is_empty());
}

#[tokio::test]
async fn streams_of_an_activity_that_was_entered_by_hand_are_not_asked_for() {
    let manual = r#"{"id": 5, "start_date": "2026-05-02T06:00:00Z", "manual": true}"#;
    let run = run(Recorded::new().answer(GET_ACTIVITY, manual), &job(Cause::Request, &["5"])).await;
    assert_eq!((run.result.clone(), run.called(GET_STREAMS)), (Ok(()), 0));
}

#[tokio::test]
async fn a_stream_of_another_length_than_time_is_malformed_and_no_value_is_shown() {
    let streams = r#"{"time": {"data": [0, 1]}, "heartrate": {"data": [187]}}"#;
    let door = Recorded::new().answer(GET_ACTIVITY, detail(5)).answer(GET_STREAMS, streams);
    let error = run(door, &job(Cause::Request, &["5"])).await.result.unwrap_err();
    assert!(matches!(error, FetchError::Malformed { .. }));
    assert!(!error.to_string().contains("187"));
}

#[tokio::test]
async fn an_activity_without_the_documented_shape_is_malformed_and_no_value_is_shown() {
    for body in
        [r#"{"id": "planted"}"#, r#"{"id": 1, "start_date": "planted"}"#, r#"[{"planted": 1}]"#, "planted"]
    {
        let error = run(Recorded::new().answer(GET_ACTIVITY, body), &job(Cause::Request, &["1"]))
            .await
            .result
            .unwrap_err();
        assert!(matches!(error, FetchError::Malformed { .. }), "{error}");
        assert!(!error.to_string().contains("planted"), "{error}");
    }
}

#[tokio::test]
async fn the_account_is_the_athlete() {
    let door = Arc::new(Recorded::new().answer(GET_ATHLETE, r#"{"id": 1234567, "sex": "F"}"#));
    let account = Strava.connected(&mut context(&door, &Kept::default())).await.unwrap();
    assert_eq!(account, Account::new("1234567"));
}

async fn subscribe(door: Recorded) -> (Result<Option<DateTime<Utc>>, FetchError>, Vec<Request>) {
    let door = Arc::new(door);
    let result = Strava.subscribe(&mut context(&door, &Kept::default())).await;
    (result, door.calls())
}

#[tokio::test]
async fn a_subscription_that_points_here_is_left_alone() {
    let list = r#"[{"id": 12, "callback_url": "https://sync.example.com/notify/strava"}]"#;
    let (result, calls) = subscribe(Recorded::new().answer(SUBSCRIPTIONS, list)).await;
    assert_eq!(result, Ok(Some(day(31) + TimeDelta::days(1))));
    assert_eq!(calls.len(), 1);
    assert_eq!(calls[0].credentials, Credentials::None);
}

#[tokio::test]
async fn a_missing_subscription_is_made_and_one_that_points_elsewhere_is_replaced() {
    let elsewhere = r#"[{"id": 12, "callback_url": "https://old.example.com/notify/strava"}]"#;
    for (list, methods) in [("[]", vec!["GET", "POST"]), (elsewhere, vec!["GET", "DELETE", "POST"])] {
        let door = Recorded::new()
            .answer(SUBSCRIPTIONS, list)
            .answer(SUBSCRIPTIONS, r#"{"id": 13}"#)
            .answer(SUBSCRIPTION, "");
        let (result, calls) = subscribe(door).await;
        assert!(result.is_ok(), "{result:?}");
        assert_eq!(calls.iter().map(|call| call.method.as_str()).collect::<Vec<_>>(), methods);
        assert!(calls.iter().all(|call| call.credentials == Credentials::None));
        let form = String::from_utf8(calls.last().unwrap().body.to_vec()).unwrap();
        assert_eq!(
            form,
            "client_id=1234&client_secret=planted-secret\
             &callback_url=https%3A%2F%2Fsync.example.com%2Fnotify%2Fstrava&verify_token=our-word"
        );
    }
}

fn inbound(method: Method, query: &[(&str, &str)], body: &'static str) -> Inbound {
    Inbound {
        method,
        query: query.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect(),
        headers: HeaderMap::new(),
        body: Bytes::from_static(body.as_bytes()),
        received_at: day(1),
    }
}

fn change(body: &'static str) -> Result<Change, Refused> {
    match Strava.notified(&inbound(Method::POST, &[], body), &app())? {
        Notified::Notices(notices) => {
            assert_eq!(notices.len(), 1);
            assert_eq!((notices[0].account.as_str(), &notices[0].event_id), ("1234567", &None));
            Ok(notices[0].change.clone())
        }
        Notified::Answer(_) => panic!("an event is no handshake"),
    }
}

#[test]
fn a_new_and_a_changed_activity_are_to_be_fetched() {
    let expected = Change::Updated {
        resource: ACTIVITIES.to_owned(),
        ids: vec!["15000000001".to_owned()],
        window: None,
    };
    let create = r#"{"aspect_type":"create","event_time":1777706000,"object_id":15000000001,"object_type":"activity","owner_id":1234567,"subscription_id":120475,"updates":{}}"#;
    let update = r#"{"aspect_type":"update","event_time":1777706000,"object_id":15000000001,"object_type":"activity","owner_id":1234567,"subscription_id":120475,"updates":{"title":"x","private":"true"}}"#;
    assert_eq!(change(create), Ok(expected.clone()));
    assert_eq!(change(update), Ok(expected));
}

#[test]
fn a_deleted_activity_is_named_by_the_key_of_its_record() {
    let body = r#"{"aspect_type":"delete","event_time":1777706000,"object_id":15000000001,"object_type":"activity","owner_id":1234567,"subscription_id":120475,"updates":{}}"#;
    let record = model::Activity {
        metadata: model::ActivityMetadata { summary_id: "15000000001".to_owned(), ..Default::default() },
        ..Default::default()
    };
    let key = model::Record::from(record).natural_key();
    assert_eq!(
        change(body),
        Ok(Change::Deleted { resource: ACTIVITIES.to_owned(), data_type: DataType::Activity, key })
    );
}

#[test]
fn lost_consent_is_told_from_other_changes_of_the_athlete() {
    let revoked = r#"{"aspect_type":"update","event_time":1777709999,"object_id":1234567,"object_type":"athlete","owner_id":1234567,"subscription_id":120475,"updates":{"authorized":"false"}}"#;
    let other = r#"{"aspect_type":"update","event_time":1777709999,"object_id":1234567,"object_type":"athlete","owner_id":1234567,"subscription_id":120475,"updates":{"authorized":"true"}}"#;
    let bare = r#"{"aspect_type":"update","object_id":1234567,"object_type":"athlete","owner_id":1234567}"#;
    let updated = Change::Updated { resource: ATHLETE.to_owned(), ids: Vec::new(), window: None };
    assert_eq!(change(revoked), Ok(Change::Revoked));
    assert_eq!(change(other), Ok(updated.clone()));
    assert_eq!(change(bare), Ok(updated));
}

#[test]
fn an_unknown_event_is_kept_by_a_short_printable_name() {
    let body = r#"{"aspect_type":"join\n\u0000","object_id":1,"object_type":"club","owner_id":1234567,"new_field":{}}"#;
    assert_eq!(change(body), Ok(Change::Unknown { kind: "club.join".to_owned() }));
    assert_eq!(kind(&"x".repeat(500), "y").len(), 64);
}

#[test]
fn a_malformed_event_is_refused_and_no_value_is_shown() {
    for body in [
        "",
        "planted",
        "[]",
        "{}",
        r#"{"aspect_type":"create","object_id":"planted","object_type":"activity","owner_id":1}"#,
    ] {
        let refused = change(body).unwrap_err();
        assert!(matches!(refused, Refused::Malformed { .. }), "{body}: {refused:?}");
        assert!(!refused.to_string().contains("planted"));
    }
}

#[test]
fn the_handshake_repeats_the_challenge_for_the_right_word_only() {
    let ask = |word| {
        let query = [("hub.mode", "subscribe"), ("hub.challenge", "15f7d1\"a"), ("hub.verify_token", word)];
        Strava.notified(&inbound(Method::GET, &query, ""), &app())
    };
    let answer = Reply {
        status: 200,
        content_type: "application/json",
        body: Bytes::from_static(br#"{"hub.challenge":"15f7d1\"a"}"#),
    };
    assert_eq!(ask("our-word"), Ok(Notified::Answer(answer)));
    assert_eq!(ask("our-wor"), Err(Refused::WrongVerifyToken));
    assert_eq!(ask(""), Err(Refused::WrongVerifyToken));
}

#[test]
fn an_incomplete_handshake_is_refused() {
    let ask = |query: &[(&str, &str)], app: &App| Strava.notified(&inbound(Method::GET, query, ""), app);
    assert_eq!(ask(&[], &app()), Err(Refused::Missing("hub.verify_token")));
    let without_challenge = [("hub.mode", "subscribe"), ("hub.verify_token", "our-word")];
    assert_eq!(ask(&without_challenge, &app()), Err(Refused::Malformed { at: "hub.challenge".to_owned() }));
    let without_mode = [("hub.challenge", "c"), ("hub.verify_token", "our-word")];
    assert_eq!(ask(&without_mode, &app()), Err(Refused::Malformed { at: "hub.mode".to_owned() }));
    let unset = App { verify_token: None, ..app() };
    assert_eq!(ask(&without_mode, &unset), Err(Refused::NotConfigured("verify_token")));
    let put = Strava.notified(&inbound(Method::PUT, &[], "{}"), &app());
    assert_eq!(put, Err(Refused::Malformed { at: "the method".to_owned() }));
}

#[test]
fn usage_headers_speak_of_quotas_that_exist() {
    let Usage::Counts(headers) = SPEC.usage else { panic!("counts are expected") };
    for pair in headers {
        let windows: Vec<_> = pair.quotas.iter().map(|&index| SPEC.app_quotas[index].window).collect();
        assert_eq!(windows, [QUARTER_HOUR, DAY], "{}", pair.limit);
    }
}
