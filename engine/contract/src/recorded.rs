//! A door that answers from documents: for tests, and for tools that turn provider documents into records through
//! the same code path as a sync. It never opens a socket.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use http::HeaderMap;

use crate::error::FetchError;
use crate::fetch::{Committer, Door, Emitted, Request, Response};
use crate::job::Cursor;
use crate::spec::Resource;

/// Answers each call by its template; a list of answers is given out in order, the last one for ever.
#[derive(Debug, Default)]
pub struct Recorded {
    answers: Mutex<HashMap<String, Vec<Result<Bytes, FetchError>>>>,
    calls: Mutex<Vec<Request>>,
    fallback: HashMap<&'static str, Option<&'static str>>,
}

impl Recorded {
    /// A door that knows no answer yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A door for one resource: documents that were not given are answered as the provider answers when there is
    /// nothing.
    pub fn for_resource(resource: &'static Resource) -> Self {
        let fallback =
            resource.documents.iter().map(|document| (document.template, document.empty)).collect();
        Self { fallback, ..Self::default() }
    }

    /// Adds an answer for a template.
    #[must_use]
    pub fn answer(self, template: &str, body: impl Into<Bytes>) -> Self {
        self.push(template, Ok(body.into()))
    }

    /// Adds a failure for a template.
    #[must_use]
    pub fn fail(self, template: &str, error: FetchError) -> Self {
        self.push(template, Err(error))
    }

    fn push(self, template: &str, answer: Result<Bytes, FetchError>) -> Self {
        self.answers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(template.to_owned())
            .or_default()
            .push(answer);
        self
    }

    /// The requests so far, in order.
    pub fn calls(&self) -> Vec<Request> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn next(&self, template: &str) -> Result<Bytes, FetchError> {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        match answers.get_mut(template) {
            Some(list) if list.len() > 1 => list.remove(0),
            Some(list) => list.first().cloned().unwrap_or_else(|| unexpected(template)),
            None => match self.fallback.get(template) {
                Some(Some(empty)) => Ok(Bytes::from_static(empty.as_bytes())),
                Some(None) => Err(FetchError::Gone { call: template.to_owned() }),
                None => unexpected(template),
            },
        }
    }
}

fn unexpected(template: &str) -> Result<Bytes, FetchError> {
    Err(FetchError::unsupported(format!("the recorded conversation has no answer for {template}, which")))
}

#[async_trait]
impl Door for Recorded {
    async fn send(&self, request: Request) -> Result<Response, FetchError> {
        let template = request.template.clone();
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).push(request);
        let body = self.next(&template)?;
        Ok(Response { status: 200, headers: HeaderMap::new(), body })
    }
}

/// A committer that keeps what it is given.
#[derive(Debug, Clone, Default)]
pub struct Kept {
    inner: Arc<Mutex<(Vec<Emitted>, Vec<Cursor>)>>,
}

impl Kept {
    /// Everything committed so far, in order; empties it.
    pub fn take(&self) -> Vec<Emitted> {
        std::mem::take(&mut self.inner.lock().unwrap_or_else(PoisonError::into_inner).0)
    }

    /// The cursors committed so far, in order.
    pub fn cursors(&self) -> Vec<Cursor> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).1.clone()
    }
}

#[async_trait]
impl Committer for Kept {
    async fn commit(&mut self, emitted: Vec<Emitted>, cursor: Option<Cursor>) -> Result<(), FetchError> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.0.extend(emitted);
        inner.1.extend(cursor);
        Ok(())
    }
}
