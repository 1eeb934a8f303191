//! JSON Schema of both files, for editors.
//!
//! Made from the same types that read the files; the settings of each kind of sink come from the sink. It says nothing
//! that the types do not say.

use std::borrow::Cow;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};
use tributary_sinks::{SinkOptions, schema_of};

use crate::entry::{SHARED, SinkEntry, TYPE};
use crate::operator::{Operator, OperatorFile};
use crate::tenant::TenantFile;
use crate::words::{AtLeastOne, Events, Word};

/// JSON Schema of the operator's and of the tenants' files. A file is either; `#/$defs/operator` and `#/$defs/tenant`
/// describe them one by one.
pub fn schema() -> Value {
    let mut generator = SchemaGenerator::new(SchemaSettings::draft2020_12());
    let mut operator = OperatorFile::json_schema(&mut generator).to_value();
    let tenant = TenantFile::json_schema(&mut generator).to_value();
    defaults(&mut operator);
    let mut definitions = generator.take_definitions(true);
    definitions.insert("operator".to_owned(), operator);
    definitions.insert("tenant".to_owned(), tenant);
    definitions.values_mut().for_each(as_written);
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Tributary configuration",
        "description": "The operator's file, or the file of a tenant.",
        "anyOf": [{ "$ref": "#/$defs/operator" }, { "$ref": "#/$defs/tenant" }],
        "$defs": definitions,
    })
}

/// The defaults of the operator's file, taken from where they are.
fn defaults(operator: &mut Value) {
    let defaults = Operator::default();
    for (key, value) in [
        ("listen", Operator::LISTEN.to_string()),
        ("admin_listen", Operator::ADMIN_LISTEN.to_string()),
        ("store", defaults.store),
        ("data_dir", defaults.data_dir.display().to_string()),
        ("tenants", Operator::TENANTS.to_owned()),
    ] {
        if let Some(Value::Object(property)) = operator.pointer_mut(&format!("/properties/{key}")) {
            property.insert("default".to_owned(), Value::String(value));
        }
    }
}

impl JsonSchema for SinkEntry {
    fn schema_name() -> Cow<'static, str> {
        "Sink".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let kinds: Vec<Value> =
            SinkOptions::KINDS.iter().map(|kind| kind_schema(kind.name, kind.summary, generator)).collect();
        let by_reference = json!({
            "title": "by reference",
            "properties": { TYPE: reference() },
            "required": [TYPE],
        });
        let branches: Vec<Value> = kinds.into_iter().chain([by_reference]).collect();
        json_schema!({ "description": "One destination.", "oneOf": branches })
    }
}

/// A value that is put in later: an environment variable or the text of a file.
fn reference() -> Value {
    json!({ "type": "string", "pattern": "\\$\\{|^file:" })
}

/// Changes the schema of values into that of what stands in a file: any value may be a reference, and a number or a
/// truth value is good where text is wanted.
fn as_written(schema: &mut Value) {
    let Value::Object(object) = schema else { return };
    for part in ["properties", "patternProperties"] {
        if let Some(Value::Object(properties)) = object.get_mut(part) {
            properties.values_mut().for_each(as_written);
        }
    }
    for part in ["anyOf", "oneOf", "allOf"] {
        if let Some(Value::Array(branches)) = object.get_mut(part) {
            branches.iter_mut().for_each(as_written);
        }
    }
    for part in ["items", "additionalProperties"] {
        object.get_mut(part).into_iter().for_each(as_written);
    }
    let types: Vec<&str> = match object.get("type") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let has = |kinds: &[&str]| types.iter().any(|kind| kinds.contains(kind));
    let pattern = object.get("pattern").and_then(Value::as_str);
    let branches = object.get("oneOf").and_then(Value::as_array);
    let is_words = branches.is_some_and(|words| words.iter().all(|word| word.get("const").is_some()));
    let is_narrow = is_words
        || object.contains_key("enum")
        || pattern.is_some_and(|pattern| !pattern.contains("\\$\\{"))
        || has(&["integer", "number", "boolean"]);
    if is_narrow {
        const ABOUT: [&str; 3] = ["title", "description", "default"];
        let (about, rules): (Map<_, _>, Map<_, _>) =
            std::mem::take(object).into_iter().partition(|(name, _)| ABOUT.contains(&name.as_str()));
        *object = about;
        object.insert("anyOf".to_owned(), json!([rules, reference()]));
    } else if has(&["string"]) && pattern.is_none() && !object.contains_key("const") {
        let wider: Vec<&str> = types.iter().copied().chain(["number", "boolean"]).collect();
        let wider = json!(wider);
        object.insert("type".to_owned(), wider);
    }
}

/// The settings of a kind with the keys that all sinks share.
fn kind_schema(kind: &str, summary: &str, generator: &mut SchemaGenerator) -> Value {
    let mut schema = schema_of(kind).map(Schema::to_value).unwrap_or_default();
    let Value::Object(object) = &mut schema else { return schema };
    object.remove("$schema");
    object.insert("title".to_owned(), Value::String(kind.to_owned()));
    object.insert("description".to_owned(), Value::String(summary.to_owned()));
    let own = object.remove("$defs");
    object.entry("properties").or_insert_with(|| Value::Object(Map::new()));
    if let Some(Value::Object(properties)) = object.get_mut("properties") {
        for (name, property) in SHARED.iter().zip(shared(kind, generator)) {
            properties.insert((*name).to_owned(), property);
        }
    }
    let required = object.entry("required").or_insert_with(|| Value::Array(Vec::new()));
    if let Value::Array(required) = required {
        required.insert(0, Value::String(TYPE.to_owned()));
    }
    // Each kind comes with definitions of its own, and two kinds may use one name for different things.
    if let Some(Value::Object(own)) = own {
        for (name, mut definition) in own {
            rename(&mut definition, kind);
            generator.definitions_mut().insert(format!("{kind}.{name}"), definition);
        }
        rename(&mut schema, kind);
    }
    schema
}

/// The schemas of the shared keys, in their order.
fn shared(kind: &str, generator: &mut SchemaGenerator) -> [Value; 3] {
    let mut events = AtLeastOne::<Word<Events>>::json_schema(generator).to_value();
    if let Value::Object(events) = &mut events {
        let text = "The events that this sink gets; without it, all but `deleted`.";
        events.insert("description".to_owned(), Value::String(text.to_owned()));
    }
    [
        json!({ "const": kind, "description": "The kind of sink." }),
        events,
        json!({
            "type": "boolean",
            "default": false,
            "description": "Nothing is delivered for now; the backlog is kept as long as the log is.",
        }),
    ]
}

/// Lets references point to the definitions of one kind.
fn rename(value: &mut Value, kind: &str) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                match value {
                    Value::String(text) if key == "$ref" => {
                        if let Some(name) = text.strip_prefix("#/$defs/") {
                            *text = format!("#/$defs/{kind}.{name}");
                        }
                    }
                    other => rename(other, kind),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| rename(item, kind)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
