//! What the real files do not hold: pauses, several sports, other encodings, other kinds of files.

use proptest::prelude::*;
use serde_json::{Value, json};
use tributary_contract::model::{Activity, DataType, Offset, Record};
use tributary_providers::route::import::{Format, ImportError, records, salvage};

use crate::writer::*;
use crate::{activities, at, bodies, import};

/// A record with its time, and more fields.
fn point(writer: Writer, second: u32, fields: &[Field<'_>]) -> Writer {
    let time = (MORNING + second).to_le_bytes();
    let mut all: Vec<Field<'_>> = vec![(253, UINT32, &time)];
    all.extend(fields);
    writer.message(RECORD, &all)
}

fn timer(writer: Writer, second: u32, event_type: u8) -> Writer {
    let time = (MORNING + second).to_le_bytes();
    writer.message(EVENT, &[(253, UINT32, &time), (0, ENUM, &[0]), (1, ENUM, &[event_type])])
}

/// A session of a sport from one second to another.
fn session(writer: Writer, sport: u8, from: u32, to: u32, fields: &[Field<'_>]) -> Writer {
    let (end, start) = ((MORNING + to).to_le_bytes(), (MORNING + from).to_le_bytes());
    let length = ((to - from) * 1000).to_le_bytes();
    let sport = [sport];
    let mut all: Vec<Field<'_>> =
        vec![(253, UINT32, &end), (2, UINT32, &start), (7, UINT32, &length), (5, ENUM, &sport)];
    all.extend(fields);
    writer.message(SESSION, &all)
}

fn local_clock(writer: Writer, ahead: i64) -> Writer {
    let local = u32::try_from(i64::from(MORNING) + ahead).unwrap().to_le_bytes();
    writer.message(ACTIVITY, &[(253, UINT32, &MORNING.to_le_bytes()), (5, UINT32, &local)])
}

fn heart_rates(activity: &Activity) -> Vec<(f64, Option<f64>)> {
    let detailed = activity.heart_rate_data.as_ref().unwrap().detailed.as_ref().unwrap();
    let samples = detailed.hr_samples.iter().flatten();
    samples.map(|sample| (sample.bpm.unwrap(), sample.timer_duration_seconds)).collect()
}

#[test]
fn the_timer_of_samples_stands_still_in_pauses() {
    let mut file = timer(Writer::of_type(4), 0, 0);
    for (second, bpm) in [(0, 100), (10, 110)] {
        file = point(file, second, &[(3, UINT8, &[bpm])]);
    }
    file = timer(timer(file, 12, 4), 40, 0);
    file = point(file, 41, &[(3, UINT8, &[120])]);
    file = session(timer(file, 50, 4), 1, 0, 50, &[(8, UINT32, &22_000_u32.to_le_bytes())]);
    let records = import("pause", &file.file());
    let run = activities(&records)[0];
    assert_eq!(heart_rates(run), [(100.0, Some(0.0)), (110.0, Some(10.0)), (120.0, Some(13.0))]);
    assert_eq!(at(run, "active_durations_data.activity_seconds"), 22.0);
    assert_eq!(at(run, "metadata.end_time"), "2024-06-01T10:00:50.000000+00:00");
}

#[test]
fn a_triathlon_is_one_workout_for_each_sport() {
    let mut file = Writer::of_type(4);
    for (second, metres) in [(0, 0), (50, 5_000), (100, 5_000), (150, 65_000), (200, 65_100), (250, 95_000)] {
        file = point(file, second, &[(5, UINT32, &u32::to_le_bytes(metres)), (3, UINT8, &[140])]);
    }
    for second in [0, 100, 125, 200] {
        let start = (MORNING + second).to_le_bytes();
        file = file.message(LAP, &[(2, UINT32, &start), (7, UINT32, &20_000_u32.to_le_bytes())]);
    }
    let swum = 60_u32.to_le_bytes();
    file = session(file, 5, 0, 100, &[(10, UINT32, &swum), (44, UINT16, &2500_u16.to_le_bytes())]);
    file = session(file, 2, 100, 200, &[]);
    file = session(file, 1, 200, 260, &[(10, UINT32, &swum)]);
    let records = import("triathlon", &file.file());
    let [swim, ride, run] = activities(&records)[..] else { panic!("{} records", records.len()) };

    for (activity, number, kind, start, points, laps) in
        [(swim, 1, 82, "10:00:00", 2, 1), (ride, 2, 1, "10:01:40", 2, 2), (run, 3, 8, "10:03:20", 2, 1)]
    {
        assert_eq!(at(activity, "metadata.summary_id"), format!("fit-1-77-{MORNING}-{number}"));
        assert_eq!(at(activity, "metadata.type"), kind);
        assert_eq!(at(activity, "metadata.start_time"), format!("2024-06-01T{start}.000000+00:00"));
        assert_eq!(heart_rates(activity).len(), points);
        assert_eq!(at(activity, "lap_data.laps").as_array().unwrap().len(), laps);
    }
    assert_eq!(
        at(swim, "distance_data.summary.swimming"),
        json!({"num_strokes": 60, "pool_length_meters": 25})
    );
    assert_eq!(
        (at(swim, "distance_data.summary.steps"), at(ride, "distance_data.summary")),
        (Value::Null, Value::Null)
    );
    assert_eq!(at(run, "distance_data.summary.steps"), 120);
    // Series count from the start of their own workout.
    assert_eq!(at(ride, "distance_data.detailed.distance_samples.1.distance_meters"), 600.0);
    assert_eq!(at(run, "distance_data.detailed.distance_samples.0.distance_meters"), 1.0);
    assert_eq!(at(run, "lap_data.laps.0.end_time"), "2024-06-01T10:03:40.000000+00:00");
}

#[test]
fn distances_that_begin_anew_with_each_sport_are_left_as_they_are() {
    let mut file = Writer::of_type(4);
    for (second, metres) in [(0, 0), (90, 5_000), (100, 200), (190, 60_000)] {
        file = point(file, second, &[(5, UINT32, &u32::to_le_bytes(metres))]);
    }
    let records = import("anew", &session(session(file, 5, 0, 100, &[]), 2, 100, 200, &[]).file());
    let metres = at(activities(&records)[1], "distance_data.detailed.distance_samples.1.distance_meters");
    assert_eq!(metres, 600.0);
}

/// What a recorder leaves that lost its power: points, no totals.
fn without_session() -> Writer {
    let mut file = timer(Writer::of_type(4), 0, 0);
    for (second, metres, bpm) in [(0, 1_000, 90_u8), (10, 4_000, 0xFF), (20, 7_000, 110)] {
        file = point(file, second, &[(5, UINT32, &u32::to_le_bytes(metres)), (3, UINT8, &[bpm])]);
    }
    timer(timer(file, 12, 4), 15, 0)
}

#[test]
fn a_recording_without_totals_is_made_of_its_points() {
    let records = import("points", &without_session().file());
    let workout = activities(&records)[0];
    for (path, value) in [
        ("metadata.start_time", json!("2024-06-01T10:00:00.000000+00:00")),
        ("metadata.end_time", json!("2024-06-01T10:00:20.000000+00:00")),
        ("metadata.type", json!(4)),
        ("distance_data.summary.distance_meters", json!(60.0)),
        ("active_durations_data.activity_seconds", json!(17.0)),
        // Of the valid points only.
        ("heart_rate_data.summary.avg_hr_bpm", json!(100.0)),
        ("heart_rate_data.summary.max_hr_bpm", json!(110.0)),
    ] {
        assert_eq!(at(workout, path), value, "{path}");
    }
}

#[test]
fn a_file_whose_length_was_never_written_is_read_to_its_end() {
    let (whole, crashed) = (without_session().file(), without_session().file_of_length(0));
    assert!(import("crashed", &crashed) == import("whole", &whole));
}

#[test]
fn a_file_that_is_cut_off_is_an_error_and_can_be_salvaged() {
    let whole = without_session().file();
    let cut = &whole[..whole.len() - 40];
    let error = records(Format::Fit, "cut.fit", cut).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "cut.fit: the file is cut off at byte {}; get the file from the device or its service once more",
            cut.len()
        )
    );
    let (records, fault) = salvage(Format::Fit, "cut.fit", cut).unwrap();
    assert_eq!(fault, Some(error));
    assert_eq!(at(activities(&records)[0], "distance_data.summary.distance_meters"), 60.0);
    assert!(salvage(Format::Fit, "whole.fit", &whole).unwrap().1.is_none());
}

#[test]
fn nonsense_behind_good_messages_is_told_with_its_place() {
    let good = without_session();
    let place = 14 + without_session().file().len() - 16;
    // A message of local kind 9, which was never defined.
    let file = good.raw(&[0x09, 1, 2, 3]).file();
    let error = records(Format::Fit, "odd.fit", &file).unwrap_err();
    assert!(matches!(&error, ImportError::Damaged { at: Some(at), .. } if *at == place), "{error:?}");
    let (records, fault) = salvage(Format::Fit, "odd.fit", &file).unwrap();
    assert_eq!((records.len(), fault), (1, Some(error)));
}

#[test]
fn finer_fields_win_over_coarse_ones() {
    let fields: [Field<'_>; 4] = [
        (2, UINT16, &2600_u16.to_le_bytes()),
        (78, UINT32, &2601_u32.to_le_bytes()),
        (6, UINT16, &3000_u16.to_le_bytes()),
        (73, UINT32, &3001_u32.to_le_bytes()),
    ];
    let file = point(Writer::of_type(4), 0, &fields);
    let file = point(file, 1, &[fields[0], (78, UINT32, &[0xFF; 4]), fields[2], (73, UINT32, &[0xFF; 4])]);
    let totals: [Field<'_>; 2] =
        [(14, UINT16, &2500_u16.to_le_bytes()), (124, UINT32, &2501_u32.to_le_bytes())];
    let records = import("enhanced", &session(file, 2, 0, 1, &totals).file());
    let ride = activities(&records)[0];
    let elevation = "distance_data.detailed.elevation_samples";
    assert_eq!(at(ride, &format!("{elevation}.0.elev_meters")), 2601.0 / 5.0 - 500.0);
    assert_eq!(at(ride, &format!("{elevation}.1.elev_meters")), 20.0);
    assert_eq!(at(ride, "movement_data.speed_samples.0.speed_meters_per_second"), 3.001);
    assert_eq!(at(ride, "movement_data.speed_samples.1.speed_meters_per_second"), 3.0);
    assert_eq!(at(ride, "movement_data.avg_speed_meters_per_second"), 2.501);
}

#[test]
fn byte_order_makes_no_difference() {
    let (time, power, latitude) = (MORNING, 250_u16, -436_207_616_i32);
    let little = point(
        Writer::of_type(4),
        0,
        &[(7, UINT16, &power.to_le_bytes()), (0, SINT32, &latitude.to_le_bytes()), (1, SINT32, &[0; 4])],
    );
    let big = Writer::of_type(4).big_endian(
        RECORD,
        &[
            (253, UINT32, &time.to_be_bytes()),
            (7, UINT16, &power.to_be_bytes()),
            (0, SINT32, &latitude.to_be_bytes()),
            (1, SINT32, &[0; 4]),
        ],
    );
    let (little, big) = (import("little", &little.file()), import("big", &big.file()));
    assert!(little == big);
    let position = at(activities(&big)[0], "position_data.position_samples.0.coords_lat_lng_deg");
    assert_eq!(position, json!([-36.5625, 0.0]));
}

#[test]
fn times_and_distances_in_few_bits_are_unpacked_over_their_overflow() {
    let mut file = point(Writer::of_type(4), 0, &[]).defined(RECORD, &[(8, BYTE, &[0; 3]), (3, UINT8, &[0])]);
    // Every 20 seconds 100 m, at 5 m/s: 1600 sixteenths of 4096, 20 of 32 seconds.
    for step in 1..=6_u32 {
        let distance = u16::try_from(step * 1600 % 4096).unwrap();
        let [low, high] = distance.to_le_bytes();
        let packed = [0xF4, 0x01 | (low & 0x0F) << 4, low >> 4 | high << 4, 120];
        file = file.compressed(MORNING + step * 20, &packed);
    }
    let records = import("compressed", &file.file());
    let workout = activities(&records)[0];
    assert_eq!(at(workout, "metadata.end_time"), "2024-06-01T10:02:00.000000+00:00");
    let samples = at(workout, "distance_data.detailed.distance_samples");
    let metres: Vec<f64> =
        samples.as_array().unwrap().iter().filter_map(|sample| sample["distance_meters"].as_f64()).collect();
    assert_eq!(metres, [100.0, 200.0, 300.0, 400.0, 500.0, 600.0]);
    assert_eq!(at(workout, "movement_data.speed_samples.5.speed_meters_per_second"), 5.0);
}

#[test]
fn power_of_a_developer_field_is_taken_where_the_device_has_none() {
    let time = MORNING.to_le_bytes();
    let file = Writer::of_type(4).message(
        FIELD_DESCRIPTION,
        &[
            (0, UINT8, &[0]),
            (1, UINT8, &[3]),
            (2, UINT8, &[UINT16]),
            (3, STRING, b"Power\0"),
            (8, STRING, b"Watts\0"),
            (14, UINT16, &20_u16.to_le_bytes()),
            (15, UINT8, &[7]),
        ],
    );
    let (pod, meter) = (231_u16.to_le_bytes(), 199_u16.to_le_bytes());
    // Developer field 9 was never described.
    let file = file
        .developed(RECORD, &[(253, UINT32, &time)], &[(9, &[1, 2, 3]), (3, &pod)])
        .developed(RECORD, &[(253, UINT32, &time), (7, UINT16, &meter)], &[(3, &pod)])
        .developed(RECORD, &[(253, UINT32, &time)], &[(3, &[0xFF, 0xFF])]);
    let records = import("developer", &file.file());
    let samples = at(activities(&records)[0], "power_data.power_samples");
    let watts: Vec<f64> =
        samples.as_array().unwrap().iter().filter_map(|sample| sample["watts"].as_f64()).collect();
    assert_eq!(watts, [231.0, 199.0]);
}

#[test]
fn invalid_values_are_absent() {
    let totals: [Field<'_>; 5] = [
        (11, UINT16, &[0xFF, 0xFF]),
        (16, UINT8, &[0xFF]),
        (3, SINT32, &[0xFF, 0xFF, 0xFF, 0x7F]),
        (4, SINT32, &[0xFF, 0xFF, 0xFF, 0x7F]),
        // Narrower than the profile has it, so that the invalid value is another one.
        (20, UINT8, &[0xFF]),
    ];
    let file =
        point(Writer::of_type(4), 0, &[(4, UINT8, &[0xFF]), (7, UINT8, &[0xFF]), (13, SINT8, &[0x7F])]);
    let records = import("invalid", &session(file, 2, 0, 9, &totals).file());
    let ride = serde_json::to_value(&records[0]).unwrap();
    let blocks: Vec<&String> = ride.as_object().unwrap().keys().collect();
    assert_eq!(blocks, ["device_data", "metadata"]);
}

#[test]
fn names_are_cleaned_of_what_no_text_may_hold() {
    let file = session(Writer::of_type(4), 2, 0, 9, &[(110, STRING, b" Hill\x01\x7F reps \xFF\0rest")]);
    let records = import("name", &file.file());
    assert_eq!(at(activities(&records)[0], "metadata.name"), "Hill reps \u{FFFD}");
}

#[test]
fn chained_files_are_read_one_after_the_other() {
    let mut chained = session(Writer::of_type(4), 1, 0, 10, &[]).file();
    chained.extend(session(Writer::of_type(4), 2, 0, 10, &[]).file());
    chained.extend(Writer::of_type(2).file());
    let records = import("chained", &chained);
    let ids: Vec<Value> = activities(&records).iter().map(|one| at(*one, "metadata.summary_id")).collect();
    assert_eq!(ids, [format!("fit-1-77-{MORNING}"), format!("fit-1-77-{MORNING}-copy-2")]);

    chained.extend([0; 30]);
    let (kept, fault) = salvage(Format::Fit, "padded", &chained).unwrap();
    assert!(kept == records);
    assert!(matches!(fault, Some(ImportError::Damaged { .. })));
}

#[test]
fn a_file_without_serial_number_is_known_by_its_bytes() {
    let file = |metres: u32| {
        let metres = metres.to_le_bytes();
        session(Writer::default(), 1, 0, 10, &[(9, UINT32, &metres)]).file()
    };
    let id = |bytes: &[u8]| at(activities(&import("id", bytes))[0], "metadata.summary_id");
    assert_eq!(id(&file(5)), id(&file(5)));
    assert_ne!(id(&file(5)), id(&file(6)));
    assert_eq!(id(&file(5)).as_str().unwrap().len(), "fit-".len() + 24);
}

#[test]
fn readings_of_one_day_make_one_record() {
    let at_second = |second: u32| (MORNING + second).to_le_bytes();
    let weighing = |file: Writer, second, weight: u16| {
        let fields: [Field<'_>; 5] = [
            (253, UINT32, &at_second(second)),
            (0, UINT16, &weight.to_le_bytes()),
            (4, UINT16, &310_u16.to_le_bytes()),
            (2, UINT16, &5510_u16.to_le_bytes()),
            (7, UINT16, &6000_u16.to_le_bytes()),
        ];
        file.message(WEIGHT_SCALE, &fields)
    };
    let file = weighing(weighing(Writer::of_type(9), 0, 7010), 60, 0xFFFE);
    let file = weighing(file, 86_400, 7030).message(
        BLOOD_PRESSURE,
        &[
            (253, UINT32, &at_second(120)),
            (0, UINT16, &121_u16.to_le_bytes()),
            (1, UINT16, &79_u16.to_le_bytes()),
            (6, UINT8, &[61]),
        ],
    );
    let records = import("scale", &file.file());
    let [first, second] = bodies(&records)[..] else { panic!("{} records", records.len()) };
    let sample = json!({
        "measurement_time": "2024-06-01T10:00:00.000000+00:00",
        "weight_kg": 70.1, "bone_mass_g": 3100.0, "water_percentage": 55.1, "BMR": 1500.0,
    });
    assert_eq!(at(first, "measurements_data.measurements.0"), sample);
    // The scale was still at work on the second weight.
    assert_eq!(at(first, "measurements_data.measurements.1.weight_kg"), Value::Null);
    assert_eq!(
        at(first, "blood_pressure_data.blood_pressure_samples.0"),
        json!({"timestamp": "2024-06-01T10:02:00.000000+00:00", "systolic_bp": 121.0, "diastolic_bp": 79.0})
    );
    assert_eq!(at(first, "heart_data.heart_rate_data.detailed.hr_samples.0.bpm"), 61.0);
    assert_eq!(at(second, "metadata.start_time"), "2024-06-02T00:00:00.000000+00:00");
}

#[test]
fn counters_of_a_watch_become_the_totals_of_its_days() {
    // Local midnight is at 14:00 in UTC: 14,400 seconds after the file begins.
    let local = (MORNING + 36_000).to_le_bytes();
    let mut file = Writer::of_type(32)
        .message(MONITORING_INFO, &[(253, UINT32, &MORNING.to_le_bytes()), (0, UINT32, &local)]);
    for (second, kind, cycles, metres) in [
        (60, 6_u8, 100_u32, 8_000_u32),
        (120, 1, 50, 6_000),
        (180, 6, 240, 19_000),
        (14_400, 6, 300, 24_000),
        (14_460, 6, 10, 800),
    ] {
        file = file.message(
            MONITORING,
            &[
                (253, UINT32, &(MORNING + second).to_le_bytes()),
                (5, ENUM, &[kind]),
                (3, UINT32, &cycles.to_le_bytes()),
                (2, UINT32, &metres.to_le_bytes()),
            ],
        );
    }
    let short = u16::try_from((MORNING + 14_520) & 0xFFFF).unwrap().to_le_bytes();
    let file = file.message(MONITORING, &[(26, UINT16, &short), (27, UINT8, &[58])]);
    let stress: [Field<'_>; 2] = [(0, 0x83, &(-1_i16).to_le_bytes()), (1, UINT32, &MORNING.to_le_bytes())];
    let file = file
        .message(STRESS_LEVEL, &stress)
        .message(STRESS_LEVEL, &[(0, 0x83, &25_i16.to_le_bytes()), (1, UINT32, &MORNING.to_le_bytes())]);
    let records = import("monitoring", &file.file());
    let [Record::Daily(first), Record::Daily(second)] = &records[..] else { panic!("{records:?}") };
    assert_eq!(at(first, "metadata.start_time"), "2024-06-01T00:00:00.000000+10:00");
    assert_eq!(at(first, "distance_data"), json!({"distance_meters": 300.0, "steps": 350}));
    assert_eq!(
        at(first, "stress_data.samples"),
        json!([{"timestamp": "2024-06-01T20:00:00.000000+10:00", "level": 25.0}])
    );
    assert_eq!(at(second, "distance_data"), json!({"distance_meters": 8.0, "steps": 10}));
    assert_eq!(
        at(second, "heart_rate_data.detailed.hr_samples"),
        json!([{"timestamp": "2024-06-02T00:02:00.000000+10:00", "bpm": 58.0}])
    );
}

#[test]
fn stages_of_a_night_hold_until_the_next_one() {
    let mut file = Writer::of_type(49);
    for (minute, level) in [(0, 1_u8), (10, 2), (40, 3), (70, 4), (90, 2), (100, 0), (101, 1)] {
        let time = (MORNING + minute * 60).to_le_bytes();
        file = file.message(SLEEP_LEVEL, &[(253, UINT32, &time), (0, ENUM, &[level])]);
    }
    let file = file.message(SLEEP_ASSESSMENT, &[(6, UINT8, &[83]), (11, UINT8, &[2])]);
    let records = import("night", &file.file());
    let [Record::Sleep(sleep)] = &records[..] else { panic!("{records:?}") };
    for (path, value) in [
        ("metadata.start_time", json!("2024-06-01T10:00:00.000000+00:00")),
        ("metadata.end_time", json!("2024-06-01T11:41:00.000000+00:00")),
        ("sleep_durations_data.asleep.duration_asleep_state_seconds", json!(5400.0)),
        ("sleep_durations_data.asleep.duration_light_sleep_state_seconds", json!(2400.0)),
        ("sleep_durations_data.asleep.duration_deep_sleep_state_seconds", json!(1800.0)),
        ("sleep_durations_data.asleep.duration_REM_sleep_state_seconds", json!(1200.0)),
        ("sleep_durations_data.awake.duration_awake_state_seconds", json!(600.0)),
        ("sleep_durations_data.awake.num_wakeup_events", json!(2)),
        ("sleep_durations_data.other.duration_unmeasurable_sleep_seconds", json!(60.0)),
        ("sleep_durations_data.hypnogram_samples.3.level", json!(6)),
        ("scores.sleep", json!(83.0)),
    ] {
        assert_eq!(at(sleep, path), value, "{path}");
    }
}

#[test]
fn other_files_are_refused_by_what_they_are() {
    let course = session(point(Writer::of_type(6), 0, &[]), 2, 0, 10, &[]).file();
    let settings = Writer::of_type(2).message(3, &[(4, UINT16, &700_u16.to_le_bytes())]).file();
    let vendor = Writer::of_type(70).message(0xFF01, &[(0, UINT8, &[1])]).file();
    let undated =
        Writer::of_type(4).message(RECORD, &[(253, UINT32, &[9, 0, 0, 0]), (3, UINT8, &[80])]).file();
    for (file, text) in [
        (
            course,
            "x: a FIT file of type course holds no workout, measurement, day or sleep, so it cannot be imported; leave \
             it out",
        ),
        (
            settings,
            "x: a FIT file of type settings holds no workout, measurement, day or sleep, so it cannot be imported; \
             leave it out",
        ),
        (
            vendor,
            "x: a FIT file of type 70 holds no workout, measurement, day or sleep, so it cannot be imported; leave it \
             out",
        ),
        (undated, "x: the device did not know the date, so it cannot be imported; leave it out"),
        (Writer::of_type(4).file(), "x: the file holds no data; nothing is to be done"),
    ] {
        assert_eq!(records(Format::Fit, "x", &file).unwrap_err().to_string(), text);
    }
}

#[test]
fn a_clock_that_was_never_set_gives_no_offset() {
    for ahead in [-86_400, 86_400, 60_000] {
        let file = local_clock(session(Writer::of_type(4), 1, 0, 10, &[]), ahead).file();
        let records = import("clock", &file);
        let start = activities(&records)[0].metadata.start_time;
        assert_eq!(start.offset(), Some(Offset::UTC));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(120) })]

    /// Every quarter of an hour from −12:00 to +14:00, and the seconds by which clocks go wrong.
    #[test]
    fn offsets_are_rounded_to_quarters_and_keep_their_sign(quarter in -48_i64..=56, wrong in -400_i64..=400) {
        let file = local_clock(session(Writer::of_type(4), 1, 0, 10, &[]), quarter * 900 + wrong).file();
        let records = records(Format::Fit, "offset", &file).unwrap();
        let start = activities(&records)[0].metadata.start_time;
        prop_assert_eq!(i64::from(start.offset().unwrap().minutes()), quarter * 15);
        prop_assert_eq!(start.instant().unwrap().to_rfc3339(), "2024-06-01T10:00:00+00:00");
        prop_assert_eq!(records[0].data_type(), DataType::Activity);
    }
}
