//! Strava's shapes to the standard model: pure, no clock, no network.
//!
//! Units are the model's already (m, m/s, W, kJ, kcal, beats and turns a minute), so values go over unchanged. Times
//! carry the offset that the activity had at its start, also where the clocks change on the way; instants and lengths
//! stay right. It never derives a value that Strava did not send, other than an end from a start and a length.

use tributary_contract::FetchError;
use tributary_contract::model::{
    self, ActiveDurationsData, ActivityMetadata, ActivityType, CadenceSample, CaloriesData, Day, DeviceData,
    DistanceData, DistanceDataDetailed, DistanceDataSummary, DistanceSample, ElevationData, ElevationSample,
    HeartRateData, HeartRateDataDetailed, HeartRateDataSample, HeartRateDataSummary, LapData, LapSample,
    LatLng, MovementData, Offset, PolylineMapData, PositionData, PositionSample, PowerData, PowerSample,
    SpeedSample, StrainData, Timestamp, UploadType, WorkData,
};

use super::wire;

/// An activity with its samples, if there are any.
pub(super) fn activity(
    activity: wire::Activity,
    streams: Option<&wire::Streams>,
) -> Result<model::Activity, FetchError> {
    let offset = offset(&activity)?;
    let start = Timestamp::from_utc_with_offset(activity.start_date, offset);
    let length = activity.elapsed_time.or(activity.moving_time).unwrap_or_default();
    let laps = activity.laps.iter().flatten().map(|wire| lap(wire, offset)).collect::<Result<Vec<_>, _>>()?;
    let samples = match streams {
        Some(streams) => Samples::new(streams, start)?,
        None => Samples::default(),
    };
    let kind = sport(activity.sport_type.as_deref().or(activity.kind.as_deref()));

    Ok(model::Activity {
        metadata: ActivityMetadata {
            summary_id: activity.id.to_string(),
            start_time: start,
            end_time: later(start, length, "elapsed_time")?,
            timestamp_localization: Some(start.localization()),
            name: activity.name.or(activity.sport_type).or(activity.kind),
            kind,
            upload_type: match activity.manual {
                Some(true) => UploadType::Manual,
                Some(false) => UploadType::Automatic,
                None => UploadType::Unknown,
            },
            ..ActivityMetadata::default()
        },
        active_durations_data: filled(ActiveDurationsData {
            activity_seconds: activity.moving_time,
            ..ActiveDurationsData::default()
        }),
        calories_data: filled(CaloriesData {
            total_burned_calories: activity.calories,
            ..CaloriesData::default()
        }),
        device_data: filled(DeviceData { name: activity.device_name, ..DeviceData::default() }),
        distance_data: filled(DistanceData {
            summary: filled(DistanceDataSummary {
                distance_meters: activity.distance,
                elevation: filled(ElevationData {
                    gain_actual_meters: activity.total_elevation_gain,
                    max_meters: activity.elev_high,
                    min_meters: activity.elev_low,
                    ..ElevationData::default()
                }),
                ..DistanceDataSummary::default()
            }),
            detailed: filled(DistanceDataDetailed {
                distance_samples: samples.distance,
                elevation_samples: samples.elevation,
                ..DistanceDataDetailed::default()
            }),
        }),
        heart_rate_data: filled(HeartRateData {
            summary: filled(HeartRateDataSummary {
                avg_hr_bpm: activity.average_heartrate,
                max_hr_bpm: activity.max_heartrate,
                ..HeartRateDataSummary::default()
            }),
            detailed: filled(HeartRateDataDetailed {
                hr_samples: samples.heart_rate,
                ..HeartRateDataDetailed::default()
            }),
        }),
        lap_data: filled(LapData { laps: (!laps.is_empty()).then_some(laps) }),
        movement_data: filled(MovementData {
            avg_speed_meters_per_second: activity.average_speed,
            max_speed_meters_per_second: activity.max_speed,
            avg_cadence_rpm: activity.average_cadence,
            cadence_samples: samples.cadence,
            speed_samples: samples.speed,
            ..MovementData::default()
        }),
        polyline_map_data: filled(PolylineMapData { summary_polyline: activity.map.and_then(polyline) }),
        position_data: filled(PositionData {
            start_pos_lat_lng_deg: activity.start_latlng.as_deref().and_then(position),
            end_pos_lat_lng_deg: activity.end_latlng.as_deref().and_then(position),
            position_samples: samples.position,
            ..PositionData::default()
        }),
        power_data: filled(PowerData {
            avg_watts: activity.average_watts,
            max_watts: activity.max_watts,
            power_samples: samples.power,
        }),
        strain_data: filled(StrainData { strain_level: activity.suffer_score }),
        work_data: filled(WorkData { work_kilojoules: activity.kilojoules }),
        ..model::Activity::default()
    })
}

/// The athlete's profile.
pub(super) fn athlete(athlete: wire::Athlete) -> model::Athlete {
    let joined = athlete.created_at.map(|created| Day(created.date_naive()));
    model::Athlete {
        provider_user_id: Some(athlete.id.to_string()),
        first_name: athlete.firstname,
        last_name: athlete.lastname,
        sex: athlete.sex.map(|sex| match sex.as_str() {
            "M" => "male".to_owned(),
            "F" => "female".to_owned(),
            _ => sex,
        }),
        city: athlete.city,
        state: athlete.state,
        country: athlete.country,
        account_creation_date: joined,
        joined_provider: joined,
        ..model::Athlete::default()
    }
}

/// Where the wall clock stood at the start. Without any word on it, UTC.
fn offset(activity: &wire::Activity) -> Result<Offset, FetchError> {
    let malformed =
        |_| FetchError::malformed(super::GET_ACTIVITY, "utc_offset or start_date_local (out of range)");
    match (activity.utc_offset, activity.start_date_local) {
        (Some(seconds), _) if seconds.abs() < f64::from(i32::MAX) => {
            #[expect(clippy::cast_possible_truncation, reason = "checked: within the range of i32")]
            let seconds = seconds.round() as i32;
            Offset::from_seconds(seconds).map_err(malformed)
        }
        (Some(_), _) => Err(FetchError::malformed(super::GET_ACTIVITY, "utc_offset (out of range)")),
        (None, Some(local)) => {
            Offset::from_seconds((local - activity.start_date).num_seconds()).map_err(malformed)
        }
        (None, None) => Ok(Offset::UTC),
    }
}

fn lap(lap: &wire::Lap, offset: Offset) -> Result<LapSample, FetchError> {
    let start = lap.start_date.map(|start| Timestamp::from_utc_with_offset(start, offset));
    let end = match (start, lap.elapsed_time) {
        (Some(start), Some(length)) => Some(later(start, length, "laps.elapsed_time")?),
        _ => None,
    };
    Ok(LapSample {
        start_time: start,
        end_time: end,
        active_duration_seconds: lap.moving_time,
        distance_meters: lap.distance,
        avg_speed_meters_per_second: lap.average_speed,
        avg_hr_bpm: lap.average_heartrate,
        avg_watts: lap.average_watts,
        ..LapSample::default()
    })
}

/// The series of an activity; none where a stream is missing or empty.
#[derive(Default)]
struct Samples {
    distance: Option<Vec<DistanceSample>>,
    elevation: Option<Vec<ElevationSample>>,
    heart_rate: Option<Vec<HeartRateDataSample>>,
    cadence: Option<Vec<CadenceSample>>,
    speed: Option<Vec<SpeedSample>>,
    power: Option<Vec<PowerSample>>,
    position: Option<Vec<PositionSample>>,
}

impl Samples {
    fn new(streams: &wire::Streams, start: Timestamp) -> Result<Self, FetchError> {
        let times = times(streams, start)?;
        Ok(Self {
            distance: series(&times, streams.distance.as_ref(), "distance", |timestamp, metres| {
                DistanceSample { timestamp, distance_meters: Some(metres), ..DistanceSample::default() }
            })?,
            elevation: series(&times, streams.altitude.as_ref(), "altitude", |timestamp, metres| {
                ElevationSample { timestamp, elev_meters: Some(metres), ..ElevationSample::default() }
            })?,
            heart_rate: series(&times, streams.heartrate.as_ref(), "heartrate", |timestamp, bpm| {
                HeartRateDataSample { timestamp, bpm: Some(bpm), ..HeartRateDataSample::default() }
            })?,
            cadence: series(&times, streams.cadence.as_ref(), "cadence", |timestamp, rpm| CadenceSample {
                timestamp,
                cadence_rpm: Some(rpm),
                ..CadenceSample::default()
            })?,
            speed: series(
                &times,
                streams.velocity_smooth.as_ref(),
                "velocity_smooth",
                |timestamp, speed| SpeedSample {
                    timestamp,
                    speed_meters_per_second: Some(speed),
                    ..SpeedSample::default()
                },
            )?,
            power: series(&times, streams.watts.as_ref(), "watts", |timestamp, watts| PowerSample {
                timestamp,
                watts: Some(watts),
                ..PowerSample::default()
            })?,
            position: series(
                &times,
                streams.latlng.as_ref(),
                "latlng",
                |timestamp, [latitude, longitude]| PositionSample {
                    timestamp,
                    coords_lat_lng_deg: Some(LatLng::new(latitude, longitude)),
                    ..PositionSample::default()
                },
            )?,
        })
    }
}

/// The time of each point; none of it without the stream `time`.
fn times(streams: &wire::Streams, start: Timestamp) -> Result<Vec<Option<Timestamp>>, FetchError> {
    let Some(time) = &streams.time else { return Ok(Vec::new()) };
    let mut times = Vec::with_capacity(time.data.len());
    for seconds in &time.data {
        times.push(seconds.map(|seconds| later(start, seconds, "time")).transpose()?);
    }
    Ok(times)
}

/// One sample for each point that has both a time and a value.
fn series<T: Copy, S>(
    times: &[Option<Timestamp>],
    stream: Option<&wire::Stream<T>>,
    name: &str,
    sample: impl Fn(Option<Timestamp>, T) -> S,
) -> Result<Option<Vec<S>>, FetchError> {
    let Some(stream) = stream.filter(|stream| !stream.data.is_empty() && !times.is_empty()) else {
        return Ok(None);
    };
    if stream.data.len() != times.len() {
        return Err(FetchError::malformed(super::GET_STREAMS, format!("{name} (not as long as time)")));
    }
    // Nearly every point has both, so room for all is made at once.
    let mut samples = Vec::with_capacity(times.len());
    let points = times.iter().zip(&stream.data).filter_map(|(time, value)| time.zip(*value));
    samples.extend(points.map(|(time, value)| sample(Some(time), value)));
    Ok((!samples.is_empty()).then_some(samples))
}

fn later(start: Timestamp, seconds: f64, field: &str) -> Result<Timestamp, FetchError> {
    start
        .plus_seconds(seconds)
        .ok_or_else(|| FetchError::malformed(super::GET_ACTIVITY, format!("{field} (out of range)")))
}

/// The line for overviews; the full one where there is no other.
fn polyline(map: wire::Map) -> Option<String> {
    let filled = |line: &String| !line.is_empty();
    map.summary_polyline.filter(filled).or_else(|| map.polyline.filter(filled))
}

/// Strava sends an empty list where there is no position.
fn position(degrees: &[f64]) -> Option<LatLng> {
    match degrees {
        [latitude, longitude] => Some(LatLng::new(*latitude, *longitude)),
        _ => None,
    }
}

/// Nothing instead of a block without any value.
fn filled<T: Default + PartialEq>(block: T) -> Option<T> {
    (block != T::default()).then_some(block)
}

/// The model's sport for Strava's. Sports without match are `Other`, also those that Strava will add.
fn sport(name: Option<&str>) -> ActivityType {
    let Some(name) = name else { return ActivityType::Unknown };
    match name {
        "AlpineSki" => ActivityType::DownhillSkiing,
        "BackcountrySki" => ActivityType::BackCountrySkiing,
        "Badminton" => ActivityType::Badminton,
        "Basketball" => ActivityType::Basketball,
        "Canoeing" => ActivityType::Canoeing,
        "Cricket" => ActivityType::Cricket,
        "Crossfit" => ActivityType::CrossFit,
        "Dance" => ActivityType::Dancing,
        "EBikeRide" => ActivityType::EBiking,
        "Elliptical" => ActivityType::Elliptical,
        "EMountainBikeRide" => ActivityType::EMountainBiking,
        "Golf" => ActivityType::Golf,
        "GravelRide" => ActivityType::GravelCycling,
        "Handcycle" => ActivityType::HandBiking,
        "HighIntensityIntervalTraining" => ActivityType::Hiit,
        "Hike" => ActivityType::Hiking,
        "IceSkate" => ActivityType::IceSkating,
        "InlineSkate" => ActivityType::InlineSkating,
        "Kayaking" => ActivityType::Kayaking,
        "Kitesurf" => ActivityType::Kitesurfing,
        "MountainBikeRide" => ActivityType::MountainBiking,
        "NordicSki" => ActivityType::CrossCountrySkiing,
        "Padel" => ActivityType::PadelTennis,
        "PhysicalTherapy" => ActivityType::PhysicalTherapy,
        "Pilates" => ActivityType::Pilates,
        "Racquetball" => ActivityType::Racquetball,
        "Ride" | "Velomobile" => ActivityType::Biking,
        "RockClimbing" => ActivityType::RockClimbing,
        "RollerSki" => ActivityType::RollerSkiing,
        "Rowing" => ActivityType::Rowing,
        "Run" => ActivityType::Running,
        "Sail" => ActivityType::Sailing,
        "Skateboard" => ActivityType::Skateboarding,
        "Snowboard" => ActivityType::Snowboarding,
        "Snowshoe" => ActivityType::Snowshoeing,
        "Soccer" => ActivityType::EnglishFootball,
        "Squash" => ActivityType::Squash,
        "StairStepper" => ActivityType::StairClimbingMachine,
        "StandUpPaddling" => ActivityType::StandUpPaddleboarding,
        "Surfing" => ActivityType::Surfing,
        "Swim" => ActivityType::Swimming,
        "TableTennis" => ActivityType::TableTennis,
        "Tennis" => ActivityType::Tennis,
        "TrailRun" => ActivityType::TrailRunning,
        "VirtualRide" => ActivityType::StationaryBiking,
        "VirtualRow" => ActivityType::RowingMachine,
        "VirtualRun" => ActivityType::TreadmillRunning,
        "Volleyball" => ActivityType::Volleyball,
        "Walk" => ActivityType::Walking,
        "WeightTraining" => ActivityType::StrengthTraining,
        "Wheelchair" => ActivityType::Wheelchair,
        "Windsurf" => ActivityType::Windsurfing,
        "Yoga" => ActivityType::Yoga,
        // Pickleball and Workout among them.
        _ => ActivityType::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Strava's list of sports with the published numbers of the model.
    const SPORTS: &str = "AlpineSki 68, BackcountrySki 66, Badminton 10, Basketball 12, Canoeing 140, Cricket 23, \
        Crossfit 113, Dance 24, EBikeRide 152, Elliptical 25, EMountainBikeRide 153, Golf 32, GravelRide 150, \
        Handcycle 14, HighIntensityIntervalTraining 114, Hike 35, IceSkate 104, InlineSkate 127, Kayaking 40, \
        Kitesurf 43, MountainBikeRide 15, NordicSki 67, Padel 134, PhysicalTherapy 154, Pickleball 108, Pilates 49, \
        Racquetball 51, Ride 1, RockClimbing 52, RollerSki 70, Rowing 53, Run 8, Sail 59, Skateboard 61, \
        Snowboard 73, Snowshoe 75, Soccer 29, Squash 76, StairStepper 78, StandUpPaddling 79, Surfing 81, Swim 82, \
        TableTennis 85, Tennis 87, TrailRun 149, Velomobile 1, VirtualRide 18, VirtualRow 54, VirtualRun 58, \
        Volleyball 89, Walk 7, WeightTraining 80, Wheelchair 98, Windsurf 99, Workout 108, Yoga 100";

    #[test]
    fn every_listed_sport_has_its_number() {
        for pair in SPORTS.split(", ") {
            let (name, code) = pair.trim().split_once(' ').unwrap();
            assert_eq!(sport(Some(name)).code().to_string(), code, "{name}");
        }
        assert_eq!((sport(Some("run")), sport(None)), (ActivityType::Other, ActivityType::Unknown));
    }

    fn with_offset(json: &str) -> Result<String, FetchError> {
        let text = format!(r#"{{"id": 1, "start_date": "2026-05-02T06:00:00Z", {json}}}"#);
        let wire = serde_json::from_str(&text).unwrap();
        activity(wire, None).map(|activity| activity.metadata.start_time.to_string())
    }

    #[test]
    fn every_quarter_of_an_hour_is_a_possible_offset() {
        for minutes in (-12 * 60..=14 * 60_i64).step_by(15) {
            let start = with_offset(&format!(r#""utc_offset": {}.0"#, minutes * 60)).unwrap();
            let start = Timestamp::parse(&start).unwrap();
            assert_eq!(i64::from(start.offset().unwrap().minutes()), minutes);
            assert_eq!(start.instant().unwrap().to_rfc3339(), "2026-05-02T06:00:00+00:00");
        }
    }

    #[test]
    fn an_impossible_offset_is_malformed() {
        for json in [
            r#""utc_offset": 90000"#,
            r#""utc_offset": 1e300"#,
            r#""start_date_local": "2036-05-02T06:00:00Z""#,
            r#""elapsed_time": 1e300"#,
        ] {
            assert!(matches!(with_offset(json), Err(FetchError::Malformed { .. })), "{json}");
        }
    }
}
