//! All that the simulated Polar produced, fetched as a sync would and compared with its ledger.

use std::collections::BTreeMap;
use std::sync::Mutex;

use bytes::Bytes;
use chrono::TimeDelta;
use tributary_contract::model::Record;
use tributary_contract::{Change, Credentials, Door, Response};

use super::super::sandbox::Cloud;
use super::*;
use crate::sandbox::{CallResult, Outbound, Quotas, Reaction, Sandbox as _, Settings, Verdict};

/// A door to the simulated Polar, with a person's token.
struct Simulated {
    cloud: Mutex<Cloud>,
    token: Mutex<Option<String>>,
    /// What notifications are verified with.
    app: Mutex<App>,
    now: Mutex<DateTime<Utc>>,
}

impl Simulated {
    fn now(&self) -> DateTime<Utc> {
        *self.now.lock().unwrap()
    }

    fn ask(&self, request: http::Request<Bytes>) -> http::Response<Bytes> {
        let reaction = self.cloud.lock().unwrap().handle(request, self.now());
        match reaction {
            Reaction::Answer(response) => response,
            // A webhook is made, changed or activated: its address is pinged.
            Reaction::Call(ping) => {
                let result = match self.tell(&ping) {
                    Ok(Notified::Answer(reply)) => {
                        CallResult { status: Some(reply.status), body: reply.body }
                    }
                    other => panic!("{other:?}"),
                };
                self.cloud.lock().unwrap().called(ping.id, &result, self.now())
            }
            other => panic!("{other:?}"),
        }
    }

    fn tell(&self, call: &Outbound) -> Result<Notified, Refused> {
        let inbound = Inbound {
            method: call.method.clone(),
            query: Vec::new(),
            headers: call.headers.clone(),
            body: call.body.clone(),
            received_at: self.now(),
        };
        Polar.notified(&inbound, &self.app.lock().unwrap())
    }
}

#[async_trait]
impl Door for Simulated {
    async fn send(&self, request: Request) -> Result<Response, FetchError> {
        let mut path = request.template.clone();
        for (name, value) in &request.args {
            path = path.replace(&format!("{{{name}}}"), value);
        }
        let query =
            url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&request.query).finish();
        let mut sent = http::Request::builder().method(request.method).uri(format!("{path}?{query}"));
        for (name, value) in &request.headers {
            sent = sent.header(name, value);
        }
        if let (Credentials::User, Some(token)) = (request.credentials, &*self.token.lock().unwrap()) {
            sent = sent.header("authorization", format!("Bearer {token}"));
        }
        let response = self.ask(sent.body(request.body).unwrap());
        let call = request.template;
        match response.status().as_u16() {
            status @ 200..=299 => {
                Ok(Response { status, headers: response.headers().clone(), body: response.into_body() })
            }
            401 => Err(FetchError::Auth { call, reason: "401".to_owned() }),
            403 => Err(FetchError::Forbidden { call }),
            404 => Err(FetchError::Gone { call }),
            429 => panic!("{call}: too many requests"),
            status => Err(FetchError::Rejected { call, status }),
        }
    }
}

/// The newest version of all records of a person, by type and key.
type Found = BTreeMap<(String, String), Value>;

struct Client {
    door: Arc<Simulated>,
    account: Option<Account>,
}

impl Client {
    fn new(cloud: Cloud, now: DateTime<Utc>) -> Self {
        let door = Simulated {
            cloud: Mutex::new(cloud),
            token: Mutex::default(),
            app: Mutex::new(app()),
            now: Mutex::new(now),
        };
        Self { door: Arc::new(door), account: None }
    }

    /// The consent of the first person; gives the answer with the token.
    fn consent(&self) -> Value {
        let path = "/oauth2/authorization?client_id=client&redirect_uri=http://me/cb&response_type=code\
                    &scope=accesslink.read_all&state=s&login=0&approve=1";
        let response = self.door.ask(http::Request::get(path).body(Bytes::new()).unwrap());
        let location: url::Url = response.headers()["location"].to_str().unwrap().parse().unwrap();
        let code = location.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
        let request = http::Request::post("/v2/oauth2/token")
            .header("content-type", "application/x-www-form-urlencoded")
            .header("authorization", "Basic Y2xpZW50OnBsYW50ZWQtc2VjcmV0")
            .body(Bytes::from(format!("grant_type=authorization_code&code={code}")))
            .unwrap();
        let tokens: Value = serde_json::from_slice(self.door.ask(request).body()).unwrap();
        assert!(tokens.get("refresh_token").is_none());
        *self.door.token.lock().unwrap() = Some(tokens["access_token"].as_str().unwrap().to_owned());
        tokens
    }

    /// Connects the first person.
    async fn connect(&mut self) {
        let user = self.consent()["x_user_id"].to_string();
        let mut cx = self.context(&Kept::default()).with_token_facts([(spec::USER_ID, user)].into());
        self.account = Some(Polar.connected(&mut cx).await.unwrap());
    }

    fn context(&self, kept: &Kept) -> Fetch {
        let app = self.door.app.lock().unwrap().clone();
        let account = self.account.clone();
        Fetch::new(self.door.clone(), Box::new(kept.clone()), Arc::new(app), account, self.door.now())
    }

    /// Makes the webhook, and keeps its key as the engine would.
    async fn subscribe(&self) -> usize {
        let mut cx = self.context(&Kept::default());
        Polar.subscribe(&mut cx).await.unwrap();
        let keys = cx.take_keys();
        let count = keys.len();
        let mut app = self.door.app.lock().unwrap();
        app.keys.extend(keys.into_iter().map(|(name, key)| (name.to_owned(), key)));
        count
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
        let result = Polar.fetch(&mut cx, &job).await;
        for emitted in kept.take().into_iter().chain(cx.take_emitted()) {
            let Emitted::Record(record) = emitted else { panic!("Polar deletes nothing") };
            let key = Record::natural_key(&record).to_string();
            found.insert((record.data_type().to_string(), key), serde_json::to_value(&record).unwrap());
        }
        result
    }

    /// Fetches all resources window by window.
    async fn fetch_all(&self, days: i64) -> Found {
        let (mut found, now) = (Found::new(), self.door.now());
        for resource in SPEC.resources {
            let max = TimeDelta::from_std(resource.max_window).unwrap();
            let length = if resource.history.is_some() { TimeDelta::days(days) } else { max };
            for window in Window::new(now - length, now).pieces(max) {
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
            let verdict = cloud.check(account, data_type, key, record);
            assert_eq!(verdict, Verdict::Agrees, "{data_type} {key}");
        }
        let mut produced = 0;
        for entry in cloud.ledger().entries().filter(|entry| *entry.account == **account) {
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
        met_interval_seconds: 900,
        ..Settings::default()
    }
}

#[tokio::test]
async fn everything_that_was_uploaded_arrives_as_it_was() {
    let mut checked = 0;
    for (seed, hour) in (1..=12).zip([0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 23]) {
        let start = instant(&format!("2026-05-20T{hour:02}:31:00Z"));
        let mut client = Client::new(Cloud::new(settings(seed), start), start);
        client.connect().await;
        let found = client.fetch_all(28).await;
        checked += client.check(&found);
    }
    assert!(checked > 150, "{checked} records");
}

#[tokio::test]
async fn what_is_uploaded_later_arrives_by_signed_notifications() {
    let start = instant("2026-05-20T10:00:00Z");
    let settings = Settings { live_records_per_user_per_minute: 0.05, ..settings(7) };
    let mut client = Client::new(Cloud::new(settings, start), start);
    assert_eq!(client.subscribe().await, 2, "the key and its webhook");
    client.connect().await;
    let mut found = client.fetch_all(28).await;
    let mut notices = 0;
    for hour in 1..=60 {
        let now = start + TimeDelta::hours(hour);
        *client.door.now.lock().unwrap() = now;
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
            let Ok(Notified::Notices(read)) = client.door.tell(&call) else { panic!("refused") };
            for notice in read {
                assert_eq!(Some(&notice.account), client.account.as_ref().map(|account| &account.id));
                notices += 1;
                let Change::Updated { resource, ids, window: None } = notice.change else {
                    panic!("unknown")
                };
                let recent = Window::new(now - TimeDelta::days(7), now);
                client.fetch(&resource, recent, &ids, &mut found).await.unwrap();
            }
        }
    }
    assert!(notices > 60, "{notices} notices");
    // Nothing tells of what is measured on the body, so the poll brings it.
    let recent = Window::new(client.door.now() - TimeDelta::days(7), client.door.now());
    client.fetch(BODY, recent, &[], &mut found).await.unwrap();
    client.check(&found);
    assert_eq!(client.subscribe().await, 0, "nothing is to be done");
}

#[tokio::test]
async fn a_lost_key_and_a_lost_webhook_lead_to_a_new_one() {
    let start = instant("2026-05-20T10:00:00Z");
    let client = Client::new(Cloud::new(settings(1), start), start);
    assert_eq!(client.subscribe().await, 2);
    let first = client.door.app.lock().unwrap().keys.clone();
    client.door.app.lock().unwrap().keys.clear();
    assert_eq!(client.subscribe().await, 2);
    let second = client.door.app.lock().unwrap().keys.clone();
    assert_ne!(first["webhook_signature"].expose(), second["webhook_signature"].expose());
    client.door.cloud.lock().unwrap().forget_subscriptions();
    assert_eq!(client.subscribe().await, 2);
    assert_eq!(client.subscribe().await, 0);
}

#[tokio::test]
async fn nothing_is_readable_before_the_registration_and_after_its_end() {
    let start = instant("2026-05-20T10:00:00Z");
    let mut client = Client::new(Cloud::new(settings(2), start), start);
    let user = client.consent()["x_user_id"].to_string();
    client.account = Some(Account::new(user));
    let recent = Window::new(start - TimeDelta::days(7), start);
    let mut found = Found::new();
    for resource in [ACTIVITY, ATHLETE, BODY, DAILY, SLEEP] {
        let refused = client.fetch(resource, recent, &[], &mut found).await;
        assert!(matches!(refused, Err(FetchError::Forbidden { .. })), "{resource} {refused:?}");
    }
    client.connect().await;
    client.connect().await;
    client.fetch(DAILY, recent, &[], &mut found).await.unwrap();
    assert!(!found.is_empty());
    Polar.disconnect(&mut client.context(&Kept::default())).await.unwrap();
    let ended = client.fetch(DAILY, recent, &[], &mut found).await;
    assert!(matches!(ended, Err(FetchError::Auth { .. })), "{ended:?}");
}
