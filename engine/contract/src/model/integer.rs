//! Whole numbers as official clients send them: `3600`, and `3600.0` just as well.
//!
//! Used by the fields that are integers. A number with a fraction is an error, never rounded.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserializer;
use serde::de::{Error, Visitor};

/// Reads a number that must be there.
pub(super) fn required<'de, D: Deserializer<'de>, T: TryFrom<i64>>(deserializer: D) -> Result<T, D::Error> {
    deserializer.deserialize_i64(Whole(PhantomData))
}

/// Reads a number or null; goes with `#[serde(default)]`.
pub(super) fn optional<'de, D: Deserializer<'de>, T: TryFrom<i64>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    deserializer.deserialize_option(Whole(PhantomData).or_null())
}

/// Says what is expected; the value found is not named, it may be a health value.
const EXPECTED: &str = "expected a whole number in range";

struct Whole<T>(PhantomData<T>);

impl<T> Whole<T> {
    const fn or_null(self) -> OrNull<T> {
        OrNull(self)
    }
}

impl<T: TryFrom<i64>> Visitor<'_> for Whole<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number in range")
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<T, E> {
        T::try_from(number).map_err(|_out_of_range| E::custom(EXPECTED))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<T, E> {
        let number = i64::try_from(number).map_err(|_out_of_range| E::custom(EXPECTED))?;
        self.visit_i64(number)
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<T, E> {
        /// Every whole number up to here has its own float.
        const EXACT: f64 = 9_007_199_254_740_992.0;
        if number.trunc().total_cmp(&number).is_ne() || number.abs() > EXACT {
            return Err(E::custom(EXPECTED));
        }
        #[expect(clippy::cast_possible_truncation, reason = "checked: whole and within 2^53")]
        let number = number as i64;
        self.visit_i64(number)
    }
}

struct OrNull<T>(Whole<T>);

impl<'de, T: TryFrom<i64>> Visitor<'de> for OrNull<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number in range, or null")
    }

    fn visit_none<E: Error>(self) -> Result<Option<T>, E> {
        Ok(None)
    }

    fn visit_unit<E: Error>(self) -> Result<Option<T>, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<T>, D::Error> {
        deserializer.deserialize_i64(self.0).map(Some)
    }
}
