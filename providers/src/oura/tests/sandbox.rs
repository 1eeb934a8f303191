//! All that the simulated Oura produced, fetched as a sync would and compared with its ledger.

use std::collections::BTreeMap;
use std::sync::Mutex;

use bytes::Bytes;
use chrono::TimeDelta;
use tributary_contract::model::Record;
use tributary_contract::{Change, Credentials, Door, Response};

use super::super::sandbox::Cloud;
use super::*;
use crate::sandbox::{CallResult, Quotas, Reaction, Sandbox as _, Settings};

/// A door to the simulated Oura, with the person's token.
struct Simulated {
    cloud: Mutex<Cloud>,
    token: String,
    now: DateTime<Utc>,
}

fn url(request: &Request) -> String {
    let mut path = request.template.clone();
    for (name, value) in &request.args {
        path = path.replace(&format!("{{{name}}}"), value);
    }
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&request.query).finish();
    format!("https://api.ouraring.com{path}?{query}")
}

fn ask(cloud: &mut Cloud, request: http::Request<Bytes>, now: DateTime<Utc>) -> http::Response<Bytes> {
    match cloud.handle(request, now) {
        Reaction::Answer(response) => response,
        // A new subscription asks its callback first.
        Reaction::Call(call) => {
            let called = call.url.as_str().parse::<url::Url>().unwrap();
            let inbound = Inbound {
                method: Method::GET,
                query: called.query_pairs().into_owned().collect(),
                headers: http::HeaderMap::new(),
                body: Bytes::new(),
                received_at: now,
            };
            let Ok(Notified::Answer(reply)) = Oura.notified(&inbound, &app()) else { panic!("no answer") };
            cloud.called(call.id, &CallResult { status: Some(reply.status), body: reply.body }, now)
        }
        other => panic!("{other:?}"),
    }
}

#[async_trait]
impl Door for Simulated {
    async fn send(&self, request: Request) -> Result<Response, FetchError> {
        let mut sent = http::Request::builder().method(request.method.clone()).uri(url(&request));
        for (name, value) in &request.headers {
            sent = sent.header(name, value);
        }
        if request.credentials == Credentials::User {
            sent = sent.header("authorization", format!("Bearer {}", self.token));
        }
        let sent = sent.body(request.body).unwrap();
        let response = ask(&mut self.cloud.lock().unwrap(), sent, self.now);
        let call = request.template;
        match response.status().as_u16() {
            status @ 200..=299 => {
                Ok(Response { status, headers: response.headers().clone(), body: response.into_body() })
            }
            401 => Err(unauthorised(call)),
            403 => Err(forbidden(call)),
            404 => Err(gone(call)),
            status => Err(FetchError::Rejected { call, status }),
        }
    }
}

/// The newest version of all records of a person, by type and key.
type Found = BTreeMap<(String, String), Option<Value>>;

struct Client {
    door: Arc<Simulated>,
    account: Option<Account>,
    now: DateTime<Utc>,
}

impl Client {
    /// Connects the first person of a cloud.
    async fn connect(mut cloud: Cloud, scopes: &[&str], now: DateTime<Utc>) -> Self {
        let path = format!(
            "/oauth/authorize?client_id=client&redirect_uri=http://me/cb&response_type=code&scope={}&state=s&login=0&approve=1",
            scopes.join("%20")
        );
        let response = ask(&mut cloud, http::Request::get(path).body(Bytes::new()).unwrap(), now);
        let location: url::Url = response.headers()["location"].to_str().unwrap().parse().unwrap();
        let code = location.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
        let form = format!(
            "client_id=client&client_secret=planted-secret&grant_type=authorization_code&code={code}"
        );
        let request = http::Request::post("/oauth/token")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Bytes::from(form))
            .unwrap();
        let tokens: Value = serde_json::from_slice(ask(&mut cloud, request, now).body()).unwrap();
        let token = tokens["access_token"].as_str().unwrap().to_owned();
        let mut client =
            Self { door: Arc::new(Simulated { cloud: Mutex::new(cloud), token, now }), account: None, now };
        let account = Oura.connected(&mut client.context(&Kept::default())).await.unwrap();
        client.account = Some(account);
        client
    }

    fn context(&self, kept: &Kept) -> Fetch {
        Fetch::new(self.door.clone(), Box::new(kept.clone()), Arc::new(app()), self.account.clone(), self.now)
    }

    async fn fetch(
        &self,
        resource: &str,
        window: Window,
        ids: &[String],
        found: &mut Found,
    ) -> Result<(), FetchError> {
        let kept = Kept::default();
        let mut cx = self.context(&kept);
        let resource = SPEC.resource(resource).unwrap();
        let job = Job { resource, window, cause: Cause::Backfill, cursor: None, ids: ids.to_vec() };
        let result = Oura.fetch(&mut cx, &job).await;
        for emitted in kept.take().into_iter().chain(cx.take_emitted()) {
            let (data_type, key, record) = match emitted {
                Emitted::Record(record) => {
                    (record.data_type(), Record::natural_key(&record), serde_json::to_value(&record).ok())
                }
                Emitted::Deleted { data_type, key } => (data_type, key, None),
            };
            found.insert((data_type.to_string(), key.to_string()), record);
        }
        result
    }

    /// Fetches all resources window by window.
    async fn fetch_all(&self, days: i64) -> Found {
        let mut found = Found::new();
        for resource in SPEC.resources {
            let max = chrono::Duration::from_std(resource.max_window).unwrap();
            let all = match resource.history {
                Some(_) => Window::new(self.now - TimeDelta::days(days), self.now),
                None => Window::new(self.now - max, self.now),
            };
            for window in all.pieces(max) {
                self.fetch(resource.name, window, &[], &mut found).await.unwrap();
            }
        }
        found
    }

    /// Compares what was found with the ledger, both ways.
    fn check(&self, found: &Found) -> usize {
        let cloud = self.door.cloud.lock().unwrap();
        let account = &self.account.as_ref().unwrap().id;
        for ((data_type, key), record) in found {
            let record = record.clone().unwrap_or_default();
            let verdict = cloud.check(account, data_type, key, &record);
            let deleted = record.is_null() && verdict == crate::sandbox::Verdict::Deleted;
            assert!(deleted || verdict.agrees(), "{data_type} {key}: {verdict:?}");
        }
        let mut produced = 0;
        for entry in cloud.ledger().entries().filter(|entry| *entry.account == **account && !entry.deleted) {
            let key = (entry.data_type.to_owned(), entry.natural_key.to_string());
            assert!(found.contains_key(&key), "{} {} was not fetched", entry.data_type, entry.natural_key);
            produced += 1;
        }
        produced
    }
}

fn settings(seed: u64) -> Settings {
    Settings {
        seed,
        users: 1,
        history_days: 45,
        client_id: "client".to_owned(),
        client_secret: Secret::from("planted-secret"),
        quotas: Some(Quotas { overall: Vec::new(), read: Vec::new(), user: Vec::new() }),
        page_size: 7,
        rows_per_page: 300,
        met_interval_seconds: 900,
        // Refreshing is the business of others.
        access_token_lifetime: Some(std::time::Duration::from_secs(90 * 24 * 3600)),
        ..Settings::default()
    }
}

fn asked() -> &'static [&'static str] {
    match SPEC.auth {
        tributary_contract::spec::AuthScheme::OAuth2(oauth) => oauth.scopes,
        tributary_contract::spec::AuthScheme::None => &[],
    }
}

#[tokio::test]
async fn everything_that_was_produced_arrives_as_it_was() {
    let start = instant("2026-05-20T10:00:00Z");
    for seed in 1..=4 {
        let client = Client::connect(Cloud::new(settings(seed), start), asked(), start).await;
        let found = client.fetch_all(50).await;
        assert!(client.check(&found) > 150, "seed {seed}");
    }
}

#[tokio::test]
async fn what_happens_after_the_connect_arrives_by_notifications() {
    let start = instant("2026-05-20T10:00:00Z");
    let settings = Settings { live_records_per_user_per_minute: 0.05, ..settings(7) };
    let mut client = Client::connect(Cloud::new(settings, start), asked(), start).await;
    let subscribed = Oura.subscribe(&mut client.context(&Kept::default())).await.unwrap();
    assert!(subscribed > Some(start));
    let mut found = client.fetch_all(50).await;

    let (mut notices, mut deleted) = (0, 0);
    for hour in 1..=60 {
        let now = start + TimeDelta::hours(hour);
        let door = Arc::get_mut(&mut client.door).unwrap();
        door.now = now;
        client.now = now;
        let told = {
            let mut cloud = client.door.cloud.lock().unwrap();
            cloud.advance(now);
            let told = cloud.outbox(now);
            for call in &told {
                cloud.delivered(call.id, Some(200), now);
            }
            told
        };
        for call in told {
            let inbound = Inbound {
                method: Method::POST,
                query: Vec::new(),
                headers: call.headers,
                body: call.body,
                received_at: now,
            };
            let Ok(Notified::Notices(read)) = Oura.notified(&inbound, &app()) else { panic!("refused") };
            for notice in read {
                assert_eq!(Some(&notice.account), client.account.as_ref().map(|account| &account.id));
                notices += 1;
                match notice.change {
                    Change::Updated { resource, ids, window: None } => {
                        let recent = Window::new(now - TimeDelta::days(7), now);
                        // Gone again before it was read: then its deletion was told as well.
                        match client.fetch(&resource, recent, &ids, &mut found).await {
                            Ok(()) | Err(FetchError::Gone { .. }) => {}
                            Err(error) => panic!("{resource} {ids:?}: {error}"),
                        }
                    }
                    Change::Deleted { data_type, key, .. } => {
                        deleted += 1;
                        found.insert((data_type.to_string(), key.to_string()), None);
                    }
                    other => panic!("{other:?}"),
                }
            }
        }
    }
    assert!(notices > 30 && deleted > 0, "{notices} notices, {deleted} deletions");
    // Nothing tells of heart rate, so the poll brings it.
    for resource in [DAILY, ACTIVITY] {
        let recent = Window::new(client.now - TimeDelta::days(7), client.now);
        client.fetch(resource, recent, &[], &mut found).await.unwrap();
    }
    client.check(&found);
}

#[tokio::test]
async fn a_person_who_grants_little_is_not_refused_anything() {
    let start = instant("2026-05-20T10:00:00Z");
    let mut client = Client::connect(Cloud::new(settings(3), start), &["daily"], start).await;
    if let Some(account) = &mut client.account {
        account.scopes = vec!["extapi:daily".to_owned()];
    }
    let mut found = Found::new();
    let recent = Window::new(start - TimeDelta::days(14), start);
    for resource in [SLEEP, DAILY, BODY, ATHLETE] {
        client.fetch(resource, recent, &[], &mut found).await.unwrap();
    }
    assert!(found.keys().any(|(data_type, _)| data_type == "sleep"));
    let statistics = client.door.cloud.lock().unwrap().statistics();
    let refused: Vec<_> = statistics.requests.keys().filter(|(_, status)| *status >= 400).collect();
    assert!(refused.is_empty(), "asked in vain: {refused:?}");
    let result = client.fetch(ACTIVITY, recent, &[], &mut found).await;
    assert!(matches!(result, Err(FetchError::Unsupported { .. })), "{result:?}");
}
