//! Exercises: totals, zones, samples, route; and what only the FIT file has.

use tributary_contract::FetchError;
use tributary_contract::model::unit::kilometers_per_hour_to_meters_per_second;
use tributary_contract::model::{
    self, ActivityMetadata, CadenceSample, CaloriesData, DeviceData, DistanceData, DistanceDataDetailed,
    DistanceDataSummary, DistanceSample, ElevationSample, HeartRateData, HeartRateDataDetailed,
    HeartRateDataSample, HeartRateDataSummary, HeartRateZoneData, LatLng, MovementData, Offset, PositionData,
    PositionSample, PowerData, PowerSample, SpeedSample, Timestamp, UploadType,
};

use super::{filled, later, some, sport, wire};

/// When it began, at the offset that Polar stated.
pub(in crate::polar) fn started(exercise: &wire::Exercise) -> Timestamp {
    let start = exercise.start_time;
    let offset = exercise.start_time_utc_offset.and_then(|minutes| Offset::from_minutes(minutes).ok());
    match offset {
        Some(offset) if start.offset().is_none() => Timestamp::from_local_with_offset(start.local(), offset),
        _ => start,
    }
}

/// An exercise. `recorded` is what its FIT file holds, where the JSON has no samples.
pub(in crate::polar) fn exercise(
    exercise: wire::Exercise,
    recorded: Option<model::Activity>,
) -> Result<model::Activity, FetchError> {
    let start = started(&exercise);
    let length = exercise.duration.map_or(0.0, |duration| duration.0);
    let end = later(start, length, "exercises.duration")?;
    let series = Series::of(&exercise, start)?;
    let totals = exercise.heart_rate.as_ref();
    let mut activity = model::Activity {
        metadata: ActivityMetadata {
            start_time: start,
            end_time: end,
            timestamp_localization: Some(start.localization()),
            kind: sport::kind(exercise.detailed_sport_info.as_deref(), exercise.sport.as_deref()),
            name: exercise.detailed_sport_info.or(exercise.sport),
            // What was typed in names no device.
            upload_type: if exercise.device.is_some() { UploadType::Automatic } else { UploadType::Unknown },
            summary_id: exercise.id.0,
            ..ActivityMetadata::default()
        },
        calories_data: filled(CaloriesData {
            total_burned_calories: exercise.calories,
            ..CaloriesData::default()
        }),
        device_data: device(exercise.device, exercise.device_id.map(|id| id.0)),
        distance_data: filled(DistanceData {
            summary: filled(DistanceDataSummary {
                distance_meters: exercise.distance,
                ..DistanceDataSummary::default()
            }),
            detailed: filled(DistanceDataDetailed {
                distance_samples: some(series.distance),
                elevation_samples: some(series.elevation),
                ..DistanceDataDetailed::default()
            }),
        }),
        heart_rate_data: filled(HeartRateData {
            summary: filled(HeartRateDataSummary {
                avg_hr_bpm: totals.and_then(|totals| totals.average),
                max_hr_bpm: totals.and_then(|totals| totals.maximum),
                hr_zone_data: exercise
                    .heart_rate_zones
                    .and_then(|zones| some(zones.iter().map(zone).collect())),
                ..HeartRateDataSummary::default()
            }),
            detailed: filled(HeartRateDataDetailed {
                hr_samples: some(series.heart_rate),
                ..HeartRateDataDetailed::default()
            }),
        }),
        movement_data: filled(MovementData {
            speed_samples: some(series.speed),
            cadence_samples: some(series.cadence),
            ..MovementData::default()
        }),
        position_data: filled(PositionData {
            position_samples: some(series.position),
            ..PositionData::default()
        }),
        power_data: filled(PowerData { power_samples: some(series.power), ..PowerData::default() }),
        ..model::Activity::default()
    };
    if let Some(recorded) = recorded {
        complete(&mut activity, recorded);
    }
    Ok(activity)
}

/// Adds what the FIT file alone has. What the JSON says stands.
fn complete(activity: &mut model::Activity, recorded: model::Activity) {
    match (&mut activity.heart_rate_data, recorded.heart_rate_data) {
        (Some(heart_rate), Some(recorded)) => {
            heart_rate.detailed = heart_rate.detailed.take().or(recorded.detailed);
        }
        (heart_rate, recorded) => *heart_rate = heart_rate.take().or(recorded),
    }
    match (&mut activity.distance_data, recorded.distance_data) {
        (Some(distance), Some(recorded)) => {
            distance.detailed = distance.detailed.take().or(recorded.detailed);
            distance.summary = distance.summary.take().or(recorded.summary);
        }
        (distance, recorded) => *distance = distance.take().or(recorded),
    }
    activity.movement_data = activity.movement_data.take().or(recorded.movement_data);
    activity.position_data = activity.position_data.take().or(recorded.position_data);
    activity.power_data = activity.power_data.take().or(recorded.power_data);
    activity.lap_data = recorded.lap_data;
}

fn device(name: Option<String>, serial_number: Option<String>) -> Option<DeviceData> {
    let manufacturer = name.as_ref().filter(|name| name.starts_with("Polar")).map(|_| "Polar".to_owned());
    filled(DeviceData { manufacturer, name, serial_number, ..DeviceData::default() })
}

fn zone(zone: &wire::HeartRateZone) -> HeartRateZoneData {
    HeartRateZoneData {
        zone: zone.index,
        duration_seconds: zone.in_zone.map(|length| length.0),
        ..HeartRateZoneData::default()
    }
}

/// What was recorded on the way.
#[derive(Default)]
struct Series {
    heart_rate: Vec<HeartRateDataSample>,
    speed: Vec<SpeedSample>,
    cadence: Vec<CadenceSample>,
    elevation: Vec<ElevationSample>,
    power: Vec<PowerSample>,
    distance: Vec<DistanceSample>,
    position: Vec<PositionSample>,
}

impl Series {
    fn of(exercise: &wire::Exercise, start: Timestamp) -> Result<Self, FetchError> {
        let mut series = Self::default();
        for samples in exercise.samples.iter().flatten() {
            series.add(samples, start)?;
        }
        for place in exercise.route.iter().flatten() {
            let (Some(latitude), Some(longitude), Some(time)) = (place.latitude, place.longitude, place.time)
            else {
                continue;
            };
            series.position.push(PositionSample {
                timestamp: Some(later(start, time.0, "exercises.route")?),
                coords_lat_lng_deg: Some(LatLng::new(latitude, longitude)),
                ..PositionSample::default()
            });
        }
        Ok(series)
    }

    /// One list. Pedalling index, balance, air pressure, temperature and RR intervals have no place in an activity.
    fn add(&mut self, samples: &wire::Samples, start: Timestamp) -> Result<(), FetchError> {
        let kind = samples.sample_type.as_ref().map(|kind| kind.0.as_str());
        let Some(kind @ ("0" | "1" | "2" | "3" | "4" | "8" | "10")) = kind else { return Ok(()) };
        // Without a rate nothing says when a value was taken.
        let Some(rate) = samples.recording_rate.filter(|rate| *rate > 0.0) else { return Ok(()) };
        let mut elapsed = 0.0;
        for item in samples.data.as_deref().unwrap_or_default().split(',') {
            if let Some(value) = value(item)? {
                self.push(kind, Some(later(start, elapsed, "exercises.samples")?), value);
            }
            elapsed += rate;
        }
        Ok(())
    }

    fn push(&mut self, kind: &str, timestamp: Option<Timestamp>, value: f64) {
        match kind {
            "0" => self.heart_rate.push(HeartRateDataSample {
                timestamp,
                bpm: Some(value),
                ..HeartRateDataSample::default()
            }),
            "1" => self.speed.push(SpeedSample {
                timestamp,
                speed_meters_per_second: Some(kilometers_per_hour_to_meters_per_second(value)),
                ..SpeedSample::default()
            }),
            "3" => self.elevation.push(ElevationSample {
                timestamp,
                elev_meters: Some(value),
                ..ElevationSample::default()
            }),
            "4" => {
                self.power.push(PowerSample { timestamp, watts: Some(value), ..PowerSample::default() });
            }
            "10" => self.distance.push(DistanceSample {
                timestamp,
                distance_meters: Some(value),
                ..DistanceSample::default()
            }),
            _ => self.cadence.push(CadenceSample {
                timestamp,
                cadence_rpm: Some(value),
                ..CadenceSample::default()
            }),
        }
    }
}

/// A value; nothing where the sensor was off.
fn value(item: &str) -> Result<Option<f64>, FetchError> {
    let item = item.trim();
    if item.is_empty() || item.eq_ignore_ascii_case("null") {
        return Ok(None);
    }
    let number = item.parse::<f64>().ok().filter(|number| number.is_finite());
    number.map(Some).ok_or_else(|| FetchError::malformed("exercises.samples", "data (no number)"))
}
