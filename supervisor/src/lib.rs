//! The daemon: it assembles engine, providers and sinks from a configuration and serves people.
//!
//! | module | what |
//! |---|---|
//! | [`app`] | builds all from a config, in order; [`app::Running`] |
//! | [`current`], [`runtimes`] | what is configured now, and the apps at the providers made of it |
//! | [`reload`] | follows changes of the configuration |
//! | [`sinks`], `subscriptions` | sinks and subscriptions as the configuration wants them |
//! | [`supervise`] | the actor that owns the connections' and sinks' actors |
//! | [`front`] | HTTP: REST, notifications, OAuth callback, health, admin |
//! | [`cli`] | the commands |
//! | [`codes`] | error codes for operators, with their pages |
//! | [`demo`] | sandbox providers, the engine and local sinks in one process, with an account of every record |
//! | [`levels`] | what sinks and quotas look like, for metrics |
//! | [`retention`] | removes what is no longer wanted |
//! | [`sandbox`] | sockets for the simulated providers |
//!
//! It never decides about data: that is the engine's part.

pub mod app;
pub mod backlog;
pub mod cli;
pub mod codes;
pub mod current;
pub mod demo;
pub mod front;
pub mod levels;
pub mod reload;
pub mod retention;
pub mod runtimes;
pub mod sandbox;
pub mod sinks;
mod subscriptions;
pub mod supervise;
