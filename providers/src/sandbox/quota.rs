//! The provider's own count of calls, in windows that begin at multiples of their length since midnight UTC.
//!
//! Every call is counted, also one that is refused. It never waits and never forgives.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

/// At most `permits` calls in each window of `seconds`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// Calls that one window admits.
    pub permits: u32,
    /// Length of the window.
    pub seconds: u32,
}

impl Limit {
    /// A limit.
    pub const fn new(permits: u32, seconds: u32) -> Self {
        Self { permits, seconds }
    }
}

/// The quotas of an app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quotas {
    /// All calls of the app, shortest window first.
    pub overall: Vec<Limit>,
    /// Its reading calls, shortest window first; empty when they are not counted apart.
    pub read: Vec<Limit>,
    /// The calls with one person's token.
    pub user: Vec<Limit>,
}

/// One limit and what has been used of it.
#[derive(Debug, Clone)]
struct Meter {
    limit: Limit,
    window: i64,
    used: u32,
}

impl Meter {
    const fn new(limit: Limit) -> Self {
        Self { limit, window: 0, used: 0 }
    }

    /// Counts a call; false when it was one too many.
    fn count(&mut self, now: DateTime<Utc>) -> bool {
        let window = now.timestamp().div_euclid(i64::from(self.limit.seconds.max(1)));
        if window != self.window {
            (self.window, self.used) = (window, 0);
        }
        self.used = self.used.saturating_add(1);
        self.used <= self.limit.permits
    }

    /// When the present window ends, in seconds of the epoch.
    fn resets_at(&self) -> i64 {
        self.window.saturating_add(1).saturating_mul(i64::from(self.limit.seconds.max(1)))
    }
}

/// A list of limits that one kind of call counts against.
#[derive(Debug, Clone)]
pub struct Counter {
    meters: Vec<Meter>,
}

impl Counter {
    /// Nothing used yet.
    pub fn new(limits: &[Limit]) -> Self {
        Self { meters: limits.iter().copied().map(Meter::new).collect() }
    }

    /// Counts a call against every limit; the first one that it exceeds is returned.
    pub fn count(&mut self, now: DateTime<Utc>) -> Option<Exceeded> {
        let mut exceeded = None;
        for meter in &mut self.meters {
            if !meter.count(now) {
                exceeded.get_or_insert(Exceeded { limit: meter.limit, resets_at: meter.resets_at() });
            }
        }
        exceeded
    }

    /// The limits, comma-separated.
    pub fn limits(&self) -> String {
        self.listed(|meter| meter.limit.permits)
    }

    /// What has been used of each, comma-separated.
    pub fn usage(&self) -> String {
        self.listed(|meter| meter.used)
    }

    fn listed(&self, number: impl Fn(&Meter) -> u32) -> String {
        let mut list = String::new();
        for meter in &self.meters {
            if !list.is_empty() {
                list.push(',');
            }
            list.push_str(&number(meter).to_string());
        }
        list
    }
}

/// A limit that a call was too much for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exceeded {
    /// The limit.
    pub limit: Limit,
    /// When its window ends, in seconds of the epoch.
    pub resets_at: i64,
}

/// A counter for each person.
#[derive(Debug, Clone)]
pub struct PerUser {
    limits: Vec<Limit>,
    counters: HashMap<u32, Counter>,
}

impl PerUser {
    /// Nothing used yet.
    pub fn new(limits: &[Limit]) -> Self {
        Self { limits: limits.to_vec(), counters: HashMap::new() }
    }

    /// Counts a call with that person's token.
    pub fn count(&mut self, person: u32, now: DateTime<Utc>) -> Option<Exceeded> {
        if self.limits.is_empty() {
            return None;
        }
        self.counters.entry(person).or_insert_with(|| Counter::new(&self.limits)).count(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    #[test]
    fn a_window_admits_its_permits_and_the_next_one_begins_at_the_clock() {
        let mut counter = Counter::new(&[Limit::new(2, 900), Limit::new(4, 86_400)]);
        assert_eq!((counter.count(at(899)), counter.count(at(899))), (None, None));
        let refused = counter.count(at(899)).unwrap();
        assert_eq!((refused.limit.permits, refused.resets_at), (2, 900));
        assert_eq!(counter.count(at(900)), None);
        assert_eq!(counter.usage(), "1,4");
        assert_eq!(counter.limits(), "2,4");
    }

    #[test]
    fn refused_calls_count_for_the_day() {
        let mut counter = Counter::new(&[Limit::new(1, 900), Limit::new(3, 86_400)]);
        for _ in 0..3 {
            counter.count(at(10));
        }
        let refused = counter.count(at(1000)).unwrap();
        assert_eq!((refused.limit.seconds, refused.resets_at), (86_400, 86_400));
    }

    #[test]
    fn people_are_counted_apart() {
        let mut users = PerUser::new(&[Limit::new(1, 300)]);
        assert_eq!((users.count(1, at(0)), users.count(2, at(0))), (None, None));
        assert!(users.count(1, at(1)).is_some());
        assert_eq!(users.count(1, at(300)), None);
    }
}
