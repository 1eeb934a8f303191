//! YAML as a tree that knows its lines and columns.
//!
//! Made from the text of one file. Comments are gone, aliases and merge keys are resolved, keys keep their order, and a
//! number keeps the way it was written, so that `client_id: 0012` stays what it is. Nothing is given a meaning here.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{DuplicateKeyPolicy, Location, NonFiniteFloatPolicy, Spanned};
use tributary_contract::Secret;

use crate::report::{Position, Problem};

/// A value and where it begins.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) at: Position,
    pub(crate) value: Value,
}

/// What a node holds.
#[derive(Debug)]
pub(crate) enum Value {
    Null,
    Scalar(Scalar),
    List(Vec<Node>),
    Map(Vec<Entry>),
    /// Taken out because of an error that has been reported.
    Removed,
}

/// A key with its value.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) at: Position,
    pub(crate) value: Node,
}

/// Text, a number or a truth value. Any of them may be a secret, so the text never prints.
#[derive(Debug)]
pub(crate) struct Scalar {
    pub(crate) text: Secret<String>,
    pub(crate) kind: ScalarKind,
    /// The reference that the text came from, such as `${NAME}`, if it was not written in the file.
    pub(crate) from: Option<String>,
}

/// What a scalar is by YAML's rules.
#[derive(Clone, Copy)]
pub(crate) enum ScalarKind {
    Text,
    Bool(bool),
    Unsigned(u64),
    Signed(i64),
    Float(f64),
}

/// The kind alone: a number may be a secret as well.
impl fmt::Debug for ScalarKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "Text",
            Self::Bool(_) => "Bool",
            Self::Unsigned(_) | Self::Signed(_) | Self::Float(_) => "Number",
        })
    }
}

/// A problem and its place.
pub(crate) type Placed = (Position, Problem);

impl Node {
    /// Reads the text of a file; beside the tree come the keys that were written twice.
    ///
    /// # Errors
    /// Text that is no YAML.
    pub(crate) fn parse(source: &str) -> Result<(Self, Vec<Placed>), Placed> {
        let options = serde_saphyr::options! {
            duplicate_keys: DuplicateKeyPolicy::PassThrough,
            non_finite_float_policy: NonFiniteFloatPolicy::AsString,
        };
        let raw = serde_saphyr::from_str_with_options::<Spanned<Raw>>(source, options)
            .map_err(|error| not_yaml(&error, source))?;
        let mut twice = Vec::new();
        let mut root = convert(raw, source, &mut twice);
        if matches!(root.value, Value::Null) {
            root.value = Value::Map(Vec::new());
        }
        Ok((root, twice))
    }

    /// The node below these keys; a number is a place in a list.
    pub(crate) fn find(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |node, step| match &node.value {
            Value::Map(entries) => entries.iter().find(|entry| entry.key == *step).map(|entry| &entry.value),
            Value::List(nodes) => step.parse().ok().and_then(|index: usize| nodes.get(index)),
            Value::Null | Value::Scalar(_) | Value::Removed => None,
        })
    }

    /// Whether it was taken out.
    pub(crate) const fn is_removed(&self) -> bool {
        matches!(self.value, Value::Removed)
    }

    /// The child at that place of a list or a map.
    pub(crate) fn child_mut(&mut self, index: usize) -> Option<&mut Self> {
        match &mut self.value {
            Value::Map(entries) => entries.get_mut(index).map(|entry| &mut entry.value),
            Value::List(nodes) => nodes.get_mut(index),
            Value::Null | Value::Scalar(_) | Value::Removed => None,
        }
    }
}

/// What the parser hands out, before numbers get their spelling back.
enum Raw {
    Null,
    Scalar(String, ScalarKind),
    List(Vec<Spanned<Self>>),
    Map(Vec<(Spanned<String>, Spanned<Self>)>),
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Scalar(value.to_string(), ScalarKind::Bool(value)))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Raw, E> {
        Ok(Raw::Scalar(value.to_string(), ScalarKind::Unsigned(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Raw, E> {
        Ok(Raw::Scalar(value.to_string(), ScalarKind::Signed(value)))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Raw, E> {
        Ok(Raw::Scalar(value.to_string(), ScalarKind::Float(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Raw, E> {
        Ok(Raw::Scalar(value.to_owned(), ScalarKind::Text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Raw, A::Error> {
        let mut nodes = Vec::new();
        while let Some(node) = list.next_element()? {
            nodes.push(node);
        }
        Ok(Raw::List(nodes))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Raw, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Raw::Map(entries))
    }
}

fn convert(raw: Spanned<Raw>, source: &str, twice: &mut Vec<Placed>) -> Node {
    let at = position(&raw.defined);
    let value = match raw.value {
        Raw::Null => Value::Null,
        Raw::Scalar(text, kind) => {
            let written = match kind {
                ScalarKind::Text => None,
                ScalarKind::Bool(_)
                | ScalarKind::Unsigned(_)
                | ScalarKind::Signed(_)
                | ScalarKind::Float(_) => spelling(&raw.defined, source),
            };
            Value::Scalar(Scalar { text: written.unwrap_or(text).into(), kind, from: None })
        }
        Raw::List(nodes) => Value::List(nodes.into_iter().map(|node| convert(node, source, twice)).collect()),
        Raw::Map(raw_entries) => {
            let mut entries: Vec<Entry> = Vec::with_capacity(raw_entries.len());
            for (key, value) in raw_entries {
                let key_at = position(&key.defined);
                if let Some(first) = entries.iter().find(|entry| entry.key == key.value) {
                    twice.push((key_at, Problem::Twice { key: key.value, line: first.at.line }));
                    continue;
                }
                entries.push(Entry { key: key.value, at: key_at, value: convert(value, source, twice) });
            }
            Value::Map(entries)
        }
    };
    Node { at, value }
}

/// How a number or a truth value was written.
fn spelling(location: &Location, source: &str) -> Option<String> {
    let span = location.span();
    let start = usize::try_from(span.byte_offset()?).ok()?;
    let length = usize::try_from(span.byte_len()?).ok()?;
    let text = source.get(start..start.checked_add(length)?)?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn position(location: &Location) -> Position {
    Position { line: location.line(), column: location.column() }
}

fn not_yaml(error: &serde_saphyr::Error, source: &str) -> Placed {
    let at = error.location().map_or(Position { line: 1, column: 1 }, |location| position(&location));
    // The parser's own text may come with a piece of the file, and that may hold a secret.
    let text = error.without_snippet().to_string();
    let suffix = format!(" at line {}, column {}", at.line, at.column);
    let text = text.strip_suffix(&suffix).unwrap_or(&text);
    let line = usize::try_from(at.line).ok().and_then(|line| source.lines().nth(line.saturating_sub(1)));
    let hint = if line.is_some_and(|line| line.contains("${")) {
        "; inside { } and [ ] a value with ${…} needs quotes around it"
    } else {
        ""
    };
    (at, Problem::Text(format!("this is not valid YAML: {text}{hint}")))
}
