//! Durable append: records through the Store writer, against the same bytes in multi-row inserts into a bare table.
//!
//! Both write 1.5 KB rows into a file of their own in WAL mode with `synchronous=FULL`, round by round in turn. The
//! writer also keeps digests, cursors, indexes and the tenant's count; the bare table has one index, its key.
#![expect(clippy::expect_used, reason = "a bench ends when something is not as it should be")]

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures_util::future::join_all;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions as _, SqliteConnection};
use tributary_contract::Cursor;
use tributary_contract::model::{DataType, Digest, EntryId, NaturalKey};
use tributary_engine::clock::Clock;
use tributary_engine::store::{
    Change, Changeset, Connection, ConnectionState, Lane, SqliteStore, Store, Writer, WriterOptions,
};
use tributary_tests::measure::{Asked, Bar, Row, machine, median, rate, say};
use uuid::Uuid;

/// Bytes of a record.
const BODY: usize = 1_500;
/// Rows of one raw transaction and one raw statement.
const BATCH: usize = 500;
/// Jobs that commit side by side, and records in each of their changesets.
const SENDERS: usize = 16;
const RECORDS: usize = 50;

/// The program's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let asked = Asked::read();
    let (rounds, rows) = asked.of((3, 24_000), (7, 80_000));
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory on the disk");
    let (mut ours, mut raws, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    let mut efforts = Vec::new();
    actix_rt::System::new().block_on(async {
        let mut bare = bare(&directory.path().join("raw.db")).await;
        let store = Opened::at(&directory.path().join("store.db")).await;
        for round in 0..rounds {
            let raw = raw(&mut bare, rows).await;
            let our = store.append(round, rows).await;
            efforts.push(raw.processor.as_secs_f64() / our.processor.as_secs_f64());
            let (raw, our) = (rate(rows, raw.wall), rate(rows, our.wall));
            say(&format!(
                "round {round}: raw {raw:.0} rows/s, writer {our:.0} records/s, ratio {:.2}",
                our / raw
            ));
            ours.push(our);
            raws.push(raw);
            ratios.push(our / raw);
        }
        store.close().await;
    });
    let row = Row {
        what: "durable append through the Store writer, 1.5 KB".to_owned(),
        measured: format!("{:.0} records/s, {:.2} × by processor time", median(&ours), median(&efforts)),
        raw: format!("{:.0} rows/s into a bare table", median(&raws)),
        value: median(&ratios),
        unit: "×",
        least: Bar::AtLeast(0.4),
        aim: Bar::AtLeast(0.8),
    };
    row.print(asked);
}

/// A body that does not compress and differs from row to row, as records do.
fn body(number: u64) -> Bytes {
    let mut body = Vec::with_capacity(BODY);
    let mut state = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    while body.len() < BODY {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        body.extend_from_slice(hex::encode(state.to_be_bytes()).as_bytes());
    }
    body.truncate(BODY);
    body.into()
}

async fn bare(path: &Path) -> SqliteConnection {
    let mut db = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .page_size(8192)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .disable_statement_logging()
        .connect()
        .await
        .expect("a database");
    let table =
        "CREATE TABLE log (sequence INTEGER PRIMARY KEY, connection BLOB, key TEXT, body BLOB) STRICT";
    sqlx::query(table).execute(&mut db).await.expect("a table");
    db
}

/// What a round took.
struct Took {
    wall: Duration,
    processor: Duration,
}

/// Begins to measure; the end is told when the closure is called.
fn measure() -> impl FnOnce() -> Took {
    let (processor, began) = (machine::processor_time(), Instant::now());
    move || Took { wall: began.elapsed(), processor: machine::processor_time().saturating_sub(processor) }
}

async fn raw(db: &mut SqliteConnection, rows: usize) -> Took {
    let bodies: Vec<Bytes> = (0..rows).map(|row| body(row as u64)).collect();
    let connection = Uuid::new_v4();
    let values = vec!["(?,?,?)"; BATCH].join(",");
    let sql = format!("INSERT INTO log (connection, key, body) VALUES {values}");
    let end = measure();
    for chunk in bodies.chunks(BATCH) {
        // A whole batch is one statement, which is a transaction by itself.
        assert_eq!(chunk.len(), BATCH, "rows come in whole batches");
        let mut query = sqlx::query(AssertSqlSafe(sql.as_str()));
        for body in chunk {
            query = query.bind(connection.as_bytes().as_slice()).bind("2026-05-02").bind(body.as_ref());
        }
        query.execute(&mut *db).await.expect("rows");
    }
    end()
}

struct Opened {
    store: Arc<SqliteStore>,
    writer: Writer,
    arbiter: actix_rt::Arbiter,
    connections: Vec<Uuid>,
}

impl Opened {
    async fn at(path: &Path) -> Self {
        let store =
            Arc::new(SqliteStore::open(&format!("sqlite://{}", path.display())).await.expect("a store"));
        let shared: Arc<dyn Store> = Arc::clone(&store) as Arc<dyn Store>;
        let (writer, task) = Writer::start(shared, Clock::real(), WriterOptions::default());
        let arbiter = actix_rt::Arbiter::new();
        assert!(arbiter.spawn(task.run()), "the writer's thread runs");
        let connections: Vec<Uuid> = (0..SENDERS).map(|_| Uuid::new_v4()).collect();
        let put = |id: &Uuid| Change::ConnectionPut(connection(*id));
        let changes = connections.iter().map(put).collect();
        writer.commit(Changeset::unfenced(changes)).await.expect("connections");
        Self { store, writer, arbiter, connections }
    }

    /// Hands in changesets as jobs do: records and the cursor that they advance, fenced. The bodies exist before.
    async fn append(&self, round: usize, rows: usize) -> Took {
        let tenant: Arc<str> = Arc::from("bench");
        let per_sender = rows / SENDERS / RECORDS;
        assert_eq!(per_sender * SENDERS * RECORDS, rows, "rows divide evenly");
        let now = Clock::real().now();
        let mut plans: Vec<Vec<Changeset>> = Vec::new();
        for (sender, id) in self.connections.iter().enumerate() {
            let changesets = (0..per_sender).map(|part| {
                let first = ((round * SENDERS + sender) * per_sender + part) * RECORDS;
                changeset(&tenant, *id, first, now)
            });
            plans.push(changesets.collect());
        }
        let end = measure();
        join_all(plans.into_iter().map(|changesets| async {
            for changeset in changesets {
                let committed = self.writer.commit(changeset).await.expect("a commit");
                assert_eq!(committed.added, RECORDS, "every record is new");
            }
        }))
        .await;
        end()
    }

    async fn close(self) {
        self.writer.stop();
        self.store.close().await;
        self.arbiter.stop();
    }
}

fn changeset(tenant: &Arc<str>, connection: Uuid, first: usize, now: DateTime<Utc>) -> Changeset {
    let mut changes: Vec<Change> = (first..first + RECORDS)
        .map(|number| {
            let body = body(number as u64);
            let (data_type, key) = (DataType::Activity, NaturalKey::new(format!("{number:012}")));
            let digest = Digest::of(&body);
            let id = EntryId::of_record(connection, data_type, &key, digest);
            let tenant = Arc::clone(tenant);
            Change::Record { tenant, connection, data_type, key, digest, id, body, trace: None }
        })
        .collect();
    let resource = "activities".to_owned();
    let cursor = Cursor::at(now);
    changes.push(Change::Cursor { connection, resource, lane: Lane::Live, cursor, finished: false });
    Changeset::fenced(connection, 1, changes)
}

fn connection(id: Uuid) -> Connection {
    let now = Clock::real().now();
    Connection {
        id,
        tenant: Arc::from("bench"),
        provider: "strava".to_owned(),
        reference_id: None,
        account: tributary_contract::Account::new(id.to_string()),
        state: ConnectionState::Active,
        reason: None,
        epoch: 1,
        created_at: now,
        updated_at: now,
    }
}
