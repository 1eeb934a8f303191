//! The workouts of a file: totals of a session, joined with the points, laps and pauses that fall into it.
//!
//! A file with several sessions (a triathlon) gives one workout each, from its start to the start of the next. A file
//! without any, as left by a recorder that stopped early, gives one that is made of its points. Beyond that nothing is
//! computed, except for the heart rate where the device left it out of its totals.

use tributary_contract::model::{
    ActiveDurationsData, Activity, ActivityMetadata, DistanceData, DistanceDataDetailed, DistanceDataSummary,
    HeartRateData, HeartRateDataDetailed, HeartRateDataSummary, LapData, MovementData, OxygenData,
    PositionData, PowerData, UploadType,
};

use super::contents::Contents;
use super::lap::Lap;
use super::point::Point;
use super::series::Series;
use super::session::{Session, moved};
use super::timer::{Change, Timer};
use super::{filled, sport};

/// Every workout, by its start.
pub(super) fn activities(contents: &mut Contents) -> Vec<Activity> {
    contents.points.sort_by_key(|point| point.time);
    contents.laps.sort_by_key(|lap| lap.start);
    contents.timer.sort_by_key(Change::time);
    let mut sessions = std::mem::take(&mut contents.sessions);
    if sessions.is_empty() {
        sessions.extend(from_points(contents));
    }
    sessions.sort_by_key(|session| session.start);

    let starts: Vec<_> = sessions.iter().map(|session| session.start).collect();
    let single = sessions.len() == 1;
    let (mut points, mut laps, mut changes) = (&contents.points[..], &contents.laps[..], &contents.timer[..]);
    let mut before = 0.0;
    let mut activities = Vec::with_capacity(sessions.len());
    for (number, session) in sessions.into_iter().enumerate() {
        let next = starts.get(number + 1).copied();
        let mut part = Part {
            points: split(&mut points, |point| next.is_some_and(|next| point.time >= next)),
            laps: split(&mut laps, |lap| next.is_some_and(|next| lap.start >= next)),
            changes: split(&mut changes, |change| next.is_some_and(|next| change.time() >= next)),
            before,
        };
        // Some devices count on, some begin anew with each sport.
        if part.points.iter().find_map(|point| point.distance).is_some_and(|first| first < before) {
            part.before = 0.0;
        }
        before = part.points.iter().rev().find_map(|point| point.distance).unwrap_or(before);
        let id = contents.id();
        let id = if single { id } else { format!("{id}-{}", number + 1) };
        activities.push(activity(session, id, &part, contents));
    }
    activities
}

/// What of a file belongs to one workout.
struct Part<'a> {
    points: &'a [Point],
    laps: &'a [Lap],
    changes: &'a [Change],
    /// Distance at its start (m), as points count from the start of the file.
    before: f64,
}

/// Takes from the front what comes before the first item that is already later.
fn split<'a, T>(items: &mut &'a [T], later: impl Fn(&T) -> bool) -> &'a [T] {
    let (part, rest) = items.split_at(items.partition_point(|item| !later(item)));
    *items = rest;
    part
}

fn activity(session: Session, id: String, part: &Part<'_>, contents: &Contents) -> Activity {
    let timer = Timer::new(session.start, part.changes);
    let series = Series::new(part.points, &timer, part.before, contents);
    let totals = session.totals;
    let start = contents.timestamp(session.start);
    let laps: Vec<_> = part.laps.iter().map(|lap| lap.sample(contents)).collect();
    Activity {
        metadata: ActivityMetadata {
            summary_id: id,
            start_time: start,
            end_time: start.plus_seconds(session.elapsed).unwrap_or(start),
            timestamp_localization: Some(start.localization()),
            upload_type: UploadType::Automatic,
            ..totals.metadata
        },
        device_data: contents.devices.data(),
        distance_data: filled(DistanceData {
            detailed: filled(DistanceDataDetailed {
                distance_samples: series.distance,
                elevation_samples: series.elevation,
                ..DistanceDataDetailed::default()
            }),
            ..totals.distance_data.unwrap_or_default()
        }),
        heart_rate_data: filled(HeartRateData {
            summary: filled(heart_rate(
                totals.heart_rate_data.and_then(|data| data.summary).unwrap_or_default(),
                session.index,
                part.points,
                contents,
            )),
            detailed: filled(HeartRateDataDetailed {
                hr_samples: series.heart_rate,
                ..HeartRateDataDetailed::default()
            }),
        }),
        lap_data: filled(LapData { laps: (!laps.is_empty()).then_some(laps) }),
        movement_data: filled(MovementData {
            cadence_samples: series.cadence,
            speed_samples: series.speed,
            ..totals.movement_data.unwrap_or_default()
        }),
        oxygen_data: filled(OxygenData {
            vo2max_ml_per_min_per_kg: contents.vo2_max,
            ..totals.oxygen_data.unwrap_or_default()
        }),
        position_data: filled(PositionData {
            position_samples: series.position,
            ..totals.position_data.unwrap_or_default()
        }),
        power_data: filled(PowerData {
            power_samples: series.power,
            ..totals.power_data.unwrap_or_default()
        }),
        ..totals
    }
}

fn heart_rate(
    mut summary: HeartRateDataSummary,
    session: Option<i64>,
    points: &[Point],
    contents: &Contents,
) -> HeartRateDataSummary {
    let zones = contents.zones.iter().find(|zones| zones.session == session);
    if let Some(zones) = zones {
        summary.hr_zone_data = (!zones.heart_rate.is_empty()).then(|| zones.heart_rate.clone());
        summary.user_max_hr_bpm = zones.highest;
        summary.resting_hr_bpm = zones.resting;
    }
    let (mut count, mut sum, mut highest) = (0.0, 0.0, 0.0_f64);
    for bpm in points.iter().filter_map(|point| point.heart_rate) {
        count += 1.0;
        sum += bpm;
        highest = highest.max(bpm);
    }
    if count > 0.0 {
        summary.avg_hr_bpm = summary.avg_hr_bpm.or(Some(sum / count));
        summary.max_hr_bpm = summary.max_hr_bpm.or(Some(highest));
    }
    summary
}

/// A workout made of points: from the first to the last, without pauses.
fn from_points(contents: &Contents) -> Option<Session> {
    let (first, last) = contents.points.first().zip(contents.points.last())?;
    let elapsed = (last.time - first.time).as_seconds_f64();
    let ends = Timer::new(first.time, &contents.timer).at(last.time);
    let mut distances = contents.points.iter().filter_map(|point| point.distance);
    let distance = distances.next().map(|start| distances.next_back().unwrap_or(start) - start);
    Some(Session {
        start: first.time,
        elapsed,
        index: None,
        totals: Activity {
            metadata: ActivityMetadata {
                kind: sport::activity_type(contents.sport),
                ..ActivityMetadata::default()
            },
            active_durations_data: Some(ActiveDurationsData {
                activity_seconds: ends,
                ..ActiveDurationsData::default()
            }),
            distance_data: distance.map(|metres| DistanceData {
                summary: Some(DistanceDataSummary {
                    distance_meters: Some(metres),
                    ..DistanceDataSummary::default()
                }),
                ..DistanceData::default()
            }),
            ..Activity::default()
        },
    })
    .filter(|session| moved(session.start, session.elapsed).is_some())
}
