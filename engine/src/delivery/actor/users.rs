//! Whose entries they are: rows of the log come in, entries with their users go out. Users that are known come from the
//! delivery's own map, the others from the store. It never looks into a record.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use tributary_contract::model::{Digest, EntryId};
use tributary_contract::sink::{Entry, EntryKind, User};
use uuid::Uuid;

use super::Parts;
use crate::connection::user;
use crate::invariant::Invariant;
use crate::store::{LogRow, StoreError};

/// Users that are remembered between reads.
const USERS: usize = 10_000;

/// Rows with their users. Those that are not known yet are read first, all at once: each read is a hop to another
/// thread and back. A life-cycle event tells of a change, so its user is read again.
pub(super) async fn with_users(
    parts: &Parts,
    rows: Vec<LogRow>,
    mut users: HashMap<Uuid, Arc<User>>,
) -> Result<(Vec<Arc<Entry>>, HashMap<Uuid, Arc<User>>), StoreError> {
    if users.len() > USERS {
        users.clear();
    }
    let is_news =
        |row: &&LogRow| matches!(row.kind, EntryKind::LifeCycle(_)) || !users.contains_key(&row.connection);
    let wanted: HashSet<Uuid> = rows.iter().filter(is_news).map(|row| row.connection).collect();
    if !wanted.is_empty() {
        for id in &wanted {
            // What cannot be read again is not what was read before.
            users.remove(id);
        }
        let wanted: Vec<Uuid> = wanted.into_iter().collect();
        for connection in parts.store.connections_by_id(&wanted).await? {
            let user = user::of(&connection, (parts.spec)(&connection.provider));
            users.insert(connection.id, Arc::new(user));
        }
    }
    let mut entries = Vec::with_capacity(rows.len());
    for row in rows {
        if cfg!(debug_assertions) {
            Invariant::StableIdentity.check(is_itself(&row), "in an entry of the log");
        }
        let user =
            users.entry(row.connection).or_insert_with(|| Arc::new(user::unknown(row.connection))).clone();
        entries.push(Arc::new(Entry {
            sequence: row.sequence,
            id: row.id,
            user,
            kind: row.kind,
            key: row.key,
            body: row.body,
            committed_at: row.committed_at,
            trace: row.trace,
        }));
    }
    Ok((entries, users))
}

/// Whether a record's entry has the identity that its content gives it.
fn is_itself(row: &LogRow) -> bool {
    match row.kind {
        EntryKind::Record(data_type) => {
            row.id == EntryId::of_record(row.connection, data_type, &row.key, Digest::of(&row.body))
        }
        EntryKind::Deleted(_) | EntryKind::LifeCycle(_) => true,
    }
}
