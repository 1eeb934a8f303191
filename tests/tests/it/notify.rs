//! What comes in at `/notify/…`: who is believed, what is answered, and that nothing is fetched for a liar.

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, Mac as _};
use http::Method;
use serde_json::{Value, json};
use sha2::Sha256;
use tributary_engine::clock::Clock;
use tributary_tests::plan::VERIFY_TOKEN;
use tributary_tests::{Person, Plan, Rig, rig};

const CLIENT_SECRET: &str = "sandbox-secret";

fn event(data_type: &str, account: &str) -> Bytes {
    let event = json!({
        "event_type": "update",
        "data_type": data_type,
        "object_id": "no-such-document",
        "event_time": "2026-05-02T10:00:00+00:00",
        "user_id": account,
    });
    event.to_string().into()
}

fn signature(secret: &str, stamp: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(stamp.as_bytes());
    mac.update(body);
    hex::encode_upper(mac.finalize().into_bytes())
}

/// Posts an event to `/notify/oura`, signed at that time; the status of the answer.
async fn post(rig: &Rig, secret: &str, at: DateTime<Utc>, body: Bytes) -> u16 {
    let stamp = at.timestamp().to_string();
    let signature = signature(secret, &stamp, &body);
    let headers = [("x-oura-timestamp", stamp.as_str()), ("x-oura-signature", signature.as_str())];
    rig.public(Method::POST, "/notify/oura", &headers, body).await.status().as_u16()
}

async fn counted(rig: &Rig, what: &str) -> u64 {
    rig.status().await.pointer(&format!("/notifications/{what}")).and_then(Value::as_u64).unwrap()
}

fn now() -> DateTime<Utc> {
    Clock::real().now()
}

/// How often the simulated providers were asked, and how far the log is.
async fn traces(rig: &Rig) -> (u64, u64) {
    let asked = rig.hosts().iter().map(|host| host.with(|sandbox| sandbox.statistics().total())).sum();
    (asked, rig.last_sequence().await)
}

async fn with_one_person() -> (Rig, Person) {
    let rig = Rig::start(Plan::default()).await;
    let person = rig.connect("oura", 0).await;
    rig.quiet().await;
    (rig, person)
}

#[test]
fn a_handshake_is_answered_when_it_knows_the_word_and_refused_when_not() {
    rig::run(async || {
        let rig = Rig::start(Plan::default()).await;
        for (path, word, challenge, answer) in [
            ("/notify/strava?hub.mode=subscribe", "hub.verify_token", "hub.challenge", "hub.challenge"),
            ("/notify/oura?", "verification_token", "challenge", "challenge"),
        ] {
            let right = format!("{path}&{word}={VERIFY_TOKEN}&{challenge}=a%20b");
            let answered = rig.public(Method::GET, &right, &[], "").await;
            assert_eq!(answered.status(), 200, "{right}");
            let body: Value = serde_json::from_slice(answered.body()).unwrap();
            assert_eq!(body[answer], "a b");
            let wrong = format!("{path}&{word}=guessed&{challenge}=a");
            assert_eq!(rig.public(Method::GET, &wrong, &[], "").await.status(), 403, "{wrong}");
            let without = format!("{path}&{challenge}=a");
            assert_eq!(rig.public(Method::GET, &without, &[], "").await.status(), 401, "{without}");
        }
        assert_eq!(rig.public(Method::POST, "/notify/nobody", &[], "{}").await.status(), 404);
        rig.finish().await;
    });
}

#[test]
fn a_notification_that_is_not_signed_by_the_provider_is_refused_and_leaves_no_trace() {
    rig::run(async || {
        let (rig, person) = with_one_person().await;
        let before = traces(&rig).await;
        let body = event("daily_activity", &person.account);
        assert_eq!(post(&rig, "guessed-secret", now(), body.clone()).await, 401);
        assert_eq!(rig.public(Method::POST, "/notify/oura", &[], body.clone()).await.status(), 401);

        let stamp = now().timestamp().to_string();
        let signed = signature(CLIENT_SECRET, &stamp, &body);
        let other = event("sleep", &person.account);
        let headers = [("x-oura-timestamp", stamp.as_str()), ("x-oura-signature", signed.as_str())];
        assert_eq!(
            rig.public(Method::POST, "/notify/oura", &headers, other).await.status(),
            401,
            "another body"
        );
        let later = (now().timestamp() + 1).to_string();
        let headers = [("x-oura-timestamp", later.as_str()), ("x-oura-signature", signed.as_str())];
        assert_eq!(
            rig.public(Method::POST, "/notify/oura", &headers, body).await.status(),
            401,
            "another time"
        );

        rig.quiet().await;
        assert_eq!(traces(&rig).await, before);
        assert_eq!((counted(&rig, "refused").await, counted(&rig, "accepted").await), (4, 0));
        rig.finish().await;
    });
}

#[test]
fn an_old_notification_is_refused_although_its_signature_is_right() {
    rig::run(async || {
        let (rig, person) = with_one_person().await;
        let body = event("daily_activity", &person.account);
        for minutes in [-10, 10] {
            assert_eq!(
                post(&rig, CLIENT_SECRET, now() + TimeDelta::minutes(minutes), body.clone()).await,
                401
            );
        }
        assert_eq!(post(&rig, CLIENT_SECRET, now() - TimeDelta::seconds(60), body).await, 200);
        rig.finish().await;
    });
}

#[test]
fn a_kind_of_notification_that_we_do_not_know_is_acknowledged_and_changes_nothing() {
    rig::run(async || {
        let (rig, person) = with_one_person().await;
        let before = traces(&rig).await;
        assert_eq!(post(&rig, CLIENT_SECRET, now(), event("mood_of_the_moon", &person.account)).await, 200);
        rig.quiet().await;
        assert_eq!(traces(&rig).await, before);
        assert_eq!(counted(&rig, "unknown_users").await, 0);
        rig.finish().await;
    });
}

#[test]
fn a_body_that_cannot_be_read_is_refused() {
    rig::run(async || {
        let (rig, _) = with_one_person().await;
        for body in ["", "{", "[]", "null", r#"{"event_type":1}"#, "\u{0}\u{1}"] {
            assert_eq!(post(&rig, CLIENT_SECRET, now(), Bytes::from(body)).await, 400, "{body:?}");
            let strava = rig.public(Method::POST, "/notify/strava", &[], body).await;
            assert_eq!(strava.status(), 400, "{body:?}");
            let problem: Value = serde_json::from_slice(strava.body()).unwrap();
            assert!(problem["detail"].as_str().unwrap().starts_with("malformed notification"), "{problem}");
        }
        rig.finish().await;
    });
}

#[test]
fn a_body_that_is_too_large_is_refused() {
    rig::run(async || {
        let (rig, person) = with_one_person().await;
        let mut body = event("daily_activity", &person.account).to_vec();
        body.resize(5 << 20, b' ');
        assert_eq!(post(&rig, CLIENT_SECRET, now(), body.into()).await, 413);
        assert_eq!(counted(&rig, "accepted").await, 0);
        rig.finish().await;
    });
}
