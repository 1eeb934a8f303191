//! What becomes of the entries that a call of the sink carried: taken, parked for another try, dead, or put back.
//!
//! It never lets an entry go without one of these.

use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use tributary_contract::sink::{Entry, Outcome, SinkError};
use uuid::Uuid;

use super::{State, earlier};
use crate::delivery::group::{Group, Tried};
use crate::store::{Change, LogRow, NewDeadLetter, Parked};

impl State {
    pub(super) fn failed(
        &mut self,
        id: Uuid,
        group: Group,
        error: SinkError,
        began: DateTime<Utc>,
        now: DateTime<Utc>,
    ) {
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

    pub(super) fn settle(
        &mut self,
        group: &Group,
        outcomes: Vec<Outcome>,
        began: DateTime<Utc>,
        now: DateTime<Utc>,
    ) {
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

    pub(super) fn dead_letter(
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
}
