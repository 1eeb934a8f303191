//! Against real database files, read back through connections of their own.

use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Row as _};
use tributary_contract::model::DataType;
use tributary_contract::sink::{Entry, User};

use super::*;
use crate::testing::{self, batch, deleted, life_cycle, record, take, user};

fn sink(directory: &Path) -> Sql {
    prefixed(directory, "")
}

fn prefixed(directory: &Path, prefix: &str) -> Sql {
    let settings = json!({"url": "sqlite://sub/out.db", "prefix": prefix});
    let options: Options = serde_json::from_value(settings).unwrap();
    let context = Context { data_dir: directory.to_owned(), ..Context::default() };
    Sql::waiting(&options, &context, Duration::from_millis(20)).unwrap()
}

fn file(sink: &Sql) -> &Sqlite {
    match &sink.database {
        Database::Sqlite(database) => database,
        Database::Postgres(_) => panic!("a server"),
    }
}

async fn reader(directory: &Path) -> SqliteConnection {
    SqliteConnectOptions::new().filename(directory.join("sub/out.db")).connect().await.unwrap()
}

/// The rows of a query, each as one JSON array in text.
async fn rows(directory: &Path, query: &str) -> Vec<Value> {
    let mut reader = reader(directory).await;
    let found = sqlx::query(AssertSqlSafe(query.to_owned())).fetch_all(&mut reader).await.unwrap();
    reader.close().await.unwrap();
    found.iter().map(|row| serde_json::from_str(&row.get::<String, _>(0)).unwrap()).collect()
}

fn day(user: &Arc<User>, sequence: u64, date: &str, steps: i64) -> Entry {
    let body = json!({
        "metadata": {"start_time": format!("{date}T00:00:00.000000+01:00"), "upload_type": 1},
        "distance_data": {"steps": steps, "distance_meters": 1.5},
    });
    record(user, sequence, DataType::Daily, date, &body.to_string())
}

const DAYS: &str = "select json_array(natural_key, sequence, steps, deleted_at is not null) from daily \
                    order by user_id, natural_key";

#[tokio::test]
async fn a_record_becomes_a_row_of_typed_values() {
    let directory = tempfile::tempdir().unwrap();
    let user = user("u-1");
    let entry = day(&user, 7, "2026-03-01", 4_000);
    let (id, body) = (entry.id.to_string(), String::from_utf8(entry.body.to_vec()).unwrap());
    take(&sink(directory.path()), [entry]).await;
    let found = rows(
        directory.path(),
        "select json_array(user_id, natural_key, reference_id, provider, entry_id, sequence, committed_at, deleted_at, \
         day, start_time, steps, distance_meters, avg_hr_bpm, record, typeof(steps), typeof(distance_meters)) from daily",
    )
    .await;
    assert_eq!(
        found,
        [json!([
            user.id,
            "2026-03-01",
            "u-1",
            "OURA",
            id,
            7,
            "2026-03-01T10:00:07.000000Z",
            null,
            "2026-03-01",
            "2026-03-01T00:00:00.000000+01:00",
            4000,
            1.5,
            null,
            body,
            "integer",
            "real"
        ])]
    );
    let users = "select json_array(user_id, active, scopes, created_at, last_event, sequence) from users";
    assert_eq!(
        rows(directory.path(), users).await,
        [json!([user.id, 1, "daily,sleep", "2026-01-01T00:00:00.000000+00:00", null, 0])]
    );
}

#[tokio::test]
async fn redelivery_changes_nothing_and_the_newest_version_wins() {
    let directory = tempfile::tempdir().unwrap();
    let (sink, user) = (sink(directory.path()), user("u-1"));
    let newer = day(&user, 5, "2026-03-01", 500);
    take(&sink, [newer.clone()]).await;
    take(&sink, [day(&user, 3, "2026-03-01", 300), newer.clone(), newer]).await;
    assert_eq!(rows(directory.path(), DAYS).await, [json!(["2026-03-01", 5, 500, 0])]);
    // Two versions in one batch, in either order.
    take(&sink, [day(&user, 6, "2026-03-02", 6), day(&user, 7, "2026-03-02", 7)]).await;
    take(&sink, [day(&user, 9, "2026-03-03", 9), day(&user, 8, "2026-03-03", 8)]).await;
    assert_eq!(
        rows(directory.path(), DAYS).await,
        [json!(["2026-03-01", 5, 500, 0]), json!(["2026-03-02", 7, 7, 0]), json!(["2026-03-03", 9, 9, 0])]
    );
}

#[tokio::test]
async fn a_deletion_leaves_a_mark_and_no_values() {
    let directory = tempfile::tempdir().unwrap();
    let (sink, user) = (sink(directory.path()), user("u-1"));
    let gone = |n| deleted(&user, n, DataType::Daily, "2026-03-01");
    let query = "select json_array(sequence, deleted_at, steps, record is null) from daily";
    take(&sink, [gone(1)]).await;
    assert_eq!(rows(directory.path(), query).await, [json!([1, "2026-03-01T10:00:01.000000Z", null, 1])]);
    take(&sink, [day(&user, 2, "2026-03-01", 9)]).await;
    assert_eq!(rows(directory.path(), query).await, [json!([2, null, 9, 0])]);
    take(&sink, [gone(3), gone(3), day(&user, 2, "2026-03-01", 9)]).await;
    assert_eq!(rows(directory.path(), query).await, [json!([3, "2026-03-01T10:00:03.000000Z", null, 1])]);
    take(&sink, [day(&user, 4, "2026-03-01", 10)]).await;
    assert_eq!(rows(directory.path(), query).await, [json!([4, null, 10, 0])]);
}

#[tokio::test]
async fn life_cycle_events_are_kept_and_change_the_user() {
    let directory = tempfile::tempdir().unwrap();
    let (sink, before) = (sink(directory.path()), user("u-1"));
    let text = String::from_utf8(before.json.to_vec()).unwrap().replace("true", "false");
    let after = Arc::new(User { json: text.into(), ..(*before).clone() });
    take(&sink, [day(&before, 1, "2026-03-01", 1), life_cycle(&before, 2, r#"{"type":"auth"}"#)]).await;
    take(&sink, [life_cycle(&after, 4, r#"{"type":"deauth","a":1}"#)]).await;
    // One that was parked comes late, one comes again, and data does not bring the user back.
    let late = life_cycle(&before, 3, r#"{"type":"connection_error"}"#);
    take(&sink, [late, life_cycle(&before, 2, r#"{"type":"auth"}"#), day(&before, 5, "2026-03-02", 1)]).await;
    let users =
        rows(directory.path(), "select json_array(active, last_event, last_event_at, sequence) from users")
            .await;
    assert_eq!(users, [json!([0, "deauth", "2026-03-01T10:00:04.000000Z", 4])]);
    let events = rows(
        directory.path(),
        "select json_array(sequence, event_type, json(event)) from events order by sequence",
    )
    .await;
    assert_eq!(
        events,
        [
            json!([2, "auth", {"type": "auth"}]),
            json!([3, "connection_error", {"type": "connection_error"}]),
            json!([4, "deauth", {"type": "deauth", "a": 1}])
        ]
    );
}

#[tokio::test]
async fn two_hundred_mixed_entries_arrive_once() {
    let directory = tempfile::tempdir().unwrap();
    let sink = sink(directory.path());
    let users: Vec<Arc<User>> = (0..7).map(|n| user(&format!("u-{n}"))).collect();
    let entries: Vec<Entry> = (1..=200_u64)
        .map(|n| {
            let user = &users[usize::try_from(n % 7).unwrap()];
            let data_type = DataType::ALL[usize::try_from(n % 10).unwrap()];
            match n % 20 {
                0 => life_cycle(user, n, r#"{"type":"auth"}"#),
                1 => deleted(user, n, data_type, &format!("gone-{n}")),
                _ => record(user, n, data_type, &format!("key-{n}"), r#"{"metadata":{}}"#),
            }
        })
        .collect();
    take(&sink, entries.clone()).await;
    take(&sink, entries).await;
    let mut sequences: Vec<u64> = Vec::new();
    for table in DataType::ALL.map(DataType::as_str).into_iter().chain(["events"]) {
        let found = rows(directory.path(), &format!("select json_array(sequence) from {table}")).await;
        sequences.extend(found.iter().map(|row| row[0].as_u64().unwrap()));
    }
    sequences.sort_unstable();
    assert_eq!(sequences, (1..=200).collect::<Vec<u64>>());
    assert_eq!(rows(directory.path(), "select json_array(count(*)) from users").await, [json!([7])]);
}

#[tokio::test]
async fn one_bad_row_of_five_hundred_is_refused_alone() {
    for way in ["abort", "fail", "rollback"] {
        let directory = tempfile::tempdir().unwrap();
        let (sink, user) = (sink(directory.path()), user("u-1"));
        sink.check().await.unwrap();
        let mut owner = reader(directory.path()).await;
        let trigger = format!(
            "create trigger picky before insert on daily when new.steps = 333 begin select raise({way}, 'no 333'); end"
        );
        sqlx::query(AssertSqlSafe(trigger)).execute(&mut owner).await.unwrap();
        let entries = (1..=500_u64).map(|n| day(&user, n, &format!("day-{n}"), i64::try_from(n).unwrap()));
        let outcomes = sink.deliver(&batch(entries)).await.unwrap();
        for (place, outcome) in outcomes.iter().enumerate() {
            if place + 1 == 333 {
                let refused = matches!(outcome, Outcome::Refused { reason } if reason.contains("no 333"));
                assert!(refused, "{way}: {outcome:?}");
            } else {
                assert_eq!(*outcome, Outcome::Taken, "{way}: {place}");
            }
        }
        let counts = rows(directory.path(), "select json_array(count(*), sum(steps)) from daily").await;
        assert_eq!(counts, [json!([499, 500 * 501 / 2 - 333])], "{way}");
    }
}

#[tokio::test]
async fn a_body_that_is_no_record_is_refused_alone() {
    let directory = tempfile::tempdir().unwrap();
    let user = user("u-1");
    let broken = record(&user, 2, DataType::Daily, "b", "{\"planted\":");
    let entries = [day(&user, 1, "2026-03-01", 1), broken, day(&user, 3, "2026-03-03", 3)];
    let outcomes = sink(directory.path()).deliver(&batch(entries)).await.unwrap();
    let [Outcome::Taken, Outcome::Refused { reason }, Outcome::Taken] = &outcomes[..] else {
        panic!("{outcomes:?}")
    };
    assert!(!reason.contains("planted"), "{reason}");
    assert_eq!(rows(directory.path(), DAYS).await.len(), 2);
}

#[tokio::test]
async fn odd_characters_and_numbers_come_back_as_they_were() {
    let directory = tempfile::tempdir().unwrap();
    let odd =
        "NUL \0, quote ', \"; drop table daily; --, emoji 🏃‍♀️, rtl \u{202e}אב, bom \u{feff}, last \u{10ffff}";
    let user = user(odd);
    let body = json!({"metadata": {"name": odd, "start_time": "+10000-01-01T00:00:00Z", "type": u64::MAX},
                      "distance_data": {"summary": {"distance_meters": f64::MAX, "steps": i64::MAX}}});
    take(&sink(directory.path()), [record(&user, 1, DataType::Activity, odd, &body.to_string())]).await;
    let mut reader = reader(directory.path()).await;
    let query = "select name, natural_key, reference_id, record, distance_meters, steps, activity_type, start_time_utc \
                 from activity";
    let row = sqlx::query(query).fetch_one(&mut reader).await.unwrap();
    for column in 0..3 {
        assert_eq!(row.get::<String, _>(column), odd, "column {column}");
    }
    assert_eq!(row.get::<String, _>(3), body.to_string());
    assert!((row.get::<f64, _>(4) - f64::MAX).abs() < f64::EPSILON);
    assert_eq!(row.get::<i64, _>(5), i64::MAX);
    assert_eq!(row.get::<Option<i64>, _>(6), None);
    assert_eq!(row.get::<Option<String>, _>(7), None);
}

#[tokio::test]
async fn a_check_makes_what_is_missing_and_only_that() {
    let directory = tempfile::tempdir().unwrap();
    let sink = prefixed(directory.path(), "acme_");
    let first = sink.check().await.unwrap();
    assert!(first.lines.contains(&"created table acme_daily".to_owned()), "{first:?}");
    assert_eq!(first.lines.len(), 14);
    let second = sink.check().await.unwrap();
    assert_eq!(second.lines.len(), 1, "{second:?}");
    assert!(second.lines[0].starts_with("13 tables are ready"), "{second:?}");
    let mut owner = reader(directory.path()).await;
    sqlx::query("alter table acme_daily drop column steps").execute(&mut owner).await.unwrap();
    sqlx::query("alter table acme_daily add column mine text").execute(&mut owner).await.unwrap();
    assert_eq!(sink.check().await.unwrap().lines[0], "added column acme_daily.steps");
}

#[tokio::test]
async fn a_dropped_table_and_a_removed_file_are_made_anew() {
    let directory = tempfile::tempdir().unwrap();
    let (sink, user) = (sink(directory.path()), user("u-1"));
    take(&sink, [day(&user, 1, "2026-03-01", 1)]).await;
    let mut owner = reader(directory.path()).await;
    sqlx::query("drop table daily").execute(&mut owner).await.unwrap();
    owner.close().await.unwrap();
    take(&sink, [day(&user, 2, "2026-03-02", 2)]).await;
    assert_eq!(rows(directory.path(), DAYS).await, [json!(["2026-03-02", 2, 2, 0])]);
    std::fs::remove_dir_all(directory.path().join("sub")).unwrap();
    take(&sink, [day(&user, 3, "2026-03-03", 3)]).await;
    assert_eq!(rows(directory.path(), DAYS).await, [json!(["2026-03-03", 3, 3, 0])]);
}

#[tokio::test]
async fn a_table_of_somebody_else_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::create_dir(directory.path().join("sub")).unwrap();
    let create =
        SqliteConnectOptions::new().filename(directory.path().join("sub/out.db")).create_if_missing(true);
    let mut owner = create.connect().await.unwrap();
    sqlx::query("create table daily (id integer primary key, note text)").execute(&mut owner).await.unwrap();
    let error =
        sink(directory.path()).deliver(&batch([day(&user("u-1"), 1, "2026-03-01", 1)])).await.unwrap_err();
    assert!(matches!(&error, SinkError::Denied { advice, .. } if advice.contains("prefix")), "{error}");
    assert_eq!(rows(directory.path(), "select json_array(count(*)) from daily").await, [json!([0])]);
    take(&prefixed(directory.path(), "t_"), [day(&user("u-1"), 1, "2026-03-01", 1)]).await;
}

#[tokio::test]
async fn a_locked_database_is_waited_for() {
    let directory = tempfile::tempdir().unwrap();
    let (sink, user) = (sink(directory.path()), user("u-1"));
    sink.check().await.unwrap();
    let mut owner = reader(directory.path()).await;
    let lock = owner.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let error = sink.deliver(&batch([day(&user, 1, "2026-03-01", 1)])).await.unwrap_err();
    assert!(matches!(&error, SinkError::Unavailable { reason, .. } if reason.contains("locked")), "{error}");
    lock.rollback().await.unwrap();
    take(&sink, [day(&user, 1, "2026-03-01", 1)]).await;
}

/// Each of the first connections to a new file sets up its write-ahead log, for which `SQLite` does not wait by itself.
#[tokio::test]
async fn a_connection_waits_for_another_that_sets_the_file_up() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::create_dir(directory.path().join("sub")).unwrap();
    let path = directory.path().join("sub/out.db");
    let other = SqliteConnectOptions::new().filename(path).create_if_missing(true);
    let mut other = other.journal_mode(SqliteJournalMode::Delete).connect().await.unwrap();
    let lock = other.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let options: Options = serde_json::from_value(json!({"url": "sqlite://sub/out.db"})).unwrap();
    let context = Context { data_dir: directory.path().to_owned(), ..Context::default() };
    let sink = Sql::new(&options, &context).unwrap();
    let mut check = std::pin::pin!(sink.check());
    let early = tokio::time::timeout(Duration::from_millis(100), &mut check).await;
    assert!(early.is_err(), "it did not wait: {early:?}");
    lock.rollback().await.unwrap();
    other.close().await.unwrap();
    check.await.unwrap();
}

#[tokio::test]
async fn a_full_disk_takes_nothing_and_delivery_resumes_by_itself() {
    let directory = tempfile::tempdir().unwrap();
    let (sink, user) = (sink(directory.path()), user("u-1"));
    sink.check().await.unwrap();
    file(&sink).fill_disk().await;
    let entries = || (1..=100_u64).map(|n| day(&user, n, &format!("day-{n}"), 1));
    let error = sink.deliver(&batch(entries())).await.unwrap_err();
    assert!(matches!(&error, SinkError::Unavailable { reason, .. } if reason.contains("full")), "{error}");
    assert_eq!(rows(directory.path(), DAYS).await.len(), 0);
    take(&sink, entries()).await;
    assert_eq!(rows(directory.path(), DAYS).await.len(), 100);
}

#[tokio::test]
async fn what_is_no_database_is_denied() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::create_dir(directory.path().join("sub")).unwrap();
    std::fs::write(directory.path().join("sub/out.db"), "a text that is surely no database".repeat(100))
        .unwrap();
    let error = sink(directory.path()).check().await.unwrap_err();
    assert!(matches!(error, SinkError::Denied { .. }), "{error}");
    std::fs::remove_file(directory.path().join("sub/out.db")).unwrap();
    std::fs::create_dir(directory.path().join("sub/out.db")).unwrap();
    let error = sink(directory.path()).check().await.unwrap_err();
    assert!(matches!(error, SinkError::Denied { .. }), "{error}");
}

#[tokio::test]
async fn an_empty_batch_writes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    assert_eq!(sink(directory.path()).deliver(&batch([])).await.unwrap(), []);
    assert!(!directory.path().join("sub").exists());
}

#[tokio::test]
async fn every_commit_is_synchronised() {
    let directory = tempfile::tempdir().unwrap();
    let sink = sink(directory.path());
    testing::take(&sink, [day(&user("u-1"), 1, "2026-03-01", 1)]).await;
    assert_eq!(file(&sink).settings().await, ("wal".to_owned(), 2));
}
