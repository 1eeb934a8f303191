//! The bytes of a section to messages, with the crate `rustyfit`.
//!
//! The crate knows definitions, byte orders, developer fields and the profile. What it is not used for: checksums (see
//! `section`) and the expansion of packed fields (see `point`). Nothing is collected here: each message goes on at once.

use std::cell::Cell;
use std::convert::Infallible;

use embedded_io::{ErrorType, Read};
use rustyfit::proto::FieldDefinition;
use rustyfit::{Decoder, DecoderError, DecoderEvent, StreamingIterator};

use super::Fault;
use super::contents::Contents;
use super::fields::Fields;
use super::section::Section;

/// Hands every message of a section to `contents`.
pub(super) fn messages(section: &Section<'_>, contents: &mut Contents) -> Result<(), Fault> {
    let length = u32::try_from(section.data.len()).unwrap_or(u32::MAX);
    let mut header = [12, 0x10, 0, 0, 0, 0, 0, 0, b'.', b'F', b'I', b'T'];
    if let Some(stated) = header.get_mut(4..8) {
        stated.copy_from_slice(&length.to_le_bytes());
    }
    let taken = Cell::new(0);
    let feed = Feed { header: &header, data: section.data, taken: &taken };
    let mut definitions = Definitions::default();
    let mut decoder = Decoder::builder().checksum(false).expand_components(false).build();
    let mut stream = decoder.stream(feed);
    loop {
        let before = taken.get();
        if before >= section.data.len() {
            return Ok(());
        }
        match stream.next() {
            Some(Ok(DecoderEvent::Message(message))) => {
                contents.take(&Fields::new(message, definitions.of(message.header)))?;
            }
            Some(Ok(DecoderEvent::MessageDefinition(definition))) => {
                definitions.keep(definition.header, &definition.field_definitions);
            }
            Some(Ok(DecoderEvent::FileHeader(_) | DecoderEvent::Crc(_))) => {}
            // Where the length is unknown, the first thing that is no message is the end.
            None | Some(Err(_)) if section.open => return Ok(()),
            None => return Ok(()),
            Some(Err(error)) => return Err(fault(&error, section, before)),
        }
    }
}

fn fault(error: &DecoderError<Infallible>, section: &Section<'_>, before: usize) -> Fault {
    let at = section.start + before;
    match error {
        DecoderError::Io { err } => match *err {},
        DecoderError::UnexpectedEof if section.cut_off => {
            Fault::CutOff { at: section.start + section.data.len() }
        }
        DecoderError::UnexpectedEof => Fault::Malformed { what: "a message reaches beyond the file", at },
        DecoderError::MissingMessageDefinition { .. } => {
            Fault::Malformed { what: "a message that was never defined", at }
        }
        DecoderError::NotFITFile | DecoderError::ChecksumMismatch { .. } => {
            Fault::Malformed { what: "something that is no message", at }
        }
    }
}

/// How each of the 16 local kinds of message was declared, which the decoder replaces by what the profile says.
#[derive(Default)]
struct Definitions([Vec<FieldDefinition>; 16]);

impl Definitions {
    fn keep(&mut self, header: u8, fields: &[FieldDefinition]) {
        if let Some(kept) = self.0.get_mut(usize::from(header & 0x0F)) {
            kept.clear();
            kept.extend_from_slice(fields);
        }
    }

    /// For the header of a message: its top bit says that the kind stands in bits 5 and 6.
    fn of(&self, header: u8) -> &[FieldDefinition] {
        let local = if header & 0x80 == 0 { header & 0x0F } else { header >> 5 & 0x03 };
        self.0.get(usize::from(local)).map(Vec::as_slice).unwrap_or_default()
    }
}

/// A header of our own making, so that one with a length of zero can be read as well, and then the messages.
struct Feed<'a> {
    header: &'a [u8],
    data: &'a [u8],
    /// How many bytes of `data` were taken.
    taken: &'a Cell<usize>,
}

impl ErrorType for Feed<'_> {
    type Error = Infallible;
}

impl Read for Feed<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Infallible> {
        if !self.header.is_empty() {
            return self.header.read(buffer);
        }
        let count = self.data.read(buffer)?;
        self.taken.set(self.taken.get() + count);
        Ok(count)
    }
}
