//! One window of a quota, counted so that the provider can never count more. Pure: the time is handed in.
//!
//! A provider counts a call when it arrives, which is some instant between the permit and the end of the call. So a
//! call takes its place from its permit on, and keeps it until no window that could hold its arrival is left:
//!
//! * **rolling**: until the window's length has passed after the *end* of the call. The calls whose arrivals lie in one
//!   window all hold a place when the last of them gets its permit, so they are never more than the quota.
//! * **aligned**: in every window that the call touches. A call from 14:59:59 to 15:00:01 counts on both sides of the
//!   hour. As no two clocks agree, a call is taken to touch a window already [`SKEW`] before and after.

use std::collections::VecDeque;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tributary_contract::spec::{Quota, QuotaWindow};

use super::ledger::SavedWindow;
use crate::clock::later;

/// How far the provider's clock may be from ours; a twentieth of the window where that is less.
pub const SKEW: Duration = Duration::from_secs(2);

/// Counts the calls of one window.
#[derive(Debug, Clone)]
pub struct Window {
    quota: Quota,
    /// What the provider last stated, if it is less than the quota, or the quota grows.
    limit: u32,
    in_flight: u32,
    calls: Calls,
}

#[derive(Debug, Clone)]
enum Calls {
    Rolling {
        length: TimeDelta,
        /// Ended calls, oldest first, by the end.
        ended: VecDeque<(DateTime<Utc>, u32)>,
        total: u32,
    },
    Aligned {
        length: TimeDelta,
        skew: TimeDelta,
        /// Start of the window that `counted` speaks of.
        start: DateTime<Utc>,
        /// Calls that touch this window, those in flight included.
        counted: u32,
        /// Ends of the calls that may touch the next window too.
        recent: VecDeque<DateTime<Utc>>,
    },
}

impl Window {
    /// An empty window.
    pub fn new(quota: Quota, now: DateTime<Utc>) -> Self {
        let calls = match quota.window {
            QuotaWindow::Rolling(length) => {
                Calls::Rolling { length: delta(length), ended: VecDeque::new(), total: 0 }
            }
            QuotaWindow::Aligned(length) => {
                let skew = delta(SKEW.min(length / 20));
                let length = delta(length);
                let start = aligned_start(now - skew, length);
                Calls::Aligned { length, skew, start, counted: 0, recent: VecDeque::new() }
            }
        };
        Self { quota, limit: quota.permits, in_flight: 0, calls }
    }

    /// The quota as configured.
    pub const fn quota(&self) -> Quota {
        self.quota
    }

    /// How many calls the window admits: the quota, or what the provider said instead.
    pub const fn limit(&self) -> u32 {
        self.limit
    }

    /// The provider's own statement; more than the quota is not believed, since others may share the app, unless the
    /// quota grows with the app's users.
    pub fn set_limit(&mut self, stated: u32, grows: bool) {
        self.limit = if grows { stated } else { stated.min(self.quota.permits) };
    }

    /// Places taken.
    pub fn used(&mut self, now: DateTime<Utc>) -> u32 {
        self.settle(now);
        match &self.calls {
            Calls::Rolling { total, .. } => total.saturating_add(self.in_flight),
            Calls::Aligned { counted, .. } => *counted,
        }
    }

    /// Whether a call gets a place while `keep` places stay free.
    pub fn admits(&mut self, keep: u32, now: DateTime<Utc>) -> bool {
        self.used(now).saturating_add(keep) < self.limit
    }

    /// When a call gets a place at the latest if nothing else is admitted; `None` when that hangs on calls in flight.
    pub fn opens_at(&mut self, keep: u32, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let used = self.used(now);
        let room = self.limit.saturating_sub(keep);
        if used < room {
            return Some(now);
        }
        match &self.calls {
            Calls::Rolling { length, ended, .. } => {
                let mut to_free = (used - room).saturating_add(1);
                for (at, count) in ended {
                    to_free = to_free.saturating_sub(*count);
                    if to_free == 0 {
                        return Some(*at + *length + TimeDelta::milliseconds(1));
                    }
                }
                None
            }
            Calls::Aligned { .. } => (self.in_flight < room).then(|| self.ends_at(now)),
        }
    }

    /// The end of an aligned window, after which calls are safely in the next; for a rolling one, when it will be
    /// empty if nothing else is admitted.
    pub fn ends_at(&mut self, now: DateTime<Utc>) -> DateTime<Utc> {
        self.settle(now);
        match &self.calls {
            Calls::Rolling { length, ended, .. } => {
                ended.back().map_or(now, |(at, _)| *at + *length + TimeDelta::milliseconds(1))
            }
            Calls::Aligned { length, skew, start, .. } => aligned_end(*start, *length) + *skew,
        }
    }

    /// Takes a place for a call that is about to be sent.
    pub fn take(&mut self, now: DateTime<Utc>) {
        self.settle(now);
        self.in_flight = self.in_flight.saturating_add(1);
        if let Calls::Aligned { counted, .. } = &mut self.calls {
            *counted = counted.saturating_add(1);
        }
    }

    /// The call ended, well or not.
    pub fn end(&mut self, now: DateTime<Utc>) {
        self.settle(now);
        self.in_flight = self.in_flight.saturating_sub(1);
        match &mut self.calls {
            Calls::Rolling { .. } => self.add_ended(1, now),
            Calls::Aligned { skew, recent, .. } => {
                while recent.front().is_some_and(|at| *at < now - *skew - *skew) {
                    recent.pop_front();
                }
                recent.push_back(now);
            }
        }
    }

    /// The call was never sent: its place is free again.
    pub fn give_back(&mut self, now: DateTime<Utc>) {
        self.settle(now);
        self.in_flight = self.in_flight.saturating_sub(1);
        if let Calls::Aligned { counted, .. } = &mut self.calls {
            *counted = counted.saturating_sub(1).max(self.in_flight);
        }
    }

    /// Moves the count into what the provider's own number leaves possible.
    pub fn correct(&mut self, at_least: u32, at_most: u32, now: DateTime<Utc>) {
        let used = self.used(now);
        let wanted = used.clamp(at_least, at_most.max(at_least)).max(self.in_flight);
        match &mut self.calls {
            Calls::Rolling { .. } if wanted > used => self.add_ended(wanted - used, now),
            Calls::Rolling { ended, total, .. } => {
                let mut excess = used - wanted;
                while excess > 0
                    && let Some((_, count)) = ended.front_mut()
                {
                    let removed = excess.min(*count);
                    *count -= removed;
                    *total = total.saturating_sub(removed);
                    excess -= removed;
                    if *count == 0 {
                        ended.pop_front();
                    }
                }
            }
            Calls::Aligned { counted, .. } => *counted = wanted,
        }
    }

    /// What a restart has to know of it.
    pub fn save(&mut self, now: DateTime<Utc>) -> SavedWindow {
        self.settle(now);
        let seconds = self.quota.window.length().as_secs();
        let (start, calls, recent) = match &self.calls {
            Calls::Rolling { ended, .. } => (None, coarse(ended), 0),
            Calls::Aligned { start, counted, recent, .. } => {
                (Some(*start), vec![(now, *counted)], recent.len())
            }
        };
        let recent = u32::try_from(recent).unwrap_or(u32::MAX);
        let limit = Some(self.limit).filter(|limit| *limit > self.quota.permits);
        SavedWindow { seconds, start, calls, recent, in_flight: self.in_flight, limit }
    }

    /// Takes over what was saved before a restart; `lent` calls may have been sent after it, at any time until now.
    pub fn resume(&mut self, saved: &SavedWindow, lent: u32, now: DateTime<Utc>) {
        let unknown = saved.in_flight.saturating_add(lent);
        self.settle(now);
        match &mut self.calls {
            Calls::Rolling { .. } => {
                for (at, count) in &saved.calls {
                    self.add_ended(*count, *at);
                }
                self.add_ended(unknown, now);
                self.settle(now);
            }
            Calls::Aligned { start, counted, recent, .. } => {
                let touching = saved.recent.saturating_add(unknown).min(self.quota.permits);
                recent.extend((0..touching).map(|_| now));
                let known = if saved.start == Some(*start) {
                    saved.calls.iter().map(|(_, count)| *count).sum::<u32>().saturating_sub(saved.in_flight)
                } else {
                    saved.recent
                };
                *counted = counted.saturating_add(known).saturating_add(unknown);
            }
        }
    }

    /// Whether the provider's count as of a call that began at `began` belongs to the present window.
    pub fn speaks_of_now(&mut self, began: DateTime<Utc>, now: DateTime<Utc>) -> bool {
        self.settle(now);
        match &self.calls {
            Calls::Rolling { .. } => true,
            Calls::Aligned { start, skew, .. } => began >= *start + *skew,
        }
    }

    /// Whether forgetting the window would change nothing.
    pub fn is_empty(&mut self, now: DateTime<Utc>) -> bool {
        self.used(now) == 0
    }

    fn add_ended(&mut self, count: u32, now: DateTime<Utc>) {
        if let Calls::Rolling { ended, total, .. } = &mut self.calls {
            *total = total.saturating_add(count);
            match ended.back_mut() {
                Some((at, last)) if *at == now => *last = last.saturating_add(count),
                _ if count > 0 => ended.push_back((now, count)),
                _ => {}
            }
        }
    }

    /// Forgets what no window that reaches `now` can hold.
    fn settle(&mut self, now: DateTime<Utc>) {
        match &mut self.calls {
            Calls::Rolling { length, ended, total } => {
                // The system's clock was set back: whatever ended has ended by now.
                if ended.back().is_some_and(|(at, _)| *at > now) {
                    for (at, _) in ended.iter_mut() {
                        *at = (*at).min(now);
                    }
                }
                while let Some((at, count)) = ended.front().copied()
                    && at + *length < now
                {
                    *total = total.saturating_sub(count);
                    ended.pop_front();
                }
            }
            Calls::Aligned { length, skew, start, counted, recent } => {
                let present = aligned_start(now - *skew, *length);
                if present > *start {
                    let touching = recent.iter().filter(|at| **at >= present - *skew).count();
                    *counted = self.in_flight.saturating_add(u32::try_from(touching).unwrap_or(u32::MAX));
                }
                // After a step back the count stays with the earlier window, which errs on the safe side.
                *start = present;
            }
        }
    }
}

/// The same calls in few entries, none of them earlier than it was.
fn coarse(ended: &VecDeque<(DateTime<Utc>, u32)>) -> Vec<(DateTime<Utc>, u32)> {
    const MOST: usize = 32;
    let size = ended.len().div_ceil(MOST).max(1);
    let mut calls = Vec::with_capacity(MOST);
    for (place, (at, count)) in ended.iter().enumerate() {
        match calls.last_mut() {
            Some((last, sum)) if place % size != 0 => {
                *last = *at;
                *sum += *count;
            }
            _ => calls.push((*at, *count)),
        }
    }
    calls
}

fn delta(length: Duration) -> TimeDelta {
    TimeDelta::from_std(length).unwrap_or(TimeDelta::MAX)
}

/// Start of the window that holds `at`: a multiple of the length since midnight UTC, or since 1970 for windows longer
/// than a day.
fn aligned_start(at: DateTime<Utc>, length: TimeDelta) -> DateTime<Utc> {
    let day = TimeDelta::days(1);
    let base = if length > day { DateTime::UNIX_EPOCH } else { floor(at, DateTime::UNIX_EPOCH, day) };
    floor(at, base, length)
}

/// End of the window that starts at `start`; the last one of a day ends at midnight.
fn aligned_end(start: DateTime<Utc>, length: TimeDelta) -> DateTime<Utc> {
    let day = TimeDelta::days(1);
    let end = later(start, length.to_std().unwrap_or(Duration::ZERO));
    if length > day { end } else { end.min(floor(start, DateTime::UNIX_EPOCH, day) + day) }
}

fn floor(at: DateTime<Utc>, base: DateTime<Utc>, step: TimeDelta) -> DateTime<Utc> {
    let step = step.num_milliseconds().max(1);
    let since = (at - base).num_milliseconds();
    base + TimeDelta::milliseconds(since - since.rem_euclid(step))
}

#[cfg(test)]
mod tests;
