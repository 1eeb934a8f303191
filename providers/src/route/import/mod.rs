//! Files of devices to records: the code behind uploads and `tributary import`.
//!
//! The caller reads the file and says its format and its name, which appears in errors only. Errors say what happened,
//! in which file, and what to do; they never hold a value of the file.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;
use tributary_contract::model::Record;

use crate::format::fit::{self, Fault};

/// A file format that can be imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// FIT, the binary format of most sports watches, bike computers and scales.
    Fit,
}

impl Format {
    /// All formats.
    pub const ALL: [Self; 1] = [Self::Fit];

    /// The word for it on the command line and in uploads.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fit => "fit",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.into_iter().find(|known| known.as_str().eq_ignore_ascii_case(text));
        known.ok_or_else(|| UnknownFormat { text: text.to_owned() })
    }
}

/// A word that is no format.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("unknown format {text:?}; use {}", allowed())]
pub struct UnknownFormat {
    text: String,
}

fn allowed() -> String {
    Format::ALL.map(Format::as_str).join(", ")
}

/// What a file holds. `name` stands for it in errors.
///
/// # Errors
/// [`ImportError`]. A file that is damaged anywhere gives no record: a part is never passed off as the whole. Use
/// [`salvage`] to have the part.
pub fn records(format: Format, name: &str, bytes: &[u8]) -> Result<Vec<Record>, ImportError> {
    let records = match format {
        Format::Fit => fit::records(bytes),
    };
    records.map_err(|fault| ImportError::new(format, name, &fault))
}

/// What can be had of a damaged file: the records of the part before the damage, and the damage, if there is any.
///
/// # Errors
/// [`ImportError`] when nothing can be had, or when a checksum is wrong, so that no value can be trusted.
pub fn salvage(
    format: Format,
    name: &str,
    bytes: &[u8],
) -> Result<(Vec<Record>, Option<ImportError>), ImportError> {
    let salvaged = match format {
        Format::Fit => fit::salvage(bytes),
    };
    match salvaged {
        Ok((records, fault)) => Ok((records, fault.map(|fault| ImportError::new(format, name, &fault)))),
        Err(fault) => Err(ImportError::new(format, name, &fault)),
    }
}

/// Why a file was not imported. It names the file and the place, never a value.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ImportError {
    /// The bytes are of another format.
    #[error("{name}: this is no {format} file; choose the format that the file has")]
    NotThisFormat {
        /// The file.
        name: String,
        /// What it was taken for.
        format: Format,
    },
    /// The file was cut off, or the device wrote something that cannot be read.
    #[error("{name}: {what}; get the file from the device or its service once more")]
    Damaged {
        /// The file.
        name: String,
        /// What is wrong.
        what: String,
        /// Where, in bytes from the start of the file.
        at: Option<usize>,
    },
    /// A checksum is wrong, so that any value of the file may be.
    #[error(
        "{name}: the checksum of the {part} is wrong at byte {at}, so the file was changed or damaged on its way; get it \
         from the device or its service once more"
    )]
    Crc {
        /// The file.
        name: String,
        /// What the checksum is about: the header, or the whole file.
        part: &'static str,
        /// Where it stands, in bytes from the start of the file.
        at: usize,
    },
    /// There is nothing in it.
    #[error("{name}: the file holds no data; nothing is to be done")]
    Empty {
        /// The file.
        name: String,
    },
    /// A good file that has no place in the model.
    #[error("{name}: {what}, so it cannot be imported; leave it out")]
    Unsupported {
        /// The file.
        name: String,
        /// What it is.
        what: String,
    },
    /// More than is taken in at once.
    #[error("{name}: the file holds more than {most} {what}; split it or leave it out")]
    TooLarge {
        /// The file.
        name: String,
        /// What it has too much of.
        what: &'static str,
        /// How much is taken.
        most: usize,
    },
}

impl ImportError {
    /// The file that it is about.
    pub fn name(&self) -> &str {
        match self {
            Self::NotThisFormat { name, .. }
            | Self::Damaged { name, .. }
            | Self::Crc { name, .. }
            | Self::Empty { name }
            | Self::Unsupported { name, .. }
            | Self::TooLarge { name, .. } => name,
        }
    }

    fn new(format: Format, name: &str, fault: &Fault) -> Self {
        let name = name.to_owned();
        let what = fault.to_string();
        match *fault {
            Fault::NotFit => Self::NotThisFormat { name, format },
            Fault::CutOff { at } | Fault::Malformed { at, .. } => Self::Damaged { name, what, at: Some(at) },
            Fault::Crc { what: part, at } => Self::Crc { name, part, at },
            Fault::TooLarge { what, most } => Self::TooLarge { name, what, most },
            Fault::Unsupported { .. } | Fault::Undated => Self::Unsupported { name, what },
            Fault::Empty => Self::Empty { name },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_is_known_by_its_word() {
        for format in Format::ALL {
            assert_eq!(format.as_str().parse(), Ok(format));
        }
        assert_eq!("FIT".parse(), Ok(Format::Fit));
        let error = "tcx2".parse::<Format>().unwrap_err();
        assert_eq!(error.to_string(), "unknown format \"tcx2\"; use fit");
    }

    #[test]
    fn errors_say_what_which_and_what_to_do() {
        let error = records(Format::Fit, "run.fit", b"<?xml version=\"1.0\"?>").unwrap_err();
        assert_eq!(error.to_string(), "run.fit: this is no fit file; choose the format that the file has");
        assert_eq!(records(Format::Fit, "a", b"").unwrap_err(), ImportError::Empty { name: "a".to_owned() });
    }
}
