//! Strokes to samples: one of each kind for each stroke that has a value.
//!
//! Time and distance of strokes begin anew with each interval; the parts of the result say how long each interval and
//! the rest after it were. It never moves a stroke of a result without intervals.

use tributary_contract::FetchError;
use tributary_contract::model::{CadenceSample, DistanceSample, HeartRateDataSample, SpeedSample, Timestamp};

use super::{beats, later, tenths, wire};

/// The series of a result; none where no stroke has the value.
#[derive(Debug, Default)]
pub(super) struct Samples {
    pub(super) distance: Option<Vec<DistanceSample>>,
    pub(super) heart_rate: Option<Vec<HeartRateDataSample>>,
    pub(super) cadence: Option<Vec<CadenceSample>>,
    pub(super) speed: Option<Vec<SpeedSample>>,
}

// ANCHOR: samples
impl Samples {
    pub(super) fn new(
        start: Timestamp,
        parts: &[wire::Part],
        strokes: &[wire::Stroke],
        on_bike: bool,
    ) -> Result<Self, FetchError> {
        let pace_metres = if on_bike { 1000.0 } else { 500.0 };
        let mut samples = Self::default();
        let mut parts = parts.iter();
        // What lies before the present interval: ds with rests, m without.
        let (mut time, mut distance) = (0.0, 0.0);
        let mut before: Option<f64> = None;
        for stroke in strokes {
            let Some(t) = stroke.t else { continue };
            if before.is_some_and(|before| t < before) {
                let ended = parts.next();
                let worked = ended.and_then(|part| part.time).or(before).unwrap_or_default();
                time += worked + ended.and_then(|part| part.rest_time).unwrap_or_default();
                distance += ended.and_then(|part| part.distance).unwrap_or_default();
            }
            before = Some(t);
            let timestamp = Some(later(start, tenths(time + t), "strokes")?);
            if let Some(d) = stroke.d {
                let distance_meters = Some(distance + tenths(d));
                let sample = DistanceSample { timestamp, distance_meters, ..DistanceSample::default() };
                samples.distance.get_or_insert_default().push(sample);
            }
            if let Some(bpm) = beats(stroke.hr) {
                let sample =
                    HeartRateDataSample { timestamp, bpm: Some(bpm), ..HeartRateDataSample::default() };
                samples.heart_rate.get_or_insert_default().push(sample);
            }
            if let Some(spm) = stroke.spm {
                let sample = CadenceSample { timestamp, cadence_rpm: Some(spm), ..CadenceSample::default() };
                samples.cadence.get_or_insert_default().push(sample);
            }
            if let Some(pace) = stroke.p.filter(|pace| *pace > 0.0) {
                let speed = Some(pace_metres / tenths(pace));
                let sample =
                    SpeedSample { timestamp, speed_meters_per_second: speed, ..SpeedSample::default() };
                samples.speed.get_or_insert_default().push(sample);
            }
        }
        Ok(samples)
    }
}
// ANCHOR_END: samples
