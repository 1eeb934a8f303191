//! What an answer that is no success means. The only place that turns a status into a class of error.
//!
//! Statuses, and for the token endpoint the body too, come in; nothing of a body ever leaves.

use std::time::Duration;

use http::StatusCode;
use tributary_contract::error::QuotaScope;
use tributary_contract::spec::OAuth2;
use tributary_contract::{Credentials, FetchError};
use tributary_net::NetError;

use crate::oauth::{Refusal, refusal};

/// An answer, as far as it decides about its class.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    /// Status.
    pub status: StatusCode,
    /// Body; looked at for the token endpoint alone.
    pub body: &'a [u8],
    /// When the provider said to come back.
    pub retry_after: Option<Duration>,
    /// Whose quota refused the call.
    pub refused_by: QuotaScope,
}

/// Sorts an answer to an ordinary call.
///
/// # Errors
/// For everything but 2xx. [`FetchError::Auth`] means 401 to the connection's own token.
pub fn answer(call: &str, credentials: Credentials, answer: &Answer<'_>) -> Result<(), FetchError> {
    let call = call.to_owned();
    let status = answer.status.as_u16();
    let retry_after = answer.retry_after;
    Err(match status {
        200..=299 => return Ok(()),
        401 if credentials == Credentials::User => FetchError::Auth { call, reason: "status 401".to_owned() },
        402 | 403 => FetchError::Forbidden { call },
        404 | 410 => FetchError::Gone { call },
        429 => FetchError::Quota { call, scope: answer.refused_by, retry_after },
        300..=399 => {
            let reason = format!(
                "status {status}; redirects are not followed, since a token must not travel with them"
            );
            FetchError::Transient { call, reason, retry_after }
        }
        408 | 425 | 500.. => FetchError::Transient { call, reason: format!("status {status}"), retry_after },
        _ => FetchError::Rejected { call, status },
    })
}

/// Sorts an answer of the token endpoint: a consent is lost only by the codes of the Spec.
///
/// # Errors
/// For everything but 2xx.
pub fn token_answer(call: &str, scheme: &OAuth2, answer: &Answer<'_>) -> Result<(), FetchError> {
    let status = answer.status.as_u16();
    if answer.status.is_success() {
        return Ok(());
    }
    let (call, retry_after) = (call.to_owned(), answer.retry_after);
    if status == 429 {
        return Err(FetchError::Quota { call, scope: QuotaScope::App, retry_after });
    }
    let reason = match refusal::read(scheme, status, answer.body) {
        Refusal::LostConsent(code) => return Err(FetchError::Auth { call, reason: code.to_owned() }),
        Refusal::App => {
            format!("status {status}; the provider refused the app itself, so check its client id and secret")
        }
        Refusal::Passes => format!("status {status}"),
    };
    Err(FetchError::Transient { call, reason, retry_after })
}

/// Sorts a failure without an answer.
pub fn failure(call: &str, error: &NetError) -> FetchError {
    let call = call.to_owned();
    match error {
        NetError::BodyTooLarge { limit, .. } => {
            FetchError::malformed(call, format!("its end: it is larger than the limit of {limit} bytes"))
        }
        error if error.is_final() => FetchError::malformed(call, format!("its address: {error}")),
        error => FetchError::Transient { call, reason: error.to_string(), retry_after: None },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oauth::token::tests::scheme;
    use tributary_contract::Class;

    fn of(status: u16, body: &str) -> Answer<'_> {
        Answer {
            status: StatusCode::from_u16(status).unwrap(),
            body: body.as_bytes(),
            retry_after: Some(Duration::from_secs(7)),
            refused_by: QuotaScope::User,
        }
    }

    #[test]
    fn every_status_has_its_class() {
        let cases = [
            (200, "ok"),
            (204, "ok"),
            (302, "transient"),
            (400, "rejected"),
            (401, "auth"),
            (402, "forbidden"),
            (403, "forbidden"),
            (404, "gone"),
            (408, "transient"),
            (409, "rejected"),
            (410, "gone"),
            (422, "rejected"),
            (426, "rejected"),
            (429, "quota"),
            (500, "transient"),
            (503, "transient"),
            (599, "transient"),
        ];
        for (status, kind) in cases {
            let sorted = answer("/x", Credentials::User, &of(status, ""));
            assert_eq!(sorted.as_ref().map_or_else(FetchError::kind, |()| "ok"), kind, "{status}");
        }
        let error = answer("/x", Credentials::User, &of(503, "")).unwrap_err();
        assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
        let own = answer("/x", Credentials::None, &of(401, "")).unwrap_err();
        assert_eq!(
            own.kind(),
            "rejected",
            "the user cannot help against a refusal of the app's own credentials"
        );
    }

    #[test]
    fn nothing_but_a_documented_code_of_the_token_endpoint_asks_the_user() {
        let cases = [
            (400, r#"{"error":"invalid_grant"}"#, Class::Reauth),
            (400, r#"{"error":"invalid_request"}"#, Class::Retry),
            (401, r#"{"error":"invalid_client"}"#, Class::Retry),
            (403, "<html>", Class::Retry),
            (404, "", Class::Retry),
            (429, "", Class::Retry),
            (302, "", Class::Retry),
            (500, "", Class::Retry),
        ];
        for (status, body, class) in cases {
            let error = token_answer("https://x/token", &scheme(), &of(status, body)).unwrap_err();
            assert_eq!(error.class(), class, "{status} {body}");
        }
        assert!(token_answer("https://x/token", &scheme(), &of(200, "")).is_ok());
    }
}
