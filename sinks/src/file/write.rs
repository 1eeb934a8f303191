//! The file itself: opening, repairing, adding, setting aside.
//!
//! Blocking; called from a thread that may wait. A batch of whole lines comes in. Anything that fails closes the file,
//! so that the next call opens and repairs it.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::line::START;

/// The lines of one path, open or not.
pub(super) struct Log {
    path: PathBuf,
    rotate_bytes: Option<u64>,
    open: Option<Open>,
}

struct Open {
    file: File,
    bytes: u64,
    /// The removed torn line's length, until somebody was told.
    removed: u64,
}

/// What opening found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Opened {
    /// Bytes of whole lines.
    pub(super) bytes: u64,
    /// Bytes of a torn line that was removed.
    pub(super) removed: u64,
}

impl Log {
    pub(super) const fn new(path: PathBuf, rotate_bytes: Option<u64>) -> Self {
        Self { path, rotate_bytes, open: None }
    }

    pub(super) fn close(&mut self) {
        self.open = None;
    }

    /// Opens the file if it is not open.
    pub(super) fn open(&mut self) -> io::Result<Opened> {
        let open = self.ready()?;
        let removed = std::mem::take(&mut open.removed);
        Ok(Opened { bytes: open.bytes, removed })
    }

    /// Adds whole lines; they are on disk when this returns.
    pub(super) fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        let done = self.add(lines);
        if done.is_err() {
            self.close();
        }
        done
    }

    fn add(&mut self, lines: &[u8]) -> io::Result<()> {
        let length = lines.len() as u64;
        let limit = self.rotate_bytes;
        let open = self.ready()?;
        if limit.is_some_and(|limit| open.bytes > 0 && open.bytes.saturating_add(length) > limit) {
            self.set_aside()?;
        }
        let open = self.ready()?;
        open.file.write_all(lines)?;
        open.file.sync_data()?;
        open.bytes = open.bytes.saturating_add(length);
        Ok(())
    }

    fn ready(&mut self) -> io::Result<&mut Open> {
        let open = match self.open.take() {
            Some(open) if still_there(&open.file, &self.path) => open,
            // Somebody moved or removed the file: what is written to the open one would be found by nobody.
            Some(_) | None => open(&self.path)?,
        };
        Ok(self.open.insert(open))
    }

    fn set_aside(&mut self) -> io::Result<()> {
        let aside = next_name(&self.path)?;
        fs::rename(&self.path, &aside)?;
        self.close();
        sync_directory(&self.path)
    }
}

fn open(path: &Path) -> io::Result<Open> {
    fs::create_dir_all(directory(path))?;
    let mut file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            return Err(io::Error::new(io::ErrorKind::ResourceBusy, "another writer has this file open"));
        }
        Err(TryLockError::Error(error)) => return Err(error),
    }
    sync_directory(path)?;
    let found = file.metadata()?.len();
    let bytes = repair(&mut file, found)?;
    Ok(Open { file, bytes, removed: found.saturating_sub(bytes) })
}

/// Leaves whole lines only, and says how long the file is then. A torn line of ours was never acknowledged, so it is
/// removed; a text of somebody else's is kept and ended.
fn repair(file: &mut File, length: u64) -> io::Result<u64> {
    let whole = end_of_last_line(file, length)?;
    if whole == length {
        return Ok(length);
    }
    let mut start = Vec::with_capacity(START.len());
    file.seek(SeekFrom::Start(whole))?;
    (&*file).take(START.len() as u64).read_to_end(&mut start)?;
    // A crash can also leave room that was never filled, which reads as zeros.
    let ours = START.starts_with(&start) || start.iter().all(|byte| *byte == 0);
    let end = if ours {
        file.set_len(whole)?;
        whole
    } else {
        file.write_all(b"\n")?;
        length.saturating_add(1)
    };
    file.sync_all()?;
    Ok(end)
}

/// The place after the last line break, found from the end.
fn end_of_last_line(file: &mut File, length: u64) -> io::Result<u64> {
    const BLOCK: u64 = 64 * 1024;
    let mut end = length;
    let mut block = Vec::new();
    while end > 0 {
        let start = end.saturating_sub(BLOCK);
        block.clear();
        file.seek(SeekFrom::Start(start))?;
        (&*file).take(end - start).read_to_end(&mut block)?;
        if let Some(place) = block.iter().rposition(|byte| *byte == b'\n') {
            return Ok(start + place as u64 + 1);
        }
        end = start;
    }
    Ok(0)
}

fn still_there(file: &File, path: &Path) -> bool {
    let (Ok(open), Ok(named)) = (file.metadata(), fs::metadata(path)) else { return false };
    (open.dev(), open.ino()) == (named.dev(), named.ino())
}

/// `<path>.<n>` with a number higher than all that exist, so that nothing is overwritten.
fn next_name(path: &Path) -> io::Result<PathBuf> {
    let mut prefix = path.file_name().unwrap_or_default().to_owned();
    prefix.push(".");
    let mut highest: u64 = 0;
    for found in fs::read_dir(directory(path))? {
        let name = found?.file_name();
        let number = name.as_encoded_bytes().strip_prefix(prefix.as_encoded_bytes());
        let number = number.and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
        highest = highest.max(number.unwrap_or_default());
    }
    let mut name = OsString::from(path);
    name.push(format!(".{}", highest.saturating_add(1)));
    Ok(PathBuf::from(name))
}

/// A file is durable only when its name in the directory is.
fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(directory(path))?.sync_all()
}

fn directory(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        Some(_) | None => Path::new("."),
    }
}
