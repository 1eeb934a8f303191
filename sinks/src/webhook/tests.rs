//! Against a real socket: a receiver that records requests and gives the answers it was told to.

use std::collections::VecDeque;
use std::sync::Mutex;

use http::HeaderMap;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tributary_contract::model::DataType;

use super::*;
use crate::testing::{self, batch, take};

struct Received {
    line: String,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Received {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap_or_else(|| panic!("no header {name}")).to_str().unwrap()
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

#[derive(Default)]
struct Talk {
    /// Whole answers, without a body's length; when there are none left, 200.
    answers: Mutex<VecDeque<String>>,
    received: Mutex<Vec<Received>>,
}

struct Receiver {
    url: String,
    talk: Arc<Talk>,
    server: JoinHandle<()>,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Receiver {
    async fn answering(answers: &[&str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hooks/in?key=planted-key", listener.local_addr().unwrap());
        let talk = Arc::new(Talk::default());
        talk.answers.lock().unwrap().extend(answers.iter().map(|answer| (*answer).to_owned()));
        let shared = talk.clone();
        let server = tokio::spawn(async move {
            let mut talks = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                talks.spawn(serve(stream, shared.clone()));
            }
        });
        Self { url, talk, server }
    }

    fn received(&self) -> Vec<Received> {
        std::mem::take(&mut *self.talk.received.lock().unwrap())
    }
}

/// Answers requests of one connection until it ends.
async fn serve(stream: TcpStream, talk: Arc<Talk>) {
    let mut stream = BufReader::new(stream);
    while let Some(received) = read(&mut stream).await {
        let head = received.line.starts_with("HEAD");
        talk.received.lock().unwrap().push(received);
        let answer = talk.answers.lock().unwrap().pop_front().unwrap_or_else(|| "200 OK".to_owned());
        if answer == "hang up" {
            return;
        }
        let body = if head { "" } else { "planted answer" };
        let text = format!("HTTP/1.1 {answer}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        if stream.write_all(text.as_bytes()).await.is_err() {
            return;
        }
    }
}

async fn read(stream: &mut BufReader<TcpStream>) -> Option<Received> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        let line = line.trim_end().to_owned();
        if line.is_empty() {
            break;
        }
        lines.push(line);
    }
    let mut headers = HeaderMap::new();
    for line in &lines[1..] {
        let (name, value) = line.split_once(':').unwrap();
        headers.append(http::HeaderName::try_from(name).unwrap(), value.trim().parse().unwrap());
    }
    let length = headers.get("content-length").map_or(0, |length| length.to_str().unwrap().parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some(Received { line: lines.swap_remove(0), headers, body })
}

fn options(url: &str, more: &Value) -> Options {
    let mut settings = json!({"url": url, "secret": "whsec_test", "allow_private_networks": true});
    for (name, value) in more.as_object().unwrap() {
        settings[name] = value.clone();
    }
    serde_json::from_value(settings).unwrap()
}

fn context() -> Context {
    Context {
        user_agent: "tributary-test/1".to_owned(),
        dev_id: "acme-prod".to_owned(),
        ..Context::default()
    }
}

fn sink(receiver: &Receiver) -> Webhook {
    Webhook::new(options(&receiver.url, &json!({})), &context()).unwrap()
}

fn days(count: u64) -> Vec<Entry> {
    let user = testing::user("u-1");
    let day =
        |n: u64| testing::record(&user, n, DataType::Daily, &format!("day-{n}"), &format!("{{\"n\":{n}}}"));
    (1..=count).map(day).collect()
}

#[tokio::test]
async fn records_leave_as_one_signed_event() {
    let receiver = Receiver::answering(&[]).await;
    take(&sink(&receiver), days(2)).await;
    let received = receiver.received();
    let [request] = received.as_slice() else { panic!("{} requests", received.len()) };
    assert_eq!(request.line, "POST /hooks/in?key=planted-key HTTP/1.1");
    let user: Value = serde_json::from_slice(&testing::user("u-1").json).unwrap();
    assert_eq!(
        request.json(),
        json!({"type": "daily", "version": "2022-03-16", "user": user, "data": [{"n": 1}, {"n": 2}]})
    );
    let at = testing::at(3_600).timestamp();
    let signature = signature::Signer::new("whsec_test").unwrap().terra(testing::at(3_600), &request.body);
    let delivery = batch([]).delivery.to_string();
    for (name, value) in [
        ("content-type", "application/json"),
        ("terra-signature", &signature),
        ("x-terra-signature", &signature),
        ("terra-reference", &delivery),
        ("x-terra-trace-id", &delivery),
        ("x-terra-ordering-timestamp", &format!("{}000", testing::at(2).timestamp())),
        ("dev-id", "acme-prod"),
        ("user-agent", "tributary-test/1"),
        ("traceparent", &batch([]).trace.to_string()),
        ("x-tributary-attempt", "1"),
        ("x-tributary-sequence", "2"),
    ] {
        assert_eq!(request.header(name), value, "{name}");
    }
    assert!(request.header("terra-signature").starts_with(&format!("t={at},v1=")));
    for name in ["x-tributary-replay", "webhook-signature", "webhook-id"] {
        assert!(!request.headers.contains_key(name), "{name}");
    }
}

#[tokio::test]
async fn a_retry_is_signed_anew_and_keeps_its_identity() {
    let receiver = Receiver::answering(&["500 Internal Server Error"]).await;
    let options = options(&receiver.url, &json!({"secret": "whsec_AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB"}));
    let sink = Webhook::new(options, &context()).unwrap();
    let first = batch(days(1));
    assert!(matches!(sink.deliver(&first).await.unwrap()[..], [Outcome::Later { after: None, .. }]));
    let again = Batch { attempt: 2, replay: true, at: testing::at(7_200), ..first };
    assert_eq!(sink.deliver(&again).await.unwrap(), [Outcome::Taken]);
    let received = receiver.received();
    let [before, after] = received.as_slice() else { panic!("{} requests", received.len()) };
    for name in ["x-terra-trace-id", "terra-reference", "x-terra-ordering-timestamp", "webhook-id"] {
        assert_eq!(before.header(name), after.header(name), "{name}");
    }
    for name in ["terra-signature", "webhook-signature", "webhook-timestamp"] {
        assert_ne!(before.header(name), after.header(name), "{name}");
    }
    assert_eq!(before.body, after.body);
    assert_eq!(after.header("x-tributary-attempt"), "2");
    assert_eq!(after.header("x-tributary-replay"), "true");
    assert_eq!(after.header("webhook-timestamp"), testing::at(7_200).timestamp().to_string());
}

#[tokio::test]
async fn life_cycle_events_deletions_and_profiles_have_their_own_bodies() {
    let receiver = Receiver::answering(&[]).await;
    let sink = sink(&receiver);
    let user = testing::user("u-1");
    let auth = r#"{"type":"auth","status":"success","user":{"user_id":"x","provider":"OURA"}}"#;
    take(&sink, [testing::life_cycle(&user, 1, auth)]).await;
    let gone = |n, key: &str| testing::deleted(&user, n, DataType::Activity, key);
    take(&sink, [gone(2, "a\"1"), gone(3, "a2")]).await;
    take(&sink, [testing::record(&user, 4, DataType::Athlete, "athlete", r#"{"age":30}"#)]).await;
    let received = receiver.received();
    assert_eq!(received[0].body, auth.as_bytes());
    let user: Value = serde_json::from_slice(&user.json).unwrap();
    let data = json!([{"data_type": "activity", "key": "a\"1"}, {"data_type": "activity", "key": "a2"}]);
    assert_eq!(
        received[1].json(),
        json!({"type": "deleted", "version": "2022-03-16", "user": user, "data": data})
    );
    assert_eq!(
        received[2].json(),
        json!({"type": "athlete", "version": "2022-03-16", "user": user, "athlete": {"age": 30}})
    );
}

#[tokio::test]
async fn refusals_of_the_receiver_become_outcomes_without_its_words() {
    let answers = [
        "302 Found\r\nlocation: /elsewhere",
        "410 Gone",
        "429 Too Many Requests\r\nretry-after: 7",
        "503 Service Unavailable\r\nretry-after: Sun, 01 Mar 2026 11:00:09 GMT",
        "401 Unauthorized",
        "404 Not Found",
        "413 Content Too Large",
        "hang up",
    ];
    let receiver = Receiver::answering(&answers).await;
    let sink = sink(&receiver);
    let seconds = |n| Some(std::time::Duration::from_secs(n));
    let mut results = Vec::new();
    for _ in answers {
        let result = sink.deliver(&batch(days(1))).await;
        let text = format!("{result:?}");
        assert!(!text.contains("planted"), "{text}");
        results.push(result);
    }
    assert!(
        matches!(&results[0], Ok(o) if matches!(&o[..], [Outcome::Later { after: None, .. }])),
        "{results:?}"
    );
    assert!(
        matches!(&results[1], Ok(o) if matches!(&o[..], [Outcome::Later { after: None, .. }])),
        "{results:?}"
    );
    assert!(
        matches!(&results[2], Ok(o) if matches!(&o[..], [Outcome::Later { after, .. }] if *after == seconds(7)))
    );
    assert!(
        matches!(&results[3], Ok(o) if matches!(&o[..], [Outcome::Later { after, .. }] if *after == seconds(9)))
    );
    assert!(matches!(&results[4], Err(SinkError::Denied { .. })), "{results:?}");
    assert!(matches!(&results[5], Err(SinkError::Denied { .. })), "{results:?}");
    assert!(matches!(&results[6], Ok(o) if matches!(&o[..], [Outcome::Refused { .. }])), "{results:?}");
    assert!(matches!(&results[7], Err(SinkError::Unavailable { .. })), "{results:?}");
    let paths: Vec<String> = receiver.received().into_iter().map(|request| request.line).collect();
    assert!(paths.iter().all(|line| line.contains("/hooks/in")), "a redirect was followed: {paths:?}");
}

#[tokio::test]
async fn an_event_that_is_too_large_is_halved_until_it_passes() {
    let large = "413 Content Too Large";
    // All four; 1 and 2; 3 and 4; 3 alone; 4 alone.
    let receiver = Receiver::answering(&[large, "200 OK", large, large, "200 OK"]).await;
    let outcomes = sink(&receiver).deliver(&batch(days(4))).await.unwrap();
    assert!(
        matches!(&outcomes[..], [Outcome::Taken, Outcome::Taken, Outcome::Refused { .. }, Outcome::Taken]),
        "{outcomes:?}"
    );
    let received = receiver.received();
    let sent: Vec<(String, Value)> = received
        .iter()
        .map(|request| {
            let id = request.header("x-terra-trace-id").trim_start_matches(request.header("terra-reference"));
            (id.to_owned(), request.json()["data"].clone())
        })
        .collect();
    let expected = [
        ("", json!([{"n": 1}, {"n": 2}, {"n": 3}, {"n": 4}])),
        (":chunk:1-2", json!([{"n": 1}, {"n": 2}])),
        (":chunk:3-4", json!([{"n": 3}, {"n": 4}])),
        (":chunk:3-3", json!([{"n": 3}])),
        (":chunk:4-4", json!([{"n": 4}])),
    ];
    assert_eq!(sent, expected.map(|(id, data)| (id.to_owned(), data)));
}

#[tokio::test]
async fn an_error_after_a_part_was_taken_speaks_for_the_rest_only() {
    let receiver = Receiver::answering(&["413 Content Too Large", "200 OK", "401 Unauthorized"]).await;
    let outcomes = sink(&receiver).deliver(&batch(days(2))).await.unwrap();
    assert!(matches!(&outcomes[..], [Outcome::Taken, Outcome::Later { .. }]), "{outcomes:?}");
}

#[tokio::test]
async fn a_record_over_the_limit_is_refused_without_a_request() {
    let receiver = Receiver::answering(&[]).await;
    let sink = Webhook::new(options(&receiver.url, &json!({"max_record_bytes": 6})), &context()).unwrap();
    assert_eq!(sink.limits().entry_bytes, 6);
    let outcomes = sink.deliver(&batch(days(1))).await.unwrap();
    assert!(matches!(&outcomes[..], [Outcome::Refused { .. }]), "{outcomes:?}");
    assert!(receiver.received().is_empty());
}

#[tokio::test]
async fn a_refused_address_is_final_and_nothing_is_sent() {
    let receiver = Receiver::answering(&[]).await;
    let strict = json!({"allow_private_networks": false, "allow_http": true});
    for url in
        [receiver.url.clone(), receiver.url.replace("127.0.0.1", "localhost"), "http://10.0.0.1/".to_owned()]
    {
        let Err(error) = Webhook::new(options(&url, &strict), &context()) else { panic!("{url} built") };
        assert!(matches!(&error, SinkError::Unusable { setting, .. } if setting == "url"), "{error}");
        assert!(!error.to_string().contains("planted"), "{error}");
    }
    let refused = refusal::of_error(&tributary_net::NetError::RefusedAddress {
        host: "inside.example.com".to_owned(),
        reason: tributary_net::AddressKind::Private,
    });
    assert!(matches!(refused, Verdict::Refused(_)));
    let mut allowed = context();
    allowed.allowed_networks.push("127.0.0.0/8".parse().unwrap());
    let sink = Webhook::new(options(&receiver.url, &strict), &allowed).unwrap();
    take(&sink, days(1)).await;
    assert_eq!(receiver.received().len(), 1);
}

#[tokio::test]
async fn a_receiver_that_is_not_there_is_waited_for() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let sink = Webhook::new(options(&url, &json!({})), &context()).unwrap();
    assert!(matches!(sink.deliver(&batch(days(1))).await, Err(SinkError::Unavailable { .. })));
    assert!(matches!(sink.check().await, Err(SinkError::Unavailable { .. })));
}

#[tokio::test]
async fn a_receiver_that_does_not_answer_is_given_up_after_the_time_out() {
    // Connections are accepted by the system; nobody reads them.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let sink = Webhook::new(options(&url, &json!({"timeout": "50ms"})), &context()).unwrap();
    let error = sink.deliver(&batch(days(1))).await.unwrap_err();
    assert!(matches!(&error, SinkError::Unavailable { reason, .. } if reason.contains("50 ms")), "{error}");
}

#[tokio::test]
async fn a_check_asks_without_sending_an_event() {
    let receiver = Receiver::answering(&["405 Method Not Allowed"]).await;
    let report = sink(&receiver).check().await.unwrap();
    assert!(report.lines[0].contains("405") && !report.lines[0].contains("planted"), "{report:?}");
    let received = receiver.received();
    assert!(received[0].line.starts_with("HEAD ") && received[0].body.is_empty());
}

#[tokio::test]
async fn headers_of_the_settings_are_sent() {
    let receiver = Receiver::answering(&[]).await;
    let more = json!({"headers": {"X-Gateway-Key": "planted-gateway"}});
    let options = options(&receiver.url, &more);
    assert!(!format!("{options:?}").contains("planted"), "{options:?}");
    take(&Webhook::new(options, &context()).unwrap(), days(1)).await;
    assert_eq!(receiver.received()[0].header("x-gateway-key"), "planted-gateway");
}

#[tokio::test]
async fn settings_that_cannot_work_are_named() {
    for (url, more, setting) in [
        ("https://example.com", json!({"timeout": "0s"}), "timeout"),
        ("https://example.com", json!({"timeout": "101s"}), "timeout"),
        ("https://example.com", json!({"secret": " "}), "secret"),
        ("https://example.com", json!({"in_flight": 257}), "in_flight"),
        ("https://example.com", json!({"headers": {"Terra-Signature": "x"}}), "headers.Terra-Signature"),
        ("https://example.com", json!({"headers": {"a b": "x"}}), "headers.a b"),
        ("https://example.com", json!({"headers": {"a": "x\ny"}}), "headers.a"),
        ("example.com", json!({}), "url"),
        ("http://example.com", json!({"allow_private_networks": false}), "url"),
        ("https://example.com:25", json!({"allow_private_networks": false}), "url"),
        ("https://user:planted@example.com", json!({}), "url"),
        ("https://169.254.169.254", json!({}), "url"),
    ] {
        let Err(error) = Webhook::new(options(url, &more), &context()) else { panic!("{url} {more} built") };
        assert!(
            matches!(&error, SinkError::Unusable { setting: named, .. } if named == setting),
            "{more}: {error}"
        );
        assert!(!error.to_string().contains("planted"), "{error}");
    }
}

#[tokio::test]
async fn limits_come_from_the_settings() {
    let more = json!({"max_records": 3, "max_bytes": 100, "in_flight": 2});
    let limits = Webhook::new(options("https://example.com", &more), &context()).unwrap().limits();
    let expected = Limits {
        grouping: tributary_contract::sink::Grouping::Event,
        entries: 3,
        bytes: 100,
        in_flight: 2,
        ..limits
    };
    assert_eq!(limits, expected);
    let defaults = Webhook::new(options("https://example.com", &json!({})), &context()).unwrap().limits();
    assert_eq!((defaults.entries, defaults.bytes, defaults.in_flight), (10, 10_000_000, 16));
}
