//! Every provider, one line each, sorted by key.

use tributary_contract::Provider;

use crate::{oura, polar, strava, withings};

/// All providers, sorted by key.
pub static PROVIDERS: &[&dyn Provider] = &[&oura::Oura, &polar::Polar, &strava::Strava, &withings::Withings];

/// The provider with that key (`strava`) or wire name (`STRAVA`), whatever the letter case.
pub fn find(name: &str) -> Option<&'static dyn Provider> {
    PROVIDERS.iter().copied().find(|provider| {
        let spec = provider.spec();
        spec.key.eq_ignore_ascii_case(name) || spec.wire_name.eq_ignore_ascii_case(name)
    })
}
