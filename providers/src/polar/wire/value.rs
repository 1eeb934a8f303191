//! Values whose form Polar varies, or has for itself: ids and numbers as text, lengths of time.

use std::fmt;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};

/// A text, also where Polar sends a number instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::polar) struct Text(pub(in crate::polar) String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl Visitor<'_> for Either {
            type Value = Text;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a whole number")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Text, E> {
                Ok(Text(text.to_owned()))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Text, E> {
                Ok(Text(number.to_string()))
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Text, E> {
                Ok(Text(number.to_string()))
            }
        }
        deserializer.deserialize_any(Either)
    }
}

/// A length of time in s, written by Polar as ISO 8601 has it: `PT1H2M3.5S`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::polar) struct Length(pub(in crate::polar) f64);

impl Length {
    /// Reads days, hours, minutes and seconds; months and years have no fixed length.
    pub(in crate::polar) fn parse(text: &str) -> Option<Self> {
        let mut rest = text.strip_prefix('P')?;
        let (mut seconds, mut in_time, mut parts) = (0.0, false, 0);
        while !rest.is_empty() {
            if let Some(time) = rest.strip_prefix('T').filter(|_| !in_time) {
                (rest, in_time) = (time, true);
                continue;
            }
            let at = rest.find(|character: char| character.is_ascii_alphabetic())?;
            let (number, tail) = rest.split_at_checked(at)?;
            let number = number.parse::<f64>().ok().filter(|number| number.is_finite())?;
            let (unit, tail) = tail.split_at_checked(1)?;
            seconds += number
                * match (unit, in_time) {
                    ("W", false) => 604_800.0,
                    ("D", false) => 86_400.0,
                    ("H", true) => 3600.0,
                    ("M", true) => 60.0,
                    ("S", true) => 1.0,
                    _ => return None,
                };
            rest = tail;
            parts += 1;
        }
        (parts > 0).then_some(Self(seconds))
    }
}

impl<'de> Deserialize<'de> for Length {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Iso;
        impl Visitor<'_> for Iso {
            type Value = Length;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a length of time like PT1H2M3.5S")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Length, E> {
                Length::parse(text).ok_or_else(|| E::custom("no length of time like PT1H2M3.5S"))
            }
        }
        deserializer.deserialize_str(Iso)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_read_in_all_their_parts() {
        for (text, seconds) in [
            ("PT1H2M3.5S", 3723.5),
            ("PT45M20.5S", 2720.5),
            ("PT210.026S", 210.026),
            ("PT0S", 0.0),
            ("P1DT2H", 93_600.0),
            ("P2D", 172_800.0),
            ("PT-5S", -5.0),
        ] {
            assert_eq!(Length::parse(text), Some(Length(seconds)), "{text}");
        }
        for text in ["", "P", "PT", "1H", "PT1", "P1M", "P1Y", "PT1X", "PTNANS", "PT1H T2M", "P1H"] {
            assert_eq!(Length::parse(text), None, "{text}");
        }
    }

    #[test]
    fn an_id_may_be_a_number() {
        let read = |json: &str| serde_json::from_str::<Text>(json).map(|text| text.0).ok();
        assert_eq!(read(r#""2AC312F""#).as_deref(), Some("2AC312F"));
        assert_eq!(read("475").as_deref(), Some("475"));
        assert_eq!(read("-1").as_deref(), Some("-1"));
        assert_eq!(read("null"), None);
    }
}
