//! The fields that a type reads, as its `Deserialize` tells them to serde.

use std::cell::Cell;
use std::marker::PhantomData;

use serde::de::value::Error;
use serde::de::{DeserializeOwned, Error as _, Visitor};
use serde::{Deserializer, forward_to_deserialize_any};

/// Names on the wire; `None` for what is no struct.
pub(crate) fn of<T: DeserializeOwned>() -> Option<&'static [&'static str]> {
    let seen = Cell::new(None);
    let outcome = T::deserialize(Recorder { seen: &seen, lifetime: PhantomData });
    assert!(outcome.is_err(), "the recorder holds no data");
    seen.get()
}

struct Recorder<'a, 'de> {
    seen: &'a Cell<Option<&'static [&'static str]>>,
    lifetime: PhantomData<&'de ()>,
}

impl<'de> Deserializer<'de> for Recorder<'_, 'de> {
    type Error = Error;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        _visitor: V,
    ) -> Result<V::Value, Error> {
        self.seen.set(Some(fields));
        Err(Error::custom("recorded"))
    }

    fn deserialize_any<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, Error> {
        Err(Error::custom("no struct"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}
