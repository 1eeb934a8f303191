//! The text of statements, from a table's layout.
//!
//! What differs between databases comes in as a [`Dialect`]. All names are our own or were checked, and all values are
//! bound, so nothing from outside gets into a text.

use super::layout::{ColumnLayout, Plan, TableLayout};
use crate::table::ColumnKind;

/// What differs between databases.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dialect {
    pub(super) type_name: fn(ColumnKind) -> &'static str,
}

impl Dialect {
    /// The type of a column, as it stands in a definition.
    pub(super) fn column_type(self, column: &ColumnLayout) -> String {
        match column.length {
            Some(length) => format!("character varying({length})"),
            None => (self.type_name)(column.kind).to_owned(),
        }
    }
}

/// Writes rows: `source` gives them, as `values (…)` or a query. `table` is the table's name, quoted.
pub(super) fn insert(plan: &Plan, table: &str, source: &str) -> String {
    let columns = quoted(plan.table.columns.iter().map(|column| column.name));
    let key = quoted(plan.table.key.iter().copied());
    let mut text = format!("insert into {table} as t ({columns}) {source} on conflict ({key}) do ");
    if plan.target.newer_wins() {
        let others = plan.table.columns.iter().filter(|column| !plan.table.key.contains(&column.name));
        let changes: Vec<String> =
            others.map(|column| format!("\"{0}\"=excluded.\"{0}\"", column.name)).collect();
        // A row from before the column was there has none.
        let guard = "where excluded.\"sequence\" > coalesce(t.\"sequence\", -1)";
        text.push_str(&format!("update set {} {guard}", changes.join(",")));
    } else {
        text.push_str("nothing");
    }
    text
}

/// Makes a table. `name` is its name, quoted.
pub(super) fn create(table: &TableLayout, name: &str, dialect: Dialect) -> String {
    let columns: Vec<String> = table.columns.iter().map(|column| definition(column, dialect)).collect();
    let key = quoted(table.key.iter().copied());
    format!("create table {name} ({}, primary key ({key}))", columns.join(", "))
}

/// Adds a column to a table of an earlier version, where it is empty at first.
pub(super) fn add_column(column: &ColumnLayout, table: &str, dialect: Dialect) -> String {
    format!("alter table {table} add column \"{}\" {}", column.name, dialect.column_type(column))
}

fn definition(column: &ColumnLayout, dialect: Dialect) -> String {
    let required = if column.required { " not null" } else { "" };
    format!("\"{}\" {}{required}", column.name, dialect.column_type(column))
}

/// Names in quotes, with commas between.
pub(super) fn quoted<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.map(|name| format!("\"{name}\"")).collect();
    names.join(",")
}
