//! Oura (API v2): sleep, days, workouts and sessions, body measurements, and the profile.
//!
//! Lists a window of days, or reads what a signed notification named, puts together what several collections say of
//! one day, and hands it to `normalize`. It never emits a day from fewer collections than it may read.

mod collection;
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
use tributary_contract::{
    Account, App, Fetch, FetchError, Inbound, Job, Notified, Provider, Refused, Request, Spec,
};

pub use spec::SPEC;

const ACTIVITY: &str = "activity";
const ATHLETE: &str = "athlete";
const BODY: &str = "body";
const DAILY: &str = "daily";
const SLEEP: &str = "sleep";

const PERSONAL_INFO: &str = "/v2/usercollection/personal_info";

/// Oura, API v2.
#[derive(Debug, Clone, Copy, Default)]
pub struct Oura;

/// As the registry lists it.
pub static PROVIDER: Oura = Oura;

#[async_trait]
impl Provider for Oura {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    /// The id is readable with any scope, and is the one that notifications carry.
    async fn connected(&self, cx: &mut Fetch) -> Result<Account, FetchError> {
        let person: wire::PersonalInfo = cx.json(Request::get(PERSONAL_INFO)).await?;
        Ok(Account::new(person.id))
    }

    async fn fetch(&self, cx: &mut Fetch, job: &Job) -> Result<(), FetchError> {
        fetch::resource(cx, job).await
    }

    fn notified(&self, request: &Inbound, app: &App) -> Result<Notified, Refused> {
        match request.method {
            Method::GET => notify::handshake(request, app),
            Method::POST => notify::event(request, app),
            _ => Err(Refused::Malformed { at: "the method".to_owned() }),
        }
    }

    /// Nothing to do: the subscriptions belong to the app, and the engine revokes the grant.
    async fn disconnect(&self, _cx: &mut Fetch) -> Result<(), FetchError> {
        Ok(())
    }

    async fn subscribe(&self, cx: &mut Fetch) -> Result<Option<DateTime<Utc>>, FetchError> {
        subscribe::subscribe(cx).await
    }
}

#[cfg(test)]
mod tests;
