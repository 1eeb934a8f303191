//! A rewind of the sink's offset while deliveries run: everything behind a sequence is read and delivered again.
//!
//! What was read before is forgotten, and what is in flight settles nothing any more, since it will be delivered again.
//! Parked deliveries stay: they have left the offset's care. It never lets the offset pass an entry that was not
//! settled since the rewind.

use chrono::{DateTime, Duration, Utc};
use tributary_contract::sink::{Outcome, SinkError};

use super::{Group, State};
use crate::delivery::offset::Outstanding;
use crate::store::Change;

impl State {
    /// Begins to read again behind `to`. The new offset goes out with the next commit; changes that were decided before
    /// it stay before it.
    pub(super) fn rewind(&mut self, to: u64) {
        let to = to.min(self.outstanding.offset());
        self.era = self.era.saturating_add(1);
        self.replayed_to = self.replayed_to.max(self.outstanding.read_to());
        self.outstanding = Outstanding::after(to);
        let mut dropped = 0_usize;
        for lane in self.lanes.values_mut() {
            lane.queue.retain(|group| {
                let keep = group.parked.is_some();
                dropped = dropped.saturating_add(if keep { 0 } else { group.bytes });
                keep
            });
        }
        self.waiting_bytes = self.waiting_bytes.saturating_sub(dropped);
        self.lanes.retain(|_, lane| lane.busy || !lane.queue.is_empty());
        let lanes = &self.lanes;
        self.ready.retain(|id| lanes.get(id).is_some_and(|lane| !lane.busy && !lane.queue.is_empty()));
        self.stale_read = self.reading;
        self.more = true;
        self.offset_written = to;
        self.changes.push(Change::Offset {
            tenant: self.tenant.clone(),
            sink: self.sink.clone(),
            offset: to,
            rewind: true,
        });
    }

    /// A read that brings nothing: it failed, or was begun before a rewind.
    pub(super) const fn discard_read(&mut self) {
        self.reading = false;
        self.stale_read = false;
        self.more = true;
    }

    /// Whether the group was read before the last rewind.
    pub(super) const fn is_of_earlier_reading(&self, group: &Group) -> bool {
        group.parked.is_none() && group.era != self.era
    }

    /// Whether a person asked for this group to be delivered again.
    pub(super) fn is_replay(&self, group: &Group) -> bool {
        let read_before =
            || group.entries.first().is_some_and(|first| self.era > 0 && first.sequence <= self.replayed_to);
        group.parked.map_or_else(read_before, |tried| tried.replay)
    }

    /// Takes note of a call that was begun before a rewind. Only what it says about the sink itself counts.
    pub(super) fn forget(
        &mut self,
        group: &Group,
        result: &Result<Vec<Outcome>, SinkError>,
        now: DateTime<Utc>,
    ) {
        self.waiting_bytes = self.waiting_bytes.saturating_sub(group.bytes);
        match result {
            Ok(outcomes) => {
                self.breaker.succeeded();
                let taken = outcomes.iter().filter(|outcome| **outcome == Outcome::Taken).count();
                self.levels.taken = self.levels.taken.saturating_add(taken as u64);
            }
            Err(error) => {
                self.levels.last_error = Some(error.to_string());
                match error {
                    SinkError::Unavailable { after, .. } => {
                        let wished = after.and_then(|after| Duration::from_std(after).ok());
                        self.breaker.failed(now, wished);
                    }
                    SinkError::Denied { .. } => self.breaker.denied(now),
                    SinkError::Unusable { .. } => {}
                }
            }
        }
    }

    /// The changes handed out last are durable.
    pub(super) fn committed(&mut self) {
        let is_rewind = |change: &&Change| matches!(change, Change::Offset { rewind: true, .. });
        self.rewound = self.rewound.saturating_add(self.committing.iter().filter(is_rewind).count());
        self.committing.clear();
    }
}
