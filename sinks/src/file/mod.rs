//! Adds entries as lines of JSON to a file.
//!
//! A batch is one write, synchronised to disk before it counts as taken. The file is only ever added to or set aside;
//! the one thing that is removed is a torn last line of our own after a crash.

mod options;
mod write;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use tributary_contract::sink::{Batch, Grouping, Limits, Outcome, Report, Sink, SinkError};

pub use self::options::Options;
use self::write::Log;
use crate::path::{resolve, sink_error};
use crate::registry::{Context, Kind};

pub(crate) const KIND: Kind = Kind {
    name: "file",
    summary: "one JSON object a line in a file",
    grouping: "one line per entry",
    guarantee: "at least once, in log order, on disk before it counts",
};

/// A file of lines.
pub struct File {
    path: PathBuf,
    log: Arc<Mutex<Log>>,
}

impl File {
    /// A file with these settings.
    ///
    /// # Errors
    /// [`SinkError::Unusable`] for a path that cannot be one.
    pub fn new(options: &Options, context: &Context) -> Result<Self, SinkError> {
        let path = resolve("path", &options.path, context)?;
        let log = Log::new(path.clone(), options.rotate_bytes.map(std::num::NonZeroU64::get));
        Ok(Self { path, log: Arc::new(Mutex::new(log)) })
    }

    /// Runs `work` where it may block.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Log) -> std::io::Result<T> + Send + 'static,
    ) -> Result<T, SinkError> {
        let log = self.log.clone();
        // After a panic the log may be half changed; it repairs itself when it is opened again.
        let done = tokio::task::spawn_blocking(move || {
            let mut log = log.lock().unwrap_or_else(|poisoned| {
                let mut log = PoisonError::into_inner(poisoned);
                log.close();
                log
            });
            work(&mut log)
        });
        match done.await {
            Ok(done) => {
                done.map_err(|error| sink_error(&format!("cannot write {}", self.path.display()), &error))
            }
            Err(error) => {
                Err(SinkError::Unavailable { reason: format!("the write was lost: {error}"), after: None })
            }
        }
    }
}

#[async_trait]
impl Sink for File {
    fn limits(&self) -> Limits {
        Limits {
            grouping: Grouping::Mixed,
            entries: 500,
            bytes: 8 * 1024 * 1024,
            entry_bytes: 64 * 1024 * 1024,
            in_flight: 1,
        }
    }

    async fn check(&self) -> Result<Report, SinkError> {
        let opened = self.blocking(Log::open).await?;
        let path = self.path.display();
        let mut lines = vec![format!("{path} can be written; it holds {} bytes", opened.bytes)];
        if opened.removed > 0 {
            lines.push(format!("{path}: removed a torn last line of {} bytes", opened.removed));
        }
        Ok(Report { lines })
    }

    async fn deliver(&self, batch: &Batch) -> Result<Vec<Outcome>, SinkError> {
        let lines = crate::line::lines(batch.entries.iter().map(AsRef::as_ref));
        self.blocking(move |log| log.append(&lines)).await?;
        Ok(vec![Outcome::Taken; batch.entries.len()])
    }
}

#[cfg(test)]
mod tests;
