//! Simulated sleep: nights and naps, as the API tells them and as they must come out.

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Timelike as _, Utc};
use serde_json::{Value, json};

use crate::sandbox::ledger::Fact;
use crate::sandbox::people::{Person, whole};

use super::series::{Samples, localized};

/// What the dice are thrown for.
const NIGHT: u64 = 0x6e;
const NAP: u64 = 0x6f;

/// Naps that end later than this hour count for the next day.
const DAY_CHANGE: u32 = 18;

/// A period in bed. Lengths are whole half minutes.
pub(super) struct Sleep {
    pub(super) start: DateTime<Utc>,
    pub(super) end: DateTime<Utc>,
    pub(super) day: NaiveDate,
    kind: &'static str,
    /// One digit for each 30 s.
    phases: String,
    thirty_known: bool,
    heart_rate: u32,
    lowest: u32,
    hrv: u32,
    /// Hundredths of a breath a minute.
    breath: Option<u32>,
    restless: u32,
    readiness: Option<(u32, Option<i32>)>,
}

impl Sleep {
    /// When the person gets up on a day.
    pub(super) fn wakes(person: &Person, day: NaiveDate) -> DateTime<Utc> {
        let late = i64::from(person.dice(NIGHT, number(day)).between(0, 60)) - 30;
        person.instant(day, i64::from(person.wake_minute) + late)
    }

    /// The night that ends on a day. `readiness`: score and temperature deviation in hundredths of a degree.
    pub(super) fn night(person: &Person, day: NaiveDate, readiness: Option<(u32, Option<i32>)>) -> Self {
        let mut dice = person.dice(NIGHT, number(day) ^ 0x1_0000);
        let minutes = person.bed_minutes + dice.between(0, 120) - 60;
        let end = Self::wakes(person, day);
        let start = end - TimeDelta::seconds(i64::from(minutes * 60 + 30 * dice.between(0, 9)));
        Self::between(person, start, end, day, "long_sleep", &mut dice, readiness)
    }

    pub(super) fn nap(person: &Person, number: u32, start: DateTime<Utc>, seconds: u32) -> Self {
        let end = start + TimeDelta::seconds(i64::from(seconds / 30 * 30));
        let clock = person.wall_clock(end);
        let late = clock.hour() >= DAY_CHANGE;
        let day = if late { clock.date().checked_add_days(Days::new(1)) } else { None };
        let kind = if late { "late_nap" } else { "sleep" };
        let mut dice = person.dice(NAP, u64::from(number));
        Self::between(person, start, end, day.unwrap_or(clock.date()), kind, &mut dice, None)
    }

    fn between(
        person: &Person,
        start: DateTime<Utc>,
        end: DateTime<Utc>,
        day: NaiveDate,
        kind: &'static str,
        dice: &mut crate::sandbox::people::Chance,
        readiness: Option<(u32, Option<i32>)>,
    ) -> Self {
        let length = u32::try_from((end - start).num_seconds() / 30).unwrap_or_default();
        let mut phases = String::new();
        let latency = dice.between(4, 30).min(length / 4);
        let mut place = 0;
        while place < length {
            // A cycle of about ninety minutes: light, deep, light, REM, now and then awake.
            let cycle = [('2', 20, 50), ('1', 15, 60), ('2', 15, 50), ('3', 10, 50), ('4', 0, 12)];
            let mut stages: Vec<(char, u32)> =
                cycle.map(|(phase, low, high)| (phase, dice.between(low, high))).into();
            if place == 0 {
                stages.insert(0, ('4', latency));
            }
            for (phase, count) in stages {
                let count = count.min(length - place);
                phases.extend((0..count).map(|_| phase));
                place += count;
            }
        }
        let resting = person.resting_hr;
        Self {
            start,
            end,
            day,
            kind,
            phases,
            thirty_known: dice.percent(90),
            heart_rate: resting + dice.between(2, 12),
            lowest: resting - dice.between(0, 4),
            hrv: dice.between(18, 110),
            breath: dice.maybe(8, 1_150, 1_850),
            restless: dice.between(20, 320),
            readiness,
        }
    }

    const fn is_nap(&self) -> bool {
        !matches!(self.kind.as_bytes(), b"long_sleep")
    }

    fn seconds(&self, phase: char) -> u32 {
        u32::try_from(self.phases.chars().filter(|other| *other == phase).count()).unwrap_or_default() * 30
    }

    fn in_bed(&self) -> u32 {
        u32::try_from((self.end - self.start).num_seconds()).unwrap_or_default()
    }

    fn latency(&self) -> u32 {
        u32::try_from(self.phases.chars().take_while(|phase| *phase == '4').count()).unwrap_or_default() * 30
    }

    fn asleep(&self) -> u32 {
        self.in_bed() - self.seconds('4')
    }

    fn efficiency(&self) -> u32 {
        whole(f64::from(self.asleep()) * 100.0 / f64::from(self.in_bed().max(1)))
    }

    fn average_heart_rate(&self) -> f64 {
        f64::from(self.heart_rate) + 0.25
    }

    fn heart_rates(&self, person: &Person) -> Samples {
        Samples::around(person, self.start, self.in_bed(), 300, self.heart_rate)
    }

    fn hrvs(&self, person: &Person) -> Samples {
        Samples::around(person, self.start, self.in_bed(), 300, self.hrv)
    }

    /// The document; `deleted` turns it into its tombstone.
    pub(super) fn json(&self, person: &Person, id: &str, updated: DateTime<Utc>, deleted: bool) -> Value {
        let five: String = self.phases.chars().step_by(10).collect();
        let movement: String =
            self.phases.chars().map(|phase| if phase == '4' { '3' } else { '1' }).collect();
        let readiness = self.readiness.map(|(score, deviation)| {
            json!({"score": score, "temperature_deviation": deviation.map(hundredths),
                "temperature_trend_deviation": null,
                "contributors": {"hrv_balance": 81, "resting_heart_rate": 90, "previous_day_activity": null}})
        });
        json!({
            "id": id,
            "meta": super::meta(updated, 1),
            "average_breath": self.breath.map(|breath| f64::from(breath) / 100.0),
            "average_heart_rate": self.average_heart_rate(),
            "average_hrv": self.hrv,
            "awake_time": self.seconds('4'),
            "bedtime_start": localized(person, self.start),
            "bedtime_end": localized(person, self.end),
            "day": self.day.to_string(),
            "deep_sleep_duration": self.seconds('1'),
            "efficiency": self.efficiency(),
            "heart_rate": self.heart_rates(person).json(person),
            "hrv": self.hrvs(person).json(person),
            "latency": self.latency(),
            "light_sleep_duration": self.seconds('2'),
            "low_battery_alert": false,
            "lowest_heart_rate": self.lowest,
            "movement_30_sec": movement,
            "period": u32::from(self.is_nap()),
            "readiness": readiness,
            "readiness_score_delta": null,
            "rem_sleep_duration": self.seconds('3'),
            "restless_periods": self.restless,
            "ring_id": null,
            "sleep_algorithm_version": "v2",
            "sleep_analysis_reason": "foreground_sleep_analysis",
            "sleep_phase_30_sec": self.thirty_known.then_some(&self.phases),
            "sleep_phase_5_min": five,
            "app_sleep_phase_5_min": five,
            "sleep_score_delta": null,
            "time_in_bed": self.in_bed(),
            "total_sleep_duration": self.asleep(),
            "type": if deleted { "deleted" } else { self.kind },
        })
    }

    /// What must be true of Terra's sleep.
    pub(super) fn facts(&self, person: &Person, id: &str) -> Vec<Fact> {
        let mut facts = vec![
            Fact::text("/metadata/summary_id", id),
            Fact::instant("/metadata/start_time", self.start),
            Fact::instant("/metadata/end_time", self.end),
            Fact::date("/metadata/start_time", person.wall_clock(self.start).date()),
            Fact::bool("/metadata/is_nap", self.is_nap()),
            Fact::number("/sleep_durations_data/asleep/duration_asleep_state_seconds", self.asleep()),
            Fact::number("/sleep_durations_data/asleep/duration_deep_sleep_state_seconds", self.seconds('1')),
            Fact::number(
                "/sleep_durations_data/asleep/duration_light_sleep_state_seconds",
                self.seconds('2'),
            ),
            Fact::number("/sleep_durations_data/asleep/duration_REM_sleep_state_seconds", self.seconds('3')),
            Fact::number("/sleep_durations_data/awake/duration_awake_state_seconds", self.seconds('4')),
            Fact::number("/sleep_durations_data/awake/sleep_latency_seconds", self.latency()),
            Fact::number("/sleep_durations_data/other/duration_in_bed_seconds", self.in_bed()),
            Fact::number("/sleep_durations_data/sleep_efficiency", self.efficiency()),
            Fact::number("/heart_rate_data/summary/avg_hr_bpm", self.average_heart_rate()),
            Fact::number("/heart_rate_data/summary/min_hr_bpm", self.lowest),
            Fact::number("/heart_rate_data/summary/avg_hrv_rmssd", self.hrv),
            Fact::count("/heart_rate_data/detailed/hr_samples", self.heart_rates(person).measured()),
            Fact::count("/heart_rate_data/detailed/hrv_samples_rmssd", self.hrvs(person).measured()),
            Fact::maybe(
                "/respiration_data/breaths_data/avg_breaths_per_min",
                self.breath.map(|breath| f64::from(breath) / 100.0),
            ),
        ];
        if let Some((score, deviation)) = self.readiness {
            facts.push(Fact::number("/readiness_data/readiness", score));
            facts.push(Fact::maybe("/temperature_data/delta", deviation.map(hundredths)));
        }
        facts
    }
}

/// Days of the common era, for dice and document ids.
pub(super) fn number(day: NaiveDate) -> u64 {
    u64::from(chrono::Datelike::num_days_from_ce(&day).unsigned_abs())
}

pub(super) fn hundredths(value: i32) -> f64 {
    f64::from(value) / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_night_s_stages_add_up_to_its_time_in_bed() {
        for number in 0..20 {
            let person = Person::new(1, number);
            let night = Sleep::night(&person, NaiveDate::from_ymd_opt(2026, 5, 2).unwrap(), None);
            let sum: u32 = "1234".chars().map(|phase| night.seconds(phase)).sum();
            assert_eq!(sum, night.in_bed());
            assert_eq!(night.in_bed() % 30, 0);
            assert_eq!(person.wall_clock(night.end).date(), night.day);
            assert!(night.latency() > 0 && night.asleep() > night.in_bed() / 2);
        }
    }

    #[test]
    fn a_nap_that_ends_after_six_belongs_to_the_next_day() {
        let person = Person::new(1, 1);
        let day = NaiveDate::from_ymd_opt(2026, 5, 2).unwrap();
        let nap = |minute| Sleep::nap(&person, 0, person.instant(day, minute), 1_800);
        assert_eq!((nap(17 * 60).kind, nap(17 * 60).day), ("sleep", day));
        assert_eq!((nap(17 * 60 + 30).kind, nap(17 * 60 + 30).day), ("late_nap", day.succ_opt().unwrap()));
    }
}
