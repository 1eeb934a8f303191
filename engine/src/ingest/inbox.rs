//! Finds the connections that a provider's notices speak of, so that each gets its row in the inbox.
//!
//! Comes from the front after the notification was verified, goes to the writer; only when the changes are committed
//! may the notification be acknowledged. Never decides whether a notice was seen before: the store does.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use tributary_contract::{Notice, TraceContext};
use uuid::Uuid;

use crate::store::{Change, ConnectionFilter, ConnectionState, NewNotice, Store, StoreError};

/// Connections of one account that are looked up at once.
const PAGE: usize = 64;

/// What notices come to.
#[derive(Debug, Clone, Default)]
pub struct Accepted {
    /// To be committed before the notification is acknowledged.
    pub changes: Vec<Change>,
    /// Connections to wake after that, each once.
    pub connections: Vec<Uuid>,
    /// Notices about accounts that are not connected here; kept for people.
    pub unknown: usize,
}

/// The inbox rows for the notices of one notification. A notice about an account that several tenants connected goes
/// to each of them; a connection that was removed gets nothing more.
///
/// # Errors
/// [`StoreError`]: the notification must not be acknowledged, the provider will repeat it.
pub async fn accept(
    store: &dyn Store,
    provider: &str,
    notices: Vec<Notice>,
    received_at: DateTime<Utc>,
    trace: Option<TraceContext>,
) -> Result<Accepted, StoreError> {
    let mut accounts: HashMap<String, Vec<Uuid>> = HashMap::new();
    let mut accepted = Accepted::default();
    for notice in notices {
        if !accounts.contains_key(&notice.account) {
            let found = connected(store, provider, &notice.account).await?;
            accounts.insert(notice.account.clone(), found);
        }
        let connections = accounts.get(&notice.account).map(Vec::as_slice).unwrap_or_default();
        let row = |connection: Option<Uuid>, notice: Notice| {
            Change::InboxAdd(NewNotice {
                provider: provider.to_owned(),
                connection,
                notice,
                received_at,
                trace,
            })
        };
        if connections.is_empty() {
            accepted.unknown += 1;
            accepted.changes.push(row(None, notice));
            continue;
        }
        for connection in connections {
            accepted.changes.push(row(Some(*connection), notice.clone()));
            if !accepted.connections.contains(connection) {
                accepted.connections.push(*connection);
            }
        }
    }
    Ok(accepted)
}

async fn connected(store: &dyn Store, provider: &str, account: &str) -> Result<Vec<Uuid>, StoreError> {
    let filter = ConnectionFilter {
        provider: Some(provider.to_owned()),
        account: Some(account.to_owned()),
        ..ConnectionFilter::default()
    };
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = store.connections(&filter, after, PAGE).await?;
        after = page.last().map(|connection| connection.id);
        let complete = page.len() < PAGE;
        let here = page.into_iter().filter(|connection| connection.state != ConnectionState::Disconnected);
        found.extend(here.map(|connection| connection.id));
        if complete {
            return Ok(found);
        }
    }
}
