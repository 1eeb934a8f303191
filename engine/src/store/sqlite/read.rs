//! Reads rows back.
//!
//! A row that makes no sense is named in the log and left out of lists, so that it holds up none of its neighbours;
//! asked for alone, it is an error. Never writes.

use chrono::{DateTime, Utc};
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{AssertSqlSafe, QueryBuilder, Sqlite, SqlitePool};
use tributary_contract::Cursor;
use uuid::Uuid;

use super::column::{Columns, Damage, signed_len};
use super::unavailable;
use super::write::{chunks, tuples};
use crate::store::{
    Connection, ConnectionCount, ConnectionFilter, ConnectionState, CursorRow, Flow, InboxRow, Lane, Parked,
    SealedAppKey, SealedCredential, StoreError,
};

pub(super) type Query<'q> = sqlx::query::Query<'q, Sqlite, SqliteArguments>;

/// A kind of row: its name in errors, the column that tells which row it is, and how it is read.
pub(super) struct Shape<T> {
    pub(super) what: &'static str,
    pub(super) read: fn(&Columns<'_>) -> Result<T, Damage>,
}

impl<T> Shape<T> {
    pub(super) async fn one(
        &self,
        db: &SqlitePool,
        doing: &'static str,
        query: Query<'_>,
    ) -> Result<Option<T>, StoreError> {
        let row = query.fetch_optional(db).await.map_err(|error| unavailable(doing, &error))?;
        row.map(|row| (self.read)(&Columns(&row)).map_err(|damage| damage.of(self.what))).transpose()
    }

    pub(super) async fn list(
        &self,
        db: &SqlitePool,
        doing: &'static str,
        query: Query<'_>,
    ) -> Result<Vec<T>, StoreError> {
        let rows = query.fetch_all(db).await.map_err(|error| unavailable(doing, &error))?;
        let read = |row: &SqliteRow| set_aside(self.what, row, (self.read)(&Columns(row)));
        Ok(rows.iter().filter_map(read).collect())
    }
}

/// Names a damaged row by its table and the place that its first column gives.
pub(super) fn set_aside<T>(what: &'static str, row: &SqliteRow, read: Result<T, Damage>) -> Option<T> {
    match read {
        Ok(read) => Some(read),
        Err(damage) => {
            let place = place(row);
            tracing::error!(
                what,
                place,
                damage = damage.text(),
                "the store holds a damaged row, which is left out"
            );
            None
        }
    }
}

fn place(row: &SqliteRow) -> String {
    let columns = Columns(row);
    let number = || columns.get::<i64>("place").map(|number| number.to_string());
    let id = || columns.uuid("place").map(|id| id.to_string());
    number().or_else(|_| id()).unwrap_or_else(|_| "unknown".to_owned())
}

pub(super) async fn count(
    db: &SqlitePool,
    doing: &'static str,
    sql: &'static str,
    sink: (&str, &str),
) -> Result<u64, StoreError> {
    let number: Option<i64> = sqlx::query_scalar(sql)
        .bind(sink.0)
        .bind(sink.1)
        .fetch_optional(db)
        .await
        .map_err(|error| unavailable(doing, &error))?;
    Ok(number.and_then(|number| u64::try_from(number).ok()).unwrap_or_default())
}

const CONNECTION: Shape<Connection> = Shape { what: "connection", read: connection_row };
const CONNECTION_COLUMNS: &str = "SELECT id AS place, tenant, provider, reference_id, account, state, reason, epoch, \
                                  created_at, updated_at FROM connection WHERE id ";

fn connection_row(columns: &Columns<'_>) -> Result<Connection, Damage> {
    Ok(Connection {
        id: columns.uuid("place")?,
        tenant: columns.get::<&str>("tenant")?.into(),
        provider: columns.get("provider")?,
        reference_id: columns.get("reference_id")?,
        account: columns.json("account")?,
        state: columns.get::<&str>("state")?.parse().map_err(Damage::new)?,
        reason: columns.get("reason")?,
        epoch: columns.number("epoch")?,
        created_at: columns.time("created_at")?,
        updated_at: columns.time("updated_at")?,
    })
}

pub(super) async fn connection(db: &SqlitePool, id: Uuid) -> Result<Option<Connection>, StoreError> {
    let mut query = QueryBuilder::<Sqlite>::new(CONNECTION_COLUMNS);
    query.push("= ").push_bind(id.as_bytes().as_slice());
    CONNECTION.one(db, "reading a connection", query.build()).await
}

pub(super) async fn connections_by_id(db: &SqlitePool, ids: &[Uuid]) -> Result<Vec<Connection>, StoreError> {
    let mut found = Vec::with_capacity(ids.len());
    for chunk in chunks(ids) {
        let mut query =
            sqlx::query(AssertSqlSafe(format!("{CONNECTION_COLUMNS} IN {}", tuples(1, chunk.len()))));
        for id in chunk {
            query = query.bind(id.as_bytes().as_slice());
        }
        found.extend(CONNECTION.list(db, "reading the connections", query).await?);
    }
    Ok(found)
}

/// Goes on until the page is full or there is nothing more, so that a damaged row never looks like the end.
pub(super) async fn connections(
    db: &SqlitePool,
    filter: &ConnectionFilter,
    after: Option<Uuid>,
    limit: usize,
) -> Result<Vec<Connection>, StoreError> {
    let mut found = Vec::new();
    let mut after = after.map_or_else(Vec::new, |after| after.as_bytes().to_vec());
    while found.len() < limit {
        let asked = limit - found.len();
        let rows = connections_query(filter, &after, asked)
            .build()
            .fetch_all(db)
            .await
            .map_err(|error| unavailable("reading the connections", &error))?;
        let read = |row: &SqliteRow| set_aside(CONNECTION.what, row, connection_row(&Columns(row)));
        found.extend(rows.iter().filter_map(read));
        match rows.last() {
            Some(last) if rows.len() == asked => {
                after = Columns(last).get("place").map_err(|damage| damage.of(CONNECTION.what))?;
            }
            Some(_) | None => break,
        }
    }
    Ok(found)
}

fn connections_query<'q>(
    filter: &'q ConnectionFilter,
    after: &'q [u8],
    limit: usize,
) -> QueryBuilder<Sqlite> {
    let mut query = QueryBuilder::<Sqlite>::new(CONNECTION_COLUMNS);
    query.push("> ").push_bind(after);
    for (column, wanted) in [
        (" AND tenant = ", filter.tenant.as_deref()),
        (" AND provider = ", filter.provider.as_deref()),
        (" AND reference_id = ", filter.reference_id.as_deref()),
        (" AND account_id = ", filter.account.as_deref()),
        (" AND state = ", filter.state.map(ConnectionState::as_str)),
    ] {
        if let Some(wanted) = wanted {
            query.push(column).push_bind(wanted);
        }
    }
    query.push(" ORDER BY id LIMIT ").push_bind(signed_len(limit));
    query
}

pub(super) async fn credential(
    db: &SqlitePool,
    connection: Uuid,
) -> Result<Option<SealedCredential>, StoreError> {
    const CREDENTIAL: Shape<SealedCredential> = Shape {
        what: "credential",
        read: |columns| {
            Ok(SealedCredential {
                connection: columns.uuid("place")?,
                sealed: columns.get("sealed")?,
                stored_at: columns.time("stored_at")?,
            })
        },
    };
    let query =
        sqlx::query("SELECT connection AS place, sealed, stored_at FROM credential WHERE connection = ?")
            .bind(connection.as_bytes().as_slice());
    CREDENTIAL.one(db, "reading a credential", query).await
}

pub(super) async fn app_keys(db: &SqlitePool, app: Option<&str>) -> Result<Vec<SealedAppKey>, StoreError> {
    const APP_KEY: Shape<SealedAppKey> = Shape {
        what: "key of a provider app",
        read: |columns| {
            Ok(SealedAppKey {
                app: columns.get("place")?,
                name: columns.get("name")?,
                sealed: columns.get("sealed")?,
                stored_at: columns.time("stored_at")?,
            })
        },
    };
    let query = sqlx::query(
        "SELECT app AS place, name, sealed, stored_at FROM app_key WHERE ?1 IS NULL OR app = ?1 \
         ORDER BY app, name",
    );
    APP_KEY.list(db, "reading the keys of provider apps", query.bind(app.map(str::to_owned))).await
}

const CURSOR: Shape<CursorRow> = Shape { what: "cursor", read: cursor_row };

fn cursor_row(columns: &Columns<'_>) -> Result<CursorRow, Damage> {
    let lane = Lane::of_word(columns.get("lane")?).ok_or_else(|| Damage::new("column lane: unknown word"))?;
    Ok(CursorRow {
        resource: columns.get("resource")?,
        lane,
        cursor: Cursor { through: columns.time("through")?, token: columns.get("token")? },
        finished: columns.get("finished")?,
        updated_at: columns.time("updated_at")?,
    })
}

pub(super) async fn cursor(
    db: &SqlitePool,
    connection: Uuid,
    resource: &str,
    lane: Lane,
) -> Result<Option<CursorRow>, StoreError> {
    let query = sqlx::query(
        "SELECT connection AS place, resource, lane, through, token, finished, updated_at FROM cursor \
         WHERE connection = ? AND resource = ? AND lane = ?",
    )
    .bind(connection.as_bytes().as_slice())
    .bind(resource)
    .bind(lane.as_str());
    CURSOR.one(db, "reading a cursor", query).await
}

pub(super) async fn cursors(db: &SqlitePool, connection: Uuid) -> Result<Vec<CursorRow>, StoreError> {
    let query = sqlx::query(
        "SELECT connection AS place, resource, lane, through, token, finished, updated_at FROM cursor \
         WHERE connection = ? ORDER BY resource, lane",
    )
    .bind(connection.as_bytes().as_slice());
    CURSOR.list(db, "reading the cursors", query).await
}

pub(super) const INBOX: Shape<InboxRow> = Shape {
    what: "inbox row",
    read: |columns| {
        Ok(InboxRow {
            id: columns.get("place")?,
            connection: columns.uuid("connection")?,
            notice: columns.json("notice")?,
            received_at: columns.time("received_at")?,
            due_at: columns.time("due_at")?,
            attempts: columns.number("attempts")?,
            trace: columns.trace("trace")?,
        })
    },
};

pub(super) async fn inbox(
    db: &SqlitePool,
    connection: Uuid,
    limit: usize,
) -> Result<Vec<InboxRow>, StoreError> {
    let query = sqlx::query(
        "SELECT id AS place, connection, notice, received_at, due_at, attempts, trace FROM inbox \
         WHERE connection = ? AND given_up = 0 ORDER BY id LIMIT ?",
    )
    .bind(connection.as_bytes().as_slice())
    .bind(signed_len(limit));
    INBOX.list(db, "reading the inbox", query).await
}

pub(super) async fn inbox_pending(db: &SqlitePool) -> Result<Vec<(Uuid, DateTime<Utc>)>, StoreError> {
    const PENDING: Shape<(Uuid, DateTime<Utc>)> =
        Shape { what: "inbox row", read: |columns| Ok((columns.uuid("place")?, columns.time("due_at")?)) };
    let query = sqlx::query(
        "SELECT connection AS place, min(due_at) AS due_at FROM inbox \
         WHERE given_up = 0 AND connection IS NOT NULL GROUP BY connection",
    );
    PENDING.list(db, "reading the inbox", query).await
}

pub(super) async fn flow(db: &SqlitePool, state: &str) -> Result<Option<Flow>, StoreError> {
    const FLOW: Shape<Flow> = Shape {
        what: "authorisation flow",
        read: |columns| {
            Ok(Flow {
                state: columns.get("state")?,
                tenant: columns.get::<&str>("tenant")?.into(),
                provider: columns.get("provider")?,
                connection: columns.uuid("connection")?,
                reference_id: columns.get("reference_id")?,
                verifier: columns.get("verifier")?,
                success_url: columns.get("success_url")?,
                failure_url: columns.get("failure_url")?,
                expires_at: columns.time("expires_at")?,
            })
        },
    };
    let query = sqlx::query(
        "SELECT state, tenant, provider, connection, reference_id, verifier, success_url, failure_url, expires_at \
         FROM flow WHERE state = ?",
    )
    .bind(state);
    FLOW.one(db, "reading an authorisation flow", query).await
}

pub(super) async fn offset(db: &SqlitePool, tenant: &str, sink: &str) -> Result<u64, StoreError> {
    let sql = "SELECT position FROM sink_offset WHERE tenant = ? AND sink = ?";
    count(db, "reading an offset", sql, (tenant, sink)).await
}

pub(super) async fn parked(
    db: &SqlitePool,
    tenant: &str,
    sink: &str,
    limit: usize,
) -> Result<Vec<Parked>, StoreError> {
    const PARKED: Shape<Parked> = Shape {
        what: "parked delivery",
        read: |columns| {
            Ok(Parked {
                delivery: columns.uuid("place")?,
                tenant: columns.get::<&str>("tenant")?.into(),
                sink: columns.get::<&str>("sink")?.into(),
                connection: columns.uuid("connection")?,
                sequences: columns.json("sequences")?,
                attempts: columns.number("attempts")?,
                due_at: columns.time("due_at")?,
                reason: columns.get("reason")?,
                first_at: columns.time("first_at")?,
                replay: columns.get("replay")?,
            })
        },
    };
    let query = sqlx::query(
        "SELECT delivery AS place, tenant, sink, connection, sequences, attempts, due_at, reason, first_at, replay \
         FROM parked WHERE tenant = ? AND sink = ? ORDER BY due_at, first_at, delivery LIMIT ?",
    )
    .bind(tenant)
    .bind(sink)
    .bind(signed_len(limit));
    PARKED.list(db, "reading the parked deliveries", query).await
}

pub(super) async fn parked_count(db: &SqlitePool, tenant: &str, sink: &str) -> Result<u64, StoreError> {
    let sql = "SELECT count(*) FROM parked WHERE tenant = ? AND sink = ?";
    count(db, "counting the parked deliveries", sql, (tenant, sink)).await
}

pub(super) async fn connection_counts(db: &SqlitePool) -> Result<Vec<ConnectionCount>, StoreError> {
    const COUNT: Shape<ConnectionCount> = Shape {
        what: "connection",
        read: |columns| {
            Ok(ConnectionCount {
                provider: columns.get("provider")?,
                state: columns.get::<&str>("state")?.parse().map_err(Damage::new)?,
                count: columns.number("place")?,
            })
        },
    };
    let query = sqlx::query(
        "SELECT count(*) AS place, provider, state FROM connection GROUP BY provider, state \
         ORDER BY provider, state",
    );
    COUNT.list(db, "counting the connections", query).await
}

pub(super) async fn meta(db: &SqlitePool, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
    sqlx::query_scalar("SELECT value FROM meta WHERE name = ?")
        .bind(name)
        .fetch_optional(db)
        .await
        .map_err(|error| unavailable("reading a value", &error))
}
