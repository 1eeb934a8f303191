//! Which calls make up the records of each resource.
//!
//! A poll or a notification asks what was changed since; history and requests ask for a window of dates. A day is
//! emitted only from all that belongs to it, so that a later delivery never holds less than an earlier one.

mod body;
mod daily;

use tributary_contract::{Cause, Fetch, FetchError, Job};

use super::call::{
    self, GET_DEVICES, GET_SLEEP, GET_SLEEP_SUMMARY, GET_WORKOUTS, changed, days, pages, since, stretch,
};
use super::zone::{Zone, instant};
use super::{ACTIVITY, ATHLETE, BODY, DAILY, SLEEP, normalize, subscribe, wire};

const WORKOUT_FIELDS: &str = "calories,intensity,manual_distance,manual_calories,hr_average,hr_min,hr_max,hr_zone_0,\
     hr_zone_1,hr_zone_2,hr_zone_3,pause_duration,algo_pause_duration,spo2_average,steps,distance,elevation,pool_laps,\
     strokes,pool_length";
const SUMMARY_FIELDS: &str = "total_timeinbed,total_sleep_time,asleepduration,lightsleepduration,deepsleepduration,\
     remsleepduration,wakeupduration,wakeupcount,sleep_latency,wakeup_latency,sleep_efficiency,nb_rem_episodes,\
     out_of_bed_count,hr_average,hr_min,hr_max,rr_average,rr_min,rr_max,snoring,snoringepisodecount,sleep_score";
const DETAIL_FIELDS: &str = "hr,rr,snoring,sdnn_1,rmssd,mvt_score";
/// Longest stretch that the course of a day or a night is answered for.
const MOST_AT_ONCE: chrono::Duration = chrono::Duration::hours(24);

/// Fetches one resource.
pub(super) async fn resource(cx: &mut Fetch, job: &Job) -> Result<(), FetchError> {
    match job.resource.name {
        ACTIVITY => activity(cx, job).await,
        ATHLETE => athlete(cx, job).await,
        BODY => body::fetch(cx, job).await,
        DAILY => daily::fetch(cx, job).await,
        SLEEP => sleep(cx, job).await,
        other => Err(FetchError::unsupported(format!("the resource {other}"))),
    }
}

/// The devices. Polls look after the subscriptions as well, after what they came for is safe.
async fn athlete(cx: &mut Fetch, job: &Job) -> Result<(), FetchError> {
    let listed: wire::Devices = call::body(cx, GET_DEVICES, &[]).await?;
    let id = cx.account().map(|account| account.id.clone());
    cx.emit(normalize::athlete(id, listed.devices.unwrap_or_default())?);
    if job.cause == Cause::Poll {
        cx.flush().await?;
        subscribe::compare(cx).await?;
    }
    Ok(())
}

/// What a list of whole records is asked for by.
fn by_days(job: &Job, data_fields: &str) -> call::Fields {
    let mut fields = since(job).map_or_else(|| days(job.window), changed);
    fields.push(("data_fields", data_fields.to_owned()));
    fields
}

/// Whether a record of a listing is wanted: what was changed is wanted whenever it was.
fn is_wanted(job: &Job, start: i64, end: i64, what: &str) -> Result<bool, FetchError> {
    let (start, end) = (instant(start, what)?, instant(end, what)?);
    Ok(since(job).is_some() || (start < job.window.to && end >= job.window.from))
}

async fn activity(cx: &mut Fetch, job: &Job) -> Result<(), FetchError> {
    let fields = by_days(job, WORKOUT_FIELDS);
    let (workouts, _) = pages::<wire::Workout>(cx, GET_WORKOUTS, &fields).await?;
    for workout in workouts {
        if is_wanted(job, workout.startdate, workout.enddate, "workouts.startdate")? {
            cx.emit(normalize::workout(workout)?);
            cx.flush_if_full().await?;
        }
    }
    Ok(())
}

async fn sleep(cx: &mut Fetch, job: &Job) -> Result<(), FetchError> {
    let fields = by_days(job, SUMMARY_FIELDS);
    let (nights, _) = pages::<wire::Night>(cx, GET_SLEEP_SUMMARY, &fields).await?;
    for night in nights {
        if !is_wanted(job, night.startdate, night.enddate, "summary.startdate")? {
            continue;
        }
        let segments = segments(cx, &night).await?;
        cx.emit(normalize::sleep(night, segments)?);
        // Hours of samples are in each.
        cx.flush().await?;
    }
    Ok(())
}

/// The course of one sleep, as its own device saw it.
async fn segments(cx: &Fetch, night: &wire::Night) -> Result<Vec<wire::Segment>, FetchError> {
    let from = instant(night.startdate, "summary.startdate")?;
    let whole = tributary_contract::Window::new(from, instant(night.enddate, "summary.enddate")?);
    let mut segments: Vec<wire::Segment> = Vec::new();
    for piece in whole.pieces(MOST_AT_ONCE) {
        let mut fields = stretch(piece);
        fields.push(("data_fields", DETAIL_FIELDS.to_owned()));
        let detail: wire::Detail = call::body(cx, GET_SLEEP, &fields).await?;
        segments.extend(detail.series.unwrap_or_default());
    }
    let of_device = |segment: &wire::Segment| match (&segment.hash_deviceid, &night.hash_deviceid) {
        (Some(one), Some(other)) => one == other,
        _ => true,
    };
    segments.retain(|segment| {
        of_device(segment) && segment.startdate < night.enddate && segment.enddate > night.startdate
    });
    segments.sort_by_key(|segment| segment.startdate);
    segments.dedup_by_key(|segment| segment.startdate);
    Ok(segments)
}
