//! Lists of all providers inside pages that people write: the table of contents and the README.
//!
//! Only the lines of the list are printed; everything around them stays as it was written.

use std::fs;

use serde_json::Value;

use super::{Page, list, root, text};

/// The table of contents: a line for each provider below that of all providers.
pub(super) fn contents(providers: &Value) -> Page {
    let line = |provider: &Value| {
        format!("  - [{}](reference/providers/{}.md)", text(provider, "name"), text(provider, "key"))
    };
    replaced("SUMMARY.md", "- [Providers](reference/providers.md)", "  - [Coverage]", providers, line)
}

/// The README: a row for each provider in the table of what is supported.
pub(super) fn readme(providers: &Value) -> Page {
    let row = |provider: &Value| {
        let types = list(provider.get("data_types").unwrap_or(&Value::Null));
        let types: Vec<_> = types.iter().filter_map(Value::as_str).collect();
        format!(
            "| {} | {} | {} | [README](providers/src/{}/README.md) |",
            text(provider, "name"),
            types.join(", "),
            text(provider, "notifications"),
            text(provider, "key"),
        )
    };
    let header = "| provider | data types | notifications | page |\n|---|---|---|---|";
    replaced("../README.md", header, "| device files |", providers, row)
}

/// The page with a line for each provider between the two places.
fn replaced(
    path: &str,
    after: &str,
    before: &str,
    providers: &Value,
    line: impl Fn(&Value) -> String,
) -> Page {
    let page = root().join("docs").join(path);
    let written = fs::read_to_string(&page)
        .unwrap_or_else(|error| panic!("{} cannot be read: {error}", page.display()));
    let missing = |place: &str| panic!("{path} lacks the line {place}");
    let (head, rest) = written.split_once(after).unwrap_or_else(|| missing(after));
    let (_, tail) = rest.split_once(&format!("\n{before}")).unwrap_or_else(|| missing(before));
    let lines: Vec<_> = list(providers).iter().map(line).collect();
    Page { path: path.to_owned(), text: format!("{head}{after}\n{}\n{before}{tail}", lines.join("\n")) }
}
