//! Paths in settings, and what an error of the file system means for a delivery.
//!
//! Texts come from configuration, paths go to the sinks that write files. Nothing here touches the file system.

use std::io;
use std::path::{Component, Path, PathBuf};

use tributary_contract::sink::SinkError;

/// The path that a setting means: an absolute one as it is, a relative one below `data_dir`.
///
/// # Errors
/// [`SinkError::Unusable`] for an empty path, one that names no file, and a relative one that leaves `data_dir`.
pub(crate) fn resolve(setting: &str, text: &str, data_dir: &Path) -> Result<PathBuf, SinkError> {
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
        return Err(unusable("the path holds `..`; write an absolute path, or one below the data directory"));
    }
    Ok(data_dir.join(path))
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
    fn a_relative_path_stays_below_the_data_directory() {
        let base = Path::new("/var/lib/tributary");
        assert_eq!(resolve("path", "a/b.ndjson", base).unwrap(), Path::new("/var/lib/tributary/a/b.ndjson"));
        assert_eq!(resolve("path", "/srv/b.ndjson", base).unwrap(), Path::new("/srv/b.ndjson"));
        for text in ["", "/", "a/", "..", "../b", "a/../../b", "a\0b"] {
            assert!(matches!(resolve("path", text, base), Err(SinkError::Unusable { .. })), "{text:?}");
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
