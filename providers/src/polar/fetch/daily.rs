//! Days: activity with its samples, heart rate, and the strain of training, put together by local day.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use tributary_contract::model::Day;
use tributary_contract::{Fetch, FetchError, Job};

use super::call::{ACTIVITIES, CARDIO_LOAD, HEART_RATE};
use super::days::{Range, Wanted};
use super::{between, call, normalize, wire};
use normalize::DayDocuments;

/// Reads the days of a window, or those that were named.
pub(super) async fn fetch(cx: &mut Fetch, job: &Job) -> Result<(), FetchError> {
    let wanted = Wanted::of(job)?;
    for range in wanted.ranges(cx.now()) {
        let mut days = list(cx, range).await?;
        days.retain(|&day, _| wanted.day(day) && (range.0..=range.1).contains(&day));
        for (day, documents) in days {
            if let Some(record) = normalize::daily(Day(day), documents)? {
                cx.emit(record);
            }
            cx.flush_if_full().await?;
        }
    }
    Ok(())
}

/// All documents between two days, by day.
async fn list(cx: &Fetch, range: Range) -> Result<BTreeMap<NaiveDate, DayDocuments>, FetchError> {
    let mut days: BTreeMap<NaiveDate, DayDocuments> = BTreeMap::new();
    let activities = between(ACTIVITIES, range)
        .query("steps", "true")
        .query("activity_zones", "true")
        .query("inactivity_stamps", "true");
    let activities: Option<Vec<wire::ActivityDay>> = call::optional(cx, activities).await?;
    for activity in activities.into_iter().flatten() {
        if let Some(day) = activity.day() {
            days.entry(day).or_default().activity = Some(activity);
        }
    }
    let rates: Option<wire::HeartRates> = call::optional(cx, between(HEART_RATE, range)).await?;
    for rates in rates.into_iter().flat_map(wire::HeartRates::days) {
        days.entry(rates.date.0).or_default().heart_rate = rates.heart_rate_samples.unwrap_or_default();
    }
    let loads: Option<Vec<wire::CardioLoad>> = call::optional(cx, between(CARDIO_LOAD, range)).await?;
    for load in loads.into_iter().flatten() {
        let of_day = days.entry(load.date.0).or_default();
        of_day.load = Some(load);
    }
    Ok(days)
}
