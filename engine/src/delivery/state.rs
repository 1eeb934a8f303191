//! What a delivery actor decides: a function of (state, message, now) to effects. No clock, no store, no sink.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use tributary_contract::sink::{Entry, Grouping, Limits, Outcome, SinkError};
use uuid::Uuid;

use super::breaker::{Allowed, Breaker};
use super::concurrency::Concurrency;
use super::group::{Filter, Group, Tried, lane};
use super::ladder::Ladder;
use super::offset::Outstanding;
use crate::invariant::Invariant;
use crate::store::{Change, LogRow, NewDeadLetter, Parked};

/// Entries that may be read ahead of the offset.
const AHEAD: usize = 4_096;
/// Bytes that may be read ahead.
const AHEAD_BYTES: usize = 32 << 20;
/// Parked deliveries that are taken up at once.
const PARKED_AT_ONCE: usize = 64;
/// Pause between two commits that hold nothing but the offset. What it would pass is taken already and, after a
/// crash, is only sent again under the same identity; but every commit is a synchronisation that records wait behind.
const OFFSET_PACE: Duration = Duration::milliseconds(100);

/// What happened.
#[derive(Debug)]
pub enum Message {
    /// Something may be in the log.
    Woken,
    /// Time has passed.
    Tick,
    /// The log was read from where the state had got to.
    Read {
        /// The entries, oldest first.
        entries: Vec<Arc<Entry>>,
        /// Whether the log may hold more.
        more: bool,
    },
    /// The log could not be read.
    ReadFailed,
    /// Parked deliveries that are due were loaded.
    ParkedLoaded {
        /// With those of their entries that still exist.
        parked: Vec<(Parked, Vec<Arc<Entry>>)>,
        /// When the next one behind them is due.
        next_due: Option<DateTime<Utc>>,
    },
    /// A call of the sink ended.
    Delivered {
        /// What was delivered.
        group: Group,
        /// When the call began.
        began: DateTime<Utc>,
        /// What the sink said; one outcome per entry.
        result: Result<Vec<Outcome>, SinkError>,
    },
    /// The changes handed out last are durable.
    Committed,
    /// They are not; they are handed out again after a pause.
    CommitFailed,
    /// Parked deliveries were added to the store from outside.
    ParkedAdded,
    /// Everything behind this sequence is wanted again.
    Rewind {
        /// The new offset; a rewind never moves forward.
        to: u64,
    },
    /// Finish what is in flight and take nothing new.
    Drain,
    /// The calls in flight were given up: what they carried counts as not delivered. Take nothing new.
    Cut,
}

/// What is to be done.
#[derive(Debug)]
pub enum Effect {
    /// Read the log after this sequence.
    Read {
        /// Last sequence known.
        after: u64,
        /// At most that many entries.
        limit: usize,
        /// About that many bytes.
        bytes: usize,
    },
    /// Call the sink.
    Deliver {
        /// With these entries.
        group: Group,
        /// Which try.
        attempt: u32,
        /// Whether a person asked for it to be delivered again.
        replay: bool,
    },
    /// Make these changes durable, then say so.
    Commit(Vec<Change>),
    /// Load parked deliveries that are due.
    LoadParked {
        /// At most that many.
        limit: usize,
    },
    /// Send a [`Message::Tick`] then, at the latest.
    Wake(DateTime<Utc>),
    /// That many rewinds are durable now.
    Rewound(usize),
    /// Nothing is in flight and nothing is left to commit.
    Drained,
}

/// Counters and levels for people.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Levels {
    /// Entries taken by the sink.
    pub taken: u64,
    /// Entries parked, counting every time.
    pub parked: u64,
    /// Entries refused.
    pub dead: u64,
    /// Calls of the sink.
    pub calls: u64,
    /// Calls in flight.
    pub in_flight: usize,
    /// Entries read and not settled.
    pub waiting: usize,
    /// Whether the breaker is open.
    pub open: bool,
    /// Every entry up to here is settled.
    pub offset: u64,
    /// Last failure, without any payload.
    pub last_error: Option<String>,
}

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

    fn failed(&mut self, id: Uuid, group: Group, error: SinkError, began: DateTime<Utc>, now: DateTime<Utc>) {
        match error {
            SinkError::Unavailable { reason, after } => {
                let wished = after.and_then(|after| Duration::from_std(after).ok());
                if self.breaker.failed(now, wished) {
                    self.put_back(id, group);
                } else {
                    let later = vec![Outcome::Later { reason, after }; group.entries.len()];
                    self.settle(&group, later, began, now);
                }
            }
            SinkError::Denied { .. } => {
                self.breaker.denied(now);
                self.put_back(id, group);
            }
            SinkError::Unusable { setting, reason } => {
                let refused = Outcome::Refused { reason: format!("{setting}: {reason}") };
                let refused = vec![refused; group.entries.len()];
                self.settle(&group, refused, began, now);
            }
        }
    }

    fn put_back(&mut self, id: Uuid, group: Group) {
        self.lanes.entry(id).or_default().queue.push_front(group);
    }

    fn settle(&mut self, group: &Group, outcomes: Vec<Outcome>, began: DateTime<Utc>, now: DateTime<Utc>) {
        self.waiting_bytes = self.waiting_bytes.saturating_sub(group.bytes);
        let all_taken = outcomes.iter().all(|outcome| *outcome == Outcome::Taken);
        if group.parked.is_none() && all_taken && outcomes.len() == group.entries.len() {
            // The usual way, on which nothing has to know what the delivery was called.
            self.levels.taken = self.levels.taken.saturating_add(outcomes.len() as u64);
            self.close(group);
            return;
        }
        let delivery = group.delivery(&self.tenant, &self.sink);
        let replay = self.is_replay(group);
        let tried = group.parked.unwrap_or(Tried { delivery, attempts: 0, first_at: began, replay });
        let attempts = tried.attempts.saturating_add(1);
        let tried = Tried { attempts, ..tried };
        let outcomes = if outcomes.len() == group.entries.len() {
            outcomes
        } else {
            let reason =
                format!("the sink answered {} outcomes for {} entries", outcomes.len(), group.entries.len());
            vec![Outcome::Later { reason, after: None }; group.entries.len()]
        };

        let mut later: Vec<u64> = Vec::new();
        let mut why = (String::new(), None);
        for (entry, outcome) in group.entries.iter().zip(outcomes) {
            match outcome {
                Outcome::Taken => self.levels.taken += 1,
                Outcome::Refused { reason } => self.dead_letter(entry, "tenant", reason, tried, now),
                Outcome::Later { reason, after } => {
                    if self.ladder.pause(attempts).is_none() {
                        let reason = format!("gave up after {attempts} tries: {reason}");
                        self.dead_letter(entry, "tenant", reason, tried, now);
                    } else {
                        later.push(entry.sequence);
                        why = (reason, after);
                    }
                }
            }
        }
        if later.is_empty() {
            if group.parked.is_some() {
                self.changes.push(Change::Unpark { delivery });
            }
        } else {
            self.park(group, later, why, tried, now);
        }
        self.redelivering.remove(&delivery);
        if group.parked.is_none() {
            self.close(group);
        }
    }

    fn close(&mut self, group: &Group) {
        for entry in &group.entries {
            self.outstanding.settled(entry.sequence);
        }
    }

    fn park(
        &mut self,
        group: &Group,
        sequences: Vec<u64>,
        (reason, after): (String, Option<std::time::Duration>),
        tried: Tried,
        now: DateTime<Utc>,
    ) {
        let ladder = self.ladder.pause(tried.attempts).unwrap_or_default();
        let wished = after.unwrap_or_default();
        let pause = Duration::from_std(ladder.max(wished)).unwrap_or(Duration::hours(10));
        let due_at = now + pause;
        self.levels.parked = self.levels.parked.saturating_add(sequences.len() as u64);
        self.levels.last_error = Some(reason.clone());
        self.parked_due = earlier(self.parked_due, Some(due_at));
        self.changes.push(Change::Park(Parked {
            delivery: tried.delivery,
            tenant: Arc::clone(&self.tenant),
            sink: Arc::clone(&self.sink),
            connection: group.entries.first().map_or(Uuid::nil(), |entry| entry.user.id),
            sequences,
            attempts: tried.attempts,
            due_at,
            reason,
            first_at: tried.first_at,
            replay: tried.replay,
        }));
    }

    fn dead_letter(
        &mut self,
        entry: &Entry,
        class: &'static str,
        reason: String,
        tried: Tried,
        now: DateTime<Utc>,
    ) {
        self.levels.dead += 1;
        self.levels.last_error = Some(reason.clone());
        self.changes.push(Change::DeadLetter(NewDeadLetter {
            tenant: Arc::clone(&self.tenant),
            sink: Arc::clone(&self.sink),
            entry: LogRow {
                sequence: entry.sequence,
                tenant: Arc::clone(&self.tenant),
                connection: entry.user.id,
                kind: entry.kind,
                key: entry.key.clone(),
                id: entry.id,
                body: entry.body.clone(),
                committed_at: entry.committed_at,
                trace: entry.trace,
            },
            class,
            reason,
            attempts: tried.attempts,
            first_at: tried.first_at,
            last_at: now,
        }));
    }

    fn next(&mut self, now: DateTime<Utc>) -> Vec<Effect> {
        let mut effects = Vec::new();
        let mut wake: Option<DateTime<Utc>> = None;
        if self.rewound > 0 {
            effects.push(Effect::Rewound(std::mem::take(&mut self.rewound)));
        }
        self.dispatch(now, &mut effects, &mut wake);
        self.read_on(now, &mut effects, &mut wake);
        self.look_at_parked(now, &mut effects, &mut wake);
        self.commit(now, &mut effects, &mut wake);
        if self.draining
            && self.levels.in_flight == 0
            && self.committing.is_empty()
            && self.changes.is_empty()
        {
            effects.push(Effect::Drained);
        } else if let Some(at) = wake {
            effects.push(Effect::Wake(at));
        }
        effects
    }

    fn dispatch(&mut self, now: DateTime<Utc>, effects: &mut Vec<Effect>, wake: &mut Option<DateTime<Utc>>) {
        if self.draining {
            return;
        }
        let slots = match self.breaker.allows(now) {
            Allowed::Nothing(until) => {
                *wake = earlier(*wake, Some(until));
                return;
            }
            Allowed::Probe => 1,
            Allowed::All => match self.limits.grouping {
                Grouping::Event => self.concurrency.limit(),
                Grouping::Mixed => 1,
            },
        };
        while self.levels.in_flight < slots {
            let Some(id) = self.ready.pop_front() else { break };
            let Some(lane) = self.lanes.get_mut(&id) else { continue };
            if lane.busy {
                continue;
            }
            let Some(group) = lane.queue.pop_front() else { continue };
            Invariant::Order.check(
                group.parked.is_some() || in_order(&group, lane.queue.front()),
                "in the queue of a sink",
            );
            lane.busy = true;
            self.levels.in_flight += 1;
            self.levels.calls += 1;
            let attempt = group.parked.map_or(1, |tried| tried.attempts.saturating_add(1));
            let replay = self.is_replay(&group);
            effects.push(Effect::Deliver { group, attempt, replay });
        }
        if !self.ready.is_empty() {
            self.concurrency.wanted_more();
        }
    }

    fn read_on(&mut self, now: DateTime<Utc>, effects: &mut Vec<Effect>, wake: &mut Option<DateTime<Utc>>) {
        if self.reading || !self.more || self.draining {
            return;
        }
        if let Some(at) = self.read_not_before.filter(|at| now < *at) {
            *wake = earlier(*wake, Some(at));
            return;
        }
        // Read on when half of what may wait has gone, so that reads come in large pieces.
        if self.outstanding.len() > AHEAD / 2 || self.waiting_bytes > AHEAD_BYTES / 2 {
            return;
        }
        self.reading = true;
        self.more = false;
        Invariant::BoundedMemory.check(self.outstanding.len() <= AHEAD, "in what a sink has read ahead");
        effects.push(Effect::Read {
            after: self.outstanding.read_to(),
            limit: AHEAD.saturating_sub(self.outstanding.len()).min(1_024),
            bytes: AHEAD_BYTES.saturating_sub(self.waiting_bytes).min(8 << 20),
        });
    }

    fn look_at_parked(
        &mut self,
        now: DateTime<Utc>,
        effects: &mut Vec<Effect>,
        wake: &mut Option<DateTime<Utc>>,
    ) {
        if self.loading_parked || self.draining || self.breaker.is_open() {
            return;
        }
        // What was parked just now must be in the store before it is loaded.
        if !self.changes.is_empty() || !self.committing.is_empty() || !self.redelivering.is_empty() {
            return;
        }
        match self.parked_due {
            Some(due) if due <= now => {
                self.loading_parked = true;
                self.parked_due = None;
                effects.push(Effect::LoadParked { limit: PARKED_AT_ONCE });
            }
            Some(due) => *wake = earlier(*wake, Some(due)),
            None => {}
        }
    }

    fn commit(&mut self, now: DateTime<Utc>, effects: &mut Vec<Effect>, wake: &mut Option<DateTime<Utc>>) {
        if !self.committing.is_empty() {
            return;
        }
        if let Some(at) = self.commit_not_before.filter(|at| now < *at) {
            *wake = earlier(*wake, Some(at));
            return;
        }
        let offset = self.outstanding.offset();
        Invariant::OffsetsAfterAcks.check(offset <= self.outstanding.read_to(), "in the offset of a sink");
        let can_wait = self.changes.is_empty() && !self.draining && now < self.offset_not_before;
        if offset > self.offset_written && can_wait {
            *wake = earlier(*wake, Some(self.offset_not_before));
        } else if offset > self.offset_written {
            self.offset_not_before = now + OFFSET_PACE;
            self.offset_written = offset;
            self.changes.push(Change::Offset {
                tenant: Arc::clone(&self.tenant),
                sink: Arc::clone(&self.sink),
                offset,
                rewind: false,
            });
        }
        if self.changes.is_empty() {
            return;
        }
        self.committing = std::mem::take(&mut self.changes);
        effects.push(Effect::Commit(self.committing.clone()));
    }
}

fn earlier(a: Option<DateTime<Utc>>, b: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

mod rewind;
#[cfg(test)]
mod rewind_tests;
/// Whether a group comes before the one behind it, which may be a parked one.
fn in_order(group: &Group, next: Option<&Group>) -> bool {
    let Some(next) = next.filter(|next| next.parked.is_none()) else { return true };
    match (group.entries.last(), next.entries.first()) {
        (Some(last), Some(first)) => last.sequence < first.sequence,
        (None, _) | (_, None) => true,
    }
}

#[cfg(test)]
mod tests;
