//! Days: the totals of each, and its course, which is read day by day.

use std::collections::BTreeMap;

use tributary_contract::model::Day;
use tributary_contract::{Fetch, FetchError, Job};

use super::super::call::{GET_ACTIVITY, GET_INTRADAY};
use super::{MOST_AT_ONCE, Zone, by_days, call, normalize, pages, since, stretch, wire};

const DAY_FIELDS: &str = "steps,distance,elevation,soft,moderate,intense,active,calories,totalcalories,hr_average,hr_min,\
     hr_max,hr_zone_0,hr_zone_1,hr_zone_2,hr_zone_3";
const POINT_FIELDS: &str = "steps,elevation,calories,distance,duration,heart_rate,spo2_auto,rmssd,sdnn1";
/// Withings' own devices; others are apps that hand on what they got.
const WITHINGS: i64 = 1;

/// Reads the days that were changed, or those of a window.
pub(super) async fn fetch(cx: &mut Fetch, job: &Job) -> Result<(), FetchError> {
    let (listed, _) = pages::<wire::Day>(cx, GET_ACTIVITY, &by_days(job, DAY_FIELDS)).await?;
    let mut days: BTreeMap<Day, wire::Day> = BTreeMap::new();
    for day in listed {
        let zone = Zone::named(day.timezone.as_deref());
        if since(job).is_none() && !zone.is_in(day.date.0, job.window) {
            continue;
        }
        // One record for each date: what a device of Withings' counted, and of those what was written last.
        let rank = |day: &wire::Day| (day.brand.is_none_or(|brand| brand == WITHINGS), day.modified);
        if days.get(&day.date).is_none_or(|other| rank(&day) >= rank(other)) {
            days.insert(day.date, day);
        }
    }
    for day in days.into_values() {
        let course = course(cx, &day).await?;
        cx.emit(normalize::daily(day, &course)?);
        cx.flush().await?;
    }
    Ok(())
}

/// The course of a day as far as it has passed; nothing when its zone is not known.
async fn course(cx: &Fetch, day: &wire::Day) -> Result<BTreeMap<i64, wire::Point>, FetchError> {
    let mut course = BTreeMap::new();
    let Some(whole) = Zone::named(day.timezone.as_deref()).day(day.date.0) else { return Ok(course) };
    for piece in whole.pieces(MOST_AT_ONCE) {
        if piece.from > cx.now() {
            break;
        }
        let mut fields = stretch(piece);
        fields.push(("data_fields", POINT_FIELDS.to_owned()));
        let answer: wire::Intraday = call::body(cx, GET_INTRADAY, &fields).await?;
        course.extend(answer.series);
    }
    let (first, end) = (whole.from.timestamp(), whole.to.timestamp());
    course.retain(|second, _| (first..end).contains(second));
    Ok(course)
}
