//! Days: seven lists and the heart rate, put together by local day.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use tributary_contract::model::{Day, Offset};
use tributary_contract::{Fetch, FetchError, Job};

use super::collection::{
    DAILY_ACTIVITY, DAILY_READINESS, DAILY_RESILIENCE, DAILY_SLEEP, DAILY_SPO2, DAILY_STRESS, ENHANCED_TAG,
    Parts, Range,
};
use super::heart_rate::HeartRates;
use super::{Gone, days, normalize, wanted, wire};
use normalize::DayDocuments;

type Days = BTreeMap<NaiveDate, DayDocuments>;

/// Reads the days of a window, or those of the documents that were named.
pub(super) async fn fetch(cx: &mut Fetch, job: &Job) -> Result<(), FetchError> {
    let mut gone = Gone::default();
    for wanted in wanted(cx, job, &mut gone).await?.pieces() {
        let mut found = list(cx, wanted.range()).await?;
        // Also of days that are not wanted: the day before ends where the next one begins.
        let offsets: BTreeMap<NaiveDate, Offset> =
            found.iter().filter_map(|(&day, documents)| Some((day, offset(documents)?))).collect();
        found.retain(|&day, _| wanted.day(day, offsets.get(&day).copied()));
        let mut stretches = days::stretches(&offsets);
        stretches.retain(|day, _| found.contains_key(day));
        let heart_rates = HeartRates::read(cx, stretches.values().copied().collect()).await?;
        for (day, documents) in found {
            let heart_rate = stretches.get(&day).map_or(&[][..], |&stretch| heart_rates.within(stretch));
            cx.emit(normalize::daily(Day(day), offsets.get(&day).copied(), documents, heart_rate)?);
        }
        cx.flush().await?;
    }
    gone.settle(cx).await
}

/// All documents between two days, by day.
async fn list(cx: &Fetch, range: Range) -> Result<Days, FetchError> {
    let mut parts = Parts::default();
    let mut days = Days::new();
    for document in parts.list::<wire::DailyActivity>(cx, &DAILY_ACTIVITY, range).await? {
        let of_day = days.entry(document.day.0).or_default();
        of_day.activity = Some(document);
    }
    for document in parts.list::<wire::DailyReadiness>(cx, &DAILY_READINESS, range).await? {
        let of_day = days.entry(document.day.0).or_default();
        of_day.readiness = Some(document);
    }
    for document in parts.list::<wire::DailySleep>(cx, &DAILY_SLEEP, range).await? {
        let of_day = days.entry(document.day.0).or_default();
        of_day.sleep = Some(document);
    }
    for document in parts.list::<wire::DailyStress>(cx, &DAILY_STRESS, range).await? {
        let of_day = days.entry(document.day.0).or_default();
        of_day.stress = Some(document);
    }
    for document in parts.list::<wire::DailyResilience>(cx, &DAILY_RESILIENCE, range).await? {
        let of_day = days.entry(document.day.0).or_default();
        of_day.resilience = Some(document);
    }
    for document in parts.list::<wire::DailySpo2>(cx, &DAILY_SPO2, range).await? {
        let of_day = days.entry(document.day.0).or_default();
        of_day.spo2 = Some(document);
    }
    for document in parts.list::<wire::EnhancedTag>(cx, &ENHANCED_TAG, range).await? {
        let of_day = days.entry(document.start_day.0).or_default();
        of_day.tags.push(document);
    }
    parts.settle(super::DAILY)?;
    Ok(days)
}

/// The offset of a day's documents, where one of them has the user's. Readiness is dated by a midnight in UTC
/// wherever the user is, so zero says nothing there.
fn offset(documents: &DayDocuments) -> Option<Offset> {
    let activity = documents.activity.as_ref().and_then(|activity| activity.timestamp?.offset());
    let readiness = documents.readiness.as_ref().and_then(|readiness| readiness.timestamp?.offset());
    activity.or(readiness.filter(|&offset| offset != Offset::UTC))
}
