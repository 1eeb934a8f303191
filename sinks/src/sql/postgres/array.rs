//! Rows as one array per column, so that any number of them is one statement that never changes.
//!
//! Cells come in and leave as the arguments of a statement. Texts stay texts on the way, and the server turns them into
//! times, dates and JSON.

use std::borrow::Cow;

use sqlx::Arguments as _;
use sqlx::postgres::PgArguments;

use crate::sql::layout::TableLayout;
use crate::sql::refusal::Failure;
use crate::sql::row::Row;
use crate::sql::text::without_nul;
use crate::table::{Cell, ColumnKind};

/// The query that gives the rows of the arguments.
pub(super) fn source(table: &TableLayout) -> String {
    let columns = || table.columns.iter().enumerate();
    let values: Vec<String> = columns()
        .map(|(place, column)| match column.kind {
            ColumnKind::Text | ColumnKind::Integer | ColumnKind::Real | ColumnKind::Boolean => {
                format!("c{place}")
            }
            ColumnKind::Instant => format!("c{place}::timestamptz"),
            ColumnKind::Day => format!("c{place}::date"),
            ColumnKind::Json => format!("c{place}::jsonb"),
        })
        .collect();
    let arrays: Vec<String> =
        columns().map(|(place, column)| format!("${}::{}[]", place + 1, carried_as(column.kind))).collect();
    let names: Vec<String> = columns().map(|(place, _)| format!("c{place}")).collect();
    format!("select {} from unnest({}) as r({})", values.join(","), arrays.join(","), names.join(","))
}

const fn carried_as(kind: ColumnKind) -> &'static str {
    match kind {
        ColumnKind::Text | ColumnKind::Instant | ColumnKind::Day | ColumnKind::Json => "text",
        ColumnKind::Integer => "int8",
        ColumnKind::Real => "float8",
        ColumnKind::Boolean => "bool",
    }
}

/// One array per column.
pub(super) fn arguments(table: &TableLayout, rows: &[&Row<'_>]) -> Result<PgArguments, Failure> {
    let mut arguments = PgArguments::default();
    for (place, column) in table.columns.iter().enumerate() {
        let cells = rows.iter().map(|row| row.cells.get(place).unwrap_or(&Cell::Null));
        let added = match column.kind {
            ColumnKind::Json => {
                arguments.add(cells.map(|cell| text(cell).map(without_nul)).collect::<Vec<_>>())
            }
            ColumnKind::Text | ColumnKind::Instant | ColumnKind::Day => {
                arguments.add(cells.map(|cell| text(cell).map(plain)).collect::<Vec<_>>())
            }
            ColumnKind::Integer => arguments.add(cells.map(integer).collect::<Vec<_>>()),
            ColumnKind::Real => arguments.add(cells.map(real).collect::<Vec<_>>()),
            ColumnKind::Boolean => arguments.add(cells.map(boolean).collect::<Vec<_>>()),
        };
        added.map_err(|_error| Failure::Row("a value could not be bound".to_owned()))?;
    }
    Ok(arguments)
}

fn text<'r>(cell: &'r Cell<'_>) -> Option<&'r str> {
    match cell {
        Cell::Text(text) => Some(text),
        Cell::Null | Cell::Integer(_) | Cell::Real(_) | Cell::Boolean(_) => None,
    }
}

/// A text without the one character that PostgreSQL cannot hold.
fn plain(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { Cow::Owned(text.replace('\0', "\u{fffd}")) } else { Cow::Borrowed(text) }
}

const fn integer(cell: &Cell<'_>) -> Option<i64> {
    match cell {
        Cell::Integer(number) => Some(*number),
        Cell::Null | Cell::Text(_) | Cell::Real(_) | Cell::Boolean(_) => None,
    }
}

const fn real(cell: &Cell<'_>) -> Option<f64> {
    match cell {
        Cell::Real(number) => Some(*number),
        Cell::Null | Cell::Text(_) | Cell::Integer(_) | Cell::Boolean(_) => None,
    }
}

const fn boolean(cell: &Cell<'_>) -> Option<bool> {
    match cell {
        Cell::Boolean(value) => Some(*value),
        Cell::Null | Cell::Text(_) | Cell::Integer(_) | Cell::Real(_) => None,
    }
}
