//! A provider that answers 200 to everything: refusals inside answers end or spare a connection like any other, and
//! subscriptions belong to each user.

use http::Method;
use tributary_providers::sandbox::Fault;
use tributary_tests::{Plan, Rig, rig};

const TOKEN: &str = "POST /v2/oauth2 requesttoken";
const REVOKE: &str = "POST /v2/oauth2 revoke";
const DEVICES: &str = "POST /v2/user getdevice";

fn asked(rig: &Rig, route: &'static str) -> u64 {
    let statistics = rig.host("withings").with(|sandbox| sandbox.statistics());
    statistics.requests.iter().filter(|((name, _), _)| *name == route).map(|(_, count)| count).sum()
}

#[test]
fn a_refresh_that_fails_for_another_reason_spares_the_connection() {
    rig::run(async || {
        let rig = Rig::start(Plan::default()).await;
        let person = rig.connect("withings", 0).await;
        rig.quiet().await;
        let before = asked(&rig, TOKEN);
        rig.host("withings").with(|sandbox| {
            // 503 inside a 200, but not about the refresh token.
            sandbox.faults().on(TOKEN, u32::MAX, Fault::Status(400));
            sandbox.faults().on(DEVICES, u32::MAX, Fault::Status(401));
        });
        rig.sync(person.connection).await;
        rig.quiet().await;
        assert!(asked(&rig, TOKEN) > before, "a refresh was tried");
        assert_eq!(rig.state(person.connection).await, "active");
        rig.finish().await;
    });
}

#[test]
fn removing_a_connection_gives_the_grant_back_with_a_signed_call() {
    rig::run(async || {
        let rig = Rig::start(Plan::default()).await;
        let person = rig.connect("withings", 0).await;
        rig.quiet().await;
        let path = format!("/v2/auth/deauthenticateUser?user_id={}", person.connection);
        let answer = rig.tenant("acme", Method::DELETE, &path, &serde_json::Value::Null).await;
        assert_eq!(answer.0, 200);
        assert_eq!(asked(&rig, REVOKE), 1);
        let now = tributary_engine::clock::Clock::real().now();
        let is_granted = rig.host("withings").with(|sandbox| sandbox.withdraw(&person.account, now));
        assert!(!is_granted, "there is nothing left to withdraw");
        rig.finish().await;
    });
}
