//! Notifications: what they bring, who is not believed, and what is said about nobody.
//!
//! Those that are sent again or tampered with are the provider's own, as its cloud sent and signed them.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::Request;
use serde_json::{Value, json};
use tributary_contract::Spec;
use tributary_providers::sandbox::Outbound;
use tributary_tests::life::{told, until_state};
use tributary_tests::{Person, Rig, wait};

use super::{Case, LIVELY, assert_whole, cloud, each, now, only};

/// Sends what a provider has sent once more, changed or not; the status of the answer.
async fn send(rig: &Rig, outbound: &Outbound) -> u16 {
    let mut request = Request::new(outbound.body.clone());
    *request.method_mut() = outbound.method.clone();
    *request.uri_mut() = outbound.url.parse().unwrap();
    *request.headers_mut() = outbound.headers.clone();
    request.headers_mut().remove("content-length");
    rig.send(request).await.status().as_u16()
}

async fn counted(rig: &Rig, what: &str) -> u64 {
    rig.status().await.pointer(&format!("/notifications/{what}")).and_then(Value::as_u64).unwrap()
}

/// How often the provider was asked, and how far the log is.
async fn traces(rig: &Rig, spec: &Spec) -> (u64, u64) {
    (cloud(rig, spec, |cloud| cloud.statistics().total()), rig.last_sequence().await)
}

/// A person about whom a notification was sent, with everything settled since.
async fn notified(spec: &'static Spec) -> (Rig, Person, Outbound) {
    let rig = Rig::start(only(spec).producing(LIVELY)).await;
    let person = rig.connect(spec.key, 0).await;
    let sent = wait::until("a notification", wait::SOON, async || {
        let sent = rig.watch(spec.key).sent();
        sent.into_iter().rev().find(|outbound| holds(&outbound.body, &person.account))
    })
    .await;
    rig.settle(std::slice::from_ref(&person)).await;
    (rig, person, sent)
}

fn holds(body: &[u8], text: &str) -> bool {
    String::from_utf8_lossy(body).contains(text)
}

/// A record of the person that came into being after that time has arrived as it should be.
fn has_newer(rig: &Rig, spec: &Spec, person: &Person, since: DateTime<Utc>) -> bool {
    let arrived = rig.received("/acme");
    cloud(rig, spec, |cloud| {
        arrived.present().any(|((_, data_type, key), record)| {
            let entry = cloud.ledger().get(&person.account, data_type, key);
            entry.is_some_and(|entry| entry.produced_at > since)
                && cloud.check(&person.account, data_type, key, record).agrees()
        })
    })
}

#[test]
fn a_notification_brings_what_it_speaks_of() {
    each(Case::Notified, async |spec| {
        let rig = Rig::start(only(spec).producing(LIVELY)).await;
        let person = rig.connect(spec.key, 0).await;
        let people = std::slice::from_ref(&person);
        rig.quiet_history().await;
        // Polls are hours apart: from here on only notifications bring anything.
        wait::until_true("the first poll of everything", wait::SOON, async || {
            let row = rig.connection(person.connection).await;
            let reached = row["resources"].as_array().unwrap().clone();
            spec.resources.iter().all(|wanted| reached.iter().any(|cursor| cursor["resource"] == wanted.name))
        })
        .await;
        let since = now();
        wait::until_true("something new", wait::SOON, async || has_newer(&rig, spec, &person, since)).await;
        rig.settle(people).await;
        assert_whole(&rig, people);
        let statistics = cloud(&rig, spec, |cloud| cloud.statistics());
        assert!(statistics.notifications_acknowledged > 0);
        assert_eq!(statistics.notifications_lost, 0);
        assert_eq!(rig.received("/acme").repeats(), 0, "a notification of what is known adds nothing");
        rig.finish().await;
    });
}

#[test]
fn a_forged_notification_is_refused_and_leaves_no_trace() {
    each(Case::ForgedNotice, async |spec| {
        let (rig, _, sent) = notified(spec).await;
        let before = traces(&rig, spec).await;
        let refused = counted(&rig, "refused").await;
        let other_body = Outbound { body: [&sent.body[..], b" "].concat().into(), ..sent.clone() };
        assert_eq!(send(&rig, &other_body).await, 401, "another body");
        let mut unsigned = sent.clone();
        unsigned.headers = sent
            .headers
            .iter()
            .filter(|(name, _)| *name == http::header::CONTENT_TYPE)
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        assert_eq!(send(&rig, &unsigned).await, 401, "no signature");
        rig.quiet().await;
        assert_eq!(traces(&rig, spec).await, before);
        assert_eq!(counted(&rig, "refused").await, refused + 2);
        rig.finish().await;
    });
}

#[test]
fn a_notification_that_says_nothing_is_refused_and_leaves_no_trace() {
    each(Case::MeaninglessNotice, async |spec| {
        let (rig, _, sent) = notified(spec).await;
        let before = traces(&rig, spec).await;
        for body in ["", "{", "[]", "null", "\u{0}\u{1}", "=&=&="] {
            let nonsense = Outbound { body: Bytes::from(body), ..sent.clone() };
            let status = send(&rig, &nonsense).await;
            // With nothing at all some providers try whether the address answers.
            let is_trial = body.is_empty() && status == spec.notifications.ack;
            assert!(status == 400 || is_trial, "{status} to {body:?}");
        }
        rig.quiet().await;
        assert_eq!(traces(&rig, spec).await, before);
        rig.finish().await;
    });
}

#[test]
fn a_notification_that_comes_again_is_acknowledged_and_adds_nothing() {
    each(Case::ReplayedNotice, async |spec| {
        let (rig, person, sent) = notified(spec).await;
        let (before, requests) = (rig.last_sequence().await, rig.receiver.count());
        for _ in 0..5 {
            assert_eq!(send(&rig, &sent).await, spec.notifications.ack);
        }
        rig.quiet().await;
        assert_eq!((rig.last_sequence().await, rig.receiver.count()), (before, requests));
        assert_whole(&rig, &[person]);
        rig.finish().await;
    });
}

#[test]
fn a_notification_about_nobody_is_acknowledged_and_counted() {
    each(Case::UnknownUser, async |spec| {
        let mut rig = Rig::start(only(spec).producing(LIVELY)).await;
        rig.connect(spec.key, 0).await;
        // The provider goes on to notify of people whom a new store does not know.
        rig.stop_daemon().await;
        rig.world_mut().plan.operator.insert("store".to_owned(), json!("sqlite://${DATA}/other.db"));
        rig.write_configuration();
        rig.start_daemon().await.unwrap();
        wait::until_true("a notification about nobody", wait::SOON, async || {
            counted(&rig, "unknown_users").await > 0
        })
        .await;
        rig.stop_producing();
        rig.quiet().await;
        assert_eq!(rig.last_sequence().await, 0);
        assert_eq!(cloud(&rig, spec, |cloud| cloud.statistics().notifications_lost), 0);
        rig.finish().await;
    });
}

#[test]
fn a_deletion_at_the_provider_arrives_as_one() {
    each(Case::DeletionNotice, async |spec| {
        let rig = Rig::start(only(spec).producing(LIVELY)).await;
        let people = rig.connect_all().await;
        wait::until_true("a deletion", wait::SOON, async || !rig.receiver.events("deleted").is_empty()).await;
        rig.settle(&people).await;
        assert_whole(&rig, &people);
        assert!(rig.received("/acme").deleted().next().is_some());
        rig.finish().await;
    });
}

#[test]
fn consent_that_is_taken_back_at_the_provider_ends_the_connection_and_is_told() {
    each(Case::RevocationNotice, async |spec| {
        let rig = Rig::start(only(spec)).await;
        let person = rig.connect(spec.key, 0).await;
        rig.quiet().await;
        assert!(cloud(&rig, spec, |cloud| cloud.withdraw(&person.account, now())));
        until_state(&rig, &person, "disconnected").await;
        rig.quiet().await;
        assert_eq!(told(&rig, &person), ["auth", "access_revoked"]);
        rig.finish().await;
    });
}
