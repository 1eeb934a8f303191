//! One job: read where things stand, open the door, let the provider fetch, commit. Never decides what comes next.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tracing::{Instrument as _, debug, warn};
use tributary_contract::spec::Resource;
use tributary_contract::{Cause, Cursor, Fetch, FetchError, Job, TraceContext, Window};
use uuid::Uuid;

use super::commit::Destination;
use super::state::{Ended, Task};
use super::{Runtime, inbox};
use crate::store::{Change, Connection, ConnectionState, Lane};
use crate::telemetry::span;

/// A job that runs longer is stopped; what it has checkpointed stays. It is long because waiting for a quota counts:
/// single calls have time-outs of their own.
pub const DEADLINE: Duration = Duration::from_secs(2 * 3_600);

/// Runs one task of a connection to its end. A panic is the caller's to catch.
pub async fn run(runtime: Arc<Runtime>, id: Uuid, task: Task) -> Ended {
    let cause = cause(task);
    let Ok(_slot) = runtime.slots.of(cause).acquire_owned().await else {
        return Ended::Failed(FetchError::Stopped { reason: "shutting down".to_owned() });
    };
    let guard = runtime.clock.guard();
    let connection = match runtime.store.connection(id).await {
        Ok(Some(connection)) if connection.state == ConnectionState::Active => connection,
        Ok(Some(connection)) if connection.state == ConnectionState::Quarantined => connection,
        Ok(Some(connection)) => return Ended::Inactive(connection.state),
        Ok(None) => return Ended::Inactive(ConnectionState::Disconnected),
        Err(error) => return Ended::Failed(FetchError::Store { reason: error.to_string() }),
    };
    let trace = span::new_trace();
    let span = tracing::info_span!(
        "sync",
        provider = runtime.provider.spec().key,
        tenant = %connection.tenant,
        cause = cause.as_str(),
        trace_id = %hex::encode(trace.trace_id),
    );
    let clock = runtime.clock.clone();
    let work = Work { runtime, connection, trace };
    let ended = async {
        let result = match task {
            Task::Inbox => inbox::run(&work).await,
            Task::Poll(index) => work.poll(index).await,
            Task::History(index) => work.history(index).await,
            Task::Request(wish) => work.request(wish.resource, wish.window).await,
        };
        match result {
            Ok(done) => done,
            Err(error) => {
                warn!(kind = error.kind(), %error, "sync failed");
                Ended::Failed(error)
            }
        }
    };
    let limited = clock.timeout(DEADLINE, ended.instrument(span)).await;
    drop(guard);
    limited.unwrap_or_else(|_elapsed| {
        Ended::Failed(FetchError::Stopped { reason: format!("no end within {} s", DEADLINE.as_secs()) })
    })
}

/// Why a task runs.
pub const fn cause(task: Task) -> Cause {
    match task {
        Task::Inbox => Cause::Notification,
        Task::Poll(_) => Cause::Poll,
        Task::History(_) => Cause::Backfill,
        Task::Request(_) => Cause::Request,
    }
}

/// A task with what it needs.
pub(super) struct Work {
    pub(super) runtime: Arc<Runtime>,
    pub(super) connection: Connection,
    pub(super) trace: TraceContext,
}

impl Work {
    fn resource(&self, index: usize) -> Result<&'static Resource, FetchError> {
        let resources = self.runtime.provider.spec().resources;
        resources.get(index).ok_or_else(|| FetchError::unsupported("a resource of an older version"))
    }

    /// Reads forward, from the cursor less the look-back to now.
    async fn poll(&self, index: usize) -> Result<Ended, FetchError> {
        let resource = self.resource(index)?;
        let now = self.runtime.clock.now();
        let stored = self.cursor(resource, Lane::Live).await?;
        let through = stored.as_ref().map_or(now, |cursor| cursor.through.min(now));
        let window = Window::new(through - length(resource.look_back), now);
        for piece in pieces(resource, window) {
            let cursor = stored.clone().filter(|cursor| cursor.token.is_some());
            let job = Job { resource, window: piece, cause: Cause::Poll, cursor, ids: Vec::new() };
            self.fetch(&job, Some(Lane::Live), |destination, _emitted| {
                destination.cursor(Cursor::at(piece.to), false).into_iter().collect()
            })
            .await?;
        }
        Ok(Ended::Done { inbox_due: None, finished: false })
    }

    /// Reads one window backward, towards the end of the provider's history.
    async fn history(&self, index: usize) -> Result<Ended, FetchError> {
        let resource = self.resource(index)?;
        let Some(depth) = resource.history else {
            return Ok(Ended::Done { inbox_due: None, finished: true });
        };
        let begin = self.connection.created_at - length(resource.look_back);
        let floor = self.connection.created_at - length(depth).min(self.runtime.history);
        let through = self.cursor(resource, Lane::History).await?.map_or(begin, |cursor| cursor.through);
        let from = (through - length(resource.max_window)).max(floor).min(through);
        let finished = from <= floor;
        let window = Window::new(from, through);
        let job = Job { resource, window, cause: Cause::Backfill, cursor: None, ids: Vec::new() };
        let cursor =
            |destination: &Destination| destination.cursor(Cursor::at(from), finished).into_iter().collect();
        if window.length() > chrono::Duration::zero() {
            self.fetch(&job, Some(Lane::History), |destination, _emitted| cursor(destination)).await?;
        } else {
            let destination = self.destination(resource, Some(Lane::History));
            let changes = cursor(&destination);
            destination.commit_with(Vec::new(), changes).await?;
        }
        Ok(Ended::Done { inbox_due: None, finished })
    }

    async fn request(&self, index: usize, window: Window) -> Result<Ended, FetchError> {
        let resource = self.resource(index)?;
        for piece in pieces(resource, window) {
            let job = Job { resource, window: piece, cause: Cause::Request, cursor: None, ids: Vec::new() };
            self.fetch(&job, None, |_destination, _emitted| Vec::new()).await?;
        }
        Ok(Ended::Done { inbox_due: None, finished: false })
    }

    async fn cursor(&self, resource: &Resource, lane: Lane) -> Result<Option<Cursor>, FetchError> {
        let row = self.runtime.store.cursor(self.connection.id, resource.name, lane).await;
        let row = row.map_err(|error| FetchError::Store { reason: error.to_string() })?;
        Ok(row.map(|row| row.cursor))
    }

    fn destination(&self, resource: &'static Resource, lane: Option<Lane>) -> Destination {
        Destination::new(self.runtime.writer.clone(), &self.connection, resource.name, lane, self.trace)
    }

    /// Lets the provider fetch, then commits what is left in one transaction with `last`, which is told how much
    /// was emitted in all. Returns that number.
    pub(super) async fn fetch(
        &self,
        job: &Job,
        lane: Option<Lane>,
        last: impl FnOnce(&Destination, usize) -> Vec<Change>,
    ) -> Result<usize, FetchError> {
        let began = self.runtime.clock.now();
        let destination = self.destination(job.resource, lane);
        let mut cx = open(&self.runtime, &self.connection, job.cause, self.trace, destination.clone(), began);
        self.runtime.provider.fetch(&mut cx, job).await?;
        let rest = cx.take_emitted();
        let extra = last(&destination, destination.emitted().saturating_add(rest.len()));
        destination.commit_with(rest, extra).await?;
        debug!(
            resource = job.resource.name,
            cause = job.cause.as_str(),
            emitted = destination.emitted(),
            added = destination.added(),
            "fetched"
        );
        Ok(destination.emitted())
    }
}

/// A provider's way in and out for one call of its contract on behalf of a connection.
pub(super) fn open(
    runtime: &Runtime,
    connection: &Connection,
    cause: Cause,
    trace: TraceContext,
    destination: Destination,
    now: DateTime<Utc>,
) -> Fetch {
    let door = super::door(runtime, Some(connection), cause, false, trace);
    let account = Some(connection.account.clone());
    Fetch::new(Arc::new(door), Box::new(destination), runtime.app.current(), account, now)
}

/// What one job each may ask for. A resource without history has a present state only: it is asked once, whatever
/// the window.
pub(super) fn pieces(resource: &Resource, window: Window) -> Vec<Window> {
    if resource.history.is_none() { vec![window] } else { window.pieces(length(resource.max_window)) }
}

pub(super) fn length(duration: Duration) -> chrono::Duration {
    chrono::Duration::from_std(duration).unwrap_or(chrono::Duration::days(36_500))
}
