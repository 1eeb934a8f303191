//! A small HTTP/1.1 server that behaves well or badly, as the path of the request says.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A server on a free port of the loopback address; the path of a request chooses the behaviour.
pub(super) struct Server {
    pub(super) address: SocketAddr,
    connections: Arc<AtomicUsize>,
}

impl Server {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let counter = connections.clone();
        tokio::spawn(async move {
            while let Ok((stream, _peer)) = listener.accept().await {
                counter.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(serve(stream));
            }
        });
        Self { address, connections }
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(super) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

enum Then {
    Keep,
    Close,
    Hang,
}

async fn serve(mut stream: TcpStream) {
    let mut read = Vec::new();
    while let Some(request) = next_request(&mut stream, &mut read).await {
        let (answer, then) = answer(&request);
        if stream.write_all(&answer).await.is_err() {
            return;
        }
        match then {
            Then::Keep => {}
            Then::Close => return,
            Then::Hang => std::future::pending::<()>().await,
        }
    }
}

async fn next_request(stream: &mut TcpStream, read: &mut Vec<u8>) -> Option<String> {
    loop {
        if let Some((head, body)) = String::from_utf8_lossy(read).split_once("\r\n\r\n") {
            let length = header(head, "content-length").map_or(0, |n| n.parse().unwrap());
            if let Some(body) = body.get(..length) {
                let request = format!("{head}\r\n\r\n{body}");
                read.drain(..request.len());
                return Some(request);
            }
        }
        if stream.read_buf(read).await.ok()? == 0 {
            return None;
        }
    }
}

pub(super) fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

fn answer(request: &str) -> (Vec<u8>, Then) {
    let path = request.split(' ').nth(1).unwrap_or_default();
    let with = |body: &str| {
        format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nx-kept: yes\r\n\r\n{body}", body.len()).into_bytes()
    };
    match path {
        "/echo" => (with(request), Then::Keep),
        "/close" => {
            (b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_vec(), Then::Close)
        }
        "/redirect" => {
            let text =
                "HTTP/1.1 302 Found\r\nlocation: /echo\r\nset-cookie: a=b\r\ncontent-length: 0\r\n\r\n";
            (text.into(), Then::Keep)
        }
        "/refused" => {
            (b"HTTP/1.1 503 Busy\r\nretry-after: 7\r\ncontent-length: 4\r\n\r\nbusy".to_vec(), Then::Keep)
        }
        "/ten" => (with("0123456789"), Then::Keep),
        "/chunked" => {
            let text =
                "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\n0123\r\n6\r\n456789\r\n0\r\n\r\n";
            (text.into(), Then::Keep)
        }
        "/endless" => {
            let mut text = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
            for _ in 0..64 {
                text.extend_from_slice(b"1000\r\n");
                text.extend_from_slice(&[b'x'; 0x1000]);
                text.extend_from_slice(b"\r\n");
            }
            (text, Then::Hang)
        }
        "/claims-much" => (b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n".to_vec(), Then::Keep),
        "/silent" => (Vec::new(), Then::Hang),
        "/stalls" => (b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n012".to_vec(), Then::Hang),
        "/cut" => (b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n012".to_vec(), Then::Close),
        "/hangs-up" => (Vec::new(), Then::Close),
        "/garbage" => (b"SSH-2.0-OpenSSH_9.9\r\n\r\n".to_vec(), Then::Close),
        other => panic!("no behaviour for {other}"),
    }
}
