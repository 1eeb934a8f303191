use std::collections::HashMap;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::DateTime;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use tributary_contract::spec::OAuth2;
use tributary_contract::{Account, App, Fetch, FetchError, Inbound, Job, Notified, Provider, Refused, Spec};
use tributary_net::ClientOptions;

use super::*;
use crate::budget::{Budget, BudgetOptions};
use crate::clock::{Clock, Hand};
use crate::connection::connect::{Callback, complete};
use crate::connection::gate::Gates;
use crate::connection::{LiveApp, Slots};
use crate::fetch::{Tokens, tests as sample};
use crate::oauth::Returned;
use crate::oauth::token::tests::app;
use crate::store::{SqliteStore, Store, Writer, WriterOptions};
use crate::vault::{Vault, VaultKey};

static SPEC: Spec =
    Spec { auth: AuthScheme::OAuth2(OAuth2 { pkce: true, ..sample::SCHEME }), ..sample::SAMPLE };

/// Takes PKCE challenges, and is never called.
struct Careful;

#[async_trait]
impl Provider for Careful {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    async fn connected(&self, _: &mut Fetch) -> Result<Account, FetchError> {
        Err(FetchError::unsupported("a test"))
    }

    async fn fetch(&self, _: &mut Fetch, _: &Job) -> Result<(), FetchError> {
        Err(FetchError::unsupported("a test"))
    }

    fn notified(&self, _: &Inbound, _: &App) -> Result<Notified, Refused> {
        Ok(Notified::Notices(Vec::new()))
    }

    async fn disconnect(&self, _: &mut Fetch) -> Result<(), FetchError> {
        Ok(())
    }
}

async fn runtime(folder: &TempDir) -> (Runtime, Hand) {
    let url = format!("sqlite://{}", folder.path().join("store.db").display());
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&url).await.unwrap());
    let (clock, hand) = Clock::manual(DateTime::UNIX_EPOCH + Duration::days(20_000));
    let (writer, task) = Writer::start(Arc::clone(&store), clock.clone(), WriterOptions::default());
    actix_rt::spawn(task.run());
    let key = VaultKey::parse("test", &hex::encode([1_u8; 32])).unwrap();
    let vault = Arc::new(Vault::new(vec![key]).unwrap());
    let runtime = Runtime {
        provider: &Careful,
        app: LiveApp::load("example", app(), store.as_ref(), &vault).await.unwrap(),
        origin: None,
        history: Duration::days(1),
        client: tributary_net::Client::new(ClientOptions::default()).unwrap(),
        budget: Budget::start(BudgetOptions::from_spec(&SPEC, None, None, clock.clone())),
        tokens: Arc::new(Tokens::new(Arc::clone(&store), writer.clone(), Arc::clone(&vault), clock.clone())),
        vault,
        store,
        writer,
        clock,
        slots: Slots::new(1),
        gates: Arc::new(Gates::default()),
        asking: tokio::sync::Mutex::new(()),
    };
    (runtime, hand)
}

fn parameters(page: &str) -> HashMap<String, String> {
    url::Url::parse(page).unwrap().query_pairs().into_owned().collect()
}

fn returned(browser: &Browser, state: &str) -> Callback {
    let refused = Some("access_denied".to_owned());
    let returned = Returned::parse(state);
    Callback { returned, browser: Some(browser.clone()), error: refused, ..Callback::default() }
}

#[test]
fn every_browser_gets_the_challenge_of_the_flow_and_a_state_of_its_own() {
    actix_rt::System::new().block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let (runtime, _hand) = runtime(&folder).await;
        let begun = begin(&runtime, "acme".into(), Wanted::default()).await.unwrap();
        let flow = runtime.store.flow(&begun.state).await.unwrap().unwrap();
        let (one, two) = (Browser::unknown(), Browser::unknown());
        let page = |browser| parameters(&consent_page(&runtime, &flow, browser).unwrap());
        assert_eq!(page(&one), page(&one));
        assert_ne!(page(&one)["state"], page(&two)["state"]);
        let verifier = verifier(&runtime, &flow).unwrap().unwrap();
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.expose()));
        for browser in [&one, &two] {
            assert_eq!(page(browser)["code_challenge"], challenge);
            assert!(browser.went_with(&Returned::parse(&page(browser)["state"])));
        }
        assert!(runtime.store.flow(&begun.state).await.unwrap() == Some(flow.clone()), "nothing was written");
    });
}

#[test]
fn a_flow_ends_with_its_time_and_only_in_the_browser_that_went_there() {
    actix_rt::System::new().block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let (runtime, hand) = runtime(&folder).await;
        let begun = begin(&runtime, "acme".into(), Wanted::default()).await.unwrap();
        let flow = runtime.store.flow(&begun.state).await.unwrap().unwrap();
        let other_flow = begin(&runtime, "acme".into(), Wanted::default()).await.unwrap();
        let (mine, other) = (Browser::unknown(), Browser::unknown());
        let state = mine.bind(&flow.state);

        let wrong = [
            returned(&other, &state),
            returned(&mine, &flow.state),
            returned(&mine, &mine.bind(&other_flow.state)),
            Callback { browser: None, ..returned(&mine, &state) },
        ];
        for callback in wrong {
            let refused = complete(&runtime, &flow, callback).await.unwrap_err();
            assert!(matches!(refused, ConnectError::Browser), "{refused}");
        }
        hand.advance((LIFE - Duration::seconds(1)).to_std().unwrap()).await;
        assert!(consent_page(&runtime, &flow, &mine).is_ok());
        hand.advance(std::time::Duration::from_secs(1)).await;
        let late = consent_page(&runtime, &flow, &mine).unwrap_err();
        assert!(matches!(late, ConnectError::Flow), "{late}");
        let late = complete(&runtime, &flow, returned(&mine, &state)).await.unwrap_err();
        assert!(matches!(late, ConnectError::Flow), "{late}");
        assert!(runtime.store.flow(&begun.state).await.unwrap().is_some(), "nothing has used it up");

        let in_time = runtime.store.flow(&other_flow.state).await.unwrap().unwrap();
        let in_time = Flow { expires_at: runtime.clock.now() + LIFE, ..in_time };
        let denied = complete(&runtime, &in_time, returned(&mine, &mine.bind(&in_time.state))).await;
        assert!(matches!(denied, Err(ConnectError::Denied(_))));
        assert!(runtime.store.flow(&other_flow.state).await.unwrap().is_none(), "a refusal uses it up");
    });
}
