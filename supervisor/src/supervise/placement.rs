//! On which thread a new actor runs: the one with the fewest. Pure.

/// How many children each thread has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Placement(Vec<usize>);

impl Placement {
    /// That many threads, all empty.
    pub(super) fn over(threads: usize) -> Self {
        Self(vec![0; threads.max(1)])
    }

    /// A place for a child: the thread with the fewest, the first of several.
    pub(super) fn place(&mut self) -> usize {
        let fewest = self.0.iter().enumerate().min_by_key(|(_, count)| **count);
        let thread = fewest.map_or(0, |(thread, _)| thread);
        if let Some(count) = self.0.get_mut(thread) {
            *count += 1;
        }
        thread
    }

    /// A child of that thread is gone.
    pub(super) fn remove(&mut self, thread: usize) {
        if let Some(count) = self.0.get_mut(thread) {
            *count = count.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placement_stays_even_after_removals() {
        let mut placement = Placement::over(3);
        let places: Vec<_> = (0..300).map(|_| placement.place()).collect();
        assert_eq!(placement, Placement(vec![100, 100, 100]));
        for place in places.iter().filter(|place| **place == 1) {
            placement.remove(*place);
        }
        for _ in 0..100 {
            assert_eq!(placement.place(), 1, "the emptied thread is filled first");
        }
        assert_eq!(placement, Placement(vec![100, 100, 100]));
    }

    #[test]
    fn there_is_always_a_place() {
        assert_eq!(Placement::default().place(), 0);
        assert_eq!(Placement::over(0).place(), 0);
    }
}
