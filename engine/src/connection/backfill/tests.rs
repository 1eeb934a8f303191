use super::*;
use proptest::prelude::*;

fn day(day: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + Duration::days(10_000 + day)
}

fn window(from: i64, to: i64) -> Window {
    Window::new(day(from), day(to))
}

fn cursor(lane: Lane, stretches: &Stretches, through: DateTime<Utc>) -> CursorRow {
    let cursor = Cursor { through, token: Some(stretches.text()) };
    CursorRow { resource: "one".to_owned(), lane, cursor, finished: false, updated_at: day(0) }
}

#[test]
fn stretches_read_back_as_they_were_written() {
    let stretches = Stretches::of(window(1, 3)).with(window(7, 9)).unwrap();
    assert_eq!(Stretches::parse(&stretches.text()), stretches);
    assert!(!stretches.text().contains(' '), "a start reads words between spaces");
    assert_eq!(Stretches::parse("nonsense,2026-01-01/also"), Stretches::default());
}

#[test]
fn stretches_that_touch_become_one_and_others_stay_apart() {
    let stretches = Stretches::of(window(1, 3)).with(window(7, 9)).unwrap();
    assert_eq!(stretches.with(window(3, 7)), Ok(Stretches::of(window(1, 9))));
    assert_eq!(stretches.begin().zip(stretches.end()), Some((day(1), day(9))));
    assert_eq!(stretches.next(day(9), Duration::days(1)), Some(window(8, 9)));
    assert_eq!(stretches.next(day(7), Duration::days(30)), Some(window(1, 3)), "the gap is not fetched");
    assert_eq!(stretches.next(day(1), Duration::days(30)), None);
}

#[test]
fn there_is_a_bound_on_what_is_wanted_at_once() {
    let mut stretches = Stretches::of(window(0, 1));
    for n in 1..16 {
        stretches = stretches.with(window(n * 2, n * 2 + 1)).unwrap();
    }
    assert_eq!(stretches.with(window(100, 101)), Err(TooMany));
    assert!(stretches.with(window(0, 101)).is_ok(), "one that holds them all is taken");
}

#[test]
fn a_wish_that_reaches_further_back_goes_on_and_a_newer_one_begins_anew() {
    let first = Stretches::of(window(10, 20));
    let filled = cursor(Lane::Filled, &first, day(15));
    let older = first.with(window(0, 12)).unwrap();
    let wish = Wish::of(Some(&cursor(Lane::Asked, &older, day(20))), Some(&filled)).unwrap();
    assert_eq!(wish.position, day(15));
    let newer = first.with(window(18, 30)).unwrap();
    let wish = Wish::of(Some(&cursor(Lane::Asked, &newer, day(30))), Some(&filled)).unwrap();
    assert_eq!(wish.position, day(30));
    assert!(!wish.is_done);
}

#[test]
fn progress_is_told_in_parts_of_what_is_wanted() {
    static RESOURCES: [Resource; 1] = [Resource {
        name: "one",
        yields: &[],
        scopes: &[],
        poll: std::time::Duration::from_secs(3_600),
        look_back: std::time::Duration::ZERO,
        max_window: std::time::Duration::from_secs(86_400),
        history: Some(std::time::Duration::from_secs(86_400 * 100)),
        documents: &[],
    }];
    let depth = Duration::days(40);
    let none = progress(&RESOURCES, day(100), depth, &[]);
    assert_eq!(none.len(), 1, "nothing was asked for");
    assert_eq!((none[0].from, none[0].to, none[0].done), (day(60), day(100), 0.0));
    let wanted = Stretches::of(window(0, 10)).with(window(20, 30)).unwrap();
    let mut history = cursor(Lane::History, &Stretches::default(), day(90));
    history.cursor.token = None;
    let rows = [history, cursor(Lane::Asked, &wanted, day(30)), cursor(Lane::Filled, &wanted, day(5))];
    let told = progress(&RESOURCES, day(100), depth, &rows);
    assert_eq!((told[0].walk, told[0].done, told[0].finished), ("history", 0.25, false));
    assert_eq!((told[1].walk, told[1].done, told[1].finished), ("asked", 0.75, false));
}

proptest! {
    /// However wishes come in between, everything that was wanted is fetched in windows of bounded length, and nothing
    /// that nobody wanted.
    #[test]
    fn what_is_wanted_is_walked_whole_and_nothing_else(
        wishes in prop::collection::vec((0_i64..60, 1_i64..20, 0_usize..4), 1..12),
        max in 1_i64..9,
    ) {
        let (mut asked, mut filled): (Option<CursorRow>, Option<CursorRow>) = (None, None);
        let mut wanted = vec![false; 100];
        let mut fetched = vec![false; 100];
        let mut steps = 0;
        let mut walk = |asked: &Option<CursorRow>, filled: &mut Option<CursorRow>, most: usize| {
            for _ in 0..most {
                let Some(wish) = Wish::of(asked.as_ref(), filled.as_ref()) else { return };
                let Some(next) = wish.asked.next(wish.position, Duration::days(max)) else {
                    assert!(wish.is_done);
                    return;
                };
                assert!(next.length() <= Duration::days(max));
                for n in (next.from - day(0)).num_days()..(next.to - day(0)).num_days() {
                    fetched[usize::try_from(n).unwrap()] = true;
                }
                *filled = Some(cursor(Lane::Filled, &wish.asked, next.from));
                steps += 1;
                assert!(steps < 5_000, "the walk ends");
            }
        };
        for (from, length, windows) in wishes {
            let window = window(from, from + length);
            for n in from..from + length {
                wanted[usize::try_from(n).unwrap()] = true;
            }
            let open = Wish::of(asked.as_ref(), filled.as_ref()).filter(|wish| !wish.is_done);
            let joins = open.is_some();
            let all = open.map_or_else(|| Stretches::of(window), |wish| wish.asked.with(window).unwrap());
            let end = all.end().unwrap();
            asked = Some(cursor(Lane::Asked, &all, end));
            if !joins {
                filled = Some(cursor(Lane::Filled, &all, end));
            }
            walk(&asked, &mut filled, windows);
        }
        walk(&asked, &mut filled, 10_000);
        prop_assert_eq!(fetched, wanted);
    }
}
