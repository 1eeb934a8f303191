use std::sync::Arc;

use super::super::tests::vault;
use super::*;
use crate::clock::Clock;
use crate::store::{SealedAppKey, SealedCredential, SqliteStore, WriterOptions};
use crate::vault::Credential;
use chrono::{DateTime, Utc};
use uuid::Uuid;

fn credential(token: &str) -> Credential {
    Credential {
        access_token: token.into(),
        refresh_token: None,
        expires_at: None,
        scopes: Vec::new(),
        token_type: "Bearer".to_owned(),
    }
}

fn put(vault: &Vault, id: Uuid, token: &str) -> Change {
    let sealed = vault.seal_credential(id, &credential(token)).unwrap();
    Change::CredentialPut(SealedCredential { connection: id, sealed, stored_at: DateTime::<Utc>::UNIX_EPOCH })
}

struct Rig {
    _folder: tempfile::TempDir,
    store: Arc<SqliteStore>,
    writer: Writer,
}

async fn rig(connections: u128, vault: &Vault) -> Rig {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("store.db").display());
    let store = Arc::new(SqliteStore::open(&url).await.unwrap());
    let (writer, task) = Writer::start(store.clone(), Clock::real(), WriterOptions::default());
    tokio::spawn(task.run());
    vault.check(&*store, &writer).await.unwrap();
    let changes = (1..=connections).map(|n| put(vault, Uuid::from_u128(n), &format!("token {n}"))).collect();
    writer.commit(Changeset::unfenced(changes)).await.unwrap();
    Rig { _folder: folder, store, writer }
}

async fn opens(rig: &Rig, vault: &Vault, n: u128, token: &str) {
    let id = Uuid::from_u128(n);
    let row = rig.store.credential(id).await.unwrap().unwrap();
    assert_eq!(vault.open_credential(id, &row.sealed).unwrap(), credential(token));
}

#[tokio::test]
async fn everything_is_sealed_again_and_the_old_key_can_go() {
    let (old, both, new) = (vault(&[1]), vault(&[2, 1]), vault(&[2]));
    let rig = rig(1_200, &old).await;
    let mut told = Vec::new();
    let rotated =
        rotate(&both, &*rig.store, &rig.writer, |progress| told.push(progress.resealed)).await.unwrap();
    assert_eq!(told, [500, 1_000, 1_200]);
    assert!(rotated.is_complete());
    assert_eq!(rotated.needed, BTreeMap::from([(new.current().unwrap(), 1_200)]));
    opens(&rig, &new, 1, "token 1").await;
    opens(&rig, &new, 1_200, "token 1200").await;
    assert_eq!(
        new.check(&*rig.store, &rig.writer).await,
        Ok(()),
        "the mark of the store is under the new key"
    );
    let again = rotate(&both, &*rig.store, &rig.writer, |_| {}).await.unwrap();
    assert_eq!((again.progress.resealed, again.progress.seen), (0, 1_200));
}

#[tokio::test]
async fn keys_of_provider_apps_are_sealed_again_too() {
    let (old, both, new) = (vault(&[1]), vault(&[2, 1]), vault(&[2]));
    let rig = rig(1, &old).await;
    let (app, name) = ("acme/polar".to_owned(), "webhook".to_owned());
    let sealed = old.seal_app_key(&app, &name, &"planted".into()).unwrap();
    let key = SealedAppKey { app, name, sealed, stored_at: DateTime::<Utc>::UNIX_EPOCH };
    rig.writer.commit(Changeset::unfenced(vec![Change::AppKeyPut(key)])).await.unwrap();
    let rotated = rotate(&both, &*rig.store, &rig.writer, |_| {}).await.unwrap();
    assert_eq!((rotated.progress.resealed, rotated.is_complete()), (2, true));
    let kept = rig.store.app_keys(None).await.unwrap();
    let opened = new.open_app_key(&kept[0].app, &kept[0].name, &kept[0].sealed).unwrap();
    assert_eq!(opened.expose(), "planted");
}

#[tokio::test]
async fn a_token_that_is_refreshed_meanwhile_is_never_overwritten() {
    let (old, both) = (vault(&[1]), vault(&[2, 1]));
    let rig = rig(20, &old).await;
    // Between the page that was read and its commit, half of the tokens are refreshed.
    let place = &PLACES[0];
    let page = rig.store.sealed(&place.column, None, 100).await.unwrap();
    let refreshed = (1..=10).map(|n| put(&both, Uuid::from_u128(n), &format!("newer {n}"))).collect();
    rig.writer.commit(Changeset::unfenced(refreshed)).await.unwrap();
    let mut progress = Progress::default();
    reseal(&both, &rig.writer, place, page, &mut progress).await.unwrap();
    assert_eq!((progress.resealed, progress.newer), (10, 10));
    opens(&rig, &both, 1, "newer 1").await;
    opens(&rig, &both, 20, "token 20").await;
}

#[tokio::test]
async fn what_does_not_open_is_left_and_named_by_its_key() {
    let (old, lost, both) = (vault(&[1]), vault(&[9]), vault(&[2, 1]));
    let rig = rig(3, &old).await;
    let damaged = SealedCredential {
        connection: Uuid::from_u128(5),
        sealed: b"nothing".to_vec(),
        stored_at: DateTime::<Utc>::UNIX_EPOCH,
    };
    let changes = vec![put(&lost, Uuid::from_u128(4), "x"), Change::CredentialPut(damaged)];
    rig.writer.commit(Changeset::unfenced(changes)).await.unwrap();
    let rotated = rotate(&both, &*rig.store, &rig.writer, |_| {}).await.unwrap();
    assert_eq!((rotated.progress.resealed, rotated.progress.unopened, rotated.malformed), (3, 2, 1));
    assert!(!rotated.is_complete());
    assert_eq!(rotated.needed.get(&lost.current().unwrap()), Some(&1));
    assert_eq!(rotated.needed.get(&old.current().unwrap()), None, "the old key can go");
}
