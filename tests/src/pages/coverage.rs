//! Which fields of the standard models each provider fills, as its golden outputs prove.
//!
//! Read from the fixtures alone, so the table never claims more than what a test compares.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;

use serde_json::Value;
use tributary_providers::registry::PROVIDERS;

use super::{Page, root};

/// Field paths by data type, with the providers that fill them.
type Coverage = BTreeMap<String, BTreeMap<String, BTreeSet<&'static str>>>;

/// The table, one part per data type.
pub(super) fn page() -> Page {
    let coverage = read();
    let mut out = "# Which provider fills which field\n\nPrinted from the golden outputs of the providers' tests: a dot \
                   stands where at least one documented input leads to a value.\n"
        .to_owned();
    for (data_type, fields) in &coverage {
        let providers: BTreeSet<_> = fields.values().flatten().copied().collect();
        let names: Vec<_> = providers.iter().copied().collect();
        writeln!(out, "\n## {data_type}\n\n| field | {} |", names.join(" | "))
            .expect("a text takes what is written");
        writeln!(out, "|---|{}", ":-:|".repeat(names.len())).expect("a text takes what is written");
        for (field, filled) in fields {
            let dots: Vec<_> =
                names.iter().map(|name| if filled.contains(name) { "●" } else { "" }).collect();
            writeln!(out, "| `{field}` | {} |", dots.join(" | ")).expect("a text takes what is written");
        }
    }
    Page { path: "reference/coverage.md".to_owned(), text: out }
}

fn read() -> Coverage {
    let mut coverage = Coverage::new();
    for provider in PROVIDERS {
        let key = provider.spec().key;
        let folder = root().join("providers/src").join(key).join("fixtures");
        let Ok(files) = fs::read_dir(&folder) else { continue };
        for file in files {
            let path = file.expect("a readable folder").path();
            if !path.to_string_lossy().ends_with(".out.json") {
                continue;
            }
            let text = fs::read_to_string(&path).expect("a readable fixture");
            let records: Value = serde_json::from_str(&text).expect("a fixture in JSON");
            for record in records.as_array().into_iter().flatten() {
                let data_type = record.get("type").and_then(Value::as_str).unwrap_or("");
                let fields = coverage.entry(data_type.to_owned()).or_default();
                walk(record.get("record").unwrap_or(&Value::Null), "", &mut |field| {
                    fields.entry(field.to_owned()).or_default().insert(key);
                });
            }
        }
    }
    coverage
}

/// Visits the path of every value that says something.
fn walk(value: &Value, path: &str, visit: &mut impl FnMut(&str)) {
    match value {
        Value::Null => {}
        Value::Object(object) => {
            for (key, inner) in object {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                walk(inner, &path, visit);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| walk(item, &format!("{path}[]"), visit)),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => visit(path),
    }
}
