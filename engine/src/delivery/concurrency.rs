//! How many calls of a sink may be under way at once. Pure.
//!
//! The sink's setting is the ceiling. Below it the number grows by one for each round of calls that was answered as
//! fast as those before, and shrinks when calls fail for being too many or answers get slower than their usual
//! spread: a receiver that can take less gets less, before it has to refuse. It never goes below one.

use std::time::Duration;

/// Calls under way in the beginning.
const FIRST: f64 = 4.0;
/// What is left after a round that was slower than usual.
const SLOWER: f64 = 0.9;
/// What is left after a refusal.
const REFUSED: f64 = 0.5;
/// Weight of the newest round in the usual time of an answer.
const WEIGHT: f64 = 0.4;
/// Deviations from the usual time that count as slower.
const DEVIATIONS: f64 = 2.5;
/// Differences below this are no sign of anything, in seconds.
const NOISE: f64 = 0.005;

/// The number of calls that may be under way.
#[derive(Debug, Clone)]
pub struct Concurrency {
    most: f64,
    limit: f64,
    round: Round,
    usual: Option<Usual>,
}

/// The answers since the number was looked at last.
#[derive(Debug, Clone, Copy, Default)]
struct Round {
    answers: f64,
    seconds: f64,
    /// Whether more calls were wanted than the number allowed.
    wanted_more: bool,
    /// The number was cut already.
    cut: bool,
}

/// Time of an answer, in seconds.
#[derive(Debug, Clone, Copy)]
struct Usual {
    mean: f64,
    deviation: f64,
}

impl Concurrency {
    /// At most `most` at once.
    pub fn up_to(most: usize) -> Self {
        let most = f64::from(u32::try_from(most.max(1)).unwrap_or(u32::MAX));
        Self { most, limit: FIRST.min(most), round: Round::default(), usual: None }
    }

    /// How many may be under way now.
    pub const fn limit(&self) -> usize {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 1 and the ceiling, which was a count"
        )]
        let limit = self.limit as usize;
        limit
    }

    /// More calls wait than the limit allows.
    pub const fn wanted_more(&mut self) {
        self.round.wanted_more = true;
    }

    /// A call was answered after that time.
    pub fn answered(&mut self, took: Duration) {
        self.round.answers += 1.0;
        self.round.seconds += took.as_secs_f64();
        if self.round.answers >= self.limit.floor() {
            self.look();
        }
    }

    /// A call was refused or not answered at all. Calls that were under way together count once.
    pub fn refused(&mut self) {
        if !self.round.cut {
            self.limit = (self.limit * REFUSED).max(1.0);
            self.round.cut = true;
        }
        self.round.answers += 1.0;
        if self.round.answers >= self.limit.floor() {
            self.round = Round::default();
        }
    }

    fn look(&mut self) {
        let round = std::mem::take(&mut self.round);
        if round.cut {
            return;
        }
        let mean = round.seconds / round.answers;
        let Some(usual) = &mut self.usual else {
            self.usual = Some(Usual { mean, deviation: 0.0 });
            return;
        };
        let over = mean - usual.mean;
        if over > (usual.deviation * DEVIATIONS).max(NOISE) {
            self.limit = (self.limit * SLOWER).max(1.0);
        } else if round.wanted_more && over <= usual.deviation.max(NOISE) {
            self.limit = (self.limit + 1.0).min(self.most);
        }
        usual.mean += over * WEIGHT;
        usual.deviation += (over.abs() - usual.deviation) * WEIGHT;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn round(concurrency: &mut Concurrency, milliseconds: u64) {
        for _ in 0..concurrency.limit() {
            concurrency.wanted_more();
            concurrency.answered(Duration::from_millis(milliseconds));
        }
    }

    #[test]
    fn it_grows_by_one_a_round_up_to_the_ceiling() {
        let mut concurrency = Concurrency::up_to(8);
        assert_eq!(concurrency.limit(), 4);
        round(&mut concurrency, 20);
        let limits: Vec<_> = (0..6)
            .map(|_| {
                round(&mut concurrency, 20);
                concurrency.limit()
            })
            .collect();
        assert_eq!(limits, [5, 6, 7, 8, 8, 8]);
        assert_eq!(Concurrency::up_to(1).limit(), 1);
        assert_eq!(Concurrency::up_to(0).limit(), 1);
    }

    #[test]
    fn it_does_not_grow_while_nobody_wants_more() {
        let mut concurrency = Concurrency::up_to(64);
        for _ in 0..100 {
            concurrency.answered(Duration::from_millis(20));
        }
        assert_eq!(concurrency.limit(), 4);
    }

    #[test]
    fn a_receiver_that_gets_slower_gets_less_and_recovers() {
        let mut concurrency = Concurrency::up_to(16);
        for _ in 0..20 {
            round(&mut concurrency, 20);
        }
        assert_eq!(concurrency.limit(), 16);
        // Twice as slow with each round, as a queue that fills.
        for doubled in 1..6 {
            round(&mut concurrency, 20 << doubled);
        }
        let least = concurrency.limit();
        assert!(least < 13, "{least}");
        for _ in 0..40 {
            round(&mut concurrency, 20);
        }
        assert_eq!(concurrency.limit(), 16);
    }

    #[test]
    fn refusals_of_calls_that_were_under_way_together_halve_it_once() {
        let mut concurrency = Concurrency::up_to(16);
        for _ in 0..20 {
            round(&mut concurrency, 20);
        }
        for _ in 0..8 {
            concurrency.refused();
        }
        assert_eq!(concurrency.limit(), 8);
        for _ in 0..100 {
            concurrency.refused();
        }
        assert_eq!(concurrency.limit(), 1);
        for _ in 0..100 {
            round(&mut concurrency, 20);
        }
        assert_eq!(concurrency.limit(), 16, "it comes back");
    }

    proptest! {
        #[test]
        fn whatever_happens_it_stays_between_one_and_the_ceiling(
            most in 1_usize..300,
            events in prop::collection::vec((any::<bool>(), any::<bool>(), 0_u64..100_000), 0..500),
        ) {
            let mut concurrency = Concurrency::up_to(most);
            for (refused, wanted, milliseconds) in events {
                if wanted {
                    concurrency.wanted_more();
                }
                if refused {
                    concurrency.refused();
                } else {
                    concurrency.answered(Duration::from_millis(milliseconds));
                }
                prop_assert!((1..=most).contains(&concurrency.limit()));
            }
        }
    }
}
