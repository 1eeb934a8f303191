//! One job: read where things stand, open the door, let the provider fetch, commit. Never decides what comes next.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tracing::{Instrument as _, debug, info, warn};
use tributary_contract::spec::Resource;
use tributary_contract::{Cause, Cursor, Door, Fetch, FetchError, Job, TraceContext, Window};
use uuid::Uuid;

use super::commit::Destination;
use super::progress::{Progress, Watched};
use super::state::{Ended, Task};
use super::{Runtime, backfill, inbox};
use crate::store::{Change, Connection, ConnectionState, InboxDue, Lane, StoreError};
use crate::telemetry::{metric, span};

/// A job that runs longer is stopped; what it has checkpointed stays. It is long because waiting for a quota counts:
/// single calls have time-outs of their own.
pub const DEADLINE: Duration = Duration::from_secs(2 * 3_600);

/// A job of which nothing has come for so long is ended: no call was answered and none was allowed to go. It is longer
/// than any wait for a permit or an answer.
pub const STALL: Duration = Duration::from_secs(15 * 60);

/// Runs one task of a connection to its end. A panic is the caller's to catch.
pub async fn run(runtime: Arc<Runtime>, id: Uuid, task: Task, progress: Arc<Progress>) -> Ended {
    let cause = cause(task);
    let Ok(_slot) = runtime.slots.of(cause).acquire_owned().await else {
        return Ended::Failed(FetchError::Stopped { reason: "shutting down".to_owned() });
    };
    let guard = runtime.clock.guard();
    progress.mark(runtime.clock.now());
    let connection = match runtime.store.connection(id).await {
        Ok(Some(connection)) if connection.state == ConnectionState::Active => connection,
        Ok(Some(connection)) if connection.state == ConnectionState::Quarantined => connection,
        Ok(Some(connection)) => return Ended::Inactive(connection.state),
        Ok(None) => return Ended::Inactive(ConnectionState::Disconnected),
        Err(error) => return Ended::Failed(FetchError::Store { reason: error.to_string() }),
    };
    let due = match task {
        Task::Inbox => match inbox::due(&runtime, id).await {
            Ok(due) => due,
            Err(error) => return Ended::Failed(error),
        },
        Task::Poll(_) | Task::History(_) | Task::Asked(_) | Task::Request(_) => InboxDue::default(),
    };
    let causes = match task {
        Task::Request(wish) => wish.trace.into_iter().collect(),
        Task::Inbox | Task::Poll(_) | Task::History(_) | Task::Asked(_) => inbox::traces(&due),
    };
    let provider = runtime.provider.spec().key;
    let span = span::sync(provider, &connection.tenant, cause.as_str(), &causes);
    let trace = span::context_of(&span, causes.first().copied());
    let (clock, began) = (runtime.clock.clone(), runtime.clock.now());
    let work = Work { runtime, connection, trace, progress: Arc::clone(&progress) };
    let ended = async {
        let result = match task {
            Task::Inbox => inbox::run(&work, due).await,
            Task::Poll(index) => work.poll(index).await,
            Task::History(index) => work.history(index).await,
            Task::Asked(index) => work.asked(index).await,
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
    let limited = clock.timeout(DEADLINE, ended.instrument(span.clone()));
    let ended = tokio::select! {
        limited = limited => limited.unwrap_or_else(|_elapsed| {
            metric::JOB_TIMEOUTS.add(1, [provider, "overdue"]);
            Ended::Failed(FetchError::Stopped { reason: format!("no end within {} s", DEADLINE.as_secs()) })
        }),
        last = progress.stalled(&clock, STALL) => {
            metric::JOB_TIMEOUTS.add(1, [provider, "stuck"]);
            warn!(%last, stall_s = STALL.as_secs(), "a job got nowhere and was ended; it will be done again");
            Ended::Stuck
        }
    };
    drop(guard);
    match &ended {
        Ended::Failed(error) => span::failed(&span, error.kind()),
        Ended::Stuck => span::failed(&span, "stuck"),
        Ended::Done { .. } | Ended::Inactive(_) | Ended::Panicked => {}
    }
    let took = (clock.now() - began).to_std().unwrap_or_default();
    metric::SYNC_DURATION.record(took, [provider, cause.as_str(), outcome(&ended)]);
    ended
}

/// The word for metrics.
const fn outcome(ended: &Ended) -> &'static str {
    match ended {
        Ended::Done { .. } => "ok",
        Ended::Inactive(_) => "inactive",
        Ended::Failed(error) => error.kind(),
        Ended::Panicked => "panicked",
        Ended::Stuck => "stuck",
    }
}

/// Why a task runs.
pub const fn cause(task: Task) -> Cause {
    match task {
        Task::Inbox => Cause::Notification,
        Task::Poll(_) => Cause::Poll,
        Task::History(_) | Task::Asked(_) => Cause::Backfill,
        Task::Request(_) => Cause::Request,
    }
}

/// A task with what it needs.
pub(super) struct Work {
    pub(super) runtime: Arc<Runtime>,
    pub(super) connection: Connection,
    pub(super) trace: TraceContext,
    pub(super) progress: Arc<Progress>,
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
        let created_at = self.connection.created_at;
        let Some(whole) = backfill::history(resource, created_at, self.runtime.history) else {
            return Ok(Ended::Done { inbox_due: None, finished: true });
        };
        let through = self.cursor(resource, Lane::History).await?.map_or(whole.to, |cursor| cursor.through);
        let from = (through - length(resource.max_window)).max(whole.from).min(through);
        let finished = from <= whole.from;
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

    /// Reads one window of what was asked for. What the provider checkpoints inside it is committed, its cursor is
    /// not: the walk goes on from whole windows.
    async fn asked(&self, index: usize) -> Result<Ended, FetchError> {
        let resource = self.resource(index)?;
        let failed = |error: StoreError| FetchError::Store { reason: error.to_string() };
        let id = self.connection.id;
        let wish = backfill::stored(&self.runtime, id, resource).await.map_err(failed)?;
        let next = wish.as_ref().and_then(|wish| wish.asked.next(wish.position, length(resource.max_window)));
        let (Some(wish), Some(window)) = (wish, next) else {
            return Ok(Ended::Done { inbox_due: None, finished: true });
        };
        let finished = wish.asked.next(window.from, length(resource.max_window)).is_none();
        let row = backfill::row(id, resource, Lane::Filled, &wish.asked, window.from, finished);
        let job = Job { resource, window, cause: Cause::Backfill, cursor: None, ids: Vec::new() };
        self.fetch(&job, None, |_destination, _emitted| vec![row]).await?;
        let left = backfill::stored(&self.runtime, id, resource).await.map_err(failed)?;
        if finished {
            info!(resource = resource.name, "what was asked for is complete");
        }
        Ok(Ended::Done { inbox_due: None, finished: left.is_none_or(|wish| wish.is_done) })
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
        let door = super::door(&self.runtime, Some(&self.connection), job.cause, false);
        let door = Watched::new(door, Arc::clone(&self.progress), self.runtime.clock.clone());
        let mut cx = open(&self.runtime, &self.connection, Arc::new(door), destination.clone(), began);
        let span = span::fetch(job.resource.name);
        let fetched = self.runtime.provider.fetch(&mut cx, job).instrument(span.clone()).await;
        if let Err(error) = &fetched {
            span::failed(&span, error.kind());
        }
        drop(span);
        fetched?;
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
    door: Arc<dyn Door>,
    destination: Destination,
    now: DateTime<Utc>,
) -> Fetch {
    let account = Some(connection.account.clone());
    Fetch::new(door, Box::new(destination), runtime.app.current(), account, now)
}

/// What one job each may ask for. A resource without history has a present state only: it is asked once, whatever
/// the window.
pub(super) fn pieces(resource: &Resource, window: Window) -> Vec<Window> {
    if resource.history.is_none() { vec![window] } else { window.pieces(length(resource.max_window)) }
}

pub(super) fn length(duration: Duration) -> chrono::Duration {
    chrono::Duration::from_std(duration).unwrap_or(chrono::Duration::days(36_500))
}
