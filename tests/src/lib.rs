//! The kit of the tests that see the whole: simulated providers, the daemon, and the receivers at its other end.
//!
//! | module | what it holds |
//! |---|---|
//! | [`plan`] | what a world is made of: people, quotas, tenants, sinks |
//! | [`world`] | simulated providers, a receiver and a configuration |
//! | [`people`] | people who connect |
//! | [`rig`] | a world with the daemon inside the test's own process |
//! | [`browser`] | a person's browser with its cookies |
//! | [`collector`] | a collector of traces and metrics that is not ours |
//! | [`daemon`] | the real binary on a world, to be killed and stopped |
//! | [`receiver`] | an HTTP server that notes what it gets and answers as scripted |
//! | [`inventory`] | what arrived, and its comparison with what the providers produced |
//! | [`entries`] | entries and batches for a sink by itself |
//! | [`server`] | real servers for the sinks |
//! | [`wait`] | waiting for a condition, always with a bound |
//! | [`measure`] | the benches: rows, medians, a receiver that only counts |
//! | [`logs`] | everything that was logged, and every panic |
//! | [`pages`] | the pages of the book that are printed from the program |
//! | [`program`] | the binary `tributary`, run to its end |
//! | [`life`] | what a tenant was told about a person |
//! | [`watched`] | what a simulated provider was asked and what it sent |
//! | [`tools`] | programs of others that a test compares with |
//!
//! A test in here never sleeps and never looks into the engine where it could look at what comes out of it. The kit
//! fails by panicking, with what it was waiting for.
#![expect(clippy::expect_used, clippy::panic, reason = "a kit of tests fails by panicking")]

pub mod browser;
pub mod collector;
pub mod daemon;
pub mod entries;
pub mod inventory;
pub mod life;
pub mod logs;
pub mod measure;
pub mod pages;
pub mod people;
pub mod plan;
pub mod program;
pub mod receiver;
pub mod rig;
pub mod server;
pub mod tools;
pub mod wait;
pub mod watched;
pub mod world;

pub use browser::Browser;
pub use inventory::Inventory;
pub use people::Person;
pub use plan::{Plan, TenantPlan};
pub use receiver::{Answer, Received, Receiver};
pub use rig::Rig;
pub use world::World;
