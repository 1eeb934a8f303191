//! When an actor that ended is started again: a pause that doubles, and after too many ends in a short time a long rest.
//! Pure: no clock, no actor.

use super::Ended;
use chrono::{DateTime, Duration, Utc};

/// First pause before an actor is started again.
const FIRST_PAUSE: Duration = Duration::seconds(1);
/// Longest pause.
const LONGEST_PAUSE: Duration = Duration::minutes(5);
/// Ends in a row after which the actor is left alone.
const CRASHES: u32 = 5;
/// An actor that lived for so long has recovered: its next end is the first again.
const RECOVERED: Duration = Duration::minutes(10);
/// How long it is left alone.
pub const QUARANTINE: Duration = Duration::hours(1);

/// What one child has done so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct History {
    started_at: DateTime<Utc>,
    /// Ends in a row, none of them wanted.
    pub ends: u32,
}

/// What follows an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// It was wanted: forget the child.
    Forget,
    /// Start it again then.
    Again(DateTime<Utc>),
    /// It ends again and again: leave it alone until then, say so, and only then start it again.
    Quarantine(DateTime<Utc>),
}

impl History {
    /// A child that starts for the first time.
    pub const fn new(now: DateTime<Utc>) -> Self {
        Self { started_at: now, ends: 0 }
    }

    /// It is started again.
    pub const fn restarted(&mut self, now: DateTime<Utc>) {
        self.started_at = now;
    }

    /// It has ended. `stopping` says that everything is coming down.
    pub fn ended(&mut self, how: Ended, stopping: bool, now: DateTime<Utc>) -> Next {
        if stopping || matches!(how, Ended::Stopped | Ended::Finished) {
            return Next::Forget;
        }
        if now - self.started_at >= RECOVERED {
            self.ends = 0;
        }
        self.ends = self.ends.saturating_add(1);
        if self.ends >= CRASHES {
            self.ends = 0;
            return Next::Quarantine(now + QUARANTINE);
        }
        let doubled = FIRST_PAUSE * i32::try_from(1_u32 << (self.ends - 1).min(16)).unwrap_or(i32::MAX);
        Next::Again(now + doubled.min(LONGEST_PAUSE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + Duration::seconds(second)
    }

    #[test]
    fn each_way_to_end_has_its_answer() {
        let again = Next::Again(at(101));
        for (how, stopping, expected) in [
            (Ended::Finished, false, Next::Forget),
            (Ended::Stopped, false, Next::Forget),
            (Ended::Failed("no store"), false, again),
            (Ended::Panicked, false, again),
            (Ended::CutOff, false, again),
            (Ended::Finished, true, Next::Forget),
            (Ended::Stopped, true, Next::Forget),
            (Ended::Failed("no store"), true, Next::Forget),
            (Ended::Panicked, true, Next::Forget),
            (Ended::CutOff, true, Next::Forget),
        ] {
            assert_eq!(
                History::new(at(0)).ended(how, stopping, at(100)),
                expected,
                "{how:?}, stopping: {stopping}"
            );
        }
    }

    #[test]
    fn the_pause_doubles_until_a_crash_loop_ends_in_quarantine() {
        let mut history = History::new(at(0));
        let mut now = at(0);
        for pause in [1, 2, 4, 8] {
            let next = history.ended(Ended::Panicked, false, now);
            assert_eq!(next, Next::Again(now + Duration::seconds(pause)));
            now += Duration::seconds(pause);
            history.restarted(now);
        }
        assert_eq!(history.ended(Ended::Panicked, false, now), Next::Quarantine(now + QUARANTINE));
        history.restarted(now + QUARANTINE);
        let after = history.ended(Ended::Panicked, false, now + QUARANTINE);
        assert_eq!(after, Next::Again(now + QUARANTINE + FIRST_PAUSE), "it begins anew");
    }

    #[test]
    fn one_that_lived_long_has_recovered() {
        let mut history = History::new(at(0));
        let mut now = at(0);
        for _ in 0..50 {
            assert_eq!(history.ended(Ended::Panicked, false, now), Next::Again(now + FIRST_PAUSE));
            history.restarted(now);
            now += RECOVERED;
        }
    }
}
