//! The pages of the book that are printed from the program: settings from the schema, providers and sinks from the
//! registries; and the lists of providers in pages that people write.
//!
//! What the commands print comes in, Markdown goes out; the pages never hold a fact that the program does not state.
//! Introductions of providers and sinks are their READMEs, with links that lead nowhere inside the book taken out.

mod coverage;
mod lists;
mod provider;
mod settings;
mod sink;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::program;

/// One page: its path below `docs/`, and its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Path below `docs/`.
    pub path: String,
    /// Markdown.
    pub text: String,
}

/// All printed pages.
///
/// # Panics
/// When a command fails or a README is missing.
pub async fn all() -> Vec<Page> {
    let schema = printed(&["config", "schema"]).await;
    let providers = printed(&["providers", "--json"]).await;
    let sinks = printed(&["sinks", "--json"]).await;
    let mut pages = vec![
        settings::operator(&schema),
        settings::tenant(&schema),
        provider::index(&providers),
        sink::index(&sinks),
        coverage::page(),
        lists::contents(&providers),
        lists::readme(&providers),
    ];
    pages.extend(list(&providers).iter().map(provider::page));
    pages.extend(list(&sinks).iter().map(sink::page));
    pages
}

/// The root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_path_buf).expect("tests/ has a parent")
}

async fn printed(arguments: &[&str]) -> Value {
    let output = program::run(arguments).await;
    assert_eq!(output.code, 0, "{arguments:?} failed: {}", output.stderr);
    output.json()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or("")
}

/// A list of words as `a`, `b`.
fn words(value: Option<&Value>) -> String {
    let words: Vec<_> = value.map_or(&[][..], list).iter().filter_map(Value::as_str).collect();
    if words.is_empty() { "–".to_owned() } else { format!("`{}`", words.join("`, `")) }
}

/// What stands in a cell must not end it.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

/// A length of time in its largest whole unit.
fn span(seconds: Option<u64>) -> String {
    match seconds {
        None => "–".to_owned(),
        Some(seconds) if seconds >= 86_400 && seconds.is_multiple_of(86_400) => {
            format!("{} d", seconds / 86_400)
        }
        Some(seconds) if seconds >= 3_600 && seconds.is_multiple_of(3_600) => {
            format!("{} h", seconds / 3_600)
        }
        Some(seconds) if seconds >= 60 && seconds.is_multiple_of(60) => format!("{} min", seconds / 60),
        Some(seconds) => format!("{seconds} s"),
    }
}

/// A README without its title, one heading level lower, its relative links as plain words.
fn readme(folder: &str) -> String {
    let path = root().join(folder).join("README.md");
    let text = fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{} cannot be read: {error}", path.display()));
    let mut lines = Vec::new();
    let mut fenced = false;
    for line in text.lines() {
        fenced ^= line.starts_with("```");
        if !fenced && line.starts_with("# ") {
            continue;
        }
        lines.push(if fenced { line.to_owned() } else { unlinked(line) });
    }
    lines.join("\n").trim().to_owned()
}

/// Turns `[words](relative/path)` into `words`.
fn unlinked(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, after)) = rest.split_once('[') {
        out.push_str(before);
        let link = after.split_once("](").and_then(|(words, tail)| {
            let (target, tail) = tail.split_once(')')?;
            (!words.contains('[')).then_some((words, target, tail))
        });
        match link {
            Some((words, target, tail)) if !target.starts_with("http") && !target.starts_with('#') => {
                out.push_str(words);
                rest = tail;
            }
            Some(_) | None => {
                out.push('[');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}
