//! The tables of a layout, and for each the way in which rows get into it.
//!
//! Made once per sink from the shared list of columns. Names are fixed or checked, so they can stand in a statement.

mod terra;
mod typed;

use std::cmp::Ordering;

use tributary_contract::model::DataType;

use super::options::Layout;
use super::row::Row;
use crate::table::{Cell, ColumnKind};

/// The version of the layouts. It grows when tables of an earlier version cannot be written any more.
pub(super) const VERSION: i64 = 1;

/// Where a row goes, and what happens to one that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Target {
    /// The row of a user of whom something arrived; one that is there stays.
    UserSeen,
    /// The row of a record in the table of its type; the newer version wins.
    Record(DataType),
    /// The row of a record in the one table of all types; the newer version wins.
    Payload,
    /// The row of a life-cycle event; the same event again changes nothing.
    Event,
    /// The row of a user whose state changed; the newer state wins.
    UserChanged,
}

impl Target {
    /// All targets of a layout, in the order in which they are written.
    pub(super) fn all(layout: Layout) -> Vec<Self> {
        let records = match layout {
            Layout::Typed => DataType::ALL.map(Self::Record).to_vec(),
            Layout::Terra => vec![Self::Payload],
        };
        std::iter::once(Self::UserSeen).chain(records).chain([Self::Event, Self::UserChanged]).collect()
    }

    /// Whether a row with a higher sequence replaces one that is there; else the first one stays.
    pub(super) const fn newer_wins(self) -> bool {
        match self {
            Self::Record(_) | Self::Payload | Self::UserChanged => true,
            Self::UserSeen | Self::Event => false,
        }
    }
}

/// One table.
#[derive(Debug, Clone)]
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
    /// The most characters of a text, where it has such a limit.
    pub(super) length: Option<u16>,
    pub(super) required: bool,
    /// The unit or the meaning, for documentation.
    #[cfg_attr(not(test), expect(dead_code, reason = "the documentation is compared with it in a test"))]
    pub(super) unit: &'static str,
}

/// The table that a target writes to.
pub(super) fn table(layout: Layout, target: Target, prefix: &str) -> TableLayout {
    match layout {
        Layout::Typed => typed::table(target, prefix),
        Layout::Terra => terra::table(target, prefix),
    }
}

/// The tables of a layout, each once, and the one that remembers the version of the others.
pub(super) fn tables(layout: Layout, prefix: &str) -> Vec<TableLayout> {
    let targets = Target::all(layout).into_iter().filter(|target| *target != Target::UserSeen);
    targets.map(|target| table(layout, target, prefix)).chain([versions(prefix)]).collect()
}

/// The table that remembers which version of a layout was made.
pub(super) fn versions(prefix: &str) -> TableLayout {
    TableLayout { name: format!("{prefix}tributary_layouts"), columns: VERSIONS.to_vec(), key: &["layout"] }
}

const VERSIONS: [ColumnLayout; 2] = [
    required("layout", ColumnKind::Text, "`typed` or `terra`"),
    required("version", ColumnKind::Integer, "version of its tables; a newer one is never written to"),
];

/// One target with its table, and where in a row its identity and its age stand.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) target: Target,
    pub(super) table: TableLayout,
    key: Vec<usize>,
    sequence: Option<usize>,
}

impl Plan {
    /// The plans of a layout, in the order in which they are carried out.
    pub(super) fn all(layout: Layout, prefix: &str) -> Vec<Self> {
        Target::all(layout).into_iter().map(|target| Self::of(layout, target, prefix)).collect()
    }

    fn of(layout: Layout, target: Target, prefix: &str) -> Self {
        let table = table(layout, target, prefix);
        let place = |name: &str| table.columns.iter().position(|column| column.name == name);
        let key = table.key.iter().filter_map(|name| place(name)).collect();
        let sequence = place("sequence");
        Self { target, key, sequence, table }
    }

    /// The rows of this target, one per identity: the newest. They are sorted by identity, so that two batches that are
    /// written at once lock rows in the same order.
    pub(super) fn newest<'r, 'a>(&self, rows: &[&'r Row<'a>]) -> Vec<&'r Row<'a>> {
        let mut ours: Vec<&Row<'_>> = rows.iter().copied().filter(|row| row.target == self.target).collect();
        // Newest first within an identity; the sort is stable.
        ours.sort_by(|a, b| self.identity(a, b).then_with(|| self.age(b).cmp(&self.age(a))));
        ours.dedup_by(|later, kept| self.identity(later, kept) == Ordering::Equal);
        ours
    }

    fn identity(&self, a: &Row<'_>, b: &Row<'_>) -> Ordering {
        let parts = self.key.iter().map(|place| part(a, *place).cmp(&part(b, *place)));
        parts.fold(Ordering::Equal, Ordering::then)
    }

    fn age(&self, row: &Row<'_>) -> Option<i64> {
        match row.cells.get(self.sequence?) {
            Some(Cell::Integer(number)) => Some(*number),
            _ => None,
        }
    }
}

/// A part of an identity: a number or a text.
fn part<'r>(row: &'r Row<'_>, place: usize) -> (i64, &'r str) {
    match row.cells.get(place) {
        Some(Cell::Integer(number)) => (*number, ""),
        Some(Cell::Text(text)) => (0, text),
        _ => (0, ""),
    }
}

const fn required(name: &'static str, kind: ColumnKind, unit: &'static str) -> ColumnLayout {
    ColumnLayout { name, kind, length: None, required: true, unit }
}

const fn optional(name: &'static str, kind: ColumnKind, unit: &'static str) -> ColumnLayout {
    ColumnLayout { name, kind, length: None, required: false, unit }
}

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

    fn table_of(columns: &[ColumnLayout]) -> String {
        let mut text = "| column | type | unit or meaning |\n|---|---|---|\n".to_owned();
        for column in columns {
            let length = column.length.map(|length| format!(", up to {length}")).unwrap_or_default();
            let kind = kind_name(column.kind);
            text.push_str(&format!("| `{}` | {kind}{length} | {} |\n", column.name, column.unit));
        }
        text
    }

    /// The tables of the README, from the same list as the tables of the database.
    fn documentation(layout: Layout) -> String {
        let mut text = String::new();
        let shared = match layout {
            Layout::Typed => typed::RECORD_HEAD.len(),
            Layout::Terra => 0,
        };
        if shared > 0 {
            let head = table_of(&typed::RECORD_HEAD);
            text.push_str(&format!("#### Before the values of every record\n\n{head}\n"));
        }
        let targets = Target::all(layout).into_iter().filter(|target| *target != Target::UserSeen);
        let tables: Vec<String> = targets
            .map(|target| {
                let table = table(layout, target, "");
                let skip = if matches!(target, Target::Record(_)) { shared } else { 0 };
                let (name, key) = (&table.name, table.key.join(", "));
                format!("#### `{name}` (key: {key})\n\n{}", table_of(&table.columns[skip..]))
            })
            .collect();
        text + &tables.join("\n")
    }

    #[test]
    fn the_readme_describes_every_column() {
        let readme = include_str!("../README.md");
        for layout in [Layout::Typed, Layout::Terra] {
            let text = documentation(layout);
            assert!(readme.contains(&text), "put this into sinks/src/sql/README.md:\n{text}");
        }
    }

    #[test]
    fn no_table_has_a_column_twice() {
        for table in [tables(Layout::Typed, ""), tables(Layout::Terra, "")].concat() {
            let mut names: Vec<&str> = table.columns.iter().map(|column| column.name).collect();
            names.sort_unstable();
            assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{}", table.name);
        }
    }

    #[test]
    fn of_one_identity_only_the_newest_row_is_left() {
        let row = |key: &str, sequence| {
            let mut cells = vec![Cell::Null; 54];
            cells[0] = Cell::Text("u".to_owned().into());
            cells[1] = Cell::Text(key.to_owned().into());
            cells[5] = Cell::Integer(sequence);
            Row { target: Target::Record(DataType::Daily), cells }
        };
        let rows = [row("b", 3), row("a", 1), row("b", 4), row("a", 2), row("b", 2)];
        let plan = Plan::of(Layout::Typed, Target::Record(DataType::Daily), "");
        let newest = plan.newest(&rows.iter().collect::<Vec<_>>());
        let seen: Vec<_> = newest.iter().map(|row| (part(row, 1).1, plan.age(row))).collect();
        assert_eq!(seen, [("a", Some(2)), ("b", Some(4))]);
    }
}
