//! The one writer: takes changesets from everybody and commits them in groups, one transaction each.
//!
//! Grouping is natural: whatever arrives while a transaction runs is the next group, so a lone changeset is committed
//! at once and a crowd shares its synchronisations. A short wait is added only when the last group had several
//! members, since those that just got their answer are about to come back; it ends as soon as as many have come
//! again, and lasts at most half of what a commit costs. The writer never reads a changeset's meaning and never
//! repeats one: who sent it gets the error and decides.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix::{Actor, ActorContext, AsyncContext, Context, Handler, Message, WrapFuture};
use futures_util::FutureExt;
use thiserror::Error;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot, watch};

use super::changeset::{Change, Changeset, Committed, Rejected};
use super::{Store, StoreError};
use crate::clock::{Clock, ClockGuard};
use crate::telemetry::metric;

/// Where changesets are handed in. Clones share one queue.
#[derive(Clone)]
pub struct Writer {
    queue: mpsc::Sender<Item>,
    room: Arc<Semaphore>,
    room_size: u32,
    sequence: watch::Receiver<u64>,
    trouble: watch::Receiver<Option<StoreError>>,
    stop: Arc<watch::Sender<bool>>,
    clock: Clock,
}

/// Bounds of the queue and of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriterOptions {
    /// Changesets that may wait.
    pub queue: usize,
    /// Bytes of the changesets that may wait; a larger one waits alone.
    pub queue_bytes: usize,
    /// Changes in one group; a larger changeset goes alone.
    pub group_changes: usize,
    /// Bytes in one group; a larger changeset goes alone.
    pub group_bytes: usize,
    /// Longest wait for a group to gather.
    pub linger: Duration,
}

impl Default for WriterOptions {
    fn default() -> Self {
        Self {
            queue: 4096,
            queue_bytes: 64 << 20,
            group_changes: 2_048,
            group_bytes: 8 << 20,
            linger: Duration::from_millis(2),
        }
    }
}

/// Why a changeset was not committed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum WriteError {
    /// The store failed; nothing of the changeset is durable.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The store works, but this changeset does not count.
    #[error(transparent)]
    Rejected(#[from] Rejected),
}

struct Item {
    changeset: Changeset,
    weight: Weight,
    reply: oneshot::Sender<Result<Committed, WriteError>>,
    /// Given back once the changeset is answered.
    hold: Hold,
}

/// What a changeset under way holds: its room in the queue, and a manual clock.
struct Hold {
    _room: OwnedSemaphorePermit,
    _clock: ClockGuard,
}

impl Writer {
    /// A writer and the task that does its work; nothing is committed until the task runs.
    pub fn start(store: Arc<dyn Store>, clock: Clock, options: WriterOptions) -> (Self, WriterTask) {
        let (queue, items) = mpsc::channel(options.queue.max(1));
        let (sequence_sender, sequence) = watch::channel(0);
        let (trouble_sender, trouble) = watch::channel(None);
        let (stop, stopped) = watch::channel(false);
        let room_size = kibibytes(options.queue_bytes);
        let writer = Self {
            queue,
            room: Arc::new(Semaphore::new(usize::try_from(room_size).unwrap_or(Semaphore::MAX_PERMITS))),
            room_size,
            sequence,
            trouble,
            stop: Arc::new(stop),
            clock: clock.clone(),
        };
        let task = WriterTask {
            store,
            clock,
            options,
            items,
            stopped,
            sequence: sequence_sender,
            trouble: trouble_sender,
            left_over: None,
            last_group: LastGroup::default(),
        };
        (writer, task)
    }

    /// Hands a changeset in and waits until it is durable. Waits for room while the queue is full. A changeset that
    /// was handed in is committed even if the caller no longer waits.
    ///
    /// # Errors
    /// [`WriteError::Rejected`] if it does not count; [`WriteError::Store`] if the store failed, in which case it may
    /// be handed in again; [`StoreError::Stopped`] after [`Writer::stop`].
    pub async fn commit(&self, changeset: Changeset) -> Result<Committed, WriteError> {
        let weight = Weight::of(&changeset);
        let permits = kibibytes(weight.bytes).min(self.room_size);
        let clock = self.clock.guard();
        let room = Arc::clone(&self.room)
            .acquire_many_owned(permits)
            .await
            .map_err(|_closed| StoreError::Stopped)?;
        let (reply, answer) = oneshot::channel();
        let item = Item { changeset, weight, reply, hold: Hold { _room: room, _clock: clock } };
        self.queue.send(item).await.map_err(|_closed| StoreError::Stopped)?;
        answer.await.map_err(|_dropped| StoreError::Stopped)?
    }

    /// The sequence of the newest log entry, changed by every commit that adds some; 0 until the task has begun.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.sequence.clone()
    }

    /// What the last group failed with; `None` while commits succeed.
    pub fn trouble(&self) -> watch::Receiver<Option<StoreError>> {
        self.trouble.clone()
    }

    /// Takes nothing more; what waits already is committed, then the task ends.
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }
}

/// The writer's work, to be run on an arbiter of its own.
pub struct WriterTask {
    store: Arc<dyn Store>,
    clock: Clock,
    options: WriterOptions,
    items: mpsc::Receiver<Item>,
    stopped: watch::Receiver<bool>,
    sequence: watch::Sender<u64>,
    trouble: watch::Sender<Option<StoreError>>,
    /// Did not fit into the last group.
    left_over: Option<Item>,
    last_group: LastGroup,
}

/// What the wait for the next group is measured by.
#[derive(Debug, Clone, Copy, Default)]
struct LastGroup {
    members: usize,
    took: Duration,
}

impl WriterTask {
    /// Commits until all [`Writer`]s are gone or one of them says stop, and everything that waited is answered.
    pub async fn run(mut self) {
        match self.store.last_sequence().await {
            Ok(last) => self.see(last),
            Err(error) => tracing::error!(%error, "the last sequence of the log could not be read"),
        }
        while let Some(first) = self.next().await {
            let group = self.gather(first).await;
            let began = Instant::now();
            let members = group.len();
            self.commit(group).await;
            self.last_group = LastGroup { members, took: began.elapsed() };
        }
    }

    async fn next(&mut self) -> Option<Item> {
        if let Some(item) = self.left_over.take() {
            return Some(item);
        }
        if !*self.stopped.borrow() {
            tokio::select! {
                biased;
                item = self.items.recv() => return item,
                _changed = self.stopped.wait_for(|stopped| *stopped) => {}
            }
        }
        // Closing lets nobody in any more; what is in the queue still comes out.
        self.items.close();
        self.items.recv().await
    }

    /// Adds what waits already, and perhaps what is about to come back.
    async fn gather(&mut self, first: Item) -> Vec<Item> {
        let mut total = first.weight;
        let mut group = vec![first];
        let patience = self.options.linger.min(self.last_group.took / 2);
        let deadline = tokio::time::Instant::now() + patience;
        loop {
            let item = match self.items.try_recv() {
                Ok(item) => item,
                // Real time, not the engine's clock: it is about how fast senders are, and no test waits for it.
                Err(_) if group.len() < self.last_group.members => {
                    match tokio::time::timeout_at(deadline, self.items.recv()).await {
                        Ok(Some(item)) => item,
                        Ok(None) | Err(_) => return group,
                    }
                }
                Err(_) => return group,
            };
            total = total.plus(item.weight);
            if total.changes > self.options.group_changes || total.bytes > self.options.group_bytes {
                self.left_over = Some(item);
                return group;
            }
            group.push(item);
        }
    }

    async fn commit(&self, group: Vec<Item>) {
        let (changesets, replies): (Vec<_>, Vec<_>) =
            group.into_iter().map(|item| (item.changeset, (item.reply, item.hold))).unzip();
        match self.attempt(&changesets).await {
            Ok(results) => {
                for ((reply, _hold), result) in replies.into_iter().zip(results) {
                    answer(reply, result.map_err(WriteError::Rejected));
                }
            }
            // Something in one changeset cannot be stored; the others must not suffer for it.
            Err(StoreError::Damaged { .. }) if changesets.len() > 1 => {
                for (changeset, (reply, _hold)) in changesets.iter().zip(replies) {
                    let alone = self.attempt(std::slice::from_ref(changeset)).await;
                    let result = alone.map_err(WriteError::Store).and_then(|results| {
                        results.into_iter().next().ok_or(StoreError::Stopped)?.map_err(WriteError::Rejected)
                    });
                    answer(reply, result);
                }
            }
            Err(error) => {
                for (reply, _hold) in replies {
                    answer(reply, Err(WriteError::Store(error.clone())));
                }
            }
        }
    }

    /// One transaction. A panic becomes an error: nothing is durable then, and the next group may work.
    async fn attempt(
        &self,
        changesets: &[Changeset],
    ) -> Result<Vec<Result<Committed, Rejected>>, StoreError> {
        let began = Instant::now();
        let commit = AssertUnwindSafe(self.store.commit(changesets, self.clock.now()));
        let results = commit.catch_unwind().await.unwrap_or_else(|_panic| {
            Err(StoreError::Unavailable { doing: "committing", reason: "the commit panicked".to_owned() })
        });
        let outcome = if results.is_ok() { "ok" } else { "failed" };
        metric::COMMIT_DURATION.record(began.elapsed(), [outcome]);
        match &results {
            Ok(results) => {
                if let Some(last) = results.iter().filter_map(|result| result.ok()?.last_sequence).max() {
                    self.see(last);
                }
                self.trouble.send_if_modified(|trouble| trouble.take().is_some());
            }
            Err(error) => {
                tracing::error!(%error, changesets = changesets.len(), "a group of changesets was not committed");
                if !matches!(error, StoreError::Damaged { .. }) {
                    self.trouble.send_replace(Some(error.clone()));
                }
            }
        }
        results
    }

    fn see(&self, last: u64) {
        self.sequence.send_if_modified(|seen| {
            let newer = last > *seen;
            *seen = last.max(*seen);
            newer
        });
    }
}

fn answer(reply: oneshot::Sender<Result<Committed, WriteError>>, result: Result<Committed, WriteError>) {
    if let Err(result) = reply.send(result) {
        tracing::debug!(committed = result.is_ok(), "nobody waits for the answer to a changeset");
    }
}

/// What a changeset adds to a group and to the queue.
#[derive(Debug, Clone, Copy)]
struct Weight {
    changes: usize,
    bytes: usize,
}

impl Weight {
    fn of(changeset: &Changeset) -> Self {
        /// What a change takes beside its payload, about.
        const FRAME: usize = 256;
        let payload = |change: &Change| match change {
            Change::Record { body, .. } | Change::Event { body, .. } => body.len(),
            Change::DeadLetter(letter) => letter.entry.body.len(),
            Change::CredentialPut(credential) => credential.sealed.len(),
            Change::Reseal(reseal) => reseal.sealed.len().saturating_mul(2),
            Change::Meta { value, .. } => value.len(),
            Change::Park(parked) => parked.sequences.len() * size_of::<u64>(),
            Change::Deleted { .. }
            | Change::Cursor { .. }
            | Change::InboxAdd(_)
            | Change::InboxFinish { .. }
            | Change::InboxRetry { .. }
            | Change::InboxGiveUp { .. }
            | Change::ConnectionPut(_)
            | Change::ConnectionState { .. }
            | Change::ConnectionWipe { .. }
            | Change::FlowPut(_)
            | Change::FlowTake { .. }
            | Change::Offset { .. }
            | Change::Unpark { .. }
            | Change::DeadLetterRemove { .. }
            | Change::DeadLetterHold { .. }
            | Change::AppKeyPut(_)
            | Change::Retain(_) => 0,
        };
        let bytes = changeset.changes.iter().map(|change| FRAME + payload(change)).sum();
        Self { changes: changeset.changes.len(), bytes }
    }

    const fn plus(self, other: Self) -> Self {
        Self { changes: self.changes + other.changes, bytes: self.bytes.saturating_add(other.bytes) }
    }
}

/// Permits of the queue's room.
fn kibibytes(bytes: usize) -> u32 {
    u32::try_from(bytes / 1024 + 1).unwrap_or(u32::MAX).min(u32::MAX >> 3)
}

/// The writer as an actor, for the supervisor: stops by itself when its task ends.
pub struct StoreWriter {
    writer: Writer,
    task: Option<WriterTask>,
}

/// Asks the actor to commit what waits and to end.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "()")]
pub struct Stop;

impl StoreWriter {
    /// An actor around a task that does not run yet, and the handle to it.
    pub fn new(store: Arc<dyn Store>, clock: Clock, options: WriterOptions) -> (Self, Writer) {
        let (writer, task) = Writer::start(store, clock, options);
        (Self { writer: writer.clone(), task: Some(task) }, writer)
    }
}

impl Actor for StoreWriter {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        if let Some(task) = self.task.take() {
            let work: std::pin::Pin<Box<dyn Future<Output = ()>>> = Box::pin(task.run());
            context.spawn(actix::ActorFutureExt::map(work.into_actor(self), |(), _actor, context| {
                context.stop();
            }));
        }
    }
}

impl Handler<Stop> for StoreWriter {
    type Result = ();

    fn handle(&mut self, _stop: Stop, _context: &mut Self::Context) {
        self.writer.stop();
    }
}

#[cfg(test)]
mod tests;
