//! Days: what several routes say of one local day, as one record.

use tributary_contract::FetchError;
use tributary_contract::model::unit::milliseconds_to_seconds;
use tributary_contract::model::{
    self, ActiveDurationsData, ActivityLevel, ActivityLevelSample, CaloriesData, DailyDistanceData,
    DailyMetadata, Day, DistanceDataDetailed, HeartRateData, HeartRateDataDetailed, HeartRateDataSample,
    ScoresData, StepSample, StrainData, Timestamp, UploadType,
};

use super::{filled, later, some, time_of_day, wire};

/// Most stretches that a day has: one each second.
const MOST_STRETCHES: u32 = 86_400;

/// The documents of one day; whatever is missing was not there.
#[derive(Debug, Default)]
pub(in crate::polar) struct DayDocuments {
    pub(in crate::polar) activity: Option<wire::ActivityDay>,
    pub(in crate::polar) heart_rate: Vec<wire::HeartRate>,
    pub(in crate::polar) load: Option<wire::CardioLoad>,
}

/// A day, unless nothing is known of it: Polar lists the load of every day, also of those without any data. Its times
/// are those of the watch, whose offset Polar does not tell.
pub(in crate::polar) fn daily(day: Day, documents: DayDocuments) -> Result<Option<model::Daily>, FetchError> {
    let strain = documents.load.and_then(|load| strain(&load));
    let heart_rate = heart_rate(day, &documents.heart_rate)?;
    if documents.activity.is_none() && heart_rate.is_empty() && strain.is_none() {
        return Ok(None);
    }
    let (start_time, end_time) = day.bounds(None);
    let activity = documents.activity.as_ref();
    let samples = activity.and_then(|activity| activity.samples.as_ref());
    let steps = samples.map_or_else(|| Ok(Vec::new()), steps)?;
    Ok(Some(model::Daily {
        metadata: DailyMetadata {
            start_time,
            end_time,
            timestamp_localization: Some(start_time.localization()),
            upload_type: UploadType::Automatic,
        },
        active_durations_data: activity.and_then(|activity| {
            filled(ActiveDurationsData {
                activity_levels_samples: samples.and_then(levels),
                activity_seconds: activity.active_duration.map(|length| length.0),
                inactivity_seconds: activity.inactive_duration.map(|length| length.0),
                num_continuous_inactive_periods: activity.inactivity_alert_count,
                ..ActiveDurationsData::default()
            })
        }),
        calories_data: activity.and_then(|activity| {
            filled(CaloriesData {
                total_burned_calories: activity.calories,
                net_activity_calories: activity.active_calories,
                ..CaloriesData::default()
            })
        }),
        distance_data: activity.and_then(|activity| {
            filled(DailyDistanceData {
                steps: activity.steps,
                distance_meters: activity.distance_from_steps,
                detailed: filled(DistanceDataDetailed {
                    step_samples: some(steps),
                    ..DistanceDataDetailed::default()
                }),
                ..DailyDistanceData::default()
            })
        }),
        heart_rate_data: filled(HeartRateData {
            detailed: filled(HeartRateDataDetailed {
                hr_samples: some(heart_rate),
                ..HeartRateDataDetailed::default()
            }),
            ..HeartRateData::default()
        }),
        scores: filled(ScoresData {
            // A goal that was passed by far has no higher score than one that was reached.
            activity: activity.and_then(|activity| activity.daily_activity).map(|percent| percent.min(100.0)),
            ..ScoresData::default()
        }),
        strain_data: filled(StrainData { strain_level: strain }),
        ..model::Daily::default()
    }))
}

fn strain(load: &wire::CardioLoad) -> Option<f64> {
    let is_known = load.cardio_load_status.as_deref() != Some("LOAD_STATUS_NOT_AVAILABLE");
    load.strain.filter(|strain| is_known && *strain >= 0.0)
}

fn heart_rate(day: Day, rates: &[wire::HeartRate]) -> Result<Vec<HeartRateDataSample>, FetchError> {
    let mut samples = Vec::with_capacity(rates.len());
    for rate in rates {
        let time = time_of_day(&rate.sample_time, "continuous-heart-rate")?;
        // Nothing was measured, or the sensor was not on the skin.
        let Some(bpm) = rate.heart_rate.filter(|bpm| *bpm > 0.0) else { continue };
        samples.push(HeartRateDataSample {
            timestamp: Some(Timestamp::from_local(day.0.and_time(time))),
            bpm: Some(bpm),
            ..HeartRateDataSample::default()
        });
    }
    Ok(samples)
}

fn levels(samples: &wire::ActivitySamples) -> Option<Vec<ActivityLevelSample>> {
    let sample = |sample: &wire::ZoneSample| {
        let level = Some(level(sample.zone.as_deref()));
        ActivityLevelSample {
            timestamp: Some(sample.timestamp),
            activity_level: level,
            level,
            ..ActivityLevelSample::default()
        }
    };
    some(samples.activity_zones.as_ref()?.samples.as_ref()?.iter().map(sample).collect())
}

fn level(zone: Option<&str>) -> ActivityLevel {
    match zone {
        Some("SLEEP") => ActivityLevel::Rest,
        Some("SEDENTARY") => ActivityLevel::Inactive,
        Some("LIGHT") => ActivityLevel::LowIntensity,
        Some("MODERATE") => ActivityLevel::MediumIntensity,
        Some("VIGOROUS") => ActivityLevel::HighIntensity,
        _ => ActivityLevel::Unknown,
    }
}

/// Steps so far, at the end of each stretch with steps. A stretch holds until the next one that Polar lists; how
/// long the last one holds, the day's total tells.
fn steps(samples: &wire::ActivitySamples) -> Result<Vec<StepSample>, FetchError> {
    const WHAT: &str = "activities.samples.steps";
    let Some(steps) = &samples.steps else { return Ok(Vec::new()) };
    let Some(interval) = steps.interval_ms.map(milliseconds_to_seconds).filter(|length| *length >= 1.0)
    else {
        return Ok(Vec::new());
    };
    let listed = steps.samples.as_deref().unwrap_or_default();
    let (mut series, mut so_far) = (Vec::new(), 0.0);
    let mut next = listed.iter().skip(1);
    for sample in listed {
        let following = next.next();
        let Some(count) = sample.steps.filter(|count| *count > 0.0) else { continue };
        let stretches = match (following, steps.total_steps) {
            (Some(following), _) => following.timestamp.seconds_since(&sample.timestamp) / interval,
            (None, Some(total)) => (total - so_far) / count,
            (None, None) => 1.0,
        };
        let stretches = whole(stretches);
        for stretch in 1..=stretches {
            so_far += count;
            series.push(StepSample {
                timestamp: Some(later(sample.timestamp, interval * f64::from(stretch), WHAT)?),
                steps: Some(so_far),
                ..StepSample::default()
            });
        }
    }
    Ok(series)
}

/// How many stretches that is: at least the one that is listed, at most a day of them.
fn whole(stretches: f64) -> u32 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "lies between 1 and a day")]
    let whole = stretches.round().clamp(1.0, f64::from(MOST_STRETCHES)) as u32;
    whole
}
