//! One piece of work for one connection: which resource, which stretch of time, and why.

use std::fmt;

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use crate::spec::Resource;

/// What a provider is asked to fetch.
///
/// A job never holds a credential: the door adds the one that is stored when the call is made.
#[derive(Debug, Clone)]
pub struct Job {
    /// The resource of the provider's [`crate::Spec`].
    pub resource: &'static Resource,
    /// The stretch of provider time that is wanted.
    pub window: Window,
    /// Why it is wanted; decides its class in the quota.
    pub cause: Cause,
    /// Where an earlier run of this job stopped, if it did.
    pub cursor: Option<Cursor>,
    /// Provider ids that a notification named; empty means "list the window".
    pub ids: Vec<String>,
}

/// A half-open stretch of time, `from` inclusive, `to` exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Window {
    /// First instant that belongs to it.
    pub from: DateTime<Utc>,
    /// First instant that no longer belongs to it.
    pub to: DateTime<Utc>,
}

impl Window {
    /// A window; `from` and `to` are swapped when they are given the wrong way round.
    pub fn new(from: DateTime<Utc>, to: DateTime<Utc>) -> Self {
        if from <= to { Self { from, to } } else { Self { from: to, to: from } }
    }

    /// Its length.
    pub fn length(&self) -> Duration {
        self.to - self.from
    }

    /// The smallest window that holds both.
    #[must_use]
    pub fn hull(&self, other: &Self) -> Self {
        Self { from: self.from.min(other.from), to: self.to.max(other.to) }
    }

    /// Whether they share an instant or touch.
    pub fn touches(&self, other: &Self) -> bool {
        self.from <= other.to && other.from <= self.to
    }

    /// Consecutive pieces of at most `max` each, oldest first; none for an empty window.
    pub fn pieces(&self, max: Duration) -> Vec<Self> {
        let mut pieces = Vec::new();
        let mut from = self.from;
        while from < self.to {
            let to = if max > Duration::zero() { (from + max).min(self.to) } else { self.to };
            pieces.push(Self { from, to });
            from = to;
        }
        pieces
    }
}

/// Why a job runs. The order is the order of precedence in a quota, most urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// A person or a REST call waits for it.
    Request,
    /// The provider said that something is new.
    Notification,
    /// It was due.
    Poll,
    /// History after a connect or on demand.
    Backfill,
}

impl Cause {
    /// All causes, most urgent first.
    pub const ALL: [Self; 4] = [Self::Request, Self::Notification, Self::Poll, Self::Backfill];

    /// The word used in metrics, spans and tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Notification => "notification",
            Self::Poll => "poll",
            Self::Backfill => "backfill",
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How far a resource of a connection has been fetched.
///
/// `through` is provider time: everything before it (less the resource's look-back, which is read again) is in the
/// log. `token` is the provider's own place inside an unfinished window, such as the next page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// Everything before this instant has been committed.
    pub through: DateTime<Utc>,
    /// The provider's page token or the like inside an unfinished window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
}

impl Cursor {
    /// A cursor at the end of a finished window.
    pub const fn at(through: DateTime<Utc>) -> Self {
        Self { through, token: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hour(hour: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + Duration::hours(hour)
    }

    #[test]
    fn pieces_cover_the_window_without_gap_or_overlap() {
        let window = Window::new(hour(0), hour(10));
        let pieces = window.pieces(Duration::hours(4));
        assert_eq!(
            pieces,
            [Window::new(hour(0), hour(4)), Window::new(hour(4), hour(8)), Window::new(hour(8), hour(10))]
        );
        assert_eq!(Window::new(hour(3), hour(3)).pieces(Duration::hours(1)), []);
        assert_eq!(window.pieces(Duration::zero()), [window]);
    }

    #[test]
    fn touching_windows_merge_into_their_hull() {
        let (early, late) = (Window::new(hour(0), hour(2)), Window::new(hour(2), hour(5)));
        assert!(early.touches(&late));
        assert_eq!(early.hull(&late), Window::new(hour(0), hour(5)));
        assert!(!early.touches(&Window::new(hour(3), hour(4))));
    }
}
