//! Days: what several collections say of one local day, as one record.

use std::collections::BTreeMap;

use tributary_contract::FetchError;
use tributary_contract::model::{
    self, ActiveDurationsData, ActivityLevel, ActivityLevelSample, CaloriesData, DailyDataEnrichment,
    DailyDistanceData, DailyMetadata, Day, HeartRateData, HeartRateDataDetailed, METData, METSample, Offset,
    OxygenData, ScoresData, StressData, StressLevel, TagData, TagEntry, UploadType,
};

use super::{classes, filled, heart_rate_rows, series, some, wire};

/// Seconds that one digit of `class_5_min` stands for.
const FIVE_MINUTES: f64 = 300.0;

/// The documents of one day; whatever is missing was not there, or may not be read.
#[derive(Debug, Default)]
pub(in crate::oura) struct DayDocuments {
    pub(in crate::oura) activity: Option<wire::DailyActivity>,
    pub(in crate::oura) readiness: Option<wire::DailyReadiness>,
    pub(in crate::oura) sleep: Option<wire::DailySleep>,
    pub(in crate::oura) stress: Option<wire::DailyStress>,
    pub(in crate::oura) resilience: Option<wire::DailyResilience>,
    pub(in crate::oura) spo2: Option<wire::DailySpo2>,
    pub(in crate::oura) tags: Vec<wire::EnhancedTag>,
}

/// A day. `offset` is that of the day's documents; `heart_rate` holds the rows of the day, in order of time.
pub(in crate::oura) fn daily(
    day: Day,
    offset: Option<Offset>,
    documents: DayDocuments,
    heart_rate: &[wire::HeartRate],
) -> Result<model::Daily, FetchError> {
    let (start_time, end_time) = day.bounds(offset);
    let activity = documents.activity;
    let (activity_score, levels, mets) = match &activity {
        Some(activity) => (activity.score, levels(activity)?, mets(activity)?),
        None => (None, None, None),
    };
    let activity = activity.as_ref();

    Ok(model::Daily {
        metadata: DailyMetadata {
            start_time,
            end_time,
            timestamp_localization: Some(start_time.localization()),
            upload_type: UploadType::Automatic,
        },
        active_durations_data: activity.and_then(|activity| {
            filled(ActiveDurationsData {
                activity_levels_samples: levels,
                vigorous_intensity_seconds: activity.high_activity_time,
                moderate_intensity_seconds: activity.medium_activity_time,
                low_intensity_seconds: activity.low_activity_time,
                inactivity_seconds: activity.sedentary_time,
                rest_seconds: activity.resting_time,
                num_continuous_inactive_periods: activity.inactivity_alerts,
                ..ActiveDurationsData::default()
            })
        }),
        calories_data: activity.and_then(|activity| {
            filled(CaloriesData {
                net_activity_calories: activity.active_calories,
                total_burned_calories: activity.total_calories,
                ..CaloriesData::default()
            })
        }),
        distance_data: activity.and_then(|activity| {
            filled(DailyDistanceData {
                steps: activity.steps,
                distance_meters: activity.equivalent_walking_distance,
                ..DailyDistanceData::default()
            })
        }),
        met_data: activity.and_then(|activity| {
            filled(METData {
                met_samples: mets,
                avg_level: activity.average_met_minutes,
                num_high_intensity_minutes: activity.high_activity_time.map(seconds_to_minutes),
                num_moderate_intensity_minutes: activity.medium_activity_time.map(seconds_to_minutes),
                num_low_intensity_minutes: activity.low_activity_time.map(seconds_to_minutes),
                num_inactive_minutes: activity.sedentary_time.map(seconds_to_minutes),
            })
        }),
        heart_rate_data: filled(HeartRateData {
            detailed: filled(HeartRateDataDetailed {
                hr_samples: heart_rate_rows(heart_rate, offset),
                ..HeartRateDataDetailed::default()
            }),
            ..HeartRateData::default()
        }),
        oxygen_data: filled(OxygenData {
            avg_saturation_percentage: documents.spo2.and_then(|spo2| spo2.spo2_percentage?.average),
            ..OxygenData::default()
        }),
        scores: filled(ScoresData {
            activity: activity_score,
            recovery: documents.readiness.and_then(|readiness| readiness.score),
            sleep: documents.sleep.and_then(|sleep| sleep.score),
        }),
        stress_data: documents.stress.and_then(|stress| {
            filled(StressData {
                high_stress_duration_seconds: stress.stress_high,
                rest_stress_duration_seconds: stress.recovery_high,
                stress_rating: stress.day_summary.as_deref().map(stress_rating),
                ..StressData::default()
            })
        }),
        tag_data: filled(TagData { tags: some(documents.tags.into_iter().map(tag).collect()) }),
        data_enrichment: filled(DailyDataEnrichment {
            resilience_contributors: documents
                .resilience
                .and_then(|resilience| contributors(&resilience.contributors?)),
            ..DailyDataEnrichment::default()
        }),
        ..model::Daily::default()
    })
}

fn levels(activity: &wire::DailyActivity) -> Result<Option<Vec<ActivityLevelSample>>, FetchError> {
    let (Some(text), Some(start)) = (&activity.class_5_min, activity.timestamp) else { return Ok(None) };
    let samples = classes(text, start, FIVE_MINUTES, "daily_activity.class_5_min", |timestamp, digit| {
        let level = Some(level(digit));
        ActivityLevelSample {
            timestamp: Some(timestamp),
            activity_level: level,
            level,
            ..ActivityLevelSample::default()
        }
    })?;
    Ok(some(samples))
}

/// `0`, ring not worn, is as unknown as a digit that Oura may add.
fn level(digit: char) -> ActivityLevel {
    match digit {
        '1' => ActivityLevel::Rest,
        '2' => ActivityLevel::Inactive,
        '3' => ActivityLevel::LowIntensity,
        '4' => ActivityLevel::MediumIntensity,
        '5' => ActivityLevel::HighIntensity,
        _ => ActivityLevel::Unknown,
    }
}

fn mets(activity: &wire::DailyActivity) -> Result<Option<Vec<METSample>>, FetchError> {
    series(activity.met.as_ref(), "daily_activity.met", |timestamp, level| METSample {
        timestamp: Some(timestamp),
        level: Some(level),
    })
}

fn seconds_to_minutes(seconds: f64) -> f64 {
    seconds / 60.0
}

fn stress_rating(summary: &str) -> StressLevel {
    match summary {
        "restored" => StressLevel::Rest,
        "normal" => StressLevel::Medium,
        "stressful" => StressLevel::High,
        _ => StressLevel::Unknown,
    }
}

/// A tag without a kind is a mere text.
fn tag(tag: wire::EnhancedTag) -> TagEntry {
    TagEntry {
        timestamp: tag.start_time,
        tag_name: tag.custom_name.filter(|name| !name.is_empty()).or(tag.tag_type_code).unwrap_or_default(),
        notes: tag.comment.unwrap_or_default(),
    }
}

fn contributors(wire: &wire::ResilienceContributors) -> Option<BTreeMap<String, f64>> {
    let named = [
        ("sleep_recovery", wire.sleep_recovery),
        ("daytime_recovery", wire.daytime_recovery),
        ("stress", wire.stress),
    ];
    filled(named.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect())
}
