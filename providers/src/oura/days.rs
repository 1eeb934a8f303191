//! Which local days a job is about, and which stretches of time belong to them.
//!
//! Oura files documents under the user's local day and does not say in which zone it reads the days that it is asked
//! for; so more is asked for than is wanted, and what comes back is sorted out here by day and offset. Pure.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Days as Count, Duration, NaiveDate, NaiveTime, Utc};
use tributary_contract::Window;
use tributary_contract::model::Offset;

use super::collection::Range;

/// Furthest ahead of UTC that a wall clock is.
const EAST: Duration = Duration::hours(14);
/// Furthest behind UTC.
const WEST: Duration = Duration::hours(12);
/// Days that one listing of named days may span.
const MOST_NAMED: i64 = 28;
/// Longest stretch that `heartrate` answers.
const MOST_HEART_RATE: Duration = Duration::days(30);
/// Stretches of heart rate that are less apart than this are read with one call.
const NEAR: Duration = Duration::hours(12);

/// The days that a job is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Every local day that shares an instant with the window.
    Window(Window),
    /// These days.
    Days(BTreeSet<NaiveDate>),
}

impl Wanted {
    /// Parts that one listing each can cover.
    pub(super) fn pieces(self) -> Vec<Self> {
        let Self::Days(days) = self else { return vec![self] };
        let mut pieces: Vec<BTreeSet<NaiveDate>> = Vec::new();
        for day in days {
            match pieces.last_mut() {
                Some(piece) if piece.first().is_some_and(|&first| (day - first).num_days() < MOST_NAMED) => {
                    piece.insert(day);
                }
                _ => pieces.push(BTreeSet::from([day])),
            }
        }
        pieces.into_iter().map(Self::Days).collect()
    }

    /// What to ask for: from a day before the first to two days after the last, since some lists leave out the last
    /// day and some go by days of UTC.
    pub(super) fn range(&self) -> Range {
        let (first, last) = match self {
            Self::Window(window) => (window.from.date_naive(), window.to.date_naive()),
            Self::Days(days) => {
                (days.first().copied().unwrap_or_default(), days.last().copied().unwrap_or_default())
            }
        };
        (
            first.checked_sub_days(Count::new(1)).unwrap_or(first),
            last.checked_add_days(Count::new(2)).unwrap_or(last),
        )
    }

    /// Whether a local day at that offset is wanted. A day whose offset is not known may lie anywhere on earth.
    pub(super) fn day(&self, day: NaiveDate, offset: Option<Offset>) -> bool {
        match self {
            Self::Window(window) => {
                let midnight = day.and_time(NaiveTime::MIN).and_utc();
                let next = midnight + Duration::days(1);
                let (east, west) =
                    offset.map_or((EAST, -WEST), |offset| (offset.duration(), offset.duration()));
                midnight - east < window.to && next - west > window.from
            }
            Self::Days(days) => days.contains(&day),
        }
    }

    /// Whether something that lasted from one instant to another is wanted for the time that it took.
    pub(super) fn span(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> bool {
        match self {
            Self::Window(window) => from < window.to && to > window.from,
            Self::Days(_) => false,
        }
    }
}

/// When each of some days begins and ends: at its own midnight by its own offset, and where the next one begins if
/// that is known, so that each instant of a journey or a clock change belongs to one day.
pub(super) fn stretches(offsets: &BTreeMap<NaiveDate, Offset>) -> BTreeMap<NaiveDate, Window> {
    let begin = |day: NaiveDate, offset: Offset| day.and_time(NaiveTime::MIN).and_utc() - offset.duration();
    offsets
        .iter()
        .map(|(&day, &offset)| {
            let from = begin(day, offset);
            let next = day.succ_opt().and_then(|next| Some(begin(next, *offsets.get(&next)?)));
            let to = next.unwrap_or(from + Duration::days(1)).max(from);
            (day, Window { from, to })
        })
        .collect()
}

/// The calls that cover some stretches: neighbours together, none longer than Oura answers.
pub(super) fn calls(mut stretches: Vec<Window>) -> Vec<Window> {
    stretches.retain(|stretch| stretch.from < stretch.to);
    stretches.sort_unstable_by_key(|stretch| stretch.from);
    let mut joined: Vec<Window> = Vec::new();
    for stretch in stretches {
        match joined.last_mut() {
            Some(last) if stretch.from <= last.to + NEAR => last.to = last.to.max(stretch.to),
            _ => joined.push(stretch),
        }
    }
    joined.into_iter().flat_map(|stretch| stretch.pieces(MOST_HEART_RATE)).collect()
}

#[cfg(test)]
mod tests;
