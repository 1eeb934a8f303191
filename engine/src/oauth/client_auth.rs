//! How the app proves itself at the token endpoint: in the form or by HTTP Basic.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderValue, header};
use tributary_contract::spec::ClientAuth;
use tributary_contract::{App, Request};
use zeroize::Zeroizing;

/// Puts the fields and the app's proof into a form request.
pub(super) fn form(request: Request, fields: &[(&str, &str)], auth: ClientAuth, app: &App) -> Request {
    match auth {
        ClientAuth::Body => {
            let mut fields = fields.to_vec();
            fields.push(("client_id", &app.client_id));
            fields.push(("client_secret", app.client_secret.expose()));
            request.form(&fields)
        }
        ClientAuth::Basic => request.form(fields).header(header::AUTHORIZATION, basic(app)),
    }
}

/// Both parts are form-encoded before they are joined, as RFC 6749 section 2.3.1 has it.
fn basic(app: &App) -> HeaderValue {
    let encoded = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let (id, secret) = (encoded(&app.client_id), Zeroizing::new(encoded(app.client_secret.expose())));
    let pair = Zeroizing::new(format!("{id}:{}", secret.as_str()));
    let text = Zeroizing::new(format!("Basic {}", STANDARD.encode(pair.as_bytes())));
    // Base64 holds nothing that a header may not hold.
    let mut value = HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static("Basic"));
    value.set_sensitive(true);
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oauth::token::tests::app;

    #[test]
    fn basic_encodes_what_would_break_the_pair() {
        let app = App { client_id: "a:b".to_owned(), client_secret: "c d%".into(), ..app() };
        let request = form(Request::post("/token"), &[("grant_type", "x")], ClientAuth::Basic, &app);
        let value = request.headers[header::AUTHORIZATION].to_str().unwrap().to_owned();
        let pair = STANDARD.decode(value.strip_prefix("Basic ").unwrap()).unwrap();
        assert_eq!(pair, b"a%3Ab:c+d%25");
        assert_eq!(request.body, "grant_type=x".as_bytes());
        assert!(request.headers[header::AUTHORIZATION].is_sensitive());
    }

    #[test]
    fn the_body_carries_id_and_secret_beside_the_fields() {
        let request = form(Request::post("/token"), &[("grant_type", "x")], ClientAuth::Body, &app());
        assert_eq!(
            request.body,
            "grant_type=x&client_id=client-1&client_secret=planted-app-secret".as_bytes()
        );
        assert!(!request.headers.contains_key(header::AUTHORIZATION));
    }
}
