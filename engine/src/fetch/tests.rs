use std::collections::VecDeque;
use std::net::SocketAddr;

use chrono::{DateTime, TimeDelta, Utc};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tributary_contract::spec::{
    Capabilities, Notifications, Quota, QuotaWindow, Revoke, Status, TokenPlace, Usage,
};
use tributary_contract::spec::{ClientAuth, Rotation, Signature, Subscription};
use tributary_contract::{Account, Class as ErrorClass};
use tributary_net::ClientOptions;

use super::*;
use crate::budget::{Budget, BudgetOptions};
use crate::clock::Hand;
use crate::store::{
    Change, Changeset, Connection, ConnectionState, SealedCredential, SqliteStore, Store, Writer,
    WriterOptions,
};
use crate::vault::{Credential, Vault, VaultKey};

pub(crate) const SCHEME: OAuth2 = OAuth2 {
    authorize_url: "https://accounts.example.com/oauth/authorize",
    token_url: "https://api.example.com/oauth/token",
    revoke: Some(Revoke {
        url: "https://api.example.com/oauth/revoke",
        token: TokenPlace::Form("token"),
        client_auth: None,
    }),
    scopes: &["read"],
    scope_separator: " ",
    authorize_parameters: &[],
    token_parameters: &[],
    answer_at: "",
    keep: &[],
    client_auth: ClientAuth::Body,
    pkce: false,
    refresh_ahead: Duration::from_secs(300),
    default_lifetime: None,
    refresh_token_promised: true,
    rotation: Rotation::SingleUse,
    lost_consent: &["invalid_grant"],
    lost_consent_statuses: &[],
    scope_in_callback: false,
};

pub(crate) const SAMPLE: Spec = Spec {
    key: "example",
    wire_name: "EXAMPLE",
    name: "Example",
    status: Status::Complete,
    auth: AuthScheme::OAuth2(SCHEME),
    api_base: "https://api.example.com/v3",
    hosts: &["files.example.net"],
    app_quotas: &[Quota { permits: 1000, window: QuotaWindow::Rolling(Duration::from_secs(60)) }],
    user_quotas: &[],
    usage: Usage::Silent,
    body_status: None,
    resources: &[],
    notifications: Notifications {
        signature: Signature::NoNotifications,
        subscription: Subscription::Manual,
        ack: 200,
        ack_within: Duration::from_secs(2),
    },
    capabilities: Capabilities {
        revoke: true,
        pages: false,
        retry_after: true,
        deletions: false,
        revocation_notice: false,
    },
    sources: &[],
};

pub(crate) static SPEC: Spec = SAMPLE;

/// What the server does with one request.
#[derive(Clone)]
enum Turn {
    Answer(&'static str, &'static [(&'static str, &'static str)], &'static str),
    /// Ends the connection without a word.
    HangsUp,
    /// Sends that many MiB in chunks.
    Floods(usize),
}

const TOKENS: Turn =
    Turn::Answer("200 OK", &[], r#"{"access_token":"a2","refresh_token":"r2","expires_in":3600}"#);
const EMPTY: Turn = Turn::Answer("200 OK", &[], "{}");

struct Server {
    script: Mutex<VecDeque<Turn>>,
    requests: Mutex<Vec<String>>,
}

impl Server {
    async fn start(script: Vec<Turn>) -> (Arc<Self>, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = Arc::new(Self { script: Mutex::new(script.into()), requests: Mutex::default() });
        let serving = Arc::clone(&server);
        tokio::spawn(async move {
            while let Ok((stream, _peer)) = listener.accept().await {
                tokio::spawn(Arc::clone(&serving).serve(stream));
            }
        });
        (server, address)
    }

    async fn serve(self: Arc<Self>, mut stream: TcpStream) {
        while let Some(request) = read_request(&mut stream).await {
            self.requests.lock().unwrap().push(request);
            let turn =
                self.script.lock().unwrap().pop_front().expect("a request that the script does not know");
            match turn {
                Turn::Answer(status, headers, body) => {
                    let headers: String =
                        headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
                    let length = body.len();
                    let answer =
                        format!("HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\n\r\n{body}");
                    stream.write_all(answer.as_bytes()).await.unwrap();
                }
                Turn::HangsUp => return,
                Turn::Floods(mebibytes) => {
                    stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await.unwrap();
                    let chunk = [b"100000\r\n".as_slice(), &vec![b'x'; 1 << 20], b"\r\n"].concat();
                    for _ in 0..mebibytes {
                        // The reader goes away in the middle.
                        if stream.write_all(&chunk).await.is_err() {
                            return;
                        }
                    }
                }
            }
        }
    }

    /// First line and authorization of each request that came.
    fn seen(&self) -> Vec<String> {
        let requests = self.requests.lock().unwrap();
        let line = |request: &String| {
            let bearer = request.lines().find_map(|line| line.strip_prefix("authorization: "));
            let first = request.lines().next().unwrap().trim_end_matches(" HTTP/1.1");
            bearer.map_or_else(|| first.to_owned(), |bearer| format!("{first} {bearer}"))
        };
        requests.iter().map(line).collect()
    }
}

async fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut read = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&read).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                return Some(text);
            }
        }
        if stream.read_buf(&mut read).await.ok()? == 0 {
            return None;
        }
    }
}

struct Rig {
    server: Arc<Server>,
    parts: DoorParts,
    store: Arc<dyn Store>,
    hand: Hand,
    _folder: TempDir,
}

fn owner() -> Owner {
    Owner { id: Uuid::from_u128(7), epoch: 1, tenant: Arc::from("acme") }
}

fn start() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000)
}

impl Rig {
    /// A connection with the fresh access token `a1`, and a server that does as the script says.
    async fn new(script: Vec<Turn>) -> Self {
        let (server, address) = Server::start(script).await;
        let (clock, hand) = Clock::manual(start());
        let folder = TempDir::new().unwrap();
        let place = format!("sqlite://{}/store.db", folder.path().display());
        let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&place).await.unwrap());
        let (writer, task) = Writer::start(Arc::clone(&store), clock.clone(), WriterOptions::default());
        tokio::spawn(task.run());
        let vault =
            Arc::new(Vault::new(vec![VaultKey::parse("test", &hex::encode([7; 32])).unwrap()]).unwrap());
        writer.commit(Changeset::unfenced(connect(&vault))).await.unwrap();
        let tokens = Arc::new(Tokens::new(Arc::clone(&store), writer, vault, clock.clone()));
        let budget = Budget::start(BudgetOptions::from_spec(&SPEC, None, None, clock.clone()));
        let options =
            ClientOptions { allow_private_networks: true, allow_http: true, ..ClientOptions::default() };
        let parts = DoorParts {
            spec: &SPEC,
            app: Arc::new(crate::oauth::token::tests::app()),
            origin: Some(format!("http://{address}")),
            client: Client::new(options).unwrap(),
            budget,
            tokens,
            connection: Some(owner()),
            class: Class::Request,
            clock,
        };
        Self { server, parts, store, hand, _folder: folder }
    }

    /// Sends through a new door, with a hand that moves the clock on whenever all wait for it.
    async fn send(&self, request: Request) -> Result<Response, FetchError> {
        let door = EngineDoor::new(self.parts.clone());
        let _job = self.parts.clock.guard();
        let moving = async {
            loop {
                self.hand.until_sleepers(1).await;
                self.hand.advance_to_next_timer().await;
            }
        };
        tokio::select! {
            biased;
            result = door.send(request) => result,
            () = moving => unreachable!("it moves for ever"),
        }
    }

    async fn get(&self) -> Result<Response, FetchError> {
        self.send(Request::get("/items/{id}").arg("id", "secret-id").query("key", "secret-query")).await
    }

    async fn stored(&self) -> Credential {
        self.parts.tokens.stored(owner().id).await.unwrap().unwrap()
    }
}

fn connect(vault: &Vault) -> Vec<Change> {
    let credential = Credential {
        access_token: "a1".into(),
        refresh_token: Some("r1".into()),
        expires_at: Some(start() + TimeDelta::hours(1)),
        scopes: Vec::new(),
        token_type: "Bearer".to_owned(),
    };
    let sealed = vault.seal_credential(owner().id, &credential).unwrap();
    let connection = Connection {
        id: owner().id,
        tenant: owner().tenant,
        provider: "example".to_owned(),
        reference_id: None,
        account: Account::new("u1"),
        state: ConnectionState::Active,
        reason: None,
        epoch: 1,
        created_at: start(),
        updated_at: start(),
    };
    vec![
        Change::ConnectionPut(connection),
        Change::CredentialPut(SealedCredential { connection: owner().id, sealed, stored_at: start() }),
    ]
}

fn on_system(test: impl Future<Output = ()>) {
    actix_rt::System::new().block_on(test);
}

const GET: &str = "GET /v3/items/secret-id?key=secret-query";

#[test]
fn a_refused_token_is_refreshed_once_and_the_call_repeated() {
    on_system(async {
        let rig = Rig::new(vec![Turn::Answer("401 Unauthorized", &[], "{}"), TOKENS, EMPTY, EMPTY]).await;
        assert_eq!(rig.get().await.unwrap().status, 200);
        assert_eq!(rig.stored().await.refresh_token.unwrap().expose(), "r2");
        assert_eq!(rig.get().await.unwrap().status, 200, "the next job finds the new token in the store");
        let call = |token: &str| format!("{GET} Bearer {token}");
        assert_eq!(rig.server.seen(), [call("a1"), "POST /oauth/token".to_owned(), call("a2"), call("a2")]);
        assert!(
            rig.server.requests.lock().unwrap()[1]
                .contains("grant_type=refresh_token&refresh_token=r1&client_id=")
        );
    });
}

#[test]
fn a_second_401_ends_the_consent_without_a_second_refresh() {
    on_system(async {
        let refused = || Turn::Answer("401 Unauthorized", &[], "");
        let rig = Rig::new(vec![refused(), TOKENS, refused()]).await;
        let error = rig.get().await.unwrap_err();
        assert_eq!((error.class(), rig.server.seen().len()), (ErrorClass::Reauth, 3));
        assert!(!format!("{error} {error:?}").contains("secret"), "{error}");
    });
}

#[test]
fn a_refusal_of_the_token_endpoint_counts_by_its_code() {
    on_system(async {
        let refused = Turn::Answer("401 Unauthorized", &[], "");
        let lost = Turn::Answer("400 Bad Request", &[], r#"{"error":"invalid_grant"}"#);
        let rig = Rig::new(vec![refused, lost]).await;
        assert_eq!(rig.get().await.unwrap_err().class(), ErrorClass::Reauth);

        let refused = Turn::Answer("401 Unauthorized", &[], "");
        let page = Turn::Answer("502 Bad Gateway", &[], "<html>invalid_grant</html>");
        let rig = Rig::new(vec![refused, page]).await;
        assert_eq!(rig.get().await.unwrap_err().class(), ErrorClass::Retry);
        assert_eq!(
            rig.server.seen().len(),
            2,
            "a refresh is not repeated at once, since its token may be used up"
        );
    });
}

#[test]
fn a_token_near_its_end_is_refreshed_before_the_call() {
    on_system(async {
        let rig = Rig::new(vec![TOKENS, EMPTY]).await;
        rig.hand.advance(Duration::from_secs(3400)).await;
        assert_eq!(rig.get().await.unwrap().status, 200);
        assert_eq!(rig.server.seen(), ["POST /oauth/token".to_owned(), format!("{GET} Bearer a2")]);
    });
}

#[test]
fn a_job_of_an_older_epoch_stores_no_token() {
    on_system(async {
        let mut rig = Rig::new(vec![TOKENS]).await;
        rig.hand.advance(Duration::from_secs(3400)).await;
        rig.parts.connection = Some(Owner { epoch: 0, ..owner() });
        assert_eq!(rig.get().await.unwrap_err().kind(), "stopped");
        assert_eq!(rig.stored().await.access_token.expose(), "a1");
        assert_eq!(rig.store.connection(owner().id).await.unwrap().unwrap().epoch, 1);
    });
}

#[test]
fn a_429_is_an_error_and_the_next_call_waits_as_long_as_the_provider_said() {
    on_system(async {
        let rig = Rig::new(vec![Turn::Answer("429 Too Many", &[("retry-after", "30")], ""), EMPTY]).await;
        let error = rig.get().await.unwrap_err();
        let expected = FetchError::Quota {
            call: "/items/{id}".to_owned(),
            scope: QuotaScope::App,
            retry_after: Some(Duration::from_secs(30)),
        };
        assert_eq!(error, expected);
        assert_eq!(rig.parts.clock.now(), start());
        assert_eq!(rig.get().await.unwrap().status, 200);
        assert_eq!(rig.parts.clock.now(), start() + TimeDelta::seconds(30));
    });
}

#[test]
fn a_429_without_a_hint_closes_the_app_too() {
    on_system(async {
        let rig = Rig::new(vec![Turn::Answer("429 Too Many", &[], ""), EMPTY]).await;
        let error = rig.get().await.unwrap_err();
        assert_eq!((error.kind(), error.retry_after()), ("quota", None));
        assert_eq!(rig.get().await.unwrap().status, 200);
        assert_eq!(rig.parts.clock.now(), start() + TimeDelta::seconds(60));
    });
}

/// The same provider, with a status inside each answer.
static INSIDE: Spec = Spec { body_status: Some(body_status::tests::STATUS), ..SPEC };

#[test]
fn a_quota_refused_inside_a_200_closes_the_app_like_a_429() {
    on_system(async {
        let refused = Turn::Answer("200 OK", &[], r#"{"status":601,"body":{}}"#);
        let mut rig = Rig::new(vec![refused, Turn::Answer("200 OK", &[], r#"{"status":0}"#)]).await;
        rig.parts.spec = &INSIDE;
        let error = rig.get().await.unwrap_err();
        assert_eq!((error.kind(), error.retry_after()), ("quota", None));
        assert_eq!(rig.get().await.unwrap().status, 200);
        assert_eq!(rig.parts.clock.now(), start() + TimeDelta::seconds(60));
    });
}

#[test]
fn a_token_refused_inside_a_200_is_refreshed_once_and_the_call_repeated() {
    on_system(async {
        let refused = Turn::Answer("200 OK", &[], r#"{"status":401,"body":{}}"#);
        let tokens = Turn::Answer(
            "200 OK",
            &[],
            r#"{"status":0,"access_token":"a2","refresh_token":"r2","expires_in":3600}"#,
        );
        let mut rig = Rig::new(vec![refused, tokens, Turn::Answer("200 OK", &[], r#"{"status":0}"#)]).await;
        rig.parts.spec = &INSIDE;
        assert_eq!(rig.get().await.unwrap().status, 200);
        assert_eq!(rig.stored().await.refresh_token.unwrap().expose(), "r2");
    });
}

#[test]
fn what_passes_is_tried_three_times() {
    on_system(async {
        let down = || Turn::Answer("503 Busy", &[], "");
        let rig = Rig::new(vec![down(), Turn::HangsUp, EMPTY]).await;
        assert_eq!(rig.get().await.unwrap().status, 200);

        let rig = Rig::new(vec![down(), down(), down()]).await;
        let error = rig.get().await.unwrap_err();
        assert_eq!(error.to_string(), "/items/{id} failed for now: status 503; next try as scheduled");
        assert_eq!(rig.server.seen().len(), 3);
    });
}

#[test]
fn a_long_wish_of_the_provider_ends_the_call_at_once() {
    on_system(async {
        let rig = Rig::new(vec![Turn::Answer("503 Busy", &[("retry-after", "600")], "")]).await;
        assert_eq!(rig.get().await.unwrap_err().retry_after(), Some(Duration::from_secs(600)));
    });
}

#[test]
fn a_post_is_not_repeated_unless_it_is_harmless_or_never_arrived() {
    on_system(async {
        let rig = Rig::new(vec![Turn::HangsUp, Turn::HangsUp, EMPTY]).await;
        assert_eq!(rig.send(Request::post("/x")).await.unwrap_err().kind(), "transient");
        assert_eq!(rig.server.seen().len(), 1);
        assert_eq!(rig.send(Request::post("/x").idempotent()).await.unwrap().status, 200);

        let mut rig = Rig::new(Vec::new()).await;
        let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        rig.parts.origin = Some(format!("http://{closed}"));
        let error = rig.send(Request::post("/x")).await.unwrap_err();
        assert_eq!(error.kind(), "transient");
        assert!(rig.parts.clock.now() > start(), "it was tried again after a pause");
        assert_eq!(rig.parts.budget.snapshot().await[0].used, 0, "what never arrived takes no place");
    });
}

#[test]
fn a_body_over_the_limit_is_an_error_that_names_call_and_limit() {
    on_system(async {
        let rig = Rig::new(vec![Turn::Floods(40)]).await;
        let error = rig.get().await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "malformed answer in /items/{id} at its end: it is larger than the limit of 33554432 bytes"
        );
    });
}

#[test]
fn a_redirect_is_not_followed() {
    on_system(async {
        let rig =
            Rig::new(vec![Turn::Answer("302 Found", &[("location", "http://127.0.0.1:1/")], ""); 3]).await;
        assert_eq!(rig.get().await.unwrap_err().kind(), "transient");
        assert_eq!(rig.server.seen().len(), 3);
    });
}

#[test]
fn what_is_in_an_answer_is_not_the_doors_business() {
    on_system(async {
        let rig = Rig::new(vec![Turn::Answer("200 OK", &[("x-next", "2")], "{broken")]).await;
        let response = rig.get().await.unwrap();
        assert_eq!(response.headers["x-next"], "2");
        assert_eq!(response.json::<serde_json::Value>("/items/{id}").unwrap_err().kind(), "malformed");
    });
}

#[test]
fn calls_without_a_connection_send_no_token() {
    on_system(async {
        let mut rig = Rig::new(vec![EMPTY]).await;
        rig.parts.connection = None;
        assert_eq!(rig.get().await.unwrap_err().kind(), "unsupported");
        assert_eq!(rig.send(Request::get("/subscriptions").without_token()).await.unwrap().status, 200);
        assert_eq!(rig.server.seen(), ["GET /v3/subscriptions"]);
    });
}

#[test]
fn every_try_takes_a_place_in_the_quota() {
    on_system(async {
        let rig =
            Rig::new(vec![Turn::Answer("503 Busy", &[], ""), Turn::Answer("404 Not Found", &[], "")]).await;
        assert_eq!(rig.get().await.unwrap_err().kind(), "gone");
        assert_eq!(rig.parts.budget.snapshot().await[0].used, 2);
    });
}
