//! Finds and reads the files: the operator's first, then those of the tenants that it names.
//!
//! Everything that is wrong in any of them is collected before anything is refused. Files are only read, and nothing
//! is kept open.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::de::DeserializeOwned;
use tributary_contract::Secret;

use crate::Config;
use crate::check::check;
use crate::operator::{Operator, OperatorFile};
use crate::place::Fingerprint;
use crate::read::read;
use crate::report::{ConfigErrors, Position, Report};
use crate::secret::{Environment, expand, join};
use crate::tenant::TenantFile;
use crate::tree::{Node, Value};
use crate::words::OneOrMore;

/// Reads and checks a configuration. `path` is the operator's file; `environment` answers for variables.
///
/// # Errors
/// Everything that is wrong, with file, line and column.
pub fn load(path: &Path, environment: Environment<'_>) -> Result<Config, ConfigErrors> {
    load_seen(path, environment, &Seen::default())
}

fn load_seen(path: &Path, environment: Environment<'_>, seen: &Seen) -> Result<Config, ConfigErrors> {
    let mut report = Report::default();
    let Some(operator) = Document::<OperatorFile>::open(path, environment, seen, &mut report) else {
        return Err(report.into_errors());
    };
    let mut warnings = Vec::new();
    let (operator, files) = tenant_files(operator, seen, &mut report, &mut warnings);
    let tenants: Vec<_> = files
        .iter()
        .filter_map(|file| Document::<TenantFile>::open(file, environment, seen, &mut report))
        .collect();
    warnings.extend(check(&operator, &tenants, &mut report));
    match operator.content {
        Some(content) if report.is_empty() => {
            let tenants = tenants
                .into_iter()
                .filter_map(|tenant| Some(Arc::new(tenant.content?.into_tenant(tenant.file, &tenant.root))));
            Ok(Config { tenants: tenants.collect(), operator: content.into_operator(), warnings })
        }
        _ => Err(report.into_errors()),
    }
}

/// A configuration with what has to be watched for changes of it.
#[derive(Debug)]
pub struct Loaded {
    /// The configuration, or everything that is wrong with it.
    pub config: Result<Config, ConfigErrors>,
    /// Every file that was read or looked for, and the folders in which tenants' files were looked for.
    pub paths: BTreeSet<PathBuf>,
    /// Changes with any content of any of these files, and with any variable that was asked for.
    pub fingerprint: Fingerprint,
}

/// As [`load`], for one who wants to know of later changes.
pub fn load_watched(path: &Path, environment: Environment<'_>) -> Loaded {
    let seen = Seen::default();
    let config = load_seen(path, environment, &seen);
    let Seen { paths, pieces } = seen;
    let pieces = pieces.into_inner();
    let fingerprint = Fingerprint::of_texts(pieces.iter().map(|piece| piece.expose().as_slice()));
    Loaded { config, paths: paths.into_inner(), fingerprint }
}

/// What loading came across.
#[derive(Default)]
pub(crate) struct Seen {
    paths: RefCell<BTreeSet<PathBuf>>,
    /// In the order in which they were met; they hold secrets.
    pieces: RefCell<Vec<Secret<Vec<u8>>>>,
}

impl Seen {
    /// A path that matters, whether it exists or not.
    pub(crate) fn path(&self, path: &Path) {
        self.paths.borrow_mut().insert(path.to_owned());
        self.piece(path.as_os_str().as_encoded_bytes());
    }

    /// Content that matters.
    pub(crate) fn piece(&self, piece: &[u8]) {
        self.pieces.borrow_mut().push(Secret::new(piece.to_vec()));
    }
}

/// One file as far as it could be read.
pub(crate) struct Document<T> {
    pub(crate) file: PathBuf,
    root: Node,
    /// `None` when too little was right.
    pub(crate) content: Option<T>,
}

impl<T: DeserializeOwned> Document<T> {
    /// Reads a file; `None` when there is nothing to look at.
    fn open(file: &Path, environment: Environment<'_>, seen: &Seen, report: &mut Report) -> Option<Self> {
        seen.path(file);
        let source = match fs::read_to_string(file) {
            Ok(source) => {
                seen.piece(source.as_bytes());
                source
            }
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                report.add_file(file, "this file is not text in UTF-8".to_owned());
                return None;
            }
            Err(error) => {
                report.add_file(file, format!("this file cannot be read: {error}"));
                return None;
            }
        };
        let (mut root, twice) = match Node::parse(&source) {
            Ok(parsed) => parsed,
            Err((at, problem)) => {
                report.add(file, at, String::new(), problem);
                return None;
            }
        };
        for (at, problem) in twice {
            report.add(file, at, String::new(), problem);
        }
        for ((at, problem), path) in expand(&mut root, directory(file), environment, seen) {
            report.add(file, at, path, problem);
        }
        let (content, errors) = read(&mut root);
        for error in errors {
            report.add(file, error.at(), error.path(), &error);
        }
        Some(Self { file: file.to_owned(), root, content })
    }
}

impl<T> Document<T> {
    /// Where a setting is, or what it would be in.
    pub(crate) fn at(&self, place: &[&str]) -> Position {
        let mut place = place;
        loop {
            match (self.root.find(place), place.split_last()) {
                (Some(node), _) => return node.at,
                (None, Some((_, above))) => place = above,
                (None, None) => return self.root.at,
            }
        }
    }

    /// Whether it was written, right or wrong.
    pub(crate) fn has(&self, place: &[&str]) -> bool {
        self.root.find(place).is_some()
    }

    /// The places in a list whose items could be read.
    pub(crate) fn items(&self, place: &[&str]) -> Vec<usize> {
        match self.root.find(place).map(|node| &node.value) {
            Some(Value::List(nodes)) => nodes
                .iter()
                .enumerate()
                .filter(|(_, node)| !node.is_removed())
                .map(|(index, _)| index)
                .collect(),
            _ => Vec::new(),
        }
    }

    /// The setting as errors name it.
    pub(crate) fn path(place: &[&str]) -> String {
        place.iter().fold(String::new(), |path, step| {
            if step.bytes().all(|byte| byte.is_ascii_digit()) {
                format!("{path}[{step}]")
            } else {
                join(&path, step)
            }
        })
    }

    /// Adds an error about a setting.
    pub(crate) fn report(&self, report: &mut Report, place: &[&str], message: impl std::fmt::Display) {
        report.add(&self.file, self.at(place), Self::path(place), message);
    }
}

/// Where relative paths in a file begin.
fn directory(file: &Path) -> &Path {
    file.parent().unwrap_or(Path::new(""))
}

/// The tenants' files, sorted within each pattern, each once.
fn tenant_files(
    mut operator: Document<OperatorFile>,
    seen: &Seen,
    report: &mut Report,
    warnings: &mut Vec<String>,
) -> (Document<OperatorFile>, Vec<PathBuf>) {
    // Also when the rest of the file could not be read.
    let patterns = match (&operator.content, operator.has(&["tenants"])) {
        (Some(content), _) => content.tenants.clone(),
        (None, true) => read::<TenantsAlone>(&mut operator.root).0.and_then(|alone| alone.tenants),
        (None, false) => None,
    };
    let patterns = match patterns {
        Some(OneOrMore(patterns)) => patterns,
        None if operator.has(&["tenants"]) => Vec::new(),
        None => vec![Operator::TENANTS.to_owned()],
    };
    let mut files = Vec::new();
    for pattern in patterns {
        let base = directory(&operator.file);
        match matching(base, &pattern) {
            Ok(found) => {
                if pattern.contains('*') {
                    let folder = directory(&base.join(&pattern)).to_owned();
                    seen.path(if folder.as_os_str().is_empty() { Path::new(".") } else { &folder });
                }
                if found.is_empty() {
                    warnings.push(format!("{}: tenants names no file that exists", operator.file.display()));
                }
                files.extend(found.into_iter().filter(|file| !files.contains(file)).collect::<Vec<_>>());
            }
            Err(reason) => operator.report(report, &["tenants"], reason),
        }
    }
    (operator, files)
}

/// The part of the operator's file that names the tenants' files.
#[derive(serde::Deserialize)]
struct TenantsAlone {
    tenants: Option<OneOrMore>,
}

/// The files that a pattern stands for: `*` in its last part is any text, apart from a dot at the front.
fn matching(base: &Path, pattern: &str) -> Result<Vec<PathBuf>, String> {
    let path = base.join(pattern);
    let Some(name) = path
        .file_name()
        .and_then(|name| name.to_str())
        .filter(|_| !pattern.is_empty() && !pattern.ends_with('/'))
    else {
        return Err("expected the path of a file, such as tenants/*.yaml".to_owned());
    };
    if pattern.strip_suffix(name).is_some_and(|folder| folder.contains('*')) {
        return Err("`*` may stand in the last part of a path alone; list several paths instead".to_owned());
    }
    if !name.contains('*') {
        return Ok(vec![path]);
    }
    let folder = directory(&path);
    let listed = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let entries = match fs::read_dir(listed) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(format!("the folder {} cannot be read: {error}", listed.display())),
    };
    let mut files = Vec::new();
    for entry in entries {
        let entry =
            entry.map_err(|error| format!("the folder {} cannot be read: {error}", listed.display()))?;
        if let Some(found) = entry.file_name().to_str()
            && fits(found, name)
            && !entry.path().is_dir()
        {
            files.push(folder.join(found));
        }
    }
    files.sort();
    Ok(files)
}

fn fits(name: &str, pattern: &str) -> bool {
    if name.starts_with('.') && !pattern.starts_with('.') {
        return false;
    }
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| name.strip_prefix(first)) else { return false };
    let mut parts = parts.peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_text() {
        for (pattern, yes, no) in [
            ("*.yaml", &["a.yaml", "a.b.yaml"][..], &["a.yml", ".a.yaml", ".yaml"][..]),
            ("*", &["a", "a.yaml"], &[".a"]),
            ("t-*-x.yaml", &["t-1-x.yaml", "t--x-x.yaml"], &["t-x.yaml", "t-1-y.yaml"]),
            ("a*b*c", &["abc", "a1b2c", "abbc"], &["ac", "abcd", "bc"]),
        ] {
            for name in yes {
                assert!(fits(name, pattern), "{pattern} {name}");
            }
            for name in no {
                assert!(!fits(name, pattern), "{pattern} {name}");
            }
        }
    }

    #[test]
    fn patterns_name_files_below_the_folder_of_the_operators_file() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("tenants/folder.yaml")).unwrap();
        for name in ["b.yaml", "a.yaml", "a.txt", ".hidden.yaml"] {
            fs::write(folder.path().join("tenants").join(name), "").unwrap();
        }
        let found = |pattern: &str| {
            let found = matching(folder.path(), pattern)?;
            Ok(found
                .iter()
                .map(|file| file.strip_prefix(folder.path()).unwrap().display().to_string())
                .collect())
        };
        let expected: Result<Vec<String>, String> =
            Ok(vec!["tenants/a.yaml".into(), "tenants/b.yaml".into()]);
        assert_eq!(found("tenants/*.yaml"), expected);
        assert_eq!(found("tenants/missing.yaml"), Ok(vec!["tenants/missing.yaml".into()]));
        assert_eq!(found("nowhere/*.yaml"), Ok(Vec::new()));
        assert!(found("*/a.yaml").unwrap_err().contains("last part"));
        assert!(found("tenants/").is_err() && found("").is_err());
        assert!(found("*/*.yaml").unwrap_err().contains("last part"));
    }
}
