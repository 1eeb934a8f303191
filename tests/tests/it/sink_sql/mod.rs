//! The SQL sink on real databases: the same cases on `SQLite` and PostgreSQL, in both layouts.

mod server;
mod tables;
pub(crate) mod target;

use serde_json::{Value, json};
use tributary_contract::model::DataType;
use tributary_contract::sink::{Entry, Outcome};
use tributary_tests::entries::{batch, day, deleted, life_cycle, record, take, user};
use tributary_tests::server::Postgres;

use self::target::{LAYOUTS, Target};

/// Runs a case on every database in every layout.
async fn everywhere(case: impl AsyncFn(&Target<'_>)) {
    for layout in LAYOUTS {
        case(&Target::sqlite(layout)).await;
    }
    let Some(server) = Postgres::start().await else { return };
    for layout in LAYOUTS {
        case(&Target::postgres(&server, "main", layout).await).await;
    }
}

fn whole(data_type: DataType) -> Value {
    json!({
        "metadata": {"start_time": "2026-03-01T22:00:00.000000+01:00", "end_time": "2026-03-02T06:00:00.000000+01:00",
                     "upload_type": 1, "name": data_type.as_str(), "type": 8, "is_nap": false},
        "distance_data": {"steps": 4000, "distance_meters": 1234.5, "summary": {"steps": 4000, "distance_meters": 1e3}},
        "heart_rate_data": {"summary": {"avg_hr_bpm": 61.25, "max_hr_bpm": null}, "detailed": {"hr_samples": [
            {"timestamp": "2026-03-01T22:00:00.000000+01:00", "bpm": 60}]}},
        "menstruation_data": {"period_length_days": 5, "is_predicted_cycle": true},
        "summary": {"macros": {"calories": 2000.5}, "water_ml": 1500},
        "timestamp": "2026-03-01T22:00:00.000000Z", "first_name": "Zoë", "age": 41, "lh_mIU_per_ml": 1.5,
        "observation_data": {"value": {"quantity": -0.5, "boolean": true}, "status": 3},
        "details": {"metadata": {"name": "plan"}}, "is_external": true, "planned_date": "2026-03-05",
    })
}

#[tokio::test]
async fn all_data_types_are_read_back_equal() {
    everywhere(async |target| {
        let (sink, user) = (target.sink(json!({})).await, user("u-1"));
        let entries: Vec<Entry> = (1..)
            .zip(DataType::ALL)
            .map(|(n, data_type)| {
                record(&user, n, data_type, &format!("key-{n}"), whole(data_type).to_string())
            })
            .collect();
        take(&*sink, entries).await;
        let mut expected: Vec<_> = (1_u64..)
            .zip(DataType::ALL)
            .map(|(n, data_type)| (data_type.to_string(), format!("key-{n}"), n, false, whole(data_type)))
            .collect();
        expected.sort_by(|a, b| a.0.cmp(&b.0));
        assert_eq!(target.records().await, expected);
        if target.layout == "typed" {
            let list = "start_time_utc, is_nap, upload_type, avg_hr_bpm, max_hr_bpm, reference_id";
            let found = target.rows(list, "from sleep").await;
            let (moment, no) = if target.is_postgres() {
                (json!("2026-03-01T21:00:00+00:00"), json!(false))
            } else {
                (json!("2026-03-01T21:00:00.000000Z"), json!(0))
            };
            assert_eq!(found, [json!([moment, no, 1, 61.25, null, "u-1"])]);
            let found = target.rows("day, steps, distance_meters", "from daily").await;
            assert_eq!(found, [json!(["2026-03-01", 4000, 1234.5])]);
        } else {
            let list = "user_id, start_time, end_time, created_at, payload_url = 'urn:uuid:' || payload_id";
            let found = target.rows(list, "from terra_data_payloads where data_type = 'sleep'").await;
            let whole = whole(DataType::Sleep);
            let (start, end) = (&whole["metadata"]["start_time"], &whole["metadata"]["end_time"]);
            assert_eq!(found[0][0], json!(user.id));
            assert_eq!((&found[0][1], &found[0][2]), (start, end));
            assert!(found[0][3].as_str().unwrap().starts_with("2026-03-01T10:00:0"));
            assert!(found[0][4] == 1 || found[0][4] == true);
        }
    })
    .await;
}

#[tokio::test]
async fn redelivery_changes_nothing_and_the_newest_version_wins() {
    everywhere(async |target| {
        let (sink, user) = (target.sink(json!({})).await, user("u-1"));
        let newer = day(&user, 5, "a", 500);
        take(&*sink, [newer.clone()]).await;
        take(&*sink, [day(&user, 3, "a", 300), newer.clone(), newer]).await;
        // Two versions in one batch, in either order, and another user with the same key.
        take(&*sink, [day(&user, 6, "b", 6), day(&user, 7, "b", 7)]).await;
        take(&*sink, [day(&user, 9, "c", 9), day(&user, 8, "c", 8)]).await;
        let versions = [("a".to_owned(), 5), ("b".to_owned(), 7), ("c".to_owned(), 9)];
        assert_eq!(target.versions().await, versions);
        let steps: Vec<_> =
            target.records().await.iter().map(|record| record.4["distance_data"]["steps"].clone()).collect();
        assert_eq!(steps, [500, 7, 9]);
        take(&*sink, [day(&super_user(), 10, "a", 10)]).await;
        assert_eq!(target.versions().await.len(), 4);
    })
    .await;
}

fn super_user() -> std::sync::Arc<tributary_contract::sink::User> {
    user("u-2")
}

#[tokio::test]
async fn a_deletion_leaves_a_mark_and_no_values() {
    everywhere(async |target| {
        let (sink, user) = (target.sink(json!({})).await, user("u-1"));
        let gone = |n| deleted(&user, n, DataType::Daily, "a");
        let state = async || {
            let found = target.records().await;
            (found.len(), found[0].2, found[0].3, found[0].4.is_null())
        };
        take(&*sink, [gone(1)]).await;
        assert_eq!(state().await, (1, 1, true, true));
        take(&*sink, [day(&user, 2, "a", 9)]).await;
        assert_eq!(state().await, (1, 2, false, false));
        take(&*sink, [gone(3), gone(3), day(&user, 2, "a", 9)]).await;
        assert_eq!(state().await, (1, 3, true, true));
        take(&*sink, [gone(3), day(&user, 4, "a", 10)]).await;
        assert_eq!(state().await, (1, 4, false, false));
    })
    .await;
}

#[tokio::test]
async fn life_cycle_events_are_kept_and_change_the_user() {
    everywhere(async |target| {
        let (sink, user) = (target.sink(json!({})).await, user("u-1"));
        let event = |n, kind: &str| life_cycle(&user, n, &json!({"type": kind, "n": n}));
        take(&*sink, [day(&user, 1, "a", 1)]).await;
        let before = if target.layout == "typed" { json!(null) } else { json!("active") };
        assert_eq!(target.users().await, [json!(["u-1", before, 0])]);
        take(&*sink, [event(2, "auth"), event(4, "deauth")]).await;
        // One that was parked comes late, one comes again, and data does not bring the user back.
        take(&*sink, [event(3, "connection_error"), event(2, "auth"), day(&user, 5, "b", 1)]).await;
        assert_eq!(target.users().await, [json!(["u-1", "deauth", 4])]);
        let expected = [(2, "auth"), (3, "connection_error"), (4, "deauth")]
            .map(|(n, kind)| json!([n, kind, {"type": kind, "n": n}]));
        assert_eq!(target.events().await, expected);
    })
    .await;
}

#[tokio::test]
async fn one_bad_row_of_five_hundred_is_refused_alone() {
    everywhere(async |target| {
        let (sink, user) = (target.sink(json!({})).await, user("u-1"));
        sink.check().await.unwrap();
        let table = target.table();
        if target.is_postgres() {
            target
                .execute(&format!(
                    "alter table {table} add constraint picky check (natural_key <> 'day-333')"
                ))
                .await;
        } else {
            let trigger = "begin select raise(abort, 'constraint picky'); end";
            target
                .execute(&format!(
                    "create trigger picky before insert on {table} when new.natural_key = 'day-333' {trigger}"
                ))
                .await;
        }
        let entries = (1..=500).map(|n| day(&user, n, &format!("day-{n}"), n));
        let outcomes = sink.deliver(&batch(entries)).await.unwrap();
        for (n, outcome) in (1..).zip(&outcomes) {
            let refused = matches!(outcome, Outcome::Refused { reason } if reason.contains("picky"));
            assert_eq!(refused, n == 333, "{n}: {outcome:?}");
            assert!(refused || *outcome == Outcome::Taken, "{n}: {outcome:?}");
        }
        assert_eq!(target.versions().await.len(), 499);
    })
    .await;
}

#[tokio::test]
async fn what_no_database_can_hold_is_refused_alone_and_shows_no_value() {
    everywhere(async |target| {
        let (sink, user) = (target.sink(json!({})).await, user("u-1"));
        let bad = [r#"{"planted":"#, r#"{"metadata":{"name":NaN}}"#, r#"[1]"#];
        let entries = bad.iter().zip(1..).map(|(body, n)| record(&user, n, DataType::Activity, "k", *body));
        let entries = entries.chain([day(&user, 9, "good", 1)]);
        let outcomes = sink.deliver(&batch(entries)).await.unwrap();
        for outcome in &outcomes[..bad.len()] {
            assert!(
                matches!(outcome, Outcome::Refused { reason } if !reason.contains("planted")),
                "{outcome:?}"
            );
        }
        assert_eq!(outcomes[bad.len()], Outcome::Taken);
        assert_eq!(target.versions().await, [("good".to_owned(), 9)]);
    })
    .await;
}

#[tokio::test]
async fn odd_characters_and_numbers_come_back_as_they_were() {
    everywhere(async |target| {
        let odd =
            "quote ', \"; drop table daily; --, \\, emoji 🏃‍♀️, rtl \u{202e}אב, bom \u{feff}, last \u{10fffd}";
        let (sink, user) = (target.sink(json!({})).await, user(odd));
        let body = json!({"metadata": {"name": odd, "start_time": "0000-01-01T00:00:00Z", "type": u64::MAX},
                          "distance_data": {"summary": {"distance_meters": 1.5e300, "steps": i64::MAX}}});
        take(&*sink, [record(&user, 1, DataType::Activity, odd, body.to_string())]).await;
        let found = target.records().await;
        assert_eq!((found[0].1.as_str(), &found[0].4["metadata"]), (odd, &body["metadata"]));
        assert_eq!(target.users().await[0][0], odd);
        if target.layout == "typed" {
            let list = "name, distance_meters, steps, activity_type, start_time_utc";
            let expected = json!([odd, 1.5e300, i64::MAX, null, null]);
            assert_eq!(target.rows(list, "from activity").await, [expected]);
        }
        // What a database cannot hold becomes the sign for that; SQLite can hold NUL.
        let body = r#"{"metadata":{"name":"a\u0000b\ud83cc","n":123456789012345678901234567890}}"#;
        take(&*sink, [record(&user, 2, DataType::Activity, odd, body)]).await;
        let name = target.records().await[0].4["metadata"]["name"].clone();
        let nul = if target.is_postgres() { "\u{fffd}" } else { "\0" };
        assert_eq!(name, format!("a{nul}b\u{fffd}c"));
        take(&*sink, [day(&user, 3, "nul \0", 1)]).await;
        assert_eq!(target.records().await.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn nothing_and_the_largest_record_are_taken() {
    const LARGEST: usize = 64 * 1024 * 1024;
    let pad = "x".repeat(LARGEST - r#"{"pad":""}"#.len());
    let largest = record(&user("u-1"), 1, DataType::Daily, "a", format!(r#"{{"pad":"{pad}"}}"#));
    everywhere(async |target| {
        let sink = target.sink(json!({})).await;
        assert_eq!(sink.deliver(&batch([])).await.unwrap(), []);
        assert_eq!(sink.limits().entry_bytes, LARGEST);
        take(&*sink, [largest.clone()]).await;
        let column = if target.layout == "typed" { "record" } else { "payload" };
        let length = if target.is_postgres() {
            format!("length({column} ->> 'pad')")
        } else {
            format!("length({column}) - {}", LARGEST - pad.len())
        };
        assert_eq!(target.rows(&length, &format!("from {}", target.table())).await, [json!([pad.len()])]);
    })
    .await;
}
