//! Sockets for the simulated providers: a sandbox is a function, this is where it listens and calls out.
//!
//! It never answers by itself: what goes out is what the sandbox said, faults included.

use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use bytes::Bytes;
use futures_util::StreamExt as _;
use tokio::task::JoinHandle;
use tributary_engine::clock::Clock;
use tributary_net::{Client, ClientOptions, Limits, NetError};
use tributary_providers::sandbox::notify::{CallResult, Outbound};
use tributary_providers::sandbox::{Reaction, Sandbox};

/// How often people live on and notifications are looked at. It is part of every latency that is measured, so it is
/// short.
const BEAT: Duration = Duration::from_millis(5);
/// Notifications on their way at once.
const AT_ONCE: usize = 32;

/// A simulated provider with a socket.
pub struct Host {
    inner: Arc<Inner>,
    address: SocketAddr,
    server: ServerHandle,
    caller: JoinHandle<()>,
}

struct Inner {
    key: &'static str,
    sandbox: Mutex<Box<dyn Sandbox>>,
    client: Client,
    clock: Clock,
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, Box<dyn Sandbox>> {
        self.sandbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn call(&self, outbound: Outbound) -> (u64, CallResult) {
        let (id, within) = (outbound.id, outbound.within);
        let mut request = http::Request::new(outbound.body);
        *request.method_mut() = outbound.method;
        *request.headers_mut() = outbound.headers;
        match outbound.url.parse() {
            Ok(uri) => *request.uri_mut() = uri,
            Err(_) => return (id, CallResult::default()),
        }
        let limits = Limits { timeout: Some(within), max_body: Some(64 << 10), truncate: true };
        match self.client.send(request, limits).await {
            Ok(answer) => {
                (id, CallResult { status: Some(answer.status().as_u16()), body: answer.into_body() })
            }
            Err(error) => {
                tracing::debug!(provider = self.key, %error, "a notification was not answered");
                (id, CallResult::default())
            }
        }
    }
}

impl Host {
    /// Listens, lets the people live, and sends notifications.
    pub fn start(sandbox: Box<dyn Sandbox>, listener: TcpListener, clock: Clock) -> Result<Self, HostError> {
        let client = Client::new(ClientOptions {
            allow_private_networks: true,
            allow_http: true,
            pool_idle_per_host: AT_ONCE,
            ..ClientOptions::default()
        })?;
        let address = listener.local_addr()?;
        let inner = Arc::new(Inner { key: sandbox.key(), sandbox: Mutex::new(sandbox), client, clock });
        let data = web::Data::from(Arc::clone(&inner));
        let server = HttpServer::new(move || {
            let limit = web::PayloadConfig::new(1 << 20);
            App::new().app_data(data.clone()).app_data(limit).default_service(web::to(serve))
        })
        .workers(1)
        .disable_signals()
        .shutdown_timeout(1)
        .listen(listener)?
        .run();
        let handle = server.handle();
        actix_rt::spawn(async move {
            if let Err(error) = server.await {
                tracing::error!(%error, "a simulated provider stopped listening");
            }
        });
        let caller = actix_rt::spawn(live(Arc::clone(&inner)));
        Ok(Self { inner, address, server: handle, caller })
    }

    /// The provider's key.
    pub fn key(&self) -> &'static str {
        self.inner.key
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Works with the sandbox itself: its ledger, faults, statistics.
    pub fn with<T>(&self, work: impl FnOnce(&mut dyn Sandbox) -> T) -> T {
        work(self.inner.lock().as_mut())
    }

    /// Ends it.
    pub async fn stop(self) {
        self.caller.abort();
        self.server.stop(false).await;
    }
}

/// Why a simulated provider does not start.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// The socket.
    #[error("a simulated provider cannot listen: {0}")]
    Socket(#[from] std::io::Error),
    /// The client for notifications.
    #[error("a simulated provider cannot call out: {0}")]
    Client(#[from] NetError),
}

async fn live(inner: Arc<Inner>) {
    loop {
        let now = inner.clock.now();
        let due = {
            let mut sandbox = inner.lock();
            sandbox.advance(now);
            sandbox.outbox(now)
        };
        let idle = due.is_empty();
        let mut calls =
            futures_util::stream::iter(due).map(|outbound| inner.call(outbound)).buffer_unordered(AT_ONCE);
        while let Some((id, result)) = calls.next().await {
            let now = inner.clock.now();
            inner.lock().delivered(id, result.status, now);
        }
        if idle {
            inner.clock.sleep(BEAT).await;
        }
    }
}

async fn serve(request: HttpRequest, body: Bytes, inner: web::Data<Inner>) -> HttpResponse {
    let Some(request) = convert(&request, body) else { return HttpResponse::BadRequest().finish() };
    let reaction = {
        let mut sandbox = inner.lock();
        let now = inner.clock.now();
        sandbox.advance(now);
        sandbox.handle(request, now)
    };
    match reaction {
        Reaction::Answer(response) => answer(response),
        Reaction::Call(outbound) => {
            let (id, result) = inner.call(outbound).await;
            let now = inner.clock.now();
            answer(inner.lock().called(id, &result, now))
        }
        Reaction::Hang => {
            // Longer than any client waits; the client ends it.
            inner.clock.sleep(Duration::from_secs(3_600)).await;
            HttpResponse::GatewayTimeout().finish()
        }
        Reaction::Cut { response, after } => cut(response, after),
    }
}

fn convert(request: &HttpRequest, body: Bytes) -> Option<http::Request<Bytes>> {
    let mut converted = http::Request::new(body);
    *converted.method_mut() = request.method().as_str().parse().ok()?;
    *converted.uri_mut() = request.uri().to_string().parse().ok()?;
    for (name, value) in request.headers() {
        let name = http::HeaderName::from_bytes(name.as_str().as_bytes()).ok()?;
        converted.headers_mut().append(name, http::HeaderValue::from_bytes(value.as_bytes()).ok()?);
    }
    Some(converted)
}

fn answer(response: http::Response<Bytes>) -> HttpResponse {
    let (mut builder, body) = builder(response);
    builder.body(body)
}

fn builder(response: http::Response<Bytes>) -> (actix_web::HttpResponseBuilder, Bytes) {
    let (parts, body) = response.into_parts();
    let status = actix_web::http::StatusCode::from_u16(parts.status.as_u16());
    let mut builder =
        HttpResponse::build(status.unwrap_or(actix_web::http::StatusCode::INTERNAL_SERVER_ERROR));
    for (name, value) in &parts.headers {
        builder.append_header((name.as_str(), value.as_bytes()));
    }
    (builder, body)
}

/// Announces the whole body, sends a part of it and breaks the connection.
fn cut(response: http::Response<Bytes>, after: Option<usize>) -> HttpResponse {
    let (mut builder, body) = builder(response);
    let broken = || std::io::Error::new(std::io::ErrorKind::ConnectionReset, "cut on purpose");
    let sent = body.slice(..after.unwrap_or(0).min(body.len()));
    let length = u64::try_from(body.len()).unwrap_or(u64::MAX);
    let stream = futures_util::stream::iter([Ok(sent), Err(broken())]);
    builder.no_chunking(length).streaming(stream)
}
