use proptest::prelude::*;

use super::*;

const MINUTE: Duration = Duration::from_secs(60);

fn start() -> DateTime<Utc> {
    "2026-05-02T14:59:00Z".parse().unwrap()
}

fn at(seconds: i64) -> DateTime<Utc> {
    start() + TimeDelta::seconds(seconds)
}

fn rolling(permits: u32) -> Window {
    Window::new(Quota { permits, window: QuotaWindow::Rolling(MINUTE) }, start())
}

fn aligned(permits: u32, length: Duration) -> Window {
    Window::new(Quota { permits, window: QuotaWindow::Aligned(length) }, start())
}

#[test]
fn a_rolling_place_is_free_a_window_after_the_end_of_its_call() {
    let mut window = rolling(2);
    window.take(at(0));
    window.take(at(1));
    assert!(!window.admits(0, at(100)), "both are still under way");
    assert_eq!(window.opens_at(0, at(100)), None);
    window.end(at(100));
    assert_eq!(window.opens_at(0, at(110)), Some(at(160) + TimeDelta::milliseconds(1)));
    assert!(!window.admits(0, at(160)) && window.admits(0, at(161)));
    assert!(!window.admits(1, at(161)), "one place is taken, one is kept");
}

#[test]
fn an_aligned_window_counts_a_call_on_both_sides_of_its_boundary() {
    let mut window = aligned(1, Duration::from_secs(900));
    window.take(at(59));
    assert!(!window.admits(0, at(61)), "for two seconds the clocks may not agree");
    assert!(!window.admits(0, at(70)), "the call is still under way, so it may arrive in the new window");
    window.end(at(70));
    assert!(!window.admits(0, at(950)));
    assert_eq!(window.opens_at(0, at(80)), Some(at(962)));
    assert!(window.admits(0, at(962)));
}

#[test]
fn an_aligned_call_that_ended_well_before_the_boundary_counts_on_its_side_only() {
    let mut window = aligned(1, Duration::from_secs(900));
    window.take(at(10));
    window.end(at(11));
    assert!(!window.admits(0, at(59)));
    assert!(window.admits(0, at(62)));
    assert_eq!(window.used(at(62)), 0);
}

#[test]
fn windows_begin_at_multiples_since_midnight_utc() {
    let day = "2026-05-02T00:00:00Z".parse::<DateTime<Utc>>().unwrap();
    let hours = |hours| TimeDelta::hours(hours);
    assert_eq!(aligned_start(start(), TimeDelta::minutes(15)), day + hours(14) + TimeDelta::minutes(45));
    assert_eq!(aligned_start(start(), hours(24)), day);
    assert_eq!(aligned_start(start(), hours(7)), day + hours(14));
    assert_eq!(
        aligned_end(day + hours(21), hours(7)),
        day + hours(24),
        "the last window of a day is cut at midnight"
    );
    assert_eq!(aligned_end(day, hours(24)), day + hours(24));
}

#[test]
fn the_providers_number_wins_within_what_is_possible() {
    for mut window in [rolling(100), aligned(100, Duration::from_secs(3600))] {
        window.take(at(120));
        window.end(at(121));
        window.correct(40, 45, at(121));
        assert_eq!(window.used(at(121)), 40);
        window.correct(5, 8, at(122));
        assert_eq!(window.used(at(122)), 8);
        window.take(at(123));
        window.correct(0, 0, at(123));
        assert_eq!(window.used(at(123)), 1, "a call under way keeps its place");
        window.set_limit(50, false);
        assert_eq!(window.limit(), 50);
        window.set_limit(500, false);
        assert_eq!(window.limit(), 100, "more than the quota is not believed");
    }
}

#[test]
fn a_place_that_was_not_used_is_free_at_once() {
    for mut window in [rolling(1), aligned(1, Duration::from_secs(900))] {
        window.take(at(0));
        window.give_back(at(1));
        assert!(window.is_empty(at(1)) && window.admits(0, at(1)));
    }
}

#[test]
fn a_clock_that_is_set_back_does_not_close_a_rolling_window_for_long() {
    let mut window = rolling(1);
    window.take(at(86_400));
    window.end(at(86_400));
    assert!(!window.admits(0, at(0)));
    assert!(window.admits(0, at(61)));
}

#[test]
fn a_save_is_small_and_never_says_less() {
    let mut window = Window::new(Quota { permits: 5000, window: QuotaWindow::Rolling(MINUTE * 60) }, start());
    for second in 0..1000 {
        window.take(at(second));
        window.end(at(second));
    }
    window.take(at(1000));
    let saved = window.save(at(1000));
    assert!(saved.calls.len() <= 32);
    let mut again = Window::new(window.quota(), at(1010));
    again.resume(&saved, 10, at(1010));
    assert_eq!(again.used(at(1010)), 1011);
    for second in [3000, 3700, 4000, 4300, 4600] {
        assert!(again.used(at(second)) >= window.used(at(second)) - 1, "{second}");
    }
}

/// A call as the test's provider sees it: when it arrived.
#[derive(Debug, Clone)]
struct Step {
    pause: i64,
    /// How long the call takes, ms.
    length: i64,
    /// When in its life it arrives, in hundredths.
    arrives: i64,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let pause = prop_oneof![Just(0), 0..200_i64, 0..20_000_i64, 50_000..80_000_i64];
    let length = prop_oneof![Just(0), 0..500_i64, 0..90_000_i64];
    let step =
        (pause, length, 0..=100_i64).prop_map(|(pause, length, arrives)| Step { pause, length, arrives });
    prop::collection::vec(step, 1..200)
}

/// Lets calls through a window as fast as it admits them and returns their arrivals.
fn arrivals(mut window: Window, steps: &[Step]) -> Vec<DateTime<Utc>> {
    let (mut now, mut under_way, mut arrivals) = (start(), Vec::new(), Vec::new());
    for step in steps {
        now += TimeDelta::milliseconds(step.pause);
        under_way.sort_unstable();
        while under_way.first().is_some_and(|end| *end <= now) {
            window.end(under_way.remove(0));
        }
        if window.admits(0, now) {
            window.take(now);
            arrivals.push(now + TimeDelta::milliseconds(step.length * step.arrives / 100));
            under_way.push(now + TimeDelta::milliseconds(step.length));
        }
    }
    arrivals.sort_unstable();
    arrivals
}

proptest! {
    #[test]
    fn no_stretch_of_a_rolling_window_ever_holds_more_arrivals_than_the_quota(permits in 1..6_u32, steps in steps()) {
        let arrivals = arrivals(rolling(permits), &steps);
        for first in &arrivals {
            let last = *first + delta(MINUTE);
            let inside = arrivals.iter().filter(|at| **at >= *first && **at <= last).count();
            prop_assert!(inside <= usize::try_from(permits).unwrap());
        }
    }

    #[test]
    fn no_aligned_window_ever_holds_more_arrivals_than_the_quota(
        permits in 1..6_u32,
        steps in steps(),
        skew in -2000..=2000_i64,
    ) {
        let arrivals = arrivals(aligned(permits, MINUTE), &steps);
        let minute = |at: &DateTime<Utc>| (*at + TimeDelta::milliseconds(skew)).timestamp().div_euclid(60);
        for arrival in &arrivals {
            let inside = arrivals.iter().filter(|at| minute(at) == minute(arrival)).count();
            prop_assert!(inside <= usize::try_from(permits).unwrap());
        }
    }
}
