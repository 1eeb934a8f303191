//! Tenants beside each other: what belongs to one is not seen, touched or delivered by another.

use http::Method;
use serde_json::{Value, json};
use tributary_tests::plan::{self, TenantPlan};
use tributary_tests::{Plan, Rig, rig};

fn two_tenants() -> Plan {
    Plan {
        tenants: vec![
            TenantPlan::new("acme").with("app", plan::webhook("/acme")),
            TenantPlan::new("borg").with("app", plan::webhook("/borg")),
        ],
        ..Plan::default()
    }
}

#[test]
fn the_same_account_at_two_tenants_is_two_connections_and_each_gets_its_own() {
    rig::run(async || {
        let rig = Rig::start(two_tenants().producing(60.0)).await;
        let ours = rig.connect_for("acme", "strava", 0).await;
        let theirs = rig.connect_for("borg", "strava", 0).await;
        assert_ne!(ours.connection, theirs.connection);
        assert_eq!(ours.account, theirs.account);
        rig.settle(&[ours.clone(), theirs.clone()]).await;
        for (person, path) in [(&ours, "/acme"), (&theirs, "/borg")] {
            let people = std::slice::from_ref(person);
            assert_eq!(rig.differences(people, &rig.received(path)), Vec::<String>::new(), "{path}");
            for request in rig.receiver.taken(path) {
                assert_eq!(
                    request.json().pointer("/user/user_id"),
                    Some(&json!(person.connection)),
                    "{path}"
                );
                assert_eq!(request.header("dev-id"), person.tenant);
            }
        }
        rig.finish().await;
    });
}

#[test]
fn a_tenant_gets_only_what_belongs_to_its_own_people() {
    rig::run(async || {
        let rig = Rig::start(two_tenants()).await;
        let ours = vec![rig.connect_for("acme", "strava", 0).await, rig.connect_for("acme", "oura", 1).await];
        let theirs =
            vec![rig.connect_for("borg", "strava", 1).await, rig.connect_for("borg", "oura", 0).await];
        rig.settle(&[ours.clone(), theirs.clone()].concat()).await;
        assert_eq!(rig.differences(&ours, &rig.received("/acme")), Vec::<String>::new());
        assert_eq!(rig.differences(&theirs, &rig.received("/borg")), Vec::<String>::new());
        rig.finish().await;
    });
}

#[test]
fn a_tenant_can_neither_see_nor_remove_the_user_of_another() {
    rig::run(async || {
        let rig = Rig::start(two_tenants()).await;
        let ours = rig.connect_for("acme", "oura", 0).await;
        rig.quiet().await;
        let info = format!("/v2/userInfo?user_id={}", ours.connection);
        assert_eq!(rig.tenant("acme", Method::GET, &info, &Value::Null).await.0, 200);
        assert_eq!(rig.tenant("borg", Method::GET, &info, &Value::Null).await.0, 404);

        let list = format!("/v2/userInfo?reference_id={}", ours.reference_id);
        let (_, seen) = rig.tenant("acme", Method::GET, &list, &Value::Null).await;
        assert_eq!(seen["users"].as_array().map(Vec::len), Some(1), "{seen}");
        let (_, hidden) = rig.tenant("borg", Method::GET, &list, &Value::Null).await;
        assert_eq!(hidden["users"].as_array().map(Vec::len), Some(0), "{hidden}");

        let remove = format!("/v2/auth/deauthenticateUser?user_id={}", ours.connection);
        let (status, refusal) = rig.tenant("borg", Method::DELETE, &remove, &Value::Null).await;
        assert_eq!(status, 404, "{refusal}");
        assert_eq!(rig.state(ours.connection).await, "active");
        let unknown = format!("/v2/auth/deauthenticateUser?user_id={}", uuid::Uuid::nil());
        let (_, refusal_of_unknown) = rig.tenant("borg", Method::DELETE, &unknown, &Value::Null).await;
        assert_eq!(refusal, refusal_of_unknown, "the answer tells whether somebody else has such a user");

        assert_eq!(rig.tenant("acme", Method::DELETE, &remove, &Value::Null).await.0, 200);
        assert_eq!(rig.state(ours.connection).await, "disconnected");
        rig.quiet().await;
        assert_eq!(rig.receiver.events("deauth").len(), 1);
        assert_eq!(rig.receiver.taken("/borg").len(), 0);
        rig.finish().await;
    });
}

#[test]
fn the_key_of_one_tenant_does_not_fit_the_name_of_another() {
    rig::run(async || {
        let rig = Rig::start(two_tenants()).await;
        let [ours, theirs] = [0, 1].map(|number: usize| rig.plan.tenants[number].api_key());
        for (dev_id, key, status) in [
            ("acme", ours.as_str(), 404),
            ("acme", theirs.as_str(), 401),
            ("borg", ours.as_str(), 401),
            ("nobody", ours.as_str(), 401),
            ("acme", "", 401),
            ("", ours.as_str(), 401),
        ] {
            let path = format!("/v2/userInfo?user_id={}", uuid::Uuid::nil());
            let answer = rig.public(Method::GET, &path, &[("dev-id", dev_id), ("x-api-key", key)], "").await;
            assert_eq!(answer.status(), status, "{dev_id} with {key}");
        }
        rig.finish().await;
    });
}

#[test]
fn the_removal_of_an_account_at_one_tenant_leaves_it_connected_at_the_other() {
    rig::run(async || {
        let rig = Rig::start(two_tenants()).await;
        let ours = rig.connect_for("acme", "strava", 0).await;
        let theirs = rig.connect_for("borg", "strava", 0).await;
        rig.quiet().await;
        let remove = format!("/v2/auth/deauthenticateUser?user_id={}", ours.connection);
        assert_eq!(rig.tenant("acme", Method::DELETE, &remove, &Value::Null).await.0, 200);
        rig.quiet().await;
        assert_eq!(rig.state(ours.connection).await, "disconnected");
        assert_eq!(rig.state(theirs.connection).await, "active");
        rig.sync(theirs.connection).await;
        rig.quiet().await;
        assert_eq!(rig.state(theirs.connection).await, "active", "its grant is its own");
        rig.finish().await;
    });
}
