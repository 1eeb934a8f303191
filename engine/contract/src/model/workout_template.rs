//! A workout that can be planned onto dates.
//!
//! Comes from REST calls and is turned into a provider's own format by providers; it never refers to a
//! person.

use serde::{Deserialize, Serialize};

use super::workout_enumeration::{
    CompletionConditionType, DrillType, EnvironmentType, StepControlType, SwimEquipmentType, SwimStrokeType,
    WeightUnit, WorkoutSport, WorkoutStepIntensity, WorkoutStepTargetType,
};

/// A workout that can be planned onto dates.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WorkoutTemplate {
    /// Display name.
    pub name: String,
    /// Free text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Sport.
    pub sport: WorkoutSport,
    /// Where it takes place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<EnvironmentType>,
    /// Pool length (m).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pool_length_meters: Option<f64>,
    /// At least one.
    pub step_blocks: Vec<StepBlock>,
    /// Planned duration (s).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub estimated_duration_seconds: Option<f64>,
    /// Planned distance (m).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub estimated_distance_meters: Option<f64>,
    /// Planned energy (kcal).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub estimated_calories: Option<f64>,
    /// Template id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workout_id: Option<String>,
}

/// Steps that are done in order until the condition is met.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct StepBlock {
    /// When it ends.
    pub completion_condition: CompletionCondition,
    /// Steps of the block, in order.
    pub steps: Vec<WorkoutStep>,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WorkoutStep {
    /// When it ends.
    pub completion_condition: CompletionCondition,
    /// Targets to hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub intensity_targets: Option<Vec<IntensityTarget>>,
    /// What the step is for.
    pub intensity_type: WorkoutStepIntensity,
    /// Free text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
    /// Equipment settings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub controls: Option<Vec<StepControl>>,
    /// Exercise of a strength step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strength: Option<StrengthData>,
    /// Details of a swim step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub swimming: Option<SwimStepData>,
}

/// What ends a step or a block.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct CompletionCondition {
    /// What is counted.
    #[serde(rename = "type")]
    pub kind: CompletionConditionType,
    /// Value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// Lower bound.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value_low: Option<f64>,
    /// Upper bound.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value_high: Option<f64>,
}

/// What to hold in a step, as a value or a range.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct IntensityTarget {
    /// What is held.
    pub target_type: WorkoutStepTargetType,
    /// Value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// Lower bound.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value_low: Option<f64>,
    /// Upper bound.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value_high: Option<f64>,
}

/// A setting of the equipment. A value that is not finite would be written as null: check it first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepControl {
    /// What is set.
    #[serde(rename = "type")]
    pub kind: StepControlType,
    /// Setting, for example 0.02 for a grade of 2 %.
    pub value: f64,
}

/// The exercise of a strength step.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct StrengthData {
    /// Label.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exercise_name: Option<String>,
    /// Load.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight: Option<f64>,
    /// Unit in which the weight is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight_display_unit: Option<WeightUnit>,
    /// Garmin category name, e.g. `BENCH_PRESS`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exercise_category: Option<String>,
}

/// The swim details of a step.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct SwimStepData {
    /// Stroke.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stroke_type: Option<SwimStrokeType>,
    /// Kind of drill.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drill_type: Option<DrillType>,
    /// Equipment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub equipment: Option<Vec<SwimEquipmentType>>,
}
