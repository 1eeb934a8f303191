//! Which columns a record has in a table: one list from which table definitions, rows and documentation are made.
//!
//! Records come in as JSON and leave as cells in the order of their table's columns. Names say the unit. Nothing here
//! knows a database.

mod activity;
mod body;
mod daily;
mod other;
mod pick;
mod sleep;
mod times;

use tributary_contract::model::DataType;

pub(crate) use pick::{Cell, pick};
pub(crate) use times::times;

/// The table of one record type.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) columns: &'static [Column],
}

/// One column that is filled from a record. Columns whose paths share a beginning stand together.
#[derive(Debug)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) kind: ColumnKind,
    /// The way into the record: names of fields, places in lists.
    pub(crate) path: &'static [&'static str],
    /// The unit, or what the value means where it has none.
    pub(crate) unit: &'static str,
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ColumnKind {
    /// Text as it is.
    Text,
    /// A whole number.
    Integer,
    /// Any number.
    Real,
    /// Yes or no.
    Boolean,
    /// A time with an offset, as UTC; nothing for a time without.
    Instant,
    /// The date of a time, by the wall clock it was given in.
    Day,
    /// A whole JSON document; never picked out of a record.
    Json,
}

/// The table of a type.
pub(crate) const fn of(data_type: DataType) -> &'static Table {
    match data_type {
        DataType::Activity => &activity::TABLE,
        DataType::Body => &body::TABLE,
        DataType::Daily => &daily::TABLE,
        DataType::Sleep => &sleep::TABLE,
        DataType::Nutrition => &other::NUTRITION,
        DataType::Menstruation => &other::MENSTRUATION,
        DataType::Athlete => &other::ATHLETE,
        DataType::PlannedWorkout => &other::PLANNED_WORKOUT,
        DataType::Hormone => &other::HORMONE,
        DataType::HealthObservation => &other::HEALTH_OBSERVATION,
    }
}

type Path = &'static [&'static str];

const fn text(name: &'static str, unit: &'static str, path: Path) -> Column {
    Column { name, kind: ColumnKind::Text, path, unit }
}

const fn integer(name: &'static str, unit: &'static str, path: Path) -> Column {
    Column { name, kind: ColumnKind::Integer, path, unit }
}

const fn real(name: &'static str, unit: &'static str, path: Path) -> Column {
    Column { name, kind: ColumnKind::Real, path, unit }
}

const fn boolean(name: &'static str, unit: &'static str, path: Path) -> Column {
    Column { name, kind: ColumnKind::Boolean, path, unit }
}

/// A time as the record has it, with its offset.
const fn time(name: &'static str, path: Path) -> Column {
    Column { name, kind: ColumnKind::Text, path, unit: "time as recorded, with offset where known" }
}

/// The same time as a moment that sorts and compares.
const fn instant(name: &'static str, path: Path) -> Column {
    Column { name, kind: ColumnKind::Instant, path, unit: "the same moment in UTC; empty without offset" }
}

const fn day(name: &'static str, path: Path) -> Column {
    Column { name, kind: ColumnKind::Day, path, unit: "date, by the user's wall clock" }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_type_has_a_table_with_sound_columns() {
        for data_type in DataType::ALL {
            let table = of(data_type);
            let names: BTreeSet<&str> = table.columns.iter().map(|column| column.name).collect();
            assert_eq!(names.len(), table.columns.len(), "{data_type} has a name twice");
            for column in table.columns {
                let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
                assert!(column.name.chars().all(plain) && column.name.len() <= 63, "{}", column.name);
                assert!(!column.path.is_empty() && !column.unit.is_empty(), "{}", column.name);
            }
        }
    }

    /// Picking relies on it: it takes the stretch of columns that share the path so far.
    #[test]
    fn columns_that_share_a_beginning_stand_together() {
        for data_type in DataType::ALL {
            let columns = of(data_type).columns;
            for depth in 1..=columns.iter().map(|column| column.path.len()).max().unwrap() {
                let mut seen = BTreeSet::new();
                for stretch in columns.chunk_by(|a, b| a.path.get(..depth) == b.path.get(..depth)) {
                    let Some(beginning) = stretch[0].path.get(..depth) else { continue };
                    assert!(seen.insert(beginning), "{data_type}: {beginning:?} is in two places");
                }
            }
        }
    }
}
