//! The door to a provider's cloud, and how what was fetched is handed over.
//!
//! [`Fetch`] is what a provider sees: calls go out through its [`Door`], records are emitted into it, and a
//! [`Fetch::checkpoint`] commits what was emitted so far, so that ten years of samples never wait in memory for the
//! end of a job. It never decides about tokens, quotas or retries: the engine's door does.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde::de::DeserializeOwned;

use crate::error::FetchError;
use crate::job::Cursor;
use crate::model::{DataType, NaturalKey, Record};
use crate::provider::{Account, App};
use crate::secret::Secret;
use zeroize::Zeroizing;

/// The only way to a provider: a request in, an answer or a classified error out.
///
/// An `Ok` answer always has a 2xx status. Everything else is an error of a class.
#[async_trait]
pub trait Door: Send + Sync {
    /// Sends one request, with whatever waiting, retrying and refreshing that takes.
    async fn send(&self, request: Request) -> Result<Response, FetchError>;
}

/// Takes what a job emitted, in one transaction with the cursor that it advances.
#[async_trait]
pub trait Committer: Send + Sync {
    /// Commits; after `Ok` the records are durable and the cursor stands.
    async fn commit(&mut self, emitted: Vec<Emitted>, cursor: Option<Cursor>) -> Result<(), FetchError>;
}

/// What a provider's code gets for one job or one call of its contract.
pub struct Fetch {
    door: Arc<dyn Door>,
    committer: Box<dyn Committer>,
    app: Arc<App>,
    account: Option<Account>,
    now: DateTime<Utc>,
    emitted: Vec<Emitted>,
    token_facts: BTreeMap<&'static str, String>,
    keys: Vec<(&'static str, Secret<String>)>,
}

impl Fetch {
    /// Emitted records that may wait in memory; providers that emit more in one page checkpoint in between.
    pub const SOFT_LIMIT: usize = 256;

    /// Used by the engine and by tools; a provider is handed one.
    ///
    /// `account` is what [`crate::Provider::connected`] returned for this connection; `None` while it is asked.
    pub fn new(
        door: Arc<dyn Door>,
        committer: Box<dyn Committer>,
        app: Arc<App>,
        account: Option<Account>,
        now: DateTime<Utc>,
    ) -> Self {
        let (emitted, token_facts, keys) = (Vec::new(), BTreeMap::new(), Vec::new());
        Self { door, committer, app, account, now, emitted, token_facts, keys }
    }

    /// Adds what the code exchange told; see [`crate::spec::OAuth2::keep`].
    #[must_use]
    pub fn with_token_facts(mut self, facts: BTreeMap<&'static str, String>) -> Self {
        self.token_facts = facts;
        self
    }

    /// Sends a request. Takes `&self`, so that the details of a list can be fetched side by side.
    pub async fn send(&self, request: Request) -> Result<Response, FetchError> {
        self.door.send(request).await
    }

    /// Sends a request and parses its JSON answer.
    pub async fn json<T: DeserializeOwned>(&self, request: Request) -> Result<T, FetchError> {
        let call = request.template.clone();
        self.send(request).await?.json(&call)
    }

    /// Hands over a record. It counts only once the job ends well or a checkpoint is taken.
    pub fn emit(&mut self, record: impl Into<Record>) {
        self.emitted.push(Emitted::Record(record.into()));
    }

    /// Tells that a record no longer exists at the provider.
    ///
    /// Only for what the provider said in so many words: a notice, a tombstone. Absence from a list is no proof.
    pub fn emit_deleted(&mut self, data_type: DataType, key: NaturalKey) {
        self.emitted.push(Emitted::Deleted { data_type, key });
    }

    /// Commits what was emitted since the last checkpoint, with the cursor from which a later run can go on.
    ///
    /// History is walked backward: in a job whose cause is [`crate::Cause::Backfill`] everything from `through` to the end of
    /// the window is done, and `through` falls from checkpoint to checkpoint. In every other job everything from
    /// the beginning of the window to `through` is done, and it grows.
    pub async fn checkpoint(&mut self, cursor: Cursor) -> Result<(), FetchError> {
        self.committer.commit(std::mem::take(&mut self.emitted), Some(cursor)).await
    }

    /// Commits what was emitted since the last checkpoint without moving the cursor.
    pub async fn flush(&mut self) -> Result<(), FetchError> {
        if self.emitted.is_empty() {
            return Ok(());
        }
        self.committer.commit(std::mem::take(&mut self.emitted), None).await
    }

    /// [`Fetch::flush`] when more than [`Fetch::SOFT_LIMIT`] records wait.
    pub async fn flush_if_full(&mut self) -> Result<(), FetchError> {
        if self.emitted.len() >= Self::SOFT_LIMIT { self.flush().await } else { Ok(()) }
    }

    /// What was emitted and not yet committed; the engine commits it with the end of the job.
    pub fn take_emitted(&mut self) -> Vec<Emitted> {
        std::mem::take(&mut self.emitted)
    }

    /// Hands over a key that the provider tells only once, such as the one that it signs notifications with. A later
    /// one of the same name takes its place.
    ///
    /// Only within [`crate::Provider::subscribe`]; anywhere else it is forgotten.
    pub fn keep_key(&mut self, name: &'static str, key: Secret<String>) {
        self.keys.push((name, key));
    }

    /// The keys that were handed over, oldest first; the engine stores them.
    pub fn take_keys(&mut self) -> Vec<(&'static str, Secret<String>)> {
        std::mem::take(&mut self.keys)
    }

    /// The provider app on whose behalf the call is made.
    pub fn app(&self) -> &App {
        &self.app
    }

    /// Whose data this is; `None` only inside [`crate::Provider::connected`] and app-wide calls.
    pub const fn account(&self) -> Option<&Account> {
        self.account.as_ref()
    }

    /// What the code exchange told under that name of [`crate::spec::OAuth2::keep`]; known inside
    /// [`crate::Provider::connected`] alone. It names a person.
    pub fn token_fact(&self, name: &str) -> Option<&str> {
        self.token_facts.get(name).map(String::as_str)
    }

    /// Whether the user granted this scope. Without knowledge of the scopes the answer is yes.
    pub fn granted(&self, scope: &str) -> bool {
        self.account.as_ref().is_none_or(|account| {
            account.scopes.is_empty() || account.scopes.iter().any(|granted| granted == scope)
        })
    }

    /// The instant at which the job began; providers have no other clock.
    pub const fn now(&self) -> DateTime<Utc> {
        self.now
    }
}

/// One emitted thing.
#[derive(Debug, Clone, PartialEq)]
pub enum Emitted {
    /// A record, new or again.
    Record(Record),
    /// The provider said that this record is gone.
    Deleted {
        /// Its type.
        data_type: DataType,
        /// Its natural key.
        key: NaturalKey,
    },
}

/// Whose credentials a request carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Credentials {
    /// The connection's access token as a bearer header.
    #[default]
    User,
    /// None of the door's; app-wide calls put theirs in themselves.
    None,
}

/// A request to a provider.
///
/// The template names the call in spans, metrics and errors, so ids go in through [`Request::arg`] and never into
/// the template itself.
#[derive(Clone)]
pub struct Request {
    /// Method; retries after a broken connection happen for GET, HEAD and `idempotent` requests alone.
    pub method: Method,
    /// Path below the Spec's `api_base`, or an absolute https URL on an allowed host; `{name}` marks an argument.
    pub template: String,
    /// Values of the template's arguments; percent-encoded when the URL is built.
    pub args: Vec<(&'static str, String)>,
    /// Query parameters in order.
    pub query: Vec<(&'static str, String)>,
    /// Extra headers.
    pub headers: HeaderMap,
    /// Body; empty for none.
    pub body: Bytes,
    /// Whose credentials it carries.
    pub credentials: Credentials,
    /// Whether sending it twice is harmless although its method is not.
    pub idempotent: bool,
}

impl fmt::Debug for Request {
    /// Method and template alone: arguments name people, query, headers and body hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Request({} {})", self.method, self.template)
    }
}

impl Request {
    /// A request with that method and template.
    pub fn new(method: Method, template: impl Into<String>) -> Self {
        Self {
            method,
            template: template.into(),
            args: Vec::new(),
            query: Vec::new(),
            headers: HeaderMap::new(),
            body: Bytes::new(),
            credentials: Credentials::User,
            idempotent: false,
        }
    }

    /// A GET request.
    pub fn get(template: impl Into<String>) -> Self {
        Self::new(Method::GET, template)
    }

    /// A POST request.
    pub fn post(template: impl Into<String>) -> Self {
        Self::new(Method::POST, template)
    }

    /// Sets an argument of the template.
    #[must_use]
    pub fn arg(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.args.push((name, value.into()));
        self
    }

    /// Adds a query parameter.
    #[must_use]
    pub fn query(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// Sets an `application/x-www-form-urlencoded` body. Its memory is cleared once it is sent: forms carry tokens.
    #[must_use]
    pub fn form(mut self, fields: &[(&str, &str)]) -> Self {
        // Large enough from the start: a buffer that grows leaves copies behind. Encoding makes at most three bytes of one.
        let size = fields.iter().map(|(name, value)| 3 * (name.len() + value.len()) + 2).sum();
        let body =
            url::form_urlencoded::Serializer::new(String::with_capacity(size)).extend_pairs(fields).finish();
        self.headers.insert(
            http::header::CONTENT_TYPE,
            HeaderValue::from_static("application/x-www-form-urlencoded"),
        );
        self.body = Bytes::from_owner(Zeroizing::new(body.into_bytes()));
        self
    }

    /// Sets a JSON body.
    #[must_use]
    pub fn json_body(mut self, body: &serde_json::Value) -> Self {
        self.headers.insert(http::header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        self.body = Bytes::from(body.to_string());
        self
    }

    /// Sends it without the connection's token.
    #[must_use]
    pub const fn without_token(mut self) -> Self {
        self.credentials = Credentials::None;
        self
    }

    /// Marks it as harmless to repeat.
    #[must_use]
    pub const fn idempotent(mut self) -> Self {
        self.idempotent = true;
        self
    }
}

/// A 2xx answer.
#[derive(Clone)]
pub struct Response {
    /// Status, 200 to 299.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// Body, within the door's limit.
    pub body: Bytes,
}

impl fmt::Debug for Response {
    /// Status and size alone: headers can hold secrets, the body holds health data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Response({}, {} bytes)", self.status, self.body.len())
    }
}

impl Response {
    /// Parses the body; `call` names it in the error.
    pub fn json<T: DeserializeOwned>(&self, call: &str) -> Result<T, FetchError> {
        parse_json(call, &self.body)
    }
}

/// Parses a provider document. The error states the place and the kind of fault, never a value.
pub fn parse_json<T: DeserializeOwned>(what: &str, body: &[u8]) -> Result<T, FetchError> {
    serde_json::from_slice(body).map_err(|error| {
        let kind = match error.classify() {
            serde_json::error::Category::Io | serde_json::error::Category::Eof => "ends too early",
            serde_json::error::Category::Syntax => "is not JSON",
            serde_json::error::Category::Data => "lacks the documented shape",
        };
        FetchError::malformed(what, format!("line {} column {} ({kind})", error.line(), error.column()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_and_answers_print_nothing_of_what_they_carry() {
        let request = Request::post("/oauth/token")
            .arg("id", "planted-id")
            .query("token", "planted-query")
            .form(&[("client_secret", "planted-secret")]);
        assert_eq!(format!("{request:?}"), "Request(POST /oauth/token)");
        let body = Bytes::from_static(b"planted-value");
        let response = Response { status: 200, headers: HeaderMap::new(), body };
        assert_eq!(format!("{response:?}"), "Response(200, 13 bytes)");
    }
}
