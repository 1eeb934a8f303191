//! Whatever the bytes are: no panic, no endless loop, no flood of memory, and no value in an error.

use proptest::prelude::*;
use tributary_providers::route::import::{Format, ImportError, records, salvage};

use crate::writer::*;
use crate::{import, sample};

const SAMPLES: [&str; 5] = [
    "garmin-edge-820-bike.fit",
    "garmin-fenix-5-run.fit",
    "sample-activity-indoor-trainer.fit",
    "WeightScaleMultiUser.fit",
    "activity-filecrc.fit",
];

/// Both ways in. Records that come out can be written and read.
fn survive(bytes: &[u8]) {
    let strict = records(Format::Fit, "any.fit", bytes);
    let loose = salvage(Format::Fit, "any.fit", bytes);
    if let Ok(records) = &strict {
        assert!(loose.as_ref().is_ok_and(|(same, fault)| same == records && fault.is_none()));
    }
    for record in loose.iter().flat_map(|(records, _)| records) {
        let json = record.to_json().unwrap();
        tributary_contract::model::Record::from_json(record.data_type(), &json).unwrap();
    }
}

/// The messages of a file in a new container, so that the checksum does not keep them from being read.
fn sealed(messages: &[u8]) -> Vec<u8> {
    Writer::default().raw(messages).file()
}

/// One message of every kind that is read, with all kinds of fields.
fn rich() -> Vec<u8> {
    let time = MORNING.to_le_bytes();
    let mut file = Writer::of_type(4).message(
        FIELD_DESCRIPTION,
        &[
            (0, UINT8, &[0]),
            (1, UINT8, &[1]),
            (2, UINT8, &[UINT16]),
            (14, UINT16, &[20, 0]),
            (15, UINT8, &[7]),
        ],
    );
    for number in [12, 18, 19, 20, 21, 23, 30, 34, 51, 55, 78, 103, 216, 227, 229, 269, 275, 346] {
        let fields: [Field<'_>; 7] = [
            (253, UINT32, &time),
            (0, ENUM, &[1]),
            (1, UINT16, &[9, 0]),
            (2, UINT32, &time),
            (3, UINT8, &[1, 2, 3, 4]),
            (5, BYTE, &[7, 7, 7]),
            (110, STRING, b"text\0"),
        ];
        file = file.message(number, &fields).developed(number, &fields[..1], &[(1, &[1, 2])]);
    }
    let file = file.file();
    file[14..file.len() - 2].to_vec()
}

#[test]
fn samples_that_are_cut_off_anywhere_are_damaged_or_empty() {
    for name in SAMPLES {
        let Some(whole) = sample(name) else { return };
        let step = (whole.len() / 40).max(1);
        for length in (0..whole.len()).step_by(step).chain(whole.len() - 6..whole.len()) {
            let error = records(Format::Fit, name, &whole[..length]).unwrap_err();
            assert!(
                matches!(
                    error,
                    ImportError::Damaged { .. }
                        | ImportError::Empty { .. }
                        | ImportError::NotThisFormat { .. }
                ),
                "{name} to {length}: {error}"
            );
            survive(&whole[..length]);
        }
    }
}

#[test]
fn a_flipped_bit_in_a_sample_is_never_taken_for_data() {
    for name in SAMPLES {
        let Some(whole) = sample(name) else { return };
        let bits = whole.len() * 8;
        for bit in (0..bits).step_by((bits / 300).max(1) | 1) {
            let mut bytes = whole.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(records(Format::Fit, name, &bytes).is_err(), "{name}: bit {bit}");
        }
    }
}

#[test]
fn more_bytes_than_are_read_are_refused_at_once() {
    let error = records(Format::Fit, "large", &vec![0; 64 * 1024 * 1024 + 1]).unwrap_err();
    assert_eq!(error.to_string(), "large: the file holds more than 67108864 bytes; split it or leave it out");
}

#[test]
fn small_messages_in_great_number_do_not_flood_memory() {
    // A point takes one byte in the file and 150 in memory.
    let file =
        Writer::of_type(4).message(RECORD, &[(253, UINT32, &MORNING.to_le_bytes())]).defined(RECORD, &[]);
    let file = file.raw(&vec![0xA1; 3_000_000]).file();
    let error = records(Format::Fit, "dense", &file).unwrap_err();
    assert_eq!(
        error.to_string(),
        "dense: the file holds more than 1000000 points, laps and heart beats; split it or leave it out"
    );
    // So do many small files in one, and messages that are dropped.
    let one = Writer::of_type(4).file();
    assert!(matches!(records(Format::Fit, "chain", &one.repeat(11_000)), Err(ImportError::TooLarge { .. })));
    let dropped = Writer::of_type(4).defined(999, &[]).raw(&vec![0xA1; 3_000_000]).file();
    assert!(matches!(records(Format::Fit, "dropped", &dropped), Err(ImportError::Unsupported { .. })));
}

#[test]
fn many_sessions_and_points_take_no_more_time_than_few() {
    let mut file = Writer::of_type(4);
    for second in 0..2_000_u32 {
        let time = (MORNING + second).to_le_bytes();
        file = file
            .message(SESSION, &[(2, UINT32, &time), (7, UINT32, &1000_u32.to_le_bytes())])
            .message(RECORD, &[(253, UINT32, &time), (3, UINT8, &[100])])
            .message(
                EVENT,
                &[(253, UINT32, &time), (0, ENUM, &[0]), (1, ENUM, &[u8::from(second % 2 == 0)])],
            );
    }
    assert_eq!(records(Format::Fit, "many", &file.file()).unwrap().len(), 2_000);
}

#[test]
fn no_error_holds_a_value_of_the_file() {
    let file = sealed(&rich());
    for length in 0..file.len() {
        if let Err(error) = records(Format::Fit, "x.fit", &file[..length]) {
            let text = format!("{error} {error:?}");
            assert!(!text.contains("text") && !text.contains(&MORNING.to_string()), "{text}");
        }
    }
}

#[test]
fn the_file_of_the_property_tests_is_a_good_one() {
    assert!(import("rich", &sealed(&rich())).len() >= 4);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        survive(&bytes);
    }

    #[test]
    fn any_messages_in_a_right_container_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        survive(&sealed(&bytes));
    }

    /// Definitions of kinds that are read, with any types and sizes, and any values behind them.
    #[test]
    fn any_fields_of_known_messages_are_survived(
        messages in prop::collection::vec(
            (
                prop::sample::select(vec![0_u16, 12, 18, 19, 20, 21, 23, 30, 34, 51, 55, 78, 101, 103, 132, 206, 216,
                    227, 229, 269, 275, 346]),
                any::<bool>(),
                prop::collection::vec(
                    (
                        prop_oneof![0_u8..40, Just(253), Just(254), any::<u8>()],
                        prop::sample::select(vec![0_u8, 1, 2, 7, 0x83, 0x84, 0x85, 0x86, 0x88, 0x89, 0x0A, 0x8B, 0x8C,
                            0x0D, 0x8E, 0x8F, 0x90, 0x33]),
                        prop::collection::vec(any::<u8>(), 0..20),
                    ),
                    0..12,
                ),
                prop::collection::vec((0_u8..4, prop::collection::vec(any::<u8>(), 0..20)), 0..3),
            ),
            0..20,
        )
    ) {
        let mut file = Writer::of_type(4);
        for (number, big_endian, fields, developed) in &messages {
            let fields: Vec<Field<'_>> =
                fields.iter().map(|(number, base_type, bytes)| (*number, *base_type, &bytes[..])).collect();
            let developed: Vec<(u8, &[u8])> = developed.iter().map(|(number, bytes)| (*number, &bytes[..])).collect();
            file = match (big_endian, developed.is_empty()) {
                (true, _) => file.big_endian(*number, &fields),
                (false, true) => file.message(*number, &fields),
                (false, false) => file.developed(*number, &fields, &developed),
            };
        }
        survive(&file.file());
    }

    #[test]
    fn any_change_of_good_messages_is_survived(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut messages = rich();
        for (index, byte) in changes {
            let index = index.index(messages.len());
            messages[index] = byte;
        }
        survive(&sealed(&messages));
        messages.truncate(cut.index(messages.len()));
        survive(&sealed(&messages));
        survive(&Writer::default().raw(&messages).file_of_length(0));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(60) })]

    #[test]
    fn any_change_of_a_real_file_is_survived(
        name in prop::sample::select(SAMPLES.to_vec()),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let Some(file) = sample(name) else { return Ok(()) };
        let header = usize::from(file[0]);
        let mut messages = file[header..file.len() - 2].to_vec();
        for (index, byte) in changes {
            let index = index.index(messages.len());
            messages[index] = byte;
        }
        survive(&sealed(&messages));
    }
}
