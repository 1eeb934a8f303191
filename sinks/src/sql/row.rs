//! What an entry writes: rows of cells in the order of their table's columns.
//!
//! Entries come from the log, rows go to the database. A record is parsed once and mostly borrowed.

use std::borrow::Cow;

use serde::Deserialize;
use tributary_contract::model::DataType;
use tributary_contract::sink::{Entry, EntryKind, User};

use super::layout::Target;
use crate::line::moment;
use crate::table::{self, Cell, pick};

/// One row.
#[derive(Debug)]
pub(super) struct Row<'a> {
    pub(super) target: Target,
    pub(super) cells: Vec<Cell<'a>>,
}

/// The rows of an entry. The reason why there are none names no value.
pub(super) fn of_entry(entry: &Entry) -> Result<Vec<Row<'_>>, String> {
    match entry.kind {
        EntryKind::Record(data_type) => {
            let record = json(&entry.body)?;
            let picked = pick(table::of(data_type), record).map_err(|error| error.to_string())?;
            Ok(vec![record_row(entry, data_type, None, picked, borrowed(record))?])
        }
        // What is gone at the provider leaves nothing here but the fact.
        EntryKind::Deleted(data_type) => {
            let empty = vec![Cell::Null; table::of(data_type).columns.len()];
            Ok(vec![record_row(entry, data_type, Some(moment(entry.committed_at)), empty, Cell::Null)?])
        }
        EntryKind::LifeCycle(event) => {
            let name = event.as_str();
            Ok(vec![event_row(entry, name)?, user_row(&entry.user, Some((entry, name)))?])
        }
    }
}

/// The row of a user: with the event that changed it, or only because something of it arrived.
pub(super) fn user_row<'a>(user: &'a User, event: Option<(&Entry, &'a str)>) -> Result<Row<'a>, String> {
    let text = json(&user.json)?;
    let fields: UserFields<'a> = serde_json::from_str(text)
        .map_err(|error| format!("the user is no JSON object: broken at column {}", error.column()))?;
    let (target, last_event, last_event_at, sequence) = match event {
        Some((entry, name)) => (
            Target::UserChanged,
            borrowed(name),
            Cell::Text(Cow::Owned(moment(entry.committed_at))),
            sequence(entry)?,
        ),
        None => (Target::UserSeen, Cell::Null, Cell::Null, Cell::Integer(0)),
    };
    let cells = vec![
        Cell::Text(Cow::Owned(user.id.to_string())),
        maybe(user.reference_id.as_deref()),
        borrowed(&user.provider),
        fields.active.map_or(Cell::Null, Cell::Boolean),
        fields.scopes.map_or(Cell::Null, Cell::Text),
        fields.created_at.map_or(Cell::Null, Cell::Text),
        last_event,
        last_event_at,
        sequence,
        borrowed(text),
    ];
    Ok(Row { target, cells })
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

fn record_row<'a>(
    entry: &'a Entry,
    data_type: DataType,
    deleted_at: Option<String>,
    values: Vec<Cell<'a>>,
    record: Cell<'a>,
) -> Result<Row<'a>, String> {
    let mut cells = vec![
        Cell::Text(Cow::Owned(entry.user.id.to_string())),
        borrowed(entry.key.as_str()),
        maybe(entry.user.reference_id.as_deref()),
        borrowed(&entry.user.provider),
        Cell::Text(Cow::Owned(entry.id.to_string())),
        sequence(entry)?,
        Cell::Text(Cow::Owned(moment(entry.committed_at))),
        deleted_at.map_or(Cell::Null, |at| Cell::Text(Cow::Owned(at))),
    ];
    cells.extend(values);
    cells.push(record);
    Ok(Row { target: Target::Record(data_type), cells })
}

fn event_row<'a>(entry: &'a Entry, name: &'a str) -> Result<Row<'a>, String> {
    let cells = vec![
        Cell::Text(Cow::Owned(entry.user.id.to_string())),
        sequence(entry)?,
        Cell::Text(Cow::Owned(entry.id.to_string())),
        borrowed(name),
        maybe(entry.user.reference_id.as_deref()),
        borrowed(&entry.user.provider),
        Cell::Text(Cow::Owned(moment(entry.committed_at))),
        borrowed(json(&entry.body)?),
    ];
    Ok(Row { target: Target::Event, cells })
}

fn json(bytes: &[u8]) -> Result<&str, String> {
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

fn maybe(text: Option<&str>) -> Cell<'_> {
    text.map_or(Cell::Null, borrowed)
}

#[cfg(test)]
mod tests {
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
        let mut rows: Vec<Row<'_>> = entries.iter().flat_map(|entry| of_entry(entry).unwrap()).collect();
        rows.push(user_row(&user, None).unwrap());
        assert_eq!(rows.len(), 23);
        for row in rows {
            assert_eq!(row.cells.len(), table(row.target, "").columns.len(), "{:?}", row.target);
        }
    }

    #[test]
    fn what_is_no_json_is_refused_without_its_values() {
        let user = testing::user("u-1");
        let mut broken = testing::record(&user, 1, DataType::Daily, "k", "{\"planted\"");
        assert!(!of_entry(&broken).unwrap_err().contains("planted"));
        broken.body = bytes::Bytes::from_static(b"{\"a\":\"\xff\"}");
        assert!(of_entry(&broken).is_err());
        broken.body = bytes::Bytes::from_static(b"{}");
        broken.sequence = u64::MAX;
        assert!(of_entry(&broken).is_err());
    }
}
