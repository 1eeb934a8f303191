//! Points in time as people live them: a wall clock, and the offset from UTC where the provider gave it.
//!
//! Comes from provider answers, goes into every record. Nothing here reads a clock or a time-zone database, and no
//! offset is ever guessed: a timestamp without one stays without one.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Datelike, Duration, NaiveDate, NaiveDateTime, NaiveTime, Timelike, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::enumeration::TimestampLocalization;

mod day;
mod offset;
mod read;

pub use day::Day;
pub use offset::Offset;
pub use read::TimestampError;
use read::{Parsed, Rest};

/// A local date and time to the microsecond, and the offset from UTC when it is known.
///
/// Written as `2022-10-28T10:00:00.000000+01:00`, without the offset when there is none. Years lie in 0–9999: a
/// value beyond becomes the nearest end, so that it can always be written. Two timestamps are equal when wall clock
/// and offset are; compare [`Timestamp::instant`] to compare moments.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Timestamp {
    local: NaiveDateTime,
    offset: Option<Offset>,
}

impl Timestamp {
    /// The moment as seen in UTC, offset `+00:00`.
    pub fn from_utc(instant: DateTime<Utc>) -> Self {
        Self::from_utc_with_offset(instant, Offset::UTC)
    }

    /// The moment as seen on a wall clock with that offset.
    pub fn from_utc_with_offset(instant: DateTime<Utc>, offset: Offset) -> Self {
        let utc = instant.naive_utc();
        let local = utc.checked_add_signed(offset.duration()).unwrap_or(utc);
        Self::from_local_with_offset(local, offset)
    }

    /// A wall clock whose offset the provider did not give.
    pub fn from_local(local: NaiveDateTime) -> Self {
        Self { local: writable(local), offset: None }
    }

    /// A wall clock with its offset.
    pub fn from_local_with_offset(local: NaiveDateTime, offset: Offset) -> Self {
        Self { local: writable(local), offset: Some(offset) }
    }

    /// The midnight that begins a calendar day.
    pub fn midnight_of(date: NaiveDate, offset: Option<Offset>) -> Self {
        Self { local: writable(date.and_time(NaiveTime::MIN)), offset }
    }

    /// Reads RFC 3339 with any number of fraction digits (cut to six), `Z`, `+05:30`, `+0530`, `+05` or no offset at
    /// all. Seconds, or the whole time of day, may be missing; a leap second is the second after it.
    ///
    /// # Errors
    /// [`TimestampError`], which never holds the text.
    pub fn parse(text: &str) -> Result<Self, TimestampError> {
        let mut rest = Rest::of(text);
        let date = rest.date()?;
        if rest.bytes.is_empty() {
            return Ok(Self::midnight_of(date, None));
        }
        if !(rest.take(b'T') || rest.take(b't') || rest.take(b' ')) {
            return Err(rest.syntax());
        }
        let hour = rest.number(2)?;
        rest.expect(b':')?;
        let minute = rest.number(2)?;
        let (mut second, mut micro) = (0, 0);
        if rest.take(b':') {
            second = rest.number(2)?;
            if rest.take(b'.') || rest.take(b',') {
                micro = rest.fraction()?;
            }
        }
        let leap = second == 60;
        let time = NaiveTime::from_hms_micro_opt(hour, minute, if leap { 59 } else { second }, micro)
            .ok_or(TimestampError::Range("time of day"))?;
        let offset = rest.offset()?;
        let local = date.and_time(time);
        let local =
            if leap { local.checked_add_signed(Duration::seconds(1)).unwrap_or(local) } else { local };
        Ok(Self { local: writable(local), offset })
    }

    /// The wall clock.
    pub const fn local(&self) -> NaiveDateTime {
        self.local
    }

    /// The calendar day on the wall clock.
    pub const fn date(&self) -> NaiveDate {
        self.local.date()
    }

    /// The offset from UTC, if the provider gave it.
    pub const fn offset(&self) -> Option<Offset> {
        self.offset
    }

    /// The moment, when the offset is known.
    pub fn instant(&self) -> Option<DateTime<Utc>> {
        self.offset.map(|offset| self.instant_at(offset))
    }

    /// The moment, reading a wall clock without offset as one at `fallback`.
    pub fn instant_or(&self, fallback: Offset) -> DateTime<Utc> {
        self.instant_at(self.offset.unwrap_or(fallback))
    }

    /// The same wall clock moved by seconds (a fraction counts to the microsecond), at the same offset. `None` for a
    /// number that is not finite or leads out of the years 0–9999.
    #[must_use]
    pub fn plus_seconds(&self, seconds: f64) -> Option<Self> {
        /// No year 0–9999 is further away than this.
        const MOST: f64 = 4e11;
        if !seconds.is_finite() || seconds.abs() > MOST {
            return None;
        }
        #[expect(clippy::cast_possible_truncation, reason = "checked: within 4e17 microseconds of zero")]
        let micros = (seconds * 1e6).round() as i64;
        if let Some(local) = self.on_the_same_day(micros) {
            return Some(Self { local, offset: self.offset });
        }
        let local = self.local.checked_add_signed(Duration::microseconds(micros))?;
        // Microseconds were added to microseconds, so the year alone decides whether it can be written.
        (0..=9999).contains(&local.year()).then_some(Self { local, offset: self.offset })
    }

    /// The wall clock moved by microseconds, if the day stays the same: series move so for most of their samples, and a
    /// date need not be worked out for that.
    fn on_the_same_day(&self, micros: i64) -> Option<NaiveDateTime> {
        const SECOND: i64 = 1_000_000;
        let time = self.local.time();
        let since_midnight =
            i64::from(time.num_seconds_from_midnight()) * SECOND + i64::from(time.nanosecond() / 1000);
        let moved = u64::try_from(since_midnight.checked_add(micros)?).ok()?;
        let (second, micro) = (moved / SECOND.unsigned_abs(), moved % SECOND.unsigned_abs());
        let (second, micro) = (u32::try_from(second).ok()?, u32::try_from(micro).ok()?);
        let time = NaiveTime::from_num_seconds_from_midnight_opt(second, micro * 1000)?;
        Some(self.local.date().and_time(time))
    }

    /// Seconds from `earlier` to this: between the moments when both offsets are known, else between wall clocks.
    pub fn seconds_since(&self, earlier: &Self) -> f64 {
        let length = match (self.instant(), earlier.instant()) {
            (Some(end), Some(start)) => end - start,
            _ => self.local - earlier.local,
        };
        length.as_seconds_f64()
    }

    /// Which convention [`super::ActivityMetadata::timestamp_localization`] and its like state for this time: UTC
    /// for offset zero, else local.
    pub fn localization(&self) -> TimestampLocalization {
        if self.offset == Some(Offset::UTC) {
            TimestampLocalization::Utc
        } else {
            TimestampLocalization::Local
        }
    }

    fn instant_at(&self, offset: Offset) -> DateTime<Utc> {
        self.local.checked_sub_signed(offset.duration()).unwrap_or(self.local).and_utc()
    }

    /// Hands the written form to `reader`. It lives on the stack: sample series write one per sample.
    fn written<R>(&self, reader: impl FnOnce(&str) -> R) -> R {
        let (date, time) = (self.local.date(), self.local.time());
        let (year, month, day) = (date.year().unsigned_abs(), date.month(), date.day());
        let (hour, minute, second) = (time.hour(), time.minute(), time.second());
        let micro = time.nanosecond() / 1000;
        let shift = self.offset.unwrap_or_default();
        let (shift_hour, shift_minute) = shift.hours_and_minutes();
        let bytes = [
            digit(year / 1000),
            digit(year / 100),
            digit(year / 10),
            digit(year),
            b'-',
            digit(month / 10),
            digit(month),
            b'-',
            digit(day / 10),
            digit(day),
            b'T',
            digit(hour / 10),
            digit(hour),
            b':',
            digit(minute / 10),
            digit(minute),
            b':',
            digit(second / 10),
            digit(second),
            b'.',
            digit(micro / 100_000),
            digit(micro / 10_000),
            digit(micro / 1000),
            digit(micro / 100),
            digit(micro / 10),
            digit(micro),
            if shift.minutes() < 0 { b'-' } else { b'+' },
            digit(shift_hour / 10),
            digit(shift_hour),
            b':',
            digit(shift_minute / 10),
            digit(shift_minute),
        ];
        let length = if self.offset.is_some() { 32 } else { 26 };
        reader(bytes.get(..length).and_then(|text| str::from_utf8(text).ok()).unwrap_or_default())
    }
}

/// The last digit of a number, in ASCII.
fn digit(number: u32) -> u8 {
    u8::try_from(number % 10).map_or(b'0', |digit| b'0' + digit)
}

/// The nearest time to the microsecond in the years 0–9999.
fn writable(time: NaiveDateTime) -> NaiveDateTime {
    let end = |year, month, day, of_day| {
        NaiveDate::from_ymd_opt(year, month, day).map(|date| date.and_time(of_day))
    };
    match time.year() {
        ..0 => end(0, 1, 1, NaiveTime::MIN).unwrap_or(time),
        0..=9999 => time.with_nanosecond(time.nanosecond() % 1_000_000_000 / 1000 * 1000).unwrap_or(time),
        _ => end(9999, 12, 31, NaiveTime::from_hms_opt(23, 59, 59).unwrap_or_default()).unwrap_or(time),
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.written(|text| f.write_str(text))
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Timestamp {
    type Err = TimestampError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.written(|text| serializer.serialize_str(text))
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Parsed { what: "a timestamp", parse: Self::parse })
    }
}

#[cfg(test)]
mod tests;
