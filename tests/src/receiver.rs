//! An HTTP server on a real socket: it notes every request and answers as scripted.
//!
//! Written on bare TCP, because a receiver has to be able to do what no server does: take a request and be silent, or
//! cut the connection. It never looks at what it gets.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use hmac::{Hmac, Mac as _};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;
use sha2::Sha256;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// How a request is answered.
#[derive(Debug, Clone)]
pub enum Answer {
    /// That status, no body.
    Status(u16),
    /// That status and `Retry-After` in seconds.
    RetryAfter(u16, u64),
    /// 307 to that URL.
    Redirect(String),
    /// Nothing; the connection stays open.
    Hang,
    /// The connection is cut.
    Reset,
}

/// A request that arrived whole.
#[derive(Debug, Clone)]
pub struct Received {
    /// Path and query.
    pub target: String,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: Bytes,
    /// Whether it was answered with a 2xx.
    pub taken: bool,
}

impl Received {
    /// A header as text; empty when it is missing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The body as JSON; null when it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The event's `type`, which is the first thing that an event says.
    pub fn kind(&self) -> String {
        let begin = self.body.strip_prefix(br#"{"type":""#).unwrap_or_default();
        let word = begin.split(|byte| *byte == b'"').next().unwrap_or_default();
        String::from_utf8_lossy(word).into_owned()
    }

    /// Whether `terra-signature` (`t=…,v1=…`) is that of the body with this secret.
    pub fn is_signed_with(&self, secret: &str) -> bool {
        let Some((time, signature)) =
            self.header("terra-signature").strip_prefix("t=").and_then(|rest| rest.split_once(",v1="))
        else {
            return false;
        };
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any length is a key");
        mac.update(format!("{time}.").as_bytes());
        mac.update(&self.body);
        hex::decode(signature).is_ok_and(|signature| mac.verify_slice(&signature).is_ok())
    }
}

type Predicate = Box<dyn Fn(&Received) -> bool + Send>;

struct Rule {
    when: Predicate,
    left: usize,
    answer: Answer,
}

#[derive(Default)]
struct State {
    requests: Vec<Received>,
    rules: VecDeque<Rule>,
}

/// The server.
pub struct Receiver {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    listening: JoinHandle<()>,
}

impl Receiver {
    /// Listens on a free port of the loopback interface.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port for the receiver");
        let address = listener.local_addr().expect("its address");
        let state = Arc::<Mutex<State>>::default();
        let shared = Arc::clone(&state);
        let listening = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&shared)));
            }
        });
        Self { address, state, listening }
    }

    /// Its origin, without a trailing slash.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The next `times` requests are answered like that.
    pub fn next(&self, times: usize, answer: Answer) {
        self.when(times, answer, |_| true);
    }

    /// The next `times` requests of which `when` is true are answered like that.
    pub fn when(&self, times: usize, answer: Answer, when: impl Fn(&Received) -> bool + Send + 'static) {
        lock(&self.state).rules.push_back(Rule { when: Box::new(when), left: times, answer });
    }

    /// From now on every request is answered with 200.
    pub fn heal(&self) {
        lock(&self.state).rules.clear();
    }

    /// All requests so far, in the order of their arrival.
    pub fn requests(&self) -> Vec<Received> {
        lock(&self.state).requests.clone()
    }

    /// How many requests there were.
    pub fn count(&self) -> usize {
        lock(&self.state).requests.len()
    }

    /// The requests that were answered with a 2xx and whose path is this one.
    pub fn taken(&self, path: &str) -> Vec<Received> {
        let state = lock(&self.state);
        state.requests.iter().filter(|request| request.taken && request.target == path).cloned().collect()
    }

    /// Whether an event of that type was taken at this path.
    pub fn has(&self, path: &str, kind: &str) -> bool {
        let state = lock(&self.state);
        state.requests.iter().any(|request| request.taken && request.target == path && request.kind() == kind)
    }

    /// The taken events of one type at any path.
    pub fn events(&self, kind: &str) -> Vec<Value> {
        let state = lock(&self.state);
        let taken = state.requests.iter().filter(|request| request.taken && request.kind() == kind);
        taken.map(Received::json).collect()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn serve(stream: TcpStream, state: Arc<Mutex<State>>) {
    let mut stream = BufReader::new(stream);
    while let Some(request) = read(&mut stream).await {
        let answer = note(&state, request);
        let head = match answer {
            Answer::Status(status) => format!("HTTP/1.1 {status} Scripted\r\ncontent-length: 0\r\n\r\n"),
            Answer::RetryAfter(status, seconds) => {
                format!("HTTP/1.1 {status} Scripted\r\nretry-after: {seconds}\r\ncontent-length: 0\r\n\r\n")
            }
            Answer::Redirect(url) => {
                format!("HTTP/1.1 307 Scripted\r\nlocation: {url}\r\ncontent-length: 0\r\n\r\n")
            }
            // Ends when the other side has had enough, and with the runtime at the latest.
            Answer::Hang => return drop(stream.read_u8().await),
            Answer::Reset => return drop(stream.get_ref().set_zero_linger()),
        };
        if stream.get_mut().write_all(head.as_bytes()).await.is_err() {
            return;
        }
    }
}

fn note(state: &Mutex<State>, mut request: Received) -> Answer {
    let mut state = lock(state);
    let rule = state.rules.iter_mut().find(|rule| rule.left > 0 && (rule.when)(&request));
    let answer = match rule {
        Some(rule) => {
            rule.left -= 1;
            rule.answer.clone()
        }
        None => Answer::Status(200),
    };
    request.taken = matches!(answer, Answer::Status(status) | Answer::RetryAfter(status, _) if (200..300).contains(&status));
    state.requests.push(request);
    answer
}

/// One request; `None` at the end of the connection.
async fn read(stream: &mut BufReader<TcpStream>) -> Option<Received> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).ok()?;
    let mut lines = head.lines();
    let target = lines.next()?.split(' ').nth(1)?.to_owned();
    let mut headers = HeaderMap::new();
    for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
        headers.append(name.parse::<HeaderName>().ok()?, HeaderValue::from_str(value).ok()?);
    }
    let length =
        headers.get("content-length").map_or(Some(0), |length| length.to_str().ok()?.parse().ok())?;
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some(Received { target, headers, body: body.into(), taken: false })
}
