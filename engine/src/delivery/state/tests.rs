use super::*;
use bytes::Bytes;
use tributary_contract::model::{DataType, EntryId, NaturalKey};
use tributary_contract::sink::{EntryKind, Grouping, User};

pub(super) fn entry(sequence: u64, user: u128) -> Arc<Entry> {
    Arc::new(Entry {
        sequence,
        id: EntryId::from_bytes([u8::try_from(sequence % 251).unwrap(); 16]),
        user: Arc::new(User {
            id: Uuid::from_u128(user),
            reference_id: None,
            provider: "TEST".to_owned(),
            json: Bytes::from_static(b"{}"),
        }),
        kind: EntryKind::Record(DataType::Activity),
        key: NaturalKey::new(format!("k{sequence}")),
        body: Bytes::from_static(b"{\"metadata\":{}}"),
        committed_at: DateTime::UNIX_EPOCH,
        trace: None,
    })
}

pub(super) fn limits() -> Limits {
    Limits { grouping: Grouping::Event, entries: 10, bytes: 1 << 20, entry_bytes: 1_000, in_flight: 4 }
}

pub(super) fn state() -> State {
    State::new("t".into(), "s".into(), limits(), Filter::all(), Ladder::default(), 0)
}

pub(super) fn now() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + Duration::days(20_000)
}

fn groups(effects: &[Effect]) -> Vec<Group> {
    effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Deliver { group, .. } => Some(group.clone()),
            _ => None,
        })
        .collect()
}

fn changes(effects: &[Effect]) -> Vec<Change> {
    effects
        .iter()
        .flat_map(|effect| match effect {
            Effect::Commit(changes) => changes.clone(),
            _ => Vec::new(),
        })
        .collect()
}

fn offset_of(effects: &[Effect]) -> Option<u64> {
    changes(effects).iter().find_map(|change| match change {
        Change::Offset { offset, .. } => Some(*offset),
        _ => None,
    })
}

fn begin(state: &mut State, entries: Vec<Arc<Entry>>) -> Vec<Group> {
    state.on(Message::Woken, now());
    state.on(Message::ParkedLoaded { parked: Vec::new(), next_due: None }, now());
    groups(&state.on(Message::Read { entries, more: false }, now()))
}

pub(super) fn taken(group: Group) -> Message {
    let outcomes = vec![Outcome::Taken; group.entries.len()];
    Message::Delivered { group, began: now(), result: Ok(outcomes) }
}

#[test]
fn entries_of_one_connection_travel_together_and_never_side_by_side() {
    let mut state = state();
    let entries = (1..=25).map(|sequence| entry(sequence, 7)).collect();
    let first = begin(&mut state, entries);
    assert_eq!(first.len(), 1, "one lane, one call at a time");
    assert_eq!(first[0].sequences(), (1..=10).collect::<Vec<_>>());
    let second = groups(&state.on(taken(first[0].clone()), now()));
    assert_eq!(second[0].sequences(), (11..=20).collect::<Vec<_>>());
}

#[test]
fn the_offset_waits_for_the_slowest_connection() {
    let mut state = state();
    let delivering = begin(&mut state, vec![entry(1, 1), entry(2, 2), entry(3, 3)]);
    assert_eq!(delivering.len(), 3);
    let effects = state.on(taken(delivering[2].clone()), now());
    assert_eq!(offset_of(&effects), None);
    let effects = state.on(taken(delivering[0].clone()), now());
    assert_eq!(offset_of(&effects), Some(1));
    state.on(Message::Committed, now());
    state.on(taken(delivering[1].clone()), now());
    let effects = state.on(Message::Tick, now() + OFFSET_PACE);
    assert_eq!(offset_of(&effects), Some(3));
}

#[test]
fn an_offset_alone_is_committed_at_once_and_then_at_its_pace_or_with_something_else() {
    let mut state = state();
    let delivering = begin(&mut state, vec![entry(1, 1), entry(2, 2), entry(3, 3), entry(4, 4)]);
    assert_eq!(offset_of(&state.on(taken(delivering[0].clone()), now())), Some(1));
    state.on(Message::Committed, now());
    let effects = state.on(taken(delivering[1].clone()), now());
    assert_eq!(offset_of(&effects), None);
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Wake(at) if *at == now() + OFFSET_PACE)));
    let outcome = Outcome::Refused { reason: "400".to_owned() };
    let refused =
        Message::Delivered { group: delivering[2].clone(), began: now(), result: Ok(vec![outcome]) };
    assert_eq!(offset_of(&state.on(refused, now())), Some(3), "a dead letter is not kept waiting");
    state.on(Message::Committed, now());
    assert_eq!(offset_of(&state.on(taken(delivering[3].clone()), now())), None);
    assert_eq!(offset_of(&state.on(Message::Drain, now())), Some(4), "nothing is left open at the end");
}

#[test]
fn a_later_is_parked_in_the_same_commit_that_moves_the_offset() {
    let mut state = state();
    let delivering = begin(&mut state, vec![entry(1, 1)]);
    let later = Outcome::Later { reason: "503".to_owned(), after: None };
    let result = Ok(vec![later]);
    let effects = state.on(Message::Delivered { group: delivering[0].clone(), began: now(), result }, now());
    let changes = changes(&effects);
    assert!(matches!(&changes[..], [Change::Park(parked), Change::Offset { offset: 1, .. }]
        if parked.sequences == [1] && parked.attempts == 1 && parked.due_at == now() + Duration::seconds(5)));
}

#[test]
fn a_parked_delivery_keeps_its_identity_and_is_unparked_when_taken() {
    let mut state = state();
    begin(&mut state, Vec::new());
    let parked = Parked {
        delivery: Uuid::from_u128(9),
        tenant: "t".into(),
        sink: "s".into(),
        connection: Uuid::from_u128(1),
        sequences: vec![1],
        attempts: 2,
        due_at: now(),
        reason: String::new(),
        first_at: now(),
        replay: false,
    };
    let effects =
        state.on(Message::ParkedLoaded { parked: vec![(parked, vec![entry(1, 1)])], next_due: None }, now());
    let group = groups(&effects).remove(0);
    assert_eq!(group.delivery("t", "s"), Uuid::from_u128(9));
    assert!(matches!(&effects[0], Effect::Deliver { attempt: 3, .. }));
    let effects = state.on(taken(group), now());
    assert!(
        matches!(&changes(&effects)[..], [Change::Unpark { delivery }] if *delivery == Uuid::from_u128(9))
    );
}

#[test]
fn a_delivery_out_of_tries_becomes_a_dead_letter() {
    let mut state = State::new("t".into(), "s".into(), limits(), Filter::all(), Ladder::new(Vec::new()), 0);
    let delivering = begin(&mut state, vec![entry(1, 1)]);
    let result = Ok(vec![Outcome::Later { reason: "500".to_owned(), after: None }]);
    let effects = state.on(Message::Delivered { group: delivering[0].clone(), began: now(), result }, now());
    assert!(
        matches!(&changes(&effects)[..], [Change::DeadLetter(letter), Change::Offset { .. }] if letter.attempts == 1)
    );
}

#[test]
fn one_refused_entry_does_not_hold_the_others() {
    let mut state = state();
    let delivering = begin(&mut state, vec![entry(1, 1), entry(2, 1), entry(3, 1)]);
    let result = Ok(vec![Outcome::Taken, Outcome::Refused { reason: "no".to_owned() }, Outcome::Taken]);
    let effects = state.on(Message::Delivered { group: delivering[0].clone(), began: now(), result }, now());
    assert!(matches!(&changes(&effects)[..], [Change::DeadLetter(letter), Change::Offset { offset: 3, .. }]
        if letter.entry.sequence == 2));
}

#[test]
fn a_denied_sink_keeps_everything_and_tries_the_same_group_again() {
    let mut state = state();
    let delivering = begin(&mut state, vec![entry(1, 1), entry(2, 2)]);
    let denied = || SinkError::Denied { reason: "401".to_owned(), advice: "check the key".to_owned() };
    for group in &delivering {
        let result = Err(denied());
        let effects = state.on(Message::Delivered { group: group.clone(), began: now(), result }, now());
        assert!(changes(&effects).is_empty(), "nothing is acknowledged");
        assert!(groups(&effects).is_empty());
    }
    let later = now() + Duration::minutes(6);
    let probe = groups(&state.on(Message::Tick, later));
    assert_eq!(probe.len(), 1, "one call probes");
    let effects = state.on(taken(probe[0].clone()), later);
    assert_eq!(groups(&effects).len(), 1, "then the rest goes on");
}

#[test]
fn an_entry_over_the_limit_is_dead_without_a_try() {
    let mut state = state();
    let mut large = entry(1, 1).as_ref().clone();
    large.body = Bytes::from(vec![b'x'; 2_000]);
    state.on(Message::Woken, now());
    let effects = state.on(Message::Read { entries: vec![Arc::new(large)], more: false }, now());
    assert!(groups(&effects).is_empty());
    assert!(matches!(&changes(&effects)[..], [Change::DeadLetter(letter), Change::Offset { offset: 1, .. }]
        if letter.attempts == 0));
}

#[test]
fn changes_that_could_not_be_committed_are_handed_out_again() {
    let mut state = state();
    let delivering = begin(&mut state, vec![entry(1, 1)]);
    let effects = state.on(taken(delivering[0].clone()), now());
    assert_eq!(offset_of(&effects), Some(1));
    assert_eq!(offset_of(&state.on(Message::CommitFailed, now())), None);
    assert_eq!(offset_of(&state.on(Message::Tick, now() + Duration::seconds(2))), Some(1));
}

#[test]
fn deletions_are_only_for_sinks_that_name_them() {
    let deleted = EntryKind::Deleted(DataType::Sleep);
    assert!(!Filter::all().wants(deleted));
    assert!(Filter::only(["deleted".to_owned()]).wants(deleted));
    assert!(!Filter::only(["sleep".to_owned()]).wants(deleted));
}

#[test]
fn draining_waits_for_what_is_in_flight_and_for_its_commit() {
    let mut state = state();
    let delivering = begin(&mut state, vec![entry(1, 1), entry(2, 1)]);
    let drained = |effects: &[Effect]| effects.iter().any(|effect| matches!(effect, Effect::Drained));
    assert!(!drained(&state.on(Message::Drain, now())));
    assert!(!drained(&state.on(taken(delivering[0].clone()), now())));
    assert!(drained(&state.on(Message::Committed, now())));
}

#[test]
fn a_cut_gives_up_what_is_in_flight_and_still_stores_what_was_settled() {
    let mut state = state();
    let delivering = begin(&mut state, vec![entry(1, 1), entry(2, 2)]);
    let drained = |effects: &[Effect]| effects.iter().any(|effect| matches!(effect, Effect::Drained));
    assert_eq!(delivering.len(), 2);
    let effects = state.on(taken(delivering[0].clone()), now());
    assert_eq!(offset_of(&effects), Some(1));
    assert!(!drained(&state.on(Message::Drain, now())));
    assert!(!drained(&state.on(Message::Cut, now())), "the offset is not durable yet");
    let effects = state.on(Message::Committed, now());
    assert!(drained(&effects) && offset_of(&effects).is_none(), "the second entry is not settled");
}

#[test]
fn a_wake_during_a_read_leads_to_another_read() {
    let reads =
        |effects: &[Effect]| effects.iter().filter(|effect| matches!(effect, Effect::Read { .. })).count();
    let mut state = state();
    assert_eq!(reads(&state.on(Message::Woken, now())), 1);
    assert_eq!(reads(&state.on(Message::Woken, now())), 0, "one read at a time");
    let effects = state.on(Message::Read { entries: Vec::new(), more: false }, now());
    assert_eq!(reads(&effects), 1, "the entry may have come after the first read had looked");
    assert_eq!(reads(&state.on(Message::Read { entries: Vec::new(), more: false }, now())), 0);
}
