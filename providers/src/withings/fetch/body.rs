//! Body measurements and electrocardiograms, put together by local day.

use std::collections::BTreeMap;

use chrono::{Duration, NaiveDate};
use tributary_contract::{Fetch, FetchError, Job, Window};

use super::super::call::{Fields, GET_MEASURES, LIST_HEART};
use super::{Zone, changed, normalize, pages, since, stretch, wire};
use normalize::BodyDocuments;

type Days = BTreeMap<NaiveDate, BodyDocuments>;

/// The types that become part of records.
const TYPES: &str = "1,4,5,6,9,10,11,54,71,73,76,77,88,91,123,170,226";
/// A local day that shares an instant with a window ends no later than this after it.
const WHOLE_DAYS: Duration = Duration::hours(26);
/// Days that are read with one call, when single days were changed.
const TOGETHER: i64 = 28;

/// Reads the days of a window, or those of which something was changed.
pub(super) async fn fetch(cx: &mut Fetch, job: &Job) -> Result<(), FetchError> {
    let Some(since) = since(job) else {
        let found = read(cx, job.window).await?;
        return emit(cx, found, |day, zone| zone.is_in(day, job.window)).await;
    };
    let recent = Window::new(since, cx.now().max(since));
    let mut touched: Vec<(NaiveDate, Zone)> = list(cx, changed(since), stretch(recent))
        .await?
        .into_iter()
        .map(|(day, of)| (day, of.zone))
        .collect();
    touched.sort_by_key(|(day, _)| *day);
    while let Some((first, _)) = touched.first().copied() {
        let count = touched.partition_point(|(day, _)| (*day - first).num_days() < TOGETHER);
        let together: Vec<_> = touched.drain(..count).collect();
        let last = together.last().map_or(first, |(day, _)| *day);
        let midnight = |day: NaiveDate| day.and_time(chrono::NaiveTime::MIN).and_utc();
        let found = read(cx, Window::new(midnight(first), midnight(last) + Duration::days(1))).await?;
        emit(cx, found, |day, _| together.iter().any(|(touched, _)| *touched == day)).await?;
    }
    Ok(())
}

/// All that belongs to the days of a window.
async fn read(cx: &Fetch, window: Window) -> Result<Days, FetchError> {
    let wide = Window::new(window.from - WHOLE_DAYS, window.to + WHOLE_DAYS);
    list(cx, stretch(wide), stretch(wide)).await
}

async fn list(cx: &Fetch, measures: Fields, heart: Fields) -> Result<Days, FetchError> {
    let mut fields = measures;
    fields.extend([("meastypes", TYPES.to_owned()), ("category", "1".to_owned())]);
    let (groups, zone) = pages::<wire::Group>(cx, GET_MEASURES, &fields).await?;
    let home = Zone::named(zone.as_deref());
    let mut days = Days::new();
    for group in groups {
        if !normalize::is_the_users(&group) {
            continue;
        }
        let zone = Zone::named(group.timezone.as_deref()).or(home);
        let day = zone.at(group.date, "measuregrps.date")?.date();
        let of_day = days.entry(day).or_insert_with(|| BodyDocuments::new(zone));
        of_day.groups.push(group);
    }
    for reading in electrocardiograms(cx, &heart).await? {
        let zone = Zone::named(reading.timezone.as_deref()).or(home);
        let day = zone.at(reading.timestamp, "heart.timestamp")?.date();
        let of_day = days.entry(day).or_insert_with(|| BodyDocuments::new(zone));
        of_day.readings.push(reading);
    }
    Ok(days)
}

/// The lesser part: an account that may not list them has its measures all the same.
async fn electrocardiograms(cx: &Fetch, fields: &Fields) -> Result<Vec<wire::Electrocardiogram>, FetchError> {
    match pages(cx, LIST_HEART, fields).await {
        Ok((readings, _)) => Ok(readings),
        Err(FetchError::Forbidden { .. }) => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

async fn emit(
    cx: &mut Fetch,
    days: Days,
    is_wanted: impl Fn(NaiveDate, Zone) -> bool,
) -> Result<(), FetchError> {
    for (day, documents) in days {
        if is_wanted(day, documents.zone)
            && let Some(record) = normalize::body(day, documents)?
        {
            cx.emit(record);
            cx.flush_if_full().await?;
        }
    }
    Ok(())
}
