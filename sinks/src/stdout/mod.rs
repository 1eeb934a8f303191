//! Writes entries as lines of JSON to standard output, for pipes and for trying things out.
//!
//! A line is taken once it is written and flushed. Logs go to standard error, so the two never mix. It never writes a
//! part of a line on purpose, and never anything but lines.

mod options;

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use tributary_contract::sink::{Batch, Grouping, Limits, Outcome, Report, Sink, SinkError};

pub use self::options::Options;
use crate::path::sink_error;
use crate::registry::Kind;

pub(crate) const KIND: Kind = Kind {
    name: "stdout",
    summary: "one JSON object a line on standard output",
    grouping: "one line per entry",
    guarantee: "at least once, in log order; whoever reads the pipe keeps the lines",
};

type Target = Arc<Mutex<Box<dyn Write + Send>>>;

/// Standard output, or a writer that stands for it.
pub struct Stdout {
    target: Target,
}

impl Stdout {
    /// Writes to the standard output of this process.
    pub fn new() -> Self {
        Self::to_writer(Box::new(std::io::stdout()))
    }

    /// Writes to something else, for tests and for programs that embed the engine.
    pub fn to_writer(writer: Box<dyn Write + Send>) -> Self {
        Self { target: Arc::new(Mutex::new(writer)) }
    }
}

impl Default for Stdout {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Sink for Stdout {
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
        Ok(Report { lines: vec!["writes to standard output".to_owned()] })
    }

    async fn deliver(&self, batch: &Batch) -> Result<Vec<Outcome>, SinkError> {
        let lines = crate::line::lines(batch.entries.iter().map(AsRef::as_ref));
        let target = self.target.clone();
        let written = tokio::task::spawn_blocking(move || write(&target, &lines)).await;
        match written {
            Ok(Ok(())) => Ok(vec![Outcome::Taken; batch.entries.len()]),
            Ok(Err(error)) => Err(sink_error("cannot write to standard output", &error)),
            Err(error) => {
                Err(SinkError::Unavailable { reason: format!("the write was lost: {error}"), after: None })
            }
        }
    }
}

/// A writer that panicked under another call may still take whole lines, so poison is no reason to stop.
fn write(target: &Target, lines: &[u8]) -> std::io::Result<()> {
    let mut target = target.lock().unwrap_or_else(PoisonError::into_inner);
    target.write_all(lines)?;
    target.flush()
}

#[cfg(test)]
mod tests {
    use std::io;

    use tributary_contract::model::DataType;

    use super::*;
    use crate::testing;

    #[derive(Clone, Default)]
    struct Pipe {
        flushed: Arc<Mutex<Vec<u8>>>,
        waiting: Vec<u8>,
        broken: bool,
    }

    impl Write for Pipe {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.broken {
                return Err(io::ErrorKind::BrokenPipe.into());
            }
            self.waiting.extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            self.flushed.lock().unwrap().append(&mut self.waiting);
            Ok(())
        }
    }

    #[tokio::test]
    async fn each_entry_is_one_flushed_line_in_order() {
        let pipe = Pipe::default();
        let sink = Stdout::to_writer(Box::new(pipe.clone()));
        let user = testing::user("u-1");
        let first = testing::record(&user, 1, DataType::Daily, "2026-03-01", r#"{"steps":1}"#);
        testing::take(&sink, [first, testing::deleted(&user, 2, DataType::Daily, "2026-03-01")]).await;
        testing::take(&sink, [testing::life_cycle(&user, 3, r#"{"type":"deauth"}"#)]).await;
        let text = String::from_utf8(pipe.flushed.lock().unwrap().clone()).unwrap();
        let types: Vec<String> = text
            .lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["type"].to_string())
            .collect();
        assert_eq!(types, [r#""daily""#, r#""deleted""#, r#""deauth""#]);
    }

    #[tokio::test]
    async fn a_closed_pipe_takes_nothing() {
        let sink = Stdout::to_writer(Box::new(Pipe { broken: true, ..Pipe::default() }));
        let user = testing::user("u-1");
        let batch = testing::batch([testing::record(&user, 1, DataType::Daily, "2026-03-01", "{}")]);
        let error = sink.deliver(&batch).await.unwrap_err();
        assert!(matches!(error, SinkError::Denied { .. }), "{error}");
    }
}
