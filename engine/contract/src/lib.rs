//! All that a provider or a sink may know of Tributary.
//!
//! Providers turn what a wearable cloud serves into [`model::Record`]s; sinks take batches of log [`sink::Entry`]s
//! away. Both are written against this crate alone, so neither can reach the store, the vault or the actors.
//!
//! | module | what it holds |
//! |---|---|
//! | [`model`] | the standard records, their events, identities, units and times |
//! | [`spec`] | what differs between providers, as data |
//! | [`provider`] | the trait that a provider implements, notifications in and out |
//! | [`fetch`] | the door to a provider's cloud, and how records are emitted |
//! | [`job`] | one piece of work: resource, window, cause, cursor |
//! | [`sink`] | the trait that a destination implements |
//! | [`error`] | what can go wrong on the way to a provider, by class |
//! | [`secret`] | values that never print |
//! | [`trace`] | the trace context that travels from sync to delivery |
//! | [`recorded`] | a door that answers from documents, for tests and for `tributary normalize` |
//!
//! Nothing here reads a clock, opens a socket or touches a file.

pub mod error;
pub mod fetch;
pub mod job;
pub mod model;
pub mod provider;
pub mod recorded;
pub mod secret;
pub mod sink;
pub mod spec;
pub mod trace;

pub use error::{Class, FetchError};
pub use fetch::{Committer, Credentials, Door, Emitted, Fetch, Request, Response};
pub use job::{Cause, Cursor, Job, Window};
pub use provider::{Account, App, Change, Inbound, Notice, Notified, Provider, Refused, Reply};
pub use secret::Secret;
pub use spec::Spec;
pub use trace::TraceContext;
