//! Columns of the types with few of them: food, cycle, profile, plans, hormones, observations.

use super::{Table, boolean, day, instant, integer, real, text, time};

pub(super) static NUTRITION: Table = Table {
    columns: &[
        day("day", &["metadata", "start_time"]),
        time("start_time", &["metadata", "start_time"]),
        time("end_time", &["metadata", "end_time"]),
        real("energy_kcal", "kcal", &["summary", "macros", "calories"]),
        real("carbohydrates_g", "g", &["summary", "macros", "carbohydrates_g"]),
        real("net_carbohydrates_g", "g", &["summary", "macros", "net_carbohydrates_g"]),
        real("sugar_g", "g", &["summary", "macros", "sugar_g"]),
        real("fiber_g", "g", &["summary", "macros", "fiber_g"]),
        real("protein_g", "g", &["summary", "macros", "protein_g"]),
        real("fat_g", "g", &["summary", "macros", "fat_g"]),
        real("saturated_fat_g", "g", &["summary", "macros", "saturated_fat_g"]),
        real("trans_fat_g", "g", &["summary", "macros", "trans_fat_g"]),
        real("alcohol_g", "g", &["summary", "macros", "alcohol_g"]),
        real("cholesterol_mg", "mg", &["summary", "macros", "cholesterol_mg"]),
        real("sodium_mg", "mg", &["summary", "macros", "sodium_mg"]),
        real("caffeine_mg", "mg", &["summary", "micros", "caffeine_mg"]),
        real("calcium_mg", "mg", &["summary", "micros", "calcium_mg"]),
        real("iron_mg", "mg", &["summary", "micros", "iron_mg"]),
        real("magnesium_mg", "mg", &["summary", "micros", "magnesium_mg"]),
        real("potassium_mg", "mg", &["summary", "micros", "potassium_mg"]),
        real("vitamin_c_mg", "mg", &["summary", "micros", "vitamin_C_mg"]),
        real("vitamin_d_mg", "mg", &["summary", "micros", "vitamin_D_mg"]),
        real("zinc_mg", "mg", &["summary", "micros", "zinc_mg"]),
        real("water_ml", "mL", &["summary", "water_ml"]),
        real("drink_ml", "mL, other than water", &["summary", "drink_ml"]),
    ],
};

pub(super) static MENSTRUATION: Table = Table {
    columns: &[
        day("day", &["metadata", "start_time"]),
        time("start_time", &["metadata", "start_time"]),
        time("end_time", &["metadata", "end_time"]),
        text("period_start_date", "date", &["menstruation_data", "period_start_date"]),
        integer("period_length_days", "days", &["menstruation_data", "period_length_days"]),
        integer("day_in_cycle", "day, from the start of the cycle", &["menstruation_data", "day_in_cycle"]),
        integer("cycle_length_days", "days", &["menstruation_data", "cycle_length_days"]),
        integer("predicted_cycle_length_days", "days", &["menstruation_data", "predicted_cycle_length_days"]),
        boolean("is_predicted_cycle", "true for a prediction", &["menstruation_data", "is_predicted_cycle"]),
        text("current_phase", "phase as delivered", &["menstruation_data", "current_phase"]),
        integer(
            "length_of_current_phase_days",
            "days",
            &["menstruation_data", "length_of_current_phase_days"],
        ),
        integer("days_until_next_phase", "days", &["menstruation_data", "days_until_next_phase"]),
        text("fertility_window_start", "date", &["menstruation_data", "fertility_window_start"]),
        text("fertility_window_end", "date", &["menstruation_data", "fertility_window_end"]),
        text("ovulation_day", "date, predicted", &["menstruation_data", "ovulation_day"]),
    ],
};

pub(super) static ATHLETE: Table = Table {
    columns: &[
        text("first_name", "given name", &["first_name"]),
        text("last_name", "family name", &["last_name"]),
        text("email", "address", &["email"]),
        text("sex", "as delivered", &["sex"]),
        text("gender", "as delivered", &["gender"]),
        integer("age_years", "years", &["age"]),
        text("date_of_birth", "date", &["date_of_birth"]),
        text("city", "place", &["city"]),
        text("state", "region", &["state"]),
        text("country", "country", &["country"]),
        text("account_creation_date", "date", &["account_creation_date"]),
        text("provider_user_id", "id at the provider", &["provider_user_id"]),
    ],
};

pub(super) static PLANNED_WORKOUT: Table = Table {
    columns: &[
        text("planned_workout_id", "id", &["planned_workout_id"]),
        text("provider_workout_id", "id at the provider", &["provider_workout_id"]),
        text("planned_date", "date", &["planned_date"]),
        boolean("is_external", "true when made at the provider", &["is_external"]),
        text("name", "title", &["details", "metadata", "name"]),
        integer("activity_type", "number of the sport", &["details", "metadata", "type"]),
        real("estimated_duration_seconds", "s", &["details", "metadata", "estimated_duration_seconds"]),
        real("estimated_distance_meters", "m", &["details", "metadata", "estimated_distance_meters"]),
        real("estimated_energy_kcal", "kcal", &["details", "metadata", "estimated_calories"]),
        real("estimated_tss", "training stress score", &["details", "metadata", "estimated_tss"]),
    ],
};

pub(super) static HORMONE: Table = Table {
    columns: &[
        time("timestamp", &["timestamp"]),
        instant("timestamp_utc", &["timestamp"]),
        real("lh_miu_per_ml", "mIU/mL", &["lh_mIU_per_ml"]),
        real("e3g_ng_per_ml", "ng/mL", &["e3g_ng_per_ml"]),
        real("pdg_ug_per_ml", "µg/mL", &["pdg_ug_per_ml"]),
        real("hcg_miu_per_ml", "mIU/mL", &["hcg_mIU_per_ml"]),
        real("fsh_miu_per_ml", "mIU/mL", &["fsh_mIU_per_ml"]),
    ],
};

pub(super) static HEALTH_OBSERVATION: Table = Table {
    columns: &[
        time("start_time", &["metadata", "start_time"]),
        instant("start_time_utc", &["metadata", "start_time"]),
        time("end_time", &["metadata", "end_time"]),
        instant("end_time_utc", &["metadata", "end_time"]),
        text("observation_type", "name of what was observed", &["observation_data", "observation_type"]),
        integer("category", "number as delivered", &["observation_data", "category"]),
        integer("severity", "number as delivered", &["observation_data", "severity"]),
        integer("status", "number as delivered; 3 withdraws the record", &["observation_data", "status"]),
        real("value_quantity", "in value_unit", &["observation_data", "value", "quantity"]),
        text("value_unit", "unit of value_quantity", &["observation_data", "value", "unit"]),
        boolean("value_boolean", "yes or no", &["observation_data", "value", "boolean"]),
        text("value_text", "text", &["observation_data", "value", "text"]),
        text("value_code", "code", &["observation_data", "value", "code"]),
    ],
};
