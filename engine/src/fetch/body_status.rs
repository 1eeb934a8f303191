//! The status inside an answer of 200, for providers that put it there.
//!
//! Comes from the body and goes to the quota and to [`super::classify`]. It reads one number, stops there, and never
//! looks at a record.

use std::fmt;

use http::StatusCode;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use tributary_contract::spec::BodyStatus;

/// What the number means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// It went well.
    Ok,
    /// The token is refused.
    Auth(i64),
    /// The token is good but not for this.
    Forbidden,
    /// The quota is used up.
    Quota,
    /// It passes by itself.
    Transient(i64),
    /// The request was wrong, or nobody knows the number.
    Other(i64),
    /// There is no such number in the body.
    Missing,
}

impl Said {
    /// The HTTP status that would have said the same.
    pub const fn counts_as(self) -> u16 {
        match self {
            Self::Ok | Self::Missing => 200,
            Self::Auth(_) => 401,
            Self::Forbidden => 403,
            Self::Quota => 429,
            Self::Transient(_) => 503,
            Self::Other(_) => 400,
        }
    }
}

/// Reads the status inside; `None` where the provider has none or the HTTP status is no success by itself.
pub fn said(spec: Option<&BodyStatus>, status: StatusCode, body: &[u8]) -> Option<Said> {
    let spec = spec?;
    if !status.is_success() {
        return None;
    }
    let Some(number) = number(spec.pointer, body) else { return Some(Said::Missing) };
    let is_in = |list: &[i64]| list.contains(&number);
    Some(if is_in(spec.ok) {
        Said::Ok
    } else if is_in(spec.auth) {
        Said::Auth(number)
    } else if is_in(spec.forbidden) {
        Said::Forbidden
    } else if is_in(spec.quota) {
        Said::Quota
    } else if is_in(spec.transient) {
        Said::Transient(number)
    } else {
        Said::Other(number)
    })
}

fn number(pointer: &str, body: &[u8]) -> Option<i64> {
    let mut found = None;
    let at = At { path: pointer.strip_prefix('/').unwrap_or(pointer), found: &mut found };
    // Reading stops with an error as soon as the number is found, so the error itself says nothing.
    match at.deserialize(&mut serde_json::Deserializer::from_slice(body)) {
        Ok(()) | Err(_) => found,
    }
}

/// Goes down one step of a path per object, skipping everything else.
struct At<'a> {
    path: &'a str,
    found: &'a mut Option<i64>,
}

impl<'de> DeserializeSeed<'de> for At<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for At<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with a status")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let (step, rest) = self.path.split_once('/').unwrap_or((self.path, ""));
        while let Some(key) = map.next_key::<std::borrow::Cow<'de, str>>()? {
            if key != step {
                map.next_value::<IgnoredAny>()?;
            } else if rest.is_empty() {
                *self.found = Some(map.next_value::<i64>()?);
                return Err(A::Error::custom("found"));
            } else {
                return map.next_value_seed(At { path: rest, found: self.found });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(crate) const STATUS: BodyStatus = BodyStatus {
        pointer: "/status",
        ok: &[0],
        auth: &[100, 401],
        forbidden: &[277],
        quota: &[601],
        transient: &[522],
    };

    fn read(body: &str) -> Option<Said> {
        said(Some(&STATUS), StatusCode::OK, body.as_bytes())
    }

    #[test]
    fn every_number_has_its_meaning() {
        let cases = [
            (r#"{"status":0,"body":{}}"#, Said::Ok),
            (r#"{"body":{"status":601,"list":[1,{"status":2}]},"status":0}"#, Said::Ok),
            (r#"{"status":401}"#, Said::Auth(401)),
            (r#"{"status":277}"#, Said::Forbidden),
            (r#"{"status":601,"body":{}}"#, Said::Quota),
            (r#"{"status":522}"#, Said::Transient(522)),
            (r#"{"status":503}"#, Said::Other(503)),
            (r#"{"status":"0"}"#, Said::Missing),
            (r#"{"status":null}"#, Said::Missing),
            (r#"{"body":{"status":0}}"#, Said::Missing),
            ("[]", Said::Missing),
            ("<html>", Said::Missing),
            ("", Said::Missing),
        ];
        for (body, expected) in cases {
            assert_eq!(read(body), Some(expected), "{body}");
        }
    }

    #[test]
    fn a_deep_pointer_is_followed() {
        let deep = BodyStatus { pointer: "/meta/code", ..STATUS };
        let of = |body: &str| said(Some(&deep), StatusCode::OK, body.as_bytes());
        assert_eq!(of(r#"{"code":5,"meta":{"x":[],"code":601}}"#), Some(Said::Quota));
        assert_eq!(of(r#"{"meta":{},"code":601}"#), Some(Said::Missing));
    }

    #[test]
    fn only_providers_that_have_it_and_only_successes_are_read() {
        assert_eq!(said(None, StatusCode::OK, br#"{"status":601}"#), None);
        assert_eq!(said(Some(&STATUS), StatusCode::BAD_GATEWAY, br#"{"status":0}"#), None);
    }
}
