//! Answers that are cut, refused or no answers at all: a part is never taken for the whole.

use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::Value;
use tributary_contract::spec::Resource;
use tributary_providers::sandbox::{Fault, Faults};
use tributary_tests::{Rig, wait};

use super::calls::{is_historic, is_of, with_history};
use super::{Case, assert_whole, cloud, each, only};

#[test]
fn answers_that_are_cut_or_missing_are_asked_for_again() {
    each(Case::CutOnce, async |spec| {
        let rig = Rig::start(only(spec)).await;
        let people = rig.connect_all().await;
        rig.quiet().await;
        // One at a time: a call that fails three times in a row gives its job back to the schedule.
        for fault in [Fault::HalfBody, Fault::LostAnswer, Fault::Status(502)] {
            cloud(&rig, spec, |cloud| cloud.faults().when(1, fault, |call| is_historic(spec, call)));
            rig.settle(&people).await;
        }
        assert_eq!(rig.observed().having("sync failed"), Vec::<String>::new());
        assert_eq!(cloud(&rig, spec, |cloud| cloud.statistics().faults), 3);
        assert_whole(&rig, &people);
        rig.finish().await;
    });
}

#[test]
fn answers_that_break_off_in_the_middle_of_the_history_lose_nothing() {
    each(Case::CutInTheMiddle, async |spec| {
        let mut rig = Rig::start(only(spec)).await;
        let mut people = Vec::new();
        for (login, fault) in [(0, Fault::HalfBody), (1, Fault::Status(502))] {
            cloud(&rig, spec, |cloud| {
                // The first answer is whole, so that there is something to lose.
                let calls = AtomicU32::new(0);
                cloud.faults().when(u32::MAX, fault, move |call| {
                    is_historic(spec, call) && calls.fetch_add(1, Ordering::Relaxed) > 0
                });
            });
            let before = cloud(&rig, spec, |cloud| cloud.statistics().faults);
            people.push(rig.connect(spec.key, login).await);
            wait::until_true("answers that break off", wait::SOON, async || {
                cloud(&rig, spec, |cloud| cloud.statistics().faults) >= before + 3
            })
            .await;
            cloud(&rig, spec, |cloud| Faults::clear(cloud.faults()));
            rig.restart().await;
        }
        rig.settle(&people).await;
        assert_whole(&rig, &people);
        rig.finish().await;
    });
}

#[test]
fn an_answer_that_cannot_be_read_fails_its_resource_alone_and_its_cursor_stays() {
    each(Case::Malformed, async |spec| {
        let mut rig = Rig::start(only(spec)).await;
        let hurt = with_history(spec).next().unwrap();
        cloud(&rig, spec, |cloud| {
            cloud.faults().when(u32::MAX, Fault::Garbage, move |call| is_of(spec, hurt, call));
        });
        let people = [rig.connect(spec.key, 0).await];
        let failed = || rig.observed().having("sync failed");
        wait::until_true("a failed sync", wait::SOON, async || !failed().is_empty()).await;
        for line in failed() {
            assert!(line.contains("malformed answer in "), "{line}");
            assert!(!line.contains("maintenance"), "the body is shown: {line}");
        }
        let shares = |other: &Resource| {
            let templates = other.documents.iter().map(|document| document.template);
            templates.into_iter().any(|template| hurt.documents.iter().any(|own| own.template == template))
        };
        let row = async || rig.connection(people[0].connection).await;
        let has = |row: &Value, of: &Resource| {
            let cursors = row["resources"].as_array().unwrap();
            cursors.iter().any(|cursor| cursor["resource"] == of.name && cursor["lane"] == "live")
        };
        wait::until_true("all other resources", wait::SOON, async || {
            let row = row().await;
            spec.resources.iter().filter(|other| !shares(other)).all(|other| has(&row, other))
        })
        .await;
        let row = row().await;
        assert!(!has(&row, hurt), "a cursor passed what was not read: {row}");
        let mut walks = row["walks"].as_array().unwrap().iter().filter(|walk| walk["resource"] == hurt.name);
        let stands = |walk: &Value| walk["finished"] != true || walk["from"] == walk["to"];
        assert!(walks.all(stands), "a walk passed what was not read: {row}");
        assert_eq!(rig.state(people[0].connection).await, "active");

        cloud(&rig, spec, |cloud| Faults::clear(cloud.faults()));
        rig.restart().await;
        rig.settle(&people).await;
        assert_whole(&rig, &people);
        rig.finish().await;
    });
}
