//! Tokens and consent, beyond what every provider has to be able to do: calls side by side, and what a restart repeats.

use std::time::Duration;

use tributary_providers::sandbox::{Fault, Statistics};
use tributary_tests::life::{told, until_state};
use tributary_tests::{Plan, Rig, rig};

/// Longer than a token is refreshed ahead of its end, shorter than Strava gives the same token again.
const LIVES_AN_EVENING: Duration = Duration::from_secs(45 * 60);

fn with_lifetime(lifetime: Duration) -> Plan {
    let mut plan = Plan::default();
    plan.sandbox.access_token_lifetime = Some(lifetime);
    plan
}

fn statistics(rig: &Rig, provider: &str) -> Statistics {
    rig.host(provider).with(|sandbox| sandbox.statistics())
}

fn token_calls(rig: &Rig, provider: &str) -> u64 {
    let statistics = statistics(rig, provider);
    statistics
        .requests
        .iter()
        .filter(|((route, _), _)| *route == "POST /oauth/token")
        .map(|(_, count)| count)
        .sum()
}

fn fault(rig: &Rig, provider: &str, inject: impl FnOnce(&mut tributary_providers::sandbox::Faults)) {
    rig.host(provider).with(|sandbox| inject(sandbox.faults()));
}

#[test]
fn calls_side_by_side_that_are_refused_lead_to_one_refresh() {
    rig::run(async || {
        let rig = Rig::start(with_lifetime(LIVES_AN_EVENING)).await;
        let people = vec![rig.connect("strava", 0).await, rig.connect("oura", 0).await];
        rig.quiet().await;
        let before = [token_calls(&rig, "strava"), token_calls(&rig, "oura")];
        for (person, path) in people.iter().zip(["/api/v3/activities/", "/v2/usercollection/daily_"]) {
            // The provider forgets the present token when it is used by several calls at once.
            let stored = rig.shared().ground.tokens.stored(person.connection).await.unwrap();
            let token = stored.unwrap().access_token;
            fault(&rig, person.provider, |faults| {
                faults.when(u32::MAX, Fault::Status(401), move |call| {
                    call.path.starts_with(path) && call.bearer() == Some(token.expose())
                });
            });
        }
        rig.settle(&people).await;
        let after = [token_calls(&rig, "strava"), token_calls(&rig, "oura")];
        for (provider, (before, after)) in ["strava", "oura"].into_iter().zip(before.into_iter().zip(after)) {
            assert_eq!(after - before, 1, "{provider}");
            let refused = statistics(&rig, provider)
                .requests
                .iter()
                .filter(|((_, status), _)| *status == 401)
                .map(|(_, count)| count)
                .sum::<u64>();
            // How many calls are on their way when the token dies is a matter of load; one at least is refused.
            assert!(refused > 0, "{provider} was not asked with the dead token");
            assert_eq!(statistics(&rig, provider).reused_refresh_tokens, 0, "{provider}");
        }
        assert_eq!(rig.differences(&people, &rig.received("/acme")), Vec::<String>::new());
        rig.finish().await;
    });
}

#[test]
fn a_restart_does_not_tell_of_lost_consent_again() {
    rig::run(async || {
        let mut rig = Rig::start(Plan::default()).await;
        let person = rig.connect("oura", 0).await;
        rig.quiet().await;
        let now = tributary_engine::clock::Clock::real().now();
        assert!(rig.host("oura").with(|sandbox| sandbox.withdraw(&person.account, now)));
        rig.sync(person.connection).await;
        until_state(&rig, &person, "reauth_needed").await;
        rig.restart().await;
        rig.quiet().await;
        assert_eq!(rig.state(person.connection).await, "reauth_needed");
        assert_eq!(told(&rig, &person), ["auth", "connection_error"]);
        rig.finish().await;
    });
}
