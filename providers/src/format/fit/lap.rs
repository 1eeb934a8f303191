//! One lap of a workout (message `lap`).
//!
//! Read by `contents`, placed in its workout by `activity`. Its totals are the device's own.

use chrono::{DateTime, Utc};
use rustyfit::profile::mesgdef::Lap as L;
use rustyfit::profile::typedef::SwimStroke;
use tributary_contract::model::{LapSample, StrokeType};

use super::contents::Contents;
use super::fields::Fields;
use super::session::{moved, whole};
use super::sport;

/// One lap.
pub(super) struct Lap {
    pub(super) start: DateTime<Utc>,
    /// Start to end, pauses included (s).
    elapsed: Option<f64>,
    /// Everything but its times.
    totals: LapSample,
}

impl Lap {
    /// None without a date.
    pub(super) fn read(fields: &Fields<'_>) -> Option<Self> {
        let swum = sport::is_swimming(fields.integer(L::SPORT));
        Some(Self {
            start: fields.date(L::START_TIME)?,
            elapsed: fields.number(L::TOTAL_ELAPSED_TIME).or_else(|| fields.number(L::TOTAL_TIMER_TIME)),
            totals: LapSample {
                calories: fields.number(L::TOTAL_CALORIES),
                avg_hr_bpm: fields.number(L::AVG_HEART_RATE),
                avg_speed_meters_per_second: fields.finer(L::ENHANCED_AVG_SPEED, L::AVG_SPEED),
                distance_meters: fields.number(L::TOTAL_DISTANCE),
                total_strokes: fields.integer(L::TOTAL_CYCLES).filter(|_| swum),
                stroke_type: fields.integer(L::SWIM_STROKE).filter(|_| swum).map(stroke),
                avg_watts: fields.number(L::AVG_POWER),
                active_duration_seconds: fields.number(L::TOTAL_TIMER_TIME).and_then(whole),
                trigger_method: fields.integer(L::LAP_TRIGGER).and_then(trigger).map(str::to_owned),
                ..LapSample::default()
            },
        })
    }

    /// The lap with its times as the device's clock showed them.
    pub(super) fn sample(&self, contents: &Contents) -> LapSample {
        let end = self.elapsed.and_then(|seconds| moved(self.start, seconds));
        LapSample {
            start_time: Some(contents.timestamp(self.start)),
            end_time: end.map(|end| contents.timestamp(end)),
            ..self.totals.clone()
        }
    }
}

fn stroke(number: i64) -> String {
    let stroke = match u8::try_from(number).map(SwimStroke) {
        Ok(SwimStroke::FREESTYLE) => StrokeType::Freestyle,
        Ok(SwimStroke::BACKSTROKE) => StrokeType::Backstroke,
        Ok(SwimStroke::BREASTSTROKE) => StrokeType::Breaststroke,
        Ok(SwimStroke::BUTTERFLY) => StrokeType::Butterfly,
        Ok(_) | Err(_) => StrokeType::Other,
    };
    stroke.as_str().to_owned()
}

fn trigger(number: i64) -> Option<&'static str> {
    Some(match number {
        0 => "MANUAL",
        1 => "TIME",
        2 => "DISTANCE",
        3 => "POSITION_START",
        4 => "POSITION_LAP",
        5 => "POSITION_WAYPOINT",
        6 => "POSITION_MARKED",
        7 => "SESSION_END",
        8 => "FITNESS_EQUIPMENT",
        _ => return None,
    })
}
