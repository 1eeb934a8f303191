//! The daemon: it assembles engine, providers and sinks from a configuration and serves people.
//!
//! | module | what |
//! |---|---|
//! | [`app`] | builds all from a config, in order; [`app::Running`] |
//! | [`supervise`] | the actor that owns the connections' and sinks' actors |
//! | [`front`] | HTTP: REST, notifications, OAuth callback, health, admin |
//! | [`cli`] | the commands |
//! | [`demo`] | sandbox providers, the engine and local sinks in one process, with an account of every record |
//! | [`retention`] | removes what is no longer wanted |
//! | [`sandbox`] | sockets for the simulated providers |
//!
//! It never decides about data: that is the engine's part.

pub mod app;
pub mod cli;
pub mod demo;
pub mod front;
pub mod retention;
pub mod sandbox;
pub mod supervise;
