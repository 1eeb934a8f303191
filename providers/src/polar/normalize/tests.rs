use serde_json::{Value, json};
use tributary_contract::model::{ActivityType, Day};

use super::*;

fn written(record: impl serde::Serialize) -> Value {
    serde_json::to_value(record).unwrap()
}

fn exercise_of(json: Value) -> wire::Exercise {
    serde_json::from_value(json).unwrap()
}

#[test]
fn gaps_in_samples_are_no_zeros_and_keep_their_place() {
    let samples = json!([{"recording-rate": 5, "sample-type": "0", "data": "120,,122, null ,0"}]);
    let record = exercise(
        exercise_of(
            json!({"id": "a", "start_time": "2026-05-02T08:00:00", "start_time_utc_offset": 120, "samples": samples}),
        ),
        None,
    );
    let record = written(record.unwrap());
    let list = record["heart_rate_data"]["detailed"]["hr_samples"].as_array().unwrap();
    let read: Vec<_> =
        list.iter().map(|one| (one["timestamp"].as_str().unwrap(), one["bpm"].as_f64().unwrap())).collect();
    assert_eq!(
        read,
        [
            ("2026-05-02T08:00:00.000000+02:00", 120.0),
            ("2026-05-02T08:00:10.000000+02:00", 122.0),
            ("2026-05-02T08:00:20.000000+02:00", 0.0),
        ]
    );
}

#[test]
fn a_value_that_is_no_number_is_an_error_without_it() {
    let samples = json!([{"recording-rate": 5, "sample-type": "0", "data": "120,planted"}]);
    let error = exercise(
        exercise_of(json!({"id": "a", "start_time": "2026-05-02T08:00:00", "samples": samples})),
        None,
    );
    let text = error.unwrap_err().to_string();
    assert!(text.contains("exercises.samples") && !text.contains("planted"), "{text}");
}

#[test]
fn names_of_both_kinds_are_read() {
    let hyphens = json!({
        "id": 1_937_529_874, "upload-time": "2008-10-13T10:40:02Z", "device": "Polar M400", "device-id": "1111AAAA",
        "start-time": "2008-10-13T10:40:02", "start-time-utc-offset": 180, "duration": "PT2H44M", "calories": 530,
        "distance": 1600, "heart-rate": {"average": 129, "maximum": 147}, "sport": "OTHER",
        "detailed-sport-info": "WATERSPORTS_WATERSKI", "heart-rate-zones": [{"index": 1, "in-zone": "PT4S"}],
        "samples": [{"recording_rate": 5, "sample_type": 1, "data": "36,18"}],
    });
    let record = written(exercise(exercise_of(hyphens), None).unwrap());
    assert_eq!(record["metadata"]["summary_id"], "1937529874");
    assert_eq!(record["metadata"]["start_time"], "2008-10-13T10:40:02.000000+03:00");
    assert_eq!(record["metadata"]["end_time"], "2008-10-13T13:24:02.000000+03:00");
    assert_eq!(record["metadata"]["type"], 132);
    assert_eq!(record["heart_rate_data"]["summary"]["max_hr_bpm"], 147.0);
    assert_eq!(record["heart_rate_data"]["summary"]["hr_zone_data"][0]["duration_seconds"], 4.0);
    assert_eq!(record["movement_data"]["speed_samples"][0]["speed_meters_per_second"], 10.0);
    assert_eq!(record["movement_data"]["speed_samples"][1]["speed_meters_per_second"], 5.0);
}

#[test]
fn the_detailed_sport_decides_then_its_family_then_the_plain_one() {
    for (detailed, plain, expected) in [
        (Some("RUNNING_ROAD"), Some("OTHER"), ActivityType::Running),
        (Some("TRAIL_RUNNING"), Some("RUNNING"), ActivityType::TrailRunning),
        (Some("TEAMSPORTS_FLOORBALL"), Some("OTHER"), ActivityType::TeamSports),
        (Some("COMBAT_SPORTS_JUDO"), None, ActivityType::MartialArts),
        (Some("SOMETHING_NEW"), Some("CYCLING"), ActivityType::Biking),
        (Some("SOMETHING_NEW"), Some("NEW"), ActivityType::Other),
        (None, Some("SOCCER"), ActivityType::EnglishFootball),
        (None, None, ActivityType::Other),
    ] {
        assert_eq!(sport::kind(detailed, plain), expected, "{detailed:?} {plain:?}");
    }
}

fn steps_of(steps: &Value) -> Vec<(String, f64)> {
    let activity = json!({"samples": {"date": "2026-05-02", "steps": steps}});
    let documents =
        DayDocuments { activity: serde_json::from_value(activity).unwrap(), ..DayDocuments::default() };
    let record = written(daily(Day("2026-05-02".parse().unwrap()), documents).unwrap().unwrap());
    let list = record["distance_data"]["detailed"]["step_samples"].as_array().cloned().unwrap_or_default();
    let read = |one: &Value| {
        (
            one["timestamp"].as_str().unwrap().chars().skip(11).take(5).collect::<String>(),
            one["steps"].as_f64().unwrap(),
        )
    };
    list.iter().map(read).collect()
}

#[test]
fn stretches_with_as_many_steps_as_before_are_put_back() {
    let sample = |at: &str, steps: u32| json!({"steps": steps, "timestamp": format!("2026-05-02T{at}")});
    // Ten steps a minute from 08:00 to 08:03, none until 08:05, then five a minute until the total is reached.
    let list = json!([sample("08:00", 10), sample("08:03", 0), sample("08:05", 5)]);
    let steps = steps_of(&json!({"interval_ms": 60_000, "total_steps": 40, "samples": list}));
    let expected = [("08:01", 10.0), ("08:02", 20.0), ("08:03", 30.0), ("08:06", 35.0), ("08:07", 40.0)];
    assert_eq!(steps, expected.map(|(at, steps)| (at.to_owned(), steps)));
    // Without a total the last one counts once.
    let alone = steps_of(&json!({"interval_ms": 60_000, "samples": [sample("08:00", 10)]}));
    assert_eq!(alone, [("08:01".to_owned(), 10.0)]);
    // Nonsense does not run away.
    let much =
        steps_of(&json!({"interval_ms": 60_000, "total_steps": 1e18, "samples": [sample("08:00", 1)]}));
    assert_eq!(much.len(), 86_400);
    assert!(
        steps_of(&json!({"interval_ms": 0, "total_steps": 5, "samples": [sample("08:00", 1)]})).is_empty()
    );
}

#[test]
fn a_day_is_the_one_of_its_samples_or_of_its_middle() {
    let day = |json: Value| {
        serde_json::from_value::<wire::ActivityDay>(json).unwrap().day().map(|day| day.to_string())
    };
    for (json, expected) in [
        (json!({"start_time": "2026-05-02T00:00:00"}), Some("2026-05-02")),
        (json!({"start_time": "2026-05-01T22:00:00"}), Some("2026-05-02")),
        (json!({"start_time": "2026-05-02T09:00:00"}), Some("2026-05-02")),
        (json!({"start_time": "2026-05-01T10:00:00", "samples": {"date": "2026-05-02"}}), Some("2026-05-02")),
        (json!({"steps": 5}), None),
    ] {
        assert_eq!(day(json).as_deref(), expected);
    }
}

fn night_of(start: &str, end: &str, hypnogram: &Value) -> Vec<String> {
    let wire = json!({"date": "2026-03-29", "sleep_start_time": start, "sleep_end_time": end, "hypnogram": hypnogram});
    let record = written(night(serde_json::from_value(wire).unwrap(), None, None).unwrap());
    let list = record["sleep_durations_data"]["hypnogram_samples"].as_array().unwrap();
    list.iter().map(|one| one["timestamp"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn times_of_a_night_cross_midnight_in_order() {
    let hypnogram = json!({"00:20": 1, "06:55": 0, "23:05": 2, "23:40": 4});
    assert_eq!(
        night_of("2026-03-28T23:05:30+02:00", "2026-03-29T06:55:30+02:00", &hypnogram),
        [
            "2026-03-28T23:05:00.000000+02:00",
            "2026-03-28T23:40:00.000000+02:00",
            "2026-03-29T00:20:00.000000+02:00",
            "2026-03-29T06:55:00.000000+02:00",
        ]
    );
    // A night that begins after midnight has no next day.
    let short =
        night_of("2026-03-29T00:39:07+02:00", "2026-03-29T06:00:00+02:00", &json!({"00:39": 2, "05:00": 0}));
    assert_eq!(short, ["2026-03-29T00:39:00.000000+02:00", "2026-03-29T05:00:00.000000+02:00"]);
}

#[test]
fn what_would_lie_behind_the_end_goes_by_the_offset_of_the_end() {
    // Clocks go forward in the night: seven hours from 23:00 to 07:00.
    let hypnogram = json!({"23:00": 2, "05:30": 1, "06:30": 4});
    assert_eq!(
        night_of("2026-03-28T23:00:00+01:00", "2026-03-29T07:00:00+02:00", &hypnogram),
        [
            "2026-03-28T23:00:00.000000+01:00",
            "2026-03-29T05:30:00.000000+01:00",
            "2026-03-29T06:30:00.000000+02:00",
        ]
    );
}

#[test]
fn a_test_without_a_result_and_a_made_up_weight_are_nothing() {
    let mut day = Measured::default();
    let test = json!({"test_time": 1_767_225_600, "time_zone_offset": 60, "blood_oxygen_percent": 0,
        "test_status": "SPO2_TEST_INCONCLUSIVE_TOO_LOW_OVERALL_QUALITY"});
    let test: wire::Spo2 = serde_json::from_value(test).unwrap();
    let at = test.at().unwrap();
    assert_eq!(at.to_string(), "2026-01-01T01:00:00.000000+01:00");
    day.spo2(at, &test);
    let physical =
        json!({"weight": 70.0, "weight_source": "SOURCE_DEFAULT", "modified": "2026-01-01T00:00:00Z"});
    day.physical(at, &serde_json::from_value(physical).unwrap());
    assert_eq!(day.record(Day("2026-01-01".parse().unwrap())), None);
}
