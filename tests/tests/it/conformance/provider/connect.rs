//! Coming in and going out: consent given, refused, forged, given again and taken back.

use http::Method;
use serde_json::Value;
use tributary_providers::registry::PROVIDERS;
use tributary_tests::life::{told, until_state};
use tributary_tests::{Plan, Rig};

use super::{Case, assert_whole, cloud, each, now, only};

#[test]
fn who_agrees_is_connected_and_the_whole_history_arrives() {
    each(Case::FirstData, async |spec| {
        let rig = Rig::start(only(spec)).await;
        let people = [rig.connect(spec.key, 0).await];
        rig.settle(&people).await;
        assert_whole(&rig, &people);
        let arrived = rig.received("/acme");
        assert!(!arrived.is_empty(), "nothing arrived");
        let declared: Vec<_> = spec.data_types().into_iter().map(|data_type| data_type.as_str()).collect();
        for data_type in arrived.data_types() {
            assert!(declared.contains(&data_type), "{data_type} is not declared");
        }
        assert_eq!(told(&rig, &people[0]), ["auth"]);
        rig.assert_signed();
        rig.finish().await;
    });
}

#[test]
fn who_says_no_is_not_connected() {
    each(Case::DeniedConsent, async |spec| {
        let rig = Rig::start(only(spec)).await;
        let (link, _) = rig.begin_connect("acme", spec.key, "me").await;
        let denied = rig.browse(&format!("{link}&login=0&approve=0")).await;
        let back = denied.headers()["location"].to_str().unwrap().to_owned();
        assert_eq!(rig.browse(&back).await.status(), 400);
        rig.quiet().await;
        assert_eq!(rig.connections("").await, Vec::<Value>::new());
        assert_eq!(cloud(&rig, spec, |cloud| cloud.statistics().grants), 0);
        rig.finish().await;
    });
}

#[test]
fn a_way_back_works_once_with_its_own_state_and_at_its_own_provider() {
    each(Case::WrongState, async |spec| {
        let rig = Rig::start(Plan::default()).await;
        let (link, _) = rig.begin_connect("acme", spec.key, "me").await;
        let back = rig.agree(&link, 0).await;
        let other =
            PROVIDERS.iter().map(|provider| provider.spec().key).find(|key| *key != spec.key).unwrap();
        let own = format!("/auth/{}/", spec.key);
        assert!(back.contains(&own), "{back}");
        let elsewhere = back.replace(&own, &format!("/auth/{other}/"));
        assert_eq!(rig.browse(&elsewhere).await.status(), 400, "the state of another provider");
        let (before, state) = back.split_once("state=").unwrap();
        let rest = state.split_once('&').map_or("", |(_, rest)| rest);
        let invented = format!("{before}state=invented&{rest}");
        assert_eq!(rig.browse(&invented).await.status(), 400, "a state that nobody gave out");
        assert_eq!(cloud(&rig, spec, |cloud| cloud.statistics().grants), 0, "the code was used all the same");
        assert_eq!(rig.browse(&back).await.status(), 200);
        assert_eq!(rig.browse(&back).await.status(), 400, "a second time");
        assert_eq!(rig.connections("").await.len(), 1);
        rig.finish().await;
    });
}

#[test]
fn a_connection_that_the_tenant_removes_is_given_back_at_the_provider() {
    each(Case::Revoke, async |spec| {
        let rig = Rig::start(only(spec)).await;
        let person = rig.connect(spec.key, 0).await;
        rig.quiet().await;
        let path = format!("/v2/auth/deauthenticateUser?user_id={}", person.connection);
        let (status, answer) = rig.tenant("acme", Method::DELETE, &path, &Value::Null).await;
        assert_eq!((status, &answer["status"]), (200, &Value::from("success")));
        let is_left = cloud(&rig, spec, |cloud| cloud.withdraw(&person.account, now()));
        assert!(!is_left, "there is still a grant at the provider");
        rig.quiet().await;
        assert_eq!(told(&rig, &person), ["auth", "deauth"]);
        assert_eq!(rig.state(person.connection).await, "disconnected");
        rig.finish().await;
    });
}

#[test]
fn who_connects_again_keeps_the_connection_and_gets_nothing_twice() {
    each(Case::Reauthorize, async |spec| {
        let rig = Rig::start(only(spec)).await;
        let person = rig.connect(spec.key, 0).await;
        rig.settle(std::slice::from_ref(&person)).await;
        cloud(&rig, spec, |cloud| {
            cloud.forget_subscriptions();
            assert!(cloud.withdraw(&person.account, now()));
        });
        rig.sync(person.connection).await;
        until_state(&rig, &person, "reauth_needed").await;
        let before = finished(&rig.connection(person.connection).await);

        let again = rig.connect(spec.key, 0).await;
        assert_eq!(again, person, "the connection goes on under its id");
        assert_eq!(rig.state(person.connection).await, "active");
        assert_eq!(finished(&rig.connection(person.connection).await), before, "its history stays fetched");
        rig.settle(std::slice::from_ref(&person)).await;
        let mut events = told(&rig, &person);
        events[2..].sort();
        assert_eq!(events, ["auth", "connection_error", "auth", "user_reauth"]);
        assert_eq!(rig.received("/acme").repeats(), 0, "what had been delivered is not delivered again");
        assert_whole(&rig, &[person]);
        rig.finish().await;
    });
}

/// The resources whose history is fetched.
fn finished(connection: &Value) -> Vec<String> {
    let list = connection["resources"].as_array().unwrap().iter();
    list.filter(|cursor| cursor["finished"] == true).map(|cursor| cursor["resource"].to_string()).collect()
}
