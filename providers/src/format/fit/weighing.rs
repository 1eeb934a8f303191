//! Readings of scales and cuffs (messages `weight_scale` and `blood_pressure`).
//!
//! Read by `contents`, put into days by `body`.

use chrono::{DateTime, Utc};
use rustyfit::profile::mesgdef::{BloodPressure as B, WeightScale as W};
use tributary_contract::model::{MeasurementDataSample, unit};

use super::fields::Fields;

/// The scale is still working on the weight.
const CALCULATING: i64 = 0xFFFE;

/// One weighing.
pub(super) struct Weighing {
    pub(super) time: DateTime<Utc>,
    /// Which user of the scale it was.
    pub(super) user: Option<i64>,
    /// Everything but its time.
    pub(super) sample: MeasurementDataSample,
}

impl Weighing {
    /// None without a date.
    pub(super) fn read(fields: &Fields<'_>) -> Option<Self> {
        let settled = fields.integer(W::WEIGHT).is_some_and(|raw| raw != CALCULATING);
        Some(Self {
            time: fields.time()?,
            user: fields.integer(W::USER_PROFILE_INDEX).map(|index| index & 0x0FFF),
            sample: MeasurementDataSample {
                weight_kg: fields.number(W::WEIGHT).filter(|_| settled),
                bodyfat_percentage: fields.number(W::PERCENT_FAT),
                water_percentage: fields.number(W::PERCENT_HYDRATION),
                bone_mass_g: fields.number(W::BONE_MASS).map(unit::kilograms_to_grams),
                muscle_mass_g: fields.number(W::MUSCLE_MASS).map(unit::kilograms_to_grams),
                bmr: fields.number(W::BASAL_MET),
                bmi: fields.number(W::BMI),
                visceral_fat_level: fields.number(W::VISCERAL_FAT_RATING),
                ..MeasurementDataSample::default()
            },
        })
    }
}

/// One blood pressure.
pub(super) struct Pressure {
    pub(super) time: DateTime<Utc>,
    /// Millimetres of mercury.
    pub(super) systolic: Option<f64>,
    /// Millimetres of mercury.
    pub(super) diastolic: Option<f64>,
    /// Beats/min.
    pub(super) heart_rate: Option<f64>,
}

impl Pressure {
    /// None without a date.
    pub(super) fn read(fields: &Fields<'_>) -> Option<Self> {
        Some(Self {
            time: fields.time()?,
            systolic: fields.number(B::SYSTOLIC_PRESSURE),
            diastolic: fields.number(B::DIASTOLIC_PRESSURE),
            heart_rate: fields.number(B::HEART_RATE),
        })
    }
}
