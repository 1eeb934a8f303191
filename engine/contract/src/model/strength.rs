//! Strength training inside a workout: exercises, sets, and how they were done.
//!
//! Filled by providers whose devices detect sets and by workout logs. The source's own labels are kept beside the
//! resolved words; effort scales are never converted into each other.

use serde::{Deserialize, Serialize};

use super::integer;
use super::strength_enumeration::{
    StrengthBarPosition, StrengthGripOrientation, StrengthGripWidth, StrengthImplement, StrengthLaterality,
    StrengthLoadType, StrengthMuscle, StrengthPosition, StrengthRom, StrengthSetType, StrengthSource,
    StrengthStance, StrengthTarget, StrengthTempo,
};
use super::strength_movement::StrengthMovement;
use super::time::Timestamp;

/// The strength part of a workout.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ActivityStrengthData {
    /// Body weight at the workout (kg), when the source has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body_weight_kg: Option<f64>,
    /// Exercises in the order started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exercises: Option<Vec<StrengthExercise>>,
}

/// One exercise with its sets.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct StrengthExercise {
    /// The source's own label.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exercise_name: Option<String>,
    /// Joint actions in order (clean and jerk is two); empty when the label could not be resolved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub movements: Option<Vec<StrengthMovement>>,
    /// Body part of a stretch or mobility drill.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<StrengthTarget>,
    /// How it was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modifiers: Option<Box<StrengthExerciseModifiers>>,
    /// Muscles reported as primary.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub primary_muscles: Option<Vec<StrengthMuscle>>,
    /// Muscles reported as secondary.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secondary_muscles: Option<Vec<StrengthMuscle>>,
    /// Exercises with an equal number form a superset or circuit of this workout.
    #[serde(default, deserialize_with = "integer::optional", skip_serializing_if = "Option::is_none")]
    pub group_id: Option<i64>,
    /// Free text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
    /// Effort of the whole exercise (0–10).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rpe: Option<f64>,
    /// Who says that it was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<StrengthSource>,
    /// Sets in order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sets: Option<Vec<StrengthSet>>,
}

/// One set.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct StrengthSet {
    /// How to read `weight_kg`.
    pub load_type: StrengthLoadType,
    /// Weight as logged (kg): the whole barbell, one dumbbell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight_kg: Option<f64>,
    /// Repetitions, per side when one side moves at a time.
    #[serde(default, deserialize_with = "integer::optional", skip_serializing_if = "Option::is_none")]
    pub reps: Option<i64>,
    /// Distance of a loaded carry (m).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub distance_meters: Option<f64>,
    /// Length of a hold or carry (s).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_seconds: Option<f64>,
    /// Start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_time: Option<Timestamp>,
    /// End.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_time: Option<Timestamp>,
    /// Rest after it inside the exercise (s).
    #[serde(default, deserialize_with = "integer::optional", skip_serializing_if = "Option::is_none")]
    pub rest_after_seconds: Option<i64>,
    /// Effort (0–10).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rpe: Option<f64>,
    /// Repetitions in reserve; never converted to or from `rpe`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rir: Option<f64>,
    /// Kind of set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub set_type: Option<StrengthSetType>,
    /// Free text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
}

/// How an exercise was done; an axis that is absent was not reported.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct StrengthExerciseModifiers {
    /// What is held or used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub implement: Option<StrengthImplement>,
    /// What it is done on; the vocabulary is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub surface: Option<String>,
    /// How wide the grip is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grip_width: Option<StrengthGripWidth>,
    /// Which way the grip faces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grip_orientation: Option<StrengthGripOrientation>,
    /// Which sides move.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub laterality: Option<StrengthLaterality>,
    /// How the feet stand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stance: Option<StrengthStance>,
    /// How the body is placed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<StrengthPosition>,
    /// Where the bar is carried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bar_position: Option<StrengthBarPosition>,
    /// How fast it is moved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tempo: Option<StrengthTempo>,
    /// Range of motion.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rom: Option<StrengthRom>,
    /// Training programme; the vocabulary is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub programme: Option<String>,
    /// Bands or chains that were added.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accommodating_resistance: Option<String>,
    /// What helped: machine, band, partner or `balance_support`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assistance: Option<String>,
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn an_exercise_survives_with_words_that_are_not_yet_known() {
        let document: Value = json!({
            "body_weight_kg": 71.5,
            "exercises": [{
                "exercise_name": "Pause clean & jerk",
                "movements": ["clean", "jerk", "moon_lift"],
                "target": "thoracic_spine",
                "modifiers": {
                    "implement": "barbell", "surface": "platform", "grip_width": "wide",
                    "grip_orientation": "overhand", "laterality": "bilateral", "stance": "split",
                    "position": "standing", "bar_position": "front_rack", "tempo": "paused", "rom": "from_hang",
                    "programme": "x", "accommodating_resistance": "bands", "assistance": "partner",
                },
                "primary_muscles": ["quadriceps"], "secondary_muscles": ["hip_flexor"],
                "group_id": 1, "notes": "n", "rpe": 8.5, "source": "user_logged",
                "sets": [{
                    "load_type": "external", "weight_kg": 60.0, "reps": 5, "distance_meters": 10.0,
                    "duration_seconds": 30.0, "start_time": "2026-03-01T07:00:00.000000+01:00",
                    "end_time": "2026-03-01T07:01:00.000000+01:00", "rest_after_seconds": 120, "rpe": 8.0,
                    "rir": 2.0, "set_type": "dropset", "notes": "n",
                }, {"load_type": "unknown"}],
            }],
        });
        let read: ActivityStrengthData = serde_json::from_value(document.clone()).unwrap();
        assert_eq!(serde_json::to_value(&read).unwrap(), document);
        let exercise = &read.exercises.unwrap()[0];
        let unknown = StrengthMovement::Unlisted("moon_lift".to_owned());
        let movements = [StrengthMovement::Clean, StrengthMovement::Jerk, unknown];
        assert_eq!(exercise.movements.as_deref(), Some(&movements[..]));
        assert!(serde_json::from_value::<StrengthSet>(json!({})).is_err(), "a set needs its load type");
    }

    #[test]
    fn the_vocabularies_are_whole() {
        assert_eq!(StrengthMovement::ALL.len(), 175);
        assert_eq!(StrengthImplement::ALL.len(), 25);
        assert_eq!(StrengthMuscle::ALL.len(), 19);
        assert_eq!(StrengthTarget::ALL.len(), 25);
        assert_eq!(StrengthPosition::ALL.len(), 19);
        assert_eq!(StrengthMovement::from("wood_chop"), StrengthMovement::WoodChop);
    }
}
