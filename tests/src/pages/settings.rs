//! The reference of the configuration, from its JSON Schema.

use std::fmt::Write as _;

use serde_json::Value;

use super::{Page, cell, text};

/// Everything in the operator's file.
pub(super) fn operator(schema: &Value) -> Page {
    let intro = "The file that `tributary run -c FILE` is given. Every value may be written as `${NAME}` (environment, \
                 `${NAME:-default}` with a default) or, for secrets, as `file:PATH`.";
    Page {
        path: "reference/operator.md".to_owned(),
        text: file(schema, "operator", "The operator's file", intro),
    }
}

/// Everything in a tenant's file, but the settings of its sinks, which have pages of their own.
pub(super) fn tenant(schema: &Value) -> Page {
    let intro = "One file per tenant. The settings of each kind of sink are on [its own page](sinks.md).";
    Page { path: "reference/tenant.md".to_owned(), text: file(schema, "tenant", "A tenant's file", intro) }
}

fn file(schema: &Value, definition: &str, title: &str, intro: &str) -> String {
    let mut out = format!("# {title}\n\n{intro}\n");
    let mut open = vec![(String::new(), definition.to_owned())];
    let mut seen: Vec<String> = Vec::new();
    while !open.is_empty() {
        let (path, name) = open.remove(0);
        if name == "Sink" || seen.contains(&format!("{path}{name}")) {
            continue;
        }
        seen.push(format!("{path}{name}"));
        let Some(object) = schema.pointer(&format!("/$defs/{name}")) else { continue };
        if object.get("properties").is_none() {
            continue;
        }
        if !path.is_empty() {
            writeln!(out, "\n## `{}`\n\n{}", path.trim_end_matches('.'), text(object, "description"))
                .expect("a text takes what is written");
        }
        out.push('\n');
        out.push_str(&table(schema, object));
        for (key, property) in properties(object) {
            for (suffix, inner) in referred(property) {
                open.push((format!("{path}{key}{suffix}."), inner));
            }
        }
    }
    out
}

/// The settings of one object as a table.
pub(super) fn table(schema: &Value, object: &Value) -> String {
    let required: Vec<_> = object
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let mut out = "| setting | value | default | meaning |\n|---|---|---|---|\n".to_owned();
    for (key, property) in properties(object) {
        let default = match property.get("default") {
            Some(Value::Null) | None if required.contains(&key.as_str()) => "**required**".to_owned(),
            Some(Value::Null) | None => "–".to_owned(),
            Some(Value::String(word)) if word.is_empty() => "empty".to_owned(),
            Some(value) => format!("`{value}`"),
        };
        let row = format!(
            "| `{key}` | {} | {default} | {} |\n",
            cell(&kind(schema, property)),
            cell(text(property, "description"))
        );
        out.push_str(&row);
    }
    out
}

fn properties(object: &Value) -> impl Iterator<Item = (&String, &Value)> {
    object.get("properties").and_then(Value::as_object).into_iter().flatten()
}

/// What a setting takes, in a few words.
fn kind(schema: &Value, property: &Value) -> String {
    if let Some(values) = property.get("enum").and_then(Value::as_array) {
        return values
            .iter()
            .filter_map(Value::as_str)
            .map(|word| format!("`{word}`"))
            .collect::<Vec<_>>()
            .join(", ");
    }
    if let Some(word) = property.get("const").and_then(Value::as_str) {
        return format!("`{word}`");
    }
    if let Some(name) = target(property) {
        let Some(object) = schema.pointer(&format!("/$defs/{}", name.replace('/', "~1"))) else {
            return name;
        };
        if object.get("properties").is_some() || name == "Sink" {
            return "a table of settings".to_owned();
        }
        return kind(schema, object);
    }
    for many in ["oneOf", "anyOf"] {
        if let Some(choices) = property.get(many).and_then(Value::as_array) {
            let kinds: Vec<_> = choices
                .iter()
                .filter(|choice| text(choice, "type") != "null")
                .map(|choice| kind(schema, choice))
                .collect();
            return kinds.join(" or ");
        }
    }
    if let Some(items) = property.get("items") {
        return format!("list of {}", kind(schema, items));
    }
    if let Some(values) = property.get("additionalProperties").filter(|values| values.is_object()) {
        return format!("names, each with {}", kind(schema, values));
    }
    if let Some((_, first)) = properties(property).next() {
        return format!("keys of providers, each with {}", kind(schema, first));
    }
    let types = match property.get("type") {
        Some(Value::Array(types)) => types
            .iter()
            .filter_map(Value::as_str)
            .filter(|word| *word != "null")
            .collect::<Vec<_>>()
            .join(" or "),
        Some(Value::String(word)) => word.clone(),
        _ => "anything".to_owned(),
    };
    match types.as_str() {
        "string" => "text".to_owned(),
        "boolean" => "`true` or `false`".to_owned(),
        "integer" => "whole number".to_owned(),
        _ => types,
    }
}

fn target(property: &Value) -> Option<String> {
    let reference = property.get("$ref").and_then(Value::as_str)?;
    reference.strip_prefix("#/$defs/").map(str::to_owned)
}

/// The definitions that a setting refers to, with what stands between its name and theirs.
fn referred(property: &Value) -> Vec<(&'static str, String)> {
    let mut found: Vec<_> = target(property).map(|name| ("", name)).into_iter().collect();
    for many in ["oneOf", "anyOf"] {
        for choice in property.get(many).and_then(Value::as_array).into_iter().flatten() {
            found.extend(referred(choice));
        }
    }
    if let Some(values) = property.get("additionalProperties") {
        found.extend(referred(values).into_iter().map(|(_, name)| (".NAME", name)));
    }
    if let Some((_, first)) = properties(property).next() {
        found.extend(referred(first).into_iter().map(|(_, name)| (".PROVIDER", name)));
    }
    if let Some(items) = property.get("items") {
        found.extend(referred(items).into_iter().map(|(_, name)| ("[]", name)));
    }
    found
}
