//! How long a delivery that failed waits for its next try. Pure.

use std::time::Duration;

/// Pauses between the tries of one delivery; when they are used up it goes to the dead letters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ladder {
    pauses: Vec<Duration>,
}

impl Default for Ladder {
    /// 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 10 h: seven retries in a little more than a day.
    fn default() -> Self {
        Self { pauses: [5, 300, 1_800, 7_200, 18_000, 36_000, 36_000].map(Duration::from_secs).to_vec() }
    }
}

impl Ladder {
    /// A ladder of these pauses.
    pub const fn new(pauses: Vec<Duration>) -> Self {
        Self { pauses }
    }

    /// The pause after that many tries; `None` when it is time to give up.
    pub fn pause(&self, attempts: u32) -> Option<Duration> {
        let index = usize::try_from(attempts).ok()?.checked_sub(1)?;
        self.pauses.get(index).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_ladder_gives_seven_retries_in_a_bit_more_than_a_day() {
        let ladder = Ladder::default();
        let total: Duration = (1..=7).filter_map(|attempts| ladder.pause(attempts)).sum();
        assert_eq!(ladder.pause(1), Some(Duration::from_secs(5)));
        assert_eq!(ladder.pause(8), None);
        assert!(total > Duration::from_secs(24 * 3600) && total < Duration::from_secs(32 * 3600));
    }
}
