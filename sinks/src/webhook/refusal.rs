//! What an answer, or its absence, means for a delivery.
//!
//! Status and headers come from the receiver and are not trusted; the body is not looked at. Pure.

use std::time::Duration;

use chrono::{DateTime, Utc};
use http::{HeaderMap, StatusCode, header};
use tributary_contract::sink::SinkError;
use tributary_net::NetError;

/// What became of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Durably taken, by the receiver's word.
    Taken,
    /// Try these entries again later.
    Later(String, Option<Duration>),
    /// These entries never.
    Refused(String),
    /// Fewer records might do.
    TooLarge(String),
    /// The receiver as a whole.
    Failed(SinkError),
}

/// The longest wait that a receiver can ask for; it must not be able to stop its deliveries for good.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

/// What a status means. 401, 403 and 404 come from a wrong set-up rather than from the data, so nothing is given up.
pub(super) fn of_answer(status: StatusCode, headers: &HeaderMap, at: DateTime<Utc>) -> Verdict {
    let reason = format!("the receiver answered {}", status.as_u16());
    match status {
        _ if status.is_success() => Verdict::Taken,
        _ if status.is_redirection() => Verdict::Later(
            format!("{reason}; redirects are not followed, so put the new address into url"),
            None,
        ),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Verdict::Failed(SinkError::Denied {
            reason,
            advice: "check secret and headers, and that the receiver lets these requests in".to_owned(),
        }),
        StatusCode::NOT_FOUND => Verdict::Failed(SinkError::Denied {
            reason,
            advice: "check url, and that the receiver serves POST there".to_owned(),
        }),
        StatusCode::PAYLOAD_TOO_LARGE => Verdict::TooLarge(reason),
        _ => Verdict::Later(reason, retry_after(headers, at)),
    }
}

/// What a request without an answer means. A refused address is final: retries would only probe it.
pub(super) fn of_error(error: &NetError) -> Verdict {
    if error.is_final() {
        Verdict::Refused(error.to_string())
    } else {
        Verdict::Failed(SinkError::Unavailable { reason: error.to_string(), after: None })
    }
}

/// `Retry-After` as seconds or as a date.
fn retry_after(headers: &HeaderMap, at: DateTime<Utc>) -> Option<Duration> {
    let value = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = match value.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_not_seconds) => {
            let date = DateTime::parse_from_rfc2822(value).ok()?;
            (date.with_timezone(&Utc) - at).to_std().unwrap_or_default()
        }
    };
    Some(wait.min(LONGEST_WAIT))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn at() -> DateTime<Utc> {
        DateTime::parse_from_rfc3339("2026-03-01T10:00:00Z").unwrap().to_utc()
    }

    fn answered(status: u16, retry_after: Option<&'static str>) -> Verdict {
        let mut headers = HeaderMap::new();
        if let Some(value) = retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static(value));
        }
        of_answer(StatusCode::from_u16(status).unwrap(), &headers, at())
    }

    #[test]
    fn every_status_has_its_meaning() {
        for status in [200, 201, 202, 204, 299] {
            assert_eq!(answered(status, None), Verdict::Taken, "{status}");
        }
        for status in [301, 302, 307, 308, 400, 405, 408, 409, 410, 422, 425, 429, 500, 502, 503, 504, 599] {
            assert!(matches!(answered(status, None), Verdict::Later(_, None)), "{status}");
        }
        for status in [401, 403, 404] {
            assert!(matches!(answered(status, None), Verdict::Failed(SinkError::Denied { .. })), "{status}");
        }
        assert!(matches!(answered(413, None), Verdict::TooLarge(_)));
    }

    #[test]
    fn the_receiver_may_say_when_to_come_back() {
        for (value, seconds) in [
            ("120", Some(120)),
            ("Sun, 01 Mar 2026 10:00:30 GMT", Some(30)),
            ("Sun, 01 Mar 2026 09:00:00 GMT", Some(0)),
            ("999999999999", Some(86_400)),
            ("-5", None),
            ("soon", None),
        ] {
            let Verdict::Later(_, after) = answered(503, Some(value)) else { panic!("{value}") };
            assert_eq!(after, seconds.map(Duration::from_secs), "{value}");
        }
    }
}
