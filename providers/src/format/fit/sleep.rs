//! A night from the stages that a watch noted (message `sleep_level`).
//!
//! A stage holds from its time to that of the next one; the last one ends the night. Lengths are sums of these; the
//! score is the device's own.

use chrono::{DateTime, Utc};
use rustyfit::profile::mesgdef::SleepLevel as S;
use tributary_contract::model::{
    AsleepDurations, AwakeDurations, OtherSleepDurations, Sleep, SleepDurationsData, SleepHypnogramSample,
    SleepLevel, SleepMetadata, SleepScores, SleepUploadType,
};

use super::contents::Contents;
use super::fields::Fields;
use super::filled;

/// One stage and when it began.
pub(super) struct Level {
    time: DateTime<Utc>,
    stage: SleepLevel,
}

impl Level {
    /// None without a date.
    pub(super) fn read(fields: &Fields<'_>) -> Option<Self> {
        let stage = match fields.integer(S::SLEEP_LEVEL) {
            Some(1) => SleepLevel::Awake,
            Some(2) => SleepLevel::LightSleep,
            Some(3) => SleepLevel::DeepSleep,
            Some(4) => SleepLevel::RemSleep,
            Some(_) | None => SleepLevel::Unknown,
        };
        Some(Self { time: fields.time()?, stage })
    }
}

/// The night of a file, if it holds one.
pub(super) fn sleep(contents: &mut Contents) -> Option<Sleep> {
    let mut levels = std::mem::take(&mut contents.sleep_levels);
    levels.sort_by_key(|level| level.time);
    let (first, last) = levels.first().zip(levels.last()).filter(|(first, last)| first.time < last.time)?;
    let (start, end) = (contents.timestamp(first.time), contents.timestamp(last.time));
    let length = |stage: SleepLevel| {
        let held = levels.windows(2).filter_map(|pair| match pair {
            [this, next] if this.stage == stage => Some((next.time - this.time).as_seconds_f64()),
            _ => None,
        });
        held.sum::<f64>()
    };
    let [light, deep, rem] =
        [SleepLevel::LightSleep, SleepLevel::DeepSleep, SleepLevel::RemSleep].map(length);
    let (score, awakenings) = contents.sleep_score;
    Some(Sleep {
        metadata: SleepMetadata {
            start_time: start,
            end_time: end,
            summary_id: Some(contents.id()),
            timestamp_localization: Some(start.localization()),
            upload_type: SleepUploadType::Automatic,
            is_nap: None,
        },
        device_data: contents.devices.data(),
        sleep_durations_data: Some(SleepDurationsData {
            asleep: Some(AsleepDurations {
                duration_asleep_state_seconds: Some(light + deep + rem),
                duration_light_sleep_state_seconds: Some(light),
                duration_deep_sleep_state_seconds: Some(deep),
                duration_rem_sleep_state_seconds: Some(rem),
                num_rem_events: None,
            }),
            awake: Some(AwakeDurations {
                duration_awake_state_seconds: Some(length(SleepLevel::Awake)),
                num_wakeup_events: awakenings,
                ..AwakeDurations::default()
            }),
            other: Some(OtherSleepDurations {
                duration_unmeasurable_sleep_seconds: Some(length(SleepLevel::Unknown)),
                ..OtherSleepDurations::default()
            }),
            hypnogram_samples: Some(
                levels
                    .iter()
                    .map(|level| SleepHypnogramSample {
                        timestamp: Some(contents.timestamp(level.time)),
                        level: Some(level.stage),
                    })
                    .collect(),
            ),
            ..SleepDurationsData::default()
        }),
        scores: filled(SleepScores { sleep: score, ..SleepScores::default() }),
        ..Sleep::default()
    })
}
