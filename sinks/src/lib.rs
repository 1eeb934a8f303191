//! The destinations: each takes batches of log entries from the engine and puts them where a tenant wants them.
//!
//! | module | what it holds |
//! |---|---|
//! | [`registry`] | every kind by its name: options, schema, construction |
//! | [`webhook`] | signed HTTP requests in Terra's envelope |
//! | [`sql`] | tables in a database |
//! | [`mod@file`] | one JSON object a line, in a file |
//! | [`stdout`] | the same lines on standard output |
//! | [`duration`] | times in settings, such as `15s` |
//! | `table` | which columns a record type has, shared by the sinks that write tables |
//! | `line` | the JSON line of an entry, shared by the sinks that write lines |
//! | `path` | paths in settings, and what an input or output error means |
//!
//! A sink never retries, never reads a clock and never logs what it carries: it answers per entry, and the engine
//! decides.

pub mod duration;
pub mod file;
mod line;
mod path;
pub mod registry;
pub mod sql;
pub mod stdout;
mod table;
#[cfg(test)]
mod testing;
pub mod webhook;

pub use registry::{Context, Kind, SinkOptions, build, schema_of};
