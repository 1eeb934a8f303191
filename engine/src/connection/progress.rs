//! Whether a job gets on: the moment at which something last came of it.
//!
//! A job is marked when it begins and whenever a call was allowed, answered or refused. It never judges by itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use tributary_contract::{Door, FetchError, Request, Response};

use crate::clock::Clock;

/// Nothing has come of it yet.
const NOTHING: i64 = i64::MIN;

/// The last moment at which something came of a job.
#[derive(Debug)]
pub struct Progress(AtomicI64);

impl Default for Progress {
    fn default() -> Self {
        Self(AtomicI64::new(NOTHING))
    }
}

impl Progress {
    /// Something came of it now.
    pub fn mark(&self, now: DateTime<Utc>) {
        self.0.store(now.timestamp_micros(), Ordering::Relaxed);
    }

    /// When something last came of it; `None` before it began.
    pub fn last(&self) -> Option<DateTime<Utc>> {
        Some(self.0.load(Ordering::Relaxed))
            .filter(|at| *at != NOTHING)
            .and_then(DateTime::from_timestamp_micros)
    }

    /// Ends when nothing has come of it for that long, with the last moment at which something did.
    pub async fn stalled(&self, clock: &Clock, limit: Duration) -> DateTime<Utc> {
        let limit = chrono::Duration::from_std(limit).unwrap_or(chrono::Duration::MAX);
        loop {
            let last = self.last().unwrap_or_else(|| clock.now());
            clock.sleep_until(last + limit).await;
            if self.last().is_none_or(|now| now <= last) {
                return last;
            }
        }
    }
}

/// A door that marks each call's end.
pub(super) struct Watched<D> {
    door: D,
    progress: Arc<Progress>,
    clock: Clock,
}

impl<D> Watched<D> {
    pub(super) const fn new(door: D, progress: Arc<Progress>, clock: Clock) -> Self {
        Self { door, progress, clock }
    }
}

#[async_trait]
impl<D: Door> Door for Watched<D> {
    async fn send(&self, request: Request) -> Result<Response, FetchError> {
        let answer = self.door.send(request).await;
        self.progress.mark(self.clock.now());
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_job_that_gets_on_is_left_alone_and_one_that_does_not_is_stalled() {
        let start = DateTime::UNIX_EPOCH;
        let (clock, hand) = Clock::manual(start);
        let progress = Arc::new(Progress::default());
        assert_eq!(progress.last(), None);
        progress.mark(start);
        let stalled = {
            let (clock, progress) = (clock.clone(), Arc::clone(&progress));
            tokio::spawn(async move { progress.stalled(&clock, Duration::from_secs(60)).await })
        };
        hand.until_sleepers(1).await;
        hand.advance(Duration::from_secs(50)).await;
        progress.mark(clock.now());
        hand.advance(Duration::from_secs(20)).await;
        hand.until_sleepers(1).await;
        assert!(!stalled.is_finished(), "it got on after 50 s");
        hand.advance(Duration::from_secs(60)).await;
        assert_eq!(stalled.await.unwrap(), start + chrono::Duration::seconds(50));
    }
}
