//! Which stored rows decide what a group of changesets does, and what they say.

use std::collections::{BTreeSet, HashMap, HashSet};

use tributary_contract::model::{DataType, Digest};
use uuid::Uuid;

use crate::store::{Change, Changeset, Connection, NewNotice};

/// Connection, type and natural key.
pub(in crate::store) type RecordKey<'a> = (Uuid, DataType, &'a str);

/// Connection (nil if unknown), provider and event id.
pub(in crate::store) type NoticeKey<'a> = (Uuid, &'a str, &'a str);

/// What is known of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) struct Stored {
    pub(in crate::store) digest: Digest,
    pub(in crate::store) deleted: bool,
}

/// The rows whose present state decides what a group does.
#[derive(Debug, Default)]
pub(in crate::store) struct Wanted<'a> {
    pub(in crate::store) connections: BTreeSet<Uuid>,
    pub(in crate::store) records: Vec<RecordKey<'a>>,
    pub(in crate::store) notices: Vec<NoticeKey<'a>>,
    pub(in crate::store) flows: BTreeSet<&'a str>,
    pub(in crate::store) tenants: BTreeSet<&'a str>,
}

impl<'a> Wanted<'a> {
    pub(in crate::store) fn of(group: &'a [Changeset]) -> Self {
        let mut wanted = Self::default();
        let mut notices = HashSet::new();
        for changeset in group {
            wanted.connections.extend(changeset.fence.map(|fence| fence.connection));
            for change in &changeset.changes {
                match change {
                    Change::Record { tenant, connection, data_type, key, .. }
                    | Change::Deleted { tenant, connection, data_type, key, .. } => {
                        wanted.tenants.insert(tenant);
                        wanted.records.push((*connection, *data_type, key.as_str()));
                    }
                    Change::Event { tenant, .. } => {
                        wanted.tenants.insert(tenant);
                    }
                    Change::InboxAdd(notice) => notices.extend(notice_key(notice)),
                    Change::FlowTake { state } => {
                        wanted.flows.insert(state);
                    }
                    Change::ConnectionPut(Connection { id: connection, .. })
                    | Change::ConnectionWipe { connection } => {
                        wanted.connections.insert(*connection);
                    }
                    Change::Cursor { .. }
                    | Change::InboxFinish { .. }
                    | Change::InboxRetry { .. }
                    | Change::InboxGiveUp { .. }
                    | Change::ConnectionState { .. }
                    | Change::CredentialPut(_)
                    | Change::Reseal(_)
                    | Change::FlowPut(_)
                    | Change::Offset { .. }
                    | Change::Park(_)
                    | Change::Unpark { .. }
                    | Change::DeadLetter(_)
                    | Change::DeadLetterRemove { .. }
                    | Change::DeadLetterHold { .. }
                    | Change::Meta { .. }
                    | Change::AppKeyPut(_)
                    | Change::Retain(_) => {}
                }
            }
        }
        // In key order the database walks its tree once instead of jumping about in it.
        wanted.records.sort_unstable_by_key(record_order);
        wanted.records.dedup();
        wanted.notices.extend(notices);
        wanted
    }
}

/// The order in which a database keeps records.
pub(in crate::store) const fn record_order<'a>(key: &RecordKey<'a>) -> (Uuid, &'static str, &'a str) {
    (key.0, key.1.as_str(), key.2)
}

pub(super) fn notice_key(notice: &NewNotice) -> Option<NoticeKey<'_>> {
    let event_id = notice.notice.event_id.as_deref()?;
    Some((notice.connection.unwrap_or_default(), &notice.provider, event_id))
}

/// The present state of what was wanted.
#[derive(Debug, Default)]
pub(in crate::store) struct Known<'a> {
    /// Sequence of the newest entry that ever was.
    pub(in crate::store) last_sequence: u64,
    /// Epochs of the connections that exist.
    pub(in crate::store) epochs: HashMap<Uuid, u64>,
    pub(in crate::store) records: HashMap<RecordKey<'a>, Stored>,
    pub(in crate::store) notices: HashSet<NoticeKey<'a>>,
    /// Flows that have begun.
    pub(in crate::store) flows: HashSet<&'a str>,
    /// Log entries that each tenant ever had.
    pub(in crate::store) entries: HashMap<&'a str, u64>,
}
