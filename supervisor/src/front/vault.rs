//! A change of vault keys, on request of an operator: one at a time, in the background, with its progress.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use actix_web::{HttpResponse, web};
use serde::Serialize;
use tracing::error;
use tributary_engine::vault::{Progress, Rotated, Vault, rotate};

use super::error::Failure;
use crate::app::Shared;

/// The routes.
pub fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/admin/vault/rotate", web::post().to(begin))
        .route("/admin/vault/rotate", web::get().to(progress));
}

/// What is known of the last rotation of this process.
#[derive(Debug, Default)]
pub struct Rotation(Mutex<Report>);

/// How far a rotation is.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    /// `never`, `running`, `done` or `failed`.
    pub state: State,
    /// Envelopes looked at.
    pub seen: u64,
    /// Sealed again.
    pub resealed: u64,
    /// Replaced by a newer one meanwhile.
    pub newer: u64,
    /// Left as they are, since they do not open.
    pub unopened: u64,
    /// No envelopes at all.
    pub malformed: u64,
    /// The key that seals.
    pub current: Option<String>,
    /// How many envelopes need each key, at the end.
    pub needed: BTreeMap<String, u64>,
    /// Whether every envelope is under the first key, at the end.
    pub complete: bool,
    /// Why it failed.
    pub error: Option<String>,
}

/// Where a rotation stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// There was none.
    #[default]
    Never,
    /// It goes on.
    Running,
    /// It is at its end.
    Done,
    /// It ended before; begin it again.
    Failed,
}

impl Rotation {
    /// As it is now.
    pub fn report(&self) -> Report {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn change(&self, change: impl FnOnce(&mut Report)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Whether this one may begin.
    fn claim(&self) -> bool {
        let mut report = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if report.state == State::Running {
            return false;
        }
        *report = Report { state: State::Running, ..Report::default() };
        true
    }
}

impl Report {
    const fn progress(&mut self, progress: Progress) {
        let Progress { seen, resealed, newer, unopened } = progress;
        (self.seen, self.resealed, self.newer, self.unopened) = (seen, resealed, newer, unopened);
    }

    fn done(&mut self, rotated: &Rotated) {
        self.progress(rotated.progress);
        self.state = State::Done;
        self.malformed = rotated.malformed;
        self.current = Some(rotated.current.to_string());
        self.needed = rotated.needed.iter().map(|(key, count)| (key.to_string(), *count)).collect();
        self.complete = rotated.is_complete();
    }
}

async fn begin(shared: web::Data<Shared>) -> Result<HttpResponse, Failure> {
    let shared = shared.into_inner();
    if !shared.rotation.claim() {
        return Ok(HttpResponse::Accepted().json(shared.rotation.report()));
    }
    let vault = Arc::clone(&shared.ground.vault);
    let answer = shared.rotation.report();
    actix_rt::spawn(run(shared, vault));
    Ok(HttpResponse::Accepted().json(answer))
}

async fn run(shared: Arc<Shared>, vault: Arc<Vault>) {
    let tell = |progress| shared.rotation.change(|report| report.progress(progress));
    let ended = rotate(&vault, shared.store.as_ref(), &shared.writer, tell).await;
    match ended {
        Ok(rotated) => shared.rotation.change(|report| report.done(&rotated)),
        Err(failed) => {
            error!(error = %failed, "the rotation of vault keys did not come to its end; begin it again");
            shared.rotation.change(|report| {
                report.state = State::Failed;
                report.error = Some(failed.to_string());
            });
        }
    }
}

async fn progress(shared: web::Data<Shared>) -> HttpResponse {
    HttpResponse::Ok().json(shared.rotation.report())
}
