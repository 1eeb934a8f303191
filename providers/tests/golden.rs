//! Every provider's fixtures, run through the same `fetch` as a sync, against the records written beside them.
//!
//! A fixture is a pair in `src/<provider>/fixtures/`: `<resource>.<case>.in.json` maps names of the resource's
//! documents to what the provider answers, `<resource>.<case>.out.json` lists the records expected from it. Documents
//! that a fixture leaves out are answered as the provider answers when there is nothing. When the template of the
//! resource's first document has an argument, the job names one id; otherwise it lists a window: January 2026, or the
//! pair of instants under `$window`.
//!
//! Expected records are also validated against the published schemas where those are at hand. With `UPDATE_GOLDEN=1`
//! the out-files are written instead of compared, which says nothing about their truth; never under `CI`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{env, fs};

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};
use tributary_contract::recorded::{Kept, Recorded};
use tributary_contract::spec::{Resource, Status};
use tributary_contract::{Account, App, Cause, Emitted, Fetch, Job, Provider, Secret, Window};
use tributary_providers::registry;

mod schema;

use schema::Schemas;

#[tokio::test]
async fn every_fixture_gives_the_records_written_beside_it() {
    let update = env::var_os("UPDATE_GOLDEN").is_some_and(|value| value == "1");
    assert!(
        !(update && env::var_os("CI").is_some()),
        "UPDATE_GOLDEN is not for CI: expected records are checked by hand"
    );
    let (mut checked, mut failures) = (0, Vec::new());
    for &provider in registry::PROVIDERS {
        for pair in pairs(provider).unwrap() {
            checked += 1;
            if let Err(reasons) = check(provider, &pair, update).await {
                failures.push(format!("{}\n    {}", pair.name, reasons.join("\n    ")));
            }
        }
    }
    assert!(checked > 0, "no fixture was found");
    assert!(failures.is_empty(), "{} of {checked} fixtures fail:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn every_resource_has_a_fixture_and_no_file_stands_alone() {
    let mut failures = Vec::new();
    for &provider in registry::PROVIDERS {
        let spec = provider.spec();
        if matches!(spec.status, Status::Declared(_)) {
            continue;
        }
        let pairs = pairs(provider).unwrap();
        for resource in spec.resources {
            if !pairs.iter().any(|pair| pair.resource.name == resource.name) {
                failures.push(format!("{}: no fixture for {}", spec.key, resource.name));
            }
        }
        let known: BTreeSet<&Path> =
            pairs.iter().flat_map(|pair| [pair.input.as_path(), &pair.output]).collect();
        for file in json_files(&folder(provider)).unwrap() {
            if !known.contains(file.as_path()) {
                failures.push(format!("{}: {} has no in-file", spec.key, file.display()));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn expected_records_fit_the_published_schemas() {
    let Some(schemas) = Schemas::at_hand() else {
        eprintln!(
            "skipped: the published schemas are not at hand; TRIBUTARY_TERRA_SCHEMAS names their folder"
        );
        return;
    };
    let (mut validators, mut failures) = (BTreeMap::new(), Vec::new());
    for &provider in registry::PROVIDERS {
        for pair in pairs(provider).unwrap() {
            for (index, entry) in read_list(&pair.output).unwrap_or_default().iter().enumerate() {
                let (Some(data_type), Some(record)) = (entry["type"].as_str(), entry.get("record")) else {
                    continue;
                };
                let validator = validators
                    .entry(data_type.to_owned())
                    .or_insert_with(|| schemas.validator(data_type).unwrap());
                for error in validator.iter_errors(record) {
                    failures.push(format!("{}[{index}]{}: {error}", pair.name, error.instance_path()));
                }
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// One fixture.
struct Pair {
    /// `strava/activities.full`.
    name: String,
    resource: &'static Resource,
    input: PathBuf,
    output: PathBuf,
}

fn folder(provider: &dyn Provider) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(provider.spec().key).join("fixtures")
}

/// The JSON files right in a folder, sorted; none when there is no such folder.
fn json_files(folder: &Path) -> Result<Vec<PathBuf>, String> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))? {
        let path = entry.map_err(|error| format!("{}: {error}", folder.display()))?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.ends_with(".in.json") || name.ends_with(".out.json") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn pairs(provider: &dyn Provider) -> Result<Vec<Pair>, String> {
    let spec = provider.spec();
    let mut pairs = Vec::new();
    for input in json_files(&folder(provider))? {
        let file = input.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let Some(stem) = file.strip_suffix(".in.json") else { continue };
        let resource = stem.split_once('.').and_then(|(resource, _)| spec.resource(resource));
        let resource =
            resource.ok_or_else(|| format!("{}: {file} is not named <resource>.<case>.in.json", spec.key))?;
        let output = input.with_file_name(format!("{stem}.out.json"));
        pairs.push(Pair { name: format!("{}/{stem}", spec.key), resource, input, output });
    }
    Ok(pairs)
}

fn read(path: &Path) -> Result<Value, String> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))
}

fn read_list(path: &Path) -> Result<Vec<Value>, String> {
    match read(path)? {
        Value::Array(list) => Ok(list),
        _ => Err(format!("{}: not a list of records", path.display())),
    }
}

/// Compares one fixture, or writes its out-file.
async fn check(provider: &dyn Provider, pair: &Pair, update: bool) -> Result<(), Vec<String>> {
    let actual = records(provider, pair).await.map_err(|reason| vec![reason])?;
    if update {
        let text = serde_json::to_string_pretty(&actual).map_err(|error| vec![error.to_string()])?;
        return fs::write(&pair.output, text + "\n").map_err(|error| vec![error.to_string()]);
    }
    let expected = read_list(&pair.output).map_err(|reason| vec![reason])?;
    let mut differences = Vec::new();
    differ("", &Value::Array(expected), &Value::Array(actual), &mut differences);
    if differences.is_empty() { Ok(()) } else { Err(differences) }
}

/// What the provider emits for a fixture's documents.
async fn records(provider: &dyn Provider, pair: &Pair) -> Result<Vec<Value>, String> {
    let mut documents: Map<String, Value> = match read(&pair.input)? {
        Value::Object(documents) => documents,
        _ => return Err("the in-file is not an object of documents".to_owned()),
    };
    let window = window(documents.remove("$window").as_ref())?;
    let mut door = Recorded::for_resource(pair.resource);
    for (name, body) in &documents {
        let document = pair.resource.documents.iter().find(|document| document.name == name);
        let document = document.ok_or_else(|| format!("the resource has no document called {name}"))?;
        door = door.answer(document.template, body.to_string());
    }
    let by_id = pair.resource.documents.first().is_some_and(|document| document.template.contains('{'));
    let job = Job {
        resource: pair.resource,
        window,
        cause: Cause::Request,
        cursor: None,
        ids: if by_id { vec!["document".to_owned()] } else { Vec::new() },
    };
    let app = App {
        client_id: "fixture".to_owned(),
        client_secret: Secret::from("fixture"),
        verify_token: None,
        callback_url: "https://sync.example.com/callback".to_owned(),
        notify_url: "https://sync.example.com/notify".to_owned(),
        keys: BTreeMap::new(),
    };
    let kept = Kept::default();
    let account = Account::new("fixture");
    let mut cx =
        Fetch::new(Arc::new(door), Box::new(kept.clone()), Arc::new(app), Some(account), job.window.to);
    provider.fetch(&mut cx, &job).await.map_err(|error| error.to_string())?;
    kept.take().into_iter().chain(cx.take_emitted()).map(written).collect()
}

/// January 2026, unless the fixture names another stretch: most zones change their clocks at other times.
fn window(named: Option<&Value>) -> Result<Window, String> {
    let Some(named) = named else { return Ok(Window::new(instant(1_767_225_600), instant(1_769_904_000))) };
    let (from, to): (DateTime<Utc>, DateTime<Utc>) =
        serde_json::from_value(named.clone()).map_err(|error| format!("$window: {error}"))?;
    Ok(Window::new(from, to))
}

fn instant(epoch_second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(epoch_second, 0).unwrap_or_default()
}

fn written(emitted: Emitted) -> Result<Value, String> {
    match emitted {
        Emitted::Record(record) => {
            let data_type = record.data_type();
            let record = serde_json::to_value(&record).map_err(|error| error.to_string())?;
            Ok(json!({"type": data_type.as_str(), "record": record}))
        }
        Emitted::Deleted { data_type, key } => {
            Ok(json!({"type": data_type.as_str(), "deleted": key.to_string()}))
        }
    }
}

/// Names each place where the two are not the same. `5` and `5.0` are the same number; null is not "absent".
fn differ(at: &str, expected: &Value, actual: &Value, differences: &mut Vec<String>) {
    match (expected, actual) {
        (Value::Object(expected), Value::Object(actual)) => {
            let keys: BTreeSet<&String> = expected.keys().chain(actual.keys()).collect();
            for key in keys {
                match (expected.get(key), actual.get(key)) {
                    (Some(expected), Some(actual)) => {
                        differ(&format!("{at}.{key}"), expected, actual, differences);
                    }
                    (Some(expected), None) => {
                        differences.push(format!("{at}.{key}: expected {expected}, is absent"));
                    }
                    (None, actual) => {
                        differences
                            .push(format!("{at}.{key}: not expected, is {}", actual.unwrap_or(&Value::Null)));
                    }
                }
            }
        }
        (Value::Array(expected), Value::Array(actual)) => {
            if expected.len() != actual.len() {
                differences.push(format!("{at}: expected {} items, are {}", expected.len(), actual.len()));
            }
            for (index, (expected, actual)) in expected.iter().zip(actual).enumerate() {
                differ(&format!("{at}[{index}]"), expected, actual, differences);
            }
        }
        (Value::Number(left), Value::Number(right)) if left.as_f64() == right.as_f64() => {}
        (expected, actual) if expected == actual => {}
        (expected, actual) => differences.push(format!("{at}: expected {expected}, is {actual}")),
    }
}
