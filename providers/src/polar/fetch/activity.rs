//! Exercises, with the samples of the FIT file where the JSON has none.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::{HeaderValue, header};
use tributary_contract::model::{Activity, Offset, Record};
use tributary_contract::{Fetch, FetchError, Job, Request, Window};

use super::call::{EXERCISE, EXERCISE_FIT, EXERCISES};
use super::{Missing, call, days, normalize, wire};
use crate::format::fit;

/// Lists a window, or reads the exercises that were named.
pub(super) async fn fetch(cx: &mut Fetch, job: &Job) -> Result<(), FetchError> {
    let mut missing = Missing::default();
    let mut found: Vec<wire::Exercise> = Vec::new();
    if job.ids.is_empty() {
        let listed: Option<Vec<wire::Exercise>> = call::optional(cx, whole(EXERCISES)).await?;
        found.extend(listed.into_iter().flatten().filter(|exercise| is_wanted(exercise, job.window)));
    }
    for id in &job.ids {
        let exercise = call::document(cx, whole(EXERCISE).arg("exercise_id", id)).await;
        found.extend(missing.note(exercise)?);
    }
    found.sort_by_key(start);
    for exercise in found {
        let recorded = recorded(cx, &exercise).await?;
        cx.emit(normalize::exercise(exercise, recorded)?);
        cx.flush_if_full().await?;
    }
    missing.settle(cx).await
}

/// With everything that Polar leaves out unless it is asked for.
fn whole(template: &'static str) -> Request {
    Request::get(template).query("samples", "true").query("zones", "true").query("route", "true")
}

fn start(exercise: &wire::Exercise) -> DateTime<Utc> {
    normalize::started(exercise).instant_or(Offset::UTC)
}

/// Whether it falls into the window, or was uploaded in it: watches are synced days later, and what a window in the
/// past leaves out would never come.
fn is_wanted(exercise: &wire::Exercise, window: Window) -> bool {
    let from = start(exercise);
    let seconds = exercise.duration.map_or(0.0, |duration| duration.0);
    let end = normalize::started(exercise).plus_seconds(seconds);
    let to = end.map_or(from, |end| end.instant_or(Offset::UTC));
    let uploaded = exercise.upload_time.map(|time| time.instant_or(Offset::UTC));
    days::overlaps(window, from, to) || uploaded.is_some_and(|at| at >= window.from && at < window.to)
}

/// What the FIT file says of an exercise that a device recorded and whose JSON has neither samples nor a route. The
/// JSON is taken first, since it comes with the list and costs no call of its own.
async fn recorded(cx: &Fetch, exercise: &wire::Exercise) -> Result<Option<Activity>, FetchError> {
    if exercise.device.is_none() || exercise.has_samples() {
        return Ok(None);
    }
    let request = Request::get(EXERCISE_FIT)
        .arg("exercise_id", exercise.id.0.as_str())
        .header(header::ACCEPT, HeaderValue::from_static("*/*"));
    let file = match cx.send(request).await {
        Ok(response) => response.body,
        Err(FetchError::Gone { .. }) => Bytes::new(),
        Err(error) => return Err(error),
    };
    if file.is_empty() {
        return Ok(None);
    }
    // A damaged file takes nothing away from what the JSON says.
    let records = match fit::salvage(&file) {
        Ok((records, _)) => records,
        Err(fault) => return Err(FetchError::malformed(EXERCISE_FIT, fault.to_string())),
    };
    Ok(records.into_iter().find_map(|record| match record {
        Record::Activity(activity) => Some(*activity),
        _ => None,
    }))
}
