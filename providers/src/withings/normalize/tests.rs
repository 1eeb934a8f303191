use super::*;

fn measure(value: i64, unit: i32) -> wire::Measure {
    wire::Measure { value: Some(value), kind: 1, unit: Some(unit), position: None }
}

#[test]
fn value_and_power_of_ten_are_put_together_without_dust() {
    let cases = [
        (71_342, -3, 0, 71.342),
        (1840, -2, 0, 18.4),
        (71_342, -5, 3, 713.42),
        (2_903, -3, 3, 2903.0),
        (178, -2, 2, 178.0),
        (-1, 0, 0, -1.0),
        (12, 1, 0, 120.0),
        (0, -7, 0, 0.0),
    ];
    for (value, unit, shift, expected) in cases {
        let found = body::number(&measure(value, unit), shift).unwrap();
        assert_eq!(found.to_string(), f64::to_string(&expected), "{value}e{unit}");
    }
    assert_eq!(body::number(&measure(1, i32::MAX), 1), None);
    assert_eq!(body::number(&measure(i64::MAX, 400), 0), None, "no infinite weights");
}

#[test]
fn counts_are_whole_and_absurd_ones_left_out() {
    assert_eq!(count(Some(7.0)), Some(7));
    assert_eq!((count(None), count(Some(f64::MAX)), count(Some(1e16))), (None, None, None));
}
