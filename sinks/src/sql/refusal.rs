//! Why a transaction did not happen, whatever the database.
//!
//! The file of each database sorts its own errors into these. Texts come from the database's short message, never from
//! its details, which may quote values.

use tributary_contract::sink::SinkError;

/// Why nothing of a transaction was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Failure {
    /// Passes by itself: busy, full, broken connection.
    Passing(String),
    /// Heals only by a person.
    Denied {
        /// What the database said.
        reason: String,
        /// What to do.
        advice: String,
    },
    /// A table or a column is missing.
    Shape(String),
    /// At least one of the rows cannot be written, ever.
    Row(String),
}

impl From<Failure> for SinkError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Passing(reason) => Self::Unavailable { reason, after: None },
            Failure::Denied { reason, advice } => Self::Denied { reason, advice },
            Failure::Shape(reason) | Failure::Row(reason) => Self::Denied {
                reason,
                advice: "compare the tables with the documented layout, or set another prefix".to_owned(),
            },
        }
    }
}
