//! Answers that are cut, refused or no answers at all: a part is never taken for the whole.

use std::sync::atomic::{AtomicU32, Ordering};

use tributary_providers::sandbox::{Fault, Faults};
use tributary_tests::{Rig, wait};

use super::calls::{is_historic, is_of, with_history};
use super::{Case, assert_whole, cloud, each, only};

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
        let row = rig.connection(people[0].connection).await;
        let mut reached = row["resources"].as_array().unwrap().iter();
        assert!(reached.all(|cursor| cursor["resource"] != hurt.name), "a cursor passed what was not read");
        assert_eq!(rig.state(people[0].connection).await, "active");

        cloud(&rig, spec, |cloud| Faults::clear(cloud.faults()));
        rig.restart().await;
        rig.settle(&people).await;
        assert_whole(&rig, &people);
        rig.finish().await;
    });
}
