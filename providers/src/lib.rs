//! The providers: one folder each, with the same files in each folder.
//!
//! | file | what it holds |
//! |---|---|
//! | `mod.rs` | the Spec and the contract |
//! | `wire.rs` | the provider's JSON, typed, with its own names |
//! | `normalize.rs` | wire to model, pure: no clock, no network |
//! | `sandbox.rs` | its simulated server; shares no code with the two above |
//! | `fixtures/` | documented shapes in, hand-checked records out, `SOURCES.md` |
//!
//! The list at the end of this file names them; [`registry`] looks them up. [`mod@format`] holds pure file parsers,
//! [`route`] the ways in that are no cloud, [`sandbox`] the kit of the simulated servers.

use chrono::{DateTime, Utc};
use tributary_contract::Provider;

use crate::sandbox::{Sandbox, Settings};

pub mod format;
pub mod registry;
pub mod route;
pub mod sandbox;

/// All that a provider has to be entered into. A macro, because nothing else can declare a module: so one line says
/// that the folder exists, that its `PROVIDER` can be connected and that its `sandbox::Cloud` can be simulated.
macro_rules! providers {
    ($($key:ident,)+) => {
        $(pub mod $key;)+

        /// All providers, sorted by key.
        pub static PROVIDERS: &[&dyn Provider] = &[$(&$key::PROVIDER),+];

        /// The simulated clouds of all providers, in the same order, each after a history that ends `now`.
        pub fn sandboxes(settings: &Settings, now: DateTime<Utc>) -> Vec<Box<dyn Sandbox>> {
            vec![$(Box::new($key::sandbox::Cloud::new(settings.clone(), now))),+]
        }
    };
}

// ANCHOR: list
providers! {
    concept2,
    oura,
    polar,
    strava,
    withings,
}
// ANCHOR_END: list
