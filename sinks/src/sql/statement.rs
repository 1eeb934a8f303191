//! The text of statements, from a table's layout.
//!
//! What differs between databases comes in as a [`Dialect`]. All names are our own or were checked, and all values are
//! bound, so nothing from outside gets into a text.

use std::sync::Arc;

use super::layout::{ColumnLayout, TableLayout, Target, table};
use crate::table::ColumnKind;

/// What differs between databases.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dialect {
    pub(super) type_name: fn(ColumnKind) -> &'static str,
    /// The mark of the n-th value, from 1.
    pub(super) placeholder: fn(usize) -> String,
}

/// Rows per insert, so that any number of rows takes few statements out of few different ones, which stay prepared.
pub(super) const ROWS: [usize; 7] = [64, 32, 16, 8, 4, 2, 1];

/// The inserts of one target, one per number of rows in [`ROWS`].
#[derive(Debug)]
pub(super) struct Inserts {
    pub(super) target: Target,
    pub(super) texts: [Arc<str>; ROWS.len()],
}

/// The inserts of all targets, in the order in which they are written.
pub(super) fn inserts(prefix: &str, dialect: Dialect) -> Vec<Inserts> {
    Target::all()
        .map(|target| {
            let table = table(target, prefix);
            Inserts { target, texts: ROWS.map(|rows| Arc::from(insert(&table, target, rows, dialect))) }
        })
        .collect()
}

fn insert(table: &TableLayout, target: Target, rows: usize, dialect: Dialect) -> String {
    let width = table.columns.len();
    let row = |row: usize| {
        let marks: Vec<String> =
            (1..=width).map(|column| (dialect.placeholder)(row * width + column)).collect();
        format!("({})", marks.join(","))
    };
    let values: Vec<String> = (0..rows).map(row).collect();
    let name = &table.name;
    let mut text = format!(
        "insert into \"{name}\" ({}) values {} on conflict ({}) do ",
        quoted(table.columns.iter().map(|column| column.name)),
        values.join(","),
        quoted(table.key.iter().copied()),
    );
    if target.newer_wins() {
        let changes: Vec<String> = table
            .columns
            .iter()
            .filter(|column| !table.key.contains(&column.name))
            .map(|column| format!("\"{0}\"=excluded.\"{0}\"", column.name))
            .collect();
        let guard = format!("where excluded.\"sequence\" > \"{name}\".\"sequence\"");
        text.push_str(&format!("update set {} {guard}", changes.join(",")));
    } else {
        text.push_str("nothing");
    }
    text
}

/// Makes a table.
pub(super) fn create(table: &TableLayout, dialect: Dialect) -> String {
    let columns: Vec<String> = table.columns.iter().map(|column| definition(column, dialect)).collect();
    let key = quoted(table.key.iter().copied());
    format!("create table \"{}\" ({}, primary key ({key}))", table.name, columns.join(", "))
}

/// Adds a column to a table of an earlier version, where it is empty at first.
pub(super) fn add_column(table: &TableLayout, column: &ColumnLayout, dialect: Dialect) -> String {
    format!(
        "alter table \"{}\" add column \"{}\" {}",
        table.name,
        column.name,
        (dialect.type_name)(column.kind)
    )
}

fn definition(column: &ColumnLayout, dialect: Dialect) -> String {
    let required = if column.required { " not null" } else { "" };
    format!("\"{}\" {}{required}", column.name, (dialect.type_name)(column.kind))
}

fn quoted<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.map(|name| format!("\"{name}\"")).collect();
    names.join(",")
}
