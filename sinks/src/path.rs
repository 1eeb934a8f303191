//! Paths in settings, and what an error of the file system means for a delivery.
//!
//! Texts come from configuration, paths go to the sinks that write files. Nothing here touches the file system.

use std::io;
use std::path::{Component, Path, PathBuf};

use tributary_contract::sink::SinkError;

use crate::registry::Context;

/// The path that a setting means: a relative one begins at the data directory, and an absolute one must lie below it
/// or below a directory that the operator permits. Settings are a tenant's, and the disk is the operator's.
///
/// # Errors
/// [`SinkError::Unusable`] for an empty path, one that names no file or one of Tributary's own, and one that leaves the
/// directories.
pub(crate) fn resolve(setting: &str, text: &str, context: &Context) -> Result<PathBuf, SinkError> {
    let unusable =
        |reason: &str| SinkError::Unusable { setting: setting.to_owned(), reason: reason.to_owned() };
    let path = Path::new(text);
    if text.contains('\0') {
        return Err(unusable("the path holds a NUL character"));
    }
    if path.file_name().is_none() || text.ends_with('/') {
        return Err(unusable("the path does not end in the name of a file"));
    }
    if path.components().any(|part| part == Component::ParentDir) {
        return Err(unusable("the path holds `..`; write a path below the data directory"));
    }
    let path = context.data_dir.join(path);
    let whole = absolute(&path);
    let mut roots = std::iter::once(&context.data_dir).chain(&context.allowed_directories);
    if !roots.any(|root| whole.starts_with(absolute(root))) {
        return Err(unusable(
            "the path leaves the data directory; write a path below it, or have the operator add the directory to \
             allowed_directories",
        ));
    }
    if context.own_files.iter().any(|own| is_beside(&whole, &absolute(own))) {
        return Err(unusable("the path names a file of Tributary's own store; choose another name"));
    }
    Ok(path)
}

/// The path from the root, without looking at the disk.
fn absolute(path: &Path) -> PathBuf {
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    std::path::absolute(path).unwrap_or_else(|_no_working_directory| path.to_owned())
}

/// Whether a path is a file or stands beside it under its name with an ending, as journals do.
fn is_beside(path: &Path, own: &Path) -> bool {
    let name = |path: &Path| path.file_name().map(|name| name.to_string_lossy().to_lowercase());
    match (name(path), name(own)) {
        (Some(name), Some(own_name)) => path.parent() == own.parent() && name.starts_with(&own_name),
        _ => false,
    }
}

/// What an error of the operating system means. `what` says which thing was to be done.
pub(crate) fn sink_error(what: &str, error: &io::Error) -> SinkError {
    use io::ErrorKind as Kind;
    let reason = format!("{what}: {error}");
    let advice = match error.kind() {
        Kind::PermissionDenied => "give the user that Tributary runs as the right to write there",
        Kind::ReadOnlyFilesystem => "make the file system writable, or choose another path",
        Kind::NotADirectory | Kind::AlreadyExists | Kind::IsADirectory | Kind::InvalidFilename => {
            "choose another path"
        }
        Kind::BrokenPipe => "nobody reads the other end any more; start the reader and Tributary again",
        _ => return SinkError::Unavailable { reason, after: None },
    };
    SinkError::Denied { reason, advice: advice.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_stays_below_the_directories_of_the_operator() {
        let context = Context {
            data_dir: "/var/lib/tributary".into(),
            allowed_directories: vec!["/srv/health".into()],
            own_files: vec!["/var/lib/tributary/tributary.db".into()],
            ..Context::default()
        };
        for (text, path) in [
            ("a/b.ndjson", "/var/lib/tributary/a/b.ndjson"),
            ("./b.ndjson", "/var/lib/tributary/./b.ndjson"),
            ("/var/lib/tributary/b.ndjson", "/var/lib/tributary/b.ndjson"),
            ("/srv/health/b.ndjson", "/srv/health/b.ndjson"),
            ("a/tributary.db", "/var/lib/tributary/a/tributary.db"),
        ] {
            assert_eq!(resolve("path", text, &context).unwrap(), Path::new(path));
        }
        for text in [
            "",
            "/",
            "a/",
            "..",
            "../b",
            "a/../../b",
            "a\0b",
            "/srv/b.ndjson",
            "/srv/healthy/b.ndjson",
            "/var/lib/tributary2/b",
            "tributary.db",
            "./tributary.db",
            "Tributary.DB-wal",
            "/var/lib/tributary/./tributary.db",
        ] {
            assert!(matches!(resolve("path", text, &context), Err(SinkError::Unusable { .. })), "{text:?}");
        }
    }

    #[test]
    fn a_full_disk_passes_and_missing_rights_do_not() {
        let full = sink_error("write", &io::Error::from(io::ErrorKind::StorageFull));
        let denied = sink_error("write", &io::Error::from(io::ErrorKind::PermissionDenied));
        assert!(matches!(full, SinkError::Unavailable { .. }), "{full}");
        assert!(matches!(denied, SinkError::Denied { .. }), "{denied}");
    }
}
