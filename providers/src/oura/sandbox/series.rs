//! Heart rate and battery rows, written when they are asked for, and what else is measured at equal distances.
//!
//! Computed from the person and the time alone; never stored.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

use crate::sandbox::people::{Person, mixed};

/// Seconds between two heart rate rows.
pub(super) const GRID: i64 = 300;
/// Seconds between two battery rows.
pub(super) const BATTERY_GRID: i64 = 3600;

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
pub(super) fn heart_rate_seconds(person: &Person, from: DateTime<Utc>, to: DateTime<Utc>) -> impl Iterator<Item = i64> {
    grid(GRID, from, to).filter(|second| is_worn(person, *second))
}

/// The seconds at which there are battery rows, `to` excluded.
pub(super) fn battery_seconds(from: DateTime<Utc>, to: DateTime<Utc>) -> impl Iterator<Item = i64> {
    grid(BATTERY_GRID, from, to)
}

/// Heart rates from `from` to before `to`, bpm.
pub(super) fn heart_rates(person: &Person, from: DateTime<Utc>, to: DateTime<Utc>) -> Vec<u32> {
    heart_rate_seconds(person, from, to).map(|second| bpm(person, second).0).collect()
}

fn timestamp(second: i64) -> String {
    let instant = DateTime::from_timestamp(second, 0).unwrap_or_default();
    instant.to_rfc3339_opts(SecondsFormat::Secs, false)
}

pub(super) fn heart_rate_row(person: &Person, second: i64) -> String {
    let (bpm, source) = bpm(person, second);
    let (timestamp, unix) = (timestamp(second), second * 1000);
    format!("{{\"bpm\":{bpm},\"source\":\"{source}\",\"timestamp\":\"{timestamp}\",\"timestamp_unix\":{unix}}}")
}

pub(super) fn battery_row(person: &Person, second: i64) -> String {
    let level = 100 - (second / BATTERY_GRID + i64::from(person.number)).rem_euclid(80);
    let (timestamp, unix) = (timestamp(second), second * 1000);
    format!("{{\"charging\":false,\"in_charger\":null,\"level\":{level},\"timestamp\":\"{timestamp}\",\"timestamp_unix\":{unix}}}")
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
    pub(super) fn around(person: &Person, start: DateTime<Utc>, seconds: u32, interval: u32, middle: u32) -> Self {
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
        let at = |second| DateTime::from_timestamp(1_770_000_000 + second, 500).unwrap();
        let whole: Vec<i64> = heart_rate_seconds(&person, at(0), at(86_400)).collect();
        let parts: Vec<i64> = heart_rate_seconds(&person, at(0), at(33_333))
            .chain(heart_rate_seconds(&person, at(33_333), at(86_400)))
            .collect();
        assert_eq!(whole, parts);
        assert!(whole.len() > 270 && whole.len() < 288);
        assert!(whole.iter().all(|second| second % GRID == 0));
        let exact = DateTime::from_timestamp(1_770_000_000, 0).unwrap();
        assert!(grid(GRID, exact, exact).next().is_none());
        assert_eq!(grid(GRID, exact, exact + TimeDelta::seconds(1)).next(), Some(1_770_000_000));
    }
}
