//! What a delivery actor decides: a function of (state, message, now) to effects. No clock, no store, no sink.

mod message;
mod next;
mod rewind;
#[cfg(test)]
mod rewind_tests;
mod settle;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use tributary_contract::sink::{Entry, Limits, Outcome, SinkError};
use uuid::Uuid;

use super::breaker::Breaker;
use super::concurrency::Concurrency;
use super::group::{Filter, Group, Tried, lane};
use super::ladder::Ladder;
use super::offset::Outstanding;
use crate::store::{Change, Parked};

pub use message::{Effect, Levels, Message};

/// Entries that may be read ahead of the offset.
const AHEAD: usize = 4_096;
/// Bytes that may be read ahead.
const AHEAD_BYTES: usize = 32 << 20;
/// Parked deliveries that are taken up at once.
const PARKED_AT_ONCE: usize = 64;
/// Pause between two commits that hold nothing but the offset. What it would pass is taken already and, after a
/// crash, is only sent again under the same identity; but every commit is a synchronisation that records wait behind.
const OFFSET_PACE: Duration = Duration::milliseconds(100);

/// The state of one sink.
#[derive(Debug)]
pub struct State {
    tenant: Arc<str>,
    sink: Arc<str>,
    limits: Limits,
    filter: Filter,
    ladder: Ladder,
    outstanding: Outstanding,
    offset_written: u64,
    waiting_bytes: usize,
    lanes: HashMap<Uuid, Lane>,
    ready: VecDeque<Uuid>,
    reading: bool,
    more: bool,
    read_not_before: Option<DateTime<Utc>>,
    changes: Vec<Change>,
    committing: Vec<Change>,
    commit_not_before: Option<DateTime<Utc>>,
    offset_not_before: DateTime<Utc>,
    breaker: Breaker,
    concurrency: Concurrency,
    parked_due: Option<DateTime<Utc>>,
    loading_parked: bool,
    redelivering: HashSet<Uuid>,
    /// Counts the rewinds; what comes from an earlier reading of the log settles nothing.
    era: u64,
    /// Entries up to here were read before the last rewind.
    replayed_to: u64,
    stale_read: bool,
    rewound: usize,
    draining: bool,
    levels: Levels,
}

#[derive(Debug, Default)]
struct Lane {
    queue: VecDeque<Group>,
    busy: bool,
}

impl State {
    /// A sink that has settled everything up to `offset`.
    pub fn new(
        tenant: Arc<str>,
        sink: Arc<str>,
        limits: Limits,
        filter: Filter,
        ladder: Ladder,
        offset: u64,
    ) -> Self {
        Self {
            tenant,
            sink,
            limits,
            filter,
            ladder,
            outstanding: Outstanding::after(offset),
            offset_written: offset,
            waiting_bytes: 0,
            lanes: HashMap::new(),
            ready: VecDeque::new(),
            reading: false,
            more: true,
            read_not_before: None,
            changes: Vec::new(),
            committing: Vec::new(),
            commit_not_before: None,
            offset_not_before: DateTime::<Utc>::MIN_UTC,
            breaker: Breaker::default(),
            concurrency: Concurrency::up_to(limits.in_flight),
            parked_due: Some(DateTime::<Utc>::MIN_UTC),
            loading_parked: false,
            redelivering: HashSet::new(),
            era: 0,
            replayed_to: 0,
            stale_read: false,
            rewound: 0,
            draining: false,
            levels: Levels { offset, ..Levels::default() },
        }
    }

    /// Counters and levels.
    pub fn levels(&self) -> Levels {
        Levels {
            waiting: self.outstanding.len(),
            open: self.breaker.is_open(),
            offset: self.outstanding.offset(),
            ..self.levels.clone()
        }
    }

    /// Takes a message, returns what is to be done.
    pub fn on(&mut self, message: Message, now: DateTime<Utc>) -> Vec<Effect> {
        match message {
            Message::Woken => self.more = true,
            Message::Tick => {}
            Message::Drain => self.draining = true,
            Message::Cut => {
                self.draining = true;
                self.levels.in_flight = 0;
            }
            Message::ParkedAdded => self.parked_due = earlier(self.parked_due, Some(now)),
            Message::Rewind { to } => self.rewind(to),
            Message::Read { .. } if self.stale_read => self.discard_read(),
            Message::Read { entries, more } => {
                self.reading = false;
                // A wake that came while the read was under way may speak of what it did not see.
                self.more |= more;
                self.read(entries, now);
            }
            Message::ReadFailed => {
                self.discard_read();
                self.read_not_before = Some(now + Duration::seconds(1));
            }
            Message::ParkedLoaded { parked, next_due } => {
                self.loading_parked = false;
                self.parked_due = earlier(self.parked_due, next_due);
                self.take_up(parked, now);
            }
            Message::Delivered { group, began, result } => self.delivered(group, began, result, now),
            Message::Committed => self.committed(),
            Message::CommitFailed => {
                let mut again = std::mem::take(&mut self.committing);
                again.append(&mut self.changes);
                self.changes = again;
                self.commit_not_before = Some(now + Duration::seconds(1));
            }
        }
        self.next(now)
    }

    fn read(&mut self, entries: Vec<Arc<Entry>>, now: DateTime<Utc>) {
        for entry in entries {
            if !self.filter.wants(entry.kind) {
                self.outstanding.passed(entry.sequence);
                continue;
            }
            self.outstanding.opened(entry.sequence);
            if let Some(reason) = self.too_large(&entry) {
                let tried = Tried { delivery: Uuid::nil(), attempts: 0, first_at: now, replay: false };
                self.dead_letter(&entry, "tenant", reason, tried, now);
                self.outstanding.settled(entry.sequence);
                continue;
            }
            self.waiting_bytes = self.waiting_bytes.saturating_add(entry.body.len());
            self.enqueue(entry);
        }
    }

    fn too_large(&self, entry: &Entry) -> Option<String> {
        let (bytes, most) = (entry.body.len(), self.limits.entry_bytes);
        (bytes > most).then(|| format!("the record has {bytes} bytes, the sink takes at most {most}"))
    }

    fn enqueue(&mut self, entry: Arc<Entry>) {
        let era = self.era;
        let id = lane(&entry, self.limits.grouping);
        let lane = self.lanes.entry(id).or_default();
        match lane.queue.back_mut() {
            Some(last) if last.takes(&entry, &self.limits) => last.add(entry),
            Some(_) => lane.queue.push_back(Group::of(entry, era)),
            None => {
                lane.queue.push_back(Group::of(entry, era));
                if !lane.busy {
                    self.ready.push_back(id);
                }
            }
        }
    }

    fn take_up(&mut self, parked: Vec<(Parked, Vec<Arc<Entry>>)>, now: DateTime<Utc>) {
        for (row, entries) in parked {
            if !self.redelivering.insert(row.delivery) {
                continue;
            }
            let Some(first) = entries.first() else {
                // Retention removed what it spoke of.
                self.redelivering.remove(&row.delivery);
                self.changes.push(Change::Unpark { delivery: row.delivery });
                continue;
            };
            let tried = Tried {
                delivery: row.delivery,
                attempts: row.attempts,
                first_at: row.first_at,
                replay: row.replay,
            };
            if row.replay
                && let Some(reason) = self.too_large(first)
            {
                self.redelivering.remove(&row.delivery);
                self.dead_letter(first, "tenant", reason, tried, now);
                self.changes.push(Change::Unpark { delivery: row.delivery });
                continue;
            }
            let id = lane(first, self.limits.grouping);
            let bytes = entries.iter().map(|entry| entry.body.len()).sum();
            self.waiting_bytes = self.waiting_bytes.saturating_add(bytes);
            let lane = self.lanes.entry(id).or_default();
            if lane.queue.is_empty() && !lane.busy {
                self.ready.push_back(id);
            }
            lane.queue.push_back(Group { entries, bytes, parked: Some(tried), era: self.era });
        }
    }

    fn delivered(
        &mut self,
        group: Group,
        began: DateTime<Utc>,
        result: Result<Vec<Outcome>, SinkError>,
        now: DateTime<Utc>,
    ) {
        self.levels.in_flight = self.levels.in_flight.saturating_sub(1);
        let Some(first) = group.entries.first() else { return };
        let id = lane(first, self.limits.grouping);
        if let Some(lane) = self.lanes.get_mut(&id) {
            lane.busy = false;
        }
        let refused = match &result {
            Ok(outcomes) => outcomes.iter().any(|outcome| matches!(outcome, Outcome::Later { .. })),
            Err(error) => matches!(error, SinkError::Unavailable { .. }),
        };
        if refused {
            self.concurrency.refused();
        } else {
            self.concurrency.answered((now - began).to_std().unwrap_or_default());
        }
        match result {
            _ if self.is_of_earlier_reading(&group) => self.forget(&group, &result, now),
            Ok(outcomes) => {
                self.breaker.succeeded();
                self.settle(&group, outcomes, began, now);
            }
            Err(error) => {
                self.levels.last_error = Some(error.to_string());
                self.failed(id, group, error, began, now);
            }
        }
        match self.lanes.get(&id) {
            Some(lane) if lane.queue.is_empty() => {
                self.lanes.remove(&id);
            }
            Some(_) => self.ready.push_back(id),
            None => {}
        }
    }
}

fn earlier(a: Option<DateTime<Utc>>, b: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}
