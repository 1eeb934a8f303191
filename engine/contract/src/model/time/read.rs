//! Reading dates, times and offsets from text, byte by byte.
//!
//! Series hold a timestamp per sample, so nothing here allocates. Errors never hold the text.

use std::fmt;

use chrono::NaiveDate;
use serde::de::Visitor;
use thiserror::Error;

use super::offset::Offset;

/// Why a text is no timestamp. It never holds the text itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TimestampError {
    /// Another character was expected.
    #[error("no timestamp: unexpected character or end at byte {at}")]
    Syntax {
        /// Byte position in the text.
        at: usize,
    },
    /// Well formed, but there is no such date, time of day or offset.
    #[error("no timestamp: the {0} is out of range")]
    Range(&'static str),
}

/// What is still to be read of a text.
pub(super) struct Rest<'a> {
    pub(super) bytes: &'a [u8],
    length: usize,
}

impl<'a> Rest<'a> {
    pub(super) const fn of(text: &'a str) -> Self {
        Self { bytes: text.as_bytes(), length: text.len() }
    }

    pub(super) fn syntax(&self) -> TimestampError {
        TimestampError::Syntax { at: self.length - self.bytes.len() }
    }

    pub(super) fn take(&mut self, wanted: u8) -> bool {
        match self.bytes.split_first() {
            Some((&first, rest)) if first == wanted => {
                self.bytes = rest;
                true
            }
            _ => false,
        }
    }

    pub(super) fn expect(&mut self, wanted: u8) -> Result<(), TimestampError> {
        if self.take(wanted) { Ok(()) } else { Err(self.syntax()) }
    }

    fn digit(&mut self) -> Option<u32> {
        let (&first, rest) = self.bytes.split_first()?;
        let digit = char::from(first).to_digit(10)?;
        self.bytes = rest;
        Some(digit)
    }

    /// Exactly that many digits.
    pub(super) fn number(&mut self, digits: u8) -> Result<u32, TimestampError> {
        let mut number = 0;
        for _ in 0..digits {
            number = number * 10 + self.digit().ok_or_else(|| self.syntax())?;
        }
        Ok(number)
    }

    /// Digits after the point, as microseconds; those after the sixth are cut.
    pub(super) fn fraction(&mut self) -> Result<u32, TimestampError> {
        let (mut micro, mut unit) = (self.number(1)? * 100_000, 10_000);
        while let Some(digit) = self.digit() {
            micro += digit * unit;
            unit /= 10;
        }
        Ok(micro)
    }

    pub(super) fn date(&mut self) -> Result<NaiveDate, TimestampError> {
        let year = i32::try_from(self.number(4)?).unwrap_or_default();
        self.expect(b'-')?;
        let month = self.number(2)?;
        self.expect(b'-')?;
        let day = self.number(2)?;
        NaiveDate::from_ymd_opt(year, month, day).ok_or(TimestampError::Range("date"))
    }

    /// The offset that ends a timestamp, or nothing.
    pub(super) fn offset(&mut self) -> Result<Option<Offset>, TimestampError> {
        if self.bytes.is_empty() {
            return Ok(None);
        }
        let offset = if self.take(b'Z') || self.take(b'z') {
            Offset::UTC
        } else {
            let east = self.take(b'+');
            if !east {
                self.expect(b'-')?;
            }
            let hours = self.number(2)?;
            let minutes = if self.take(b':') || !self.bytes.is_empty() { self.number(2)? } else { 0 };
            if minutes > 59 {
                return Err(TimestampError::Range("offset from UTC"));
            }
            let minutes = i64::from(hours * 60 + minutes);
            Offset::from_minutes(if east { minutes } else { -minutes })?
        };
        if self.bytes.is_empty() { Ok(Some(offset)) } else { Err(self.syntax()) }
    }
}

/// Reads a text with a parser.
pub(super) struct Parsed<T> {
    pub(super) what: &'static str,
    pub(super) parse: fn(&str) -> Result<T, TimestampError>,
}

impl<T> Visitor<'_> for Parsed<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.what)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<T, E> {
        (self.parse)(text).map_err(E::custom)
    }
}
