//! A writer of FIT files that shares nothing with the reader: bytes by hand, checksum bit by bit.

/// A field: number, base type as in the format, bytes.
pub(crate) type Field<'a> = (u8, u8, &'a [u8]);

pub(crate) const ENUM: u8 = 0x00;
pub(crate) const SINT8: u8 = 0x01;
pub(crate) const UINT8: u8 = 0x02;
pub(crate) const STRING: u8 = 0x07;
pub(crate) const BYTE: u8 = 0x0D;
pub(crate) const UINT16: u8 = 0x84;
pub(crate) const SINT32: u8 = 0x85;
pub(crate) const UINT32: u8 = 0x86;
pub(crate) const UINT32Z: u8 = 0x8C;

/// Numbers of messages.
pub(crate) const FILE_ID: u16 = 0;
pub(crate) const SESSION: u16 = 18;
pub(crate) const LAP: u16 = 19;
pub(crate) const RECORD: u16 = 20;
pub(crate) const EVENT: u16 = 21;
pub(crate) const WEIGHT_SCALE: u16 = 30;
pub(crate) const ACTIVITY: u16 = 34;
pub(crate) const BLOOD_PRESSURE: u16 = 51;
pub(crate) const MONITORING: u16 = 55;
pub(crate) const MONITORING_INFO: u16 = 103;
pub(crate) const FIELD_DESCRIPTION: u16 = 206;
pub(crate) const STRESS_LEVEL: u16 = 227;
pub(crate) const SLEEP_LEVEL: u16 = 275;
pub(crate) const SLEEP_ASSESSMENT: u16 = 346;

/// 2024-06-01T10:00:00Z in seconds of the format.
pub(crate) const MORNING: u32 = 1_086_170_400;

/// A file in the making.
#[derive(Default)]
pub(crate) struct Writer {
    data: Vec<u8>,
}

impl Writer {
    /// A file of that type, from a device whose serial number is 77, made at [`MORNING`].
    pub(crate) fn of_type(file_type: u8) -> Self {
        Self::default().message(
            FILE_ID,
            &[
                (0, ENUM, &[file_type]),
                (1, UINT16, &1_u16.to_le_bytes()),
                (3, UINT32Z, &77_u32.to_le_bytes()),
                (4, UINT32, &MORNING.to_le_bytes()),
            ],
        )
    }

    /// A definition of local kind 0, and one message of it.
    pub(crate) fn message(mut self, number: u16, fields: &[Field<'_>]) -> Self {
        self.define(0x40, 0, number, fields);
        self.data.push(0);
        self.data.extend(fields.iter().flat_map(|(_, _, bytes)| *bytes));
        self
    }

    /// The same in big-endian order; the bytes of the fields are the caller's.
    pub(crate) fn big_endian(mut self, number: u16, fields: &[Field<'_>]) -> Self {
        self.define(0x40, 1, number, fields);
        self.data.push(0);
        self.data.extend(fields.iter().flat_map(|(_, _, bytes)| *bytes));
        self
    }

    /// A message with developer fields of developer 0, each a number and its bytes.
    pub(crate) fn developed(mut self, number: u16, fields: &[Field<'_>], developed: &[(u8, &[u8])]) -> Self {
        self.define(0x60, 0, number, fields);
        self.data.push(developed.len().try_into().unwrap());
        for (number, bytes) in developed {
            self.data.extend([*number, bytes.len().try_into().unwrap(), 0]);
        }
        self.data.push(0);
        self.data.extend(fields.iter().flat_map(|(_, _, bytes)| *bytes));
        self.data.extend(developed.iter().flat_map(|(_, bytes)| *bytes));
        self
    }

    /// A definition of local kind 1, for [`Writer::compressed`].
    pub(crate) fn defined(mut self, number: u16, fields: &[Field<'_>]) -> Self {
        self.define(0x41, 0, number, fields);
        self
    }

    /// A message of local kind 1 whose header holds the low five bits of its time.
    pub(crate) fn compressed(mut self, seconds: u32, bytes: &[u8]) -> Self {
        self.data.push(0x80 | 1 << 5 | u8::try_from(seconds & 0x1F).unwrap());
        self.data.extend(bytes);
        self
    }

    /// Bytes that are no message.
    pub(crate) fn raw(mut self, bytes: &[u8]) -> Self {
        self.data.extend(bytes);
        self
    }

    fn define(&mut self, header: u8, order: u8, number: u16, fields: &[Field<'_>]) {
        let number = if order == 0 { number.to_le_bytes() } else { number.to_be_bytes() };
        self.data.extend([header, 0, order, number[0], number[1], fields.len().try_into().unwrap()]);
        for (number, base_type, bytes) in fields {
            self.data.extend([*number, bytes.len().try_into().unwrap(), *base_type]);
        }
    }

    /// The file, with a right length and right checksums.
    pub(crate) fn file(self) -> Vec<u8> {
        let length = u32::try_from(self.data.len()).unwrap();
        self.file_of_length(length)
    }

    /// The file, with that length in its header.
    pub(crate) fn file_of_length(self, length: u32) -> Vec<u8> {
        let mut file = vec![14, 0x20, 0x5E, 0x08];
        file.extend(length.to_le_bytes());
        file.extend(b".FIT");
        file.extend(checksum(&file).to_le_bytes());
        file.extend(self.data);
        let crc = checksum(&file);
        file.extend(crc.to_le_bytes());
        file
    }
}

fn checksum(bytes: &[u8]) -> u16 {
    let mut crc = 0_u16;
    for byte in bytes {
        crc ^= u16::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xA001 } else { crc >> 1 };
        }
    }
    crc
}
