//! Device files on their way in: printed, or sent down the path of a running daemon to its sinks.

use std::path::PathBuf;

use serde_json::{Value, json};
use tributary_tests::{Plan, Rig, program, rig};

/// Seconds between 1970 and 1989-12-31, where the time of FIT files begins.
const FIT_EPOCH: i64 = 631_065_600;
/// 2026-05-02 06:30:00 UTC.
const READ_AT: i64 = 1_777_703_400;

/// A FIT file of a scale: readings in hundredths of a kilogram, a minute apart.
fn scale_file(readings: &[u16]) -> Vec<u8> {
    let stamp = |minute: i64| u32::try_from(READ_AT - FIT_EPOCH + 60 * minute).unwrap().to_le_bytes();
    // The message `file_id`: its fields, then its values. Type 9 is a file of weights.
    let mut data = vec![0x40, 0, 0, 0, 0, 4, 0, 1, 0x00, 1, 2, 0x84, 3, 4, 0x8C, 4, 4, 0x86];
    data.extend([0, 9]);
    data.extend(255_u16.to_le_bytes());
    data.extend(4_711_u32.to_le_bytes());
    data.extend(stamp(0));
    // The message `weight_scale`: a time and a weight.
    data.extend([0x41, 0, 0, 30, 0, 2, 253, 4, 0x86, 0, 2, 0x84]);
    for (reading, minute) in readings.iter().zip(0..) {
        data.push(1);
        data.extend(stamp(minute));
        data.extend(reading.to_le_bytes());
    }
    let mut file = vec![14, 0x20];
    file.extend(2_132_u16.to_le_bytes());
    file.extend(u32::try_from(data.len()).unwrap().to_le_bytes());
    file.extend(*b".FIT");
    file.extend(checksum(&file).to_le_bytes());
    file.extend(data);
    file.extend(checksum(&file).to_le_bytes());
    file
}

/// The checksum of FIT files: CRC-16 with the reversed polynomial 0xA001.
fn checksum(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |sum, byte| {
        (0..8)
            .fold(sum ^ u16::from(*byte), |sum, _| if sum & 1 == 1 { (sum >> 1) ^ 0xA001 } else { sum >> 1 })
    })
}

fn written(folder: &tempfile::TempDir, name: &str, content: &[u8]) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, content).unwrap();
    path
}

#[test]
fn a_device_file_is_printed_as_records() {
    rig::run(async || {
        let folder = tempfile::tempdir().unwrap();
        let path = written(&folder, "scale.fit", &scale_file(&[7_250, 7_240]));
        let output = program::run(["import", "--format", "fit", path.to_str().unwrap()]).await;
        assert_eq!((output.code, output.stderr.as_str()), (0, ""));
        let lines = output.lines();
        assert!(lines.iter().all(|line| line["type"] == "body"), "{lines:?}");
        let text = output.stdout;
        assert!(text.contains("72.5") && text.contains("72.4"), "{text}");
    });
}

#[test]
fn a_damaged_device_file_is_an_error_that_names_it_and_the_others_are_still_read() {
    rig::run(async || {
        let folder = tempfile::tempdir().unwrap();
        let whole = scale_file(&[7_250]);
        let mut flipped = whole.clone();
        *flipped.last_mut().unwrap() ^= 1;
        let good = written(&folder, "good.fit", &whole);
        for (name, content) in [("cut.fit", &whole[..whole.len() - 9]), ("flipped.fit", flipped.as_slice())] {
            let bad = written(&folder, name, content);
            let files = [bad.to_str().unwrap(), good.to_str().unwrap()];
            let output = program::run(["import", "--format", "fit", files[0], files[1]]).await;
            assert_eq!(output.code, 1, "{name}: {}", output.stdout);
            assert!(output.stderr.contains(name), "{}", output.stderr);
            assert_eq!(output.lines().len(), 1, "the good file is read all the same");
        }
    });
}

#[test]
fn the_records_of_a_file_reach_the_sinks_once() {
    rig::run(async || {
        let rig = Rig::start(Plan::default()).await;
        let folder = tempfile::tempdir().unwrap();
        let path = written(&folder, "scale.fit", &scale_file(&[7_250]));
        let config = rig.configuration();
        let arguments = ["import", "--format", "fit", "-c", config.to_str().unwrap(), "--user", "somebody"];
        let import = || program::run_in(&rig, [&arguments[..], &[path.to_str().unwrap()]].concat());
        let first = import().await;
        assert_eq!(first.code, 0, "{}", first.stderr);
        assert_eq!((&first.json()["records"], &first.json()["unchanged"]), (&json!(1), &json!(0)));
        rig.quiet().await;
        let arrived = rig.received("/acme");
        let (key, record) = arrived.present().next().expect("a record");
        assert_eq!((key.0.as_str(), key.1.as_str()), ("somebody", "body"));
        assert!(record.to_string().contains("72.5"), "{record}");
        assert_eq!(rig.receiver.events("auth").len(), 1, "the person is announced");

        let before = rig.last_sequence().await;
        let second = import().await;
        assert_eq!((&second.json()["records"], &second.json()["unchanged"]), (&json!(1), &json!(1)));
        assert_eq!(second.json()["connection"], first.json()["connection"]);
        rig.quiet().await;
        assert_eq!(rig.last_sequence().await, before, "the same file again adds nothing");
        rig.finish().await;
    });
}

#[test]
fn a_file_for_a_connection_that_is_not_there_is_refused() {
    rig::run(async || {
        let rig = Rig::start(Plan::default()).await;
        let folder = tempfile::tempdir().unwrap();
        let path = written(&folder, "scale.fit", &scale_file(&[7_250]));
        let nobody = uuid::Uuid::nil().to_string();
        let config = rig.configuration();
        let arguments = ["import", "--format", "fit", "-c", config.to_str().unwrap(), "--user", &nobody];
        let output = program::run_in(&rig, [&arguments[..], &[path.to_str().unwrap()]].concat()).await;
        assert_eq!((output.code, output.stdout.as_str()), (1, ""));
        assert!(output.stderr.contains("there is no connection"), "{}", output.stderr);
        assert_eq!(rig.log().await, Vec::<Value>::new());
        rig.finish().await;
    });
}
