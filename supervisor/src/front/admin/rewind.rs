//! A sink's offset back to an earlier place: `POST /admin/rewind`.
//!
//! Where the sink runs, its own actor writes the new offset, since the offset is its; where it is paused, it is written
//! directly. It never goes behind what retention has removed: that would look like a delivery of everything.

use std::sync::Arc;

use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::json;
use tributary_engine::delivery::rewind::{self, From, RewindError};
use tributary_engine::store::{Change, Changeset};

use crate::app::Shared;
use crate::codes;
use crate::front::error::Failure;
use crate::supervise::Rewind;

/// Body of a rewind: one of `sequence` and `from`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    tenant: Option<String>,
    sink: String,
    sequence: Option<u64>,
    from: Option<DateTime<Utc>>,
    #[serde(default)]
    dry_run: bool,
}

/// Rewinds, or says what it would come to.
pub async fn rewind(wanted: web::Json<Wanted>, shared: web::Data<Shared>) -> Result<HttpResponse, Failure> {
    let (tenant, sink) = super::sink(&shared, wanted.tenant.as_deref(), &wanted.sink)?;
    let from = match (wanted.sequence, wanted.from) {
        (Some(sequence), None) => From::Sequence(sequence),
        (None, Some(time)) => From::Time(time),
        _ => return Err(Failure::bad_request("exactly one of sequence and from is needed")),
    };
    // Until the new offset is durable, retention must not believe the old one.
    let _place = shared.log_floor.lock().await;
    let plan = rewind::plan(shared.store.as_ref(), &tenant, &sink, from).await.map_err(refused)?;
    if !wanted.dry_run {
        perform(&shared, &tenant, &sink, plan.offset).await?;
    }
    Ok(HttpResponse::Ok().json(json!({
        "tenant": tenant,
        "sink": sink,
        "offset_before": plan.before,
        "offset": plan.offset,
        "entries": plan.entries,
        "dry_run": wanted.dry_run,
    })))
}

async fn perform(shared: &Shared, tenant: &str, sink: &str, to: u64) -> Result<(), Failure> {
    let again = |reason: String| Failure::unavailable(format!("the sink is not rewound: {reason}"));
    let wish = Rewind { tenant: tenant.to_owned(), sink: sink.to_owned(), to };
    let told = shared.supervisor.send(wish).await.map_err(|error| again(error.to_string()))?;
    if told.map_err(|error| again(error.to_string()))? {
        return Ok(());
    }
    let offset =
        Change::Offset { tenant: Arc::from(tenant), sink: Arc::from(sink), offset: to, rewind: true };
    let committed = shared.writer.commit(Changeset::unfenced(vec![offset])).await;
    committed.map(drop).map_err(|error| again(error.to_string()).coded(codes::STORE_UNAVAILABLE))
}

fn refused(error: RewindError) -> Failure {
    match error {
        RewindError::Store(error) => error.into(),
        RewindError::NotThere { .. } => Failure::bad_request(error.to_string()).coded(codes::NOT_THERE_YET),
        RewindError::NotKept { .. } => Failure::bad_request(error.to_string()).coded(codes::NOT_KEPT),
    }
}
