//! A day: its totals, and its course.

use std::collections::BTreeMap;

use tributary_contract::FetchError;
use tributary_contract::model::{
    self, ActiveDurationsData, CalorieSample, CaloriesData, DailyDistanceData, DailyMetadata,
    DistanceDataDetailed, DistanceSample, FloorsClimbedSample, HeartRateData, HeartRateDataDetailed,
    HeartRateDataSample, HeartRateVariabilityDataSampleRMSSD, HeartRateVariabilityDataSampleSDNN, OxygenData,
    OxygenSaturationSample, OxygenSaturationType, StepSample, Timestamp, UploadType,
};

use super::super::zone::Zone;
use super::{count, filled, heart_rate, of_withings, some, wire};

/// Handed on by another app.
const OTHER_APP: i64 = 18;

/// A day with its course, which may be empty.
pub(in crate::withings) fn daily(
    day: wire::Day,
    course: &BTreeMap<i64, wire::Point>,
) -> Result<model::Daily, FetchError> {
    let zone = Zone::named(day.timezone.as_deref());
    let (start_time, end_time) = zone.bounds(day.date.0);
    let mut series = Series::default();
    for (second, point) in course {
        series.take(zone.at(*second, "series")?, point);
    }
    let of_other_app = day.brand == Some(OTHER_APP);
    let device_data = if of_other_app { None } else { of_withings(day.model) };
    Ok(model::Daily {
        metadata: DailyMetadata {
            start_time,
            end_time,
            timestamp_localization: Some(start_time.localization()),
            upload_type: if of_other_app { UploadType::ThirdPartyUpload } else { UploadType::Automatic },
        },
        device_data,
        active_durations_data: filled(ActiveDurationsData {
            activity_seconds: day.active,
            low_intensity_seconds: day.soft,
            moderate_intensity_seconds: day.moderate,
            vigorous_intensity_seconds: day.intense,
            ..ActiveDurationsData::default()
        }),
        calories_data: filled(CaloriesData {
            net_activity_calories: day.calories,
            total_burned_calories: day.totalcalories,
            calorie_samples: some(series.calories),
            ..CaloriesData::default()
        }),
        distance_data: filled(DailyDistanceData {
            distance_meters: day.distance,
            steps: count(day.steps),
            floors_climbed: count(day.elevation),
            detailed: filled(DistanceDataDetailed {
                distance_samples: some(series.distances),
                step_samples: some(series.steps),
                floors_climbed_samples: some(series.floors),
                ..DistanceDataDetailed::default()
            }),
            ..DailyDistanceData::default()
        }),
        heart_rate_data: filled(HeartRateData {
            summary: filled(heart_rate([day.hr_average, day.hr_min, day.hr_max], &day.zones)),
            detailed: filled(HeartRateDataDetailed {
                hr_samples: some(series.rates),
                hrv_samples_rmssd: some(series.rmssd),
                hrv_samples_sdnn: some(series.sdnn),
            }),
        }),
        oxygen_data: filled(OxygenData {
            saturation_samples: some(series.saturations),
            ..OxygenData::default()
        }),
        ..model::Daily::default()
    })
}

/// The course, by what it is of.
#[derive(Default)]
struct Series {
    rates: Vec<HeartRateDataSample>,
    rmssd: Vec<HeartRateVariabilityDataSampleRMSSD>,
    sdnn: Vec<HeartRateVariabilityDataSampleSDNN>,
    saturations: Vec<OxygenSaturationSample>,
    calories: Vec<CalorieSample>,
    steps: Vec<StepSample>,
    distances: Vec<DistanceSample>,
    floors: Vec<FloorsClimbedSample>,
    stepped: f64,
    moved: f64,
    climbed: f64,
}

impl Series {
    fn take(&mut self, at: Timestamp, point: &wire::Point) {
        let timestamp = Some(at);
        self.rates.extend(point.heart_rate.map(|bpm| HeartRateDataSample {
            timestamp,
            bpm: Some(bpm),
            ..HeartRateDataSample::default()
        }));
        self.rmssd.extend(
            point.rmssd.map(|hrv| HeartRateVariabilityDataSampleRMSSD { timestamp, hrv_rmssd: Some(hrv) }),
        );
        self.sdnn.extend(
            point.sdnn1.map(|hrv| HeartRateVariabilityDataSampleSDNN { timestamp, hrv_sdnn: Some(hrv) }),
        );
        self.saturations.extend(point.spo2_auto.map(|percentage| OxygenSaturationSample {
            timestamp,
            percentage: Some(percentage),
            kind: Some(OxygenSaturationType::Blood),
        }));
        self.calories.extend(point.calories.map(|calories| CalorieSample {
            timestamp,
            calories: Some(calories),
            ..CalorieSample::default()
        }));
        // Counted from the start of the day to the end of the stretch.
        let timestamp = point.duration.and_then(|length| at.plus_seconds(length)).or(timestamp);
        self.steps.extend(point.steps.map(|more| StepSample {
            timestamp,
            steps: Some(added(&mut self.stepped, more)),
            ..StepSample::default()
        }));
        self.distances.extend(point.distance.map(|more| DistanceSample {
            timestamp,
            distance_meters: Some(added(&mut self.moved, more)),
            ..DistanceSample::default()
        }));
        self.floors.extend(point.elevation.map(|more| FloorsClimbedSample {
            timestamp,
            floors_climbed: Some(added(&mut self.climbed, more)),
            ..FloorsClimbedSample::default()
        }));
    }
}

/// Adds to a sum and gives it, to a thousandth, which is finer than what Withings sends.
fn added(sum: &mut f64, more: f64) -> f64 {
    *sum = ((*sum + more) * 1000.0).round() / 1000.0;
    *sum
}
