//! Body measurements: three lists, put together by local day.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use tributary_contract::model::{Day, Offset};
use tributary_contract::{Fetch, FetchError, Job};

use super::collection::{DAILY_CARDIOVASCULAR_AGE, DAILY_SPO2, Parts, Range, VO2_MAX};
use super::{Gone, normalize, wanted, wire};
use normalize::BodyDocuments;

type Days = BTreeMap<NaiveDate, BodyDocuments>;

/// Reads the days of a window, or those of the documents that were named.
pub(super) async fn fetch(cx: &mut Fetch, job: &Job) -> Result<(), FetchError> {
    let mut gone = Gone::default();
    for wanted in wanted(cx, job, &mut gone).await?.pieces() {
        for (day, documents) in list(cx, wanted.range()).await? {
            let offset = offset(&documents);
            if !wanted.day(day, offset) {
                continue;
            }
            if let Some(record) = normalize::body(Day(day), offset, documents) {
                cx.emit(record);
            }
        }
        cx.flush_if_full().await?;
    }
    gone.settle(cx).await
}

/// All documents between two days, by day.
async fn list(cx: &Fetch, range: Range) -> Result<Days, FetchError> {
    let mut parts = Parts::default();
    let mut days = Days::new();
    for document in parts.list::<wire::DailySpo2>(cx, &DAILY_SPO2, range).await? {
        let of_day = days.entry(document.day.0).or_default();
        of_day.spo2 = Some(document);
    }
    for document in parts.list::<wire::Vo2Max>(cx, &VO2_MAX, range).await? {
        let of_day = days.entry(document.day.0).or_default();
        of_day.vo2_max = Some(document);
    }
    for document in parts.list::<wire::DailyCardiovascularAge>(cx, &DAILY_CARDIOVASCULAR_AGE, range).await? {
        let of_day = days.entry(document.day.0).or_default();
        of_day.vascular = Some(document);
    }
    parts.settle(super::BODY)?;
    Ok(days)
}

/// The offset of the estimate's time; zero is how Oura dates documents wherever the user is.
fn offset(documents: &BodyDocuments) -> Option<Offset> {
    let estimated = documents.vo2_max.as_ref().and_then(|estimate| estimate.timestamp?.offset());
    estimated.filter(|&offset| offset != Offset::UTC)
}
