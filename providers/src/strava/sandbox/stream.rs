//! The streams of an activity, written when they are asked for, and the route as a polyline.
//!
//! Made from the activity's summary; never stored.

use std::fmt::Write as _;

/// What a device recorded along the way. `None` means that it had no such sensor.
#[derive(Debug)]
pub(super) struct Track {
    pub(super) points: u32,
    /// s.
    pub(super) elapsed: u32,
    /// dm in total.
    pub(super) distance: Option<u32>,
    /// Lowest and highest, dm.
    pub(super) altitude: Option<(u32, u32)>,
    /// mm/s.
    pub(super) speed: Option<u32>,
    /// bpm.
    pub(super) heart_rate: Option<u32>,
    /// rpm.
    pub(super) cadence: Option<u32>,
    /// W.
    pub(super) watts: Option<u32>,
    /// °C.
    pub(super) temperature: Option<u32>,
    /// Where it began, in hundred-thousandths of a degree.
    pub(super) position: Option<(i32, i32)>,
}

impl Track {
    /// Every such point has no power value.
    const POWER_GAP: u32 = 41;

    /// Points with a power value.
    pub(super) fn power_samples(&self) -> usize {
        self.watts.map_or(0, |_| (0..self.points).filter(|point| point % Self::POWER_GAP != 7).count())
    }

    /// The streams of those keys that exist, `time` and `distance` first: by type, or as a list.
    pub(super) fn json(&self, keys: &str, by_type: bool) -> String {
        let base = if self.distance.is_some() { "distance" } else { "time" };
        let mut text = String::with_capacity(64 * usize::try_from(self.points).unwrap_or_default() + 512);
        text.push(if by_type { '{' } else { '[' });
        let mut first = true;
        for key in [
            "time",
            "distance",
            "latlng",
            "altitude",
            "velocity_smooth",
            "heartrate",
            "cadence",
            "watts",
            "temp",
            "moving",
            "grade_smooth",
        ] {
            let asked = keys.split(',').any(|wanted| wanted == key) || key == base;
            if !asked || !self.has(key) {
                continue;
            }
            if !first {
                text.push(',');
            }
            first = false;
            let open = if by_type {
                format!("\"{key}\":{{\"data\":[")
            } else {
                format!("{{\"type\":\"{key}\",\"data\":[")
            };
            text.push_str(&open);
            for point in 0..self.points {
                if point > 0 {
                    text.push(',');
                }
                self.write(&mut text, key, point);
            }
            let written = write!(
                text,
                "],\"series_type\":\"{base}\",\"original_size\":{},\"resolution\":\"high\"}}",
                self.points
            );
            debug_assert!(written.is_ok(), "writing to a string cannot fail");
        }
        text.push(if by_type { '}' } else { ']' });
        text
    }

    fn has(&self, key: &str) -> bool {
        match key {
            "time" | "moving" => true,
            "distance" => self.distance.is_some(),
            "velocity_smooth" => self.speed.is_some(),
            "altitude" | "grade_smooth" => self.altitude.is_some(),
            "heartrate" => self.heart_rate.is_some(),
            "cadence" => self.cadence.is_some(),
            "watts" => self.watts.is_some(),
            "temp" => self.temperature.is_some(),
            "latlng" => self.position.is_some(),
            _ => false,
        }
    }

    fn write(&self, text: &mut String, key: &str, point: u32) {
        let around = |value: Option<u32>, swing: u32| {
            (value.unwrap_or_default() + wave(point, 23, swing)).saturating_sub(swing / 2)
        };
        match key {
            "time" => number(text, share(self.elapsed, point, self.points)),
            "moving" => text.push_str("true"),
            "distance" => {
                decimal(text, share(self.distance.unwrap_or_default(), point, self.points.saturating_sub(1)));
            }
            "velocity_smooth" => decimal(text, around(self.speed, 600) / 100),
            "altitude" => {
                let (low, high) = self.altitude.unwrap_or_default();
                decimal(text, low + wave(point, 2 * self.points.max(1), high - low));
            }
            "grade_smooth" => decimal(text, wave(point, 17, 40)),
            "heartrate" => number(text, around(self.heart_rate, 30)),
            "cadence" => number(text, around(self.cadence, 12)),
            "watts" if point % Self::POWER_GAP == 7 => text.push_str("null"),
            "watts" => number(text, around(self.watts, 120)),
            "temp" => number(text, self.temperature.unwrap_or_default()),
            _ => {
                let (latitude, longitude) = place(self.position.unwrap_or_default(), point, self.points);
                let written = write!(text, "[{latitude},{longitude}]");
                debug_assert!(written.is_ok(), "writing to a string cannot fail");
            }
        }
    }
}

/// `total` × `part` / `whole`.
fn share(total: u32, part: u32, whole: u32) -> u32 {
    let share = u64::from(total) * u64::from(part) / u64::from(whole.max(1));
    u32::try_from(share).unwrap_or(u32::MAX)
}

/// Up and down between 0 and `height` with that period.
fn wave(point: u32, period: u32, height: u32) -> u32 {
    let half = (period / 2).max(1);
    let phase = point % (2 * half);
    share(height, if phase < half { phase } else { 2 * half - phase }, half)
}

fn number(text: &mut String, value: u32) {
    let written = write!(text, "{value}");
    debug_assert!(written.is_ok(), "writing to a string cannot fail");
}

/// Tenths.
fn decimal(text: &mut String, tenths: u32) {
    let written = write!(text, "{}.{}", tenths / 10, tenths % 10);
    debug_assert!(written.is_ok(), "writing to a string cannot fail");
}

/// Where a point of the route is, in hundred-thousandths of a degree: a loop that leads back.
fn at((latitude, longitude): (i32, i32), point: u32, points: u32) -> (i32, i32) {
    let east = i32::try_from(wave(point, points, 1_500)).unwrap_or_default();
    let north = i32::try_from(wave(point, points / 2, 700)).unwrap_or_default();
    (latitude + north, longitude + east)
}

/// Where a point of the route is, in degrees.
pub(super) fn place(start: (i32, i32), point: u32, points: u32) -> (f64, f64) {
    let (latitude, longitude) = at(start, point, points);
    (f64::from(latitude) / 1e5, f64::from(longitude) / 1e5)
}

/// The route in Google's polyline form, precision 5.
pub(super) fn polyline(start: (i32, i32), points: u32) -> String {
    let mut line = String::new();
    let mut last = (0, 0);
    for point in 0..=points {
        let here = at(start, point, points);
        for mut difference in [here.0 - last.0, here.1 - last.1].map(zigzag) {
            while difference >= 0x20 {
                push_five(&mut line, difference | 0x20);
                difference >>= 5;
            }
            push_five(&mut line, difference);
        }
        last = here;
    }
    line
}

/// The sign goes into the lowest bit.
const fn zigzag(difference: i32) -> u32 {
    ((difference << 1) ^ (difference >> 31)).cast_unsigned()
}

fn push_five(line: &mut String, bits: u32) {
    line.push(char::from(u8::try_from((bits & 0x3f) + 63).unwrap_or(b'?')));
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn track() -> Track {
        Track {
            points: 100,
            elapsed: 3_000,
            distance: Some(100_124),
            altitude: Some((330, 612)),
            speed: Some(3_338),
            heart_rate: Some(152),
            cadence: None,
            watts: Some(210),
            temperature: None,
            position: Some((4_885_000, 235_000)),
        }
    }

    #[test]
    fn streams_have_equal_length_and_only_the_keys_that_exist_and_were_asked_for() {
        let json: Value =
            serde_json::from_str(&track().json("time,heartrate,watts,latlng,cadence", true)).unwrap();
        let keys: Vec<&String> = json.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["distance", "heartrate", "latlng", "time", "watts"]);
        assert!(
            json.as_object().unwrap().values().all(|stream| stream["data"].as_array().unwrap().len() == 100)
        );
        assert_eq!(json["distance"]["data"][99], 10_012.4);
        assert_eq!(
            (&json["time"]["data"][0], &json["time"]["data"][99]),
            (&Value::from(0), &Value::from(2_970))
        );
        let measured =
            json["watts"]["data"].as_array().unwrap().iter().filter(|value| !value.is_null()).count();
        assert_eq!(measured, track().power_samples());
        assert!(measured < 100);
        let list: Value = serde_json::from_str(&track().json("heartrate", false)).unwrap();
        assert_eq!(
            (&list[0]["type"], &list[1]["type"]),
            (&Value::from("distance"), &Value::from("heartrate"))
        );
    }

    #[test]
    fn polylines_are_encoded_as_documented() {
        // The published example: 38.5,-120.2 is `_p~iF~ps|U`.
        assert!(polyline((3_850_000, -12_020_000), 4).starts_with("_p~iF~ps|U"));
    }
}
