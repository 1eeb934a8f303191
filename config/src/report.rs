//! Errors for people: file, line, column, path, what is allowed instead.
//!
//! Problems come from all stages of loading and become text here. A text names keys, and words of the file that stand
//! where one of a few words is expected; it never repeats another value, since any value may be a secret.

use std::fmt;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Everything that is wrong with a configuration.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub struct ConfigErrors {
    /// The errors: in the order of the files, and within a file from top to bottom. Never empty.
    pub errors: Vec<ConfigError>,
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.errors.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{error}")?;
        }
        Ok(())
    }
}

/// One error in one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// The file.
    pub file: PathBuf,
    /// Where in it; `None` when the file could not be read at all.
    pub position: Option<Position>,
    /// The setting: `sinks.app.url`, `providers[0]`; empty for the file as a whole.
    pub path: String,
    /// What is wrong and what to write instead.
    pub message: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.file.display())?;
        if let Some(position) = self.position {
            write!(f, "{position}:")?;
        }
        write!(f, " {}", self.message)?;
        if !self.path.is_empty() {
            write!(f, "\n  in {}", self.path)?;
        }
        Ok(())
    }
}

/// A place in a file, counted from 1, in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line.
    pub line: u64,
    /// The column.
    pub column: u64,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// What is wrong with one setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Problem {
    /// A key that means nothing here.
    UnknownKey { key: String, allowed: Vec<String> },
    /// A word that is not one of those that mean something; `None` when it may not be shown.
    UnknownWord { word: Option<String>, allowed: Vec<String> },
    /// A key without which it does not go.
    MissingKey { key: String },
    /// The same key again.
    Twice { key: String, line: u64 },
    /// A value of another kind, or one that cannot be read.
    Wrong { found: Option<&'static str>, expected: String },
    /// Anything else.
    Text(String),
}

impl Problem {
    /// The known key that an unknown one probably stands for.
    pub(crate) fn meant(&self) -> Option<&str> {
        match self {
            Self::UnknownKey { key, allowed } => nearest(key, allowed).or_else(|| other_word(key, allowed)),
            Self::UnknownWord { word, allowed } => nearest(word.as_deref()?, allowed),
            Self::MissingKey { .. } | Self::Twice { .. } | Self::Wrong { .. } | Self::Text(_) => None,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownKey { key, allowed } => {
                write!(f, "unknown key {key:?}")?;
                alternatives(f, self.meant(), allowed)
            }
            Self::UnknownWord { word, allowed } => {
                match word {
                    Some(word) => write!(f, "unknown word {word:?}")?,
                    None => f.write_str("unknown word")?,
                }
                alternatives(f, self.meant(), allowed)
            }
            Self::MissingKey { key } => write!(f, "missing key {key:?}"),
            Self::Twice { key, line } => {
                write!(f, "key {key:?} is written twice, first in line {line}; remove one")
            }
            Self::Wrong { found, expected } => {
                write!(f, "expected {expected}")?;
                found.map_or(Ok(()), |found| write!(f, ", found {found}"))
            }
            Self::Text(text) => f.write_str(text),
        }
    }
}

fn alternatives(f: &mut fmt::Formatter<'_>, meant: Option<&str>, allowed: &[String]) -> fmt::Result {
    match meant {
        Some(meant) => write!(f, "; did you mean {meant:?}? ")?,
        None => f.write_str("; ")?,
    }
    if allowed.is_empty() {
        return f.write_str("no key is allowed here");
    }
    write!(f, "allowed: {}", allowed.join(", "))
}

/// The errors of all files, while they are found.
#[derive(Debug, Default)]
pub(crate) struct Report {
    errors: Vec<ConfigError>,
}

impl Report {
    /// Adds an error with its place.
    pub(crate) fn add(&mut self, file: &Path, at: Position, path: String, message: impl fmt::Display) {
        let message = message.to_string();
        self.errors.push(ConfigError { file: file.to_owned(), position: Some(at), path, message });
    }

    /// Adds an error about a file that could not be read.
    pub(crate) fn add_file(&mut self, file: &Path, message: String) {
        self.errors.push(ConfigError { file: file.to_owned(), position: None, path: String::new(), message });
    }

    /// Whether nothing is wrong.
    pub(crate) const fn is_empty(&self) -> bool {
        self.errors.is_empty()
    }

    /// All of them in the order of files and places.
    pub(crate) fn into_errors(mut self) -> ConfigErrors {
        let mut files: Vec<PathBuf> = Vec::new();
        for error in &self.errors {
            if !files.contains(&error.file) {
                files.push(error.file.clone());
            }
        }
        self.errors.sort_by_key(|error| (files.iter().position(|file| *file == error.file), error.position));
        ConfigErrors { errors: self.errors }
    }
}

/// Keys that people bring from elsewhere or from an earlier version, with what they are called here.
const OTHER_WORDS: [(&str, &str); 14] = [
    ("bind", "listen"),
    ("address", "listen"),
    ("admin", "admin_listen"),
    ("base_url", "public_url"),
    ("database", "store"),
    ("encryption_keys", "vault"),
    ("apps", "provider_apps"),
    ("providers", "provider_apps"),
    ("logging", "telemetry"),
    ("environment", "dev_id"),
    ("keys", "api_keys"),
    ("destinations", "sinks"),
    ("kind", "type"),
    ("signing_secret", "secret"),
];

fn other_word<'a>(key: &str, allowed: &'a [String]) -> Option<&'a str> {
    let (_, here) =
        OTHER_WORDS.iter().find(|(other, here)| *other == key && allowed.iter().any(|a| a == here))?;
    allowed.iter().find(|allowed| allowed == here).map(String::as_str)
}

/// The known word that differs least, if it differs little.
fn nearest<'a>(word: &str, known: &'a [String]) -> Option<&'a str> {
    let most = 1 + word.chars().count() / 4;
    let distances = known.iter().map(|known| (distance(word, known), known.as_str()));
    distances.filter(|(distance, _)| *distance <= most).min().map(|(_, known)| known)
}

/// Letters to add, remove, change or swap with the next one to turn one word into the other.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    let mut last = None;
    for (i, a) in from.chars().enumerate() {
        let mut next = Vec::with_capacity(row.len());
        next.push(i + 1);
        for (j, b) in to.iter().enumerate() {
            let cost =
                |costs: &[usize], at: usize, add: usize| costs.get(at).map_or(usize::MAX, |cost| cost + add);
            let mut best =
                cost(&row, j, usize::from(a != *b)).min(cost(&row, j + 1, 1)).min(cost(&next, j, 1));
            if j > 0 && last == Some(*b) && to.get(j - 1) == Some(&a) {
                best = best.min(cost(&before, j - 1, 1));
            }
            next.push(best);
        }
        last = Some(a);
        before = std::mem::replace(&mut row, next);
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_found_if_it_is_near() {
        let known = ["url", "secret", "timeout", "max_records"].map(str::to_owned);
        for (word, meant) in [
            ("usl", Some("url")),
            ("ulr", Some("url")),
            ("secrets", Some("secret")),
            ("timout", Some("timeout")),
            ("maxrecords", Some("max_records")),
            ("x", None),
            ("", None),
            ("something", None),
        ] {
            assert_eq!(nearest(word, &known), meant, "{word}");
        }
        assert_eq!((distance("", "abc"), distance("abc", ""), distance("ab", "ba")), (3, 3, 1));
    }

    #[test]
    fn errors_are_sorted_by_place_within_their_files() {
        let mut report = Report::default();
        let at = |line, column| Position { line, column };
        report.add(Path::new("b.yaml"), at(2, 9), "x".into(), "second");
        report.add(Path::new("b.yaml"), at(2, 1), String::new(), "first");
        report.add(Path::new("a.yaml"), at(1, 1), "y[0]".into(), "third");
        report.add_file(Path::new("c.yaml"), "fourth".into());
        let text = report.into_errors().to_string();
        assert_eq!(
            text,
            "b.yaml:2:1: first\nb.yaml:2:9: second\n  in x\na.yaml:1:1: third\n  in y[0]\nc.yaml: fourth"
        );
    }
}
