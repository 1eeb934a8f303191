use std::sync::Arc;

use super::*;
use crate::clock::Clock;
use crate::store::{SqliteStore, WriterOptions};

pub(super) const CONNECTION: Uuid = Uuid::from_u128(1);
pub(super) const OTHER: Uuid = Uuid::from_u128(2);

/// A vault whose keys consist of one repeated byte each.
pub(super) fn vault(keys: &[u8]) -> Vault {
    let key = |byte: &u8| VaultKey::parse("test", &hex::encode([*byte; 32])).unwrap();
    Vault::new(keys.iter().map(key).collect()).unwrap()
}

#[test]
fn a_value_opens_only_in_its_place() {
    let vault = vault(&[1]);
    let sealed = vault.seal(CONNECTION, "verifier", b"word").unwrap();
    assert_eq!(**vault.open(CONNECTION, "verifier", &sealed).unwrap(), *b"word");
    for (connection, field) in [(OTHER, "verifier"), (CONNECTION, "verifie"), (CONNECTION, "")] {
        assert_eq!(vault.open(connection, field, &sealed), Err(VaultError::Sealed(SealError::Forged)));
    }
}

#[test]
fn every_changed_byte_is_noticed() {
    let vault = vault(&[1, 2]);
    let sealed = vault.seal(CONNECTION, "verifier", b"word").unwrap();
    for place in 0..sealed.len() {
        let mut forged = sealed.clone();
        forged[place] ^= 1;
        let error = vault.open(CONNECTION, "verifier", &forged).unwrap_err();
        match place {
            0 => assert_eq!(error, VaultError::Sealed(SealError::Malformed)),
            1..9 => assert!(matches!(error, VaultError::Sealed(SealError::UnknownKey { .. })), "{error}"),
            _ => assert_eq!(error, VaultError::Sealed(SealError::Forged)),
        }
    }
    for length in 0..sealed.len() {
        assert!(vault.open(CONNECTION, "verifier", &sealed[..length]).is_err(), "cut to {length}");
    }
}

#[test]
fn the_key_id_is_part_of_what_is_authenticated() {
    // The same key bytes cannot be had under two ids, so the head is forged together with a key that is known.
    let (one, two) = (vault(&[1]), vault(&[2]));
    let mut sealed = one.seal(CONNECTION, "verifier", b"word").unwrap();
    sealed[1..9].copy_from_slice(&two.seal(CONNECTION, "verifier", b"").unwrap()[1..9]);
    assert_eq!(
        vault(&[1, 2]).open(CONNECTION, "verifier", &sealed),
        Err(VaultError::Sealed(SealError::Forged))
    );
}

#[test]
fn equal_values_have_unequal_envelopes() {
    let vault = vault(&[1]);
    assert_ne!(vault.seal(CONNECTION, "a", b"word").unwrap(), vault.seal(CONNECTION, "a", b"word").unwrap());
}

#[test]
fn the_first_key_seals_and_all_keys_open() {
    let (old, both, new) = (vault(&[1]), vault(&[2, 1]), vault(&[2]));
    let sealed = old.seal(CONNECTION, "a", b"word").unwrap();
    assert_eq!(**both.open(CONNECTION, "a", &sealed).unwrap(), *b"word");
    assert!(!both.is_current(&sealed).unwrap());
    let again = both.seal(CONNECTION, "a", b"word").unwrap();
    assert!(both.is_current(&again).unwrap());
    assert_eq!(**new.open(CONNECTION, "a", &again).unwrap(), *b"word");
    let error = new.open(CONNECTION, "a", &sealed).unwrap_err();
    assert_eq!(error, VaultError::Sealed(SealError::UnknownKey { key_id: old.keys[0].id() }));
}

#[test]
fn a_vault_without_a_key_or_with_one_twice_is_refused() {
    assert_eq!(Vault::new(Vec::new()).unwrap_err(), VaultError::NoKey);
    let key = VaultKey::parse("test", &hex::encode([1; 32])).unwrap();
    assert_eq!(
        Vault::new(vec![key.clone(), key.clone()]).unwrap_err(),
        VaultError::Twice { key_id: key.id() }
    );
}

#[tokio::test]
async fn a_store_is_known_by_its_keys() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("store.db").display());
    let store = Arc::new(SqliteStore::open(&url).await.unwrap());
    let (writer, task) = Writer::start(store.clone(), Clock::real(), WriterOptions::default());
    let work = async {
        vault(&[1]).check(&*store, &writer).await.unwrap();
        vault(&[1]).check(&*store, &writer).await.unwrap();
        let wrong = vault(&[3, 2]).check(&*store, &writer).await.unwrap_err().to_string();
        let (needed, three) = (vault(&[1]).keys[0].id().to_string(), vault(&[3]).keys[0].id().to_string());
        assert!(wrong.contains(&needed) && wrong.contains(&three), "{wrong}");
        // With the new key in front the mark moves on, and the old key is no longer needed.
        vault(&[2, 1]).check(&*store, &writer).await.unwrap();
        vault(&[2]).check(&*store, &writer).await.unwrap();
        assert!(matches!(vault(&[1]).check(&*store, &writer).await, Err(VaultError::WrongKeys { .. })));
        writer.stop();
    };
    tokio::join!(task.run(), work);
}
