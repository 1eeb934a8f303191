//! Which tenant a request comes from: `dev-id` and `x-api-key`.

use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use tributary_config::Tenant;

use super::error::Failure;
use crate::app::Shared;

/// The tenant whose key the request carries. Unknown `dev-id` and wrong key give the same answer.
pub fn authenticate(request: &HttpRequest, shared: &Shared) -> Result<Arc<Tenant>, Failure> {
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    let (Some(dev_id), Some(key)) = (header("dev-id"), header("x-api-key")) else {
        return Err(Failure::new(StatusCode::UNAUTHORIZED, "the headers dev-id and x-api-key are needed"));
    };
    let current = shared.live.get();
    let known =
        current.tenant(dev_id).filter(|tenant| tenant.api_keys.iter().any(|api_key| api_key.matches(key)));
    known.map(Arc::clone).ok_or_else(|| {
        Failure::new(StatusCode::UNAUTHORIZED, "the dev-id is unknown or the x-api-key does not fit it")
    })
}
