//! The pages of the sinks, from `tributary sinks --json` and their READMEs.

use std::fmt::Write as _;

use serde_json::Value;

use super::{Page, cell, list, readme, settings, text};

/// All kinds of sinks in one table.
pub(super) fn index(sinks: &Value) -> Page {
    let mut out = "# Sinks\n\nWhat `tributary sinks` prints. Every sink also takes `events` (which events it gets) and \
                   `paused`.\n\n| sink | what | one write carries | guarantee |\n|---|---|---|---|\n"
        .to_owned();
    for sink in list(sinks) {
        let name = text(sink, "name");
        writeln!(
            out,
            "| [{name}](sinks/{name}.md) | {} | {} | {} |",
            cell(text(sink, "summary")),
            cell(text(sink, "grouping")),
            cell(text(sink, "guarantee")),
        )
        .expect("a text takes what is written");
    }
    Page { path: "reference/sinks.md".to_owned(), text: out }
}

/// One kind of sink: its settings as the schema has them, then its README, whose own table of settings explains more.
pub(super) fn page(sink: &Value) -> Page {
    let name = text(sink, "name");
    let schema = sink.get("settings").cloned().unwrap_or_default();
    let text = format!(
        "# `{name}`\n\n{}. Guarantee: {}.\n\n## All settings\n\n{}\n{}\n",
        text(sink, "summary"),
        text(sink, "guarantee"),
        settings::table(&schema, &schema),
        readme(&format!("sinks/src/{name}")),
    );
    Page { path: format!("reference/sinks/{name}.md"), text }
}
