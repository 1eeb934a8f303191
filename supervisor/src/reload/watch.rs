//! Whether files have changed, seen from outside: size, times and inode, looked at again and again.
//!
//! That works alike on every file system, over networks, with editors that rename a new file into place and with mounted
//! secrets that are symbolic links swapped as a whole; notifications of the system fail at one of these each, and have
//! to be armed anew after every rename. Nothing is read here.

use std::collections::BTreeSet;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;

/// What the files look like from outside.
#[derive(Default)]
pub(super) struct Watched {
    paths: BTreeSet<PathBuf>,
    /// When they were looked at last.
    stamps: Vec<Option<Stamp>>,
    /// They were read twice with one result since they have changed: a change within the grain of a file system's times
    /// would show in the second reading.
    is_settled: bool,
}

/// Tells one state of a file from the next: device, inode, size, times of content and of itself.
type Stamp = [i128; 5];

impl Watched {
    /// Whether the configuration is to be read: after a change, once nothing has changed since the look before.
    pub(super) async fn has_changed(&mut self) -> bool {
        let stamps = stamps(self.paths.clone()).await;
        let same = stamps == self.stamps;
        self.stamps = stamps;
        if !same {
            self.is_settled = false;
        }
        same && !self.is_settled
    }

    /// The configuration was read, and was made of these files.
    pub(super) async fn read(&mut self, paths: BTreeSet<PathBuf>, same: bool) {
        self.is_settled = same && paths == self.paths;
        if paths != self.paths {
            self.stamps = stamps(paths.clone()).await;
            self.paths = paths;
        }
    }
}

async fn stamps(paths: BTreeSet<PathBuf>) -> Vec<Option<Stamp>> {
    let stamp = |metadata: Metadata| -> Stamp {
        let time = |seconds: i64, nanos: i64| i128::from(seconds) * 1_000_000_000 + i128::from(nanos);
        [
            metadata.dev().into(),
            metadata.ino().into(),
            metadata.size().into(),
            time(metadata.mtime(), metadata.mtime_nsec()),
            time(metadata.ctime(), metadata.ctime_nsec()),
        ]
    };
    let look = move || paths.iter().map(|path| std::fs::metadata(path).ok().map(stamp)).collect();
    tokio::task::spawn_blocking(look).await.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_read_once_they_have_stopped_changing_and_once_more_after_that() {
        actix_rt::System::new().block_on(async {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("file");
            let paths = BTreeSet::from([file.clone(), folder.path().join("missing")]);
            let mut watched = Watched::default();
            assert!(watched.has_changed().await, "nothing was read yet");
            watched.read(paths.clone(), false).await;
            std::fs::write(&file, "one").unwrap();
            assert!(!watched.has_changed().await, "it may be half written");
            assert!(watched.has_changed().await);
            watched.read(paths.clone(), false).await;
            assert!(watched.has_changed().await, "a change within the grain of its times would be missed");
            watched.read(paths.clone(), true).await;
            assert!(!watched.has_changed().await);

            // Put in place by a rename, with the same length.
            let aside = folder.path().join("aside");
            std::fs::write(&aside, "two").unwrap();
            std::fs::rename(&aside, &file).unwrap();
            assert!(!watched.has_changed().await);
            assert!(watched.has_changed().await);
            watched.read(paths.clone(), true).await;
            assert!(!watched.has_changed().await);

            // A link that is pointed elsewhere, as mounted secrets are; and a file that goes.
            std::fs::write(&aside, "two").unwrap();
            std::fs::remove_file(&file).unwrap();
            std::os::unix::fs::symlink(&aside, &file).unwrap();
            assert!(!watched.has_changed().await && watched.has_changed().await);
            watched.read(paths.clone(), true).await;
            std::fs::remove_file(&aside).unwrap();
            assert!(!watched.has_changed().await && watched.has_changed().await);
            watched.read(BTreeSet::new(), true).await;
            assert!(watched.has_changed().await, "other files matter now");
        });
    }
}
