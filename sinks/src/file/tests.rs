use std::fs;
use std::path::Path;

use serde_json::Value;
use tributary_contract::model::DataType;
use tributary_contract::sink::Entry;

use super::*;
use crate::testing;

fn sink(directory: &Path, rotate_bytes: Option<u64>) -> File {
    let options = Options {
        path: "out/log.ndjson".to_owned(),
        rotate_bytes: rotate_bytes.and_then(std::num::NonZeroU64::new),
    };
    File::new(&options, &Context { data_dir: directory.to_owned(), ..Context::default() }).unwrap()
}

fn entry(sequence: u64) -> Entry {
    let body = format!(r#"{{"text":"öäü 🏃 \u0000 {sequence}"}}"#);
    testing::record(&testing::user("u-1"), sequence, DataType::Daily, "2026-03-01", &body)
}

fn sequences(path: &Path) -> Vec<u64> {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.is_empty() || text.ends_with('\n'));
    text.lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["sequence"].as_u64().unwrap())
        .collect()
}

#[tokio::test]
async fn lines_are_added_across_restarts() {
    let directory = tempfile::tempdir().unwrap();
    testing::take(&sink(directory.path(), None), [entry(1), entry(2)]).await;
    testing::take(&sink(directory.path(), None), [entry(3)]).await;
    assert_eq!(sequences(&directory.path().join("out/log.ndjson")), [1, 2, 3]);
}

#[tokio::test]
async fn a_torn_line_of_a_crash_is_removed_before_the_next_one() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("out/log.ndjson");
    testing::take(&sink(directory.path(), None), [entry(1)]).await;
    let whole = fs::read(&path).unwrap();
    let torn = crate::line::lines(std::iter::once(&entry(2)));
    let long_torn = [crate::line::START, vec![b'x'; 200_000].as_slice()].concat();
    for tail in [&torn[..1], &torn[..9], &torn[..torn.len() - 1], &[0; 40], long_torn.as_slice()] {
        fs::write(&path, [&whole, tail].concat()).unwrap();
        let sink = sink(directory.path(), None);
        let report = sink.check().await.unwrap();
        assert!(
            report.lines.iter().any(|line| line.contains(&format!("{} bytes", tail.len()))),
            "{report:?}"
        );
        testing::take(&sink, [entry(3)]).await;
        assert_eq!(sequences(&path), [1, 3]);
    }
}

#[tokio::test]
async fn a_file_that_is_all_torn_line_becomes_empty() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("out/log.ndjson");
    fs::create_dir(directory.path().join("out")).unwrap();
    fs::write(&path, br#"{"type":"daily","seq"#).unwrap();
    testing::take(&sink(directory.path(), None), [entry(1)]).await;
    assert_eq!(sequences(&path), [1]);
}

#[tokio::test]
async fn text_that_is_not_ours_is_kept() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("out/log.ndjson");
    fs::create_dir(directory.path().join("out")).unwrap();
    fs::write(&path, "somebody's notes").unwrap();
    testing::take(&sink(directory.path(), None), [entry(1)]).await;
    assert!(fs::read_to_string(&path).unwrap().starts_with("somebody's notes\n{\"type\":\"daily\""));
}

#[tokio::test]
async fn a_full_file_is_set_aside_and_never_overwritten() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("out/log.ndjson");
    let line = crate::line::lines(std::iter::once(&entry(1))).len() as u64;
    let two_lines = Some(line * 2);
    testing::take(&sink(directory.path(), two_lines), [entry(1)]).await;
    testing::take(&sink(directory.path(), two_lines), [entry(2)]).await;
    let sink = sink(directory.path(), two_lines);
    testing::take(&sink, [entry(3)]).await;
    testing::take(&sink, [entry(4), entry(5)]).await;
    let aside = |number: u64| directory.path().join(format!("out/log.ndjson.{number}"));
    assert_eq!(sequences(&aside(1)), [1, 2]);
    assert_eq!(sequences(&aside(2)), [3]);
    assert_eq!(sequences(&path), [4, 5]);
}

#[tokio::test]
async fn a_file_moved_by_somebody_else_is_made_anew() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("out/log.ndjson");
    let sink = sink(directory.path(), None);
    testing::take(&sink, [entry(1)]).await;
    fs::rename(&path, directory.path().join("moved")).unwrap();
    testing::take(&sink, [entry(2)]).await;
    assert_eq!(sequences(&path), [2]);
    fs::remove_file(&path).unwrap();
    testing::take(&sink, [entry(3)]).await;
    assert_eq!(sequences(&path), [3]);
    assert_eq!(sequences(&directory.path().join("moved")), [1]);
}

#[tokio::test]
async fn a_second_writer_has_to_wait() {
    let directory = tempfile::tempdir().unwrap();
    let first = sink(directory.path(), None);
    testing::take(&first, [entry(1)]).await;
    let second = sink(directory.path(), None);
    let error = second.deliver(&testing::batch([entry(2)])).await.unwrap_err();
    assert!(
        matches!(&error, SinkError::Unavailable { reason, .. } if reason.contains("another writer")),
        "{error}"
    );
    drop(first);
    testing::take(&second, [entry(2)]).await;
    assert_eq!(sequences(&directory.path().join("out/log.ndjson")), [1, 2]);
}

#[tokio::test]
async fn a_path_that_cannot_be_written_is_denied_and_heals() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("out"), "in the way").unwrap();
    let sink = sink(directory.path(), None);
    assert!(sink.check().await.is_err());
    let error = sink.deliver(&testing::batch([entry(1)])).await.unwrap_err();
    assert!(!error.to_string().contains("text"), "{error}");
    fs::remove_file(directory.path().join("out")).unwrap();
    testing::take(&sink, [entry(1)]).await;
}
