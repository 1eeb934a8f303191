//! Laps and splits of a simulated activity.
//!
//! Written as text at once: they make up most of a detailed activity.

use std::fmt::Write as _;

use chrono::TimeDelta;

use crate::sandbox::people::{Person, whole};

use super::activity::{Activity, Truth, false_utc, tenths, thousandths, utc};

/// The id of the first lap of activity 0.
const FIRST_LAP: u64 = 50_000_000_000;

/// mm/s.
fn speed(length: u32, distance: u32) -> u32 {
    whole(f64::from(distance) * 100.0 / f64::from(length.max(1)))
}

impl Truth {
    /// Laps of a kilometre each when running, else one lap for all: length in s and distance in dm.
    pub(super) fn laps(&self, activity: &Activity) -> Vec<(u32, u32)> {
        let count = match self.is_run() {
            _ if self.manual => 0,
            true => (self.distance / 10_000).clamp(1, 12),
            false => 1,
        };
        let share = |total: u32, lap: u32| {
            let up_to = |laps: u32| u64::from(total) * u64::from(laps) / u64::from(count.max(1));
            u32::try_from(up_to(lap + 1) - up_to(lap)).unwrap_or_default()
        };
        (0..count).map(|lap| (share(activity.elapsed, lap), share(self.distance, lap))).collect()
    }

    /// The laps as a JSON array.
    pub(super) fn laps_json(&self, activity: &Activity, person: &Person) -> String {
        let (id, visibility) = (activity.id(), activity.visibility());
        let mut text = String::from("[");
        let mut start = activity.start;
        for ((length, distance), index) in self.laps(activity).into_iter().zip(0_u32..) {
            if index > 0 {
                text.push(',');
            }
            let written = write!(
                text,
                "{{\"id\":{},\"resource_state\":2,\"name\":\"Lap {place}\",\"lap_index\":{place},\"split\":{place},\
                 \"activity\":{{\"id\":{id},\"visibility\":\"{visibility}\",\"resource_state\":1}},\
                 \"athlete\":{{\"id\":{},\"resource_state\":1}},\"elapsed_time\":{length},\"moving_time\":{length},\
                 \"start_date\":\"{}\",\"start_date_local\":\"{}\",\"distance\":{:?},\"average_speed\":{:?},\
                 \"max_speed\":{:?},\"start_index\":0,\"end_index\":{},\"total_elevation_gain\":{:?},\
                 \"device_watts\":{}",
                FIRST_LAP + u64::from(activity.number) * 16 + u64::from(index),
                super::athlete_id(person.number),
                utc(start),
                false_utc(start, person),
                tenths(distance),
                thousandths(speed(length, distance)),
                thousandths(self.max_speed),
                self.points.saturating_sub(1),
                tenths(self.gain),
                self.watts.is_some(),
                place = index + 1,
            );
            debug_assert!(written.is_ok(), "writing to a string cannot fail");
            optional(&mut text, "average_cadence", self.cadence.map(tenths));
            optional(&mut text, "average_watts", self.watts.map(tenths));
            optional(&mut text, "average_heartrate", self.heart_rate.map(tenths));
            optional(&mut text, "max_heartrate", self.heart_rate.map(|_| f64::from(self.max_heart_rate)));
            text.push_str(if self.is_run() { ",\"pace_zone\":0}" } else { "}" });
            start += TimeDelta::seconds(i64::from(length));
        }
        text.push(']');
        text
    }

    /// The splits of a run as a JSON array.
    pub(super) fn splits_json(&self, activity: &Activity) -> String {
        let mut text = String::from("[");
        let laps = if self.is_run() { self.laps(activity) } else { Vec::new() };
        for ((length, distance), number) in laps.into_iter().zip(1_u32..) {
            if number > 1 {
                text.push(',');
            }
            let written = write!(
                text,
                "{{\"split\":{number},\"distance\":{:?},\"elapsed_time\":{length},\"moving_time\":{length},\
                 \"elevation_difference\":0.4,\"average_speed\":{:?},\"pace_zone\":0",
                tenths(distance),
                thousandths(speed(length, distance)),
            );
            debug_assert!(written.is_ok(), "writing to a string cannot fail");
            optional(&mut text, "average_heartrate", self.heart_rate.map(tenths));
            text.push('}');
        }
        text.push(']');
        text
    }
}

/// A field that is left out when it has no value.
fn optional(text: &mut String, name: &str, value: Option<f64>) {
    if let Some(value) = value {
        let written = write!(text, ",\"{name}\":{value:?}");
        debug_assert!(written.is_ok(), "writing to a string cannot fail");
    }
}
