//! Rules of the house that a compiler does not check.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use tributary_contract::model::DataType;
use tributary_providers::registry::PROVIDERS;
use tributary_sinks::registry::SinkOptions;

/// Lines of a module, tests not counted.
const LONGEST: usize = 500;

/// Errors that providers raise although only the door should, with the reason.
const RAISED: [(&str, &str, &str); 1] = [(
    "providers/src/strava/mod.rs",
    "FetchError::Gone { call: GET_STREAMS.to_owned() }",
    "an activity whose samples are still being written counts as not there yet, so that its notification is retried",
)];

/// Folders of providers/src that are no provider.
const NO_PROVIDER: [&str; 4] = ["format", "kit", "route", "sandbox"];
/// Folders of sinks/src that are no sink.
const NO_SINK: [&str; 2] = ["object", "table"];

/// Cases that every mapping has.
const CASES: [&str; 3] = ["full", "minimal", "nulls"];
/// Cases that a mapping of sessions has as well.
const SESSION_CASES: [&str; 4] = ["unknown_enum", "negative_offset", "dst", "zero_duration"];

const PROVIDER_HEADINGS: [&str; 9] = [
    "What you get",
    "Connect",
    "Quotas",
    "Notifications",
    "History",
    "Time and zones",
    "Fields",
    "Known gaps",
    "Sources",
];
const SINK_HEADINGS: [&str; 7] = [
    "Settings",
    "Rights needed",
    "Layout",
    "Guarantee",
    "Limits",
    "When the target is full, slow or gone",
    "Read it back",
];

/// A source file: its path from the root of the repository, and its text without the unit tests in it.
struct Source {
    path: String,
    code: String,
    /// The whole module is there for tests.
    only_tests: bool,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// All our sources.
fn sources() -> Vec<Source> {
    let mut found = Vec::new();
    for folder in ["engine", "providers", "sinks", "config", "supervisor", "tests"] {
        walk(&root().join(folder), &mut found);
    }
    assert!(found.len() > 100, "the sources were not found");
    found
}

fn walk(folder: &Path, found: &mut Vec<Source>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            if name != "target" && !name.starts_with('.') {
                walk(&path, found);
            }
            continue;
        }
        if name.ends_with(".rs") {
            let text = fs::read_to_string(&path).unwrap();
            let path = path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
            let only_tests = name == "tests.rs" || name.ends_with("_tests.rs");
            let only_tests = only_tests
                || ["/tests/", "/conformance/", "/fuzz/"].iter().any(|folder| path.contains(folder));
            found.push(Source { path, code: without_unit_tests(&text), only_tests });
        }
    }
}

/// The text up to an inline module of tests.
fn without_unit_tests(text: &str) -> String {
    let lines: Vec<_> = text.lines().collect();
    let is_tests = |at: &usize| {
        lines[*at] == "#[cfg(test)]" && lines.get(at + 1).is_some_and(|next| next.ends_with('{'))
    };
    let end = (0..lines.len()).find(is_tests).unwrap_or(lines.len());
    lines[..end].join("\n")
}

fn folders(of: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(root().join(of)).unwrap().map(|entry| entry.unwrap().path());
    entries
        .filter(|path| path.is_dir())
        .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
        .collect()
}

fn headings(readme: &Path) -> Vec<String> {
    let text = fs::read_to_string(readme).unwrap_or_else(|error| panic!("{}: {error}", readme.display()));
    let mut in_code = false;
    let mut found = Vec::new();
    for line in text.lines() {
        in_code ^= line.starts_with("```");
        if let (false, Some(heading)) = (in_code, line.strip_prefix("## ")) {
            found.push(heading.to_owned());
        }
    }
    found
}

#[test]
fn no_module_is_too_long_to_be_read() {
    let mut wrong = Vec::new();
    for source in sources().into_iter().filter(|source| !source.only_tests) {
        let lines = source.code.lines().count();
        if lines > LONGEST {
            wrong.push(format!("{} has {lines} lines without tests; split it by meaning", source.path));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_registry_of_providers_is_sorted_and_is_what_the_folders_are() {
    let keys: Vec<_> = PROVIDERS.iter().map(|provider| provider.spec().key).collect();
    assert!(keys.is_sorted(), "{keys:?}");
    let mut expected: BTreeSet<String> = keys.iter().map(|key| (*key).to_owned()).collect();
    let there = folders("providers/src");
    expected.extend(NO_PROVIDER.iter().map(|name| (*name).to_owned()).filter(|name| there.contains(name)));
    assert_eq!(there, expected);
}

#[test]
fn the_registry_of_sinks_is_sorted_and_is_what_the_folders_are() {
    let kinds: Vec<_> = SinkOptions::KINDS.iter().map(|kind| kind.name).collect();
    assert!(kinds.is_sorted(), "{kinds:?}");
    let mut expected: BTreeSet<String> = kinds.iter().map(|name| (*name).to_owned()).collect();
    let there = folders("sinks/src");
    expected.extend(NO_SINK.iter().map(|name| (*name).to_owned()).filter(|name| there.contains(name)));
    assert_eq!(there, expected);
}

#[test]
fn every_provider_has_the_same_files_and_the_same_headings() {
    for provider in PROVIDERS {
        let folder = root().join("providers/src").join(provider.spec().key);
        assert_eq!(headings(&folder.join("README.md")), PROVIDER_HEADINGS, "{}", folder.display());
        for name in ["mod.rs", "fixtures/SOURCES.md"] {
            assert!(folder.join(name).exists(), "{} lacks {name}", folder.display());
        }
        for name in ["wire", "normalize", "sandbox"] {
            let there = folder.join(name).is_dir() || folder.join(format!("{name}.rs")).exists();
            assert!(there, "{} lacks {name}", folder.display());
        }
    }
}

#[test]
fn every_sink_has_the_same_files_and_the_same_headings() {
    for kind in SinkOptions::KINDS {
        let folder = root().join("sinks/src").join(kind.name);
        assert_eq!(headings(&folder.join("README.md")), SINK_HEADINGS, "{}", folder.display());
        for name in ["mod.rs", "options.rs"] {
            assert!(folder.join(name).exists(), "{} lacks {name}", folder.display());
        }
    }
}

#[test]
fn every_mapping_has_its_cases() {
    let mut lacking = Vec::new();
    for spec in PROVIDERS.iter().map(|provider| provider.spec()) {
        let folder = root().join("providers/src").join(spec.key).join("fixtures");
        let has = |resource: &str, case: &str| {
            ["in", "out"].iter().all(|end| folder.join(format!("{resource}.{case}.{end}.json")).exists())
        };
        for resource in spec.resources {
            // Sessions have a beginning and an end, so all that can go wrong with times can go wrong there.
            let is_session =
                resource.yields.iter().any(|of| matches!(of, DataType::Activity | DataType::Sleep));
            let cases = CASES.iter().chain(SESSION_CASES.iter().filter(|_| is_session));
            let absent = cases.filter(|case| !has(resource.name, case));
            lacking.extend(absent.map(|case| format!("{}: {}.{case}", spec.key, resource.name)));
        }
    }
    assert!(lacking.is_empty(), "{lacking:#?}");
}

#[test]
fn every_exception_from_a_lint_says_why() {
    let mut wrong = Vec::new();
    for source in sources() {
        let text = fs::read_to_string(root().join(&source.path)).unwrap();
        for begin in ["[expect(", "[allow("] {
            for (at, _) in
                text.match_indices(&format!("#{begin}")).chain(text.match_indices(&format!("#!{begin}")))
            {
                let attribute = text[at..].split(")]").next().unwrap();
                let reason = attribute.split_once("reason = \"").map_or("", |(_, reason)| reason);
                if reason.len() < 10 || begin == "[allow(" {
                    wrong.push(format!("{}: {}", source.path, attribute.replace('\n', " ")));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "an exception is an `expect` with a reason: {wrong:#?}");
}

#[test]
fn no_test_sleeps() {
    // Put together here, so that this file does not find itself.
    let calls = ["thread", "tokio::time", "actix_rt::time", "actix::clock"].map(|of| format!("{of}::sleep("));
    let mut wrong = Vec::new();
    for source in sources() {
        let text = fs::read_to_string(root().join(&source.path)).unwrap();
        // What is waited for in the kit is looked at again and again, and a bench lets a load run.
        let is_excused = source.path == "tests/src/wait.rs" || source.path.starts_with("tests/benches/");
        let is_test = source.only_tests || source.path.starts_with("tests/") || text.contains("#[cfg(test)]");
        let tests = if source.only_tests || source.path.starts_with("tests/") {
            text.as_str()
        } else {
            text.get(source.code.len()..).unwrap_or_default()
        };
        if is_test && !is_excused {
            let found = calls.iter().filter(|call| tests.contains(call.as_str()));
            wrong.extend(found.map(|call| format!("{}: {call}", source.path)));
        }
    }
    assert!(wrong.is_empty(), "wait for a condition instead: {wrong:#?}");
}

#[test]
fn nothing_speaks_of_the_place_where_it_was_written() {
    // Put together here, so that this file does not find itself.
    let places = ["work", "Users", "home"].map(|folder| format!("/{folder}/"));
    let mut texts = Vec::new();
    for folder in ["config", "deploy", "docs", "engine", "providers", "sinks", "supervisor", "tests"] {
        texts_below(&root().join(folder), &mut texts);
    }
    for name in ["ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "Cargo.toml", "README.md"] {
        texts.push(root().join(name));
    }
    let mut wrong = Vec::new();
    for path in texts {
        let Ok(text) = fs::read_to_string(&path) else { continue };
        for (number, line) in (1..).zip(text.lines()) {
            // A path, and not a part of a longer one or of a URL.
            let is_path = |place: &String| {
                line.match_indices(place.as_str()).any(|(at, _)| {
                    !line[..at].ends_with(|before: char| before.is_alphanumeric() || "/.}-_".contains(before))
                })
            };
            let found = places.iter().find(|place| is_path(place));
            wrong.extend(found.map(|place| format!("{}:{number}: {place}", path.display())));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Texts that people read: code, pages, settings, scripts.
fn texts_below(folder: &Path, found: &mut Vec<PathBuf>) {
    const KINDS: [&str; 7] = ["rs", "md", "toml", "yaml", "yml", "sh", "sql"];
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() && name != "target" && name != "node_modules" && !name.starts_with('.') {
            texts_below(&path, found);
        } else if path.extension().is_none_or(|kind| KINDS.iter().any(|known| kind == *known))
            && path.is_file()
        {
            found.push(path);
        }
    }
}

#[test]
fn a_simulated_provider_shares_no_code_with_what_it_checks() {
    let mut wrong = Vec::new();
    for source in sources() {
        let is_sandbox = source.path.starts_with("providers/src/")
            && (source.path.contains("/sandbox/") || source.path.ends_with("/sandbox.rs"));
        if !is_sandbox || source.only_tests {
            continue;
        }
        for line in source.code.lines().map(str::trim).filter(|line| !line.starts_with("//")) {
            let names = |word: &str| {
                line.split(|letter: char| !letter.is_alphanumeric() && letter != '_').any(|part| part == word)
            };
            let forbidden = ["wire", "normalize", "tributary_engine"].into_iter().find(|word| names(word));
            wrong.extend(forbidden.map(|word| format!("{}: {word} in `{line}`", source.path)));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_retry_policy_is_in_one_module() {
    let uses = |source: &&Source| source.code.contains("backoff::");
    let found: Vec<_> = sources().iter().filter(uses).map(|source| source.path.clone()).collect();
    let found: Vec<_> = found.into_iter().filter(|path| !path.starts_with("tests/")).collect();
    assert_eq!(found, ["engine/src/retry.rs"]);
}

#[test]
fn only_the_door_says_why_a_call_failed() {
    let mut wrong = Vec::new();
    let mut excused = BTreeSet::new();
    for source in sources() {
        let is_provider =
            source.path.starts_with("providers/src/") && !source.path.starts_with("providers/src/sandbox/");
        if source.only_tests || !is_provider {
            continue;
        }
        for (at, _) in source.code.match_indices("FetchError::") {
            let rest = &source.code[at..];
            let name: String =
                rest["FetchError::".len()..].chars().take_while(|letter| letter.is_alphanumeric()).collect();
            let braces = rest.split_once('}').map_or(rest, |(inside, _)| inside);
            let is_variant = name.starts_with(char::is_uppercase)
                && rest["FetchError::".len() + name.len()..].starts_with(" {");
            // With `..` it is a pattern and raises nothing.
            if !is_variant || braces.contains("..") || ["Malformed", "Unsupported"].contains(&name.as_str()) {
                continue;
            }
            match RAISED.iter().find(|(path, text, _)| *path == source.path && rest.starts_with(text)) {
                Some((_, text, _)) => drop(excused.insert(*text)),
                None => wrong.push(format!("{}: {}", source.path, rest.lines().next().unwrap())),
            }
        }
    }
    assert!(wrong.is_empty(), "providers raise only Malformed and Unsupported: {wrong:#?}");
    assert_eq!(excused.len(), RAISED.len(), "an excuse is not needed any more");
}

#[test]
fn nothing_is_left_to_do_and_no_test_is_switched_off() {
    // Put together here, so that this file does not find itself.
    let words = ["to", "unimplem", "db", "ig"].into_iter().zip(["do!(", "ented!(", "g!(", "nore]"]);
    let words: Vec<String> = words.map(|(begin, end)| format!("{begin}{end}")).collect();
    let mut wrong = Vec::new();
    for source in sources() {
        let text = fs::read_to_string(root().join(&source.path)).unwrap();
        let prefixed = |word: &str| word != words[3] || text.contains(&format!("#[{word}"));
        let found = words.iter().filter(|word| text.contains(word.as_str()) && prefixed(word));
        wrong.extend(found.map(|word| format!("{}: {word}", source.path)));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_module_says_what_it_is() {
    let silent = |source: &Source| !source.only_tests && !source.code.starts_with("//!");
    let found: Vec<_> = sources().into_iter().filter(silent).map(|source| source.path).collect();
    assert!(found.is_empty(), "without `//!`: {found:#?}");
}

#[test]
fn names_of_spans_and_metrics_are_written_in_one_place() {
    use tributary_engine::telemetry::{metric, span};
    let mut names: BTreeSet<&str> = metric::ALL.iter().map(|instrument| instrument.about().name).collect();
    names.extend(
        metric::ALL.iter().flat_map(|instrument| instrument.labels()).filter(|key| key.contains('.')),
    );
    names
        .extend(span::ALL.iter().flat_map(|about| about.attributes).copied().filter(|key| key.contains('.')));
    let mut wrong = Vec::new();
    for source in sources().into_iter().filter(|source| !source.only_tests) {
        if source.path.starts_with("engine/src/telemetry/") || source.path.starts_with("tests/") {
            continue;
        }
        let written = names.iter().filter(|name| source.code.contains(&format!("\"{name}\"")));
        wrong.extend(written.map(|name| format!("{}: {name:?}", source.path)));
        if source.code.contains("span!(") || source.code.contains("#[instrument") {
            wrong.push(format!("{}: a span of its own", source.path));
        }
    }
    assert!(wrong.is_empty(), "they belong into engine/src/telemetry: {wrong:#?}");
}
