//! Columns of body measurements of a day. Single readings stay in the record.

use super::{Table, day, integer, real, text, time};

pub(super) static TABLE: Table = Table {
    columns: &[
        day("day", &["metadata", "start_time"]),
        time("start_time", &["metadata", "start_time"]),
        time("end_time", &["metadata", "end_time"]),
        real("avg_systolic_mmhg", "mmHg", &["blood_pressure_data", "day_avg_systolic_bp"]),
        real("avg_diastolic_mmhg", "mmHg", &["blood_pressure_data", "day_avg_diastolic_bp"]),
        real("avg_glucose_mg_per_dl", "mg/dL", &["glucose_data", "day_avg_blood_glucose_mg_per_dL"]),
        real("glucose_management_indicator", "gmi as delivered", &["glucose_data", "gmi"]),
        real(
            "glucose_time_in_range",
            "share of readings in range, as delivered",
            &["glucose_data", "time_in_range"],
        ),
        integer("glucose_readings", "count in the day", &["glucose_data", "sensor_usage"]),
        real("avg_hr_bpm", "beats/min", &["heart_data", "heart_rate_data", "summary", "avg_hr_bpm"]),
        real("max_hr_bpm", "beats/min", &["heart_data", "heart_rate_data", "summary", "max_hr_bpm"]),
        real("min_hr_bpm", "beats/min", &["heart_data", "heart_rate_data", "summary", "min_hr_bpm"]),
        real("resting_hr_bpm", "beats/min", &["heart_data", "heart_rate_data", "summary", "resting_hr_bpm"]),
        real("avg_hrv_rmssd_ms", "ms", &["heart_data", "heart_rate_data", "summary", "avg_hrv_rmssd"]),
        real("avg_hrv_sdnn_ms", "ms", &["heart_data", "heart_rate_data", "summary", "avg_hrv_sdnn"]),
        real("water_ml", "mL drunk", &["hydration_data", "day_total_water_consumption_ml"]),
        real("avg_body_water_kg", "kg", &["hydration_data", "day_avg_hydration_kg"]),
        real("avg_ketone_mg_per_dl", "mg/dL", &["ketone_data", "day_avg_ketone_mg_per_dL"]),
        real("weight_kg", "kg, mean of the day", &["measurements_data", "day_avg_weight_kg"]),
        real("height_cm", "cm, mean of the day", &["measurements_data", "day_avg_height_cm"]),
        real("bmi_kg_per_m2", "kg/m², mean of the day", &["measurements_data", "day_avg_bmi"]),
        real(
            "bodyfat_percentage",
            "%, mean of the day",
            &["measurements_data", "day_avg_bodyfat_percentage"],
        ),
        real("water_percentage", "%, mean of the day", &["measurements_data", "day_avg_water_percentage"]),
        real("muscle_mass_g", "g, mean of the day", &["measurements_data", "day_avg_muscle_mass_g"]),
        real("lean_mass_g", "g, mean of the day", &["measurements_data", "day_avg_lean_mass_g"]),
        real("bone_mass_g", "g, mean of the day", &["measurements_data", "day_avg_bone_mass_g"]),
        real("bmr_kcal_per_day", "kcal/day, mean of the day", &["measurements_data", "day_avg_bmr"]),
        real("rmr_kcal_per_day", "kcal/day, mean of the day", &["measurements_data", "day_avg_rmr"]),
        real(
            "visceral_fat_level",
            "rating, mean of the day",
            &["measurements_data", "day_avg_visceral_fat_level"],
        ),
        real("avg_saturation_percentage", "%", &["oxygen_data", "avg_saturation_percentage"]),
        real("vo2max_ml_per_min_per_kg", "mL/(kg·min)", &["oxygen_data", "vo2max_ml_per_min_per_kg"]),
        real(
            "body_temperature_celsius",
            "°C, mean of the day",
            &["temperature_data", "day_avg_body_temperature_celsius"],
        ),
        real(
            "skin_temperature_celsius",
            "°C, mean of the day",
            &["temperature_data", "day_avg_skin_temperature_celsius"],
        ),
        text("device_name", "device or source app", &["device_data", "name"]),
        text("device_manufacturer", "maker", &["device_data", "manufacturer"]),
    ],
};
