//! What a simulated cloud produced, and whether a delivered record agrees with it.
//!
//! The sandbox notes every record when it comes into being, changes or goes. What must be true of it is computed
//! from what was simulated when somebody asks, never from the answers that were served. Values in here are invented.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value;

/// A record that must come out at the sinks.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The provider's id of the user.
    pub account: Arc<str>,
    /// Terra's word for the type: `activity`.
    pub data_type: &'static str,
    /// What a later version overwrites it by.
    pub natural_key: Arc<str>,
    /// 1 for a new record, one more with each change.
    pub version: u32,
    /// When its newest version came into being.
    pub produced_at: DateTime<Utc>,
    /// It is gone: it must have been deleted at the sinks, or never have reached them.
    pub deleted: bool,
    /// What it is in the sandbox's own books.
    pub(crate) subject: u64,
}

type Key = (Arc<str>, &'static str, Arc<str>);

/// Every record that was produced, by account, type and natural key.
#[derive(Debug, Default)]
pub struct Ledger {
    accounts: HashSet<Arc<str>>,
    types: Vec<&'static str>,
    entries: HashMap<Key, Entry>,
    versions: u64,
}

impl Ledger {
    /// Notes a new record, or a new version of one.
    pub(crate) fn produced(
        &mut self,
        account: &str,
        data_type: &'static str,
        natural_key: &str,
        subject: u64,
        at: DateTime<Utc>,
    ) {
        self.versions = self.versions.saturating_add(1);
        let key = self.key(account, data_type, natural_key);
        let (account, natural_key) = (Arc::clone(&key.0), Arc::clone(&key.2));
        let entry = self.entries.entry(key).or_insert(Entry {
            account,
            data_type,
            natural_key,
            version: 0,
            produced_at: at,
            deleted: false,
            subject,
        });
        entry.version = entry.version.saturating_add(1);
        entry.produced_at = at;
        entry.deleted = false;
    }

    /// Notes that a record is gone.
    pub(crate) fn deleted(
        &mut self,
        account: &str,
        data_type: &'static str,
        natural_key: &str,
        at: DateTime<Utc>,
    ) {
        let key = self.key(account, data_type, natural_key);
        if let Some(entry) = self.entries.get_mut(&key) {
            self.versions = self.versions.saturating_add(1);
            entry.version = entry.version.saturating_add(1);
            entry.produced_at = at;
            entry.deleted = true;
        }
    }

    /// The newest version of a record.
    pub fn get(&self, account: &str, data_type: &str, natural_key: &str) -> Option<&Entry> {
        let account = self.accounts.get(account)?;
        let data_type = self.types.iter().find(|known| **known == data_type)?;
        self.entries.get(&(Arc::clone(account), *data_type, Arc::from(natural_key)))
    }

    /// All records, in no order.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values()
    }

    /// Records, deleted ones included.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing was produced.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Versions of all records, deletions included.
    pub const fn versions(&self) -> u64 {
        self.versions
    }

    fn key(&mut self, account: &str, data_type: &'static str, natural_key: &str) -> Key {
        let account = self.accounts.get(account).cloned().unwrap_or_else(|| {
            let account: Arc<str> = Arc::from(account);
            self.accounts.insert(Arc::clone(&account));
            account
        });
        if !self.types.contains(&data_type) {
            self.types.push(data_type);
        }
        (account, data_type, Arc::from(natural_key))
    }
}

/// One thing that must be true of a record.
#[derive(Debug, Clone, PartialEq)]
pub struct Fact {
    /// JSON pointer into Terra's record.
    pub pointer: &'static str,
    /// What must stand there.
    pub expected: Expected,
}

/// What must stand at a place of a record.
#[derive(Debug, Clone, PartialEq)]
pub enum Expected {
    /// That number, to one part in a million.
    Number(f64),
    /// That text.
    Text(String),
    /// A time stamp with offset that means that instant.
    Instant(DateTime<Utc>),
    /// A text that begins with that date.
    Date(NaiveDate),
    /// An array of that length.
    Count(usize),
    /// That truth value.
    Bool(bool),
    /// Nothing, or null.
    Absent,
}

impl Fact {
    /// That number stands there.
    pub fn number(pointer: &'static str, value: impl Into<f64>) -> Self {
        Self { pointer, expected: Expected::Number(value.into()) }
    }

    /// That number stands there, or nothing if there is none.
    pub fn maybe(pointer: &'static str, value: Option<impl Into<f64>>) -> Self {
        let expected = value.map_or(Expected::Absent, |value| Expected::Number(value.into()));
        Self { pointer, expected }
    }

    /// That text stands there.
    pub fn text(pointer: &'static str, value: impl Into<String>) -> Self {
        Self { pointer, expected: Expected::Text(value.into()) }
    }

    /// That instant is meant there.
    pub const fn instant(pointer: &'static str, value: DateTime<Utc>) -> Self {
        Self { pointer, expected: Expected::Instant(value) }
    }

    /// That date stands there.
    pub const fn date(pointer: &'static str, value: NaiveDate) -> Self {
        Self { pointer, expected: Expected::Date(value) }
    }

    /// That many items stand there.
    pub const fn count(pointer: &'static str, value: usize) -> Self {
        Self { pointer, expected: Expected::Count(value) }
    }

    /// That truth value stands there.
    pub const fn bool(pointer: &'static str, value: bool) -> Self {
        Self { pointer, expected: Expected::Bool(value) }
    }

    fn holds(&self, found: Option<&Value>) -> bool {
        let found = found.filter(|value| !value.is_null());
        match &self.expected {
            Expected::Absent => found.is_none(),
            Expected::Number(wanted) => found
                .and_then(Value::as_f64)
                .is_some_and(|found| (found - wanted).abs() <= 1e-6 * wanted.abs().max(1.0)),
            Expected::Text(wanted) => found.and_then(Value::as_str) == Some(wanted),
            Expected::Instant(wanted) => found
                .and_then(Value::as_str)
                .and_then(|found| DateTime::parse_from_rfc3339(found).ok())
                .is_some_and(|found| found == *wanted),
            Expected::Date(wanted) => found
                .and_then(Value::as_str)
                .and_then(|found| found.get(..10))
                .is_some_and(|found| found == wanted.to_string()),
            Expected::Count(wanted) => match found {
                None => *wanted == 0,
                Some(found) => found.as_array().is_some_and(|items| items.len() == *wanted),
            },
            Expected::Bool(wanted) => found.and_then(Value::as_bool) == Some(*wanted),
        }
    }
}

/// A place where a record says something else.
#[derive(Debug, Clone, PartialEq)]
pub struct Disagreement {
    /// What should be true.
    pub fact: Fact,
    /// What stands there.
    pub found: Option<Value>,
}

/// Whether a delivered record agrees with what was produced.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// All facts hold.
    Agrees,
    /// Some do not: an older version, or a mistake on the way.
    Disagrees(Vec<Disagreement>),
    /// The newest version of this record is its deletion.
    Deleted,
    /// No such record was produced.
    Unknown,
}

impl Verdict {
    /// Whether the record is as it should be.
    pub fn agrees(&self) -> bool {
        *self == Self::Agrees
    }
}

/// Compares a record with what must be true of it.
pub fn compare(facts: &[Fact], record: &Value) -> Verdict {
    let disagreements: Vec<Disagreement> = facts
        .iter()
        .filter(|fact| !fact.holds(record.pointer(fact.pointer)))
        .map(|fact| Disagreement { fact: fact.clone(), found: record.pointer(fact.pointer).map(shortened) })
        .collect();
    if disagreements.is_empty() { Verdict::Agrees } else { Verdict::Disagrees(disagreements) }
}

/// The value, or the length of an array: a report need not repeat ten thousand samples.
fn shortened(value: &Value) -> Value {
    value.as_array().map_or_else(|| value.clone(), |items| Value::String(format!("{} items", items.len())))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    #[test]
    fn versions_count_up_and_the_newest_counts() {
        let mut ledger = Ledger::default();
        ledger.produced("u1", "activity", "9", 4, at(1));
        ledger.produced("u1", "activity", "9", 4, at(2));
        ledger.produced("u1", "sleep", "9", 5, at(2));
        let entry = ledger.get("u1", "activity", "9").unwrap();
        assert_eq!((entry.version, entry.produced_at, entry.subject, entry.deleted), (2, at(2), 4, false));
        ledger.deleted("u1", "activity", "9", at(3));
        ledger.deleted("u1", "activity", "never", at(3));
        assert!(ledger.get("u1", "activity", "9").unwrap().deleted);
        assert_eq!((ledger.len(), ledger.versions()), (2, 4));
        assert!(ledger.get("u2", "activity", "9").is_none() && ledger.get("u1", "body", "9").is_none());
    }

    #[test]
    fn a_changed_value_is_a_disagreement() {
        let facts = [
            Fact::number("/a", 2.5),
            Fact::instant("/t", at(3600)),
            Fact::date("/d", NaiveDate::from_ymd_opt(2026, 5, 2).unwrap()),
            Fact::count("/s", 2),
            Fact::text("/n", "x"),
            Fact::maybe("/none", None::<f64>),
        ];
        let good = json!({"a": 2.500_000_1, "t": "1970-01-01T02:00:00.000000+01:00", "d": "2026-05-02T00:00:00",
            "s": [1, 2], "n": "x", "none": null});
        assert_eq!(compare(&facts, &good), Verdict::Agrees);
        for (pointer, wrong) in [
            ("/a", json!(2.6)),
            ("/a", json!("2.5")),
            ("/t", json!("1970-01-01T01:00:00+01:00")),
            ("/d", json!("2026-05-03T00:00:00")),
            ("/s", json!([1])),
            ("/n", json!("y")),
            ("/none", json!(0)),
        ] {
            let mut record = good.clone();
            *record.pointer_mut(pointer).unwrap() = wrong;
            let Verdict::Disagrees(found) = compare(&facts, &record) else {
                panic!("{pointer} was not noticed")
            };
            assert_eq!((found.len(), found[0].fact.pointer), (1, pointer));
        }
    }
}
