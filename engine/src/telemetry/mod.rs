//! What the engine tells about itself: spans, metrics, and ids that join both with the log lines.
//!
//! | file | what |
//! |---|---|
//! | [`span`] | every span: its name, its attributes, and how one follows from another |
//! | [`metric`] | every instrument: name, unit, kind, labels, meaning |
//! | [`instrument`] | what an instrument is made of |
//! | [`fresh`] | how old the newest thing is that a sink has taken |
//! | [`tally`] | connections by provider and state |
//! | [`export`] | OTLP and Prometheus, started and stopped |
//! | [`drops`] | what an exporter could not send is dropped and counted |
//! | [`mod@line`] | trace ids in log lines |
//!
//! Names are constants in here and nowhere else. It never carries an id of a user or a connection, a payload or the
//! text of an error.

pub mod drops;
pub mod export;
pub mod fresh;
pub mod instrument;
pub mod line;
pub mod metric;
pub mod span;
pub mod tally;

pub use export::{Options, StartError, Telemetry};
