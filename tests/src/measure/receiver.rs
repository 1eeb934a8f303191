//! A receiver of webhooks that costs as little as possible: it finds the end of each request, counts it, and answers.
//!
//! It has a thread of its own. Bodies are kept only when that is asked for; it never looks into them.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::{Buf as _, Bytes, BytesMut};
use chrono::{DateTime, Utc};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tributary_engine::clock::Clock;

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";

/// A request that arrived whole.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// When.
    pub at: DateTime<Utc>,
    /// Its body.
    pub body: Bytes,
}

#[derive(Default)]
struct State {
    count: AtomicUsize,
    kept: Option<Mutex<Vec<Arrival>>>,
}

/// The receiver.
pub struct Counter {
    address: SocketAddr,
    state: Arc<State>,
}

impl Counter {
    /// Listens on a free port of the loopback interface, until the process ends.
    pub fn start(keep: bool) -> Self {
        let kept = keep.then(Mutex::default);
        let state = Arc::new(State { count: AtomicUsize::new(0), kept });
        let shared = Arc::clone(&state);
        let (tell, told) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime for the receiver").block_on(async move {
                let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port for the receiver");
                tell.send(listener.local_addr().expect("its address")).expect("somebody waits for it");
                while let Ok((stream, _)) = listener.accept().await {
                    tokio::spawn(serve(stream, Arc::clone(&shared)));
                }
            });
        });
        Self { address: told.recv().expect("a receiver that listens"), state }
    }

    /// Its origin, without a trailing slash.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Requests so far.
    pub fn count(&self) -> usize {
        self.state.count.load(Ordering::Relaxed)
    }

    /// Takes what was kept.
    pub fn take(&self) -> Vec<Arrival> {
        let kept = self.state.kept.as_ref();
        kept.map(|kept| std::mem::take(&mut *kept.lock().unwrap_or_else(PoisonError::into_inner)))
            .unwrap_or_default()
    }
}

async fn serve(mut stream: TcpStream, state: Arc<State>) {
    let mut buffer = BytesMut::with_capacity(16 << 10);
    stream.set_nodelay(true).expect("an option of a socket");
    loop {
        while let Some(body) = request(&mut buffer) {
            state.count.fetch_add(1, Ordering::Relaxed);
            if let Some(kept) = &state.kept {
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                kept.push(Arrival { at: Clock::real().now(), body });
            }
            if stream.write_all(ANSWER).await.is_err() {
                return;
            }
        }
        if !matches!(stream.read_buf(&mut buffer).await, Ok(read) if read > 0) {
            return;
        }
    }
}

/// Takes one request out of what was read, once it is whole; gives its body.
fn request(buffer: &mut BytesMut) -> Option<Bytes> {
    let end = buffer.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let head = std::str::from_utf8(buffer.get(..end)?).ok()?;
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    let length = length.unwrap_or(0);
    if buffer.len() < end + length {
        return None;
    }
    buffer.advance(end);
    Some(buffer.split_to(length).freeze())
}
