//! The rows of the `terra` layout.
//!
//! Entries come in, rows as wide as their tables go out. It never writes a link: nothing here expires.

use tributary_contract::model::{DataType, EventType};
use tributary_contract::sink::Entry;

use super::{Row, borrowed, maybe, picked, sequence, user_fields, utf8, written};
use crate::line::moment;
use crate::sql::layout::Target;
use crate::table::{self, Cell};

pub(super) fn record(entry: &Entry, data_type: DataType) -> Result<Row<'_>, String> {
    let (mut times, payload) = picked(table::times(data_type), &entry.body)?;
    let end = times.pop().unwrap_or(Cell::Null);
    let start = times.pop().unwrap_or(Cell::Null);
    row(entry, data_type, [start, end], Cell::Null, payload)
}

pub(super) fn deleted(entry: &Entry, data_type: DataType) -> Result<Row<'_>, String> {
    let at = written(moment(entry.committed_at));
    row(entry, data_type, [Cell::Null, Cell::Null], at, Cell::Null)
}

fn row<'a>(
    entry: &'a Entry,
    data_type: DataType,
    [start, end]: [Cell<'a>; 2],
    deleted_at: Cell<'a>,
    payload: Cell<'a>,
) -> Result<Row<'a>, String> {
    let cells = vec![
        written(entry.user.id.to_string()),
        borrowed(data_type.as_str()),
        written(moment(entry.committed_at)),
        written(name(entry)),
        start,
        end,
        written(entry.id.to_string()),
        borrowed(entry.key.as_str()),
        sequence(entry)?,
        deleted_at,
        payload,
    ];
    Ok(Row { target: Target::Payload, cells })
}

pub(super) fn event(entry: &Entry, event: EventType) -> Result<Row<'_>, String> {
    let cells = vec![
        written(entry.user.id.to_string()),
        Cell::Null,
        borrowed(event.as_str()),
        written(moment(entry.committed_at)),
        written(name(entry)),
        written(entry.id.to_string()),
        sequence(entry)?,
        borrowed(utf8(&entry.body)?),
    ];
    Ok(Row { target: Target::Event, cells })
}

/// The row of a user: with the state that an event put it into, or only because something of it arrived.
pub(super) fn user<'a>(entry: &'a Entry, state: Option<&'static str>) -> Result<Row<'a>, String> {
    let user = &entry.user;
    let (fields, _text) = user_fields(user)?;
    let created_at = fields.created_at.map_or_else(|| written(moment(entry.committed_at)), Cell::Text);
    let (target, sequence) = match state {
        Some(_) => (Target::UserChanged, sequence(entry)?),
        None => (Target::UserSeen, Cell::Integer(0)),
    };
    let state = state.or_else(|| fields.active.unwrap_or_default().then_some(ACTIVE));
    let cells = vec![
        written(user.id.to_string()),
        maybe(user.reference_id.as_deref()),
        created_at,
        fields.scopes.map_or(Cell::Null, Cell::Text),
        borrowed(&user.provider),
        maybe(state),
        sequence,
    ];
    Ok(Row { target, cells })
}

const ACTIVE: &str = "active";

/// The state that an event puts a user into; nothing for events that are not about the user.
pub(super) const fn state(event: EventType) -> Option<&'static str> {
    match event {
        EventType::Auth => Some(ACTIVE),
        EventType::AuthCancelled
        | EventType::Deauth
        | EventType::UserReauth
        | EventType::AccessRevoked
        | EventType::ConnectionError
        | EventType::PermissionChange
        | EventType::GoogleNoDatasource => Some(event.as_str()),
        _ => None,
    }
}

fn name(entry: &Entry) -> String {
    format!("urn:uuid:{}", entry.id)
}
