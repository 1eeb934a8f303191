//! Simulated nights: stages, heart rate, Nightly Recharge, skin temperature; as the API tells them and as they must
//! come out.

use chrono::{DateTime, NaiveDate, SecondsFormat, TimeDelta, Utc};
use serde_json::{Map, Value, json};

use crate::sandbox::ledger::Fact;
use crate::sandbox::people::Person;

use super::subject;

/// What the dice are thrown for.
const NIGHT: u64 = 0x70_4e;

/// A heart rate and a stage that even the shortest night has.
const BEAT: u32 = 69;
const STAGE: u32 = 13;

/// A night, named by the day of waking.
pub(super) struct Truth<'a> {
    person: &'a Person,
    date: NaiveDate,
    pub(super) start: DateTime<Utc>,
    pub(super) end: DateTime<Utc>,
    light: u32,
    deep: u32,
    rem: u32,
    awake: u32,
    score: u32,
    /// Minutes of each value from the start.
    stages: Vec<(u32, u32)>,
    beats: Vec<(u32, u32)>,
    /// Heart rate, RMSSD, tenths of breaths, status, and minutes of each value.
    recharge: Option<(u32, u32, u32, u32)>,
    /// Tenths of °C, and tenths of the deviation.
    skin: Option<(u32, i32)>,
}

impl<'a> Truth<'a> {
    pub(super) fn of(person: &'a Person, date: NaiveDate) -> Self {
        let mut dice = person.dice(NIGHT, subject(person.number, date));
        let minutes = person.bed_minutes - dice.between(0, 40);
        let end = person.instant(date, i64::from(person.wake_minute)) + TimeDelta::seconds(30);
        let stage = |number: u32| (number * 25, (number + 2) % 6);
        let stages = (0..minutes / 25).map(stage).collect();
        let beat = |number: u32| (number * 5, person.resting_hr + number % 7);
        let beats = (0..minutes / 5).map(beat).collect();
        let recharge =
            (person.resting_hr + 2, dice.between(20, 90), dice.between(110, 170), dice.between(1, 6));
        let skin = (dice.between(320, 360), i32::try_from(dice.between(0, 20)).unwrap_or(0) - 10);
        Self {
            person,
            date,
            start: end - TimeDelta::minutes(i64::from(minutes)),
            end,
            light: minutes * 30,
            deep: minutes * 12,
            rem: minutes * 12,
            awake: minutes * 6,
            score: dice.between(40, 98),
            stages,
            beats,
            recharge: dice.percent(85).then_some(recharge),
            skin: dice.percent(70).then_some(skin),
        }
    }

    /// Skin temperature in tenths of °C, if it was measured.
    pub(super) fn skin(&self) -> Option<u32> {
        self.skin.map(|(tenths, _)| tenths)
    }

    /// `HH:mm` on the watch, so many minutes after falling asleep.
    fn clock(&self, minutes: u32) -> String {
        let at = self.start + TimeDelta::minutes(i64::from(minutes));
        self.person.wall_clock(at).format("%H:%M").to_string()
    }

    fn written(&self, at: DateTime<Utc>) -> String {
        self.person.localized(at).to_rfc3339_opts(SecondsFormat::Secs, false)
    }

    fn user(&self) -> String {
        format!("https://www.polaraccesslink.com/v3/users/{}", super::user_id(self.person.number))
    }

    pub(super) fn json(&self) -> Value {
        let by_clock = |list: &[(u32, u32)]| {
            list.iter().map(|(at, value)| (self.clock(*at), Value::from(*value))).collect::<Map<_, _>>()
        };
        json!({
            "polar_user": self.user(),
            "date": self.date.to_string(),
            "sleep_start_time": self.written(self.start),
            "sleep_end_time": self.written(self.end),
            "device_id": format!("{:08X}", self.person.number),
            "continuity": 3.1,
            "continuity_class": 3,
            "light_sleep": self.light,
            "deep_sleep": self.deep,
            "rem_sleep": self.rem,
            "unrecognized_sleep_stage": 0,
            "sleep_score": self.score,
            "total_interruption_duration": self.awake,
            "sleep_charge": 3,
            "sleep_goal": 28_800,
            "sleep_rating": 0,
            "short_interruption_duration": self.awake / 3,
            "long_interruption_duration": self.awake - self.awake / 3,
            "sleep_cycles": 5,
            "group_duration_score": 88.0,
            "group_solidity_score": 70.0,
            "group_regeneration_score": 75.0,
            "hypnogram": by_clock(&self.stages),
            "heart_rate_samples": by_clock(&self.beats),
        })
    }

    /// Nightly Recharge, if it could be measured.
    pub(super) fn recharge(&self) -> Option<Value> {
        let (rate, variability, breaths, status) = self.recharge?;
        let series = |value: Value| {
            (6..54).map(|number| (self.clock(number * 5), value.clone())).collect::<Map<_, _>>()
        };
        let breaths = f64::from(breaths) / 10.0;
        Some(json!({
            "polar_user": self.user(),
            "date": self.date.to_string(),
            "heart_rate_avg": rate,
            "beat_to_beat_avg": 60_000 / rate.max(1),
            "heart_rate_variability_avg": variability,
            "breathing_rate_avg": breaths,
            "nightly_recharge_status": status,
            "ans_charge": 1.3,
            "ans_charge_status": 3,
            "hrv_samples": series(variability.into()),
            "breathing_samples": series(breaths.into()),
        }))
    }

    /// A night of `skintemperature`, if it was measured.
    pub(super) fn skin_temperature(&self) -> Option<Value> {
        let (celsius, deviation) = self.skin?;
        Some(json!({
            "sleep_time_skin_temperature_celsius": f64::from(celsius) / 10.0,
            "deviation_from_baseline_celsius": f64::from(deviation) / 10.0,
            "sleep_date": self.date.to_string(),
        }))
    }

    /// What must be true of the record.
    pub(super) fn facts(&self) -> Vec<Fact> {
        let recharge = self.recharge;
        vec![
            Fact::text("/metadata/summary_id", self.date.to_string()),
            Fact::instant("/metadata/start_time", self.start),
            Fact::instant("/metadata/end_time", self.end),
            Fact::number("/sleep_durations_data/asleep/duration_light_sleep_state_seconds", self.light),
            Fact::number("/sleep_durations_data/asleep/duration_deep_sleep_state_seconds", self.deep),
            Fact::number("/sleep_durations_data/asleep/duration_REM_sleep_state_seconds", self.rem),
            Fact::number("/sleep_durations_data/awake/duration_awake_state_seconds", self.awake),
            Fact::count("/sleep_durations_data/hypnogram_samples", self.stages.len()),
            Fact::instant("/sleep_durations_data/hypnogram_samples/0/timestamp", self.minute(0)),
            Fact::instant("/sleep_durations_data/hypnogram_samples/13/timestamp", self.minute(STAGE * 25)),
            Fact::count("/heart_rate_data/detailed/hr_samples", self.beats.len()),
            Fact::instant("/heart_rate_data/detailed/hr_samples/69/timestamp", self.minute(BEAT * 5)),
            Fact::number("/scores/sleep", self.score),
            Fact::maybe("/heart_rate_data/summary/avg_hr_bpm", recharge.map(|recharge| recharge.0)),
            Fact::maybe("/heart_rate_data/summary/avg_hrv_rmssd", recharge.map(|recharge| recharge.1)),
            Fact::maybe(
                "/respiration_data/breaths_data/avg_breaths_per_min",
                recharge.map(|recharge| f64::from(recharge.2) / 10.0),
            ),
            Fact::maybe("/readiness_data/recovery_level", recharge.map(|recharge| recharge.3)),
            Fact::count("/heart_rate_data/detailed/hrv_samples_rmssd", recharge.map_or(0, |_| 48)),
            Fact::count("/respiration_data/breaths_data/samples", recharge.map_or(0, |_| 48)),
            Fact::maybe("/temperature_data/delta", self.skin.map(|(_, tenths)| f64::from(tenths) / 10.0)),
        ]
    }

    /// The full minute that the watch shows so many minutes after falling asleep.
    fn minute(&self, minutes: u32) -> DateTime<Utc> {
        let at = self.start + TimeDelta::minutes(i64::from(minutes));
        DateTime::from_timestamp(at.timestamp().div_euclid(60) * 60, 0).unwrap_or(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::people::people;

    #[test]
    fn even_the_shortest_night_has_what_the_books_say_of_it() {
        let date = "2026-11-20".parse().unwrap();
        let people = people(1, 2_000);
        let nights: Vec<_> = people.iter().map(|person| Truth::of(person, date)).collect();
        let fewest = |count: fn(&Truth<'_>) -> usize| nights.iter().map(count).min().unwrap();
        let (beats, stages) = (fewest(|night| night.beats.len()), fewest(|night| night.stages.len()));
        assert!(beats > BEAT as usize && stages > STAGE as usize, "{beats} beats, {stages} stages");
        assert!(beats < 75, "no night is short enough to show anything");
    }
}
