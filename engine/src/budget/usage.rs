//! What an answer says about the provider's quota: usage headers, `Retry-After`, reset instants. Pure.

use std::time::Duration;

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use http::{HeaderMap, header};
use tributary_contract::spec::Usage;

/// Longest pause that a header is believed about; after it the provider is asked again.
const LONGEST_PAUSE: Duration = Duration::from_secs(24 * 3600);

/// What one answer said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reading {
    /// Whether the call was refused for want of quota (429).
    pub refused: bool,
    /// When the provider said to come back.
    pub retry_after: Option<Duration>,
    /// Counts by the index of the Spec's app quotas.
    pub counts: Vec<Count>,
}

/// One window as the provider counts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// Index into the Spec's app quotas.
    pub quota: usize,
    /// Calls that the window admits, if stated.
    pub limit: Option<u32>,
    /// Calls used.
    pub used: u32,
}

/// Reads status and headers of an answer.
pub fn read(usage: &Usage, status: u16, headers: &HeaderMap, now: DateTime<Utc>) -> Reading {
    let refused = status == 429;
    let asked = retry_after(headers, now);
    match usage {
        Usage::Silent => Reading { refused, retry_after: asked, counts: Vec::new() },
        Usage::Counts(pairs) | Usage::GrowingCounts(pairs) => {
            let mut counts = Vec::new();
            for pair in *pairs {
                let (limits, used) = (list(headers, pair.limit), list(headers, pair.usage));
                for (place, quota) in pair.quotas.iter().copied().enumerate() {
                    let limit = limits.get(place).copied().flatten();
                    if let Some(used) = used.get(place).copied().flatten() {
                        counts.push(Count { quota, limit, used });
                    }
                }
            }
            Reading { refused, retry_after: asked, counts }
        }
        Usage::ResetOnRefusal { reset } => {
            // Where the two disagree, coming too late costs less than coming too early.
            let reset = if refused { until_reset(headers, reset, now) } else { None };
            Reading { refused, retry_after: asked.max(reset), counts: Vec::new() }
        }
    }
}

/// The delay of a `Retry-After` header, in seconds or as a date; a date is taken against the answer's own `Date`.
pub fn retry_after(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    let delay = match text.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_no_number) => {
            let said = headers.get(header::DATE).and_then(|value| value.to_str().ok()).and_then(http_date);
            (http_date(text)? - said.unwrap_or(now)).to_std().unwrap_or_default()
        }
    };
    Some(delay.clamp(Duration::from_secs(1), LONGEST_PAUSE))
}

fn until_reset(headers: &HeaderMap, name: &str, now: DateTime<Utc>) -> Option<Duration> {
    let second = headers.get(name)?.to_str().ok()?.trim().parse().ok()?;
    let at = DateTime::from_timestamp(second, 0)? + TimeDelta::seconds(1);
    // An instant that has passed says nothing.
    Some((at - now).to_std().ok()?.min(LONGEST_PAUSE))
}

fn list(headers: &HeaderMap, name: &str) -> Vec<Option<u32>> {
    let Some(text) = headers.get(name).and_then(|value| value.to_str().ok()) else { return Vec::new() };
    text.split(',').map(|part| part.trim().parse().ok()).collect()
}

/// The three forms of an HTTP date.
fn http_date(text: &str) -> Option<DateTime<Utc>> {
    const FORMS: [&str; 3] =
        ["%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"];
    FORMS
        .iter()
        .find_map(|form| NaiveDateTime::parse_from_str(text.trim(), form).ok())
        .map(|time| time.and_utc())
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderName, HeaderValue};
    use tributary_contract::spec::CountHeaders;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap()))
            .collect()
    }

    fn now() -> DateTime<Utc> {
        "1994-11-06T08:49:07Z".parse().unwrap()
    }

    const COUNTS: Usage = Usage::Counts(&[
        CountHeaders { limit: "x-readratelimit-limit", usage: "x-readratelimit-usage", quotas: &[0, 1] },
        CountHeaders { limit: "x-ratelimit-limit", usage: "x-ratelimit-usage", quotas: &[2, 3] },
    ]);

    #[test]
    fn counts_are_read_by_their_place() {
        let headers = headers(&[
            ("x-ratelimit-limit", "200,2000"),
            ("x-ratelimit-usage", "12, 340"),
            ("x-readratelimit-limit", "100,1000"),
            ("x-readratelimit-usage", "7,abc"),
        ]);
        let reading = read(&COUNTS, 200, &headers, now());
        assert_eq!(
            reading.counts,
            [
                Count { quota: 0, limit: Some(100), used: 7 },
                Count { quota: 2, limit: Some(200), used: 12 },
                Count { quota: 3, limit: Some(2000), used: 340 },
            ]
        );
        assert_eq!(read(&COUNTS, 200, &HeaderMap::new(), now()), Reading::default());
    }

    #[test]
    fn retry_after_is_read_as_seconds_and_as_a_date_in_all_forms() {
        let cases = [
            ("120", Some(120)),
            (" 7 ", Some(7)),
            ("0", Some(1)),
            ("99999999999", Some(86_400)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(30)),
            ("Sunday, 06-Nov-94 08:49:37 GMT", Some(30)),
            ("Sun Nov  6 08:49:37 1994", Some(30)),
            ("Sun, 06 Nov 1994 08:00:00 GMT", Some(1)),
            ("soon", None),
            ("-5", None),
        ];
        for (text, seconds) in cases {
            let read = retry_after(&headers(&[("retry-after", text)]), now());
            assert_eq!(read, seconds.map(Duration::from_secs), "{text}");
        }
    }

    #[test]
    fn a_date_is_taken_against_the_clock_of_the_answer() {
        let answer = headers(&[
            ("retry-after", "Sun, 06 Nov 1994 10:00:10 GMT"),
            ("date", "Sun, 06 Nov 1994 10:00:00 GMT"),
        ]);
        assert_eq!(retry_after(&answer, now()), Some(Duration::from_secs(10)));
    }

    #[test]
    fn the_later_of_reset_and_retry_after_counts_and_only_on_a_refusal() {
        let usage = Usage::ResetOnRefusal { reset: "x-ratelimit-reset" };
        let reset = (now().timestamp() + 59).to_string();
        let headers = headers(&[("retry-after", "5"), ("x-ratelimit-reset", &reset)]);
        assert_eq!(read(&usage, 429, &headers, now()).retry_after, Some(Duration::from_secs(60)));
        assert_eq!(read(&usage, 503, &headers, now()).retry_after, Some(Duration::from_secs(5)));
    }
}
