//! The tables of the `typed` layout: one per data type, `users` and `events`.
//!
//! Columns of records come from the shared list. Nothing here knows a database.

use super::{ColumnLayout, TableLayout, Target, optional, required};
use crate::table::{self, ColumnKind};

pub(super) fn table(target: Target, prefix: &str) -> TableLayout {
    match target {
        Target::Record(data_type) => {
            let typed = table::of(data_type).columns.iter();
            let typed = typed.map(|column| optional(column.name, column.kind, column.unit));
            TableLayout {
                name: format!("{prefix}{data_type}"),
                columns: RECORD_HEAD.into_iter().chain(typed).chain([RECORD]).collect(),
                key: &["user_id", "natural_key"],
            }
        }
        Target::UserSeen | Target::UserChanged => {
            TableLayout { name: format!("{prefix}users"), columns: USERS.to_vec(), key: &["user_id"] }
        }
        Target::Payload | Target::Event => TableLayout {
            name: format!("{prefix}events"),
            columns: EVENTS.to_vec(),
            key: &["user_id", "sequence"],
        },
    }
}

pub(super) const RECORD_HEAD: [ColumnLayout; 8] = [
    required("user_id", ColumnKind::Text, "the connection"),
    required(
        "natural_key",
        ColumnKind::Text,
        "what tells the record from others of the user: its id or its date",
    ),
    optional("reference_id", ColumnKind::Text, "your own id of the person"),
    required("provider", ColumnKind::Text, "provider, upper case"),
    required("entry_id", ColumnKind::Text, "id of this version's content"),
    required("sequence", ColumnKind::Integer, "place in the log; a higher one is newer"),
    required("committed_at", ColumnKind::Instant, "when this version was committed, UTC"),
    optional(
        "deleted_at",
        ColumnKind::Instant,
        "when the provider said that it is gone; the values are empty then",
    ),
];

const RECORD: ColumnLayout = optional("record", ColumnKind::Json, "the whole record as JSON");

const USERS: [ColumnLayout; 10] = [
    required("user_id", ColumnKind::Text, "the connection"),
    optional("reference_id", ColumnKind::Text, "your own id of the person"),
    required("provider", ColumnKind::Text, "provider, upper case"),
    optional("active", ColumnKind::Boolean, "false after a disconnect"),
    optional("scopes", ColumnKind::Text, "granted scopes, comma separated"),
    optional("created_at", ColumnKind::Text, "when connected, as delivered"),
    optional("last_event", ColumnKind::Text, "the newest life-cycle event"),
    optional("last_event_at", ColumnKind::Instant, "when that was committed, UTC"),
    required("sequence", ColumnKind::Integer, "place of that event in the log; 0 before the first"),
    required("user", ColumnKind::Json, "the whole user as JSON"),
];

const EVENTS: [ColumnLayout; 8] = [
    required("user_id", ColumnKind::Text, "the connection"),
    required("sequence", ColumnKind::Integer, "place in the log"),
    required("entry_id", ColumnKind::Text, "id of the event's content"),
    required("event_type", ColumnKind::Text, "type of the event"),
    optional("reference_id", ColumnKind::Text, "your own id of the person"),
    required("provider", ColumnKind::Text, "provider, upper case"),
    required("committed_at", ColumnKind::Instant, "when it was committed, UTC"),
    required("event", ColumnKind::Json, "the whole event as JSON"),
];
