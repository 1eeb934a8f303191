//! The user's subscriptions as desired state: one for each kind of notification that leads to a record.
//!
//! Made when the user connects, and compared with each poll of the profile, so that those which Withings dropped after
//! lasting failures come back. It removes none: revoking the grant does.

use tributary_contract::{Fetch, FetchError};

use super::call::{LIST_SUBSCRIPTIONS, SUBSCRIBE, body, request};
use super::wire::Profiles;

/// Kinds of notification with the scope that each needs.
const WANTED: [(i64, &str); 7] = [
    (1, "user.metrics"),
    (2, "user.metrics"),
    (4, "user.metrics"),
    (16, "user.activity"),
    (44, "user.activity"),
    (46, "user.info"),
    (54, "user.metrics"),
];

/// The first try. Only a refused token fails the connect: whatever else keeps a subscription from being made is told
/// by the next poll of the profile, and until then polls bring the data.
pub(super) async fn at_first(cx: &Fetch) -> Result<(), FetchError> {
    match compare(cx).await {
        Err(error @ FetchError::Auth { .. }) => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Makes what is missing. One that Withings refuses does not keep the others from being made.
pub(super) async fn compare(cx: &Fetch) -> Result<(), FetchError> {
    let url = cx.app().notify_url.clone();
    let listed: Profiles = body(cx, LIST_SUBSCRIPTIONS, &[]).await?;
    let listed = listed.profiles.unwrap_or_default();
    let mut refused = None;
    for (appli, scope) in WANTED {
        let exists = listed.iter().any(|profile| profile.appli == appli && profile.callbackurl == url);
        if exists || !cx.granted(scope) {
            continue;
        }
        let fields = [("callbackurl", url.clone()), ("appli", appli.to_string())];
        match cx.send(request(SUBSCRIBE, &fields)).await {
            Ok(_made) => {}
            Err(error @ (FetchError::Rejected { .. } | FetchError::Forbidden { .. })) => {
                refused = Some(error);
            }
            Err(error) => return Err(error),
        }
    }
    refused.map_or(Ok(()), Err)
}
