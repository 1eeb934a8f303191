//! FIT files through the same door as uploads.
//!
//! `samples` reads real device files from a folder that is not part of the project: the one that `TRIBUTARY_SAMPLES`
//! names, else `shared/samples` beside the workspace; without it those tests say "skipped". `synthetic` covers with
//! files made here what the real ones do not hold, `damage` what must never happen whatever the bytes are.
#![cfg(test)]

#[path = "fit/damage.rs"]
mod damage;
#[path = "fit/samples.rs"]
mod samples;
mod schema;
#[path = "fit/synthetic.rs"]
mod synthetic;
#[path = "fit/writer.rs"]
mod writer;

use std::path::{Path, PathBuf};
use std::{env, fs};

use tributary_contract::model::{Activity, Body, Record};
use tributary_providers::route::import::{Format, records};

/// The bytes of a real file, or none, said aloud, where the folder is missing.
fn sample(file: &str) -> Option<Vec<u8>> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/samples");
    let folder = env::var_os("TRIBUTARY_SAMPLES").map_or_else(beside, PathBuf::from);
    if !folder.is_dir() {
        eprintln!("skipped: {file} is not at hand; TRIBUTARY_SAMPLES names the folder of device files");
        return None;
    }
    Some(fs::read(folder.join(file)).unwrap_or_else(|error| panic!("{file}: {error}")))
}

/// Imports a file that must be good, and checks what it gives against the published schemas.
fn import(file: &str, bytes: &[u8]) -> Vec<Record> {
    let records = records(Format::Fit, file, bytes).unwrap();
    if let Some(schemas) = schema::Schemas::at_hand() {
        for record in &records {
            let validator = schemas.validator(record.data_type().as_str()).unwrap();
            let json = serde_json::to_value(record).unwrap();
            let errors: Vec<String> = validator.iter_errors(&json).map(|error| error.to_string()).collect();
            assert!(errors.is_empty(), "{file}: {errors:?}");
        }
    } else {
        eprintln!(
            "skipped: the published schemas are not at hand; TRIBUTARY_TERRA_SCHEMAS names their folder"
        );
    }
    for record in &records {
        let json = record.to_json().unwrap();
        assert!(
            Record::from_json(record.data_type(), &json).unwrap() == *record,
            "{file}: not read back equal"
        );
    }
    records
}

fn activities(records: &[Record]) -> Vec<&Activity> {
    let activities = records.iter().filter_map(|record| match record {
        Record::Activity(activity) => Some(&**activity),
        _ => None,
    });
    activities.collect()
}

fn bodies(records: &[Record]) -> Vec<&Body> {
    let bodies = records.iter().filter_map(|record| match record {
        Record::Body(body) => Some(&**body),
        _ => None,
    });
    bodies.collect()
}

/// A field by its path in the JSON of a record, as consumers see it.
fn at<T: serde::Serialize>(record: &T, path: &str) -> serde_json::Value {
    let json = serde_json::to_value(record).unwrap();
    json.pointer(&format!("/{}", path.replace('.', "/"))).cloned().unwrap_or_default()
}
