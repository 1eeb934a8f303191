//! Time in heart rate zones (message `time_in_zone`).
//!
//! Only the times are taken: the borders are given in beats, the model wants shares of the maximum.

use rustyfit::profile::mesgdef::TimeInZone as Z;
use rustyfit::profile::typedef::MesgNum;
use tributary_contract::model::HeartRateZoneData;

use super::fields::Fields;

/// The zones of one workout.
pub(super) struct Zones {
    /// Number of the session in the file.
    pub(super) session: Option<i64>,
    pub(super) heart_rate: Vec<HeartRateZoneData>,
    /// The user's own, as the device knew them (beats/min).
    pub(super) highest: Option<f64>,
    pub(super) resting: Option<f64>,
}

impl Zones {
    /// None for the zones of a lap.
    pub(super) fn read(fields: &Fields<'_>) -> Option<Self> {
        if fields.integer(Z::REFERENCE_MESG) != Some(MesgNum::SESSION.0.into()) {
            return None;
        }
        let times = fields.numbers(Z::TIME_IN_HR_ZONE);
        Some(Self {
            session: fields.integer(Z::REFERENCE_INDEX).map(|index| index & 0x0FFF),
            heart_rate: (0..)
                .zip(times)
                .filter(|(_, seconds)| seconds.is_some())
                .map(|(zone, duration_seconds)| HeartRateZoneData {
                    zone: Some(zone),
                    duration_seconds,
                    ..HeartRateZoneData::default()
                })
                .collect(),
            highest: fields.number(Z::MAX_HEART_RATE).filter(|&bpm| bpm > 0.0),
            resting: fields.number(Z::RESTING_HEART_RATE).filter(|&bpm| bpm > 0.0),
        })
    }
}
