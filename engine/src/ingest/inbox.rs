//! Finds the connections that a provider's notices speak of, so that each gets its row in the inbox.
//!
//! Comes from the front after the notification was verified, goes to the writer; only when the changes are committed
//! may the notification be acknowledged. Never decides whether a notice was seen before: the store does.

use std::collections::HashMap;
use std::sync::Arc;

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
    /// Connections to wake after that, each once, with their tenants.
    pub connections: Vec<(Uuid, Arc<str>)>,
    /// Notices about accounts that are not connected here; kept for people.
    pub unknown: usize,
}

/// Whose connections a notification may speak of. What is sent to one provider app says nothing about an account that
/// was connected through another one.
pub struct Reach<'a> {
    /// The provider's key.
    pub provider: &'a str,
    /// Whether a tenant's connections belong to the app.
    pub holds: &'a dyn Fn(&str) -> bool,
}

/// The inbox rows for the notices of one notification. A notice about an account that several tenants connected goes
/// to each of them that the app serves; a connection that was removed gets nothing more.
///
/// # Errors
/// [`StoreError`]: the notification must not be acknowledged, the provider will repeat it.
pub async fn accept(
    store: &dyn Store,
    reach: &Reach<'_>,
    notices: Vec<Notice>,
    received_at: DateTime<Utc>,
    trace: Option<TraceContext>,
) -> Result<Accepted, StoreError> {
    let mut accounts: HashMap<String, Vec<(Uuid, Arc<str>)>> = HashMap::new();
    let mut accepted = Accepted::default();
    for notice in notices {
        if !accounts.contains_key(&notice.account) {
            let found = connected(store, reach, &notice.account).await?;
            accounts.insert(notice.account.clone(), found);
        }
        let connections = accounts.get(&notice.account).map(Vec::as_slice).unwrap_or_default();
        let row = |connection: Option<Uuid>, notice: Notice| {
            Change::InboxAdd(NewNotice {
                provider: reach.provider.to_owned(),
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
            accepted.changes.push(row(Some(connection.0), notice.clone()));
            if !accepted.connections.contains(connection) {
                accepted.connections.push(connection.clone());
            }
        }
    }
    Ok(accepted)
}

async fn connected(
    store: &dyn Store,
    reach: &Reach<'_>,
    account: &str,
) -> Result<Vec<(Uuid, Arc<str>)>, StoreError> {
    let filter = ConnectionFilter {
        provider: Some(reach.provider.to_owned()),
        account: Some(account.to_owned()),
        ..ConnectionFilter::default()
    };
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = store.connections(&filter, after, PAGE).await?;
        after = page.last().map(|connection| connection.id);
        let complete = page.len() < PAGE;
        let here = page.into_iter().filter(|connection| {
            connection.state != ConnectionState::Disconnected && (reach.holds)(&connection.tenant)
        });
        found.extend(here.map(|connection| (connection.id, connection.tenant)));
        if complete {
            return Ok(found);
        }
    }
}
