//! Heart rate and battery rows, written when they are asked for, and what else is measured at equal distances.
//!
//! Computed from the person and the time alone; never stored.

use std::fmt::Write as _;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

use crate::sandbox::people::{Person, mixed};

/// Seconds between two heart rate rows.
const GRID: i64 = 300;
/// Seconds between two battery rows.
const BATTERY_GRID: i64 = 3600;

/// Whether the ring measured at that second of the epoch; now and then it is not worn.
fn is_worn(person: &Person, second: i64) -> bool {
    noise(person, second, 97) != 13
}

/// A number below `range` that belongs to person and second.
fn noise(person: &Person, second: i64, range: u64) -> u32 {
    u32::try_from(mixed(&[person.seed, second.unsigned_abs()]) % range).unwrap_or_default()
}

fn bpm(person: &Person, second: i64) -> (u32, &'static str) {
    let minute = (second / 60 + i64::from(person.zone.offset_minutes)).rem_euclid(24 * 60);
    let minute = u32::try_from(minute).unwrap_or_default();
    let asleep = minute < person.wake_minute;
    let busy = if asleep { 0 } else { 15 + minute / 60 % 7 * 4 };
    let source = match noise(person, second, 10) {
        _ if asleep => "sleep",
        0..=2 => "rest",
        _ => "awake",
    };
    (person.resting_hr + busy + noise(person, second, 9), source)
}

/// The seconds of the grid from `from` to before `to`.
fn grid(step: i64, from: DateTime<Utc>, to: DateTime<Utc>) -> impl Iterator<Item = i64> {
    let first = from.timestamp() + i64::from(from.timestamp_subsec_nanos() > 0);
    let first = (first + step - 1).div_euclid(step);
    let end = (to.timestamp() + i64::from(to.timestamp_subsec_nanos() > 0) + step - 1).div_euclid(step);
    (first..end).map(move |place| place * step)
}

/// The seconds at which there are heart rate rows, `to` excluded.
fn heart_rate_seconds(person: &Person, from: DateTime<Utc>, to: DateTime<Utc>) -> impl Iterator<Item = i64> {
    grid(GRID, from, to).filter(|second| is_worn(person, *second))
}

/// Heart rates from `from` to before `to`, bpm.
pub(super) fn heart_rates(person: &Person, from: DateTime<Utc>, to: DateTime<Utc>) -> Vec<u32> {
    heart_rate_seconds(person, from, to).map(|second| bpm(person, second).0).collect()
}

/// Writes rows until `limit` are written; gives the second of the first one that is left.
fn rows(
    seconds: impl Iterator<Item = i64>,
    limit: usize,
    row: impl Fn(&mut String, i64, &str),
) -> (String, Option<i64>) {
    let mut text = String::from("[");
    let (mut day, mut date) = (i64::MIN, String::new());
    for (second, place) in seconds.zip(0_usize..) {
        if place == limit {
            text.push(']');
            return (text, Some(second));
        }
        if place > 0 {
            text.push(',');
        }
        if second.div_euclid(86_400) != day {
            day = second.div_euclid(86_400);
            date = DateTime::from_timestamp(second, 0).unwrap_or_default().date_naive().to_string();
        }
        row(&mut text, second, &date);
    }
    text.push(']');
    (text, None)
}

/// The two forms of a row's time.
fn push_time(text: &mut String, second: i64, date: &str) {
    let (hour, minute, rest) = (second / 3600 % 24, second / 60 % 60, second % 60);
    let unix = second * 1000;
    let written = write!(
        text,
        ",\"timestamp\":\"{date}T{hour:02}:{minute:02}:{rest:02}+00:00\",\"timestamp_unix\":{unix}}}"
    );
    debug_assert!(written.is_ok(), "writing to a string cannot fail");
}

/// Rows of `heartrate`, as a JSON array, and where the next page begins.
pub(super) fn heart_rate_rows(
    person: &Person,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    limit: usize,
) -> (String, Option<i64>) {
    rows(heart_rate_seconds(person, from, to), limit, |text, second, date| {
        let (bpm, source) = bpm(person, second);
        let written = write!(text, "{{\"bpm\":{bpm},\"source\":\"{source}\"");
        debug_assert!(written.is_ok(), "writing to a string cannot fail");
        push_time(text, second, date);
    })
}

/// Rows of `ring_battery_level`, as a JSON array, and where the next page begins.
pub(super) fn battery_rows(
    person: &Person,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    limit: usize,
) -> (String, Option<i64>) {
    rows(grid(BATTERY_GRID, from, to), limit, |text, second, date| {
        let level = 100 - (second / BATTERY_GRID + i64::from(person.number)).rem_euclid(80);
        let written = write!(text, "{{\"charging\":false,\"in_charger\":null,\"level\":{level}");
        debug_assert!(written.is_ok(), "writing to a string cannot fail");
        push_time(text, second, date);
    })
}

/// A time with the person's offset, as `LocalizedDateTime` is written.
pub(super) fn localized(person: &Person, instant: DateTime<Utc>) -> String {
    person.localized(instant).to_rfc3339_opts(SecondsFormat::Millis, false)
}

/// Values at equal distances from `start`; `null` where nothing was measured.
pub(super) struct Samples {
    pub(super) start: DateTime<Utc>,
    pub(super) interval: u32,
    pub(super) items: Vec<Option<f64>>,
}

impl Samples {
    pub(super) fn json(&self, person: &Person) -> serde_json::Value {
        serde_json::json!({
            "interval": f64::from(self.interval),
            "items": self.items,
            "timestamp": localized(person, self.start),
        })
    }

    /// Items that hold a value.
    pub(super) fn measured(&self) -> usize {
        self.items.iter().flatten().count()
    }

    /// Around `middle`, one for each started interval of `seconds`.
    pub(super) fn around(
        person: &Person,
        start: DateTime<Utc>,
        seconds: u32,
        interval: u32,
        middle: u32,
    ) -> Self {
        let length = i64::from(seconds.div_ceil(interval.max(1)));
        let value = |place: i64| {
            let second = (start + TimeDelta::seconds(place)).timestamp();
            let gap = place == 0 || noise(person, second, 23) == 4;
            (!gap).then(|| f64::from(middle.saturating_sub(5) + noise(person, second, 11)))
        };
        Self { start, interval, items: (0..length).map(value).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stretch_of_rows_is_the_sum_of_its_parts() {
        let person = Person::new(1, 3);
        let at = |second: i64| DateTime::from_timestamp(1_770_000_000 + second, 500).unwrap();
        let exact = DateTime::from_timestamp(1_770_000_000, 0).unwrap();
        let whole: Vec<i64> = heart_rate_seconds(&person, at(0), at(86_400)).collect();
        let parts: Vec<i64> = heart_rate_seconds(&person, at(0), at(33_333))
            .chain(heart_rate_seconds(&person, at(33_333), at(86_400)))
            .collect();
        assert_eq!(whole, parts);
        assert!(whole.len() > 270 && whole.len() < 288);
        assert!(whole.iter().all(|second| second % GRID == 0));
        let (first, next) = heart_rate_rows(&person, at(0), at(86_400), 100);
        let first: serde_json::Value = serde_json::from_str(&first).unwrap();
        assert_eq!((first.as_array().unwrap().len(), next), (100, Some(whole[100])));
        let row = &first[99];
        let timestamp = DateTime::parse_from_rfc3339(row["timestamp"].as_str().unwrap()).unwrap();
        assert_eq!(
            (timestamp.timestamp(), row["timestamp_unix"].as_i64()),
            (whole[99], Some(whole[99] * 1000))
        );
        assert!(grid(GRID, exact, exact).next().is_none());
        assert_eq!(grid(GRID, exact, exact + TimeDelta::seconds(1)).next(), Some(1_770_000_000));
    }
}
