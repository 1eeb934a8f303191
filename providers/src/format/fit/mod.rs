//! FIT, the binary format of most sports watches, bike computers and scales.
//!
//! [`records`] takes a whole file and gives what it holds in the standard model. The way through the modules:
//!
//! | module | what it does |
//! |---|---|
//! | `section` | where a file begins and ends, lengths, checksums |
//! | `decode` | bytes of a section to messages, with the crate `rustyfit` |
//! | `fields` | one message: values by field number, in the units of the profile |
//! | `contents` | all messages of a section, sorted by what they are about |
//! | `point`, `session`, `lap`, `device`, `weighing`, `monitoring` | one kind of message each |
//! | `activity`, `series`, `timer`, `zone`, `sport`, `body`, `daily`, `sleep` | what becomes of them in the model |
//!
//! An offset from UTC comes from the file alone, never from the server's zone; no error holds a value of the file.

use std::collections::BTreeMap;

use thiserror::Error;
use tributary_contract::model::{DataType, Record};

mod activity;
mod body;
mod contents;
mod daily;
mod decode;
mod device;
mod fields;
mod lap;
mod monitoring;
mod point;
mod section;
mod series;
mod session;
mod sleep;
mod sport;
mod timer;
mod weighing;
mod zone;

use contents::Contents;

/// The largest file that is read, in bytes. A day of recording every second takes about 3 MB.
pub const MOST_BYTES: usize = 64 * 1024 * 1024;

/// What a FIT file holds, in the order of the file: workouts, then days of body measurements, days of totals, sleep.
///
/// Several files may be chained in one.
///
/// # Errors
/// [`Fault`], also when only a part of the file is damaged; [`salvage`] gives what lies before the damage.
pub fn records(bytes: &[u8]) -> Result<Vec<Record>, Fault> {
    match salvage(bytes)? {
        (records, None) => Ok(records),
        (_, Some(fault)) => Err(fault),
    }
}

/// Like [`records`], but of a file that was cut off, or in which a device wrote nonsense, it gives what lies before
/// the damage, and the damage. A file whose checksum is wrong gives nothing: any value of it may be wrong.
///
/// # Errors
/// [`Fault`] when nothing can be had from the file.
pub fn salvage(bytes: &[u8]) -> Result<(Vec<Record>, Option<Fault>), Fault> {
    if bytes.len() > MOST_BYTES {
        return Err(Fault::TooLarge { what: "bytes", most: MOST_BYTES });
    }
    let (mut files, mut fault, mut at) = (Vec::new(), None, 0);
    while at < bytes.len() || files.is_empty() {
        let section = match section::at(bytes, at) {
            Ok(section) => section,
            Err(reason) if files.is_empty() => return Err(reason),
            // The checksum of an earlier file says nothing about this one.
            Err(reason) => {
                fault = Some(reason);
                break;
            }
        };
        let mut contents = Contents::behind(files.last())?;
        fault = decode::messages(&section, &mut contents).err();
        if let Some(reason @ Fault::TooLarge { .. }) = fault {
            return Err(reason);
        }
        contents.digest(section.data);
        files.push(contents);
        at = section.end;
        fault = fault.or_else(|| section.cut_off.then_some(Fault::CutOff { at: bytes.len() }));
        if fault.is_some() {
            break;
        }
    }
    match records_of(&mut files) {
        Ok(records) => Ok((records, fault)),
        Err(reason) => Err(fault.unwrap_or(reason)),
    }
}

/// Everything in all chained files. A file that holds nothing for the model is no harm beside one that does.
fn records_of(files: &mut [Contents]) -> Result<Vec<Record>, Fault> {
    let mut records = Vec::new();
    for contents in &mut *files {
        if contents.kind.is_plan() {
            continue;
        }
        records.extend(activity::activities(contents).into_iter().map(Record::from));
        records.extend(body::bodies(contents).into_iter().map(Record::from));
        records.extend(daily::dailies(contents).into_iter().map(Record::from));
        records.extend(sleep::sleep(contents).map(Record::from));
    }
    distinct_ids(&mut records);
    if !records.is_empty() {
        return Ok(records);
    }
    if files.iter().any(|contents| contents.undated) {
        return Err(Fault::Undated);
    }
    match files.iter().find(|contents| contents.messages > 1) {
        Some(contents) => Err(Fault::Unsupported { kind: contents.kind.to_string() }),
        None => Err(Fault::Empty),
    }
}

/// Chained files that were recorded in the same second by the same device get a number behind their id.
fn distinct_ids(records: &mut [Record]) {
    let mut known: BTreeMap<(DataType, String), usize> = BTreeMap::new();
    for record in records {
        let data_type = record.data_type();
        let id = match record {
            Record::Activity(activity) => &mut activity.metadata.summary_id,
            Record::Sleep(sleep) => match &mut sleep.metadata.summary_id {
                Some(id) => id,
                None => continue,
            },
            _ => continue,
        };
        let times = known.entry((data_type, id.clone())).or_default();
        *times += 1;
        if *times > 1 {
            *id = format!("{id}-copy-{times}");
        }
    }
}

/// Nothing instead of a block without any value.
fn filled<T: Default + PartialEq>(block: T) -> Option<T> {
    (block != T::default()).then_some(block)
}

/// Why nothing, or not everything, can be read from a file. It never holds a value of the file.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Fault {
    /// The bytes are of another format.
    #[error("not a FIT file")]
    NotFit,
    /// More than is taken in.
    #[error("more than {most} {what}")]
    TooLarge {
        /// What there is too much of.
        what: &'static str,
        /// How much is taken.
        most: usize,
    },
    /// The file ends before the length that it states.
    #[error("the file is cut off at byte {at}")]
    CutOff {
        /// Where it ends.
        at: usize,
    },
    /// A checksum is wrong: some byte before this place is not what the device wrote.
    #[error("the checksum of the {what} is wrong (at byte {at})")]
    Crc {
        /// What the checksum is about.
        what: &'static str,
        /// Where the checksum stands.
        at: usize,
    },
    /// Lengths and checksums are right, but the device wrote something that is no message.
    #[error("{what} at byte {at}")]
    Malformed {
        /// What is wrong.
        what: &'static str,
        /// Where the message begins.
        at: usize,
    },
    /// A good file of a kind that has no place in the model.
    #[error("a FIT file of type {kind} holds no workout, measurement, day or sleep")]
    Unsupported {
        /// The type in words, or its number.
        kind: String,
    },
    /// All times count from the device's start, as its clock was never set.
    #[error("the device did not know the date")]
    Undated,
    /// No message besides the one that names the file.
    #[error("the file holds no data")]
    Empty,
}
