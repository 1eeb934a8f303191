//! The tests that see the whole: one binary, a module for each surface.
//!
//! What runs is the real code over real sockets and a real store; only the people and the providers are simulated.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "tests fail by panicking, in their helpers too"
)]

mod actors;
mod bad_input;
mod cli;
mod commands;
mod conformance;
mod consent;
mod data_path;
mod delivery;
mod docs;
mod fault;
mod graph;
mod import;
mod notify;
mod quota;
mod reload;
mod replay;
mod secrets;
mod secrets_daemon;
mod sink_sql;
mod telemetry;
mod tenancy;
mod tidy;
mod tokens;
mod withings;
