//! What must be true of each record, from what was simulated and never from what was served.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use crate::sandbox::Fact;
use crate::sandbox::ledger::Entry;
use crate::sandbox::people::Person;

use super::life::{Life, Measured};
use super::{ACTIVITY, ATHLETE, BODY, Cloud, DAILY, SLEEP};

pub(super) fn of(cloud: &Cloud, entry: &Entry) -> Option<Vec<Fact>> {
    let place = usize::try_from(entry.subject >> 32).ok()?;
    let (person, life) = (cloud.people.get(place)?, cloud.lives.get(place)?);
    let within = entry.subject & u64::from(u32::MAX);
    let date = || NaiveDate::from_num_days_from_ce_opt(i32::try_from(within).ok()?);
    let at = usize::try_from(within).ok()?;
    match entry.data_type {
        ATHLETE => Some(vec![
            Fact::text("/provider_user_id", &*entry.account),
            Fact::count("/devices", 2),
            Fact::text("/devices/0/name", "Body Scan"),
        ]),
        ACTIVITY => {
            let workout = life.workouts.get(at)?;
            Some(vec![
                Fact::text("/metadata/summary_id", workout.id.to_string()),
                Fact::instant("/metadata/start_time", workout.start),
                Fact::instant("/metadata/end_time", workout.end()),
                Fact::number("/metadata/type", workout.category.1),
                Fact::number("/calories_data/net_activity_calories", workout.calories),
                Fact::number("/distance_data/summary/distance_meters", workout.metres),
            ])
        }
        SLEEP => sleep(life, at),
        DAILY => daily(person, life, date()?),
        BODY => Some(body(person, life, date()?)),
        _ => None,
    }
}

fn midnights(person: &Person, date: NaiveDate) -> [Fact; 2] {
    let start = person.instant(date, 0);
    [
        Fact::instant("/metadata/start_time", start),
        Fact::instant("/metadata/end_time", start + TimeDelta::days(1)),
    ]
}

fn sleep(life: &Life, at: usize) -> Option<Vec<Fact>> {
    let night = life.nights.get(at)?;
    let seconds = |wanted: &dyn Fn(u32) -> bool| night.minutes(wanted) * 60;
    let segments = night.segments();
    let rates: usize = segments.iter().map(|(from, to, _)| night.rates(*from, *to).len()).sum();
    let asleep = seconds(&|state| state != 0);
    Some(vec![
        Fact::instant("/metadata/start_time", night.start),
        Fact::instant("/metadata/end_time", night.end()),
        Fact::count("/sleep_durations_data/hypnogram_samples", segments.len()),
        Fact::count("/heart_rate_data/detailed/hr_samples", rates),
        Fact::number("/sleep_durations_data/asleep/duration_asleep_state_seconds", asleep),
        Fact::number(
            "/sleep_durations_data/asleep/duration_deep_sleep_state_seconds",
            seconds(&|state| state == 2),
        ),
        Fact::number(
            "/sleep_durations_data/awake/duration_awake_state_seconds",
            seconds(&|state| state == 0),
        ),
        Fact::number("/sleep_durations_data/other/duration_in_bed_seconds", seconds(&|_| true)),
        Fact::number("/scores/sleep", night.score),
    ])
}

fn daily(person: &Person, life: &Life, date: NaiveDate) -> Option<Vec<Fact>> {
    let bursts = &life.days.get(&date)?.bursts;
    let sum = |value: fn(&super::life::Burst) -> u32| bursts.iter().map(value).sum::<u32>();
    let last = bursts.iter().map(|burst| burst.at).max()?;
    let rates = bursts.iter().filter(|burst| burst.bpm.is_some()).count();
    let mut facts = vec![
        Fact::number("/distance_data/steps", sum(|burst| burst.steps)),
        Fact::number("/distance_data/distance_meters", f64::from(sum(|burst| burst.decimetres)) / 10.0),
        Fact::number("/distance_data/floors_climbed", sum(|burst| burst.floors)),
        Fact::number(
            "/calories_data/net_activity_calories",
            f64::from(sum(|burst| burst.tenth_calories)) / 10.0,
        ),
        Fact::count("/calories_data/calorie_samples", bursts.len()),
        Fact::count("/distance_data/detailed/step_samples", bursts.len()),
        Fact::count("/heart_rate_data/detailed/hr_samples", rates),
    ];
    if bursts.len() == 1 {
        facts.push(Fact::instant("/calories_data/calorie_samples/0/timestamp", last));
    }
    facts.extend(midnights(person, date));
    Some(facts)
}

fn body(person: &Person, life: &Life, date: NaiveDate) -> Vec<Fact> {
    let is_of_day = |at: DateTime<Utc>| person.wall_clock(at).date() == date;
    let mut groups: Vec<_> = life.groups.iter().filter(|group| is_of_day(group.at)).collect();
    groups.sort_by_key(|group| (group.at, group.id));
    let (mut weights, mut bones, mut systolic, mut pulses, mut oxygen) =
        (vec![], vec![], vec![], vec![], vec![]);
    for group in groups {
        match group.measured {
            Measured::Scale { grams, bone_grams, .. } => {
                weights.push(f64::from(grams) / 1000.0);
                bones.push(bone_grams);
            }
            Measured::Pressure { systolic: high, pulse, .. } => {
                systolic.push(high);
                pulses.push(pulse);
            }
            Measured::Oxygen { percent } => oxygen.push(percent),
        }
    }
    let readings = life.readings.iter().filter(|reading| is_of_day(reading.at)).count();
    let mut facts = vec![
        Fact::count("/measurements_data/measurements", weights.len()),
        Fact::maybe("/measurements_data/measurements/0/weight_kg", weights.first().copied()),
        Fact::maybe("/measurements_data/measurements/0/bone_mass_g", bones.first().copied()),
        Fact::count("/blood_pressure_data/blood_pressure_samples", systolic.len()),
        Fact::maybe("/blood_pressure_data/blood_pressure_samples/0/systolic_bp", systolic.first().copied()),
        Fact::count("/heart_data/heart_rate_data/detailed/hr_samples", pulses.len()),
        Fact::maybe("/oxygen_data/saturation_samples/0/percentage", oxygen.first().copied()),
        Fact::count("/oxygen_data/saturation_samples", oxygen.len()),
        Fact::count("/heart_data/ecg_signal", readings),
    ];
    facts.extend(midnights(person, date));
    facts
}
