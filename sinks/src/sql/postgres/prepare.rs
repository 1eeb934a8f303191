//! Makes tables and columns that are missing, and says what is in the way of writing to those that are there.
//!
//! Works in one transaction under a lock, so that any number of installations may check at once. A user who may only
//! read and write is enough once everything is there. It never drops, renames or changes anything.

use sqlx::{AssertSqlSafe, PgConnection, Row as _};

use super::DIALECT;
use super::refusal::sort;
use crate::sql::layout::{TableLayout, VERSION, tables, versions};
use crate::sql::options::Layout;
use crate::sql::refusal::{Failure, other_key, other_type, too_new};
use crate::sql::statement::{add_column, create};
use crate::table::ColumnKind;

/// What must be there before rows are written.
pub(super) struct Preparation {
    layout: Layout,
    schema: Option<String>,
    versions: TableLayout,
    tables: Vec<TableLayout>,
}

/// A column as the database describes it.
struct Found {
    name: String,
    kind: String,
    /// Whether a row cannot do without a value for it.
    demands: bool,
}

impl Preparation {
    pub(super) fn new(layout: Layout, schema: Option<&str>, prefix: &str) -> Self {
        Self {
            layout,
            schema: schema.map(str::to_owned),
            versions: versions(prefix),
            tables: tables(layout, prefix),
        }
    }

    pub(super) fn count(&self) -> usize {
        self.tables.len()
    }

    /// The name of a table, quoted.
    pub(super) fn name(&self, table: &TableLayout) -> String {
        match &self.schema {
            Some(schema) => format!("\"{schema}\".\"{}\"", table.name),
            None => format!("\"{}\"", table.name),
        }
    }

    /// Makes what is missing and says what was made.
    pub(super) async fn run(&self, database: &mut PgConnection) -> Result<Vec<String>, Failure> {
        let mut lines = Vec::new();
        run(database, "select pg_advisory_xact_lock(hashtext('tributary sql sink'))").await?;
        self.look_at_encoding(database).await?;
        self.make_schema(database, &mut lines).await?;
        for table in &self.tables {
            self.make_table(database, table, &mut lines).await?;
        }
        self.note_version(database).await?;
        Ok(lines)
    }

    async fn look_at_encoding(&self, database: &mut PgConnection) -> Result<(), Failure> {
        let encoding: String = scalar(database, "select current_setting('server_encoding')", "").await?;
        if encoding == "UTF8" {
            return Ok(());
        }
        Err(Failure::Denied {
            reason: format!("the database's encoding is {encoding}, which cannot hold all texts"),
            advice: "create a database with the encoding UTF8".to_owned(),
        })
    }

    async fn make_schema(&self, database: &mut PgConnection, lines: &mut Vec<String>) -> Result<(), Failure> {
        let Some(schema) = &self.schema else {
            let current: Option<String> = scalar(database, "select current_schema()::text", "").await?;
            return current.map(drop).ok_or_else(|| Failure::Denied {
                reason: "the user's search path names no schema that exists".to_owned(),
                advice: "set schema".to_owned(),
            });
        };
        let find = "select exists (select 1 from pg_namespace where nspname = $1)";
        if !scalar::<bool>(database, find, schema).await? {
            run(database, &format!("create schema \"{schema}\"")).await?;
            lines.push(format!("created schema {schema}"));
        }
        Ok(())
    }

    async fn make_table(
        &self,
        database: &mut PgConnection,
        table: &TableLayout,
        lines: &mut Vec<String>,
    ) -> Result<(), Failure> {
        let name = self.name(table);
        let found = columns(database, &name).await?;
        if found.is_empty() {
            run(database, &create(table, &name, DIALECT)).await?;
            lines.push(format!("created table {}", table.name));
            return Ok(());
        }
        for column in &table.columns {
            let wanted = DIALECT.column_type(column);
            match found.iter().find(|found| found.name == column.name) {
                None => {
                    run(database, &add_column(column, &name, DIALECT)).await?;
                    lines.push(format!("added column {}.{}", table.name, column.name));
                }
                Some(found) if !fits(column.kind, &found.kind, &wanted) => {
                    return Err(other_type(table, column.name, &found.kind, &wanted));
                }
                Some(_) => {}
            }
        }
        if !has_key(database, &name, table).await? {
            return Err(other_key(table));
        }
        let is_ours = |found: &Found| table.columns.iter().any(|column| column.name == found.name);
        if let Some(foreign) = found.iter().find(|found| found.demands && !is_ours(found)) {
            return Err(Failure::Denied {
                reason: format!("column {}.{} is not ours and cannot be empty", table.name, foreign.name),
                advice: "give it a default, or let it be empty".to_owned(),
            });
        }
        may_write(database, &name, table).await
    }

    async fn note_version(&self, database: &mut PgConnection) -> Result<(), Failure> {
        let name = self.name(&self.versions);
        let find = format!("select max(version) from {name} where layout = $1");
        let found: Option<i64> = scalar(database, &find, self.layout.as_str()).await?;
        match found {
            Some(found) if found > VERSION => Err(too_new(self.layout)),
            Some(VERSION) => Ok(()),
            _ => {
                let note = format!(
                    "insert into {name} (layout, version) values ($1, {VERSION}) \
                     on conflict (layout) do update set version = excluded.version"
                );
                let note = sqlx::query(AssertSqlSafe(note)).bind(self.layout.as_str()).persistent(false);
                note.execute(database).await.map(drop).map_err(|error| sort(&error))
            }
        }
    }
}

/// Whether values of ours can be written to a column of that type.
fn fits(kind: ColumnKind, found: &str, wanted: &str) -> bool {
    found == wanted || (kind == ColumnKind::Text && matches!(found, "text" | "character varying"))
}

async fn columns(database: &mut PgConnection, name: &str) -> Result<Vec<Found>, Failure> {
    const FIND: &str = "select a.attname::text, format_type(a.atttypid, a.atttypmod), \
         a.attnotnull and not a.atthasdef and a.attidentity = '' from pg_attribute a \
         where a.attrelid = to_regclass($1) and a.attnum > 0 and not a.attisdropped";
    let rows = sqlx::query(FIND).bind(name).persistent(false).fetch_all(database).await;
    let rows = rows.map_err(|error| sort(&error))?;
    rows.iter()
        .map(|row| {
            let found =
                || Ok(Found { name: row.try_get(0)?, kind: row.try_get(1)?, demands: row.try_get(2)? });
            found().map_err(|error| sort(&error))
        })
        .collect()
}

/// Whether there is an index by which rows of ours are told apart.
async fn has_key(database: &mut PgConnection, name: &str, table: &TableLayout) -> Result<bool, Failure> {
    const FIND: &str = "select exists (select 1 from pg_index i where i.indrelid = to_regclass($1) \
         and i.indisunique and i.indimmediate and i.indisvalid and i.indpred is null and i.indexprs is null \
         and i.indnatts = i.indnkeyatts and (select array_agg(a.attname::text order by a.attname::text) \
         from pg_attribute a where a.attrelid = i.indrelid and a.attnum = any(i.indkey::int2[])) = $2)";
    let mut key = table.key.to_vec();
    key.sort_unstable();
    let found = sqlx::query_scalar(FIND).bind(name).bind(key).persistent(false).fetch_one(database).await;
    found.map_err(|error| sort(&error))
}

async fn may_write(database: &mut PgConnection, name: &str, table: &TableLayout) -> Result<(), Failure> {
    const FIND: &str = "select coalesce(string_agg(p, ', '), '') from unnest(array['SELECT', 'INSERT', 'UPDATE']) as r(p) \
         where not has_table_privilege(to_regclass($1), p)";
    let missing: String = scalar(database, FIND, name).await?;
    if missing.is_empty() {
        return Ok(());
    }
    Err(Failure::Denied {
        reason: format!("the user lacks {missing} on table {}", table.name),
        advice: format!("grant {missing} on {name} to the user in the url"),
    })
}

/// The one value of a query with one argument, which a query without one does not look at.
async fn scalar<T>(database: &mut PgConnection, text: &str, argument: &str) -> Result<T, Failure>
where
    T: for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres> + Send + Unpin,
{
    let mut query = sqlx::query_scalar(AssertSqlSafe(text.to_owned())).persistent(false);
    if text.contains("$1") {
        query = query.bind(argument);
    }
    query.fetch_one(database).await.map_err(|error| sort(&error))
}

async fn run(database: &mut PgConnection, text: &str) -> Result<(), Failure> {
    let statement = sqlx::raw_sql(AssertSqlSafe(text.to_owned()));
    statement.execute(database).await.map(drop).map_err(|error| sort(&error))
}
