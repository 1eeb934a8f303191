//! Which calls make up the records of each resource.
//!
//! A job lists a window, or names documents as `<data_type>:<object_id>`, the form in which notifications hand them
//! on. All that goes into one record is read in one job, so that a later delivery never holds less than an earlier one.

mod activity;
mod body;
mod daily;
mod heart_rate;
mod sleep;

use std::collections::BTreeSet;

use tributary_contract::{Fetch, FetchError, Job, Request};

use super::collection::{self, Collection, Parts, RING_CONFIGURATION};
use super::days::Wanted;
use super::{ACTIVITY, ATHLETE, BODY, DAILY, PERSONAL_INFO, SLEEP, days, normalize, wire};

/// Fetches one resource.
pub(super) async fn resource(cx: &mut Fetch, job: &Job) -> Result<(), FetchError> {
    match job.resource.name {
        ACTIVITY => activity::fetch(cx, job).await,
        ATHLETE => athlete(cx).await,
        BODY => body::fetch(cx, job).await,
        DAILY => daily::fetch(cx, job).await,
        SLEEP => sleep::fetch(cx, job).await,
        other => Err(FetchError::unsupported(format!("the resource {other}"))),
    }
}

/// The profile. The list of rings is the smaller part, and may be closed.
async fn athlete(cx: &mut Fetch) -> Result<(), FetchError> {
    let person: wire::PersonalInfo = cx.json(Request::get(PERSONAL_INFO)).await?;
    let mut parts = Parts::default();
    let rings = parts.admit(collection::pages(cx, &Request::get(RING_CONFIGURATION.list)).await)?;
    cx.emit(normalize::athlete(person, rings));
    Ok(())
}

/// Documents that a notification named. One that is not there, or not yet, does not keep the others back: the job
/// does what it can and ends with that error.
#[derive(Debug, Default)]
struct Gone(Option<FetchError>);

impl Gone {
    /// What was found; nothing when it is gone.
    fn note<T>(&mut self, result: Result<T, FetchError>) -> Result<Option<T>, FetchError> {
        match result {
            Ok(found) => Ok(Some(found)),
            Err(error @ FetchError::Gone { .. }) => {
                self.0 = Some(error);
                Ok(None)
            }
            Err(error) => Err(error),
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

/// The collection and the document id that an id of a job stands for.
fn named(id: &str) -> Result<(Collection, &str), FetchError> {
    id.split_once(':')
        .and_then(|(data_type, id)| Some((collection::find(data_type)?, id)))
        .ok_or_else(|| FetchError::unsupported("an id that does not begin with a known data type"))
}

/// The days that a job is about. The day of a document that was named is asked for, since no notification tells it.
async fn wanted(cx: &Fetch, job: &Job, gone: &mut Gone) -> Result<Wanted, FetchError> {
    if job.ids.is_empty() {
        return Ok(Wanted::Window(job.window));
    }
    let mut days = BTreeSet::new();
    for id in &job.ids {
        let (collection, id) = named(id)?;
        let document: Option<wire::Dated> = gone.note(collection::document(cx, &collection, id).await)?;
        days.extend(document.map(|document| document.day.0));
    }
    Ok(Wanted::Days(days))
}
