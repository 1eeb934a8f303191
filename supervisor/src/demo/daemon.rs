//! The daemon between the simulated providers and the receivers: `tributary run`, as a process of its own that can
//! be killed.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, bail};
use bytes::Bytes;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::process::{Child, Command};
use tributary_engine::clock::Clock;
use tributary_net::{Client, ClientOptions, Limits};
use uuid::Uuid;

use super::{Plan, receive};
use crate::sandbox::Host;

/// The demo's tenant.
const TENANT: &str = "demo";
/// Longest wait for the daemon to be ready.
const READY: Duration = Duration::from_secs(30);
/// Longest wait for the daemon to end after SIGTERM.
const END: Duration = Duration::from_secs(40);

/// The daemon.
pub(super) struct Daemon {
    directory: PathBuf,
    public: String,
    admin: String,
    api_key: String,
    log_level: String,
    client: Client,
    clock: Clock,
    child: Option<Child>,
}

impl Daemon {
    /// Writes the configuration.
    pub(super) fn new(
        directory: &Path,
        hosts: &[Host],
        webhook: &receive::Webhook,
        plan: &Plan,
    ) -> anyhow::Result<Self> {
        let (public, admin) = (free_port()?, free_port()?);
        let api_key = Uuid::new_v4().simple().to_string();
        let vault_key = [Uuid::new_v4(), Uuid::new_v4()].map(|id| id.simple().to_string()).concat();
        let apps: serde_json::Map<String, Value> = hosts
            .iter()
            .map(|host| {
                let app = json!({
                    "client_id": "sandbox",
                    "client_secret": "sandbox-secret",
                    "verify_token": Uuid::new_v4().simple().to_string(),
                    "origin": format!("http://{}", host.address()),
                    "quota": {"app": [format!("{}/15m", super::RAISED)]},
                    "history": format!("{}d", plan.history_days + 1),
                });
                (host.key().to_owned(), app)
            })
            .collect();
        let operator = json!({
            "listen": format!("127.0.0.1:{public}"),
            "admin_listen": format!("127.0.0.1:{admin}"),
            "public_url": format!("http://127.0.0.1:{public}"),
            "store": format!("sqlite://{}", directory.join("tributary.db").display()),
            "data_dir": directory,
            "vault": {"keys": [vault_key]},
            "telemetry": {"log": "pretty"},
            "provider_apps": apps,
            "tenants": "tenants/*.yaml",
        });
        let names: Vec<_> = hosts.iter().map(Host::key).collect();
        let events = [
            "activity",
            "athlete",
            "auth",
            "body",
            "connection_error",
            "daily",
            "deauth",
            "deleted",
            "menstruation",
            "nutrition",
            "planned_workout",
            "sleep",
            "access_revoked",
            "user_reauth",
        ];
        let tenant = json!({
            "dev_id": TENANT,
            "api_keys": [format!("sha256:{}", hex::encode(Sha256::digest(api_key.as_bytes())))],
            "providers": names,
            "sinks": {
                "app": {
                    "type": "webhook", "url": webhook.url(), "secret": receive::SECRET,
                    "allow_private_networks": true, "events": events,
                },
                "warehouse": {
                    "type": "sql", "url": format!("sqlite://{}", directory.join("warehouse.db").display()),
                    "layout": "typed", "events": events,
                },
                "archive": {"type": "file", "path": directory.join("archive.ndjson"), "events": events},
                "pipe": {"type": "stdout", "events": events},
            },
        });
        std::fs::create_dir_all(directory.join("tenants"))?;
        // JSON is YAML, so the configuration goes through the same reader as anybody's.
        let write = |path: &str, value: &Value| {
            let path = directory.join(path);
            std::fs::write(&path, format!("{value:#}\n"))
                .with_context(|| format!("{} cannot be written", path.display()))
        };
        write("tributary.yaml", &operator)?;
        write("tenants/demo.yaml", &tenant)?;
        let client = Client::new(ClientOptions {
            allow_private_networks: true,
            allow_http: true,
            pool_idle_per_host: 32,
            ..ClientOptions::default()
        })?;
        Ok(Self {
            directory: directory.to_owned(),
            public: format!("http://127.0.0.1:{public}"),
            admin: format!("http://127.0.0.1:{admin}"),
            api_key,
            log_level: plan.engine_log_level.clone(),
            client,
            clock: Clock::real(),
            child: None,
        })
    }

    /// Starts the process and waits until it is ready.
    pub(super) async fn start(&mut self, stdout: &receive::Lines) -> anyhow::Result<()> {
        let log = self.directory.join("engine.log");
        let log = std::fs::File::options().create(true).append(true).open(log)?;
        let mut child = Command::new(std::env::current_exe().context("the own program cannot be found")?)
            .args(["run", "-c"])
            .arg(self.directory.join("tributary.yaml"))
            .args(["--log-level", &self.log_level])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .context("the engine cannot be started")?;
        stdout.read(child.stdout.take().context("the engine has no output")?);
        self.child = Some(child);
        let deadline = self.clock.now() + chrono::Duration::from_std(READY)?;
        loop {
            if self.has_ended() {
                bail!("the engine ended at once:\n{}", self.last_words());
            }
            if let Ok(answer) = self.browse(&format!("{}/readyz", self.public), None).await
                && answer.status().is_success()
            {
                return Ok(());
            }
            if self.clock.now() > deadline {
                bail!("the engine was not ready within {} s:\n{}", READY.as_secs(), self.last_words());
            }
            self.clock.sleep(Duration::from_millis(50)).await;
        }
    }

    fn last_words(&self) -> String {
        let log = std::fs::read_to_string(self.directory.join("engine.log")).unwrap_or_default();
        let lines: Vec<_> = log.lines().collect();
        lines.get(lines.len().saturating_sub(12)..).unwrap_or_default().join("\n")
    }

    /// Its process id, while there is one.
    pub(super) fn process(&self) -> Option<u32> {
        self.child.as_ref()?.id()
    }

    /// Whether the process is not there any more.
    pub(super) fn has_ended(&mut self) -> bool {
        self.child.as_mut().is_none_or(|child| !matches!(child.try_wait(), Ok(None)))
    }

    /// SIGKILL.
    pub(super) async fn kill(&mut self) -> anyhow::Result<()> {
        if let Some(mut child) = self.child.take() {
            child.kill().await.context("the engine cannot be killed")?;
        }
        Ok(())
    }

    /// SIGTERM, and waits for the end.
    pub(super) async fn stop(&mut self) -> anyhow::Result<()> {
        let Some(mut child) = self.child.take() else { return Ok(()) };
        let id = child.id().context("the engine has ended before")?;
        let sent = Command::new("kill").args(["-TERM", &id.to_string()]).status().await?;
        anyhow::ensure!(sent.success(), "the engine cannot be asked to end");
        match self.clock.timeout(END, child.wait()).await {
            Ok(status) => {
                let status = status?;
                anyhow::ensure!(status.success(), "the engine ended with {status}:\n{}", self.last_words());
                Ok(())
            }
            Err(_elapsed) => {
                bail!("the engine did not end within {} s:\n{}", END.as_secs(), self.last_words())
            }
        }
    }

    /// A call as the tenant.
    pub(super) async fn tenant(
        &self,
        method: http::Method,
        path: &str,
        body: Bytes,
    ) -> anyhow::Result<Value> {
        let request = http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.public))
            .header("dev-id", TENANT)
            .header("x-api-key", &self.api_key)
            .header("content-type", "application/json")
            .body(body)?;
        self.json(request).await
    }

    /// Levels of the engine.
    pub(super) async fn status(&self) -> anyhow::Result<Value> {
        self.json(http::Request::get(format!("{}/admin/status", self.admin)).body(Bytes::new())?).await
    }

    /// Asks for a connection to be fetched again.
    pub(super) async fn sync(&self, connection: Uuid) -> anyhow::Result<()> {
        let body = Bytes::from(json!({"connection": connection}).to_string());
        let request = http::Request::post(format!("{}/admin/sync", self.admin))
            .header("content-type", "application/json")
            .body(body)?;
        self.json(request).await.map(drop)
    }

    async fn json(&self, request: http::Request<Bytes>) -> anyhow::Result<Value> {
        let path = request.uri().path().to_owned();
        let answer = self.client.send(request, Limits::default()).await?;
        let status = answer.status();
        let value: Value = serde_json::from_slice(answer.body()).unwrap_or(Value::Null);
        if !status.is_success() {
            bail!(
                "{path} answered {status}: {}",
                value.get("detail").and_then(Value::as_str).unwrap_or_default()
            );
        }
        Ok(value)
    }

    /// A page, as a browser would ask for it; redirects are not followed.
    pub(super) async fn browse(
        &self,
        url: &str,
        cookie: Option<&str>,
    ) -> anyhow::Result<http::Response<Bytes>> {
        let request = http::Request::get(url);
        let request = match cookie {
            Some(cookie) => request.header("cookie", cookie),
            None => request,
        };
        Ok(self.client.send(request.body(Bytes::new())?, Limits::default()).await?)
    }
}

fn free_port() -> anyhow::Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0").context("no port is free")?;
    Ok(listener.local_addr()?.port())
}
