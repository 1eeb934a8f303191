//! The receivers: an HTTP server for webhooks, a reader of lines for what the daemon prints.

use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use anyhow::Context as _;
use bytes::Bytes;
use hmac::{Hmac, Mac as _};
use serde::Deserialize;
use serde_json::value::RawValue;
use sha2::Sha256;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::task::JoinHandle;
use tributary_engine::clock::Clock;

use super::book::{Book, natural_key};

/// The signing secret of the demo's webhook.
pub(super) const SECRET: &str = "demo-webhook-secret";

/// A webhook receiver.
pub(super) struct Webhook {
    address: SocketAddr,
    state: Arc<State>,
    server: ServerHandle,
}

struct State {
    book: Mutex<Book>,
    clock: Clock,
}

#[derive(Deserialize)]
struct Event<'a> {
    #[serde(rename = "type")]
    kind: String,
    user: Option<User>,
    #[serde(borrow)]
    data: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    athlete: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct User {
    reference_id: Option<String>,
}

#[derive(Deserialize)]
struct Gone {
    data_type: String,
    key: String,
}

impl Webhook {
    /// Listens on a free port.
    pub(super) fn start(book: Book, clock: Clock) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").context("no port for the webhook receiver")?;
        let address = listener.local_addr()?;
        let state = Arc::new(State { book: Mutex::new(book), clock });
        let data = web::Data::from(Arc::clone(&state));
        let server = HttpServer::new(move || {
            let limit = web::PayloadConfig::new(64 << 20);
            App::new().app_data(data.clone()).app_data(limit).route("/hook", web::post().to(take))
        })
        .workers(1)
        .disable_signals()
        .shutdown_timeout(1)
        .listen(listener)?
        .run();
        let handle = server.handle();
        actix_rt::spawn(async move {
            if let Err(error) = server.await {
                tracing::error!(%error, "the webhook receiver stopped listening");
            }
        });
        Ok(Self { address, state, server: handle })
    }

    /// Where events are to be sent.
    pub(super) fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    /// Arrivals and repeats so far.
    pub(super) fn counts(&self) -> (u64, u64) {
        let book = self.book();
        (book.received, book.duplicates)
    }

    /// What arrived.
    pub(super) fn book(&self) -> MutexGuard<'_, Book> {
        self.state.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends it.
    pub(super) async fn stop(self) {
        self.server.stop(false).await;
    }
}

async fn take(request: HttpRequest, body: Bytes, state: web::Data<State>) -> HttpResponse {
    match note(&request, &body, &state) {
        Ok(()) => HttpResponse::Ok().finish(),
        Err(error) => {
            tracing::error!(%error, "an event cannot be read");
            HttpResponse::BadRequest().finish()
        }
    }
}

fn note(request: &HttpRequest, body: &Bytes, state: &State) -> anyhow::Result<()> {
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    verify(header("terra-signature").context("no signature")?, body)?;
    let order: u64 = header("x-tributary-sequence").context("no sequence")?.parse()?;
    let now = state.clock.now();
    let event: Event<'_> = serde_json::from_slice(body)?;
    let mut book = state.book.lock().unwrap_or_else(PoisonError::into_inner);
    let who = event.user.and_then(|user| user.reference_id);
    let records = event.data.unwrap_or_default().into_iter().chain(event.athlete);
    let mut any = false;
    for record in records {
        any = true;
        let who = who.clone().context("a record without a reference_id")?;
        if event.kind == "deleted" {
            let gone: Gone = serde_json::from_str(record.get())?;
            book.deleted((who, gone.data_type, gone.key), order, now);
        } else {
            let key = natural_key(&event.kind, record.get())?;
            book.record((who, event.kind.clone(), key), record.get().as_bytes(), order, now)?;
        }
    }
    if !any {
        book.event(&event.kind);
    }
    Ok(())
}

/// Checks `t=…,v1=…` over the raw body, as the published clients do.
fn verify(header: &str, body: &[u8]) -> anyhow::Result<()> {
    let (time, signature) = header
        .strip_prefix("t=")
        .and_then(|rest| rest.split_once(",v1="))
        .context("the signature does not have the form t=…,v1=…")?;
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes())?;
    mac.update(time.as_bytes());
    mac.update(b".");
    mac.update(body);
    mac.verify_slice(&hex::decode(signature)?).context("the signature does not fit the body")
}

/// A reader of lines.
#[derive(Clone)]
pub(super) struct Lines {
    book: Arc<Mutex<Book>>,
    clock: Clock,
    readers: Arc<Mutex<Vec<JoinHandle<()>>>>,
}

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(rename = "type")]
    kind: String,
    sequence: u64,
    user: User,
    #[serde(borrow)]
    record: Option<&'a RawValue>,
    deleted: Option<Gone>,
}

impl Lines {
    /// A reader that writes into this book.
    pub(super) fn new(book: Book, clock: Clock) -> Self {
        Self { book: Arc::new(Mutex::new(book)), clock, readers: Arc::default() }
    }

    /// Reads a stream to its end, in the background.
    pub(super) fn read(&self, stream: impl AsyncRead + Unpin + Send + 'static) {
        let lines = self.clone();
        let reader = actix_rt::spawn(async move {
            let mut stream = BufReader::with_capacity(1 << 20, stream);
            let mut line = Vec::new();
            loop {
                line.clear();
                match stream.read_until(b'\n', &mut line).await {
                    Ok(0) => return,
                    Ok(_) => lines.line(&line),
                    Err(error) => {
                        tracing::error!(%error, "the daemon's output cannot be read");
                        return;
                    }
                }
            }
        });
        self.readers.lock().unwrap_or_else(PoisonError::into_inner).push(reader);
    }

    fn line(&self, line: &[u8]) {
        let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = note_line(&mut book, line, self.clock.now()) {
            // A killed process leaves half a line; what it held is delivered again.
            tracing::warn!(%error, "a line cannot be read");
        }
    }

    /// Waits for the end of all streams and gives the book.
    pub(super) async fn finish(self) -> anyhow::Result<Book> {
        let readers = std::mem::take(&mut *self.readers.lock().unwrap_or_else(PoisonError::into_inner));
        for reader in readers {
            reader.await?;
        }
        let book = Arc::into_inner(self.book).context("somebody still reads the daemon's output")?;
        Ok(book.into_inner().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Writes one line of the `file` and `stdout` sinks into a book.
pub(super) fn note_line(
    book: &mut Book,
    line: &[u8],
    now: chrono::DateTime<chrono::Utc>,
) -> anyhow::Result<()> {
    let line: Line<'_> = serde_json::from_slice(line)?;
    let who = line.user.reference_id;
    if let Some(record) = line.record {
        let key = natural_key(&line.kind, record.get())?;
        let who = who.context("a record without a reference_id")?;
        return book.record((who, line.kind, key), record.get().as_bytes(), line.sequence, now);
    }
    match (line.deleted, who) {
        (Some(gone), Some(who)) => book.deleted((who, gone.data_type, gone.key), line.sequence, now),
        _ => book.event(&line.kind),
    }
    Ok(())
}
