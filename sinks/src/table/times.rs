//! When a record begins and ends, as two columns for every type.
//!
//! For tables that hold records of all types. A type without times gives empty cells, never a guess.

use tributary_contract::model::DataType;

use super::{Table, time};

/// Beginning and end of a record, as delivered.
pub(crate) const fn times(data_type: DataType) -> &'static Table {
    match data_type {
        DataType::Activity
        | DataType::Body
        | DataType::Daily
        | DataType::Sleep
        | DataType::Nutrition
        | DataType::Menstruation
        | DataType::Athlete
        | DataType::HealthObservation => &PERIOD,
        DataType::PlannedWorkout => &PLANNED,
        DataType::Hormone => &MOMENT,
    }
}

static PERIOD: Table = Table {
    columns: &[time("start_time", &["metadata", "start_time"]), time("end_time", &["metadata", "end_time"])],
};

static PLANNED: Table =
    Table { columns: &[time("start_time", &["planned_date"]), time("end_time", &["planned_date"])] };

static MOMENT: Table =
    Table { columns: &[time("start_time", &["timestamp"]), time("end_time", &["timestamp"])] };

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::{Cell, pick};

    #[test]
    fn every_type_gives_a_beginning_and_an_end() {
        let json = r#"{"metadata":{"start_time":"a","end_time":"b"},"timestamp":"c","planned_date":"d"}"#;
        for data_type in DataType::ALL {
            let cells = pick(times(data_type), json).unwrap();
            assert_eq!(cells.len(), 2);
            assert!(cells.iter().all(|cell| matches!(cell, Cell::Text(_))), "{data_type}: {cells:?}");
        }
        assert_eq!(pick(times(DataType::Athlete), "{}").unwrap(), [Cell::Null, Cell::Null]);
    }
}
