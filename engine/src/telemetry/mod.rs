//! Names of spans and counters, and the counters themselves. It never carries an id of a user or a connection.

pub mod metric;
pub mod span;
