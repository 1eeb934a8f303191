//! What an answer that is no success means. The only place that turns a status into a class of error.
//!
//! Statuses, and for the token endpoint the body too, come in; nothing of a body ever leaves.

use std::time::Duration;

use http::StatusCode;
use tributary_contract::error::QuotaScope;
use tributary_contract::spec::OAuth2;
use tributary_contract::{Credentials, FetchError};
use tributary_net::NetError;

use super::body_status::Said;
use crate::oauth::{Refusal, refusal};

/// Why a call is refused whose token is not the one that was refused before.
pub const REFUSED_TOKEN: &str = "status 401";

/// Whether an [`FetchError::Auth`] says that a call was refused, and not that the token endpoint ended the consent.
pub fn is_refused_call(reason: &str) -> bool {
    reason.starts_with("status ")
}

/// An answer, as far as it decides about its class.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    /// Status.
    pub status: StatusCode,
    /// The status inside the body, where the provider puts one there.
    pub said: Option<Said>,
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
        200..=299 => match answer.said {
            None | Some(Said::Ok) => return Ok(()),
            Some(said) => inside(call, credentials, said, answer),
        },
        401 if credentials == Credentials::User => {
            FetchError::Auth { call, reason: REFUSED_TOKEN.to_owned() }
        }
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

/// Sorts an answer of 200 by the status inside it.
fn inside(call: String, credentials: Credentials, said: Said, answer: &Answer<'_>) -> FetchError {
    let retry_after = answer.retry_after;
    match said {
        Said::Auth(number) if credentials == Credentials::User => {
            FetchError::Auth { call, reason: format!("status {number} inside the answer") }
        }
        Said::Forbidden => FetchError::Forbidden { call },
        Said::Quota => FetchError::Quota { call, scope: answer.refused_by, retry_after },
        Said::Transient(number) => {
            let reason = format!("status {number} inside the answer");
            FetchError::Transient { call, reason, retry_after }
        }
        Said::Auth(number) | Said::Other(number) => {
            FetchError::Rejected { call, status: u16::try_from(number).unwrap_or(answer.status.as_u16()) }
        }
        Said::Ok | Said::Missing => FetchError::malformed(call, "its status (missing)"),
    }
}

/// Sorts an answer of the token endpoint: a consent is lost only by the codes of the Spec.
///
/// # Errors
/// For everything but 2xx.
pub fn token_answer(call: &str, scheme: &OAuth2, answer: &Answer<'_>) -> Result<(), FetchError> {
    let status = answer.status.as_u16();
    let (call, retry_after) = (call.to_owned(), answer.retry_after);
    if answer.status.is_success() {
        return match answer.said {
            None | Some(Said::Ok) => Ok(()),
            Some(said) => Err(token_inside(call, scheme, said, answer)),
        };
    }
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

/// Sorts a token answer of 200 by the status inside it.
fn token_inside(call: String, scheme: &OAuth2, said: Said, answer: &Answer<'_>) -> FetchError {
    let retry_after = answer.retry_after;
    let reason = match said {
        Said::Quota => return FetchError::Quota { call, scope: QuotaScope::App, retry_after },
        Said::Auth(number) | Said::Transient(number) | Said::Other(number) => {
            if let Refusal::LostConsent(code) = refusal::inside(scheme, number, answer.body) {
                return FetchError::Auth { call, reason: code.to_owned() };
            }
            format!("status {number} inside the answer")
        }
        Said::Forbidden => "a status inside the answer that means forbidden".to_owned(),
        Said::Ok | Said::Missing => "an answer without the documented status".to_owned(),
    };
    FetchError::Transient { call, reason, retry_after }
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
            said: None,
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
    fn a_status_inside_a_200_has_its_class() {
        let cases = [
            (Said::Ok, "ok"),
            (Said::Auth(401), "auth"),
            (Said::Forbidden, "forbidden"),
            (Said::Quota, "quota"),
            (Said::Transient(522), "transient"),
            (Said::Other(503), "rejected"),
            (Said::Missing, "malformed"),
        ];
        for (said, kind) in cases {
            let inside = Answer { said: Some(said), ..of(200, "") };
            let sorted = answer("/x", Credentials::User, &inside);
            assert_eq!(sorted.as_ref().map_or_else(FetchError::kind, |()| "ok"), kind, "{said:?}");
        }
        let rejected = Answer { said: Some(Said::Other(2554)), ..of(200, "") };
        let error = answer("/x", Credentials::User, &rejected).unwrap_err();
        assert_eq!(error, FetchError::Rejected { call: "/x".to_owned(), status: 2554 });
        let own = Answer { said: Some(Said::Auth(401)), ..of(200, "") };
        assert_eq!(answer("/x", Credentials::None, &own).unwrap_err().kind(), "rejected");
    }

    #[test]
    fn inside_a_token_answer_only_the_documented_refusal_asks_the_user() {
        let scheme =
            OAuth2 { lost_consent: &["invalid refresh_token"], lost_consent_statuses: &[503], ..scheme() };
        let lost = r#"{"status":503,"error":"Invalid Params: invalid refresh_token"}"#;
        let cases = [
            (Said::Other(503), lost, "auth"),
            (Said::Other(503), r#"{"status":503}"#, "transient"),
            (Said::Auth(401), lost, "transient"),
            (Said::Transient(522), lost, "transient"),
            (Said::Forbidden, lost, "transient"),
            (Said::Missing, "<html>", "transient"),
            (Said::Quota, lost, "quota"),
        ];
        for (said, body, kind) in cases {
            let inside = Answer { said: Some(said), ..of(200, body) };
            assert_eq!(token_answer("/token", &scheme, &inside).unwrap_err().kind(), kind, "{said:?} {body}");
        }
        let ok = Answer { said: Some(Said::Ok), ..of(200, "") };
        assert!(token_answer("/token", &scheme, &ok).is_ok());
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
