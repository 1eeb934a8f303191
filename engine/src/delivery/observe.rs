//! One call of a sink as others see it: a span, a duration, and what became of the entries. It never looks into a record
//! but at when it ended.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use tracing::Span;
use tributary_contract::TraceContext;
use tributary_contract::sink::{Outcome, SinkError};

use super::actor::Parts;
use super::group::Group;
use crate::telemetry::{fresh, metric, span};

/// The syncs that the entries come from, oldest first, each once.
pub(super) fn syncs(group: &Group) -> Vec<TraceContext> {
    let mut seen = HashSet::new();
    group.entries.iter().filter_map(|entry| entry.trace).filter(|trace| seen.insert(*trace)).collect()
}

/// The sync that all entries come from, if it is one.
pub(super) fn only(syncs: &[TraceContext]) -> Option<TraceContext> {
    if let [only] = syncs { Some(*only) } else { None }
}

/// A call that begins.
pub(super) fn begin(parts: &Parts, group: &Group, attempt: u32, syncs: &[TraceContext]) -> Span {
    let mut kinds = group.entries.iter().map(|entry| entry.kind);
    let first = kinds.next();
    let kind = first.filter(|first| kinds.all(|kind| kind == *first));
    let about = span::Delivery {
        tenant: &parts.tenant,
        sink: &parts.name,
        kind: kind.map_or("mixed", |kind| kind.filter_name()),
        attempt,
        entries: group.entries.len(),
    };
    span::deliver(&about, syncs)
}

/// A call that ended.
pub(super) fn ended(
    parts: &Parts,
    span: &Span,
    group: &Group,
    began: DateTime<Utc>,
    result: &Result<Vec<Outcome>, SinkError>,
) {
    let (tenant, sink) = (&*parts.tenant, &*parts.name);
    let outcome = match result {
        Ok(_) => "ok",
        Err(SinkError::Unavailable { .. }) => "unavailable",
        Err(SinkError::Denied { .. }) => "denied",
        Err(SinkError::Unusable { .. }) => "unusable",
    };
    span::delivered(span, outcome, result.is_err());
    let now = parts.clock.now();
    metric::DELIVER_DURATION.record((now - began).to_std().unwrap_or_default(), [tenant, sink, outcome]);
    let Ok(outcomes) = result else {
        metric::DELIVER_OUTCOMES.add(group.entries.len(), [tenant, sink, "failed"]);
        return;
    };
    let (mut taken, mut later, mut refused) = (0, 0, 0);
    for outcome in outcomes {
        match outcome {
            Outcome::Taken => taken += 1,
            Outcome::Later { .. } => later += 1,
            Outcome::Refused { .. } => refused += 1,
        }
    }
    for (count, word) in [(taken, "taken"), (later, "later"), (refused, "refused")] {
        metric::DELIVER_OUTCOMES.add(count, [tenant, sink, word]);
    }
    let newest = group.entries.iter().zip(outcomes).rev().find(|(_, outcome)| **outcome == Outcome::Taken);
    if let Some((entry, _)) = newest {
        fresh::taken(tenant, sink, entry);
    }
}
