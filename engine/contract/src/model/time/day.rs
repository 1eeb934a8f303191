//! A calendar day, as the person had it.
//!
//! Comes from the date part of what a provider says; never cut from an instant at UTC or at the server's zone.

use std::fmt;
use std::str::FromStr;

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Timestamp;
use super::offset::Offset;
use super::read::{Parsed, Rest, TimestampError};

/// A calendar day, written `2022-10-28`.
///
/// Reads a whole timestamp as well, of which the first ten characters count, before any arithmetic.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Day(pub NaiveDate);

impl Day {
    /// Start and end of a day record: a midnight, and 24 hours later on the wall clock.
    pub fn bounds(self, offset: Option<Offset>) -> (Timestamp, Timestamp) {
        let next = self.0.succ_opt().unwrap_or(self.0);
        (Timestamp::midnight_of(self.0, offset), Timestamp::midnight_of(next, offset))
    }

    /// Reads the date at the beginning of a text.
    ///
    /// # Errors
    /// [`TimestampError`], which never holds the text.
    pub fn parse(text: &str) -> Result<Self, TimestampError> {
        let mut rest = Rest::of(text);
        let date = rest.date()?;
        match rest.bytes.first() {
            None | Some(b'T' | b't' | b' ') => Ok(Self(date)),
            Some(_) => Err(rest.syntax()),
        }
    }
}

impl From<NaiveDate> for Day {
    fn from(date: NaiveDate) -> Self {
        Self(date)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.0.year(), self.0.month(), self.0.day())
    }
}

impl fmt::Debug for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Day {
    type Err = TimestampError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Parsed { what: "a date", parse: Self::parse })
    }
}
