//! What a watch notes all day: counters by kind of movement, heart rate, stress, oxygen (messages `monitoring`,
//! `stress_level`, `spo2_data`).
//!
//! Read by `contents`, put into days by `daily`. Counters run from the start of the day, each for its kind.

use chrono::{DateTime, Utc};
use rustyfit::profile::mesgdef::{Monitoring as M, Spo2Data, StressLevel};
use rustyfit::profile::typedef::MesgNum;

use super::fields::{Fields, TIMESTAMP, date};

/// All of it.
#[derive(Default)]
pub(super) struct Monitoring {
    pub(super) counters: Vec<Counters>,
    /// Beats/min.
    pub(super) heart_rate: Vec<Reading>,
    /// 0–100.
    pub(super) stress: Vec<Reading>,
    /// Percent.
    pub(super) oxygen: Vec<Reading>,
}

/// One value at one time.
pub(super) struct Reading {
    pub(super) time: DateTime<Utc>,
    pub(super) value: f64,
}

/// Counters of one kind of movement since the start of the day.
pub(super) struct Counters {
    pub(super) time: DateTime<Utc>,
    /// Number of the kind in the profile; none for counters of the whole day.
    pub(super) kind: Option<i64>,
    /// Metres.
    pub(super) distance: Option<f64>,
    /// Both feet.
    pub(super) steps: Option<f64>,
    /// Kilocalories without basal ones.
    pub(super) active_energy: Option<f64>,
    /// Metres.
    pub(super) ascent: Option<f64>,
    /// Metres.
    pub(super) descent: Option<f64>,
}

/// Walking and running in the profile's list of kinds of movement.
const ON_FOOT: [i64; 2] = [1, 6];

impl Monitoring {
    /// Takes one message; `last` is the last full time of the file, from which short times are completed.
    pub(super) fn take(&mut self, fields: &Fields<'_>, last: Option<u32>) {
        match fields.kind() {
            MesgNum::STRESS_LEVEL => {
                // Below zero it could not be measured.
                let value = fields.number(StressLevel::STRESS_LEVEL_VALUE).filter(|&level| level >= 0.0);
                self.stress.extend(reading(fields.date(StressLevel::STRESS_LEVEL_TIME), value));
            }
            MesgNum::SPO2_DATA => {
                self.oxygen.extend(reading(fields.time(), fields.number(Spo2Data::READING_SPO2)));
            }
            _ => self.monitoring(fields, last),
        }
    }

    fn monitoring(&mut self, fields: &Fields<'_>, last: Option<u32>) {
        let short = fields.seconds(M::TIMESTAMP_16).zip(last);
        let short = short.map(|(short, last)| last.wrapping_add(short.wrapping_sub(last) & 0xFFFF));
        let Some(time) = fields.seconds(TIMESTAMP).or(short).and_then(date) else { return };
        let bpm = fields.number(M::HEART_RATE).filter(|&bpm| bpm > 0.0);
        self.heart_rate.extend(reading(Some(time), bpm));
        let packed = fields.integer(M::CURRENT_ACTIVITY_TYPE_INTENSITY).map(|packed| packed & 0x1F);
        let kind = fields.integer(M::ACTIVITY_TYPE).or(packed);
        let counters = Counters {
            time,
            kind,
            distance: fields.number(M::DISTANCE),
            steps: kind
                .filter(|kind| ON_FOOT.contains(kind))
                .and_then(|_| Some(fields.number(M::CYCLES)? * 2.0)),
            active_energy: fields.number(M::ACTIVE_CALORIES),
            ascent: fields.number(M::ASCENT),
            descent: fields.number(M::DESCENT),
        };
        let values =
            [counters.distance, counters.steps, counters.active_energy, counters.ascent, counters.descent];
        if values.iter().any(Option::is_some) {
            self.counters.push(counters);
        }
    }
}

fn reading(time: Option<DateTime<Utc>>, value: Option<f64>) -> Option<Reading> {
    Some(Reading { time: time?, value: value? })
}
