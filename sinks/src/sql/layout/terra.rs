//! The tables of the `terra` layout: those of Terra's own SQL destination, with the JSON beside them.
//!
//! Names, types and meaning of Terra's columns are kept; what is added stands after them. Nothing here knows a database.

use super::{ColumnLayout, TableLayout, Target, optional, required};
use crate::table::ColumnKind;

pub(super) fn table(target: Target, prefix: &str) -> TableLayout {
    match target {
        Target::UserSeen | Target::UserChanged => {
            TableLayout { name: format!("{prefix}terra_users"), columns: USERS.to_vec(), key: &["user_id"] }
        }
        Target::Record(_) | Target::Payload => TableLayout {
            name: format!("{prefix}terra_data_payloads"),
            columns: DATA.to_vec(),
            key: &["user_id", "data_type", "natural_key"],
        },
        Target::Event => TableLayout {
            name: format!("{prefix}terra_other_payloads"),
            columns: OTHER.to_vec(),
            key: &["user_id", "sequence"],
        },
    }
}

const USER_ID: ColumnLayout = limited(required("user_id", ColumnKind::Text, "the connection"), 36);

const USERS: [ColumnLayout; 7] = [
    USER_ID,
    optional("reference_id", ColumnKind::Text, "your own id of the person"),
    required("created_at", ColumnKind::Text, "when connected, as delivered"),
    optional("granted_scopes", ColumnKind::Text, "granted scopes, comma separated"),
    required("provider", ColumnKind::Text, "provider, upper case"),
    limited(
        optional("state", ColumnKind::Text, "`active` after `auth`, else the newest event about the user"),
        20,
    ),
    required("sequence", ColumnKind::Integer, "added: place of that event in the log; 0 before the first"),
];

const DATA: [ColumnLayout; 11] = [
    USER_ID,
    required("data_type", ColumnKind::Text, "`activity`, `daily` and so on"),
    required("created_at", ColumnKind::Text, "when this version was committed, UTC"),
    required("payload_url", ColumnKind::Text, "`urn:uuid:` and the payload's id: a name, not a link"),
    optional("start_time", ColumnKind::Text, "beginning of the record as delivered, where it has one"),
    optional("end_time", ColumnKind::Text, "end of the record as delivered, where it has one"),
    required("payload_id", ColumnKind::Text, "added: id of this version's content"),
    required(
        "natural_key",
        ColumnKind::Text,
        "added: what tells the record from others of the user and type: its id or its date",
    ),
    required("sequence", ColumnKind::Integer, "added: place in the log; a higher one is newer"),
    optional(
        "deleted_at",
        ColumnKind::Instant,
        "added: when the provider said that it is gone; the payload is empty then",
    ),
    optional("payload", ColumnKind::Json, "added: the whole record as JSON"),
];

const OTHER: [ColumnLayout; 8] = [
    USER_ID,
    optional("data_type", ColumnKind::Text, "empty: these events are about no data type"),
    optional("payload_type", ColumnKind::Text, "type of the event"),
    required("created_at", ColumnKind::Text, "when it was committed, UTC"),
    required("payload_url", ColumnKind::Text, "`urn:uuid:` and the payload's id: a name, not a link"),
    required("payload_id", ColumnKind::Text, "added: id of the event's content"),
    required("sequence", ColumnKind::Integer, "added: place in the log"),
    required("payload", ColumnKind::Json, "added: the whole event as JSON"),
];

const fn limited(column: ColumnLayout, length: u16) -> ColumnLayout {
    ColumnLayout { length: Some(length), ..column }
}
