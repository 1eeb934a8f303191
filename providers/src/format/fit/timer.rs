//! When the timer of a recording ran (message `event`).
//!
//! A pause lies between an event that stops the timer and one that starts it. A mere gap between points is no pause:
//! many devices write a point only when something changes.

use chrono::{DateTime, Utc};
use rustyfit::profile::mesgdef::Event as E;
use rustyfit::profile::typedef::{Event, EventType};

use super::fields::Fields;

/// The timer was started or stopped.
pub(super) struct Change {
    time: DateTime<Utc>,
    runs: bool,
}

impl Change {
    /// None for every other event.
    pub(super) fn read(fields: &Fields<'_>) -> Option<Self> {
        let event = fields.integer(E::EVENT)?;
        if event != i64::from(Event::TIMER.0) {
            return None;
        }
        let runs = match EventType(u8::try_from(fields.integer(E::EVENT_TYPE)?).ok()?) {
            EventType::START => true,
            EventType::STOP | EventType::STOP_ALL | EventType::STOP_DISABLE | EventType::STOP_DISABLE_ALL => {
                false
            }
            _ => return None,
        };
        Some(Self { time: fields.time()?, runs })
    }

    /// When it was.
    pub(super) fn time(&self) -> DateTime<Utc> {
        self.time
    }
}

/// The time that the timer showed.
pub(super) struct Timer {
    start: DateTime<Utc>,
    pauses: Vec<Pause>,
}

struct Pause {
    from: DateTime<Utc>,
    /// None when the timer was not started again.
    to: Option<DateTime<Utc>>,
    /// Length of all pauses before this one (s).
    before: f64,
}

impl Timer {
    /// A timer that starts at `start`, which is that of the workout, with what happened to it in the order of time.
    pub(super) fn new(start: DateTime<Utc>, changes: &[Change]) -> Self {
        let mut pauses: Vec<Pause> = Vec::new();
        let mut before = 0.0;
        for change in changes {
            match pauses.last_mut() {
                Some(pause) if pause.to.is_none() => {
                    if change.runs {
                        pause.to = Some(change.time);
                        before += (change.time - pause.from).as_seconds_f64();
                    }
                }
                Some(_) | None if !change.runs && change.time >= start => {
                    pauses.push(Pause { from: change.time, to: None, before });
                }
                Some(_) | None => {}
            }
        }
        Self { start, pauses }
    }

    /// What it showed at a moment (s); none before the start.
    pub(super) fn at(&self, moment: DateTime<Utc>) -> Option<f64> {
        let running = (moment - self.start).as_seconds_f64();
        if running < 0.0 {
            return None;
        }
        let index = self.pauses.partition_point(|pause| pause.from <= moment);
        let Some(pause) = index.checked_sub(1).and_then(|index| self.pauses.get(index)) else {
            return Some(running);
        };
        let until = pause.to.map_or(moment, |to| to.min(moment));
        Some(running - pause.before - (until - pause.from).as_seconds_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000 + second, 0).unwrap()
    }

    fn timer(changes: &[(i64, bool)]) -> impl Fn(i64) -> Option<f64> {
        let changes: Vec<Change> =
            changes.iter().map(|&(second, runs)| Change { time: at(second), runs }).collect();
        let timer = Timer::new(at(0), &changes);
        move |second| timer.at(at(second))
    }

    #[test]
    fn the_timer_stands_still_in_pauses() {
        let shown =
            timer(&[(0, true), (10, false), (25, true), (30, false), (31, false), (40, true), (50, false)]);
        for (second, seconds) in
            [(0, 0), (10, 10), (20, 10), (25, 10), (29, 14), (35, 15), (45, 20), (90, 25)]
        {
            assert_eq!(shown(second), Some(f64::from(seconds)), "at {second} s");
        }
        assert_eq!(shown(-1), None);
    }

    #[test]
    fn without_events_the_timer_always_runs() {
        assert_eq!(timer(&[])(3600), Some(3600.0));
    }

    #[test]
    fn events_before_the_start_belong_to_another_workout() {
        assert_eq!(timer(&[(-20, true), (-10, false), (0, true), (5, false), (6, true)])(8), Some(7.0));
    }
}
