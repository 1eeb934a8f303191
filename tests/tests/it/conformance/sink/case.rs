//! The cases for sinks.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use futures_util::future::join_all;
use serde_json::{Value, json};
use tributary_contract::model::DataType;
use tributary_contract::sink::{Batch, Entry, Grouping, Outcome, Sink};
use tributary_tests::entries::{batch, deleted, life_cycle, record, user};
use tributary_tests::wait;

use super::place::Place;

/// Type and key of a record.
pub(super) type Key = (String, String);
/// Sequence and content of its newest version; without content it is gone.
pub(super) type Version = (u64, Option<Value>);

/// Bytes of a record that is large enough where a sink takes even more: reading it back costs seconds.
const LARGE: usize = 8 * 1024 * 1024;

/// What every sink has to be able to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Case {
    Check,
    AllTypes,
    Redelivery,
    OlderAfterNewer,
    Nothing,
    Largest,
    OddCharacters,
    OneRefused,
    CutInTheMiddle,
    GoneAndBack,
    Cancelled,
    SideBySide,
}

impl Case {
    pub(super) const ALL: [Self; 12] = [
        Self::Check,
        Self::AllTypes,
        Self::Redelivery,
        Self::OlderAfterNewer,
        Self::Nothing,
        Self::Largest,
        Self::OddCharacters,
        Self::OneRefused,
        Self::CutInTheMiddle,
        Self::GoneAndBack,
        Self::Cancelled,
        Self::SideBySide,
    ];

    /// Whether the place's kind has to pass it, and if not, why.
    pub(super) fn fits(self, place: &Place<'_>) -> Result<(), &'static str> {
        match self {
            Self::OneRefused if place.unacceptable(1).is_none() => Err("it takes whatever it gets"),
            Self::CutInTheMiddle if !place.can_cut() => Err("a batch is one transaction or one stream"),
            _ => Ok(()),
        }
    }

    pub(super) async fn run(self, place: &Place<'_>) {
        match self {
            Self::Check => check(place).await,
            Self::AllTypes => all_types(place).await,
            Self::Redelivery => redelivery(place).await,
            Self::OlderAfterNewer => older_after_newer(place).await,
            Self::Nothing => nothing(place).await,
            Self::Largest => largest(place).await,
            Self::OddCharacters => odd_characters(place).await,
            Self::OneRefused => one_refused(place).await,
            Self::CutInTheMiddle => cut(place).await,
            Self::GoneAndBack => gone_and_back(place).await,
            Self::Cancelled => cancelled(place).await,
            Self::SideBySide => side_by_side(place).await,
        }
    }
}

fn body(key: &str, steps: u64) -> Value {
    json!({
        "metadata": {"start_time": "2026-03-01T22:00:00.000000+01:00", "summary_id": key, "upload_type": 1},
        "distance_data": {"steps": steps, "distance_meters": 1.5},
    })
}

fn version(sequence: u64, data_type: DataType, key: &str) -> Entry {
    record(&user("u-1"), sequence, data_type, key, body(key, sequence).to_string())
}

/// Days with keys and sequences from 1 on.
fn several(count: u64) -> Vec<Entry> {
    (1..=count).map(|n| version(n, DataType::Daily, &format!("day-{n}"))).collect()
}

fn stored(entries: &[(u64, DataType, &str)]) -> BTreeMap<Key, Version> {
    let one = |(sequence, data_type, key): &(u64, DataType, &str)| {
        ((data_type.to_string(), (*key).to_owned()), (*sequence, Some(body(key, *sequence))))
    };
    entries.iter().map(one).collect()
}

fn days(count: u64) -> BTreeMap<Key, Version> {
    let keys: Vec<_> = (1..=count).map(|n| (n, format!("day-{n}"))).collect();
    stored(&keys.iter().map(|(n, key)| (*n, DataType::Daily, key.as_str())).collect::<Vec<_>>())
}

/// The batches that the engine would make of these entries.
fn batches(sink: &dyn Sink, entries: &[Entry]) -> Vec<Batch> {
    let limits = sink.limits();
    let alike = |a: &Entry, b: &Entry| {
        limits.grouping == Grouping::Mixed || (a.kind == b.kind && a.user.id == b.user.id)
    };
    let groups = entries.chunk_by(alike).flat_map(|group| group.chunks(limits.entries));
    groups.map(|group| batch(group.iter().cloned())).collect()
}

/// Delivers as the engine would and expects all of it to be taken.
async fn take(sink: &dyn Sink, entries: Vec<Entry>) {
    for batch in batches(sink, &entries) {
        let outcomes = sink.deliver(&batch).await.unwrap();
        assert_eq!(outcomes, vec![Outcome::Taken; batch.entries.len()]);
    }
}

async fn check(place: &Place<'_>) {
    let sink = place.sink().await;
    let first = sink.check().await.unwrap();
    assert!(!first.lines.is_empty(), "it says nothing");
    sink.check().await.unwrap();
    assert_eq!(place.newest().await, BTreeMap::new(), "a check leaves nothing that looks like data");
    take(&*sink, several(3)).await;
    drop(sink);
    place.sink().await.check().await.unwrap();
    assert_eq!(place.newest().await, days(3));
}

async fn all_types(place: &Place<'_>) {
    let (sink, user) = (place.sink().await, user("u-1"));
    let keys: Vec<_> = (1..).zip(DataType::ALL).map(|(n, of)| (n, of, format!("key-{n}"))).collect();
    let mut entries: Vec<_> = keys.iter().map(|(n, of, key)| version(*n, *of, key)).collect();
    entries.push(version(100, DataType::Sleep, "gone"));
    entries.push(deleted(&user, 101, DataType::Sleep, "gone"));
    entries.push(life_cycle(&user, 102, &json!({"type": "deauth", "user": {"user_id": user.id}})));
    take(&*sink, entries).await;
    let expected: Vec<_> = keys.iter().map(|(n, of, key)| (*n, *of, key.as_str())).collect();
    let mut expected = stored(&expected);
    expected.insert((DataType::Sleep.to_string(), "gone".to_owned()), (101, None));
    assert_eq!(place.newest().await, expected);
    assert_eq!(place.life_cycle().await, ["deauth"]);
}

async fn redelivery(place: &Place<'_>) {
    let sink = place.sink().await;
    take(&*sink, several(25)).await;
    take(&*sink, several(25)).await;
    drop(sink);
    // After a restart, too.
    take(&*place.sink().await, several(25)).await;
    assert_eq!(place.newest().await, days(25));
    // Who keeps every arrival keeps repeats that can be told by their identity; who overwrites has none.
    let expected = if place.overwrites() { 25 } else { 75 };
    assert_eq!(place.arrivals().await.len(), expected);
}

async fn older_after_newer(place: &Place<'_>) {
    let sink = place.sink().await;
    take(&*sink, vec![version(5, DataType::Daily, "day-1")]).await;
    take(&*sink, vec![version(3, DataType::Daily, "day-1")]).await;
    take(&*sink, vec![deleted(&user("u-1"), 8, DataType::Daily, "day-2")]).await;
    take(&*sink, vec![version(7, DataType::Daily, "day-2")]).await;
    let mut expected = stored(&[(5, DataType::Daily, "day-1")]);
    expected.insert((DataType::Daily.to_string(), "day-2".to_owned()), (8, None));
    assert_eq!(place.newest().await, expected);
}

async fn nothing(place: &Place<'_>) {
    let sink = place.sink().await;
    sink.check().await.unwrap();
    assert_eq!(sink.deliver(&batch([])).await.unwrap(), []);
    assert_eq!(place.newest().await, BTreeMap::new());
}

async fn largest(place: &Place<'_>) {
    let sink = place.sink().await;
    let size = sink.limits().entry_bytes.min(LARGE);
    let mut value = body("day-1", 1);
    let rest = value.to_string().len() + r#","pad":"""#.len();
    value["pad"] = "x".repeat(size - rest).into();
    let text = value.to_string();
    assert_eq!(text.len(), size);
    take(&*sink, vec![record(&user("u-1"), 1, DataType::Daily, "day-1", text)]).await;
    let found = place.newest().await;
    let found = found.values().next().and_then(|(_, found)| found.as_ref()).unwrap();
    assert!(*found == value, "it came back otherwise");
}

async fn odd_characters(place: &Place<'_>) {
    let odd = "quote ', \"; drop table daily; --, \\, line\nbreak, emoji 🏃‍♀️, rtl \u{202e}אב, bom \u{feff}, last \u{10fffd}";
    let (sink, user) = (place.sink().await, user(odd));
    let value = body(odd, 1);
    // Layout in the JSON says nothing.
    let spread = serde_json::to_string_pretty(&value).unwrap();
    take(&*sink, vec![record(&user, 1, DataType::Activity, odd, spread)]).await;
    take(&*sink, vec![deleted(&user, 2, DataType::Sleep, odd)]).await;
    let found = place.newest().await;
    let key = |of: DataType| (of.to_string(), odd.to_owned());
    let expected =
        BTreeMap::from([(key(DataType::Activity), (1, Some(value))), (key(DataType::Sleep), (2, None))]);
    assert_eq!(found, expected);
}

async fn one_refused(place: &Place<'_>) {
    let sink = place.sink().await;
    let mut entries = several(9);
    entries.insert(4, place.unacceptable(50).unwrap());
    let mut outcomes = Vec::new();
    for batch in batches(&*sink, &entries) {
        outcomes.extend(sink.deliver(&batch).await.unwrap());
    }
    for (index, outcome) in outcomes.iter().enumerate() {
        assert_eq!(matches!(outcome, Outcome::Refused { .. }), index == 4, "{index}: {outcome:?}");
        assert!(index == 4 || *outcome == Outcome::Taken, "{index}: {outcome:?}");
    }
    assert_eq!(place.newest().await, days(9));
}

/// What is not said to be taken is delivered again, as the engine does.
async fn until_taken(sink: &dyn Sink, mut left: Vec<Arc<Entry>>) {
    for _ in 0..5 {
        let again = Batch { entries: left.clone(), ..batch([]) };
        let outcomes = sink.deliver(&again).await;
        let outcomes = outcomes.unwrap_or_default();
        let not_taken = |index: &usize| outcomes.get(*index) != Some(&Outcome::Taken);
        left = (0..left.len()).filter(not_taken).map(|index| left[index].clone()).collect();
        if left.is_empty() {
            return;
        }
    }
    panic!("{} entries are not taken", left.len());
}

async fn cut(place: &Place<'_>) {
    let sink = place.sink().await;
    take(&*sink, several(5)).await;
    drop(sink);
    place.cut();
    // Two kinds of entries, so that sinks that group have two things to send.
    let mut entries = several(10);
    entries.extend((11..=20).map(|n| version(n, DataType::Sleep, &format!("night-{n}"))));
    let sink = place.sink().await;
    until_taken(&*sink, entries.into_iter().map(Arc::new).collect()).await;
    let mut expected = days(10);
    for n in 11..=20 {
        expected.extend(stored(&[(n, DataType::Sleep, &format!("night-{n}"))]));
    }
    assert_eq!(place.newest().await, expected);
}

async fn gone_and_back(place: &Place<'_>) {
    let sink = place.sink().await;
    place.take_away().await;
    for _ in 0..2 {
        for batch in batches(&*sink, &several(3)) {
            let answer = sink.deliver(&batch).await;
            assert!(answer.is_err(), "{answer:?} from a target that is gone");
        }
    }
    place.bring_back().await;
    take(&*sink, several(3)).await;
    assert_eq!(place.newest().await, days(3));
}

async fn cancelled(place: &Place<'_>) {
    let sink = place.sink().await;
    sink.check().await.unwrap();
    for polls in 1..=4 {
        let batch = batch(several(10));
        let mut delivery = sink.deliver(&batch);
        for _ in 0..polls {
            let polled = delivery.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            if let Poll::Ready(outcomes) = polled {
                outcomes.unwrap();
                break;
            }
            tokio::task::yield_now().await;
        }
    }
    take(&*sink, several(10)).await;
    // What was given up may still be on its way.
    wait::until_true("all of it, once", wait::SOON, async || place.newest().await == days(10)).await;
}

async fn side_by_side(place: &Place<'_>) {
    let sink = place.sink().await;
    let at_once = sink.limits().in_flight.clamp(1, 8);
    let batches: Vec<_> =
        several(40).chunks(40_usize.div_ceil(at_once).min(10)).map(|part| batch(part.to_vec())).collect();
    for outcomes in join_all(batches.iter().map(|batch| sink.deliver(batch))).await {
        assert!(outcomes.unwrap().iter().all(|outcome| *outcome == Outcome::Taken));
    }
    assert_eq!(place.newest().await, days(40));
}
