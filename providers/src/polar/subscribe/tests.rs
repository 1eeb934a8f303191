use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;
use tributary_contract::recorded::{Kept, Recorded};
use tributary_contract::{App, Credentials, Provider as _};

use super::*;
use crate::polar::Polar;

const OURS: &str = "https://sync.example.com/notify/polar";

fn now() -> DateTime<Utc> {
    "2026-05-02T00:00:00Z".parse().unwrap()
}

struct Run {
    result: Result<Option<DateTime<Utc>>, FetchError>,
    calls: Vec<Request>,
    keys: Vec<(&'static str, String)>,
}

impl Run {
    fn called(&self) -> Vec<String> {
        self.calls.iter().map(|call| format!("{} {}", call.method, call.template)).collect()
    }
}

async fn run(door: Recorded, keys: &[(&str, &str)]) -> Run {
    let keys = keys.iter().map(|(name, key)| ((*name).to_owned(), Secret::from(*key)));
    let app = App {
        client_id: "client".to_owned(),
        client_secret: Secret::from("planted-secret"),
        verify_token: None,
        callback_url: "https://sync.example.com/auth/polar/callback".to_owned(),
        notify_url: OURS.to_owned(),
        keys: keys.collect::<BTreeMap<_, _>>(),
    };
    let door = Arc::new(door);
    let mut cx = Fetch::new(door.clone(), Box::new(Kept::default()), Arc::new(app), None, now());
    let result = Polar.subscribe(&mut cx).await;
    let keys = cx.take_keys().into_iter().map(|(name, key)| (name, key.expose().clone())).collect();
    Run { result, calls: door.calls(), keys }
}

fn listed(id: &str, url: &str, events: &[&str], active: bool) -> String {
    json!({"data": [{"id": id, "events": events, "url": url, "active": active}]}).to_string()
}

fn created() -> String {
    json!({"data": {"id": "abdf33", "events": EVENTS, "url": OURS, "signature_secret_key": "planted-key"}})
        .to_string()
}

fn conflict() -> FetchError {
    FetchError::Rejected { call: WEBHOOKS.to_owned(), status: 409 }
}

const HAVE: [(&str, &str); 2] = [(SIGNATURE_KEY, "planted-key"), (WEBHOOK_ID, "abdf33")];

#[tokio::test]
async fn an_app_without_a_webhook_gets_one_and_its_key_is_handed_over() {
    let door = Recorded::new().answer(WEBHOOKS, r#"{"data": []}"#).answer(WEBHOOKS, created());
    let run = run(door, &[]).await;
    assert_eq!(run.result, Ok(Some(now() + TimeDelta::days(1))));
    assert_eq!(run.called(), ["GET /v3/webhooks", "POST /v3/webhooks"]);
    assert_eq!(run.keys, HAVE.map(|(name, key)| (name, key.to_owned())));
    let wish: Value = serde_json::from_slice(&run.calls[1].body).unwrap();
    assert_eq!(wish, json!({"events": EVENTS, "url": OURS}));
    for call in &run.calls {
        assert_eq!(call.credentials, Credentials::None);
        // printf client:planted-secret | base64
        assert_eq!(call.headers["authorization"], "Basic Y2xpZW50OnBsYW50ZWQtc2VjcmV0");
        assert!(!format!("{:?}", call.headers).contains("Y2xp"));
    }
}

#[tokio::test]
async fn no_content_is_no_webhook() {
    let run = run(Recorded::new().answer(WEBHOOKS, "").answer(WEBHOOKS, created()), &[]).await;
    assert_eq!((run.result.is_ok(), run.keys.len()), (true, 2));
}

#[tokio::test]
async fn nothing_is_sent_for_what_is_as_it_should_be() {
    let door = Recorded::new().answer(WEBHOOKS, listed("abdf33", OURS, &EVENTS, true));
    let run = run(door, &HAVE).await;
    assert_eq!(
        (run.result.is_ok(), run.called(), run.keys.len()),
        (true, vec!["GET /v3/webhooks".to_owned()], 0)
    );
}

#[tokio::test]
async fn a_webhook_whose_key_is_lost_is_made_anew() {
    for keys in [&[][..], &HAVE[..1], &[(SIGNATURE_KEY, "planted-key"), (WEBHOOK_ID, "another")]] {
        let door = Recorded::new()
            .answer(WEBHOOKS, listed("abdf33", OURS, &EVENTS, true))
            .answer(WEBHOOKS, created())
            .answer(WEBHOOK, "");
        let run = run(door, keys).await;
        assert!(run.result.is_ok());
        assert_eq!(
            run.called(),
            ["GET /v3/webhooks", "DELETE /v3/webhooks/{webhook-id}", "POST /v3/webhooks"]
        );
        assert_eq!(run.calls[1].args, [("webhook-id", "abdf33".to_owned())]);
        assert_eq!(run.keys.len(), 2);
    }
}

#[tokio::test]
async fn a_webhook_that_the_list_did_not_show_is_found_after_the_conflict() {
    let door = Recorded::new()
        .answer(WEBHOOKS, r#"{"data": []}"#)
        .fail(WEBHOOKS, conflict())
        .answer(WEBHOOKS, listed("other", OURS, &EVENTS, true))
        .answer(WEBHOOKS, created())
        .answer(WEBHOOK, "");
    let run = run(door, &[]).await;
    assert!(run.result.is_ok());
    assert_eq!((run.calls.len(), run.keys.len()), (5, 2));
}

#[tokio::test]
async fn a_conflict_that_stays_ends_with_it() {
    let door = Recorded::new().answer(WEBHOOKS, "").fail(WEBHOOKS, conflict());
    let door = door.answer(WEBHOOKS, "").fail(WEBHOOKS, conflict());
    let run = run(door, &[]).await;
    assert_eq!((run.result, run.calls.len()), (Err(conflict()), 4));
}

#[tokio::test]
async fn another_address_or_missing_events_are_changed_and_a_rest_is_ended() {
    for (url, events, active) in [
        ("https://old.example.com", &EVENTS[..], true),
        (OURS, &EVENTS[..3], true),
        (OURS, &EVENTS[1..], false),
    ] {
        let door = Recorded::new()
            .answer(WEBHOOKS, listed("abdf33", url, events, active))
            .answer(WEBHOOK, "{}")
            .answer(ACTIVATE, "");
        let run = run(door, &HAVE).await;
        assert!(run.result.is_ok());
        let mut expected = vec!["GET /v3/webhooks", "PATCH /v3/webhooks/{webhook-id}"];
        expected.extend((!active).then_some("POST /v3/webhooks/activate"));
        assert_eq!(run.called(), expected);
        let wish: Value = serde_json::from_slice(&run.calls[1].body).unwrap();
        assert_eq!(wish, json!({"events": EVENTS, "url": OURS}));
    }
}
