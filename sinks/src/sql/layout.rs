//! The tables of the `typed` layout: one per data type, `users` and `events`.
//!
//! Made once per sink from the shared list of columns. Names are fixed or checked, so they can stand in a statement.

use tributary_contract::model::DataType;

use crate::table::{self, ColumnKind};

/// Where a row goes, and what happens to one that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Target {
    /// The row of a user of whom something arrived; one that is there stays.
    UserSeen,
    /// The row of a record; the newer version wins.
    Record(DataType),
    /// The row of a life-cycle event; the same event again changes nothing.
    Event,
    /// The row of a user whose state changed; the newer state wins.
    UserChanged,
}

impl Target {
    /// All targets, in the order in which they are written.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        let records = DataType::ALL.into_iter().map(Self::Record);
        std::iter::once(Self::UserSeen).chain(records).chain([Self::Event, Self::UserChanged])
    }

    /// Whether a row with a higher sequence replaces one that is there; else the first one stays.
    pub(super) const fn newer_wins(self) -> bool {
        match self {
            Self::Record(_) | Self::UserChanged => true,
            Self::UserSeen | Self::Event => false,
        }
    }
}

/// One table.
#[derive(Debug)]
pub(super) struct TableLayout {
    /// Its name with the prefix.
    pub(super) name: String,
    pub(super) columns: Vec<ColumnLayout>,
    /// Its primary key.
    pub(super) key: &'static [&'static str],
}

/// One column.
#[derive(Debug, Clone, Copy)]
pub(super) struct ColumnLayout {
    pub(super) name: &'static str,
    pub(super) kind: ColumnKind,
    pub(super) required: bool,
    /// The unit or the meaning, for documentation.
    #[cfg_attr(not(test), expect(dead_code, reason = "the documentation is compared with it in a test"))]
    pub(super) unit: &'static str,
}

/// The table that a target writes to.
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
        Target::Event => TableLayout {
            name: format!("{prefix}events"),
            columns: EVENTS.to_vec(),
            key: &["user_id", "sequence"],
        },
    }
}

const fn required(name: &'static str, kind: ColumnKind, unit: &'static str) -> ColumnLayout {
    ColumnLayout { name, kind, required: true, unit }
}

const fn optional(name: &'static str, kind: ColumnKind, unit: &'static str) -> ColumnLayout {
    ColumnLayout { name, kind, required: false, unit }
}

const RECORD_HEAD: [ColumnLayout; 8] = [
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

#[cfg(test)]
mod tests {
    use super::*;

    fn kind_name(kind: ColumnKind) -> &'static str {
        match kind {
            ColumnKind::Text => "text",
            ColumnKind::Integer => "integer",
            ColumnKind::Real => "real",
            ColumnKind::Boolean => "boolean",
            ColumnKind::Instant => "time, UTC",
            ColumnKind::Day => "date",
            ColumnKind::Json => "JSON",
        }
    }

    /// The tables of the README, from the same list as the tables of the database.
    fn documentation() -> String {
        let mut text = String::new();
        let mut line = |line: String| {
            text.push_str(&line);
            text.push('\n');
        };
        line("#### Before the values of every record\n".to_owned());
        line("| column | type | unit or meaning |\n|---|---|---|".to_owned());
        let row = |column: &ColumnLayout| {
            format!("| `{}` | {} | {} |", column.name, kind_name(column.kind), column.unit)
        };
        RECORD_HEAD.iter().for_each(|column| line(row(column)));
        for target in Target::all().filter(|target| *target != Target::UserSeen) {
            let table = table(target, "");
            line(format!("\n#### `{}` (key: {})\n", table.name, table.key.join(", ")));
            line("| column | type | unit or meaning |\n|---|---|---|".to_owned());
            let shared = if matches!(target, Target::Record(_)) { RECORD_HEAD.len() } else { 0 };
            table.columns.iter().skip(shared).for_each(|column| line(row(column)));
        }
        text
    }

    #[test]
    fn the_readme_describes_every_column() {
        let readme = include_str!("README.md");
        let documentation = documentation();
        assert!(readme.contains(&documentation), "put this into sinks/src/sql/README.md:\n{documentation}");
    }

    #[test]
    fn no_table_has_a_column_twice() {
        for target in Target::all() {
            let mut names: Vec<&str> = table(target, "").columns.iter().map(|column| column.name).collect();
            names.sort_unstable();
            assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{target:?}");
        }
    }
}
