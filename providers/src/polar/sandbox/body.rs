//! What is measured on the bodies of simulated people: temperatures, oxygen saturation, electrocardiograms; as the API
//! tells it and as it must come out.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::sandbox::ledger::Fact;
use crate::sandbox::people::Person;

use super::life::Life;
use super::{night, subject};

/// What the dice are thrown for.
const BODY: u64 = 0x70_42;
/// Values of one period of body temperature, and minutes between two.
const VALUES: u32 = 6;
const APART: u32 = 10;
/// Values of an electrocardiogram.
const POTENTIALS: usize = 12;

/// What is measured in the course of a local day.
struct Truth {
    /// When body temperature begins to be measured.
    temperature: Option<DateTime<Utc>>,
    /// When oxygen saturation was tested, %, and whether the test passed.
    spo2: Option<(DateTime<Utc>, u32, bool)>,
    ecg: Option<DateTime<Utc>>,
}

impl Truth {
    fn of(person: &Person, date: NaiveDate) -> Self {
        let mut dice = person.dice(BODY, subject(person.number, date));
        let early = |minute: u32| person.instant(date, i64::from(minute));
        let (temperature, spo2, ecg) =
            (early(dice.between(0, 120)), early(dice.between(121, 180)), early(dice.between(181, 240)));
        let (percent, passed) = (dice.between(90, 100), dice.percent(80));
        Self {
            temperature: dice.percent(60).then_some(temperature),
            spo2: dice.percent(50).then_some((spo2, percent, passed)),
            ecg: dice.percent(20).then_some(ecg),
        }
    }

    fn temperatures(&self) -> impl Iterator<Item = DateTime<Utc>> {
        let values =
            self.temperature.into_iter().flat_map(|start| (0..VALUES).map(move |number| (start, number)));
        values.map(|(start, number)| start + TimeDelta::minutes(i64::from(number * APART)))
    }
}

/// When all of a day has been measured.
pub(super) fn over(person: &Person, date: NaiveDate) -> DateTime<Utc> {
    person.instant(date, 5 * 60)
}

/// The days whose records hold something of what a local day and its night brought. Body temperature is dated in UTC.
pub(super) fn days(person: &Person, date: NaiveDate) -> BTreeSet<NaiveDate> {
    let truth = Truth::of(person, date);
    let mut days: BTreeSet<NaiveDate> = truth.temperatures().map(|at| at.date_naive()).collect();
    let passed = truth.spo2.is_some_and(|(_, _, passed)| passed);
    if passed || truth.ecg.is_some() || night::Truth::of(person, date).skin().is_some() {
        days.insert(date);
    }
    days
}

/// The periods of body temperature that begin between two days, in UTC.
pub(super) fn periods(person: &Person, life: &Life, (from, to): (NaiveDate, NaiveDate)) -> Vec<Value> {
    let starts = life.nights.iter().filter_map(|date| Truth::of(person, *date).temperature);
    let wanted = starts.filter(|start| (from..=to).contains(&start.date_naive()));
    let period = |start: DateTime<Utc>| {
        let written = |at: DateTime<Utc>| at.format("%Y-%m-%dT%H:%M:%S").to_string();
        let value = |number: u32| {
            json!({"temperature_celsius": 36.0 + f64::from(number) / 10.0,
                "recording_time_delta_milliseconds": number * APART * 60_000})
        };
        json!({
            "source_device_id": "1111AAAA",
            "measurement_type": "TM_CORE_TEMPERATURE",
            "sensor_location": "SL_PROXIMAL",
            "start_time": written(start),
            "end_time": written(start + TimeDelta::hours(1)),
            "modified_time": written(start + TimeDelta::hours(1)),
            "samples": (0..VALUES).map(value).collect::<Vec<_>>(),
        })
    };
    wanted.map(period).collect()
}

/// The tests of oxygen saturation between two local days.
pub(super) fn spo2(person: &Person, life: &Life, (from, to): (NaiveDate, NaiveDate)) -> Vec<Value> {
    let tests = life.nights.range(from..=to).filter_map(|date| Truth::of(person, *date).spo2);
    let test = |(at, percent, passed): (DateTime<Utc>, u32, bool)| {
        let status =
            if passed { "SPO2_TEST_PASSED" } else { "SPO2_TEST_INCONCLUSIVE_TOO_LOW_OVERALL_QUALITY" };
        json!({
            "source_device_id": "1111AAAA",
            "test_time": at.timestamp(),
            "time_zone_offset": person.zone.offset_minutes,
            "test_status": status,
            "blood_oxygen_percent": percent,
            "spo2_class": "SPO2_CLASS_NORMAL",
            "spo2_value_deviation_from_baseline": "DEVIATION_NO_BASELINE",
            "spo2_quality_average_percent": 90.0,
            "average_heart_rate_bpm": 60,
            "heart_rate_variability_ms": 40.5,
            "altitude_meters": 50.0,
        })
    };
    tests.map(test).collect()
}

/// The electrocardiograms between two local days.
pub(super) fn ecg(person: &Person, life: &Life, (from, to): (NaiveDate, NaiveDate)) -> Vec<Value> {
    let tests = life.nights.range(from..=to).filter_map(|date| Truth::of(person, *date).ecg);
    let test = |at: DateTime<Utc>| {
        let value = |number: usize| json!({"recording_time_delta_ms": number * 8, "amplitude_mv": 0.125});
        json!({
            "source_device_id": "1111AAAA",
            "test_time": at.timestamp(),
            "time_zone_offset": person.zone.offset_minutes,
            "average_heart_rate_bpm": person.resting_hr,
            "heart_rate_variability_ms": 40.5,
            "heart_rate_variability_level": "ECG_HRV_LEVEL_NO_BASELINE",
            "rri_ms": 1000.0,
            "samples": (0..POTENTIALS).map(value).collect::<Vec<_>>(),
            "quality_measurements": [{"recording_time_delta_ms": 0, "quality_level": "ECG_QUALITY_HIGH"}],
        })
    };
    tests.map(test).collect()
}

/// What must be true of the record of a day.
pub(super) fn facts(person: &Person, life: &Life, date: NaiveDate) -> Vec<Fact> {
    let near = [date.pred_opt(), Some(date), date.succ_opt()];
    let near = near.into_iter().flatten().filter(|day| life.nights.contains(day));
    let core = near.flat_map(|day| Truth::of(person, day).temperatures().collect::<Vec<_>>());
    let core = core.filter(|at| at.date_naive() == date).count();
    let own = life.nights.contains(&date).then(|| Truth::of(person, date));
    let skin = life.nights.contains(&date).then(|| night::Truth::of(person, date).skin()).flatten();
    let spo2 = own.as_ref().and_then(|own| own.spo2).filter(|(_, _, passed)| *passed);
    let ecg = own.as_ref().and_then(|own| own.ecg);
    let weighed = life.weighed.filter(|at| at.date_naive() == date);
    let mut facts = vec![
        Fact::date("/metadata/start_time", date),
        Fact::count("/temperature_data/body_temperature_samples", core),
        Fact::count("/temperature_data/skin_temperature_samples", usize::from(skin.is_some())),
        Fact::maybe(
            "/temperature_data/skin_temperature_samples/0/temperature_celsius",
            skin.map(|tenths| f64::from(tenths) / 10.0),
        ),
        Fact::count("/oxygen_data/saturation_samples", usize::from(spo2.is_some())),
        Fact::maybe("/oxygen_data/saturation_samples/0/percentage", spo2.map(|(_, percent, _)| percent)),
        Fact::count("/heart_data/ecg_signal", usize::from(ecg.is_some())),
        Fact::maybe(
            "/measurements_data/measurements/0/weight_kg",
            weighed.map(|_| f64::from(person.weight_tenths) / 10.0),
        ),
    ];
    if let Some((at, ..)) = spo2 {
        facts.push(Fact::instant("/oxygen_data/saturation_samples/0/timestamp", at));
    }
    if let Some(at) = ecg {
        facts.push(Fact::instant("/heart_data/ecg_signal/0/start_timestamp", at));
        facts.push(Fact::count("/heart_data/ecg_signal/0/raw_signal", POTENTIALS));
        facts.push(Fact::number("/heart_data/ecg_signal/0/raw_signal/0/potential_uV", 125));
    }
    if let Some(at) = weighed {
        facts.push(Fact::instant("/measurements_data/measurements/0/measurement_time", at));
    }
    facts
}
