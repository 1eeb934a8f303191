//! Where a FIT file begins and ends: header, length, checksums.
//!
//! Comes first, so that nothing behind it sees a byte that is not what the device wrote. It never looks into messages.
//! The checksum is computed here because the decoder leaves the header out of it whenever the header has 14 bytes,
//! also if the header has no checksum of its own; real devices count it in.

use super::Fault;

/// The messages of one file, verified.
pub(super) struct Section<'a> {
    /// The messages, without header and checksum.
    pub(super) data: &'a [u8],
    /// Where the messages begin in the whole.
    pub(super) start: usize,
    /// Where the next chained file begins.
    pub(super) end: usize,
    /// The length was never written, as the recorder stopped early: the messages may end anywhere.
    pub(super) open: bool,
    /// The file ends before the length that it states; its checksum is missing.
    pub(super) cut_off: bool,
}

const SHORT_HEADER: usize = 12;
const LONG_HEADER: usize = 14;

/// The file that begins at `at`.
pub(super) fn at(bytes: &[u8], at: usize) -> Result<Section<'_>, Fault> {
    let file = bytes.get(at..).unwrap_or_default();
    let header: &[u8; SHORT_HEADER] = file.first_chunk().ok_or(if at == 0 && !file.is_empty() {
        Fault::NotFit
    } else if at == 0 {
        Fault::Empty
    } else {
        Fault::Malformed { what: "no FIT file follows the first one", at }
    })?;
    let &[header_length, _, _, _, l0, l1, l2, l3, b'.', b'F', b'I', b'T'] = header else {
        return Err(if at == 0 {
            Fault::NotFit
        } else {
            Fault::Malformed { what: "no FIT file follows the first one", at }
        });
    };
    let header_length = usize::from(header_length);
    if header_length < SHORT_HEADER {
        return Err(Fault::Malformed { what: "the length of the header is impossible", at });
    }
    if let Some([low, high]) = file.get(SHORT_HEADER..LONG_HEADER).filter(|_| header_length >= LONG_HEADER) {
        let stated = u16::from_le_bytes([*low, *high]);
        if stated != 0 && stated != checksum(header) {
            return Err(Fault::Crc { what: "header", at: at + SHORT_HEADER });
        }
    }
    let start = at + header_length;
    let rest = bytes.get(start..).ok_or(Fault::CutOff { at: bytes.len() })?;

    // Larger than any file that is read where it does not fit.
    let length = usize::try_from(u32::from_le_bytes([l0, l1, l2, l3])).unwrap_or(usize::MAX);
    if length == 0 {
        return Ok(Section { data: rest, start, end: bytes.len(), open: true, cut_off: false });
    }
    let Some((data, behind)) = rest.split_at_checked(length) else {
        return Ok(Section { data: rest, start, end: bytes.len(), open: false, cut_off: true });
    };
    let Some(&stated) = behind.first_chunk::<2>() else {
        return Ok(Section { data, start, end: bytes.len(), open: false, cut_off: true });
    };
    let end = start + length;
    if u16::from_le_bytes(stated) != checksum(bytes.get(at..end).unwrap_or_default()) {
        return Err(Fault::Crc { what: "file", at: end });
    }
    Ok(Section { data, start, end: end + 2, open: false, cut_off: false })
}

/// CRC-16 with the polynomial 0x8005, reflected, beginning at zero.
pub(super) fn checksum(bytes: &[u8]) -> u16 {
    const REMAINDERS: [u16; 16] = [
        0x0000, 0xCC01, 0xD801, 0x1400, 0xF001, 0x3C00, 0x2800, 0xE401, 0xA001, 0x6C00, 0x7800, 0xB401,
        0x5000, 0x9C01, 0x8801, 0x4400,
    ];
    let nibble = |crc: u16, nibble: u8| {
        let index = usize::from((crc ^ u16::from(nibble)) & 0xF);
        (crc >> 4) ^ REMAINDERS.get(index).copied().unwrap_or_default()
    };
    bytes.iter().fold(0, |crc, &byte| nibble(nibble(crc, byte & 0xF), byte >> 4))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_published_one() {
        // The check value of CRC-16/ARC.
        assert_eq!(checksum(b"123456789"), 0xBB3D);
        assert_eq!(checksum(&[]), 0);
    }

    fn file(header_length: u8, data: &[u8], stated: u32) -> Vec<u8> {
        let mut file = vec![header_length, 0x10, 0x5E, 0x06];
        file.extend(stated.to_le_bytes());
        file.extend(b".FIT");
        file.resize(usize::from(header_length), 0);
        file.extend(data);
        let crc = checksum(&file);
        file.extend(crc.to_le_bytes());
        file
    }

    #[test]
    fn a_header_without_a_checksum_counts_into_the_one_of_the_file() {
        for header_length in [12, 14, 20] {
            let bytes = file(header_length, &[1, 2, 3], 3);
            let section = at(&bytes, 0).unwrap();
            assert_eq!((section.data, section.end), (&[1, 2, 3][..], bytes.len()));
        }
    }

    #[test]
    fn every_flipped_bit_is_found() {
        let bytes = file(14, &[1, 2, 3], 3);
        for bit in 0..bytes.len() * 8 {
            let mut bytes = bytes.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(at(&bytes, 0).map_or(true, |section| section.cut_off || section.open), "bit {bit}");
        }
    }

    #[test]
    fn a_length_of_zero_reaches_to_the_end_of_the_file() {
        let section = file(12, &[1, 2, 3], 0);
        let section = at(&section, 0).unwrap();
        assert!(section.open && section.data.len() == 5);
    }

    #[test]
    fn what_is_no_fit_file_is_told_apart_from_a_damaged_one() {
        assert_eq!(at(b"", 0).err(), Some(Fault::Empty));
        assert_eq!(at(b"<?xml version=\"1.0\"?>", 0).err(), Some(Fault::NotFit));
        assert_eq!(at(&file(14, &[1], 1)[..13], 0).err(), Some(Fault::CutOff { at: 13 }));
        let short = file(12, &[1, 2, 3], 3);
        assert!(at(&short[..14], 0).unwrap().cut_off);
        assert!(at(&short[..short.len() - 1], 0).unwrap().cut_off);
        assert!(matches!(at(&short, 3).err(), Some(Fault::Malformed { at: 3, .. })));
    }
}
