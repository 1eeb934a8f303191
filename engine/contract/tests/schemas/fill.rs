//! Documents made from a schema: every property filled, every enum value in its turn.

use serde_json::{Map, Value, json};
use tributary_contract::model::Timestamp;

use crate::load::Schemas;

/// How a document is filled.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// Every property.
    Full,
    /// Required properties only.
    Required,
    /// Every property, null where that is allowed.
    Null,
}

/// Fills one document of a schema.
pub(crate) struct Filler<'a> {
    schemas: &'a Schemas,
    extent: Extent,
    /// Which value of each enum is used; also whether whole numbers are written with a point.
    turn: usize,
    /// Different numbers in different fields.
    count: u32,
    /// Names of the schemas around the present place.
    path: Vec<String>,
}

impl<'a> Filler<'a> {
    /// A filler for one document.
    pub(crate) fn new(schemas: &'a Schemas, extent: Extent, turn: usize) -> Self {
        Self { schemas, extent, turn, count: 0, path: Vec::new() }
    }

    /// A document of the schema of that name.
    pub(crate) fn document(&mut self, name: &str) -> Value {
        self.value(&json!({"$ref": format!("#/$defs/{name}")}), "").unwrap()
    }

    /// A value, or nothing where the schema contains itself too deeply.
    fn value(&mut self, schema: &Value, property: &str) -> Option<Value> {
        let (name, target) = self.schemas.target(schema);
        if let Some(name) = name {
            const DEPTH: usize = 2;
            if self.path.iter().filter(|above| *above == name).count() >= DEPTH {
                return None;
            }
            self.path.push(name.to_owned());
            let target = target.clone();
            let value = self.plain(&target, property);
            self.path.pop();
            value
        } else {
            self.plain(schema, property)
        }
    }

    fn plain(&mut self, schema: &Value, property: &str) -> Option<Value> {
        if let Some(constant) = schema.get("const") {
            return Some(constant.clone());
        }
        if let Some(values) = schema["enum"].as_array() {
            return Some(values[self.turn % values.len()].clone());
        }
        for choice in ["anyOf", "oneOf"] {
            if let Some(branches) = schema[choice].as_array() {
                let real: Vec<&Value> = branches.iter().filter(|branch| branch["type"] != "null").collect();
                if self.extent == Extent::Null && real.len() < branches.len() {
                    return Some(Value::Null);
                }
                let mut branch = real[self.turn % real.len()].clone();
                if let (Some(examples), Some(fields)) = (schema.get("examples"), branch.as_object_mut()) {
                    fields.entry("examples").or_insert_with(|| examples.clone());
                }
                return self.value(&branch, property);
            }
        }
        self.count += 1;
        let number = self.count % 20;
        match schema["type"].as_str().unwrap() {
            "object" => Some(self.object(schema)),
            "array" => Some(Value::Array(self.array(schema, property))),
            "number" => Some(json!(f64::from(number) + 0.25)),
            "integer" if self.turn % 2 == 1 => Some(json!(f64::from(number))),
            "integer" => Some(json!(number)),
            "boolean" => Some(json!(number.is_multiple_of(2))),
            "string" => Some(json!(text(schema, property, number))),
            other => panic!("the schema type {other} is new"),
        }
    }

    fn object(&mut self, schema: &Value) -> Value {
        let properties = self.schemas.properties(schema);
        if properties.is_empty() {
            return json!({"one": 1.5, "two": 2});
        }
        let required = self.schemas.required(schema);
        let mut object = Map::new();
        for (name, property) in &properties {
            let wanted = self.extent != Extent::Required || required.contains(name);
            if wanted && let Some(value) = self.value(property, name) {
                object.insert(name.clone(), value);
            }
        }
        Value::Object(object)
    }

    fn array(&mut self, schema: &Value, property: &str) -> Vec<Value> {
        const LENGTH: usize = 2;
        let turn = self.turn;
        let mut items = Vec::new();
        for index in 0..LENGTH {
            self.turn = turn + index;
            let item = schema.get("items").unwrap_or_else(|| &schema["prefixItems"][index]);
            items.extend(self.value(item, property));
        }
        self.turn = turn;
        items
    }
}

/// A text of the right form, so that what is read as a time is written back as it was.
fn text(schema: &Value, property: &str, number: u32) -> String {
    const TIMES: [&str; 4] = ["last_upload_date", "start_timestamp", "created_date", "timestamp"];
    let example = schema["examples"][0].as_str();
    let time = || format!("2026-03-{:02}T07:30:00.250000+05:45", number + 1);
    match example {
        Some(example) if example.len() > 10 => {
            Timestamp::parse(example).map_or_else(|_| example.to_owned(), |time| time.to_string())
        }
        Some(example) => example.to_owned(),
        None if property == "planned_date" => format!("2026-03-{:02}", number + 1),
        None if schema["format"] == "date-time" => time(),
        None if property.ends_with("_at") || TIMES.contains(&property) => time(),
        None => format!("{property} {number}"),
    }
}

/// How many turns it takes until every value of every enum below the schema was used.
pub(crate) fn turns(schemas: &Schemas, schema: &Value, path: &mut Vec<String>) -> usize {
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        if path.iter().any(|above| above == reference) {
            return 1;
        }
        path.push(reference.to_owned());
        let most = turns(schemas, schemas.target(schema).1, path);
        path.pop();
        return most;
    }
    let here =
        ["enum", "oneOf", "anyOf"].iter().filter_map(|key| schema[*key].as_array()).map(Vec::len).max();
    let below = match schema {
        Value::Object(fields) => fields.values().map(|inner| turns(schemas, inner, path)).max(),
        Value::Array(items) => items.iter().map(|inner| turns(schemas, inner, path)).max(),
        _ => None,
    };
    here.unwrap_or(1).max(below.unwrap_or(1))
}
