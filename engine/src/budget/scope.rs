//! The windows that share one pause: those of the app, or those of one connection. Pure.
//!
//! A refusal (429) closes the whole scope. Without a hint from the provider it stays closed until the shortest aligned
//! window ends, then for pauses that double up to six hours, and opens with a single call that has to succeed first.

use std::time::Duration;

use chrono::{DateTime, Utc};
use tributary_contract::spec::{Quota, QuotaWindow};

use super::message::{Class, Ticket};
use super::usage::Reading;
use super::window::Window;
use crate::clock::later;

/// Pause after a first refusal without a hint where no aligned window says better.
const FIRST_PAUSE: Duration = Duration::from_secs(60);
/// Longest pause without a hint.
const LONGEST_PAUSE: Duration = Duration::from_secs(6 * 3600);
/// Answers without usage headers after which none are expected.
const LEARNING: u8 = 5;

/// Windows with their common pause.
#[derive(Debug, Clone)]
pub struct Scope {
    windows: Vec<Window>,
    until: Option<DateTime<Utc>>,
    /// When it was last closed: calls that began before say nothing new.
    closed_at: DateTime<Utc>,
    refusals: u32,
    probe: Probe,
    /// Answers that may still lack the usage headers before one call at a time is given up.
    learning: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Probe {
    Open,
    /// The next call goes alone.
    Next,
    /// Everybody waits for the end of this call.
    Waiting(Ticket),
}

/// When a call may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// Now.
    Now,
    /// Not before that instant.
    At(DateTime<Utc>),
    /// When a call in flight ends.
    CallEnds,
}

impl Scope {
    /// Empty windows. A scope whose answers carry usage headers goes one call at a time until the first of them, since
    /// nobody knows what was used before.
    pub fn new(quotas: &[Quota], learns: bool, now: DateTime<Utc>) -> Self {
        Self {
            windows: quotas.iter().map(|quota| Window::new(*quota, now)).collect(),
            until: None,
            closed_at: DateTime::<Utc>::MIN_UTC,
            refusals: 0,
            probe: if learns { Probe::Next } else { Probe::Open },
            learning: if learns { LEARNING } else { 0 },
        }
    }

    /// The windows, in the order of the quotas.
    pub fn windows(&mut self) -> &mut [Window] {
        &mut self.windows
    }

    /// Until when it is closed by a refusal.
    pub fn closed_until(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.until.filter(|until| *until > now)
    }

    /// When a call of that class may go. More urgent classes never go later than less urgent ones.
    pub fn opening(&mut self, class: Class, now: DateTime<Utc>) -> Opening {
        let mut opening = self.closed_until(now).map_or(Opening::Now, Opening::At);
        for window in &mut self.windows {
            let keep = class.keeps(window.limit());
            if window.admits(keep, now) {
                continue;
            }
            opening = opening.and(window.opens_at(keep, now).map_or(Opening::CallEnds, Opening::At));
        }
        if let Probe::Waiting(_) = self.probe { opening.and(Opening::CallEnds) } else { opening }
    }

    /// A call goes.
    pub fn take(&mut self, ticket: Ticket, now: DateTime<Utc>) {
        self.windows.iter_mut().for_each(|window| window.take(now));
        if self.probe == Probe::Next {
            self.probe = Probe::Waiting(ticket);
        }
    }

    /// A call ended without an answer.
    pub fn end(&mut self, ticket: Ticket, now: DateTime<Utc>) {
        self.windows.iter_mut().for_each(|window| window.end(now));
        self.probe_again(ticket);
    }

    /// A call was never sent.
    pub fn give_back(&mut self, ticket: Ticket, now: DateTime<Utc>) {
        self.windows.iter_mut().for_each(|window| window.give_back(now));
        self.probe_again(ticket);
    }

    /// A call that began at `began` was answered with something else than a refusal by this scope.
    pub fn answered(&mut self, began: DateTime<Utc>, reading: &Reading) {
        if began < self.closed_at {
            return;
        }
        self.refusals = 0;
        self.until = None;
        if self.learning > 0 && reading.counts.is_empty() {
            self.learning -= 1;
        } else {
            self.learning = 0;
        }
        self.probe = if self.learning > 0 { Probe::Next } else { Probe::Open };
    }

    /// A call that began at `began` was refused for want of quota.
    pub fn refused(&mut self, began: DateTime<Utc>, hint: Option<Duration>, now: DateTime<Utc>) {
        let is_new = began >= self.closed_at;
        if is_new {
            self.refusals = self.refusals.saturating_add(1);
            self.closed_at = now;
            self.probe = Probe::Next;
        }
        let until = match hint {
            Some(delay) => Some(later(now, delay)),
            None if is_new => Some(self.pause_end(now)),
            None => None,
        };
        self.until = self.until.max(until);
    }

    /// Whether forgetting the scope would change nothing.
    pub fn is_empty(&mut self, now: DateTime<Utc>) -> bool {
        let is_forgiven = self.refusals == 0 || self.closed_at + LONGEST_PAUSE < now;
        is_forgiven
            && self.closed_until(now).is_none()
            && self.windows.iter_mut().all(|window| window.is_empty(now))
    }

    fn pause_end(&mut self, now: DateTime<Utc>) -> DateTime<Utc> {
        let doublings = self.refusals.saturating_sub(1).min(16);
        let grown = later(now, FIRST_PAUSE.saturating_mul(1 << doublings).min(LONGEST_PAUSE));
        let aligned =
            self.windows.iter_mut().filter(|window| matches!(window.quota().window, QuotaWindow::Aligned(_)));
        match aligned.map(|window| window.ends_at(now)).min() {
            Some(end) if doublings == 0 => end,
            Some(end) => end.max(grown),
            None => grown,
        }
    }

    fn probe_again(&mut self, ticket: Ticket) {
        if self.probe == Probe::Waiting(ticket) {
            self.probe = Probe::Next;
        }
    }
}

impl Opening {
    /// The later of both; the end of a call is later than any instant, since nobody knows it.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::CallEnds, _) | (_, Self::CallEnds) => Self::CallEnds,
            (Self::At(one), Self::At(two)) => Self::At(one.max(two)),
            (Self::At(one), Self::Now) | (Self::Now, Self::At(one)) => Self::At(one),
            (Self::Now, Self::Now) => Self::Now,
        }
    }
}
