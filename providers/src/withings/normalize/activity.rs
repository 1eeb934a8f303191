//! Workouts.

use tributary_contract::FetchError;
use tributary_contract::model::{
    self, ActivityMetadata, ActivityType, CaloriesData, DistanceData, DistanceDataSummary, HeartRateData,
    OxygenData, SwimmingData, UploadType,
};

use super::super::zone::Zone;
use super::{count, filled, heart_rate, wire};

/// A workout.
pub(in crate::withings) fn workout(workout: wire::Workout) -> Result<model::Activity, FetchError> {
    let zone = Zone::named(workout.timezone.as_deref());
    let start_time = zone.at(workout.startdate, "workouts.startdate")?;
    let data = workout.data;
    Ok(model::Activity {
        metadata: ActivityMetadata {
            summary_id: workout.id.to_string(),
            start_time,
            end_time: zone.at(workout.enddate, "workouts.enddate")?,
            timestamp_localization: Some(start_time.localization()),
            kind: workout.category.map_or(ActivityType::Unknown, sport),
            upload_type: upload_type(workout.attrib),
            ..ActivityMetadata::default()
        },
        calories_data: filled(CaloriesData {
            net_activity_calories: data.calories.or(data.manual_calories),
            ..CaloriesData::default()
        }),
        distance_data: filled(DistanceData {
            summary: filled(DistanceDataSummary {
                distance_meters: data.distance.or(data.manual_distance),
                steps: count(data.steps),
                floors_climbed: count(data.elevation),
                swimming: filled(SwimmingData {
                    num_laps: count(data.pool_laps),
                    num_strokes: count(data.strokes),
                    pool_length_meters: count(data.pool_length),
                }),
                ..DistanceDataSummary::default()
            }),
            detailed: None,
        }),
        heart_rate_data: filled(HeartRateData {
            summary: filled(heart_rate([data.hr_average, data.hr_min, data.hr_max], &data.zones)),
            detailed: None,
        }),
        oxygen_data: filled(OxygenData {
            avg_saturation_percentage: data.spo2_average,
            ..OxygenData::default()
        }),
        ..model::Activity::default()
    })
}

const fn upload_type(attrib: Option<i64>) -> UploadType {
    match attrib {
        Some(2 | 4) => UploadType::Manual,
        Some(0 | 1 | 5 | 7 | 8 | 15) => UploadType::Automatic,
        Some(_) | None => UploadType::Unknown,
    }
}

/// The model's sport for Withings' number. A number without match is `Other`; 128 says that there is none.
const fn sport(category: i64) -> ActivityType {
    match category {
        1 => ActivityType::Walking,
        2 => ActivityType::Running,
        3 => ActivityType::Hiking,
        4 => ActivityType::Skating,
        5 | 6 => ActivityType::Biking,
        7 => ActivityType::Swimming,
        8 => ActivityType::Surfing,
        9 => ActivityType::Kitesurfing,
        10 => ActivityType::Windsurfing,
        12 => ActivityType::Tennis,
        13 => ActivityType::TableTennis,
        14 => ActivityType::Squash,
        15 => ActivityType::Badminton,
        16 => ActivityType::Weightlifting,
        18 => ActivityType::Elliptical,
        19 => ActivityType::Pilates,
        20 => ActivityType::Basketball,
        21 => ActivityType::EnglishFootball,
        22 => ActivityType::AmericanFootball,
        23 => ActivityType::Rugby,
        24 => ActivityType::Volleyball,
        25 => ActivityType::WaterPolo,
        26 => ActivityType::HorsebackRiding,
        27 => ActivityType::Golf,
        28 => ActivityType::Yoga,
        29 => ActivityType::Dancing,
        30 => ActivityType::Boxing,
        31 => ActivityType::Fencing,
        33 => ActivityType::MartialArts,
        34 => ActivityType::Skiing,
        35 => ActivityType::Snowboarding,
        128 => ActivityType::Unknown,
        187 => ActivityType::Rowing,
        188 => ActivityType::Zumba,
        191 => ActivityType::Baseball,
        192 => ActivityType::Handball,
        193 | 194 => ActivityType::Hockey,
        195 => ActivityType::RockClimbing,
        196 => ActivityType::IceSkating,
        272 => ActivityType::Multisport,
        306 => ActivityType::TreadmillWalking,
        307 => ActivityType::IndoorRunning,
        308 => ActivityType::StationaryBiking,
        455 => ActivityType::StandUpPaddleboarding,
        456 => ActivityType::PadelTennis,
        490 => ActivityType::BeachVolleyball,
        491 => ActivityType::StairClimbingMachine,
        492 => ActivityType::Skateboarding,
        494 => ActivityType::Kayaking,
        495 => ActivityType::Canoeing,
        496 => ActivityType::Sailing,
        498 => ActivityType::TrailRunning,
        499 => ActivityType::Snowshoeing,
        502 => ActivityType::ScubaDiving,
        521 => ActivityType::Triathlon,
        522 => ActivityType::Diving,
        523 => ActivityType::MountainBiking,
        524 => ActivityType::GravelCycling,
        525 => ActivityType::EBiking,
        527 => ActivityType::HandBiking,
        529 => ActivityType::BackCountrySkiing,
        530 => ActivityType::CrossCountrySkiing,
        531 => ActivityType::RollerSkiing,
        532 => ActivityType::Racquetball,
        _ => ActivityType::Other,
    }
}
