//! The published schemas, read from their folder and made to stand alone.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::{Map, Value, json};

/// All schemas by name, references rewritten to `#/$defs/<name>`.
pub(crate) struct Schemas(pub(crate) BTreeMap<String, Value>);

impl Schemas {
    /// Where the schemas are expected.
    pub(crate) fn folder() -> PathBuf {
        let beside =
            || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/spec/terra-openapi/schemas");
        std::env::var_os("TRIBUTARY_TERRA_SCHEMAS").map_or_else(beside, PathBuf::from)
    }

    /// All of them; `None` when the folder is not there.
    pub(crate) fn load() -> Option<Self> {
        let mut all = BTreeMap::new();
        for file in std::fs::read_dir(Self::folder()).ok()? {
            let path = file.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "yaml") {
                let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
                let text = std::fs::read_to_string(&path).unwrap();
                let mut schema: Value = serde_saphyr::from_str(&text).unwrap();
                let own = schema.as_object_mut().unwrap().remove("$defs").unwrap_or_default();
                all.insert(name, linked(schema, &own));
            }
        }
        (!all.is_empty()).then_some(Self(all))
    }

    /// The schema of that name as one document.
    pub(crate) fn whole(&self, name: &str) -> Value {
        json!({"$ref": format!("#/$defs/{name}"), "$defs": self.0})
    }

    /// What a schema refers to, if it is nothing but a reference.
    pub(crate) fn target<'a>(&'a self, schema: &'a Value) -> (Option<&'a str>, &'a Value) {
        match schema.get("$ref").and_then(Value::as_str) {
            Some(reference) => {
                let name = reference.strip_prefix("#/$defs/").unwrap();
                (Some(name), &self.0[name])
            }
            None => (None, schema),
        }
    }

    /// Own and inherited properties; own ones win.
    pub(crate) fn properties(&self, schema: &Value) -> Map<String, Value> {
        let mut all = Map::new();
        for parent in schema["allOf"].as_array().into_iter().flatten() {
            all.extend(self.properties(self.target(parent).1));
        }
        all.extend(schema["properties"].as_object().cloned().unwrap_or_default());
        all
    }

    /// Own and inherited required properties.
    pub(crate) fn required(&self, schema: &Value) -> Vec<String> {
        let mut all: Vec<String> = Vec::new();
        for parent in schema["allOf"].as_array().into_iter().flatten() {
            all.extend(self.required(self.target(parent).1));
        }
        all.extend(
            schema["required"].as_array().into_iter().flatten().map(|name| name.as_str().unwrap().to_owned()),
        );
        all.sort();
        all.dedup();
        all
    }
}

/// References to other files point to `$defs`, those to the file's own definitions are put in place.
fn linked(schema: Value, own: &Value) -> Value {
    match schema {
        Value::Object(fields) => {
            if let Some(reference) = fields.get("$ref").and_then(Value::as_str) {
                return match reference.strip_prefix("#/$defs/") {
                    Some(local) => own[local].clone(),
                    None => json!({"$ref": format!("#/$defs/{}", reference.strip_suffix(".yaml").unwrap())}),
                };
            }
            let kept = fields.into_iter().filter(|(key, _)| key != "$schema");
            Value::Object(kept.map(|(key, value)| (key, linked(value, own))).collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(|item| linked(item, own)).collect()),
        other => other,
    }
}
