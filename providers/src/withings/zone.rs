//! Zones: Withings names the zone of each record, and states instants as epoch seconds.
//!
//! A name and an instant come in, a wall clock with its offset goes out. An offset is never guessed: where the zone is
//! missing or unknown, instants are written in UTC and days without an offset.

use chrono::{DateTime, Duration, NaiveDate, NaiveTime, Offset as _, TimeZone as _, Utc};
use chrono_tz::Tz;
use tributary_contract::FetchError;
use tributary_contract::Window;
use tributary_contract::model::{Offset, Timestamp};

/// Furthest that a wall clock is from UTC.
const FURTHEST: Duration = Duration::hours(14);

/// The zone of a record, if it is named and known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Zone(Option<Tz>);

impl Zone {
    pub(super) fn named(name: Option<&str>) -> Self {
        Self(name.and_then(|name| name.trim().parse().ok()))
    }

    /// The zone, or another one where it is not known.
    pub(super) fn or(self, other: Self) -> Self {
        Self(self.0.or(other.0))
    }

    fn offset(self, instant: DateTime<Utc>) -> Option<Offset> {
        let seconds = self.0?.offset_from_utc_datetime(&instant.naive_utc()).fix().local_minus_utc();
        Offset::from_seconds(seconds).ok()
    }

    /// What the wall clock shows at an epoch second; `what` names the value in an error.
    pub(super) fn at(self, second: i64, what: &str) -> Result<Timestamp, FetchError> {
        let instant = instant(second, what)?;
        Ok(Timestamp::from_utc_with_offset(instant, self.offset(instant).unwrap_or(Offset::UTC)))
    }

    /// When a day begins. Where clocks skip midnight, it begins as they jump.
    fn midnight(self, date: NaiveDate) -> Option<DateTime<Utc>> {
        let local = date.and_time(NaiveTime::MIN);
        let zone = self.0?;
        let found = zone.from_local_datetime(&local).earliest();
        let found = found.or_else(|| zone.from_local_datetime(&(local + Duration::hours(1))).earliest());
        found.map(|at| at.to_utc())
    }

    /// Begin and end of a day record: midnights on the wall clock, each with its own offset.
    pub(super) fn bounds(self, date: NaiveDate) -> (Timestamp, Timestamp) {
        let next = date.succ_opt().unwrap_or(date);
        let at = |date| Timestamp::midnight_of(date, self.midnight(date).and_then(|at| self.offset(at)));
        (at(date), at(next))
    }

    /// The instants of a day: 23, 24 or 25 hours; nothing without a zone.
    pub(super) fn day(self, date: NaiveDate) -> Option<Window> {
        Some(Window::new(self.midnight(date)?, self.midnight(date.succ_opt()?)?))
    }

    /// Whether a day shares an instant with a window. Without a zone it may lie anywhere on earth.
    pub(super) fn is_in(self, date: NaiveDate, window: Window) -> bool {
        let anywhere = || {
            let midnight = date.and_time(NaiveTime::MIN).and_utc();
            Window::new(midnight - FURTHEST, midnight + Duration::days(1) + FURTHEST)
        };
        let day = self.day(date).unwrap_or_else(anywhere);
        day.from < window.to && day.to > window.from
    }
}

/// An epoch second as an instant.
pub(super) fn instant(second: i64, what: &str) -> Result<DateTime<Utc>, FetchError> {
    DateTime::from_timestamp(second, 0).ok_or_else(|| FetchError::malformed(what, "a time out of range"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn each_instant_has_the_offset_of_its_own_side_of_a_clock_change() {
        let paris = Zone::named(Some("Europe/Paris"));
        // 2026-03-29: 01:59:59Z is the last second before 02:00 becomes 03:00.
        assert_eq!(paris.at(1_774_745_999, "x").unwrap().to_string(), "2026-03-29T01:59:59.000000+01:00");
        assert_eq!(paris.at(1_774_746_000, "x").unwrap().to_string(), "2026-03-29T03:00:00.000000+02:00");
        let (start, end) = paris.bounds(date("2026-03-29"));
        assert_eq!(start.to_string(), "2026-03-29T00:00:00.000000+01:00");
        assert_eq!(end.to_string(), "2026-03-30T00:00:00.000000+02:00");
        assert_eq!(paris.day(date("2026-03-29")).unwrap().length(), Duration::hours(23));
        assert_eq!(paris.day(date("2026-10-25")).unwrap().length(), Duration::hours(25));
    }

    #[test]
    fn a_day_whose_midnight_is_skipped_begins_as_the_clocks_jump() {
        // Chile, 2026-09-06: 00:00 becomes 01:00.
        let santiago = Zone::named(Some("America/Santiago"));
        let day = santiago.day(date("2026-09-06")).unwrap();
        assert_eq!(
            (day.from.to_rfc3339().as_str(), day.length()),
            ("2026-09-06T04:00:00+00:00", Duration::hours(23))
        );
    }

    #[test]
    fn nothing_is_guessed_without_a_zone() {
        for zone in [Zone::named(None), Zone::named(Some("Mars/Olympus")), Zone::named(Some(""))] {
            assert_eq!(zone.at(0, "x").unwrap().to_string(), "1970-01-01T00:00:00.000000+00:00");
            assert_eq!(zone.bounds(date("2026-05-02")).0.to_string(), "2026-05-02T00:00:00.000000");
            assert_eq!(zone.day(date("2026-05-02")), None);
            assert!(zone.or(Zone::named(Some("Asia/Tokyo"))).day(date("2026-05-02")).is_some());
        }
        assert!(Zone::named(None).at(i64::MAX, "x").is_err());
    }
}
