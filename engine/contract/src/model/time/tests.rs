use proptest::prelude::*;

use super::*;

fn parse(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

#[test]
fn a_timestamp_is_written_with_six_digits_and_its_offset() {
    for (text, written) in [
        ("2022-10-28T10:00:00.000000+01:00", "2022-10-28T10:00:00.000000+01:00"),
        ("2022-10-28T10:00:00Z", "2022-10-28T10:00:00.000000+00:00"),
        ("2022-10-28t10:00:00z", "2022-10-28T10:00:00.000000+00:00"),
        ("2022-10-28 10:00:00.5", "2022-10-28T10:00:00.500000"),
        ("2022-10-28T10:00:00.123456789-0330", "2022-10-28T10:00:00.123456-03:30"),
        ("2022-10-28T10:00:00,1+05", "2022-10-28T10:00:00.100000+05:00"),
        ("2022-10-28T10:00+13:45", "2022-10-28T10:00:00.000000+13:45"),
        ("2022-10-28", "2022-10-28T00:00:00.000000"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000000+00:00"),
        ("2024-02-29T23:59:59.999999-12:00", "2024-02-29T23:59:59.999999-12:00"),
        ("0000-01-01T00:00:00+14:00", "0000-01-01T00:00:00.000000+14:00"),
        ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59.000000+00:00"),
    ] {
        assert_eq!(parse(text).to_string(), written);
        let json = serde_json::to_string(&parse(text)).unwrap();
        assert_eq!(json, format!("\"{written}\""));
        assert_eq!(serde_json::from_str::<Timestamp>(&json).unwrap(), parse(text));
    }
}

#[test]
fn what_is_no_timestamp_is_refused_with_its_place() {
    for (text, error) in [
        ("", TimestampError::Syntax { at: 0 }),
        ("2022-1-28", TimestampError::Syntax { at: 6 }),
        ("2022-10-28X10:00:00", TimestampError::Syntax { at: 10 }),
        ("2022-10-28T10", TimestampError::Syntax { at: 13 }),
        ("2022-10-28T10:00:00.", TimestampError::Syntax { at: 20 }),
        ("2022-10-28T10:00:00+1:00", TimestampError::Syntax { at: 21 }),
        ("2022-10-28T10:00:00Z ", TimestampError::Syntax { at: 20 }),
        ("2022-10-28T10:00:00+01:00x", TimestampError::Syntax { at: 25 }),
        ("2022-02-30T10:00:00", TimestampError::Range("date")),
        ("2022-10-28T24:00:00", TimestampError::Range("time of day")),
        ("2022-10-28T10:00:00+18:01", TimestampError::Range("offset from UTC")),
        ("2022-10-28T10:00:00+01:60", TimestampError::Range("offset from UTC")),
        ("10000-01-01T00:00:00Z", TimestampError::Syntax { at: 4 }),
        ("२०२२-10-28", TimestampError::Syntax { at: 0 }),
    ] {
        assert_eq!(Timestamp::parse(text), Err(error), "{text}");
    }
}

#[test]
fn a_timestamp_takes_sixteen_bytes() {
    assert_eq!(size_of::<Option<Timestamp>>(), 16);
}

#[test]
fn a_moment_keeps_its_place_whatever_wall_clock_shows_it() {
    let moment = parse("2026-03-29T01:30:00+01:00").instant().unwrap();
    let kathmandu = Timestamp::from_utc_with_offset(moment, Offset::from_minutes(345).unwrap());
    assert_eq!(kathmandu.to_string(), "2026-03-29T06:15:00.000000+05:45");
    assert_eq!(kathmandu.instant(), Some(moment));
    assert_eq!(Timestamp::from_utc(moment).to_string(), "2026-03-29T00:30:00.000000+00:00");
    let local = parse("2026-03-29T06:15:00");
    assert_eq!(local.instant(), None);
    assert_eq!(local.instant_or(Offset::from_minutes(345).unwrap()), moment);
}

#[test]
fn a_night_over_a_clock_change_has_its_real_length() {
    let (asleep, awake) = (parse("2026-03-28T23:00:00+01:00"), parse("2026-03-29T07:00:00+02:00"));
    assert_eq!(awake.seconds_since(&asleep).total_cmp(&25_200.0), std::cmp::Ordering::Equal);
    let (asleep, awake) = (parse("2026-03-28T23:00:00"), parse("2026-03-29T07:00:00"));
    assert_eq!(awake.seconds_since(&asleep).total_cmp(&28_800.0), std::cmp::Ordering::Equal);
}

#[test]
fn seconds_move_the_wall_clock_or_give_nothing() {
    let start = parse("2026-03-01T23:59:59.500000+01:00");
    assert_eq!(start.plus_seconds(0.75).unwrap().to_string(), "2026-03-02T00:00:00.250000+01:00");
    assert_eq!(start.plus_seconds(-0.000_001).unwrap().to_string(), "2026-03-01T23:59:59.499999+01:00");
    for seconds in [f64::NAN, f64::INFINITY, 1e300, 3e11, -3e11] {
        assert_eq!(start.plus_seconds(seconds), None);
    }
}

#[test]
fn a_day_begins_and_ends_at_midnight_of_the_wall_clock() {
    let offset = Offset::parse("+13:45").unwrap();
    let (start, end) = Day::parse("2026-12-31T23:59:00-11:00").unwrap().bounds(Some(offset));
    assert_eq!(start.to_string(), "2026-12-31T00:00:00.000000+13:45");
    assert_eq!(end.to_string(), "2027-01-01T00:00:00.000000+13:45");
    assert_eq!(Day::from(start.date()).to_string(), "2026-12-31");
    assert_eq!(Day::parse("2026-12-311"), Err(TimestampError::Syntax { at: 10 }));
}

#[test]
fn years_that_cannot_be_written_become_the_nearest_that_can() {
    let late = NaiveDate::from_ymd_opt(10_000, 1, 1).unwrap().and_time(NaiveTime::MIN);
    assert_eq!(Timestamp::from_local(late).to_string(), "9999-12-31T23:59:59.000000");
    assert_eq!(Timestamp::from_utc(DateTime::<Utc>::MIN_UTC).to_string(), "0000-01-01T00:00:00.000000+00:00");
    assert_eq!(Timestamp::from_utc(DateTime::<Utc>::MAX_UTC).local().year(), 9999);
}

#[test]
fn offsets_round_to_minutes_and_have_an_end() {
    assert_eq!(Offset::from_seconds(19_800).unwrap().to_string(), "+05:30");
    assert_eq!(Offset::from_seconds(-12_600).unwrap().to_string(), "-03:30");
    assert_eq!(Offset::from_seconds(-75).unwrap().minutes(), -1);
    assert_eq!(Offset::from_seconds(i64::MAX), Err(TimestampError::Range("offset from UTC")));
    assert_eq!(Offset::from_minutes(-1081), Err(TimestampError::Range("offset from UTC")));
    assert_eq!(Offset::from_minutes(1080).unwrap().to_string(), "+18:00");
    assert!(Offset::parse("").is_err());
}

#[test]
fn a_timestamp_says_which_convention_it_follows() {
    assert_eq!(parse("2026-01-01T00:00:00Z").localization(), TimestampLocalization::Utc);
    assert_eq!(parse("2026-01-01T00:00:00-00:30").localization(), TimestampLocalization::Local);
    assert_eq!(parse("2026-01-01T00:00:00").localization(), TimestampLocalization::Local);
}

proptest! {
    /// Whether the day stays the same or not: as the calendar has it, to the microsecond.
    #[test]
    fn seconds_are_added_as_the_calendar_has_it(
        micros in -62_167_219_200_000_000_i64 + 400_000_000_000..=253_402_300_799_999_999 - 400_000_000_000,
        by in prop_oneof![-90_000_000_000_i64..=90_000_000_000, -3_000_000_i64..=3_000_000],
        quarter in -48_i64..=56,
    ) {
        let local = DateTime::from_timestamp_micros(micros).unwrap().naive_utc();
        let start = Timestamp::from_local_with_offset(local, Offset::from_minutes(quarter * 15).unwrap());
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        let moved = start.plus_seconds(by as f64 / 1e6).unwrap();
        prop_assert_eq!(moved.local(), local + Duration::microseconds(by));
        prop_assert_eq!(moved.offset(), start.offset());
    }

    /// −12:00 … +14:00 in steps of 15 minutes: nothing is cut to hours, no sign is lost.
    #[test]
    fn every_quarter_hour_offset_survives_writing_and_reading(
        quarter in -48_i64..=56,
        micros in -62_167_219_200_000_000_i64 + 64_800_000_000..=253_402_300_799_999_999 - 64_800_000_000,
    ) {
        let offset = Offset::from_minutes(quarter * 15).unwrap();
        let moment = DateTime::from_timestamp_micros(micros).unwrap();
        let timestamp = Timestamp::from_utc_with_offset(moment, offset);
        let text = timestamp.to_string();
        prop_assert_eq!(text.len(), 32);
        prop_assert_eq!(Timestamp::parse(&text), Ok(timestamp));
        prop_assert_eq!(timestamp.instant(), Some(moment));
        prop_assert_eq!(timestamp.offset().unwrap().minutes(), i16::try_from(quarter * 15).unwrap());
        // The independent reader agrees on the moment.
        prop_assert_eq!(DateTime::parse_from_rfc3339(&text).unwrap().to_utc(), moment);

        let (hours, minutes) = text.rsplit_once(':').unwrap();
        let compact = format!("{hours}{minutes}");
        prop_assert_eq!(Timestamp::parse(&compact), Ok(timestamp));
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "\\PC{0,40}", digits in "[0-9TZ:.+-]{0,40}") {
        for text in [text, digits] {
            if let Ok(timestamp) = Timestamp::parse(&text) {
                prop_assert_eq!(Timestamp::parse(&timestamp.to_string()), Ok(timestamp));
            }
        }
    }
}
