//! Whether a call is repeated at once, inside the running job. What is not repeated here comes back with the job.

use std::time::Duration;

use http::Method;
use tributary_contract::{FetchError, Request};

use crate::retry;

/// A longer wish of the provider ends the job instead of holding its place.
const LONGEST_WAIT: Duration = Duration::from_secs(3);

/// Whether sending a request again is harmless although it may have arrived.
pub fn is_repeatable(request: &Request) -> bool {
    request.idempotent || matches!(request.method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// How long to wait before the next try after `tries` of them; `None` when the job has to come back later.
pub fn delay(error: &FetchError, tries: u32) -> Option<Duration> {
    let FetchError::Transient { retry_after, .. } = error else { return None };
    if tries > retry::QUICK_REPEATS {
        return None;
    }
    match retry_after {
        Some(wish) if *wish > LONGEST_WAIT => None,
        Some(wish) => Some(*wish),
        None => Some(retry::QUICK.delay(tries)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn transient(retry_after: Option<u64>) -> FetchError {
        let retry_after = retry_after.map(Duration::from_secs);
        FetchError::Transient { call: "/x".to_owned(), reason: "status 503".to_owned(), retry_after }
    }

    #[test]
    fn two_repeats_and_no_long_waits() {
        assert!(delay(&transient(None), 1).is_some() && delay(&transient(None), 2).is_some());
        assert_eq!(delay(&transient(None), 3), None);
        assert_eq!(delay(&transient(Some(2)), 1), Some(Duration::from_secs(2)));
        assert_eq!(delay(&transient(Some(60)), 1), None);
        assert_eq!(delay(&FetchError::Gone { call: "/x".to_owned() }, 1), None);
    }

    #[test]
    fn a_post_is_repeated_only_if_it_is_marked_as_harmless() {
        assert!(is_repeatable(&Request::get("/x")));
        assert!(!is_repeatable(&Request::post("/x")));
        assert!(is_repeatable(&Request::post("/x").idempotent()));
    }
}
