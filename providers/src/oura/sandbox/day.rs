//! What a simulated day brings: activity, readiness, stress, oxygen and the rest, as the API tells it and as it must
//! come out.
//!
//! A day grows while it lasts: its activity is the share of the whole that lies before the last sync.

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::sandbox::ledger::Fact;
use crate::sandbox::people::Person;

use super::night::{hundredths, number};
use super::series::{Samples, localized};

/// What the dice are thrown for.
const DAY: u64 = 0x64;
/// A day of activity begins that many minutes after midnight.
const BEGINS: i64 = 4 * 60;
const WHOLE_DAY: u32 = 24 * 60;

/// A day in the books.
#[derive(Debug, Clone)]
pub(super) struct Day {
    pub(super) date: NaiveDate,
    /// Until when the ring had told what it knows of it.
    pub(super) updated: DateTime<Utc>,
    /// Whether the night before it is over.
    pub(super) woken: bool,
    /// How often it changed.
    pub(super) version: u32,
}

/// Everything that will have happened when the day is over.
pub(super) struct Truth<'a> {
    person: &'a Person,
    date: NaiveDate,
    steps: u32,
    active_calories: u32,
    basal_calories: u32,
    /// Minutes in a whole day: high, medium, low, resting, not worn; sedentary is what is left.
    minutes: [u32; 5],
    alerts: u32,
    activity_score: Option<u32>,
    readiness_score: Option<u32>,
    deviation: Option<i32>,
    sleep_score: Option<u32>,
    /// Tenths of a percent.
    spo2: Option<u32>,
    breathing_disturbance: Option<u32>,
    stress: Option<u32>,
    recovery: Option<u32>,
    summary: Option<&'static str>,
    resilience: Option<(&'static str, [u32; 3])>,
    vascular_age: Option<u32>,
    /// Tenths of m/s.
    pulse_wave: Option<u32>,
    vo2_max: Option<u32>,
}

impl<'a> Truth<'a> {
    pub(super) fn of(person: &'a Person, date: NaiveDate) -> Self {
        let mut dice = person.dice(DAY, number(date));
        let steps = person.steps * dice.between(40, 160) / 100;
        let signed = |value: u32| i32::try_from(value).unwrap_or_default() - 80;
        let weekly = number(date) % 7 == u64::from(person.number) % 7;
        Self {
            person,
            date,
            steps,
            active_calories: steps / 22 + dice.between(20, 300),
            basal_calories: person.weight_tenths * 22 / 10,
            minutes: [
                dice.between(0, 40),
                dice.between(10, 120),
                dice.between(120, 320),
                dice.between(360, 560),
                dice.between(0, 90),
            ],
            alerts: dice.between(0, 5),
            activity_score: dice.maybe(5, 40, 99),
            readiness_score: dice.maybe(4, 45, 98),
            deviation: dice.maybe(8, 0, 170).map(signed),
            sleep_score: dice.maybe(4, 45, 98),
            spo2: dice.maybe(15, 920, 995),
            breathing_disturbance: dice.maybe(15, 0, 30),
            stress: dice.maybe(10, 0, 200).map(|value| value * 60),
            recovery: dice.maybe(10, 0, 240).map(|value| value * 60),
            summary: dice.percent(85).then(|| dice.pick(&["restored", "normal", "stressful"], "normal")),
            resilience: dice.percent(90).then(|| {
                let levels = ["limited", "adequate", "solid", "strong", "exceptional"];
                (dice.pick(&levels, "solid"), [(); 3].map(|()| dice.between(200, 990)))
            }),
            vascular_age: dice.maybe(10, 20, 70),
            pulse_wave: dice.maybe(20, 55, 110),
            vo2_max: dice.maybe(5, 28, 60).filter(|_| weekly),
        }
    }

    /// Score of the night's sleep.
    pub(super) const fn sleep_score(&self) -> Option<u32> {
        self.sleep_score
    }

    /// Score and temperature deviation, for the night.
    pub(super) fn readiness(&self) -> Option<(u32, Option<i32>)> {
        self.readiness_score.map(|score| (score, self.deviation))
    }

    pub(super) const fn has_vo2_max(&self) -> bool {
        self.vo2_max.is_some()
    }

    /// Whether there is anything for Terra's body on this day.
    pub(super) const fn has_body(&self) -> bool {
        self.spo2.is_some() || self.vo2_max.is_some() || self.pulse_wave.is_some()
    }

    fn begins(&self) -> DateTime<Utc> {
        self.person.instant(self.date, BEGINS)
    }

    /// Minutes of the day that lie before an instant.
    fn passed(&self, updated: DateTime<Utc>) -> u32 {
        let minutes = (updated - self.begins()).num_minutes().clamp(0, WHOLE_DAY.into());
        u32::try_from(minutes).unwrap_or_default()
    }

    /// Of `total` for the whole day, what lies before the last sync.
    fn share(&self, total: u32, updated: DateTime<Utc>) -> u32 {
        let share = u64::from(total) * u64::from(self.passed(updated)) / u64::from(WHOLE_DAY);
        u32::try_from(share).unwrap_or_default()
    }

    /// Seconds: high, medium, low, resting, not worn, sedentary.
    fn times(&self, updated: DateTime<Utc>) -> [u32; 6] {
        let [high, medium, low, resting, off] = self.minutes.map(|minutes| self.share(minutes * 60, updated));
        let rest = (self.passed(updated) * 60).saturating_sub(high + medium + low + resting + off);
        [high, medium, low, resting, off, rest]
    }

    /// A score stands once half of the day is over.
    fn score(&self, updated: DateTime<Utc>) -> Option<u32> {
        self.activity_score.filter(|_| self.passed(updated) >= WHOLE_DAY / 2)
    }

    fn met(&self, updated: DateTime<Utc>, interval: u32) -> Samples {
        let interval = interval.max(1);
        let count = self.passed(updated) * 60 / interval;
        let level = |place: u32| Some(f64::from(9 + (place * 7 + self.steps) % 31) / 10.0);
        Samples { start: self.begins(), interval, items: (0..count).map(level).collect() }
    }

    fn distance(&self, updated: DateTime<Utc>) -> u32 {
        self.share(self.steps, updated) * 3 / 4
    }

    fn calories(&self, updated: DateTime<Utc>) -> (u32, u32) {
        let active = self.share(self.active_calories, updated);
        (active, active + self.share(self.basal_calories, updated))
    }

    /// The document of a collection, if the day has one.
    pub(super) fn json(&self, collection: &str, id: &str, day: &Day, met_interval: u32) -> Option<Value> {
        let meta = super::meta(day.updated, day.version);
        let date = day.date.to_string();
        let midnight = format!("{date}T00:00:00+00:00");
        Some(match collection {
            "daily_activity" => return Some(self.activity(id, day, met_interval)),
            "daily_stress" => json!({"id": id, "meta": meta, "day": date,
                "stress_high": self.stress.map(|total| self.share(total, day.updated)),
                "recovery_high": self.recovery.map(|total| self.share(total, day.updated)),
                "day_summary": self.summary.filter(|_| self.passed(day.updated) == WHOLE_DAY)}),
            _ if !day.woken => return None,
            "daily_readiness" => json!({"id": id, "meta": meta, "day": date, "timestamp": midnight,
                "score": self.readiness_score,
                "temperature_deviation": self.deviation.map(hundredths),
                "temperature_trend_deviation": self.deviation.map(|deviation| hundredths(deviation / 4)),
                "contributors": {"activity_balance": 80, "body_temperature": 98, "hrv_balance": 78,
                    "previous_day_activity": null, "previous_night": 85, "recovery_index": 90,
                    "resting_heart_rate": 88, "sleep_balance": 82, "sleep_regularity": 75}}),
            "daily_sleep" => json!({"id": id, "meta": meta, "day": date, "timestamp": midnight,
                "score": self.sleep_score,
                "contributors": {"deep_sleep": 92, "efficiency": 95, "latency": 80, "rem_sleep": 88,
                    "restfulness": 71, "timing": 90, "total_sleep": 86}}),
            "daily_spo2" => json!({"id": id, "meta": meta, "day": date,
                "breathing_disturbance_index": self.breathing_disturbance,
                "spo2_percentage": self.spo2.map(|tenths| json!({"average": f64::from(tenths) / 10.0}))}),
            "daily_resilience" => {
                let (level, [sleep, daytime, stress]) = self.resilience?;
                let tenths = |value: u32| f64::from(value) / 10.0;
                json!({"id": id, "day": date, "level": level, "contributors": {"sleep_recovery": tenths(sleep),
                    "daytime_recovery": tenths(daytime), "stress": tenths(stress)}})
            }
            "daily_cardiovascular_age" => json!({"id": id, "meta": meta, "day": date,
                "vascular_age": self.vascular_age,
                "pulse_wave_velocity": self.pulse_wave.map(|tenths| f64::from(tenths) / 10.0)}),
            "vO2_max" => {
                let timestamp = localized(self.person, self.person.instant(self.date, 0));
                json!({"id": id, "meta": meta, "day": date, "timestamp": timestamp, "vo2_max": self.vo2_max?})
            }
            "sleep_time" => json!({"id": id, "meta": meta, "day": date,
                "optimal_bedtime": {"day_tz": self.person.zone.offset_minutes * 60, "start_offset": -3600,
                    "end_offset": 1800},
                "recommendation": "follow_optimal_bedtime", "status": "optimal_found"}),
            _ => return None,
        })
    }

    fn activity(&self, id: &str, day: &Day, met_interval: u32) -> Value {
        let updated = day.updated;
        let [high, medium, low, resting, off, sedentary] = self.times(updated);
        let (active, total) = self.calories(updated);
        let distance = self.distance(updated);
        let classes: String = (0..self.passed(updated) / 5)
            .map(|place| char::from_digit((place / 6 + self.steps) % 6, 10).unwrap_or('0'))
            .collect();
        json!({
            "id": id,
            "meta": super::meta(updated, day.version),
            "active_calories": active,
            "average_met_minutes": 1.4375,
            "class_5_min": classes,
            "contributors": {"meet_daily_targets": 70, "move_every_hour": 95, "recovery_time": null,
                "stay_active": 80, "training_frequency": 77, "training_volume": 65},
            "day": self.date.to_string(),
            "equivalent_walking_distance": distance,
            "high_activity_met_minutes": high / 60 * 6,
            "high_activity_time": high,
            "inactivity_alerts": self.alerts,
            "low_activity_met_minutes": low / 60,
            "low_activity_time": low,
            "medium_activity_met_minutes": medium / 60 * 3,
            "medium_activity_time": medium,
            "met": self.met(updated, met_interval).json(self.person),
            "meters_to_target": 8_000_u32.saturating_sub(distance),
            "non_wear_time": off,
            "resting_time": resting,
            "score": self.score(updated),
            "sedentary_met_minutes": sedentary / 600,
            "sedentary_time": sedentary,
            "steps": self.share(self.steps, updated),
            "target_calories": 450,
            "target_meters": 8_000,
            "timestamp": localized(self.person, self.begins()),
            "total_calories": total,
        })
    }

    /// What must be true of Terra's daily.
    ///
    /// `heart_rates` is the number of rows on the local day, when it will not grow any more.
    pub(super) fn daily_facts(
        &self,
        day: &Day,
        met_interval: u32,
        tags: usize,
        heart_rates: Option<usize>,
    ) -> Vec<Fact> {
        let updated = day.updated;
        let [high, medium, low, resting, _, sedentary] = self.times(updated);
        let (active, total) = self.calories(updated);
        let overnight = |score: Option<u32>| score.filter(|_| day.woken);
        let stressed = self.stress.map(|total| self.share(total, updated));
        let mut facts = vec![
            Fact::date("/metadata/start_time", self.date),
            Fact::number("/distance_data/steps", self.share(self.steps, updated)),
            Fact::number("/distance_data/distance_meters", self.distance(updated)),
            Fact::number("/calories_data/net_activity_calories", active),
            Fact::number("/calories_data/total_burned_calories", total),
            Fact::number("/active_durations_data/vigorous_intensity_seconds", high),
            Fact::number("/active_durations_data/moderate_intensity_seconds", medium),
            Fact::number("/active_durations_data/low_intensity_seconds", low),
            Fact::number("/active_durations_data/rest_seconds", resting),
            Fact::number("/active_durations_data/inactivity_seconds", sedentary),
            Fact::maybe("/scores/activity", self.score(updated)),
            Fact::maybe("/scores/recovery", overnight(self.readiness_score)),
            Fact::maybe("/scores/sleep", overnight(self.sleep_score)),
            Fact::maybe("/stress_data/high_stress_duration_seconds", stressed),
            Fact::count("/MET_data/MET_samples", self.met(updated, met_interval).measured()),
            Fact::count("/tag_data/tags", tags),
        ];
        facts.extend(heart_rates.map(|count| Fact::count("/heart_rate_data/detailed/hr_samples", count)));
        facts
    }

    /// What must be true of Terra's body.
    pub(super) fn body_facts(&self) -> Vec<Fact> {
        let waves = usize::from(self.pulse_wave.is_some());
        vec![
            Fact::date("/metadata/start_time", self.date),
            Fact::maybe(
                "/oxygen_data/avg_saturation_percentage",
                self.spo2.map(|tenths| f64::from(tenths) / 10.0),
            ),
            Fact::maybe("/oxygen_data/vo2max_ml_per_min_per_kg", self.vo2_max),
            Fact::count("/heart_data/pulse_wave_velocity_samples", waves),
        ]
    }
}

/// When nothing of a day is missing any more.
pub(super) fn over(person: &Person, date: NaiveDate) -> DateTime<Utc> {
    let next = date.checked_add_days(Days::new(1)).unwrap_or(date);
    person.instant(next, 0) + TimeDelta::minutes(BEGINS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_grows_and_its_times_add_up() {
        let person = Person::new(1, 2);
        let date = NaiveDate::from_ymd_opt(2026, 5, 2).unwrap();
        let truth = Truth::of(&person, date);
        let mut steps = 0;
        for hour in 0..=30 {
            let updated = person.instant(date, hour * 60);
            let passed = truth.passed(updated);
            assert_eq!(passed, u32::try_from((hour * 60 - 240).clamp(0, 1440)).unwrap());
            assert!(truth.times(updated).iter().sum::<u32>().abs_diff(passed * 60) <= 5);
            assert!(truth.share(truth.steps, updated) >= steps);
            steps = truth.share(truth.steps, updated);
        }
        assert_eq!(steps, truth.steps);
        assert_eq!(over(&person, date), person.instant(date, 28 * 60));
    }
}
