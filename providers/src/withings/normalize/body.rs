//! A day of measurements: weight and composition, blood pressure, oxygen, temperature, heart.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use tributary_contract::FetchError;
use tributary_contract::model::{
    self, AFibFlag, BloodPressureData, BloodPressureSample, BodyMetadata, ECGReading, HeartData,
    HeartRateData, HeartRateDataDetailed, HeartRateDataSample, HydrationData, HydrationMeasurementSample,
    MeasurementDataSample, MeasurementsData, OxygenData, OxygenSaturationSample, OxygenSaturationType,
    PulseVelocitySample, TemperatureData, TemperatureSample, Timestamp, Vo2MaxSample,
};

use super::super::zone::Zone;
use super::{filled, of_withings, some, wire};

/// All that belongs to one local day.
#[derive(Debug)]
pub(in crate::withings) struct BodyDocuments {
    pub(in crate::withings) zone: Zone,
    pub(in crate::withings) groups: Vec<wire::Group>,
    pub(in crate::withings) readings: Vec<wire::Electrocardiogram>,
}

impl BodyDocuments {
    pub(in crate::withings) const fn new(zone: Zone) -> Self {
        Self { zone, groups: Vec::new(), readings: Vec::new() }
    }
}

/// Category of goals.
const GOAL: i64 = 2;
/// A device took it, but whose it is among several users is not known.
const AMBIGUOUS: i64 = 1;
/// A copy that the user confirmed.
const CONFIRMED_COPY: i64 = 8;

/// Whether a group is a measure of this user.
pub(in crate::withings) fn is_the_users(group: &wire::Group) -> bool {
    group.category != Some(GOAL) && group.attrib != Some(AMBIGUOUS)
}

/// A day of measurements, unless it has none that the model has a place for.
pub(in crate::withings) fn body(
    day: NaiveDate,
    documents: BodyDocuments,
) -> Result<Option<model::Body>, FetchError> {
    let zone = documents.zone;
    let (start_time, end_time) = zone.bounds(day);
    let mut found = Found::default();
    let (groups, device) = merged(documents.groups);
    for ((second, _), values) in groups {
        found.take(zone.at(second, "measuregrps.date")?, &values);
    }
    let mut readings = documents.readings;
    readings.sort_by_key(|reading| (reading.timestamp, reading.ecg.signalid));
    let readings = readings.into_iter().map(|reading| {
        Ok(ECGReading {
            start_timestamp: Some(zone.at(reading.timestamp, "heart.timestamp")?),
            avg_hr_bpm: reading.heart_rate,
            afib_classification: reading.ecg.afib.and_then(afib),
            raw_signal: None,
        })
    });
    let readings = readings.collect::<Result<Vec<_>, FetchError>>()?;
    let body = found.into_body(readings);
    if body == model::Body::default() {
        return Ok(None);
    }
    let metadata =
        BodyMetadata { start_time, end_time, timestamp_localization: Some(start_time.localization()) };
    Ok(Some(model::Body { metadata, device_data: of_withings(device), ..body }))
}

const fn afib(number: i64) -> Option<AFibFlag> {
    match number {
        0 => Some(AFibFlag::Negative),
        1 => Some(AFibFlag::Positive),
        2 => Some(AFibFlag::Inconclusive),
        _ => None,
    }
}

/// Values of one group by type.
type Values = BTreeMap<i64, wire::Measure>;

/// Groups by time and id, with each type once, and the device if it was the same all day. A group comes twice when the
/// user confirmed it; the later version counts.
fn merged(mut groups: Vec<wire::Group>) -> (BTreeMap<(i64, i64), Values>, Option<String>) {
    groups.sort_by_key(|group| (group.modified, group.attrib == Some(CONFIRMED_COPY)));
    let mut dates: BTreeMap<i64, i64> = BTreeMap::new();
    let mut by_id: BTreeMap<i64, Values> = BTreeMap::new();
    let mut models: Vec<String> = Vec::new();
    for group in groups {
        dates.insert(group.grpid, group.date);
        let values = by_id.entry(group.grpid).or_default();
        // Values with a position are those of an arm or a leg.
        let whole =
            group.measures.unwrap_or_default().into_iter().filter(|measure| measure.position.is_none());
        values.extend(whole.map(|measure| (measure.kind, measure)));
        models.extend(group.model.filter(|model| !models.contains(model)));
    }
    let at = |id: &i64| dates.get(id).copied().unwrap_or_default();
    let groups = by_id.into_iter().map(|(id, values)| ((at(&id), id), values)).collect();
    (groups, if models.len() == 1 { models.pop() } else { None })
}

/// Value × 10^(unit + shift), rounded once: the text is what is parsed, so 71342 × 10^-3 is 71.342.
pub(super) fn number(measure: &wire::Measure, shift: i32) -> Option<f64> {
    let power = measure.unit.unwrap_or(0).checked_add(shift)?;
    let number: f64 = format!("{}e{power}", measure.value?).parse().ok()?;
    number.is_finite().then_some(number)
}

/// What was measured, by where it goes.
#[derive(Default)]
struct Found {
    measurements: Vec<MeasurementDataSample>,
    pressures: Vec<BloodPressureSample>,
    pulses: Vec<HeartRateDataSample>,
    saturations: Vec<OxygenSaturationSample>,
    vo2_max: Vec<Vo2MaxSample>,
    body: Vec<TemperatureSample>,
    skin: Vec<TemperatureSample>,
    hydration: Vec<HydrationMeasurementSample>,
    velocities: Vec<PulseVelocitySample>,
}

impl Found {
    fn take(&mut self, at: Timestamp, values: &Values) {
        let timestamp = Some(at);
        let scaled = |kind: i64, shift: i32| values.get(&kind).and_then(|measure| number(measure, shift));
        let value = |kind: i64| scaled(kind, 0);
        let measurement = MeasurementDataSample {
            weight_kg: value(1),
            height_cm: scaled(4, 2),
            lean_mass_g: scaled(5, 3),
            bodyfat_percentage: value(6),
            muscle_mass_g: scaled(76, 3),
            bone_mass_g: scaled(88, 3),
            visceral_fat_level: value(170),
            bmr: value(226),
            ..MeasurementDataSample::default()
        };
        self.measurements.extend(
            filled(measurement).map(|found| MeasurementDataSample { measurement_time: timestamp, ..found }),
        );
        let pressure =
            BloodPressureSample { diastolic_bp: value(9), systolic_bp: value(10), timestamp: None };
        self.pressures.extend(filled(pressure).map(|found| BloodPressureSample { timestamp, ..found }));
        self.pulses.extend(value(11).map(|bpm| HeartRateDataSample {
            timestamp,
            bpm: Some(bpm),
            ..HeartRateDataSample::default()
        }));
        self.saturations.extend(value(54).map(|percentage| OxygenSaturationSample {
            timestamp,
            percentage: Some(percentage),
            kind: Some(OxygenSaturationType::Blood),
        }));
        let temperature = |celsius: f64| TemperatureSample { timestamp, temperature_celsius: Some(celsius) };
        self.body.extend(value(71).map(temperature));
        self.skin.extend(value(73).map(temperature));
        self.hydration.extend(
            value(77).map(|water| HydrationMeasurementSample { timestamp, hydration_kg: Some(water) }),
        );
        self.velocities.extend(value(91).map(|velocity| PulseVelocitySample {
            timestamp,
            pulse_wave_velocity_meters_per_second: Some(velocity),
        }));
        self.vo2_max
            .extend(value(123).map(|vo2| Vo2MaxSample { timestamp, vo2max_ml_per_min_per_kg: Some(vo2) }));
    }

    fn into_body(self, readings: Vec<ECGReading>) -> model::Body {
        model::Body {
            measurements_data: filled(MeasurementsData {
                measurements: some(self.measurements),
                ..MeasurementsData::default()
            }),
            blood_pressure_data: filled(BloodPressureData {
                blood_pressure_samples: some(self.pressures),
                ..BloodPressureData::default()
            }),
            heart_data: filled(HeartData {
                ecg_signal: some(readings),
                heart_rate_data: filled(HeartRateData {
                    detailed: filled(HeartRateDataDetailed {
                        hr_samples: some(self.pulses),
                        ..HeartRateDataDetailed::default()
                    }),
                    summary: None,
                }),
                pulse_wave_velocity_samples: some(self.velocities),
                ..HeartData::default()
            }),
            oxygen_data: filled(OxygenData {
                saturation_samples: some(self.saturations),
                vo2_samples: some(self.vo2_max),
                ..OxygenData::default()
            }),
            temperature_data: filled(TemperatureData {
                body_temperature_samples: some(self.body),
                skin_temperature_samples: some(self.skin),
                ..TemperatureData::default()
            }),
            hydration_data: filled(HydrationData {
                hydration_amount_samples: some(self.hydration),
                ..HydrationData::default()
            }),
            ..model::Body::default()
        }
    }
}
