//! Where a sink may be rewound to, and how many entries it will get again. Reads the store, writes nothing.

use chrono::{DateTime, Utc};
use thiserror::Error;

use crate::store::{LogFilter, Store, StoreError};

/// From where on entries are wanted again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum From {
    /// From the entry with this sequence on.
    Sequence(u64),
    /// From the first entry on that was committed then or later.
    Time(DateTime<Utc>),
}

/// A rewind that is possible.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// The sink's offset now.
    pub before: u64,
    /// The offset that it gets.
    pub offset: u64,
    /// Entries of the tenant's log that it passes once more, not counting what it had not settled yet.
    pub entries: u64,
}

/// Why a sink cannot be rewound.
#[derive(Debug, Error)]
pub enum RewindError {
    /// It has not got there yet, so there is nothing to deliver again.
    #[error(
        "the sink stands at sequence {offset} and has not got to sequence {wanted} yet; there is nothing to deliver again"
    )]
    NotThere {
        /// Its offset.
        offset: u64,
        /// The first sequence that was wanted.
        wanted: u64,
    },
    /// Retention has removed entries behind that place.
    #[error(
        "entries behind that place are removed already; the log is whole from sequence {oldest} on{}",
        at.map_or_else(String::new, |at| format!(", committed at {}", at.to_rfc3339()))
    )]
    NotKept {
        /// The oldest sequence that can be asked for.
        oldest: u64,
        /// When it was committed, if there is an entry.
        at: Option<DateTime<Utc>>,
    },
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Looks whether a sink can be rewound. The answer holds only as long as retention does not run.
pub async fn plan(store: &dyn Store, tenant: &str, sink: &str, from: From) -> Result<Plan, RewindError> {
    let removed_to = store.log_whole_after().await?;
    let before = store.offset(tenant, sink).await?;
    let filter = LogFilter { after: Some(removed_to), oldest_first: true, ..LogFilter::default() };
    let oldest = store.log_list(&filter, 1).await?.into_iter().next();
    let at = oldest.as_ref().map(|row| row.committed_at);
    let first = match from {
        From::Sequence(sequence) => sequence.max(1),
        // Before the oldest entry that is kept there was something only if something was removed.
        From::Time(time) if removed_to > 0 && at.is_none_or(|at| time < at) => 1,
        From::Time(time) => {
            let found = store.log_seek(time).await?;
            found.map_or(before.saturating_add(1), |found| found.max(removed_to.saturating_add(1)))
        }
    };
    if first <= removed_to {
        return Err(RewindError::NotKept { oldest: removed_to.saturating_add(1), at });
    }
    if first > before {
        return Err(RewindError::NotThere { offset: before, wanted: first });
    }
    let offset = first.saturating_sub(1);
    let (all, left) = (store.backlog(tenant, offset).await?, store.backlog(tenant, before).await?);
    Ok(Plan { before, offset, entries: all.saturating_sub(left) })
}
