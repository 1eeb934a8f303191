//! A workout planned for a date, as plans are stored and delivered.
//!
//! Filled by providers and by REST calls. Plans made here refer to a [`super::WorkoutTemplate`]; plans made
//! at a provider carry its own body in `details`, which is never rewritten.

use serde::{Deserialize, Serialize};

use super::activity_type::ActivityType;
use super::integer;
use super::time::{Day, Timestamp};
use super::workout_enumeration::{
    ExerciseCategory, PlannedDurationType, PlannedEquipmentType, PlannedIntensity, PlannedStepType,
    PlannedStrokeType, PlannedTargetType,
};

/// A workout planned for a date. Key: `planned_workout_id`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct PlannedWorkout {
    /// Id of the plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub planned_workout_id: Option<String>,
    /// Id of the template.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workout_id: Option<String>,
    /// Date it is planned for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub planned_date: Option<Day>,
    /// Id at the provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider_workout_id: Option<String>,
    /// What could not be represented exactly at the provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coercion_warnings: Option<CoercionWarnings>,
    /// When it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// When it was last changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_updated_at: Option<Timestamp>,
    /// True when it was made at the provider and not through this interface.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_external: Option<bool>,
    /// Values to personalise targets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub athlete_metrics: Option<AthleteMetrics>,
    /// The provider's own plan; only when `is_external`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub details: Option<PlannedWorkoutDetails>,
    /// Older shape: what is `details.metadata` now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<PlannedWorkoutDetailsMetadata>,
    /// Older shape: what is `details.steps` now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub steps: Option<Vec<PlannedWorkoutDetailsStep>>,
}

/// Values of a person that relative targets are resolved with.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct AthleteMetrics {
    /// Threshold HR (beats/min).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threshold_heart_rate: Option<f64>,
    /// Maximum HR (beats/min).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_heart_rate: Option<f64>,
    /// Threshold speed (m/s).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threshold_speed: Option<f64>,
    /// Functional threshold power (W).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ftp: Option<f64>,
    /// Pool length (m).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pool_length_meters: Option<f64>,
}

/// The plan as the provider holds it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct PlannedWorkoutDetails {
    /// Identity and estimates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<PlannedWorkoutDetailsMetadata>,
    /// Structured steps, when the provider exposes them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub steps: Option<Vec<PlannedWorkoutDetailsStep>>,
}

/// Identity and estimates of the provider's plan.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct PlannedWorkoutDetailsMetadata {
    /// Id at the provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Provider key, upper case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// Display name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Free text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Sport.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<ActivityType>,
    /// Date it is planned for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub planned_date: Option<Day>,
    /// When it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_date: Option<Timestamp>,
    /// Planned training stress score.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub estimated_tss: Option<f64>,
    /// Planned intensity factor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub estimated_if: Option<f64>,
    /// Planned duration (s).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub estimated_duration_seconds: Option<f64>,
    /// Planned distance (m).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub estimated_distance_meters: Option<f64>,
    /// Planned energy (kcal).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub estimated_calories: Option<f64>,
    /// Planned ascent (m).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub estimated_elevation_gain_meters: Option<f64>,
    /// Planned energy (kJ).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub estimated_energy_kj: Option<f64>,
    /// Planned speed (m/s).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub estimated_speed_meters_per_second: Option<f64>,
    /// Pool length (m).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pool_length_meters: Option<f64>,
    /// Older field: planned pace (min/km).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub estimated_pace_minutes_per_kilometer: Option<f64>,
    /// Older field: planned score.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub estimated_tscore: Option<f64>,
}

/// One step, or a block of steps that is repeated.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct PlannedWorkoutDetailsStep {
    /// Position among siblings.
    #[serde(default, deserialize_with = "integer::optional", skip_serializing_if = "Option::is_none")]
    pub order: Option<i64>,
    /// Display name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Free text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What the step is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub intensity: Option<PlannedIntensity>,
    /// Single step or repeated.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<PlannedStepType>,
    /// End conditions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub durations: Option<Vec<PlannedWorkoutDetailsStepDuration>>,
    /// Targets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub targets: Option<Vec<PlannedWorkoutDetailsStepTarget>>,
    /// Stroke of a swim step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stroke_type: Option<PlannedStrokeType>,
    /// Equipment of a swim step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub equipment_type: Option<Vec<PlannedEquipmentType>>,
    /// Name of the exercise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exercise_name: Option<String>,
    /// Kind of strength exercise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exercise_category: Option<ExerciseCategory>,
    /// Weight (kg).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight_kg: Option<f64>,
    /// Steps of a repeated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub steps: Option<Vec<Self>>,
}

/// What ends a step; `duration_type` says which value counts.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct PlannedWorkoutDetailsStepDuration {
    /// Which of the other fields counts.
    pub duration_type: PlannedDurationType,
    /// For [`PlannedDurationType::Time`] (s).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
    /// For [`PlannedDurationType::DistanceMeters`] (m).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub distance_meters: Option<f64>,
    /// For [`PlannedDurationType::HrLessThan`] (beats/min).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hr_below_bpm: Option<f64>,
    /// For [`PlannedDurationType::HrGreaterThan`] (beats/min).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hr_above_bpm: Option<f64>,
    /// For [`PlannedDurationType::Calories`] (kcal).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calories: Option<f64>,
    /// For [`PlannedDurationType::PowerLessThan`] (W).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub power_below_watts: Option<f64>,
    /// For [`PlannedDurationType::PowerGreaterThan`] (W).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub power_above_watts: Option<f64>,
    /// For [`PlannedDurationType::Reps`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reps: Option<f64>,
    /// For [`PlannedDurationType::FixedRest`] (s).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rest_seconds: Option<f64>,
    /// For [`PlannedDurationType::Steps`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub steps: Option<f64>,
}

/// What to hold in a step; `target_type` says which values count.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct PlannedWorkoutDetailsStepTarget {
    /// Which of the other fields count.
    pub target_type: PlannedTargetType,
    /// Upper bound of heart rate (beats/min).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hr_bpm_high: Option<f64>,
    /// Lower bound of heart rate (beats/min).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hr_bpm_low: Option<f64>,
    /// Cadence (rev/min).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cadence: Option<f64>,
    /// Upper bound of cadence (rev/min).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cadence_high: Option<f64>,
    /// Lower bound of cadence (rev/min).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cadence_low: Option<f64>,
    /// Power (W).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub power_watt: Option<f64>,
    /// Upper bound of power (W).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub power_watt_high: Option<f64>,
    /// Lower bound of power (W).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub power_watt_low: Option<f64>,
    /// Strokes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub swim_strokes: Option<f64>,
    /// Heart rate (% of maximum or threshold).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hr_percentage: Option<f64>,
    /// Upper bound of heart rate (% of maximum or threshold).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hr_percentage_high: Option<f64>,
    /// Lower bound of heart rate (% of maximum or threshold).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hr_percentage_low: Option<f64>,
    /// Speed (% of threshold).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub speed_percentage: Option<f64>,
    /// Upper bound of speed (% of threshold).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub speed_percentage_high: Option<f64>,
    /// Lower bound of speed (% of threshold).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub speed_percentage_low: Option<f64>,
    /// Power (% of functional threshold).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub power_percentage: Option<f64>,
    /// Upper bound of power (% of functional threshold).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub power_percentage_high: Option<f64>,
    /// Lower bound of power (% of functional threshold).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub power_percentage_low: Option<f64>,
    /// Repetitions.
    #[serde(default, deserialize_with = "integer::optional", skip_serializing_if = "Option::is_none")]
    pub repetitions: Option<i64>,
    /// Speed (m/s).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub speed_meters_per_second: Option<f64>,
    /// Lower bound of speed (m/s).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub speed_meters_per_second_low: Option<f64>,
    /// Upper bound of speed (m/s).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub speed_meters_per_second_high: Option<f64>,
    /// Older field: pace (min/km).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pace_minutes_per_kilometer: Option<f64>,
    /// Older field: training stress score.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tss: Option<f64>,
    /// Older field: lower intensity factor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub if_low: Option<f64>,
    /// Older field: upper intensity factor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub if_high: Option<f64>,
}

/// What could not be represented exactly: one text, or a list in newer data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum CoercionWarnings {
    /// All warnings in one text.
    Text(String),
    /// One entry per warning.
    List(Vec<CoercionWarning>),
}

/// One thing that could not be represented exactly.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CoercionWarning {
    /// JSON path inside the template.
    pub path: String,
    /// What was changed.
    pub message: String,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn warnings_are_one_text_or_a_list() {
        for warnings in
            [json!("no grade targets"), json!([{"path": "$.steps[0]", "message": "cut"}]), json!([])]
        {
            let document = json!({"coercion_warnings": warnings});
            let read: PlannedWorkout = serde_json::from_value(document.clone()).unwrap();
            assert_eq!(serde_json::to_value(read).unwrap(), document);
        }
    }

    #[test]
    fn the_older_shape_is_kept() {
        let document = json!({
            "metadata": {"id": "w-1", "type": 8, "planned_date": "2026-03-01", "estimated_tscore": 40.0},
            "steps": [{"order": 1, "type": 1, "steps": [
                {"type": 0, "intensity": 4, "durations": [{"duration_type": 9, "reps": 3.0}],
                    "targets": [{"target_type": 11, "pace_minutes_per_kilometer": 4.5}]},
            ]}],
        });
        let read: PlannedWorkout = serde_json::from_value(document.clone()).unwrap();
        let steps = read.steps.as_deref().and_then(|steps| steps[0].steps.as_deref()).unwrap();
        assert_eq!(steps[0].intensity, Some(PlannedIntensity::Interval));
        assert_eq!(serde_json::to_value(read).unwrap(), document);
    }
}
