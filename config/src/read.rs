//! The tree into types: a serde deserializer whose every error has its place.
//!
//! [`read`] takes the node that caused an error out of the tree and tries again, so that one error does not hide the
//! next, whichever type raised it. Errors that only follow from a node's absence are left out. No error holds the text
//! of a value that came from outside the file.

use std::fmt;

use serde::de::value::StrDeserializer;
use serde::de::{
    self, DeserializeOwned, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Unexpected, Visitor,
};
use serde::forward_to_deserialize_any;

use crate::report::{Position, Problem};
use crate::secret::join;
use crate::tree::{Entry, Node, Scalar, ScalarKind, Value};

/// What is wrong, where, and in which setting.
#[derive(Debug, Clone)]
pub(crate) struct Error {
    pub(crate) problem: Problem,
    /// The reference whose value does not fit.
    from: Option<Box<str>>,
    at: Option<Position>,
    /// From the innermost node to the root.
    steps: Vec<Step>,
}

/// One step down the tree.
#[derive(Debug, Clone)]
enum Step {
    Key(usize, String),
    Item(usize),
}

/// Reads the tree as far as it can be read. The value is what is left without the nodes that had errors; it is `None`
/// if nothing is left.
pub(crate) fn read<T: DeserializeOwned>(root: &mut Node) -> (Option<T>, Vec<Error>) {
    let mut errors = Vec::new();
    loop {
        match T::deserialize(Reader { node: root }) {
            Ok(value) => return (Some(value), errors),
            Err(error) => {
                let removed = remove(root, &error);
                if !removed.follows {
                    errors.push(error);
                }
                if removed.was_root {
                    return (None, errors);
                }
            }
        }
    }
}

struct Removed {
    /// The error is there only because something was taken out before.
    follows: bool,
    was_root: bool,
}

/// Takes out the node that an error speaks of.
fn remove(root: &mut Node, error: &Error) -> Removed {
    let mut node = root;
    for (depth, step) in error.steps.iter().rev().enumerate() {
        let (Step::Key(index, _) | Step::Item(index)) = *step;
        // A key that probably stands for another one takes its name, so that the other one is not missed as well.
        if depth + 1 == error.steps.len()
            && let Problem::UnknownKey { .. } = error.problem
            && let (Value::Map(entries), Some(meant)) = (&mut node.value, error.problem.meant())
            && let Some(entry) = entries.get_mut(index)
        {
            meant.clone_into(&mut entry.key);
        }
        match node.child_mut(index) {
            Some(child) => node = child,
            None => return Removed { follows: false, was_root: true },
        }
    }
    let follows = match (&error.problem, &node.value) {
        (Problem::MissingKey { key }, Value::Map(entries)) => {
            entries.iter().any(|entry| entry.key == *key && entry.value.is_removed())
        }
        (Problem::Text(_), Value::Map(entries)) => entries.iter().any(|entry| entry.value.is_removed()),
        (Problem::Text(_), Value::List(nodes)) => nodes.iter().any(Node::is_removed),
        _ => false,
    };
    let was_root = error.steps.is_empty();
    if !was_root {
        node.value = Value::Removed;
    }
    Removed { follows, was_root }
}

impl Error {
    const fn new(problem: Problem) -> Self {
        Self { problem, from: None, at: None, steps: Vec::new() }
    }

    /// Where it is; the first place of the file if nothing better is known.
    pub(crate) fn at(&self) -> Position {
        self.at.unwrap_or(Position { line: 1, column: 1 })
    }

    /// The setting: `sinks.app.url`, `providers[0]`.
    pub(crate) fn path(&self) -> String {
        self.steps.iter().rev().fold(String::new(), |path, step| match step {
            Step::Key(_, key) => join(&path, key),
            Step::Item(index) => format!("{path}[{index}]"),
        })
    }

    /// Gives it the place of a node, if it has none yet, and takes out what came from outside the file.
    fn located(mut self, node: &Node) -> Self {
        if self.at.is_some() {
            return self;
        }
        self.at = Some(node.at);
        if let Value::Scalar(Scalar { from: Some(from), .. }) = &node.value {
            self.from = Some(from.as_str().into());
            self.problem = match self.problem {
                Problem::UnknownKey { allowed, .. } | Problem::UnknownWord { allowed, .. } => {
                    Problem::UnknownWord { word: None, allowed }
                }
                Problem::Text(_) => Problem::Text("it does not fit here".to_owned()),
                other @ (Problem::MissingKey { .. } | Problem::Twice { .. } | Problem::Wrong { .. }) => other,
            };
        }
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(from) = &self.from {
            write!(f, "the value of `{from}`: ")?;
        }
        write!(f, "{}", self.problem)
    }
}

impl std::error::Error for Error {}

impl de::Error for Error {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(Problem::Text(message.to_string()))
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        let found = match found {
            Unexpected::Bool(_) => "true or false",
            Unexpected::Unsigned(_) | Unexpected::Signed(_) | Unexpected::Float(_) => "a number",
            Unexpected::Unit | Unexpected::Option => "nothing",
            Unexpected::Seq => "a list",
            Unexpected::Map => "keys with values",
            _ => "text",
        };
        Self::new(Problem::Wrong { found: Some(found), expected: plain(&expected.to_string()) })
    }

    fn invalid_value(_found: Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::new(Problem::Wrong { found: None, expected: plain(&expected.to_string()) })
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        let allowed = expected.iter().copied().map(str::to_owned).collect();
        Self::new(Problem::UnknownKey { key: field.to_owned(), allowed })
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        let allowed = expected.iter().copied().map(str::to_owned).collect();
        Self::new(Problem::UnknownWord { word: Some(variant.to_owned()), allowed })
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(Problem::MissingKey { key: field.to_owned() })
    }
}

/// What serde says that it expects, in the words of people who write configuration.
fn plain(expected: &str) -> String {
    match expected {
        "a sequence" => "a list".to_owned(),
        "a string" | "string" | "str" | "path string" => "text".to_owned(),
        "a map" => "keys with values".to_owned(),
        "a boolean" => "true or false".to_owned(),
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number, 0 or more".to_owned(),
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number".to_owned(),
        _ if expected.starts_with("struct ") => "keys with values".to_owned(),
        _ if expected.starts_with("a nonzero ") => "a whole number, 1 or more".to_owned(),
        _ if expected.starts_with("enum ") => "a word".to_owned(),
        other => other.to_owned(),
    }
}

/// A node as a deserializer.
#[derive(Clone, Copy)]
struct Reader<'a> {
    node: &'a Node,
}

impl<'a> Reader<'a> {
    /// Hands the node to the visitor. Of the keys of a map, `first` is handed out first, so that a visitor may decide
    /// by its value how to read the others.
    fn visit<'de, V: Visitor<'de>>(self, visitor: V, first: Option<&str>) -> Result<V::Value, Error> {
        match &self.node.value {
            Value::Null | Value::Removed => visitor.visit_unit(),
            Value::Scalar(scalar) => match scalar.kind {
                ScalarKind::Text => visitor.visit_str(scalar.text.expose()),
                ScalarKind::Bool(value) => visitor.visit_bool(value),
                ScalarKind::Unsigned(value) => visitor.visit_u64(value),
                ScalarKind::Signed(value) => visitor.visit_i64(value),
                ScalarKind::Float(value) => visitor.visit_f64(value),
            },
            Value::List(nodes) => visitor.visit_seq(Items { nodes, next: 0 }),
            Value::Map(entries) => {
                let mut order: Vec<(usize, &'a Entry)> =
                    entries.iter().enumerate().filter(|(_, entry)| !entry.value.is_removed()).collect();
                order.sort_by_key(|(_, entry)| Some(entry.key.as_str()) != first);
                visitor.visit_map(Keys { order: order.into_iter(), value: None })
            }
        }
        .map_err(|error: Error| error.located(self.node))
    }
}

impl<'de> Deserializer<'de> for Reader<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.visit(visitor, None)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.node.value {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match &self.node.value {
            Value::Scalar(scalar) => {
                visitor.visit_str(scalar.text.expose()).map_err(|error: Error| error.located(self.node))
            }
            Value::Null | Value::List(_) | Value::Map(_) | Value::Removed => self.visit(visitor, None),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match &self.node.value {
            Value::Scalar(scalar) => visitor
                .visit_enum(StrDeserializer::<Error>::new(scalar.text.expose()))
                .map_err(|error| error.located(self.node)),
            Value::Null | Value::List(_) | Value::Map(_) | Value::Removed => self.visit(visitor, None),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.visit(visitor, fields.first().copied()).map_err(|mut error| {
            // A visitor may hand a part of the keys to another type, which then knows only its own.
            if let (Problem::UnknownKey { allowed, .. }, [_]) = (&mut error.problem, error.steps.as_slice()) {
                allowed.extend(fields.iter().copied().map(str::to_owned));
                allowed.sort_unstable();
                allowed.dedup();
            }
            error
        })
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 bytes byte_buf unit unit_struct seq tuple tuple_struct
        map ignored_any
    }
}

/// The items of a list.
struct Items<'a> {
    nodes: &'a [Node],
    next: usize,
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        while let Some(node) = self.nodes.get(self.next) {
            let index = self.next;
            self.next += 1;
            if node.is_removed() {
                continue;
            }
            return seed.deserialize(Reader { node }).map(Some).map_err(|error| {
                let mut error = error.located(node);
                error.steps.push(Step::Item(index));
                error
            });
        }
        Ok(None)
    }
}

/// The keys of a map with their values.
struct Keys<'a> {
    order: std::vec::IntoIter<(usize, &'a Entry)>,
    value: Option<(usize, &'a Entry)>,
}

impl<'de> MapAccess<'de> for Keys<'_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        self.value = self.order.next();
        let Some((index, entry)) = self.value else { return Ok(None) };
        seed.deserialize(StrDeserializer::<Error>::new(&entry.key)).map(Some).map_err(|mut error| {
            error.at.get_or_insert(entry.at);
            if let Problem::UnknownWord { word: Some(key), allowed } = error.problem {
                error.problem = Problem::UnknownKey { key, allowed };
            }
            error.steps.push(Step::Key(index, entry.key.clone()));
            error
        })
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        let Some((index, entry)) = self.value.take() else {
            return Err(de::Error::custom("a value was asked for before its key"));
        };
        seed.deserialize(Reader { node: &entry.value }).map_err(|error| {
            let mut error = error.located(&entry.value);
            error.steps.push(Step::Key(index, entry.key.clone()));
            error
        })
    }
}
