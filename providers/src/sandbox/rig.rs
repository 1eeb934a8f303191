//! A provider and its sandbox in one process, for tests: the provider's own code asks, the simulated cloud answers,
//! the ledger judges what was emitted.
//!
//! The only place where both sides meet; it passes requests on and never looks into them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::header::AUTHORIZATION;
use http::{HeaderValue, Method};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tributary_contract::fetch::Credentials;
use tributary_contract::recorded::Kept;
use tributary_contract::spec::AuthScheme;
use tributary_contract::{
    Account, App, Cause, Change, Door, Emitted, Fetch, FetchError, Inbound, Job, Notice, Notified, Provider,
    Request, Response, Secret, Window,
};
use url::Url;

use super::{CallResult, Outbound, Reaction, Sandbox, Settings, Verdict};

/// The newest state of each record that was emitted: its JSON, or `None` when it was deleted.
pub(crate) type Emissions = BTreeMap<(String, &'static str, String), Option<serde_json::Value>>;

/// Carries requests into the sandbox.
struct Carrier {
    provider: &'static dyn Provider,
    app: Arc<App>,
    cloud: Arc<Mutex<Box<dyn Sandbox>>>,
    token: Option<String>,
    now: DateTime<Utc>,
}

#[async_trait]
impl Door for Carrier {
    async fn send(&self, request: Request) -> Result<Response, FetchError> {
        let call = request.template.clone();
        let mut path = request.template.clone();
        for (name, value) in &request.args {
            path = path
                .replace(&format!("{{{name}}}"), &utf8_percent_encode(value, NON_ALPHANUMERIC).to_string());
        }
        let absolute = if path.starts_with("https://") {
            path
        } else {
            format!("{}{path}", self.provider.spec().api_base)
        };
        let mut url = Url::parse(&absolute).unwrap();
        if !request.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&request.query);
        }
        let mut built = http::Request::new(request.body);
        *built.method_mut() = request.method;
        *built.uri_mut() = url.as_str().parse().unwrap();
        *built.headers_mut() = request.headers;
        if let (Credentials::User, Some(token)) = (request.credentials, &self.token) {
            let value = HeaderValue::from_str(&format!("Bearer {token}")).unwrap();
            built.headers_mut().insert(AUTHORIZATION, value);
        }
        let reaction = self.cloud.lock().unwrap().handle(built, self.now);
        let response = match reaction {
            Reaction::Answer(response) => response,
            Reaction::Call(outbound) => {
                let result = answered(self.provider, &self.app, &outbound, self.now);
                self.cloud.lock().unwrap().called(outbound.id, &result, self.now)
            }
            Reaction::Hang | Reaction::Cut { .. } => {
                return Err(FetchError::Transient {
                    call,
                    reason: "no answer".to_owned(),
                    retry_after: None,
                });
            }
        };
        let status = response.status().as_u16();
        let inside = self.provider.spec().body_status.filter(|_| (200..300).contains(&status)).map(|spec| {
            let body: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
            (spec, body.pointer(spec.pointer).and_then(serde_json::Value::as_i64).unwrap())
        });
        let status = match inside {
            Some((spec, number)) if spec.auth.contains(&number) => 401,
            Some((spec, number)) if spec.forbidden.contains(&number) => 403,
            Some((spec, number)) if !spec.ok.contains(&number) => 400,
            _ => status,
        };
        match status {
            200..300 => {
                Ok(Response { status, headers: response.headers().clone(), body: response.into_body() })
            }
            401 => Err(FetchError::Auth { call, reason: "401".to_owned() }),
            403 => Err(FetchError::Forbidden { call }),
            404 => Err(FetchError::Gone { call }),
            _ => Err(FetchError::Rejected { call, status }),
        }
    }
}

fn inbound(outbound: &Outbound, now: DateTime<Utc>) -> Inbound {
    let url = Url::parse(&outbound.url).unwrap();
    Inbound {
        method: outbound.method.clone(),
        query: url.query_pairs().into_owned().collect(),
        headers: outbound.headers.clone(),
        body: outbound.body.clone(),
        received_at: now,
    }
}

/// What the subscriber answers: the provider's own code decides.
fn answered(provider: &dyn Provider, app: &App, outbound: &Outbound, now: DateTime<Utc>) -> CallResult {
    match provider.notified(&inbound(outbound, now), app) {
        Ok(Notified::Answer(reply)) => CallResult { status: Some(reply.status), body: reply.body },
        Ok(Notified::Notices(_)) => CallResult { status: Some(200), body: Bytes::new() },
        Err(refused) => CallResult { status: Some(refused.status()), body: Bytes::new() },
    }
}

/// A provider and its sandbox.
pub(crate) struct Rig {
    provider: &'static dyn Provider,
    app: Arc<App>,
    pub(crate) cloud: Arc<Mutex<Box<dyn Sandbox>>>,
    tokens: Vec<(Account, String)>,
    pub(crate) emissions: Emissions,
}

impl Rig {
    pub(crate) fn new(provider: &'static dyn Provider, cloud: Box<dyn Sandbox>) -> Self {
        let settings = Settings::default();
        let app = App {
            client_id: settings.client_id,
            client_secret: settings.client_secret,
            verify_token: Some(Secret::from("word")),
            callback_url: "http://me/callback".to_owned(),
            notify_url: "http://me/notify".to_owned(),
            keys: BTreeMap::new(),
        };
        let cloud = Arc::new(Mutex::new(cloud));
        Self { provider, app: Arc::new(app), cloud, tokens: Vec::new(), emissions: Emissions::new() }
    }

    fn fetch(
        &self,
        token: Option<String>,
        account: Option<Account>,
        kept: &Kept,
        now: DateTime<Utc>,
    ) -> Fetch {
        let (cloud, app) = (Arc::clone(&self.cloud), Arc::clone(&self.app));
        let door = Carrier { provider: self.provider, app: Arc::clone(&app), cloud, token, now };
        Fetch::new(Arc::new(door), Box::new(kept.clone()), app, account, now)
    }

    /// Makes the app's subscriptions.
    pub(crate) async fn subscribe(&self, now: DateTime<Utc>) {
        let mut cx = self.fetch(None, None, &Kept::default(), now);
        self.provider.subscribe(&mut cx).await.unwrap();
    }

    /// Connects a person with the scopes that the Spec asks for.
    pub(crate) async fn connect(&mut self, person: u32, now: DateTime<Utc>) {
        let AuthScheme::OAuth2(oauth) = self.provider.spec().auth else { panic!("no OAuth 2.0") };
        let mut url = Url::parse(oauth.authorize_url).unwrap();
        url.query_pairs_mut()
            .append_pair("client_id", &self.app.client_id)
            .append_pair("redirect_uri", &self.app.callback_url)
            .append_pair("response_type", "code")
            .append_pair("scope", &oauth.scopes.join(oauth.scope_separator))
            .append_pair("state", "s")
            .append_pair("login", &person.to_string())
            .append_pair("approve", "1");
        let request = http::Request::get(url.as_str()).body(Bytes::new()).unwrap();
        let response = self.cloud.lock().unwrap().handle(request, now).answer().unwrap();
        let back = Url::parse(response.headers()["location"].to_str().unwrap()).unwrap();
        let code = back.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
        let secret = self.app.client_secret.expose();
        let mut fields = vec![
            ("client_id", self.app.client_id.as_str()),
            ("client_secret", secret.as_str()),
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
        ];
        fields.extend(oauth.token_parameters);
        let exchange = Request::post(oauth.token_url).without_token().form(&fields);
        let cx = self.fetch(None, None, &Kept::default(), now);
        let answer: serde_json::Value = cx.json(exchange).await.unwrap();
        let token = answer.pointer(oauth.answer_at).unwrap()["access_token"].as_str().unwrap().to_owned();
        let facts = oauth.keep.iter().map(|(name, at)| {
            let fact = answer.pointer(at).unwrap();
            (*name, fact.as_str().map_or_else(|| fact.to_string(), str::to_owned))
        });
        let cx = self.fetch(Some(token.clone()), None, &Kept::default(), now);
        let mut cx = cx.with_token_facts(facts.collect());
        let mut account = self.provider.connected(&mut cx).await.unwrap();
        account.scopes = oauth.scopes.iter().map(|&scope| scope.to_owned()).collect();
        self.tokens.push((account, token));
    }

    /// Fetches every resource of everybody who is connected.
    pub(crate) async fn fetch_all(&mut self, window: Window, now: DateTime<Utc>) {
        for connection in 0..self.tokens.len() {
            for resource in self.provider.spec().resources {
                for piece in window.pieces(chrono::TimeDelta::from_std(resource.max_window).unwrap()) {
                    let job =
                        Job { resource, window: piece, cause: Cause::Poll, cursor: None, ids: Vec::new() };
                    self.run(connection, &job, now).await;
                }
            }
        }
    }

    async fn run(&mut self, connection: usize, job: &Job, now: DateTime<Utc>) {
        let (account, token) = self.tokens[connection].clone();
        let kept = Kept::default();
        let mut cx = self.fetch(Some(token), Some(account.clone()), &kept, now);
        match self.provider.fetch(&mut cx, job).await {
            // Notices are obeyed late here: what they speak of may be gone already, and its deletion is told next.
            Err(FetchError::Gone { .. }) if job.cause == Cause::Notification => {}
            fetched => fetched.unwrap(),
        }
        let emitted = kept.take().into_iter().chain(cx.take_emitted());
        for emitted in emitted {
            let (data_type, key, record) = match emitted {
                Emitted::Record(record) => {
                    let json = serde_json::from_slice(&record.to_json().unwrap()).unwrap();
                    (record.data_type(), record.natural_key(), Some(json))
                }
                Emitted::Deleted { data_type, key } => (data_type, key, None),
            };
            self.emissions.insert((account.id.clone(), data_type.as_str(), key.as_str().to_owned()), record);
        }
    }

    /// Takes all notifications that are due and does what they say; gives their number.
    pub(crate) async fn obey_notifications(&mut self, now: DateTime<Utc>) -> usize {
        let due = self.cloud.lock().unwrap().outbox(now);
        for outbound in &due {
            assert_eq!(outbound.method, Method::POST);
            let Notified::Notices(notices) =
                self.provider.notified(&inbound(outbound, now), &self.app).unwrap()
            else {
                panic!("a notification is no handshake")
            };
            for notice in notices {
                self.obey(notice, now).await;
            }
            self.cloud.lock().unwrap().delivered(outbound.id, Some(200), now);
        }
        due.len()
    }

    async fn obey(&mut self, notice: Notice, now: DateTime<Utc>) {
        let connection = self.tokens.iter().position(|(account, _)| account.id == notice.account).unwrap();
        match notice.change {
            Change::Updated { resource, ids, window } => {
                let resource = self.provider.spec().resource(&resource).unwrap();
                let window = window.unwrap_or(Window::new(now - chrono::TimeDelta::days(1), now));
                let job = Job { resource, window, cause: Cause::Notification, cursor: None, ids };
                self.run(connection, &job, now).await;
            }
            Change::Deleted { data_type, key, .. } => {
                self.emissions.insert((notice.account, data_type.as_str(), key.as_str().to_owned()), None);
            }
            Change::Revoked | Change::Unknown { .. } => panic!("nothing of that kind was told"),
        }
    }

    /// Everything that the ledger and the emissions disagree about, for everybody who is connected.
    pub(crate) fn disagreements(&self) -> Vec<String> {
        let cloud = self.cloud.lock().unwrap();
        let mut found = Vec::new();
        for ((account, data_type, key), record) in &self.emissions {
            let verdict = match record {
                Some(record) => cloud.check(account, data_type, key, record),
                None if cloud.ledger().get(account, data_type, key).is_some_and(|entry| !entry.deleted) => {
                    Verdict::Deleted
                }
                None => continue,
            };
            if !verdict.agrees() {
                found.push(format!("{data_type} {key} of {account}: {verdict:?}"));
            }
        }
        for entry in cloud.ledger().entries().filter(|entry| !entry.deleted) {
            let connected = self.tokens.iter().any(|(account, _)| *account.id == *entry.account);
            let key = (entry.account.to_string(), entry.data_type, entry.natural_key.to_string());
            if connected && !self.emissions.contains_key(&key) {
                found.push(format!(
                    "{} {} of {} is missing",
                    entry.data_type, entry.natural_key, entry.account
                ));
            }
        }
        found
    }
}
