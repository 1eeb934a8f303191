//! Concept2's JSON as Concept2 names it: user, results with splits or intervals, strokes, notifications.
//!
//! Comes from answers of the Logbook API and from bodies of notifications, goes to `normalize`. Only what is used is
//! listed; everything that may be missing or null is optional. Nothing here is renamed, converted or derived.

use serde::Deserialize;

/// What every answer is wrapped in.
#[derive(Debug, Deserialize)]
pub(super) struct Data<T> {
    pub(super) data: T,
}

/// `GET /api/users/me/results`.
#[derive(Debug, Deserialize)]
pub(super) struct Page {
    pub(super) data: Vec<Outcome>,
    pub(super) meta: Meta,
}

/// What a page says of itself.
#[derive(Debug, Deserialize)]
pub(super) struct Meta {
    pub(super) pagination: Pagination,
}

/// Where a page stands in its list.
#[derive(Debug, Deserialize)]
pub(super) struct Pagination {
    pub(super) total_pages: u32,
}

/// `GET /api/users/me`.
#[derive(Debug, Deserialize)]
pub(super) struct User {
    pub(super) id: i64,
    pub(super) first_name: Option<String>,
    pub(super) last_name: Option<String>,
    /// `M` or `F`.
    pub(super) gender: Option<String>,
    /// `YYYY-MM-DD`.
    pub(super) dob: Option<String>,
    pub(super) email: Option<String>,
    /// Three letters.
    pub(super) country: Option<String>,
}

// ANCHOR: outcome
/// A result: `GET /api/users/me/results/{id}`, or an item of the list.
#[derive(Debug, Deserialize)]
pub(super) struct Outcome {
    pub(super) id: i64,
    /// The end on the user's wall clock: `YYYY-MM-DD HH:MM:SS`.
    pub(super) date: String,
    /// IANA name of the zone of `date`.
    pub(super) timezone: Option<String>,
    /// The end in UTC: `YYYY-MM-DD HH:MM:SS`, with or without `Z`.
    pub(super) date_utc: Option<String>,
    /// m, rests excluded.
    pub(super) distance: Option<f64>,
    /// The machine.
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
    /// ds, rests excluded.
    pub(super) time: Option<f64>,
    /// ds.
    pub(super) rest_time: Option<f64>,
    /// `Web` when it was entered on the site.
    pub(super) source: Option<String>,
    pub(super) stroke_data: Option<bool>,
    /// kcal.
    pub(super) calories_total: Option<f64>,
    /// Strokes a minute.
    pub(super) stroke_rate: Option<f64>,
    /// W·min.
    pub(super) wattminutes_total: Option<f64>,
    pub(super) heart_rate: Option<HeartRate>,
    pub(super) workout: Option<Workout>,
}
// ANCHOR_END: outcome

/// Beats a minute; 0 stands for nothing.
#[derive(Debug, Deserialize)]
pub(super) struct HeartRate {
    pub(super) average: Option<f64>,
    pub(super) min: Option<f64>,
    pub(super) max: Option<f64>,
}

/// The parts of a result: splits, or intervals with rests between them.
#[derive(Debug, Deserialize)]
pub(super) struct Workout {
    pub(super) splits: Option<Vec<Part>>,
    pub(super) intervals: Option<Vec<Part>>,
}

/// A split or an interval.
#[derive(Debug, Deserialize)]
pub(super) struct Part {
    /// ds.
    pub(super) time: Option<f64>,
    /// m.
    pub(super) distance: Option<f64>,
    /// kcal.
    pub(super) calories_total: Option<f64>,
    pub(super) heart_rate: Option<HeartRate>,
    /// ds, after the interval.
    pub(super) rest_time: Option<f64>,
}

/// An item of `GET /api/users/me/results/{id}/strokes`. `t` and `d` begin anew with each interval.
#[derive(Debug, Deserialize)]
pub(super) struct Stroke {
    /// ds.
    pub(super) t: Option<f64>,
    /// dm.
    pub(super) d: Option<f64>,
    /// ds for 500 m, on the bike for 1000 m.
    pub(super) p: Option<f64>,
    /// Strokes a minute.
    pub(super) spm: Option<f64>,
    /// Beats a minute; 0 stands for nothing.
    pub(super) hr: Option<f64>,
}

/// The body of a notification. It was seen with and without `data` around it, so both are optional here.
#[derive(Debug, Deserialize)]
pub(super) struct Envelope {
    pub(super) data: Option<Event>,
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
    pub(super) result: Option<Named>,
}

/// What a notification says.
#[derive(Debug, Deserialize)]
pub(super) struct Event {
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
    pub(super) result: Option<Named>,
}

/// Which result a notification is about, and whose.
#[derive(Debug, Deserialize)]
pub(super) struct Named {
    pub(super) id: i64,
    pub(super) user_id: i64,
}
