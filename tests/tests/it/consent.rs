//! Links to consent pages, beyond what every provider has to be able to do: old ones, wrong ones, and what they give away.

use bytes::Bytes;
use chrono::TimeDelta;
use http::{Method, Response};
use serde_json::{Value, json};
use tributary_engine::store::{Change, Changeset, Flow};
use tributary_tests::{Browser, Plan, Rig, rig};

const PUBLIC_URL: &str = "https://sync.example.com";

fn header<'a>(answer: &'a Response<Bytes>, name: &str) -> &'a str {
    answer.headers().get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
}

fn state(link: &str) -> &str {
    link.split_once("?flow=").unwrap().1
}

/// The link has come to the end of its life, as after a quarter of an hour.
async fn age(rig: &Rig, link: &str) {
    let shared = rig.shared();
    let flow = shared.store.flow(state(link)).await.unwrap().unwrap();
    assert_eq!((flow.expires_at - shared.clock.now()).num_minutes(), 14, "a link lives 15 minutes");
    let aged = Flow { expires_at: shared.clock.now() - TimeDelta::seconds(1), ..flow };
    shared.writer.commit(Changeset::unfenced(vec![Change::FlowPut(aged)])).await.unwrap();
}

#[test]
fn an_old_link_leads_nowhere_and_an_old_answer_is_not_taken() {
    rig::run(async || {
        let rig = Rig::start(Plan::default()).await;
        let (link, _) = rig.begin_connect("acme", "strava", "strava-0").await;
        let back = rig.agree(&link, 0).await;
        age(&rig, &link).await;
        for page in [&link, &back] {
            let answer = rig.browse(page).await;
            assert_eq!(answer.status(), 400);
            assert!(String::from_utf8_lossy(answer.body()).contains("older than 15 minutes"));
        }
        assert_eq!(rig.connections("").await, Vec::<Value>::new());
        // A new one works in the same browser.
        rig.connect("strava", 0).await;
        rig.quiet().await;
        rig.finish().await;
    });
}

#[test]
fn a_link_works_at_its_own_provider_and_with_a_state_that_was_given_out() {
    rig::run(async || {
        let rig = Rig::start(Plan::default()).await;
        let (link, _) = rig.begin_connect("acme", "strava", "strava-0").await;
        let (_, query) = link.split_once('?').unwrap();
        for (path, status) in [
            (format!("/auth/oura/begin?{query}"), 400),
            (format!("/auth/nobody/begin?{query}"), 404),
            ("/auth/strava/begin?flow=invented".to_owned(), 400),
            ("/auth/strava/begin?flow=".to_owned(), 400),
            ("/auth/strava/begin".to_owned(), 400),
        ] {
            let answer = rig.public(Method::GET, &path, &[], "").await;
            assert_eq!(answer.status(), status, "{path}");
            assert_eq!(header(&answer, "set-cookie"), "", "{path}");
        }
        rig.finish().await;
    });
}

#[test]
fn pages_of_consents_are_not_kept_and_do_not_say_where_they_were() {
    rig::run(async || {
        let rig = Rig::start(Plan::default()).await;
        let (link, _) = rig.begin_connect("acme", "strava", "strava-0").await;
        let begun = rig.browse(&link).await;
        let done = rig.browse(&rig.agree(&link, 0).await).await;
        let refused = rig.browse(&link).await;
        for (answer, status) in [(&begun, 302), (&done, 200), (&refused, 400)] {
            assert_eq!(answer.status(), status);
            assert_eq!(header(answer, "cache-control"), "no-store");
            assert_eq!(header(answer, "referrer-policy"), "no-referrer");
        }
        let path = format!("/auth/strava/begin?flow={}", state(&link));
        assert_eq!(rig.public(Method::HEAD, &path, &[], "").await.status(), 400, "the link was used");
        rig.quiet().await;
        rig.finish().await;
    });
}

#[test]
fn behind_tls_the_cookie_is_secure_and_has_to_be_the_hosts_own() {
    rig::run(async || {
        let mut plan = Plan { only: Some("strava"), ..Plan::default() };
        plan.operator.insert("public_url".to_owned(), json!(PUBLIC_URL));
        let rig = Rig::start(plan).await;
        let (link, _) = rig.begin_connect("acme", "strava", "strava-0").await;
        // The proxy that ends TLS passes the path on.
        let path = link.strip_prefix(PUBLIC_URL).unwrap();
        let begun = rig.public(Method::GET, path, &[], "").await;
        let cookie = header(&begun, "set-cookie");
        for part in
            ["__Host-tributary-browser=", "; Path=/;", "; Max-Age=900", "; HttpOnly", "; SameSite=Lax"]
        {
            assert!(cookie.contains(part), "{cookie} lacks {part}");
        }
        assert!(cookie.ends_with("; Secure") && !cookie.contains("Domain"), "{cookie}");
        let answer = rig.browse(&format!("{}&login=0&approve=1", header(&begun, "location"))).await;
        let back = header(&answer, "location").strip_prefix(PUBLIC_URL).unwrap();
        let (pair, _) = cookie.split_once(';').unwrap();
        let without_prefix = pair.strip_prefix("__Host-").unwrap();
        for (cookie, status) in [(without_prefix, 400), (pair, 200)] {
            let done = rig.public(Method::GET, back, &[("cookie", cookie)], "").await;
            assert_eq!(done.status(), status, "{cookie}");
        }
        rig.quiet().await;
        rig.finish().await;
    });
}

#[test]
fn a_refused_browser_is_not_told_whose_flow_it_is() {
    rig::run(async || {
        let rig = Rig::start(Plan::default()).await;
        let body = json!({
            "reference_id": "planted-person",
            "auth_success_redirect_url": "https://acme.app/ok",
            "auth_failure_redirect_url": "https://acme.app/sorry",
        });
        let path = "/v2/auth/authenticateUser?resource=STRAVA";
        let (_, answer) = rig.tenant("acme", Method::POST, path, &body).await;
        let back = rig.agree(answer["auth_url"].as_str().unwrap(), 0).await;
        let refused = rig.browse_in(&Browser::default(), &back).await;
        assert_eq!((refused.status().as_u16(), header(&refused, "location")), (400, ""));
        assert!(!String::from_utf8_lossy(refused.body()).contains("planted-person"));
        let done = rig.browse(&back).await;
        assert!(header(&done, "location").starts_with("https://acme.app/ok?"), "{done:?}");
        assert!(header(&done, "location").contains("reference_id=planted-person"));
        rig.quiet().await;
        rig.finish().await;
    });
}
