//! Columns of sleep sessions. The hypnogram and other samples stay in the record.

use super::{Table, boolean, instant, integer, real, text, time};

pub(super) static TABLE: Table = Table {
    columns: &[
        time("start_time", &["metadata", "start_time"]),
        instant("start_time_utc", &["metadata", "start_time"]),
        time("end_time", &["metadata", "end_time"]),
        instant("end_time_utc", &["metadata", "end_time"]),
        boolean("is_nap", "true for a nap", &["metadata", "is_nap"]),
        integer("upload_type", "number: how it was captured", &["metadata", "upload_type"]),
        real(
            "duration_asleep_seconds",
            "s",
            &["sleep_durations_data", "asleep", "duration_asleep_state_seconds"],
        ),
        real(
            "duration_deep_seconds",
            "s",
            &["sleep_durations_data", "asleep", "duration_deep_sleep_state_seconds"],
        ),
        real(
            "duration_light_seconds",
            "s",
            &["sleep_durations_data", "asleep", "duration_light_sleep_state_seconds"],
        ),
        real(
            "duration_rem_seconds",
            "s",
            &["sleep_durations_data", "asleep", "duration_REM_sleep_state_seconds"],
        ),
        integer("rem_events", "count", &["sleep_durations_data", "asleep", "num_REM_events"]),
        real(
            "duration_awake_seconds",
            "s",
            &["sleep_durations_data", "awake", "duration_awake_state_seconds"],
        ),
        integer("wakeup_events", "count", &["sleep_durations_data", "awake", "num_wakeup_events"]),
        integer("out_of_bed_events", "count", &["sleep_durations_data", "awake", "num_out_of_bed_events"]),
        real("sleep_latency_seconds", "s", &["sleep_durations_data", "awake", "sleep_latency_seconds"]),
        real("wake_up_latency_seconds", "s", &["sleep_durations_data", "awake", "wake_up_latency_seconds"]),
        real("duration_in_bed_seconds", "s", &["sleep_durations_data", "other", "duration_in_bed_seconds"]),
        real(
            "duration_unmeasurable_seconds",
            "s",
            &["sleep_durations_data", "other", "duration_unmeasurable_sleep_seconds"],
        ),
        real(
            "sleep_efficiency_percentage",
            "%, asleep of in bed",
            &["sleep_durations_data", "sleep_efficiency"],
        ),
        real("avg_hr_bpm", "beats/min", &["heart_rate_data", "summary", "avg_hr_bpm"]),
        real("max_hr_bpm", "beats/min", &["heart_rate_data", "summary", "max_hr_bpm"]),
        real("min_hr_bpm", "beats/min", &["heart_rate_data", "summary", "min_hr_bpm"]),
        real("resting_hr_bpm", "beats/min", &["heart_rate_data", "summary", "resting_hr_bpm"]),
        real("avg_hrv_rmssd_ms", "ms", &["heart_rate_data", "summary", "avg_hrv_rmssd"]),
        real("avg_hrv_sdnn_ms", "ms", &["heart_rate_data", "summary", "avg_hrv_sdnn"]),
        real(
            "avg_breaths_per_min",
            "breaths/min",
            &["respiration_data", "breaths_data", "avg_breaths_per_min"],
        ),
        real(
            "max_breaths_per_min",
            "breaths/min",
            &["respiration_data", "breaths_data", "max_breaths_per_min"],
        ),
        real(
            "min_breaths_per_min",
            "breaths/min",
            &["respiration_data", "breaths_data", "min_breaths_per_min"],
        ),
        real(
            "avg_saturation_percentage",
            "%",
            &["respiration_data", "oxygen_saturation_data", "avg_saturation_percentage"],
        ),
        real(
            "duration_snoring_seconds",
            "s",
            &["respiration_data", "snoring_data", "total_snoring_duration_seconds"],
        ),
        real("readiness_score", "0 to 100, the provider's", &["readiness_data", "readiness"]),
        real("recovery_level", "number as delivered", &["readiness_data", "recovery_level"]),
        real("sleep_score", "the provider's", &["scores", "sleep"]),
        real("skin_temperature_delta_celsius", "°C from the baseline", &["temperature_data", "delta"]),
        text("device_name", "device or source app", &["device_data", "name"]),
        text("device_manufacturer", "maker", &["device_data", "manufacturer"]),
    ],
};
