//! Looks a provider up by name. The list itself is in `lib.rs`, where it also declares the modules.

use tributary_contract::Provider;

pub use crate::PROVIDERS;

/// The provider with that key (`strava`) or wire name (`STRAVA`), whatever the letter case.
pub fn find(name: &str) -> Option<&'static dyn Provider> {
    PROVIDERS.iter().copied().find(|provider| {
        let spec = provider.spec();
        spec.key.eq_ignore_ascii_case(name) || spec.wire_name.eq_ignore_ascii_case(name)
    })
}
