//! Which entries are settled, and so how far the offset may go. Pure.

use std::collections::BTreeSet;

/// Entries that were read and are not settled yet. The offset is the last sequence before the first of them.
#[derive(Debug, Default)]
pub struct Outstanding {
    read_to: u64,
    open: BTreeSet<u64>,
}

impl Outstanding {
    /// Begins behind `offset`.
    pub const fn after(offset: u64) -> Self {
        Self { read_to: offset, open: BTreeSet::new() }
    }

    /// An entry was read and has to be settled.
    pub fn opened(&mut self, sequence: u64) {
        self.read_to = self.read_to.max(sequence);
        self.open.insert(sequence);
    }

    /// An entry was read and needs nothing.
    pub fn passed(&mut self, sequence: u64) {
        self.read_to = self.read_to.max(sequence);
    }

    /// An entry is settled: taken, parked or dead. Unknown ones (settled before) are ignored.
    pub fn settled(&mut self, sequence: u64) {
        self.open.remove(&sequence);
    }

    /// How many are open.
    pub fn len(&self) -> usize {
        self.open.len()
    }

    /// Whether none is open.
    pub fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// The last sequence that was read.
    pub const fn read_to(&self) -> u64 {
        self.read_to
    }

    /// The offset: every entry up to here is settled.
    pub fn offset(&self) -> u64 {
        self.open.first().map_or(self.read_to, |first| first.saturating_sub(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_offset_stops_before_the_first_open_entry() {
        let mut outstanding = Outstanding::after(10);
        for sequence in [11, 12, 14] {
            outstanding.opened(sequence);
        }
        outstanding.passed(15);
        outstanding.settled(12);
        assert_eq!(outstanding.offset(), 10);
        outstanding.settled(11);
        assert_eq!(outstanding.offset(), 13);
        outstanding.settled(14);
        assert_eq!(outstanding.offset(), 15);
    }

    proptest! {
        #[test]
        fn the_offset_never_passes_an_open_entry_and_never_falls(
            order in Just((1_u64..60).collect::<Vec<_>>()).prop_shuffle(),
        ) {
            let mut outstanding = Outstanding::after(0);
            for sequence in 1..60 {
                outstanding.opened(sequence);
            }
            let mut open: BTreeSet<u64> = (1..60).collect();
            let mut last = outstanding.offset();
            for sequence in order {
                outstanding.settled(sequence);
                open.remove(&sequence);
                let offset = outstanding.offset();
                prop_assert!(offset >= last);
                prop_assert!(open.first().is_none_or(|first| offset < *first));
                last = offset;
            }
            prop_assert_eq!(last, 59);
        }
    }
}
