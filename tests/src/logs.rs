//! Everything that was logged in this process, and every panic: what a test cannot see at the sinks.
//!
//! One world at a time is observed; a second one in the same process waits for the end of the first.

use std::io::Write as _;
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

use tracing_subscriber::EnvFilter;

static LINES: Mutex<Vec<u8>> = Mutex::new(Vec::new());
static PANICS: Mutex<Vec<String>> = Mutex::new(Vec::new());
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
static INSTALLED: Once = Once::new();

/// What is logged when a test does not ask for more.
const USUAL: &str = "info";

/// An observation that has begun.
pub struct Observation {
    _alone: MutexGuard<'static, ()>,
}

impl Observation {
    /// Begins with empty logs. `TRIBUTARY_TEST_LOG` says what to log, as in `RUST_LOG`.
    pub fn begin() -> Self {
        Self::begin_at(&std::env::var("TRIBUTARY_TEST_LOG").unwrap_or_else(|_| USUAL.to_owned()))
    }

    /// Begins with a level of its own; in a process that has observed before, the first level stays.
    pub fn begin_at(level: &str) -> Self {
        let alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        INSTALLED.call_once(|| install(level));
        lines().clear();
        PANICS.lock().unwrap_or_else(PoisonError::into_inner).clear();
        Self { _alone: alone }
    }

    /// What was logged so far.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&lines()).into_owned()
    }

    /// The lines that hold this text.
    pub fn having(&self, text: &str) -> Vec<String> {
        self.text().lines().filter(|line| line.contains(text)).map(str::to_owned).collect()
    }

    /// The panics so far, with the names of their threads.
    pub fn panics(&self) -> Vec<String> {
        PANICS.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Observation {
    fn drop(&mut self) {
        const LAST: usize = 80;
        if std::thread::panicking() {
            let text = self.text();
            let lines: Vec<_> = text.lines().collect();
            let last = lines.get(lines.len().saturating_sub(LAST)..).unwrap_or_default().join("\n");
            let mut out = std::io::stderr().lock();
            drop(writeln!(out, "the last lines that were logged:\n{last}"));
        }
    }
}

fn lines() -> MutexGuard<'static, Vec<u8>> {
    LINES.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Writer;

impl std::io::Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        lines().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn install(level: &str) {
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(level))
        .with_ansi(false)
        .with_writer(|| Writer)
        .try_init()
        .expect("nobody else sets up logs in a test");
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let thread = std::thread::current().name().unwrap_or("unnamed").to_owned();
        PANICS.lock().unwrap_or_else(PoisonError::into_inner).push(format!("{thread}: {panic}"));
        usual(panic);
    }));
}
