//! When each resource of a connection is due: sixteen bytes a resource, since a million connections keep them in memory
//! while they rest. Cursors and tokens are read when work starts and never kept here. Pure.

use chrono::{DateTime, Utc};
use tributary_contract::{FetchError, Spec};
use uuid::Uuid;

use super::schedule;
use super::stamp::Stamp;
use super::state::Task;
use crate::store::{Lane, Mark};

/// Salt of the phase with which failures are spread.
const FAILURE_PHASE: u64 = 77;

/// Due times of one resource.
#[derive(Debug, Clone, Copy)]
struct Due {
    poll: Stamp,
    /// The walk through the history.
    history: Stamp,
    /// The walk through what was asked for.
    asked: Stamp,
    poll_failures: u8,
    history_failures: u8,
    asked_failures: u8,
}

/// Due times of all resources of one connection, in the order of the Spec.
#[derive(Debug, Default)]
pub(super) struct Calendar(Box<[Due]>);

impl Calendar {
    /// Out of what the store knows. Overdue work is spread over `spread`.
    pub(super) fn new(
        id: Uuid,
        spec: &'static Spec,
        marks: &[Mark],
        spread: std::time::Duration,
        now: DateTime<Utc>,
    ) -> Self {
        let resources = spec.resources.iter().zip(0_u64..);
        let due = resources.map(|(resource, salt)| {
            let mark = |lane| marks.iter().find(|mark| mark.resource == resource.name && mark.lane == lane);
            let phase = schedule::phase(id, salt);
            let last = mark(Lane::Live).map(|mark| mark.updated_at);
            let poll = schedule::after_start(now, last, resource.poll, phase, spread);
            // One that has begun has all the time of the world; a new one starts at once.
            let begins = |begun: bool| {
                let at = if begun { now + schedule::scaled(spread, phase) } else { now };
                Stamp::due(at, now)
            };
            let history = mark(Lane::History);
            let walked = resource.history.is_none() || history.is_some_and(|mark| mark.finished);
            let filled = mark(Lane::Filled);
            let open = mark(Lane::Asked).is_some_and(|asked| {
                filled.is_none_or(|filled| !filled.finished || filled.asked != asked.asked)
            });
            Due {
                poll: Stamp::due(poll, now),
                history: if walked { Stamp::NEVER } else { begins(last.is_some()) },
                asked: if open { begins(true) } else { Stamp::NEVER },
                poll_failures: 0,
                history_failures: 0,
                asked_failures: 0,
            }
        });
        Self(due.collect())
    }

    /// Whether a walk through a history is not at its end.
    pub(super) fn has_history_left(&self) -> bool {
        self.0.iter().any(|due| !due.history.is_never())
    }

    /// Everything is polled now: the user came back.
    pub(super) fn poll_all(&mut self, now: DateTime<Utc>) {
        for due in &mut self.0 {
            due.poll = Stamp::at_once(now);
            due.poll_failures = 0;
        }
    }

    /// Something was asked for.
    pub(super) fn ask(&mut self, resource: usize, now: DateTime<Utc>) {
        if let Some(due) = self.0.get_mut(resource) {
            due.asked = Stamp::at_once(now);
        }
    }

    /// The task begins. A wish that comes while it runs must not be lost with its end.
    pub(super) fn begin(&mut self, task: Task) {
        if let Task::Asked(resource) = task
            && let Some(due) = self.0.get_mut(resource)
        {
            due.asked = Stamp::NEVER;
        }
    }

    /// What is due now: polls first, then whichever walk has waited longest.
    pub(super) fn pick(&self, now: DateTime<Utc>) -> Option<Task> {
        let all = || self.0.iter().enumerate();
        let poll = all().map(|(index, due)| (due.poll, index)).filter(|(at, _)| at.has_come(now)).min();
        let walks = all().flat_map(|(index, due)| {
            [(due.asked, index, Task::Asked(index)), (due.history, index, Task::History(index))]
        });
        let walk = walks.filter(|(at, ..)| at.has_come(now)).min_by_key(|(at, index, _)| (*at, *index));
        poll.map(|(_, index)| Task::Poll(index)).or_else(|| walk.map(|(.., task)| task))
    }

    /// When something is due.
    pub(super) fn next(&self) -> Option<DateTime<Utc>> {
        self.0.iter().map(|due| due.poll.min(due.history).min(due.asked)).min().and_then(Stamp::time)
    }

    /// The task ended well; `finished` says that its walk is at its end.
    pub(super) fn succeeded(
        &mut self,
        id: Uuid,
        spec: &Spec,
        task: Task,
        finished: bool,
        now: DateTime<Utc>,
    ) {
        let next = if finished { Stamp::NEVER } else { Stamp::at_once(now) };
        match task {
            Task::Poll(index) => {
                let phase = schedule::phase(id, index as u64);
                if let (Some(due), Some(resource)) = (self.0.get_mut(index), spec.resources.get(index)) {
                    due.poll_failures = 0;
                    due.poll = Stamp::not_before(schedule::after_success(now, resource.poll, phase));
                }
            }
            Task::History(index) => {
                if let Some(due) = self.0.get_mut(index) {
                    due.history_failures = 0;
                    due.history = next;
                }
            }
            Task::Asked(index) => {
                if let Some(due) = self.0.get_mut(index) {
                    due.asked_failures = 0;
                    due.asked = due.asked.min(next);
                }
            }
            Task::Inbox | Task::Request(_) => {}
        }
    }

    /// The task failed and comes again.
    pub(super) fn failed(
        &mut self,
        id: Uuid,
        spec: &Spec,
        task: Task,
        error: &FetchError,
        now: DateTime<Utc>,
    ) {
        let (Task::Poll(index) | Task::History(index) | Task::Asked(index)) = task else { return };
        let (Some(due), Some(resource)) = (self.0.get_mut(index), spec.resources.get(index)) else { return };
        let (at, failures) = match task {
            Task::History(_) => (&mut due.history, &mut due.history_failures),
            Task::Asked(_) => (&mut due.asked, &mut due.asked_failures),
            Task::Poll(_) | Task::Inbox | Task::Request(_) => (&mut due.poll, &mut due.poll_failures),
        };
        *failures = failures.saturating_add(1);
        let phase = schedule::phase(id, FAILURE_PHASE);
        let next = schedule::after_failure(now, error, u32::from(*failures), resource.poll, phase);
        *at = Stamp::not_before(next);
    }
}
