//! Simulated providers, a receiver and a configuration in a directory of their own.
//!
//! The daemon is reached over its sockets only, so that a test does not care whether it runs in this process or in
//! another one.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response};
use serde_json::{Value, json};
use tempfile::TempDir;
use tributary::sandbox::Host;
use tributary_engine::clock::Clock;
use tributary_net::{Client, ClientOptions, Limits};
use tributary_providers::sandbox::Sandbox;
use uuid::Uuid;

use crate::browser::Browser;
use crate::inventory::Inventory;
use crate::people::Person;
use crate::plan::Plan;
use crate::receiver::Receiver;
use crate::wait;
use crate::watched::{self, Watch};

/// Longest wait for everything to be worked off.
const QUIET: Duration = Duration::from_secs(60);

/// Everything around the daemon.
pub struct World {
    /// What it is made of.
    pub plan: Plan,
    /// The receiver of webhooks.
    pub receiver: Receiver,
    /// The browser in which everything is opened unless a test names another.
    pub browser: Browser,
    hosts: Vec<Host>,
    watches: BTreeMap<&'static str, Watch>,
    directory: TempDir,
    public: SocketAddr,
    admin: SocketAddr,
    client: Client,
}

impl World {
    /// Starts the simulated providers and the receiver, and writes the configuration.
    pub async fn start(plan: Plan) -> Self {
        let clock = Clock::real();
        let start = |sandbox: Box<dyn Sandbox>| {
            let listener = TcpListener::bind("127.0.0.1:0").expect("a port for a simulated provider");
            Host::start(sandbox, listener, clock.clone()).expect("a simulated provider")
        };
        let mut watches = BTreeMap::new();
        let watch = |sandbox: Box<dyn Sandbox>| {
            if !plan.watched {
                return sandbox;
            }
            let (watched, watch) = watched::watch(sandbox);
            watches.insert(watched.key(), watch);
            watched
        };
        let sandboxes = tributary_providers::sandboxes(&plan.sandbox, clock.now()).into_iter();
        let sandboxes = sandboxes.filter(|sandbox| plan.only.is_none_or(|only| only == sandbox.key()));
        let hosts = sandboxes.map(watch).map(start).collect();
        let client = Client::new(ClientOptions {
            allow_private_networks: true,
            allow_http: true,
            ..ClientOptions::default()
        });
        let world = Self {
            plan,
            receiver: Receiver::start().await,
            browser: Browser::default(),
            hosts,
            watches,
            directory: tempfile::tempdir().expect("a directory"),
            public: free_address(),
            admin: free_address(),
            client: client.expect("an HTTP client"),
        };
        world.write_configuration();
        world
    }

    /// Writes the configuration, again after the plan was changed.
    pub fn write_configuration(&self) {
        let origins: Vec<_> =
            self.hosts.iter().map(|host| (host.key(), format!("http://{}", host.address()))).collect();
        let operator = self.plan.operator_file(&self.public.to_string(), &self.admin.to_string(), &origins);
        std::fs::create_dir_all(self.path("tenants")).expect("a directory for the tenants");
        std::fs::write(self.configuration(), format!("{operator:#}\n")).expect("the operator's file");
        let providers: Vec<_> = self.hosts.iter().map(Host::key).collect();
        for tenant in &self.plan.tenants {
            let file = self.path(&format!("tenants/{}.yaml", tenant.dev_id));
            std::fs::write(file, format!("{:#}\n", tenant.file(&providers))).expect("a tenant's file");
        }
    }

    /// The operator's file.
    pub fn configuration(&self) -> PathBuf {
        self.path("tributary.yaml")
    }

    /// Where everything is.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// A path below the world's directory.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory().join(name)
    }

    /// The variables that the configuration is read with.
    pub fn environment(&self) -> BTreeMap<&'static str, String> {
        BTreeMap::from([("RECEIVER", self.receiver.url()), ("DATA", self.directory().display().to_string())])
    }

    /// Where the daemon listens for tenants and providers, and where for operators.
    pub const fn addresses(&self) -> (SocketAddr, SocketAddr) {
        (self.public, self.admin)
    }

    /// A simulated provider.
    pub fn host(&self, provider: &str) -> &Host {
        self.hosts.iter().find(|host| host.key() == provider).expect("a simulated provider of that key")
    }

    /// What a provider was asked and what it sent, in a world that is watched.
    pub fn watch(&self, provider: &str) -> &Watch {
        self.watches.get(provider).expect("a watched world with that provider")
    }

    /// All simulated providers.
    pub fn hosts(&self) -> &[Host] {
        &self.hosts
    }

    /// From now on nobody produces anything.
    pub fn stop_producing(&self) {
        for host in &self.hosts {
            host.with(|sandbox| sandbox.stop_producing());
        }
    }

    /// Sends a request to anywhere; redirects are not followed.
    pub async fn send(&self, request: Request<Bytes>) -> Response<Bytes> {
        self.client.send(request, Limits::default()).await.expect("an answer")
    }

    /// GET; `None` when nobody answers.
    pub async fn try_browse(&self, url: &str) -> Option<Response<Bytes>> {
        let request = Request::get(url).body(Bytes::new()).expect("a URL");
        self.client.send(request, Limits::default()).await.ok()
    }

    /// A page in the world's browser; redirects are not followed.
    pub async fn browse(&self, url: &str) -> Response<Bytes> {
        self.browse_in(&self.browser, url).await
    }

    /// A page in some browser; redirects are not followed.
    pub async fn browse_in(&self, browser: &Browser, url: &str) -> Response<Bytes> {
        let mut request = Request::get(url).body(Bytes::new()).expect("a URL");
        if let Some(cookies) = browser.cookies(request.uri().path()) {
            request.headers_mut().insert("cookie", cookies.parse().expect("cookies as they were set"));
        }
        let answer = self.send(request).await;
        browser.keep(&answer);
        answer
    }

    /// A call below the public listener, without credentials.
    pub async fn public(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Response<Bytes> {
        let mut request = Request::builder().method(method).uri(format!("http://{}{path}", self.public));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(body.into()).expect("a request")).await
    }

    /// A call as a tenant; status and JSON of the answer.
    pub async fn tenant(&self, dev_id: &str, method: Method, path: &str, body: &Value) -> (u16, Value) {
        let tenant =
            self.plan.tenants.iter().find(|tenant| tenant.dev_id == dev_id).expect("a tenant of that name");
        let headers =
            [("dev-id", dev_id), ("x-api-key", &tenant.api_key()), ("content-type", "application/json")];
        let body = if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) };
        let answer = self.public(method, path, &headers, body).await;
        (answer.status().as_u16(), serde_json::from_slice(answer.body()).unwrap_or_default())
    }

    /// A call below `/admin/`.
    pub async fn admin(&self, method: Method, path: &str, body: &Value) -> (u16, Value) {
        let request = Request::builder()
            .method(method)
            .uri(format!("http://{}/admin/{path}", self.admin))
            .header("content-type", "application/json")
            .body(if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) })
            .expect("a request");
        let answer = self.send(request).await;
        (answer.status().as_u16(), serde_json::from_slice(answer.body()).unwrap_or_default())
    }

    /// The connections as operators see them; `query` begins with `?` or is empty.
    pub async fn connections(&self, query: &str) -> Vec<Value> {
        let (status, answer) = self.admin(Method::GET, &format!("connections{query}"), &Value::Null).await;
        assert_eq!(status, 200, "{answer}");
        answer.get("connections").and_then(Value::as_array).cloned().unwrap_or_default()
    }

    /// A connection as operators see it.
    pub async fn connection(&self, id: Uuid) -> Value {
        let id = id.to_string();
        let all = self.connections("").await;
        all.into_iter()
            .find(|row| row.get("id").and_then(Value::as_str) == Some(&id))
            .expect("the connection")
    }

    /// Where a connection stands: `active`, `reauth_needed`…
    pub async fn state(&self, id: Uuid) -> String {
        let row = self.connection(id).await;
        row.get("state").and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    /// How the daemon is.
    pub async fn status(&self) -> Value {
        let (status, answer) = self.admin(Method::GET, "status", &Value::Null).await;
        assert_eq!(status, 200, "{answer}");
        answer
    }

    /// A sink's level, as in `status`.
    pub async fn sink(&self, name: &str, level: &str) -> Value {
        let status = self.status().await;
        let sinks = status.get("sinks").and_then(Value::as_array).cloned().unwrap_or_default();
        let sink = sinks.into_iter().find(|sink| sink.get("sink").and_then(Value::as_str) == Some(name));
        sink.and_then(|sink| sink.get(level).cloned()).unwrap_or_default()
    }

    /// The sequence of the newest log entry.
    pub async fn last_sequence(&self) -> u64 {
        self.status().await.get("last_sequence").and_then(Value::as_u64).expect("a sequence")
    }

    /// The newest thousand log entries, oldest first.
    pub async fn log(&self) -> Vec<Value> {
        let (status, answer) = self.admin(Method::GET, "log?limit=1000", &Value::Null).await;
        assert_eq!(status, 200, "{answer}");
        let mut entries = answer.get("entries").and_then(Value::as_array).cloned().unwrap_or_default();
        entries.reverse();
        entries
    }

    /// Asks for a connection to be fetched again, as the next poll would.
    pub async fn sync(&self, connection: Uuid) {
        let (status, answer) = self.admin(Method::POST, "sync", &json!({"connection": connection})).await;
        assert_eq!(status, 202, "{answer}");
    }

    /// Waits until nothing is left to do: notifications acknowledged, connections idle, sinks at the end of the log.
    pub async fn quiet(&self) {
        let mut calm = 0;
        let mut left = BTreeMap::new();
        let found = tokio::time::timeout(
            QUIET,
            wait::until("quiet", QUIET * 2, async || {
                left = self.left_to_do().await;
                calm = if left.values().all(|count| *count == 0) { calm + 1 } else { 0 };
                (calm >= 3).then_some(())
            }),
        );
        let found = found.await.is_ok();
        assert!(found, "not everything was worked off within {} s: {left:?}", QUIET.as_secs());
    }

    async fn left_to_do(&self) -> BTreeMap<&'static str, u64> {
        let notifications: usize = self.hosts.iter().map(|host| host.with(|sandbox| sandbox.pending())).sum();
        let status = self.status().await;
        let number = |path: &str| status.pointer(path).and_then(Value::as_u64).unwrap_or(0);
        let sinks = status.get("sinks").and_then(Value::as_array).cloned().unwrap_or_default();
        let sum = |name: &str| -> u64 { sinks.iter().filter_map(|sink| sink.get(name)?.as_u64()).sum() };
        BTreeMap::from([
            ("notifications", notifications as u64),
            ("busy", number("/connections/total").saturating_sub(number("/connections/idle"))),
            ("history", number("/connections/with_history_left")),
            ("backlog", sum("backlog")),
            ("in_flight", sum("in_flight")),
            ("parked", sum("parked")),
        ])
    }

    /// Waits until no connection has history left to fetch.
    pub async fn quiet_history(&self) {
        wait::until_true("the end of all history", QUIET, async || {
            self.status().await.pointer("/connections/with_history_left").and_then(Value::as_u64) == Some(0)
        })
        .await;
    }

    /// Lets everything settle after the people have stopped: series that nobody notifies of are asked for once more.
    pub async fn settle(&self, people: &[Person]) {
        self.stop_producing();
        self.quiet().await;
        for person in people {
            self.sync(person.connection).await;
        }
        self.quiet().await;
    }

    /// What the receiver got at a path.
    pub fn received(&self, path: &str) -> Inventory {
        Inventory::of_events(&self.receiver.taken(path))
    }

    /// Everything that what arrived lacks, has wrong or has too much, a line each; empty is good.
    pub fn differences(&self, people: &[Person], arrived: &Inventory) -> Vec<String> {
        let of = |key: &'static str| people.iter().filter(move |person| person.provider == key);
        let mut expected = std::collections::BTreeSet::new();
        let mut found = Vec::new();
        for host in &self.hosts {
            let people: Vec<_> = of(host.key()).collect();
            host.with(|sandbox| found.extend(arrived.compare(sandbox, &people, &mut expected)));
        }
        found.extend(arrived.keys_beside(&expected).map(|key| format!("nobody produced {key:?}")));
        found
    }

    /// Ends the simulated providers.
    pub async fn end(self) {
        for host in self.hosts {
            host.stop().await;
        }
    }
}

/// An address that was free a moment ago.
fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("its address")
}
