//! What one receiver got: the newest version of each record on disk, an index of it in memory.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// Which record: whose (the tenant's own id of the person), type, natural key.
pub(super) type Key = (String, String, String);

/// The newest version of a record.
#[derive(Debug, Clone)]
pub(super) struct Slot {
    offset: u64,
    length: usize,
    content: [u8; 16],
    order: u64,
    /// When it arrived.
    pub(super) arrived_at: DateTime<Utc>,
    /// Whether it was taken back.
    pub(super) deleted: bool,
}

/// What one receiver got.
pub(super) struct Book {
    spool: File,
    end: u64,
    slots: HashMap<Key, Slot>,
    /// Records and deletions that arrived, repeats included.
    pub(super) received: u64,
    /// Arrivals that changed nothing.
    pub(super) duplicates: u64,
    /// Life-cycle events by type.
    pub(super) events: BTreeMap<String, u64>,
}

impl Book {
    /// An empty book that keeps records in this file.
    pub(super) fn new(path: &Path) -> anyhow::Result<Self> {
        let spool = File::options().read(true).write(true).create_new(true).open(path);
        let spool = spool.with_context(|| format!("{} cannot be made", path.display()))?;
        Ok(Self { spool, end: 0, slots: HashMap::new(), received: 0, duplicates: 0, events: BTreeMap::new() })
    }

    /// A record arrived. `order` tells versions apart: a larger one is newer, whenever it arrives.
    pub(super) fn record(
        &mut self,
        key: Key,
        body: &[u8],
        order: u64,
        at: DateTime<Utc>,
    ) -> anyhow::Result<()> {
        self.received += 1;
        let mut content = [0; 16];
        for (to, from) in content.iter_mut().zip(Sha256::digest(body)) {
            *to = from;
        }
        if let Some(slot) = self.slots.get(&key) {
            if slot.content == content && !slot.deleted {
                self.duplicates += 1;
                return Ok(());
            }
            if slot.order > order {
                return Ok(());
            }
        }
        let offset = self.end;
        self.spool.write_all(body)?;
        self.end = self.end.saturating_add(u64::try_from(body.len())?);
        let slot = Slot { offset, length: body.len(), content, order, arrived_at: at, deleted: false };
        self.slots.insert(key, slot);
        Ok(())
    }

    /// A record was taken back.
    pub(super) fn deleted(&mut self, key: Key, order: u64, at: DateTime<Utc>) {
        self.received += 1;
        let gone = Slot { offset: 0, length: 0, content: [0; 16], order, arrived_at: at, deleted: true };
        match self.slots.get_mut(&key) {
            Some(slot) if slot.deleted => self.duplicates += 1,
            Some(slot) if slot.order > order => {}
            Some(slot) => *slot = gone,
            None => {
                self.slots.insert(key, gone);
            }
        }
    }

    /// A life-cycle event arrived.
    pub(super) fn event(&mut self, name: &str) {
        *self.events.entry(name.to_owned()).or_default() += 1;
    }

    /// The newest version of a record.
    pub(super) fn slot(&self, key: &Key) -> Option<&Slot> {
        self.slots.get(key)
    }

    /// Its JSON.
    pub(super) fn body(&self, slot: &Slot) -> anyhow::Result<Value> {
        let mut body = vec![0; slot.length];
        self.spool.read_exact_at(&mut body, slot.offset)?;
        Ok(serde_json::from_slice(&body)?)
    }

    /// The keys of all records that are there.
    pub(super) fn present(&self) -> impl Iterator<Item = &Key> {
        self.slots.iter().filter(|(_, slot)| !slot.deleted).map(|(key, _)| key)
    }
}

/// The part of a record that its natural key comes from.
#[derive(Deserialize)]
struct Keyed {
    metadata: Option<Metadata>,
}

#[derive(Deserialize)]
struct Metadata {
    summary_id: Option<String>,
    start_time: Option<String>,
}

/// The natural key of a record, by the published rules: sessions have an id, days have a date, a person is one.
pub(super) fn natural_key(data_type: &str, record: &str) -> anyhow::Result<String> {
    if data_type == "athlete" {
        return Ok("athlete".to_owned());
    }
    let keyed: Keyed =
        serde_json::from_str(record).with_context(|| format!("a {data_type} is not an object"))?;
    let metadata = keyed.metadata.with_context(|| format!("a {data_type} has no metadata"))?;
    let key = match data_type {
        "activity" | "sleep" => metadata.summary_id,
        _ => metadata.start_time.and_then(|start| start.get(..10).map(str::to_owned)),
    };
    key.with_context(|| format!("a {data_type} has nothing to tell it by"))
}
