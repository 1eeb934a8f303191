use std::io;
use std::net::IpAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

use self::server::{Server, header};
use super::*;
use crate::guard::AddressKind;
use crate::resolver::Resolving;

mod server;

/// Answers look-ups from a list, one entry each, and counts them.
#[derive(Clone, Default)]
struct Script {
    answers: Arc<Mutex<Vec<Vec<IpAddr>>>>,
    asked: Arc<AtomicUsize>,
}

impl Script {
    fn new(answers: &[&[&str]]) -> Self {
        let parse = |list: &&[&str]| list.iter().map(|text| text.parse().unwrap()).collect();
        let answers: Vec<Vec<IpAddr>> = answers.iter().rev().map(parse).collect();
        Self { answers: Arc::new(Mutex::new(answers)), asked: Arc::default() }
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

impl Resolver for Script {
    fn resolve<'a>(&'a self, _host: &'a str) -> Resolving<'a> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let next = self.answers.lock().unwrap().pop();
        Box::pin(async move { next.ok_or_else(|| io::Error::other("the script has ended")) })
    }
}

fn inside() -> ClientOptions {
    ClientOptions { allow_private_networks: true, allow_http: true, ..ClientOptions::default() }
}

fn client() -> Client {
    Client::new(inside()).unwrap()
}

fn get(url: &str) -> http::Request<Bytes> {
    http::Request::get(url).body(Bytes::new()).unwrap()
}

fn url(text: &str) -> Url {
    text.parse().unwrap()
}

/// Long enough that only an answer that never comes uses it up.
const SHORT: Duration = Duration::from_millis(1000);

#[tokio::test]
async fn an_answer_comes_back_whole_and_the_connection_is_used_again() {
    let server = Server::start().await;
    let client = client();
    for _ in 0..3 {
        let request = http::Request::post(server.url("/echo"))
            .header("webhook-id", "msg_1")
            .body(Bytes::from_static(b"{\"a\":1}"))
            .unwrap();
        let answer = client.clone().send(request, Limits::default()).await.unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["x-kept"], "yes");
        let seen = String::from_utf8(answer.into_body().to_vec()).unwrap();
        assert!(seen.starts_with("POST /echo HTTP/1.1\r\n"), "{seen}");
        assert_eq!(header(&seen, "webhook-id"), Some("msg_1"));
        assert_eq!(header(&seen, "user-agent"), Some(concat!("tributary/", env!("CARGO_PKG_VERSION"))));
        assert_eq!(header(&seen, "content-length"), Some("7"));
        assert!(seen.ends_with("\r\n\r\n{\"a\":1}"), "{seen}");
    }
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn what_passed_once_says_nothing_of_another_url() {
    let server = Server::start().await;
    let client = client();
    for _ in 0..2 {
        let answer = client.send(get(&server.url("/echo")), Limits::default()).await.unwrap();
        assert!(answer.body().starts_with(b"GET /echo HTTP/1.1\r\n"), "{answer:?}");
    }
    let answer = client.send(get(&server.url("/ten")), Limits::default()).await.unwrap();
    assert_eq!(answer.body().as_ref(), b"0123456789");
    let error = client.send(get("http://169.254.169.254/echo"), Limits::default()).await.unwrap_err();
    assert!(matches!(error, NetError::RefusedAddress { .. }), "{error}");
}

#[tokio::test]
async fn an_empty_body_has_a_length_where_the_method_means_one() {
    let server = Server::start().await;
    let client = client();
    for (method, length) in [("POST", Some("0")), ("PUT", Some("0")), ("GET", None), ("DELETE", None)] {
        let request =
            http::Request::builder().method(method).uri(server.url("/echo")).body(Bytes::new()).unwrap();
        let answer = client.send(request, Limits::default()).await.unwrap();
        let seen = String::from_utf8(answer.into_body().to_vec()).unwrap();
        assert_eq!(header(&seen, "content-length"), length, "{seen}");
        assert_eq!(header(&seen, "transfer-encoding"), None, "{seen}");
    }
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_leaves_no_cookie() {
    let server = Server::start().await;
    let client = client();
    let answer = client.send(get(&server.url("/redirect")), Limits::default()).await.unwrap();
    assert_eq!(answer.status(), 302);
    assert_eq!(answer.headers()["location"], "/echo");
    let answer = client.send(get(&server.url("/echo")), Limits::default()).await.unwrap();
    let seen = String::from_utf8(answer.into_body().to_vec()).unwrap();
    assert_eq!((header(&seen, "cookie"), header(&seen, "referer")), (None, None), "{seen}");
}

#[tokio::test]
async fn a_server_error_is_an_answer() {
    let server = Server::start().await;
    let answer = client().send(get(&server.url("/refused")), Limits::default()).await.unwrap();
    assert_eq!(answer.status(), 503);
    assert_eq!(answer.headers()["retry-after"], "7");
    assert_eq!(&answer.body()[..], b"busy");
}

#[tokio::test]
async fn a_body_up_to_the_limit_passes_and_one_byte_more_fails() {
    let server = Server::start().await;
    let client = client();
    for path in ["/ten", "/chunked"] {
        let limits = Limits { max_body: Some(10), ..Limits::default() };
        let answer = client.send(get(&server.url(path)), limits).await.unwrap();
        assert_eq!(&answer.body()[..], b"0123456789", "{path}");
        let limits = Limits { max_body: Some(9), ..Limits::default() };
        let error = client.send(get(&server.url(path)), limits).await.unwrap_err();
        assert!(matches!(error, NetError::BodyTooLarge { limit: 9, .. }), "{path}: {error:?}");
        assert!(!error.is_final());
    }
    let error = client.send(get(&server.url("/claims-much")), Limits::default()).await.unwrap_err();
    assert!(matches!(error, NetError::BodyTooLarge { limit: 16_777_216, .. }), "{error:?}");
}

#[tokio::test]
async fn an_answer_to_head_may_claim_any_length() {
    let server = Server::start().await;
    let request = http::Request::head(server.url("/claims-much")).body(Bytes::new()).unwrap();
    let answer = client().send(request, Limits::default()).await.unwrap();
    assert_eq!(answer.headers()["content-length"], "99999999999");
    assert!(answer.body().is_empty());
}

#[tokio::test]
async fn a_truncated_body_keeps_its_beginning_and_its_connection() {
    let server = Server::start().await;
    let client = client();
    for path in ["/ten", "/chunked", "/ten"] {
        for (limit, kept) in
            [(0, &b""[..]), (4, b"0123"), (7, b"0123456"), (10, b"0123456789"), (11, b"0123456789")]
        {
            let limits = Limits { max_body: Some(limit), truncate: true, ..Limits::default() };
            let answer = client.send(get(&server.url(path)), limits).await.unwrap();
            assert_eq!(&answer.body()[..], kept, "{path} {limit}");
        }
    }
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn a_truncated_body_without_end_is_left_behind() {
    let server = Server::start().await;
    let limits = Limits { max_body: Some(5), truncate: true, ..Limits::default() };
    let answer = client().send(get(&server.url("/endless")), limits).await.unwrap();
    assert_eq!(&answer.body()[..], b"xxxxx");
}

#[tokio::test]
async fn a_server_that_never_answers_times_out() {
    let server = Server::start().await;
    let limits = Limits { timeout: Some(Duration::from_millis(50)), ..Limits::default() };
    let error = client().send(get(&server.url("/silent")), limits).await.unwrap_err();
    let text = error.to_string();
    assert!(
        matches!(error, NetError::Timeout { phase: Phase::Answer, after, .. } if Some(after) == limits.timeout)
    );
    assert!(error.may_have_been_received() && !error.is_final());
    assert_eq!(text, format!("http://{} took longer than 50 ms to answer", server.address));
}

#[tokio::test]
async fn a_body_that_stalls_times_out() {
    let server = Server::start().await;
    let options = ClientOptions { timeout: SHORT, ..inside() };
    let client = Client::new(options).unwrap();
    let error = client.send(get(&server.url("/stalls")), Limits::default()).await.unwrap_err();
    assert!(matches!(error, NetError::Timeout { phase: Phase::Body, after: SHORT, .. }), "{error:?}");
}

#[tokio::test]
async fn a_handshake_without_answer_times_out_as_connecting() {
    // The listener's queue accepts the connection; nobody speaks TLS on it.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let options = ClientOptions { connect_timeout: Duration::from_millis(50), ..inside() };
    let client = Client::new(options).unwrap();
    let target = format!("https://{}/", listener.local_addr().unwrap());
    let error = client.send(get(&target), Limits::default()).await.unwrap_err();
    assert!(matches!(error, NetError::Timeout { phase: Phase::Connect, .. }), "{error:?}");
    assert!(!error.may_have_been_received());
}

#[tokio::test]
async fn a_look_up_without_answer_times_out_as_connecting() {
    struct Never;
    impl Resolver for Never {
        fn resolve<'a>(&'a self, _host: &'a str) -> Resolving<'a> {
            Box::pin(std::future::pending())
        }
    }
    let options = ClientOptions { connect_timeout: Duration::from_millis(50), ..inside() };
    let client = Client::with_resolver(options, Never).unwrap();
    let error = client.send(get("https://slow.example/"), Limits::default()).await.unwrap_err();
    assert!(matches!(error, NetError::Timeout { phase: Phase::Connect, .. }), "{error:?}");
    let error = client.resolve_check(&url("https://slow.example/")).await.unwrap_err();
    assert!(matches!(error, NetError::Timeout { phase: Phase::Connect, .. }), "{error:?}");
}

#[tokio::test]
async fn a_broken_connection_is_told_apart_from_broken_http() {
    let server = Server::start().await;
    let client = client();
    for path in ["/cut", "/hangs-up"] {
        let error = client.send(get(&server.url(path)), Limits::default()).await.unwrap_err();
        assert!(matches!(error, NetError::Interrupted { .. }), "{path}: {error:?}");
        assert!(error.may_have_been_received());
    }
    let error = client.send(get(&server.url("/garbage")), Limits::default()).await.unwrap_err();
    assert!(matches!(error, NetError::Protocol { .. }), "{error:?}");
}

#[tokio::test]
async fn a_closed_port_is_a_connect_error() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let error = client().send(get(&target), Limits::default()).await.unwrap_err();
    assert!(matches!(error, NetError::Connect { .. }), "{error:?}");
    assert!(!error.is_final() && !error.may_have_been_received());
}

#[tokio::test]
async fn a_server_without_tls_is_a_tls_error() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = format!("https://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _peer) = listener.accept().await.unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        std::future::pending::<()>().await;
    });
    let error = client().send(get(&target), Limits::default()).await.unwrap_err();
    assert!(matches!(error, NetError::Tls { .. }), "{error:?}");
    assert!(!error.is_final() && !error.may_have_been_received());
}

#[tokio::test]
async fn a_name_that_moves_inside_is_refused_at_the_next_connection() {
    let server = Server::start().await;
    let script = Script::new(&[&["127.0.0.1"], &["127.0.0.2"]]);
    // One permitted address stands for the public one, as there is no public server here.
    let options = ClientOptions {
        allow_http: true,
        allowed_networks: vec!["127.0.0.1/32".parse().unwrap()],
        allowed_ports: vec![server.address.port()],
        ..ClientOptions::default()
    };
    let client = Client::with_resolver(options, script.clone()).unwrap();
    let target = format!("http://hooks.example:{}/close", server.address.port());
    let answer = client.send(get(&target), Limits::default()).await.unwrap();
    assert_eq!(answer.status(), 200);
    let error = client.send(get(&target), Limits::default()).await.unwrap_err();
    assert_eq!(
        error,
        NetError::RefusedAddress { host: "hooks.example".into(), reason: AddressKind::Loopback }
    );
    assert!(error.is_final() && !error.may_have_been_received());
    assert_eq!((script.asked(), server.connections()), (2, 1));
}

#[tokio::test]
async fn the_name_is_looked_up_once_per_connection_and_stays_in_the_request() {
    let server = Server::start().await;
    let script = Script::new(&[&["127.0.0.1"]]);
    let client = Client::with_resolver(inside(), script.clone()).unwrap();
    let target = format!("http://hooks.example:{}/echo", server.address.port());
    for _ in 0..2 {
        let answer = client.send(get(&target), Limits::default()).await.unwrap();
        let seen = String::from_utf8(answer.into_body().to_vec()).unwrap();
        let host = format!("hooks.example:{}", server.address.port());
        assert_eq!(header(&seen, "host"), Some(host.as_str()));
    }
    assert_eq!(script.asked(), 1);
}

#[tokio::test]
async fn one_refused_address_among_public_ones_refuses_the_name() {
    let refused: [(&[&str], AddressKind); 4] = [
        (&["8.8.8.8", "10.0.0.1"], AddressKind::Private),
        (&["169.254.169.254", "8.8.8.8"], AddressKind::Metadata),
        (&["2606:4700::1111", "::ffff:127.0.0.1"], AddressKind::Loopback),
        (&["64:ff9b::a9fe:a9fe"], AddressKind::Translated),
    ];
    for (addresses, kind) in refused {
        let client =
            Client::with_resolver(ClientOptions::default(), Script::new(&[addresses, addresses])).unwrap();
        let expected = NetError::RefusedAddress { host: "hooks.example".into(), reason: kind };
        let target = "https://hooks.example/s3cret";
        assert_eq!(client.send(get(target), Limits::default()).await.unwrap_err(), expected);
        assert_eq!(client.resolve_check(&url(target)).await.unwrap_err(), expected);
        assert!(!expected.to_string().contains(addresses[0]), "{expected}");
    }
}

#[tokio::test]
async fn the_check_at_configuration_time_sees_the_address_of_the_moment() {
    let script = Script::new(&[&["8.8.8.8", "2606:4700::1111"], &["10.0.0.1"], &[]]);
    let client = Client::with_resolver(ClientOptions::default(), script.clone()).unwrap();
    let target = url("https://hooks.example/");
    assert_eq!(client.resolve_check(&target).await, Ok(()));
    assert!(client.resolve_check(&target).await.unwrap_err().is_final());
    for _ in 0..2 {
        let error = client.resolve_check(&target).await.unwrap_err();
        assert!(matches!(error, NetError::Dns { .. }), "{error:?}");
        assert!(!error.is_final());
    }
    assert_eq!(client.resolve_check(&url("https://8.8.8.8/")).await, Ok(()));
    assert_eq!(script.asked(), 4);
}

#[tokio::test]
async fn a_failed_look_up_of_a_request_may_heal() {
    let client = Client::with_resolver(ClientOptions::default(), Script::new(&[&[]])).unwrap();
    for _ in 0..2 {
        let error =
            client.send(get("https://hooks.example/s3cret?s3cret"), Limits::default()).await.unwrap_err();
        assert!(matches!(error, NetError::Dns { .. }), "{error:?}");
        assert!(!error.is_final() && !error.may_have_been_received());
        assert!(!format!("{error} {error:?}").contains("s3cret"), "{error:?}");
    }
}

#[tokio::test]
async fn a_literal_address_is_refused_without_a_connection() {
    let server = Server::start().await;
    let port = server.address.port();
    let options = ClientOptions { allow_http: true, allowed_ports: vec![port], ..ClientOptions::default() };
    let client = Client::new(options).unwrap();
    for host in ["127.0.0.1", "2130706433", "0x7f.1", "0177.0.0.1", "127.1", "localhost", "[::ffff:7f00:1]"] {
        let error =
            client.send(get(&format!("http://{host}:{port}/echo")), Limits::default()).await.unwrap_err();
        assert!(
            matches!(error, NetError::RefusedAddress { reason: AddressKind::Loopback, .. }),
            "{host}: {error:?}"
        );
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn the_operating_system_resolves_when_nothing_else_is_given() {
    let server = Server::start().await;
    let target = format!("http://localhost:{}/ten", server.address.port());
    let answer = client().send(get(&target), Limits::default()).await.unwrap();
    assert_eq!(answer.status(), 200);
}

#[tokio::test]
async fn a_request_without_an_absolute_uri_or_with_a_user_name_is_final() {
    let error = client().send(get("/hook"), Limits::default()).await.unwrap_err();
    assert!(matches!(error, NetError::Build { .. }) && error.is_final(), "{error:?}");
    let error = client().send(get("http://u:s3cret@127.0.0.1/"), Limits::default()).await.unwrap_err();
    assert!(matches!(error, NetError::InvalidUrl { .. }) && error.is_final(), "{error:?}");
    assert!(!format!("{error} {error:?}").contains("s3cret"), "{error:?}");
}

#[tokio::test]
async fn a_time_out_beyond_the_clock_means_none() {
    let server = Server::start().await;
    let limits = Limits { timeout: Some(Duration::MAX), ..Limits::default() };
    assert!(client().send(get(&server.url("/ten")), limits).await.is_ok());
}

#[test]
fn a_system_without_certificates_still_gives_a_client() {
    let resolver = Box::new(SystemResolver);
    let resolver = Arc::new(GuardedResolver { resolver, rules: AddressRules::default() });
    assert!(without_certificates(&ClientOptions::default(), &resolver).is_ok());
}

#[test]
fn a_user_agent_that_is_no_header_is_a_build_error() {
    let options = ClientOptions { user_agent: "a\nb".into(), ..ClientOptions::default() };
    let error = Client::new(options).err().unwrap();
    assert!(matches!(error, NetError::Build { .. }) && error.is_final(), "{error:?}");
}
