//! How tables come to be: made, migrated, left alone, at once by many.

use serde_json::json;
use tributary_contract::sink::SinkError;
use tributary_tests::entries::{batch, day, take, user};

use super::everywhere;
use super::target::Target;

async fn denied(target: &Target<'_>, wanted: &str) {
    let sink = target.sink(json!({})).await;
    for error in [
        sink.check().await.unwrap_err(),
        sink.deliver(&batch([day(&user("u-1"), 9, "a", 1)])).await.unwrap_err(),
    ] {
        let fits = matches!(&error, SinkError::Denied { reason, .. } if reason.contains(wanted));
        assert!(fits, "{wanted}: {error}");
    }
}

#[tokio::test]
async fn tables_of_an_earlier_version_get_what_they_lack_and_keep_what_they_hold() {
    everywhere(async |target| {
        let (sink, user) = (target.sink(json!({})).await, user("u-1"));
        let first = sink.check().await.unwrap().lines;
        assert!(first.contains(&format!("created table {}", target.table())), "{first:?}");
        take(&*sink, [day(&user, 1, "a", 1)]).await;
        let second = sink.check().await.unwrap().lines;
        assert_eq!(second.len(), 1, "{second:?}");
        let column = if target.layout == "typed" { "steps" } else { "end_time" };
        let table = target.table();
        target.execute(&format!("alter table {table} drop column {column}")).await;
        target.execute(&format!("alter table {table} add column mine text")).await;
        // A sink that has looked already notices by itself.
        take(&*sink, [day(&user, 2, "b", 2)]).await;
        assert_eq!(target.versions().await, [("a".to_owned(), 1), ("b".to_owned(), 2)]);
        target.execute(&format!("alter table {table} drop column {column}")).await;
        assert_eq!(sink.check().await.unwrap().lines[0], format!("added column {table}.{column}"));
        target.execute(&format!("drop table {table}")).await;
        take(&*sink, [day(&user, 3, "c", 3)]).await;
        assert_eq!(target.versions().await, [("c".to_owned(), 3)]);
    })
    .await;
}

#[tokio::test]
async fn tables_that_cannot_be_written_are_left_alone_and_named() {
    everywhere(async |target| {
        let table = target.table();
        target.execute(&format!("create table {table} (id integer primary key, note text)")).await;
        denied(target, table).await;
        target.execute(&format!("drop table {table}")).await;
        target.sink(json!({})).await.check().await.unwrap();
        target.execute(&format!("alter table {table} drop column sequence")).await;
        target.execute(&format!("alter table {table} add column sequence text")).await;
        denied(target, &format!("{table}.sequence has the type text")).await;
        target.execute(&format!("drop table {table}")).await;
        target.execute("update tributary_layouts set version = 99").await;
        denied(target, "newer version").await;
        // Another prefix is a world of its own.
        take(&*target.sink(json!({"prefix": "t_"})).await, [day(&user("u-1"), 1, "a", 1)]).await;
        if target.is_postgres() {
            target.execute("update tributary_layouts set version = 1").await;
            target.sink(json!({})).await.check().await.unwrap();
            target.execute(&format!("alter table {table} add column mine text not null")).await;
            denied(target, &format!("{table}.mine")).await;
        }
    })
    .await;
}

#[tokio::test]
async fn many_checks_and_batches_at_once_get_along() {
    everywhere(async |target| {
        let settings = if target.is_postgres() {
            json!({"schema": "health", "prefix": "acme_", "connections": 4})
        } else {
            json!({"prefix": "acme_"})
        };
        let mut running = Vec::new();
        for n in 0..6_u64 {
            let sink = target.sink(settings.clone()).await;
            running.push(tokio::spawn(async move {
                sink.check().await.unwrap();
                let users = [user("u-1"), user("u-2")];
                // Each writes the same records, in an order of its own.
                let days = (0..100_u64).map(|place| (place * (2 * n + 1) + n) % 100);
                let entries = days.map(|place| {
                    let user = &users[usize::from(place % 2 == 0)];
                    day(user, 1 + n + place * 10, &format!("day-{place}"), n)
                });
                take(&*sink, entries).await;
            }));
        }
        for task in running {
            task.await.unwrap();
        }
        let schema = if target.is_postgres() { "health." } else { "" };
        let table = format!("{schema}acme_{}", target.table());
        let found = target.rows("count(*), min(sequence), max(sequence)", &format!("from {table}")).await;
        assert_eq!(found, [json!([100, 6, 996])]);
        let newest = format!("from {table} where (sequence - 6) % 10 = 0");
        assert_eq!(target.rows("count(*)", &newest).await, [json!([100])]);
    })
    .await;
}
