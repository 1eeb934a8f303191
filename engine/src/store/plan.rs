//! What a group of changesets comes to, given what is stored: the rows to write and the answer to each changeset.
//!
//! Pure. A database first asks [`Wanted`] which rows matter, reads them into [`Known`], and writes the [`Plan`]. All
//! deduplication and every rejection is decided here, in the order of the group, so that databases cannot differ in
//! it. Several changes of one row become one write; nothing here knows SQL.

mod known;

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use tributary_contract::model::{DataType, Digest, EntryId, EventType};
use tributary_contract::sink::EntryKind;
use tributary_contract::{Cursor, TraceContext};
use uuid::Uuid;

pub(super) use known::{Known, NoticeKey, RecordKey, Stored, Wanted, record_order};

use self::known::notice_key;
use crate::invariant::Invariant;

use super::bulk::Reseal;
use super::changeset::{Change, Changeset, Committed, Lane, Rejected, Retention};
use super::row::{
    Connection, ConnectionState, Flow, NewDeadLetter, NewNotice, Parked, SealedAppKey, SealedCredential,
};

/// The rows to write, each table in its own right: within one plan no row is written twice, so the tables can be
/// written in any order, except that wipes come first.
#[derive(Debug, Default)]
pub(super) struct Plan<'a> {
    pub(super) results: Vec<Result<Committed, Rejected>>,
    /// Connections to wipe before anything else is written.
    pub(super) wiped: BTreeSet<Uuid>,
    /// Connections in order.
    pub(super) connections: Vec<ConnectionWrite<'a>>,
    pub(super) log: Vec<NewEntry<'a>>,
    pub(super) records: Vec<(RecordKey<'a>, Stored)>,
    /// Log entries that each tenant has now ever had, where that changed.
    pub(super) entries: BTreeMap<&'a str, u64>,
    pub(super) cursors: BTreeMap<(Uuid, &'a str, &'static str), NewCursor<'a>>,
    pub(super) notices: Vec<&'a NewNotice>,
    pub(super) event_ids: Vec<(NoticeKey<'a>, DateTime<Utc>)>,
    pub(super) inbox: BTreeMap<i64, InboxWrite<'a>>,
    pub(super) credentials: BTreeMap<Uuid, &'a SealedCredential>,
    /// By app and name.
    pub(super) app_keys: BTreeMap<(&'a str, &'a str), &'a SealedAppKey>,
    /// `None` takes the flow away.
    pub(super) flows: BTreeMap<&'a str, Option<&'a Flow>>,
    pub(super) offsets: BTreeMap<(&'a str, &'a str), OffsetWrite>,
    /// `None` unparks.
    pub(super) parked: BTreeMap<Uuid, Option<&'a Parked>>,
    pub(super) dead_letters: Vec<&'a NewDeadLetter>,
    pub(super) dead_letters_removed: BTreeSet<i64>,
    /// Dead letters that are delivered again, with the delivery that they are held for.
    pub(super) dead_letters_held: BTreeMap<i64, Uuid>,
    pub(super) meta: BTreeMap<&'a str, &'a [u8]>,
    /// After all else, so that an envelope that is written meanwhile wins. With the index of the changeset whose
    /// result counts them.
    pub(super) reseals: Vec<(usize, &'a Reseal)>,
    /// With the index of the changeset whose result counts what was removed.
    pub(super) retain: Vec<(usize, Retention)>,
}

/// A change of one connection.
#[derive(Debug)]
pub(super) enum ConnectionWrite<'a> {
    /// With this epoch instead of its own.
    Put(&'a Connection, u64),
    State {
        connection: Uuid,
        state: ConnectionState,
        reason: Option<&'a str>,
    },
    RaiseEpoch(Uuid),
}

/// A new entry of the log.
#[derive(Debug)]
pub(super) struct NewEntry<'a> {
    pub(super) sequence: u64,
    pub(super) tenant: &'a str,
    pub(super) ordinal: u64,
    pub(super) connection: Uuid,
    pub(super) kind: EntryKind,
    pub(super) key: &'a str,
    pub(super) id: EntryId,
    pub(super) trace: Option<TraceContext>,
    pub(super) body: &'a [u8],
}

#[derive(Debug)]
pub(super) struct NewCursor<'a> {
    pub(super) cursor: &'a Cursor,
    pub(super) finished: bool,
}

/// What becomes of an inbox row.
#[derive(Debug)]
pub(super) enum InboxWrite<'a> {
    Finish,
    Retry { due_at: DateTime<Utc>, attempts: u32, reason: &'a str },
    GiveUp { reason: &'a str },
}

#[derive(Debug, Clone, Copy)]
pub(super) enum OffsetWrite {
    /// Not below what is stored.
    AtLeast(u64),
    /// Whatever is stored.
    Exactly(u64),
}

impl<'a> Plan<'a> {
    /// Goes through the group in order. A rejected changeset leaves no trace in the plan.
    pub(super) fn of(group: &'a [Changeset], known: Known<'a>) -> Self {
        let mut fold = Fold { known, written: Vec::new(), plan: Self::default() };
        for (index, changeset) in group.iter().enumerate() {
            let result = fold.rejection(changeset).map_or_else(
                || {
                    Invariant::BlastRadiusOfOne.check(stays_within(changeset), "in a fenced changeset");
                    let mut committed = Committed::default();
                    for change in &changeset.changes {
                        fold.apply(index, change, &mut committed);
                    }
                    Ok(committed)
                },
                Err,
            );
            fold.plan.results.push(result);
        }
        fold.finish()
    }
}

/// The state of the world while a group is gone through: `known` moves on with each accepted changeset.
struct Fold<'a> {
    known: Known<'a>,
    /// Records whose stored state has to change; one that changed twice is named twice.
    written: Vec<RecordKey<'a>>,
    plan: Plan<'a>,
}

impl<'a> Fold<'a> {
    fn rejection(&self, changeset: &Changeset) -> Option<Rejected> {
        if let Some(fence) = changeset.fence
            && self.known.epochs.get(&fence.connection) != Some(&fence.epoch)
        {
            return Some(Rejected::Fenced);
        }
        let mut here: HashMap<&str, bool> = HashMap::new();
        for change in &changeset.changes {
            match change {
                Change::FlowPut(flow) => {
                    here.insert(&flow.state, true);
                }
                Change::FlowTake { state } => {
                    let begun = match here.entry(state) {
                        Entry::Occupied(entry) => *entry.get(),
                        Entry::Vacant(_) => self.known.flows.contains(state.as_str()),
                    };
                    if !begun {
                        return Some(Rejected::FlowUsed);
                    }
                    here.insert(state, false);
                }
                _ => {}
            }
        }
        None
    }

    fn apply(&mut self, index: usize, change: &'a Change, committed: &mut Committed) {
        let plan = &mut self.plan;
        match change {
            Change::Record { tenant, connection, data_type, key, digest, id, body, trace } => {
                let record = (*connection, *data_type, key.as_str());
                let stored = Stored { digest: *digest, deleted: false };
                if self.known.records.insert(record, stored) == Some(stored) {
                    committed.unchanged += 1;
                    return;
                }
                self.written.push(record);
                let kind = EntryKind::Record(*data_type);
                self.append(committed, tenant, record.0, kind, record.2, *trace, body, |_| *id);
            }
            Change::Deleted { tenant, connection, data_type, key, trace } => {
                let record = (*connection, *data_type, key.as_str());
                let Some(stored) = self.known.records.get_mut(&record).filter(|stored| !stored.deleted)
                else {
                    return;
                };
                stored.deleted = true;
                let digest = stored.digest;
                self.written.push(record);
                let kind = EntryKind::Deleted(*data_type);
                self.append(committed, tenant, record.0, kind, record.2, *trace, &[], |_| {
                    deletion_id(*connection, *data_type, key.as_bytes(), digest)
                });
            }
            Change::Event { tenant, connection, event, body, trace } => {
                let kind = EntryKind::LifeCycle(*event);
                self.append(committed, tenant, *connection, kind, "", *trace, body, |sequence| {
                    event_id(*connection, *event, sequence, body)
                });
            }
            Change::Cursor { connection, resource, lane, cursor, finished } => {
                let row = (*connection, resource.as_str(), Lane::as_str(*lane));
                plan.cursors.insert(row, NewCursor { cursor, finished: *finished });
            }
            Change::InboxAdd(notice) => {
                if let Some(key) = notice_key(notice) {
                    if !self.known.notices.insert(key) {
                        return;
                    }
                    plan.event_ids.push((key, notice.received_at));
                }
                plan.notices.push(notice);
                committed.notices += 1;
            }
            Change::InboxFinish { id } => {
                plan.inbox.insert(*id, InboxWrite::Finish);
            }
            Change::InboxRetry { id, due_at, attempts, reason } => {
                self.inbox(*id, InboxWrite::Retry { due_at: *due_at, attempts: *attempts, reason });
            }
            Change::InboxGiveUp { id, reason } => self.inbox(*id, InboxWrite::GiveUp { reason }),
            Change::ConnectionPut(connection) => {
                let epoch = self.known.epochs.entry(connection.id).or_default();
                *epoch = connection.epoch.max(*epoch);
                plan.connections.push(ConnectionWrite::Put(connection, *epoch));
            }
            Change::ConnectionState { connection, state, reason } => {
                let (connection, state, reason) = (*connection, *state, reason.as_deref());
                plan.connections.push(ConnectionWrite::State { connection, state, reason });
            }
            Change::CredentialPut(credential) => {
                plan.credentials.insert(credential.connection, credential);
            }
            Change::Reseal(reseal) => plan.reseals.push((index, reseal)),
            Change::AppKeyPut(key) => {
                plan.app_keys.insert((&key.app, &key.name), key);
            }
            Change::ConnectionWipe { connection } => self.wipe(*connection),
            Change::FlowPut(flow) => {
                self.known.flows.insert(&flow.state);
                plan.flows.insert(&flow.state, Some(flow));
            }
            Change::FlowTake { state } => {
                self.known.flows.remove(state.as_str());
                plan.flows.insert(state, None);
            }
            Change::Offset { tenant, sink, offset, rewind } => self.offset((tenant, sink), *offset, *rewind),
            Change::Park(parked) => {
                plan.parked.insert(parked.delivery, Some(parked));
            }
            Change::Unpark { delivery } => {
                plan.parked.insert(*delivery, None);
            }
            Change::DeadLetter(letter) => plan.dead_letters.push(letter),
            Change::DeadLetterRemove { id } => {
                plan.dead_letters_removed.insert(*id);
            }
            Change::DeadLetterHold { id, delivery } => {
                plan.dead_letters_held.insert(*id, *delivery);
            }
            Change::Meta { name, value } => {
                plan.meta.insert(name, value);
            }
            Change::Retain(retention) => plan.retain.push((index, *retention)),
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the columns of an entry, at its only three callers")]
    fn append(
        &mut self,
        committed: &mut Committed,
        tenant: &'a Arc<str>,
        connection: Uuid,
        kind: EntryKind,
        key: &'a str,
        trace: Option<TraceContext>,
        body: &'a [u8],
        id: impl FnOnce(u64) -> EntryId,
    ) {
        let tenant: &str = tenant;
        self.known.last_sequence += 1;
        let sequence = self.known.last_sequence;
        let ordinal = self.known.entries.entry(tenant).or_default();
        *ordinal += 1;
        let ordinal = *ordinal;
        let id = id(sequence);
        self.plan.entries.insert(tenant, ordinal);
        self.plan.log.push(NewEntry { sequence, tenant, ordinal, connection, kind, key, id, trace, body });
        committed.added += 1;
        committed.last_sequence = Some(sequence);
    }

    /// A row that is finished stays so.
    fn inbox(&mut self, id: i64, write: InboxWrite<'a>) {
        if !matches!(self.plan.inbox.get(&id), Some(InboxWrite::Finish)) {
            self.plan.inbox.insert(id, write);
        }
    }

    fn offset(&mut self, sink: (&'a str, &'a str), offset: u64, rewind: bool) {
        let write = match (rewind, self.plan.offsets.get(&sink)) {
            (true, _) => OffsetWrite::Exactly(offset),
            (false, Some(OffsetWrite::Exactly(before))) => OffsetWrite::Exactly(offset.max(*before)),
            (false, Some(OffsetWrite::AtLeast(before))) => OffsetWrite::AtLeast(offset.max(*before)),
            (false, None) => OffsetWrite::AtLeast(offset),
        };
        self.plan.offsets.insert(sink, write);
    }

    /// Wipes are written first, so all that this group put before the wipe is forgotten here.
    fn wipe(&mut self, connection: Uuid) {
        self.plan.wiped.insert(connection);
        self.plan.cursors.retain(|(owner, ..), _| *owner != connection);
        self.plan.credentials.remove(&connection);
        self.plan.notices.retain(|notice| notice.connection != Some(connection));
        self.plan.event_ids.retain(|((owner, ..), _)| *owner != connection);
        self.known.notices.retain(|(owner, ..)| *owner != connection);
        self.known.records.retain(|(owner, ..), _| *owner != connection);
        self.written.retain(|(owner, ..)| *owner != connection);
        if let Some(epoch) = self.known.epochs.get_mut(&connection) {
            *epoch += 1;
            self.plan.connections.push(ConnectionWrite::RaiseEpoch(connection));
        }
    }

    fn finish(mut self) -> Plan<'a> {
        self.written.sort_unstable_by_key(record_order);
        self.written.dedup();
        let stored = |record: RecordKey<'a>| Some((record, *self.known.records.get(&record)?));
        self.plan.records.extend(self.written.into_iter().filter_map(stored));
        self.plan
    }
}

/// Whether a changeset that is fenced for a connection touches no other one's records and cursors: then they are one
/// transaction that counts or does not.
fn stays_within(changeset: &Changeset) -> bool {
    let Some(fence) = changeset.fence else { return true };
    changeset.changes.iter().all(|change| match change {
        Change::Record { connection, .. }
        | Change::Deleted { connection, .. }
        | Change::Cursor { connection, .. } => *connection == fence.connection,
        _ => true,
    })
}

/// The id of a deletion: the same for the same content, however often it is deleted.
fn deletion_id(connection: Uuid, data_type: DataType, key: &[u8], digest: Digest) -> EntryId {
    EntryId::of_event(connection, &format!("deleted:{data_type}"), key, digest)
}

/// Two equal events at different times are two, so the place in the log tells them apart.
fn event_id(connection: Uuid, event: EventType, sequence: u64, body: &[u8]) -> EntryId {
    EntryId::of_event(connection, event.as_str(), &sequence.to_be_bytes(), Digest::of(body))
}
