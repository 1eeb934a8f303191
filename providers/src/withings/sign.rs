//! Signed calls: a nonce is fetched, and the call is signed with it and the client secret.
//!
//! Comes from `disconnect`. The signature is HMAC-SHA256 in hex, keyed with the client secret, over the values of
//! `action`, `client_id` and `timestamp` or `nonce`, in the order of their names, joined by commas. A nonce works once,
//! so the signed call is never repeated by itself.

use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use tributary_contract::{App, Fetch, FetchError};

use super::call::{GET_NONCE, REVOKE, request};
use super::wire::{Envelope, Nonce};

/// Gives the user's grant back.
pub(super) async fn revoke(cx: &Fetch) -> Result<(), FetchError> {
    let Some(account) = cx.account() else {
        return Err(FetchError::unsupported("revoking without an account"));
    };
    let app = cx.app();
    let nonce = nonce(cx).await?;
    let fields = [
        ("client_id", app.client_id.clone()),
        ("nonce", nonce.clone()),
        ("signature", signature(app, "revoke", &nonce)?),
        ("userid", account.id.clone()),
    ];
    let mut call = request(REVOKE, &fields).without_token();
    call.idempotent = false;
    cx.send(call).await?;
    Ok(())
}

async fn nonce(cx: &Fetch) -> Result<String, FetchError> {
    let app = cx.app();
    let timestamp = cx.now().timestamp().to_string();
    let fields = [
        ("client_id", app.client_id.clone()),
        ("timestamp", timestamp.clone()),
        ("signature", signature(app, "getnonce", &timestamp)?),
    ];
    let answer: Envelope<Nonce> = cx.json(request(GET_NONCE, &fields).without_token()).await?;
    let nonce = Some(answer.body.nonce).filter(|nonce| !nonce.is_empty());
    nonce.ok_or_else(|| FetchError::malformed(GET_NONCE, "body.nonce"))
}

/// `third` is the time stamp or the nonce; both names come after `client_id`.
fn signature(app: &App, action: &str, third: &str) -> Result<String, FetchError> {
    let mut mac = Hmac::<Sha256>::new_from_slice(app.client_secret.expose().as_bytes())
        .map_err(|_any_length_will_do| FetchError::unsupported("a client secret that cannot sign"))?;
    mac.update(format!("{action},{},{third}", app.client_id).as_bytes());
    Ok(hex::encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tributary_contract::Secret;

    #[test]
    fn the_signature_is_hmac_sha256_in_lower_case_hex() {
        let app = App {
            client_id: "client".to_owned(),
            client_secret: Secret::from("key"),
            verify_token: None,
            callback_url: String::new(),
            notify_url: String::new(),
            keys: std::collections::BTreeMap::new(),
        };
        // printf 'getnonce,client,1700000000' | openssl dgst -sha256 -hmac key
        assert_eq!(
            signature(&app, "getnonce", "1700000000").unwrap(),
            "141386486690043a5eb1183bb823f31162d2261b8bc3fc753b090f087cfe59cc"
        );
    }
}
