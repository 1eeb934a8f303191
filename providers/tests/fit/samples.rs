//! Real device files against values read from them with another decoder.

use serde_json::{Value, json};
use tributary_contract::model::{Activity, LatLng, Record, Timestamp};
use tributary_providers::route::import::{Format, ImportError, records};

use crate::{activities, at, bodies, import, sample};

const BIKE: &str = "garmin-edge-820-bike";
const RUN: &str = "garmin-fenix-5-run";
const TRAINER: &str = "sample-activity-indoor-trainer.fit";

/// The only workout of a file.
fn workout(records: &[Record]) -> &Activity {
    match activities(records)[..] {
        [activity] => activity,
        ref others => panic!("{} workouts", others.len()),
    }
}

fn check(activity: &Activity, expected: &[(&str, Value)]) {
    for (path, expected) in expected {
        let actual = at(activity, path);
        let same = match (actual.as_f64(), expected.as_f64()) {
            (Some(actual), Some(expected)) => (actual - expected).abs() < 1e-6,
            _ => actual == *expected,
        };
        assert!(same, "{path}: expected {expected}, is {actual}");
    }
}

#[test]
fn the_ride_has_the_totals_of_its_session() {
    let Some(bytes) = sample(&format!("{BIKE}.fit")) else { return };
    let records = import(BIKE, &bytes);
    let ride = workout(&records);
    check(
        ride,
        &[
            ("metadata.summary_id", json!("fit-1-3932942223-866218215")),
            ("metadata.start_time", json!("2017-06-12T09:10:15.000000-07:00")),
            ("metadata.end_time", json!("2017-06-12T09:11:19.524000-07:00")),
            ("metadata.timestamp_localization", json!(1)),
            ("metadata.type", json!(19)),
            ("metadata.upload_type", json!(1)),
            ("metadata.name", json!("Commute")),
            ("active_durations_data.activity_seconds", json!(64.524)),
            ("distance_data.summary.distance_meters", json!(457.12)),
            ("distance_data.summary.steps", Value::Null),
            ("calories_data.total_burned_calories", json!(8)),
            ("heart_rate_data.summary.avg_hr_bpm", json!(116)),
            ("heart_rate_data.summary.max_hr_bpm", json!(121)),
            // 41/128 more, in the field for fractions.
            ("movement_data.avg_cadence_rpm", json!(68.0 + 41.0 / 128.0)),
            ("movement_data.avg_speed_meters_per_second", json!(7.084)),
            ("movement_data.max_speed_meters_per_second", json!(7.194)),
            ("device_data.manufacturer", json!("garmin")),
            ("device_data.serial_number", json!("3932942223")),
            ("device_data.software_version", json!("7.00")),
            ("lap_data.laps.0.trigger_method", json!("SESSION_END")),
            ("lap_data.laps.0.distance_meters", json!(457.12)),
            ("lap_data.laps.0.active_duration_seconds", json!(65)),
        ],
    );
    assert_eq!(ride.metadata.start_time.instant().unwrap().to_rfc3339(), "2017-06-12T16:10:15+00:00");
    let intervals = bodies(&records)[0].heart_data.as_ref().unwrap().rr_interval_samples.as_ref().unwrap();
    assert_eq!(intervals.len(), 126);
    assert_eq!((intervals[0].rr_interval_ms, intervals[1].rr_interval_ms), (Some(594.0), Some(588.0)));
}

#[test]
fn the_run_has_the_totals_of_its_session() {
    let Some(bytes) = sample(&format!("{RUN}.fit")) else { return };
    let records = import(RUN, &bytes);
    let run = workout(&records);
    check(
        run,
        &[
            ("metadata.start_time", json!("2017-06-11T07:34:09.000000-07:00")),
            ("metadata.end_time", json!("2017-06-11T07:35:05.887000-07:00")),
            ("metadata.type", json!(8)),
            ("active_durations_data.activity_seconds", json!(56.887)),
            ("distance_data.summary.distance_meters", json!(157.56)),
            ("distance_data.summary.elevation.gain_actual_meters", json!(2)),
            ("distance_data.summary.elevation.loss_actual_meters", json!(0)),
            ("calories_data.total_burned_calories", json!(5)),
            ("heart_rate_data.summary.avg_hr_bpm", json!(90)),
            ("heart_rate_data.summary.max_hr_bpm", json!(112)),
            ("heart_rate_data.summary.resting_hr_bpm", json!(47)),
            ("heart_rate_data.summary.user_max_hr_bpm", json!(183)),
            ("heart_rate_data.summary.hr_zone_data.0", json!({"zone": 0, "duration_seconds": 33.32})),
            ("heart_rate_data.summary.hr_zone_data.1", json!({"zone": 1, "duration_seconds": 23.567})),
            ("device_data.name", json!("fenix5")),
        ],
    );
    assert_eq!(run.metadata.start_time.offset().unwrap().to_string(), "-07:00");
    let samples =
        run.heart_rate_data.as_ref().unwrap().detailed.as_ref().unwrap().hr_samples.as_ref().unwrap();
    assert_eq!(samples.len(), 21);
    // Seconds of the timer: no pause, so seconds since the start.
    assert_eq!(samples[20].timer_duration_seconds, Some(57.0));
    let intervals = bodies(&records)[0].heart_data.as_ref().unwrap().rr_interval_samples.as_ref().unwrap();
    assert_eq!(intervals.len(), 113);
    // The watch noted them until the run was saved, 75 seconds after its start; no interval is timed by the device.
    let last = intervals[112].timestamp.unwrap().seconds_since(&run.metadata.start_time);
    assert!((74.0..77.0).contains(&last), "{last}");
}

#[test]
fn the_indoor_ride_has_power_laps_and_training_stress() {
    let Some(bytes) = sample(TRAINER) else { return };
    let records = import(TRAINER, &bytes);
    assert_eq!(records.len(), 1);
    let ride = workout(&records);
    check(
        ride,
        &[
            // The file has no local time.
            ("metadata.start_time", json!("2011-11-02T12:54:19.000000+00:00")),
            ("metadata.timestamp_localization", json!(0)),
            ("metadata.type", json!(1)),
            ("active_durations_data.activity_seconds", json!(2261.85)),
            ("distance_data.summary.distance_meters", json!(0)),
            ("calories_data.total_burned_calories", json!(379)),
            ("heart_rate_data.summary.avg_hr_bpm", json!(148)),
            ("heart_rate_data.summary.max_hr_bpm", json!(176)),
            ("power_data.avg_watts", json!(201)),
            ("power_data.max_watts", json!(331)),
            ("TSS_data.TSS_samples.0.normalized_power_watts", json!(228)),
            ("TSS_data.TSS_samples.0.actual", json!(50.8)),
            ("TSS_data.TSS_samples.0.intensity_factor_actual", json!(0.914)),
            ("movement_data.avg_cadence_rpm", json!(82)),
            ("movement_data.max_cadence_rpm", json!(108)),
            ("movement_data.max_speed_meters_per_second", Value::Null),
            ("position_data", Value::Null),
        ],
    );
    let laps = ride.lap_data.as_ref().unwrap().laps.as_ref().unwrap();
    let watts: Vec<f64> = laps.iter().filter_map(|lap| lap.avg_watts).collect();
    assert_eq!(watts, [150.0, 258.0, 152.0, 263.0, 87.0]);
    let triggers: Vec<&str> = laps.iter().filter_map(|lap| lap.trigger_method.as_deref()).collect();
    assert_eq!(triggers, ["MANUAL", "MANUAL", "MANUAL", "MANUAL", "SESSION_END"]);
    let power = ride.power_data.as_ref().unwrap().power_samples.as_ref().unwrap();
    // 41 of the 2263 points have no power.
    assert_eq!((power.len(), power[0].watts), (2222, Some(102.0)));
}

#[test]
fn every_point_of_ride_and_run_is_what_the_other_decoder_read() {
    for (file, day) in [(BIKE, "2017-06-12"), (RUN, "2017-06-11")] {
        let (Some(bytes), Some(table)) =
            (sample(&format!("{file}.fit")), sample(&format!("{file}-records.csv")))
        else {
            return;
        };
        let records = import(file, &bytes);
        let table = String::from_utf8(table).unwrap();
        let rows: Vec<&str> = table.lines().skip(1).collect();
        assert!(!rows.is_empty());
        for (index, row) in rows.iter().enumerate() {
            check_point(workout(&records), index, row, day);
        }
        let series = &workout(&records).movement_data.as_ref().unwrap().speed_samples;
        assert_eq!(series.as_ref().map(Vec::len), Some(rows.len()), "{file}");
    }
}

/// Columns: timestamp, heart rate, cadence, speed, distance, latitude, longitude, altitude, temperature.
fn check_point(activity: &Activity, index: usize, row: &str, day: &str) {
    let columns: Vec<&str> = row.split(',').collect();
    // Such as `Mon Jun 12 09:10:15 PDT 2017`.
    let clock = columns[0].split_whitespace().nth(3).unwrap();
    let time = Timestamp::parse(&format!("{day}T{clock}-07:00")).unwrap();
    let number = |column: usize| columns[column].parse::<f64>().unwrap();
    let degrees = |column: usize| number(column) * 180.0 / 2_147_483_648.0;

    let distances = activity.distance_data.as_ref().unwrap().detailed.as_ref().unwrap();
    let movement = activity.movement_data.as_ref().unwrap();
    let hearts = activity.heart_rate_data.as_ref().unwrap().detailed.as_ref().unwrap();
    let heart = &hearts.hr_samples.as_ref().unwrap()[index];
    let cadence = &movement.cadence_samples.as_ref().unwrap()[index];
    let speed = &movement.speed_samples.as_ref().unwrap()[index];
    let distance = &distances.distance_samples.as_ref().unwrap()[index];
    let elevation = &distances.elevation_samples.as_ref().unwrap()[index];
    let position = &activity.position_data.as_ref().unwrap().position_samples.as_ref().unwrap()[index];
    for timestamp in [
        heart.timestamp,
        cadence.timestamp,
        speed.timestamp,
        distance.timestamp,
        elevation.timestamp,
        position.timestamp,
    ] {
        assert_eq!(timestamp, Some(time), "row {index}");
    }
    let LatLng { latitude, longitude } = position.coords_lat_lng_deg.unwrap();
    for (name, actual, expected) in [
        ("heart rate", heart.bpm, number(1)),
        // The table leaves out the fraction.
        ("cadence", cadence.cadence_rpm.map(f64::floor), number(2)),
        ("speed", speed.speed_meters_per_second, number(3)),
        ("distance", distance.distance_meters, number(4)),
        ("latitude", latitude, degrees(5)),
        ("longitude", longitude, degrees(6)),
        ("altitude", elevation.elev_meters, number(7)),
    ] {
        let actual = actual.unwrap_or_else(|| panic!("row {index}: no {name}"));
        assert!((actual - expected).abs() < 1e-9, "row {index}: {name} is {actual}, not {expected}");
    }
}

#[test]
fn weighings_of_two_people_are_kept_apart() {
    let file = "WeightScaleMultiUser.fit";
    let Some(bytes) = sample(file) else { return };
    let records = import(file, &bytes);
    assert_eq!(records.len(), 1);
    let body = bodies(&records)[0];
    assert_eq!(at(body, "metadata.start_time"), "2009-09-09T00:00:00.000000+00:00");
    assert_eq!(at(body, "metadata.end_time"), "2009-09-10T00:00:00.000000+00:00");
    assert_eq!(
        at(body, "measurements_data.measurements"),
        json!([
            {
                "measurement_time": "2009-09-09T21:38:00.000000+00:00",
                "bodyfat_percentage": 22.3,
                "weight_kg": 75.8,
                "user_notes": "user 0 of the scale",
            },
            {
                "measurement_time": "2009-09-09T22:38:00.000000+00:00",
                "bodyfat_percentage": 25.1,
                "weight_kg": 58.2,
                "user_notes": "user 1 of the scale",
            },
        ])
    );
}

#[test]
fn a_wrong_checksum_is_told_with_its_place() {
    let file = "activity-filecrc.fit";
    let Some(bytes) = sample(file) else { return };
    let error = records(Format::Fit, file, &bytes).unwrap_err();
    assert!(matches!(error, ImportError::Crc { part: "file", at: 769, .. }), "{error:?}");
    assert_eq!(
        error.to_string(),
        "activity-filecrc.fit: the checksum of the file is wrong at byte 769, so the file was changed or damaged on \
         its way; get it from the device or its service once more"
    );
}
