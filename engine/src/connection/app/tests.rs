use super::*;
use crate::clock::Clock;
use crate::oauth::token::tests::app;
use crate::store::{SqliteStore, WriterOptions};
use crate::vault::VaultKey;

fn vault(byte: u8) -> Vault {
    Vault::new(vec![VaultKey::parse("test", &hex::encode([byte; 32])).unwrap()]).unwrap()
}

async fn store(directory: &tempfile::TempDir) -> Arc<dyn Store> {
    let url = format!("sqlite://{}", directory.path().join("store.db").display());
    Arc::new(SqliteStore::open(&url).await.unwrap())
}

fn key<'a>(app: &'a App, name: &str) -> Option<&'a str> {
    app.keys.get(name).map(|key| key.expose().as_str())
}

#[tokio::test]
async fn a_key_is_there_at_once_and_after_a_restart_and_for_its_app_alone() {
    let directory = tempfile::tempdir().unwrap();
    let store_now = store(&directory).await;
    let clock = Clock::real();
    let (writer, task) = Writer::start(Arc::clone(&store_now), clock.clone(), WriterOptions::default());
    let running = tokio::spawn(task.run());
    let vault = vault(1);
    let ours = LiveApp::load("polar", app(), store_now.as_ref(), &vault).await.unwrap();
    let before = ours.current();
    assert_eq!(key(&before, "webhook"), None);

    for text in ["planted-first", "planted-second"] {
        ours.keep(vec![("webhook", text.into())], &vault, &writer, clock.now()).await.unwrap();
    }
    assert_eq!(key(&ours.current(), "webhook"), Some("planted-second"));
    assert_eq!(key(&before, "webhook"), None, "who had the app before keeps what there was");
    assert!(!format!("{ours:?}").contains("planted"));
    let stored = store_now.app_keys(None).await.unwrap();
    assert!(!format!("{stored:?}").contains("planted"));
    assert!(!stored[0].sealed.windows(7).any(|window| window == b"planted"));
    writer.stop();
    running.await.unwrap();
    drop(store_now);

    let again = store(&directory).await;
    let restarted = LiveApp::load("polar", app(), again.as_ref(), &vault).await.unwrap();
    assert_eq!(key(&restarted.current(), "webhook"), Some("planted-second"));
    let other = LiveApp::load("acme/polar", app(), again.as_ref(), &vault).await.unwrap();
    assert_eq!(key(&other.current(), "webhook"), None);
}

#[tokio::test]
async fn a_key_that_does_not_open_counts_as_lost() {
    let directory = tempfile::tempdir().unwrap();
    let store = store(&directory).await;
    let sealed = vault(1).seal_app_key("polar", "webhook", &"key".into()).unwrap();
    let row = SealedAppKey {
        app: "polar".to_owned(),
        name: "webhook".to_owned(),
        sealed,
        stored_at: DateTime::UNIX_EPOCH,
    };
    let group = [Changeset::unfenced(vec![Change::AppKeyPut(row)])];
    store.commit(&group, DateTime::UNIX_EPOCH).await.unwrap()[0].unwrap();
    let app = LiveApp::load("polar", app(), store.as_ref(), &vault(2)).await.unwrap();
    assert_eq!(key(&app.current(), "webhook"), None);
}
