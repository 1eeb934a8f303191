//! Heart rate outside of sleep: rows of instants that belong to days and workouts.

use chrono::SecondsFormat;
use chrono::{DateTime, Utc};
use tributary_contract::model::Offset;
use tributary_contract::{Fetch, FetchError, Request, Window};

use super::collection::{self, HEART_RATE, Parts};
use super::{days, wire};

/// The rows of some stretches, in order of time, each once.
#[derive(Debug, Default)]
pub(super) struct HeartRates(Vec<wire::HeartRate>);

impl HeartRates {
    /// Reads what the stretches need, as far as they have passed; nothing when heart rate is closed to us.
    pub(super) async fn read(cx: &Fetch, stretches: Vec<Window>) -> Result<Self, FetchError> {
        if !HEART_RATE.open_to(cx) {
            return Ok(Self::default());
        }
        let now = cx.now();
        let passed =
            stretches.into_iter().map(|stretch| Window { to: stretch.to.min(now), ..stretch }).collect();
        let mut rows = Vec::new();
        let mut parts = Parts::default();
        for call in days::calls(passed) {
            let request = Request::get(HEART_RATE.list)
                .query("start_datetime", written(call.from))
                .query("end_datetime", written(call.to));
            rows.extend(parts.admit(collection::pages(cx, &request).await)?);
        }
        rows.sort_by_key(instant);
        rows.dedup_by_key(|row| instant(row));
        Ok(Self(rows))
    }

    /// The rows from one instant to just before another.
    pub(super) fn within(&self, stretch: Window) -> &[wire::HeartRate] {
        let first = self.0.partition_point(|row| instant(row) < stretch.from);
        let end = self.0.partition_point(|row| instant(row) < stretch.to);
        self.0.get(first..end).unwrap_or_default()
    }
}

fn instant(row: &wire::HeartRate) -> DateTime<Utc> {
    row.timestamp.instant_or(Offset::UTC)
}

/// With an offset, as Oura wants it.
fn written(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::Secs, false)
}
