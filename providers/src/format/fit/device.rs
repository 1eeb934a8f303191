//! Who made the file, and the sensors beside it (messages `file_id` and `device_info`).
//!
//! Names are those of the published profile; what it does not list is given by its number, never guessed.

use std::collections::BTreeMap;

use rustyfit::profile::mesgdef::{DeviceInfo as D, FileId};
use rustyfit::profile::typedef::{GarminProduct, Manufacturer};
use tributary_contract::model::{DeviceData, OtherDeviceData};

use super::fields::Fields;
use super::filled;

/// All devices of a file.
#[derive(Default)]
pub(super) struct Devices {
    /// Number of the maker.
    pub(super) maker: Option<i64>,
    /// Serial number of the recorder.
    pub(super) serial: Option<i64>,
    product: Option<String>,
    software: Option<String>,
    hardware: Option<String>,
    /// By their number in the file; devices report at start and end.
    sensors: BTreeMap<i64, OtherDeviceData>,
}

/// A file names a handful; more is no list of devices.
const MOST_SENSORS: usize = 64;

impl Devices {
    /// Takes the message that names the file.
    pub(super) fn identify(&mut self, fields: &Fields<'_>) {
        self.maker = fields.integer(FileId::MANUFACTURER);
        self.serial = fields.integer(FileId::SERIAL_NUMBER);
        self.product = fields
            .text(FileId::PRODUCT_NAME)
            .or_else(|| product(self.maker?, fields.integer(FileId::PRODUCT)?))
            .or(self.product.take());
    }

    /// Takes a message about one device; number 0 is the recorder.
    pub(super) fn take(&mut self, fields: &Fields<'_>) {
        let maker = fields.integer(D::MANUFACTURER);
        let name = fields.text(D::PRODUCT_NAME);
        let name = name.or_else(|| product(maker?, fields.integer(D::PRODUCT)?));
        let software = fields.number(D::SOFTWARE_VERSION).filter(|&version| version > 0.0);
        let software = software.map(|version| format!("{version:.2}"));
        let hardware = fields.integer(D::HARDWARE_VERSION).map(|version| version.to_string());
        match fields.integer(D::DEVICE_INDEX) {
            Some(0) => {
                self.product = self.product.take().or(name);
                self.software = software.or(self.software.take());
                self.hardware = hardware.or(self.hardware.take());
            }
            Some(index) => {
                let sensor = OtherDeviceData {
                    manufacturer: maker.filter(|&maker| maker > 0).map(manufacturer),
                    name,
                    serial_number: fields.integer(D::SERIAL_NUMBER).map(|serial| serial.to_string()),
                    software_version: software,
                    hardware_version: hardware,
                    ..OtherDeviceData::default()
                };
                let room = self.sensors.len() < MOST_SENSORS || self.sensors.contains_key(&index);
                if room && sensor != OtherDeviceData::default() {
                    self.sensors.insert(index, sensor);
                }
            }
            None => {}
        }
    }

    /// The recorder with its sensors.
    pub(super) fn data(&self) -> Option<DeviceData> {
        filled(DeviceData {
            manufacturer: self.maker.map(manufacturer),
            name: self.product.clone(),
            serial_number: self.serial.map(|serial| serial.to_string()),
            software_version: self.software.clone(),
            hardware_version: self.hardware.clone(),
            other_devices: (!self.sensors.is_empty()).then(|| self.sensors.values().cloned().collect()),
            ..DeviceData::default()
        })
    }
}

fn manufacturer(number: i64) -> String {
    let name = u16::try_from(number).ok().map(|number| Manufacturer(number).to_string());
    name.filter(|name| !name.starts_with("Manufacturer(")).unwrap_or_else(|| number.to_string())
}

/// Product numbers mean something only together with their maker; the profile lists those of Garmin.
fn product(maker: i64, number: i64) -> Option<String> {
    if maker != i64::from(Manufacturer::GARMIN.0) {
        return None;
    }
    let name = GarminProduct(u16::try_from(number).ok()?).to_string();
    (!name.starts_with("GarminProduct(")).then_some(name)
}
