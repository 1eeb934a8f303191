//! Sleep periods with the score of their day.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use tributary_contract::model::{DataType, Offset, Timestamp};
use tributary_contract::{Fetch, FetchError, Job};

use super::collection::{self, DAILY_SLEEP, Parts, Range, SLEEP_PERIODS};
use super::{Gone, Wanted, named, normalize, wire};
use normalize::Slept;

/// Lists a window, or reads the periods and the days that were named.
pub(super) async fn fetch(cx: &mut Fetch, job: &Job) -> Result<(), FetchError> {
    let mut gone = Gone::default();
    if job.ids.is_empty() {
        let wanted = Wanted::Window(job.window);
        let periods = list(cx, &wanted).await?;
        emit(cx, periods, wanted.range()).await?;
    } else {
        let (mut periods, mut days) = read(cx, job, &mut gone).await?;
        for wanted in Wanted::Days(days.clone()).pieces() {
            periods.extend(list(cx, &wanted).await?);
        }
        days.extend(periods.values().map(|period| period.day.0));
        for wanted in Wanted::Days(days).pieces() {
            let of_piece = periods.extract_if(.., |_, period| wanted.day(period.day.0, None)).collect();
            emit(cx, of_piece, wanted.range()).await?;
        }
    }
    gone.settle(cx).await
}

/// Periods by id, so that each comes once.
type Periods = BTreeMap<String, wire::Sleep>;

/// The periods that were named, and the days of which another document was named.
async fn read(cx: &Fetch, job: &Job, gone: &mut Gone) -> Result<(Periods, BTreeSet<NaiveDate>), FetchError> {
    let (mut periods, mut days) = (Periods::new(), BTreeSet::new());
    for id in &job.ids {
        let (collection, id) = named(id)?;
        if collection == SLEEP_PERIODS {
            let period: Option<wire::Sleep> = gone.note(collection::document(cx, &collection, id).await)?;
            periods.extend(period.map(|period| (period.id.clone(), period)));
        } else {
            let document: Option<wire::Dated> = gone.note(collection::document(cx, &collection, id).await)?;
            days.extend(document.map(|document| document.day.0));
        }
    }
    Ok((periods, days))
}

/// The wanted periods of a list. A late nap counts for the day after, so the time that it took decides as well.
async fn list(cx: &Fetch, wanted: &Wanted) -> Result<Periods, FetchError> {
    let periods: Vec<wire::Sleep> = collection::documents(cx, &SLEEP_PERIODS, wanted.range()).await?;
    let is_wanted = |period: &wire::Sleep| {
        let offset = period.bedtime_end.offset();
        let at = |time: Timestamp| time.instant_or(offset.unwrap_or(Offset::UTC));
        wanted.day(period.day.0, offset) || wanted.span(at(period.bedtime_start), at(period.bedtime_end))
    };
    Ok(periods.into_iter().filter(is_wanted).map(|period| (period.id.clone(), period)).collect())
}

/// Emits periods, oldest first, with the scores of their days.
async fn emit(cx: &mut Fetch, periods: Periods, range: Range) -> Result<(), FetchError> {
    if periods.is_empty() {
        return Ok(());
    }
    let mut parts = Parts::default();
    let scores: Vec<wire::DailySleep> = parts.list(cx, &DAILY_SLEEP, range).await?;
    let scores: BTreeMap<NaiveDate, Option<f64>> =
        scores.into_iter().map(|document| (document.day.0, document.score)).collect();
    let mut periods: Vec<wire::Sleep> = periods.into_values().collect();
    periods.sort_by_key(|period| period.bedtime_start.instant_or(Offset::UTC));
    for period in periods {
        let score = scores.get(&period.day.0).copied().flatten();
        match normalize::sleep(period, score)? {
            Slept::Period(record) => cx.emit(*record),
            Slept::Deleted(key) => cx.emit_deleted(DataType::Sleep, key),
        }
        cx.flush_if_full().await?;
    }
    Ok(())
}
