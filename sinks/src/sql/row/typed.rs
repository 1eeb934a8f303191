//! The rows of the `typed` layout.
//!
//! Entries come in, rows as wide as their tables go out. It never looks at what is in the database.

use tributary_contract::model::{DataType, EventType};
use tributary_contract::sink::{Entry, User};

use super::{Row, borrowed, maybe, picked, sequence, user_fields, utf8, written};
use crate::line::moment;
use crate::sql::layout::Target;
use crate::table::{self, Cell};

pub(super) fn record(entry: &Entry, data_type: DataType) -> Result<Row<'_>, String> {
    let (values, record) = picked(table::of(data_type), &entry.body)?;
    row(entry, data_type, Cell::Null, values, record)
}

pub(super) fn deleted(entry: &Entry, data_type: DataType) -> Result<Row<'_>, String> {
    let empty = vec![Cell::Null; table::of(data_type).columns.len()];
    row(entry, data_type, written(moment(entry.committed_at)), empty, Cell::Null)
}

fn row<'a>(
    entry: &'a Entry,
    data_type: DataType,
    deleted_at: Cell<'a>,
    values: Vec<Cell<'a>>,
    record: Cell<'a>,
) -> Result<Row<'a>, String> {
    let mut cells = vec![
        written(entry.user.id.to_string()),
        borrowed(entry.key.as_str()),
        maybe(entry.user.reference_id.as_deref()),
        borrowed(&entry.user.provider),
        written(entry.id.to_string()),
        sequence(entry)?,
        written(moment(entry.committed_at)),
        deleted_at,
    ];
    cells.extend(values);
    cells.push(record);
    Ok(Row { target: Target::Record(data_type), cells })
}

pub(super) fn event(entry: &Entry, event: EventType) -> Result<Row<'_>, String> {
    let cells = vec![
        written(entry.user.id.to_string()),
        sequence(entry)?,
        written(entry.id.to_string()),
        borrowed(event.as_str()),
        maybe(entry.user.reference_id.as_deref()),
        borrowed(&entry.user.provider),
        written(moment(entry.committed_at)),
        borrowed(utf8(&entry.body)?),
    ];
    Ok(Row { target: Target::Event, cells })
}

/// The row of a user: with the event that changed it, or only because something of it arrived.
pub(super) fn user<'a>(user: &'a User, event: Option<(&Entry, EventType)>) -> Result<Row<'a>, String> {
    let (fields, text) = user_fields(user)?;
    let (target, last_event, last_event_at, sequence) = match event {
        Some((entry, event)) => (
            Target::UserChanged,
            borrowed(event.as_str()),
            written(moment(entry.committed_at)),
            sequence(entry)?,
        ),
        None => (Target::UserSeen, Cell::Null, Cell::Null, Cell::Integer(0)),
    };
    let cells = vec![
        written(user.id.to_string()),
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
