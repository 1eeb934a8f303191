//! What is to be done now: calls of the sink, reads of the log and of what is parked, commits. It looks at the state and
//! the time alone, so that it may be asked at any moment.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use tributary_contract::sink::Grouping;

use super::{AHEAD, AHEAD_BYTES, Effect, OFFSET_PACE, PARKED_AT_ONCE, State, earlier};
use crate::delivery::breaker::Allowed;
use crate::delivery::group::Group;
use crate::invariant::Invariant;
use crate::store::Change;

impl State {
    pub(super) fn next(&mut self, now: DateTime<Utc>) -> Vec<Effect> {
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

/// Whether a group comes before the one behind it, which may be a parked one.
fn in_order(group: &Group, next: Option<&Group>) -> bool {
    let Some(next) = next.filter(|next| next.parked.is_none()) else { return true };
    match (group.entries.last(), next.entries.first()) {
        (Some(last), Some(first)) => last.sequence < first.sequence,
        (None, _) | (_, None) => true,
    }
}
