//! The points of a workout to the series of the model.
//!
//! A point has a sample in each series of which it holds a value; a value that is missing has none.

use chrono::{DateTime, Utc};
use tributary_contract::model::{
    CadenceSample, DistanceSample, ElevationSample, HeartRateDataSample, LatLng, PositionSample, PowerSample,
    SpeedSample, Timestamp,
};

use super::contents::Contents;
use super::point::Point;
use super::timer::Timer;

/// All series of a workout; none where no point has a value.
pub(super) struct Series {
    pub(super) distance: Option<Vec<DistanceSample>>,
    pub(super) elevation: Option<Vec<ElevationSample>>,
    pub(super) heart_rate: Option<Vec<HeartRateDataSample>>,
    pub(super) cadence: Option<Vec<CadenceSample>>,
    pub(super) speed: Option<Vec<SpeedSample>>,
    pub(super) power: Option<Vec<PowerSample>>,
    pub(super) position: Option<Vec<PositionSample>>,
}

impl Series {
    /// `before` is the distance that an earlier workout of the same file covered (m).
    pub(super) fn new(points: &[Point], timer: &Timer, before: f64, contents: &Contents) -> Self {
        let at = |time: DateTime<Utc>| (Some(contents.timestamp(time)), timer.at(time));
        let distance = |point: &Point| point.distance.map(|metres| metres - before);
        Self {
            distance: series(points, at, distance, |(timestamp, timer_duration_seconds), metres| {
                DistanceSample { timestamp, timer_duration_seconds, distance_meters: Some(metres) }
            }),
            elevation: series(
                points,
                at,
                |point| point.altitude,
                |(timestamp, timer_duration_seconds), metres| ElevationSample {
                    timestamp,
                    timer_duration_seconds,
                    elev_meters: Some(metres),
                },
            ),
            heart_rate: series(
                points,
                at,
                |point| point.heart_rate,
                |(timestamp, timer_duration_seconds), bpm| HeartRateDataSample {
                    timestamp,
                    timer_duration_seconds,
                    bpm: Some(bpm),
                    ..HeartRateDataSample::default()
                },
            ),
            cadence: series(
                points,
                at,
                |point| point.cadence,
                |(timestamp, timer_duration_seconds), rpm| CadenceSample {
                    timestamp,
                    timer_duration_seconds,
                    cadence_rpm: Some(rpm),
                },
            ),
            speed: series(
                points,
                at,
                |point| point.speed,
                |(timestamp, timer_duration_seconds), speed| SpeedSample {
                    timestamp,
                    timer_duration_seconds,
                    speed_meters_per_second: Some(speed),
                },
            ),
            power: series(
                points,
                at,
                |point| point.power,
                |(timestamp, timer_duration_seconds), watts| PowerSample {
                    timestamp,
                    timer_duration_seconds,
                    watts: Some(watts),
                },
            ),
            position: series(
                points,
                at,
                |point| point.position,
                |(timestamp, timer_duration_seconds), position: LatLng| PositionSample {
                    timestamp,
                    timer_duration_seconds,
                    coords_lat_lng_deg: Some(position),
                },
            ),
        }
    }
}

fn series<T, S>(
    points: &[Point],
    at: impl Fn(DateTime<Utc>) -> (Option<Timestamp>, Option<f64>),
    value: impl Fn(&Point) -> Option<T>,
    sample: impl Fn((Option<Timestamp>, Option<f64>), T) -> S,
) -> Option<Vec<S>> {
    let samples: Vec<S> =
        points.iter().filter_map(|point| value(point).map(|value| sample(at(point.time), value))).collect();
    (!samples.is_empty()).then_some(samples)
}
