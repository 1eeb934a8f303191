//! The HTTP request of one event.
//!
//! A batch and the fixed headers come in, a request with its signature goes out. Bodies are put together from JSON that
//! exists already; nothing is parsed.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Uri};
use tributary_contract::model::{DataType, VERSION, data_event_body};
use tributary_contract::sink::{Batch, Entry, EntryKind, SinkError};

use super::options::unusable;
use super::signature::Signer;
use crate::line::quoted;

const TERRA_SIGNATURE: HeaderName = HeaderName::from_static("terra-signature");
const X_TERRA_SIGNATURE: HeaderName = HeaderName::from_static("x-terra-signature");
const TERRA_REFERENCE: HeaderName = HeaderName::from_static("terra-reference");
const TRACE_ID: HeaderName = HeaderName::from_static("x-terra-trace-id");
const ORDERING_TIMESTAMP: HeaderName = HeaderName::from_static("x-terra-ordering-timestamp");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const ATTEMPT: HeaderName = HeaderName::from_static("x-tributary-attempt");
const SEQUENCE: HeaderName = HeaderName::from_static("x-tributary-sequence");
const REPLAY: HeaderName = HeaderName::from_static("x-tributary-replay");
const WEBHOOK_ID: HeaderName = HeaderName::from_static("webhook-id");
const WEBHOOK_TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");
const WEBHOOK_SIGNATURE: HeaderName = HeaderName::from_static("webhook-signature");
/// How many of them a request may have.
const OWN_HEADERS: usize = 12;

/// What all requests of a webhook share.
pub(super) struct Form {
    pub(super) uri: Uri,
    pub(super) headers: HeaderMap,
    pub(super) signer: Signer,
}

/// The entries of one request: the whole batch, or a stretch of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part<'a> {
    pub(super) entries: &'a [Arc<Entry>],
    /// Place of the first one in the batch.
    pub(super) first: usize,
    /// Entries in the batch.
    pub(super) of: usize,
}

impl<'a> Part<'a> {
    /// Two smaller parts, the first one last.
    pub(super) fn halves(self) -> [Self; 2] {
        let (left, right) = self.entries.split_at(self.entries.len() / 2);
        [Part { entries: right, first: self.first + left.len(), ..self }, Part { entries: left, ..self }]
    }

    /// What a receiver tells deliveries apart by: the same on every retry, another for each part.
    fn id(&self, batch: &Batch) -> String {
        if self.entries.len() == self.of {
            return batch.delivery.to_string();
        }
        let (from, to) = (self.first + 1, self.first + self.entries.len());
        format!("{}:chunk:{from}-{to}", batch.delivery)
    }

    fn body(&self) -> Bytes {
        let Some(first) = self.entries.first() else { return Bytes::new() };
        match first.kind {
            EntryKind::LifeCycle(_) => first.body.clone(),
            EntryKind::Record(data_type) => {
                let records: Vec<Bytes> = self.entries.iter().map(|entry| entry.body.clone()).collect();
                data_event_body(data_type, &first.user.json, &records)
            }
            EntryKind::Deleted(data_type) => self.deletion_body(data_type, &first.user.json),
        }
    }

    /// Terra has no such event, so it has the shape of a data event.
    fn deletion_body(&self, data_type: DataType, user: &[u8]) -> Bytes {
        let mut body = format!(r#"{{"type":"deleted","version":"{VERSION}","user":"#).into_bytes();
        body.extend_from_slice(user);
        body.extend_from_slice(br#","data":["#);
        for (index, entry) in self.entries.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            let key = quoted(entry.key.as_str());
            body.extend_from_slice(format!(r#"{comma}{{"data_type":"{data_type}","key":{key}}}"#).as_bytes());
        }
        body.extend_from_slice(b"]}");
        body.into()
    }
}

impl Form {
    /// The request of one attempt, signed with the time of the attempt.
    pub(super) fn request(&self, batch: &Batch, part: &Part<'_>) -> Result<Request<Bytes>, SinkError> {
        let body = part.body();
        let id = part.id(batch);
        let newest = part.entries.iter().map(|entry| entry.committed_at).max().unwrap_or(batch.at);
        let sequence = part.entries.iter().map(|entry| entry.sequence).max().unwrap_or_default();
        let signature = header(self.signer.terra(batch.at, &body))?;
        let mut headers = HeaderMap::with_capacity(self.headers.len() + OWN_HEADERS);
        headers.extend(self.headers.iter().map(|(name, value)| (name.clone(), value.clone())));
        headers.insert(TERRA_SIGNATURE, signature.clone());
        headers.insert(X_TERRA_SIGNATURE, signature);
        headers.insert(TERRA_REFERENCE, header(batch.delivery.to_string())?);
        headers.insert(TRACE_ID, header(id.clone())?);
        headers.insert(ORDERING_TIMESTAMP, header(newest.timestamp_millis().to_string())?);
        headers.insert(TRACEPARENT, header(batch.trace.to_string())?);
        headers.insert(ATTEMPT, HeaderValue::from(batch.attempt));
        headers.insert(SEQUENCE, HeaderValue::from(sequence));
        if batch.replay {
            headers.insert(REPLAY, HeaderValue::from_static("true"));
        }
        if let Some(signature) = self.signer.standard(&id, batch.at, &body) {
            headers.insert(WEBHOOK_ID, header(id)?);
            headers.insert(WEBHOOK_TIMESTAMP, HeaderValue::from(batch.at.timestamp()));
            headers.insert(WEBHOOK_SIGNATURE, header(signature)?);
        }
        let mut request = Request::new(body);
        *request.method_mut() = http::Method::POST;
        *request.uri_mut() = self.uri.clone();
        *request.headers_mut() = headers;
        Ok(request)
    }
}

/// All these values are digits, hex and punctuation, so this does not fail.
fn header(value: String) -> Result<HeaderValue, SinkError> {
    HeaderValue::try_from(value).map_err(|error| unusable("headers", &error.to_string()))
}
