//! Strava's JSON as Strava names it: athlete, activities, laps, streams, push events and subscriptions.
//!
//! Comes from answers of the API v3 and from the bodies of push events, goes to `normalize` and to the notification
//! parser. Only what is used is listed; everything that Strava may leave out or send as null is optional. Nothing
//! here is renamed, converted or derived.

use chrono::{DateTime, Utc};
use serde::Deserialize;

/// `GET /athlete`, in its summary form.
#[derive(Debug, Deserialize)]
pub(super) struct Athlete {
    pub(super) id: i64,
    pub(super) firstname: Option<String>,
    pub(super) lastname: Option<String>,
    /// `M` or `F`.
    pub(super) sex: Option<String>,
    pub(super) city: Option<String>,
    pub(super) state: Option<String>,
    pub(super) country: Option<String>,
    pub(super) created_at: Option<DateTime<Utc>>,
}

/// An item of `GET /athlete/activities`: enough to ask for the details in order of time.
#[derive(Debug, Deserialize)]
pub(super) struct SummaryActivity {
    pub(super) id: i64,
    pub(super) start_date: DateTime<Utc>,
}

/// `GET /activities/{id}`.
#[derive(Debug, Deserialize)]
pub(super) struct Activity {
    pub(super) id: i64,
    pub(super) name: Option<String>,
    pub(super) sport_type: Option<String>,
    /// Older and coarser than `sport_type`.
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
    pub(super) start_date: DateTime<Utc>,
    /// The wall clock, with a `Z` that is not meant.
    pub(super) start_date_local: Option<DateTime<Utc>>,
    /// Seconds east of UTC at the start.
    pub(super) utc_offset: Option<f64>,
    /// s, pauses included.
    pub(super) elapsed_time: Option<f64>,
    /// s.
    pub(super) moving_time: Option<f64>,
    /// m.
    pub(super) distance: Option<f64>,
    /// m.
    pub(super) total_elevation_gain: Option<f64>,
    /// m.
    pub(super) elev_high: Option<f64>,
    /// m.
    pub(super) elev_low: Option<f64>,
    /// m/s.
    pub(super) average_speed: Option<f64>,
    /// m/s.
    pub(super) max_speed: Option<f64>,
    /// Beats a minute.
    pub(super) average_heartrate: Option<f64>,
    /// Beats a minute.
    pub(super) max_heartrate: Option<f64>,
    /// Turns a minute; strides a minute (two steps each) on foot.
    pub(super) average_cadence: Option<f64>,
    /// W.
    pub(super) average_watts: Option<f64>,
    /// W.
    pub(super) max_watts: Option<f64>,
    /// Mechanical work, kJ.
    pub(super) kilojoules: Option<f64>,
    /// kcal.
    pub(super) calories: Option<f64>,
    /// Strava's relative effort.
    pub(super) suffer_score: Option<f64>,
    /// Latitude and longitude, or an empty list.
    pub(super) start_latlng: Option<Vec<f64>>,
    /// Latitude and longitude, or an empty list.
    pub(super) end_latlng: Option<Vec<f64>>,
    pub(super) map: Option<Map>,
    pub(super) manual: Option<bool>,
    /// The uploaded file that it was made from.
    pub(super) upload_id: Option<i64>,
    pub(super) device_name: Option<String>,
    pub(super) laps: Option<Vec<Lap>>,
}

/// The route of an activity as encoded polylines, empty without positions.
#[derive(Debug, Deserialize)]
pub(super) struct Map {
    pub(super) polyline: Option<String>,
    pub(super) summary_polyline: Option<String>,
}

/// An item of `laps` in `GET /activities/{id}`.
#[derive(Debug, Deserialize)]
pub(super) struct Lap {
    pub(super) start_date: Option<DateTime<Utc>>,
    /// s.
    pub(super) elapsed_time: Option<f64>,
    /// s.
    pub(super) moving_time: Option<i64>,
    /// m.
    pub(super) distance: Option<f64>,
    /// m/s.
    pub(super) average_speed: Option<f64>,
    /// Beats a minute.
    pub(super) average_heartrate: Option<f64>,
    /// W.
    pub(super) average_watts: Option<f64>,
}

/// `GET /activities/{id}/streams?key_by_type=true`: series of equal length, one value per point of `time`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Streams {
    /// s since the start.
    pub(super) time: Option<Stream<f64>>,
    /// m since the start.
    pub(super) distance: Option<Stream<f64>>,
    /// Latitude and longitude.
    pub(super) latlng: Option<Stream<[f64; 2]>>,
    /// m above sea level.
    pub(super) altitude: Option<Stream<f64>>,
    /// m/s.
    pub(super) velocity_smooth: Option<Stream<f64>>,
    /// Beats a minute.
    pub(super) heartrate: Option<Stream<f64>>,
    /// As [`Activity::average_cadence`].
    pub(super) cadence: Option<Stream<f64>>,
    /// W.
    pub(super) watts: Option<Stream<f64>>,
}

impl Streams {
    /// Whether there is no point in it.
    pub(super) fn is_empty(&self) -> bool {
        self.time.as_ref().is_none_or(|time| time.data.is_empty())
    }
}

/// One series; null stands for a gap.
#[derive(Debug, Deserialize)]
pub(super) struct Stream<T> {
    pub(super) data: Vec<Option<T>>,
}

/// The body of a push event.
#[derive(Debug, Deserialize)]
pub(super) struct Event {
    /// `activity` or `athlete`.
    pub(super) object_type: String,
    /// `create`, `update` or `delete`.
    pub(super) aspect_type: String,
    pub(super) object_id: i64,
    pub(super) owner_id: i64,
    pub(super) updates: Option<Updates>,
}

/// What a push event says has changed.
#[derive(Debug, Deserialize)]
pub(super) struct Updates {
    /// `"false"` when the athlete took consent back: a truth value, sent as text.
    authorized: Option<serde_json::Value>,
}

impl Updates {
    /// Whether the athlete took consent back.
    pub(super) fn revoked(&self) -> bool {
        self.authorized.as_ref().is_some_and(|authorized| authorized == "false" || authorized == false)
    }
}

/// An item of `GET /push_subscriptions`.
#[derive(Debug, Deserialize)]
pub(super) struct PushSubscription {
    pub(super) id: i64,
    pub(super) callback_url: Option<String>,
}
