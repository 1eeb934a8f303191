//! Which local days a job is about, and what to ask for to get them.
//!
//! Polar files things under the day of the watch and answers ranges of days, both ends included. Pure.

use std::collections::BTreeSet;

use chrono::{DateTime, Days as Count, Duration, NaiveDate, NaiveTime, Utc};
use tributary_contract::{FetchError, Job, Window};

/// Furthest ahead of UTC that a wall clock is.
const EAST: Duration = Duration::hours(14);
/// Furthest behind UTC.
const WEST: Duration = Duration::hours(12);
/// Days that one range may have: Polar answers 28, and some are asked for with a day before.
const MOST: i64 = 27;
/// How far back a range may begin, in days.
const OLDEST: u64 = 365;

/// First and last day of a range, both included.
pub(super) type Range = (NaiveDate, NaiveDate);

/// The days that a job is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Every local day, anywhere on earth, that shares an instant with the window.
    Window(Window),
    /// These days.
    Days(BTreeSet<NaiveDate>),
}

impl Wanted {
    /// The window of a job, or the days that it names.
    pub(super) fn of(job: &Job) -> Result<Self, FetchError> {
        if job.ids.is_empty() {
            return Ok(Self::Window(job.window));
        }
        let day = |id: &String| {
            id.parse().map_err(|_not_a_day| FetchError::unsupported("an id that is no day of this resource"))
        };
        job.ids.iter().map(day).collect::<Result<_, _>>().map(Self::Days)
    }

    /// The ranges to ask for, none longer than Polar answers. Days that are too old or that have begun nowhere yet
    /// are left out.
    pub(super) fn ranges(&self, now: DateTime<Utc>) -> Vec<Range> {
        let oldest = now.date_naive().checked_sub_days(Count::new(OLDEST)).unwrap_or_default();
        let newest = (now + EAST).date_naive();
        let mut ranges: Vec<Range> = Vec::new();
        match self {
            Self::Window(window) => {
                let (mut first, last) =
                    ((window.from - WEST).date_naive(), (window.to + EAST).date_naive().min(newest));
                first = first.max(oldest);
                while first <= last {
                    let end = first.checked_add_signed(Duration::days(MOST - 1)).unwrap_or(last).min(last);
                    ranges.push((first, end));
                    let Some(next) = end.succ_opt() else { break };
                    first = next;
                }
            }
            Self::Days(days) => {
                for &day in days.iter().filter(|&&day| day >= oldest && day <= newest) {
                    match ranges.last_mut() {
                        Some((first, last)) if (day - *first).num_days() < MOST => *last = day,
                        _ => ranges.push((day, day)),
                    }
                }
            }
        }
        ranges
    }

    /// Whether a local day is wanted.
    pub(super) fn day(&self, day: NaiveDate) -> bool {
        match self {
            Self::Window(window) => {
                let midnight = day.and_time(NaiveTime::MIN).and_utc();
                midnight - EAST < window.to && midnight + Duration::days(1) + WEST > window.from
            }
            Self::Days(days) => days.contains(&day),
        }
    }
}

/// Whether something that lasted from one instant to another shares one with a window.
pub(super) fn overlaps(window: Window, from: DateTime<Utc>, to: DateTime<Utc>) -> bool {
    from < window.to && to.max(from) >= window.from
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_window_takes_in_every_day_on_earth_that_it_touches() {
        let window = Window::new(at("2026-05-02T13:00:00Z"), at("2026-05-02T14:00:00Z"));
        let wanted = Wanted::Window(window);
        // It is the third already at +14:00, and still the second at -12:00.
        assert_eq!(wanted.ranges(at("2026-06-01T00:00:00Z")), [(day("2026-05-02"), day("2026-05-03"))]);
        for (date, expected) in
            [("2026-05-01", false), ("2026-05-02", true), ("2026-05-03", true), ("2026-05-04", false)]
        {
            assert_eq!(wanted.day(day(date)), expected, "{date}");
        }
    }

    #[test]
    fn ranges_are_cut_at_what_polar_answers() {
        let now = at("2026-06-01T00:00:00Z");
        let wanted = Wanted::Window(Window::new(at("2026-04-01T12:00:00Z"), at("2026-05-08T09:59:59Z")));
        let ranges = wanted.ranges(now);
        assert_eq!(ranges, [(day("2026-04-01"), day("2026-04-27")), (day("2026-04-28"), day("2026-05-08"))]);
        let ahead = Wanted::Window(Window::new(at("2026-05-31T12:00:00Z"), at("2026-07-01T00:00:00Z")));
        assert_eq!(ahead.ranges(now), [(day("2026-05-31"), day("2026-06-01"))], "no day that has not begun");
        let old = Wanted::Window(Window::new(at("2024-05-31T12:00:00Z"), at("2024-07-01T00:00:00Z")));
        assert_eq!(old.ranges(now), [], "nothing beyond 365 days");
    }

    #[test]
    fn named_days_are_asked_for_together_when_they_are_near() {
        let days = ["2026-05-01", "2026-05-27", "2026-05-28"].map(day);
        let wanted = Wanted::Days(days.into());
        let expected = [(days[0], days[1]), (days[2], days[2])];
        assert_eq!(wanted.ranges(at("2026-06-01T00:00:00Z")), expected);
        assert!(wanted.day(days[1]) && !wanted.day(day("2026-05-02")));
    }
}
