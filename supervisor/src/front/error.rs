//! Errors as answers: one object that both generations of Terra's clients can read.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use serde_json::json;
use uuid::Uuid;

use crate::codes::{self, Code};

/// Why a request was not served.
///
/// The body is the union of both published forms: `{type, title, instance, detail}` (RFC 9457) and
/// `{status: "error", message}`. Where an operator can act upon it, `code` names the page of `tributary explain`.
#[derive(Debug)]
pub struct Failure {
    status: StatusCode,
    detail: String,
    retry_after: Option<u64>,
    code: Option<Code>,
}

impl Failure {
    /// A failure with that status; `detail` says what is wrong and what to do.
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, detail: detail.into(), retry_after: None, code: None }
    }

    /// 400.
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    /// 404.
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }

    /// The same with an error code, for operators to look up.
    #[must_use]
    pub const fn coded(mut self, code: Code) -> Self {
        self.code = Some(code);
        self
    }

    /// 503: nothing was lost, it can be tried again.
    pub fn unavailable(detail: impl Into<String>) -> Self {
        Self { retry_after: Some(5), ..Self::new(StatusCode::SERVICE_UNAVAILABLE, detail) }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.status.as_u16(), self.detail)
    }
}

impl ResponseError for Failure {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        let mut answer = HttpResponse::build(self.status);
        answer.insert_header(("terra-reference", Uuid::new_v4().to_string()));
        if let Some(seconds) = self.retry_after {
            answer.insert_header(("retry-after", seconds.to_string()));
        }
        answer.content_type("application/problem+json").body(
            json!({
                "type": "about:blank",
                "title": self.status.canonical_reason().unwrap_or("error").to_lowercase(),
                "detail": self.detail,
                "status": "error",
                "message": self.detail,
                "code": self.code.map(Code::as_str),
            })
            .to_string(),
        )
    }
}

/// Answers every path that is not in the tables.
pub async fn not_found(request: HttpRequest) -> Result<HttpResponse, Failure> {
    Err(Failure::not_found(format!("there is nothing at {} {}", request.method(), request.path())))
}

impl From<tributary_engine::store::StoreError> for Failure {
    fn from(error: tributary_engine::store::StoreError) -> Self {
        tracing::error!(%error, "the store did not serve a request");
        Self::unavailable("the store is not available; try again").coded(codes::STORE_UNAVAILABLE)
    }
}
