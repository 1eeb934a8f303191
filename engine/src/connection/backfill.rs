//! History in windows, newest first: what is left of it, and what somebody wants fetched again.
//!
//! After a connect the provider's history is walked down to its depth ([`Lane::History`]). On request any stretches are
//! walked the same way: who asks writes them down ([`Lane::Asked`]), the job writes how far it got ([`Lane::Filled`]),
//! so neither can undo the other, and both outlive a restart. A walk never goes back over what it has done for the
//! same wish.

use chrono::{DateTime, Duration, SecondsFormat, Utc};
use serde::Serialize;
use thiserror::Error;
use tributary_contract::spec::Resource;
use tributary_contract::{Cursor, Window};
use uuid::Uuid;

use super::Runtime;
use super::job::length;
use crate::store::{Change, Changeset, Connection, CursorRow, Lane, StoreError, WriteError};

/// Stretches of one resource that may be open at once.
const STRETCHES: usize = 16;

/// Stretches of time that somebody wants: newest first, none touches another.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Stretches(Vec<Window>);

/// Too many stretches apart from each other are open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error(
    "{STRETCHES} stretches of this resource are wanted already; wait until some are done, or ask for one that holds several"
)]
pub struct TooMany;

impl Stretches {
    /// One stretch.
    pub fn of(window: Window) -> Self {
        Self(vec![window])
    }

    /// Reads what [`Stretches::text`] wrote; what makes no sense is left out.
    pub fn parse(text: &str) -> Self {
        let time = |text: &str| DateTime::parse_from_rfc3339(text).ok().map(|time| time.to_utc());
        let window = |text: &str| {
            let (from, to) = text.split_once('/')?;
            Some(Window::new(time(from)?, time(to)?))
        };
        Self(text.split(',').filter_map(window).collect())
    }

    /// As intervals of ISO 8601, without any space.
    pub fn text(&self) -> String {
        let time = |time: DateTime<Utc>| time.to_rfc3339_opts(SecondsFormat::Micros, true);
        let parts: Vec<_> =
            self.0.iter().map(|window| format!("{}/{}", time(window.from), time(window.to))).collect();
        parts.join(",")
    }

    /// With one more; those that touch become one.
    ///
    /// # Errors
    /// [`TooMany`].
    pub fn with(&self, window: Window) -> Result<Self, TooMany> {
        let mut added = window;
        let mut rest = Vec::with_capacity(self.0.len() + 1);
        for stretch in &self.0 {
            if stretch.touches(&added) {
                added = added.hull(stretch);
            } else {
                rest.push(*stretch);
            }
        }
        rest.push(added);
        rest.sort_unstable_by_key(|stretch| std::cmp::Reverse(stretch.from));
        if rest.len() > STRETCHES { Err(TooMany) } else { Ok(Self(rest)) }
    }

    /// The newest end.
    pub fn end(&self) -> Option<DateTime<Utc>> {
        self.0.first().map(|newest| newest.to)
    }

    /// The oldest beginning.
    pub fn begin(&self) -> Option<DateTime<Utc>> {
        self.0.last().map(|oldest| oldest.from)
    }

    /// What comes next when everything from `position` on is done: at most `max` long.
    pub fn next(&self, position: DateTime<Utc>, max: Duration) -> Option<Window> {
        let stretch = self.0.iter().find(|stretch| stretch.from < position && stretch.from < stretch.to)?;
        let to = stretch.to.min(position);
        let from = if max > Duration::zero() { (to - max).max(stretch.from) } else { stretch.from };
        Some(Window { from, to })
    }

    /// The part from `position` on.
    fn above(&self, position: DateTime<Utc>) -> impl Iterator<Item = Window> {
        self.0
            .iter()
            .filter(move |stretch| stretch.to > position)
            .map(move |stretch| Window { from: stretch.from.max(position), to: stretch.to })
    }

    fn holds(&self, window: Window) -> bool {
        self.0.iter().any(|stretch| stretch.from <= window.from && window.to <= stretch.to)
    }

    /// From where to go on, when an earlier wish was walked down to `filled`. What the earlier one did not want and
    /// this one does is not done yet, so the walk may have to begin anew.
    pub fn position(&self, filled: Option<(&Self, DateTime<Utc>)>) -> Option<DateTime<Utc>> {
        match filled {
            Some((earlier, reached)) if self.above(reached).all(|window| earlier.holds(window)) => {
                Some(reached)
            }
            Some(_) | None => self.end(),
        }
    }

    fn done(&self, position: DateTime<Utc>) -> f64 {
        let total = self.0.iter().fold(Duration::zero(), |sum, stretch| sum + stretch.length());
        let above = self.above(position).fold(Duration::zero(), |sum, stretch| sum + stretch.length());
        share(above, total)
    }
}

fn share(part: Duration, whole: Duration) -> f64 {
    if whole <= Duration::zero() {
        return 1.0;
    }
    let seconds = |length: Duration| length.as_seconds_f64();
    (seconds(part) / seconds(whole)).clamp(0.0, 1.0)
}

/// How far a walk through a resource is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Progress {
    /// Name of the resource.
    pub resource: &'static str,
    /// `history` after a connect, `asked` on request.
    pub walk: &'static str,
    /// Where it will end.
    pub from: DateTime<Utc>,
    /// Where it began.
    pub to: DateTime<Utc>,
    /// Everything from here to `to` is done, as far as it is wanted.
    pub through: DateTime<Utc>,
    /// From 0 to 1.
    pub done: f64,
    /// Whether nothing is left.
    pub finished: bool,
}

/// Where the history of a resource begins and ends for a connection; `None` if the provider has none.
pub fn history(resource: &Resource, created_at: DateTime<Utc>, depth: Duration) -> Option<Window> {
    let floor = created_at - length(resource.history?).min(depth);
    let begin = created_at - length(resource.look_back);
    Some(Window { from: floor, to: begin.max(floor) })
}

/// How far each walk of a connection is.
pub fn progress(
    resources: &'static [Resource],
    created_at: DateTime<Utc>,
    depth: Duration,
    cursors: &[CursorRow],
) -> Vec<Progress> {
    let mut list = Vec::new();
    for resource in resources {
        let row = |lane| cursors.iter().find(|row| row.resource == resource.name && row.lane == lane);
        if let Some(window) = history(resource, created_at, depth) {
            let reached = row(Lane::History);
            let through = reached.map_or(window.to, |row| row.cursor.through.clamp(window.from, window.to));
            let finished = reached.is_some_and(|row| row.finished);
            let done = if finished { 1.0 } else { share(window.to - through, window.length()) };
            let (from, to) = (window.from, window.to);
            list.push(Progress {
                resource: resource.name,
                walk: "history",
                from,
                to,
                through,
                done,
                finished,
            });
        }
        let Some(wish) = Wish::of(row(Lane::Asked), row(Lane::Filled)) else { continue };
        let (Some(from), Some(to)) = (wish.asked.begin(), wish.asked.end()) else { continue };
        let (done, finished) = (wish.asked.done(wish.position), wish.is_done);
        let through = wish.position.max(from);
        list.push(Progress { resource: resource.name, walk: "asked", from, to, through, done, finished });
    }
    list
}

/// What is asked for of one resource, and how far that is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wish {
    pub(super) asked: Stretches,
    /// Everything that is asked for from here on is done.
    pub(super) position: DateTime<Utc>,
    pub(super) is_done: bool,
}

impl Wish {
    /// Out of the two rows; `None` if nothing was ever asked for.
    pub(super) fn of(asked: Option<&CursorRow>, filled: Option<&CursorRow>) -> Option<Self> {
        let asked = Stretches::parse(asked?.cursor.token.as_deref()?);
        let earlier = filled.map(|row| {
            (Stretches::parse(row.cursor.token.as_deref().unwrap_or_default()), row.cursor.through)
        });
        let position = asked.position(earlier.as_ref().map(|(stretches, at)| (stretches, *at)))?;
        let is_done = asked.next(position, Duration::zero()).is_none();
        Some(Self { asked, position, is_done })
    }
}

/// Why a wish is not taken.
#[derive(Debug, Error)]
pub enum AskError {
    /// There is no such resource, or it has no past.
    #[error("{0} has a present state only; there is no stretch of it to fetch")]
    NoHistory(&'static str),
    /// The provider does not keep it that long.
    #[error("{0} goes back to {1} only")]
    TooOld(&'static str, DateTime<Utc>),
    /// The window is empty.
    #[error("the stretch is empty; its end has to be after its beginning")]
    Empty,
    /// See [`TooMany`].
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The store did not take it.
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// Writes down that a stretch of a resource is wanted. It joins what is wanted already and not done. Tell the
/// connection's actor afterwards.
///
/// # Errors
/// [`AskError`].
pub async fn ask(
    runtime: &Runtime,
    connection: &Connection,
    resource: &'static Resource,
    window: Window,
) -> Result<Stretches, AskError> {
    let depth = resource.history.ok_or(AskError::NoHistory(resource.name))?;
    if window.from >= window.to {
        return Err(AskError::Empty);
    }
    let floor = runtime.clock.now() - length(depth);
    if window.to <= floor {
        return Err(AskError::TooOld(resource.name, floor));
    }
    let window = Window { from: window.from.max(floor), to: window.to };
    // Two wishes at once would overwrite each other.
    let _one_at_a_time = runtime.asking.lock().await;
    let present = stored(runtime, connection.id, resource).await?;
    let open = present.filter(|wish| !wish.is_done);
    let joins = open.is_some();
    let wanted = match open {
        Some(wish) => wish.asked.with(window)?,
        None => Stretches::of(window),
    };
    let end = wanted.end().unwrap_or(window.to);
    let mut changes = vec![row(connection.id, resource, Lane::Asked, &wanted, end, false)];
    if !joins {
        // What was filled for a wish that is done does not count for this one. No job writes that row now.
        changes.push(row(connection.id, resource, Lane::Filled, &wanted, end, false));
    }
    runtime.writer.commit(Changeset::fenced(connection.id, connection.epoch, changes)).await?;
    Ok(wanted)
}

pub(super) async fn stored(
    runtime: &Runtime,
    connection: Uuid,
    resource: &Resource,
) -> Result<Option<Wish>, StoreError> {
    let asked = runtime.store.cursor(connection, resource.name, Lane::Asked).await?;
    let filled = runtime.store.cursor(connection, resource.name, Lane::Filled).await?;
    Ok(Wish::of(asked.as_ref(), filled.as_ref()))
}

/// The row of a lane.
pub(super) fn row(
    connection: Uuid,
    resource: &Resource,
    lane: Lane,
    stretches: &Stretches,
    through: DateTime<Utc>,
    finished: bool,
) -> Change {
    let cursor = Cursor { through, token: Some(stretches.text()) };
    Change::Cursor { connection, resource: resource.name.to_owned(), lane, cursor, finished }
}

#[cfg(test)]
mod tests;
