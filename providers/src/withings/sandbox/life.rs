//! What a simulated person did and measured. Numbers are whole, in the unit in which they are thrown.
//!
//! Filled by the cloud, served by `document`, judged by `fact`.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use crate::sandbox::people::{Chance, Person};

/// A stretch of a minute in which somebody moved.
#[derive(Debug, Clone)]
pub(super) struct Burst {
    pub(super) at: DateTime<Utc>,
    pub(super) steps: u32,
    pub(super) decimetres: u32,
    pub(super) tenth_calories: u32,
    pub(super) floors: u32,
    pub(super) bpm: Option<u32>,
}

/// A local day.
#[derive(Debug, Clone, Default)]
pub(super) struct Day {
    pub(super) bursts: Vec<Burst>,
    pub(super) modified: DateTime<Utc>,
}

/// What a device measured.
#[derive(Debug, Clone, Copy)]
pub(super) enum Measured {
    Scale { grams: u32, fat_tenths: u32, bone_grams: u32 },
    Pressure { systolic: u32, diastolic: u32, pulse: u32 },
    Oxygen { percent: u32 },
}

/// One group of measures.
#[derive(Debug, Clone)]
pub(super) struct Group {
    pub(super) id: u64,
    pub(super) at: DateTime<Utc>,
    pub(super) measured: Measured,
    pub(super) modified: DateTime<Utc>,
}

/// An electrocardiogram.
#[derive(Debug, Clone)]
pub(super) struct Reading {
    pub(super) id: u64,
    pub(super) at: DateTime<Utc>,
    pub(super) bpm: u32,
    pub(super) afib: u32,
}

/// A workout.
#[derive(Debug, Clone)]
pub(super) struct Workout {
    pub(super) id: u64,
    pub(super) start: DateTime<Utc>,
    pub(super) seconds: u32,
    /// Withings' number, and the model's.
    pub(super) category: (u32, u32),
    pub(super) metres: u32,
    pub(super) calories: u32,
    pub(super) modified: DateTime<Utc>,
}

impl Workout {
    pub(super) fn end(&self) -> DateTime<Utc> {
        self.start + TimeDelta::seconds(i64::from(self.seconds))
    }
}

/// A sleep: stages by Withings' numbers with their minutes.
#[derive(Debug, Clone)]
pub(super) struct Night {
    pub(super) id: u64,
    pub(super) start: DateTime<Utc>,
    pub(super) stages: Vec<(u32, u32)>,
    pub(super) bpm: u32,
    pub(super) score: u32,
    pub(super) modified: DateTime<Utc>,
}

impl Night {
    pub(super) fn minutes(&self, wanted: impl Fn(u32) -> bool) -> u32 {
        self.stages.iter().filter(|(state, _)| wanted(*state)).map(|(_, minutes)| *minutes).sum()
    }

    pub(super) fn end(&self) -> DateTime<Utc> {
        self.start + TimeDelta::minutes(i64::from(self.minutes(|_| true)))
    }

    /// Begin, end and state of each stage.
    pub(super) fn segments(&self) -> Vec<(DateTime<Utc>, DateTime<Utc>, u32)> {
        let mut at = self.start;
        let mut segments = Vec::with_capacity(self.stages.len());
        for (state, minutes) in &self.stages {
            let end = at + TimeDelta::minutes(i64::from(*minutes));
            segments.push((at, end, *state));
            at = end;
        }
        segments
    }

    /// Heart rates of a stage: one at its begin and one every ten minutes.
    pub(super) fn rates(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> Vec<(DateTime<Utc>, u32)> {
        let mut rates = Vec::new();
        let mut at = from;
        while at < to {
            let swing = u32::try_from(at.timestamp().rem_euclid(5)).unwrap_or_default();
            rates.push((at, self.bpm + swing));
            at += TimeDelta::minutes(10);
        }
        rates
    }
}

/// Everything about one person.
#[derive(Debug, Clone, Default)]
pub(super) struct Life {
    pub(super) days: BTreeMap<NaiveDate, Day>,
    pub(super) groups: Vec<Group>,
    pub(super) readings: Vec<Reading>,
    pub(super) workouts: Vec<Workout>,
    pub(super) nights: Vec<Night>,
    /// Sleeps that were handed in late so far.
    pub(super) late: u32,
}

/// Withings' categories with the model's numbers.
const CATEGORIES: [(u32, u32); 5] = [(1, 7), (2, 8), (6, 1), (7, 82), (36, 108)];

pub(super) fn burst(dice: &mut Chance, at: DateTime<Utc>) -> Burst {
    let steps = dice.between(20, 140);
    Burst {
        at,
        steps,
        decimetres: steps * 7 + dice.between(0, 9),
        tenth_calories: dice.between(10, 90),
        floors: dice.between(0, 1),
        bpm: dice.maybe(20, 60, 150),
    }
}

pub(super) fn measured(dice: &mut Chance, person: &Person) -> Measured {
    match dice.between(0, 3) {
        0 | 1 => Measured::Scale {
            grams: person.weight_tenths * 100 + dice.between(0, 999),
            fat_tenths: dice.between(100, 350),
            bone_grams: dice.between(2_000, 3_500),
        },
        2 => Measured::Pressure {
            systolic: dice.between(100, 150),
            diastolic: dice.between(60, 95),
            pulse: dice.between(50, 95),
        },
        _ => Measured::Oxygen { percent: dice.between(92, 100) },
    }
}

pub(super) fn workout(dice: &mut Chance, id: u64, start: DateTime<Utc>) -> Workout {
    let seconds = dice.between(600, 5_400);
    let modified = start + TimeDelta::seconds(i64::from(seconds) + 60);
    let category = dice.pick(&CATEGORIES, (36, 108));
    let (metres, calories) = (dice.between(500, 15_000), dice.between(50, 900));
    Workout { id, start, seconds, category, metres, calories, modified }
}

pub(super) fn night(dice: &mut Chance, id: u64, start: DateTime<Utc>) -> Night {
    let mut stages = vec![(0, dice.between(5, 20))];
    for cycle in 0..dice.between(3, 5) {
        stages.extend([(1, dice.between(20, 50)), (2, dice.between(15, 40)), (3, dice.between(5, 30))]);
        if cycle == 1 {
            stages.push((0, dice.between(2, 9)));
        }
    }
    let (bpm, score) = (dice.between(45, 62), dice.between(50, 98));
    let mut night = Night { id, start, stages, bpm, score, modified: start };
    night.modified = night.end() + TimeDelta::minutes(15);
    night
}
