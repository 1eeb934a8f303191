//! Jobs against recorded answers, notifications, subscriptions, revoking.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::HeaderMap;
use serde_json::{Value, json};
use tributary_contract::recorded::{Kept, Recorded};
use tributary_contract::{Cause, Change, Credentials, Emitted, Request, Secret, Window};

use super::call::{
    GET_ACTIVITY, GET_DEVICES, GET_MEASURES, GET_NONCE, GET_SLEEP, GET_SLEEP_SUMMARY, GET_WORKOUTS,
    LIST_SUBSCRIPTIONS, REVOKE, SUBSCRIBE,
};
use super::*;

fn instant(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn app() -> App {
    App {
        client_id: "client".to_owned(),
        client_secret: Secret::from("planted-secret"),
        verify_token: None,
        callback_url: "https://sync.example.com/auth/withings/callback".to_owned(),
        notify_url: "https://sync.example.com/notify/withings".to_owned(),
        keys: std::collections::BTreeMap::new(),
    }
}

fn context(door: &Arc<Recorded>, kept: &Kept, account: Option<Account>) -> Fetch {
    let now = instant("2026-05-03T00:00:00Z");
    Fetch::new(Arc::clone(door) as Arc<_>, Box::new(kept.clone()), Arc::new(app()), account, now)
}

struct Run {
    result: Result<(), FetchError>,
    records: Vec<Value>,
    forms: Vec<(String, BTreeMap<String, String>)>,
}

async fn run(resource: &str, cause: Cause, door: Recorded) -> Run {
    let (door, kept) = (Arc::new(door), Kept::default());
    let mut cx = context(&door, &kept, Some(Account::new("363")));
    let window = Window::new(instant("2026-05-02T00:00:00Z"), instant("2026-05-03T00:00:00Z"));
    let job =
        Job { resource: SPEC.resource(resource).unwrap(), window, cause, cursor: None, ids: Vec::new() };
    let result = Withings.fetch(&mut cx, &job).await;
    let mut emitted = kept.take();
    if result.is_ok() {
        emitted.extend(cx.take_emitted());
    }
    let records = emitted.into_iter().map(|one| match one {
        Emitted::Record(record) => serde_json::to_value(&record).unwrap(),
        Emitted::Deleted { .. } => panic!("nothing is deleted"),
    });
    Run { result, records: records.collect(), forms: forms(&door.calls()) }
}

fn forms(calls: &[Request]) -> Vec<(String, BTreeMap<String, String>)> {
    let form = |call: &Request| url::form_urlencoded::parse(&call.body).into_owned().collect();
    calls.iter().map(|call| (call.template.clone(), form(call))).collect()
}

fn empty(resource: &str) -> Recorded {
    Recorded::for_resource(SPEC.resource(resource).unwrap())
}

fn ok(body: &Value) -> String {
    json!({"status": 0, "body": body}).to_string()
}

fn workout(id: u32, start: i64) -> Value {
    json!({"id": id, "category": 2, "timezone": "Europe/Paris", "startdate": start, "enddate": start + 600, "data": []})
}

/// 2026-05-02T10:00:00Z.
const TEN: i64 = 1_777_716_000;

#[tokio::test]
async fn pages_are_read_to_the_end_with_the_offset_that_came() {
    let door = empty(ACTIVITY)
        .answer(GET_WORKOUTS, ok(&json!({"series": [workout(1, TEN)], "more": true, "offset": 1})))
        .answer(GET_WORKOUTS, ok(&json!({"series": [workout(2, TEN)], "more": 1, "offset": 2})))
        .answer(GET_WORKOUTS, ok(&json!({"series": [workout(3, TEN)], "more": false, "offset": 0})));
    let run = run(ACTIVITY, Cause::Request, door).await;
    assert_eq!((run.result, run.records.len()), (Ok(()), 3));
    let offsets: Vec<_> = run.forms.iter().map(|(_, form)| form.get("offset").map(String::as_str)).collect();
    assert_eq!(offsets, [None, Some("1"), Some("2")]);
    let first = &run.forms[0].1;
    assert_eq!(first["action"], "getworkouts");
    assert_eq!((first["startdateymd"].as_str(), first["enddateymd"].as_str()), ("2026-05-01", "2026-05-04"));
    assert!(first["data_fields"].split(',').any(|field| field == "pool_laps"));
    assert!(!first.contains_key("lastupdate"));
}

#[tokio::test]
async fn an_error_on_the_second_page_is_the_result_and_nothing_is_kept() {
    let lost =
        FetchError::Transient { call: GET_WORKOUTS.to_owned(), reason: "522".to_owned(), retry_after: None };
    let door = empty(ACTIVITY)
        .answer(GET_WORKOUTS, ok(&json!({"series": [workout(1, TEN)], "more": true, "offset": 1})))
        .fail(GET_WORKOUTS, lost.clone());
    let run = run(ACTIVITY, Cause::Poll, door).await;
    assert_eq!((run.result, run.records.len()), (Err(lost), 0));
}

#[tokio::test]
async fn a_list_that_does_not_go_on_is_an_error() {
    let page = ok(&json!({"series": [], "more": true, "offset": 1}));
    let run = run(ACTIVITY, Cause::Poll, empty(ACTIVITY).answer(GET_WORKOUTS, page)).await;
    assert_eq!(run.result.unwrap_err().kind(), "malformed");
    assert_eq!(run.forms.len(), 2);
}

#[tokio::test]
async fn polls_ask_for_what_was_changed_since_and_take_it_whatever_its_date() {
    let old = ok(&json!({"series": [workout(1, TEN - 90 * 86_400)], "more": false}));
    let asked = run(ACTIVITY, Cause::Poll, empty(ACTIVITY).answer(GET_WORKOUTS, old.clone())).await;
    assert_eq!((asked.result, asked.records.len()), (Ok(()), 1));
    assert_eq!(asked.forms[0].1["lastupdate"], "1777680000");
    assert!(!asked.forms[0].1.contains_key("startdateymd"));
    let request = run(ACTIVITY, Cause::Request, empty(ACTIVITY).answer(GET_WORKOUTS, old)).await;
    assert_eq!(request.records.len(), 0, "a window holds what lies in it");
}

#[tokio::test]
async fn a_changed_measure_brings_its_whole_day() {
    let group = |id: u32, at: i64| json!({"grpid": id, "attrib": 0, "date": at, "category": 1, "measures": [{"value": 700, "type": 1, "unit": -1}]});
    let page = |groups: &[Value]| ok(&json!({"timezone": "Europe/Paris", "measuregrps": groups, "more": 0}));
    let door = empty(BODY)
        .answer(GET_MEASURES, page(&[group(2, TEN)]))
        .answer(GET_MEASURES, page(&[group(1, TEN - 3_600), group(2, TEN), group(3, TEN + 86_400)]));
    let run = run(BODY, Cause::Notification, door).await;
    assert_eq!(run.result, Ok(()));
    assert_eq!(run.records.len(), 1, "other days of the answer may be cut");
    assert_eq!(run.records[0]["measurements_data"]["measurements"].as_array().unwrap().len(), 2);
    let second = &run.forms.iter().filter(|(call, _)| call == GET_MEASURES).nth(1).unwrap().1;
    assert!(second["startdate"].parse::<i64>().unwrap() < TEN - 86_400 && !second.contains_key("lastupdate"));
}

#[tokio::test]
async fn a_night_is_asked_for_by_days_of_24_hours_and_holds_what_its_own_device_saw() {
    let summary = json!({"id": 9, "timezone": "Europe/Paris", "model": 32, "hash_deviceid": "mat",
        "startdate": TEN, "enddate": TEN + 90_000, "data": {}});
    let stage = |at: i64, device: &str| json!({"startdate": at, "enddate": at + 600, "state": 1, "hash_deviceid": device});
    let stages = json!({"series": [stage(TEN, "mat"), stage(TEN + 700, "watch"), stage(TEN - 4_000, "mat")], "model": 32});
    let door = empty(SLEEP)
        .answer(GET_SLEEP_SUMMARY, ok(&json!({"series": [summary], "more": false})))
        .answer(GET_SLEEP, ok(&stages));
    let run = run(SLEEP, Cause::Poll, door).await;
    assert_eq!(run.records[0]["sleep_durations_data"]["hypnogram_samples"].as_array().unwrap().len(), 1);
    let ends: Vec<_> = run.forms.iter().filter_map(|(_, form)| form.get("enddate")).collect();
    assert_eq!(ends, [&(TEN + 86_400).to_string(), &(TEN + 90_000).to_string()]);
}

#[tokio::test]
async fn one_date_from_two_sources_is_one_day() {
    let day =
        |brand: u32, steps: u32| json!({"date": "2026-05-02", "brand": brand, "steps": steps, "modified": 5});
    let days = json!({"activities": [day(1, 100), day(18, 200)], "more": false});
    let run = run(DAILY, Cause::Poll, empty(DAILY).answer(GET_ACTIVITY, ok(&days))).await;
    assert_eq!(run.records.len(), 1);
    assert_eq!(run.records[0]["distance_data"]["steps"], 100);
    assert_eq!(run.forms.len(), 1, "without a zone nobody knows when the day was");
}

#[tokio::test]
async fn the_account_is_the_one_of_the_token_answer_and_missing_subscriptions_are_made() {
    let ours = "https://sync.example.com/notify/withings";
    let profiles = json!({"profiles": [{"appli": 1, "callbackurl": ours}, {"appli": 16, "callbackurl": "https://other"}]});
    let door = Recorded::new().answer(LIST_SUBSCRIPTIONS, ok(&profiles)).answer(SUBSCRIBE, ok(&json!([])));
    let door = Arc::new(door);
    let facts = BTreeMap::from([("userid", "363".to_owned())]);
    let mut cx = context(&door, &Kept::default(), None).with_token_facts(facts);
    assert_eq!(Withings.connected(&mut cx).await, Ok(Account::new("363")));
    let made = forms(&door.calls()).into_iter().filter(|(call, _)| call == SUBSCRIBE);
    let made: Vec<_> = made.map(|(_, form)| (form["appli"].clone(), form["callbackurl"] == ours)).collect();
    assert_eq!(made, ["2", "4", "16", "44", "46", "54"].map(|appli| (appli.to_owned(), true)));

    let mut nobody = context(&door, &Kept::default(), None);
    assert_eq!(Withings.connected(&mut nobody).await.unwrap_err().kind(), "malformed");
}

#[tokio::test]
async fn a_subscription_that_is_refused_does_not_fail_the_connect_but_the_poll_tells() {
    let refused = FetchError::Rejected { call: SUBSCRIBE.to_owned(), status: 293 };
    let door = || empty(ATHLETE).answer(LIST_SUBSCRIPTIONS, ok(&json!([]))).fail(SUBSCRIBE, refused.clone());
    let facts = BTreeMap::from([("userid", "363".to_owned())]);
    let mut cx = context(&Arc::new(door()), &Kept::default(), None).with_token_facts(facts);
    assert!(Withings.connected(&mut cx).await.is_ok());
    let polled = run(ATHLETE, Cause::Poll, door().answer(GET_DEVICES, ok(&json!({"devices": []})))).await;
    assert_eq!((polled.result, polled.records.len()), (Err(refused), 1));
}

#[tokio::test]
async fn a_grant_is_given_back_with_a_signature_and_a_nonce() {
    let door = Arc::new(
        Recorded::new().answer(GET_NONCE, ok(&json!({"nonce": "n1"}))).answer(REVOKE, ok(&json!([]))),
    );
    let mut cx = context(&door, &Kept::default(), Some(Account::new("363")));
    assert_eq!(Withings.disconnect(&mut cx).await, Ok(()));
    let calls = door.calls();
    assert!(calls.iter().all(|call| call.credentials == Credentials::None));
    assert!(!calls[1].idempotent, "a nonce works once");
    let forms = forms(&calls);
    assert_eq!(forms[0].1["timestamp"], "1777766400");
    // printf 'getnonce,client,1777766400' | openssl dgst -sha256 -hmac planted-secret, and so on.
    assert_eq!(forms[0].1["signature"], "efa59e6878e8009361c1b695cf0b6238478e107685460cf42eca6ccd72cc1142");
    assert_eq!((forms[1].1["action"].as_str(), forms[1].1["userid"].as_str()), ("revoke", "363"));
    assert_eq!(forms[1].1["signature"], "deb65e5614d0aa645ff10097d5c1c61ca337011cf79cada52d815f9aec395460");
}

fn inbound(method: Method, body: &str) -> Inbound {
    Inbound {
        method,
        query: Vec::new(),
        headers: HeaderMap::new(),
        body: Bytes::copy_from_slice(body.as_bytes()),
        received_at: instant("2026-05-03T00:00:00Z"),
    }
}

#[test]
fn the_address_answers_probes() {
    for request in [inbound(Method::GET, ""), inbound(Method::HEAD, ""), inbound(Method::POST, "")] {
        let Ok(Notified::Answer(reply)) = Withings.notified(&request, &app()) else { panic!() };
        assert_eq!(reply.status, 200);
    }
    assert!(Withings.notified(&inbound(Method::PUT, ""), &app()).is_err());
}

#[test]
fn each_kind_of_notification_leads_to_its_resources() {
    let updated = |names: &[&str]| -> Vec<Change> {
        let of =
            |name: &&str| Change::Updated { resource: (*name).to_owned(), ids: Vec::new(), window: None };
        names.iter().map(of).collect()
    };
    let cases = [
        ("appli=1&startdate=5&enddate=6", updated(&[BODY])),
        ("appli=2", updated(&[BODY])),
        ("appli=4", updated(&[BODY])),
        ("appli=54", updated(&[BODY])),
        ("appli=16&date=2026-05-02", updated(&[DAILY, ACTIVITY])),
        ("appli=44", updated(&[SLEEP])),
        ("appli=46&action=update", updated(&[ATHLETE])),
        ("appli=46&action=unlink", vec![Change::Revoked]),
        ("appli=46&action=delete", vec![Change::Revoked]),
        ("appli=50&deviceid=x", vec![Change::Unknown { kind: "appli 50".to_owned() }]),
    ];
    for (fields, expected) in cases {
        let request = inbound(Method::POST, &format!("userid=363&{fields}"));
        let Ok(Notified::Notices(notices)) = Withings.notified(&request, &app()) else { panic!("{fields}") };
        assert!(notices.iter().all(|notice| notice.account == "363" && notice.event_id.is_none()));
        assert_eq!(notices.into_iter().map(|notice| notice.change).collect::<Vec<_>>(), expected, "{fields}");
    }
    let told = |form: &str| {
        let request = inbound(Method::POST, form);
        let Ok(Notified::Notices(notices)) = Withings.notified(&request, &app()) else { panic!("{form}") };
        let Change::Updated { window, .. } = notices[0].change.clone() else { panic!("{form}") };
        window.map(|window| (window.from.timestamp(), window.to.timestamp()))
    };
    let of = |appli: u32, from: i64| {
        told(&format!("userid=1&appli={appli}&startdate={from}&enddate={}", from + 1))
    };
    assert_eq!(of(54, TEN), Some((TEN, TEN + 1)), "the list of electrocardiograms knows of no change");
    assert_eq!(of(54, TEN - 90 * 86_400), None, "nothing proves what would cost many calls");
    assert_eq!((of(54, TEN + 90 * 86_400), of(1, TEN)), (None, None));
    for broken in ["appli=1", "userid=&appli=1", "userid=1", "userid=1&appli=x", "\u{0}"] {
        let refused = Withings.notified(&inbound(Method::POST, broken), &app()).unwrap_err();
        assert_eq!(refused.status(), 400, "{broken}");
    }
}
