//! Dead letters for operators: list them, show one, have them delivered again.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, web};
use serde::Deserialize;
use serde_json::{Value, json};
use tributary_engine::delivery::replay;
use tributary_engine::store::{Changeset, DeadLetter, DeadLetterFilter};
use uuid::Uuid;

use super::{log, page};
use crate::app::Shared;
use crate::codes;
use crate::front::error::Failure;
use crate::supervise::LookAtParked;

/// Dead letters that leave in one transaction.
const AT_ONCE: usize = 200;

/// Query of the list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    tenant: Option<String>,
    sink: Option<String>,
    class: Option<String>,
    connection: Option<Uuid>,
    before: Option<i64>,
    limit: Option<usize>,
}

/// `GET /admin/dead-letters`, newest first.
pub async fn list(filter: web::Query<Filter>, shared: web::Data<Shared>) -> Result<HttpResponse, Failure> {
    let Filter { tenant, sink, class, connection, before, limit } = filter.into_inner();
    let limit = page(limit, 50);
    let wanted = DeadLetterFilter { tenant, sink, class, connection, before };
    let rows = shared.store.dead_letters(&wanted, limit).await?;
    let next = rows.last().filter(|_| rows.len() == limit).map(|row| row.id);
    let list: Vec<_> = rows.iter().map(|row| letter(row, false)).collect();
    Ok(HttpResponse::Ok().json(json!({"dead_letters": list, "next": next})))
}

/// Query of one.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shown {
    #[serde(default)]
    body: bool,
}

/// `GET /admin/dead-letters/{id}`.
pub async fn show(
    id: web::Path<i64>,
    shown: web::Query<Shown>,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, Failure> {
    let row = find(&shared, *id).await?;
    Ok(HttpResponse::Ok().json(letter(&row, shown.body)))
}

fn letter(row: &DeadLetter, body: bool) -> Value {
    json!({
        "id": row.id,
        "tenant": row.tenant,
        "sink": row.sink,
        "class": row.class,
        "reason": row.reason,
        "attempts": row.attempts,
        "first_at": row.first_at,
        "last_at": row.last_at,
        "entry": log::entry(&row.entry, body),
    })
}

async fn find(shared: &Shared, id: i64) -> Result<DeadLetter, Failure> {
    let row = shared.store.dead_letter(id).await?;
    row.ok_or_else(|| {
        Failure::not_found(format!(
            "there is no dead letter {id}; it may be on its way again, or past its time"
        ))
        .coded(codes::UNKNOWN_DEAD_LETTER)
    })
}

/// Body of a replay: `ids`, or any of the filters.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    #[serde(default)]
    ids: Vec<i64>,
    tenant: Option<String>,
    sink: Option<String>,
    class: Option<String>,
    connection: Option<Uuid>,
    #[serde(default)]
    dry_run: bool,
}

/// Dead letters of each sink that were found.
type Counts = BTreeMap<(String, String), u64>;

/// `POST /admin/dead-letters/replay`: parks each for a delivery at once, in the transaction in which it stops being a
/// dead letter.
pub async fn replay(wanted: web::Json<Wanted>, shared: web::Data<Shared>) -> Result<HttpResponse, Failure> {
    let wanted = wanted.into_inner();
    let mut counts = Counts::new();
    if wanted.ids.is_empty() {
        by_filter(&shared, &wanted, &mut counts).await?;
    } else {
        let mut letters = Vec::with_capacity(wanted.ids.len().min(AT_ONCE));
        for id in &wanted.ids {
            letters.push(find(&shared, *id).await?);
        }
        for letters in letters.chunks(AT_ONCE) {
            take_up(&shared, letters, wanted.dry_run, &mut counts).await?;
        }
    }
    let mut sinks = Vec::new();
    let mut replayed = 0;
    for ((tenant, sink), count) in &counts {
        let configured = is_configured(&shared, tenant, sink);
        replayed += if configured { *count } else { 0 };
        let look = LookAtParked { tenant: tenant.clone(), sink: sink.clone() };
        let running = configured && !wanted.dry_run && shared.supervisor.send(look).await.unwrap_or(false);
        sinks.push(json!({
            "tenant": tenant,
            "sink": sink,
            "entries": count,
            "configured": configured,
            "delivering": running,
        }));
    }
    let answer = json!({"replayed": replayed, "dry_run": wanted.dry_run, "sinks": sinks});
    Ok(HttpResponse::Accepted().json(answer))
}

async fn by_filter(shared: &Shared, wanted: &Wanted, counts: &mut Counts) -> Result<(), Failure> {
    if wanted.tenant.is_none()
        && wanted.sink.is_none()
        && wanted.class.is_none()
        && wanted.connection.is_none()
    {
        return Err(Failure::bad_request("name dead letters by ids, tenant, sink, class or connection"));
    }
    let mut filter = DeadLetterFilter {
        tenant: wanted.tenant.clone(),
        sink: wanted.sink.clone(),
        class: wanted.class.clone(),
        connection: wanted.connection,
        before: None,
    };
    loop {
        // Downwards, so that those that come back dead meanwhile are not taken up a second time.
        let letters = shared.store.dead_letters(&filter, AT_ONCE).await?;
        let Some(last) = letters.last() else { return Ok(()) };
        filter.before = Some(last.id);
        take_up(shared, &letters, wanted.dry_run, counts).await?;
    }
}

async fn take_up(
    shared: &Shared,
    letters: &[DeadLetter],
    dry_run: bool,
    counts: &mut Counts,
) -> Result<(), Failure> {
    let configured: Vec<_> = letters
        .iter()
        .filter(|letter| is_configured(shared, &letter.tenant, &letter.sink))
        .cloned()
        .collect();
    if !dry_run && !configured.is_empty() {
        let changes = replay::again(&configured, shared.clock.now());
        shared.writer.commit(Changeset::unfenced(changes)).await.map_err(|error| {
            tracing::error!(%error, "dead letters were not taken up");
            Failure::unavailable("the dead letters could not be taken up; try again")
                .coded(codes::STORE_UNAVAILABLE)
        })?;
    }
    for letter in letters {
        *counts.entry((letter.tenant.clone(), letter.sink.clone())).or_default() += 1;
    }
    Ok(())
}

/// Dead letters of a sink that is not there stay what they are: nobody would deliver them.
fn is_configured(shared: &Shared, tenant: &str, sink: &str) -> bool {
    let current = shared.live.get();
    current.tenant(tenant).is_some_and(|owner| owner.sinks.contains_key(sink))
}
