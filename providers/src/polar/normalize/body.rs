//! Body measurements of a day: temperatures, oxygen saturation, electrocardiograms, and what Polar Flow knows of the
//! body since that day.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use tributary_contract::FetchError;
use tributary_contract::model::unit::milliseconds_to_seconds;
use tributary_contract::model::{
    self, BodyMetadata, Day, ECGReading, HeartData, HeartRateData, HeartRateDataSummary,
    MeasurementDataSample, MeasurementsData, Offset, OxygenData, OxygenSaturationSample, RawECGSample,
    TemperatureData, TemperatureSample, Timestamp, Vo2MaxSample,
};

use super::{filled, later, some, wire};

/// Microvolts in a millivolt.
const MICROVOLTS: f64 = 1000.0;

/// What was measured on one day.
#[derive(Debug, Default)]
pub(in crate::polar) struct Measured {
    core: Vec<TemperatureSample>,
    skin: Vec<TemperatureSample>,
    ecg: Vec<ECGReading>,
    saturation: Vec<OxygenSaturationSample>,
    measurement: Option<MeasurementDataSample>,
    vo2_max: Option<Vo2MaxSample>,
    heart_rate: HeartRateDataSummary,
}

/// Files the values of a period under their days, where those are wanted. They are dated in UTC, and nothing tells the
/// user's offset.
pub(in crate::polar) fn temperatures(
    period: &wire::TemperaturePeriod,
    is_wanted: impl Fn(NaiveDate) -> bool,
    days: &mut BTreeMap<NaiveDate, Measured>,
) -> Result<(), FetchError> {
    let start = Timestamp::from_utc(period.start_time.instant_or(Offset::UTC));
    for sample in period.samples.iter().flatten() {
        let Some(value) = sample.temperature_celsius else { continue };
        let elapsed = milliseconds_to_seconds(sample.recording_time_delta_milliseconds.unwrap_or(0.0));
        let at = later(start, elapsed, "bodytemperature.samples")?;
        if !is_wanted(at.date()) {
            continue;
        }
        let of_day = days.entry(at.date()).or_default();
        let list = match period.measurement_type.as_deref() {
            Some("TM_CORE_TEMPERATURE") => &mut of_day.core,
            Some("TM_SKIN_TEMPERATURE") => &mut of_day.skin,
            // What was measured where is not known.
            _ => continue,
        };
        list.push(TemperatureSample { timestamp: Some(at), temperature_celsius: Some(value) });
    }
    Ok(())
}

impl Measured {
    /// Skin temperature of the night that ended on the day: of the night as a whole, so without a time.
    pub(in crate::polar) fn night(&mut self, night: &wire::SkinTemperature) {
        let value = night.sleep_time_skin_temperature_celsius;
        self.skin.extend(
            value.map(|value| TemperatureSample { timestamp: None, temperature_celsius: Some(value) }),
        );
    }

    pub(in crate::polar) fn ecg(&mut self, at: Timestamp, test: wire::Ecg) -> Result<(), FetchError> {
        let mut signal = Vec::new();
        for sample in test.samples.into_iter().flatten() {
            let elapsed = milliseconds_to_seconds(sample.recording_time_delta_ms.unwrap_or(0.0));
            let Some(millivolts) = sample.amplitude_mv else { continue };
            signal.push(RawECGSample {
                timestamp: Some(later(at, elapsed, "ecg.samples")?),
                potential_uv: Some(millivolts * MICROVOLTS),
            });
        }
        self.ecg.push(ECGReading {
            start_timestamp: Some(at),
            avg_hr_bpm: test.average_heart_rate_bpm,
            raw_signal: some(signal),
            ..ECGReading::default()
        });
        Ok(())
    }

    /// A test without a result holds a number all the same.
    pub(in crate::polar) fn spo2(&mut self, at: Timestamp, test: &wire::Spo2) {
        if test.test_status.as_deref().is_none_or(|status| status == "SPO2_TEST_PASSED")
            && let Some(percentage) = test.blood_oxygen_percent
        {
            self.saturation.push(OxygenSaturationSample {
                timestamp: Some(at),
                percentage: Some(percentage),
                ..OxygenSaturationSample::default()
            });
        }
    }

    /// What changed on the day. A weight that Polar made up is none.
    pub(in crate::polar) fn physical(&mut self, at: Timestamp, physical: &wire::PhysicalInfo) {
        let made_up = matches!(physical.weight_source.as_deref(), Some("SOURCE_DEFAULT" | "SOURCE_ESTIMATE"));
        let values = MeasurementDataSample {
            weight_kg: physical.weight.filter(|_| !made_up),
            height_cm: physical.height,
            ..MeasurementDataSample::default()
        };
        self.measurement =
            filled(values).map(|values| MeasurementDataSample { measurement_time: Some(at), ..values });
        self.vo2_max = physical
            .vo2_max
            .map(|value| Vo2MaxSample { timestamp: Some(at), vo2max_ml_per_min_per_kg: Some(value) });
        self.heart_rate = HeartRateDataSummary {
            resting_hr_bpm: physical.resting_heart_rate,
            user_max_hr_bpm: physical.maximum_heart_rate,
            ..HeartRateDataSummary::default()
        };
    }

    /// The day, unless nothing was measured.
    pub(in crate::polar) fn record(self, day: Day) -> Option<model::Body> {
        let (start_time, end_time) = day.bounds(None);
        let vo2_max = self.vo2_max;
        let body = model::Body {
            metadata: BodyMetadata {
                start_time,
                end_time,
                timestamp_localization: Some(start_time.localization()),
            },
            heart_data: filled(HeartData {
                ecg_signal: some(self.ecg),
                heart_rate_data: filled(HeartRateData {
                    summary: filled(self.heart_rate),
                    ..HeartRateData::default()
                }),
                ..HeartData::default()
            }),
            measurements_data: self.measurement.map(|measurement| MeasurementsData {
                measurements: Some(vec![measurement]),
                ..MeasurementsData::default()
            }),
            oxygen_data: filled(OxygenData {
                saturation_samples: some(self.saturation),
                vo2max_ml_per_min_per_kg: vo2_max.as_ref().and_then(|sample| sample.vo2max_ml_per_min_per_kg),
                vo2_samples: vo2_max.map(|sample| vec![sample]),
                ..OxygenData::default()
            }),
            temperature_data: filled(TemperatureData {
                body_temperature_samples: some(self.core),
                skin_temperature_samples: some(self.skin),
                ..TemperatureData::default()
            }),
            ..model::Body::default()
        };
        let has_any = body.heart_data.is_some()
            || body.measurements_data.is_some()
            || body.oxygen_data.is_some()
            || body.temperature_data.is_some();
        has_any.then_some(body)
    }
}
