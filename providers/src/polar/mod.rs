//! Polar (AccessLink v3): exercises, days, nights, body measurements, and the profile.
//!
//! Lists a window, or reads what a signed notification named, puts together what several routes say of one day, and
//! hands it to `normalize`. It never uses the transactions that Polar has deprecated, so it takes nothing away.

mod call;
mod days;
mod fetch;
mod normalize;
mod notify;
pub mod sandbox;
mod spec;
mod subscribe;
mod wire;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use http::Method;
use serde_json::json;
use tributary_contract::{
    Account, App, Fetch, FetchError, Inbound, Job, Notified, Provider, Refused, Request, Spec,
};

pub use spec::SPEC;

const ACTIVITY: &str = "activity";
const ATHLETE: &str = "athlete";
const BODY: &str = "body";
const DAILY: &str = "daily";
const SLEEP: &str = "sleep";

/// Polar, AccessLink v3.
#[derive(Debug, Clone, Copy, Default)]
pub struct Polar;

/// As the registry lists it.
pub static PROVIDER: Polar = Polar;

#[async_trait]
impl Provider for Polar {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    /// The token's answer says whose it is. Nothing can be read before the user is registered with the app, and
    /// nothing that was uploaded before.
    async fn connected(&self, cx: &mut Fetch) -> Result<Account, FetchError> {
        let user = cx.token_fact(spec::USER_ID).map(str::to_owned);
        let user = user.ok_or_else(|| FetchError::malformed("the token's answer", spec::USER_ID))?;
        // Polar wants an id of ours for the user that no other user of the app has; its own is one.
        let wish = json!({ "member-id": user });
        let register = call::json(Request::post(call::USERS)).json_body(&wish).idempotent();
        match cx.send(register).await {
            Ok(_) => {}
            // Registered before.
            Err(FetchError::Rejected { status: 409, .. }) => {}
            Err(FetchError::Forbidden { .. }) => {
                let what = "a user who has not accepted all mandatory consents in Polar Flow";
                return Err(FetchError::unsupported(what));
            }
            Err(error) => return Err(error),
        }
        Ok(Account::new(user))
    }

    async fn fetch(&self, cx: &mut Fetch, job: &Job) -> Result<(), FetchError> {
        fetch::resource(cx, job).await
    }

    fn notified(&self, request: &Inbound, app: &App) -> Result<Notified, Refused> {
        match request.method {
            Method::POST => notify::event(request, app),
            _ => Err(Refused::Malformed { at: "the method".to_owned() }),
        }
    }

    /// Ends the registration, and the token with it.
    async fn disconnect(&self, cx: &mut Fetch) -> Result<(), FetchError> {
        let Some(user) = cx.account().map(|account| account.id.clone()) else { return Ok(()) };
        let request = Request::new(Method::DELETE, call::USER).arg("user-id", user).idempotent();
        match cx.send(request).await {
            Ok(_) | Err(FetchError::Gone { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn subscribe(&self, cx: &mut Fetch) -> Result<Option<DateTime<Utc>>, FetchError> {
        subscribe::subscribe(cx).await
    }
}

#[cfg(test)]
mod tests;
