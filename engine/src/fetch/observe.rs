//! One attempt of a call as others see it: a client span and a duration. What is told is the template, the host and
//! words of fixed sets; never an id, a query or a body.

use chrono::{DateTime, Utc};
use tracing::Span;
use tributary_contract::{Request, Response};
use url::Url;

use super::{DoorParts, Failure, target};
use crate::telemetry::{metric, span};

/// An attempt under way.
pub(super) struct Attempt {
    span: Span,
    began: DateTime<Utc>,
    method: String,
    address: String,
    template: String,
}

impl Attempt {
    /// An attempt that begins now, after `resent` earlier ones.
    pub(super) fn begin(parts: &DoorParts, request: &Request, url: &Url, call: &str, resent: u32) -> Self {
        let method = request.method.as_str().to_owned();
        let address = url.host_str().unwrap_or_default().to_owned();
        let span = span::call(&span::Call {
            provider: parts.spec.key,
            class: parts.class.as_str(),
            method: &method,
            template: call,
            full: &target::shown(parts.spec, parts.origin.as_deref(), call),
            address: &address,
            port: url.port_or_known_default().unwrap_or_default(),
            resent,
        });
        Self { span, began: parts.clock.now(), method, address, template: call.to_owned() }
    }

    /// Its span.
    pub(super) fn span(&self) -> Span {
        self.span.clone()
    }

    /// It came to an end.
    pub(super) fn ended(self, parts: &DoorParts, result: &Result<Response, Failure>) {
        let (status, error) = match result {
            Ok(response) => (Some(response.status), ""),
            Err(failure) => (failure.status, failure.error.kind()),
        };
        if let Some(status) = status {
            self.span.record(span::STATUS, status);
        }
        if !error.is_empty() {
            span::failed(&self.span, error);
        }
        let took = (parts.clock.now() - self.began).to_std().unwrap_or_default();
        let status = status.map(|status| status.to_string()).unwrap_or_default();
        let labels = [parts.spec.key, &self.method, &self.address, &self.template, &status, error];
        metric::CLIENT_DURATION.record(took, labels);
    }
}
