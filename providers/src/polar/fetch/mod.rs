//! Which calls make up the records of each resource.
//!
//! A job lists a window, or names exercises by id and everything else by day, the form in which notifications hand
//! them on. All that goes into one record is read in one job, so that a later delivery never holds less.

mod activity;
mod athlete;
mod body;
mod daily;
mod sleep;

use tributary_contract::{Fetch, FetchError, Job, Request};

use super::days::Range;
use super::{ACTIVITY, ATHLETE, BODY, DAILY, SLEEP, call, days, normalize, wire};

/// Fetches one resource.
pub(super) async fn resource(cx: &mut Fetch, job: &Job) -> Result<(), FetchError> {
    match job.resource.name {
        ACTIVITY => activity::fetch(cx, job).await,
        ATHLETE => athlete::fetch(cx).await,
        BODY => body::fetch(cx, job).await,
        DAILY => daily::fetch(cx, job).await,
        SLEEP => sleep::fetch(cx, job).await,
        other => Err(FetchError::unsupported(format!("the resource {other}"))),
    }
}

/// A list between two days.
fn between(template: &'static str, (from, to): Range) -> Request {
    Request::get(template).query("from", from.to_string()).query("to", to.to_string())
}

/// What was named and is not there, or not yet, does not keep the rest back: the job does what it can and ends with
/// that error.
#[derive(Debug, Default)]
struct Missing(Option<FetchError>);

impl Missing {
    /// What was found; nothing when it is gone.
    fn note<T>(&mut self, result: Result<Option<T>, FetchError>) -> Result<Option<T>, FetchError> {
        match result {
            Err(error @ FetchError::Gone { .. }) => {
                self.0 = Some(error);
                Ok(None)
            }
            other => other,
        }
    }

    /// Ends the job: what was emitted is kept in either case.
    async fn settle(self, cx: &mut Fetch) -> Result<(), FetchError> {
        match self.0 {
            None => Ok(()),
            Some(error) => {
                cx.flush().await?;
                Err(error)
            }
        }
    }
}
