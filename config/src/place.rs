//! What the tree knows and the types do not: where a setting is, and whether it is still what it was.
//!
//! Made from the tree of a file once it has been read. A fingerprint covers values with what references put in, so
//! that a new secret in an old file is a change; it never leaves the process and prints nothing.

use std::collections::BTreeMap;
use std::fmt;

use sha2::{Digest, Sha256};

use crate::report::Position;
use crate::tree::{Node, Value};

/// Says whether two things are written the same. The order of keys does not count.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Fingerprint([u8; 32]);

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fingerprint(..)")
    }
}

impl Fingerprint {
    /// That of a part of a file.
    pub(crate) fn of(node: &Node) -> Self {
        let mut digest = Sha256::new();
        feed(node, &mut digest);
        Self(digest.finalize().into())
    }

    /// That of several pieces of text, in their order.
    pub(crate) fn of_texts<'a>(texts: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut digest = Sha256::new();
        for text in texts {
            piece(b't', text, &mut digest);
        }
        Self(digest.finalize().into())
    }
}

fn piece(kind: u8, text: &[u8], digest: &mut Sha256) {
    digest.update([kind]);
    digest.update(text.len().to_be_bytes());
    digest.update(text);
}

fn feed(node: &Node, digest: &mut Sha256) {
    match &node.value {
        Value::Null | Value::Removed => digest.update(b"n"),
        Value::Scalar(scalar) => piece(b's', scalar.text.expose().as_bytes(), digest),
        Value::List(nodes) => {
            piece(b'l', &nodes.len().to_be_bytes(), digest);
            nodes.iter().for_each(|node| feed(node, digest));
        }
        Value::Map(entries) => {
            piece(b'm', &entries.len().to_be_bytes(), digest);
            let mut sorted: Vec<_> = entries.iter().collect();
            sorted.sort_by(|a, b| a.key.cmp(&b.key));
            for entry in sorted {
                piece(b'k', entry.key.as_bytes(), digest);
                feed(&entry.value, digest);
            }
        }
    }
}

/// Where an entry and its settings begin.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Places {
    entry: Option<Position>,
    settings: BTreeMap<String, Position>,
}

impl Places {
    /// Those of a part of a file and of the keys in it.
    pub(crate) fn of(node: &Node) -> Self {
        let settings = match &node.value {
            Value::Map(entries) => entries.iter().map(|entry| (entry.key.clone(), entry.value.at)).collect(),
            Value::Null | Value::Scalar(_) | Value::List(_) | Value::Removed => BTreeMap::new(),
        };
        Self { entry: Some(node.at), settings }
    }

    /// Where a setting is, or the entry if it was not written; `None` for what is from no file.
    pub fn of_setting(&self, setting: &str) -> Option<Position> {
        let first = setting.split('.').next().unwrap_or(setting);
        self.settings.get(first).copied().or(self.entry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fingerprint(yaml: &str) -> Fingerprint {
        Fingerprint::of(&Node::parse(yaml).unwrap().0)
    }

    #[test]
    fn the_order_of_keys_does_not_count_and_all_else_does() {
        let one = fingerprint("a: 1\nb: [x, y]\nc: { d: e }");
        assert_eq!(one, fingerprint("c: { d: e } # comment\nb:\n- x\n- y\na: 1"));
        for other in [
            "a: 2\nb: [x, y]\nc: { d: e }",
            "a: 1\nb: [y, x]\nc: { d: e }",
            "a: 1\nb: [xy]\nc: { d: e }",
            "a: 1\nb: [x, y]\nc: { d: e, f: ~ }",
            "a: 1\nb: [x, y]",
        ] {
            assert_ne!(one, fingerprint(other), "{other}");
        }
        assert_eq!(format!("{one:?}"), "Fingerprint(..)");
    }

    #[test]
    fn a_setting_that_is_not_written_is_where_its_entry_is() {
        let places = Places::of(&Node::parse("url: x\nheaders: { a: b }").unwrap().0);
        let at = |line, column| Some(Position { line, column });
        assert_eq!(places.of_setting("headers.a"), at(2, 10));
        assert_eq!(places.of_setting("timeout"), at(1, 1));
        assert_eq!(Places::default().of_setting("url"), None);
    }
}
