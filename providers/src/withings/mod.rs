//! Withings (Public Health Data API): body measurements and electrocardiograms, days, workouts, sleep, devices.
//!
//! Polls and notifications ask for what was changed since; whole days and nights are then read and handed to
//! `normalize`. It takes nothing from a notification but the hint to look: Withings signs none.

mod call;
mod fetch;
mod normalize;
mod notify;
pub mod sandbox;
mod sign;
mod spec;
mod subscribe;
mod wire;
mod zone;

use async_trait::async_trait;
use http::Method;
use tributary_contract::{Account, App, Fetch, FetchError, Inbound, Job, Notified, Provider, Refused, Spec};

pub use spec::SPEC;

const ACTIVITY: &str = "activity";
const ATHLETE: &str = "athlete";
const BODY: &str = "body";
const DAILY: &str = "daily";
const SLEEP: &str = "sleep";

/// Withings, Public Health Data API.
#[derive(Debug, Clone, Copy, Default)]
pub struct Withings;

/// As the registry lists it.
pub static PROVIDER: Withings = Withings;

#[async_trait]
impl Provider for Withings {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    /// The token answer names the user; no call does.
    async fn connected(&self, cx: &mut Fetch) -> Result<Account, FetchError> {
        let id = cx.token_fact("userid").filter(|id| !id.is_empty());
        let account =
            Account::new(id.ok_or_else(|| FetchError::malformed("the token answer", "body.userid"))?);
        subscribe::at_first(cx).await?;
        Ok(account)
    }

    async fn fetch(&self, cx: &mut Fetch, job: &Job) -> Result<(), FetchError> {
        fetch::resource(cx, job).await
    }

    fn notified(&self, request: &Inbound, _app: &App) -> Result<Notified, Refused> {
        match request.method {
            Method::GET | Method::HEAD => Ok(notify::probe()),
            Method::POST => notify::notice(request),
            _ => Err(Refused::Malformed { at: "the method".to_owned() }),
        }
    }

    /// Revoking ends the notifications as well.
    async fn disconnect(&self, cx: &mut Fetch) -> Result<(), FetchError> {
        sign::revoke(cx).await
    }
}

#[cfg(test)]
mod tests;
