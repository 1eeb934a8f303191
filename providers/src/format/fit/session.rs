//! The totals of one workout (message `session`), as blocks of the model.
//!
//! Read by `contents`; `activity` adds what the rest of the file knows. Totals are the device's own.

use chrono::{DateTime, TimeDelta, Utc};
use rustyfit::profile::mesgdef::Session as S;
use tributary_contract::model::{
    ActiveDurationsData, Activity, ActivityMetadata, CaloriesData, DistanceData, DistanceDataSummary,
    ElevationData, HeartRateData, HeartRateDataSummary, MovementData, OxygenData, PositionData, PowerData,
    SwimmingData, TSSData, TSSSample, WorkData, unit,
};

use super::fields::Fields;
use super::point::{cadence, position};
use super::{filled, sport};

/// One workout.
pub(super) struct Session {
    pub(super) start: DateTime<Utc>,
    /// Start to end, pauses included (s).
    pub(super) elapsed: f64,
    /// Number of the session in the file, for messages that refer to it.
    pub(super) index: Option<i64>,
    /// Everything but times, series, laps and devices.
    pub(super) totals: Activity,
}

impl Session {
    /// None without a date.
    pub(super) fn read(fields: &Fields<'_>) -> Option<Self> {
        let end = fields.time();
        let elapsed = fields.number(S::TOTAL_ELAPSED_TIME).or_else(|| fields.number(S::TOTAL_TIMER_TIME));
        let start = fields.date(S::START_TIME).or_else(|| moved(end?, -elapsed.unwrap_or_default()))?;
        let length = || end.map(|end| (end - start).as_seconds_f64()).filter(|&length| length >= 0.0);
        Some(Self {
            start,
            elapsed: elapsed.or_else(length).unwrap_or_default(),
            index: fields.integer(S::MESSAGE_INDEX).map(|index| index & 0x0FFF),
            totals: totals(fields),
        })
    }
}

/// The moment some seconds later, or earlier.
pub(super) fn moved(moment: DateTime<Utc>, seconds: f64) -> Option<DateTime<Utc>> {
    #[expect(clippy::cast_possible_truncation, reason = "saturates; out of range ends in none")]
    let milliseconds = (seconds * 1000.0).round() as i64;
    moment.checked_add_signed(TimeDelta::try_milliseconds(milliseconds)?)
}

fn totals(fields: &Fields<'_>) -> Activity {
    let sport = (fields.integer(S::SPORT), fields.integer(S::SUB_SPORT));
    Activity {
        metadata: ActivityMetadata {
            name: fields.text(S::SPORT_PROFILE_NAME),
            kind: sport::activity_type(sport),
            ..ActivityMetadata::default()
        },
        active_durations_data: filled(ActiveDurationsData {
            activity_seconds: fields.number(S::TOTAL_TIMER_TIME),
            ..ActiveDurationsData::default()
        }),
        calories_data: filled(CaloriesData {
            total_burned_calories: fields.number(S::TOTAL_CALORIES),
            ..CaloriesData::default()
        }),
        distance_data: filled(DistanceData {
            summary: filled(distance(fields, sport.0)),
            ..DistanceData::default()
        }),
        heart_rate_data: filled(HeartRateData {
            summary: filled(HeartRateDataSummary {
                avg_hr_bpm: fields.number(S::AVG_HEART_RATE),
                max_hr_bpm: fields.number(S::MAX_HEART_RATE),
                min_hr_bpm: fields.number(S::MIN_HEART_RATE),
                avg_hrv_rmssd: fields.number(S::RMSSD_HRV),
                ..HeartRateDataSummary::default()
            }),
            ..HeartRateData::default()
        }),
        movement_data: filled(MovementData {
            avg_speed_meters_per_second: fields.finer(S::ENHANCED_AVG_SPEED, S::AVG_SPEED),
            max_speed_meters_per_second: fields.finer(S::ENHANCED_MAX_SPEED, S::MAX_SPEED),
            avg_cadence_rpm: cadence(fields, S::AVG_CADENCE, S::AVG_FRACTIONAL_CADENCE),
            max_cadence_rpm: cadence(fields, S::MAX_CADENCE, S::MAX_FRACTIONAL_CADENCE),
            ..MovementData::default()
        }),
        oxygen_data: filled(OxygenData {
            avg_saturation_percentage: fields.number(S::AVG_SPO2),
            ..OxygenData::default()
        }),
        position_data: filled(PositionData {
            start_pos_lat_lng_deg: position(fields, S::START_POSITION_LAT, S::START_POSITION_LONG),
            end_pos_lat_lng_deg: position(fields, S::END_POSITION_LAT, S::END_POSITION_LONG),
            ..PositionData::default()
        }),
        power_data: filled(PowerData {
            avg_watts: fields.number(S::AVG_POWER),
            max_watts: fields.number(S::MAX_POWER),
            ..PowerData::default()
        }),
        tss_data: filled(TSSSample {
            actual: fields.number(S::TRAINING_STRESS_SCORE),
            intensity_factor_actual: fields.number(S::INTENSITY_FACTOR),
            normalized_power_watts: fields.number(S::NORMALIZED_POWER),
            ..TSSSample::default()
        })
        .map(|sample| TSSData { tss_samples: Some(vec![sample]) }),
        work_data: filled(WorkData {
            work_kilojoules: fields.number(S::TOTAL_WORK).map(|joules| joules / 1000.0),
        }),
        ..Activity::default()
    }
}

/// One count serves every sport: strides on foot, strokes in water, turns on a bike (which have no place).
fn distance(fields: &Fields<'_>, sport: Option<i64>) -> DistanceDataSummary {
    let cycles = fields.integer(S::TOTAL_CYCLES);
    let swum = sport::is_swimming(sport);
    let strides = fields.number(S::TOTAL_CYCLES).filter(|_| sport::is_on_foot(sport));
    let strides = strides.map(|whole| whole + fields.number(S::TOTAL_FRACTIONAL_CYCLES).unwrap_or_default());
    DistanceDataSummary {
        distance_meters: fields.number(S::TOTAL_DISTANCE),
        elevation: filled(ElevationData {
            avg_meters: fields.finer(S::ENHANCED_AVG_ALTITUDE, S::AVG_ALTITUDE),
            gain_actual_meters: fields.number(S::TOTAL_ASCENT),
            loss_actual_meters: fields.number(S::TOTAL_DESCENT),
            max_meters: fields.finer(S::ENHANCED_MAX_ALTITUDE, S::MAX_ALTITUDE),
            min_meters: fields.finer(S::ENHANCED_MIN_ALTITUDE, S::MIN_ALTITUDE),
            ..ElevationData::default()
        }),
        steps: strides.map(unit::strides_to_steps).and_then(whole),
        swimming: filled(SwimmingData {
            num_laps: fields.integer(S::NUM_ACTIVE_LENGTHS).filter(|_| swum),
            num_strokes: cycles.filter(|_| swum),
            pool_length_meters: fields
                .number(S::POOL_LENGTH)
                .filter(|metres| swum && metres.fract().abs() < 1e-9)
                .and_then(whole),
        }),
        ..DistanceDataSummary::default()
    }
}

/// The nearest whole number of a count.
pub(super) fn whole(count: f64) -> Option<i64> {
    #[expect(clippy::cast_possible_truncation, reason = "checked: exact below 2^53")]
    (count.abs() < 9e15).then(|| count.round() as i64)
}
