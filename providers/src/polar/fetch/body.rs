//! Body measurements: four lists and the physical information, put together by day.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use tributary_contract::model::Day;
use tributary_contract::{Fetch, FetchError, Job, Request};

use super::call::{BODY_TEMPERATURE, ECG, PHYSICAL_INFO, SKIN_TEMPERATURE, SPO2};
use super::days::Wanted;
use super::{between, call, normalize, wire};
use normalize::Measured;

/// Reads the days of a window, or those that were named.
pub(super) async fn fetch(cx: &mut Fetch, job: &Job) -> Result<(), FetchError> {
    let wanted = Wanted::of(job)?;
    let mut days: BTreeMap<NaiveDate, Measured> = BTreeMap::new();
    for range in wanted.ranges(cx.now()) {
        // Each day is of one range alone, whatever is answered. A period may begin on the day before the first one.
        let is_in = |day: NaiveDate| (range.0..=range.1).contains(&day);
        let from_before = (range.0.pred_opt().unwrap_or(range.0), range.1);
        let periods: Option<Vec<wire::TemperaturePeriod>> =
            call::optional(cx, between(BODY_TEMPERATURE, from_before)).await?;
        for period in periods.into_iter().flatten() {
            normalize::temperatures(&period, is_in, &mut days)?;
        }
        let nights: Option<Vec<wire::SkinTemperature>> =
            call::optional(cx, between(SKIN_TEMPERATURE, range)).await?;
        for night in nights.into_iter().flatten().filter(|night| is_in(night.sleep_date.0)) {
            days.entry(night.sleep_date.0).or_default().night(&night);
        }
        let tests: Option<Vec<wire::Ecg>> = call::optional(cx, between(ECG, range)).await?;
        for test in tests.into_iter().flatten() {
            let at = test.at()?;
            if is_in(at.date()) {
                days.entry(at.date()).or_default().ecg(at, test)?;
            }
        }
        let tests: Option<Vec<wire::Spo2>> = call::optional(cx, between(SPO2, range)).await?;
        for test in tests.into_iter().flatten() {
            let at = test.at()?;
            if is_in(at.date()) {
                days.entry(at.date()).or_default().spo2(at, &test);
            }
        }
    }
    let physical: Option<wire::PhysicalInfo> = call::optional(cx, Request::get(PHYSICAL_INFO)).await?;
    if let Some((physical, at)) = physical.and_then(|physical| physical.modified.map(|at| (physical, at))) {
        days.entry(at.date()).or_default().physical(at, &physical);
    }
    for (day, measured) in days {
        if let Some(record) = measured.record(Day(day))
            && wanted.day(day)
        {
            cx.emit(record);
            cx.flush_if_full().await?;
        }
    }
    Ok(())
}
