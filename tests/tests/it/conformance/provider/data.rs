//! Reading: all pages, the newest history first, on from the cursor, and nothing twice.

use std::time::Duration;

use chrono::{NaiveDateTime, TimeDelta};
use tributary_contract::Spec;
use tributary_contract::spec::Resource;
use tributary_tests::{Person, Plan, Rig, wait};

use super::calls::{is_data, with_history};
use super::{Case, LIVELY, assert_whole, cloud, each, only};

const DAY: Duration = Duration::from_secs(24 * 3_600);
/// More would only take longer.
const MOST_DAYS: u32 = 70;
/// What providers call the place in a list.
const PLACES: [&str; 4] = ["page", "offset", "next_token", "cursor"];

/// So many days of history reach over more than one window of some resource and are within reach of every one.
pub(super) fn days(spec: &Spec) -> Option<u32> {
    let reach = with_history(spec).filter_map(|resource| resource.history).min()?;
    let days =
        u32::try_from(reach.as_secs() / DAY.as_secs()).map_or(MOST_DAYS, |days| days.saturating_sub(2));
    let days = days.min(MOST_DAYS);
    with_history(spec).any(|resource| has_windows(resource, days)).then_some(days)
}

/// Whether that history is fetched in more than one window, besides what the first poll reads.
fn has_windows(resource: &Resource, days: u32) -> bool {
    resource.max_window + resource.look_back < DAY * days
}

fn with_days(spec: &'static Spec, days: u32) -> Plan {
    let mut plan = only(spec);
    plan.sandbox.users = 1;
    plan.sandbox.history_days = days;
    plan
}

#[test]
fn pages_are_read_to_the_end() {
    each(Case::Pages, async |spec| {
        let mut plan = only(spec);
        plan.sandbox.users = 1;
        (plan.sandbox.page_size, plan.sandbox.rows_per_page) = (2, 20);
        let rig = Rig::start(plan).await;
        let people = rig.connect_all().await;
        rig.settle(&people).await;
        assert_whole(&rig, &people);
        let further = rig.watch(spec.key).calls().into_iter().any(|call| {
            let place = PLACES.iter().find_map(|name| call.field(name));
            place.is_some_and(|place| !["", "0", "1"].contains(&place))
        });
        assert!(further, "no second page was asked for");
        rig.finish().await;
    });
}

#[test]
fn history_is_fetched_to_its_end_and_the_newest_of_it_first() {
    each(Case::Backfill, async |spec| {
        let days = days(spec).unwrap();
        let rig = Rig::start(with_days(spec, days)).await;
        // Where a connect makes old days known, notices of them would overtake the walk.
        cloud(&rig, spec, |cloud| cloud.forget_subscriptions());
        let people = rig.connect_all().await;
        rig.settle(&people).await;
        assert_whole(&rig, &people);
        let arrivals = arrivals(&rig);
        let several = with_history(spec).filter(|resource| has_windows(resource, days));
        let mut compared = 0;
        for (resource, data_type) in several.flat_map(|of| of.yields.iter().map(move |yields| (of, yields))) {
            let of_type = || arrivals.iter().filter(|arrival| arrival.kind == data_type.as_str());
            // What is newer is read by the first poll, or came to be while the test ran.
            let (walked, is_over) = (before(resource.look_back + DAY), before(2 * DAY));
            // Within a window any order will do. A day on somebody's clock begins up to 14 hours off.
            let apart = TimeDelta::from_std(resource.max_window + 2 * DAY).unwrap();
            for older in of_type().filter(|arrival| arrival.start < walked) {
                let newer = of_type().filter(|it| it.start < is_over && it.start - older.start > apart);
                for newer in newer {
                    assert!(
                        newer.place < older.place,
                        "{data_type}: {} came before {}",
                        older.start,
                        newer.start
                    );
                    compared += usize::from(newer.start < walked);
                }
            }
        }
        assert!(compared > 0, "no two windows of a walk held something");
        rig.finish().await;
    });
}

fn before(span: Duration) -> NaiveDateTime {
    (super::now() - span).naive_utc()
}

struct Arrival {
    kind: String,
    /// By the person's clock.
    start: NaiveDateTime,
    /// The sequence of the event that brought it, and where in it. Under load one event brings several windows.
    place: (u64, usize),
}

/// The first arrival of each record with a start.
fn arrivals(rig: &Rig) -> Vec<Arrival> {
    let mut found: Vec<Arrival> = Vec::new();
    for request in rig.receiver.taken("/acme") {
        let event = request.json();
        let sequence = request.header("x-tributary-sequence").parse().unwrap();
        for (index, record) in event["data"].as_array().into_iter().flatten().enumerate() {
            let start = record.pointer("/metadata/start_time").and_then(|start| start.as_str());
            if let Some(start) = start.and_then(|start| start.get(.."2026-01-01T00:00:00".len())) {
                let (kind, start) = (request.kind(), start.parse().unwrap());
                if !found.iter().any(|known| known.kind == kind && known.start == start) {
                    found.push(Arrival { kind, start, place: (sequence, index) });
                }
            }
        }
    }
    found
}

#[test]
fn after_a_restart_a_poll_goes_on_from_its_cursor() {
    each(Case::Resume, async |spec| {
        let mut rig = Rig::start(with_days(spec, days(spec).unwrap_or(20))).await;
        let people = rig.connect_all().await;
        rig.settle(&people).await;
        let (before, requests) = (rig.last_sequence().await, rig.receiver.count());
        let first = rig.watch(spec.key).calls().into_iter().filter(is_data).count();
        let through = through(&rig, &people[0]).await;
        assert!(!through.is_empty(), "no cursor was stored");
        rig.watch(spec.key).forget();
        rig.restart().await;
        rig.sync(people[0].connection).await;
        rig.quiet().await;
        let again = rig.watch(spec.key).calls().into_iter().filter(is_data).count();
        assert!(0 < again && again < first, "{again} calls after {first} in the beginning");
        assert_eq!((rig.last_sequence().await, rig.receiver.count()), (before, requests));
        for (name, through) in through {
            let after = self::through(&rig, &people[0]).await;
            let after = after.iter().find(|(other, _)| *other == name).unwrap();
            assert!(after.1 >= through, "the cursor of {name} went back");
        }
        rig.finish().await;
    });
}

/// How far the cursors of what is new are.
async fn through(rig: &Rig, person: &Person) -> Vec<(String, String)> {
    let row = rig.connection(person.connection).await;
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let list = row["resources"].as_array().unwrap().iter();
    let new = list.filter(|cursor| cursor["lane"] == "live" && cursor["through"].is_string());
    new.map(|cursor| (text(&cursor["resource"]), text(&cursor["through"]))).collect()
}

#[test]
fn what_is_fetched_again_unchanged_adds_nothing() {
    each(Case::SameAgain, async |spec| {
        let mut rig = Rig::start(only(spec)).await;
        let people = rig.connect_all().await;
        rig.settle(&people).await;
        let (before, requests) = (rig.last_sequence().await, rig.receiver.count());
        for person in &people {
            rig.sync(person.connection).await;
        }
        rig.quiet().await;
        assert_eq!((rig.last_sequence().await, rig.receiver.count()), (before, requests));
        rig.restart().await;
        rig.quiet().await;
        assert_eq!((rig.last_sequence().await, rig.receiver.count()), (before, requests), "after a restart");
        assert_eq!(rig.received("/acme").repeats(), 0);
        rig.finish().await;
    });
}

#[test]
fn an_edit_arrives_once_more_and_with_its_new_content() {
    each(Case::Edit, async |spec| {
        let rig = Rig::start(only(spec).producing(LIVELY)).await;
        let people = rig.connect_all().await;
        let edited = || {
            let arrived = rig.received("/acme");
            arrived.present().any(|(key, _)| arrived.versions(key) > 1)
        };
        // Providers that do not notify are asked.
        wait::until_true("a record in two versions", wait::SOON * 3, async || {
            if super::notifies(spec) {
                return edited();
            }
            rig.sync(people[0].connection).await;
            edited()
        })
        .await;
        rig.settle(&people).await;
        assert_whole(&rig, &people);
        rig.finish().await;
    });
}
