use proptest::prelude::*;

use super::*;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn instant(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn hours(hours: i64) -> Offset {
    Offset::from_minutes(hours * 60).unwrap()
}

fn window(from: &str, to: &str) -> Window {
    Window::new(instant(from), instant(to))
}

#[test]
fn more_days_are_asked_for_than_a_window_touches() {
    let wanted = Wanted::Window(window("2026-05-02T00:00:00Z", "2026-05-04T12:00:00Z"));
    assert_eq!(wanted.range(), (day("2026-05-01"), day("2026-05-06")));
}

#[test]
fn a_day_is_wanted_where_its_own_midnights_say_so() {
    // 2 May lasts from 12:00Z to 12:00Z at UTC−12, and from 10:00Z on the 1st to 10:00Z at UTC+14.
    for (from, to, west, east, unknown) in [
        ("2026-05-02T10:00:00Z", "2026-05-02T12:00:00Z", false, false, true),
        ("2026-05-02T12:00:00Z", "2026-05-02T12:00:01Z", true, false, true),
        ("2026-05-03T11:59:59Z", "2026-05-03T12:00:00Z", true, false, true),
        ("2026-05-03T12:00:00Z", "2026-05-03T13:00:00Z", false, false, false),
        ("2026-05-02T09:59:59Z", "2026-05-02T10:00:00Z", false, true, true),
        ("2026-05-01T10:00:00Z", "2026-05-01T10:00:01Z", false, true, true),
        ("2026-05-01T09:00:00Z", "2026-05-01T10:00:00Z", false, false, false),
    ] {
        let wanted = Wanted::Window(window(from, to));
        let found =
            [Some(hours(-12)), Some(hours(14)), None].map(|offset| wanted.day(day("2026-05-02"), offset));
        assert_eq!(found, [west, east, unknown], "{from}");
    }
}

#[test]
fn named_days_are_listed_in_pieces_of_four_weeks() {
    let days = ["2026-01-01", "2026-01-28", "2026-01-29", "2026-03-05"].map(day);
    let pieces = Wanted::Days(BTreeSet::from(days)).pieces();
    let ranges: Vec<Range> = pieces.iter().map(Wanted::range).collect();
    assert_eq!(
        ranges,
        [
            (day("2025-12-31"), day("2026-01-30")),
            (day("2026-01-28"), day("2026-01-31")),
            (day("2026-03-04"), day("2026-03-07")),
        ]
    );
    assert!(!pieces[0].day(days[2], None), "each day belongs to one piece");
    assert_eq!(Wanted::Days(BTreeSet::new()).pieces(), []);
}

#[test]
fn a_day_ends_where_the_next_one_begins() {
    let offsets = BTreeMap::from([
        (day("2026-03-28"), hours(1)),
        (day("2026-03-29"), hours(2)), // the clocks went forward in the night
        (day("2026-03-30"), hours(-5)),
        (day("2026-04-02"), hours(-5)),
    ]);
    let stretches: Vec<Window> = stretches(&offsets).into_values().collect();
    assert_eq!(
        stretches,
        [
            window("2026-03-27T23:00:00Z", "2026-03-28T22:00:00Z"),
            window("2026-03-28T22:00:00Z", "2026-03-30T05:00:00Z"),
            window("2026-03-30T05:00:00Z", "2026-03-31T05:00:00Z"),
            window("2026-04-02T05:00:00Z", "2026-04-03T05:00:00Z"),
        ]
    );
}

#[test]
fn a_day_lost_at_the_date_line_is_empty_but_not_negative() {
    let offsets = BTreeMap::from([(day("2026-05-01"), hours(-12)), (day("2026-05-02"), hours(14))]);
    assert_eq!(stretches(&offsets)[&day("2026-05-01")].length(), Duration::zero());
}

#[test]
fn neighbouring_stretches_share_a_call_and_none_is_too_long() {
    let calls = calls(vec![
        window("2026-05-03T00:00:00Z", "2026-05-04T00:00:00Z"),
        window("2026-05-01T00:00:00Z", "2026-05-02T12:00:00Z"),
        window("2026-05-20T08:00:00Z", "2026-05-20T08:00:00Z"),
        window("2026-06-01T00:00:00Z", "2026-07-02T00:00:00Z"),
    ]);
    assert_eq!(
        calls,
        [
            window("2026-05-01T00:00:00Z", "2026-05-04T00:00:00Z"),
            window("2026-06-01T00:00:00Z", "2026-07-01T00:00:00Z"),
            window("2026-07-01T00:00:00Z", "2026-07-02T00:00:00Z"),
        ]
    );
}

proptest! {
    /// Windows that follow one another leave no day out, whatever its offset, and every wanted day was asked for,
    /// also where the last day of a range is left out.
    #[test]
    fn every_day_is_wanted_by_a_window_that_asks_for_it(
        minutes in (-12 * 4_i64..=14 * 4).prop_map(|quarters| quarters * 15),
        cuts in prop::collection::vec(0_i64..40 * 86_400, 0..6),
        number in 1_u64..38,
    ) {
        let start = instant("2026-03-01T00:00:00Z");
        let mut cuts: Vec<_> = cuts.into_iter().chain([0, 40 * 86_400]).map(|at| start + Duration::seconds(at)).collect();
        cuts.sort_unstable();
        let day = start.date_naive() + Count::new(number);
        let offset = Offset::from_minutes(minutes).unwrap();
        let mut found = false;
        for pair in cuts.windows(2) {
            let wanted = Wanted::Window(Window::new(pair[0], pair[1]));
            if wanted.day(day, Some(offset)) {
                let (first, last) = wanted.range();
                prop_assert!(first <= day && day < last, "{day} was not asked for by {wanted:?}");
                prop_assert!(wanted.day(day, None), "a day that may lie anywhere may lie here");
                found = true;
            }
        }
        prop_assert!(found, "{day} at {offset} was left out");
    }

    /// An instant belongs to one day at most, and to one for sure between known days.
    #[test]
    fn an_instant_belongs_to_one_day(
        shifts in prop::collection::vec((-12 * 4_i64..=12 * 4).prop_map(|quarters| quarters * 15), 3..12),
        second in 0_i64..12 * 86_400,
    ) {
        let first = day("2026-03-01");
        let offsets: BTreeMap<NaiveDate, Offset> = shifts
            .iter()
            .zip(0_u64..)
            .map(|(&minutes, number)| (first + Count::new(number), Offset::from_minutes(minutes).unwrap()))
            .collect();
        let stretches = stretches(&offsets);
        let at = instant("2026-03-01T00:00:00Z") + Duration::seconds(second);
        let holding = stretches.values().filter(|stretch| stretch.from <= at && at < stretch.to).count();
        let (begin, end) = (stretches[&first].from, stretches.values().last().unwrap().to);
        prop_assert_eq!(holding, usize::from(begin <= at && at < end));
    }
}
