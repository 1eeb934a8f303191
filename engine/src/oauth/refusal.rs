//! Which refusals of the token endpoint end a consent, and which pass by themselves.
//!
//! Only the codes that the Spec lists end one. Time-outs, 5xx, 429, pages of HTML, faults of the app's own credentials
//! and every 400 that nobody documented pass: cutting a user off by mistake costs more than asking once more.

use serde_json::Value;
use tributary_contract::spec::OAuth2;

/// What a refusal of the token endpoint means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The consent is lost, by this code of the Spec.
    LostConsent(&'static str),
    /// The app's own credentials were refused; people have to look at the configuration.
    App,
    /// Nothing is known but that it did not work this time.
    Passes,
}

/// Reads an answer that is no success.
pub fn read(scheme: &OAuth2, status: u16, body: &[u8]) -> Refusal {
    if !matches!(status, 200 | 400 | 401 | 403) {
        return Refusal::Passes;
    }
    let Ok(answer) = serde_json::from_slice::<Value>(body) else { return Refusal::Passes };
    let code = answer.get("error").and_then(Value::as_str);
    if matches!(code, Some("invalid_client" | "unauthorized_client")) {
        return Refusal::App;
    }
    // {"errors":[{"code":…,"field":…}]}: what is said of another field is not said of the user's consent.
    let listed = answer.get("errors").and_then(Value::as_array).into_iter().flatten();
    let of_token = listed
        .filter(|error| error.get("field").and_then(Value::as_str) == Some("refresh_token"))
        .filter_map(|error| error.get("code").and_then(Value::as_str));
    for said in code.into_iter().chain(of_token) {
        if let Some(known) = scheme.lost_consent.iter().find(|known| **known == said) {
            return Refusal::LostConsent(known);
        }
    }
    Refusal::Passes
}

/// Reads a refusal that came with status 200 and another status inside.
///
/// The status and the text have to agree, since providers use one number for everything that is wrong with a request.
pub fn inside(scheme: &OAuth2, status: i64, body: &[u8]) -> Refusal {
    if !scheme.lost_consent_statuses.contains(&status) {
        return Refusal::Passes;
    }
    let Ok(answer) = serde_json::from_slice::<Value>(body) else { return Refusal::Passes };
    let said = answer.get("error").and_then(Value::as_str).unwrap_or_default().to_ascii_lowercase();
    let known = scheme.lost_consent.iter().find(|known| said.contains(&known.to_ascii_lowercase()));
    known.map_or(Refusal::Passes, |known| Refusal::LostConsent(known))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oauth::token::tests::scheme;

    #[test]
    fn a_status_inside_ends_a_consent_only_together_with_its_text() {
        let scheme =
            OAuth2 { lost_consent: &["invalid refresh_token"], lost_consent_statuses: &[503], ..scheme() };
        let lost = Refusal::LostConsent("invalid refresh_token");
        let cases = [
            (503, r#"{"status":503,"error":"Invalid Params: invalid refresh_token"}"#, lost),
            (503, r#"{"status":503,"error":"Invalid Params: invalid client_id"}"#, Refusal::Passes),
            (503, r#"{"status":503,"body":{}}"#, Refusal::Passes),
            (503, "", Refusal::Passes),
            (522, r#"{"status":522,"error":"invalid refresh_token"}"#, Refusal::Passes),
            (601, r#"{"status":601,"error":"invalid refresh_token"}"#, Refusal::Passes),
        ];
        for (status, body, expected) in cases {
            assert_eq!(inside(&scheme, status, body.as_bytes()), expected, "{body}");
        }
    }

    #[test]
    fn only_the_codes_of_the_spec_end_a_consent() {
        let cases: [(u16, &str, Refusal); 17] = [
            (400, r#"{"error":"invalid_grant"}"#, Refusal::LostConsent("invalid_grant")),
            (
                401,
                r#"{"error":"invalid_grant","error_description":"x"}"#,
                Refusal::LostConsent("invalid_grant"),
            ),
            (200, r#"{"error":"invalid_grant"}"#, Refusal::LostConsent("invalid_grant")),
            (
                400,
                r#"{"message":"Bad Request","errors":[{"resource":"RefreshToken","field":"refresh_token","code":"invalid"}]}"#,
                Refusal::LostConsent("invalid"),
            ),
            (
                400,
                r#"{"errors":[{"resource":"Application","field":"client_id","code":"invalid"}]}"#,
                Refusal::Passes,
            ),
            (400, r#"{"errors":[{"code":"invalid"}]}"#, Refusal::Passes),
            (401, r#"{"error":"invalid_client"}"#, Refusal::App),
            (400, r#"{"error":"invalid_request"}"#, Refusal::Passes),
            (400, r#"{"error":"temporarily_unavailable"}"#, Refusal::Passes),
            (400, r#"{"error":{"code":"invalid_grant"}}"#, Refusal::Passes),
            (400, "<html>Bad Request invalid_grant</html>", Refusal::Passes),
            (400, "", Refusal::Passes),
            (400, "[]", Refusal::Passes),
            (429, r#"{"error":"invalid_grant"}"#, Refusal::Passes),
            (500, r#"{"error":"invalid_grant"}"#, Refusal::Passes),
            (503, "<html>maintenance</html>", Refusal::Passes),
            (404, r#"{"error":"invalid_grant"}"#, Refusal::Passes),
        ];
        for (status, body, expected) in cases {
            assert_eq!(read(&scheme(), status, body.as_bytes()), expected, "{status} {body}");
        }
    }
}
