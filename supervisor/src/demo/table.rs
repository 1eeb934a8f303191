//! The account as a table.

use super::Outcome;
use crate::cli::output;

/// Prints it.
pub fn print(outcome: &Outcome) {
    output::table(&["", "produced", "delivered", "lost", "duplicates"], outcome.rows());
    output::line(&outcome.speed());
    output::line(&outcome.memory());
}
