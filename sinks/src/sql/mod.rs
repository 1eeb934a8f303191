//! Writes entries into typed tables of a database: one row per record, the newest version wins.
//!
//! A batch is one transaction. Delivering the same entries again changes nothing, and an older version never replaces a
//! newer one. It never drops or empties a table, and never touches one that is not in its layout.

mod layout;
mod options;
mod refusal;
mod row;
mod sqlite;
mod statement;
mod write;

use std::time::Duration;

use async_trait::async_trait;
use tributary_contract::sink::{Batch, Grouping, Limits, Outcome, Report, Sink, SinkError};

pub use self::options::{Layout, Options};
use self::sqlite::Sqlite;
use crate::registry::{Context, Kind};

pub(crate) const KIND: Kind = Kind {
    name: "sql",
    summary: "typed tables in a database (SQLite)",
    grouping: "one row per record, up to 500 entries in a transaction",
    guarantee: "exactly one row per record, holding its newest version",
};

/// How long to wait for another writer before the batch has to wait instead.
const BUSY: Duration = Duration::from_secs(5);

/// A database of a tenant.
pub struct Sql {
    database: Sqlite,
}

impl Sql {
    /// A database with these settings. It is opened by the first check or batch.
    ///
    /// # Errors
    /// [`SinkError::Unusable`] with the setting that cannot work.
    pub fn new(options: &Options, context: &Context) -> Result<Self, SinkError> {
        Self::waiting(options, context, BUSY)
    }

    fn waiting(options: &Options, context: &Context, busy: Duration) -> Result<Self, SinkError> {
        let path = options.check(&context.data_dir)?;
        match options.layout {
            Layout::Typed => Ok(Self { database: Sqlite::new(path, options.prefix.clone(), busy) }),
        }
    }
}

#[async_trait]
impl Sink for Sql {
    fn limits(&self) -> Limits {
        Limits {
            grouping: Grouping::Mixed,
            entries: 500,
            bytes: 16 * 1024 * 1024,
            entry_bytes: 64 * 1024 * 1024,
            in_flight: 1,
        }
    }

    async fn check(&self) -> Result<Report, SinkError> {
        Ok(Report { lines: self.database.prepare().await? })
    }

    async fn deliver(&self, batch: &Batch) -> Result<Vec<Outcome>, SinkError> {
        write::write(&self.database, batch).await
    }
}

#[cfg(test)]
mod tests;
