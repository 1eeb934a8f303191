//! Oura's JSON as Oura names it, split by resource.
//!
//! Comes from answers of the API v2 and from the bodies of notifications, goes to `normalize` and to the notification
//! parser. Only what is used is listed; everything that Oura may leave out or send as null is optional, the `meta`
//! block among it, which newer versions of the interface no longer have. Nothing here is renamed, converted or derived.

mod activity;
mod athlete;
mod body;
mod daily;
mod sleep;

use serde::Deserialize;
use tributary_contract::model::{Day, Timestamp};

pub(super) use activity::{Session, Workout};
pub(super) use athlete::{PersonalInfo, RingConfiguration};
pub(super) use body::{DailyCardiovascularAge, Vo2Max};
pub(super) use daily::{
    DailyActivity, DailyReadiness, DailyResilience, DailySpo2, DailyStress, EnhancedTag,
    ResilienceContributors,
};
pub(super) use sleep::{DailySleep, Sleep};

/// One page of any collection.
#[derive(Debug, Deserialize)]
pub(super) struct Page<T> {
    pub(super) data: Vec<T>,
    /// Where the next page begins; null or missing on the last one.
    pub(super) next_token: Option<String>,
}

/// The day of any document, all that is wanted of one whose id a notification named.
#[derive(Debug, Deserialize)]
pub(super) struct Dated {
    #[serde(alias = "start_day")]
    pub(super) day: Day,
}

/// Values at equal distances in time.
#[derive(Debug, Deserialize)]
pub(super) struct Series {
    /// s.
    pub(super) interval: f64,
    /// Null where nothing was measured.
    pub(super) items: Vec<Option<f64>>,
    /// When the first item was taken.
    pub(super) timestamp: Timestamp,
}

/// One row of `heartrate`.
#[derive(Debug, Deserialize)]
pub(super) struct HeartRate {
    /// UTC.
    pub(super) timestamp: Timestamp,
    /// beats/min.
    pub(super) bpm: Option<f64>,
    /// `awake`, `rest`, `sleep`, `workout`, `live` or `session`.
    pub(super) source: Option<String>,
}

/// The body of a notification.
#[derive(Debug, Deserialize)]
pub(super) struct Event {
    /// `create`, `update` or `delete`.
    pub(super) event_type: String,
    pub(super) data_type: String,
    pub(super) object_id: String,
    pub(super) user_id: String,
}

/// A webhook subscription of the app.
#[derive(Debug, Deserialize)]
pub(super) struct Subscription {
    pub(super) id: String,
    pub(super) callback_url: String,
    pub(super) event_type: String,
    pub(super) data_type: String,
    /// Of undocumented form; without an offset it is read as UTC.
    pub(super) expiration_time: Timestamp,
}
