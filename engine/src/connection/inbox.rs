//! Notifications of one connection as jobs: rows of one resource travel together, each is finished in the
//! transaction that holds what it led to, and none is dropped.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};
use tracing::info;
use tributary_contract::error::Class;
use tributary_contract::provider::Change as Told;
use tributary_contract::spec::Resource;
use tributary_contract::{Cause, Emitted, FetchError, Job, TraceContext, Window};
use uuid::Uuid;

use super::job::{Work, length, pieces};
use super::merge::{Merged, Said, merge};
use super::state::Ended;
use super::{Runtime, connect};
use crate::store::{Change, InboxDue, InboxRow};

/// Rows that are taken up at once.
const AT_ONCE: usize = 256;
/// When an answer that is empty or "not found" right after a notification is asked for again: the provider may not
/// have finished writing it.
const PROVISIONAL: [Duration; 3] = [Duration::minutes(5), Duration::minutes(15), Duration::minutes(45)];

/// The notifications that due rows come from, oldest first, each once.
pub(super) fn traces(due: &InboxDue) -> Vec<TraceContext> {
    let mut traces: Vec<_> = due.rows.iter().filter_map(|row| row.trace).collect();
    traces.dedup();
    traces
}

/// Reads what is due.
pub(super) async fn due(runtime: &Runtime, connection: Uuid) -> Result<InboxDue, FetchError> {
    let due = runtime.store.inbox_due(connection, runtime.clock.now(), AT_ONCE).await;
    due.map_err(|error| FetchError::Store { reason: error.to_string() })
}

/// Works through what is due. The inbox is due again at the time that is returned.
pub(super) async fn run(work: &Work, InboxDue { rows, mut next }: InboxDue) -> Result<Ended, FetchError> {
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

/// Fetches what the rows of one resource speak of: those of the same stretch together, and if that does not work each
/// by itself, so that one bad row does not hold the others.
async fn updated(work: &Work, name: &str, rows: Vec<InboxRow>) -> Result<Option<DateTime<Utc>>, FetchError> {
    let Some(resource) = work.runtime.provider.spec().resource(name) else {
        for row in rows {
            give_up(work, &row, format!("unknown resource {name:?}")).await?;
        }
        return Ok(None);
    };
    let now = work.runtime.clock.now();
    let jobs = merge(rows.iter().map(|row| said(resource, row, now)).collect(), length(resource.max_window));
    let mut rows: Vec<_> = rows.into_iter().map(Some).collect();
    let mut next = None;
    for job in jobs {
        let members: Vec<_> =
            job.notices.iter().filter_map(|place| rows.get_mut(*place).and_then(Option::take)).collect();
        next = earlier(next, settle(work, resource, job, members).await?);
    }
    Ok(next)
}

/// What a row says. One without a window speaks of the recent past. A list of something recent is read with all of it:
/// providers tell of the moment, and what changed beside it comes along.
fn said(resource: &Resource, row: &InboxRow, now: DateTime<Utc>) -> Said {
    let recent = Window::new(now - length(resource.look_back), now);
    let Told::Updated { ids, window, .. } = &row.notice.change else {
        return Said { ids: Vec::new(), window: recent };
    };
    let ids: Vec<_> = ids.iter().filter(|id| !id.is_empty()).cloned().collect();
    let window = match window {
        Some(window) if ids.is_empty() && window.touches(&recent) => window.hull(&recent),
        Some(window) => *window,
        None => recent,
    };
    Said { ids, window }
}

/// Runs one merged job. A failure that may pass postpones all its rows; another one makes each be tried by itself.
async fn settle(
    work: &Work,
    resource: &'static Resource,
    job: Merged,
    rows: Vec<InboxRow>,
) -> Result<Option<DateTime<Utc>>, FetchError> {
    match together(work, resource, &job, &rows).await {
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
        let said = said(resource, &row, work.runtime.clock.now());
        let job = Merged { notices: Vec::new(), ids: said.ids, window: said.window };
        let alone = vec![row];
        match together(work, resource, &job, &alone).await {
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

async fn together(
    work: &Work,
    resource: &'static Resource,
    merged: &Merged,
    rows: &[InboxRow],
) -> Result<(), Failure> {
    let finish = || rows.iter().map(|row| Change::InboxFinish { id: row.id }).collect::<Vec<_>>();
    let cause = Cause::Notification;
    let mut emitted = 0;
    if merged.ids.is_empty() {
        for window in pieces(resource, merged.window) {
            let job = Job { resource, window, cause, cursor: None, ids: Vec::new() };
            emitted += work.fetch(&job, None, |_, _| Vec::new()).await.map_err(Failure::Error)?;
        }
        commit(work, finish()).await.map_err(Failure::Error)?;
    } else {
        let job = Job { resource, window: merged.window, cause, cursor: None, ids: merged.ids.clone() };
        let provisional = rows.iter().all(|row| row.attempts < 3);
        let enough = |total: usize| total > 0 || !provisional;
        let finish_if_enough = |_: &_, total| if enough(total) { finish() } else { Vec::new() };
        emitted += work.fetch(&job, None, finish_if_enough).await.map_err(Failure::Error)?;
        if !enough(emitted) {
            return Err(Failure::Empty);
        }
    }
    info!(resource = resource.name, notices = rows.len(), emitted, "notifications worked off");
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
                        let guess = Duration::seconds(15) * 2_i32.pow(row.attempts.min(8));
                        match error.retry_after().map(length) {
                            Some(asked) if row.attempts == 0 => Some(asked.max(Duration::seconds(1))),
                            asked => Some(asked.unwrap_or_default().max(guess)),
                        }
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
