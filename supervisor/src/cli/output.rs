//! The only printer: tables, JSON and lines on standard output, errors on standard error.

use std::io::Write as _;

use comfy_table::Table;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use serde_json::Value;

use crate::codes;

/// Prints one JSON value.
pub fn json(value: &Value) {
    line(&serde_json::to_string_pretty(value).unwrap_or_else(|_never| value.to_string()));
}

/// Prints one JSON value in one line.
pub fn json_line(value: &Value) {
    line(&value.to_string());
}

/// Prints a line.
pub fn line(text: &str) {
    let mut out = std::io::stdout().lock();
    if let Err(error) = writeln!(out, "{text}") {
        broken_pipe(&error);
    }
}

/// Prints a question without ending the line.
pub fn ask(question: &str) {
    let mut out = std::io::stderr().lock();
    if write!(out, "{question}").and_then(|()| out.flush()).is_err() {
        // Whoever cannot read the question will not answer it.
    }
}

/// Prints a table.
pub fn table(header: &[&str], rows: Vec<Vec<String>>) {
    line(&table_text(header, rows));
}

/// A table as text.
pub fn table_text(header: &[&str], rows: Vec<Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_preset(UTF8_FULL_CONDENSED);
    table.set_header(header);
    for row in rows {
        table.add_row(row);
    }
    table.to_string()
}

/// Prints an error with its causes, and where to read on.
pub fn error(error: &anyhow::Error) {
    let text = format!("error: {error:#}");
    match codes::of(error) {
        None => complain(&text),
        Some(code) => {
            let between = if text.contains('\n') { "\n" } else { " " };
            complain(&format!("{text}{between}[{code}: tributary explain {code}]"));
        }
    }
}

/// A list that a daemon gives page by page.
pub struct Pages {
    /// Where it is.
    pub path: &'static str,
    /// The member that holds the rows.
    pub name: &'static str,
    /// The parameter that asks for the next page.
    pub next: &'static str,
    /// Whether all pages are wanted.
    pub all: bool,
}

impl Pages {
    /// Says that there is more than was shown.
    pub fn note(&self, answer: &Value) {
        if let Some(next) = answer.get("next").filter(|next| !next.is_null()) {
            let next = next.as_str().map_or_else(|| next.to_string(), str::to_owned);
            complain(&format!("there may be more: --{} {next}, or --all", self.next));
        }
    }
}

/// Prints a line to standard error.
pub fn complain(text: &str) {
    let mut out = std::io::stderr().lock();
    if writeln!(out, "{text}").is_err() {
        // There is nowhere left to say it.
    }
}

/// Shows progress on standard error, in place when it is a terminal.
pub fn progress(text: &str) {
    use std::io::IsTerminal as _;
    let mut out = std::io::stderr().lock();
    let written = if out.is_terminal() { write!(out, "\r\x1b[2K{text}") } else { writeln!(out, "{text}") };
    if written.and_then(|()| out.flush()).is_err() {
        // Progress is a courtesy.
    }
}

/// Ends a line that [`progress`] left open.
pub fn progress_end() {
    use std::io::IsTerminal as _;
    if std::io::stderr().is_terminal() {
        complain("");
    }
}

/// Whoever read our output has gone: there is nothing more to do.
#[expect(clippy::exit, reason = "as other commands do when their reader has gone")]
fn broken_pipe(error: &std::io::Error) {
    if error.kind() == std::io::ErrorKind::BrokenPipe {
        std::process::exit(0);
    }
    complain(&format!("error: standard output cannot be written: {error}"));
    std::process::exit(1);
}
