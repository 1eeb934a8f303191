//! Nights with their Nightly Recharge and skin temperature.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use tributary_contract::model::Offset;
use tributary_contract::{Fetch, FetchError, Job, Request};

use super::call::{NIGHT, NIGHTS, RECHARGE, RECHARGES, SKIN_TEMPERATURE};
use super::days::Wanted;
use super::{Missing, between, call, days, normalize, wire};

/// Lists what Polar has and takes the nights of a window, or reads those that were named.
pub(super) async fn fetch(cx: &mut Fetch, job: &Job) -> Result<(), FetchError> {
    let wanted = Wanted::of(job)?;
    let mut missing = Missing::default();
    let mut nights: Vec<wire::Night> = Vec::new();
    let mut recharges: BTreeMap<NaiveDate, wire::Recharge> = BTreeMap::new();
    if let Wanted::Days(days) = &wanted {
        for day in days {
            let night = call::document(cx, Request::get(NIGHT).arg("date", day.to_string())).await;
            nights.extend(missing.note(night)?);
            let recharge = Request::get(RECHARGE).arg("date", day.to_string());
            let recharge: Option<wire::Recharge> = call::optional(cx, recharge).await?;
            recharges.extend(recharge.map(|recharge| (recharge.date.0, recharge)));
        }
    } else {
        let listed: Option<wire::Nights> = call::optional(cx, Request::get(NIGHTS)).await?;
        nights.extend(listed.into_iter().flat_map(|list| list.nights));
        nights.retain(|night| is_wanted(night, job));
        if !nights.is_empty() {
            let listed: Option<wire::Recharges> = call::optional(cx, Request::get(RECHARGES)).await?;
            let listed = listed.into_iter().flat_map(|list| list.recharges);
            recharges.extend(listed.map(|recharge| (recharge.date.0, recharge)));
        }
    }
    let mut skin: BTreeMap<NaiveDate, wire::SkinTemperature> = BTreeMap::new();
    let dates = Wanted::Days(nights.iter().map(|night| night.date.0).collect());
    for range in dates.ranges(cx.now()) {
        let listed: Option<Vec<wire::SkinTemperature>> =
            call::optional(cx, between(SKIN_TEMPERATURE, range)).await?;
        skin.extend(listed.into_iter().flatten().map(|night| (night.sleep_date.0, night)));
    }
    nights.sort_by_key(|night| night.sleep_start_time.instant_or(Offset::UTC));
    for night in nights {
        let date = night.date.0;
        cx.emit(normalize::night(night, recharges.get(&date), skin.get(&date))?);
        cx.flush_if_full().await?;
    }
    missing.settle(cx).await
}

fn is_wanted(night: &wire::Night, job: &Job) -> bool {
    let (from, to) = (night.sleep_start_time, night.sleep_end_time);
    days::overlaps(job.window, from.instant_or(Offset::UTC), to.instant_or(Offset::UTC))
        || Wanted::Window(job.window).day(night.date.0)
}
