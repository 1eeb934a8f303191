use serde_json::json;

use super::*;
use crate::model::{
    ActivityMetadata, ActivityType, DailyMetadata, DistanceData, DistanceDataSummary, HeartRateDataSample,
    HeartRateZoneData, LatLng, MenstruationMetadata, NutritionUnits, ObservationValue, PlannedWorkoutDetails,
    PlannedWorkoutDetailsMetadata, SleepMetadata, SleepUploadType, UploadType,
};

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn run() -> Activity {
    Activity {
        metadata: ActivityMetadata {
            summary_id: "run-1".to_owned(),
            start_time: at("2026-03-01T07:00:00+01:00"),
            end_time: at("2026-03-01T08:00:00+01:00"),
            kind: ActivityType::Running,
            upload_type: UploadType::Automatic,
            ..ActivityMetadata::default()
        },
        ..Activity::default()
    }
}

#[test]
fn keys_follow_the_rules_of_each_type() {
    let night = |summary_id: Option<&str>| Sleep {
        metadata: SleepMetadata {
            summary_id: summary_id.map(str::to_owned),
            start_time: at("2026-03-01T23:00:00-11:00"),
            end_time: at("2026-03-02T07:00:00-11:00"),
            ..SleepMetadata::default()
        },
        ..Sleep::default()
    };
    let day = Daily {
        metadata: DailyMetadata { start_time: at("2026-03-01T00:00:00-11:00"), ..DailyMetadata::default() },
        ..Daily::default()
    };
    let cycle = Menstruation {
        metadata: MenstruationMetadata {
            start_time: at("2026-03-01T00:00:00+13:45"),
            ..MenstruationMetadata::default()
        },
        ..Menstruation::default()
    };
    let hormone = HormoneSample { timestamp: at("2026-03-01T08:00:00+02:00"), ..HormoneSample::default() };
    let plan = |id: Option<&str>, provider: Option<&str>| PlannedWorkout {
        planned_workout_id: id.map(str::to_owned),
        details: Some(PlannedWorkoutDetails {
            metadata: Some(PlannedWorkoutDetailsMetadata {
                id: provider.map(str::to_owned),
                ..PlannedWorkoutDetailsMetadata::default()
            }),
            ..PlannedWorkoutDetails::default()
        }),
        ..PlannedWorkout::default()
    };
    for (record, key) in [
        (Record::from(run()), "run-1"),
        (night(Some("s-1")).into(), "s-1"),
        (night(None).into(), "2026-03-01T23:00:00.000000-11:00/2026-03-02T07:00:00.000000-11:00"),
        (night(Some("")).into(), "2026-03-01T23:00:00.000000-11:00/2026-03-02T07:00:00.000000-11:00"),
        (day.into(), "2026-03-01"),
        (cycle.into(), "2026-03-01"),
        (Athlete::default().into(), "athlete"),
        (hormone.into(), "2026-03-01T08:00:00.000000+02:00"),
        (plan(Some("p-1"), Some("theirs")).into(), "p-1"),
        (plan(None, Some("theirs")).into(), "theirs"),
    ] {
        assert_eq!(record.natural_key().as_str(), key);
    }
    let without_id =
        |date: &str| PlannedWorkout { planned_date: date.parse().ok(), ..PlannedWorkout::default() };
    let (one, other) = (Record::from(without_id("2026-03-01")), Record::from(without_id("2026-03-02")));
    assert_ne!(one.natural_key(), other.natural_key());
    assert_eq!(one.start_time(), Some(at("2026-03-01")));
    assert_eq!(one.end_time(), Some(at("2026-03-02")));
}

#[test]
fn every_type_survives_its_json() {
    let records: [Record; 10] = [
        run().into(),
        Body::default().into(),
        Daily::default().into(),
        Sleep::default().into(),
        Nutrition::default().into(),
        Menstruation::default().into(),
        Athlete::default().into(),
        PlannedWorkout::default().into(),
        HormoneSample::default().into(),
        HealthObservation::default().into(),
    ];
    for (record, data_type) in records.into_iter().zip(DataType::ALL) {
        assert_eq!(record.data_type(), data_type);
        assert_eq!(data_type.as_str().parse(), Ok(data_type));
        assert_eq!(serde_json::to_value(data_type).unwrap(), data_type.as_str());
        let json = record.to_json().unwrap();
        let again = Record::from_json(data_type, &json).unwrap();
        assert!(again == record, "{data_type}");
        assert_eq!(again.to_json().unwrap(), json);
    }
}

#[test]
fn absent_values_are_left_out_and_null_counts_as_absent() {
    let json = json!({
        "metadata": {
            "summary_id": "run-1", "type": 8, "upload_type": 1.0, "name": null,
            "start_time": "2026-03-01T07:00:00+01:00", "end_time": "2026-03-01T08:00:00+01:00",
        },
        "distance_data": {"summary": {"steps": 3600.0, "floors_climbed": null}},
        "heart_rate_data": null,
        "added_next_year": {"x": [1]},
    });
    let record = Record::from_json(DataType::Activity, json.to_string().as_bytes()).unwrap();
    let summary = DistanceDataSummary { steps: Some(3600), ..DistanceDataSummary::default() };
    let expected = Activity {
        distance_data: Some(DistanceData { summary: Some(summary), ..DistanceData::default() }),
        ..run()
    };
    assert!(record == Record::from(expected));
    assert_eq!(
        String::from_utf8(record.to_json().unwrap().to_vec()).unwrap(),
        concat!(
            r#"{"distance_data":{"summary":{"steps":3600}},"metadata":{"#,
            r#""end_time":"2026-03-01T08:00:00.000000+01:00","start_time":"2026-03-01T07:00:00.000000+01:00","#,
            r#""summary_id":"run-1","type":8,"upload_type":1}}"#
        )
    );
}

#[test]
fn a_whole_number_is_never_rounded_from_a_fraction() {
    assert!(serde_json::from_value::<HeartRateZoneData>(json!({"zone": 2.0})).is_ok());
    for zone in [json!(2.5), json!(1e300), json!(u64::MAX), json!("2"), json!(true)] {
        assert!(serde_json::from_value::<HeartRateZoneData>(json!({"zone": zone})).is_err(), "{zone}");
    }
}

#[test]
fn unknown_values_of_enums_are_passed_on() {
    assert_eq!(serde_json::from_value::<ActivityType>(json!(109)).unwrap(), ActivityType::Unlisted(109));
    assert_eq!(serde_json::to_value(ActivityType::Unlisted(109)).unwrap(), json!(109));
    assert_eq!(ActivityType::from_code(8), ActivityType::Running);
    assert_eq!((ActivityType::Other.code(), ActivityType::Other.title()), (108, "Other"));
    assert_eq!(serde_json::from_value::<NutritionUnits>(json!(-1.0)).unwrap().code(), -1);
    let device = json!({"data_provided": ["STEPS", "GLUCOSE"]});
    let read: crate::model::DeviceData = serde_json::from_value(device.clone()).unwrap();
    assert_eq!(serde_json::to_value(read).unwrap(), device);
}

#[test]
fn manual_and_automatic_have_other_numbers_in_sleep() {
    assert_eq!((UploadType::Automatic.code(), UploadType::Manual.code()), (1, 2));
    assert_eq!((SleepUploadType::Manual.code(), SleepUploadType::Automatic.code()), (1, 2));
}

#[test]
fn a_position_may_lack_either_degree() {
    for (written, position) in [
        (json!([48.5, -3.25]), LatLng::new(48.5, -3.25)),
        (json!([null, null]), LatLng::default()),
        (json!([]), LatLng::default()),
    ] {
        assert_eq!(serde_json::from_value::<LatLng>(written).unwrap(), position);
    }
    assert_eq!(serde_json::to_value(LatLng::new(48.5, -3.25)).unwrap(), json!([48.5, -3.25]));
}

#[test]
fn what_is_not_finite_is_written_as_null_and_stays_valid_json() {
    let sample = HeartRateDataSample { bpm: Some(f64::NAN), ..HeartRateDataSample::default() };
    assert_eq!(serde_json::to_string(&sample).unwrap(), r#"{"bpm":null}"#);
}

#[test]
fn neither_errors_nor_debug_show_a_value() {
    let json = br#"{"metadata": {"start_time": "planted-value", "end_time": 7}}"#;
    let error = Record::from_json(DataType::Body, json).unwrap_err();
    assert_eq!(
        error.to_string(),
        "no body record: a field is missing or has the wrong type at line 1 column 43"
    );
    assert!(!format!("{error:?}").contains("planted"));
    assert_eq!(format!("{:?}", Record::from(run())), "Record(activity)");
    let observation: Result<ObservationValue, _> = serde_json::from_str(r#"{"value_type": "planted"}"#);
    assert!(observation.is_err());
}

#[test]
fn a_sample_is_small() {
    assert!(size_of::<HeartRateDataSample>() <= 56, "{}", size_of::<HeartRateDataSample>());
}
