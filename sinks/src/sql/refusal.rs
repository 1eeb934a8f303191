//! Why a transaction did not happen, whatever the database.
//!
//! The file of each database sorts its own errors into these. Texts come from the database's short message, never from
//! its details, which may quote values.

use tributary_contract::sink::SinkError;

use super::layout::TableLayout;
use super::options::Layout;

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

/// A table of the same name that rows of ours cannot be told apart in.
pub(super) fn other_key(table: &TableLayout) -> Failure {
    let key = table.key.join(", ");
    Failure::Denied {
        reason: format!("table {} exists and does not have the key ({key})", table.name),
        advice: OWN_NAMES.to_owned(),
    }
}

/// A column of the same name that holds something else.
pub(super) fn other_type(table: &TableLayout, column: &str, found: &str, wanted: &str) -> Failure {
    Failure::Denied {
        reason: format!("column {}.{column} has the type {found} and not {wanted}", table.name),
        advice: OWN_NAMES.to_owned(),
    }
}

/// Tables that a later version of this program made.
pub(super) fn too_new(layout: Layout) -> Failure {
    Failure::Denied {
        reason: format!("the tables of layout {} were made by a newer version", layout.as_str()),
        advice: "run that version, or set another prefix".to_owned(),
    }
}

const OWN_NAMES: &str = "set a prefix, so that our tables get names of their own";
