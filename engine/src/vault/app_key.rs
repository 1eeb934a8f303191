//! Keys that a provider hands out once for a whole app, such as the one that it signs notifications with.
//!
//! They come from [`tributary_contract::Fetch::keep_key`] and lie in the store only as envelopes, each bound to its app
//! and name. Never prints a key.

use tributary_contract::Secret;
use uuid::Uuid;

use super::{Vault, VaultError};

impl Vault {
    /// Seals a key of a provider app for the store.
    ///
    /// # Errors
    /// [`VaultError::Sealed`]; does not happen for keys of any real size.
    pub fn seal_app_key(&self, app: &str, name: &str, key: &Secret<String>) -> Result<Vec<u8>, VaultError> {
        self.seal(Uuid::nil(), &field(app, name), key.expose().as_bytes())
    }

    /// Opens a key of a provider app from the store.
    ///
    /// # Errors
    /// [`VaultError::Sealed`] if it does not open, [`VaultError::UnreadableAppKey`] if what was sealed is no text.
    pub fn open_app_key(&self, app: &str, name: &str, envelope: &[u8]) -> Result<Secret<String>, VaultError> {
        let plaintext = self.open(Uuid::nil(), &field(app, name), envelope)?;
        let text = std::str::from_utf8(&plaintext).map_err(|_quotes_bytes| VaultError::UnreadableAppKey {
            app: app.to_owned(),
            name: name.to_owned(),
        })?;
        Ok(Secret::from(text))
    }
}

/// Where the key lies, in a form that no other app and name have.
pub(super) fn field(app: &str, name: &str) -> String {
    format!("app_key.{}.{app}.{name}", app.len())
}

#[cfg(test)]
mod tests {
    use super::super::tests::vault;
    use super::*;
    use crate::vault::SealError;

    #[test]
    fn a_key_opens_for_its_app_and_name_alone() {
        let vault = vault(&[1]);
        let sealed = vault.seal_app_key("polar", "webhook", &"planted-key".into()).unwrap();
        assert_eq!(vault.open_app_key("polar", "webhook", &sealed).unwrap().expose(), "planted-key");
        for (app, name) in [("acme/polar", "webhook"), ("polar", "other"), ("polar.webhook", ""), ("", "")] {
            let error = vault.open_app_key(app, name, &sealed).unwrap_err();
            assert_eq!(error, VaultError::Sealed(SealError::Forged));
        }
        assert!(!sealed.windows(7).any(|window| window == b"planted"));
    }

    #[test]
    fn app_and_name_cannot_be_told_otherwise() {
        let vault = vault(&[1]);
        let sealed = vault.seal_app_key("a.b", "c", &"key".into()).unwrap();
        assert!(vault.open_app_key("a", "b.c", &sealed).is_err());
    }

    #[test]
    fn bytes_that_are_no_text_are_an_error_without_them() {
        let vault = vault(&[1]);
        let sealed = vault.seal(Uuid::nil(), &field("polar", "webhook"), b"\xff\xfe").unwrap();
        let error = vault.open_app_key("polar", "webhook", &sealed).unwrap_err();
        assert_eq!(error.to_string(), "key \"webhook\" of provider app \"polar\" cannot be read");
    }
}
