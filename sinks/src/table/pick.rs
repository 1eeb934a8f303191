//! Takes the cells of a row out of a record's JSON in one pass.
//!
//! What no column asks for, series of samples above all, is passed over without being kept. Texts without escapes are
//! borrowed from the JSON.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use chrono::{DateTime, Datelike as _, NaiveDate, Utc};
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use thiserror::Error;

use super::{Column, ColumnKind, Table};
use crate::line::moment;

/// The value of one column in one row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell<'a> {
    Null,
    Text(Cow<'a, str>),
    Integer(i64),
    Real(f64),
    Boolean(bool),
}

/// Why a body is no record. Names the place, never a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the record is no JSON object: broken at line {line} column {column}")]
pub(crate) struct NotRecord {
    line: usize,
    column: usize,
}

/// The cells of a record, one per column of its table. A value that does not fit its column gives an empty cell.
pub(crate) fn pick<'de>(table: &Table, json: &'de str) -> Result<Vec<Cell<'de>>, NotRecord> {
    let mut cells = vec![Cell::Null; table.columns.len()];
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let node = Node { columns: table.columns, cells: &mut cells, depth: 0 };
    node.deserialize(&mut deserializer)
        .and_then(|()| deserializer.end())
        .map_err(|error| NotRecord { line: error.line(), column: error.column() })?;
    Ok(cells)
}

/// A place in the record: the columns whose paths lead here or further down, with their cells.
struct Node<'t, 'c, 'de> {
    columns: &'t [Column],
    cells: &'c mut [Cell<'de>],
    depth: usize,
}

impl<'de> Node<'_, '_, 'de> {
    fn child(&mut self, range: Range<usize>) -> Option<Node<'_, '_, 'de>> {
        let columns = self.columns.get(range.clone())?;
        Some(Node { columns, cells: self.cells.get_mut(range)?, depth: self.depth + 1 })
    }

    /// Fills the columns whose paths end here.
    fn fill(self, value: &Scalar<'de>) {
        for (column, cell) in self.columns.iter().zip(self.cells) {
            if column.path.len() == self.depth {
                *cell = value.fit(column.kind);
            }
        }
    }
}

/// The stretch of columns that go on with `name` at `depth`.
fn stretch(columns: &[Column], depth: usize, name: &str) -> Option<Range<usize>> {
    let goes_on = |column: &Column| column.path.get(depth).is_some_and(|step| *step == name);
    let start = columns.iter().position(goes_on)?;
    let length = columns.iter().skip(start).take_while(|column| goes_on(column)).count();
    Some(start..start + length)
}

impl<'de> DeserializeSeed<'de> for Node<'_, '_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if self.depth == 0 { deserializer.deserialize_map(self) } else { deserializer.deserialize_any(self) }
    }
}

impl<'de> Visitor<'de> for Node<'_, '_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(found) = map.next_key_seed(Key { columns: self.columns, depth: self.depth })? {
            match found.and_then(|range| self.child(range)) {
                Some(child) => map.next_value_seed(child)?,
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
        for place in 0_usize.. {
            let found = stretch(self.columns, self.depth, &place.to_string());
            let more = match found.and_then(|range| self.child(range)) {
                Some(child) => list.next_element_seed(child)?.is_some(),
                None => break,
            };
            if !more {
                return Ok(());
            }
        }
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        self.fill(&Scalar::Boolean(value));
        Ok(())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.fill(&Scalar::Integer(value));
        Ok(())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.fill(&i64::try_from(value).map_or(Scalar::Huge(value), Scalar::Integer));
        Ok(())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        self.fill(&Scalar::Real(value));
        Ok(())
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
        self.fill(&Scalar::Text(Cow::Owned(value.to_owned())));
        Ok(())
    }

    fn visit_borrowed_str<E: Error>(self, value: &'de str) -> Result<(), E> {
        self.fill(&Scalar::Text(Cow::Borrowed(value)));
        Ok(())
    }
}

/// Finds the columns of a key without keeping the key.
struct Key<'t> {
    columns: &'t [Column],
    depth: usize,
}

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = Option<Range<usize>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = Option<Range<usize>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a field")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        Ok(stretch(self.columns, self.depth, name))
    }
}

/// A value as JSON has it.
enum Scalar<'de> {
    Boolean(bool),
    Integer(i64),
    Huge(u64),
    Real(f64),
    Text(Cow<'de, str>),
}

impl<'de> Scalar<'de> {
    fn fit(&self, kind: ColumnKind) -> Cell<'de> {
        let cell = match (kind, self) {
            (ColumnKind::Text, Self::Text(text)) => Some(Cell::Text(text.clone())),
            (ColumnKind::Instant, Self::Text(text)) => instant(text).map(Cell::Text),
            (ColumnKind::Day, Self::Text(text)) => day(text).map(Cell::Text),
            (ColumnKind::Boolean, Self::Boolean(value)) => Some(Cell::Boolean(*value)),
            (ColumnKind::Integer, Self::Integer(value)) => Some(Cell::Integer(*value)),
            (ColumnKind::Integer, Self::Real(value)) => whole(*value).map(Cell::Integer),
            (ColumnKind::Real, number) => number.real().map(Cell::Real),
            _ => None,
        };
        cell.unwrap_or(Cell::Null)
    }

    #[expect(clippy::cast_precision_loss, reason = "a column of real numbers holds what a 64-bit float can")]
    const fn real(&self) -> Option<f64> {
        match self {
            Self::Integer(value) => Some(*value as f64),
            Self::Huge(value) => Some(*value as f64),
            Self::Real(value) => Some(*value),
            Self::Boolean(_) | Self::Text(_) => None,
        }
    }
}

/// `3600.0` is a whole number, too.
#[expect(clippy::cast_possible_truncation, reason = "without fraction and below 2^53, so nothing is cut off")]
fn whole(value: f64) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    (value.fract() == 0.0 && value.abs() < EXACT).then_some(value as i64)
}

fn instant(text: &str) -> Option<Cow<'static, str>> {
    let at = DateTime::parse_from_rfc3339(text).ok()?.with_timezone(&Utc);
    is_ordinary(at.year()).then(|| Cow::Owned(moment(at)))
}

fn day<'de>(text: &str) -> Option<Cow<'de, str>> {
    const LENGTH: usize = "2026-03-01".len();
    let date = text.get(..LENGTH)?;
    let parsed = NaiveDate::parse_from_str(date, "%Y-%m-%d").ok()?;
    is_ordinary(parsed.year()).then(|| Cow::Owned(date.to_owned()))
}

/// Years of four digits: texts of them sort, and every database knows them. Some know no year 0.
fn is_ordinary(year: i32) -> bool {
    (1..=9999).contains(&year)
}

#[cfg(test)]
mod tests {
    use tributary_contract::model::DataType;

    use super::*;
    use crate::table;

    fn cell<'a>(data_type: DataType, json: &'a str, name: &str) -> Cell<'a> {
        let table = table::of(data_type);
        let place = table.columns.iter().position(|column| column.name == name).unwrap();
        pick(table, json).unwrap().swap_remove(place)
    }

    const ACTIVITY: &str = r#"{
        "metadata": {"start_time": "2026-03-01T10:00:00.000000+01:00", "end_time": "2026-03-01T11:00:00.000000",
                     "name": "Morning \"run\" 🏃", "type": 8, "upload_type": null},
        "distance_data": {"detailed": {"distance_samples": [{"distance_meters": 1}, {"distance_meters": 2}]},
                          "summary": {"distance_meters": 10500, "steps": 3600.0, "floors_climbed": 1.5,
                                      "elevation": {"gain_actual_meters": -0.5}}},
        "position_data": {"start_pos_lat_lng_deg": [48.1, 11.5, 3], "end_pos_lat_lng_deg": [null, 11.6]},
        "heart_rate_data": null, "power_data": [], "device_data": {"name": 7}
    }"#;

    #[test]
    fn cells_come_from_their_places() {
        let expected = [
            ("start_time", Cell::Text("2026-03-01T10:00:00.000000+01:00".into())),
            ("start_time_utc", Cell::Text("2026-03-01T09:00:00.000000Z".into())),
            ("end_time_utc", Cell::Null),
            ("name", Cell::Text("Morning \"run\" 🏃".into())),
            ("activity_type", Cell::Integer(8)),
            ("upload_type", Cell::Null),
            ("distance_meters", Cell::Real(10_500.0)),
            ("steps", Cell::Integer(3_600)),
            ("floors_climbed", Cell::Null),
            ("elevation_gain_meters", Cell::Real(-0.5)),
            ("start_latitude_degrees", Cell::Real(48.1)),
            ("start_longitude_degrees", Cell::Real(11.5)),
            ("end_latitude_degrees", Cell::Null),
            ("end_longitude_degrees", Cell::Real(11.6)),
            ("avg_hr_bpm", Cell::Null),
            ("avg_watts", Cell::Null),
            ("device_name", Cell::Null),
        ];
        for (name, expected) in expected {
            assert_eq!(cell(DataType::Activity, ACTIVITY, name), expected, "{name}");
        }
    }

    #[test]
    fn a_day_is_the_date_of_the_wall_clock() {
        for (start, day) in [
            ("2026-03-01T00:00:00.000000-11:00", Cell::Text("2026-03-01".into())),
            ("2026-03-01", Cell::Text("2026-03-01".into())),
            ("2026-13-01T00:00:00", Cell::Null),
            ("soon", Cell::Null),
        ] {
            let json = format!(r#"{{"metadata":{{"start_time":"{start}"}}}}"#);
            assert_eq!(cell(DataType::Daily, &json, "day"), day, "{start}");
        }
    }

    #[test]
    fn numbers_beyond_their_column_leave_it_empty() {
        for (steps, expected) in [
            ("9223372036854775807", Cell::Integer(i64::MAX)),
            ("9223372036854775808", Cell::Null),
            ("1e300", Cell::Null),
            ("\"12\"", Cell::Null),
            ("{\"a\": 1}", Cell::Null),
        ] {
            let json = format!(r#"{{"distance_data":{{"steps":{steps}}}}}"#);
            assert_eq!(cell(DataType::Daily, &json, "steps"), expected, "{steps}");
        }
    }

    #[test]
    fn what_is_no_object_is_refused_without_its_values() {
        for json in [
            "",
            "[]",
            "null",
            "\"planted\"",
            "{\"a\":\"planted",
            "{} x",
            "{\"metadata\":{\"name\":\"\\ud800\"}}",
        ] {
            let error = pick(table::of(DataType::Activity), json).unwrap_err().to_string();
            assert!(!error.contains("planted"), "{error}");
        }
    }
}
