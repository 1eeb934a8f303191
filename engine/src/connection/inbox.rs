//! Notifications of one connection as jobs: rows of one resource travel together, each is finished in the
//! transaction that holds what it led to, and none is dropped.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};
use tracing::info;
use tributary_contract::error::Class;
use tributary_contract::provider::Change as Told;
use tributary_contract::{Cause, Emitted, FetchError, Job, TraceContext, Window};
use uuid::Uuid;

use super::job::{Work, length, pieces};
use super::state::Ended;
use super::{Runtime, connect};
use crate::store::{Change, InboxRow};

/// Rows that are taken up at once.
const AT_ONCE: usize = 256;
/// When an answer that is empty or "not found" right after a notification is asked for again: the provider may not
/// have finished writing it.
const PROVISIONAL: [Duration; 3] = [Duration::minutes(5), Duration::minutes(15), Duration::minutes(45)];

/// What is to be worked through.
#[derive(Default)]
pub(super) struct Due {
    rows: Vec<InboxRow>,
    next: Option<DateTime<Utc>>,
}

impl Due {
    /// The notifications that it comes from, oldest first, each once.
    pub(super) fn traces(&self) -> Vec<TraceContext> {
        let mut traces: Vec<_> = self.rows.iter().filter_map(|row| row.trace).collect();
        traces.dedup();
        traces
    }
}

/// Reads what is due.
pub(super) async fn due(runtime: &Runtime, connection: Uuid) -> Result<Due, FetchError> {
    let now = runtime.clock.now();
    let rows = runtime.store.inbox(connection, AT_ONCE).await;
    let rows = rows.map_err(|error| FetchError::Store { reason: error.to_string() })?;
    let full = rows.len() == AT_ONCE;
    let (rows, waiting): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.due_at <= now);
    let mut next: Option<DateTime<Utc>> = waiting.iter().map(|row| row.due_at).min();
    if full && !rows.is_empty() {
        next = Some(now);
    }
    Ok(Due { rows, next })
}

/// Works through what is due. The inbox is due again at the time that is returned.
pub(super) async fn run(work: &Work, Due { rows, mut next }: Due) -> Result<Ended, FetchError> {
    let mut updates: BTreeMap<String, Vec<InboxRow>> = BTreeMap::new();
    let mut revoked = None;
    for row in rows {
        match &row.notice.change {
            Told::Updated { resource, .. } => updates.entry(resource.clone()).or_default().push(row),
            Told::Deleted { .. } => deleted(work, &row).await?,
            Told::Revoked => revoked = Some(row),
            Told::Unknown { kind } => give_up(work, &row, format!("unknown kind {kind:?}")).await?,
        }
    }
    for (resource, rows) in updates {
        let again = updated(work, &resource, rows).await?;
        next = earlier(next, again);
    }
    if let Some(row) = revoked {
        connect::revoked(&work.runtime, &work.connection, vec![Change::InboxFinish { id: row.id }]).await?;
        return Ok(Ended::Inactive(crate::store::ConnectionState::Disconnected));
    }
    Ok(Ended::Done { inbox_due: next, finished: false })
}

async fn deleted(work: &Work, row: &InboxRow) -> Result<(), FetchError> {
    let Told::Deleted { resource, data_type, key } = &row.notice.change else { return Ok(()) };
    let Some(resource) = work.runtime.provider.spec().resource(resource) else {
        return give_up(work, row, format!("unknown resource {resource:?}")).await;
    };
    let gone = Emitted::Deleted { data_type: *data_type, key: key.clone() };
    let destination = super::commit::Destination::new(
        work.runtime.writer.clone(),
        &work.connection,
        resource.name,
        None,
        row.trace.unwrap_or(work.trace),
    );
    destination.commit_with(vec![gone], vec![Change::InboxFinish { id: row.id }]).await.map(|_committed| ())
}

async fn give_up(work: &Work, row: &InboxRow, reason: String) -> Result<(), FetchError> {
    info!(reason, "a notification is kept for people");
    commit(work, vec![Change::InboxGiveUp { id: row.id, reason }]).await
}

async fn commit(work: &Work, changes: Vec<Change>) -> Result<(), FetchError> {
    let destination = super::commit::Destination::new(
        work.runtime.writer.clone(),
        &work.connection,
        "inbox",
        None,
        work.trace,
    );
    destination.commit_with(Vec::new(), changes).await.map(|_committed| ())
}

/// Fetches what the rows of one resource speak of: together if that works, else each by itself, so that one bad
/// row does not hold the others.
async fn updated(work: &Work, name: &str, rows: Vec<InboxRow>) -> Result<Option<DateTime<Utc>>, FetchError> {
    if work.runtime.provider.spec().resource(name).is_none() {
        for row in rows {
            give_up(work, &row, format!("unknown resource {name:?}")).await?;
        }
        return Ok(None);
    }
    match together(work, name, &rows).await {
        Ok(()) => return Ok(None),
        Err(Failure::Error(error)) if error.class() == Class::Reauth => return Err(error),
        Err(failure) if rows.len() == 1 => return postpone(work, rows, &failure).await,
        Err(Failure::Error(error)) if error.class() == Class::Retry => {
            return postpone(work, rows, &Failure::Error(error)).await;
        }
        Err(_) => {}
    }
    let mut next = None;
    for row in rows {
        let alone = vec![row];
        match together(work, name, &alone).await {
            Ok(()) => {}
            Err(Failure::Error(error)) if error.class() == Class::Reauth => return Err(error),
            Err(failure) => next = earlier(next, postpone(work, alone, &failure).await?),
        }
    }
    Ok(next)
}

/// Why a notification is not finished.
enum Failure {
    Error(FetchError),
    Empty,
}

async fn together(work: &Work, name: &str, rows: &[InboxRow]) -> Result<(), Failure> {
    let spec = work.runtime.provider.spec();
    let Some(resource) = spec.resource(name) else { return Ok(()) };
    let now = work.runtime.clock.now();
    let mut ids: Vec<String> = Vec::new();
    let mut window: Option<Window> = None;
    let mut listed = false;
    for row in rows {
        let Told::Updated { ids: named, window: told, .. } = &row.notice.change else { continue };
        ids.extend(named.iter().filter(|id| !id.is_empty()).cloned());
        window = match (window, told) {
            (Some(a), Some(b)) => Some(a.hull(b)),
            (a, b) => a.or(*b),
        };
        listed |= named.is_empty();
    }
    ids.sort_unstable();
    ids.dedup();
    let recent = Window::new(now - length(resource.look_back), now);
    let mut emitted = 0;
    let window =
        if listed { window.map_or(recent, |window| window.hull(&recent)) } else { window.unwrap_or(recent) };
    let finish = || rows.iter().map(|row| Change::InboxFinish { id: row.id }).collect::<Vec<_>>();
    if !ids.is_empty() {
        let job = Job { resource, window, cause: Cause::Notification, cursor: None, ids };
        // The rows are finished with the last of the jobs that they lead to.
        let last = if listed { Vec::new() } else { finish() };
        let provisional = rows.iter().all(|row| row.attempts < 3);
        let enough = |total: usize| total > 0 || listed || !provisional;
        let finish_if_enough = |_: &_, total| if enough(total) { last } else { Vec::new() };
        emitted = work.fetch(&job, None, finish_if_enough).await.map_err(Failure::Error)?;
        if !enough(emitted) {
            return Err(Failure::Empty);
        }
    }
    if listed {
        for piece in pieces(resource, window) {
            let job =
                Job { resource, window: piece, cause: Cause::Notification, cursor: None, ids: Vec::new() };
            emitted += work.fetch(&job, None, |_, _| Vec::new()).await.map_err(Failure::Error)?;
        }
        commit(work, finish()).await.map_err(Failure::Error)?;
    }
    info!(resource = name, notices = rows.len(), emitted, "notifications worked off");
    Ok(())
}

async fn postpone(
    work: &Work,
    rows: Vec<InboxRow>,
    failure: &Failure,
) -> Result<Option<DateTime<Utc>>, FetchError> {
    let now = work.runtime.clock.now();
    let mut next = None;
    let mut changes = Vec::new();
    for row in rows {
        let attempts = row.attempts.saturating_add(1);
        let (pause, reason) = match failure {
            Failure::Empty => (provisional(row.attempts), "nothing there yet".to_owned()),
            Failure::Error(error) => {
                let pause = match error.class() {
                    Class::Retry => {
                        let asked = error.retry_after().map(length).unwrap_or_default();
                        Some(asked.max(Duration::seconds(15) * 2_i32.pow(row.attempts.min(8))))
                    }
                    Class::GiveUp | Class::Reauth => provisional(row.attempts),
                };
                (pause, error.to_string())
            }
        };
        match pause {
            Some(pause) => {
                let due_at = now + pause;
                next = earlier(next, Some(due_at));
                changes.push(Change::InboxRetry { id: row.id, due_at, attempts, reason });
            }
            None => changes.push(Change::InboxGiveUp { id: row.id, reason }),
        }
    }
    commit(work, changes).await?;
    Ok(next)
}

fn provisional(attempts: u32) -> Option<Duration> {
    usize::try_from(attempts).ok().and_then(|index| PROVISIONAL.get(index)).copied()
}

fn earlier(a: Option<DateTime<Utc>>, b: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}
