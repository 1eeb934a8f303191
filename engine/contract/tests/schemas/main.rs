//! The model against the published JSON Schemas: nothing missing, nothing misspelt, nothing invented.
//!
//! The schemas are not part of this repository. They are looked for in the folder that `TRIBUTARY_TERRA_SCHEMAS`
//! names, else beside the workspace; without them these tests say that they were skipped.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "the helpers of a test may panic"
)]

mod fields;
mod fill;
mod load;
mod table;

use std::collections::BTreeSet;

use fill::{Extent, Filler, turns};
use load::Schemas;
use serde_json::{Value, json};
use table::Row;

/// Runs a check, or says that it was skipped.
macro_rules! schemas_or_skip {
    () => {
        match Schemas::load() {
            Some(schemas) => schemas,
            None => {
                println!("SKIPPED: no schemas in {}", Schemas::folder().display());
                return;
            }
        }
    };
}

#[test]
fn every_schema_has_a_row() {
    let schemas = schemas_or_skip!();
    let published: BTreeSet<&str> = schemas.0.keys().map(String::as_str).collect();
    let rows = table::structs().into_iter().chain(table::enums()).map(|row| row.schema);
    let known: BTreeSet<&str> = rows.chain(table::NOT_A_TYPE.map(|(schema, _)| schema)).collect();
    assert_eq!(published.difference(&known).collect::<Vec<_>>(), Vec::<&&str>::new(), "without a row");
    assert_eq!(known.difference(&published).collect::<Vec<_>>(), Vec::<&&str>::new(), "without a schema");
    println!("{} schemas checked", published.len());
}

#[test]
fn every_property_and_every_enum_value_survives() {
    let schemas = schemas_or_skip!();
    for row in table::structs() {
        let validator = jsonschema::validator_for(&schemas.whole(row.schema)).unwrap();
        let full = turns(&schemas, &json!({"$ref": format!("#/$defs/{}", row.schema)}), &mut Vec::new());
        let documents = (0..full).map(|turn| (Extent::Full, turn)).chain([(Extent::Required, 0)]);
        for (extent, turn) in documents {
            let document = Filler::new(&schemas, extent, turn).document(row.schema);
            validator
                .validate(&document)
                .unwrap_or_else(|error| panic!("{}: made badly: {error}", row.schema));
            let again = (row.again)(&document).unwrap_or_else(|error| panic!("{}: {error}", row.schema));
            assert_eq!(difference(&document, &again, row.schema), None);
            validator.validate(&again).unwrap_or_else(|error| panic!("{}: {error}", row.schema));
        }
    }
}

#[test]
fn null_counts_as_absent_everywhere() {
    let schemas = schemas_or_skip!();
    for row in table::structs() {
        let validator = jsonschema::validator_for(&schemas.whole(row.schema)).unwrap();
        let document = Filler::new(&schemas, Extent::Null, 0).document(row.schema);
        let again = (row.again)(&document).unwrap_or_else(|error| panic!("{}: {error}", row.schema));
        validator.validate(&again).unwrap_or_else(|error| panic!("{}: {error}", row.schema));
        let required = schemas.required(&schemas.0[row.schema]);
        for (field, value) in again.as_object().unwrap() {
            assert!(
                !value.is_null() || required.contains(field),
                "{}.{field} is written as null",
                row.schema
            );
        }
    }
}

#[test]
fn no_type_has_a_field_that_its_schema_lacks() {
    let schemas = schemas_or_skip!();
    for row in table::structs() {
        let properties = schemas.properties(&schemas.0[row.schema]);
        let published: BTreeSet<&str> =
            properties.keys().map(String::as_str).chain(row.added.iter().copied()).collect();
        assert_eq!(published.len(), properties.len() + row.added.len(), "{}: no addition", row.schema);
        let fields: BTreeSet<&str> = row.fields.unwrap().iter().copied().collect();
        assert_eq!(fields, published, "{}", row.schema);
    }
}

#[test]
fn required_fields_are_required_and_others_are_not() {
    let schemas = schemas_or_skip!();
    for row in table::structs() {
        let document = Filler::new(&schemas, Extent::Full, 0).document(row.schema);
        let schema = &schemas.0[row.schema];
        let (properties, required) = (schemas.properties(schema), schemas.required(schema));
        for field in row.fields.unwrap() {
            let mut without = document.clone();
            without.as_object_mut().unwrap().remove(*field);
            let nullable = properties.get(*field).is_some_and(|property| property.get("anyOf").is_some());
            let must = required.iter().any(|name| name == field) && !nullable;
            assert_eq!((row.again)(&without).is_err(), must, "{}.{field}", row.schema);
        }
    }
}

#[test]
fn every_enum_has_exactly_the_published_values() {
    let schemas = schemas_or_skip!();
    for row in table::enums() {
        let mut published = values(&schemas.0[row.schema]);
        published.extend(newer(row.schema).iter().map(|word| json!(word).to_string()));
        let listed: BTreeSet<String> = (row.listed.unwrap())().iter().map(Value::to_string).collect();
        assert_eq!(listed, published, "{}", row.schema);
        for value in &published {
            let value: Value = serde_json::from_str(value).unwrap();
            assert_eq!((row.again)(&value), Ok(value), "{}", row.schema);
        }
        unknown_value_is_passed_on(&row);
    }
}

#[test]
fn the_words_of_the_older_filter_are_known() {
    let schemas = schemas_or_skip!();
    for word in values(&schemas.0["EventType"]) {
        let word: String = serde_json::from_str(&word).unwrap();
        let known: tributary_contract::model::EventType = word.parse().unwrap();
        assert!(known.as_str() == word || word == "s3_upload", "{word}");
    }
}

#[test]
fn every_event_schema_of_the_union_is_checked() {
    let schemas = schemas_or_skip!();
    let rows = table::structs();
    for branch in schemas.0["WebhookEventType"]["oneOf"].as_array().unwrap() {
        let name = schemas.target(branch).0.unwrap();
        assert!(rows.iter().any(|row| row.schema == name), "{name}");
    }
}

/// Values added after the schemas were published.
fn newer(schema: &str) -> &'static [&'static str] {
    match schema {
        "CompletionConditionType" => &[
            "hr_percentage_less_than",
            "hr_percentage_greater_than",
            "power_less_than",
            "power_greater_than",
            "power_percentage_less_than",
            "power_percentage_greater_than",
        ],
        _ => &[],
    }
}

/// The values of an enum schema, as JSON texts.
fn values(schema: &Value) -> BTreeSet<String> {
    let branches = schema["oneOf"].as_array().or_else(|| schema["anyOf"].as_array());
    let constants = branches.into_iter().flatten().map(|branch| &branch["const"]);
    let listed = schema["enum"].as_array().into_iter().flatten();
    constants.chain(listed).map(Value::to_string).collect()
}

fn unknown_value_is_passed_on(row: &Row) {
    let unknown = if (row.listed.unwrap())()[0].is_number() { json!(9999) } else { json!("not yet known") };
    assert_eq!((row.again)(&unknown), Ok(unknown), "{}", row.schema);
}

/// The first place where two documents differ; 1 equals 1.0.
fn difference(one: &Value, other: &Value, place: &str) -> Option<String> {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            let keys: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
            keys.into_iter().find_map(|key| match (one.get(key), other.get(key)) {
                (Some(one), Some(other)) => difference(one, other, &format!("{place}.{key}")),
                (Some(_), None) => Some(format!("{place}.{key} is lost")),
                (None, _) => Some(format!("{place}.{key} is added")),
            })
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => one
            .iter()
            .zip(other)
            .enumerate()
            .find_map(|(index, (one, other))| difference(one, other, &format!("{place}[{index}]"))),
        (Value::Number(one), Value::Number(other)) if one.as_f64() == other.as_f64() => None,
        _ if one == other => None,
        _ => Some(format!("{place}: {one} became {other}")),
    }
}
