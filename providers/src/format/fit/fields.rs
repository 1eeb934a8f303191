//! One message: values by field number, absent where the device wrote "invalid", in the units of the profile.
//!
//! Scale and offset come from the profile in `rustyfit`. What counts as invalid comes from the type and the size that
//! the file declares: devices write fields narrower than the profile, and a byte of 255 is then no 255. A field that
//! is declared wider than the profile, or as a fraction where the profile has a whole number, is left out.

use chrono::{DateTime, Utc};
use rustyfit::profile::lookup;
use rustyfit::profile::typedef::{FitBaseType, MesgNum};
use rustyfit::proto::{Field, FieldDefinition, Message, Value};

/// The number of the field that holds the time of a message, in every kind of message.
pub(super) const TIMESTAMP: u8 = 253;

/// The moment from which FIT counts seconds, in seconds of Unix time.
const EPOCH: i64 = 631_065_600;

/// Seconds below this count from the start of the device: its clock was not set.
const FIRST_DATE: u32 = 0x1000_0000;

/// The moment of a count of seconds; none where the device did not know the date.
pub(super) fn date(seconds: u32) -> Option<DateTime<Utc>> {
    if seconds < FIRST_DATE {
        return None;
    }
    DateTime::from_timestamp(EPOCH + i64::from(seconds), 0)
}

/// One message.
pub(super) struct Fields<'a> {
    /// The message as the decoder gives it.
    pub(super) message: &'a Message,
    /// How its fields were declared, in their order.
    declared: &'a [FieldDefinition],
    /// How many fields of the message the decoder put in front of those that were declared.
    extra: usize,
}

impl<'a> Fields<'a> {
    pub(super) fn new(message: &'a Message, declared: &'a [FieldDefinition]) -> Self {
        let extra = message.fields.len().saturating_sub(declared.len());
        Self { message, declared, extra }
    }

    /// What the message is about.
    pub(super) fn kind(&self) -> MesgNum {
        self.message.num
    }

    /// Its time, where it has one and the device knew the date.
    pub(super) fn time(&self) -> Option<DateTime<Utc>> {
        self.date(TIMESTAMP)
    }

    /// A moment.
    pub(super) fn date(&self, number: u8) -> Option<DateTime<Utc>> {
        self.seconds(number).and_then(date)
    }

    /// A moment, also one that counts from the start of the device.
    pub(super) fn seconds(&self, number: u8) -> Option<u32> {
        u32::try_from(self.integer(number)?).ok()
    }

    /// A whole number as it is written, without scale: a number of a list, a flag, an index.
    pub(super) fn integer(&self, number: u8) -> Option<i64> {
        match self.raw(number, 0)? {
            Raw::Integer(integer) => Some(integer),
            Raw::Float(_) => None,
        }
    }

    /// A value in the unit of the profile; the first one of a list.
    pub(super) fn number(&self, number: u8) -> Option<f64> {
        self.scaled(number, 0)
    }

    /// A value from the field that is finer, else from the coarse one.
    pub(super) fn finer(&self, finer: u8, coarse: u8) -> Option<f64> {
        self.number(finer).or_else(|| self.number(coarse))
    }

    /// All values of a list in the unit of the profile, none for those that are invalid.
    pub(super) fn numbers(&self, number: u8) -> impl Iterator<Item = Option<f64>> {
        let count = self.find(number).map_or(0, |(field, _)| length(&field.value));
        (0..count).map(move |index| self.scaled(number, index))
    }

    /// The bytes of a packed field.
    pub(super) fn bytes(&self, number: u8) -> Option<&'a [u8]> {
        match &self.find(number)?.0.value {
            Value::ArrayUint8(bytes) if bytes.iter().any(|&byte| byte != 0xFF) => Some(bytes),
            _ => None,
        }
    }

    /// A text that is not blank.
    pub(super) fn text(&self, number: u8) -> Option<String> {
        let text = match &self.find(number)?.0.value {
            Value::String(text) => text,
            Value::ArrayString(texts) => texts.first()?,
            _ => return None,
        };
        let text: String = text.trim().chars().filter(|character| !character.is_control()).collect();
        (!text.is_empty()).then_some(text)
    }

    fn find(&self, number: u8) -> Option<(&'a Field, Option<&'a FieldDefinition>)> {
        let index = self.message.fields.iter().position(|field| field.num == number)?;
        let declared = index.checked_sub(self.extra).and_then(|index| self.declared.get(index));
        Some((self.message.fields.get(index)?, declared))
    }

    fn raw(&self, number: u8, index: usize) -> Option<Raw> {
        let (field, declared) = self.find(number)?;
        let raw = element(&field.value, index)?;
        let Some(declared) = declared else { return valid(raw, field.base_type, field.base_type.size()) };
        let same = declared.base_type == field.base_type;
        if !same && declared.base_type.size() > field.base_type.size() {
            return None;
        }
        valid(raw, declared.base_type, declared.size.min(declared.base_type.size()))
    }

    fn scaled(&self, number: u8, index: usize) -> Option<f64> {
        let raw = self.raw(number, index)?.number()?;
        let Some(profile) = lookup::field_reference(self.message.num, number) else { return Some(raw) };
        Some(raw / profile.scale() - profile.offset())
    }
}

/// A value without scale.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Raw {
    /// A whole number.
    Integer(i64),
    /// A fraction.
    Float(f64),
}

impl Raw {
    /// As a number; none beyond 32 bits, which no measured value needs.
    pub(super) fn number(self) -> Option<f64> {
        match self {
            Self::Integer(integer) => match (u32::try_from(integer), i32::try_from(integer)) {
                (Ok(positive), _) => Some(f64::from(positive)),
                (Err(_), Ok(negative)) => Some(f64::from(negative)),
                (Err(_), Err(_)) => None,
            },
            Self::Float(float) => Some(float),
        }
    }
}

/// The value of a developer field, which is declared by a message of its own.
pub(super) fn developer_value(value: &Value, base_type: FitBaseType) -> Option<f64> {
    valid(element(value, 0)?, base_type, base_type.size())?.number()
}

fn length(value: &Value) -> usize {
    match value {
        Value::Invalid | Value::String(_) | Value::ArrayString(_) => 0,
        Value::ArrayInt8(list) => list.len(),
        Value::ArrayUint8(list) => list.len(),
        Value::ArrayInt16(list) => list.len(),
        Value::ArrayUint16(list) => list.len(),
        Value::ArrayInt32(list) => list.len(),
        Value::ArrayUint32(list) => list.len(),
        Value::ArrayInt64(list) => list.len(),
        Value::ArrayUint64(list) => list.len(),
        Value::ArrayFloat32(list) => list.len(),
        Value::ArrayFloat64(list) => list.len(),
        _ => 1,
    }
}

fn element(value: &Value, index: usize) -> Option<Raw> {
    let large = |integer: u64| i64::try_from(integer).ok();
    Some(match value {
        Value::ArrayInt8(list) => Raw::Integer((*list.get(index)?).into()),
        Value::ArrayUint8(list) => Raw::Integer((*list.get(index)?).into()),
        Value::ArrayInt16(list) => Raw::Integer((*list.get(index)?).into()),
        Value::ArrayUint16(list) => Raw::Integer((*list.get(index)?).into()),
        Value::ArrayInt32(list) => Raw::Integer((*list.get(index)?).into()),
        Value::ArrayUint32(list) => Raw::Integer((*list.get(index)?).into()),
        Value::ArrayInt64(list) => Raw::Integer(*list.get(index)?),
        Value::ArrayUint64(list) => Raw::Integer(large(*list.get(index)?)?),
        Value::ArrayFloat32(list) => Raw::Float((*list.get(index)?).into()),
        Value::ArrayFloat64(list) => Raw::Float(*list.get(index)?),
        _ if index > 0 => return None,
        Value::Int8(integer) => Raw::Integer((*integer).into()),
        Value::Uint8(integer) => Raw::Integer((*integer).into()),
        Value::Int16(integer) => Raw::Integer((*integer).into()),
        Value::Uint16(integer) => Raw::Integer((*integer).into()),
        Value::Int32(integer) => Raw::Integer((*integer).into()),
        Value::Uint32(integer) => Raw::Integer((*integer).into()),
        Value::Int64(integer) => Raw::Integer(*integer),
        Value::Uint64(integer) => Raw::Integer(large(*integer)?),
        Value::Float32(float) => Raw::Float((*float).into()),
        Value::Float64(float) => Raw::Float(*float),
        Value::Invalid | Value::String(_) | Value::ArrayString(_) => return None,
    })
}

/// The value of a field of that type and width in bytes, unless it is the one that means "invalid".
fn valid(raw: Raw, base_type: FitBaseType, width: u8) -> Option<Raw> {
    let integer = match raw {
        Raw::Float(float) => {
            let declared = matches!(base_type, FitBaseType::FLOAT32 | FitBaseType::FLOAT64);
            return (declared && float.is_finite()).then_some(raw);
        }
        Raw::Integer(integer) => integer,
    };
    let unused = u64::BITS.checked_sub(u32::from(width) * 8).filter(|&unused| unused < u64::BITS)?;
    let ones = u64::MAX >> unused;
    let bits = integer.cast_unsigned() & ones;
    let value = match base_type {
        FitBaseType::SINT8 | FitBaseType::SINT16 | FitBaseType::SINT32 | FitBaseType::SINT64 => {
            (bits != ones >> 1).then(|| (bits << unused).cast_signed() >> unused)?
        }
        FitBaseType::UINT8Z | FitBaseType::UINT16Z | FitBaseType::UINT32Z | FitBaseType::UINT64Z => {
            i64::try_from(bits).ok().filter(|_| bits != 0)?
        }
        FitBaseType::ENUM
        | FitBaseType::BYTE
        | FitBaseType::UINT8
        | FitBaseType::UINT16
        | FitBaseType::UINT32
        | FitBaseType::UINT64 => i64::try_from(bits).ok().filter(|_| bits != ones)?,
        _ => return None,
    };
    Some(Raw::Integer(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(profile: FitBaseType, value: Value, declared: FitBaseType, size: u8) -> Option<f64> {
        let field = Field { num: 200, base_type: profile, value, is_expanded: false };
        let message = Message { fields: vec![field], ..Message::default() };
        let declared = [FieldDefinition { num: 200, size, base_type: declared }];
        Fields::new(&message, &declared).number(200)
    }

    #[test]
    fn each_type_has_its_own_invalid_value() {
        use FitBaseType as T;
        for (profile, invalid, good, number) in [
            (T::ENUM, Value::Uint8(0xFF), Value::Uint8(0), 0.0),
            (T::SINT8, Value::Int8(0x7F), Value::Int8(-1), -1.0),
            (T::UINT8, Value::Uint8(0xFF), Value::Uint8(0x7F), 127.0),
            (T::SINT16, Value::Int16(0x7FFF), Value::Int16(-2), -2.0),
            (T::UINT16, Value::Uint16(0xFFFF), Value::Uint16(0), 0.0),
            (T::SINT32, Value::Int32(0x7FFF_FFFF), Value::Int32(i32::MIN), f64::from(i32::MIN)),
            (T::UINT32, Value::Uint32(u32::MAX), Value::Uint32(u32::MAX - 1), 4_294_967_294.0),
            (T::UINT8Z, Value::Uint8(0), Value::Uint8(0xFF), 255.0),
            (T::UINT16Z, Value::Uint16(0), Value::Uint16(0xFFFF), 65_535.0),
            (T::UINT32Z, Value::Uint32(0), Value::Uint32(1), 1.0),
            (T::FLOAT32, Value::Float32(f32::NAN), Value::Float32(0.5), 0.5),
            (T::FLOAT64, Value::Float64(f64::INFINITY), Value::Float64(-0.5), -0.5),
        ] {
            assert_eq!(read(profile, invalid, profile, profile.size()), None, "{profile}");
            assert_eq!(read(profile, good, profile, profile.size()), Some(number), "{profile}");
        }
    }

    #[test]
    fn a_field_narrower_than_the_profile_is_read_by_what_the_file_declares() {
        use FitBaseType as T;
        // The decoder fills the missing bytes with zeros.
        assert_eq!(read(T::UINT16, Value::Uint16(0x00FF), T::UINT8, 1), None);
        assert_eq!(read(T::UINT16, Value::Uint16(0x00FE), T::UINT8, 1), Some(254.0));
        assert_eq!(read(T::SINT16, Value::Int16(0x00FE), T::SINT8, 1), Some(-2.0));
        assert_eq!(read(T::UINT32, Value::Uint32(0x00FF), T::UINT32, 1), None);
        assert_eq!(read(T::UINT8, Value::Uint8(0), T::UINT8, 0), None);
    }

    #[test]
    fn a_field_that_the_profile_cannot_hold_is_left_out() {
        use FitBaseType as T;
        assert_eq!(read(T::UINT16, Value::Uint16(5), T::UINT32, 4), None);
        assert_eq!(read(T::UINT32, Value::Uint32(0x3F00_0000), T::FLOAT32, 4), None);
        assert_eq!(read(T::UINT8, Value::String("5".into()), T::STRING, 1), None);
    }

    #[test]
    fn a_count_from_the_start_of_the_device_is_no_date() {
        assert_eq!(date(FIRST_DATE - 1), None);
        assert_eq!(date(866_218_215).unwrap().to_rfc3339(), "2017-06-12T16:10:15+00:00");
    }
}
