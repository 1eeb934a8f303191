//! Coming in and going out: consent given, refused, forged, given again and taken back.

use http::Method;
use serde_json::Value;
use tributary_providers::registry::PROVIDERS;
use tributary_tests::life::{told, until_state};
use tributary_tests::{Browser, Plan, Rig};

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
        let back = rig.decide_in(&rig.browser, &link, 0, false).await;
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
fn a_way_back_works_in_the_browser_that_went_there_and_in_no_other() {
    each(Case::OtherBrowser, async |spec| {
        let rig = Rig::start(only(spec)).await;
        let (scanner, stranger, other, mine) =
            (Browser::default(), Browser::default(), Browser::default(), Browser::default());
        let (link, _) = rig.begin_connect("acme", spec.key, "me").await;
        let (others_link, _) = rig.begin_connect("acme", spec.key, "other").await;
        // A mail scanner looks at the link first, and somebody else opens it later and has a flow besides.
        let scanned = rig.consent_page_in(&scanner, &link).await;
        let page = rig.consent_page_in(&mine, &link).await;
        let (cookie, again) = (mine.cookies("/auth/"), rig.consent_page_in(&mine, &link).await);
        assert_eq!(
            (mine.cookies("/auth/"), again),
            (cookie, page.clone()),
            "a second tab is the same browser"
        );
        assert_ne!(scanned, page, "each browser has a state of its own");
        let back = rig.agree_in(&mine, &link, 0).await;
        let others_back = rig.agree_in(&other, &others_link, 1).await;
        rig.consent_page_in(&other, &link).await;

        let refused = async |browser: &Browser, back: &str, what: &str| {
            let answer = rig.browse_in(browser, back).await;
            let problem: Value = serde_json::from_slice(answer.body()).unwrap();
            assert_eq!((answer.status().as_u16(), &problem["code"]), (400, &"TRB-6006".into()), "{what}");
        };
        refused(&stranger, &back, "without a cookie").await;
        refused(&scanner, &back, "with the cookie of whoever opened the link first").await;
        refused(&other, &back, "with the cookie of whoever opened the link last").await;
        let (flow, proof) = parameter(&back, "state").split_once('.').unwrap();
        let (_, others_proof) = parameter(&others_back, "state").split_once('.').unwrap();
        let cut = &proof[..proof.len() - 2];
        for wrong in [others_proof, cut, "", "invented"] {
            let back = back.replace(&format!("{flow}.{proof}"), &format!("{flow}.{wrong}"));
            refused(&mine, &back, "with another proof").await;
            refused(&other, &back, "with another proof").await;
        }
        refused(&mine, &back.replace(&format!(".{proof}"), ""), "without a proof").await;
        let (callback, _) = back.split_once('?').unwrap();
        let denied = format!("{callback}?state={flow}.{proof}&error=access_denied");
        refused(&other, &denied, "somebody else's refusal").await;
        assert_eq!(cloud(&rig, spec, |cloud| cloud.statistics().grants), 0, "the code was used all the same");

        assert_eq!(rig.browse_in(&mine, &back).await.status(), 200, "nobody has used it up");
        assert_eq!(rig.browse_in(&mine, &back).await.status(), 400, "a second time");
        assert_eq!(rig.browse_in(&other, &others_back).await.status(), 200);
        assert_eq!(rig.connections("").await.len(), 2);
        rig.quiet().await;
        let events = rig.receiver.taken("/acme").into_iter().map(|event| event.kind());
        assert_eq!(events.filter(|kind| kind.starts_with("auth")).collect::<Vec<_>>(), ["auth", "auth"]);
        rig.finish().await;
    });
}

fn parameter<'a>(url: &'a str, name: &str) -> &'a str {
    let (_, query) = url.split_once('?').unwrap();
    query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')).unwrap()
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
