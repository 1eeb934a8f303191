//! One entry as one line of JSON.
//!
//! Built from the parts that the log holds; bodies are spliced in as they are and never parsed.

use bytes::Bytes;
use chrono::{DateTime, SecondsFormat, Utc};
use tributary_contract::sink::{Entry, EntryKind};

/// How every line begins; a torn line is told by it.
pub(crate) const START: &[u8] = b"{\"type\":\"";

/// The lines of some entries.
pub(crate) fn lines<'a>(entries: impl Iterator<Item = &'a Entry> + Clone) -> Vec<u8> {
    const FRAME: usize = 256;
    let size = entries.clone().map(|entry| entry.body.len() + entry.user.json.len() + FRAME).sum();
    let mut buffer = Vec::with_capacity(size);
    for entry in entries {
        push(&mut buffer, entry);
    }
    buffer
}

/// A moment as all sinks write it: UTC, six fractional digits.
pub(crate) fn moment(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// A text as a JSON string.
pub(crate) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn push(buffer: &mut Vec<u8>, entry: &Entry) {
    buffer.extend_from_slice(START);
    buffer.extend_from_slice(entry.kind.filter_name().as_bytes());
    let head = format!("\",\"sequence\":{},\"id\":\"{}\",\"user\":", entry.sequence, entry.id);
    buffer.extend_from_slice(head.as_bytes());
    splice(buffer, &entry.user.json);
    buffer.extend_from_slice(b",\"committed_at\":\"");
    buffer.extend_from_slice(moment(entry.committed_at).as_bytes());
    match entry.kind {
        EntryKind::Record(_) => {
            buffer.extend_from_slice(b"\",\"record\":");
            splice(buffer, &entry.body);
        }
        EntryKind::LifeCycle(_) => {
            buffer.extend_from_slice(b"\",\"event\":");
            splice(buffer, &entry.body);
        }
        EntryKind::Deleted(data_type) => {
            let key = quoted(entry.key.as_str());
            let gone = format!("\",\"deleted\":{{\"data_type\":\"{data_type}\",\"key\":{key}}}");
            buffer.extend_from_slice(gone.as_bytes());
        }
    }
    buffer.extend_from_slice(b"}\n");
}

/// A line break inside JSON can only be layout, since strings hold it escaped; a space says the same.
fn splice(buffer: &mut Vec<u8>, json: &Bytes) {
    if json.is_empty() {
        buffer.extend_from_slice(b"null");
        return;
    }
    let start = buffer.len();
    buffer.extend_from_slice(json);
    for byte in buffer.iter_mut().skip(start).filter(|byte| matches!(byte, b'\n' | b'\r')) {
        *byte = b' ';
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use tributary_contract::model::DataType;

    use super::*;
    use crate::testing;

    fn only_line(entry: &Entry) -> Value {
        let lines = lines(std::iter::once(entry));
        assert!(lines.starts_with(START) && lines.ends_with(b"\n"));
        assert_eq!(lines.iter().filter(|byte| **byte == b'\n').count(), 1);
        serde_json::from_slice(&lines).unwrap()
    }

    #[test]
    fn a_record_is_one_line_with_its_body_unchanged() {
        let user = testing::user("u-1");
        let entry = testing::record(&user, 7, DataType::Daily, "2026-03-01", "{\"a\":\n [1,\r\n\"x\\ny\"]}");
        let line = only_line(&entry);
        assert_eq!(line["type"], "daily");
        assert_eq!(line["sequence"], 7);
        assert_eq!(line["id"], entry.id.to_string());
        assert_eq!(line["user"], serde_json::from_slice::<Value>(&user.json).unwrap());
        assert_eq!(line["committed_at"], "2026-03-01T10:00:07.000000Z");
        assert_eq!(line["record"], json!({"a": [1, "x\ny"]}));
    }

    #[test]
    fn a_deletion_names_what_is_gone() {
        let entry = testing::deleted(&testing::user("u-1"), 8, DataType::Activity, "a\"b\n");
        let line = only_line(&entry);
        assert_eq!(line["type"], "deleted");
        assert_eq!(line["deleted"], json!({"data_type": "activity", "key": "a\"b\n"}));
    }

    #[test]
    fn a_life_cycle_event_is_carried_whole() {
        let entry = testing::life_cycle(&testing::user("u-1"), 9, r#"{"type":"auth","status":"success"}"#);
        let line = only_line(&entry);
        assert_eq!(line["type"], "auth");
        assert_eq!(line["event"], json!({"type": "auth", "status": "success"}));
    }
}
