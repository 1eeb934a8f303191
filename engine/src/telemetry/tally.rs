//! Connections by provider and state, kept up with every change of state, so that nobody has to walk all of them to
//! count. It starts from what the store counts at the start of the process and never asks it again.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::metric;
use crate::store::{ConnectionCount, ConnectionState};

type Counts = BTreeMap<String, [u64; ConnectionState::ALL.len()]>;

static COUNTS: Mutex<Counts> = Mutex::new(BTreeMap::new());

/// Begins anew with these counts.
pub fn begin(counted: &[ConnectionCount]) {
    change(|counts| {
        counts.clear();
        for counted in counted {
            if let Some(count) = place(counts, &counted.provider, counted.state) {
                *count += counted.count;
            }
        }
    });
}

/// A connection came from a state (`None`: it is new) into another one.
pub fn moved(provider: &str, from: Option<ConnectionState>, to: ConnectionState) {
    if from == Some(to) {
        return;
    }
    if to != ConnectionState::Active {
        metric::CONNECTION_STOPS.add(1, [provider, to.as_str()]);
    }
    change(|counts| {
        if let Some(count) = from.and_then(|from| place(counts, provider, from)) {
            *count = count.saturating_sub(1);
        }
        if let Some(count) = place(counts, provider, to) {
            *count += 1;
        }
    });
}

fn place<'a>(counts: &'a mut Counts, provider: &str, state: ConnectionState) -> Option<&'a mut u64> {
    let index = ConnectionState::ALL.iter().position(|known| *known == state)?;
    if !counts.contains_key(provider) {
        counts.insert(provider.to_owned(), Default::default());
    }
    counts.get_mut(provider)?.get_mut(index)
}

fn change(act: impl FnOnce(&mut Counts)) {
    let mut counts = COUNTS.lock().unwrap_or_else(PoisonError::into_inner);
    act(&mut counts);
    let rows = counts.iter().flat_map(|(provider, states)| {
        ConnectionState::ALL.iter().zip(states).map(move |(state, count)| {
            #[expect(clippy::cast_precision_loss, reason = "a number of connections is far below 2^52")]
            let level = *count as f64;
            ([provider.clone(), state.as_str().to_owned()], level)
        })
    });
    metric::CONNECTION_COUNT.set(rows.collect());
}
