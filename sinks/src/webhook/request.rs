//! The HTTP request of one event.
//!
//! A batch and the fixed headers come in, a request with its signature goes out. Bodies are put together from JSON that
//! exists already; nothing is parsed.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Uri};
use tributary_contract::model::{DataType, VERSION, data_event_body};
use tributary_contract::sink::{Batch, Entry, EntryKind, SinkError};

use super::options::unusable;
use super::signature::Signer;
use crate::line::quoted;

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
        let mut headers = self.headers.clone();
        headers.insert("terra-signature", signature.clone());
        headers.insert("x-terra-signature", signature);
        headers.insert("terra-reference", header(batch.delivery.to_string())?);
        headers.insert("x-terra-trace-id", header(id.clone())?);
        headers.insert("x-terra-ordering-timestamp", header(newest.timestamp_millis().to_string())?);
        headers.insert("traceparent", header(batch.trace.to_string())?);
        headers.insert("x-tributary-attempt", HeaderValue::from(batch.attempt));
        headers.insert("x-tributary-sequence", HeaderValue::from(sequence));
        if batch.replay {
            headers.insert("x-tributary-replay", HeaderValue::from_static("true"));
        }
        if let Some(signature) = self.signer.standard(&id, batch.at, &body) {
            headers.insert("webhook-id", header(id)?);
            headers.insert("webhook-timestamp", HeaderValue::from(batch.at.timestamp()));
            headers.insert("webhook-signature", header(signature)?);
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
