//! Everything that is peculiar to PostgreSQL: rows as arrays, one statement per table, one transaction.
//!
//! Rows come in and are on the server's disk when a call returns: a transaction waits for its log whatever the
//! database's own setting says. Nothing depends on the session, so transactions may come from a pooler.

mod array;
mod connection;
mod prepare;
mod refusal;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sqlx::{AssertSqlSafe, PgConnection};

use self::array::{arguments, source};
use self::connection::Connections;
use self::prepare::Preparation;
use self::refusal::sort;
use super::layout::Plan;
use super::options::Layout;
use super::refusal::Failure;
use super::row::Row;
use super::server::Server;
use super::statement::{Dialect, insert};
use crate::table::ColumnKind;

const DIALECT: Dialect = Dialect {
    type_name: |kind| match kind {
        ColumnKind::Text => "text",
        ColumnKind::Integer => "bigint",
        ColumnKind::Real => "double precision",
        ColumnKind::Boolean => "boolean",
        ColumnKind::Instant => "timestamp with time zone",
        ColumnKind::Day => "date",
        ColumnKind::Json => "jsonb",
    },
};

/// A database on a server.
pub(super) struct Postgres {
    connections: Connections,
    preparation: Preparation,
    inserts: Vec<(Plan, Arc<str>)>,
    /// Whether the tables were prepared.
    ready: AtomicBool,
}

impl Postgres {
    /// Nothing is connected before the first call.
    pub(super) fn new(server: Server, layout: Layout, schema: Option<&str>, prefix: &str) -> Self {
        let preparation = Preparation::new(layout, schema, prefix);
        let text =
            |plan: &Plan| Arc::from(insert(plan, &preparation.name(&plan.table), &source(&plan.table)));
        let inserts = Plan::all(layout, prefix).into_iter().map(|plan| (plan.clone(), text(&plan))).collect();
        Self { inserts, preparation, connections: Connections::new(server), ready: AtomicBool::new(false) }
    }

    /// Makes what is missing and says what was made.
    pub(super) async fn prepare(&self) -> Result<Vec<String>, Failure> {
        let mut begun = self.connections.begin().await?;
        let mut lines = self.connections.bounded(self.preparation.run(&mut begun.connection)).await?;
        self.connections.commit(begun).await?;
        lines.push(format!("{} tables are ready in {}", self.preparation.count(), self.connections.server()));
        self.ready.store(true, Ordering::Release);
        Ok(lines)
    }

    /// Writes all rows or none. Of two versions of a record, the newer one.
    pub(super) async fn write(&self, rows: &[&Row<'_>]) -> Result<(), Failure> {
        if !self.ready.load(Ordering::Acquire) {
            self.prepare().await?;
        }
        match self.transaction(rows).await {
            // Somebody dropped or changed a table: make what is missing, or say what is in the way, once.
            Err(Failure::Shape(_)) => {
                self.prepare().await?;
                self.transaction(rows).await
            }
            done => done,
        }
    }

    async fn transaction(&self, rows: &[&Row<'_>]) -> Result<(), Failure> {
        let mut begun = self.connections.begin().await?;
        self.connections.bounded(self.insert(&mut begun.connection, rows)).await?;
        self.connections.commit(begun).await
    }

    async fn insert(&self, connection: &mut PgConnection, rows: &[&Row<'_>]) -> Result<(), Failure> {
        for (plan, text) in &self.inserts {
            let rows = plan.newest(rows);
            if rows.is_empty() {
                continue;
            }
            let statement = sqlx::query_with(AssertSqlSafe(text.clone()), arguments(&plan.table, &rows)?);
            let statement = statement.persistent(!self.connections.server().pooled);
            statement.execute(&mut *connection).await.map_err(|error| sort(&error))?;
        }
        Ok(())
    }
}
