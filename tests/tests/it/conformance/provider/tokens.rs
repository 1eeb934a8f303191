//! Tokens: renewed without loss, lost on the way, refused for good, and an endpoint that is down.

use std::time::Duration;

use http::Method;
use serde_json::json;
use tributary_contract::Spec;
use tributary_providers::sandbox::{Fault, Faults};
use tributary_tests::life::{told, until_state};
use tributary_tests::{Plan, Rig, wait};

use super::calls::{is_data, is_refresh, is_token};
use super::{Case, assert_whole, cloud, each, now, only};

/// Short enough that no provider answers a refresh with the same token.
const LIVES_AN_EVENING: Duration = Duration::from_secs(45 * 60);

fn with_lifetime(spec: &'static Spec, lifetime: Duration) -> Plan {
    let mut plan = only(spec);
    plan.sandbox.access_token_lifetime = Some(lifetime);
    plan
}

fn token_calls(rig: &Rig, spec: &Spec) -> usize {
    rig.watch(spec.key).calls().iter().filter(|call| is_token(spec, call)).count()
}

#[test]
fn tokens_that_live_for_moments_are_renewed_again_and_again_and_none_is_used_twice() {
    each(Case::Rotation, async |spec| {
        let rig = Rig::start(with_lifetime(spec, Duration::from_secs(2)).producing(120.0)).await;
        let people = rig.connect_all().await;
        wait::until_true("three refreshes", wait::SOON, async || {
            cloud(&rig, spec, |cloud| cloud.statistics().refreshes >= 3)
        })
        .await;
        rig.settle(&people).await;
        assert_whole(&rig, &people);
        assert_eq!(cloud(&rig, spec, |cloud| cloud.statistics().reused_refresh_tokens), 0);
        for person in &people {
            assert_eq!(told(&rig, person), ["auth"]);
        }
        rig.finish().await;
    });
}

#[test]
fn a_refresh_whose_answer_is_lost_ends_in_one_connection_error_at_most_and_in_no_loop() {
    each(Case::LostRefreshAnswer, async |spec| {
        let rig = Rig::start(with_lifetime(spec, LIVES_AN_EVENING)).await;
        let person = rig.connect(spec.key, 0).await;
        rig.quiet().await;
        let before = token_calls(&rig, spec);
        // The provider may have renewed the token; we cannot know.
        cloud(&rig, spec, |cloud| {
            cloud.faults().when(1, Fault::LostAnswer, is_refresh);
            cloud.faults().when(1, Fault::Status(401), is_data);
        });
        rig.sync(person.connection).await;
        rig.quiet().await;
        let tries = token_calls(&rig, spec) - before;
        assert!((1..=4).contains(&tries), "{tries} calls of the token endpoint");
        let state = rig.state(person.connection).await;
        let errors = told(&rig, &person).iter().filter(|kind| *kind == "connection_error").count();
        match state.as_str() {
            "active" => assert_eq!(errors, 0),
            "reauth_needed" => assert_eq!(errors, 1),
            other => panic!("the connection is {other}"),
        }
        // Whatever became of it, who connects again goes on.
        let again = rig.connect(spec.key, 0).await;
        assert_eq!(again, person);
        rig.settle(std::slice::from_ref(&person)).await;
        assert_whole(&rig, &[person]);
        rig.finish().await;
    });
}

/// A grant ends without a word: the tenant is told once, and nobody asks the provider any more.
async fn lose_consent(spec: &'static Spec) {
    let rig = Rig::start(only(spec)).await;
    let (person, other) = (rig.connect(spec.key, 0).await, rig.connect(spec.key, 1).await);
    rig.quiet().await;
    cloud(&rig, spec, |cloud| {
        cloud.forget_subscriptions();
        assert!(cloud.withdraw(&person.account, now()));
    });
    rig.sync(person.connection).await;
    until_state(&rig, &person, "reauth_needed").await;
    rig.quiet().await;
    assert_eq!(told(&rig, &person), ["auth", "connection_error"]);
    let asked = cloud(&rig, spec, |cloud| cloud.statistics().total());
    let wish = json!({"connection": person.connection});
    let (status, refusal) = rig.admin(Method::POST, "sync", &wish).await;
    assert_eq!(status, 400, "{refusal}");
    rig.quiet().await;
    assert_eq!(cloud(&rig, spec, |cloud| cloud.statistics().total()), asked, "it is asked no more");
    assert_eq!(told(&rig, &person), ["auth", "connection_error"]);
    assert_eq!(told(&rig, &other), ["auth"], "others are not affected");
    assert_eq!(rig.state(other.connection).await, "active");
    rig.finish().await;
}

#[test]
fn a_refresh_that_is_refused_asks_for_a_new_consent_and_is_told_once() {
    each(Case::RefreshRefused, lose_consent);
}

#[test]
fn a_token_that_is_refused_where_there_is_no_refresh_asks_for_a_new_consent_and_is_told_once() {
    each(Case::TokenRefused, lose_consent);
}

#[test]
fn a_token_endpoint_that_is_down_marks_nobody_and_is_left_in_peace() {
    each(Case::TokenEndpointDown, async |spec| {
        let mut rig = Rig::start(with_lifetime(spec, LIVES_AN_EVENING)).await;
        let person = rig.connect(spec.key, 0).await;
        rig.quiet().await;
        let before = token_calls(&rig, spec);
        cloud(&rig, spec, |cloud| {
            cloud.faults().when(u32::MAX, Fault::Status(503), is_refresh);
            cloud.faults().when(u32::MAX, Fault::Status(401), is_data);
        });
        for _ in 0..5 {
            rig.sync(person.connection).await;
            rig.quiet().await;
        }
        assert_eq!(rig.state(person.connection).await, "active");
        assert_eq!(told(&rig, &person), ["auth"]);
        let tries = token_calls(&rig, spec) - before;
        assert!((1..=4).contains(&tries), "{tries} calls of a token endpoint that is down");
        cloud(&rig, spec, |cloud| Faults::clear(cloud.faults()));
        rig.restart().await;
        rig.settle(std::slice::from_ref(&person)).await;
        assert_eq!(rig.state(person.connection).await, "active");
        assert_whole(&rig, &[person]);
        rig.finish().await;
    });
}
