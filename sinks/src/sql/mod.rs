//! Writes entries into tables of a database, `SQLite` or PostgreSQL: one row per record, the newest version wins.
//!
//! A batch is one transaction. Delivering the same entries again changes nothing, and an older version never replaces a
//! newer one. It never drops or empties a table, and never touches one that is not in its layout.

mod layout;
mod options;
mod postgres;
mod refusal;
mod row;
mod server;
mod sqlite;
mod statement;
mod text;
mod write;

use std::time::Duration;

use async_trait::async_trait;
use tributary_contract::sink::{Batch, Grouping, Limits, Outcome, Report, Sink, SinkError};

use self::options::Place;
pub use self::options::{Layout, Options};
use self::postgres::Postgres;
use self::refusal::Failure;
use self::row::Row;
use self::sqlite::Sqlite;
use crate::registry::{Context, Kind};

pub(crate) const KIND: Kind = Kind {
    name: "sql",
    summary: "tables in a database (SQLite, PostgreSQL)",
    grouping: "one row per record, up to 500 entries in a transaction",
    guarantee: "exactly one row per record, holding its newest version",
};

/// How long to wait for another writer of a file before the batch has to wait instead.
const BUSY: Duration = Duration::from_secs(5);

/// A database of a tenant.
pub struct Sql {
    database: Database,
    layout: Layout,
    in_flight: usize,
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
        let layout = options.layout;
        let (database, in_flight) = match options.check(context)? {
            Place::File(path) => {
                (Database::Sqlite(Sqlite::new(path, layout, options.prefix.clone(), busy)), 1)
            }
            Place::Server(server) => {
                let in_flight = server.connections;
                let schema = options.schema.as_deref();
                let database = Postgres::new(*server, layout, schema, &options.prefix);
                (Database::Postgres(Box::new(database)), in_flight)
            }
        };
        Ok(Self { database, layout, in_flight })
    }
}

/// The kinds of database. Each takes rows, all or none, and knows what its own errors mean.
enum Database {
    Sqlite(Sqlite),
    Postgres(Box<Postgres>),
}

impl Database {
    /// Makes what is missing and says what was made.
    async fn prepare(&self) -> Result<Vec<String>, Failure> {
        match self {
            Self::Sqlite(database) => database.prepare().await,
            Self::Postgres(database) => database.prepare().await,
        }
    }

    /// Writes all rows or none.
    async fn write(&self, rows: &[&Row<'_>]) -> Result<(), Failure> {
        match self {
            Self::Sqlite(database) => database.write(rows).await,
            Self::Postgres(database) => database.write(rows).await,
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
            in_flight: self.in_flight,
        }
    }

    async fn check(&self) -> Result<Report, SinkError> {
        Ok(Report { lines: self.database.prepare().await? })
    }

    async fn deliver(&self, batch: &Batch) -> Result<Vec<Outcome>, SinkError> {
        write::write(&self.database, self.layout, batch).await
    }
}

#[cfg(test)]
mod tests;
