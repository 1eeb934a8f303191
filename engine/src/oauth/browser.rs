//! The browser in which a consent begins, and the proof that its answer comes back in the same one.
//!
//! A browser carries a random id in a cookie. The `state` that a provider is given is the flow's own, a dot, and a
//! keyed hash of it under that id. So the page on which a flow begins may be opened any number of times, by anybody,
//! and nothing has to be written for it: what comes back says which browser went there, and says it of this flow alone,
//! so that no provider can tell two flows of a browser from those of two browsers. The id itself never leaves the cookie.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use tributary_contract::Secret;
use zeroize::Zeroizing;

/// Bytes of an id.
const LENGTH: usize = 32;
/// Between a flow's state and the proof; no letter of base64url.
const BETWEEN: char = '.';

/// A browser's id.
#[derive(Clone)]
pub struct Browser(Zeroizing<[u8; LENGTH]>);

impl Browser {
    /// A browser that was not seen before.
    pub fn unknown() -> Self {
        let mut id = Zeroizing::new([0; LENGTH]);
        rand::fill(id.as_mut_slice());
        Self(id)
    }

    /// Reads what a cookie holds; `None` if it is none of ours.
    pub fn parse(cookie: &str) -> Option<Self> {
        let mut id = Zeroizing::new([0; LENGTH]);
        // Room for exactly that many bytes, so a longer text is an error.
        let length = URL_SAFE_NO_PAD.decode_slice(cookie, id.as_mut_slice()).ok()?;
        (length == LENGTH).then_some(Self(id))
    }

    /// What the cookie holds.
    pub fn cookie(&self) -> Secret<String> {
        Secret::new(URL_SAFE_NO_PAD.encode(*self.0))
    }

    /// The `state` with which this browser goes to the provider.
    pub fn bind(&self, flow: &str) -> String {
        let proof = URL_SAFE_NO_PAD.encode(self.keyed(flow).finalize().into_bytes());
        format!("{flow}{BETWEEN}{proof}")
    }

    /// Whether this is the browser that went to the provider with that `state`; in constant time.
    pub fn went_with(&self, returned: &Returned) -> bool {
        let proof = URL_SAFE_NO_PAD.decode(&returned.proof);
        proof.is_ok_and(|proof| self.keyed(&returned.flow).verify_slice(&proof).is_ok())
    }

    #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
    fn keyed(&self, flow: &str) -> Hmac<Sha256> {
        let mut keyed = Hmac::<Sha256>::new_from_slice(self.0.as_slice()).expect("a key of any length");
        keyed.update(flow.as_bytes());
        keyed
    }
}

impl fmt::Debug for Browser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Browser([secret])")
    }
}

/// The `state` that came back from a provider.
#[derive(Clone, Default)]
pub struct Returned {
    flow: String,
    proof: String,
}

impl Returned {
    /// Takes it apart. One without a proof names its flow all the same, and belongs to no browser.
    pub fn parse(state: &str) -> Self {
        let (flow, proof) = state.split_once(BETWEEN).unwrap_or((state, ""));
        Self { flow: flow.to_owned(), proof: proof.to_owned() }
    }

    /// The state of the flow.
    pub fn flow(&self) -> &str {
        &self.flow
    }
}

impl fmt::Debug for Returned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Returned([secret])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_known_by_its_cookie_and_only_by_that() {
        let (browser, other) = (Browser::unknown(), Browser::unknown());
        let returned = Returned::parse(&browser.bind("flow"));
        assert_eq!(returned.flow(), "flow");
        let again = Browser::parse(browser.cookie().expose()).unwrap();
        assert!(browser.went_with(&returned) && again.went_with(&returned));
        assert!(!other.went_with(&returned));
    }

    #[test]
    fn a_proof_is_good_for_its_flow_alone() {
        let browser = Browser::unknown();
        let bound = browser.bind("flow");
        let proof = bound.strip_prefix("flow.").unwrap();
        assert!(!browser.went_with(&Returned::parse(&format!("other.{proof}"))));
        assert_ne!(browser.bind("other").strip_prefix("other.").unwrap(), proof);
    }

    #[test]
    fn a_state_that_was_changed_is_no_browsers() {
        let browser = Browser::unknown();
        let bound = browser.bind("flow");
        let mut cut = bound.clone();
        cut.truncate(bound.len() - 2);
        for wrong in [&cut, "flow", "flow.", "", ".", &format!("{bound}A"), &format!("{bound}.x"), "flow.%%"]
        {
            assert!(!browser.went_with(&Returned::parse(wrong)), "{wrong}");
        }
    }

    #[test]
    fn a_cookie_that_is_none_of_ours_is_no_id() {
        let ours = Browser::unknown().cookie();
        for wrong in ["", "short", "not base64 at all", &format!("{}AAAA", ours.expose()), &"A".repeat(42)] {
            assert!(Browser::parse(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn what_goes_to_the_provider_is_short_plain_and_without_the_id() {
        let browser = Browser::unknown();
        let bound = browser.bind(&"x".repeat(43));
        assert_eq!(bound.len(), 87);
        assert!(bound.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_.".contains(letter)));
        assert!(!bound.contains(browser.cookie().expose().as_str()));
        assert!(!format!("{browser:?} {:?}", Returned::parse(&bound)).contains('x'));
    }
}
