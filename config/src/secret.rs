//! Puts environment variables and secret files in: `${NAME}`, `${NAME:-default}`, `file:PATH`.
//!
//! Works on the tree, so on values alone: comments and keys are never looked at, and a value cannot break the YAML
//! around it. What is put in is not looked at again, and no error holds any of it. `$${` stands for `${` itself.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use tributary_contract::Secret;

use crate::load::Seen;
use crate::report::Problem;
use crate::tree::{Node, Placed, Scalar, ScalarKind, Value};

/// Where variables come from.
pub(crate) type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The largest secret file.
const MOST_BYTES: u64 = 1 << 20;

/// What begins the path of a secret file.
const FILE: &str = "file:";

/// A problem with its place and its path, such as `sinks.app.secret`.
pub(crate) type Found = (Placed, String);

/// Expands every value of the tree. A value that cannot be expanded is taken out and reported. Paths of secret files
/// begin at `directory`.
pub(crate) fn expand(
    node: &mut Node,
    directory: &Path,
    environment: Environment<'_>,
    seen: &Seen,
) -> Vec<Found> {
    let mut found = Vec::new();
    walk(node, "", &Sources { directory, environment, seen }, &mut found);
    found
}

/// Where what is put in comes from.
struct Sources<'a> {
    directory: &'a Path,
    environment: Environment<'a>,
    seen: &'a Seen,
}

fn walk(node: &mut Node, path: &str, sources: &Sources<'_>, found: &mut Vec<Found>) {
    match &mut node.value {
        Value::Null | Value::Removed => {}
        Value::Scalar(scalar) => {
            if let Err(problem) = expand_scalar(scalar, sources) {
                found.push(((node.at, Problem::Text(problem)), path.to_owned()));
                node.value = Value::Removed;
            }
        }
        Value::List(nodes) => {
            for (index, node) in nodes.iter_mut().enumerate() {
                walk(node, &format!("{path}[{index}]"), sources, found);
            }
        }
        Value::Map(entries) => {
            for entry in entries {
                let path = join(path, &entry.key);
                walk(&mut entry.value, &path, sources, found);
            }
        }
    }
}

/// The path of a key below another path.
pub(crate) fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

fn expand_scalar(scalar: &mut Scalar, sources: &Sources<'_>) -> Result<(), String> {
    let written = scalar.text.expose();
    let is_file = written.starts_with(FILE);
    if !is_file && !written.contains("${") {
        return Ok(());
    }
    let (text, first) = substitute(written, sources.environment)?;
    sources.seen.piece(text.expose().as_bytes());
    let (text, from) = match text.expose().strip_prefix(FILE) {
        Some(path) => {
            // A path that came from a variable is not shown either.
            let name = if is_file { written.clone() } else { first.unwrap_or_else(|| FILE.to_owned()) };
            let path = sources.directory.join(path);
            sources.seen.path(&path);
            let text = read_file(&path).map_err(|reason| format!("secret file `{name}` {reason}"))?;
            sources.seen.piece(text.expose().as_bytes());
            (text, Some(name))
        }
        None => (text, first),
    };
    let kind = if from.is_some() { kind_of(text.expose()) } else { ScalarKind::Text };
    *scalar = Scalar { text, kind, from };
    Ok(())
}

/// The text with all references replaced, and the first of them.
fn substitute(
    written: &str,
    environment: Environment<'_>,
) -> Result<(Secret<String>, Option<String>), String> {
    let mut text = String::with_capacity(written.len());
    let mut first = None;
    let mut rest = written;
    while let Some((before, after)) = rest.split_once("${") {
        if let Some(before) = before.strip_suffix('$') {
            text.push_str(before);
            text.push_str("${");
            rest = after;
            continue;
        }
        text.push_str(before);
        let Some((reference, after)) = after.split_once('}') else {
            return Err("`${` has no `}`; write `$${` if it is meant literally".to_owned());
        };
        let (name, default) = match reference.split_once(":-") {
            Some((name, default)) => (name, Some(default)),
            None => (reference, None),
        };
        if !is_name(name) || default.is_some_and(|default| default.contains("${")) {
            return Err("`${…}` takes the name of a variable (letters, digits, `_`) and, if need be, `:-` and a plain \
                        default; write `$${` if it is meant literally"
                .to_owned());
        }
        text.push_str(&variable(name, default, environment)?);
        first.get_or_insert_with(|| format!("${{{name}}}"));
        rest = after;
    }
    text.push_str(rest);
    Ok((text.into(), first))
}

fn variable(name: &str, default: Option<&str>, environment: Environment<'_>) -> Result<String, String> {
    let value = environment(name).filter(|value| !value.is_empty());
    match (value, default) {
        (Some(value), _) if value.contains("${") => Err(format!(
            "the value of `${{{name}}}` holds `${{` itself, and references in values are not followed; \
             put such a value into a file and write `file:PATH`"
        )),
        (Some(value), _) => Ok(value),
        (None, Some(default)) => Ok(default.to_owned()),
        (None, None) => Err(format!(
            "environment variable `{name}` is not set or empty; set it, or write `${{{name}:-default}}`"
        )),
    }
}

fn is_name(name: &str) -> bool {
    let mut characters = name.chars();
    characters.next().is_some_and(|first| first == '_' || first.is_ascii_alphabetic())
        && characters.all(|other| other == '_' || other.is_ascii_alphanumeric())
}

/// The text of a secret file without the line end that editors and `echo` put there.
fn read_file(path: &Path) -> Result<Secret<String>, String> {
    let read = || -> io::Result<Secret<String>> {
        let mut text = String::new();
        File::open(path)?.take(MOST_BYTES + 1).read_to_string(&mut text)?;
        Ok(Secret::new(text))
    };
    let text = read().map_err(|error| match error.kind() {
        io::ErrorKind::InvalidData => "is not text in UTF-8".to_owned(),
        _ => format!("cannot be read: {error}"),
    })?;
    if u64::try_from(text.expose().len()).unwrap_or(u64::MAX) > MOST_BYTES {
        return Err("has more than 1 MiB, so it is no secret".to_owned());
    }
    let line = text.expose().strip_suffix('\n').unwrap_or(text.expose());
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.is_empty() { Err("is empty".to_owned()) } else { Ok(line.into()) }
}

/// What a text that was put in may be read as, beside text.
fn kind_of(text: &str) -> ScalarKind {
    let text = text.trim();
    if let Ok(value) = text.parse() {
        ScalarKind::Bool(value)
    } else if let Ok(value) = text.parse() {
        ScalarKind::Unsigned(value)
    } else if let Ok(value) = text.parse() {
        ScalarKind::Signed(value)
    } else {
        text.parse().map_or(ScalarKind::Text, ScalarKind::Float)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(name: &str) -> Option<String> {
        match name {
            "HOST" => Some("example.com".to_owned()),
            "EMPTY" => Some(String::new()),
            "NESTED" => Some("a${HOST}".to_owned()),
            "COUNT" => Some("12".to_owned()),
            _ => None,
        }
    }

    fn expanded(yaml: &str) -> Result<(String, Option<String>), String> {
        let (mut root, _) = Node::parse(yaml).unwrap();
        let found = expand(&mut root, Path::new("/nowhere"), &environment, &Seen::default());
        if let Some(((_, problem), _)) = found.first() {
            return Err(problem.to_string());
        }
        match &root.find(&["v"]).unwrap().value {
            Value::Scalar(scalar) => Ok((scalar.text.expose().clone(), scalar.from.clone())),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn references_are_replaced_in_values() {
        for (yaml, text) in [
            ("v: ${HOST}", "example.com"),
            ("v: \"https://${HOST}:${COUNT}/\"", "https://example.com:12/"),
            ("v: ${MISSING:-a default}", "a default"),
            ("v: '${EMPTY:-}'", ""),
            ("v: ${EMPTY:-set}", "set"),
            ("v: ${HOST:-unused}", "example.com"),
            ("v: $${HOST}", "${HOST}"),
            ("v: a$${b$$c$D", "a${b$$c$D"),
            ("v: plain # ${MISSING}", "plain"),
            ("# ${MISSING}\nv: x\n#file:/nowhere", "x"),
        ] {
            assert_eq!(expanded(yaml).map(|(text, _)| text), Ok(text.to_owned()), "{yaml}");
        }
        assert_eq!(expanded("v: a${HOST}b").unwrap().1.as_deref(), Some("${HOST}"));
        assert_eq!(expanded("v: $${HOST}").unwrap().1, None);
    }

    #[test]
    fn what_cannot_be_replaced_is_an_error_that_says_why() {
        for (yaml, part) in [
            ("v: ${MISSING}", "`MISSING` is not set or empty"),
            ("v: ${EMPTY}", "`EMPTY` is not set or empty"),
            ("v: ${HOST", "has no `}`"),
            ("v: '${}'", "takes the name"),
            ("v: ${1A}", "takes the name"),
            ("v: ${A B}", "takes the name"),
            ("v: ${MISSING:-${HOST}}", "plain default"),
            ("v: ${NESTED}", "not followed"),
            ("v: file:missing", "`file:missing` cannot be read"),
        ] {
            let error = expanded(yaml).unwrap_err();
            assert!(error.contains(part), "{yaml}: {error}");
        }
    }

    #[test]
    fn a_secret_file_is_read_without_its_last_line_end() {
        let directory = tempfile::tempdir().unwrap();
        let read = |content: &[u8]| {
            std::fs::write(directory.path().join("secret"), content).unwrap();
            let (mut root, _) = Node::parse("v: file:secret").unwrap();
            let found = expand(&mut root, directory.path(), &environment, &Seen::default());
            match (&root.find(&["v"]).unwrap().value, found.first()) {
                (Value::Scalar(scalar), None) => Ok(scalar.text.expose().clone()),
                (_, Some(((_, problem), _))) => Err(problem.to_string()),
                (other, None) => panic!("{other:?}"),
            }
        };
        assert_eq!(read(b"planted\n").as_deref(), Ok("planted"));
        assert_eq!(read(b"planted ${HOST}\r\n").as_deref(), Ok("planted ${HOST}"));
        assert_eq!(read(b"a\n\n").as_deref(), Ok("a\n"));
        assert_eq!(read(b"\n").unwrap_err(), "secret file `file:secret` is empty");
        assert!(read(b"\xff\xfe").unwrap_err().contains("UTF-8"));
        assert!(read(&vec![b'a'; 1 << 21]).unwrap_err().contains("1 MiB"));
    }
}
