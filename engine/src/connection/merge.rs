//! Notices of one resource as few jobs: what speaks of the same stretch of time is fetched once. Pure.
//!
//! Windows that overlap or touch become one, ids travel together, and both have a bound, so that one job never grows
//! without end and a stretch that nobody spoke of is never fetched.

use chrono::Duration;
use tributary_contract::Window;

/// Ids of one job.
pub const IDS: usize = 100;

/// What one notice says of a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Named objects; none means that the window is to be listed.
    pub ids: Vec<String>,
    /// The stretch.
    pub window: Window,
}

/// Notices that one job settles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merged {
    /// Their places in what was handed in.
    pub notices: Vec<usize>,
    /// Named objects, sorted, each once; none means that the window is to be listed.
    pub ids: Vec<String>,
    /// Holds the stretches of all of them.
    pub window: Window,
}

/// Puts notices together. Windows are joined while they stay within `longest`, or within the longest of their own.
pub fn merge(said: Vec<Said>, longest: Duration) -> Vec<Merged> {
    let (mut named, mut listed): (Vec<_>, Vec<_>) =
        said.into_iter().enumerate().partition(|(_, said)| !said.ids.is_empty());
    for notices in [&mut named, &mut listed] {
        notices.sort_by_key(|(place, said)| (said.window.from, said.window.to, *place));
    }
    let mut jobs: Vec<Merged> = Vec::new();
    for (place, said) in named {
        let joins = |job: &Merged| job.ids.len().saturating_add(said.ids.len()) <= IDS;
        match jobs.last_mut().filter(|job| joins(job)) {
            Some(job) => {
                job.notices.push(place);
                job.ids.extend(said.ids);
                job.window = job.window.hull(&said.window);
            }
            None => jobs.push(Merged { notices: vec![place], ids: said.ids, window: said.window }),
        }
    }
    for job in &mut jobs {
        job.ids.sort_unstable();
        job.ids.dedup();
    }
    let first_listed = jobs.len();
    for (place, said) in listed {
        let fits = |job: &Merged| {
            let hull = job.window.hull(&said.window);
            let own = job.window.length().max(said.window.length());
            job.window.touches(&said.window) && hull.length() <= longest.max(own)
        };
        match jobs.get_mut(first_listed..).and_then(<[Merged]>::last_mut).filter(|job| fits(job)) {
            Some(job) => {
                job.notices.push(place);
                job.window = job.window.hull(&said.window);
            }
            None => jobs.push(Merged { notices: vec![place], ids: Vec::new(), window: said.window }),
        }
    }
    jobs
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{DateTime, Utc};
    use proptest::prelude::*;

    fn window(from: i64, to: i64) -> Window {
        let hour = |hour: i64| DateTime::<Utc>::UNIX_EPOCH + Duration::hours(hour);
        Window::new(hour(from), hour(to))
    }

    fn listed(from: i64, to: i64) -> Said {
        Said { ids: Vec::new(), window: window(from, to) }
    }

    #[test]
    fn notices_of_the_same_stretch_are_one_job() {
        let jobs = merge(vec![listed(0, 24), listed(0, 24), listed(24, 48)], Duration::days(30));
        assert_eq!(jobs, [Merged { notices: vec![0, 1, 2], ids: vec![], window: window(0, 48) }]);
    }

    #[test]
    fn stretches_apart_from_each_other_are_not_bridged() {
        let jobs = merge(vec![listed(0, 24), listed(2_400, 2_424)], Duration::days(300));
        assert_eq!(
            jobs.iter().map(|job| job.window).collect::<Vec<_>>(),
            [window(0, 24), window(2_400, 2_424)]
        );
    }

    #[test]
    fn ids_travel_together_and_each_once() {
        let named = |ids: &[&str]| Said {
            ids: ids.iter().map(|id| (*id).to_owned()).collect(),
            window: window(0, 1),
        };
        let jobs = merge(vec![named(&["b"]), named(&["a", "b"]), listed(0, 1)], Duration::days(1));
        assert_eq!(jobs.len(), 2, "a list is a job of its own");
        assert_eq!(jobs[0].ids, ["a", "b"]);
        let many: Vec<_> = (0..250).map(|n| named(&[&n.to_string()])).collect();
        assert_eq!(
            merge(many, Duration::days(1)).iter().map(|job| job.ids.len()).collect::<Vec<_>>(),
            [100, 100, 50]
        );
    }

    proptest! {
        #[test]
        fn every_notice_is_in_one_job_that_holds_what_it_said(
            notices in prop::collection::vec((0_i64..500, 0_i64..60, prop::collection::vec(0_u8..200, 0..60)), 0..20),
            longest in 1_i64..100,
        ) {
            let said: Vec<_> = notices.into_iter()
                .map(|(from, length, ids)| Said {
                    ids: ids.iter().map(u8::to_string).collect(),
                    window: window(from, from + length),
                })
                .collect();
            let longest = Duration::hours(longest);
            let jobs = merge(said.clone(), longest);
            let mut seen: Vec<_> = jobs.iter().flat_map(|job| job.notices.clone()).collect();
            seen.sort_unstable();
            prop_assert_eq!(seen, (0..said.len()).collect::<Vec<_>>());
            for job in &jobs {
                let members = || job.notices.iter().map(|place| &said[*place]);
                for notice in members() {
                    prop_assert!(job.window.from <= notice.window.from && notice.window.to <= job.window.to);
                    prop_assert!(notice.ids.iter().all(|id| job.ids.contains(id)));
                    prop_assert_eq!(notice.ids.is_empty(), job.ids.is_empty());
                }
                let own = members().map(|notice| notice.window.length()).max().unwrap();
                let most_ids = members().map(|notice| notice.ids.len()).max().unwrap();
                prop_assert!(job.ids.len() <= most_ids.max(IDS));
                prop_assert!(!job.ids.is_empty() || job.window.length() <= longest.max(own));
            }
        }
    }
}
