//! Simulated activities: what really happened, how the API tells it, and what must come out of it.
//!
//! Everything is computed from the person and the activity's number whenever it is needed, so that a million
//! activities cost little memory. It never looks at an answer that was served.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value, json};

use crate::sandbox::ledger::Fact;
use crate::sandbox::people::{Person, whole};

use super::sport::{SPORTS, Sport};
use super::stream::{self, Track};

/// The id of activity 0.
const FIRST_ID: u64 = 15_000_000_000;
/// What the dice are thrown for.
const TRUTH: u64 = 0x61;

/// An activity in the books.
#[derive(Debug, Clone)]
pub(super) struct Activity {
    pub(super) number: u32,
    pub(super) person: u32,
    pub(super) start: DateTime<Utc>,
    /// Length with pauses, s.
    pub(super) elapsed: u32,
    /// How often its title was changed.
    pub(super) edits: u32,
    /// Only its owner may see it.
    pub(super) only_me: bool,
    pub(super) gone: bool,
}

impl Activity {
    pub(super) fn id(&self) -> u64 {
        FIRST_ID + u64::from(self.number)
    }

    /// Who may see it.
    pub(super) const fn visibility(&self) -> &'static str {
        if self.only_me { "only_me" } else { "everyone" }
    }

    /// The number behind an id as it stands in a path.
    pub(super) fn number_of(id: &str) -> Option<u32> {
        id.parse::<u64>().ok()?.checked_sub(FIRST_ID)?.try_into().ok()
    }
}

/// What really happened. Lengths are whole numbers of small units, so that nothing is rounded twice.
#[derive(Debug)]
pub(super) struct Truth {
    sport: &'static Sport,
    pub(super) manual: bool,
    pub(super) moving: u32,
    /// dm.
    pub(super) distance: u32,
    /// dm.
    pub(super) gain: u32,
    /// dm.
    altitude: Option<(u32, u32)>,
    /// mm/s.
    pub(super) max_speed: u32,
    /// Tenths of bpm.
    pub(super) heart_rate: Option<u32>,
    pub(super) max_heart_rate: u32,
    /// Tenths of rpm.
    pub(super) cadence: Option<u32>,
    /// Tenths of W.
    pub(super) watts: Option<u32>,
    max_watts: u32,
    /// Tenths of kcal.
    calories: u32,
    temperature: Option<u32>,
    device: Option<&'static str>,
    description: Option<&'static str>,
    time_of_day: &'static str,
    pub(super) points: u32,
    position: Option<(i32, i32)>,
}

pub(super) fn tenths(value: u32) -> f64 {
    f64::from(value) / 10.0
}

pub(super) fn thousandths(value: u32) -> f64 {
    f64::from(value) / 1000.0
}

impl Truth {
    pub(super) fn of(activity: &Activity, person: &Person, most_points: u32) -> Self {
        let mut dice = person.dice(TRUTH, u64::from(activity.number));
        let [first, ..] = &SPORTS;
        let sport = dice.pick(&SPORTS.each_ref(), first);
        let manual = dice.percent(5);
        let moving = activity.elapsed - activity.elapsed * dice.between(0, 8) / 100;
        let speed = dice.between(sport.speed.0, sport.speed.1);
        let distance = whole(f64::from(speed) * f64::from(moving) / 100.0);
        let outdoors = sport.outdoors && !manual;
        let has_heart_rate = !manual && dice.percent(85);
        let heart_rate = dice.between(1_050, person.max_hr * 10 - 250);
        let (low, height) = (dice.between(20, 9_000), dice.between(50, 3_000));
        let watts = dice.between(person.ftp * 4, person.ftp * 9);
        let has_power = sport.power && !manual && dice.percent(70);
        let zone = person.zone;
        let nudge =
            |dice: &mut crate::sandbox::people::Chance| i32::try_from(dice.between(0, 4_000)).unwrap_or(0);
        let position = (zone.latitude + nudge(&mut dice), zone.longitude + nudge(&mut dice));
        Self {
            sport,
            manual,
            moving,
            distance,
            gain: if outdoors { dice.between(0, height * 2) } else { 0 },
            altitude: outdoors.then_some((low, low + height)),
            max_speed: if speed == 0 { 0 } else { speed + dice.between(300, 2_500) },
            heart_rate: has_heart_rate.then_some(heart_rate),
            max_heart_rate: heart_rate / 10 + dice.between(5, 25),
            cadence: sport
                .cadence
                .filter(|_| !manual && dice.percent(90))
                .map(|(low, high)| dice.between(low * 10, high * 10)),
            watts: has_power.then_some(watts),
            max_watts: watts / 10 + dice.between(100, 500),
            calories: moving * dice.between(60, 150) / 60,
            temperature: dice.maybe(40, 4, 33).filter(|_| outdoors),
            device: (!manual).then(|| {
                let devices =
                    ["Garmin Forerunner 265", "Apple Watch Series 9", "Wahoo ELEMNT BOLT", "Strava App"];
                dice.pick(&devices, "Strava App")
            }),
            description: dice.percent(20).then_some("Felt good. \"Personal best\" on the bridge – 🙂"),
            time_of_day: dice.pick(&["Morning", "Lunch", "Afternoon", "Evening"], "Morning"),
            points: dice.between(60.min(most_points), most_points.max(2)).min(activity.elapsed.max(2)),
            position: outdoors.then_some(position),
        }
    }

    pub(super) fn is_run(&self) -> bool {
        self.sport.older == "Run"
    }

    /// The title, which edits change.
    pub(super) fn title(&self, activity: &Activity) -> String {
        match activity.edits {
            0 => format!("{} {}", self.time_of_day, self.sport.title),
            edits => format!("{} {} (edit {edits})", self.time_of_day, self.sport.title),
        }
    }

    /// mm/s.
    fn average_speed(&self) -> u32 {
        whole(f64::from(self.distance) * 100.0 / f64::from(self.moving.max(1)))
    }

    pub(super) fn track(&self, activity: &Activity) -> Option<Track> {
        (!self.manual).then(|| Track {
            points: self.points,
            elapsed: activity.elapsed,
            distance: (self.distance > 0).then_some(self.distance),
            altitude: self.altitude,
            speed: (self.distance > 0).then(|| self.average_speed()),
            heart_rate: self.heart_rate.map(|tenths| tenths / 10),
            cadence: self.cadence.map(|tenths| tenths / 10),
            watts: self.watts.map(|tenths| tenths / 10),
            temperature: self.temperature,
            position: self.position,
        })
    }

    /// The summary that lists hold.
    pub(super) fn summary(&self, activity: &Activity, person: &Person) -> Value {
        let line = self.position.map(|start| stream::polyline(start, 8)).unwrap_or_default();
        let upload = (!self.manual).then(|| activity.id() + 1_000_000_000);
        let place = self.position.map(|start| stream::place(start, 0, self.points));
        let end = self.position.map(|start| stream::place(start, self.points.saturating_sub(1), self.points));
        let gear = (self.is_run() && !self.manual).then_some("g1");
        let mut summary = json!({
            "resource_state": 2,
            "id": activity.id(),
            "athlete": {"id": super::athlete_id(person.number), "resource_state": 1},
            "name": self.title(activity),
            "distance": tenths(self.distance),
            "moving_time": self.moving,
            "elapsed_time": activity.elapsed,
            "total_elevation_gain": tenths(self.gain),
            "type": self.sport.older,
            "sport_type": self.sport.name,
            "workout_type": if self.is_run() { Value::from(0) } else { Value::Null },
            "device_name": self.device,
            "start_date": utc(activity.start),
            "start_date_local": false_utc(activity.start, person),
            "timezone": timezone(person),
            "utc_offset": f64::from(person.zone.offset_minutes) * 60.0,
            "start_latlng": place.map_or_else(|| json!([]), |(lat, lng)| json!([lat, lng])),
            "end_latlng": end.map_or_else(|| json!([]), |(lat, lng)| json!([lat, lng])),
            "map": {"id": format!("a{}", activity.id()), "summary_polyline": line, "resource_state": 2},
            "trainer": !self.sport.outdoors && !self.manual,
            "commute": false,
            "manual": self.manual,
            "private": activity.only_me,
            "visibility": activity.visibility(),
            "flagged": false,
            "gear_id": gear,
            "average_speed": thousandths(self.average_speed()),
            "max_speed": thousandths(self.max_speed),
            "has_heartrate": self.heart_rate.is_some(),
            "heartrate_opt_out": false,
            "external_id": upload.map(|upload| format!("{upload}.fit")),
            "upload_id": upload,
            "upload_id_str": upload.map(|upload| upload.to_string()),
            "achievement_count": 0,
            "kudos_count": 3,
            "comment_count": 0,
            "athlete_count": 1,
            "photo_count": 0,
            "total_photo_count": 0,
            "pr_count": 0,
            "has_kudoed": false,
        });
        set(&mut summary, "average_cadence", self.cadence.map(tenths));
        set(&mut summary, "average_temp", self.temperature.map(f64::from));
        set(&mut summary, "average_heartrate", self.heart_rate.map(tenths));
        set(&mut summary, "max_heartrate", self.heart_rate.map(|_| f64::from(self.max_heart_rate)));
        set(&mut summary, "elev_low", self.altitude.map(|(low, _)| tenths(low)));
        set(&mut summary, "elev_high", self.altitude.map(|(_, high)| tenths(high)));
        set(&mut summary, "suffer_score", self.heart_rate.map(|tenths| f64::from(tenths / 40)));
        if let (Some(watts), Some(fields)) = (self.watts, summary.as_object_mut()) {
            fields.insert("average_watts".to_owned(), tenths(watts).into());
            fields.insert("weighted_average_watts".to_owned(), (watts / 10 + 7).into());
            fields.insert("max_watts".to_owned(), self.max_watts.into());
            fields.insert("device_watts".to_owned(), true.into());
            fields.insert("kilojoules".to_owned(), self.kilojoules(watts).into());
        }
        summary
    }

    fn kilojoules(&self, watts: u32) -> f64 {
        tenths(whole(tenths(watts) * f64::from(self.moving) / 100.0))
    }

    /// The whole activity.
    pub(super) fn detailed(&self, activity: &Activity, person: &Person) -> String {
        let mut detailed = self.summary(activity, person);
        let line = self.position.map(|start| stream::polyline(start, 24)).unwrap_or_default();
        if let Some(map) = detailed.get_mut("map").and_then(Value::as_object_mut) {
            map.insert("polyline".to_owned(), line.into());
            map.insert("resource_state".to_owned(), 3.into());
        }
        let more = json!({
            "resource_state": 3,
            "description": self.description,
            "calories": tenths(self.calories),
            "perceived_exertion": null,
            "prefer_perceived_exertion": null,
            "embed_token": "",
            "gear": (self.is_run() && !self.manual).then(super::athlete::shoe),
            "splits_standard": [],
            "segment_efforts": [],
            "best_efforts": [],
            "hide_from_home": false,
        });
        if let (Some(fields), Value::Object(more)) = (detailed.as_object_mut(), more) {
            fields.extend(more);
        }
        let mut text = detailed.to_string();
        text.pop();
        text.push_str(",\"laps\":");
        text.push_str(&self.laps_json(activity, person));
        text.push_str(",\"splits_metric\":");
        text.push_str(&self.splits_json(activity));
        text.push('}');
        text
    }

    /// What must be true of Terra's activity.
    pub(super) fn facts(&self, activity: &Activity, person: &Person) -> Vec<Fact> {
        let points = usize::try_from(self.points).unwrap_or_default();
        let counted = |there: bool| if there { points } else { 0 };
        let track = self.track(activity);
        let powered = track.as_ref().map_or(0, Track::power_samples);
        let laps = self.laps(activity).len();
        let mut facts = vec![
            Fact::text("/metadata/summary_id", activity.id().to_string()),
            Fact::text("/metadata/name", self.title(activity)),
            Fact::number("/metadata/type", self.sport.terra),
            Fact::number("/metadata/upload_type", if self.manual { 2_u32 } else { 1 }),
            Fact::instant("/metadata/start_time", activity.start),
            Fact::instant(
                "/metadata/end_time",
                activity.start + TimeDelta::seconds(i64::from(activity.elapsed)),
            ),
            Fact::number("/active_durations_data/activity_seconds", self.moving),
            Fact::number("/calories_data/total_burned_calories", tenths(self.calories)),
            Fact::number("/distance_data/summary/distance_meters", tenths(self.distance)),
            Fact::number("/distance_data/summary/elevation/gain_actual_meters", tenths(self.gain)),
            Fact::maybe(
                "/distance_data/summary/elevation/min_meters",
                self.altitude.map(|(low, _)| tenths(low)),
            ),
            Fact::maybe(
                "/distance_data/summary/elevation/max_meters",
                self.altitude.map(|(_, high)| tenths(high)),
            ),
            Fact::number("/movement_data/avg_speed_meters_per_second", thousandths(self.average_speed())),
            Fact::number("/movement_data/max_speed_meters_per_second", thousandths(self.max_speed)),
            Fact::maybe("/movement_data/avg_cadence_rpm", self.cadence.map(tenths)),
            Fact::maybe("/heart_rate_data/summary/avg_hr_bpm", self.heart_rate.map(tenths)),
            Fact::maybe("/heart_rate_data/summary/max_hr_bpm", self.heart_rate.map(|_| self.max_heart_rate)),
            Fact::maybe("/power_data/avg_watts", self.watts.map(tenths)),
            Fact::maybe("/power_data/max_watts", self.watts.map(|_| self.max_watts)),
            Fact::maybe("/work_data/work_kilojoules", self.watts.map(|watts| self.kilojoules(watts))),
            Fact::count("/lap_data/laps", laps),
            Fact::count("/heart_rate_data/detailed/hr_samples", counted(self.heart_rate.is_some())),
            Fact::count(
                "/distance_data/detailed/distance_samples",
                counted(track.as_ref().is_some_and(|track| track.distance.is_some())),
            ),
            Fact::count("/distance_data/detailed/elevation_samples", counted(self.altitude.is_some())),
            Fact::count("/position_data/position_samples", counted(self.position.is_some())),
            Fact::count("/movement_data/cadence_samples", counted(self.cadence.is_some())),
            Fact::count("/power_data/power_samples", powered),
        ];
        if let Some(device) = self.device {
            facts.push(Fact::text("/device_data/name", device));
        }
        if let Some(start) = self.position {
            let (latitude, longitude) = stream::place(start, 0, self.points);
            facts.push(Fact::number("/position_data/start_pos_lat_lng_deg/0", latitude));
            facts.push(Fact::number("/position_data/start_pos_lat_lng_deg/1", longitude));
            facts.push(Fact::text("/polyline_map_data/summary_polyline", stream::polyline(start, 8)));
        }
        if laps > 0 && self.heart_rate.is_some() {
            facts.push(Fact::maybe("/lap_data/laps/0/avg_hr_bpm", self.heart_rate.map(tenths)));
            facts.push(Fact::instant("/lap_data/laps/0/start_time", activity.start));
        }
        if self.heart_rate.is_some() {
            facts.push(Fact::instant("/heart_rate_data/detailed/hr_samples/0/timestamp", activity.start));
        }
        let local_date = person.wall_clock(activity.start).date();
        facts.push(Fact::date("/metadata/start_time", local_date));
        facts
    }

    /// Sums for the statistics of an athlete: distance in m, moving and elapsed time in s, climb in m.
    pub(super) fn totals(&self, activity: &Activity) -> (&'static str, [f64; 4]) {
        let sums = [tenths(self.distance), self.moving.into(), activity.elapsed.into(), tenths(self.gain)];
        (self.sport.older, sums)
    }
}

/// Adds a number; a field that Strava leaves out when it has no value stays out.
fn set(document: &mut Value, name: &str, value: Option<f64>) {
    let fields: Option<&mut Map<String, Value>> = document.as_object_mut();
    if let (Some(fields), Some(value)) = (fields, value) {
        fields.insert(name.to_owned(), value.into());
    }
}

pub(super) fn utc(instant: DateTime<Utc>) -> String {
    instant.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// The wall clock, with a `Z` that is not true.
pub(super) fn false_utc(instant: DateTime<Utc>, person: &Person) -> String {
    person.wall_clock(instant).format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn timezone(person: &Person) -> String {
    let minutes = person.zone.offset_minutes;
    let sign = if minutes < 0 { '-' } else { '+' };
    let (hours, minutes) = (minutes.abs() / 60, minutes.abs() % 60);
    format!("(GMT{sign}{hours:02}:{minutes:02}) {}", person.zone.name)
}
