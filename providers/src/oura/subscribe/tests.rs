use std::sync::Arc;

use serde_json::Value;
use tributary_contract::recorded::{Kept, Recorded};
use tributary_contract::{Credentials, Provider as _, Secret};

use super::*;
use crate::oura::Oura;

const OURS: &str = "https://sync.example.com/notify/oura";

fn now() -> DateTime<Utc> {
    "2026-05-02T00:00:00Z".parse().unwrap()
}

fn subscription(data_type: &str, event: &str, callback: &str, end: &str) -> Value {
    json!({
        "id": format!("{data_type}.{event}"), "callback_url": callback, "event_type": event, "data_type": data_type,
        "expiration_time": end,
    })
}

/// All that are wanted, but for those that `change` replaces or drops.
fn list(change: impl Fn(&str, &str) -> Option<Option<Value>>) -> String {
    let mut all = Vec::new();
    for collection in NOTIFYING {
        for event in EVENTS {
            let kept = || Some(subscription(collection.data_type, event, OURS, "2026-07-31T00:00:00Z"));
            all.extend(change(collection.data_type, event).unwrap_or_else(kept));
        }
    }
    Value::Array(all).to_string()
}

async fn run(door: Recorded) -> (Result<Option<DateTime<Utc>>, FetchError>, Vec<Request>) {
    let app = App {
        client_id: "client".to_owned(),
        client_secret: Secret::from("planted-secret"),
        verify_token: Some(Secret::from("our-word")),
        callback_url: "https://sync.example.com/auth/oura/callback".to_owned(),
        notify_url: OURS.to_owned(),
        keys: std::collections::BTreeMap::new(),
    };
    let door = Arc::new(door);
    let mut cx = Fetch::new(door.clone(), Box::new(Kept::default()), Arc::new(app), None, now());
    let result = Oura.subscribe(&mut cx).await;
    (result, door.calls())
}

fn made(end: &str) -> String {
    subscription("sleep", "create", OURS, end).to_string()
}

#[tokio::test]
async fn an_app_without_subscriptions_gets_one_for_each_pair() {
    let (result, calls) =
        run(Recorded::new().answer(SUBSCRIPTIONS, "[]").answer(SUBSCRIPTIONS, made("2026-07-31T00:00:00Z")))
            .await;
    assert_eq!(result, Ok(Some(now() + TimeDelta::days(1))), "compared daily while all is well");
    assert_eq!(calls.len(), 1 + 13 * 3);
    let wish: Value = serde_json::from_slice(&calls[1].body).unwrap();
    assert_eq!(
        wish,
        json!({"callback_url": OURS, "verification_token": "our-word", "event_type": "create", "data_type": "sleep"})
    );
    for call in &calls {
        assert_eq!(call.credentials, Credentials::None);
        assert_eq!(call.headers["x-client-id"], "client");
        assert_eq!(call.headers["x-client-secret"], "planted-secret");
        assert!(!format!("{:?}", call.headers).contains("planted"));
    }
}

#[tokio::test]
async fn nothing_is_sent_for_what_is_as_it_should_be() {
    let (result, calls) = run(Recorded::new().answer(SUBSCRIPTIONS, list(|_, _| None))).await;
    assert_eq!((result, calls.len()), (Ok(Some(now() + TimeDelta::days(1))), 1));
}

#[tokio::test]
async fn a_subscription_that_was_forgotten_comes_back() {
    let without = list(|data_type, event| (data_type == "vo2_max" && event == "delete").then_some(None));
    let door =
        Recorded::new().answer(SUBSCRIPTIONS, without).answer(SUBSCRIPTIONS, made("2026-07-31T00:00:00Z"));
    let (result, calls) = run(door).await;
    assert!(result.is_ok());
    let wish: Value = serde_json::from_slice(&calls[1].body).unwrap();
    assert_eq!(
        (calls.len(), &wish["data_type"], &wish["event_type"]),
        (2, &json!("vo2_max"), &json!("delete"))
    );
}

#[tokio::test]
async fn one_that_ends_soon_is_renewed_and_the_next_time_is_before_the_end() {
    let soon = list(|data_type, event| {
        let near = data_type == "sleep" && event == "update";
        near.then(|| Some(subscription(data_type, event, OURS, "2026-06-01T00:00:00Z")))
    });
    let door = Recorded::new().answer(SUBSCRIPTIONS, soon).answer(RENEW, made("2026-05-02T20:00:00+00:00"));
    let (result, calls) = run(door).await;
    assert_eq!((calls[1].method.as_str(), calls[1].template.as_str(), calls.len()), ("PUT", RENEW, 2));
    assert_eq!(calls[1].args, [("id", "sleep.update".to_owned())]);
    assert_eq!(result, Ok(Some(now() + TimeDelta::hours(16))), "four fifths of twenty hours");
}

#[tokio::test]
async fn one_that_points_elsewhere_is_redirected() {
    let elsewhere = list(|data_type, event| {
        let moved = data_type == "session" && event == "create";
        moved.then(|| Some(subscription(data_type, event, "https://old.example.com", "2026-07-31T00:00:00Z")))
    });
    let door =
        Recorded::new().answer(SUBSCRIPTIONS, elsewhere).answer(SUBSCRIPTION, made("2026-07-31T00:00:00Z"));
    let (result, calls) = run(door).await;
    assert!(result.is_ok());
    let wish: Value = serde_json::from_slice(&calls[1].body).unwrap();
    assert_eq!((calls[1].method.as_str(), &wish["callback_url"]), ("PUT", &json!(OURS)));
    assert_eq!(calls[1].args, [("id", "session.create".to_owned())]);
}

#[tokio::test]
async fn one_of_ours_is_enough_beside_one_that_is_not() {
    let mut all: Vec<Value> = serde_json::from_str(&list(|_, _| None)).unwrap();
    all.insert(0, subscription("sleep", "create", "https://old.example.com", "2026-07-31T00:00:00Z"));
    let (result, calls) = run(Recorded::new().answer(SUBSCRIPTIONS, Value::Array(all).to_string())).await;
    assert!(result.is_ok());
    assert_eq!(calls.len(), 1);
}

#[tokio::test]
async fn a_refused_subscription_keeps_none_of_the_others_back() {
    let refused = |status| FetchError::Rejected { call: SUBSCRIPTIONS.to_owned(), status };
    let door = Recorded::new()
        .answer(SUBSCRIPTIONS, "[]")
        .fail(SUBSCRIPTIONS, refused(422))
        .fail(SUBSCRIPTIONS, refused(409))
        .answer(SUBSCRIPTIONS, made("2026-07-31T00:00:00Z"));
    let (result, calls) = run(door).await;
    assert_eq!((result, calls.len()), (Err(refused(422)), 40));

    let existing = Recorded::new().answer(SUBSCRIPTIONS, "[]").fail(SUBSCRIPTIONS, refused(409));
    assert!(run(existing).await.0.is_ok(), "409 says that it is there");
}

#[tokio::test]
async fn an_outage_ends_the_comparison() {
    let outage =
        FetchError::Transient { call: SUBSCRIPTIONS.to_owned(), reason: "503".to_owned(), retry_after: None };
    let (result, calls) =
        run(Recorded::new().answer(SUBSCRIPTIONS, "[]").fail(SUBSCRIPTIONS, outage.clone())).await;
    assert_eq!((result, calls.len()), (Err(outage), 2));
}

#[tokio::test]
async fn without_a_word_for_the_handshake_nothing_is_subscribed() {
    let door = Arc::new(Recorded::new());
    let app = App {
        client_id: "client".to_owned(),
        client_secret: Secret::from("planted-secret"),
        verify_token: None,
        callback_url: String::new(),
        notify_url: OURS.to_owned(),
        keys: std::collections::BTreeMap::new(),
    };
    let mut cx = Fetch::new(door.clone(), Box::new(Kept::default()), Arc::new(app), None, now());
    assert!(matches!(Oura.subscribe(&mut cx).await, Err(FetchError::Unsupported { .. })));
    assert_eq!(door.calls().len(), 0);
}
