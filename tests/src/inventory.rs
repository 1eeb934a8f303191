//! What arrived at a sink: the newest version of every record; and its comparison with the provider's own books.
//!
//! Read from webhook requests, from lines of the `file` sink or from the tables of the `sql` sink. The engine is not
//! asked.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, Connection as _, Row as _};
use tributary_contract::model::DataType;
use tributary_providers::sandbox::{Sandbox, Verdict};

use crate::people::Person;
use crate::receiver::Received;

/// Which record: the tenant's id of the person, the type, what a later version overwrites it by.
pub type Key = (String, String, String);

/// The newest version of a record.
#[derive(Debug, Clone, PartialEq)]
struct Version {
    order: u64,
    /// `None` when it was taken back.
    record: Option<Value>,
}

/// What arrived at a sink.
#[derive(Debug, Clone, Default)]
pub struct Inventory {
    newest: BTreeMap<Key, Version>,
    /// How many different contents of each record arrived, deletions included.
    contents: BTreeMap<Key, BTreeSet<String>>,
    /// Records and deletions, repeats included.
    pub arrivals: usize,
}

impl Inventory {
    /// From webhook requests.
    pub fn of_events(requests: &[Received]) -> Self {
        let mut inventory = Self::default();
        for request in requests {
            let event = request.json();
            let order = request.header("x-tributary-sequence").parse().expect("a sequence");
            let kind = text(&event, "/type");
            let records = event.get("data").and_then(Value::as_array).into_iter().flatten();
            for record in records.chain(event.get("athlete")) {
                inventory.enter(&text(&event, "/user/reference_id"), &kind, order, record);
            }
        }
        inventory
    }

    /// From the file of a `file` sink.
    pub fn of_lines(path: &Path) -> Self {
        let mut inventory = Self::default();
        let lines = std::fs::read_to_string(path).expect("the sink's file");
        for line in lines.lines() {
            let line: Value = serde_json::from_str(line).expect("a line of JSON");
            let order = line.get("sequence").and_then(Value::as_u64).expect("a sequence");
            let who = text(&line, "/user/reference_id");
            if let Some(record) = line.get("record").or_else(|| line.get("deleted")) {
                inventory.enter(&who, &text(&line, "/type"), order, record);
            }
        }
        inventory
    }

    /// From the tables of an `sql` sink.
    pub async fn of_tables(path: &Path) -> Self {
        let options = SqliteConnectOptions::new().filename(path).read_only(true);
        let mut database = SqliteConnection::connect_with(&options).await.expect("the sink's database");
        let mut inventory = Self::default();
        for data_type in DataType::ALL {
            let statement =
                format!("select reference_id, natural_key, sequence, deleted_at, record from {data_type}");
            let rows = sqlx::query(AssertSqlSafe(statement)).fetch_all(&mut database).await.expect("a table");
            for row in rows {
                let key = (row.get::<String, _>(0), data_type.as_str().to_owned(), row.get::<String, _>(1));
                let order = u64::try_from(row.get::<i64, _>(2)).expect("a sequence");
                let gone = row.get::<Option<String>, _>(3).is_some();
                let record = (!gone).then(|| serde_json::from_str(&row.get::<String, _>(4)).expect("JSON"));
                inventory.put(key, order, record);
            }
        }
        inventory
    }

    fn enter(&mut self, who: &str, kind: &str, order: u64, record: &Value) {
        if kind == "deleted" {
            let key = (who.to_owned(), text(record, "/data_type"), text(record, "/key"));
            self.put(key, order, None);
        } else {
            let key = (who.to_owned(), kind.to_owned(), natural_key(kind, record));
            self.put(key, order, Some(record.clone()));
        }
    }

    fn put(&mut self, key: Key, order: u64, record: Option<Value>) {
        self.arrivals += 1;
        let content = record.as_ref().map(Value::to_string).unwrap_or_default();
        self.contents.entry(key.clone()).or_default().insert(content);
        match self.newest.get(&key) {
            Some(newer) if newer.order > order => {}
            _ => drop(self.newest.insert(key, Version { order, record })),
        }
    }

    /// The data types of which something is there.
    pub fn data_types(&self) -> BTreeSet<&str> {
        self.present().map(|(key, _)| key.1.as_str()).collect()
    }

    /// The records that are there.
    pub fn present(&self) -> impl Iterator<Item = (&Key, &Value)> {
        self.newest.iter().filter_map(|(key, version)| Some((key, version.record.as_ref()?)))
    }

    /// How many records are there.
    pub fn len(&self) -> usize {
        self.present().count()
    }

    /// Whether nothing is there.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The records that were there and were taken back.
    pub fn deleted(&self) -> impl Iterator<Item = &Key> {
        self.newest.iter().filter(|(_, version)| version.record.is_none()).map(|(key, _)| key)
    }

    /// How many different contents of a record arrived.
    pub fn versions(&self, key: &Key) -> usize {
        self.contents.get(key).map_or(0, BTreeSet::len)
    }

    /// How many arrivals repeated what had arrived before.
    pub fn repeats(&self) -> usize {
        self.arrivals - self.contents.values().map(BTreeSet::len).sum::<usize>()
    }

    pub(crate) fn keys_beside<'a>(&'a self, expected: &'a BTreeSet<Key>) -> impl Iterator<Item = &'a Key> {
        self.present().map(|(key, _)| key).filter(|key| !expected.contains(*key))
    }

    /// Compares with the books of one provider; the keys of what it produced for these people go into `expected`.
    pub(crate) fn compare(
        &self,
        sandbox: &dyn Sandbox,
        people: &[&Person],
        expected: &mut BTreeSet<Key>,
    ) -> Vec<String> {
        let mut differences = Vec::new();
        for entry in sandbox.ledger().entries() {
            let Some(person) = people.iter().find(|person| *person.account == *entry.account) else {
                continue;
            };
            let key =
                (person.reference_id.clone(), entry.data_type.to_owned(), entry.natural_key.to_string());
            let record = self.newest.get(&key).and_then(|version| version.record.as_ref());
            let fault = match record {
                None if entry.deleted => None,
                None => Some("is missing".to_owned()),
                Some(_) if entry.deleted => Some("should be gone".to_owned()),
                Some(record) => {
                    match sandbox.check(&entry.account, entry.data_type, &entry.natural_key, record) {
                        Verdict::Agrees => None,
                        other => Some(format!("is wrong: {other:?}")),
                    }
                }
            };
            differences.extend(fault.map(|fault| format!("{} {key:?} {fault}", sandbox.key())));
            expected.insert(key);
        }
        differences
    }
}

fn text(value: &Value, pointer: &str) -> String {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// The natural key of a record, by the published rules: sessions have an id, days have a date, a person is one.
pub fn natural_key(data_type: &str, record: &Value) -> String {
    match data_type {
        "athlete" => "athlete".to_owned(),
        "activity" | "sleep" => text(record, "/metadata/summary_id"),
        _ => text(record, "/metadata/start_time").chars().take(10).collect(),
    }
}
