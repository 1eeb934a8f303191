//! Workouts, and sessions of breathing, meditation or rest.

use tributary_contract::FetchError;
use tributary_contract::model::{
    self, ActivityMetadata, ActivityType, CaloriesData, DistanceData, DistanceDataSummary, HeartRateData,
    HeartRateDataDetailed, UploadType,
};

use super::{filled, heart_rate_rows, heart_rate_series, variability_series, wire};

/// A workout; `heart_rate` holds the rows between its start and its end, for Oura keeps none with the workout.
pub(in crate::oura) fn workout(workout: wire::Workout, heart_rate: &[wire::HeartRate]) -> model::Activity {
    let start = workout.start_datetime;
    let kind = workout.activity.as_deref().map_or(ActivityType::Unknown, sport);
    model::Activity {
        metadata: ActivityMetadata {
            summary_id: workout.id,
            start_time: start,
            end_time: workout.end_datetime,
            timestamp_localization: Some(start.localization()),
            name: workout.label.filter(|label| !label.is_empty()).or(workout.activity),
            kind,
            upload_type: upload_type(workout.source.as_deref()),
            ..ActivityMetadata::default()
        },
        calories_data: filled(CaloriesData {
            total_burned_calories: workout.calories,
            ..CaloriesData::default()
        }),
        distance_data: filled(DistanceData {
            summary: filled(DistanceDataSummary {
                distance_meters: workout.distance,
                ..DistanceDataSummary::default()
            }),
            ..DistanceData::default()
        }),
        heart_rate_data: filled(HeartRateData {
            detailed: filled(HeartRateDataDetailed {
                hr_samples: heart_rate_rows(heart_rate, start.offset()),
                ..HeartRateDataDetailed::default()
            }),
            ..HeartRateData::default()
        }),
        ..model::Activity::default()
    }
}

/// A session. Its own series goes before the rows of `heartrate` between its start and its end.
pub(in crate::oura) fn session(
    session: wire::Session,
    heart_rate: &[wire::HeartRate],
) -> Result<model::Activity, FetchError> {
    let start = session.start_datetime;
    let own = heart_rate_series(session.heart_rate.as_ref(), "session.heart_rate")?;
    Ok(model::Activity {
        metadata: ActivityMetadata {
            summary_id: session.id,
            start_time: start,
            end_time: session.end_datetime,
            timestamp_localization: Some(start.localization()),
            kind: session.kind.as_deref().map_or(ActivityType::Unknown, moment),
            name: session.kind,
            upload_type: UploadType::Automatic,
            ..ActivityMetadata::default()
        },
        heart_rate_data: filled(HeartRateData {
            detailed: filled(HeartRateDataDetailed {
                hr_samples: own.or_else(|| heart_rate_rows(heart_rate, start.offset())),
                hrv_samples_rmssd: variability_series(
                    session.heart_rate_variability.as_ref(),
                    "session.heart_rate_variability",
                )?,
                ..HeartRateDataDetailed::default()
            }),
            ..HeartRateData::default()
        }),
        ..model::Activity::default()
    })
}

/// Other sources than the user's own entry are devices; which of them is not said.
fn upload_type(source: Option<&str>) -> UploadType {
    match source {
        Some("manual") => UploadType::Manual,
        Some("autodetected" | "confirmed" | "workout_heart_rate") => UploadType::Automatic,
        _ => UploadType::Unknown,
    }
}

fn moment(kind: &str) -> ActivityType {
    match kind {
        "breathing" => ActivityType::GuidedBreathing,
        "meditation" => ActivityType::Meditation,
        // Naps, relaxation, rest and body status have no sport of their own.
        _ => ActivityType::Other,
    }
}

/// The model's sport for Oura's. Most names are those of the model, but for case and spaces; the list is not
/// published as a whole. Sports without match are `Other`.
fn sport(name: &str) -> ActivityType {
    match name {
        "cycling" => ActivityType::Biking,
        "indoor_cycling" => ActivityType::StationaryBiking,
        "soccer" => ActivityType::EnglishFootball,
        name => ActivityType::ALL
            .iter()
            .copied()
            .find(|sport| *sport != ActivityType::Unknown && letters(sport.title()).eq(letters(name)))
            .unwrap_or(ActivityType::Other),
    }
}

/// Letters and digits in lower case.
fn letters(text: &str) -> impl Iterator<Item = char> {
    text.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase())
}
