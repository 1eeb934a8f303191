//! Rewinds in the middle of everything, against a log, a store and a sink in memory.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;

use super::tests::{entry, now, state, taken};
use super::*;

const LOG: u64 = 40;
const PEOPLE: u64 = 3;

/// The world around a state: what it asked for and has not got yet, and what is durable.
struct World {
    state: State,
    read: Option<(u64, usize)>,
    calls: Vec<(u64, Group)>,
    commit: Option<Vec<Change>>,
    offset: u64,
    /// Counts everything that happens.
    moment: u64,
    /// When the rewinds were asked for that are not durable yet.
    asked: VecDeque<u64>,
    /// Since when each entry has to be taken (again).
    wanted_since: BTreeMap<u64, u64>,
    /// When the newest call began that took the entry.
    taken_at: BTreeMap<u64, u64>,
    /// The last entry of each person that went out since the last rewind or crash.
    order: BTreeMap<u128, u64>,
    rewound: usize,
}

impl World {
    fn new() -> Self {
        let mut world = Self {
            state: state(),
            read: None,
            calls: Vec::new(),
            commit: None,
            offset: 0,
            moment: 0,
            asked: VecDeque::new(),
            wanted_since: (1..=LOG).map(|sequence| (sequence, 0)).collect(),
            taken_at: BTreeMap::new(),
            order: BTreeMap::new(),
            rewound: 0,
        };
        world.begin();
        world
    }

    fn begin(&mut self) {
        self.send(Message::Woken);
        self.send(Message::ParkedLoaded { parked: Vec::new(), next_due: None });
    }

    fn send(&mut self, message: Message) {
        self.moment += 1;
        let later = now() + Duration::seconds(i64::try_from(self.moment).unwrap() * 2);
        for effect in self.state.on(message, later) {
            match effect {
                Effect::Read { after, limit, .. } => {
                    assert_eq!(self.read.replace((after, limit)), None, "one read at a time");
                }
                Effect::Deliver { group, .. } => {
                    let person = group.entries[0].user.id;
                    let busy = self.calls.iter().any(|(_, other)| other.entries[0].user.id == person);
                    assert!(!busy, "two calls of one person side by side");
                    for entry in &group.entries {
                        let last = self.order.insert(person.as_u128(), entry.sequence).unwrap_or_default();
                        assert!(entry.sequence > last, "{} after {last}", entry.sequence);
                    }
                    self.calls.push((self.moment, group));
                }
                Effect::Commit(changes) => {
                    assert!(self.commit.replace(changes).is_none(), "one commit at a time");
                }
                Effect::Rewound(times) => self.rewound += times,
                Effect::LoadParked { .. } | Effect::Wake(_) | Effect::Drained => {}
            }
        }
    }

    fn finish_read(&mut self) {
        let Some((after, limit)) = self.read.take() else { return };
        let last = LOG.min(after + u64::try_from(limit).unwrap().min(7));
        let entries = (after + 1..=last).map(|sequence| entry(sequence, u128::from(sequence % PEOPLE)));
        let entries = entries.collect();
        self.send(Message::Read { entries, more: last < LOG });
    }

    fn finish_call(&mut self, which: usize) {
        if self.calls.is_empty() {
            return;
        }
        let (began, group) = self.calls.remove(which % self.calls.len());
        for sequence in group.sequences() {
            let newest = self.taken_at.entry(sequence).or_default();
            *newest = began.max(*newest);
        }
        self.send(taken(group));
    }

    fn finish_commit(&mut self) {
        let Some(changes) = self.commit.take() else { return };
        for change in changes {
            match change {
                Change::Offset { offset, rewind: true, .. } => {
                    let asked = self.asked.pop_front().unwrap();
                    for (_, since) in self.wanted_since.range_mut(offset + 1..) {
                        *since = asked;
                    }
                    self.offset = offset;
                }
                Change::Offset { offset, .. } => {
                    self.offset = self.offset.max(offset);
                    for sequence in 1..=self.offset {
                        let taken = self.taken_at.get(&sequence).copied().unwrap_or_default();
                        let since = self.wanted_since[&sequence];
                        assert!(taken > since, "the offset passed {sequence}, which was not taken since");
                    }
                }
                other => panic!("{other:?}"),
            }
        }
        self.send(Message::Committed);
    }

    fn fail_commit(&mut self) {
        if self.commit.take().is_some() {
            self.send(Message::CommitFailed);
        }
    }

    fn rewind(&mut self, to: u64) {
        let to = to.min(self.state.levels().offset);
        self.order.clear();
        self.asked.push_back(self.moment + 1);
        self.send(Message::Rewind { to });
    }

    fn crash(&mut self) {
        self.state = State::new(
            "t".into(),
            "s".into(),
            tests::limits(),
            Filter::all(),
            Ladder::default(),
            self.offset,
        );
        (self.read, self.commit) = (None, None);
        self.calls.clear();
        self.asked.clear();
        self.order.clear();
        self.begin();
    }

    fn run_out(&mut self) {
        for _ in 0..10_000 {
            self.finish_read();
            self.finish_call(0);
            self.finish_commit();
            self.send(Message::Tick);
            if self.read.is_none() && self.calls.is_empty() && self.commit.is_none() && self.offset == LOG {
                return;
            }
        }
        panic!("it never came to rest at {}", self.offset);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn after_a_rewind_every_entry_behind_it_is_delivered_again_in_order(steps in vec((0..12_u8, 0..40_u64), 0..120)) {
        let mut world = World::new();
        for (step, number) in steps {
            match step {
                0..=2 => world.finish_read(),
                3..=6 => world.finish_call(usize::try_from(number).unwrap()),
                7 | 8 => world.finish_commit(),
                9 => world.fail_commit(),
                10 => world.rewind(number),
                _ if number < 10 => world.crash(),
                _ => world.send(Message::Tick),
            }
        }
        let asked = world.asked.len();
        let rewound = world.rewound;
        world.run_out();
        prop_assert_eq!(world.rewound - rewound, asked, "whoever asked for a rewind is told");
    }
}

#[test]
fn a_rewound_delivery_is_marked_as_a_replay_until_it_is_where_it_was() {
    let mut world = World::new();
    world.run_out();
    world.rewind(30);
    let replays = |effects: Vec<Effect>| {
        let replay = effects.into_iter().filter_map(|effect| match effect {
            Effect::Deliver { group, replay, .. } => Some((group.sequences(), replay)),
            _ => None,
        });
        replay.collect::<Vec<_>>()
    };
    // Answers in this world take longer and longer, so that there is not room for as many calls as in the beginning.
    let entries = (31..=32).map(|sequence| entry(sequence, u128::from(sequence))).collect();
    let effects = world.state.on(Message::Read { entries, more: false }, now());
    assert_eq!(replays(effects), [(vec![31], true), (vec![32], true)]);
    let effects = world.state.on(Message::Read { entries: vec![entry(LOG + 1, 99)], more: false }, now());
    assert_eq!(replays(effects), [(vec![LOG + 1], false)]);
}

#[test]
fn what_was_in_flight_during_a_rewind_settles_nothing() {
    let mut state = state();
    state.on(Message::Woken, now());
    state.on(Message::ParkedLoaded { parked: Vec::new(), next_due: None }, now());
    let effects = state.on(Message::Read { entries: vec![entry(1, 1)], more: false }, now());
    let Some(Effect::Deliver { group, .. }) = effects.into_iter().next() else { panic!("no delivery") };
    state.on(Message::Rewind { to: 0 }, now());
    let result = Ok(vec![Outcome::Refused { reason: "no".to_owned() }]);
    let effects = state.on(Message::Delivered { group, began: now(), result }, now());
    let letters = effects.iter().any(|effect| match effect {
        Effect::Commit(changes) => changes.iter().any(|change| matches!(change, Change::DeadLetter(_))),
        _ => false,
    });
    assert!(!letters, "it is delivered again and may be taken then");
    assert_eq!(state.levels().offset, 0);
}

#[test]
fn a_parked_delivery_that_was_added_from_outside_is_looked_at_at_once() {
    let mut state = state();
    state.on(Message::Woken, now());
    state.on(Message::ParkedLoaded { parked: Vec::new(), next_due: None }, now());
    let effects = state.on(Message::ParkedAdded, now());
    assert!(effects.iter().any(|effect| matches!(effect, Effect::LoadParked { .. })), "{effects:?}");
}

#[test]
fn a_dead_letter_over_the_limit_is_dead_again_without_a_call() {
    let mut state = state();
    state.on(Message::Woken, now());
    state.on(Message::ParkedLoaded { parked: Vec::new(), next_due: None }, now());
    let mut large = entry(1, 1).as_ref().clone();
    large.body = bytes::Bytes::from(vec![b'x'; 2_000]);
    let parked = Parked {
        delivery: Uuid::from_u128(9),
        tenant: "t".into(),
        sink: "s".into(),
        connection: Uuid::from_u128(1),
        sequences: vec![1],
        attempts: 3,
        due_at: now(),
        reason: String::new(),
        first_at: now(),
        replay: true,
    };
    let effects = state
        .on(Message::ParkedLoaded { parked: vec![(parked, vec![Arc::new(large)])], next_due: None }, now());
    let changes = effects.into_iter().find_map(|effect| match effect {
        Effect::Commit(changes) => Some(changes),
        _ => None,
    });
    assert!(
        matches!(changes.as_deref(), Some([Change::DeadLetter(letter), Change::Unpark { .. }]) if letter.attempts == 3)
    );
}
