//! The offset of a wall clock from UTC, in minutes with sign.
//!
//! Whole minutes, because there are half and quarter hours; never looked up from a place.

use std::fmt;

use chrono::Duration;

use super::read::{Rest, TimestampError};

/// How far a wall clock is ahead of UTC, in whole minutes, at most 18 hours either way.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Offset(i16);

impl Offset {
    /// No offset.
    pub const UTC: Self = Self(0);
    const MOST: i16 = 18 * 60;

    /// Minutes east of UTC.
    ///
    /// # Errors
    /// Outside −18:00 … +18:00.
    pub fn from_minutes(minutes: impl Into<i64>) -> Result<Self, TimestampError> {
        match i16::try_from(minutes.into()) {
            Ok(minutes) if minutes.abs() <= Self::MOST => Ok(Self(minutes)),
            Ok(_) | Err(_) => Err(TimestampError::Range("offset from UTC")),
        }
    }

    /// Seconds east of UTC, to the nearest minute.
    ///
    /// # Errors
    /// Outside −18:00 … +18:00.
    pub fn from_seconds(seconds: impl Into<i64>) -> Result<Self, TimestampError> {
        Self::from_minutes(seconds.into().saturating_add(30).div_euclid(60))
    }

    /// Reads `Z`, `+05:30`, `+0530` or `+05`.
    ///
    /// # Errors
    /// [`TimestampError`], which never holds the text.
    pub fn parse(text: &str) -> Result<Self, TimestampError> {
        let mut rest = Rest::of(text);
        rest.offset()?.ok_or(TimestampError::Syntax { at: 0 })
    }

    /// Minutes east of UTC.
    pub const fn minutes(self) -> i16 {
        self.0
    }

    /// The difference between wall clock and UTC.
    pub fn duration(self) -> Duration {
        Duration::minutes(i64::from(self.0))
    }

    /// Without the sign.
    pub(super) fn hours_and_minutes(self) -> (u32, u32) {
        let minutes = u32::from(self.0.unsigned_abs());
        (minutes / 60, minutes % 60)
    }
}

impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (hours, minutes) = self.hours_and_minutes();
        write!(f, "{}{hours:02}:{minutes:02}", if self.0 < 0 { '-' } else { '+' })
    }
}

impl fmt::Debug for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
