//! Posts entries as signed events to a URL, as Terra does.
//!
//! Entries of one connection and one kind come in and leave as one HTTP request; the status of the answer becomes the
//! outcome. It never follows a redirect and never shows or logs the body of an answer.

mod options;
mod refusal;
mod request;
mod signature;

use std::sync::Arc;

use async_trait::async_trait;
use http::Uri;
use tributary_contract::sink::{Batch, Entry, EntryKind, Limits, Outcome, Report, Sink, SinkError};
use tributary_net::Client;

use self::options::Checked;
pub use self::options::Options;
use self::refusal::Verdict;
use self::request::Part;
use crate::registry::{Context, Kind};

pub(crate) const KIND: Kind = Kind {
    name: "webhook",
    summary: "signed HTTP requests with events in Terra's envelope",
    grouping: "one event per connection and data type, up to 10 records",
    guarantee: "at least once; in order per connection, except what is parked for a retry",
};

/// How much of an answer is read before the rest is dropped, in bytes.
const ANSWER_BYTES: usize = 64 * 1024;

/// A webhook of a tenant.
pub struct Webhook {
    client: Client,
    uri: Uri,
    origin: String,
    form: request::Form,
    limits: Limits,
    timeout: std::time::Duration,
}

impl Webhook {
    /// A webhook with these settings.
    ///
    /// # Errors
    /// [`SinkError::Unusable`] with the setting that cannot work.
    pub fn new(options: Options, context: &Context) -> Result<Self, SinkError> {
        let Checked { client, uri, origin, signer, headers, timeout, limits } = options.check(context)?;
        let form = request::Form { uri: uri.clone(), headers, signer };
        Ok(Self { client, uri, origin, form, limits, timeout })
    }

    fn answer_limits(&self) -> tributary_net::Limits {
        tributary_net::Limits { timeout: Some(self.timeout), max_body: Some(ANSWER_BYTES), truncate: true }
    }

    async fn post(&self, batch: &Batch, part: &Part<'_>) -> Result<Verdict, SinkError> {
        if part.entries.iter().any(|entry| entry.body.len() > self.limits.entry_bytes) {
            return Ok(Verdict::TooLarge(format!(
                "larger than the {} bytes of max_record_bytes",
                self.limits.entry_bytes
            )));
        }
        let request = self.form.request(batch, part)?;
        Ok(match self.client.send(request, self.answer_limits()).await {
            Ok(answer) => refusal::of_answer(answer.status(), answer.headers(), batch.at),
            Err(error) => refusal::of_error(&error),
        })
    }
}

#[async_trait]
impl Sink for Webhook {
    fn limits(&self) -> Limits {
        self.limits
    }

    /// Asks with `HEAD`, since a made-up event would reach the receiver's data. Any answer proves the way; whether the
    /// receiver accepts the signature shows only with the first event.
    async fn check(&self) -> Result<Report, SinkError> {
        let request = http::Request::head(&self.uri)
            .body(bytes::Bytes::new())
            .map_err(|error| options::unusable("url", &error.to_string()))?;
        match self.client.send(request, self.answer_limits()).await {
            Ok(answer) => {
                let line =
                    format!("{} is reachable: it answered {} to HEAD", self.origin, answer.status().as_u16());
                Ok(Report { lines: vec![line] })
            }
            Err(error) if error.is_final() => Err(options::unusable("url", &error.to_string())),
            Err(error) => Err(SinkError::Unavailable { reason: error.to_string(), after: None }),
        }
    }

    async fn deliver(&self, batch: &Batch) -> Result<Vec<Outcome>, SinkError> {
        let mut outcomes = Vec::with_capacity(batch.entries.len());
        let mut waiting = parts(&batch.entries);
        while let Some(part) = waiting.pop() {
            let count = part.entries.len();
            match self.post(batch, &part).await? {
                Verdict::Taken => outcomes.extend(std::iter::repeat_n(Outcome::Taken, count)),
                // Smaller events may pass where the whole one does not.
                Verdict::TooLarge(_) if count > 1 => waiting.extend(part.halves()),
                Verdict::TooLarge(reason) | Verdict::Refused(reason) => {
                    outcomes.extend(std::iter::repeat_n(Outcome::Refused { reason }, count));
                }
                Verdict::Later(reason, after) => {
                    outcomes.extend(std::iter::repeat_n(Outcome::Later { reason, after }, count));
                }
                // An error speaks for the whole batch, which is true only as long as nothing was settled.
                Verdict::Failed(error) if outcomes.is_empty() => return Err(error),
                Verdict::Failed(error) => {
                    let after = if let SinkError::Unavailable { after, .. } = &error { *after } else { None };
                    let later = Outcome::Later { reason: error.to_string(), after };
                    outcomes.resize(batch.entries.len(), later);
                    break;
                }
            }
        }
        Ok(outcomes)
    }
}

/// The events of a batch, the first one last. The engine sends one at a time; anything else is sent all the same.
fn parts(entries: &[Arc<Entry>]) -> Vec<Part<'_>> {
    let same = |a: &Arc<Entry>, b: &Arc<Entry>| {
        a.kind == b.kind && a.user.id == b.user.id && !matches!(a.kind, EntryKind::LifeCycle(_))
    };
    let mut first = 0;
    let mut parts: Vec<Part<'_>> = entries
        .chunk_by(same)
        .map(|part| {
            let part = Part { entries: part, first, of: entries.len() };
            first += part.entries.len();
            part
        })
        .collect();
    parts.reverse();
    parts
}

#[cfg(test)]
mod tests;
