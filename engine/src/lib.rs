//! The engine: what keeps connections fresh and sinks fed. A walk along the data path:
//!
//! 1. a due time, a notification or a request wakes a [`connection`] actor, which runs a job;
//! 2. the job's [`fetch`] door waits for a [`budget`] permit, adds the token ([`oauth`], [`vault`]) and sends;
//! 3. the provider's code normalizes; [`ingest`] turns what it emitted into a changeset;
//! 4. the [`store`] writer commits changesets in groups: log entries, cursors, digests and inbox rows in one
//!    transaction;
//! 5. a [`delivery`] actor per sink reads the log at its own offset and hands batches to the sink.
//!
//! [`clock`] is the only source of time. Nothing here knows a particular provider or sink.

pub mod budget;
pub mod clock;
pub mod connection;
pub mod delivery;
pub mod fetch;
pub mod ingest;
pub mod invariant;
pub mod oauth;
pub mod retry;
pub mod store;
pub mod supervised;
pub mod telemetry;
pub mod vault;
