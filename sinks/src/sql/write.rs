//! Writes a batch in one transaction, and finds the rows that the database refuses.
//!
//! Entries come in, one outcome each goes out. When a transaction is refused for its data, its halves are tried, so one
//! bad row among 500 costs some twenty short transactions and nothing else. It never writes half an entry.

use std::collections::HashSet;
use std::ops::Range;

use tributary_contract::sink::{Batch, Entry, Outcome, SinkError};

use super::Database;
use super::options::Layout;
use super::refusal::Failure;
use super::row::{Row, of_entry, user_row};

struct Prepared<'a> {
    /// Place in the batch.
    place: usize,
    entry: &'a Entry,
    rows: Vec<Row<'a>>,
}

pub(super) async fn write(
    database: &Database,
    layout: Layout,
    batch: &Batch,
) -> Result<Vec<Outcome>, SinkError> {
    let (prepared, mut outcomes) = prepare(layout, batch);
    let mut waiting = Vec::from([Range { start: 0, end: prepared.len() }]);
    let mut written = false;
    while let Some(range) = waiting.pop() {
        let Some(part) = prepared.get(range.clone()).filter(|part| !part.is_empty()) else { continue };
        let outcome = match transaction(database, layout, part).await {
            Ok(()) => {
                written = true;
                Outcome::Taken
            }
            Err(Failure::Row(_)) if part.len() > 1 => {
                waiting.extend(halves(&range));
                continue;
            }
            Err(Failure::Row(reason)) => Outcome::Refused { reason },
            // An error speaks for the whole batch, which is true only as long as nothing of it was written.
            Err(failure) if written => {
                let reason = SinkError::from(failure).to_string();
                return Ok(outcomes
                    .into_iter()
                    .map(|known| known.unwrap_or_else(|| later(&reason)))
                    .collect());
            }
            Err(failure) => return Err(failure.into()),
        };
        for prepared in part {
            if let Some(known) = outcomes.get_mut(prepared.place) {
                *known = Some(outcome.clone());
            }
        }
    }
    Ok(outcomes.into_iter().map(|known| known.unwrap_or_else(|| later("not tried"))).collect())
}

fn later(reason: &str) -> Outcome {
    Outcome::Later { reason: reason.to_owned(), after: None }
}

/// The rows of all entries; those without a row are refused at once.
fn prepare(layout: Layout, batch: &Batch) -> (Vec<Prepared<'_>>, Vec<Option<Outcome>>) {
    let mut prepared = Vec::with_capacity(batch.entries.len());
    let mut outcomes = Vec::with_capacity(batch.entries.len());
    for (place, entry) in batch.entries.iter().enumerate() {
        match of_entry(layout, entry) {
            Ok(rows) => {
                prepared.push(Prepared { place, entry, rows });
                outcomes.push(None);
            }
            Err(reason) => outcomes.push(Some(Outcome::Refused { reason })),
        }
    }
    (prepared, outcomes)
}

async fn transaction(database: &Database, layout: Layout, part: &[Prepared<'_>]) -> Result<(), Failure> {
    let mut seen = HashSet::new();
    let mut users = Vec::new();
    for prepared in part {
        if seen.insert(prepared.entry.user.id) {
            users.push(user_row(layout, prepared.entry).map_err(Failure::Row)?);
        }
    }
    let rows: Vec<&Row<'_>> = users.iter().chain(part.iter().flat_map(|prepared| &prepared.rows)).collect();
    database.write(&rows).await
}

/// The second half and the first one, in the order of a stack.
fn halves(range: &Range<usize>) -> [Range<usize>; 2] {
    let middle = range.start + range.len() / 2;
    [middle..range.end, range.start..middle]
}
