//! Body measurements of a day: oxygen saturation, VO2 max, pulse wave velocity.

use tributary_contract::model::{
    self, BodyMetadata, Day, HeartData, Offset, OxygenData, PulseVelocitySample, Vo2MaxSample,
};

use super::{filled, wire};

/// The documents of one day.
#[derive(Debug, Default)]
pub(in crate::oura) struct BodyDocuments {
    pub(in crate::oura) spo2: Option<wire::DailySpo2>,
    pub(in crate::oura) vo2_max: Option<wire::Vo2Max>,
    pub(in crate::oura) vascular: Option<wire::DailyCardiovascularAge>,
}

/// A day of measurements, unless its documents hold none. `offset` is that of the day's documents.
pub(in crate::oura) fn body(
    day: Day,
    offset: Option<Offset>,
    documents: BodyDocuments,
) -> Option<model::Body> {
    let (start_time, end_time) = day.bounds(offset);
    let (vo2_max, estimated_at) =
        documents.vo2_max.map_or((None, None), |estimate| (estimate.vo2_max, estimate.timestamp));
    let velocity = documents.vascular.and_then(|vascular| vascular.pulse_wave_velocity);
    let body = model::Body {
        metadata: BodyMetadata {
            start_time,
            end_time,
            timestamp_localization: Some(start_time.localization()),
        },
        heart_data: filled(HeartData {
            // Oura estimates it for the day as a whole, so it has no time of its own.
            pulse_wave_velocity_samples: velocity.map(|velocity| {
                vec![PulseVelocitySample {
                    timestamp: None,
                    pulse_wave_velocity_meters_per_second: Some(velocity),
                }]
            }),
            ..HeartData::default()
        }),
        oxygen_data: filled(OxygenData {
            avg_saturation_percentage: documents.spo2.and_then(|spo2| spo2.spo2_percentage?.average),
            vo2max_ml_per_min_per_kg: vo2_max,
            vo2_samples: vo2_max.map(|value| {
                vec![Vo2MaxSample { timestamp: estimated_at, vo2max_ml_per_min_per_kg: Some(value) }]
            }),
            ..OxygenData::default()
        }),
        ..model::Body::default()
    };
    (body.heart_data.is_some() || body.oxygen_data.is_some()).then_some(body)
}
