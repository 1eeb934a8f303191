//! The profile: who the user is, and what Polar Flow knows of the body.

use tributary_contract::{Fetch, FetchError, Request};

use super::call::{PHYSICAL_INFO, USER};
use super::{call, normalize, wire};

/// Reads both halves; either may be missing.
pub(super) async fn fetch(cx: &mut Fetch) -> Result<(), FetchError> {
    let Some(id) = cx.account().map(|account| account.id.clone()) else {
        return Err(FetchError::unsupported("the profile of a user whose id is not known"));
    };
    let user: Option<wire::User> = call::optional(cx, Request::get(USER).arg("user-id", id.as_str())).await?;
    let physical: Option<wire::PhysicalInfo> = call::optional(cx, Request::get(PHYSICAL_INFO)).await?;
    cx.emit(normalize::athlete(id, user.unwrap_or_default(), physical.unwrap_or_default()));
    Ok(())
}
