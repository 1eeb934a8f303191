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
//! [`registry`] lists them. [`mod@format`] holds pure file parsers, [`route`] the ways in that
//! are no cloud, [`sandbox`] the kit of the simulated servers.

pub mod format;
pub mod oura;
pub mod polar;
pub mod registry;
pub mod route;
pub mod sandbox;
pub mod strava;
pub mod withings;
