//! All messages of one file, sorted by what they are about.
//!
//! Filled message by message, then read by the modules that make records. Messages without a place in the model are
//! counted and dropped, so that a large file of them takes no memory; what is kept has a limit.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, Utc};
use rustyfit::profile::mesgdef::{
    Activity, FieldDescription, FileId, Hrv, MaxMetData, MonitoringInfo, SleepAssessment, Sport,
};
use rustyfit::profile::typedef::{File, FitBaseType, MesgNum};
use sha2::{Digest as _, Sha256};
use tributary_contract::model::{Offset, Timestamp};

use super::Fault;
use super::device::Devices;
use super::fields::{Fields, TIMESTAMP, developer_value};
use super::lap::Lap;
use super::monitoring::Monitoring;
use super::point::{Distance, Native, Point};
use super::session::Session;
use super::sleep::Level;
use super::timer::Change;
use super::weighing::{Pressure, Weighing};
use super::zone::Zones;

/// How much is kept of one upload: more than eleven days of one point a second.
const ROOM: usize = 1_000_000;
/// What a thing counts against it, by the memory that it takes: a point or a heart beat 1, a file or a session 100.
const LARGE: usize = 100;

/// What one file holds.
#[derive(Default)]
pub(super) struct Contents {
    /// What kind of file it says it is.
    pub(super) kind: Kind,
    /// Who recorded, and with what.
    pub(super) devices: Devices,
    /// How many messages there are, of any kind.
    pub(super) messages: usize,
    /// A message that would have been kept has no date.
    pub(super) undated: bool,
    /// How far the wall clock of the device was ahead of UTC, if the file says so.
    pub(super) offset: Option<Offset>,
    /// The sport as a file without sessions names it.
    pub(super) sport: (Option<i64>, Option<i64>),
    pub(super) sessions: Vec<Session>,
    pub(super) laps: Vec<Lap>,
    pub(super) points: Vec<Point>,
    pub(super) timer: Vec<Change>,
    pub(super) beats: Vec<Beat>,
    pub(super) zones: Vec<Zones>,
    /// VO2 max (mL/(kg·min)).
    pub(super) vo2_max: Option<f64>,
    pub(super) weighings: Vec<Weighing>,
    pub(super) pressures: Vec<Pressure>,
    pub(super) monitoring: Monitoring,
    pub(super) sleep_levels: Vec<Level>,
    /// The provider's score of the night and the count of awakenings.
    pub(super) sleep_score: (Option<f64>, Option<i64>),
    /// How much more can be kept.
    room: usize,
    created: Option<u32>,
    digest: Option<String>,
    developer: BTreeMap<(u8, u8), Description>,
    distance: Distance,
    last_time: Option<DateTime<Utc>>,
    /// The same as it is written.
    last_seconds: Option<u32>,
    last_beat: Option<DateTime<Utc>>,
}

/// One interval between heart beats.
pub(super) struct Beat {
    /// About when it ended; the file gives no time, only the order among other messages.
    pub(super) time: Option<DateTime<Utc>>,
    /// Its length (ms).
    pub(super) milliseconds: f64,
}

/// What a developer field is.
struct Description {
    base_type: FitBaseType,
    scale: f64,
    offset: f64,
    /// The field of a record that it stands for.
    native: Native,
}

impl Contents {
    /// The next file of an upload.
    pub(super) fn behind(last: Option<&Self>) -> Result<Self, Fault> {
        let mut contents = Self { room: last.map_or(ROOM, |last| last.room), ..Self::default() };
        contents.charge(LARGE)?;
        Ok(contents)
    }

    /// Takes one message in.
    pub(super) fn take(&mut self, fields: &Fields<'_>) -> Result<(), Fault> {
        self.messages = self.messages.saturating_add(1);
        let time = fields.time();
        self.last_time = time.or(self.last_time);
        self.last_seconds = fields.seconds(TIMESTAMP).or(self.last_seconds);
        match fields.kind() {
            MesgNum::FILE_ID => self.identify(fields),
            MesgNum::DEVICE_INFO => self.devices.take(fields),
            MesgNum::ACTIVITY => self.clock(fields, Activity::LOCAL_TIMESTAMP),
            MesgNum::FIELD_DESCRIPTION => self.describe(fields),
            MesgNum::SPORT => {
                self.sport = (fields.integer(Sport::SPORT), fields.integer(Sport::SUB_SPORT));
            }
            MesgNum::SESSION => {
                self.charge(LARGE)?;
                keep(&mut self.sessions, Session::read(fields), &mut self.undated);
            }
            MesgNum::LAP => {
                self.charge(2)?;
                self.laps.extend(Lap::read(fields));
            }
            MesgNum::RECORD => self.point(fields)?,
            MesgNum::EVENT => {
                if let Some(change) = Change::read(fields) {
                    self.charge(1)?;
                    self.timer.push(change);
                }
            }
            MesgNum::HRV => self.beats(fields)?,
            MesgNum::TIME_IN_ZONE => {
                if let Some(zones) = Zones::read(fields) {
                    self.charge(LARGE)?;
                    self.zones.push(zones);
                }
            }
            MesgNum::MAX_MET_DATA => {
                self.vo2_max = fields.number(MaxMetData::VO2_MAX).or(self.vo2_max);
            }
            MesgNum::WEIGHT_SCALE => {
                self.charge(2)?;
                keep(&mut self.weighings, Weighing::read(fields), &mut self.undated);
            }
            MesgNum::BLOOD_PRESSURE => {
                self.charge(1)?;
                keep(&mut self.pressures, Pressure::read(fields), &mut self.undated);
            }
            MesgNum::MONITORING_INFO => self.clock(fields, MonitoringInfo::LOCAL_TIMESTAMP),
            MesgNum::MONITORING | MesgNum::STRESS_LEVEL | MesgNum::SPO2_DATA => {
                self.charge(1)?;
                self.monitoring.take(fields, self.last_seconds);
            }
            MesgNum::SLEEP_LEVEL => {
                self.charge(1)?;
                keep(&mut self.sleep_levels, Level::read(fields), &mut self.undated);
            }
            MesgNum::SLEEP_ASSESSMENT => {
                self.sleep_score = (
                    fields.number(SleepAssessment::OVERALL_SLEEP_SCORE),
                    fields.integer(SleepAssessment::AWAKENINGS_COUNT),
                );
            }
            _ => {}
        }
        Ok(())
    }

    /// Remembers the digest of the file, where nothing else tells it from others.
    pub(super) fn digest(&mut self, data: &[u8]) {
        if self.created.is_none() || self.devices.serial.is_none() {
            let digest = Sha256::digest(data);
            self.digest = Some(hex::encode(digest.first_chunk::<12>().unwrap_or(&[0; 12])));
        }
    }

    /// The same for the same file, however it came here: maker, serial number and time of creation where the file
    /// names both, else from its bytes.
    pub(super) fn id(&self) -> String {
        match (&self.digest, self.devices.serial, self.created) {
            (None, Some(serial), Some(created)) => {
                format!("fit-{}-{serial}-{created}", self.devices.maker.unwrap_or_default())
            }
            (digest, ..) => format!("fit-{}", digest.as_deref().unwrap_or_default()),
        }
    }

    /// A moment on the device's wall clock where the file tells how it stood, else in UTC.
    pub(super) fn timestamp(&self, moment: DateTime<Utc>) -> Timestamp {
        Timestamp::from_utc_with_offset(moment, self.offset.unwrap_or(Offset::UTC))
    }

    fn identify(&mut self, fields: &Fields<'_>) {
        self.kind = Kind(fields.integer(FileId::TYPE).and_then(|kind| u8::try_from(kind).ok()));
        self.created = fields.seconds(FileId::TIME_CREATED);
        self.devices.identify(fields);
    }

    /// Reads how far the wall clock is ahead of UTC from a message that holds both.
    fn clock(&mut self, fields: &Fields<'_>, local: u8) {
        let Some((local, utc)) = fields.date(local).zip(fields.time()) else { return };
        let quarters = (local - utc).num_seconds().saturating_add(450).div_euclid(900);
        // Beyond 15 hours it is a clock that was never set.
        if (-60..=60).contains(&quarters) {
            self.offset = Offset::from_minutes(quarters * 15).ok().or(self.offset);
        }
    }

    fn describe(&mut self, fields: &Fields<'_>) {
        type Described = FieldDescription;
        let byte = |number| fields.integer(number).and_then(|value| u8::try_from(value).ok());
        let native =
            fields.integer(Described::NATIVE_MESG_NUM).filter(|&kind| kind == i64::from(MesgNum::RECORD.0));
        let native = native.and(byte(Described::NATIVE_FIELD_NUM)).and_then(Native::of);
        let (Some(application), Some(number), Some(base_type), Some(native)) = (
            byte(Described::DEVELOPER_DATA_INDEX),
            byte(Described::FIELD_DEFINITION_NUMBER),
            byte(Described::FIT_BASE_TYPE_ID),
            native,
        ) else {
            return;
        };
        let description = Description {
            base_type: FitBaseType(base_type),
            scale: fields.number(Described::SCALE).filter(|&scale| scale > 0.0).unwrap_or(1.0),
            offset: fields.number(Described::OFFSET).unwrap_or_default(),
            native,
        };
        self.developer.insert((application, number), description);
    }

    /// Takes room, or says that there is none left.
    fn charge(&mut self, cost: usize) -> Result<(), Fault> {
        self.room = self
            .room
            .checked_sub(cost)
            .ok_or(Fault::TooLarge { what: "points, laps and heart beats", most: ROOM })?;
        Ok(())
    }

    fn point(&mut self, fields: &Fields<'_>) -> Result<(), Fault> {
        self.charge(1)?;
        let Some(mut point) = Point::read(fields, &mut self.distance) else {
            self.undated = true;
            return Ok(());
        };
        for field in &fields.message.developer_fields {
            let Some(description) = self.developer.get(&(field.developer_data_index, field.num)) else {
                continue;
            };
            if let Some(raw) = developer_value(&field.value, description.base_type) {
                point.complete(description.native, raw / description.scale - description.offset);
            }
        }
        self.points.push(point);
        Ok(())
    }

    /// Intervals have no time of their own. They follow one another, and none ends before the message in front.
    fn beats(&mut self, fields: &Fields<'_>) -> Result<(), Fault> {
        let mut time = self.last_beat.max(self.last_time);
        for seconds in fields.numbers(Hrv::TIME).flatten().filter(|&seconds| seconds > 0.0) {
            let milliseconds = seconds * 1000.0;
            #[expect(clippy::cast_possible_truncation, reason = "a field of 16 bits")]
            let length = chrono::TimeDelta::milliseconds(milliseconds.round() as i64);
            time = time.and_then(|time| time.checked_add_signed(length));
            self.charge(1)?;
            self.beats.push(Beat { time, milliseconds });
        }
        self.last_beat = time;
        Ok(())
    }
}

/// Keeps what has a date.
fn keep<T>(list: &mut Vec<T>, item: Option<T>, undated: &mut bool) {
    *undated |= item.is_none();
    list.extend(item);
}

/// What kind of file it is; none where the file does not say.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Kind(Option<u8>);

impl Kind {
    /// Files that hold what someone is meant to do, in messages that look like what was done.
    pub(super) fn is_plan(self) -> bool {
        let plans =
            [File::WORKOUT, File::COURSE, File::SCHEDULES, File::GOALS, File::SEGMENT, File::SEGMENT_LIST];
        self.0.is_some_and(|kind| plans.contains(&File(kind)))
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(kind) = self.0 else { return f.write_str("unknown") };
        let name = File(kind).to_string();
        if name.starts_with("File(") { write!(f, "{kind}") } else { f.write_str(&name) }
    }
}
