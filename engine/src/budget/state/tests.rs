use std::collections::{BTreeMap, BinaryHeap};
use std::sync::Arc;

use proptest::prelude::*;
use tributary_contract::spec::{CountHeaders, QuotaWindow};

use super::*;
use crate::budget::usage::Count;

const NONE: [Ticket; 0] = [];
const MINUTE: Duration = Duration::from_secs(60);

fn start() -> DateTime<Utc> {
    "2026-05-02T14:59:00Z".parse().unwrap()
}

fn at(seconds: i64) -> DateTime<Utc> {
    start() + TimeDelta::seconds(seconds)
}

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

fn terms(app: &[Quota], user: &[Quota]) -> Terms {
    Terms {
        app: app.to_vec(),
        user: user.to_vec(),
        usage: Usage::Silent,
        spoken_of: (0..app.len()).map(|index| vec![index]).collect(),
        grows: false,
        patience: Duration::from_secs(24 * 3600),
    }
}

fn rolling(permits: u32) -> Quota {
    Quota { permits, window: QuotaWindow::Rolling(MINUTE) }
}

fn aligned(permits: u32) -> Quota {
    Quota { permits, window: QuotaWindow::Aligned(MINUTE) }
}

fn want(ticket: Ticket, class: Class, connection: u128) -> Message {
    let request = PermitRequest { class, tenant: Arc::from("acme"), connection: Some(id(connection)) };
    Message::Wanted { ticket, request }
}

fn granted(effects: &[Effect]) -> Vec<Ticket> {
    let ticket = |effect: &Effect| if let Effect::Grant(ticket) = effect { Some(*ticket) } else { None };
    effects.iter().filter_map(ticket).collect()
}

fn refusal(retry_after: Option<u64>) -> Reading {
    Reading { refused: true, retry_after: retry_after.map(Duration::from_secs), counts: Vec::new() }
}

#[test]
fn urgent_classes_come_first_and_the_last_part_of_a_quota_is_kept_for_them() {
    let mut state = State::new(terms(&[rolling(100)], &[]), start());
    state.pace = None;
    let mut ticket = 0;
    let mut take_all = |state: &mut State, class| {
        let mut taken = 0;
        loop {
            ticket += 1;
            let effects = state.on(want(ticket, class, 1), start());
            if granted(&effects).is_empty() {
                state.on(Message::Dropped(ticket), start());
                return taken;
            }
            taken += 1;
        }
    };
    assert_eq!(take_all(&mut state, Class::Backfill), 80);
    assert_eq!(take_all(&mut state, Class::Poll), 15);
    assert_eq!(take_all(&mut state, Class::Notification), 3);
    assert_eq!(take_all(&mut state, Class::Request), 2);
    assert_eq!(take_all(&mut state, Class::Authorization), 0);
}

#[test]
fn a_freed_place_goes_to_the_most_urgent_wish() {
    let mut state = State::new(terms(&[rolling(1)], &[]), start());
    state.pace = None;
    assert_eq!(granted(&state.on(want(1, Class::Request, 1), start())), [1]);
    for (ticket, class) in
        [(2, Class::Backfill), (3, Class::Poll), (4, Class::Authorization), (5, Class::Request)]
    {
        assert_eq!(granted(&state.on(want(ticket, class, 1), start())), NONE);
    }
    state.on(Message::Dropped(1), start());
    let mut order = vec![4];
    for ended in [4, 5, 3] {
        order.extend(granted(&state.on(Message::Dropped(ended), start())));
    }
    assert_eq!(order, [4, 5, 3, 2]);
}

#[test]
fn a_wish_that_would_wait_too_long_is_told_when_to_come_back() {
    let mut state = State::new(Terms { patience: MINUTE / 2, ..terms(&[rolling(1)], &[]) }, start());
    state.on(want(1, Class::Request, 1), at(0));
    state.on(Message::Ended(1), at(0));
    let effects = state.on(want(2, Class::Request, 1), at(10));
    let Some(Effect::Refuse(2, BudgetError::UsedUp { scope: QuotaScope::App, retry_after })) =
        effects.first()
    else {
        panic!("{effects:?}");
    };
    assert_eq!(retry_after.as_secs(), 50);
    assert_eq!(granted(&state.on(want(3, Class::Request, 1), at(50))), NONE);
    assert_eq!(granted(&state.on(Message::Tick, at(61))), [3]);
}

#[test]
fn a_connection_whose_own_quota_is_used_up_holds_nobody_else_up() {
    let mut state = State::new(terms(&[rolling(100)], &[rolling(1)]), start());
    assert_eq!(granted(&state.on(want(1, Class::Request, 1), at(0))), [1]);
    assert_eq!(granted(&state.on(want(2, Class::Request, 1), at(0))), NONE);
    assert_eq!(granted(&state.on(want(3, Class::Poll, 2), at(0))), [3]);
    let effects = state.on(Message::Ended(1), at(5));
    assert!(
        matches!(effects.as_slice(), [Effect::WakeAt(wake)] if *wake > at(65) && *wake < at(66)),
        "{effects:?}"
    );
    assert_eq!(granted(&state.on(Message::Tick, at(66))), [2]);
}

#[test]
fn a_refusal_without_a_hint_closes_the_app_until_the_aligned_window_ends_and_then_ever_longer() {
    let mut state = State::new(terms(&[aligned(100)], &[]), start());
    let mut now = at(5);
    let mut pauses = Vec::new();
    for ticket in 1..=12 {
        let mut effects = state.on(want(ticket, Class::Request, 1), now);
        while granted(&effects).is_empty() {
            let Some(Effect::WakeAt(wake)) = effects.last() else { panic!("{effects:?}") };
            assert!(*wake > now);
            now = *wake;
            effects = state.on(Message::Tick, now);
        }
        state.on(Message::Answered(ticket, refusal(None)), now);
        pauses.push((state.app.closed_until(now).unwrap() - now).num_seconds());
    }
    // The window that began at 14:59:00 ends at 15:00:00, and two seconds later everybody agrees that it has.
    assert_eq!(pauses[..4], [57, 120, 240, 480]);
    assert_eq!(pauses[11], 6 * 3600, "the pauses end up at six hours");
}

#[test]
fn refusals_of_calls_that_were_under_way_count_once_and_a_success_forgives() {
    let mut state = State::new(terms(&[rolling(100)], &[]), start());
    for ticket in 1..=5 {
        assert_eq!(granted(&state.on(want(ticket, Class::Request, 1), at(0))), [ticket]);
    }
    for ticket in 1..=5 {
        state.on(Message::Answered(ticket, refusal(None)), at(1));
    }
    assert_eq!(state.app.closed_until(at(1)), Some(at(61)));
    for ticket in 6..=8 {
        assert_eq!(granted(&state.on(want(ticket, Class::Request, 1), at(30))), NONE);
    }
    assert_eq!(granted(&state.on(Message::Tick, at(61))), [6], "one call goes first");
    assert_eq!(granted(&state.on(Message::Answered(6, Reading::default()), at(62))), [7, 8]);
    state.on(Message::Answered(7, refusal(None)), at(63));
    assert_eq!(state.app.closed_until(at(63)), Some(at(123)), "the pauses begin anew");
}

#[test]
fn retry_after_is_obeyed_and_only_by_whom_it_concerns() {
    let mut state = State::new(terms(&[rolling(100)], &[rolling(50)]), start());
    state.on(want(1, Class::Request, 1), at(0));
    state.on(Message::Answered(1, refusal(Some(600))), at(1));
    assert_eq!(granted(&state.on(want(2, Class::Request, 1), at(2))), NONE);
    assert_eq!(
        granted(&state.on(want(3, Class::Request, 2), at(2))),
        [3],
        "another connection has its own quota"
    );
    assert_eq!(granted(&state.on(Message::Tick, at(600))), NONE);
    assert_eq!(granted(&state.on(Message::Tick, at(601))), [2]);
}

#[test]
fn a_quota_that_grows_with_users_follows_the_stated_limit_over_a_restart() {
    let usage = Usage::GrowingCounts(&[CountHeaders { limit: "l", usage: "u", quotas: &[0] }]);
    let growing = || Terms { usage, grows: true, ..terms(&[rolling(2)], &[]) };
    let stated =
        |used| Reading { counts: vec![Count { quota: 0, limit: Some(100), used }], ..Reading::default() };
    let mut state = State::new(growing(), start());
    assert_eq!(granted(&state.on(want(1, Class::Request, 1), at(0))), [1]);
    state.on(Message::Answered(1, stated(50)), at(1));
    assert_eq!(state.levels(at(1))[0].permits, 100);
    assert_eq!(granted(&state.on(want(2, Class::Request, 1), at(1))), [2]);

    let saved = state.app.windows()[0].save(at(2));
    assert_eq!(saved.limit, Some(100));
    let mut again = State::kept(growing(), at(2));
    again.on(Message::Resumed(Some(Saved { lent: 0, windows: vec![saved.clone()] })), at(2));
    assert_eq!(again.levels(at(2))[0].permits, 100);
    let mut own = State::kept(Terms { grows: false, ..growing() }, at(2));
    own.on(Message::Resumed(Some(Saved { lent: 0, windows: vec![saved] })), at(2));
    assert_eq!(own.levels(at(2))[0].permits, 2, "what the operator set stands");
}

#[test]
fn usage_headers_count_what_others_used_and_forgive_what_was_not_counted() {
    let headers = Usage::Counts(&[CountHeaders { limit: "l", usage: "u", quotas: &[0] }]);
    let mut state = State::new(Terms { usage: headers, ..terms(&[aligned(100)], &[]) }, start());
    assert_eq!(granted(&state.on(want(1, Class::Request, 1), at(5))), [1]);
    assert_eq!(
        granted(&state.on(want(2, Class::Request, 1), at(5))),
        NONE,
        "nobody knows yet what was used before"
    );
    let counts =
        |used, limit| Reading { counts: vec![Count { quota: 0, limit, used }], ..Reading::default() };
    assert_eq!(granted(&state.on(Message::Answered(1, counts(98, Some(90))), at(6))), NONE);
    let level = &state.levels(at(6))[0];
    assert_eq!((level.used, level.permits, level.remaining), (98, 90, 0));
    assert_eq!(granted(&state.on(Message::Tick, at(62))), [2]);
    state.on(Message::Answered(2, counts(1, Some(100))), at(63));
    assert_eq!(state.levels(at(63))[0].remaining, 99);
}

#[test]
fn nothing_is_sent_before_the_ledger_is_known_and_never_more_than_was_lent() {
    let mut state = State::kept(terms(&[rolling(100)], &[]), start());
    assert!(state.on(want(1, Class::Request, 1), start()).is_empty());
    let effects = state.on(Message::Resumed(None), start());
    let Some(Effect::Save(saved)) = effects.first() else { panic!("{effects:?}") };
    assert_eq!((granted(&effects).len(), saved.lent), (0, 5));
    for ticket in 2..=20 {
        assert_eq!(granted(&state.on(want(ticket, Class::Request, 1), start())), NONE);
    }
    let effects = state.on(Message::SaveEnded(true), start());
    assert_eq!(granted(&effects).len(), 5);
    assert!(matches!(effects.last(), Some(Effect::Save(saved)) if saved.lent == 5));
    assert_eq!(granted(&state.on(Message::SaveEnded(false), start())), NONE, "a failed save lends nothing");
}

/// A provider that counts arrivals, and a world in which calls take their time.
struct World {
    state: State,
    terms: Terms,
    keeps: bool,
    now: DateTime<Utc>,
    /// Calls under way by their end, with the instant of their arrival.
    under_way: BinaryHeap<std::cmp::Reverse<(DateTime<Utc>, Ticket)>>,
    calls: BTreeMap<Ticket, (Uuid, DateTime<Utc>)>,
    saves: Vec<Saved>,
    durable: Option<Saved>,
    waiting: BTreeMap<Ticket, (Uuid, i64, i64)>,
    skew: TimeDelta,
}

#[derive(Debug, Clone)]
enum Act {
    Want { class: usize, connection: u128, length: i64, arrives: i64 },
    Pass(i64),
    Saves,
    Restart,
}

impl World {
    fn tell(&mut self, message: Message) {
        for effect in self.state.on(message, self.now) {
            match effect {
                Effect::Grant(ticket) => {
                    let (connection, length, arrives) = self.waiting.remove(&ticket).unwrap();
                    let arrival = self.now + TimeDelta::milliseconds(length * arrives / 100);
                    self.calls.insert(ticket, (connection, arrival));
                    self.under_way
                        .push(std::cmp::Reverse((self.now + TimeDelta::milliseconds(length), ticket)));
                }
                Effect::Refuse(ticket, _) => drop(self.waiting.remove(&ticket)),
                Effect::Save(saved) => self.saves.push(saved),
                Effect::WakeAt(_) => {}
            }
        }
    }

    /// Moves on to that instant; calls end on the way, with the provider's own count in their answers.
    fn pass(&mut self, until: DateTime<Utc>) {
        while let Some(std::cmp::Reverse((end, ticket))) = self.under_way.peek().copied()
            && end <= until
        {
            self.under_way.pop();
            self.now = self.now.max(end);
            let (_, arrival) = self.calls[&ticket];
            let counts = match self.terms.usage {
                Usage::Counts(_) | Usage::GrowingCounts(_) => {
                    let counted = self.inside(&self.terms.app[0], arrival, |_| true);
                    vec![Count { quota: 0, limit: None, used: u32::try_from(counted).unwrap() }]
                }
                _ => Vec::new(),
            };
            self.tell(Message::Answered(ticket, Reading { counts, ..Reading::default() }));
        }
        self.now = until;
        self.tell(Message::Tick);
    }

    /// Arrivals up to `last` in the provider's window that holds it.
    fn inside(&self, quota: &Quota, last: DateTime<Utc>, which: impl Fn(Uuid) -> bool) -> usize {
        let minute = |at: DateTime<Utc>| (at + self.skew).timestamp().div_euclid(60);
        let same = |at: DateTime<Utc>| match quota.window {
            QuotaWindow::Rolling(length) => at + TimeDelta::from_std(length).unwrap() >= last,
            QuotaWindow::Aligned(_) => minute(at) == minute(last),
        };
        self.calls.values().filter(|(connection, at)| *at <= last && same(*at) && which(*connection)).count()
    }

    fn restart(&mut self) {
        self.state = if self.keeps {
            State::kept(self.terms.clone(), self.now)
        } else {
            State::new(self.terms.clone(), self.now)
        };
        // Calls that the old process had sent may still arrive, but no later than it ended.
        for std::cmp::Reverse((_, ticket)) in self.under_way.drain() {
            if let Some((_, arrival)) = self.calls.get_mut(&ticket) {
                *arrival = (*arrival).min(self.now);
            }
        }
        self.waiting.clear();
        self.saves.clear();
        self.tell(Message::Resumed(self.durable.clone()));
    }

    fn check(&self) -> Result<(), TestCaseError> {
        for (connection, arrival) in self.calls.values() {
            for quota in &self.terms.app {
                prop_assert!(
                    self.inside(quota, *arrival, |_| true) <= usize::try_from(quota.permits).unwrap()
                );
            }
            for quota in &self.terms.user {
                let own = self.inside(quota, *arrival, |other| other == *connection);
                prop_assert!(own <= usize::try_from(quota.permits).unwrap());
            }
        }
        Ok(())
    }
}

fn acts(restarts: bool) -> impl Strategy<Value = Vec<Act>> {
    let length = prop_oneof![Just(0), 0..800_i64, 0..90_000_i64];
    let want = (0..5_usize, 1..4_u128, length, 0..=100_i64)
        .prop_map(|(class, connection, length, arrives)| Act::Want { class, connection, length, arrives });
    let pass = prop_oneof![0..300_i64, 0..30_000_i64, 55_000..65_000_i64].prop_map(Act::Pass);
    let restart = if restarts { 1 } else { 0 };
    let act = prop_oneof![12 => want, 4 => pass, 4 => Just(Act::Saves), restart => Just(Act::Restart)];
    prop::collection::vec(act, 1..250)
}

fn play(terms: Terms, keeps: bool, skew: i64, acts: Vec<Act>) -> Result<World, TestCaseError> {
    let state = if keeps { State::kept(terms.clone(), start()) } else { State::new(terms.clone(), start()) };
    let mut world = World {
        state,
        terms,
        keeps,
        now: start(),
        under_way: BinaryHeap::new(),
        calls: BTreeMap::new(),
        saves: Vec::new(),
        durable: None,
        waiting: BTreeMap::new(),
        skew: TimeDelta::milliseconds(skew),
    };
    world.tell(Message::Resumed(None));
    for (place, act) in acts.into_iter().enumerate() {
        let ticket = u64::try_from(place).unwrap();
        match act {
            Act::Want { class, connection, length, arrives } => {
                world.waiting.insert(ticket, (id(connection), length, arrives));
                world.tell(want(ticket, Class::ALL[class], connection));
            }
            Act::Pass(length) => world.pass(world.now + TimeDelta::milliseconds(length)),
            Act::Saves => {
                if let Some(saved) = world.saves.pop() {
                    world.durable = Some(saved);
                    world.tell(Message::SaveEnded(true));
                }
            }
            Act::Restart => world.restart(),
        }
    }
    world.check()?;
    Ok(world)
}

fn window() -> impl Strategy<Value = Quota> {
    (1..12_u32, any::<bool>())
        .prop_map(|(permits, rolls)| if rolls { rolling(permits) } else { aligned(permits) })
}

proptest! {
    #[test]
    fn no_provider_ever_counts_more_than_its_quotas(
        app in prop::collection::vec(window(), 1..3),
        user in prop::collection::vec(window(), 0..2),
        skew in -2000..=2000_i64,
        acts in acts(false),
    ) {
        play(terms(&app, &user), false, skew, acts)?;
    }

    #[test]
    fn the_quotas_of_the_app_hold_across_restarts(
        app in prop::collection::vec(window(), 1..3),
        skew in -2000..=2000_i64,
        acts in acts(true),
    ) {
        play(terms(&app, &[]), true, skew, acts)?;
    }

    #[test]
    fn corrections_by_headers_never_let_too_many_through(app in window(), skew in -2000..=2000_i64, acts in acts(false)) {
        let usage = Usage::Counts(&[CountHeaders { limit: "l", usage: "u", quotas: &[0] }]);
        play(Terms { usage, ..terms(&[app], &[]) }, false, skew, acts)?;
    }

    #[test]
    fn every_wish_is_granted_once_there_is_time(app in window(), acts in acts(false)) {
        let mut world = play(terms(&[app], &[rolling(5)]), false, 0, acts)?;
        for _ in 0..2000 {
            if world.waiting.is_empty() {
                break;
            }
            world.pass(world.now + TimeDelta::seconds(31));
        }
        // Backfill and polls never take the only place that is kept for others.
        prop_assert!(world.waiting.is_empty(), "{} wait for ever", world.waiting.len());
    }
}
