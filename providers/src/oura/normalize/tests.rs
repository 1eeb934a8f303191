use serde_json::json;
use tributary_contract::model::{ActivityType, Day};

use super::*;

fn sport(name: &str) -> ActivityType {
    let wire = json!({
        "id": "w-1", "day": "2026-05-02", "activity": name,
        "start_datetime": "2026-05-02T08:00:00+02:00", "end_datetime": "2026-05-02T09:00:00+02:00",
    });
    workout(serde_json::from_value(wire).unwrap(), &[]).metadata.kind
}

#[test]
fn every_sport_that_is_named_in_the_documentation_has_its_number() {
    for (name, code) in [
        ("running", 8),
        ("trail_running", 149),
        ("walking", 7),
        ("hiking", 35),
        ("cycling", 1),
        ("indoor_cycling", 18),
        ("mountain_biking", 15),
        ("swimming", 82),
        ("rowing", 53),
        ("strength_training", 80),
        ("hiit", 114),
        ("yoga", 100),
        ("pilates", 49),
        ("elliptical", 25),
        ("tennis", 87),
        ("soccer", 29),
        // Names that are the model's own.
        ("cross_country_skiing", 67),
        ("crossCountrySkiing", 67),
        ("other", 108),
        // Names that are nobody's.
        ("unknown", 108),
        ("unicycling", 108),
        ("", 108),
    ] {
        assert_eq!(sport(name).code(), code, "{name}");
    }
}

#[test]
fn sessions_keep_their_word_where_they_have_no_sport() {
    for (kind, code) in [
        ("breathing", 122),
        ("meditation", 45),
        ("nap", 108),
        ("relaxation", 108),
        ("rest", 108),
        ("body_status", 108),
        ("something_new", 108),
    ] {
        let wire = json!({
            "id": "m-1", "day": "2026-05-02", "type": kind,
            "start_datetime": "2026-05-02T08:00:00+02:00", "end_datetime": "2026-05-02T08:10:00+02:00",
        });
        let metadata = session(serde_json::from_value(wire).unwrap(), &[]).unwrap().metadata;
        assert_eq!((metadata.kind.code(), metadata.name.as_deref()), (code, Some(kind)));
    }
}

fn period(fields: &serde_json::Value) -> Result<Slept, FetchError> {
    let mut wire = json!({
        "id": "s-1", "day": "2026-05-02", "type": "long_sleep",
        "bedtime_start": "2026-05-01T23:00:00+02:00", "bedtime_end": "2026-05-02T07:00:00+02:00",
    });
    wire.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    sleep(serde_json::from_value(wire).unwrap(), Some(85.0))
}

fn record(fields: &serde_json::Value) -> serde_json::Value {
    match period(fields).unwrap() {
        Slept::Period(sleep) => serde_json::to_value(*sleep).unwrap(),
        Slept::Deleted(_) => panic!("deleted"),
    }
}

#[test]
fn the_kind_says_nap_or_night_and_only_the_night_has_the_score() {
    for (kind, is_nap, upload_type, score) in [
        (json!("long_sleep"), json!(false), 2, json!(85.0)),
        (json!("sleep"), json!(true), 2, json!(null)),
        (json!("late_nap"), json!(true), 2, json!(null)),
        (json!("rest"), json!(null), 3, json!(null)),
        (json!("something_new"), json!(null), 0, json!(null)),
        (json!(null), json!(null), 0, json!(null)),
    ] {
        let record = record(&json!({ "type": kind }));
        assert_eq!(record["metadata"]["is_nap"], is_nap, "{kind}");
        assert_eq!(record["metadata"]["upload_type"], json!(upload_type), "{kind}");
        assert_eq!(record["scores"]["sleep"], score, "{kind}");
    }
}

#[test]
fn a_deleted_period_is_a_tombstone_whatever_else_it_says() {
    let Slept::Deleted(key) = period(&json!({"type": "deleted", "sleep_phase_5_min": "4"})).unwrap() else {
        panic!()
    };
    assert_eq!(key.as_str(), "s-1");
}

#[test]
fn the_finest_stages_win_and_stand_at_their_beginnings() {
    let stages = |fields: &serde_json::Value| {
        let record = record(fields);
        let stages =
            record["sleep_durations_data"]["hypnogram_samples"].as_array().cloned().unwrap_or_default();
        stages
            .iter()
            .map(|stage| {
                (
                    stage["timestamp"].as_str().unwrap().get(11..19).unwrap().to_owned(),
                    stage["level"].as_i64().unwrap(),
                )
            })
            .collect::<Vec<_>>()
    };
    let at = |time: &str, level: i64| (time.to_owned(), level);
    assert_eq!(
        stages(&json!({"sleep_phase_30_sec": "442213", "sleep_phase_5_min": "1"})),
        [at("23:00:00", 1), at("23:01:00", 4), at("23:02:00", 5), at("23:02:30", 6)]
    );
    assert_eq!(
        stages(&json!({"sleep_phase_30_sec": "", "sleep_phase_5_min": "4x44", "app_sleep_phase_5_min": "1"})),
        [at("23:00:00", 1), at("23:05:00", 0), at("23:10:00", 1)]
    );
    assert_eq!(stages(&json!({"app_sleep_phase_5_min": "3"})), [at("23:00:00", 6)]);
    assert_eq!(stages(&json!({"sleep_phase_30_sec": null, "sleep_phase_5_min": ""})), []);
}

#[test]
fn a_series_keeps_its_grid_over_gaps_and_is_malformed_without_end() {
    let wire = |interval: f64| wire::Series {
        interval,
        items: vec![None, Some(58.0), None, Some(56.0)],
        timestamp: Timestamp::parse("2026-05-01T22:48:10-03:30").unwrap(),
    };
    let samples = heart_rate_series(Some(&wire(300.0)), "sleep.heart_rate").unwrap().unwrap();
    let written: Vec<String> = samples.iter().map(|sample| sample.timestamp.unwrap().to_string()).collect();
    assert_eq!(written, ["2026-05-01T22:53:10.000000-03:30", "2026-05-01T23:03:10.000000-03:30"]);

    let error = heart_rate_series(Some(&wire(1e300)), "sleep.heart_rate").unwrap_err();
    assert!(matches!(error, FetchError::Malformed { .. }) && !error.to_string().contains("58"));
}

#[test]
fn the_source_of_a_heart_rate_is_its_context() {
    for (source, code) in [
        ("workout", Some(1)),
        ("rest", Some(2)),
        ("sleep", Some(2)),
        ("awake", Some(0)),
        ("live", Some(0)),
        ("session", Some(0)),
        ("new", None),
    ] {
        assert_eq!(context(source).map(HeartRateContext::code), code, "{source}");
    }
}

#[test]
fn every_quarter_of_an_hour_is_a_possible_offset() {
    for minutes in (-12 * 60..=14 * 60).step_by(15) {
        let offset = Offset::from_minutes(i64::from(minutes)).unwrap();
        let row = json!({"timestamp": "2026-05-02T12:00:00Z", "bpm": 61, "source": "awake"});
        let rows = [serde_json::from_value(row).unwrap()];
        let day = Day::parse("2026-05-02").unwrap();
        let record = daily(day, Some(offset), DayDocuments::default(), &rows).unwrap();
        let sample =
            record.heart_rate_data.unwrap().detailed.unwrap().hr_samples.unwrap()[0].timestamp.unwrap();
        assert_eq!(sample.offset(), Some(offset));
        assert_eq!(sample.instant().unwrap().to_rfc3339(), "2026-05-02T12:00:00+00:00");
        assert_eq!(record.metadata.start_time.to_string(), format!("2026-05-02T00:00:00.000000{offset}"));
        assert_eq!(record.metadata.end_time.to_string(), format!("2026-05-03T00:00:00.000000{offset}"));
    }
}

#[test]
fn a_day_of_measurements_without_any_is_no_record() {
    let day = Day::parse("2026-05-02").unwrap();
    let spo2 = serde_json::from_value(json!({"day": "2026-05-02", "spo2_percentage": null})).unwrap();
    assert_eq!(body(day, None, BodyDocuments { spo2: Some(spo2), ..BodyDocuments::default() }), None);
}
