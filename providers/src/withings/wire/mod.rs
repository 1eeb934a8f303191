//! Withings' JSON as Withings names it, split by resource.
//!
//! Comes from answers of the API, goes to `normalize`. Only what is used is listed; everything that Withings may leave
//! out or send as null is optional. Where there is nothing, an empty array stands for an object, and is read as one.
//! Nothing here is renamed, converted or derived.

mod activity;
mod measure;
mod sleep;

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

pub(super) use activity::{Day, Intraday, Point, Workout, Zones};
pub(super) use measure::{Electrocardiogram, Group, Measure};
pub(super) use sleep::{Detail, Night, Segment};

/// What every answer looks like; the status was judged before.
#[derive(Debug, Deserialize)]
#[serde(bound = "T: Deserialize<'de> + Default")]
pub(super) struct Envelope<T> {
    #[serde(default, deserialize_with = "object")]
    pub(super) body: T,
}

/// One page of any list.
#[derive(Debug, Deserialize)]
#[serde(bound = "T: Deserialize<'de>")]
pub(super) struct Page<T> {
    #[serde(default, alias = "measuregrps", alias = "activities")]
    pub(super) series: Option<Vec<T>>,
    /// Name in the zone database, for measures.
    #[serde(default)]
    pub(super) timezone: Option<String>,
    #[serde(default)]
    pub(super) more: Option<Flag>,
    #[serde(default)]
    pub(super) offset: Option<i64>,
}

impl<T> Default for Page<T> {
    fn default() -> Self {
        Self { series: None, timezone: None, more: None, offset: None }
    }
}

/// A truth value, which comes as one or as 0 and 1.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(untagged)]
pub(super) enum Flag {
    Bool(bool),
    Number(i64),
}

impl Flag {
    pub(super) const fn is_set(self) -> bool {
        match self {
            Self::Bool(set) => set,
            Self::Number(number) => number != 0,
        }
    }
}

/// The body of `getdevice`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Devices {
    #[serde(default)]
    pub(super) devices: Option<Vec<Device>>,
}

/// A device of the user.
#[derive(Debug, Deserialize)]
pub(super) struct Device {
    pub(super) model: Option<String>,
    pub(super) timezone: Option<String>,
    /// Epoch second.
    pub(super) first_session_date: Option<i64>,
    /// Epoch second.
    pub(super) last_session_date: Option<i64>,
    /// Firmware.
    #[serde(default, deserialize_with = "text")]
    pub(super) fw: Option<String>,
}

/// The body of `notify`, action `list`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Profiles {
    #[serde(default)]
    pub(super) profiles: Option<Vec<Profile>>,
}

/// A subscription of the user.
#[derive(Debug, Deserialize)]
pub(super) struct Profile {
    pub(super) appli: i64,
    pub(super) callbackurl: String,
}

/// The body of `getnonce`.
#[derive(Deserialize, Default)]
pub(super) struct Nonce {
    #[serde(default)]
    pub(super) nonce: String,
}

/// An object, or the empty array or null that stands for one.
fn object<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    deserializer.deserialize_any(Object(PhantomData))
}

struct Object<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de> + Default> Visitor<'de> for Object<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object, or an empty array")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<T, A::Error> {
        match list.next_element::<IgnoredAny>()? {
            None => Ok(T::default()),
            Some(_) => Err(serde::de::Error::custom("an array that is not empty, for an object")),
        }
    }

    fn visit_unit<E>(self) -> Result<T, E> {
        Ok(T::default())
    }
}

/// A text or a number.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Text(String),
        Number(i64),
    }
    Ok(Option::<Either>::deserialize(deserializer)?.map(|either| match either {
        Either::Text(text) => text,
        Either::Number(number) => number.to_string(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_array_or_null_stands_for_an_object() {
        for body in ["{}", "[]", "null", r#"{"series":[]}"#, r#"{"series":null}"#] {
            let read: Envelope<Intraday> = serde_json::from_str(&format!(r#"{{"body":{body}}}"#)).unwrap();
            assert!(read.body.series.is_empty(), "{body}");
        }
        let read: Envelope<Intraday> = serde_json::from_str("{}").unwrap();
        assert!(read.body.series.is_empty());
        assert!(serde_json::from_str::<Envelope<Intraday>>(r#"{"body":[1]}"#).is_err());
    }

    #[test]
    fn more_comes_as_a_truth_value_or_as_a_number() {
        for (text, expected) in [("true", true), ("false", false), ("1", true), ("0", false)] {
            let page: Page<Day> =
                serde_json::from_str(&format!(r#"{{"activities":[],"more":{text}}}"#)).unwrap();
            assert_eq!(page.more.is_some_and(Flag::is_set), expected, "{text}");
        }
    }
}
