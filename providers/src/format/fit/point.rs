//! One point of a recording (message `record`).
//!
//! Read by `contents`, turned into series by `series`. Two old packed forms are unpacked here; nothing is smoothed or
//! filled in.

use chrono::{DateTime, Utc};
use rustyfit::profile::mesgdef::Record;
use tributary_contract::model::{LatLng, unit};

use super::fields::Fields;

/// What was measured at one moment.
pub(super) struct Point {
    pub(super) time: DateTime<Utc>,
    /// Degrees.
    pub(super) position: Option<LatLng>,
    /// Above sea level (m).
    pub(super) altitude: Option<f64>,
    /// Beats/min.
    pub(super) heart_rate: Option<f64>,
    /// Revolutions/min; strides/min on foot.
    pub(super) cadence: Option<f64>,
    /// Since the start of the file (m).
    pub(super) distance: Option<f64>,
    /// Metres/s.
    pub(super) speed: Option<f64>,
    /// Watts.
    pub(super) power: Option<f64>,
}

impl Point {
    /// None without a date.
    pub(super) fn read(fields: &Fields<'_>, distance: &mut Distance) -> Option<Self> {
        let (packed_speed, packed_distance) = distance.unpack(fields);
        Some(Self {
            time: fields.time()?,
            position: position(fields, Record::POSITION_LAT, Record::POSITION_LONG),
            altitude: fields.finer(Record::ENHANCED_ALTITUDE, Record::ALTITUDE),
            heart_rate: fields.number(Record::HEART_RATE).filter(|&bpm| bpm > 0.0),
            cadence: cadence(fields, Record::CADENCE, Record::FRACTIONAL_CADENCE),
            distance: fields.number(Record::DISTANCE).or(packed_distance),
            speed: fields.finer(Record::ENHANCED_SPEED, Record::SPEED).or(packed_speed),
            power: fields.number(Record::POWER),
        })
    }

    /// Sets a value that only a developer field holds.
    pub(super) fn complete(&mut self, native: Native, value: f64) {
        let place = match native {
            Native::HeartRate if value > 0.0 => &mut self.heart_rate,
            Native::HeartRate => return,
            Native::Cadence => &mut self.cadence,
            Native::Distance => &mut self.distance,
            Native::Speed => &mut self.speed,
            Native::Power => &mut self.power,
        };
        if value.is_finite() && place.is_none() {
            *place = Some(value);
        }
    }
}

/// Degrees of two fields in semicircles.
pub(super) fn position(fields: &Fields<'_>, latitude: u8, longitude: u8) -> Option<LatLng> {
    let latitude = unit::semicircles_to_degrees(fields.number(latitude)?);
    let longitude = unit::semicircles_to_degrees(fields.number(longitude)?);
    (latitude.abs() <= 90.0).then(|| LatLng::new(latitude, longitude))
}

/// Turns a minute with their fraction, which stands in a field of its own.
pub(super) fn cadence(fields: &Fields<'_>, whole: u8, fraction: u8) -> Option<f64> {
    Some(fields.number(whole)? + fields.number(fraction).unwrap_or_default())
}

/// What a developer field may stand for, such as the power of a foot pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Native {
    HeartRate,
    Cadence,
    Distance,
    Speed,
    Power,
}

impl Native {
    pub(super) fn of(number: u8) -> Option<Self> {
        match number {
            Record::HEART_RATE => Some(Self::HeartRate),
            Record::CADENCE => Some(Self::Cadence),
            Record::DISTANCE => Some(Self::Distance),
            Record::SPEED | Record::ENHANCED_SPEED => Some(Self::Speed),
            Record::POWER => Some(Self::Power),
            _ => None,
        }
    }
}

/// The distance so far in files that count it in 12 bits, modulo 256 m.
#[derive(Default)]
pub(super) struct Distance {
    last: Option<u16>,
    sixteenths: u32,
}

impl Distance {
    /// Speed (m/s) and distance (m) of three bytes: 12 bits of each, the lower ones first.
    fn unpack(&mut self, fields: &Fields<'_>) -> (Option<f64>, Option<f64>) {
        let Some(&[low, middle, high]) = fields.bytes(Record::COMPRESSED_SPEED_DISTANCE) else {
            return (None, None);
        };
        let speed = u16::from(low) | u16::from(middle & 0x0F) << 8;
        let count = u16::from(middle >> 4) | u16::from(high) << 4;
        let step = count.wrapping_sub(self.last.unwrap_or_default()) & 0x0FFF;
        self.last = Some(count);
        self.sixteenths = self.sixteenths.saturating_add(step.into());
        (Some(f64::from(speed) / 100.0), Some(f64::from(self.sixteenths) / 16.0))
    }
}
