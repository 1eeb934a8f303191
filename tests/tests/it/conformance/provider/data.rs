//! Reading: all pages, the newest history first, on from the cursor, and nothing twice.

use std::time::Duration;

use tributary_contract::Spec;
use tributary_contract::spec::Resource;
use tributary_tests::{Person, Plan, Rig, wait};

use super::calls::{is_data, with_history};
use super::{Case, LIVELY, assert_whole, each, only};

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
        let people = rig.connect_all().await;
        rig.settle(&people).await;
        assert_whole(&rig, &people);
        let arrivals = arrivals(&rig);
        let several = with_history(spec).filter(|resource| has_windows(resource, days));
        let mut seen = 0;
        for (resource, data_type) in several.flat_map(|of| of.yields.iter().map(move |yields| (of, yields))) {
            // What is newer is read by the first poll, before or after.
            let newest = (super::now() - resource.look_back - DAY).format("%Y-%m-%dT%H:%M:%S").to_string();
            let mut of_type: Vec<_> =
                arrivals.iter().filter(|it| it.kind == data_type.as_str() && it.start < newest).collect();
            of_type.sort_by(|one, other| one.start.cmp(&other.start));
            let (Some(oldest), Some(newest)) = (of_type.first(), of_type.last()) else { continue };
            if oldest.start == newest.start {
                continue;
            }
            seen += 1;
            assert!(newest.sequence < oldest.sequence, "{data_type}: the oldest came first");
        }
        if seen == 0 {
            crate::conformance::say(&format!("{}: the order of its history could not be compared", spec.key));
        }
        rig.finish().await;
    });
}

struct Arrival {
    kind: String,
    /// By the person's clock.
    start: String,
    sequence: u64,
}

/// The first arrival of each record with a start.
fn arrivals(rig: &Rig) -> Vec<Arrival> {
    let mut found: Vec<Arrival> = Vec::new();
    for request in rig.receiver.taken("/acme") {
        let event = request.json();
        let sequence = request.header("x-tributary-sequence").parse().unwrap();
        for record in event["data"].as_array().into_iter().flatten() {
            let start = record.pointer("/metadata/start_time").and_then(|start| start.as_str());
            if let Some(start) = start.and_then(|start| start.get(.."2026-01-01T00:00:00".len())) {
                let arrival = Arrival { kind: request.kind(), start: start.to_owned(), sequence };
                if !found.iter().any(|known| known.kind == arrival.kind && known.start == arrival.start) {
                    found.push(arrival);
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
