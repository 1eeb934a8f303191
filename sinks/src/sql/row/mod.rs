//! What an entry writes: rows of cells in the order of their table's columns.
//!
//! Entries come from the log, rows go to the database. A record is parsed once and mostly borrowed.

mod terra;
mod typed;

use std::borrow::Cow;

use serde::Deserialize;
use tributary_contract::sink::{Entry, EntryKind, User};

use super::layout::Target;
use super::options::Layout;
use super::text::sound;
use crate::table::{Cell, Table, pick};

/// One row.
#[derive(Debug)]
pub(super) struct Row<'a> {
    pub(super) target: Target,
    pub(super) cells: Vec<Cell<'a>>,
}

/// The rows of an entry. The reason why there are none names no value.
pub(super) fn of_entry(layout: Layout, entry: &Entry) -> Result<Vec<Row<'_>>, String> {
    match (layout, entry.kind) {
        (Layout::Typed, EntryKind::Record(data_type)) => Ok(vec![typed::record(entry, data_type)?]),
        (Layout::Terra, EntryKind::Record(data_type)) => Ok(vec![terra::record(entry, data_type)?]),
        // What is gone at the provider leaves nothing here but the fact.
        (Layout::Typed, EntryKind::Deleted(data_type)) => Ok(vec![typed::deleted(entry, data_type)?]),
        (Layout::Terra, EntryKind::Deleted(data_type)) => Ok(vec![terra::deleted(entry, data_type)?]),
        (Layout::Typed, EntryKind::LifeCycle(event)) => {
            Ok(vec![typed::event(entry, event)?, typed::user(&entry.user, Some((entry, event)))?])
        }
        (Layout::Terra, EntryKind::LifeCycle(event)) => {
            let changed = terra::state(event).map(|state| terra::user(entry, Some(state))).transpose()?;
            Ok([terra::event(entry, event)?].into_iter().chain(changed).collect())
        }
    }
}

/// The row of an entry's user, because something of it arrived.
pub(super) fn user_row(layout: Layout, entry: &Entry) -> Result<Row<'_>, String> {
    match layout {
        Layout::Typed => typed::user(&entry.user, None),
        Layout::Terra => terra::user(entry, None),
    }
}

/// What a user's row takes out of its JSON.
#[derive(Deserialize)]
struct UserFields<'a> {
    active: Option<bool>,
    #[serde(borrow)]
    scopes: Option<Cow<'a, str>>,
    #[serde(borrow)]
    created_at: Option<Cow<'a, str>>,
}

fn user_fields(user: &User) -> Result<(UserFields<'_>, &str), String> {
    let text = utf8(&user.json)?;
    let fields = serde_json::from_str(text)
        .map_err(|error| format!("the user is no JSON object: broken at column {}", error.column()))?;
    Ok((fields, text))
}

/// The cells of a record's columns, and the record itself in a form that can be read back.
fn picked<'a>(table: &Table, body: &'a [u8]) -> Result<(Vec<Cell<'a>>, Cell<'a>), String> {
    match sound(utf8(body)?) {
        Cow::Borrowed(record) => {
            let cells = pick(table, record).map_err(|error| error.to_string())?;
            Ok((cells, borrowed(record)))
        }
        Cow::Owned(record) => {
            let cells = pick(table, &record).map_err(|error| error.to_string())?;
            let cells = cells.into_iter().map(owned).collect();
            Ok((cells, Cell::Text(Cow::Owned(record))))
        }
    }
}

fn owned(cell: Cell<'_>) -> Cell<'static> {
    match cell {
        Cell::Null => Cell::Null,
        Cell::Text(text) => Cell::Text(Cow::Owned(text.into_owned())),
        Cell::Integer(number) => Cell::Integer(number),
        Cell::Real(number) => Cell::Real(number),
        Cell::Boolean(value) => Cell::Boolean(value),
    }
}

fn utf8(bytes: &[u8]) -> Result<&str, String> {
    std::str::from_utf8(bytes)
        .map_err(|error| format!("the JSON is no UTF-8 from byte {}", error.valid_up_to()))
}

fn sequence(entry: &Entry) -> Result<Cell<'static>, String> {
    let number = i64::try_from(entry.sequence);
    number.map(Cell::Integer).map_err(|_error| "the sequence is larger than a database can count".to_owned())
}

const fn borrowed(text: &str) -> Cell<'_> {
    Cell::Text(Cow::Borrowed(text))
}

const fn written(text: String) -> Cell<'static> {
    Cell::Text(Cow::Owned(text))
}

fn maybe(text: Option<&str>) -> Cell<'_> {
    text.map_or(Cell::Null, borrowed)
}

#[cfg(test)]
mod tests {
    use tributary_contract::model::DataType;

    use super::*;
    use crate::sql::layout::table;
    use crate::testing;

    #[test]
    fn every_row_is_as_wide_as_its_table() {
        let user = testing::user("u-1");
        let mut entries = vec![testing::life_cycle(&user, 1, r#"{"type":"auth"}"#)];
        for data_type in DataType::ALL {
            entries.push(testing::record(&user, 2, data_type, "k", "{}"));
            entries.push(testing::deleted(&user, 3, data_type, "k"));
        }
        for layout in [Layout::Typed, Layout::Terra] {
            let mut rows: Vec<Row<'_>> =
                entries.iter().flat_map(|entry| of_entry(layout, entry).unwrap()).collect();
            rows.push(user_row(layout, &entries[0]).unwrap());
            assert_eq!(rows.len(), 23);
            for row in rows {
                let width = table(layout, row.target, "").columns.len();
                assert_eq!(row.cells.len(), width, "{:?}", row.target);
            }
        }
    }

    #[test]
    fn what_is_no_json_is_refused_without_its_values() {
        let user = testing::user("u-1");
        for layout in [Layout::Typed, Layout::Terra] {
            let mut broken = testing::record(&user, 1, DataType::Daily, "k", "{\"planted\"");
            assert!(!of_entry(layout, &broken).unwrap_err().contains("planted"));
            broken.body = bytes::Bytes::from_static(b"{\"a\":\"\xff\"}");
            assert!(of_entry(layout, &broken).is_err());
            broken.body = bytes::Bytes::from_static(b"{}");
            broken.sequence = u64::MAX;
            assert!(of_entry(layout, &broken).is_err());
        }
    }

    #[test]
    fn half_a_surrogate_does_not_cost_the_record() {
        let user = testing::user("u-1");
        let entry = testing::record(&user, 1, DataType::Activity, "k", r#"{"metadata":{"name":"a\ud83cb"}}"#);
        let rows = of_entry(Layout::Typed, &entry).unwrap();
        assert!(rows[0].cells.contains(&borrowed("a\u{fffd}b")), "{rows:?}");
    }

    #[test]
    fn events_that_are_not_about_the_user_leave_the_state_alone() {
        let user = testing::user("u-1");
        let entry = testing::life_cycle(&user, 1, r#"{"type":"large_request_processing"}"#);
        assert_eq!(of_entry(Layout::Terra, &entry).unwrap().len(), 1);
    }
}
